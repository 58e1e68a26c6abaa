package rules

import (
	"fmt"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
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
				d := Diagnostic{
					Span:    in.Span,
					Message: fmt.Sprintf("this default replaces the value that BuildKit gives %s: every platform is built as if it were %q", a.Key, strings.Trim(*a.Value, `"'`)),
					Hint:    fmt.Sprintf("declare it without a default: ARG %s", a.Key),
				}
				if i < len(words) {
					w := words[i]
					d.Span = w.Span
					d.Fix = &Fix{
						Message: "drop the default",
						Edits:   []dockerfile.Edit{{Span: w.Part(len(a.Key), len(w.Raw))}},
					}
				}
				p.Report(d)
			}
		}
	},
}
