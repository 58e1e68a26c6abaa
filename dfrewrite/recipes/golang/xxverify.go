package golang

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// verifies puts a call of xx-verify behind a go build with helpers: a wrong program fails the build then, and not the
// container. Only where it is sure that one file is built, since xx-verify of other images knows files only.
func (g *goCall) verifies(step *verdict.Step) {
	program, ok := g.outputWord()
	if mode := g.buildMode(); mode == "c-archive" || mode == "c-shared" {
		return // not a program; xx-verify of other images need not know these
	}
	if !ok || g.Nested || len(g.Redirects) > 0 || len(g.packages) > 1 {
		return
	}
	if len(g.packages) == 1 && strings.Contains(g.packages[0].Raw, "...") {
		return
	}
	value, known := g.expand(g.flags["-o"])
	file := g.Abs(value)
	if _, moved := g.flags["-C"]; moved && !path.IsAbs(value) {
		return
	}
	if !known || file == "" || strings.HasSuffix(file, "/") || strings.HasPrefix(file, "/dev/") || g.isFolder(file) {
		return
	}
	end := g.Words[len(g.Words)-1].Span.End
	if !verdict.GoesOn().Match(g.Run.Doc.Src[end:g.Run.Span.End]) {
		return
	}
	step.Needs.Verify = true
	step.Edits = append(step.Edits, dockerfile.Edit{
		Span: dockerfile.Span{Start: end, End: end},
		New:  " && " + verdict.Verify(g.Stage, g.Source(), program, file),
	})
}

// outputWord returns the value of -o as it is written.
func (g *goCall) outputWord() (string, bool) {
	for i, w := range g.Args {
		switch {
		case (w.Raw == "-o" || w.Raw == "--o") && i+1 < len(g.Args):
			return g.Args[i+1].Raw, true
		case strings.HasPrefix(w.Raw, "-o="):
			return w.Raw[len("-o="):], true
		}
	}
	return "", false
}

// isFolder reports whether a path is, as far as the stage tells, a folder, into which go build puts the program under its
// own name.
func (g *goCall) isFolder(file string) bool {
	if verdict.IsProgramDir(file) || file == "/" || slices.Contains(verdict.SystemDirs, file) {
		return true
	}
	for _, in := range g.Stage.Body {
		switch c := in.Command.(type) {
		case *instructions.WorkdirCommand:
			if g.Stage.Graph.EnvAt(in).Dir == file || path.Clean(c.Path) == file {
				return true
			}
		case *instructions.CopyCommand:
			if path.Clean(c.DestPath) == file {
				return true
			}
		case *instructions.AddCommand:
			if path.Clean(c.DestPath) == file {
				return true
			}
		case *instructions.RunCommand:
			made := slices.ContainsFunc(g.Stage.Graph.Script(in).Commands, func(c *shell.Command) bool {
				return (c.Name == "mkdir" || c.Name == "install") && slices.ContainsFunc(c.Words, func(w shell.Word) bool {
					return strings.HasPrefix(path.Join(g.Stage.Graph.EnvAt(in).Dir, w.Lit)+"/", file+"/") || strings.HasPrefix(path.Clean(w.Lit)+"/", file+"/")
				})
			})
			if made {
				return true
			}
		}
	}
	return false
}
