package builds

import (
	"fmt"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/rules"
)

// Rewrite makes the fixes in the file itself: with opt.Unsafe all of them, else
// only safe ones.
func (f *File) Rewrite(opt dfrewrite.Options) (*dfrewrite.Rewritten, error) {
	ran := opt.Rules
	if ran == nil {
		ran = rules.All
	}
	before := &dfrewrite.File{Doc: f.Doc, Findings: f.Lint(ran)}
	r := &dfrewrite.Rewritten{Out: f.Doc.Src, Before: before, Left: before}
	var fixes []rules.Diagnostic
	for _, d := range before.Findings {
		if d.Fix != nil && (opt.Unsafe || d.Fix.Safety == rules.Safe) {
			fixes = append(fixes, d)
		}
	}
	if fixes == nil {
		return r, nil
	}
	if err := r.Make(fixes); err != nil {
		return nil, fmt.Errorf("internal error: %s: %w", f.Doc.Name, err)
	}
	// The places of what is left are those in the new file.
	after, err := Parse(f.Doc.Name, r.Out)
	if err != nil {
		return nil, fmt.Errorf("internal error: the fixes left a broken file: %w", err)
	}
	r.Left = &dfrewrite.File{Doc: after.Doc, Findings: after.Lint(ran)}
	return r, nil
}
