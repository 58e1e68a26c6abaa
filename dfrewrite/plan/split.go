package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// A base that build stages share with one that is shipped cannot move:
//
//	FROM debian:bookworm AS base
//	WORKDIR /app
//	FROM base AS build
//	…
//	FROM base
//	COPY --from=build …
//
// Where it does nothing but set what every stage would set by itself, the build stage can have the same base again, on
// the build platform. It may do more if what stays is not the last stage, but one for development that nobody copies
// from, or only what is not made for the last stage either: then a build runs the one base or the other, and not both.

// Heads returns the stages that can move to the build platform apart from one another, each with all that is based on
// it. That is the root itself unless a stage based on it has to stay, and the root can be had twice.
func (pl *Planner) Heads(root *graph.Stage) []*graph.Stage {
	heads, ok := pl.heads[root]
	if !ok {
		heads = []*graph.Stage{root}
		if tree := root.Tree(); pl.mayDivide(root, tree) && pl.notTwice(root, tree) == nil {
			heads = root.Children
		}
		if pl.heads == nil {
			pl.heads = map[*graph.Stage][]*graph.Stage{}
		}
		pl.heads[root] = heads
	}
	return heads
}

// mayDivide reports whether a stage that is based on the root has to stay, so that the root cannot move: what is shipped, and
// what is not made for that and cannot be converted.
func (pl *Planner) mayDivide(root *graph.Stage, tree []*graph.Stage) bool {
	return len(tree) > 1 && root.Place == graph.Target &&
		slices.ContainsFunc(tree, func(t *graph.Stage) bool {
			return t.Shipped() && !pl.OnlyChecks(t) || !t.Needed() && t != root && len(pl.Plan(t).Blocks()) > 0
		}) &&
		!slices.ContainsFunc(tree, func(t *graph.Stage) bool { return len(t.Candidates) > 0 })
}

// head returns the stage that has to be pinned for s to move.
func (pl *Planner) head(s *graph.Stage) *graph.Stage {
	root := s.Root()
	if pl.Heads(root)[0] == root || s == root {
		return root
	}
	for s.Base != root {
		s = s.Base
	}
	return s
}

// notTwice returns the first instruction for which a stage cannot be had twice, or nil.
func (pl *Planner) notTwice(root *graph.Stage, tree []*graph.Stage) *dockerfile.Instruction {
	both := slices.ContainsFunc(tree, (*graph.Stage).Delivered)
	for _, in := range root.Body {
		if graph.IsSetting(in) || graph.OnlyForContainers(in) {
			continue
		}
		switch in.Command.(type) {
		case *instructions.RunCommand, *instructions.CopyCommand, *instructions.AddCommand:
		default:
			return in
		}
		changes := func(s verdict.Step) bool { return s.In == in && (s.Verdict != verdict.Neutral || s.Compiles) }
		if both || slices.ContainsFunc(pl.Plan(root).Steps, changes) {
			return in
		}
	}
	return nil
}

// ownBase gives a stage the base of its base, and what that sets.
func ownBase(s *graph.Stage) []dockerfile.Edit {
	src := s.From.Doc.Src
	base := s.Base.From.Words()[0].Span
	edits := []dockerfile.Edit{{Span: s.From.Words()[0].Span, New: string(src[base.Start:base.End])}}
	var lines strings.Builder
	for _, in := range s.Base.Body {
		if !graph.OnlyForContainers(in) {
			lines.Write(src[in.LineStart():in.LinesEnd()])
		}
	}
	if at := s.From.LinesEnd(); lines.Len() > 0 {
		edits = append(edits, dockerfile.Edit{Span: dockerfile.Span{Start: at, End: at}, New: lines.String()})
	}
	return edits
}

// sharedWay says what a person could do where a stage that stays shares a base with those that should move.
func sharedWay(c *verdict.Conversion, pl *Planner, stays *graph.Stage, otherwise string) string {
	root := c.Stages[0].Root()
	others := slices.ContainsFunc(c.Ledgers, func(p *verdict.Ledger) bool { return p.Stage != stays && p.Compiles() && !pl.OnlyChecks(p.Stage) })
	if pl.Plan(stays).Compiles() && !others {
		return "build that in a stage of its own, with --platform=$BUILDPLATFORM, and copy the result into " + stays.Title()
	}
	if c.Stages[0] != root || len(c.Stages) == 1 {
		return otherwise
	}
	if in := pl.notTwice(root, c.Stages); in != nil {
		return fmt.Sprintf("give the stages that compile a base of their own, with --platform=$BUILDPLATFORM; that is not done here for what %s does in line %d (%s)",
			root.Title(), in.Doc.Position(in.Span.Start).Line, in.Kind())
	}
	return otherwise
}

// stays reports whether a stage is, or is a part of, what is shipped or may be, and keeps those that it shares its base with.
func (pl *Planner) stays(s *graph.Stage) bool {
	return slices.ContainsFunc(s.Tree(), func(t *graph.Stage) bool { return t.Shipped() && !t.LeftOut() && !pl.OnlyChecks(t) })
}
