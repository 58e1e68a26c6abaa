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
	started := time.Now()
	g = p.progress(3)
	g.w = &b
	if first := g.last.Add(progressEvery); first.Before(started.Add(progressAfter)) {
		t.Fatalf("shown after %s", first.Sub(started))
	}
	later := time.Now().Add(time.Hour) // the test may take longer than a second
	g.last = later
	g.step()
	g.clear()
	if b.Len() > 0 {
		t.Fatalf("shown too early: %q", b.String())
	}
	g.last = g.last.Add(-2 * time.Hour)
	g.step()
	g.last = later
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
