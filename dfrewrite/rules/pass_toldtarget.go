package rules

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
)

// A stage may speak of the target, in a label or for another command, and a build in it may still not be told what to build
// for. What counts is what reaches the compiler: its environment and its words.

// untoldBuild returns the first build of a stage that is for the machine that it runs on, and whose result is shipped. Where
// the stage speaks of the target, the build has to be one of which it is known what tells it. The call is that of a go.
func (p *Pass) untoldBuild(s *graph.Stage, mentioned bool) (first dockerfile.Span, by *facts.Call) {
	found := func(at dockerfile.Span, c *facts.Call) {
		if first.Len() == 0 || at.Start < first.Start {
			first, by = at, c
		}
	}
	if !setsGoEnvironment(s) {
		for _, on := range p.Facts.PlatformsOf(s) {
			if mentioned && (forOne(s) || p.mayBeTold(s, on)) {
				continue
			}
			for _, c := range p.callsInFiles(s, on) {
				if p.untoldGo(c) && p.shipped(s, p.ends(c), on) && !p.onlyRun(s, c, on) {
					found(c.Span, c)
				}
			}
		}
	}
	for _, step := range p.Planner.Plan(s).Steps {
		if step.Compiles && len(step.Writes) > 0 && (!mentioned || p.untoldStep(s, step.Span)) && p.takenForTarget(s, step) && !p.toldEach(s, step.Span) {
			found(step.Span, nil)
			break
		}
	}
	if mentioned && first.Len() == 0 {
		for _, on := range p.Facts.PlatformsOf(s) {
			for _, c := range p.callsInFiles(s, on) {
				if p.untoldC(s, c) && p.shipped(s, p.ends(c), on) {
					found(c.Span, nil)
				}
			}
		}
	}
	return first, by
}

// toldEach reports whether what a command runs in a file of the context is go for architectures that it names there, one by one.
func (p *Pass) toldEach(s *graph.Stage, span dockerfile.Span) bool {
	found := false
	for _, on := range p.Facts.PlatformsOf(s) {
		for _, c := range p.callsInFiles(s, on) {
			if c.Name != "go" || !c.GoBuilds() || !span.Contains(c.Span) {
				continue
			}
			if goarch := c.Env("GOARCH"); !constant(goarch) || goarch.Text == "" {
				return false
			}
			found = true
		}
	}
	return found
}

// untoldGo reports whether go builds for the machine that it runs on.
func (p *Pass) untoldGo(c *facts.Call) bool {
	if c.Name != "go" || !c.GoBuilds() || c.Maybe || c.Uncertain() {
		return false
	}
	if goos := c.Env("GOOS"); constant(goos) && goos.Text != "" && goos.Text != "linux" {
		return false // for another system, whatever the image is for
	}
	goarch := c.Env("GOARCH")
	switch {
	case !goarch.Set, goarch.From == facts.FromBuilder:
		return true
	case goarch.Text == "":
		// Of a variable that is not declared, TargetArgUndeclared speaks.
		return !bytes.Contains(p.Graph.Doc.Src[goarch.Span.Start:goarch.Span.End], []byte("$"))
	}
	return false
}

// onlyRun reports whether go install brings programs that the stage runs, each of them, and that leave it in a folder that is
// taken for something else: they have to be the builder's.
func (p *Pass) onlyRun(s *graph.Stage, c *facts.Call, on *facts.Platform) bool {
	g, ok := c.Go()
	written := p.ends(c)
	if !ok || g.Sub != "install" || len(written) == 0 {
		return false
	}
	if p.copied(s, written, on, func(_ *graph.Use, src string) bool { return slices.Contains(written, cleanPath(src)) }) {
		return false
	}
	return !slices.ContainsFunc(written, func(w string) bool {
		return !slices.ContainsFunc(s.Tree(), func(t *graph.Stage) bool {
			return slices.ContainsFunc(p.callsInFiles(t, on), func(run *facts.Call) bool {
				return run.Name == path.Base(w) && (t != s || run.Span.Start >= c.Span.End)
			})
		})
	})
}

// mayBeTold reports whether a program of which nothing is known is given the target: it may write go's settings.
func (p *Pass) mayBeTold(s *graph.Stage, on *facts.Platform) bool {
	for t := s; t != nil; t = t.Base {
		for _, c := range p.Facts.CallsFor(t, on) {
			if len(c.Words) == 0 || !shell.Shells[c.Name] && !strings.Contains(c.Words[0].Text, "/") || len(p.Facts.Driven(c)) > 0 {
				continue
			}
			names := slices.DeleteFunc(c.EnvNames(facts.FromTarget), func(name string) bool { return c.Env(name).How != facts.InFront })
			if len(names) > 0 || slices.ContainsFunc(c.Words, func(w facts.Word) bool { return follows(w.Value) }) {
				return true
			}
		}
	}
	return false
}

// untoldC reports whether a compiler of C is the machine's own, and nothing else is said to it.
func (p *Pass) untoldC(s *graph.Stage, c *facts.Call) bool {
	switch c.Name {
	case "cc", "gcc", "c++", "g++", "clang", "clang++":
	default:
		return false
	}
	if c.Maybe || c.Uncertain() || c.CrossCompiler() || speaksOf(s, "xx-", "--wrap", "-linux-") || forOne(s) {
		return false
	}
	return !slices.ContainsFunc(c.Words, func(w facts.Word) bool { return !w.Known() || follows(w.Value) })
}

// untoldStep reports whether the command at a place of a stage builds with a tool of which it is known how it is told the
// target, and is not told it.
func (p *Pass) untoldStep(s *graph.Stage, at dockerfile.Span) bool {
	c := p.Facts.CallAt(s, at.Start)
	if c == nil || !p.Facts.Look(len(p.Facts.Calls(s))) || c.Maybe || c.Uncertain() || forOne(s) || speaksOf(s, "xx-", "--wrap", "-linux-", "CROSS") {
		return false
	}
	switch c.Name {
	case "cargo":
		return rustTarget(c).Text == "" && !p.cargoConfigured() && !speaksOf(s, ".cargo", "CARGO_BUILD_TARGET", "config.toml")
	case "cmake", "ninja", "meson", "configure":
		// A build system may be told by any of its commands.
		return !slices.ContainsFunc(p.Facts.Calls(s), func(c *facts.Call) bool {
			switch c.Name {
			case "cmake", "ninja", "meson", "configure", "make":
				return !onlyAutomatic(c) || slices.ContainsFunc(c.Words, func(w facts.Word) bool {
					return !w.Known() || follows(w.Value) || crossWord(w.Text)
				})
			}
			return false
		}) && !p.contextSpeaksOfTarget()
	}
	return p.untoldC(s, c)
}

// onlyAutomatic reports whether what the command finds in its environment about the target is what BuildKit put there.
func onlyAutomatic(c *facts.Call) bool {
	for _, name := range c.EnvNames(facts.FromTarget) {
		if !graph.IsAutomatic(name) {
			return false
		}
	}
	return true
}

// crossWord recognizes arguments that name another machine or a compiler.
func crossWord(text string) bool {
	for _, part := range []string{"--host", "--target", "TOOLCHAIN", "COMPILER", "SYSTEM_", "--cross-file", "CC=", "CXX=", "--config-settings"} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// speaksOf reports whether an instruction of the stage, or of one that it is based on, has one of the texts in it.
func speaksOf(s *graph.Stage, texts ...string) bool {
	for t := s; t != nil; t = t.Base {
		for _, in := range t.Body {
			src := in.Doc.Src[in.Span.Start:in.Span.End]
			if slices.ContainsFunc(texts, func(text string) bool { return bytes.Contains(src, []byte(text)) }) {
				return true
			}
		}
	}
	return false
}

// cargoConfigured reports whether the build context has settings of cargo, which may name a target.
func (p *Pass) cargoConfigured() bool {
	x := p.Options.Context
	return x != nil && (x.Has(".cargo/config.toml") || x.Has(".cargo/config"))
}

// contextSpeaksOfTarget reports whether a file of a build system reads BuildKit's names from its environment, or nobody can
// say: the build context is not known.
func (p *Pass) contextSpeaksOfTarget() bool {
	x := p.Options.Context
	if x == nil {
		return true
	}
	return slices.ContainsFunc(x.FilesNamed("CMakeLists.txt", ".cmake", "meson.build", "configure", "configure.ac"), func(name string) bool {
		return bytes.Contains(x.ReadFile(name), []byte("TARGETARCH")) || bytes.Contains(x.ReadFile(name), []byte("TARGETPLATFORM"))
	})
}
