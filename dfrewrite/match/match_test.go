package match

import (
	"regexp"
	"testing"
)

// A pattern is compiled when a Dockerfile needs it, so a broken one would crash there.
func TestPatternsCompile(t *testing.T) {
	if len(patterns) == 0 {
		t.Fatal("no patterns")
	}
	for _, expr := range patterns {
		if _, err := regexp.Compile(expr); err != nil {
			t.Error(err)
		}
	}
}
