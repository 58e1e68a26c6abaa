package dfrewrite

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/rules"
)

// ignores are what a file wants to be silent about:
//
//	# dfrewrite: ignore=Rule,Rule     over an instruction: in that instruction
//	# dfrewrite: ignore-file=Rule     anywhere: in the whole file
//	# check=skip=Rule                 as for BuildKit: at the top in the whole file,
//	                                  over an instruction in that instruction
//
// Names are compared without regard to case; "all" means every rule.
type ignores struct {
	doc  *dockerfile.Document
	list []*ignore
}

// An ignore is one name in one comment.
type ignore struct {
	name string
	// at is the name; line is the whole line, line ending included.
	at, line dockerfile.Span
	// whole says that it is about the whole file; else it is about in, and about
	// nothing if that is nil.
	whole bool
	in    *dockerfile.Instruction
	// ours says that it stands in a comment for dfrewrite alone.
	ours bool
	used bool
}

func ignoresIn(doc *dockerfile.Document) *ignores {
	g := &ignores{doc: doc}
	for _, p := range doc.Pieces {
		text := string(bytes.TrimRight(doc.Src[p.Span.Start:p.Span.End], "\r\n"))
		switch p.Kind {
		case dockerfile.PieceDirective:
			for _, name := range skippedByCheck(text) {
				g.list = append(g.list, &ignore{name: name, whole: true})
			}
		case dockerfile.PieceComment:
			in := g.under(p.Span)
			if in != nil {
				for _, name := range skippedByCheck(text) {
					g.list = append(g.list, &ignore{name: name, in: in})
				}
			}
			for _, key := range []string{"ignore", "ignore-file"} {
				for _, at := range ignoredBy(text, key) {
					at := dockerfile.Span{Start: p.Span.Start + at.Start, End: p.Span.Start + at.End}
					g.list = append(g.list, &ignore{
						name: string(doc.Src[at.Start:at.End]), at: at, line: p.Span,
						whole: key == "ignore-file", in: in, ours: true,
					})
				}
			}
		}
	}
	return g
}

// under returns the instruction that a comment stands directly over.
func (g *ignores) under(comment dockerfile.Span) *dockerfile.Instruction {
	i, _ := slices.BinarySearchFunc(g.doc.Instructions, comment.Start, func(in *dockerfile.Instruction, at int) int { return in.Span.Start - at })
	if i < len(g.doc.Instructions) && g.doc.Instructions[i].Lead.Contains(comment) {
		return g.doc.Instructions[i]
	}
	return nil
}

// silences reports whether a finding is to be left out.
func (g *ignores) silences(d rules.Diagnostic) bool {
	silent := false
	for _, i := range g.list {
		if (i.name == "all" || strings.EqualFold(i.name, d.Rule.Name)) && (i.whole || i.in != nil && i.in.Span.Contains(d.Span)) {
			i.used, silent = true, true
		}
	}
	return silent
}

// unused returns a finding for each name that has silenced nothing, given the
// rules that have run. What other rules would have found is not known, and
// BuildKit's own comments are not judged.
func (g *ignores) unused(ran []*rules.Rule) []rules.Diagnostic {
	if !slices.Contains(ran, rules.UnusedIgnore) {
		return nil
	}
	var found []rules.Diagnostic
	for _, i := range g.list {
		rule := rules.Named(i.name)
		d := rules.Diagnostic{Rule: rules.UnusedIgnore, Severity: rules.UnusedIgnore.Severity, Span: i.at, Hint: "delete it"}
		switch {
		case !i.ours || i.used || rule == rules.UnusedIgnore:
			continue
		case rule == nil && i.name != "all":
			d.Message = fmt.Sprintf("no rule is called %q", i.name)
			d.Hint = "dfrewrite rules lists them"
			found = append(found, d)
			continue
		case !i.whole && i.in == nil:
			d.Message = fmt.Sprintf("this comment stands over no instruction, so %s is not silenced anywhere", i.name)
			d.Hint = "put it directly over the instruction, or write ignore-file"
		case rule != nil && !slices.Contains(ran, rule), rule == nil && len(ran) < len(rules.All):
			continue
		case i.whole:
			d.Message = fmt.Sprintf("nothing in this file has to be silenced for %s", i.name)
			d.Fix = g.drop(i)
		default:
			d.Message = fmt.Sprintf("nothing in the instruction below has to be silenced for %s", i.name)
			d.Fix = g.drop(i)
		}
		found = append(found, d)
	}
	return slices.DeleteFunc(found, g.silences)
}

// drop deletes a name, or the comment if there is no other name in it. It returns
// nil where that could make a directive of the comment below.
func (g *ignores) drop(i *ignore) *rules.Fix {
	fix := &rules.Fix{Safety: rules.Review, Why: []string{"it may be needed for other platforms or with another build context"}}
	var others []string
	for _, o := range g.list {
		if o.ours && o.line == i.line && o != i {
			if o.whole != i.whole {
				return nil
			}
			others = append(others, o.name)
		}
	}
	if len(others) > 0 {
		fix.Message = "delete the name"
		edit := i.at
		if edit.End < i.line.End && g.doc.Src[edit.End] == ',' {
			edit.End++
		} else if g.doc.Src[edit.Start-1] == ',' {
			edit.Start--
		}
		fix.Edits = []dockerfile.Edit{{Span: edit}}
		return fix
	}
	below := bytes.TrimLeft(g.doc.Src[i.line.End:], " \t")
	if i.line.Start < g.doc.Instructions[0].Span.Start && bytes.HasPrefix(below, []byte("#")) {
		return nil
	}
	fix.Message = "delete the comment"
	fix.Edits = []dockerfile.Edit{{Span: g.doc.WithBlankLine(i.line)}}
	return fix
}

// ignoredBy reads `# dfrewrite: KEY=A,B` and returns where the names stand.
func ignoredBy(line, key string) []dockerfile.Span {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
	if !ok {
		return nil
	}
	if rest, ok = strings.CutPrefix(strings.TrimSpace(rest), "dfrewrite:"); !ok {
		return nil
	}
	var names []dockerfile.Span
	at := len(strings.TrimRight(line, " \t")) - len(rest)
	for at < len(line) {
		field, _, _ := strings.Cut(line[at:], " ")
		field, _, _ = strings.Cut(field, "\t")
		if list, ok := strings.CutPrefix(field, key+"="); ok {
			start := at + len(key) + 1
			for name := range strings.SplitSeq(list, ",") {
				if name != "" {
					names = append(names, dockerfile.Span{Start: start, End: start + len(name)})
				}
				start += len(name) + 1
			}
		}
		at += len(field) + 1
	}
	return names
}

// skippedByCheck reads `# check=skip=A,B;error=true`.
func skippedByCheck(line string) []string {
	key, value, _ := strings.Cut(line, "=")
	if !strings.EqualFold(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(key), "#")), "check") {
		return nil
	}
	var out []string
	for _, part := range strings.Split(value, ";") {
		if names, ok := strings.CutPrefix(strings.TrimSpace(part), "skip="); ok {
			for _, n := range strings.Split(names, ",") {
				n, _, _ = strings.Cut(strings.TrimSpace(n), " ") // a reason may follow
				out = append(out, n)
			}
		}
	}
	return out
}
