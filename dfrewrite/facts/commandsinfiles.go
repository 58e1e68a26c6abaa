package facts

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// What commands run does not always stand in the Dockerfile: a script sources a file that an earlier command wrote, and
// make runs the lines of a Makefile.

// A Line is what a program makes the shell run: a line of a Makefile, or all of a script.
type Line struct {
	Place
	Text string
	// Vars are variables that the program puts into the environment of the line.
	Vars []Var
	// Dir is where the line runs, if not where the program does.
	Dir string
}

// A Var is a variable of the environment: its value, or a word of the shell that has it.
type Var struct {
	Name, Text string
	Value      *Value
}

// A Reader returns the lines that a call makes the shell run, as far as it knows its program and can read its file.
type Reader func(*Call) []Line

// Driven returns the commands of the files that a command of the Dockerfile reads, as they run for its platform: what make
// runs, and scripts.
func (f *Facts) Driven(c *Call) []*Call { return f.driven[c] }

// Unseen stands in a [Line] for what cannot be known.
const Unseen = "${__unseen}"

// maxRead bounds how deep files call others: a Makefile a script, and that make again.
const maxRead = 3

// read walks through the lines that a call makes the shell run.
func (m *machine) read(c *Call) {
	depth := 0
	for by := c; by.By != nil; by = by.By {
		depth++
	}
	if m.f.reader == nil || m.subst > 0 || depth >= maxRead {
		return
	}
	for _, line := range m.f.reader(c) {
		file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(line.Text), "")
		if err != nil {
			continue
		}
		inner := &machine{f: m.f, stage: m.stage, in: m.in, p: m.p, script: m.script, vars: c.vars.exported(), files: m.files, dir: c.Dir,
			funcs: map[string]*syntax.Stmt{}, text: []byte(line.Text), by: c, at: line.Place, maybe: m.maybe, steps: m.steps, from: m.from}
		if line.Dir != "" {
			inner.dir = line.Dir
		}
		for _, v := range line.Vars {
			inner.setVar(v)
		}
		inner.stmts(file.Stmts)
		m.steps, m.files = inner.steps, inner.files
	}
}

// setVar puts a variable into the environment.
func (m *machine) setVar(v Var) {
	value := Value{Text: Unknown}
	if v.Value != nil {
		value = *v.Value
	} else if word, err := syntax.NewParser().Document(strings.NewReader(v.Text)); err == nil {
		saved := m.text
		m.text = []byte(v.Text)
		value = m.word(word)
		m.text = saved
	}
	value.Set, value.How, value.By, value.Span = true, ByScript, m.in, dockerfile.Span{}
	m.assign(v.Name, value, true)
}

// exported is what another program sees of the variables.
func (s *scope) exported() *scope {
	var seen []*scope
	names := map[string]bool{}
	out := (*scope)(nil)
	for ; s != nil; s = s.parent {
		if s.name == "" {
			out = out.barrier()
			break
		}
		if !names[s.name] && s.env {
			seen = append(seen, s)
		}
		names[s.name] = true
	}
	for i := len(seen) - 1; i >= 0; i-- {
		out = out.set(seen[i].name, seen[i].v, true)
	}
	return out
}

// writes notes what a command leaves in a file that may be read again.
func (m *machine) writes(c *Call, redirs []*syntax.Redirect) {
	for i, r := range c.Redirects {
		name := c.Abs(r.Value)
		if name == "" || i > 0 {
			continue
		}
		v := Value{Text: Unknown, Set: true}
		if c.Name == "echo" || c.Name == "printf" {
			v = c.said()
		} else if c.Name == "cat" && len(c.Words) == 1 && c.Heredoc.Set {
			v = c.Heredoc
		}
		v.From |= m.from
		v.Text += "\n"
		if appends(redirs) {
			before := m.content(name, Value{Text: Unknown, Set: true})
			before.append(v)
			v = before
		}
		if m.maybe > 0 || len(v.Text) > maxText {
			v.Text = Unknown
		}
		m.files = m.files.set(name, v, false)
	}
}

func appends(redirs []*syntax.Redirect) bool {
	for _, r := range redirs {
		if r.Op == syntax.AppOut {
			return true
		}
	}
	return false
}

// content is what is known of a file that a command of the stage wrote, or else.
func (m *machine) content(name string, otherwise Value) Value {
	if name == "" {
		return otherwise
	}
	if v, ok := m.files.lookup(name); ok {
		return v
	}
	return otherwise
}

// source runs a file in the shell itself, if the stage wrote it; else any variable may have another value then.
func (m *machine) source(c *Call) {
	v := Value{Text: Unknown}
	if len(c.Words) == 2 {
		v = m.content(c.Abs(c.Words[1].Value), v)
	}
	text := strings.ReplaceAll(v.Text, Unknown, Unseen)
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil || v.Text == Unknown || strings.HasPrefix(v.Text, Unknown) {
		m.vars = m.vars.barrier()
		return
	}
	saved := *m
	m.text, m.by, m.at, m.from, m.funcs = []byte(text), c, Place{}, m.from|v.From, map[string]*syntax.Stmt{}
	m.stmts(file.Stmts)
	m.text, m.by, m.at, m.from, m.funcs = saved.text, saved.by, saved.at, saved.from, saved.funcs
}

// exportWords exports what stands in words that come out of a substitution, as in export $(cat file), where that is known.
func (m *machine) exportWords(v Value) bool {
	if !v.Known() {
		return false
	}
	for _, word := range strings.Fields(v.Text) {
		name, text, ok := strings.Cut(word, "=")
		if !ok {
			return false
		}
		m.assign(name, Value{Text: text, From: v.From, Set: true, How: ByScript, By: m.in}, true)
	}
	return true
}

// Site is the command as the packages above look at it, where it stands in the Dockerfile.
func (c *Call) Site() *graph.Site {
	top := c.top()
	g := c.Stage.Graph
	site := &graph.Site{Stage: c.Stage, Run: c.Run, Script: g.Script(c.Run), Env: g.EnvAt(c.Run), Dir: c.Dir}
	for i, cmd := range site.Script.Commands {
		if dockerfile.Covers(top.Span, cmd.Span) {
			site.Command, site.Index = cmd, i
			break
		}
	}
	return site
}
