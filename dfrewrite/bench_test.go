package dfrewrite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// BenchmarkLint lints all Dockerfiles of the rewrite tests, put behind one
// another: what an operation takes is the time for one line of Dockerfile.
func BenchmarkLint(b *testing.B) {
	files, _ := filepath.Glob("testdata/rewrite/*.txtar")
	var sources [][]byte
	lines := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		for _, part := range txtar.Parse(data).Files {
			if part.Name == "Dockerfile" {
				sources = append(sources, part.Data)
				lines += strings.Count(string(part.Data), "\n")
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, src := range sources {
			if _, err := Lint("Dockerfile", src, Options{}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(lines), "ns/line")
}
