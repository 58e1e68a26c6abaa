package makefile

import (
	"errors"
	"fmt"
	"strings"

	"xxkit/dfrewrite/drivers/makefile/gnumake"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

var (
	makeAssignment = match.Pattern(`^(export[ \t]+)?([A-Za-z0-9_.-]+)[ \t]*(\?=|::?=|\+=|!=|=)[ \t]*(.*)$`)
	makeComment    = match.Pattern(`(^|[ \t])#.*$`)
)

// Limits on variables: how deep they refer to each other, since one may refer to itself, and what a reference and a file
// cost of the file's budget, beside their text.
const (
	maxMakeDepth      = 20
	makeReferenceWork = 256
	makeFileWork      = 1 << 14
)

// makeWork draws on the budget of the Dockerfile, since a few variables that double each other are more than there is
// time for.
type makeWork struct{ *graph.Budget }

// expand fills in what stands behind each dollar of make: what is in its brackets, or the one letter. Behind the
// first reference that cannot be followed, which is the error, it goes on, so that the text holds as much as was found.
func (w makeWork) expand(s string, depth int, reference func(name string) (string, error)) (string, error) {
	if depth > maxMakeDepth {
		return "", fmt.Errorf("its Makefile has a variable without end: %s", s)
	}
	var b strings.Builder
	var failed error
	for i := 0; i < len(s); i++ {
		if s[i] != '$' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		name := s[i : i+1]
		switch s[i] {
		case '$':
			b.WriteByte('$')
			continue
		case '(', '{':
			end := gnumake.Closing(s, i)
			if end < 0 {
				return b.String(), fmt.Errorf("its Makefile has an unclosed %s", s[i-1:])
			}
			name, i = s[i+1:end], end
		}
		text, err := reference(name)
		if failed == nil {
			failed = err
		}
		if !w.Text(makeReferenceWork + len(text)) {
			if failed == nil {
				failed = errors.New("its Makefile has variables that expand to too much")
			}
			return b.String(), failed
		}
		b.WriteString(text)
	}
	return b.String(), failed
}
