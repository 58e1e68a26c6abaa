package facts

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"xxkit/dfrewrite/graph"
)

// word fills in a word of the script.
func (m *machine) word(w *syntax.Word) Value {
	v := Value{Set: true}
	if w == nil {
		return v
	}
	m.parts(&v, w.Parts, false)
	return v
}

func (m *machine) parts(v *Value, parts []syntax.WordPart, quoted bool) {
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			v.Text += unescape(p.Value, quoted)
		case *syntax.SglQuoted:
			v.Text += p.Value
		case *syntax.DblQuoted:
			m.parts(v, p.Parts, true)
		case *syntax.ParamExp:
			v.append(m.param(p))
		case *syntax.CmdSubst:
			v.append(m.capture(p.Stmts))
		default:
			v.Text += Unknown
		}
	}
}

// pattern fills in a word that is a pattern: what is quoted stands for itself.
func (m *machine) pattern(w *syntax.Word) Value {
	v := Value{Set: true}
	if w == nil {
		return v
	}
	for _, part := range w.Parts {
		if lit, ok := part.(*syntax.Lit); ok {
			v.Text += lit.Value
			continue
		}
		quoted := Value{}
		m.parts(&quoted, []syntax.WordPart{part}, false)
		if _, bare := part.(*syntax.ParamExp); !bare {
			quoted.Text = quotePattern.Replace(quoted.Text)
		}
		v.append(quoted)
	}
	return v
}

var quotePattern = strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`, `\`, `\\`)

// unescape removes backslashes as the shell does.
func unescape(s string, quoted bool) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (!quoted || strings.IndexByte("$`\"\\\n", s[i+1]) >= 0) {
			i++
			if s[i] == '\n' {
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// variable returns what a name holds. What is set nowhere may come from the base
// image, except for the automatic arguments.
func (m *machine) variable(name string) Value {
	if v, ok := m.vars.lookup(name); ok {
		return v
	}
	if graph.IsAutomatic(name) {
		return Value{}
	}
	return Value{Text: Unknown, Set: true}
}

func (m *machine) param(p *syntax.ParamExp) Value {
	unknown := Value{Text: Unknown, Set: true}
	if p.Param == nil {
		return unknown
	}
	v := m.variable(p.Param.Value)
	if !m.f.Graph.Budget.Text(len(v.Text)) {
		m.f.gaveUp[m.in] = true
		return unknown
	}
	v.How, v.By = BySelf, nil
	unknown.From = v.From
	if p.Excl || p.Length || p.Width || p.Index != nil || p.Slice != nil || p.Names != 0 {
		return unknown
	}
	if p.Repl != nil {
		from, to := m.word(p.Repl.Orig), m.word(p.Repl.With)
		if !v.Known() || !from.Known() || !to.Known() || strings.ContainsAny(from.Text, `*?[\`) {
			unknown.From |= from.From | to.From
			return unknown
		}
		n := 1
		if p.Repl.All {
			n = -1
		}
		v.Text = strings.Replace(v.Text, from.Text, to.Text, n)
		v.From |= to.From
		return v
	}
	if p.Exp == nil {
		return v
	}
	arg := m.word(p.Exp.Word)
	empty := !v.Set || v.Text == ""
	switch p.Exp.Op {
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		switch {
		case empty && v.Known():
			return Value{Set: true, From: v.From}
		case v.Known():
			arg.From |= v.From
			return arg
		}
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.AssignUnset, syntax.AssignUnsetOrNull:
		switch {
		case !v.Set, v.Text == "" && (p.Exp.Op == syntax.DefaultUnsetOrNull || p.Exp.Op == syntax.AssignUnsetOrNull):
			arg.From |= v.From
			return arg
		case v.Known():
			return v
		}
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		return v
	case syntax.RemSmallPrefix, syntax.RemLargePrefix, syntax.RemSmallSuffix, syntax.RemLargeSuffix:
		if arg = m.pattern(p.Exp.Word); v.Known() && arg.Known() {
			front := p.Exp.Op == syntax.RemSmallPrefix || p.Exp.Op == syntax.RemLargePrefix
			longest := p.Exp.Op == syntax.RemLargePrefix || p.Exp.Op == syntax.RemLargeSuffix
			v.Text = trim(v.Text, arg.Text, front, longest)
			return v
		}
	}
	unknown.From |= arg.From
	return unknown
}
