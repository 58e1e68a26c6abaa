package dfrewrite

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/rules"
	"xxkit/dfrewrite/verdict"
)

// TestAllMistakes lints testdata/all-mistakes.txtar, which has every mistake: each
// rule finds its own, in file order, and twice the same.
func TestAllMistakes(t *testing.T) {
	a, err := txtar.ParseFile("testdata/all-mistakes.txtar")
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range a.Files {
		parts[f.Name] = string(f.Data)
	}
	for range 2 {
		opt := Options{Options: verdict.Options{Context: context.New(contextIn(parts, "context/"))}}
		f, err := Lint("Dockerfile", []byte(parts["Dockerfile"]), opt)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for i, d := range f.Findings {
			fmt.Fprintf(&got, "%d %s %s\n", f.Doc.Position(d.Span.Start).Line, d.Severity, d.Rule.Name)
			if i > 0 && f.Findings[i-1].Span.Start > d.Span.Start {
				t.Errorf("%s is not in file order", d.Rule.Name)
			}
		}
		if d := diff.Diff("wanted", []byte(parts["findings"]), "found", []byte(got.String())); d != nil {
			t.Errorf("%s", d)
		}
		for _, r := range rules.All {
			if !slices.ContainsFunc(f.Findings, func(d rules.Diagnostic) bool { return d.Rule == r }) {
				t.Errorf("%s finds nothing", r.Name)
			}
		}
	}
}
