package packages

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
)

// Packages often stand in a variable, since they are named twice: where they are installed, and where they are removed.
//
//	buildDeps='gcc libc6-dev libssl-dev make' && apt-get install -y $buildDeps && … && apt-get purge -y $buildDeps
//
// Their words can be taken apart as those of a command where they stand in one place, as plain text, and where nothing but
// package managers reads the variable: what is changed in that place is then installed and removed alike.

// A packageList is the value of a variable with packages in it.
type packageList struct {
	variable string // as the installation names it
	words    []shell.Word
	// start is where the value begins, behind the quote.
	start int
}

// plainVariable is a word that is a variable, without quotes, so that the shell makes several words of it.
var plainVariable = match.Pattern(`^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})$`)

// packagesIn returns the packages in a variable that is a word of an installation, or why they are not known.
func packagesIn(c *graph.Site, w shell.Word) (list packageList, why string) {
	m := plainVariable().FindStringSubmatch(w.Raw)
	if m == nil {
		return list, fmt.Sprintf("which package %s is, and for which machine, cannot be seen", w.Raw)
	}
	name := m[1] + m[2]
	span, why := listIn(c, name)
	if why != "" {
		return list, fmt.Sprintf("which packages %s has cannot be seen: %s", w.Raw, why)
	}
	list, ok := splitList(c.Run.Doc.Src, span)
	if !ok {
		return list, fmt.Sprintf("which packages %s has cannot be seen: there is more in its value than plain names", w.Raw)
	}
	list.variable = w.Raw
	return list, ""
}

// listIn returns where the value of a variable stands that is set in one place, as text.
func listIn(c *graph.Site, name string) (span dockerfile.Span, why string) {
	if c.Script.Sets(name) {
		sets := 0
		for i, cmd := range c.Script.Commands {
			for _, a := range cmd.Assigns {
				if a.Name != name {
					continue
				}
				sets++
				switch {
				case len(cmd.Words) > 0 || cmd.Nested || i > c.Index:
					return span, "it is not set by an assignment of its own in front"
				case !a.Value.Const:
					return span, "it is put together from other variables or commands"
				}
				span = a.Value.Span
			}
		}
		if sets != 1 {
			return span, "it is set more than once"
		}
		return span, ""
	}
	sets := 0
	for s := c.Stage; s != nil; s = s.Base {
		for _, in := range s.Body {
			at, value, sought := settingOf(in, name)
			if !sought {
				continue
			}
			sets++
			switch {
			case s != c.Stage || in.Index > c.Run.Index:
				return span, "it is set in another stage, or behind"
			case at.Len() == 0 || strings.ContainsAny(value, "$"):
				return span, fmt.Sprintf("its %s does not give it a value of plain names", in.Kind())
			}
			span = at
		}
	}
	switch _, given := c.Stage.Graph.Given(name); {
	case given:
		return span, "it is given when the image is built"
	case sets == 0:
		return span, "it is not set in this stage"
	case sets > 1:
		return span, "it is set more than once"
	}
	return span, ""
}

// settingOf returns where an ENV or ARG has the value of a variable, as far as that is one place; sought is false for
// an instruction that does not set it.
func settingOf(in *dockerfile.Instruction, name string) (at dockerfile.Span, value string, sought bool) {
	switch cmd := in.Command.(type) {
	case *instructions.EnvCommand:
		for _, kv := range cmd.Env {
			if kv.Key == name {
				value, sought = kv.Value, true
			}
		}
	case *instructions.ArgCommand:
		for _, kv := range cmd.Args {
			if kv.Key == name {
				sought = true
				if kv.Value != nil {
					value = *kv.Value
				}
			}
		}
	}
	if !sought {
		return at, "", false
	}
	words := in.Words()
	for i, w := range words {
		if strings.HasPrefix(w.Raw, name+"=") {
			at = w.Part(len(name)+1, len(w.Raw))
		}
		if i == 0 && w.Raw == name && len(words) > 1 { // ENV NAME value
			at = dockerfile.Span{Start: words[1].Span.Start, End: words[len(words)-1].Span.End}
		}
	}
	return at, value, true
}

var (
	// listWord is the name of a package in a list, with a version or without.
	listWord = match.Pattern(`[A-Za-z0-9.][A-Za-z0-9.+_=~<>@/:-]*`)
	listGap  = match.Pattern("^(?:[ \t\r\n]|[\\\\`][ \t]*\r?\n)*$")
)

// splitList takes a value apart, quotes around it or not; false if there is anything else than names and blanks in it.
func splitList(src []byte, span dockerfile.Span) (packageList, bool) {
	if span.Len() >= 2 && (src[span.Start] == '"' || src[span.Start] == '\'') {
		if src[span.End-1] != src[span.Start] {
			return packageList{}, false
		}
		span = dockerfile.Span{Start: span.Start + 1, End: span.End - 1}
	}
	list, at := packageList{start: span.Start}, span.Start
	for _, m := range listWord().FindAllIndex(src[span.Start:span.End], -1) {
		start, end := span.Start+m[0], span.Start+m[1]
		if !listGap().Match(src[at:start]) || start == at && len(list.words) > 0 {
			return packageList{}, false
		}
		text := string(src[start:end])
		list.words = append(list.words, shell.Word{Raw: text, Lit: text, Const: true, Span: dockerfile.Span{Start: start, End: end}})
		at = end
	}
	return list, len(list.words) > 0 && listGap().Match(src[at:span.End])
}

// readElsewhere says why the value of a variable with packages cannot be changed: something else reads it than the
// installation and what removes them again.
func readElsewhere(c *graph.Site, w shell.Word) (why string) {
	m := plainVariable().FindStringSubmatch(w.Raw)
	name := m[1] + m[2]
	other := func(what string, at int) string {
		return fmt.Sprintf("the packages in %s cannot be taken apart: %s in line %d reads them, too", w.Raw, what, c.Run.Doc.Position(at).Line)
	}
	for _, t := range c.Stage.Tree() {
		for _, in := range t.Body {
			if !graph.IsRun(in) {
				if mentionsVariable(in, name) {
					return other(in.Kind(), in.Span.Start)
				}
				continue
			}
			script := t.Graph.Script(in)
			if script.Opaque != "" && mentionsVariable(in, name) || in != c.Run && script.Sets(name) {
				return other("RUN", in.Span.Start)
			}
			for _, use := range script.Uses {
				if use.Name != name {
					continue
				}
				at := facts.UsesAt(script, use.Span, nil)
				if len(at) != 1 || !plainVariable().MatchString(at[0].Word.Raw) || at[0].Cmd.Span != c.Span && !removesPackages(at[0].Cmd) {
					return other("a command", use.Span.Start)
				}
			}
		}
	}
	return ""
}

func mentionsVariable(in *dockerfile.Instruction, name string) bool {
	text := string(in.Text.Bytes)
	for {
		i := strings.IndexByte(text, '$')
		if i < 0 {
			return false
		}
		text = strings.TrimPrefix(text[i+1:], "{")
		if rest, ok := strings.CutPrefix(text, name); ok && (rest == "" || !graph.IsNameByte(rest[0])) {
			return true
		}
	}
}

// removesPackages reports whether a command removes packages by name, or marks them so that they can be removed.
func removesPackages(cmd *shell.Command) bool {
	manager := ManagerOf(path.Base(cmd.Name))
	return manager != nil && slices.ContainsFunc(cmd.Words[1:], func(w shell.Word) bool { return manager.Remove[w.Lit] })
}
