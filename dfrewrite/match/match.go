// Package match has the two ways in which names and text are recognized all over dfrewrite: sets of
// words, and regular expressions that are compiled when they are first asked for, since a Dockerfile
// needs few of them.
package match

import (
	"regexp"
	"strings"
	"sync"

	"xxkit/internal/lazyregexp"
)

// Words returns the set of the words in a text.
func Words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}

// LongWords is [Words] for a long text, of which the set is made when it is first asked for. It is for package variables.
func LongWords(text string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool { return Words(text) })
}

// Patterns lists every expression that Pattern was given, so that a test can compile them all.
var Patterns []string

// Pattern returns a regular expression that is compiled when it is first asked for. To compile all that
// dfrewrite has took half of its start. It is for package variables, which are set before main runs.
func Pattern(expr string) func() *regexp.Regexp {
	Patterns = append(Patterns, expr)
	return lazyregexp.New(expr).Get
}
