package rules

import (
	"slices"

	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// What a command makes often takes a way through its stage before another one copies it: cp, install, an archive.

// ends returns where the files end up that a command writes.
func (p *Pass) ends(c *facts.Call) []string { return p.Facts.Carried(c, c.Writes()) }

// shipped reports whether one of the files reaches the target platform.
func (p *Pass) shipped(s *graph.Stage, written []string, on *facts.Platform) bool {
	return p.copied(s, written, on, func(u *graph.Use, _ string) bool { return landsOnTarget(u.In, map[*graph.Stage]bool{}) })
}

// copied reports whether one of the files is among what another stage copies, by a COPY and a path that count.
func (p *Pass) copied(s *graph.Stage, written []string, on *facts.Platform, counts func(u *graph.Use, src string) bool) bool {
	for _, t := range s.Tree() {
		for _, u := range t.UsedBy {
			for _, raw := range u.Paths {
				v := p.Facts.Expand(u.By, raw, on)
				if u.Kind == graph.Copy && v.Known() && slices.ContainsFunc(written, func(w string) bool { return facts.Takes(cleanPath(v.Text), w) }) && counts(u, v.Text) {
					return true
				}
			}
		}
	}
	return false
}
