package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/rules"
)

// A JSONFinding is one finding in the format json. Lines and columns count from 1,
// columns in characters.
type JSONFinding struct {
	File     string     `json:"file"`
	Start    JSONPlace  `json:"start"`
	End      JSONPlace  `json:"end"`
	Rule     string     `json:"rule"`
	Severity string     `json:"severity"`
	Message  string     `json:"message"`
	Hint     string     `json:"hint,omitempty"`
	Notes    []JSONNote `json:"notes,omitempty"`
	Fix      *JSONFix   `json:"fix,omitempty"`
}

// A JSONPlace is a place in a file. Offset counts bytes from 0.
type JSONPlace struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Offset int `json:"offset"`
}

// A JSONNote is another place that a finding speaks of. File and Line are set where that is in another file.
type JSONNote struct {
	File  string    `json:"file,omitempty"`
	Line  int       `json:"line,omitempty"`
	Start JSONPlace `json:"start"`
	End   JSONPlace `json:"end"`
	Text  string    `json:"text"`
	Way   string    `json:"way,omitempty"`
}

// A JSONFix is what repairs a finding. Safety is "safe" or "review".
type JSONFix struct {
	Message string     `json:"message"`
	Safety  string     `json:"safety"`
	Why     []string   `json:"why,omitempty"`
	Edits   []JSONEdit `json:"edits"`
}

// A JSONEdit replaces what stands from Start to End.
type JSONEdit struct {
	Start JSONPlace `json:"start"`
	End   JSONPlace `json:"end"`
	New   string    `json:"new"`
}

// A JSONError says why a file could not be looked at.
type JSONError struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// jsonReport writes {"findings": […], "errors": […]}.
type jsonReport struct{ jsonStream }

func (j *jsonReport) File(f *dfrewrite.File) error {
	for _, d := range f.Findings {
		if err := j.add(jsonFinding(f.Doc, d)); err != nil {
			return err
		}
	}
	return nil
}

func jsonFinding(doc *dockerfile.Document, d rules.Diagnostic) JSONFinding {
	at := func(offset int) JSONPlace { return jsonPlace(doc, offset) }
	out := JSONFinding{
		File: doc.Name, Start: at(d.Span.Start), End: at(d.Span.End),
		Rule: d.Rule.Name, Severity: d.Severity.String(), Message: d.Message, Hint: d.Hint,
	}
	for _, n := range d.Notes {
		out.Notes = append(out.Notes, JSONNote{n.In.File, n.In.Line, at(n.Span.Start), at(n.Span.End), n.Text, n.Way})
	}
	if d.Fix != nil {
		out.Fix = &JSONFix{Message: d.Fix.Message, Safety: d.Fix.Safety.String(), Why: d.Fix.Why}
		for _, e := range d.Fix.Edits {
			out.Fix.Edits = append(out.Fix.Edits, JSONEdit{at(e.Span.Start), at(e.Span.End), e.New})
		}
	}
	return out
}

func jsonPlace(doc *dockerfile.Document, offset int) JSONPlace {
	p := doc.PositionIn(dockerfile.CodePoints, offset)
	return JSONPlace{p.Line, p.Col, offset}
}

// A jsonStream writes {"NAME": […], "errors": […]}: elements as they come, and what
// went wrong at the end.
type jsonStream struct {
	w        io.Writer
	name     string
	elements *listWriter
	errors   []JSONError
}

func (j *jsonStream) begin() error {
	if j.elements != nil {
		return nil
	}
	j.elements = &listWriter{w: j.w}
	_, err := fmt.Fprintf(j.w, "{%q: [", j.name)
	return err
}

func (j *jsonStream) add(element any) error {
	if err := j.begin(); err != nil {
		return err
	}
	return j.elements.add(encode(element))
}

func (j *jsonStream) Failed(name string, err error) error {
	j.errors = append(j.errors, JSONError{File: name, Line: lineOf(err), Message: err.Error()})
	return nil
}

func (j *jsonStream) Close() error {
	if err := j.begin(); err != nil {
		return err
	}
	if j.errors == nil {
		j.errors = []JSONError{}
	}
	_, err := j.w.Write(append(append([]byte("\n], \"errors\": "), encode(j.errors)...), "}\n"...))
	return err
}

// encode writes a value as indented JSON, with $ and < as they are.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err) // our own types: strings, numbers and lists of them
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
