package rules

import (
	"bytes"
	"fmt"
	"slices"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// BuildPlatformOutput finds builds on the build platform that are not told the target, and whose result is shipped.
var BuildPlatformOutput = &Rule{
	Name:     "BuildPlatformOutput",
	Severity: Error,
	Check: func(p *Pass) {
		for _, s := range p.Graph.Stages {
			if s.Place != graph.Build {
				continue
			}
			if c, what := p.madeForOwnMachine(s); c != nil {
				p.reportOwnMachine(s, c, what)
				continue
			}
			p.buildsForBuilder(s)
		}
	},
}

// buildsForBuilder reports the first build of a stage that is not told the target.
func (p *Pass) buildsForBuilder(s *graph.Stage) {
	mentioned := mentionsTarget(s)
	if mentioned {
		if c := p.losesGoarch(s); c != nil {
			p.Report(Diagnostic{
				Span:    c.Span,
				Message: fmt.Sprintf("GOARCH is set in %s, but go does not see it: images of every platform get the builder's binary", s.Title()),
				Hint:    "export it in the same RUN, or set it in front of go: a shell variable is not passed on, and an export ends with its RUN",
			})
			return
		}
	} else if c, what := p.starter(s); c != nil {
		d := Diagnostic{
			Span:    c.Span,
			Message: fmt.Sprintf("%s publishes for the build platform, %s: images of every platform get the builder's programs", title(s), what),
			Hint:    "publish for the target with -a $TARGETARCH",
		}
		d.Fix, d.Notes = conversionFix(p.Planner.InPlace(s), "publish for the target platform")
		p.Report(d)
		return
	}
	d := Diagnostic{
		Message: fmt.Sprintf("%s runs on the build platform and compiles for it: images of every platform get the builder's binary", title(s)),
		Hint:    "compile for the target: set GOOS and GOARCH from $TARGETOS and $TARGETARCH, or use the xx helpers",
	}
	if mentioned {
		d.Message = fmt.Sprintf("%s speaks of the target, and this build is not told it: images of every platform get the builder's binary", title(s))
	}
	var c *facts.Call
	if d.Span, c = p.untoldBuild(s, mentioned); d.Span.Len() == 0 {
		return
	}
	if c != nil && c.Env("GOARCH").Set && c.Env("GOARCH").Text != "" {
		d.Message = fmt.Sprintf("GOARCH is the builder's in %s: images of every platform get the builder's binary", s.Title())
		d.Hint = "set GOARCH from $TARGETARCH"
		d.Fix = p.targetInstead(c.Run, "set it from $TARGETARCH", c.Env("GOARCH"), c.Env("GOOS"))
		p.Report(d)
		return
	}
	d.Fix, d.Notes = conversionFix(p.Planner.InPlace(s), "compile for the target platform")
	for _, step := range p.Planner.Plan(s).Steps {
		if step.Span == d.Span && onlyByMistake(s, step) {
			d.Fix = nil // it would put a program for the target into an image that is the builder's
		}
	}
	if c != nil {
		d.Notes = append(p.inFile(c), d.Notes...)
	}
	p.Report(d)
}

// losesGoarch returns a build whose result is shipped and which does not see GOARCH,
// although the stage's scripts set it: not exported, or in another RUN.
func (p *Pass) losesGoarch(s *graph.Stage) *facts.Call {
	sets := slices.ContainsFunc(s.Body, func(in *dockerfile.Instruction) bool {
		return graph.IsRun(in) && p.Graph.Script(in).Sets("GOARCH")
	})
	if !sets || setsGoEnvironment(s) {
		return nil
	}
	var lost *facts.Call
	for _, c := range p.Facts.Calls(s) {
		switch {
		case !c.GoBuilds():
		case c.Name != "go" || c.Maybe || c.Uncertain() || c.Env("GOARCH").Set:
			return nil
		case lost == nil && p.Facts.Reached(s, c.Platform) && p.taken(s, p.ends(c), c.Platform):
			lost = c
		}
	}
	return lost
}

// targetWords are what an instruction holds that says what is built for.
var targetWords = []string{"TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "xx-", "GOOS", "GOARCH", "--target"}

func aboutTarget(in *dockerfile.Instruction) bool {
	text := in.Doc.Src[in.Span.Start:in.Span.End]
	return slices.ContainsFunc(targetWords, func(w string) bool { return bytes.Contains(text, []byte(w)) })
}

// mentionsTarget reports whether the stage, or one that it is or may be based on,
// says anything about what it builds for.
func mentionsTarget(s *graph.Stage) bool {
	for t := s; t != nil; t = t.Base {
		if aboutTarget(t.From) || slices.ContainsFunc(t.Body, aboutTarget) || slices.ContainsFunc(t.Candidates, mentionsTarget) {
			return true
		}
	}
	return false
}

// takenForTarget reports whether what the step wrote reaches a stage on the target platform, by way of other files of its
// stage or not, or an image that is made by mistake of a stage on the build platform.
func (p *Pass) takenForTarget(s *graph.Stage, step verdict.Step) bool {
	if slices.ContainsFunc(s.Tree(), func(t *graph.Stage) bool {
		return slices.ContainsFunc(t.UsedBy, func(u *graph.Use) bool {
			return u.Kind == graph.Copy && verdict.Takes(u, step) && (landsOnTarget(u.In, map[*graph.Stage]bool{}) || shippedByMistake(u.In))
		})
	}) {
		return true
	}
	c := p.Facts.CallAt(s, step.Span.Start)
	return c != nil && p.shipped(s, p.Facts.Carried(c, step.Writes), c.Platform)
}

// shippedByMistake reports whether an image is made of a stage that runs on the build platform, which
// FinalStageOnBuildPlatform reports.
func shippedByMistake(s *graph.Stage) bool {
	return s.Delivered() && s.Place == graph.Build && s.Root().Image != "scratch" && !onlyDefault(s)
}

// onlyByMistake reports whether such stages are the only ones that take what the step wrote: what they are made of is mended
// together with them.
func onlyByMistake(s *graph.Stage, step verdict.Step) (only bool) {
	for _, t := range s.Tree() {
		for _, u := range t.UsedBy {
			if u.Kind == graph.Copy && verdict.Takes(u, step) {
				if !shippedByMistake(u.In) {
					return false
				}
				only = true
			}
		}
	}
	return only
}

// landsOnTarget reports whether what a stage copies gets to the target platform. A stage from scratch that only passes files
// on to others has no platform that would matter.
func landsOnTarget(s *graph.Stage, seen map[*graph.Stage]bool) bool {
	if s.Place != graph.Target || seen[s] {
		return false
	}
	seen[s] = true
	stages := s.Tree()
	for _, t := range s.Tree() {
		for _, chosen := range t.MayChoose() {
			stages = append(stages, chosen.Tree()...)
		}
	}
	var uses []*graph.Use
	for _, t := range stages {
		if t.Root().Image != "scratch" && len(t.Candidates) == 0 || t.Delivered() || slices.ContainsFunc(t.Body, graph.IsRun) {
			return true
		}
		uses = append(uses, t.UsedBy...)
	}
	return len(uses) == 0 || slices.ContainsFunc(uses, func(u *graph.Use) bool { return landsOnTarget(u.In, seen) })
}
