package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

// RunsTargetBinary finds stages on the build platform that run what they built for
// the target.
var RunsTargetBinary = &Rule{
	Name:     "RunsTargetBinary",
	Severity: Error,
	Check: func(p *Pass) {
		done := seen{}
		for s, on := range p.builds() {
			calls := p.Facts.CallsFor(s, on)
			if graph.PlaceOf(s.Platform) == graph.Build { // also of an image for one target, by its tag
				for i, c := range calls {
					if d, ok := toolForTarget(c, calls[i+1:]); ok && !done.before(c.Span) {
						p.Report(d)
					}
				}
			}
			if s.Place != graph.Build {
				continue
			}
			var built []string
			for _, c := range calls {
				if d, ok := p.runs(c, built); ok && !done.before(c.Span) {
					p.Report(d)
				}
				if buildsForTarget(c) {
					built = append(built, files(c.Writes())...)
				}
			}
		}
	},
}

// toolForTarget says that cargo install compiles a program for the target that later commands run: CARGO_BUILD_TARGET holds
// for it as for any build.
func toolForTarget(c *facts.Call, later []*facts.Call) (Diagnostic, bool) {
	target := c.Env("CARGO_BUILD_TARGET")
	if c.Name != "cargo" || len(c.Words) < 3 || c.Words[1].Text != "install" || c.Maybe || target.Text == "" || c.Has("--target") || c.Has("--path") {
		return Diagnostic{}, false
	}
	for _, w := range c.Words[2:] {
		tool, _, _ := strings.Cut(w.Text, "@")
		sub, isSub := strings.CutPrefix(tool, "cargo-")
		if !slices.ContainsFunc(later, func(c *facts.Call) bool {
			return c.Name == tool || isSub && c.Name == "cargo" && len(c.Words) > 1 && c.Words[1].Text == sub
		}) {
			continue
		}
		return Diagnostic{
			Span: c.Span, Severity: Warning,
			Message: fmt.Sprintf("%s is run here, and is compiled for the target: CARGO_BUILD_TARGET is set", tool),
			Hint:    "take it out of the environment for this command: env -u CARGO_BUILD_TARGET cargo install",
		}, true
	}
	return Diagnostic{}, false
}

// files leaves folders out.
func files(written []string) []string {
	return slices.DeleteFunc(slices.Clone(written), func(w string) bool { return strings.HasSuffix(w, "/") })
}

// buildsForTarget reports whether a command makes a program for the target.
func buildsForTarget(c *facts.Call) bool {
	switch {
	case c.Name == "xx-go":
		return c.GoBuilds() && !c.Has("--host")
	case c.Name == "go":
		return c.GoBuilds() && follows(c.Env("GOARCH"))
	case strings.HasPrefix(c.Name, "xx-"):
		return c.Compiler()
	case c.Compiler():
		return c.CrossCompiler() && (follows(c.Words[0].Value) ||
			slices.ContainsFunc(archNames(c.Name), func(n string) bool { return match.ArchOf(n) == c.Platform.Arch }))
	}
	return false
}

// runs says what a command runs that is for the target.
func (p *Pass) runs(c *facts.Call, built []string) (Diagnostic, bool) {
	if c.Maybe || len(c.Words) == 0 {
		return Diagnostic{}, false
	}
	d := Diagnostic{Span: c.Span, Hint: "build a second one for the build platform, or run it in a stage of the target platform"}
	if prog := c.Words[0]; prog.Known() && strings.Contains(prog.Text, "/") {
		if name := c.Abs(prog.Value); name != "" && slices.Contains(built, name) {
			d.Message = fmt.Sprintf("%s was built for the target, and cannot run on the build platform", prog.Text)
			return d, true
		}
	}
	g, ok := c.Go()
	if !ok || g.Exec || g.Compile || c.Has("--host") {
		return d, false
	}
	switch g.Sub {
	case "run", "test", "generate":
	default:
		return d, false
	}
	goarch := c.Env("GOARCH")
	helper := c.Name == "xx-go" && (follows(c.Env("TARGETPLATFORM")) || follows(c.Env("TARGETARCH")))
	if !helper && (c.Name != "go" || !follows(goarch)) {
		return d, false
	}
	d.Message = fmt.Sprintf("%s %s runs what it compiles, and here it compiles for the target", c.Name, g.Sub)
	d.Hint = "run it for the build platform: GOOS= GOARCH= in front of go, or xx-go --host"
	switch {
	case c.Wrapped:
	case helper && len(c.Words) > 1:
		at := c.Words[0].At.End
		d.Fix = &Fix{Message: "run it for the build platform, with xx-go --host", Edits: []dockerfile.Edit{{Span: dockerfile.Span{Start: at, End: at}, New: " --host"}}}
	case goarch.How == facts.InFront && goarch.Span.Len() > 0:
		d.Fix = &Fix{Message: "leave GOARCH empty here", Edits: []dockerfile.Edit{{Span: goarch.Span}}}
		if goos := c.Env("GOOS"); goos.How == facts.InFront && goos.Span.Len() > 0 {
			d.Fix.Edits = append(d.Fix.Edits, dockerfile.Edit{Span: goos.Span})
		}
	default:
		at := c.Words[0].At.Start
		d.Fix = &Fix{Message: "set GOOS= GOARCH= in front of it", Edits: []dockerfile.Edit{{Span: dockerfile.Span{Start: at, End: at}, New: "GOOS= GOARCH= "}}}
	}
	if d.Fix != nil {
		d.Fix.Safety = Review
		d.Fix.Why = []string{"it runs on the build platform from then on, which is where tests and generators belong unless they are about the target"}
	}
	return d, true
}

// isProgram reports whether a path is where programs are looked for.
func isProgram(p string) bool {
	switch path.Base(path.Dir(p)) {
	case "bin", "sbin":
		return true
	}
	return false
}
