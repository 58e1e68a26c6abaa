// Package lazyregexp has regular expressions that are compiled when they are first needed. A run needs few of those that
// a program holds, and to compile them all would take longer than to lint a Dockerfile.
package lazyregexp

import (
	"regexp"
	"sync"
)

// A Regexp is a regular expression that may not be compiled yet.
type Regexp struct {
	expr     string
	once     sync.Once
	compiled *regexp.Regexp
}

// New returns the regular expression expr. It does so little that the compiler puts the result of a package variable
// into the program, and nothing is left to do at its start.
func New(expr string) *Regexp { return &Regexp{expr: expr} }

// Get returns it compiled. It panics if the expression is wrong; a test compiles all that are in this module.
func (r *Regexp) Get() *regexp.Regexp {
	r.once.Do(func() { r.compiled = regexp.MustCompile(r.expr) })
	return r.compiled
}
