package main

import (
	"bytes"
	"testing"
	"time"
)

// TestProgress steps through a run: nothing is shown at first, then how far it is, and what is shown is
// taken away again. Without a terminal nothing is.
func TestProgress(t *testing.T) {
	var b bytes.Buffer
	p := &program{stderr: &b}
	g := p.progress(3)
	g.step()
	if g.w != nil || b.Len() > 0 {
		t.Fatalf("shown without a terminal: %q", b.String())
	}
	g = p.progress(3)
	g.w = &b
	g.step()
	g.clear()
	if b.Len() > 0 {
		t.Fatalf("shown in the first second: %q", b.String())
	}
	g.last = g.last.Add(-progressAfter)
	g.step()
	g.step() // at once, so nothing new
	if got := b.String(); got != "\r2 of 3 files\x1b[K" {
		t.Errorf("shown: %q", got)
	}
	b.Reset()
	g.clear()
	g.clear()
	if got := b.String(); got != "\r\x1b[K" {
		t.Errorf("cleared: %q", got)
	}
	g.last = time.Time{}
	g.step()
	if got := b.String(); got != "\r\x1b[K\r4 of 3 files\x1b[K" {
		t.Errorf("shown again: %q", got)
	}
}
