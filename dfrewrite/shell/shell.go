// Package shell reads the commands inside a RUN, with their places in the
// Dockerfile.
//
// What the shell gets to see is not what stands in the file: BuildKit joins
// continuation lines, drops comments between them, and turns heredocs into
// scripts. A [Script] is the text after that, parsed by mvdan.cc/sh, and every
// span in it leads back to the bytes of the file.
//
// Not everything is a shell script. The exec form, a heredoc for another
// interpreter and a SHELL that is not a Bourne shell have no commands to read;
// [Script.Opaque] says why, and the caller decides what follows from that. Where
// such a form starts a shell after all, what that reads is the script: forms.go.
package shell

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/syntax"

	"xxkit/dfrewrite/dockerfile"
)

// A Script is what one RUN hands to its shell.
type Script struct {
	// Run is the instruction.
	Run *dockerfile.Instruction
	// Text is the script.
	Text dockerfile.Text
	// File is the syntax tree; nil when Opaque is set.
	File *syntax.File
	// Commands are the simple commands in source order, those in functions,
	// conditions and command substitutions included.
	Commands []*Command
	// Functions are the names of the functions that the script declares.
	Functions []string
	// Uses are the variables that the script expands, in source order.
	Uses []Use
	// Opaque says why there are no commands to look at, or is empty.
	Opaque string
	// Exec is the command of an exec form that starts no shell; else nil. No shell
	// sees its words, so nothing in them is expanded, and an edit of them has to
	// leave a JSON string.
	Exec *Command
	// InJSON says that the script stands in a string of an exec form, so that an edit
	// in it must have neither quotes nor backslashes.
	InJSON bool

	timeIsKeyword bool
}

// A Command is one simple command: assignments, then words.
type Command struct {
	// Name is the first word's value; empty when it is not constant, or when
	// the command only assigns.
	Name string
	// Assigns are the assignments before the first word.
	Assigns []Assign
	// Words are the words, the command's name first.
	Words []Word
	// Redirects are where output goes (> and >>).
	Redirects []Word
	// Span covers assignments and words.
	Span dockerfile.Span
	// Timer is where `time` stands in front of the command, options included, if
	// it is a program there: only bash and its like know it as a keyword.
	Timer dockerfile.Span
	// Nested says that the command may run not at all, several times, or apart
	// from the rest: it stands in a condition, a loop, a function, a subshell
	// or a command substitution.
	Nested bool
	// Substituted says that the command's output becomes part of another one:
	// it stands in a command substitution.
	Substituted bool
	// InFunction says that it stands in a function, whose output may become part of
	// another command where that is called.
	InFunction bool
}

// An Assign is NAME=value.
type Assign struct {
	Name  string
	Value Word
	Span  dockerfile.Span
}

// A Word is one word of a command.
type Word struct {
	// Raw is the text in the script, quotes included.
	Raw string
	// Lit is the value when Const is set: quotes removed.
	Lit string
	// Const says that the value does not depend on anything.
	Const bool
	// Span is where it stands.
	Span dockerfile.Span
}

// A Use is one expansion of a variable.
type Use struct {
	Name string
	Span dockerfile.Span
}

// Parse reads the script of a RUN instruction. The shell is the one in force:
// the JSON words of the last SHELL instruction, or nil for the default.
func Parse(run *dockerfile.Instruction, shell []string) *Script {
	s := &Script{Run: run}
	cmd, ok := run.Command.(*instructions.RunCommand)
	switch {
	case !ok:
		s.Opaque = "it is no RUN instruction"
		return s
	case !cmd.PrependShell:
		s.parseExec(run)
		return s
	case len(shell) > 0 && !isBourne(shell[0]):
		s.Opaque = fmt.Sprintf("its SHELL is %s, not a Bourne shell", shell[0])
		return s
	}
	s.timeIsKeyword = len(shell) > 0 && hasTimeKeyword(shell[0])
	s.Text = run.Args()
	if h := run.Heredocs; len(h) > 0 {
		if len(h) == 1 && isOnlyHeredoc(s.Text.Bytes, h[0].Name) {
			var body dockerfile.Text
			s.Text = body.Append(run.Doc, h[0].Body)
			if line, _, _ := bytes.Cut(s.Text.Bytes, []byte("\n")); bytes.HasPrefix(line, []byte("#!")) {
				program := interpreter(string(line))
				if !isBourne(program) {
					s.Opaque = fmt.Sprintf("its heredoc is a script for %s", strings.TrimSpace(string(line[2:])))
					return s
				}
				s.timeIsKeyword = hasTimeKeyword(program)
			}
		} else if program := shellThatReads(s.Text.Bytes, h); program != "" {
			s.parseInput(run, program)
			return s
		} else {
			// The shell reads the heredocs itself. They follow the line; the
			// line ending between them belongs to neither.
			end := s.Text.Span(len(s.Text.Bytes)-1, len(s.Text.Bytes)).End
			if nl := bytes.IndexByte(run.Doc.Src[end:], '\n'); nl >= 0 {
				end += nl
			}
			s.Text = s.Text.Append(run.Doc, dockerfile.Span{Start: end, End: run.Span.End})
		}
	}
	s.parse()
	return s
}

// isOnlyHeredoc is true for `RUN <<EOF`, where the body is the script.
func isOnlyHeredoc(args []byte, name string) bool {
	rest, ok := strings.CutPrefix(string(args), "<<")
	rest = strings.TrimPrefix(rest, "-")
	rest = strings.Trim(strings.TrimSpace(rest), `"'`)
	return ok && rest == name
}

func isBourne(program string) bool {
	switch path.Base(program) {
	case "sh", "bash", "ash", "dash", "ksh", "mksh", "zsh", "busybox":
		return true
	}
	return false
}

func hasTimeKeyword(program string) bool {
	switch path.Base(program) {
	case "bash", "ksh", "mksh", "zsh":
		return true
	}
	return false
}

// interpreter returns the program that a #! line names, or "".
func interpreter(line string) string {
	fields := strings.Fields(strings.TrimPrefix(line, "#!"))
	switch {
	case len(fields) == 0:
		return ""
	case len(fields) > 1 && path.Base(fields[0]) == "env":
		return fields[len(fields)-1]
	}
	return fields[0]
}

// Parsers are large, and can be used again.
var (
	bashParsers  = sync.Pool{New: func() any { return syntax.NewParser(syntax.Variant(syntax.LangBash)) }}
	posixParsers = sync.Pool{New: func() any { return syntax.NewParser(syntax.Variant(syntax.LangPOSIX)) }}
)

func (s *Script) parse() {
	var err error
	for _, pool := range []*sync.Pool{&bashParsers, &posixParsers} {
		parser := pool.Get().(*syntax.Parser)
		s.File, err = parser.Parse(bytes.NewReader(s.Text.Bytes), "")
		pool.Put(parser)
		if err == nil {
			break
		}
	}
	if err != nil {
		s.File = nil
		s.Opaque = "the shell cannot parse it: " + s.parseError(err)
		return
	}
	w := walker{script: s}
	w.stmts(s.File.Stmts)
}

// parseError says what is wrong in a script, and in which line of the Dockerfile.
func (s *Script) parseError(err error) string {
	var p syntax.ParseError
	if !errors.As(err, &p) || !p.Pos.IsValid() || int(p.Pos.Offset()) >= len(s.Text.Bytes) {
		return err.Error()
	}
	at := s.Text.Span(int(p.Pos.Offset()), int(p.Pos.Offset())+1)
	return fmt.Sprintf("line %d: %s", s.Run.Doc.Position(at.Start).Line, p.Text)
}

// walker collects commands and uses, and knows how deep it is.
type walker struct {
	script      *Script
	nested      int
	substituted int
	functions   int
	timer       dockerfile.Span // a `time` that the next command takes
}

func (w *walker) stmts(stmts []*syntax.Stmt) {
	for _, st := range stmts {
		w.node(st)
	}
}

func (w *walker) node(n syntax.Node) {
	var redirects []*syntax.Redirect
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Stmt:
			redirects = n.Redirs
		case *syntax.TimeClause:
			if !w.script.timeIsKeyword && n.Stmt != nil {
				w.timer = w.script.Text.Span(int(n.Pos().Offset()), int(n.Stmt.Pos().Offset()))
			}
		case *syntax.CallExpr:
			w.call(n, redirects)
			redirects = nil
		case *syntax.DeclClause:
			w.decl(n)
		case *syntax.ParamExp:
			if n.Param != nil {
				w.script.Uses = append(w.script.Uses, Use{n.Param.Value, w.script.span(n)})
			}
		case *syntax.CmdSubst:
			w.substituted++
			w.inner(n.Stmts...)
			w.substituted--
			return false
		case *syntax.ProcSubst:
			w.substituted++
			w.inner(n.Stmts...)
			w.substituted--
			return false
		case *syntax.Subshell:
			w.inner(n.Stmts...)
			return false
		case *syntax.IfClause:
			// The first condition always runs.
			w.stmts(n.Cond)
			w.inner(n.Then...)
			if n.Else != nil {
				w.nested++
				w.node(n.Else)
				w.nested--
			}
			return false
		case *syntax.WhileClause:
			w.inner(n.Cond...)
			w.inner(n.Do...)
			return false
		case *syntax.ForClause:
			w.node(n.Loop)
			w.inner(n.Do...)
			return false
		case *syntax.CaseClause:
			w.node(n.Word)
			for _, item := range n.Items {
				for _, p := range item.Patterns {
					w.node(p)
				}
				w.inner(item.Stmts...)
			}
			return false
		case *syntax.FuncDecl:
			if n.Name != nil {
				w.script.Functions = append(w.script.Functions, n.Name.Value)
			}
			w.functions++
			w.inner(n.Body)
			w.functions--
			return false
		case *syntax.BinaryCmd:
			switch n.Op {
			case syntax.OrStmt:
				w.node(n.X)
				w.inner(n.Y)
				return false
			case syntax.Pipe, syntax.PipeAll:
				w.inner(n.X, n.Y)
				return false
			}
		}
		return true
	})
}

func (w *walker) inner(stmts ...*syntax.Stmt) {
	w.nested++
	w.stmts(stmts)
	w.nested--
}

func (w *walker) call(c *syntax.CallExpr, redirects []*syntax.Redirect) {
	cmd := &Command{Span: w.script.span(c), Timer: w.timer, Nested: w.nested > 0, Substituted: w.substituted > 0, InFunction: w.functions > 0}
	w.timer = dockerfile.Span{}
	for _, a := range c.Assigns {
		cmd.Assigns = append(cmd.Assigns, w.assign(a))
	}
	for _, word := range c.Args {
		cmd.Words = append(cmd.Words, w.word(word))
	}
	for _, r := range redirects {
		switch r.Op {
		case syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll:
			cmd.Redirects = append(cmd.Redirects, w.word(r.Word))
		}
	}
	if len(cmd.Words) > 0 && cmd.Words[0].Const {
		cmd.Name = cmd.Words[0].Lit
	}
	w.script.Commands = append(w.script.Commands, cmd)
}

// decl turns export, declare and the like into a command whose assignments are
// what it sets.
func (w *walker) decl(d *syntax.DeclClause) {
	cmd := &Command{Name: d.Variant.Value, Span: w.script.span(d), Nested: w.nested > 0, Substituted: w.substituted > 0, InFunction: w.functions > 0}
	cmd.Words = []Word{{Raw: d.Variant.Value, Lit: d.Variant.Value, Const: true, Span: w.script.span(d.Variant)}}
	for _, a := range d.Args {
		if a.Name != nil {
			cmd.Assigns = append(cmd.Assigns, w.assign(a))
		}
	}
	w.script.Commands = append(w.script.Commands, cmd)
}

func (w *walker) assign(a *syntax.Assign) Assign {
	out := Assign{Name: a.Name.Value, Span: w.script.span(a), Value: Word{Const: true}}
	out.Value.Span = dockerfile.Span{Start: out.Span.End, End: out.Span.End} // of X=
	if a.Value != nil {
		out.Value = w.word(a.Value)
	} else if a.Array != nil {
		out.Value = Word{Span: w.script.span(a)}
	}
	return out
}

func (w *walker) word(word *syntax.Word) Word {
	start, end := int(word.Pos().Offset()), int(word.End().Offset())
	out := Word{Raw: string(w.script.Text.Bytes[start:end]), Span: w.script.Text.Span(start, end)}
	out.Lit, out.Const = constant(word.Parts, false)
	return out
}

func (s *Script) span(n syntax.Node) dockerfile.Span {
	return s.Text.Span(int(n.Pos().Offset()), int(n.End().Offset()))
}

// constant joins the parts of a word if none of them expands to anything.
func constant(parts []syntax.WordPart, quoted bool) (string, bool) {
	var b strings.Builder
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			b.WriteString(unescape(p.Value, quoted))
		case *syntax.SglQuoted:
			if p.Dollar {
				return "", false
			}
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			s, ok := constant(p.Parts, true)
			if !ok || p.Dollar {
				return "", false
			}
			b.WriteString(s)
		default:
			return "", false
		}
	}
	return b.String(), true
}

// unescape removes backslashes as the shell does: all of them outside quotes,
// only those before a special character inside.
func unescape(s string, quoted bool) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (!quoted || strings.ContainsRune("$`\"\\\n", rune(s[i+1]))) {
			i++
			if s[i] == '\n' {
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Sets reports whether the script itself gives the variable a value anywhere: by
// assignment, export, for, read or a default (${X:=…}).
func (s *Script) Sets(name string) bool {
	for _, c := range s.Commands {
		for _, a := range c.Assigns {
			if a.Name == name && (len(c.Words) == 0 || isDeclaration(c.Name) && a.Value.Raw != "") {
				return true
			}
		}
		if c.Name == "read" {
			for _, w := range c.Words[1:] {
				if w.Lit == name {
					return true
				}
			}
		}
	}
	found := false
	if s.File != nil {
		syntax.Walk(s.File, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.WordIter:
				found = found || n.Name.Value == name
			case *syntax.ParamExp:
				if n.Param != nil && n.Param.Value == name && n.Exp != nil {
					found = found || n.Exp.Op == syntax.AssignUnset || n.Exp.Op == syntax.AssignUnsetOrNull
				}
			}
			return !found
		})
	}
	return found
}

func isDeclaration(name string) bool {
	switch name {
	case "export", "declare", "local", "readonly", "typeset":
		return true
	}
	return false
}
