package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite"
	"xxkit/internal/lazyregexp"
)

// A Summary counts what became of files in a rewrite.
type Summary struct {
	rewritten, fine, held, refused, failed int

	reasons map[string]int // how many refused files each has
}

// Add counts a file that looked like before.
func (s *Summary) Add(before []byte, r *dfrewrite.Rewritten) {
	switch {
	case !bytes.Equal(before, r.Out):
		s.rewritten++
	case len(r.Left.Findings) == 0:
		s.fine++
	case len(r.Held()) > 0:
		s.held++
	default:
		s.refused++
		if s.reasons == nil {
			s.reasons = map[string]int{}
		}
		for kind := range kindsIn(r) {
			s.reasons[kind]++
		}
	}
}

// AddFailed counts a file that could not be looked at, or not be written back.
func (s *Summary) AddFailed() { s.failed++ }

// Files returns how many files were counted.
func (s *Summary) Files() int { return s.rewritten + s.fine + s.held + s.refused + s.failed }

// kindsIn collects why a file was left as it is: what stands in the way of fixes, or
// else the findings without one.
func kindsIn(r *dfrewrite.Rewritten) map[string]bool {
	kinds := map[string]bool{}
	for _, d := range r.Left.Findings {
		blocked := false
		for _, n := range d.Notes {
			if n.Blocks {
				blocked = true
				kinds[kindOf(n.Text)] = true
			}
		}
		if !blocked {
			kinds[kindOf(d.Message)] = true
		}
	}
	return kinds
}

// ofThisFile matches what in a reason is one file's own: quoted names, numbers of stages, variables and command
// substitutions, and paths and names of images, which have a slash in them.
var ofThisFile = lazyregexp.New("\"[^\"]*\"|\\bstage [0-9]+|[^\\s,;]*\\$[({][^)}]*[)}][^\\s,;]*|[^\\s,;]*\\$\\w+[^\\s,;]*|[^\\s,;]*/[^\\s,;]*")

// kindOf leaves out of a reason what is one file's own, so that the same reason is the same text in all files.
func kindOf(reason string) string {
	return ofThisFile.Get().ReplaceAllStringFunc(reason, func(own string) string {
		if strings.HasPrefix(own, "stage ") {
			return "stage …"
		}
		return "…"
	})
}

// maxReasons is how many kinds of reasons are written out.
const maxReasons = 5

// Line writes the counts in one line. With made, files have been rewritten; else they
// would be.
func (s *Summary) Line(made bool) string {
	var parts []string
	count := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	if made {
		count(s.rewritten, "rewritten")
	} else {
		count(s.rewritten, "would be rewritten")
	}
	count(s.fine, "already fine")
	count(s.held, "held back, to be read first (--unsafe)")
	if s.refused > 0 {
		count(s.refused, "refused ("+s.why()+")")
	}
	count(s.failed, "with errors")
	return fmt.Sprintf("%d files: %s", s.Files(), strings.Join(parts, ", "))
}

// why lists reasons, the most common ones first.
func (s *Summary) why() string {
	var kinds []string
	for kind := range s.reasons {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b string) int {
		if s.reasons[a] != s.reasons[b] {
			return s.reasons[b] - s.reasons[a]
		}
		return strings.Compare(a, b)
	})
	var out []string
	for i, kind := range kinds {
		if i == maxReasons {
			rest := 0
			for _, kind := range kinds[i:] {
				rest += s.reasons[kind]
			}
			out = append(out, fmt.Sprintf("%d × something else", rest))
			break
		}
		out = append(out, fmt.Sprintf("%d × %s", s.reasons[kind], printable([]byte(kind))))
	}
	return strings.Join(out, "; ")
}
