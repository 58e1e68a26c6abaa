package plan

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/recipes/rust"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Rust's triples are made from Docker's names by hand in many files, and there is no amd64- or arm64- triple; or one
// triple stands for every platform. Undone, what is left is a plain cargo build, which xx-cargo makes one for the
// target. That is the same build only where xx-cargo chooses the C library that the triple names: musl on the Alpine
// variants of the image rust, glibc on the others.

const wordOfTriple = `["']?(?:\$\{?TARGETARCH\}?|\$\(uname -m\)|amd64|arm64|x86_64|aarch64)-unknown-linux-(musl|gnu)["']?`

var (
	targetTriple = match.Pattern(`^` + wordOfTriple + `$`)
	// folderOfTriple is the folder of a triple below cargo's.
	folderOfTriple = match.Pattern(`\btarget/(` + wordOfTriple + `/)`)
)

// rustTarget takes the triple out of a call of cargo or rustup. It returns what stands for the triple where that is chosen for each
// platform: a variable, or a file that is read.
func (u *undoing) rustTarget(s *shell.Script, cmd *shell.Command) (chosen []string) {
	triple := func(w shell.Word) bool {
		value := strings.TrimPrefix(w.Raw, "--target=")
		libc := u.libcChosen(s.Run, w)
		if m := targetTriple().FindStringSubmatch(value); m != nil {
			libc = m[1]
		} else if libc != "" {
			chosen = append(chosen, plainExpansion(value))
		}
		if libc != "" && !slices.Contains(u.libcs, libc) {
			u.libcs = append(u.libcs, libc)
		}
		return libc != ""
	}
	switch cmd.Name {
	case "rustup":
		if len(cmd.Words) < 4 || cmd.Words[1].Lit != "target" || cmd.Words[2].Lit != "add" ||
			slices.ContainsFunc(cmd.Words[3:], func(w shell.Word) bool { return !targetTriple().MatchString(w.Raw) && u.libcChosen(s.Run, w) == "" }) {
			return nil
		}
		for _, w := range cmd.Words[3:] {
			triple(w)
		}
		u.takeOut(s, cmd.Span)
	case "cargo":
		for i, w := range cmd.Words[1:] {
			from := cmd.Words[i].Span.End
			switch {
			case strings.HasPrefix(w.Raw, "--target=") && triple(w):
				u.edits = append(u.edits, dockerfile.Edit{Span: dockerfile.Span{Start: from, End: w.Span.End}})
			case w.Lit == "--target" && i+2 < len(cmd.Words) && triple(cmd.Words[i+2]):
				u.edits = append(u.edits, dockerfile.Edit{Span: dockerfile.Span{Start: from, End: cmd.Words[i+2].Span.End}})
			}
		}
	}
	return chosen
}

// libcChosen returns the C library of the triple that a word comes to, where it is that of the target on each of several platforms,
// else "".
func (u *undoing) libcChosen(run *dockerfile.Instruction, w shell.Word) string {
	if w.Const || w.Span.Len() == 0 {
		return ""
	}
	found, platforms := "", map[*facts.Platform]bool{}
	for _, s := range u.facts.Graph.Stages {
		if !slices.Contains(s.Body, run) {
			continue
		}
		for _, c := range u.facts.Calls(s) {
			for _, word := range c.Words {
				if c.Run != run || word.At != w.Span {
					continue
				}
				libc := ""
				for _, name := range []string{"musl", "gnu"} {
					if c.Platform.Known && strings.TrimPrefix(word.Text, "--target=") == c.Platform.Row.RustTriple(name) {
						libc = name
					}
				}
				if libc == "" || found != "" && found != libc {
					return ""
				}
				found, platforms[c.Platform] = libc, true
			}
		}
		if len(platforms) < max(2, len(u.facts.PlatformsOf(s))) {
			return ""
		}
	}
	return found
}

// plainExpansion returns a word without quotes, and ${T} as $T.
func plainExpansion(word string) string {
	word = strings.Trim(word, `"`)
	if name, ok := strings.CutPrefix(word, "${"); ok {
		return "$" + strings.TrimSuffix(name, "}")
	}
	return word
}

// chosenFolders takes what stands for a triple out of the paths of cargo's results in a script.
func (u *undoing) chosenFolders(s *shell.Script, chosen []string) {
	src := s.Run.Doc.Src[s.Run.Span.Start:s.Run.Span.End]
	for i, c := range chosen {
		if slices.Contains(chosen[:i], c) {
			continue
		}
		forms := regexp.QuoteMeta(c)
		if name, ok := strings.CutPrefix(c, "$"); ok && !strings.HasPrefix(c, "$(") {
			forms += `|\$\{` + regexp.QuoteMeta(name) + `\}`
		}
		for _, m := range regexp.MustCompile(`\btarget/("?(?:`+forms+`)"?/)`).FindAllSubmatchIndex(src, -1) {
			if quotes := strings.Count(string(src[m[2]:m[3]]), `"`); quotes != 1 {
				u.edits = append(u.edits, dockerfile.Edit{Span: dockerfile.Span{Start: s.Run.Span.Start + m[2], End: s.Run.Span.Start + m[3]}})
			}
		}
	}
}

// chosenTables takes out the conditions on the target that choose nothing but a triple that nobody asks for any more.
func (u *undoing) chosenTables(s *shell.Script, chosen []string) {
	sets := func(branches [][]*shell.Command) bool {
		for _, cmd := range slices.Concat(branches...) {
			if !match.Words(": true exit echo")[cmd.Name] && (len(cmd.Words) > 0 && !shell.IsExport(cmd) || slices.ContainsFunc(cmd.Assigns, func(a shell.Assign) bool {
				return !slices.Contains(chosen, "$"+a.Name) || u.asksFor(s, a.Name)
			})) {
				return false
			}
		}
		return true
	}
	if len(chosen) == 0 {
		return
	}
	syntax.Walk(s.File, func(n syntax.Node) bool {
		branches, condition, ok := u.branches(s, n)
		if !condition {
			return true
		}
		if ok && sets(branches) {
			u.takeOut(s, s.Text.Span(int(n.Pos().Offset()), int(n.End().Offset())))
		}
		return false
	})
}

// asksFor reports whether a script still expands a variable.
func (u *undoing) asksFor(s *shell.Script, name string) bool {
	return slices.ContainsFunc(s.Uses, func(use shell.Use) bool {
		return use.Name == name && !slices.ContainsFunc(u.edits, func(e dockerfile.Edit) bool { return e.Span.Contains(use.Span) })
	})
}

// rustFolders takes the triple out of the paths of cargo's results, wherever they are named.
func (u *undoing) rustFolders(g *graph.Graph) {
	if len(u.libcs) == 0 {
		return
	}
	for _, s := range g.Stages {
		for _, in := range s.Body {
			for _, m := range folderOfTriple().FindAllSubmatchIndex(in.Doc.Src[in.Span.Start:in.Span.End], -1) {
				span := dockerfile.Span{Start: in.Span.Start + m[2], End: in.Span.Start + m[3]}
				if !slices.ContainsFunc(u.edits, func(e dockerfile.Edit) bool { return e.Span.Contains(span) }) {
					u.edits = append(u.edits, dockerfile.Edit{Span: span})
				}
			}
		}
	}
}

// libcOf is the C library for which cargo builds in an image of Rust, "" for other images.
func libcOf(image string) string {
	switch d := graph.DistributionOf(image); {
	case !rust.RustImage(image) || strings.Contains(graph.ImageTag(image), "$"):
		return ""
	case d != nil:
		return d.Libc
	}
	return "gnu"
}

// buildsRust reports whether a stage compiles Rust for the target.
func buildsRust(p *verdict.Ledger) bool {
	return slices.ContainsFunc(p.Steps, func(s verdict.Step) bool { return s.Recipe == "rust" && s.Compiles && s.Verdict == verdict.Convert })
}
