package rules

import (
	"fmt"
	"slices"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// EmulatedBuild finds stages that compile on the target platform. Its fix is the
// rewrite.
var EmulatedBuild = &Rule{
	Name:     "EmulatedBuild",
	Severity: Warning,
	Check: func(p *Pass) {
		// Stages that move together are reported once; so is one that may have several
		// bases.
		reported := map[*graph.Stage]bool{}
		for _, root := range p.Graph.Stages {
			if root.Base != nil || len(root.Candidates) > 0 || root.Place != graph.Target {
				continue
			}
			for _, s := range p.Planner.Heads(root) {
				compiling, step := p.compiles(s)
				if compiling == nil || reported[compiling] {
					continue
				}
				reported[compiling] = true
				c := p.Planner.ToBuildPlatform(s)
				d := Diagnostic{
					Span:    compiling.From.Span,
					Message: fmt.Sprintf("%s compiles on the target platform: under emulation, about ten times slower, for every platform but the builder's own", title(compiling)),
					Hint:    "build on $BUILDPLATFORM and cross-compile",
				}
				d.Fix, d.Notes = conversionFix(c, "build on $BUILDPLATFORM and cross-compile")
				if slices.ContainsFunc(c.Blocks, verdict.Step.BelongsThere) {
					d.Hint = "" // what stands in the way says what to do instead
				}
				d.Notes = append([]Note{{Span: step.Span, Text: "compiles here"}}, d.Notes...)
				p.Report(d)
			}
		}
	},
}

// compiles finds the first command that compiles in s or a stage based on it.
// Stages that only run checks do not count: who builds them for another platform
// wants to check on it. Neither do those that are not built.
func (p *Pass) compiles(s *graph.Stage) (*graph.Stage, *verdict.Step) {
	for _, t := range s.Tree() {
		if p.Planner.OnlyChecks(t) || t.LeftOut() {
			continue
		}
		plan := p.Planner.Plan(t)
		for i := range plan.Steps {
			if plan.Steps[i].Compiles {
				return t, &plan.Steps[i]
			}
		}
	}
	return nil, nil
}

// title names a stage at the start of a sentence.
func title(s *graph.Stage) string {
	if s.Name != "" {
		return "stage " + s.Title()
	}
	return s.Title()
}
