package xxapt

import (
	"slices"
	"strings"
	"testing"
)

// What apt-cache policy prints, from apt 2.6.
const policyOutput = `libhdate1:
  Installed: 1.6-2.1+b3
  Candidate: 1.6-2.1+b3
  Version table:
 *** 1.6-2.1+b3 500
        500 http://a.example/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
     1.6-1 -1
        500 http://a.example/debian bullseye/main amd64 Packages
libhdate1:arm64:
  Installed: (none)
  Candidate: 1.6-2.1+b4
  Version table:
     1.6-2.1+b4 500
        500 http://a.example/debian bookworm/main arm64 Packages
tzdata:arm64:
  Installed: (none)
  Candidate: (none)
  Version table:
`

func TestParsePolicy(t *testing.T) {
	got := parsePolicy(policyOutput)
	for name, want := range map[string]policy{
		"libhdate1":       {"1.6-2.1+b3", "1.6-2.1+b3", []string{"1.6-2.1+b3", "1.6-1"}},
		"libhdate1:arm64": {"", "1.6-2.1+b4", []string{"1.6-2.1+b4"}},
		"tzdata:arm64":    {},
	} {
		if p := got[name]; p.installed != want.installed || p.candidate != want.candidate || !slices.Equal(p.versions, want.versions) {
			t.Errorf("%s: %+v, want %+v", name, p, want)
		}
	}
	if len(got) != 3 {
		t.Errorf("%+v", got)
	}
	depends := "libhdate1:arm64\n  Depends: libc6:arm64\n |Depends: x:arm64\n<virtual:arm64>\nlibc6:arm64\ntzdata\n"
	if got := parseDepends(depends, "arm64"); !slices.Equal(got, []string{"libhdate1", "libc6"}) {
		t.Errorf("%q", got)
	}
}

// TestSkew shows when versions are in each other's way, and which way out is named.
func TestSkew(t *testing.T) {
	policyOf := func(s string) policy { // "CANDIDATE VERSION…"
		f := strings.Fields(s)
		if len(f) == 0 {
			return policy{}
		}
		return policy{candidate: f[0], versions: f[1:]}
	}
	for _, test := range []struct {
		name              string
		there             installed
		native, target    string
		pinned            string
		removed           bool
		wantMessage, hint string
	}{
		{"same version", installed{"l", "1", false}, "1 1", "1 1", "", false, "", ""},
		{"upgrades together", installed{"l", "1", false}, "2 2 1", "2 2", "", false, "", ""},
		{"not for the target", installed{"l", "1", false}, "1 1", "", "", false, "", ""},
		{"held", installed{"l", "1", true}, "2 2 1", "2 2", "", false,
			"is held in version 1, l:arm64 comes in version 2", "apt-mark unhold l && apt-get install l=2, then this again"},
		{"held, the target has it", installed{"l", "1", true}, "2 2 1", "2 2 1", "", false,
			"is held in version 1, l:arm64 comes in version 2", "add l=1 to the packages of this command"},
		{"pinned here", installed{"l", "1", false}, "1 2 1", "2 2", "", false,
			"is installed in version 1, l:arm64 comes in version 2", "apt-get install l=2, then this again with l=2 added"},
		{"pinned on the command line", installed{"l", "2", false}, "2 2 1", "2 2 1", "1", false,
			"is installed in version 2, l:arm64 comes in version 1", "add l=2 to the packages of this command"},
		{"an older one in common", installed{"l", "3", false}, "3 3 1", "2 2 1", "", false,
			"is installed in version 3, l:arm64 comes in version 2", "apt-get install --allow-downgrades l=1, then this again with l=1 added"},
		{"none in common", installed{"l", "1+b3", false}, "1+b3 1+b3", "1+b4 1+b4", "", false,
			"is installed in version 1+b3, l:arm64 comes in version 1+b4", "no version of l is in apt's sources for both amd64 and arm64: add a source that has one, such as the updates or security suite, or apt-get remove l:amd64 first if the build does not need it"},
		{"the target lags behind the machine's candidate", installed{"l", "1", false}, "2 2 1", "1 1", "", false,
			"is installed in version 1 and would go to 2 with it, l:arm64 comes in version 1", "add l=1 to the packages of this command"},
		{"it is named", installed{"l", "1", false}, "2 2 1", "1 1", " ", false, "", ""},
		{"it is named with its version", installed{"l", "1", false}, "2 2 1", "1 1", "1", false, "", ""},
		{"it is held", installed{"l", "1", true}, "2 2 1", "1 1", "", false, "", ""},
		{"the machine went ahead", installed{"l", "2", false}, "2 2 1", "1 1", "", false,
			"is installed in version 2, l:arm64 comes in version 1", "apt-get install --allow-downgrades l=1, then this again with l=1 added"},
		{"and is held there", installed{"l", "2", true}, "2 2 1", "1 1", "", false,
			"is held in version 2, l:arm64 comes in version 1", "apt-mark unhold l && apt-get install --allow-downgrades l=1, then this again with l=1 added"},
		{"three versions", installed{"l", "1", false}, "3 3 2 1", "2 2", "", false,
			"is installed in version 1, l:arm64 comes in version 2", "apt-get install l=2, then this again with l=2 added"},
		{"raised and removed", installed{"l", "1", false}, "2 2 1", "1 1", "", true,
			"was in version 1, would have gone to 2 and has been removed, l:arm64 comes in version 1", "apt-get install l=1, then this again with l=1 added"},
		{"removed", installed{"l", "1", false}, "1 1", "2 2", "", true,
			"was in version 1 and has been removed, l:arm64 comes in version 2", "no version of l is in apt's sources for both"},
	} {
		named := map[string]string{}
		if test.pinned != "" {
			named["l"] = strings.TrimSpace(test.pinned)
		}
		policies := map[string]policy{"l": policyOf(test.native), "l:arm64": policyOf(test.target)}
		found := findSkews([]installed{test.there}, policies, named, "arm64")
		if test.wantMessage == "" {
			if len(found) > 0 {
				t.Errorf("%s: %+v", test.name, found)
			}
			continue
		}
		if len(found) != 1 {
			t.Errorf("%s: not found", test.name)
			continue
		}
		message, hint := found[0].explain("amd64", "arm64", test.removed)
		if want := "l:amd64 " + test.wantMessage + ": dpkg takes it for both only in one version (Multi-Arch: same)"; message != want || !strings.HasPrefix(hint, test.hint) {
			t.Errorf("%s:\n%s\n%s\nwant\n%s\n%s", test.name, message, hint, want, test.hint)
		}
	}
}
