package dfrewrite

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// TestBudget gives files that are written to take long: each is refused with its line, or looked at without being followed
// to the end. None takes more than a moment; go test's own limit would say so.
func TestBudget(t *testing.T) {
	var doubling, meta strings.Builder
	for i := range 60 {
		fmt.Fprintf(&doubling, "ENV A%d=$A%d$A%d\n", i+1, i, i)
		fmt.Fprintf(&meta, "ARG A%d=$A%d$A%d\n", i+1, i, i)
	}
	const build = "FROM golang:1.26 AS build\n"
	large := strings.Repeat("x", 4000)
	for _, tt := range []struct {
		name, src string
		line      int // of the error; 0: none
	}{
		{"ENV that doubles", build + "ENV A0=xxxxxxxx\n" + doubling.String() + "RUN echo $A60\n", 0},
		{"ARG that doubles", "ARG A0=xxxxxxxx\n" + meta.String() + "FROM golang:$A60 AS build\nRUN echo $A60\n", 0},
		{"a large variable named often", build + "ENV A=" + large + "\n" + strings.Repeat("RUN go build -o /a"+strings.Repeat(" $A", 20000)+"\n", 4), 6},
		{"loops in loops", build + strings.Repeat("RUN "+strings.Repeat("for i in 1 2 3 4 5 6 7 8; do ", 12)+"echo $i"+strings.Repeat("; done", 12)+"\n", 200), 0},
		{"a long list", build + "RUN true" + strings.Repeat(" && true", 6000) + "\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Lint("Dockerfile", []byte(tt.src), Options{})
			var at *dockerfile.ParseError
			switch {
			case tt.line == 0 && err != nil && !errors.Is(err, graph.ErrTooMuch):
				t.Errorf("%v", err)
			case tt.line > 0 && (!errors.As(err, &at) || !errors.Is(err, graph.ErrTooMuch) || at.Line != tt.line):
				t.Errorf("%v, want one about line %d", err, tt.line)
			}
		})
	}
}
