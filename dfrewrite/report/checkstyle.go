package report

import (
	"encoding/xml"
	"io"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/dockerfile"
)

// checkstyle writes the XML of the Java linter Checkstyle, which many tools read.
type checkstyle struct {
	w     io.Writer
	begun bool
}

type checkstyleFile struct {
	XMLName xml.Name          `xml:"file"`
	Name    string            `xml:"name,attr"`
	Errors  []checkstyleError `xml:"error"`
}

type checkstyleError struct {
	Line     int    `xml:"line,attr"`
	Column   int    `xml:"column,attr,omitempty"`
	Severity string `xml:"severity,attr"`
	Message  string `xml:"message,attr"`
	Source   string `xml:"source,attr"`
}

func (c *checkstyle) begin() error {
	if c.begun {
		return nil
	}
	c.begun = true
	_, err := io.WriteString(c.w, xml.Header+"<checkstyle version=\"4.3\">\n")
	return err
}

func (c *checkstyle) write(f checkstyleFile) error {
	if err := c.begin(); err != nil {
		return err
	}
	out, err := xml.MarshalIndent(f, "  ", "  ")
	if err == nil {
		_, err = c.w.Write(append(out, '\n'))
	}
	return err
}

func (c *checkstyle) File(f *dfrewrite.File) error {
	out := checkstyleFile{Name: f.Doc.Name}
	for _, d := range f.Findings {
		p := f.Doc.PositionIn(dockerfile.CodePoints, d.Span.Start)
		out.Errors = append(out.Errors, checkstyleError{p.Line, p.Col, d.Severity.String(), d.Message, "dfrewrite." + d.Rule.Name})
	}
	if out.Errors == nil {
		return nil
	}
	return c.write(out)
}

func (c *checkstyle) Failed(name string, err error) error {
	return c.write(checkstyleFile{Name: name, Errors: []checkstyleError{{Line: lineOf(err), Severity: "error", Message: err.Error(), Source: "dfrewrite"}}})
}

func (c *checkstyle) Close() error {
	if err := c.begin(); err != nil {
		return err
	}
	_, err := io.WriteString(c.w, "</checkstyle>\n")
	return err
}
