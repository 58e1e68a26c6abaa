package golang

import (
	"path"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// Stages that need more than the golang image has often take Go out of it:
//
//	FROM debian:bookworm AS build
//	COPY --from=golang:1.26 /usr/local/go /usr/local/go
//
// BuildKit takes an image that is named in --from for the platform that is built for, whatever the stage runs on: such an image
// becomes a stage without a name and without a platform of its own, and a stage without one gets the target's
// (dockerfile2llb, toCommand and resolveBaseImage). So a stage that moves to the build platform needs Go from a stage that has it
// for the build platform. Go is a tool of the stage, and what is in its folder never becomes part of a program.

// goFolder is where the golang image has Go.
const goFolder = "/usr/local/go"

// TakesGo reports whether a COPY takes the Go of a golang image, or of a stage that is based on one, and nothing else.
func TakesGo(u *graph.Use) bool {
	image := u.Image
	if u.From != nil {
		image = u.From.Root().Image
	}
	return u.Kind == graph.Copy && graph.OfficialGo(image) && !strings.Contains(image, "$") && len(u.Paths) == 1 && path.Clean(u.Paths[0]) == goFolder
}

// JudgeCopiedGo decides on a COPY that takes Go out of an image: the stage gets the build platform's.
func JudgeCopiedGo(p *verdict.Ledger, u *graph.Use) (verdict.Step, bool) {
	flag := u.By.Flag("from")
	if u.From != nil || flag == nil || graph.Numbered(u.In.Graph) {
		return verdict.Step{}, false
	}
	name, lines := graph.StageOnBuild(u.In.Graph, u.Image)
	return verdict.Step{In: u.By, Span: u.By.Span, Recipe: "go", Verdict: verdict.Convert, Reason: "takes Go for the build platform, on which it runs",
		HostWrites: []string{u.In.Graph.CopiesTo(u.By)}, Edits: []dockerfile.Edit{{Span: flag.ValueSpan, New: name}}, Needs: verdict.Needs{Stage: lines}}, true
}
