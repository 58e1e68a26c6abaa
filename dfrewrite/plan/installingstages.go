package plan

import (
	"fmt"
	"path"
	"slices"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/recipes/download"
	"xxkit/dfrewrite/recipes/golang"
	"xxkit/dfrewrite/verdict"
)

// withInstallers adds the stages from which those of the conversion take packages: a stage on the
// build platform cannot run what was installed for the target's. It also adds those that only fetch for them.
func withInstallers(c *verdict.Conversion, pl *Planner) {
	if slices.ContainsFunc(c.Stages, (*graph.Stage).Delivered) {
		return // stays where it is
	}
	for i := 0; i < len(c.Stages); i++ {
		for _, u := range c.Stages[i].Uses {
			if u.From == nil || u.From.Place != graph.Target || slices.Contains(c.Stages, u.From) {
				continue
			}
			switch installed := pl.installedIn(u); {
			case installed || golang.TakesGo(u) || pl.fetchedIn(u, c) || pl.takesTool(u):
				head := pl.head(u.From)
				c.Heads = append(c.Heads, head)
				c.Stages = append(c.Stages, head.Tree()...)
			case slices.ContainsFunc(u.Paths, func(p string) bool { return path.Base(p) == "node_modules" }):
				c.BlockAt(u.By, fmt.Sprintf("takes node_modules of stage %s, which are the target platform's", u.From.Title()),
					"install the packages in this stage, or in one with FROM --platform=$BUILDPLATFORM")
			}
		}
	}
}

// fetchedIn reports whether a use takes what a stage fetches that does nothing else, and that may as well do so on the build
// platform, since what is taken from it elsewhere is the same there.
func (pl *Planner) fetchedIn(u *graph.Use, c *verdict.Conversion) bool {
	head := pl.head(u.From)
	fetches := false
	for _, t := range head.Tree() {
		if t.Shipped() || t.Delivered() || len(t.Candidates) > 0 || t.Root().Place != graph.Target {
			return false
		}
		for _, step := range pl.Plan(t).Steps {
			if step.Verdict != verdict.Neutral || step.Compiles || step.Review != "" || len(step.HostWrites) > 0 {
				return false
			}
			fetches = fetches || step.Fetches
		}
		for _, other := range t.UsedBy {
			if slices.Contains(c.Stages, other.In) {
				continue
			}
			if why, _ := leavingStage(other, pl.ledgersOf(t)); why != "" {
				return false
			}
		}
	}
	return fetches
}

// ledgersOf returns the verdicts on a stage and on those that it is based on.
func (pl *Planner) ledgersOf(s *graph.Stage) []*verdict.Ledger { return pl.Plan(s).Chain() }

// takesTool reports whether a use takes a tool, which its stage runs, out of a stage that holds nothing but an image.
func (pl *Planner) takesTool(u *graph.Use) bool {
	return slices.ContainsFunc(pl.Plan(u.In).Steps, func(s verdict.Step) bool {
		return s.In == u.By && s.Recipe == download.CopiedTool && s.Verdict == verdict.Neutral && u.From.OnlyImage()
	})
}

// installedIn reports whether a use takes what a package manager installed.
func (pl *Planner) installedIn(u *graph.Use) bool {
	env := u.In.Graph.EnvAt(u.By)
	for _, raw := range u.Paths {
		p := path.Join("/", env.Expand(raw, rune(u.In.Graph.Doc.Escape)))
		for s := u.From; s != nil; s = s.Base {
			for _, step := range pl.Plan(s).Steps {
				if packages.Installers[step.Recipe] && slices.ContainsFunc(step.HostWrites, func(w string) bool { return verdict.Within(w, []string{p}) || verdict.Within(p, []string{w}) }) {
					return true
				}
			}
		}
	}
	return false
}
