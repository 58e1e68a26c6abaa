package dfrewrite

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"xxkit/dfrewrite/graph"
)

// TestExplainAgreesWithRewrite explains every Dockerfile of testdata/rewrite, and compares with what Rewrite does
// and with the stages of the new file.
func TestExplainAgreesWithRewrite(t *testing.T) {
	files, _ := filepath.Glob("testdata/rewrite/*.txtar")
	decisions := map[Decision]int{}
	parts, ran := 0, 0 // -run may choose some of them
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		opt := optionsIn(t, string(a.Comment))
		for _, part := range a.Files {
			if part.Name != "Dockerfile" && part.Name != "want" {
				continue
			}
			parts++
			t.Run(filepath.Base(file)+"/"+part.Name, func(t *testing.T) {
				ran++
				e, err := Explain("Dockerfile", part.Data, opt)
				if err != nil {
					t.Fatal(err)
				}
				r, err := Rewrite("Dockerfile", part.Data, opt)
				if err != nil || !bytes.Equal(r.Out, e.Rewritten.Out) {
					t.Fatalf("%v: explains another rewrite", err)
				}
				checkExplanation(t, e)
				for _, s := range e.Stages {
					decisions[s.Decision]++
				}
			})
		}
	}
	for _, d := range []Decision{Stays, Moves, Held, Refused} {
		if ran == parts && decisions[d] < 5 {
			t.Errorf("only %d stages %s: the archives do not show that", decisions[d], d)
		}
	}
}

func checkExplanation(t *testing.T, e *Explanation) {
	t.Helper()
	places := map[string]graph.Place{} // of stages with a name, which keep it
	for _, s := range graph.New(e.Rewritten.Left.Doc).Stages {
		places[s.Name] = s.Place
	}
	if len(e.Stages) != len(e.Doc.Stages) {
		t.Fatalf("%d stages of %d explained", len(e.Stages), len(e.Doc.Stages))
	}
	for _, s := range e.Stages {
		name := s.Stage.Title()
		if s.Why == "" {
			t.Errorf("%s %s, and why is not said", name, s.Decision)
		}
		if s.Stage.Name != "" && s.After != places[s.Stage.Name] {
			t.Errorf("%s: explained as on the %s, and is on the %s", name, s.After, places[s.Stage.Name])
		}
		if (s.Decision == Moves) != (s.After != s.Stage.Place) {
			t.Errorf("%s %s, from %s to %s", name, s.Decision, s.Stage.Place, s.After)
		}
		if s.Decision == Held && len(s.Reviews) == 0 {
			t.Errorf("%s is held, and nothing is to be read", name)
		}
		for _, c := range s.Commands {
			if c.Reason == "" {
				t.Errorf("%s: no reason for %q", name, e.Doc.Src[c.Span.Start:c.Span.End])
			}
		}
	}
	if len(e.Findings) != len(e.Rewritten.Made)+len(e.Rewritten.Left.Findings) {
		t.Errorf("%d findings explained", len(e.Findings))
	}
	for _, f := range e.Findings {
		if f.At.Start < 0 || f.At.End > len(e.Doc.Src) || f.At.Len() <= 0 {
			t.Errorf("%s is at %v of %d bytes", f.Rule.Name, f.At, len(e.Doc.Src))
		}
	}
}

// TestExplainedPlaces has findings below lines that the rewrite puts in: what is said of them is where they were.
func TestExplainedPlaces(t *testing.T) {
	const src = `FROM golang:1.26-alpine AS one
RUN go build -o /one
FROM golang:1.26-alpine AS two
RUN apk add gcc musl-dev && CGO_ENABLED=1 go build -o /two
FROM alpine
COPY --from=one /one /
COPY --from=two /two /
RUN echo $TARGETARCH
RUN wget https://example.com/tool-x86_64
`
	e, err := Explain("Dockerfile", []byte(src), Options{Unsafe: false})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range e.Findings {
		text := string(e.Doc.Src[f.At.Start:f.At.End])
		got = append(got, string(f.State)+" "+f.Rule.Name+": "+text)
	}
	want := []string{
		"made EmulatedBuild: FROM golang:1.26-alpine AS one",
		"held EmulatedBuild: FROM golang:1.26-alpine AS two",
		"made TargetArgUndeclared: $TARGETARCH",
		"held HardcodedArch: https://example.com/tool-x86_64",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// The same, with the stage of the helpers on top.
	e, err = Explain("Dockerfile", []byte(src), Options{Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range []Decision{Moves, Moves, Stays} {
		if e.Stages[i].Decision != d {
			t.Errorf("stage %d %s, want %s", i, e.Stages[i].Decision, d)
		}
	}
	for i, f := range e.Findings {
		if text := string(e.Doc.Src[f.At.Start:f.At.End]); f.State != FixMade || !strings.HasSuffix(want[i], ": "+text) {
			t.Errorf("%s %s at %q", f.State, f.Rule.Name, text)
		}
	}
}

// TestExplainOfSharedBase has stages that move apart from their base, and from one another.
func TestExplainOfSharedBase(t *testing.T) {
	e, err := Explain("Dockerfile", []byte(`FROM golang:1.26-alpine AS base
WORKDIR /src
FROM base AS one
RUN go build -o /one
FROM base AS two
RUN ./two.sh && go build -o /two
FROM base
COPY --from=one /one /
COPY --from=two /two /
`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkExplanation(t, e)
	for i, d := range []Decision{Stays, Moves, Refused, Stays} {
		if e.Stages[i].Decision != d {
			t.Errorf("stage %d %s, want %s", i, e.Stages[i].Decision, d)
		}
	}
	if two := e.Stages[2]; len(two.Blocks) != 0 || two.Why != "compiles on the target platform, and something stands in the way" {
		t.Errorf("%s: %v", two.Why, two.Blocks)
	}
}
