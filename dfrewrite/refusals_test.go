package dfrewrite

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"xxkit/dfrewrite/context"

	"golang.org/x/tools/txtar"
)

// TestRefusalsSayWhatToDo looks at every refusal in testdata/rewrite: it is one line that says why, and another that says what a
// person could do.
func TestRefusalsSayWhatToDo(t *testing.T) {
	files, _ := filepath.Glob("testdata/rewrite/*.txtar")
	refusals := 0
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		opt := optionsIn(t, string(a.Comment))
		files := fstest.MapFS{}
		var src []byte
		for _, f := range a.Files {
			switch f.Name {
			case "Dockerfile":
				src = f.Data
			case "want", "remarks":
			default:
				files[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
			}
		}
		if len(files) > 0 {
			opt.Context = context.New(files)
		}
		linted, err := Lint("Dockerfile", src, opt)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range linted.Findings {
			for _, n := range d.Notes {
				if !n.Blocks {
					continue
				}
				refusals++
				if n.Way == "" || strings.ContainsAny(n.Text+n.Way, "\r\n") {
					t.Errorf("%s: line %d: %q, and what to do: %q", filepath.Base(file), linted.Doc.Position(n.Span.Start).Line, n.Text, n.Way)
				}
			}
		}
	}
	if refusals < 100 {
		t.Errorf("only %d refusals: the archives do not show that", refusals)
	}
}
