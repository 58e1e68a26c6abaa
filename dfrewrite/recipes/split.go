package recipes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
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
// the build platform.

// Heads returns the stages that can move to the build platform apart from one another, each with all that is based on
// it. That is the root itself unless a stage based on it has to stay, and the root can be had twice.
func (pl *Planner) Heads(root *graph.Stage) []*graph.Stage {
	tree := root.Tree()
	stays := slices.ContainsFunc(tree, func(t *graph.Stage) bool { return t.Shipped() && !pl.OnlyChecks(t) })
	if !stays || len(tree) == 1 || root.Place != graph.Target || onlySets(root) != nil ||
		slices.ContainsFunc(tree, func(t *graph.Stage) bool { return len(t.Candidates) > 0 }) {
		return []*graph.Stage{root}
	}
	return root.Children
}

// head returns the stage that has to be pinned for s to move.
func (pl *Planner) head(s *graph.Stage) *graph.Stage {
	root := s.Root()
	for _, h := range pl.Heads(root) {
		if slices.Contains(h.Tree(), s) {
			return h
		}
	}
	return root
}

// onlySets returns the first instruction of a stage that does more than setting what a container or the instructions
// behind it find, or nil.
func onlySets(s *graph.Stage) *dockerfile.Instruction {
	for _, in := range s.Body {
		if !isSetting(in) && !onlyForContainers(in) {
			return in
		}
	}
	return nil
}

// isSetting reports whether an instruction sets what those behind it see.
func isSetting(in *dockerfile.Instruction) bool {
	switch in.Command.(type) {
	case *instructions.ArgCommand, *instructions.EnvCommand, *instructions.WorkdirCommand, *instructions.ShellCommand, *instructions.UserCommand:
		return true
	}
	return false
}

// onlyForContainers reports whether an instruction says something about containers to be started, so that it means
// nothing in a stage that builds.
func onlyForContainers(in *dockerfile.Instruction) bool {
	switch in.Command.(type) {
	case *instructions.LabelCommand, *instructions.ExposeCommand, *instructions.CmdCommand, *instructions.EntrypointCommand,
		*instructions.HealthCheckCommand, *instructions.StopSignalCommand, *instructions.MaintainerCommand:
		return true
	}
	return false
}

// ownBase gives a stage the base of its base, and what that sets.
func ownBase(s *graph.Stage) []dockerfile.Edit {
	src := s.From.Doc.Src
	base := s.Base.From.Words()[0].Span
	edits := []dockerfile.Edit{{Span: s.From.Words()[0].Span, New: string(src[base.Start:base.End])}}
	var lines strings.Builder
	for _, in := range s.Base.Body {
		if isSetting(in) {
			lines.Write(src[in.LineStart():in.LinesEnd()])
		}
	}
	if at := s.From.LinesEnd(); lines.Len() > 0 {
		edits = append(edits, dockerfile.Edit{Span: dockerfile.Span{Start: at, End: at}, New: lines.String()})
	}
	return edits
}

// sharedWay says what a person could do where stages that stay share a base with those that should move.
func (c *Conversion) sharedWay(otherwise string) string {
	root := c.Stages[0].Root()
	if len(c.Stages) == 1 {
		return otherwise
	}
	if in := onlySets(root); in != nil {
		return fmt.Sprintf("give the stages that compile a base of their own, with --platform=$BUILDPLATFORM; that is not done here, since %s would have to run in both (%s in line %d)",
			root.Title(), in.Kind(), in.Doc.Position(in.Span.Start).Line)
	}
	return otherwise
}

// takesFrom reports whether an instruction of s takes something from one of the stages.
func takesFrom(s *graph.Stage, in *dockerfile.Instruction, stages []*graph.Stage) bool {
	return slices.ContainsFunc(s.Uses, func(u *graph.Use) bool { return u.By == in && slices.Contains(stages, u.From) })
}
