package rules

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/graph"
)

// FinalStageOnBuildPlatform finds images that are shipped for every platform
// with the builder's files in them.
var FinalStageOnBuildPlatform = &Rule{
	Name:     "FinalStageOnBuildPlatform",
	Severity: Error,
	Check: func(p *Pass) {
		for _, s := range p.Graph.Delivered() {
			if s.Place == graph.Build && s.Image != "scratch" && !p.Planner.OnlyChecks(s) && !onlyDefault(s) {
				p.reportDelivered(s)
			}
		}
	},
}

// onlyDefault reports whether the last stage does no more than to name the one that is built if nothing else is asked for, as
// `FROM build` or `FROM lint` does in files for development, and no container can be meant to start from it.
func onlyDefault(s *graph.Stage) bool {
	if s != s.Graph.Final() || len(s.Body) > 0 || s.Base == nil || strings.Contains(s.BaseName, "$") {
		return false
	}
	for t := s; t != nil; t = t.Base {
		if slices.ContainsFunc(t.Body, graph.AboutContainer) {
			return false
		}
	}
	return true
}

// reportDelivered reports a stage that images are made of and that runs on the build
// platform.
func (p *Pass) reportDelivered(final *graph.Stage) {
	d := Diagnostic{
		Span:    final.From.Span,
		Message: "the stage that is shipped runs on the build platform: images of every platform get the builder's programs and libraries",
		Hint:    "leave --platform out of the last stage, and build in a stage of its own",
	}
	root := final.Root()
	if len(final.Candidates) > 0 {
		root = final.Candidates[0].Root()
	}
	if root != final {
		d.Message = fmt.Sprintf("the stage that is shipped is based on %s, which runs on the build platform: images of every platform get the builder's programs and libraries", title(root))
		d.Notes = []Note{{Span: root.From.Span, Text: "the platform comes from here"}}
		d.Hint = "base the last stage on an image of its own, and copy into it what was built"
		p.Report(d)
		return
	}
	f := final.From.Flag("platform")
	if f == nil {
		// Based on one of several stages, FROM build-$KIND, which all run there.
		d.Hint = "base the last stage on an image of its own, and copy into it what was built"
		p.Report(d)
		return
	}
	d.Span = f.Span
	if _, step := p.compiles(final); step != nil {
		// Without the flag it would compile under emulation.
		d.Notes = []Note{{Span: step.Span, Text: "it compiles, too", Way: "split the stage: build on $BUILDPLATFORM, copy the result into a last stage without --platform"}}
		p.Report(d)
		return
	}
	along, stands := p.alongWith(final)
	if stands != nil {
		d.Notes = append(d.Notes, *stands)
		p.Report(d)
		return
	}
	d.Fix = &Fix{
		Message: "drop the flag",
		Safety:  Review,
		Why:     []string{"images of other platforms change: they get their own base image, and RUNs in this stage run on it"},
		Edits:   append(along, final.From.WithoutFlag(f)),
	}
	if len(along) > 0 {
		d.Fix.Message = "drop the flag, and let what the stage takes follow the target"
	}
	p.Report(d)
}
