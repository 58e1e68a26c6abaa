package dfrewrite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/rules"
	"xxkit/dfrewrite/verdict"
)

// TestOwnFiles lints what this repository shows to others: its own Dockerfile, the hand-written examples and
// the Dockerfiles in docs are clean, and of the examples that people write today no more is said than that
// they build under emulation.
func TestOwnFiles(t *testing.T) {
	check := func(t *testing.T, name string, src []byte, allowed *rules.Rule) {
		opt := Options{Options: verdict.Options{Platforms: []string{"linux/amd64", "linux/arm64", "linux/arm/v7"}}}
		if strings.HasSuffix(name, "Dockerfile") || strings.HasSuffix(name, ".cross") {
			opt.Context = context.New(os.DirFS(filepath.Dir(name)))
		}
		f, err := Lint(name, src, opt)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, d := range f.Findings {
			if d.Rule == rules.UnusedIgnore {
				continue // see dockerfilesIn
			}
			if found++; d.Rule != allowed {
				t.Errorf("%s:%d: %s [%s]", name, f.Doc.Position(d.Span.Start).Line, d.Message, d.Rule.Name)
			}
		}
		if allowed != nil && found == 0 {
			t.Errorf("%s: no %s found, which it is there to show", name, allowed.Name)
		}
	}
	files := func(pattern string, least int) []string {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) < least {
			t.Fatalf("%s: %d files, want %d or more (%v)", pattern, len(found), least, err)
		}
		return found
	}
	read := func(name string) []byte {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	check(t, "../Dockerfile", read("../Dockerfile"), nil)
	for _, f := range files("../examples/*/Dockerfile.cross", 2) {
		check(t, f, read(f), nil)
	}
	for _, f := range files("../examples/*/Dockerfile", 3) {
		check(t, f, read(f), rules.EmulatedBuild)
	}
	blocks := 0
	for _, page := range append(files("../docs/*.md", 10), "../README.md") {
		for _, block := range dockerfilesIn(string(read(page))) {
			blocks++
			check(t, page, []byte(block), nil)
		}
	}
	if blocks < 30 {
		t.Errorf("%d Dockerfiles in docs, want 30 or more", blocks)
	}
}

// dockerfilesIn lists the Dockerfiles in a page. Pieces of one, which the text speaks of as parts of a build
// stage with the helpers, get the beginning of such a stage, and all that end in a build stage a last one.
func dockerfilesIn(page string) []string {
	var out []string
	for _, part := range strings.Split(page, "```dockerfile")[1:] {
		_, rest, _ := strings.Cut(part, "\n") // what its test does stands behind it
		block, _, _ := strings.Cut(rest, "\n```")
		if !strings.Contains("\n"+block, "\nFROM ") {
			first := "FROM --platform=$BUILDPLATFORM debian:trixie AS build\nRUN apt-get update && apt-get install -y clang lld\nCOPY --from=xx / /\n"
			if !strings.Contains(block, "ARG TARGETPLATFORM") {
				first += "# dfrewrite: ignore=TargetArgTooEarly\nARG TARGETPLATFORM\n"
			}
			block = first + block
		}
		out = append(out, block+"\nFROM scratch\n")
	}
	return out
}
