package report

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/dockerfile"
)

// A Reporter shows the findings of files, one file after the other, and keeps none
// of them.
type Reporter interface {
	// File shows the findings of a file.
	File(f *dfrewrite.File) error
	// Failed shows why a file could not be looked at.
	Failed(name string, err error) error
	// Close writes what comes at the end.
	Close() error
}

// Formats are the names of the formats that New knows.
var Formats = []string{"text", "json", "sarif", "github", "checkstyle"}

// ErrFormat is wrapped by New's error about a name that it does not know.
var ErrFormat = errors.New("no such format")

// New returns a Reporter that writes to w: "text" for people, "json" for scripts,
// "sarif" (2.1.0) for code scanning, "github" for annotations in a workflow's log,
// "checkstyle" for what else reads reports. The version is that of dfrewrite. In
// text, failures are left to standard error.
func New(format string, w io.Writer, s Style, version string) (Reporter, error) {
	switch format {
	case "text":
		return &text{w, s}, nil
	case "json":
		return &jsonReport{jsonStream{w: w, name: "findings"}}, nil
	case "sarif":
		return &sarif{w: w, version: version}, nil
	case "github":
		return &github{w}, nil
	case "checkstyle":
		return &checkstyle{w: w}, nil
	}
	return nil, fmt.Errorf("%w: %q; it is one of %s", ErrFormat, format, strings.Join(Formats, ", "))
}

// text is the format for people.
type text struct {
	w     io.Writer
	style Style
}

func (t *text) File(f *dfrewrite.File) error { return Findings(t.w, f, t.style) }
func (t *text) Failed(string, error) error   { return nil }
func (t *text) Close() error                 { return nil }

// lineOf returns the line that an error is about, or 1.
func lineOf(err error) int {
	var e *dockerfile.ParseError
	if errors.As(err, &e) && e.Line > 0 {
		return e.Line
	}
	return 1
}

// A listWriter writes the elements of a JSON array one by one.
type listWriter struct {
	w     io.Writer
	begun bool
}

func (l *listWriter) add(element []byte) error {
	sep := ",\n"
	if !l.begun {
		sep, l.begun = "\n", true
	}
	_, err := l.w.Write(slices.Concat([]byte(sep), element))
	return err
}
