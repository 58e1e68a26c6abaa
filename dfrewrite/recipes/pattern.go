package recipes

import (
	"regexp"
	"sync"
)

// patterns lists every expression that pattern was given, so that a test can compile them all.
var patterns []string

// pattern returns a regular expression that is compiled when it is first asked for. A Dockerfile needs
// few of the expressions in this package, and to compile all of them took half of the program's start.
func pattern(expr string) func() *regexp.Regexp {
	patterns = append(patterns, expr)
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
