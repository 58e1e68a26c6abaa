package dfrewrite

import (
	"bytes"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"

	"xxkit/dfrewrite/rules"
)

// TestWellMade holds the rules to silence: no rule warns about the Dockerfiles of
// testdata/well-made.txtar, and a rewrite leaves each as it is.
func TestWellMade(t *testing.T) {
	a, err := txtar.ParseFile("testdata/well-made.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Files) < 30 {
		t.Fatalf("%d files, want 30", len(a.Files))
	}
	for _, f := range a.Files {
		t.Run(f.Name, func(t *testing.T) {
			r, err := Rewrite("Dockerfile", f.Data, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(r.Out, f.Data) {
				t.Errorf("%s", diff.Diff("as it was", f.Data, "rewritten", r.Out))
			}
			for _, d := range r.Left.Findings {
				if d.Severity >= rules.Warning {
					t.Errorf("%d: %s: %s [%s]", r.Left.Doc.Position(d.Span.Start).Line, d.Severity, d.Message, d.Rule.Name)
				}
			}
		})
	}
}
