package plan

import (
	"strings"
	"testing"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// TestSplitIt is about what a second stage would need to copy, which has to be what a COPY can name.
func TestSplitIt(t *testing.T) {
	for _, tt := range []struct{ src, copies string }{
		{"FROM debian\nRUN gcc -o /app app.c && touch /started\nCMD [\"/app\"]\n", "/app,"},
		{"FROM debian\nWORKDIR /src\nRUN cmake -B build && cmake --build build\n", "what was built,"},
		{"FROM debian\nRUN cd /src && autoreconf && ./configure && make && make install\nENTRYPOINT [\"/srv/app\"]\n", "/srv/app,"},
	} {
		doc, err := dockerfile.Parse("Dockerfile", []byte(tt.src))
		if err != nil {
			t.Fatal(err)
		}
		s := graph.New(doc).Stages[0]
		c := NewPlanner(&verdict.Options{Platforms: []string{"linux/arm64"}, Image: "xx"}).ToBuildPlatform(s)
		way := ""
		for _, b := range c.Blocks {
			if strings.HasPrefix(b.Way, "split it") {
				way = b.Way
			}
		}
		if !strings.Contains(way, "COPY --from=build "+tt.copies) {
			t.Errorf("%s\n%q", tt.src, way)
		}
	}
}
