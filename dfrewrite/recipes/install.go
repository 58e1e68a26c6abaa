package recipes

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
)

// An install is one command that installs packages, taken apart.
type install struct {
	stage   *graph.Stage
	in      *dockerfile.Instruction
	cmd     *shell.Command
	manager string // apk, apt or apt-get
	// prefix are assignments in front of it, as written.
	prefix string
	// options are those that count for the target's packages too, as written.
	options  []string
	packages []pkg
	// lists are the values of variables with packages in them.
	lists []packageList
	// comment are the lines over the RUN, where all of it moves.
	comment []string
	// doubt says why its packages cannot be told apart, or is empty.
	doubt string
}

// A pkg is one package on a command line.
type pkg struct {
	word shell.Word
	name string
	kind packageKind
}

// installOptions are the options with a value in the next word, of apt-get install and apk add.
var installOptions = map[string]map[string]bool{
	"apk": set("-t --virtual -X --repository --repositories-file --keys-dir --cache-dir --cache-max-age --arch --wait --timeout"),
	"apt": set("-t --target-release --default-release -o --option -c --config-file"),
}

// parseInstall takes a call of a package manager apart; nil if it installs nothing.
func parseInstall(c *site) *install {
	verb, valued := "install", installOptions["apt"]
	switch c.name {
	case "apk":
		verb, valued = "add", installOptions["apk"]
	case "apt", "apt-get":
	default:
		return nil
	}
	i := &install{stage: c.stage, in: c.run, cmd: c.Command, manager: c.name}
	if c.Nested {
		i.doubt = "installs packages under a condition, so whether the target needs them cannot be seen"
	}
	for _, a := range c.Assigns {
		i.prefix += a.Name + "=" + a.Value.Raw + " "
	}
	installs := false
	for n := 0; n < len(c.args); n++ {
		w := c.args[n]
		switch {
		case strings.HasPrefix(w.Raw, "-"):
			option, dropped := w.Raw, c.name == "apk" && (w.Raw == "-t" || w.Raw == "--virtual" || strings.HasPrefix(w.Raw, "--virtual="))
			if valued[w.Raw] && n+1 < len(c.args) {
				n++
				option += " " + c.args[n].Raw
			}
			if !dropped {
				i.options = append(i.options, option)
			}
		case !installs && w.Lit == verb:
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
				list, why := c.packagesIn(w)
				if why == "" {
					why = c.readElsewhere(w)
				}
				if why != "" {
					i.doubt = why
					continue
				}
				words, i.lists = list.words, append(i.lists, list)
			}
			for _, w := range words {
				if w.Const {
					text = w.Lit
				}
				p := pkg{word: w, name: packageName(text)}
				if p.name == "" {
					i.doubt = fmt.Sprintf("which package %s is, and for which machine, cannot be seen", w.Raw)
				}
				p.kind = kindOfPackage(p.name)
				i.packages = append(i.packages, p)
			}
		}
	}
	if !installs {
		return nil
	}
	slices.SortStableFunc(i.packages, func(a, b pkg) int { return a.word.Span.Start - b.word.Span.Start })
	return i
}

// goes says that the build platform does without the package when the target has it, or clang.
func (p pkg) goes() bool {
	return p.kind == libraryPackage || p.kind == cPackage || p.kind == cxxPackage
}

// removed returns the packages that a call of apk removes by name.
func removed(c *site) []string {
	if c.name != "apk" || !c.hasArg("del") {
		return nil
	}
	var names []string
	for _, w := range c.args {
		if name := packageName(w.Lit); w.Const && name != "" && name != "del" {
			names = append(names, name)
		}
	}
	return names
}

// targets returns the words of the packages that the target needs: its libraries.
func (i *install) targets() []string {
	var words []string
	for _, p := range i.packages {
		if p.kind == libraryPackage || p.kind == dataPackage {
			words = append(words, p.word.Raw)
		}
	}
	return words
}

// wants reports whether a package of the kind is among them.
func (i *install) wants(kind packageKind) bool {
	return slices.ContainsFunc(i.packages, func(p pkg) bool { return p.kind == kind })
}

// has reports whether a package of the name is among them.
func (i *install) has(name string) bool {
	return slices.ContainsFunc(i.packages, func(p pkg) bool { return p.name == name })
}

// leaves reports whether anything stays on the build platform when compilers and the target's
// libraries are taken out.
func (i *install) leaves() bool { return i.wants(toolPackage) || i.wants(dataPackage) }

// command returns the call that installs the words for the target.
func (i *install) command(words []string) string {
	helper := map[string]string{"apk": "xx-apk add", "apt": "xx-apt install", "apt-get": "xx-apt-get install"}[i.manager]
	return i.prefix + strings.Join(append(append([]string{helper}, i.options...), words...), " ")
}

var (
	toLineStart = pattern(`\n[ \t]*$`)
	toLineEnd   = pattern("^[ \t]*[\\\\`][ \t]*\r?\n")
	onlyBlanks  = pattern("^(?:[ \t]|(?:[\\\\`][ \t]*)?\r?\n)*$")
)

// split returns the edits that take the compilers and the target's libraries out of the command,
// and put tools in their place, in the command's own way of breaking lines. It is false where
// comments stand among the packages, which belong to one of them.
func (i *install) split(tools []string, takeOut bool) ([]dockerfile.Edit, bool) {
	src := i.in.Doc.Src
	out := make([]bool, len(i.packages))
	for n, p := range i.packages {
		out[n] = takeOut && p.goes()
	}
	place := -1
	if takeOut {
		place = i.placeFor(tools)
	}
	var edits []dockerfile.Edit
	if place >= 0 {
		span := i.packages[place].word.Span
		edits = append(edits, dockerfile.Edit{Span: span, New: strings.Join(tools, i.between(place))})
		out[place] = false
	} else if len(tools) > 0 {
		last := len(i.packages) - 1
		if last < 0 {
			return nil, false
		}
		end := i.packages[last].word.Span.End
		gap := i.between(last)
		edits = append(edits, dockerfile.Edit{Span: dockerfile.Span{Start: end, End: end}, New: gap + strings.Join(tools, gap)})
	}
	for n := 0; n < len(out); n++ {
		if !out[n] {
			continue
		}
		first := n
		for n+1 < len(out) && out[n+1] && onlyBlanks().Match(src[i.packages[n].word.Span.End:i.packages[n+1].word.Span.Start]) {
			n++
		}
		start, end := i.packages[first].word.Span.Start, i.packages[n].word.Span.End
		line := toLineStart().FindIndex(src[:start])
		next := toLineEnd().FindIndex(src[end:])
		if line != nil && next != nil {
			edits = append(edits, dockerfile.Edit{Span: dockerfile.Span{Start: line[0] + 1, End: end + next[1]}})
			continue
		}
		before := i.before(i.packages[first].word.Span.Start)
		if !onlyBlanks().Match(src[before:start]) {
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
func (i *install) placeFor(tools []string) int {
	place := -1
	for n, p := range i.packages {
		if len(tools) > 0 && p.goes() && (place < 0 || i.packages[place].kind == libraryPackage && p.kind != libraryPackage) {
			place = n
		}
	}
	return place
}

// emptied returns a variable of which nothing is left when compilers and the target's libraries are taken out and no
// tools come in their place, or "".
func (i *install) emptied(tools []string) string {
	place := i.placeFor(tools)
	for _, l := range i.lists {
		left := false
		for n, p := range i.packages {
			in := slices.ContainsFunc(l.words, func(w shell.Word) bool { return w.Span == p.word.Span })
			left = left || in && (n == place || !p.goes())
		}
		if !left {
			return l.variable
		}
	}
	return ""
}

// before returns where the word in front of the offset ends, or the list starts that it is in.
func (i *install) before(offset int) int {
	end := 0
	for _, w := range i.cmd.Words {
		if w.Span.End <= offset {
			end = max(end, w.Span.End)
		}
	}
	for _, p := range i.packages {
		if p.word.Span.End <= offset {
			end = max(end, p.word.Span.End)
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
func (i *install) between(n int) string {
	src, start := i.in.Doc.Src, i.packages[n].word.Span.Start
	gap := src[i.before(start):start]
	if onlyBlanks().Match(gap) && strings.Contains(string(gap), "\n") && (n+1 == len(i.packages) || toLineEnd().Match(src[i.packages[n].word.Span.End:])) {
		return string(gap)
	}
	return " "
}
