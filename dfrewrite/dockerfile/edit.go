package dockerfile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// An Edit replaces the bytes of a span. An empty span inserts.
type Edit struct {
	Span Span
	New  string
}

// Apply returns a copy of src with the edits made. Edits may come in any order;
// insertions at the same place keep theirs, and the same edit given twice is made
// once. Edits that overlap are an error, and nothing is changed then: which one
// was meant is not for this function to say.
func Apply(src []byte, edits []Edit) ([]byte, error) {
	var out bytes.Buffer
	at := 0
	for _, e := range Ordered(edits) {
		if e.Span.Start < 0 || e.Span.End > len(src) || e.Span.Start > e.Span.End {
			return nil, fmt.Errorf("edit of bytes %d to %d of a file of %d bytes", e.Span.Start, e.Span.End, len(src))
		}
		if e.Span.Start < at {
			return nil, fmt.Errorf("edits overlap at byte %d: %q", e.Span.Start, e.New)
		}
		out.Write(src[at:e.Span.Start])
		out.WriteString(e.New)
		at = e.Span.End
	}
	out.Write(src[at:])
	return out.Bytes(), nil
}

// Ordered returns edits in the order in which they are made, each of them once: by
// where they start, insertions at a place in the order given and in front of what is
// replaced there.
func Ordered(edits []Edit) []Edit {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int {
		if a.Span.Start != b.Span.Start {
			return a.Span.Start - b.Span.Start
		}
		return min(a.Span.Len(), 1) - min(b.Span.Len(), 1)
	})
	var out []Edit
	sameStart := 0
	for _, e := range sorted {
		if len(out) > 0 && out[sameStart].Span.Start != e.Span.Start {
			sameStart = len(out)
		}
		if !slices.Contains(out[sameStart:], e) {
			out = append(out, e)
		}
	}
	return out
}

// LinesBefore inserts whole lines over an instruction and over the comments that
// belong to it, with the instruction's indentation and line ending.
func (in *Instruction) LinesBefore(lines ...string) Edit {
	d := in.Doc
	return Edit{Span{in.Lead.Start, in.Lead.Start}, in.joinLines(lines, d.lineEnding(in.Lead.Start))}
}

// LinesAfter inserts whole lines right below an instruction.
func (in *Instruction) LinesAfter(lines ...string) Edit {
	d := in.Doc
	line := d.lineAt(max(in.Span.End-1, in.Span.Start))
	eol := d.lineEnding(in.Span.Start)
	new := in.joinLines(lines, eol)
	if !bytes.HasSuffix(d.Src[line.Start:line.End], []byte("\n")) {
		// The last line of the file has no line ending, and keeps it that way.
		new = eol + strings.TrimSuffix(new, eol)
	}
	return Edit{Span{line.End, line.End}, new}
}

// joinLines writes instructions like in: with its indentation, and in lower case
// where it is.
func (in *Instruction) joinLines(lines []string, eol string) string {
	indent, keyword := in.indent(), in.Node.Original[:len(in.Node.Value)]
	var b strings.Builder
	for _, l := range lines {
		if l != "" {
			if keyword == strings.ToLower(keyword) {
				name, rest, _ := strings.Cut(l, " ")
				l = strings.ToLower(name) + " " + strings.Replace(rest, " AS ", " as ", 1)
			}
			l = indent + l
		}
		b.WriteString(l + eol)
	}
	return b.String()
}

// indent returns the blanks before the instruction's keyword.
func (in *Instruction) indent() string {
	line := in.Doc.lineAt(in.Keyword.Start)
	text := bytes.TrimPrefix(in.Doc.Src[line.Start:in.Keyword.Start], bom)
	if leadingSpace(text) != len(text) {
		return ""
	}
	return string(text)
}

// lineEnding returns the line ending of the line at offset; for a last line that
// has none, the one of the line before.
func (d *Document) lineEnding(offset int) string {
	line := d.lineAt(offset)
	if line.End == len(d.Src) && !bytes.HasSuffix(d.Src, []byte("\n")) && line.Start > 0 {
		line = d.lineAt(line.Start - 1)
	}
	if bytes.HasSuffix(d.Src[line.Start:line.End], []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// LineStart returns where the first line of an instruction starts.
func (in *Instruction) LineStart() int { return in.Doc.lineAt(in.Span.Start).Start }

// LinesEnd returns where the last line of an instruction ends, its line ending
// included.
func (in *Instruction) LinesEnd() int {
	return in.Doc.lineAt(max(in.Span.End-1, in.Span.Start)).End
}

// WithBlankLine adds to lines that are to be deleted the blank line below them, if there is one above them, too: of two
// that are left next to each other one would be too many.
func (d *Document) WithBlankLine(lines Span) Span {
	blank := func(line Span) bool { return len(bytes.TrimSpace(d.Src[line.Start:line.End])) == 0 }
	if lines.Start == 0 || lines.End == len(d.Src) || !blank(d.lineAt(lines.Start-1)) {
		return lines
	}
	if below := d.lineAt(lines.End); blank(below) {
		lines.End = below.End
	}
	return lines
}

// WithoutFlag removes a flag and the blanks behind it. Those in front stay: a byte that
// ends a flag need not end the keyword.
func (in *Instruction) WithoutFlag(f *Flag) Edit {
	s, src := f.Span, in.Doc.Src
	for s.End < len(src) && isBlank(src[s.End]) && src[s.End] != '\n' && src[s.End] != '\r' {
		s.End++
	}
	return Edit{Span: s}
}
