//go:build e2e && linux

package buildkit_test

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// TestRewrittenPassCheck puts what dfrewrite/testdata/rewrite says that Dockerfiles are rewritten to through BuildKit's own
// check (`--call=check`). It must find nothing there that it does not find in the Dockerfile before.
func TestRewrittenPassCheck(t *testing.T) {
	files, err := filepath.Glob("../../dfrewrite/testdata/rewrite/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	checked := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parts := map[string][]byte{}
		for _, f := range txtar.Parse(data).Files {
			parts[f.Name] = f.Data
		}
		if parts["want"] == nil {
			continue // it stays as it is
		}
		checked++
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			after := checkOf(t, parts["want"])
			if len(after) == 0 {
				return
			}
			before := checkOf(t, parts["Dockerfile"])
			for rule, n := range after {
				if n > before[rule] {
					t.Errorf("%s is found %d times, and %d times before the rewrite", rule, n, before[rule])
				}
			}
		})
	}
	t.Logf("%d rewritten Dockerfiles checked", checked)
}

// warning is how BuildKit's own check names a rule that it found broken.
var warning = regexp.MustCompile(`(?m)^WARNING: (\w+)`)

// checkOf counts what BuildKit's own check finds in a Dockerfile, by rule. The images that it names are looked up, so
// there is one in the place of each.
func checkOf(t *testing.T, src []byte) map[string]int {
	t.Helper()
	doc, err := dockerfile.Parse("Dockerfile", src)
	if err != nil {
		t.Fatal(err)
	}
	var images []string
	g := graph.New(doc)
	for _, s := range g.Stages {
		images = append(images, s.Image)
		for _, u := range s.Uses {
			images = append(images, u.Image)
		}
	}
	var args []string
	for i, name := range images { // an ARG's default may be $TARGETARCH, and this builder's own platform is what is built for
		images[i] = os.Expand(name, func(name string) string { return cmp.Or(ofTarget[name], "$"+name) })
	}
	slices.Sort(images)
	for _, name := range slices.Compact(images) {
		if name != "" && name != "scratch" && !strings.Contains(name, "$") {
			args = append(args, "--build-context", name+"=docker-image://"+builder.Registry+"/library/debian:bookworm")
		}
	}
	return check(t, src, t.TempDir(), args)
}

// ofTarget is what BuildKit gives for a target that nobody chose: the platform of these tests' builder.
var ofTarget = map[string]string{"TARGETPLATFORM": "linux/amd64", "TARGETOS": "linux", "TARGETARCH": "amd64"}

// syntaxLine names an image with another front end, which is nowhere to be had; BuildKit's own takes its place.
var syntaxLine = regexp.MustCompile(`(?mi)\A# *syntax=.*\n`)

// check runs BuildKit's own check on a Dockerfile, and counts what it finds, by rule.
func check(t *testing.T, src []byte, context string, args []string) map[string]int {
	t.Helper()
	cmd := builder.Command(slices.Concat([]string{"build", "--call=check", "--file", "-"}, args, []string{context})...)
	cmd.Stdin = bytes.NewReader(syntaxLine.ReplaceAll(src, nil))
	out, err := cmd.CombinedOutput()
	found := map[string]int{}
	for _, m := range warning.FindAllSubmatch(out, -1) {
		found[string(m[1])]++
	}
	if err != nil && len(found) == 0 { // it fails if it finds something
		t.Fatalf("%v\n%s", err, out)
	}
	return found
}
