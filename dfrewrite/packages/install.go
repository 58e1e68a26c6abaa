// Package packages takes commands apart that install packages: which there are and where each stands in
// the file ([Parse]), which are tools that a stage runs and which are libraries that it links with, and
// which trees of packages (node_modules, a virtual environment) hold files for one machine.
//
// What a package is, is told by its name, by the naming rules of Debian and Alpine; a name that says
// neither is unknown and never guessed.
package packages

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
)

// An Install is one command that installs packages, taken apart.
type Install struct {
	Stage   *graph.Stage
	In      *dockerfile.Instruction
	Cmd     *shell.Command
	Manager *Manager
	// program is the one that is called.
	program string
	// prefix are assignments in front of it, as written.
	prefix string
	// options are those that count for the target's packages too, as written.
	options  []string
	Packages []Package
	// lists are the values of variables with packages in them.
	lists []packageList
	// Comment are the lines over the RUN, where all of it moves.
	Comment []string
	// Doubt says why its packages cannot be told apart, or is empty.
	Doubt string
}

// A Package is one package on a command line.
type Package struct {
	Word shell.Word
	Name string
	Kind packageKind
}

// Parse takes a call of a package manager apart; nil if it installs nothing.
func Parse(c *graph.Site) *Install {
	manager := ForTarget(c.Program)
	if manager == nil {
		return nil
	}
	i := &Install{Stage: c.Stage, In: c.Run, Cmd: c.Command, Manager: manager, program: c.Program}
	if c.Nested {
		i.Doubt = "installs packages under a condition, so whether the target needs them cannot be seen"
	}
	for _, a := range c.Assigns {
		i.prefix += a.Name + "=" + a.Value.Raw + " "
	}
	installs := false
	for n := 0; n < len(c.Args); n++ {
		w := c.Args[n]
		switch {
		case strings.HasPrefix(w.Raw, "-"):
			option, dropped := w.Raw, manager.groups(w.Raw)
			if manager.Valued[w.Raw] && n+1 < len(c.Args) {
				n++
				option += " " + c.Args[n].Raw
			}
			if !dropped {
				i.options = append(i.options, option)
			}
		case !installs && w.Lit == manager.Install:
			installs = true
		case !installs:
			return nil
		default:
			text := w.Lit
			if !w.Const { // the version may be a variable
				text, _, _ = strings.Cut(strings.Trim(w.Raw, `"'`), "=")
			}
			words := []shell.Word{w}
			if strings.HasPrefix(text, "$") {
				list, why := packagesIn(c, w)
				if why == "" {
					why = readElsewhere(c, w)
				}
				if why != "" {
					i.Doubt = why
					continue
				}
				words, i.lists = list.words, append(i.lists, list)
			}
			for _, w := range words {
				if w.Const {
					text = w.Lit
				}
				p := Package{Word: w, Name: packageName(text)}
				if p.Name == "" {
					i.Doubt = fmt.Sprintf("which package %s is, and for which machine, cannot be seen", w.Raw)
				}
				p.Kind = kindOfPackage(p.Name)
				i.Packages = append(i.Packages, p)
			}
		}
	}
	if !installs {
		return nil
	}
	slices.SortStableFunc(i.Packages, func(a, b Package) int { return a.Word.Span.Start - b.Word.Span.Start })
	return i
}

// Goes says that the build platform does without the package when the target has it, or clang.
func (p Package) Goes() bool {
	return p.Kind == LibraryPackage || p.Kind == cPackage || p.Kind == CxxPackage
}

// Removed returns the packages that a call removes by name, and that have to be there then.
func Removed(c *graph.Site) []string {
	manager := ForTarget(c.Program)
	if manager == nil || !manager.KnowsInstalled || !slices.ContainsFunc(c.Args, func(w shell.Word) bool { return manager.Remove[w.Lit] }) {
		return nil
	}
	var names []string
	for _, w := range c.Args {
		if name := packageName(w.Lit); w.Const && name != "" && !manager.Remove[name] {
			names = append(names, name)
		}
	}
	return names
}

// Targets returns the words of the packages that the target needs: its libraries.
func (i *Install) Targets() []string {
	var words []string
	for _, p := range i.Packages {
		if p.Kind == LibraryPackage || p.Kind == dataPackage {
			words = append(words, p.Word.Raw)
		}
	}
	return words
}

// Wants reports whether a package of the kind is among them.
func (i *Install) Wants(kind packageKind) bool {
	return slices.ContainsFunc(i.Packages, func(p Package) bool { return p.Kind == kind })
}

// AsksForCxx reports whether a compiler or library for C++ is among them by its own name, and not as one part of
// build-base or build-essential.
func (i *Install) AsksForCxx() bool {
	return slices.ContainsFunc(i.Packages, func(p Package) bool {
		return p.Kind == CxxPackage && p.Name != "build-base" && p.Name != "build-essential"
	})
}

// Has reports whether a package of the name is among them.
func (i *Install) Has(name string) bool {
	return slices.ContainsFunc(i.Packages, func(p Package) bool { return p.Name == name })
}

// Leaves reports whether anything stays on the build platform when compilers and the target's
// libraries are taken out.
func (i *Install) Leaves() bool { return i.Wants(toolPackage) || i.Wants(dataPackage) }

// Command returns the call that installs the words for the target.
func (i *Install) Command(words []string) string {
	helper := i.Manager.Helpers[i.program] + " " + i.Manager.Install
	return i.prefix + strings.Join(append(append([]string{helper}, i.options...), words...), " ")
}

var (
	toLineStart = match.Pattern(`\n[ \t]*$`)
	toLineEnd   = match.Pattern("^[ \t]*[\\\\`][ \t]*\r?\n")
	OnlyBlanks  = match.Pattern("^(?:[ \t]|(?:[\\\\`][ \t]*)?\r?\n)*$")
)

// Split returns the edits that take the compilers and the target's libraries out of the command,
// and put tools in their place, in the command's own way of breaking lines. It is false where
// comments stand among the packages, which belong to one of them.
func (i *Install) Split(tools []string, takeOut bool) ([]dockerfile.Edit, bool) {
	src := i.In.Doc.Src
	out := make([]bool, len(i.Packages))
	for n, p := range i.Packages {
		out[n] = takeOut && p.Goes()
	}
	place := -1
	if takeOut {
		place = i.placeFor(tools)
	}
	var edits []dockerfile.Edit
	if place >= 0 {
		span := i.Packages[place].Word.Span
		edits = append(edits, dockerfile.Edit{Span: span, New: strings.Join(tools, i.between(place))})
		out[place] = false
	} else if len(tools) > 0 {
		last := len(i.Packages) - 1
		if last < 0 {
			return nil, false
		}
		end := i.Packages[last].Word.Span.End
		gap := i.between(last)
		edits = append(edits, dockerfile.Edit{Span: dockerfile.Span{Start: end, End: end}, New: gap + strings.Join(tools, gap)})
	}
	for n := 0; n < len(out); n++ {
		if !out[n] {
			continue
		}
		first := n
		for n+1 < len(out) && out[n+1] && OnlyBlanks().Match(src[i.Packages[n].Word.Span.End:i.Packages[n+1].Word.Span.Start]) {
			n++
		}
		start, end := i.Packages[first].Word.Span.Start, i.Packages[n].Word.Span.End
		line := toLineStart().FindIndex(src[:start])
		next := toLineEnd().FindIndex(src[end:])
		if line != nil && next != nil {
			edits = append(edits, dockerfile.Edit{Span: dockerfile.Span{Start: line[0] + 1, End: end + next[1]}})
			continue
		}
		before := i.before(i.Packages[first].Word.Span.Start)
		if !OnlyBlanks().Match(src[before:start]) {
			return nil, false
		}
		if slices.ContainsFunc(i.lists, func(l packageList) bool { return l.start == start }) { // nothing stands in front
			end += len(src[end:]) - len(strings.TrimLeft(string(src[end:]), " \t"))
		}
		edits = append(edits, dockerfile.Edit{Span: dockerfile.Span{Start: before, End: end}})
	}
	return edits, true
}

// placeFor returns the package whose place the tools take where packages are taken out: the first compiler, else the first that
// goes; -1 if there is none.
func (i *Install) placeFor(tools []string) int {
	place := -1
	for n, p := range i.Packages {
		if len(tools) > 0 && p.Goes() && (place < 0 || i.Packages[place].Kind == LibraryPackage && p.Kind != LibraryPackage) {
			place = n
		}
	}
	return place
}

// Emptied returns a variable of which nothing is left when compilers and the target's libraries are taken out and no
// tools come in their place, or "".
func (i *Install) Emptied(tools []string) string {
	place := i.placeFor(tools)
	for _, l := range i.lists {
		left := false
		for n, p := range i.Packages {
			in := slices.ContainsFunc(l.words, func(w shell.Word) bool { return w.Span == p.Word.Span })
			left = left || in && (n == place || !p.Goes())
		}
		if !left {
			return l.variable
		}
	}
	return ""
}

// before returns where the word in front of the offset ends, or the list starts that it is in.
func (i *Install) before(offset int) int {
	end := 0
	for _, w := range i.Cmd.Words {
		if w.Span.End <= offset {
			end = max(end, w.Span.End)
		}
	}
	for _, p := range i.Packages {
		if p.Word.Span.End <= offset {
			end = max(end, p.Word.Span.End)
		}
	}
	for _, list := range i.lists {
		if list.start <= offset {
			end = max(end, list.start)
		}
	}
	return end
}

// between is what stands between two packages where the command breaks lines at each: a
// continuation and the indentation; else a blank.
func (i *Install) between(n int) string {
	src, start := i.In.Doc.Src, i.Packages[n].Word.Span.Start
	gap := src[i.before(start):start]
	if OnlyBlanks().Match(gap) && strings.Contains(string(gap), "\n") && (n+1 == len(i.Packages) || toLineEnd().Match(src[i.Packages[n].Word.Span.End:])) {
		return string(gap)
	}
	return " "
}

// cCompilerPackage matches packages that bring a C compiler, with a version in
// their name (clang18) or asked for (gcc=13.2.1-r1, gcc~13).
var cCompilerPackage = match.Pattern(`^(gcc|g\+\+|clang|build-base|build-essential|alpine-sdk|tcc)[-0-9.]*([=~<>@].*)?$`)

// HasCCompiler reports whether a command of the stage finds a C compiler: one
// that the base image brings, or one that was installed before.
func HasCCompiler(s *graph.Stage) bool {
	image := s.Root().Image
	if graph.OfficialGo(image) && !graph.AlpineGo(image) {
		return true
	}
	for t := s; t != nil; t = t.Base {
		for _, in := range t.Body {
			if _, ok := in.Command.(*instructions.RunCommand); !ok {
				continue
			}
			for _, cmd := range s.Graph.Script(in).Commands {
				if ManagerOf(path.Base(cmd.Name)) == nil {
					continue
				}
				for _, w := range cmd.Words {
					// A variable may name anything.
					if !w.Const || cCompilerPackage().MatchString(w.Lit) {
						return true
					}
				}
			}
		}
	}
	return false
}

// Installs reports whether a stage, or one based on it, installs one of the
// packages.
func Installs(root *graph.Stage, names ...string) bool {
	for _, t := range root.Tree() {
		for _, in := range t.Body {
			for _, p := range Installed(t, in) {
				if slices.Contains(names, p) {
					return true
				}
			}
		}
	}
	return false
}

// packageVersion is what apk takes behind a package's name: ~1.2, >1, @edge.
var packageVersion = match.Pattern(`[=~<>@].*$`)

// Installed lists the packages that a RUN installs, without versions.
func Installed(s *graph.Stage, in *dockerfile.Instruction) []string {
	if !graph.IsRun(in) {
		return nil
	}
	var out []string
	script := s.Graph.Script(in)
	for i, cmd := range script.Commands {
		manager := ForTarget(path.Base(cmd.Name))
		if manager == nil {
			continue
		}
		verb := false
		c := &graph.Site{Command: cmd, Run: in, Script: script, Index: i, Stage: s}
		for _, w := range cmd.Words[1:] {
			switch {
			case w.Lit == manager.Install:
				verb = true
			case !verb || strings.HasPrefix(w.Raw, "-"):
			case !w.Const:
				list, why := packagesIn(c, w)
				if why != "" {
					out = append(out, w.Raw)
				}
				for _, w := range list.words {
					out = append(out, packageVersion().ReplaceAllString(w.Lit, ""))
				}
			default:
				name, _, _ := strings.Cut(w.Lit, "=")
				out = append(out, packageVersion().ReplaceAllString(name, ""))
			}
		}
	}
	return out
}
