package dockerfile

import (
	"bytes"
	"fmt"
	"unicode"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

var bom = []byte{0xEF, 0xBB, 0xBF}

// Text is a piece of text put together from parts of the file, which remembers
// where each of its bytes stands. It is what BuildKit, or the shell, gets to
// see; its offsets lead back to the file.
type Text struct {
	// Bytes is the text.
	Bytes []byte

	parts []part
}

// part says that the text from byte at on stands in the file from byte file on.
type part struct{ at, file int }

func (t *Text) add(src []byte, s Span) {
	if s.Len() == 0 {
		return
	}
	t.parts = append(t.parts, part{len(t.Bytes), s.Start})
	t.Bytes = append(t.Bytes, src[s.Start:s.End]...)
}

// Offset returns where byte i of the text stands in the file.
func (t *Text) Offset(i int) int {
	lo, hi := 0, len(t.parts)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; t.parts[mid].at <= i {
			lo = mid
		} else {
			hi = mid
		}
	}
	if len(t.parts) == 0 {
		return 0
	}
	return t.parts[lo].file + i - t.parts[lo].at
}

// Span returns where bytes start to end of the text stand in the file. The span
// ends right behind the last byte, also where that byte ends a line.
func (t *Text) Span(start, end int) Span {
	if end <= start {
		at := t.Offset(start)
		return Span{at, at}
	}
	return Span{t.Offset(start), t.Offset(end-1) + 1}
}

// Slice returns the part of the text from start to end, with its places.
func (t *Text) Slice(start, end int) Text {
	out := Text{Bytes: t.Bytes[start:end]}
	for i, p := range t.parts {
		next := len(t.Bytes)
		if i+1 < len(t.parts) {
			next = t.parts[i+1].at
		}
		from, to := max(p.at, start), min(next, end)
		if from < to {
			out.parts = append(out.parts, part{from - start, p.file + from - p.at})
		}
	}
	return out
}

// Append adds bytes of the file to the end of the text.
func (t Text) Append(d *Document, s Span) Text {
	out := Text{Bytes: bytes.Clone(t.Bytes), parts: append([]part(nil), t.parts...)}
	out.add(d.Src, s)
	return out
}

// scan finds lines, pieces and instructions, following BuildKit's parser step by
// step, and pairs each instruction with the parser's node. A disagreement is a
// bug here (or a change there) and is reported rather than worked around.
func (d *Document) scan(nodes []*parser.Node) error {
	d.findLines()
	var directives parser.DirectiveParser
	lead := -1 // start of the comment block right above, or -1
	for n := 0; n < len(d.lines); n++ {
		span := d.lineSpan(n)
		if n == 0 && bytes.HasPrefix(d.Src, bom) {
			d.Pieces = append(d.Pieces, Piece{PieceBOM, Span{0, len(bom)}})
			span.Start += len(bom)
			if span.Len() == 0 {
				continue
			}
		}
		text := d.text(span)
		text.Start += leadingSpace(d.Src[text.Start:text.End])
		directive, err := directives.ParseLine(d.Src[text.Start:text.End])
		if err != nil {
			return err
		}
		switch {
		case directive != nil:
			d.Pieces = append(d.Pieces, Piece{PieceDirective, span})
			lead = -1
			continue
		case text.Len() == 0:
			d.Pieces = append(d.Pieces, Piece{PieceBlank, span})
			lead = -1
			continue
		case d.Src[text.Start] == '#':
			d.Pieces = append(d.Pieces, Piece{PieceComment, span})
			if lead < 0 {
				lead = span.Start
			}
			continue
		}

		if len(d.Instructions) == len(nodes) {
			return fmt.Errorf("internal error: line %d: an instruction that BuildKit does not see", n+1)
		}
		node := nodes[len(d.Instructions)]
		in := &Instruction{Doc: d, Index: len(d.Instructions), Node: node}
		first := n
		n = d.scanLogicalLine(in, n, text)
		n, err = d.scanHeredocs(in, n)
		if err != nil {
			return err
		}
		if string(in.Text.Bytes) != node.Original || node.StartLine != first+1 || node.EndLine != n+1 {
			return fmt.Errorf("internal error: lines %d-%d: BuildKit reads them as lines %d-%d, %.60q",
				first+1, n+1, node.StartLine, node.EndLine, node.Original)
		}
		end := d.lineSpan(n)
		in.Span.End = d.text(end).End
		in.Lead = Span{span.Start, span.Start}
		if lead >= 0 {
			in.Lead.Start = lead
		}
		lead = -1
		in.splitHead()
		d.Pieces = append(d.Pieces, Piece{PieceInstruction, Span{span.Start, end.End}})
		d.Instructions = append(d.Instructions, in)
	}
	if len(d.Instructions) != len(nodes) {
		return fmt.Errorf("internal error: %d instructions here, %d in BuildKit", len(d.Instructions), len(nodes))
	}
	return nil
}

// text cuts the line ending off a line.
func (d *Document) text(line Span) Span {
	line.End = line.Start + len(bytes.TrimRight(d.Src[line.Start:line.End], "\r\n"))
	return line
}

func leadingSpace(b []byte) int { return len(b) - len(bytes.TrimLeftFunc(b, unicode.IsSpace)) }

// scanLogicalLine joins the lines of an instruction that starts on line n, whose
// text without leading blanks is given, and returns the last line.
func (d *Document) scanLogicalLine(in *Instruction, n int, text Span) int {
	in.Span.Start = text.Start
	rest, more := d.trimContinuation(text)
	in.Text.add(d.Src, rest)
	for more && n+1 < len(d.lines) {
		n++
		line := d.text(d.lineSpan(n))
		trimmed := bytes.TrimLeftFunc(d.Src[line.Start:line.End], unicode.IsSpace)
		if len(trimmed) == 0 || trimmed[0] == '#' {
			continue
		}
		rest, more = d.trimContinuation(line)
		in.Text.add(d.Src, rest)
	}
	return n
}

// trimContinuation cuts a continuation off the end of a line, as BuildKit does:
// the escape character, blanks allowed behind it, unless another one stands
// before it.
func (d *Document) trimContinuation(line Span) (Span, bool) {
	b := bytes.TrimRight(d.Src[line.Start:line.End], " \t")
	last := len(b) - 1
	if last < 0 || b[last] != d.Escape || last > 0 && b[last-1] == d.Escape {
		return line, false
	}
	return Span{line.Start, line.Start + last}, true
}

func (d *Document) scanHeredocs(in *Instruction, n int) (int, error) {
	for _, h := range in.Node.Heredocs {
		doc := Heredoc{Name: h.Name, Expand: h.Expand, Chomp: h.Chomp}
		doc.Body.Start = d.lineSpan(n).End
		for {
			n++
			if n >= len(d.lines) {
				return n, fmt.Errorf("internal error: heredoc %s has no end", h.Name)
			}
			span := d.text(d.lineSpan(n))
			line := d.Src[span.Start:span.End]
			if h.Chomp {
				line = bytes.TrimLeft(line, "\t")
			}
			if string(line) == h.Name {
				break
			}
		}
		doc.Body.End = d.lineSpan(n).Start
		in.Heredocs = append(in.Heredocs, doc)
	}
	return n, nil
}
