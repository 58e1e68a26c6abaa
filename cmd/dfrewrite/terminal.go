package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"xxkit/dfrewrite/report"
)

// isTerminal reports whether what is written to w is for a person to see.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// styleOf uses colour on a terminal, unless NO_COLOR is set (no-color.org).
func styleOf(w io.Writer) report.Style {
	return report.Style{Color: os.Getenv("NO_COLOR") == "" && isTerminal(w)}
}

// When progress is first shown, and how often it is renewed.
const (
	progressAfter = time.Second
	progressEvery = 100 * time.Millisecond
)

// progress shows on a terminal how far a long run has come.
type progress struct {
	w     io.Writer // nil: not shown
	total int
	done  int
	last  time.Time
	shown bool
}

func (p *program) progress(total int) *progress {
	g := &progress{total: total, last: time.Now().Add(progressAfter - progressEvery)}
	if isTerminal(p.stderr) {
		g.w = p.stderr
	}
	return g
}

// clear takes the line away, for something else to be written.
func (g *progress) clear() {
	if g.shown {
		fmt.Fprint(g.w, "\r\x1b[K")
		g.shown = false
	}
}

// step counts a file.
func (g *progress) step() {
	g.done++
	if now := time.Now(); g.w != nil && now.Sub(g.last) >= progressEvery {
		g.last = now
		fmt.Fprintf(g.w, "\r%d of %d files\x1b[K", g.done, g.total)
		g.shown = true
	}
}
