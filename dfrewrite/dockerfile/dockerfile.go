// Package dockerfile reads a Dockerfile as bytes with meaning.
//
// BuildKit's parser says what the instructions are, but it keeps only line
// numbers and drops comments, quotes and the case of names. A tool that edits a
// file needs to know where every piece stands. A [Document] is the file's bytes
// and, pointing into them, its directives, instructions, heredocs and stages.
// Nothing is copied out and printed back: an edit replaces a byte range and the
// rest of the file stays as it was.
//
// Parse runs BuildKit's parser over the same bytes and checks that both see the
// same instructions with the same text; what BuildKit refuses is refused here,
// with the line. The facts about the format are those of
// github.com/moby/buildkit/frontend/dockerfile/parser.
//
// The parts, a file each: Document and Parse (this file), the line scanner
// (scan.go), words and flags of an instruction (words.go), edits (edit.go).
package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// A Span is a half-open byte range of the file.
type Span struct{ Start, End int }

// Len returns the number of bytes in s.
func (s Span) Len() int { return s.End - s.Start }

// Contains reports whether t lies within s.
func (s Span) Contains(t Span) bool { return s.Start <= t.Start && t.End <= s.End }

// A Document is one parsed Dockerfile.
type Document struct {
	// Name is what messages call the file; it is never opened.
	Name string
	// Src is the file, byte for byte. It must not be modified.
	Src []byte
	// Escape is the escape character in force: a backslash or a backtick.
	Escape byte
	// Pieces tile the file: each byte belongs to exactly one of them.
	Pieces []Piece
	// Instructions are all instructions in order, those before the first FROM
	// included.
	Instructions []*Instruction
	// MetaArgs are the ARG instructions before the first FROM.
	MetaArgs []*Instruction
	// Stages are the build stages in order; there is at least one.
	Stages []*Stage

	lines []int // offset of the first byte of each line
}

// A PieceKind says what a run of whole lines is.
type PieceKind int

// The kinds of pieces. A byte order mark is a piece of its own.
const (
	PieceBOM PieceKind = iota
	PieceDirective
	PieceComment
	PieceBlank
	PieceInstruction
)

// A Piece is a run of whole lines of one kind, line endings included.
type Piece struct {
	Kind PieceKind
	Span Span
}

// An Instruction is one instruction with everything that belongs to it:
// continuation lines, the comments between them, and heredoc bodies.
type Instruction struct {
	// Doc is the file that the instruction stands in.
	Doc *Document
	// Index is the instruction's place in Doc.Instructions.
	Index int
	// Span runs from the keyword to the last byte before the final line ending.
	Span Span
	// Lead covers the comment lines that stand directly over the instruction;
	// it is empty, at the start of the instruction's line, when there are none.
	Lead Span
	// Keyword is where the instruction's name stands.
	Keyword Span
	// Text is the logical line: continuations joined as BuildKit joins them,
	// heredoc bodies not included.
	Text Text
	// Flags are the --name=value words after the keyword.
	Flags []Flag
	// Heredocs are the bodies that follow the logical line, in order.
	Heredocs []Heredoc
	// Node is what BuildKit's parser made of the instruction.
	Node *parser.Node
	// Command is the typed form: *instructions.Stage for FROM,
	// *instructions.ArgCommand, *instructions.RunCommand and so on.
	Command any

	argsAt int // offset in Text of what follows keyword and flags
}

// A Heredoc is a document in an instruction's tail.
type Heredoc struct {
	// Name is the delimiter without quotes.
	Name string
	// Expand says that the delimiter is unquoted, so variables are replaced.
	Expand bool
	// Chomp says that leading tabs are dropped (<<-).
	Chomp bool
	// Body is where the lines between the instruction and the delimiter stand.
	Body Span
}

// A Stage is a FROM and the instructions after it.
type Stage struct {
	// Index counts stages from 0, as COPY --from=0 does.
	Index int
	// From is the FROM instruction.
	From *Instruction
	// Body are the instructions after FROM.
	Body []*Instruction
	// Stage is BuildKit's view: base name, stage name in lower case, platform.
	*instructions.Stage
}

// Kind returns the keyword in upper case: "FROM", "RUN", …
func (in *Instruction) Kind() string { return strings.ToUpper(in.Node.Value) }

// A ParseError says where a file is not a Dockerfile, and why.
type ParseError struct {
	Name string // the file, as given to Parse
	Line int    // from 1; 0 when the whole file is meant
	Err  error  // what is wrong there
}

// maxErrorText bounds what an error repeats of a file, which may hold anything.
const maxErrorText = 200

func (e *ParseError) Error() string {
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(e.Err.Error(), "·"))
	if runes := []rune(text); len(runes) > maxErrorText {
		text = string(runes[:maxErrorText]) + "…"
	}
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Name, text)
	}
	return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, text)
}

func (e *ParseError) Unwrap() error { return e.Err }

// Parse reads src as a Dockerfile. The name is used in messages only. The error
// is a *ParseError.
func Parse(name string, src []byte) (*Document, error) {
	fail := func(err error) (*Document, error) { return nil, parseError(name, err) }

	tree, err := parser.Parse(bytes.NewReader(src))
	if err != nil {
		e := parseError(name, err)
		if countsLinesRead(err) {
			e.Line++
		}
		return nil, e
	}
	d := &Document{Name: name, Src: src, Escape: byte(tree.EscapeToken)}
	if err := d.scan(tree.AST.Children); err != nil {
		return nil, &ParseError{Name: name, Err: err}
	}
	// A linter that says nothing: without one, BuildKit's parser panics at a check
	// comment over an instruction.
	silent := linter.New(&linter.Config{})
	for _, in := range d.Instructions {
		command, err := instructions.ParseInstructionWithLinter(in.Node, silent)
		if err != nil {
			return fail(err)
		}
		in.Command = command
		switch c := command.(type) {
		case *instructions.Stage:
			d.Stages = append(d.Stages, &Stage{Index: len(d.Stages), From: in, Stage: c})
		case *instructions.ArgCommand:
			if len(d.Stages) == 0 {
				d.MetaArgs = append(d.MetaArgs, in)
				continue
			}
			d.addToStage(in)
		default:
			if len(d.Stages) == 0 {
				return nil, &ParseError{Name: name, Line: d.Position(in.Span.Start).Line,
					Err: fmt.Errorf("%s before the first FROM: only ARG may stand there", in.Kind())}
			}
			d.addToStage(in)
		}
	}
	if len(d.Stages) == 0 {
		return nil, &ParseError{Name: name, Err: errors.New("no FROM instruction: this is not a Dockerfile")}
	}
	return d, nil
}

func (d *Document) addToStage(in *Instruction) {
	s := d.Stages[len(d.Stages)-1]
	s.Body = append(s.Body, in)
}

// parseError takes the line out of one of BuildKit's errors.
func parseError(name string, err error) *ParseError {
	e := &ParseError{Name: name, Err: err}
	var located *parser.LocationError
	if errors.As(err, &located) && len(located.Locations) > 0 && len(located.Locations[0]) > 0 {
		e.Line = located.Locations[0][0].Start.Line
	}
	return e
}

// countsLinesRead tells errors that BuildKit's parser locates by the number of
// lines read so far, so that the line that is wrong is the next one.
func countsLinesRead(err error) bool {
	for _, text := range []string{"parser directive can be used", "invalid escape token", "greater than max allowed size"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// A Position is a place as people and editors count it.
type Position struct {
	Line int // from 1
	Col  int // from 1, in bytes; a byte order mark is not counted
}

// Position returns the line and column of a byte offset.
func (d *Document) Position(offset int) Position {
	i := sort.SearchInts(d.lines, offset+1) - 1
	col := offset - d.lines[i]
	if i == 0 && bytes.HasPrefix(d.Src, bom) {
		col = max(col-len(bom), 0)
	}
	return Position{Line: i + 1, Col: col + 1}
}

// Line returns the bytes of a line, counted from 1, without its line ending and
// without a byte order mark.
func (d *Document) Line(n int) []byte {
	s := d.lineSpan(n - 1)
	line := bytes.TrimRight(d.Src[s.Start:s.End], "\r\n")
	if n == 1 {
		line = bytes.TrimPrefix(line, bom)
	}
	return line
}

func (d *Document) lineSpan(i int) Span {
	end := len(d.Src)
	if i+1 < len(d.lines) {
		end = d.lines[i+1]
	}
	return Span{d.lines[i], end}
}

// lineAt returns the span of the line that holds offset, line ending included.
func (d *Document) lineAt(offset int) Span {
	return d.lineSpan(sort.SearchInts(d.lines, offset+1) - 1)
}
