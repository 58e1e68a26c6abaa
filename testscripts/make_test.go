package testscripts

import (
	"go/build/constraint"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A target is one of the Makefile's.
type target struct {
	needs  []string
	help   string
	recipe string
}

func makefile(t *testing.T) map[string]target {
	t.Helper()
	data, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	rule := regexp.MustCompile(`(?m)^([a-z0-9-]+):((?: [a-z0-9-]+)*)(?: ##(.*))?\n((?:\t.*\n)*)`)
	targets := map[string]target{}
	for _, m := range rule.FindAllStringSubmatch(string(data), -1) {
		targets[m[1]] = target{strings.Fields(m[2]), m[3], m[4]}
	}
	return targets
}

// ciParts are the targets that .ci/run calls.
func ciParts(t *testing.T) []string {
	t.Helper()
	script, err := os.ReadFile("../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	loop := regexp.MustCompile(`(?m)^for part in (.*); do$`).FindSubmatch(script)
	if loop == nil {
		t.Fatal(".ci/run has no loop over its parts")
	}
	return strings.Fields(string(loop[1]))
}

// TestParts holds what each target is for: which of them need root, and that .ci/run leaves none of them out.
func TestParts(t *testing.T) {
	targets := makefile(t)
	parts := ciParts(t)
	if want := []string{"lint", "test", "test-debian", "e2e"}; !slices.Equal(parts, want) {
		t.Errorf(".ci/run calls %s, want %s", parts, want)
	}
	for target, want := range map[string][]string{
		"format":      {"gofmt -l ."},
		"vet":         {"go vet -trimpath ./...", "-tags e2e,debian ./testscripts/...", "examples/go-server", "examples/cgo-sqlite"},
		"lint":        {"staticcheck -tags e2e,debian ./...", "GOOS=darwin go build -o /dev/null ./cmd/dfrewrite", "GOOS=windows go build -o /dev/null ./cmd/dfrewrite", "GOOS=darwin go build -o /dev/null ./cmd/xx-verify"},
		"check":       {"$(gotest)", "go list ./..."},
		"test":        {"$(gotest) ./..."},
		"test-debian": {"$(gotest) -tags debian ./testscripts/debian -count=1", "LEFT OUT"},
		"e2e":         {"$(gotest) -tags e2e ./testscripts/buildkit -count=1"},
	} {
		for _, w := range want {
			if !strings.Contains(targets[target].recipe, w) {
				t.Errorf("make %s does not do %q:\n%s", target, w, targets[target].recipe)
			}
		}
	}
	for _, quick := range []string{"format", "vet", "check", "test"} {
		target := targets[quick]
		for _, need := range target.needs {
			if !slices.Contains([]string{"go", "format", "vet"}, need) {
				t.Errorf("make %s calls make %s", quick, need)
			}
		}
		for _, heavy := range []string{"testscripts/debian", "testscripts/buildkit", "apt-get", "test -tags", "gotest) -tags", "staticcheck"} {
			if strings.Contains(target.recipe, heavy) {
				t.Errorf("make %s has to do with %s:\n%s", quick, heavy, target.recipe)
			}
		}
	}
	if needs := targets["lint"].needs; !slices.Equal(needs, []string{"format", "vet"}) {
		t.Errorf("make lint needs %s", needs)
	}
}

// TestTags: without its tag no test of these folders is there, so that go test ./... needs no root.
func TestTags(t *testing.T) {
	for dir, tag := range map[string]string{"debian": "debian", "buildkit": "e2e"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no tests: %v", dir, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			line, _, _ := strings.Cut(string(data), "\n")
			expr, err := constraint.Parse(line)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			with := func(tags ...string) bool {
				return expr.Eval(func(name string) bool { return slices.Contains(tags, name) })
			}
			if with("linux") || !with("linux", tag) {
				t.Errorf("%s is not for the tag %s alone: %s", file, tag, line)
			}
		}
	}
}

// TestTargetsAreDescribed: who reads make help, the README or CONTRIBUTING finds what there is to run.
func TestTargetsAreDescribed(t *testing.T) {
	targets := makefile(t)
	for _, file := range []string{"../README.md", "../CONTRIBUTING.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range append(ciParts(t), "check") {
			if targets[name].help == "" {
				t.Errorf("make help does not show %s", name)
			}
			if !regexp.MustCompile("make " + name + "[^a-z-]").Match(text) {
				t.Errorf("%s does not name make %s", file, name)
			}
		}
	}
}

// TestAptWaits: another apt-get may be at work on the machine.
func TestAptWaits(t *testing.T) {
	files, err := filepath.Glob("internal/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	call := regexp.MustCompile(`(?m)^.*(exec\.Command|command|run)\("apt-get".*$|^\s*apt-get .*install.*$`)
	seen := 0
	for _, file := range append(files, "../.ci/run", "../Makefile") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range call.FindAllString(string(text), -1) {
			seen++
			if !strings.Contains(line, "DPkg::Lock::Timeout=") && !strings.Contains(line, "indextargets") {
				t.Errorf("%s waits for no lock: %s", file, line)
			}
		}
	}
	if seen < 3 {
		t.Errorf("%d calls of apt-get found", seen)
	}
}

// TestCIRun has .ci/run call a make that only pretends: one part fails, the others run all the same, and the last line counts.
func TestCIRun(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash on this machine")
	}
	script, err := os.ReadFile("../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	const fakeMake = `#!/bin/sh
for word; do
	case $word in GOTEST=*" --") to=${word% --} to=${to##* } ;; esac # what comes behind is go test's
done
echo "made $2"
case $2 in
test) echo 10 0 1 >>$to ;;
test-debian) echo 5 $BAD 0 >>$to; exit $BAD ;;
e2e) echo 2 0 0 >>$to ;;
esac
`
	dir := write(t, map[string]string{".ci/run": string(script), "bin/make": fakeMake, "bin/go": "#!/bin/sh\n", "bin/git": "#!/bin/sh\n"})
	for _, program := range []string{"make", "go", "git"} {
		if err := os.Chmod(filepath.Join(dir, "bin", program), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for bad, want := range map[string]string{"0": "\n17 passed, 0 failed, 1 skipped\n", "1": "\nFAILED: make test-debian\n17 passed, 1 failed, 1 skipped\n"} {
		cmd := exec.Command("bash", filepath.Join(dir, ".ci/run"))
		cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "BAD="+bad)
		out, err := cmd.CombinedOutput()
		if (err == nil) != (bad == "0") || !strings.HasSuffix(string(out), want) {
			t.Errorf("%v, %q is not the end of\n%s", err, want, out)
		}
		for _, part := range ciParts(t) {
			if !regexp.MustCompile(`(?m)^made ` + part + `\nmake ` + part + `: \d+ s$`).Match(out) {
				t.Errorf("make %s: not called, or its seconds are not said:\n%s", part, out)
			}
		}
	}
}
