package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/report"
)

func drawn(t *testing.T, format, name string, src []byte) []byte {
	t.Helper()
	some, err := dfrewrite.SelectRules([]string{"EmulatedBuild"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := dfrewrite.Lint(name, src, dfrewrite.Options{Rules: some})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.Graph(&b, format, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGraph compares the pictures of testdata/graph.Dockerfile with golden files;
// -update renews them.
func TestGraph(t *testing.T) {
	src, err := os.ReadFile("testdata/graph.Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range report.GraphFormats {
		t.Run(format, func(t *testing.T) {
			got := drawn(t, format, "Dockerfile", src)
			golden := "testdata/graph." + format
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := diff.Diff(golden, want, "got", got); d != nil {
				t.Errorf("%s", d)
			}
		})
	}
	if err := report.Graph(io.Discard, "png", &dfrewrite.File{}); !errors.Is(err, report.ErrFormat) {
		t.Error(err)
	}
}

// TestGraphEscapes puts into names and paths whatever could end a label.
func TestGraphEscapes(t *testing.T) {
	src := []byte("FROM a AS b\nRUN --mount=type=bind,from=x/y,source=/m<>&'|#{} true\nFROM scratch\n" +
		"COPY --from=b [\"/a\\\"b]|</b>\\\\\", \"/--> x;`\", \"/\"]\n")
	svg := drawn(t, "svg", "<&\">\x1b[31m", src)
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
	}
	mermaid := string(drawn(t, "mermaid", "Dockerfile", src))
	for line := range strings.Lines(mermaid) {
		// Two quotes, or none; between them nothing that Mermaid would read.
		label := regexp.MustCompile(`"(.*)"`).FindStringSubmatch(line)
		if label == nil {
			continue
		}
		text := regexp.MustCompile(`</?b>|<br/>|#(\d+|lt|gt|quot);`).ReplaceAllString(label[1], "")
		if strings.ContainsAny(text, "\"<>`#|\\") {
			t.Errorf("%s", line)
		}
	}
	dot := string(drawn(t, "dot", "\"Dockerfile\\", src))
	quoted := regexp.MustCompile(`"(\\.|[^"\\])*"`)
	if rest := quoted.ReplaceAllString(dot, ""); strings.ContainsAny(rest, `"\`) {
		t.Errorf("not within quotes:\n%s", rest)
	}
	if text := string(drawn(t, "text", "Dockerfile\x1b[31m", src)); strings.Contains(text, "\x1b") {
		t.Errorf("%q", text)
	}
}

// TestGraphOfManyStages draws a long chain and a wide fan without overlapping
// boxes.
func TestGraphOfManyStages(t *testing.T) {
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, "FROM a AS s%d\n", i)
		if i > 0 && i%10 != 0 {
			fmt.Fprintf(&b, "COPY --from=s%d /x /\n", i-1)
		}
	}
	b.WriteString("FROM scratch\n")
	for i := range 200 {
		fmt.Fprintf(&b, "COPY --from=s%d /y /\n", i)
	}
	svg := drawn(t, "svg", "Dockerfile", []byte(b.String()))
	var parsed struct {
		Groups []struct {
			Rect struct {
				X float64 `xml:"x,attr"`
				Y float64 `xml:"y,attr"`
				W float64 `xml:"width,attr"`
				H float64 `xml:"height,attr"`
			} `xml:"rect"`
		} `xml:"g"`
	}
	if err := xml.Unmarshal(svg, &parsed); err != nil {
		t.Fatal(err)
	}
	if len(parsed.Groups) != 201 {
		t.Fatalf("%d boxes", len(parsed.Groups))
	}
	for i, a := range parsed.Groups {
		for _, b := range parsed.Groups[:i] {
			if a.Rect.X < b.Rect.X+b.Rect.W && b.Rect.X < a.Rect.X+a.Rect.W && a.Rect.Y < b.Rect.Y+b.Rect.H && b.Rect.Y < a.Rect.Y+a.Rect.H {
				t.Fatalf("boxes overlap: %+v %+v", a.Rect, b.Rect)
			}
		}
	}
}
