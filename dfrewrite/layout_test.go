package dfrewrite

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tiers are the packages from the bottom up. Each imports only packages of the lines over its own; the one exception is
// the package that it is a folder of (drivers/makefile imports drivers).
var tiers = [][]string{
	{"match", "dockerfile"},
	{"shell"},
	{"graph"},
	{"context"},
	{"context/gosource", "facts"},
	{"packages"},
	{"verdict"},
	{"recipes/cc", "recipes/distro", "recipes/dotnet", "recipes/download", "recipes/golang", "recipes/jvm", "recipes/node",
		"recipes/plain", "recipes/python", "recipes/rust"},
	{"drivers/makefile/gnumake"},
	{"drivers", "drivers/goreleaser", "drivers/justfile", "drivers/magefile", "drivers/makefile", "drivers/script", "drivers/taskfile"},
	{"plan"},
	{"rules"},
	{"config"},
	{"."},
	{"builds", "report", "prove"},
	{"lsp"},
}

// maxPackage is how many lines a package may have, tests aside; one that outgrows it is two ideas. In rules each file is one.
const maxPackage = 3000

// TestLayout holds the order of the packages, so that the folders show how the program works: a recipe imports no other
// recipe, and what is said of commands (verdict) knows no tool.
func TestLayout(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{.Dir}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	tier := map[string]int{}
	for i, names := range tiers {
		for _, name := range names {
			tier[name] = i
		}
	}
	const module = "xxkit/dfrewrite"
	inside := func(pkg string) (string, bool) {
		if pkg == module {
			return ".", true
		}
		return strings.CutPrefix(pkg, module+"/")
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		name, _ := inside(fields[0])
		at, ok := tier[name]
		if !ok {
			t.Errorf("%s has no place in the order of the packages", name)
			continue
		}
		seen++
		for _, imported := range fields[2:] {
			other, ok := inside(imported)
			if !ok {
				continue
			}
			if over := tier[other]; over > at || over == at && path.Dir(name) != other {
				t.Errorf("%s imports %s, which does not stand below it", name, other)
			}
		}
		if lines := linesIn(t, fields[1]); lines > maxPackage && name != "rules" {
			t.Errorf("%s has %d lines, and at most %d keep a package to one idea", name, lines, maxPackage)
		}
	}
	if seen != len(tier) {
		t.Errorf("%d packages, and the order names %d", seen, len(tier))
	}
}

func linesIn(t *testing.T, dir string) int {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(data, []byte("\n"))
	}
	return lines
}

// TestHelpersStandAlone keeps what dfrewrite needs out of the helpers, whose binary goes into every build stage.
func TestHelpersStandAlone(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "xxkit/cmd/xx").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range strings.Fields(string(out)) {
		if slices.ContainsFunc([]string{"xxkit/dfrewrite", "github.com/moby/buildkit", "mvdan.cc/sh"}, func(not string) bool {
			return dep == not || strings.HasPrefix(dep, not+"/")
		}) {
			t.Errorf("cmd/xx links %s", dep)
		}
	}
}
