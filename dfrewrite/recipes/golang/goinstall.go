package golang

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"golang.org/x/mod/modfile"

	"xxkit/dfrewrite/context/gosource"
	"xxkit/dfrewrite/shell"
)

// `go install` of packages of other modules, without a version, comes in three kinds that look alike. Tools, which a
// tools.go names and the stage runs later, have to be the builder's. Programs that are shipped have to be the target's.
// And libraries are installed in front of the COPY of the source, to be compiled once: go build -o FOLDER fails for
// those ("no main packages to build"), and go build without -o leaves nothing behind for two packages or more
// (`go help build`).

// An installKind says what the packages of a go install are.
type installKind int

const (
	installsPrograms installKind = iota
	installsTools
	installsLibraries
	installsUnknown
)

// installKind tells them apart by what becomes of them in the file.
func (g *goCall) installKind() installKind {
	var names []string
	for _, w := range g.packages {
		if name := programName(w.Lit); w.Const && !strings.Contains(w.Lit, "...") && name != "." && name != "/" {
			names = append(names, name)
		}
	}
	if slices.ContainsFunc(names, g.runByName) {
		return installsTools
	}
	if len(g.packages) == 0 || slices.ContainsFunc(g.packages, func(w shell.Word) bool { return !g.ofOtherModule(w) }) {
		return installsPrograms
	}
	if g.generatesLater() && !slices.ContainsFunc(names, g.shipped) {
		return installsTools
	}
	programs := 0
	for i, w := range g.packages {
		if strings.Contains(w.Lit, "/cmd/") || g.shipped(names[i]) {
			programs++
		}
	}
	switch {
	case programs == len(g.packages) || len(g.packages) == 1:
		return installsPrograms
	case programs == 0:
		return installsLibraries
	}
	return installsUnknown
}

// ofOtherModule reports whether an import path is of another module than the one in the build context.
func (g *goCall) ofOtherModule(w shell.Word) bool {
	first, _, _ := strings.Cut(w.Lit, "/")
	if !w.Const || !strings.Contains(first, ".") || first == "." || first == ".." || strings.Contains(w.Lit, "...") || g.Opt.Context == nil || !gosource.HoldsModules(g.Opt.Context, g.Stage.Graph) {
		return false
	}
	data := g.ContextFile("go.mod")
	if data == nil {
		return false
	}
	own := modfile.ModulePath(data)
	return own != "" && w.Lit != own && !strings.HasPrefix(w.Lit, own+"/")
}

// runByName reports whether a later command of the stage, or of one that is based on it, is a program of this name.
func (g *goCall) runByName(name string) bool {
	for _, t := range g.Stage.Tree() {
		for _, in := range t.Body {
			if _, ok := in.Command.(*instructions.RunCommand); !ok {
				continue
			}
			for _, cmd := range t.Graph.Script(in).Commands {
				if cmd.Span.Start > g.Span.End && cmd.Name == name {
					return true
				}
			}
		}
	}
	return false
}

// generatesLater reports whether go generate, which runs tools by their names, comes later.
func (g *goCall) generatesLater() bool {
	for _, t := range g.Stage.Tree() {
		for _, in := range t.Body {
			if _, ok := in.Command.(*instructions.RunCommand); !ok {
				continue
			}
			for _, cmd := range t.Graph.Script(in).Commands {
				if cmd.Span.Start > g.Span.End && (cmd.Name == "go" || cmd.Name == "") && len(cmd.Words) > 1 && cmd.Words[1].Lit == "generate" {
					return true
				}
			}
		}
	}
	return false
}

// shipped reports whether another stage takes a program by its name.
func (g *goCall) shipped(name string) bool {
	for _, t := range g.Stage.Tree() {
		for _, u := range t.UsedBy {
			if slices.ContainsFunc(u.Paths, func(p string) bool { return path.Base(p) == name }) {
				return true
			}
		}
	}
	return false
}
