package rules

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

// A stage that makes nothing but files for browsers is the same for every platform, unless it is told the target: then it
// runs once for each, and the hashes in the names of its files may differ.

// webFolders are where bundlers and site generators put what they make.
var webFolders = match.Words("dist build out public www static _site site html assets")

// webTools run in a stage for a front end, and none of them cares for the target.
var webTools = match.Words("npm yarn pnpm bun npx node corepack vite webpack tsc ng next mkdir cp mv rm cd echo set export ls touch chmod cat true test [")

// webByTarget reports a stage that makes files for browsers and is told the target.
func (p *Pass) webByTarget(s *graph.Stage) {
	if !p.onlyWeb(s) {
		return
	}
	for _, c := range p.Facts.Calls(s) {
		if nodeInstallers[c.Name] == nil && c.Name != "npx" || slices.ContainsFunc(c.Words[1:], func(w facts.Word) bool {
			return w.Text == "install" || w.Text == "ci" || w.Text == "i" || w.Text == "add"
		}) || len(c.Words) == 1 {
			continue
		}
		names := slices.DeleteFunc(c.EnvNames(facts.FromTarget), graph.IsAutomatic)
		told := slices.ContainsFunc(c.Words, func(w facts.Word) bool { return follows(w.Value) })
		if !told && len(names) == 0 || p.frontEndReads(names) {
			continue
		}
		d := Diagnostic{
			Span:    c.Span,
			Message: fmt.Sprintf("%s makes files for browsers and is told the target: it runs once for each platform instead of once", title(s)),
			Hint:    "leave the target out, if what is made does not depend on it",
		}
		if arg := targetArgAbove(s, c.Run); arg != nil {
			d.Span, d.Notes = arg.Span, []Note{{Span: c.Span, Text: "is told the target here"}}
		}
		p.Report(d)
		return
	}
}

// targetArgAbove returns the last ARG about the target over an instruction, or nil.
func targetArgAbove(s *graph.Stage, in *dockerfile.Instruction) *dockerfile.Instruction {
	for _, above := range slices.Backward(s.Body[:slices.Index(s.Body, in)]) {
		if arg, ok := above.Command.(*instructions.ArgCommand); ok && slices.ContainsFunc(arg.Args, func(a instructions.KeyValuePairOptional) bool { return strings.HasPrefix(a.Key, "TARGET") }) {
			return above
		}
	}
	return nil
}

// onlyWeb reports whether nothing but files for browsers leaves a stage, and only programs run in it that make such.
func (p *Pass) onlyWeb(s *graph.Stage) bool {
	if len(s.UsedBy) == 0 || len(s.Children) > 0 {
		return false
	}
	for _, u := range s.UsedBy {
		for _, src := range u.Paths {
			parts := strings.Split(strings.Trim(src, "/"), "/")
			if u.Kind != graph.Copy || u.In.Place == graph.Build || strings.Contains(src, "$") || slices.Contains(parts, "node_modules") || slices.Contains(parts, "standalone") ||
				!slices.ContainsFunc(parts, func(part string) bool { return webFolders[part] }) || path.Ext(src) == ".node" {
				return false
			}
		}
	}
	return !slices.ContainsFunc(p.Facts.Calls(s), func(c *facts.Call) bool { return !webTools[c.Name] })
}

// frontEndReads reports whether a file with settings of the front end names one of the variables.
func (p *Pass) frontEndReads(names []string) bool {
	x := p.Options.Context
	if x == nil {
		return false
	}
	return slices.ContainsFunc(x.FilesNamed("package.json", ".config.js", ".config.ts", ".config.mjs", ".config.cjs"), func(file string) bool {
		text := x.ReadFile(file)
		return slices.ContainsFunc(names, func(name string) bool { return bytes.Contains(text, []byte(name)) })
	})
}
