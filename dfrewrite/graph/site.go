package graph

import (
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
)

// A Site is a command where it stands: in which stage, RUN and script, with which environment, in which folder.
type Site struct {
	*shell.Command
	// name is the base name of the program, and args are its arguments, behind env and the like.
	Program string
	Args    []shell.Word
	Stage   *Stage
	Run     *dockerfile.Instruction
	Script  *shell.Script
	Index   int // of the command in script.Commands
	Env     *Env
	Dir     string // the folder that the command runs in, if known
}

// Unwrap sets name and args, looking through `env A=b program` and the like.
func (c *Site) Unwrap() {
	words := c.Words
	for len(words) > 0 {
		if !words[0].Const {
			break
		}
		switch path.Base(words[0].Lit) {
		case "env", "exec", "command", "nice", "time":
			rest := words[1:]
			assigns := c.Assigns
			for len(rest) > 0 && IsAssignment(rest[0]) {
				assigns = append(assigns[:len(assigns):len(assigns)], wordAssign(rest[0]))
				rest = rest[1:]
			}
			if len(rest) == 0 || strings.HasPrefix(rest[0].Raw, "-") {
				c.Program, c.Args = path.Base(words[0].Lit), words[1:]
				return
			}
			copied := *c.Command
			copied.Assigns = assigns
			c.Command = &copied
			words = rest
			continue
		}
		c.Program = path.Base(words[0].Lit)
		c.Args = words[1:]
		// From here on the program is the first word.
		copied := *c.Command
		copied.Words = words
		c.Command = &copied
		return
	}
	if len(words) > 0 {
		c.Args = words[1:]
	}
}

// IsAssignment reports whether a word is NAME=value.
func IsAssignment(w shell.Word) bool {
	name, _, ok := strings.Cut(w.Raw, "=")
	return ok && name != "" && !strings.ContainsAny(name, "-$\"'./")
}

func wordAssign(w shell.Word) shell.Assign {
	name, raw, _ := strings.Cut(w.Raw, "=")
	value := shell.Word{Raw: raw, Const: w.Const, Span: dockerfile.Span{Start: w.Span.End - len(raw), End: w.Span.End}}
	_, value.Lit, _ = strings.Cut(w.Lit, "=")
	return shell.Assign{Name: name, Value: value, Span: w.Span}
}

// Abs makes a path of the command absolute; empty if it cannot be known.
func (c *Site) Abs(p string) string {
	slash := ""
	if strings.HasSuffix(p, "/") {
		slash = "/"
	}
	switch {
	case p == "":
		return ""
	case path.IsAbs(p):
	case c.Dir == "":
		return ""
	default:
		p = path.Join(c.Dir, p)
	}
	if p = path.Clean(p); p == "/" {
		return p
	}
	return p + slash
}

// ChangeDir follows a cd.
func (c *Site) ChangeDir(dir string) string {
	if len(c.Args) == 0 {
		return ""
	}
	to, ok := c.Known(c.Args[0])
	if !ok || to == "-" {
		return ""
	}
	if path.IsAbs(to) {
		return path.Clean(to)
	}
	if dir == "" {
		return ""
	}
	return path.Join(dir, to)
}

// Known returns the value of a word, with build arguments and environment variables filled in.
func (c *Site) Known(w shell.Word) (string, bool) {
	if w.Const {
		return w.Lit, true
	}
	return c.KnownText(w.Raw)
}

// KnownText fills build arguments and environment variables into text; false if one of them is not known.
func (c *Site) KnownText(raw string) (string, bool) {
	if strings.ContainsAny(raw, "`'\\") || strings.Contains(raw, "$(") {
		return "", false
	}
	for _, name := range VariablesIn(raw, '\\') {
		if v, ok := c.Env.Lookup(name); !ok || !v.HasValue || c.Script.Sets(name) {
			return "", false
		}
	}
	text := c.Env.Expand(strings.ReplaceAll(raw, `"`, ""), '\\')
	return text, !strings.ContainsAny(text, "$")
}

// Copies returns every COPY in front of the command, in the stages that this one is based on and in it, with the
// absolute path that it copies to. An ADD of local files is one.
func (c *Site) Copies() iter.Seq2[*instructions.CopyCommand, string] {
	var chain []*Stage
	for s := c.Stage; s != nil; s = s.Base {
		chain = append(chain, s)
	}
	return func(yield func(*instructions.CopyCommand, string) bool) {
		for _, s := range slices.Backward(chain) {
			for _, in := range s.Body {
				if in == c.Run {
					break
				}
				cmd := asCopy(in)
				if cmd == nil {
					continue
				}
				env := s.Graph.EnvAt(in)
				if strings.Contains(cmd.DestPath+strings.Join(cmd.SourcePaths, ""), "$") {
					filled := *cmd
					filled.DestPath, filled.SourcePaths = env.Expand(cmd.DestPath, rune(s.Graph.Doc.Escape)), slices.Clone(cmd.SourcePaths)
					for i, src := range filled.SourcePaths {
						filled.SourcePaths[i] = env.Expand(src, rune(s.Graph.Doc.Escape))
					}
					cmd = &filled
				}
				dest := cmd.DestPath
				if !path.IsAbs(dest) {
					dest = path.Join(env.Dir, dest)
				}
				if !yield(cmd, path.Clean(dest)) {
					return
				}
			}
		}
	}
}

// asCopy returns a COPY, or the one that does the same as an ADD of local files, or nil. An archive is unpacked.
func asCopy(in *dockerfile.Instruction) *instructions.CopyCommand {
	switch cmd := in.Command.(type) {
	case *instructions.CopyCommand:
		return cmd
	case *instructions.AddCommand:
		if !slices.ContainsFunc(cmd.SourcePaths, func(src string) bool {
			return strings.Contains(src, "://") || strings.HasPrefix(src, "git@") || archive().MatchString(src)
		}) {
			return &instructions.CopyCommand{SourcesAndDest: cmd.SourcesAndDest}
		}
	}
	return nil
}

var archive = match.Pattern(`\.(tar|tgz|tbz2?|txz|tar\.\w+)$`)

// HasArg reports whether a word is among the arguments.
func (c *Site) HasArg(arg string) bool {
	for _, w := range c.Args {
		if w.Lit == arg {
			return true
		}
	}
	return false
}

// FirstArg returns the first argument as written, for messages.
func (c *Site) FirstArg() string {
	if len(c.Args) == 0 {
		return "a file"
	}
	return c.Args[0].Raw
}

// Source returns the command as written.
func (c *Site) Source() string {
	return strings.TrimSpace(lineBreak().ReplaceAllString(string(c.Run.Doc.Src[c.Span.Start:c.Span.End]), " "))
}

// lineBreak is where a command goes on in another line.
var lineBreak = match.Pattern("(?:[ \t]*[\\\\`])?[ \t]*\r?\n[ \t]*")

// OnAlpine reports whether the stage is based on Alpine, as far as its image's name says.
func (c *Site) OnAlpine() bool {
	return DistributionOf(c.Stage.Root().Image).Is("Alpine")
}

// FrontAt is where assignments for the program can be put: in front of a program
// like exec that takes another one, but behind env.
func (c *Site) FrontAt() dockerfile.Span {
	at := c.Words[0].Span.Start
	if first := c.Script.Commands[c.Index].Words[0]; path.Base(first.Lit) != "env" {
		at = first.Span.Start
	}
	if c.Timer.Len() > 0 {
		at = c.Timer.Start
	}
	return dockerfile.Span{Start: at, End: at}
}
