package rules_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/rules"
	"xxkit/dfrewrite/verdict"
	pages "xxkit/docs/rules"
)

var fence = regexp.MustCompile("(?s)## (Bad|Good)\n\n```dockerfile\n(.*?)```")

var output = regexp.MustCompile("(?s)## Output\n\n```text\n(.*?)\n```")

// example is one Dockerfile of a page.
func examples(t *testing.T, page string) (bad, good string) {
	t.Helper()
	for _, m := range fence.FindAllStringSubmatch(page, -1) {
		if m[1] == "Bad" {
			bad = m[2]
		} else {
			good = m[2]
		}
	}
	if bad == "" || good == "" {
		t.Fatal("the page needs a bad and a good example")
	}
	return bad, good
}

// amd64Program is the header of an ELF program, which is all that is looked at.
const amd64Program = "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00\x01\x00\x00\x00"

// TestPages runs what the pages say: the bad example gives the output shown, the
// good one gives nothing from any rule, and where the rule has a fix it turns one
// into the other.
func TestPages(t *testing.T) {
	opt := dfrewrite.Options{Unsafe: true, Options: verdict.Options{Context: context.New(fstest.MapFS{
		"prebuilt/server":    {Data: []byte(amd64Program), Mode: 0o755},
		"rails/Gemfile.lock": {Data: []byte("GEM\n\nPLATFORMS\n  aarch64-linux\n  arm64-darwin\n\n")},
	})}}
	for _, r := range rules.All {
		t.Run(r.Name, func(t *testing.T) {
			page := r.Page()
			if !strings.HasPrefix(page, "# "+r.Name+"\n\n") {
				t.Errorf("the page starts %.40q", page)
			}
			bad, good := examples(t, page)
			f, err := dfrewrite.Lint("Dockerfile", []byte(bad), opt)
			if err != nil {
				t.Fatal(err)
			}
			want := output.FindStringSubmatch(page)
			if want == nil {
				t.Fatal("the page shows no output")
			}
			found := false
			for _, d := range f.Findings {
				if d.Rule == r && d.Severity.String()+": "+d.Message == want[1] {
					found = true
				}
			}
			if !found {
				t.Errorf("the bad example does not give %q: %+v", want[1], f.Findings)
			}
			f0 := f
			f, err = dfrewrite.Lint("Dockerfile", []byte(good), opt)
			if err != nil || len(f.Findings) > 0 {
				t.Errorf("the good example: %v, %+v", err, f.Findings)
			}
			if !slices.ContainsFunc(f0.Findings, func(d rules.Diagnostic) bool { return d.Rule == r && d.Fix != nil }) {
				return // no fix, nothing to compare
			}
			w, err := dfrewrite.Rewrite("Dockerfile", []byte(bad), opt)
			if err != nil || string(w.Out) != good {
				t.Errorf("the fix: %v, makes\n%s\nwant\n%s", err, w.Out, good)
			}
		})
	}
}

func TestEveryPageHasARule(t *testing.T) {
	files, err := pages.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(rules.All) {
		t.Errorf("%d pages, %d rules", len(files), len(rules.All))
	}
	for _, f := range files {
		if rules.Named(strings.TrimSuffix(f.Name(), ".md")) == nil {
			t.Errorf("no rule for the page %s", f.Name())
		}
	}
}

// TestReadmeListsRules holds the README's table complete.
func TestReadmeListsRules(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules.All {
		if row := "| [" + r.Name + "](docs/rules/" + r.Name + ".md) | "; strings.Count(string(readme), row) != 1 {
			t.Errorf("the README has no row that starts with %q", row)
		}
	}
	if got := strings.Count(string(readme), "](docs/rules/"); got != len(rules.All) {
		t.Errorf("%d rows for %d rules", got, len(rules.All))
	}
}
