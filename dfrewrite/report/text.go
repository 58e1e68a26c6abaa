// Package report shows findings and changes: text for people with the place
// marked, unified diffs (diff.go), formats for other programs, a file each, what a rewrite
// decided and why (explain.go), what became of many files (summary.go), and pictures of
// how stages hang together (graph.go, svg.go).
package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/rules"
)

// A Style is how text looks.
type Style struct {
	// Color adds ANSI colours.
	Color bool
}

const (
	bold   = "1"
	red    = "1;31"
	yellow = "1;33"
	cyan   = "1;36"
	green  = "32"
	plain  = "31"
)

func (s Style) paint(color, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

var severityColor = map[rules.Severity]string{rules.Error: red, rules.Warning: yellow, rules.Info: cyan}

// Findings writes every finding of a file: place, message and rule, the line
// with the place marked, what stands in a fix's way, and what to do.
func Findings(w io.Writer, f *dfrewrite.File, s Style) error {
	var b bytes.Buffer
	for _, d := range f.Findings {
		finding(&b, f.Doc, d, s)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func finding(b *bytes.Buffer, doc *dockerfile.Document, d rules.Diagnostic, s Style) {
	fmt.Fprintf(b, "%s %s %s %s\n",
		s.paint(bold, place(doc, d.Span)+":"), s.paint(severityColor[d.Severity], d.Severity.String()+":"), d.Message, s.paint(cyan, "["+d.Rule.Name+"]"))
	excerpt(b, doc, d.Span, s)
	for _, n := range d.Notes {
		at := place(doc, n.Span)
		if n.In.File != "" {
			at = fmt.Sprintf("%s:%d", n.In.File, n.In.Line)
		}
		fmt.Fprintf(b, "  note: %s: %s\n", at, n.Text)
		if n.Way != "" {
			fmt.Fprintf(b, "        %s\n", n.Way)
		}
	}
	switch {
	case d.Fix == nil && d.Hint != "":
		fmt.Fprintf(b, "  %s %s\n", s.paint(cyan, "hint:"), d.Hint)
	case d.Fix != nil && d.Fix.Safety == rules.Safe:
		fmt.Fprintf(b, "  %s %s (dfrewrite rewrite)\n", s.paint(cyan, "fix:"), d.Fix.Message)
	case d.Fix != nil:
		fmt.Fprintf(b, "  %s %s (dfrewrite rewrite --unsafe)\n", s.paint(cyan, "fix:"), d.Fix.Message)
		for _, why := range d.Fix.Why {
			fmt.Fprintf(b, "        read it first: %s\n", why)
		}
	}
}

// place writes file:line:column.
func place(doc *dockerfile.Document, span dockerfile.Span) string {
	p := doc.Position(span.Start)
	return fmt.Sprintf("%s:%d:%d", doc.Name, p.Line, p.Col)
}

// maxExcerpt is how much of a line is shown.
const maxExcerpt = 160

// excerpt writes the first line of a span with carets under it.
func excerpt(b *bytes.Buffer, doc *dockerfile.Document, span dockerfile.Span, s Style) {
	p := doc.Position(span.Start)
	line := doc.Line(p.Line)
	start := min(p.Col-1, len(line))
	end := min(start+max(span.Len(), 1), len(line))
	if len(line) > maxExcerpt {
		line = append(bytes.Clone(line[:maxExcerpt]), "…"...)
		start, end = min(start, maxExcerpt), min(end, maxExcerpt)
	}
	number := fmt.Sprintf("%5d", p.Line)
	fmt.Fprintf(b, "%s | %s\n", number, printable(line))
	marks := strings.Repeat("^", max(len([]rune(printable(line[start:end]))), 1))
	fmt.Fprintf(b, "%s | %s%s\n", strings.Repeat(" ", len(number)), blank(line[:start]), s.paint(green, marks))
}

// printable keeps control characters out of the terminal.
func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return '·'
		}
		return r
	}, string(bytes.ToValidUTF8(b, []byte("·"))))
}

// blank is as wide as b, with tabs kept.
func blank(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return '\t'
		}
		return ' '
	}, printable(b))
}
