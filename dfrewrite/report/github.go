package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/rules"
)

// github writes the workflow commands that GitHub shows as annotations on the
// lines of a pull request.
type github struct{ w io.Writer }

var githubCommand = map[rules.Severity]string{rules.Error: "error", rules.Warning: "warning", rules.Info: "notice"}

// What may not stand in a workflow command's message, and in its properties, as in
// github.com/actions/toolkit/packages/core/src/command.ts.
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func (g *github) File(f *dfrewrite.File) error {
	var b strings.Builder
	for _, d := range f.Findings {
		start, end := f.Doc.PositionIn(dockerfile.CodePoints, d.Span.Start), f.Doc.PositionIn(dockerfile.CodePoints, d.Span.End)
		place := fmt.Sprintf("line=%d,endLine=%d", start.Line, end.Line)
		if start.Line == end.Line { // columns are for one line only
			place += fmt.Sprintf(",col=%d,endColumn=%d", start.Col, end.Col)
		}
		message := d.Message
		for _, n := range d.Notes {
			at := fmt.Sprintf("line %d", f.Doc.Position(n.Span.Start).Line)
			if n.In.File != "" {
				at = fmt.Sprintf("%s:%d", n.In.File, n.In.Line)
			}
			message += fmt.Sprintf("\n%s: %s", at, n.Text)
			if n.Way != "" {
				message += ": " + n.Way
			}
		}
		switch {
		case d.Fix != nil:
			message += "\nfix: " + fixText(d.Fix)
		case d.Hint != "":
			message += "\nhint: " + d.Hint
		}
		fmt.Fprintf(&b, "::%s file=%s,%s,title=%s::%s\n", githubCommand[d.Severity],
			githubProperty.Replace(filepath.ToSlash(f.Doc.Name)), place, githubProperty.Replace(d.Rule.Name), githubData.Replace(message))
	}
	_, err := io.WriteString(g.w, b.String())
	return err
}

func (g *github) Failed(name string, err error) error {
	_, err = fmt.Fprintf(g.w, "::error file=%s,line=%d,title=dfrewrite::%s\n", githubProperty.Replace(filepath.ToSlash(name)), lineOf(err), githubData.Replace(err.Error()))
	return err
}

func (g *github) Close() error { return nil }
