package report

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// diffContext is how many lines that stay are shown around a change, as diff and git do.
const diffContext = 3

// Diff writes what changes in a file as a unified diff, the shortest there is.
func Diff(w io.Writer, name string, before, after []byte, s Style) error {
	name = strings.TrimLeft(name, "/") // as git does, so that patch -p1 takes it
	old := string(before)
	out, err := udiff.ToUnified("a/"+name, "b/"+name, old, lineEdits(old, string(after)), diffContext)
	if err != nil || out == "" {
		return err
	}
	out = "diff a/" + name + " b/" + name + "\n" + out
	if !s.Color {
		_, err := io.WriteString(w, out)
		return err
	}
	var b bytes.Buffer
	for _, line := range strings.SplitAfter(out, "\n") {
		text := strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"), strings.HasPrefix(line, "diff "):
			text = s.paint(bold, text)
		case strings.HasPrefix(line, "@@"):
			text = s.paint(cyan, text)
		case strings.HasPrefix(line, "+"):
			text = s.paint(green, text)
		case strings.HasPrefix(line, "-"):
			text = s.paint(plain, text)
		}
		b.WriteString(text)
		if strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
	}
	_, err = w.Write(b.Bytes())
	return err
}

// maxChanges is how many lines may go and come for the shortest diff to be looked for: it takes time and memory that grow with
// their square.
const maxChanges = 2000

// lineEdits returns the fewest lines to take out and put in, found with the algorithm of Myers, An O(ND) Difference
// Algorithm and Its Variations.
func lineEdits(before, after string) []udiff.Edit {
	a, b := splitLines(before), splitLines(after)
	// reached[d] is how far into a each diagonal (of a's lines less b's) comes with fewer than d changes.
	var reached [][]int
	furthest := make([]int, 2*maxChanges+3)
	const zero = maxChanges + 1
	for d := 0; d <= maxChanges; d++ {
		reached = append(reached, slices.Clone(furthest[zero-d:zero+d+1]))
		for k := -d; k <= d; k += 2 {
			x := furthest[zero+k-1] + 1 // a line of a goes
			if k == -d || k != d && x <= furthest[zero+k+1] {
				x = furthest[zero+k+1] // one of b comes
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			if furthest[zero+k] = x; x >= len(a) && x-k >= len(b) {
				return editsOf(a, b, reached)
			}
		}
	}
	return udiff.Lines(before, after)
}

// editsOf goes back through what was reached, and returns the edits in the order of the file.
func editsOf(a, b []string, reached [][]int) []udiff.Edit {
	at := []int{0} // where each line of a starts
	for _, line := range a {
		at = append(at, at[len(at)-1]+len(line))
	}
	var edits []udiff.Edit
	x, y := len(a), len(b)
	for d := len(reached) - 1; d > 0; d-- {
		before := func(k int) int { return reached[d][k+d] }
		k := x - y
		comes := k == -d || k != d && before(k-1)+1 <= before(k+1)
		e := udiff.Edit{}
		if comes {
			x = before(k + 1)
			y = x - k - 1
			e = udiff.Edit{Start: at[x], End: at[x], New: b[y]}
		} else {
			x = before(k - 1)
			y = x - k + 1
			e = udiff.Edit{Start: at[x], End: at[x+1]}
		}
		if n := len(edits); n > 0 && edits[n-1].Start == e.End { // it continues with the one found before
			edits[n-1] = udiff.Edit{Start: e.Start, End: edits[n-1].End, New: e.New + edits[n-1].New}
		} else {
			edits = append(edits, e)
		}
	}
	slices.Reverse(edits)
	return edits
}

func splitLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}
