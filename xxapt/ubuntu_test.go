package xxapt

import (
	"fmt"
	"strings"
	"testing"
)

// The sources as Ubuntu's images have them, without most comments.
const (
	jammyList = `# See http://help.ubuntu.com/community/UpgradeNotes for how to upgrade to
# newer versions of the distribution.
deb http://archive.ubuntu.com/ubuntu/ jammy main restricted
# deb-src http://archive.ubuntu.com/ubuntu/ jammy main restricted

## Major bug fix updates produced after the final release of the
## distribution.
deb http://archive.ubuntu.com/ubuntu/ jammy-updates main restricted universe
deb http://security.ubuntu.com/ubuntu/ jammy-security main restricted universe
`
	nobleSources = `# See http://help.ubuntu.com/community/UpgradeNotes for how to upgrade to
# newer versions of the distribution.

## Ubuntu distribution repository
Types: deb
URIs: http://archive.ubuntu.com/ubuntu/
Suites: noble noble-updates noble-backports
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg

## Ubuntu security updates. Aside from URIs and Suites,
## this should mirror your choices in the previous section.
Types: deb
URIs: http://security.ubuntu.com/ubuntu/
Suites: noble-security
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
`
	ppa = `deb [signed-by=/etc/apt/keyrings/x.gpg] https://ppa.launchpadcontent.net/x/ppa/ubuntu noble main
`
)

func show822(files []SourceFile) string {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "== %s\n%s", f.Path, f.Content)
	}
	return b.String()
}

// apply returns the files after some of them were written.
func apply(files, written []SourceFile) []SourceFile {
	all := append([]SourceFile(nil), files...)
next:
	for _, w := range written {
		for i := range all {
			if all[i].Path == w.Path {
				all[i] = w
				continue next
			}
		}
		all = append(all, w)
	}
	return all
}

func TestUbuntuSources(t *testing.T) {
	const list, sources = "/etc/apt/sources.list", "/etc/apt/sources.list.d/ubuntu.sources"
	noble := strings.NewReplacer("Types: deb\n", "Types: deb\nArchitectures: amd64\n").Replace(nobleSources)
	for _, test := range []struct {
		name, codename, native, arch string
		files                        []SourceFile
		want                         string
	}{
		{"classic, ports", "jammy", "amd64", "arm64", []SourceFile{{list, jammyList}},
			"== " + list + "\n" + strings.NewReplacer("deb http", "deb [arch=amd64] http", "deb-src http", "deb-src [arch=amd64] http").Replace(jammyList) + `== /etc/apt/sources.list.d/xx-arm64.list
# Written by xx-apt: where the packages for the target come from.
deb [arch=arm64] http://ports.ubuntu.com/ubuntu-ports/ jammy main restricted universe
deb [arch=arm64] http://ports.ubuntu.com/ubuntu-ports/ jammy-updates main restricted universe
deb [arch=arm64] http://ports.ubuntu.com/ubuntu-ports/ jammy-security main restricted universe
`},
		{"deb822, ports, with the comment that is left of sources.list", "noble", "amd64", "riscv64", []SourceFile{{list, "# Ubuntu sources have moved to ubuntu.sources\n"}, {sources, nobleSources}},
			"== " + sources + "\n" + noble + `== /etc/apt/sources.list.d/xx-riscv64.sources
# Written by xx-apt: where the packages for the target come from.
Types: deb
Architectures: riscv64
URIs: http://ports.ubuntu.com/ubuntu-ports/
Suites: noble noble-updates noble-backports noble-security
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
`},
		{"deb822, both in the same archive", "noble", "amd64", "i386", []SourceFile{{sources, nobleSources}},
			"== " + sources + "\n" + noble + `== /etc/apt/sources.list.d/xx-i386.sources
# Written by xx-apt: where the packages for the target come from.
Types: deb
Architectures: i386
URIs: http://archive.ubuntu.com/ubuntu/
Suites: noble noble-updates noble-backports
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg

Types: deb
Architectures: i386
URIs: http://security.ubuntu.com/ubuntu/
Suites: noble-security
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
`},
		{"from ports", "noble", "arm64", "amd64", []SourceFile{{list, "deb http://ports.ubuntu.com/ubuntu-ports/ noble main universe\n"}},
			"== " + list + `
deb [arch=arm64] http://ports.ubuntu.com/ubuntu-ports/ noble main universe
== /etc/apt/sources.list.d/xx-amd64.list
# Written by xx-apt: where the packages for the target come from.
deb [arch=amd64] http://archive.ubuntu.com/ubuntu/ noble main universe
`},
		{"a mirror within ports", "noble", "arm64", "armhf", []SourceFile{{list, "deb [signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] https://mirror.example/ports noble main\n"}},
			"== " + list + `
deb [arch=arm64 signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] https://mirror.example/ports noble main
== /etc/apt/sources.list.d/xx-armhf.list
# Written by xx-apt: where the packages for the target come from.
deb [arch=armhf signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] https://mirror.example/ports noble main
`},
		{"somebody else's packages are restricted, and not looked for in ports", "noble", "amd64", "arm64", []SourceFile{{sources, nobleSources}, {"/etc/apt/sources.list.d/x.list", ppa}},
			"== " + sources + "\n" + noble + "== /etc/apt/sources.list.d/x.list\n" + strings.Replace(ppa, "[", "[arch=amd64 ", 1) + `== /etc/apt/sources.list.d/xx-arm64.sources
# Written by xx-apt: where the packages for the target come from.
Types: deb
Architectures: arm64
URIs: http://ports.ubuntu.com/ubuntu-ports/
Suites: noble noble-updates noble-backports noble-security
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
`},
		{"the user has a source for the target", "noble", "amd64", "arm64", []SourceFile{{list, "deb [arch=amd64] http://mirror.example/ubuntu noble main\ndeb [arch=arm64] http://mirror.example/ports noble main\n"}}, ""},
		{"a source that is switched off does not count", "noble", "amd64", "arm64", []SourceFile{{sources, "Enabled: no\n" + "Types: deb\nArchitectures: amd64\nURIs: a:/\nSuites: noble\nComponents: main\n"}}, ""},
		{"no Ubuntu archive", "noble", "amd64", "arm64", []SourceFile{{"/etc/apt/sources.list.d/x.list", ppa}, {list, "deb http://a.example/ubuntu noble stable\n"}}, ""},
	} {
		got := UbuntuSources(test.files, test.codename, test.native, test.arch)
		if show822(got) != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, show822(got), test.want)
		}
		after := apply(test.files, got)
		if again := UbuntuSources(after, test.codename, test.native, test.arch); again != nil {
			t.Errorf("%s: a second run writes\n%s", test.name, show822(again))
		}
		if len(got) == 0 {
			continue
		}
		// Another target adds its own file and leaves the rest.
		if other := UbuntuSources(after, test.codename, test.native, "s390x"); len(other) != 1 || !strings.Contains(other[0].Path, "xx-s390x.") {
			t.Errorf("%s: another target writes\n%s", test.name, show822(other))
		}
	}
}

// TestUbuntuPorts goes through Ubuntu's architectures.
func TestUbuntuPorts(t *testing.T) {
	for arch, want := range map[string]string{
		"amd64": "http://archive.ubuntu.com/ubuntu/", "i386": "http://archive.ubuntu.com/ubuntu/",
		"arm64": "http://ports.ubuntu.com/ubuntu-ports/", "armhf": "http://ports.ubuntu.com/ubuntu-ports/", "ppc64el": "http://ports.ubuntu.com/ubuntu-ports/",
		"s390x": "http://ports.ubuntu.com/ubuntu-ports/", "riscv64": "http://ports.ubuntu.com/ubuntu-ports/",
	} {
		for native, uri := range map[string]string{"amd64": "http://archive.ubuntu.com/ubuntu/", "arm64": "http://ports.ubuntu.com/ubuntu-ports/"} {
			if native == arch {
				continue
			}
			got := UbuntuSources([]SourceFile{{sourcesList, "deb " + uri + " noble main\n"}}, "noble", native, arch)
			if len(got) != 2 || got[1].Content != sourceHeader+"deb [arch="+arch+"] "+want+" noble main\n" {
				t.Errorf("%s on %s:\n%s", arch, native, show822(got))
			}
		}
	}
}
