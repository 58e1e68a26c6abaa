package builds

import (
	"fmt"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/rules"
)

// Rewrite makes the fixes in the file itself: with opt.Unsafe all of them, else
// only safe ones.
func (f *File) Rewrite(opt dfrewrite.Options) (*dfrewrite.Rewritten, error) {
	ran := opt.Rules
	if ran == nil {
		ran = rules.All
	}
	r := &dfrewrite.Rewritten{Out: f.Doc.Src, Left: &dfrewrite.File{Doc: f.Doc}}
	var edits []dockerfile.Edit
	for _, d := range f.Lint(ran) {
		if d.Fix != nil && (opt.Unsafe || d.Fix.Safety == rules.Safe) {
			r.Made = append(r.Made, d)
			edits = append(edits, d.Fix.Edits...)
		} else {
			r.Left.Findings = append(r.Left.Findings, d)
		}
	}
	if edits == nil {
		return r, nil
	}
	var err error
	if r.Out, err = dockerfile.Apply(f.Doc.Src, edits); err != nil {
		return nil, fmt.Errorf("internal error: %s: %w", f.Doc.Name, err)
	}
	r.Edits = [][]dockerfile.Edit{edits}
	// The places of what is left are those in the new file.
	after, err := Parse(f.Doc.Name, r.Out)
	if err != nil {
		return nil, fmt.Errorf("internal error: the fixes left a broken file: %w", err)
	}
	r.Left = &dfrewrite.File{Doc: after.Doc, Findings: after.Lint(ran)}
	return r, nil
}
