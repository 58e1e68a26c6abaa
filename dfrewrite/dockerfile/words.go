package dockerfile

import (
	"bytes"
	"strings"
	"unicode"
)

// A Flag is one --name=value of an instruction.
type Flag struct {
	// Name is without dashes.
	Name string
	// Value is unquoted; empty when there is no "=".
	Value string
	// Span covers the whole word, quotes included.
	Span Span
	// ValueSpan covers what follows "=", quotes included.
	ValueSpan Span

	textStart int // where it starts in the instruction's Text
}

// A Word is a blank-separated word of an instruction's arguments.
type Word struct {
	// Raw is the word as BuildKit's word splitter sees it, quotes included.
	Raw string
	// Span is where it stands.
	Span Span

	args  *Text // the instruction's arguments, and where the word starts in them
	start int
}

// Part returns where bytes start to end of Raw stand. The word may be split over
// lines, so that is more than an addition.
func (w Word) Part(start, end int) Span { return w.args.Span(w.start+start, w.start+end) }

// Flag returns the flag of that name, or nil. The last one wins, as in BuildKit.
func (in *Instruction) Flag(name string) *Flag {
	for i := len(in.Flags) - 1; i >= 0; i-- {
		if in.Flags[i].Name == name {
			return &in.Flags[i]
		}
	}
	return nil
}

// Args returns the text behind keyword and flags, without blanks around it.
func (in *Instruction) Args() Text {
	b := in.Text.Bytes
	start := in.argsAt + leadingSpace(b[in.argsAt:])
	end := len(bytes.TrimRightFunc(b, unicode.IsSpace))
	return in.Text.Slice(min(start, end), end)
}

// Words splits the arguments at blanks; quotes and the escape character keep a
// word together. It is meant for FROM, ARG, ENV, COPY and ADD in their plain
// forms; JSON forms and shell commands are something else.
func (in *Instruction) Words() []Word {
	args := in.Args()
	var words []Word
	for pos := 0; ; {
		pos += leadingSpace(args.Bytes[pos:])
		if pos == len(args.Bytes) {
			return words
		}
		end := wordEnd(args.Bytes, pos, in.Doc.Escape)
		words = append(words, Word{string(args.Bytes[pos:end]), args.Span(pos, end), &args, pos})
		pos = end
	}
}

// isBlank is true for the blanks that end a flag. BuildKit's splitter looks at
// bytes as if they were Latin-1, so 0x85 and 0xA0 count.
func isBlank(b byte) bool { return unicode.IsSpace(rune(b)) }

// wordEnd returns where the word that starts at pos ends.
func wordEnd(b []byte, pos int, escape byte) int {
	var quote byte
	for ; pos < len(b); pos++ {
		switch c := b[pos]; {
		case c == escape && quote != '\'':
			pos++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == ' ' || '\t' <= c && c <= '\r':
			return pos
		}
	}
	return min(pos, len(b))
}

// splitHead finds keyword and flags in the logical line.
func (in *Instruction) splitHead() {
	b := bytes.TrimRightFunc(in.Text.Bytes, unicode.IsSpace)
	start := leadingSpace(b)
	end := start
	for end < len(b) && !strings.ContainsRune("\t\v\f\r ", rune(b[end])) {
		end++
	}
	in.Keyword = in.Text.Span(start, end)
	in.Span.Start = in.Keyword.Start

	// The same state machine as BuildKit's: flags come first, "--" ends them.
	pos := end
	for {
		for pos < len(b) && isBlank(b[pos]) {
			pos++
		}
		if !bytes.HasPrefix(b[pos:], []byte("--")) {
			break
		}
		end := flagEnd(b, pos, in.Doc.Escape)
		raw := string(b[pos:end])
		if unquote(raw, in.Doc.Escape) == "--" { // quotes may stand behind it
			pos = end
			break
		}
		f := Flag{Span: in.Text.Span(pos, end), textStart: pos}
		name, value, hasValue := strings.Cut(raw, "=")
		f.Name = strings.TrimPrefix(name, "--")
		if hasValue {
			f.ValueSpan = in.Text.Span(pos+len(name)+1, end)
			f.Value = unquote(value, in.Doc.Escape)
		}
		in.Flags = append(in.Flags, f)
		pos = end
	}
	in.argsAt = pos
}

// flagEnd is wordEnd for flags, where the escape character also works between
// single quotes.
func flagEnd(b []byte, pos int, escape byte) int {
	var quote byte
	for ; pos < len(b); pos++ {
		switch c := b[pos]; {
		case c == escape:
			pos++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case isBlank(c):
			return pos
		}
	}
	return min(pos, len(b))
}

// unquote removes quotes and escape characters from a flag. Bytes become runes
// one by one, as in BuildKit's splitter.
func unquote(s string, escape byte) string {
	var out strings.Builder
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == escape:
			if i++; i < len(s) {
				out.WriteRune(rune(s[i]))
			}
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote && quote != 0:
			quote = 0
		default:
			out.WriteRune(rune(c))
		}
	}
	return out.String()
}
