package facts

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
)

// A Word is a word of a command, filled in.
type Word struct {
	Value
	// Raw is the word as written.
	Raw string
	// At is where it stands.
	At dockerfile.Span
}

// A Call is one command as it runs for one platform. A command in a loop is a call
// for each turn.
type Call struct {
	Stage    *graph.Stage
	Run      *dockerfile.Instruction
	Platform *Platform
	// Name is the program's base name; empty when it is not known. Programs like env
	// and exec that start another one are looked through.
	Name string
	// Words are the words from the program on.
	Words []Word
	// Span covers the command with the assignments in front of it.
	Span dockerfile.Span
	// Maybe says that the command stands behind a condition that is not known.
	Maybe bool
	// Substituted says that its output becomes part of a word.
	Substituted bool
	// Dir is the folder that it runs in; empty when that is not known.
	Dir string
	// Redirects are the files that its output goes to.
	Redirects []Word
	// Heredoc is what it reads, if that stands there.
	Heredoc Value
	// Wrapped says that another program starts this one, so that nothing can be put
	// in front of it.
	Wrapped bool
	// In is where the command stands, if that is another file, which By reads: Span is By's, and words have no place.
	In Place
	By *Call

	vars *scope
}

// A Place is a line of a file that a program reads, such as a Makefile.
type Place struct {
	File string
	Line int
}

// top is the command of the Dockerfile through which the command runs.
func (c *Call) top() *Call {
	for c.By != nil {
		c = c.By
	}
	return c
}

// Env returns what the program finds in an environment variable.
func (c *Call) Env(name string) Value {
	v, env, ok := c.vars.find(name)
	if !ok || !env {
		return Value{}
	}
	return v
}

// EnvFrom returns the name of an environment variable that the program finds and that has such an origin.
func (c *Call) EnvFrom(from Origin) (name string, ok bool) {
	if names := c.EnvNames(from); len(names) > 0 {
		return names[0], true
	}
	return "", false
}

// EnvNames returns the names of all of them.
func (c *Call) EnvNames(from Origin) []string {
	var out []string
	newer := map[string]bool{}
	for s := c.vars; s != nil && s.name != ""; s = s.parent {
		if !newer[s.name] && s.env && s.v.From&from != 0 {
			out = append(out, s.name)
		}
		newer[s.name] = true
	}
	return out
}

// EnvPrefix returns the names of the environment variables that begin so and that the program finds.
func (c *Call) EnvPrefix(prefix string) []string {
	var out []string
	newer := map[string]bool{}
	for s := c.vars; s != nil && s.name != ""; s = s.parent {
		if !newer[s.name] && s.env && s.v.Set && strings.HasPrefix(s.name, prefix) {
			out = append(out, s.name)
		}
		newer[s.name] = true
	}
	return out
}

// Uncertain reports whether something was read into the environment that is not in
// this file, so that any variable may be set.
func (c *Call) Uncertain() bool {
	v, _ := c.vars.lookup(" ")
	return v.Set
}

// A Table is a `case` over the target whose branches all set the same variable, and
// which has none for a platform.
type Table struct {
	Run      *dockerfile.Instruction
	Platform *Platform
	// Name is the variable that stays empty.
	Name string
	// Word is what the table asks, as written.
	Word string
	Span dockerfile.Span
}

// Limits, so that a script that is made to be slow is not.
const (
	maxSteps = 20000
	maxDepth = 16
	maxTurns = 16
	maxText  = 4096    // of a variable in a script, in bytes
	maxValue = 1 << 16 // of any other, as in package graph
)

// machine walks through one script.
type machine struct {
	f      *Facts
	stage  *graph.Stage
	in     *dockerfile.Instruction
	p      *Platform
	script *shell.Script

	vars  *scope
	files *scope // what commands have written into files, by name
	dir   string
	funcs map[string]*syntax.Stmt
	// text is read in place of the script: a file that by reads, or sources.
	text  []byte
	by    *Call
	at    Place
	all   bool // set -a: every assignment exports
	maybe int  // conditions that are not known
	subst int
	depth int
	steps int
	from  Origin // what those conditions depend on
	ended bool   // exit, or return from a function
	out   *Value // where the output goes, in a substitution
	input Value  // what is piped in
}

// A status is how a command ends.
type status int

const (
	plain  status = iota // as a rule well
	yes                  // well
	no                   // not
	unsure               // a test whose answer is not known
)

// run walks through a RUN, and returns what is known of files behind it.
func (f *Facts) run(s *graph.Stage, in *dockerfile.Instruction, p *Platform, st *state) *scope {
	script := f.Graph.Script(in)
	if script.File == nil {
		return st.files
	}
	m := &machine{f: f, stage: s, in: in, p: p, script: script, vars: st.vars, files: st.files, dir: st.dir, funcs: map[string]*syntax.Stmt{}}
	m.stmts(script.File.Stmts)
	return m.files
}

// span is where a part of the script stands; what is read from a file stands nowhere in the Dockerfile.
func (m *machine) span(n syntax.Node) dockerfile.Span {
	if m.by != nil {
		return dockerfile.Span{}
	}
	return m.script.Text.Span(int(n.Pos().Offset()), int(n.End().Offset()))
}

func (m *machine) stmts(list []*syntax.Stmt) status {
	s := plain
	for _, st := range list {
		if m.ended {
			break
		}
		s = m.stmt(st)
	}
	return s
}

func (m *machine) stmt(st *syntax.Stmt) status {
	if st == nil || m.ended {
		return plain
	}
	m.steps++
	if m.depth > maxDepth || m.steps > maxSteps || !m.f.Graph.Budget.Steps(1) {
		m.f.gaveUp[m.in] = true
		return plain
	}
	m.depth++
	defer func() { m.depth-- }()
	s := m.command(st)
	if st.Negated {
		switch s {
		case yes:
			return no
		case no:
			return yes
		case plain:
			return unsure
		}
	}
	return s
}

func (m *machine) command(st *syntax.Stmt) status {
	switch c := st.Cmd.(type) {
	case *syntax.CallExpr:
		return m.call(c, st.Redirs)
	case *syntax.DeclClause:
		m.declare(c)
	case *syntax.Block:
		return m.stmts(c.Stmts)
	case *syntax.Subshell:
		vars, dir, ended := m.vars, m.dir, m.ended
		s := m.stmts(c.Stmts)
		m.vars, m.dir, m.ended = vars, dir, ended
		return s
	case *syntax.BinaryCmd:
		return m.binary(c)
	case *syntax.IfClause:
		return m.ifs(c)
	case *syntax.CaseClause:
		return m.cases(c)
	case *syntax.WhileClause:
		m.stmts(c.Cond)
		m.perhaps(0, func() status { return m.stmts(c.Do) })
	case *syntax.ForClause:
		m.loop(c)
	case *syntax.FuncDecl:
		if c.Name != nil {
			m.funcs[c.Name.Value] = c.Body
		}
	case *syntax.TestClause:
		return m.testExpr(c.X)
	case *syntax.TimeClause:
		return m.stmt(c.Stmt)
	case *syntax.CoprocClause:
		m.perhaps(0, func() status { return m.stmt(c.Stmt) })
	}
	return plain
}

// perhaps walks through what may or may not happen.
func (m *machine) perhaps(from Origin, do func() status) {
	base, dir, ended := m.vars, m.dir, m.ended
	saved := m.from
	m.maybe++
	m.from |= from
	do()
	m.maybe--
	m.from = saved
	m.vars = merge(base, base, m.vars, from)
	if m.dir != dir {
		m.dir = ""
	}
	m.ended = ended
}

// either walks through branches of which one happens.
func (m *machine) either(from Origin, branches ...func() status) {
	base, dir, ended := m.vars, m.dir, m.ended
	var result *scope
	first := true
	for _, b := range branches {
		m.vars, m.dir, m.ended = base, dir, ended
		saved := m.from
		m.maybe++
		m.from |= from
		b()
		m.maybe--
		m.from = saved
		switch {
		case m.ended && !ended: // this one leads nowhere
		case first:
			result, first = m.vars, false
		default:
			result = merge(base, result, m.vars, from)
		}
	}
	if first {
		result = base
	}
	m.vars, m.dir, m.ended = result, dir, ended
}

func (m *machine) binary(c *syntax.BinaryCmd) status {
	if isList(c.Op) {
		return m.list(c)
	}
	// A pipe: both sides in subshells.
	vars, dir, ended, out := m.vars, m.dir, m.ended, m.out
	piped := Value{Set: true}
	m.out = &piped
	m.stmt(c.X)
	m.vars, m.dir, m.ended, m.out = vars, dir, ended, out
	saved := m.input
	m.input = piped
	s := m.stmt(c.Y)
	m.input = saved
	m.vars, m.dir, m.ended = vars, dir, ended
	if s == yes || s == no {
		return s
	}
	if name := lastProgram(c.Y); name == "grep" || name == "egrep" {
		return unsure
	}
	return plain
}

func isList(op syntax.BinCmdOperator) bool { return op == syntax.AndStmt || op == syntax.OrStmt }

// list walks through `a && b || c …`. The parser nests such a list to the left, one level for each command; for the shell
// it is flat, and so it is here.
func (m *machine) list(c *syntax.BinaryCmd) status {
	var links []*syntax.BinaryCmd
	first := c.X
	for links = append(links, c); ; {
		left, ok := first.Cmd.(*syntax.BinaryCmd)
		if !ok || !isList(left.Op) || first.Negated || len(first.Redirs) > 0 {
			break
		}
		links, first = append(links, left), left.X
	}
	s := m.stmt(first)
	for _, link := range slices.Backward(links) {
		s = m.next(s, link)
	}
	return s
}

// next walks through what follows in a list when the commands so far have ended with a status.
func (m *machine) next(s status, link *syntax.BinaryCmd) status {
	and := link.Op == syntax.AndStmt
	switch {
	case s == unsure, s == plain && !and:
		m.perhaps(m.from, func() status { return m.stmt(link.Y) })
	case s == no && and, s == yes && !and:
	default:
		return m.stmt(link.Y)
	}
	return s
}

func lastProgram(st *syntax.Stmt) string {
	if c, ok := st.Cmd.(*syntax.CallExpr); ok && len(c.Args) > 0 {
		return c.Args[0].Lit()
	}
	return ""
}

func (m *machine) ifs(c *syntax.IfClause) status {
	if len(c.Cond) == 0 { // else
		return m.stmts(c.Then)
	}
	switch m.stmts(c.Cond) {
	case yes:
		return m.stmts(c.Then)
	case no:
		if c.Else == nil {
			return plain
		}
		return m.ifs(c.Else)
	}
	from := m.originOf(c.Cond)
	m.either(from,
		func() status { return m.stmts(c.Then) },
		func() status {
			if c.Else == nil {
				return plain
			}
			return m.ifs(c.Else)
		})
	return plain
}

// originOf is what the variables and substitutions in a condition are made from.
func (m *machine) originOf(cond []*syntax.Stmt) Origin {
	var from Origin
	for _, st := range cond {
		syntax.Walk(st, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.ParamExp:
				if n.Param != nil {
					from |= m.variable(n.Param.Value).From
				}
			case *syntax.CmdSubst:
				saved := m.f.calls[m.stage]
				from |= m.capture(n.Stmts).From
				m.f.calls[m.stage] = saved // counted when it ran
				return false
			}
			return true
		})
	}
	return from
}

func (m *machine) cases(c *syntax.CaseClause) status {
	v := m.word(c.Word)
	known := v.Known()
	for _, item := range c.Items {
		for _, p := range item.Patterns {
			known = known && m.pattern(p).Known()
		}
	}
	if known {
		for _, item := range c.Items {
			for _, p := range item.Patterns {
				if matches(m.pattern(p).Text, v.Text) {
					return m.stmts(item.Stmts)
				}
			}
		}
		m.tableMiss(c, v)
		return plain
	}
	branches := []func() status{func() status { return plain }}
	for _, item := range c.Items {
		if len(item.Patterns) == 1 && item.Patterns[0].Lit() == "*" {
			branches = branches[1:] // one of them happens
		}
		branches = append(branches, func() status { return m.stmts(item.Stmts) })
	}
	m.either(v.From, branches...)
	return plain
}

// tableMiss notes a table that has no branch for the platform.
func (m *machine) tableMiss(c *syntax.CaseClause, v Value) {
	if v.From&FromTarget == 0 || v.From&FromMachine != 0 || len(c.Items) < 2 || m.maybe > 0 {
		return
	}
	name := ""
	for i, item := range c.Items {
		sets := ""
		for _, st := range item.Stmts {
			if n := assigned(st); n != "" && (i == 0 && sets == "" || n == name) {
				sets = n
			}
		}
		if sets == "" {
			return
		}
		name = sets
	}
	if _, ok := m.vars.lookup(name); ok {
		return // it has a value already
	}
	if m.by != nil {
		return
	}
	word := m.raw(c.Word)
	span := m.span(c.Word)
	m.f.tables[m.stage] = append(m.f.tables[m.stage], &Table{Run: m.in, Platform: m.p, Name: name, Word: word, Span: span})
}

// raw is a part of the script as written.
func (m *machine) raw(n syntax.Node) string {
	text := m.script.Text.Bytes
	if m.by != nil {
		text = m.text
	}
	return string(text[n.Pos().Offset():n.End().Offset()])
}

// assigned returns the variable that a statement sets, or "".
func assigned(st *syntax.Stmt) string {
	switch c := st.Cmd.(type) {
	case *syntax.CallExpr:
		if len(c.Args) == 0 && len(c.Assigns) > 0 {
			return c.Assigns[0].Name.Value
		}
	case *syntax.DeclClause:
		for _, a := range c.Args {
			if a.Name != nil && a.Value != nil {
				return a.Name.Value
			}
		}
	}
	return ""
}

func (m *machine) loop(c *syntax.ForClause) {
	iter, ok := c.Loop.(*syntax.WordIter)
	if !ok {
		m.perhaps(0, func() status { return m.stmts(c.Do) })
		return
	}
	var turns []Value
	for _, w := range iter.Items {
		v := m.word(w)
		if !v.Known() || strings.ContainsAny(v.Text, "*?[") {
			turns = nil
			break
		}
		for _, field := range strings.Fields(v.Text) {
			turns = append(turns, Value{Text: field, From: v.From, Set: true, How: ByScript, By: m.in})
		}
	}
	if len(turns) == 0 || len(turns) > maxTurns {
		m.perhaps(0, func() status {
			m.vars = m.vars.set(iter.Name.Value, Value{Text: Unknown, Set: true}, false)
			return m.stmts(c.Do)
		})
		return
	}
	for _, v := range turns {
		m.assign(iter.Name.Value, v, false)
		m.stmts(c.Do)
	}
}

// assign gives a variable a value; what programs see already, they go on to see.
func (m *machine) assign(name string, v Value, export bool) {
	_, env, _ := m.vars.find(name)
	if len(v.Text) > maxText {
		v.Text = Unknown
	}
	v.From |= m.from
	m.vars = m.vars.set(name, v, env || export || m.all)
}

func (m *machine) assignValue(a *syntax.Assign, how How) Value {
	v := Value{Set: true}
	switch {
	case a.Array != nil || a.Index != nil || a.Append:
		v.Text = Unknown
	case a.Value != nil:
		v = m.word(a.Value)
		v.Span = m.span(a.Value)
	case m.by == nil:
		end := m.span(a).End
		v.Span = dockerfile.Span{Start: end, End: end}
	}
	v.Set, v.How, v.By = true, how, m.in
	return v
}

func (m *machine) declare(d *syntax.DeclClause) {
	export := d.Variant.Value == "export"
	for _, a := range d.Args {
		switch {
		case a.Name == nil:
			v := m.word(a.Value)
			export = export || v.Text == "-x"
			if !strings.HasPrefix(v.Text, "-") && !m.exportWords(v) {
				m.vars = m.vars.barrier() // export $(cat file)
			}
		case a.Naked:
			// Exported before it has a value, as after it.
			m.vars = m.vars.set(a.Name.Value, m.variable(a.Name.Value), export)
		default:
			m.assign(a.Name.Value, m.assignValue(a, ByScript), export)
		}
	}
}

func (m *machine) call(c *syntax.CallExpr, redirs []*syntax.Redirect) status {
	if len(c.Args) == 0 {
		for _, a := range c.Assigns {
			m.assign(a.Name.Value, m.assignValue(a, ByScript), false)
		}
		return plain
	}
	call := &Call{Stage: m.stage, Run: m.in, Platform: m.p, Span: m.span(c), Maybe: m.maybe > 0, Substituted: m.subst > 0, Dir: m.dir}
	if m.by != nil {
		call.By, call.Span, call.In = m.by, m.by.Span, m.at
		call.In.Line += int(c.Pos().Line()) - 1
	}
	for _, w := range c.Args {
		call.Words = append(call.Words, Word{m.word(w), m.raw(w), m.span(w)})
	}
	call.vars = m.vars
	for _, a := range c.Assigns {
		call.vars = call.vars.set(a.Name.Value, m.assignValue(a, InFront), true)
	}
	toFile := false
	for _, r := range redirs {
		if r.Hdoc != nil {
			call.Heredoc = m.word(r.Hdoc)
		}
		switch r.Op {
		case syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll:
			if r.N == nil || r.N.Value == "1" {
				toFile = true
				call.Redirects = append(call.Redirects, Word{m.word(r.Word), "", m.span(r.Word)})
			}
		}
	}
	call.unwrap()
	if m.by == nil {
		m.f.calls[m.stage] = append(m.f.calls[m.stage], call)
	} else {
		top := call.top()
		m.f.driven[top] = append(m.f.driven[top], call)
	}
	m.read(call)
	s, silent := m.builtin(call)
	m.writes(call, redirs)
	if m.out != nil && !toFile {
		switch {
		case silent:
		case call.Name == "echo" || call.Name == "printf":
			m.print(call.said())
		case m.funcs[call.Name] != nil:
		case m.input.Set:
			m.print(call.filter(m.input))
		case call.Name == "cat" && len(call.Words) == 2:
			v := m.content(call.Abs(call.Words[1].Value), call.answer())
			v.Text = strings.TrimRight(v.Text, "\n")
			m.print(v)
		default:
			m.print(call.answer())
		}
	}
	return s
}

// print adds to the output, a blank between lines.
func (m *machine) print(v Value) {
	if m.out.Text != "" {
		m.out.Text += " "
	}
	if m.maybe > 0 {
		v.Text = Unknown
	}
	v.From |= m.from
	m.out.append(v)
}

// said is what echo or printf prints.
func (c *Call) said() Value {
	v := Value{Set: true}
	words := c.Words[1:]
	for len(words) > 0 && c.Name == "echo" && (words[0].Text == "-n" || words[0].Text == "-e") {
		words = words[1:]
	}
	if c.Name == "printf" && len(words) > 0 {
		switch strings.TrimSuffix(words[0].Text, `\n`) {
		case "%s":
			words = words[1:]
		default:
			if strings.ContainsAny(words[0].Text, `%\`) {
				return Value{Text: Unknown, Set: true, From: words[0].From}
			}
		}
	}
	for i, w := range words {
		if i > 0 {
			v.Text += " "
		}
		v.append(w.Value)
	}
	return v
}

// capture walks through a substitution and returns what it prints.
func (m *machine) capture(stmts []*syntax.Stmt) Value {
	if m.depth > maxDepth {
		m.f.gaveUp[m.in] = true
		return Value{Text: Unknown, Set: true}
	}
	out := Value{Set: true}
	vars, dir, ended, saved, input := m.vars, m.dir, m.ended, m.out, m.input
	m.out, m.input = &out, Value{}
	m.subst++
	m.depth++
	m.stmts(stmts)
	m.depth--
	m.subst--
	m.vars, m.dir, m.ended, m.out, m.input = vars, dir, ended, saved, input
	if len(out.Text) > maxText {
		out.Text = Unknown
	}
	return out
}

// unwrap looks through programs that start another one.
func (c *Call) unwrap() {
	for len(c.Words) > 0 {
		if !c.Words[0].Known() {
			return
		}
		name := path.Base(c.Words[0].Text)
		switch name {
		case "env", "exec", "command", "nice", "time", "sudo":
			rest := c.Words[1:]
			vars := c.vars
			for len(rest) > 0 && strings.Contains(rest[0].Text, "=") && !strings.HasPrefix(rest[0].Text, "-") && !strings.ContainsAny(rest[0].Raw[:1], `"'$`) {
				key, text, _ := strings.Cut(rest[0].Text, "=")
				at := rest[0].At
				if _, raw, ok := strings.Cut(rest[0].Raw, "="); ok {
					at.Start = at.End - len(raw)
				}
				vars = vars.set(key, Value{Text: text, From: rest[0].From, Set: true, How: InFront, By: c.Run, Span: at}, true)
				rest = rest[1:]
			}
			if len(rest) == 0 || strings.HasPrefix(rest[0].Raw, "-") {
				c.Name = name
				return
			}
			c.Words, c.vars = rest, vars
			c.Wrapped = c.Wrapped || name != "env"
			continue
		}
		c.Name = name
		return
	}
}

// builtin does what the shell does itself. silent says that nothing is printed.
func (m *machine) builtin(c *Call) (s status, silent bool) {
	switch c.Name {
	case "cd":
		m.dir = c.changeDir()
		return plain, true
	case "pushd", "popd":
		m.dir = ""
		return plain, true
	case "exit", "return":
		m.ended = true
		return plain, true
	case "true", ":":
		return yes, true
	case "false":
		return no, true
	case "set":
		if c.Has("-a", "+a", "-ea", "-ae", "allexport") {
			m.all = !c.Has("+a", "+o")
		}
		return plain, true
	case "shift", "umask", "trap", "wait", "mkdir", "rm", "touch", "chmod":
		return plain, true
	case "unset":
		for _, w := range c.Words[1:] {
			m.vars = m.vars.set(w.Text, Value{}, false)
		}
		return plain, true
	case "export":
		return plain, true
	case "read":
		for _, w := range c.Words[1:] {
			m.vars = m.vars.set(w.Text, Value{Text: Unknown, Set: true, From: m.input.From}, false)
		}
		return plain, true
	case ".", "source":
		m.source(c)
		return plain, true
	case "eval":
		m.vars = m.vars.barrier()
		return plain, true
	case "test", "[":
		words := c.Words[1:]
		if len(words) > 0 && words[len(words)-1].Text == "]" {
			words = words[:len(words)-1]
		}
		return test(words), true
	}
	if body := m.funcs[c.Name]; body != nil {
		if slices.Contains([]string{"echo", "printf"}, c.Name) {
			return plain, false
		}
		saved, ended := m.vars, m.ended
		for i, w := range c.Words {
			if i > 0 && i < 10 {
				m.vars = m.vars.set(string(rune('0'+i)), w.Value, false)
			}
		}
		before := m.vars
		m.stmt(body)
		m.ended = ended
		if m.vars == before {
			m.vars = saved
		}
		return plain, true
	}
	return plain, false
}

func (c *Call) changeDir() string {
	if len(c.Words) != 2 || !c.Words[1].Known() {
		return ""
	}
	to := c.Words[1].Text
	switch {
	case path.IsAbs(to):
		return path.Clean(to)
	case c.Dir == "":
		return ""
	}
	return path.Join(c.Dir, to)
}

// test answers the test program.
func test(words []Word) status {
	answer := func(b bool) status {
		if b {
			return yes
		}
		return no
	}
	for _, w := range words {
		if !w.Known() {
			return unsure
		}
	}
	switch len(words) {
	case 2:
		switch words[0].Text {
		case "-z":
			return answer(words[1].Text == "")
		case "-n":
			return answer(words[1].Text != "")
		case "!":
			return answer(words[1].Text == "")
		}
	case 3:
		switch words[1].Text {
		case "=", "==":
			return answer(words[0].Text == words[2].Text)
		case "!=":
			return answer(words[0].Text != words[2].Text)
		}
	case 4:
		if words[0].Text == "!" {
			switch test(words[1:]) {
			case yes:
				return no
			case no:
				return yes
			}
		}
	case 7:
		a, b := test(words[:3]), test(words[4:])
		switch words[3].Text {
		case "-o":
			if a == yes || b == yes {
				return yes
			}
			if a == no && b == no {
				return no
			}
		case "-a":
			if a == no || b == no {
				return no
			}
			if a == yes && b == yes {
				return yes
			}
		}
	}
	return unsure
}

// testExpr answers [[ … ]].
func (m *machine) testExpr(x syntax.TestExpr) status {
	switch x := x.(type) {
	case *syntax.ParenTest:
		return m.testExpr(x.X)
	case *syntax.UnaryTest:
		w, ok := x.X.(*syntax.Word)
		if !ok {
			switch s := m.testExpr(x.X); {
			case x.Op == syntax.TsNot && s == yes:
				return no
			case x.Op == syntax.TsNot && s == no:
				return yes
			}
			return unsure
		}
		op := map[syntax.UnTestOperator]string{syntax.TsEmpStr: "-z", syntax.TsNempStr: "-n"}[x.Op]
		return test([]Word{{Value: Value{Text: op}}, {Value: m.word(w)}})
	case *syntax.BinaryTest:
		switch x.Op {
		case syntax.AndTest, syntax.OrTest:
			a, b := m.testExpr(x.X), m.testExpr(x.Y)
			stop, goOn := no, yes
			if x.Op == syntax.OrTest {
				stop, goOn = yes, no
			}
			switch {
			case a == stop || b == stop:
				return stop
			case a == goOn && b == goOn:
				return goOn
			}
			return unsure
		}
		a, okA := x.X.(*syntax.Word)
		b, okB := x.Y.(*syntax.Word)
		if !okA || !okB {
			return unsure
		}
		va, vb := m.word(a), m.pattern(b)
		if !va.Known() || !vb.Known() {
			return unsure
		}
		fits := matches(vb.Text, va.Text)
		switch x.Op {
		case syntax.TsMatch, syntax.TsMatchShort:
		case syntax.TsNoMatch:
			fits = !fits
		default:
			return unsure
		}
		if fits {
			return yes
		}
		return no
	}
	return unsure
}
