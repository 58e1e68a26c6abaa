package plan

import (
	"fmt"
	"slices"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// A build that names its targets (--target, or a Compose or bake file) ships these, and does not run stages that no target is
// made of or with. Such a stage does not keep others from moving. Where it is an image of its own, or does what cannot be
// done on the build platform, it stays as it is written, follows its base, and is told of.

// leaveOut takes stages that are not built, and that nothing can be done for, out of those that move.
func leaveOut(c *verdict.Conversion, pl *Planner) {
	if c.Stages[0].LeftOut() {
		return // all of them are
	}
	left := map[*graph.Stage]bool{}
	for _, t := range c.Stages {
		if t.LeftOut() && !pl.OnlyChecks(t) && (left[t.Base] || t.Shipped() || len(pl.Plan(t).Blocks()) > 0) {
			left[t] = true
			c.TellAt(t.From, fmt.Sprintf("%s is based on %s and would be the build platform's; no target is made of it", t.Title(), baseTitle(t)))
		}
	}
	c.Stages = slices.DeleteFunc(c.Stages, func(t *graph.Stage) bool { return left[t] })
}

func baseTitle(s *graph.Stage) string {
	if s.Base == nil {
		return "a stage"
	}
	return s.Base.Title()
}
