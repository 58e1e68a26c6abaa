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
				cmd := p.helperWithoutTarget(in)
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

// helperWithoutTarget returns the first command of a RUN that calls a helper
// without a target in its environment, or nil.
func (p *Pass) helperWithoutTarget(in *dockerfile.Instruction) *shell.Command {
	script := p.Graph.Script(in)
	env := p.Graph.EnvAt(in)
	for _, cmd := range script.Commands {
		if !slices.Contains(targetHelpers, path.Base(cmd.Name)) {
			continue
		}
		if slices.ContainsFunc(cmd.Words[1:], func(w shell.Word) bool { return slices.Contains(hostWords, w.Lit) }) {
			continue
		}
		has := func(name string) bool {
			if _, ok := env.Lookup(name); ok || script.Sets(name) {
				return true
			}
			return slices.ContainsFunc(cmd.Assigns, func(a shell.Assign) bool { return a.Name == name })
		}
		if has("TARGETPLATFORM") || has("TARGETPAIR") || has("TARGETARCH") {
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
