package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// TargetArgTypo finds names that are nearly those of an automatic argument.
var TargetArgTypo = &Rule{
	Name:     "TargetArgTypo",
	Severity: Error,
	Check: func(p *Pass) {
		var order []string
		uses := map[string][]dockerfile.Span{}
		for _, in := range p.Graph.Doc.Instructions {
			for _, u := range names(in) {
				if rightName(u.name) == "" || p.setByScript(u.name) {
					continue
				}
				if uses[u.name] == nil {
					order = append(order, u.name)
				}
				uses[u.name] = append(uses[u.name], u.span)
			}
		}
		for _, wrong := range order {
			right := rightName(wrong)
			fix := &Fix{
				Message: "write " + right,
				Safety:  Review,
				Why:     []string{fmt.Sprintf("%s gets the value that BuildKit gives %s, where it was empty or a value of your own", wrong, right)},
			}
			for _, span := range uses[wrong] {
				fix.Edits = append(fix.Edits, dockerfile.Edit{Span: span, New: right})
			}
			p.Report(Diagnostic{
				Span:    uses[wrong][0],
				Message: fmt.Sprintf("BuildKit knows no %s, which is therefore empty; %s is what it sets", wrong, right),
				Hint:    "write " + right,
				Fix:     fix,
			})
		}
	},
}

// setByScript reports whether a RUN gives the variable a value, so that it is the
// file's own.
func (p *Pass) setByScript(name string) bool {
	for _, s := range p.Graph.Stages {
		for _, in := range s.Body {
			if graph.IsRun(in) && p.Graph.Script(in).Sets(name) {
				return true
			}
		}
	}
	return false
}

// names lists the names in upper case that an instruction declares with ARG or
// expands with a dollar, each with its place. ENV makes a name the file's own, but
// only a name of somebody's own is given a value with it, so it is not listed.
func names(in *dockerfile.Instruction) []use {
	var out []use
	src := in.Doc.Src
	for at := in.Span.Start; at < in.Span.End; at++ {
		if src[at] != '$' {
			continue
		}
		start := at + 1
		if start < in.Span.End && src[start] == '{' {
			start++
		}
		end := start
		for end < in.Span.End && isNameByte(src[end]) {
			end++
		}
		if bytes.HasPrefix(src[start:end], []byte("TA")) || bytes.HasPrefix(src[start:end], []byte("BU")) || bytes.HasPrefix(src[start:end], []byte("TR")) || bytes.HasPrefix(src[start:end], []byte("TE")) {
			out = append(out, use{string(src[start:end]), dockerfile.Span{Start: start, End: end}})
		}
	}
	if arg, ok := in.Command.(*instructions.ArgCommand); ok {
		words := in.Words()
		for i, a := range arg.Args {
			if i < len(words) && strings.HasPrefix(words[i].Raw, a.Key) {
				out = append(out, use{a.Key, words[i].Part(0, len(a.Key))})
			}
		}
	}
	slices.SortFunc(out, func(a, b use) int { return a.span.Start - b.span.Start })
	return out
}

func isNameByte(b byte) bool {
	return b == '_' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' || '0' <= b && b <= '9'
}

// rightName returns the automatic argument that a name was meant to be, or "". One
// letter may be missing, doubled, wrong, or two may be swapped; in the long names,
// two such slips. A plural, an underscore and a digit are not slips: people name
// arguments of their own so.
func rightName(name string) string {
	if graph.IsAutomatic(name) || len(name) < len("TARGETO") || strings.ContainsAny(name, "_0123456789") || strings.HasSuffix(name, "S") && !strings.HasSuffix(name, "OS") {
		return ""
	}
	for _, right := range graph.Automatic {
		slips := 1
		if len(right) > len("TARGETARCH") {
			slips = 2
		}
		if d := distance(name, right); d > 0 && d <= slips {
			return right
		}
	}
	return ""
}

// distance is the number of letters to insert, delete, change, or swap with their
// neighbour (optimal string alignment, after Damerau and Levenshtein).
func distance(a, b string) int {
	if max(len(a)-len(b), len(b)-len(a)) > 2 {
		return 3
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
		for j := 1; j <= len(b); j++ {
			if i == 0 {
				rows[i][j] = j
				continue
			}
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
