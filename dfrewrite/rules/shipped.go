package rules

import (
	"slices"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// What a command makes often takes a way through its stage before another one copies it: cp, install, an archive.

// ends returns where the files end up that a command writes.
func (p *Pass) ends(c *facts.Call) []string { return p.Facts.Carried(c, c.Writes()) }

// shipped reports whether one of the files reaches the target platform.
func (p *Pass) shipped(s *graph.Stage, written []string, on *facts.Platform) bool {
	for _, t := range s.Tree() {
		for _, u := range t.UsedBy {
			if u.Kind != graph.Copy || !landsOnTarget(u.In, map[*graph.Stage]bool{}) {
				continue
			}
			for _, raw := range u.Paths {
				v := p.Facts.Expand(u.By, raw, on)
				if v.Known() && slices.ContainsFunc(written, func(w string) bool { return facts.Takes(cleanPath(v.Text), w) }) {
					return true
				}
			}
		}
	}
	return false
}

// callAt returns the command that stands at a place of a stage, for the first platform for which it runs, or nil.
func (p *Pass) callAt(s *graph.Stage, at dockerfile.Span) *facts.Call {
	for _, c := range p.Facts.Calls(s) {
		if dockerfile.Covers(at, c.Span) && !c.Substituted {
			return c
		}
	}
	return nil
}
