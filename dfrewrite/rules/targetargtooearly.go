package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// TargetArgTooEarly finds an ARG for the target above costly steps that do not
// depend on it.
var TargetArgTooEarly = &Rule{
	Name:     "TargetArgTooEarly",
	Severity: Info, // the image is right
	Check: func(p *Pass) {
		if len(p.Facts.Platforms) < 2 {
			return
		}
		for _, s := range p.Graph.Stages {
			if s.Place != graph.Build {
				continue // a stage on the target platform is built for each anyway
			}
			p.webByTarget(s)
			for i, in := range s.Body {
				if onlyTargetArgs(in) && (i == 0 || !onlyTargetArgs(s.Body[i-1])) {
					p.tooEarly(s, i)
				}
			}
		}
	},
}

// onlyTargetArgs reports whether an ARG declares arguments about the target, without
// defaults, and nothing else.
func onlyTargetArgs(in *dockerfile.Instruction) bool {
	arg, ok := in.Command.(*instructions.ArgCommand)
	return ok && !slices.ContainsFunc(arg.Args, func(a instructions.KeyValuePairOptional) bool {
		return a.Value != nil || !slices.Contains(graph.Automatic[:4], a.Key)
	})
}

// tooEarly reports the ARG at place i, with those that follow it directly, if they can
// move below a costly step. What a RUN does depends on every argument declared over
// it, as far as BuildKit's cache goes.
func (p *Pass) tooEarly(s *graph.Stage, i int) {
	first, last := s.Body[i], s.Body[i]
	var names []string
	for i < len(s.Body) && onlyTargetArgs(s.Body[i]) {
		last = s.Body[i]
		for _, a := range last.Command.(*instructions.ArgCommand).Args {
			names = append(names, a.Key)
		}
		i++
	}
	var costly *dockerfile.Instruction
	for _, next := range s.Body[i:] {
		if p.mayUseTarget(s, next) {
			if costly == nil {
				return
			}
			lines := dockerfile.Span{Start: first.Lead.Start, End: last.LinesEnd()}
			p.Report(Diagnostic{
				Span:    dockerfile.Span{Start: first.Span.Start, End: last.Span.End},
				Message: fmt.Sprintf("ARG %s stands above steps that do not depend on the target, which are therefore run once for each platform instead of once", strings.Join(names, " ")),
				Hint:    "move it down to where it is used",
				Notes:   []Note{{Span: costly.Span, Text: "would be run once"}},
				Fix: &Fix{
					Message: "move it down to where it is used",
					Safety:  Review,
					Why:     []string{"the image is right as it is; the steps between are run once, and no longer see the argument"},
					Edits: []dockerfile.Edit{
						{Span: p.Graph.Doc.WithBlankLine(lines)},
						{Span: dockerfile.Span{Start: next.Lead.Start, End: next.Lead.Start}, New: string(first.Doc.Src[lines.Start:lines.End])},
					},
				},
			})
			return
		}
		if costly == nil && p.isCostly(next) {
			costly = next
		}
	}
}

// mayUseTarget reports whether an instruction uses an argument about the target, or
// may do so by reading its environment.
func (p *Pass) mayUseTarget(s *graph.Stage, in *dockerfile.Instruction) bool {
	if bytes.Contains(in.Doc.Src[in.Span.Start:in.Span.End], []byte("TARGET")) && !onlyTargetArgs(in) {
		return true
	}
	if !graph.IsRun(in) {
		_, onbuild := in.Command.(*instructions.OnbuildCommand)
		return onbuild
	}
	script := p.Graph.Script(in)
	if script.Opaque != "" {
		return true
	}
	for _, c := range script.Commands {
		if len(c.Words) > 0 && !readsNoArguments(c.Name) {
			return true
		}
	}
	for _, step := range p.Planner.Plan(s).Steps {
		if step.In == in && step.Verdict == verdict.Convert {
			return true // go build: GOOS and GOARCH may come from the environment
		}
	}
	return false
}

// costlyPrograms download or install.
var costlyPrograms = wordSet("apk apt-get apt curl wget npm yarn pnpm pip pip3 git")

func (p *Pass) isCostly(in *dockerfile.Instruction) bool {
	if !graph.IsRun(in) {
		return false
	}
	for _, c := range p.Graph.Script(in).Commands {
		if costlyPrograms[c.Name] || c.Name == "go" && len(c.Words) > 2 && c.Words[1].Lit == "mod" && c.Words[2].Lit == "download" {
			return true
		}
	}
	return false
}
