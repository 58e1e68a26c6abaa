package report

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
)

// TestLineEdits compares the edits between random texts of few different lines with the length of what they have in common.
func TestLineEdits(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	text := func() string {
		var b strings.Builder
		for range r.Intn(12) {
			b.WriteString([]string{"a\n", "b\n", "\n", "c\r\n"}[r.Intn(4)])
		}
		if r.Intn(4) == 0 {
			b.WriteString("a")
		}
		return b.String()
	}
	for range 5000 {
		before, after := text(), text()
		edits := lineEdits(before, after)
		if got, err := udiff.Apply(before, edits); err != nil || got != after {
			t.Fatalf("%q to %q: %v leads to %q, %v", before, after, edits, got, err)
		}
		a, b := splitLines(before), splitLines(after)
		changes := 0
		for _, e := range edits {
			changes += len(splitLines(before[e.Start:e.End])) + len(splitLines(e.New))
		}
		if want := len(a) + len(b) - 2*common(a, b); changes != want {
			t.Fatalf("%q to %q: %d lines go and come with %v, want %d", before, after, changes, edits, want)
		}
	}
}

// common is how many lines two texts have in common, in the same order.
func common(a, b []string) int {
	switch {
	case len(a) == 0 || len(b) == 0:
		return 0
	case a[0] == b[0]:
		return 1 + common(a[1:], b[1:])
	}
	return max(common(a[1:], b), common(a, b[1:]))
}

// TestManyChanges has more of them than the shortest diff is looked for.
func TestManyChanges(t *testing.T) {
	before, after := strings.Repeat("a\n", maxChanges+1), strings.Repeat("b\n", maxChanges)
	if got, err := udiff.Apply(before, lineEdits(before, after)); err != nil || got != after {
		t.Error("it leads elsewhere")
	}
}
