package rules

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// FinalStageOnBuildPlatform finds images that are shipped for every platform
// with the builder's files in them.
var FinalStageOnBuildPlatform = &Rule{
	Name:     "FinalStageOnBuildPlatform",
	Severity: Error,
	Check: func(p *Pass) {
		for _, s := range p.Graph.Delivered() {
			// BuildKit makes images from scratch for the target, whatever their flag says, and those that are based on them.
			if s.Place == graph.Build && s.Root().Image != "scratch" && !p.Planner.OnlyChecks(s) && !onlyDefault(s) && !forDevelopment(s) {
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

// forDevelopment reports whether the last stage is to develop or test in, as its name says, and what is shipped is another
// one: nothing in the file takes from that, either.
func forDevelopment(s *graph.Stage) bool {
	return s == s.Graph.Final() && developmentName(s.Name) && !s.IsTarget() && slices.ContainsFunc(s.Graph.Stages, func(t *graph.Stage) bool {
		return t != s && t.Shipped() && t.Place == graph.Target && !developmentName(t.Name)
	})
}

// developmentName reports whether a stage is called after what only developers do, alone or in front of more: e2e, dev-shell.
func developmentName(name string) bool {
	first, _, _ := strings.Cut(strings.ToLower(name), "-")
	return developmentNames[first]
}

var developmentNames = wordSet("dev devel develop development devcontainer e2e test tests testing lint ci shell")

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
		if len(final.Candidates) == 0 {
			d.Fix = p.unpinned(root)
		}
		if d.Fix != nil {
			d.Hint = d.Fix.Message
		}
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

// unpinned lets a stage that others are based on follow the target. Those that compile and are no part of an image are pinned
// themselves, which takes a base that is nothing but its image. It returns nil where what is shipped compiles, or what a
// stage of the build platform runs is taken out of it.
func (p *Pass) unpinned(base *graph.Stage) *Fix {
	flag := base.From.Flag("platform")
	tree := base.Tree()
	if flag == nil || givesPrograms(base, func(taker *graph.Stage) bool { return taker.Place == graph.Build && !slices.Contains(tree, taker) }) {
		return nil
	}
	f := &Fix{Message: "drop the flag of " + title(base), Safety: Review, Edits: []dockerfile.Edit{base.From.WithoutFlag(flag)},
		Why: []string{"images of other platforms change: they get their own base image, and RUNs in the stages of this base run on it"}}
	pinned := map[*graph.Stage]bool{}
	for _, s := range tree {
		switch {
		case pinned[s.Base]:
			pinned[s] = true
		case !p.Planner.Plan(s).Compiles():
		case s.Base != base || deliveredInTree(s) || len(base.Body) > 0 || s.From.Flag("platform") != nil:
			return nil
		default:
			words := s.From.Words()
			from := base.From.Words()[0]
			pinned[s] = true
			f.Edits = append(f.Edits, dockerfile.Edit{Span: words[0].Span, New: "--platform=$BUILDPLATFORM " + from.Raw})
		}
	}
	return f
}
