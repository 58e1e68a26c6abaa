package rules

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// GoInstallMoves finds `go install` for another platform, which puts the program
// where nobody looks for it, or fails.
var GoInstallMoves = &Rule{
	Name:     "GoInstallMoves",
	Severity: Error,
	Check: func(p *Pass) {
		done := seen{}
		for _, s := range p.Graph.Stages {
			if s.Place != graph.Build {
				continue
			}
			for _, c := range p.Facts.Calls(s) {
				g, ok := c.Go()
				if !ok || c.Name != "go" || g.Sub != "install" || c.Maybe || !p.Facts.Reached(s, c.Platform) || !follows(c.Env("GOARCH")) {
					continue
				}
				if slices.ContainsFunc(g.Packages, func(w facts.Word) bool { return w.Text == "std" }) {
					continue
				}
				d := Diagnostic{Span: c.Span, Hint: "use go build -o, which takes no package@version, or move the program up from there"}
				bin := c.GoBin()
				switch gobin := c.Env("GOBIN"); {
				case gobin.Set && gobin.Text != "":
					d.Message = "go install refuses to cross-compile while GOBIN is set: the build fails for every platform but the builder's own"
				case bin != "" && p.missedBy(s, c, bin) != nil:
					by := p.missedBy(s, c, bin)
					d.Message = fmt.Sprintf("go install puts a program for another platform into %s/GOOS_GOARCH, where it is not looked for", bin)
					d.Notes = []Note{{Span: by.Span, Text: "takes it from where a native build puts it"}}
				default:
					continue
				}
				if done.before(c.Span) {
					continue
				}
				d.Fix = p.buildInstead(s, c)
				p.Report(d)
			}
		}
	},
}

// missedBy returns the COPY that looks for the program where a native go install
// puts it. A stage that knows of the other place is left alone.
func (p *Pass) missedBy(s *graph.Stage, c *facts.Call, bin string) *dockerfile.Instruction {
	for _, t := range s.Tree() {
		for _, in := range t.Body {
			src := in.Doc.Src[in.Span.Start:in.Span.End]
			if graph.IsRun(in) && (bytes.Contains(src, []byte("linux_")) || bytes.Contains(src, []byte("_${TARGETARCH}")) ||
				bytes.Contains(src, []byte("_$TARGETARCH")) || bytes.Contains(src, []byte("find ")) || bytes.Contains(src, []byte("bin/*/"))) {
				return nil
			}
		}
		for _, u := range t.UsedBy {
			if u.Kind != graph.Copy || u.In.Place == graph.Build {
				continue
			}
			for _, raw := range u.Paths {
				v := p.Facts.Expand(u.By, raw, c.Platform)
				if name := cleanPath(v.Text); v.Known() && path.Dir(name) == bin && !strings.Contains(path.Base(name), "_") && path.Base(name) != "*" {
					return u.By
				}
			}
		}
	}
	return nil
}

// buildInstead turns go install into go build -o, with the edits that the recipe for
// Go has for it.
func (p *Pass) buildInstead(s *graph.Stage, c *facts.Call) *Fix {
	for _, step := range p.Planner.Plan(s).Steps {
		if step.In != c.Run || step.Span != c.Span || step.Verdict != verdict.Convert || step.Needs.Helper || len(step.Edits) == 0 {
			continue
		}
		f := &Fix{Message: step.Reason, Edits: append(p.argFor(c.Run, step.Needs.Args...), step.Edits...)}
		if step.Review != "" {
			f.Safety, f.Why = Review, []string{step.Review}
		}
		return f
	}
	return nil
}
