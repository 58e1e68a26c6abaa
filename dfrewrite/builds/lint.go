package builds

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/rules"
)

// Lint returns what is wrong in the file itself, given the rules to look for:
// arguments that take the place of those that BuildKit sets (TargetArgDefault).
// Where comments are possible, they silence findings as in a Dockerfile: over a
// line, or for the file.
func (f *File) Lint(ran []*rules.Rule) []rules.Diagnostic {
	rule := rules.TargetArgDefault
	if !slices.Contains(ran, rule) {
		return nil
	}
	var found []rules.Diagnostic
	for _, a := range f.Args {
		if !graph.IsAutomatic(a.Name) || f.silenced(a.At, rule) {
			continue
		}
		value := "one value"
		if a.Known {
			value = fmt.Sprintf("%q", a.Value)
		}
		consequence, severity := rules.IfReplaced(a.Name, value)
		d := rules.Diagnostic{
			Rule: rule, Severity: severity, Span: a.At,
			Message: fmt.Sprintf("this argument of %q replaces the value that BuildKit gives %s: %s", a.Build, a.Name, consequence),
			Hint:    fmt.Sprintf("leave %s out, and say with platforms what is built for", a.Name),
		}
		if a.Line != nil {
			d.Fix = &rules.Fix{
				Message: "leave the argument out", Safety: rules.Review,
				Why:   []string{"a build without platforms may rely on it"},
				Edits: []dockerfile.Edit{{Span: f.Doc.WithBlankLine(*a.Line)}},
			}
		}
		found = append(found, d)
	}
	slices.SortStableFunc(found, func(a, b rules.Diagnostic) int { return a.Span.Start - b.Span.Start })
	return found
}

// silenced looks for # dfrewrite: ignore=Rule in the comments right above a line,
// and for ignore-file=Rule anywhere.
func (f *File) silenced(at dockerfile.Span, rule *rules.Rule) bool {
	names := func(line []byte, key string) bool {
		_, rest, ok := strings.Cut(string(bytes.TrimSpace(line)), "# dfrewrite: "+key+"=")
		list, _, _ := strings.Cut(rest, " ")
		return ok && slices.ContainsFunc(strings.Split(list, ","), func(n string) bool { return n == "all" || strings.EqualFold(n, rule.Name) })
	}
	for line := range bytes.Lines(f.Doc.Src) {
		if names(line, "ignore-file") {
			return true
		}
	}
	for n := f.Doc.Position(at.Start).Line - 1; n > 0; n-- {
		line := f.Doc.Line(n)
		if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) {
			break
		}
		if names(line, "ignore") {
			return true
		}
	}
	return false
}
