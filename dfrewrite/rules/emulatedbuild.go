package rules

import (
	"fmt"
	"slices"

	"xxkit/dfrewrite/dockerfile"
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
				p.nameOthers(d.Notes, compiling)
				if slices.ContainsFunc(c.Blocks, verdict.Step.BelongsThere) {
					d.Hint = "" // what stands in the way says what to do instead
				}
				d.Notes = append([]Note{{Span: step.Span, Text: "compiles here"}}, d.Notes...)
				p.Report(d)
			}
		}
	},
}

// nameOthers says of what stands in the way in which stage it does so, where that is one that only moves along: nobody looks
// for it there.
func (p *Pass) nameOthers(notes []Note, compiling *graph.Stage) {
	for i, n := range notes {
		for _, s := range p.Graph.Stages {
			in := slices.ContainsFunc(s.Body, func(in *dockerfile.Instruction) bool { return dockerfile.Covers(in.Span, n.Span) })
			if in && n.Blocks && (!s.Shipped() || p.Planner.OnlyChecks(s)) && s.Root() == compiling.Root() && !graph.IsBasedOn(compiling, s) {
				notes[i].Text += fmt.Sprintf(" (in %s, which shares the base)", title(s))
			}
		}
	}
}

// compiles finds the first command that compiles in s or a stage based on it, and that what is shipped is made with, or else any.
// Stages that only run checks do not count: who builds them for another platform
// wants to check on it. Neither do those that are not built.
func (p *Pass) compiles(s *graph.Stage) (*graph.Stage, *verdict.Step) {
	var other *graph.Stage
	for _, t := range s.Tree() {
		switch {
		case p.Planner.OnlyChecks(t) || t.LeftOut() || p.firstCompiles(t) == nil:
		case t.Needed():
			return t, p.firstCompiles(t)
		case other == nil:
			other = t
		}
	}
	if other == nil {
		return nil, nil
	}
	return other, p.firstCompiles(other)
}

// firstCompiles returns the first command of a stage that compiles, or nil.
func (p *Pass) firstCompiles(s *graph.Stage) *verdict.Step {
	steps := p.Planner.Plan(s).Steps
	if i := slices.IndexFunc(steps, func(s verdict.Step) bool { return s.Compiles }); i >= 0 {
		return &steps[i]
	}
	return nil
}

// title names a stage at the start of a sentence.
func title(s *graph.Stage) string {
	if s.Name != "" {
		return "stage " + s.Title()
	}
	return s.Title()
}
