package rules

import (
	"fmt"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// TargetArgDefault finds defaults for arguments that BuildKit sets by itself.
var TargetArgDefault = &Rule{
	Name:     "TargetArgDefault",
	Severity: Error,
	Check: func(p *Pass) {
		// Where a file gives the argument, the finding is about that file.
		if name, by := p.Graph.GivenTarget(); by == graph.ByFlag {
			at := p.Graph.Doc.Instructions[0]
			p.Report(Diagnostic{Span: at.Span, Hint: "leave it out, and say with --platform what is built for",
				Message: fmt.Sprintf("%s %s replaces the value that BuildKit gives it: every platform is built as if it were the same", by, name)})
		}
		for _, in := range p.Graph.Doc.Instructions {
			arg, ok := in.Command.(*instructions.ArgCommand)
			if !ok {
				continue
			}
			words := in.Words()
			for i, a := range arg.Args {
				if a.Value == nil || !graph.IsAutomatic(a.Key) {
					continue
				}
				consequence, severity := IfReplaced(a.Key, fmt.Sprintf("%q", strings.Trim(*a.Value, `"'`)))
				d := Diagnostic{
					Severity: severity,
					Span:     in.Span,
					Message:  fmt.Sprintf("this default replaces the value that BuildKit gives %s: %s", a.Key, consequence),
					Hint:     fmt.Sprintf("declare it without a default: ARG %s", a.Key),
				}
				if i < len(words) {
					w := words[i]
					d.Span = w.Span
					d.Fix = &Fix{
						Message: "drop the default",
						Why:     verdict.WithoutDefault(p.Facts, in, a.Key, strings.Trim(*a.Value, `"'`)),
						Edits:   []dockerfile.Edit{{Span: w.Part(len(a.Key), len(w.Raw))}},
					}
					if len(d.Fix.Why) > 0 {
						d.Fix.Safety = Review
					}
					if missing := verdict.MissingBase(p.Facts, in, a.Key); missing != "" {
						d.Fix, d.Hint = nil, missing
					}
				}
				p.Report(d)
			}
		}
	},
}

// IfReplaced says what comes of another value in the place of the one that BuildKit gives an argument, and how bad that is. A
// wrong target is in the image; a wrong builder makes a build slow, or fail.
func IfReplaced(name, value string) (string, Severity) {
	switch {
	case name == "BUILDPLATFORM":
		return fmt.Sprintf("stages on $BUILDPLATFORM run on %s on every builder, under emulation on others", value), Warning
	case strings.HasPrefix(name, "BUILD"):
		return fmt.Sprintf("every builder is taken for %s", value), Warning
	}
	return fmt.Sprintf("every platform is built as if it were %s", value), Error
}
