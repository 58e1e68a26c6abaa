package dfrewrite

import (
	"bytes"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/rules"
)

// ignores reads which findings a file wants to be silent:
//
//	# dfrewrite: ignore=Rule,Rule     over an instruction: in that instruction
//	# dfrewrite: ignore-file=Rule     anywhere: in the whole file
//	# check=skip=Rule                 as for BuildKit: at the top in the whole file,
//	                                  over an instruction in that instruction
//
// Names are compared without regard to case; "all" means every rule.
func ignores(doc *dockerfile.Document) func(rules.Diagnostic) bool {
	var whole []string
	over := map[*dockerfile.Instruction][]string{}
	for _, p := range doc.Pieces {
		line := strings.TrimSpace(string(doc.Src[p.Span.Start:p.Span.End]))
		switch p.Kind {
		case dockerfile.PieceDirective:
			whole = append(whole, skippedByCheck(line)...)
		case dockerfile.PieceComment:
			whole = append(whole, ignoredBy(line, "ignore-file")...)
		}
	}
	for _, in := range doc.Instructions {
		for _, line := range bytes.Split(doc.Src[in.Lead.Start:in.Lead.End], []byte("\n")) {
			names := append(ignoredBy(string(line), "ignore"), skippedByCheck(string(line))...)
			if len(names) > 0 {
				over[in] = append(over[in], names...)
			}
		}
	}
	named := func(names []string, rule string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return n == "all" || strings.EqualFold(n, rule) })
	}
	return func(d rules.Diagnostic) bool {
		if named(whole, d.Rule.Name) {
			return true
		}
		for in, names := range over {
			if in.Span.Contains(d.Span) && named(names, d.Rule.Name) {
				return true
			}
		}
		return false
	}
}

// ignoredBy reads `# dfrewrite: KEY=A,B`.
func ignoredBy(line, key string) []string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
	if !ok {
		return nil
	}
	if rest, ok = strings.CutPrefix(strings.TrimSpace(rest), "dfrewrite:"); !ok {
		return nil
	}
	for _, field := range strings.Fields(rest) {
		if names, ok := strings.CutPrefix(field, key+"="); ok {
			return strings.Split(names, ",")
		}
	}
	return nil
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
