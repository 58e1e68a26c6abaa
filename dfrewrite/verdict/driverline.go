package verdict

import (
	"fmt"
	"strings"
)

// A Line is what a program of the stage gives the shell to run, out of a file of the build context.
type Line struct {
	Text string
	At   Where
}

// A Where is a place in a file of the build context.
type Where struct {
	// File is its path in the context, and Line counts from 1; 0 stands for the whole file.
	File string
	Line int
	// Given says, for messages, what is set for the line elsewhere: "GOFLAGS=-race of Makefile:3"; empty if nothing is.
	Given string
}

func (w Where) String() string {
	if w.Line == 0 {
		return w.File
	}
	return fmt.Sprintf("%s:%d", w.File, w.Line)
}

// Where returns where the command of a step stands that was judged from a [Line]; false for one of the Dockerfile itself.
func (p *Ledger) Where(s *Step) (Where, bool) {
	at, ok := p.Lines[s.In]
	if ok && at.Line > 0 {
		// The first line of the instruction is the RUN that was put around the text.
		if lines := strings.Count(string(s.In.Doc.Src[s.In.Span.Start:s.Span.Start]), "\n"); lines > 1 {
			at.Line += lines - 1
		}
	}
	return at, ok
}
