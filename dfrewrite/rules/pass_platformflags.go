package rules

import (
	"fmt"
	"slices"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// Pins that belong together: a stage that is shipped, and those that it takes programs or packages from. To let the first
// alone follow the target turns an image that is the builder's throughout into a mixed one.

// alongWith returns what has to change together with a stage that is shipped, when that is to follow the target. With a note it
// cannot be done, for the reason that the note gives.
func (p *Pass) alongWith(shipped *graph.Stage) (edits []dockerfile.Edit, stands *Note) {
	var done []*graph.Stage
	for _, u := range shipped.Uses {
		if u.Kind != graph.Copy || u.From == nil || slices.Contains(done, u.From) {
			continue
		}
		root := u.From.Root()
		flag := root.From.Flag("platform")
		if flag == nil || root.Place == graph.Target {
			continue
		}
		if _, found := p.nativeModules(u.From, u); found {
			done = append(done, u.From)
			if edit := root.From.WithoutFlag(flag); !slices.Contains(edits, edit) {
				edits = append(edits, edit)
			}
			continue
		}
		step := p.buildersProgram(u)
		if step == nil {
			continue
		}
		done = append(done, u.From)
		c := p.Planner.InPlace(u.From)
		if len(c.Blocks) > 0 {
			return nil, &Note{Span: step.Span, Text: fmt.Sprintf("%s compiles for the build platform, which has to change first", u.From.Title())}
		}
		edits = append(edits, c.Edits...)
	}
	return edits, nil
}

// buildersProgram returns the command of a stage on the build platform that compiles for it what another stage takes, or nil.
func (p *Pass) buildersProgram(u *graph.Use) *verdict.Step {
	if u.From.Root().Place != graph.Build || mentionsTarget(u.From) {
		return nil
	}
	steps := p.Planner.Plan(u.From).Steps
	if i := slices.IndexFunc(steps, func(s verdict.Step) bool { return s.Compiles && verdict.Takes(u, s) }); i >= 0 {
		return &steps[i]
	}
	return nil
}

// shippedWith returns a stage that is shipped with packages for one machine out of a stage, or nil.
func (p *Pass) shippedWith(s *graph.Stage) *graph.Stage {
	for _, t := range s.Tree() {
		for _, u := range t.UsedBy {
			if u.Kind == graph.Copy && u.In.Delivered() {
				if _, found := p.nativeModules(t, u); found {
					return u.In
				}
			}
		}
	}
	return nil
}
