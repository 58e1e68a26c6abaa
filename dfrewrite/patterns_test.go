package dfrewrite

import (
	"regexp"
	"testing"

	"xxkit/dfrewrite/match"
)

// A pattern is compiled when a Dockerfile needs it, so a broken one would crash there.
func TestPatternsCompile(t *testing.T) {
	if len(match.Patterns) < 100 {
		t.Fatalf("only %d patterns: the packages that have them are not linked in", len(match.Patterns))
	}
	for _, expr := range match.Patterns {
		if _, err := regexp.Compile(expr); err != nil {
			t.Error(err)
		}
	}
}
