package match

import (
	"regexp"
	"strings"
	"sync"
)

// patterns lists every expression that pattern was given, so that a test can compile them all.
var patterns []string

// Pattern returns a regular expression that is compiled when it is first asked for. A Dockerfile needs
// few of the expressions in this package, and to compile all of them took half of the program's start.
func Pattern(expr string) func() *regexp.Regexp {
	patterns = append(patterns, expr)
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

func Words(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
