package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// TargetArgUndeclared finds automatic arguments that a stage uses without
// declaring them.
var TargetArgUndeclared = &Rule{
	Name:     "TargetArgUndeclared",
	Severity: Error,
	Check: func(p *Pass) {
		for _, s := range p.Graph.Stages {
			known := map[string]bool{}
			for _, in := range s.Body {
				uses := p.automaticUses(in)
				uses = slices.DeleteFunc(uses, func(u use) bool {
					_, declared := p.Graph.EnvAt(in).Lookup(u.name)
					return declared || known[u.name]
				})
				if len(uses) == 0 {
					continue
				}
				var names []string
				for _, u := range uses {
					if !slices.Contains(names, u.name) {
						names = append(names, u.name)
					}
					known[u.name] = true
				}
				graph.SortAutomatic(names)
				verb := "is"
				if len(names) > 1 {
					verb = "are"
				}
				line := "ARG"
				for _, n := range names {
					line += " " + n
				}
				p.Report(Diagnostic{
					Span:    uses[0].span,
					Message: fmt.Sprintf("%s %s empty here: %s does not declare %s", List(names), verb, title(s), pronoun(names)),
					Hint:    "insert " + line,
					Fix:     &Fix{Message: "insert " + line, Edits: []dockerfile.Edit{in.LinesBefore(line)}},
				})
			}
			p.onbuild(s)
		}
	},
}

// onbuild reports the same of ONBUILD. In a stage of another file only an ARG of ONBUILD reaches what it runs; a stage of this file
// that is based on this one inherits the others as well.
func (p *Pass) onbuild(s *graph.Stage) {
	declared, reported := map[string]bool{}, map[string]bool{}
	inherited := func(name string) bool {
		if s == p.Graph.Final() || len(s.Children) == 0 && !p.choosesStages() || len(s.Body) == 0 {
			return false
		}
		_, ok := p.Graph.EnvAt(s.Body[len(s.Body)-1]).Lookup(name)
		return ok
	}
	for _, in := range s.Body {
		c, ok := in.Command.(*instructions.OnbuildCommand)
		if !ok {
			continue
		}
		keyword, rest, _ := strings.Cut(strings.TrimSpace(c.Expression), " ")
		if strings.EqualFold(keyword, "ARG") {
			for _, word := range strings.Fields(rest) {
				name, _, _ := strings.Cut(word, "=")
				declared[name] = true
			}
			continue
		}
		whole := in.Text.Span(0, len(in.Text.Bytes))
		uses := slices.DeleteFunc(usesIn(in, c.Expression, whole), func(u use) bool {
			return declared[u.name] || inherited(u.name) || u.span == in.Span || strings.Contains(rest, u.name+"=") && strings.EqualFold(keyword, "RUN")
		})
		if len(uses) == 0 {
			continue
		}
		var names, missing []string
		for _, u := range uses {
			if !slices.Contains(names, u.name) {
				names = append(names, u.name)
			}
		}
		graph.SortAutomatic(names)
		for _, n := range names {
			if !reported[n] {
				missing = append(missing, n)
			}
			reported[n] = true
		}
		verb := "is"
		if len(names) > 1 {
			verb = "are"
		}
		d := Diagnostic{
			Span:    uses[0].span,
			Message: fmt.Sprintf("%s %s empty in the stage that this runs in: there, an ARG of this file means nothing", List(names), verb),
			Hint:    "insert ONBUILD ARG " + strings.Join(names, " "),
		}
		if len(missing) > 0 {
			line := "ONBUILD ARG " + strings.Join(missing, " ")
			d.Fix = &Fix{Message: "insert " + line, Edits: []dockerfile.Edit{in.LinesBefore(line)}}
		}
		p.Report(d)
	}
}

// choosesStages reports whether a build argument says which stage of the file another one is based on, as in FROM ${MODE}.
func (p *Pass) choosesStages() bool {
	return slices.ContainsFunc(p.Graph.Stages, func(s *graph.Stage) bool { return s.Base != nil && strings.Contains(s.BaseName, "$") })
}

func pronoun(names []string) string {
	if len(names) > 1 {
		return "them"
	}
	return "it"
}

type use struct {
	name string
	span dockerfile.Span
}

// automaticUses lists where an instruction expands an automatic argument.
func (p *Pass) automaticUses(in *dockerfile.Instruction) []use {
	if !bytes.Contains(in.Doc.Src[in.Span.Start:in.Span.End], []byte("$")) {
		return nil
	}
	var out []use
	switch c := in.Command.(type) {
	case *instructions.RunCommand:
		script := p.Graph.Script(in)
		for _, u := range script.Uses {
			if graph.IsAutomatic(u.Name) && !script.Sets(u.Name) {
				out = append(out, use{u.Name, u.Span})
			}
		}
		for _, f := range in.Flags {
			out = append(out, usesIn(in, f.Value, f.Span)...)
		}
	case *instructions.ArgCommand:
		// An ARG sees what stands before it in the same instruction.
		declared := map[string]bool{}
		for _, a := range c.Args {
			if a.Value != nil {
				for _, u := range usesIn(in, *a.Value, in.Text.Span(0, len(in.Text.Bytes))) {
					if !declared[u.name] {
						out = append(out, u)
					}
				}
			}
			declared[a.Key] = true
		}
	case *instructions.EnvCommand, *instructions.CopyCommand, *instructions.AddCommand,
		*instructions.WorkdirCommand, *instructions.LabelCommand, *instructions.UserCommand, *instructions.ExposeCommand,
		*instructions.VolumeCommand, *instructions.StopSignalCommand:
		out = usesIn(in, string(in.Text.Bytes), in.Text.Span(0, len(in.Text.Bytes)))
		for _, h := range in.Heredocs {
			if h.Expand {
				out = append(out, usesIn(in, string(in.Doc.Src[h.Body.Start:h.Body.End]), h.Body)...)
			}
		}
	}
	return out
}

// usesIn finds automatic arguments in text that BuildKit expands; part is where
// it stands.
func usesIn(in *dockerfile.Instruction, text string, part dockerfile.Span) []use {
	raw := in.Doc.Src[part.Start:part.End]
	var out []use
	for _, n := range graph.VariablesIn(text, rune(in.Doc.Escape)) {
		if !graph.IsAutomatic(n) {
			continue
		}
		span := in.Span
		for _, form := range []string{"${" + n, "$" + n} {
			if i := bytes.Index(raw, []byte(form)); i >= 0 {
				span = dockerfile.Span{Start: part.Start + i, End: part.Start + i + len(form)}
				break
			}
		}
		out = append(out, use{n, span})
	}
	return out
}
