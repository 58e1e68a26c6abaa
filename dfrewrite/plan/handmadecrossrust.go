package plan

import (
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
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

// rustTarget takes the triple out of a call of cargo or rustup.
func (u *undoing) rustTarget(s *shell.Script, cmd *shell.Command) {
	triple := func(word string) bool {
		m := targetTriple().FindStringSubmatch(word)
		if m != nil && !slices.Contains(u.libcs, m[1]) {
			u.libcs = append(u.libcs, m[1])
		}
		return m != nil
	}
	switch cmd.Name {
	case "rustup":
		if len(cmd.Words) < 4 || cmd.Words[1].Lit != "target" || cmd.Words[2].Lit != "add" ||
			slices.ContainsFunc(cmd.Words[3:], func(w shell.Word) bool { return !targetTriple().MatchString(w.Raw) }) {
			return
		}
		for _, w := range cmd.Words[3:] {
			triple(w.Raw)
		}
		u.takeOut(s, cmd.Span)
	case "cargo":
		for i, w := range cmd.Words[1:] {
			from := cmd.Words[i].Span.End
			value, glued := strings.CutPrefix(w.Raw, "--target=")
			switch {
			case glued && triple(value):
				u.edits = append(u.edits, dockerfile.Edit{Span: dockerfile.Span{Start: from, End: w.Span.End}})
			case w.Lit == "--target" && i+2 < len(cmd.Words) && triple(cmd.Words[i+2].Raw):
				u.edits = append(u.edits, dockerfile.Edit{Span: dockerfile.Span{Start: from, End: cmd.Words[i+2].Span.End}})
			}
		}
	}
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
