package graph

import (
	"strings"

	"xxkit/dfrewrite/dockerfile"
)

// UsedBesides returns the first place where a variable chooses more than an architecture that go builds for: anything but the value of
// GOARCH. It is -1 if there is none.
func (g *Graph) UsedBesides(name string) int {
	find := func(in *dockerfile.Instruction) int {
		text := string(g.Doc.Src[in.Span.Start:in.Span.End])
		for at := 0; ; {
			i := strings.IndexByte(text[at:], '$')
			if i < 0 {
				return -1
			}
			start := at + i
			rest := strings.TrimPrefix(text[start+1:], "{")
			at = start + 1
			after, ok := strings.CutPrefix(rest, name)
			if ok && (after == "" || !IsNameByte(after[0])) && !strings.HasSuffix(strings.TrimRight(text[:start], `"'`), "GOARCH=") {
				return in.Span.Start + start
			}
		}
	}
	for _, s := range g.Stages {
		for _, in := range append([]*dockerfile.Instruction{s.From}, s.Body...) {
			if at := find(in); at >= 0 {
				return at
			}
		}
	}
	return -1
}

// IsNameByte reports whether a byte can be part of a variable's name.
func IsNameByte(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}
