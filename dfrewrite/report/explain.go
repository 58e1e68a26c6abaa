package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// An Explainer shows what was decided about files, one file after the other.
type Explainer interface {
	// File shows what was decided about a file.
	File(e *dfrewrite.Explanation) error
	// Failed shows why a file could not be looked at.
	Failed(name string, err error) error
	// Close writes what comes at the end.
	Close() error
}

// ExplainFormats are the names of the formats that NewExplainer knows.
var ExplainFormats = []string{"text", "json"}

// NewExplainer returns an Explainer that writes to w: "text" for people, "json" for
// scripts. In text, failures are left to standard error.
func NewExplainer(format string, w io.Writer, s Style) (Explainer, error) {
	switch format {
	case "text":
		return &explainedText{w, s}, nil
	case "json":
		return &explainedJSON{jsonStream{w: w, name: "files"}}, nil
	}
	return nil, fmt.Errorf("%w: %q; an explanation is one of %s", ErrFormat, format, strings.Join(ExplainFormats, ", "))
}

type explainedText struct {
	w     io.Writer
	style Style
}

func (t *explainedText) Failed(string, error) error { return nil }
func (t *explainedText) Close() error               { return nil }

var decisionColor = map[dfrewrite.Decision]string{dfrewrite.Moves: green, dfrewrite.Held: yellow, dfrewrite.Refused: red}

var verdictColor = map[verdict.Verdict]string{verdict.Convert: green, verdict.Block: red}

var stateColor = map[dfrewrite.FindingState]string{dfrewrite.FixMade: green, dfrewrite.FixHeld: yellow, dfrewrite.NoFix: red}

func (t *explainedText) File(e *dfrewrite.Explanation) error {
	var b bytes.Buffer
	for i := range e.Stages {
		t.stage(&b, e, &e.Stages[i])
	}
	for _, f := range e.Findings {
		fmt.Fprintf(&b, "%s %s %s %s\n", t.style.paint(bold, lineIn(e.Doc, f.At)+":"), t.style.paint(stateColor[f.State], string(f.State)+":"),
			printable([]byte(said(f))), t.style.paint(cyan, "["+f.Rule.Name+"]"))
		if f.State == dfrewrite.FixHeld {
			for _, why := range f.Fix.Why {
				fmt.Fprintf(&b, "  read it first: %s\n", printable([]byte(why)))
			}
		}
	}
	if b.Len() == 0 {
		fmt.Fprintf(&b, "%s nothing to do\n", t.style.paint(bold, e.Doc.Name+":"))
	}
	_, err := t.w.Write(b.Bytes())
	return err
}

// said is what a finding's fix does, or what was found if there is none.
func said(f dfrewrite.FindingExplanation) string {
	if f.Fix != nil {
		return f.Fix.Message
	}
	return f.Message
}

func (t *explainedText) stage(b *bytes.Buffer, e *dfrewrite.Explanation, s *dfrewrite.StageExplanation) {
	title := s.Stage.Title()
	if s.Stage.Name != "" {
		title = "stage " + title
	}
	if s.Stage.Delivered() {
		title += " (final)"
	}
	where := placeText(s.Stage.Place, s.Emulated(false))
	if s.After != s.Stage.Place {
		where += " → " + placeText(s.After, s.Emulated(true))
	}
	fmt.Fprintf(b, "%s %s %s: %s\n", t.style.paint(bold, lineIn(e.Doc, s.Stage.From.Span)+":"), printable([]byte(title)),
		t.style.paint(decisionColor[s.Decision], string(s.Decision)), where)
	fmt.Fprintf(b, "  %s\n", s.Why)
	for _, r := range s.Reviews {
		fmt.Fprintf(b, "  read it first: %s\n", printable([]byte(r)))
	}
	for _, c := range s.Commands {
		if s.Decision == dfrewrite.Stays && s.Stage.Place != graph.Build {
			fmt.Fprintf(b, "  %s runs    %s\n", lineIn(e.Doc, c.Span)+":", oneLine(e.Doc, c.Span))
			if c.Span == c.In.Span { // no command in it can be read
				fmt.Fprintf(b, "      %s\n", printable([]byte(c.Reason)))
			}
			continue
		}
		t.command(b, e.Doc, c)
	}
	for _, c := range s.Blocks {
		t.command(b, e.Doc, c)
	}
}

func (t *explainedText) command(b *bytes.Buffer, doc *dockerfile.Document, c verdict.Step) {
	verdict := fmt.Sprintf("%-7s", c.Verdict)
	fmt.Fprintf(b, "  %s %s %s\n", lineIn(doc, c.Span)+":", t.style.paint(verdictColor[c.Verdict], verdict), oneLine(doc, c.Span))
	reason := c.Reason
	if c.Recipe != "" {
		reason += " (" + c.Recipe + ")"
	}
	fmt.Fprintf(b, "      %s\n", printable([]byte(reason)))
	if c.Way != "" {
		fmt.Fprintf(b, "      %s %s\n", t.style.paint(cyan, "hint:"), printable([]byte(c.Way)))
	}
}

func placeText(p graph.Place, emulated bool) string {
	if p == graph.Target && emulated {
		return emulatedText
	}
	return p.String()
}

// lineIn writes file:line.
func lineIn(doc *dockerfile.Document, span dockerfile.Span) string {
	return fmt.Sprintf("%s:%d", doc.Name, doc.Position(span.Start).Line)
}

// maxCommand is how much of a command is shown.
const maxCommand = 100

// oneLine writes a command on one line: continuations, and comments between them, are
// left out.
func oneLine(doc *dockerfile.Document, span dockerfile.Span) string {
	var words []string
	for i, line := range strings.Split(string(doc.Src[span.Start:span.End]), "\n") {
		line = strings.TrimSpace(line)
		if i > 0 && strings.HasPrefix(line, "#") {
			continue
		}
		words = append(words, strings.Fields(strings.TrimSuffix(line, string(rune(doc.Escape))))...)
	}
	text := []rune(printable([]byte(strings.Join(words, " "))))
	if len(text) > maxCommand {
		return string(text[:maxCommand-1]) + "…"
	}
	return string(text)
}
