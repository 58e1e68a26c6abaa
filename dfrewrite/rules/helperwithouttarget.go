package rules

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
)

// HelperWithoutTarget finds xx helpers on the build platform that are not told
// what the target is.
var HelperWithoutTarget = &Rule{
	Name:     "HelperWithoutTarget",
	Severity: Error,
	Check: func(p *Pass) {
		for _, s := range p.Graph.Stages {
			if s.Place != graph.Build && s.Place != graph.Fixed {
				continue // on the target platform a helper asks the machine, and is right
			}
			for _, in := range s.Body {
				if !graph.IsRun(in) || !bytes.Contains(in.Doc.Src[in.Span.Start:in.Span.End], []byte("xx-")) {
					continue
				}
				cmd := p.helperWithoutTarget(s, in)
				if cmd == nil {
					continue
				}
				p.Report(Diagnostic{
					Span:    cmd.Span,
					Message: fmt.Sprintf("%s works for the builder here: %s declares neither TARGETPLATFORM nor TARGETOS and TARGETARCH", path.Base(cmd.Name), title(s)),
					Hint:    "insert ARG TARGETPLATFORM",
					Fix:     &Fix{Message: "insert ARG TARGETPLATFORM", Edits: []dockerfile.Edit{in.LinesBefore("ARG TARGETPLATFORM")}},
				})
				break // one ARG serves the rest of the stage
			}
		}
	},
}

// targetHelpers are the helpers that need a target, from the contract of the
// image. xx-verify is one of them.
var targetHelpers = []string{
	"xx-info", "xx-go", "xx-cargo", "xx-cc", "xx-c++", "xx-clang", "xx-clang++", "xx-windres",
	"xx-apt", "xx-apt-get", "xx-apk", "xx-verify",
}

// hostWords are arguments with which a helper does something that is the same for
// every target.
var hostWords = []string{"--host", "--help", "--version", "--setup", "--unwrap", "--print-source-file", "--fix-source-file", "list"}

// hostGo are commands of go that make nothing which is shipped: without a target xx-go runs them for the builder, as
// is mostly meant.
var hostGo = []string{"test", "vet", "run", "generate", "tool", "mod", "work", "fmt", "env", "version", "doc", "clean", "help"}

// staysOnHost reports whether a call of xx-go needs no target: it makes nothing, or it only puts itself in the place of go,
// and no go behind it builds.
func (p *Pass) staysOnHost(s *graph.Stage, cmd *shell.Command) bool {
	if path.Base(cmd.Name) != "xx-go" || len(cmd.Words) < 2 {
		return false
	}
	if cmd.Words[1].Lit != "--wrap" {
		return slices.Contains(hostGo, cmd.Words[1].Lit)
	}
	return !slices.ContainsFunc(s.Tree(), func(t *graph.Stage) bool {
		return slices.ContainsFunc(t.Body, func(in *dockerfile.Instruction) bool {
			return graph.IsRun(in) && slices.ContainsFunc(p.Graph.Script(in).Commands, func(c *shell.Command) bool {
				return c.Span.Start > cmd.Span.End && mayBuildGo(c) && !p.hasTarget(in, c)
			})
		})
	})
}

// mayBuildGo reports whether a command is a go that builds, or may call one for all that is known.
func mayBuildGo(c *shell.Command) bool {
	switch c.Name {
	case "go":
		return len(c.Words) > 1 && !slices.Contains(hostGo, c.Words[1].Lit)
	case "make", "mage", "just", "task", "go-task", "goreleaser":
		return true
	case "sh", "bash":
		return slices.ContainsFunc(c.Words, func(w shell.Word) bool { return strings.Contains(w.Raw, "build") || strings.Contains(w.Raw, "make") })
	}
	return strings.Contains(c.Name, "/")
}

// helperWithoutTarget returns the first command of a RUN that calls a helper
// without a target in its environment, or nil.
func (p *Pass) helperWithoutTarget(s *graph.Stage, in *dockerfile.Instruction) *shell.Command {
	script := p.Graph.Script(in)
	for _, cmd := range script.Commands {
		if !slices.Contains(targetHelpers, path.Base(cmd.Name)) {
			continue
		}
		if slices.ContainsFunc(cmd.Words[1:], func(w shell.Word) bool { return slices.Contains(hostWords, w.Lit) }) {
			continue
		}
		if p.hasTarget(in, cmd) || p.staysOnHost(s, cmd) || compilers[path.Base(cmd.Name)] && preparesOthers(s) {
			continue
		}
		// A target that is named on the command line or in a file that is read.
		if slices.ContainsFunc(cmd.Words[1:], func(w shell.Word) bool {
			return w.Lit == "-target" || strings.HasPrefix(w.Lit, "--target") || strings.HasPrefix(w.Lit, "--config")
		}) || slices.ContainsFunc(script.Commands, func(c *shell.Command) bool { return c.Name == "." || c.Name == "source" || c.Name == "eval" }) {
			continue
		}
		return cmd
	}
	return nil
}

var compilers = wordSet("xx-cc xx-c++ xx-clang xx-clang++ xx-windres")

// preparesOthers reports whether a stage is only there for those that are based on it, and each of those learns of the target
// itself: what it compiles before is a tool of theirs, for the builder.
func preparesOthers(s *graph.Stage) bool {
	return len(s.UsedBy) == 0 && len(s.Children) > 0 && !s.Delivered() && !slices.ContainsFunc(s.Children, func(child *graph.Stage) bool { return !mentionsTarget(child) })
}

// hasTarget reports whether a command finds a target in its environment.
func (p *Pass) hasTarget(in *dockerfile.Instruction, cmd *shell.Command) bool {
	env, script := p.Graph.EnvAt(in), p.Graph.Script(in)
	return slices.ContainsFunc([]string{"TARGETPLATFORM", "TARGETPAIR", "TARGETARCH"}, func(name string) bool {
		_, ok := env.Lookup(name)
		return ok || script.Sets(name) || slices.ContainsFunc(cmd.Assigns, func(a shell.Assign) bool { return a.Name == name })
	})
}
