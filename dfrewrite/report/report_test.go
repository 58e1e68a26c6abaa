package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/report"
)

var update = flag.Bool("update", false, "renew the golden files")

// files have what is hard to write down: names and text with every special
// character, characters of several bytes, a byte order mark, CRLF, notes, fixes of
// both kinds, an edit at the end of the file.
var files = []struct{ name, src string }{
	{"100%, sure: yes/Dockerfile", "\xEF\xBB\xBFFROM golang:1.26 AS build\r\nRUN echo 'über 😀' && echo $TARGETARCH; CGO_ENABLED=0 go build -o /app\r\nFROM --platform=$BUILDPLATFORM debian\r\nCOPY --from=build /app /\r\n"},
	{"clean/Dockerfile", "FROM scratch\n"},
	{"<stdin>", "FROM golang:1.26 AS build\nRUN make '<&\">'\nRUN go build -o /app\nFROM scratch\nCOPY --from=build /app /\n"},
	{"/abs/Dockerfile", "ARG TARGETARCH=\"a%b\"\nFROM scratch\n# dfrewrite: ignore-file=EmulatedBuild\n"},
	{"broken", "FROM a\nCOPY --form=b c d\n"},
	{"missing", ""},
}

func write(t *testing.T, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	r, err := report.New(format, &b, report.Style{}, "v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	some, err := dfrewrite.SelectRules([]string{"TargetArgDefault", "FinalStageOnBuildPlatform", "EmulatedBuild", "TargetArgUndeclared", "UnusedIgnore"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		found, err := dfrewrite.Lint(f.name, []byte(f.src), dfrewrite.Options{Rules: some})
		if f.src == "" {
			err = errors.New("missing: no such file\nor folder")
		}
		if err != nil {
			err = r.Failed(f.name, err)
		} else {
			err = r.File(found)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFormats compares each format with a golden file; -update renews them. The
// pages of the rules, which SARIF repeats, are left out of it.
func TestFormats(t *testing.T) {
	for _, format := range report.Formats {
		t.Run(format, func(t *testing.T) {
			got := write(t, format)
			if format == "sarif" {
				var log map[string]any
				if err := json.Unmarshal(got, &log); err != nil {
					t.Fatal(err)
				}
				driver := log["runs"].([]any)[0].(map[string]any)["tool"].(map[string]any)["driver"].(map[string]any)
				delete(driver, "rules")
				for _, r := range log["runs"].([]any)[0].(map[string]any)["results"].([]any) {
					delete(r.(map[string]any), "ruleIndex") // TestSARIF checks them
				}
				got, _ = json.MarshalIndent(log, "", "  ")
				got = append(got, '\n')
			}
			golden := filepath.Join("testdata", "golden."+format)
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
}

// TestSARIF validates against OASIS' schema, and checks what the schema cannot:
// that each result names its rule by the right index, and that the rules have help.
func TestSARIF(t *testing.T) {
	schemaFile, err := os.Open("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	defer schemaFile.Close()
	schema, err := jsonschema.UnmarshalJSON(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	empty := func() []byte {
		var b bytes.Buffer
		r, _ := report.New("sarif", &b, report.Style{}, "v1")
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}()
	full := write(t, "sarif")
	for _, out := range [][]byte{full, empty} {
		log, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if err := compiled.Validate(log); err != nil {
			t.Errorf("%v", err)
		}
	}
	broken := bytes.Replace(full, []byte(`"startLine": 1`), []byte(`"startLine": 0`), 1)
	log, err := jsonschema.UnmarshalJSON(bytes.NewReader(broken))
	if err != nil {
		t.Fatal(err)
	}
	if compiled.Validate(log) == nil {
		t.Error("the schema accepts line 0, so it checks nothing")
	}

	var parsed struct {
		Runs []struct {
			Tool struct {
				Driver struct {
					Rules []struct {
						ID   string
						Help struct{ Markdown string }
					}
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
			}
		}
	}
	if err := json.Unmarshal(full, &parsed); err != nil {
		t.Fatal(err)
	}
	run := parsed.Runs[0]
	if len(run.Results) < 5 {
		t.Errorf("only %d results", len(run.Results))
	}
	for _, r := range run.Results {
		if rule := run.Tool.Driver.Rules[r.RuleIndex]; rule.ID != r.RuleID || !strings.HasPrefix(rule.Help.Markdown, "# "+r.RuleID+"\n") {
			t.Errorf("%s has the index of %s", r.RuleID, rule.ID)
		}
	}
}

// TestCheckstyleIsXML reads the report back.
func TestCheckstyleIsXML(t *testing.T) {
	var log struct {
		XMLName xml.Name `xml:"checkstyle"`
		Files   []struct {
			Name   string `xml:"name,attr"`
			Errors []struct {
				Message string `xml:"message,attr"`
			} `xml:"error"`
		} `xml:"file"`
	}
	if err := xml.Unmarshal(write(t, "checkstyle"), &log); err != nil {
		t.Fatal(err)
	}
	if len(log.Files) != 5 || log.Files[0].Name != files[0].name || !strings.Contains(log.Files[2].Errors[0].Message, `"a%b"`) {
		t.Errorf("%+v", log)
	}
}

// TestJSONEditsAreTheFix makes the edits of a finding by offset, as a script
// would, and compares with Rewrite.
func TestJSONEditsAreTheFix(t *testing.T) {
	src := []byte("ARG TARGETARCH=amd64\nFROM scratch\n")
	f, err := dfrewrite.Lint("Dockerfile", src, dfrewrite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	r, _ := report.New("json", &b, report.Style{}, "")
	if err := errors.Join(r.File(f), r.Close()); err != nil {
		t.Fatal(err)
	}
	var out struct{ Findings []report.JSONFinding }
	if err := json.Unmarshal(b.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	var edits []dockerfile.Edit
	for _, e := range out.Findings[0].Fix.Edits {
		edits = append(edits, dockerfile.Edit{Span: dockerfile.Span{Start: e.Start.Offset, End: e.End.Offset}, New: e.New})
	}
	got, err := dockerfile.Apply(src, edits)
	want, err2 := dfrewrite.Rewrite("Dockerfile", src, dfrewrite.Options{})
	if err != nil || err2 != nil || !bytes.Equal(got, want.Out) {
		t.Errorf("%q, want %q (%v, %v)", got, want.Out, err, err2)
	}
}

// TestDiff shows that a diff is the shortest one, whatever lines are there more than once, and what patch and git need
// to know of the end of a file.
func TestDiff(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{"nothing", "a\n", "a\n", ""},
		{"the same lines again and again", "r\n x\n one\nr\n x\n two\nr\n x\n three\n", "arg\nr\n x\n ONE\nr\n x\n two\nr\n x\n THREE\n",
			"@@ -1,9 +1,10 @@\n+arg\n r\n  x\n- one\n+ ONE\n r\n  x\n  two\n r\n  x\n- three\n+ THREE\n"},
		{"blank lines", "a\n\n\nb\n", "\na\n\nb\n", "@@ -1,4 +1,4 @@\n+\n a\n \n-\n b\n"},
		{"inserted on top", "a\nb\nc\nd\n", "x\n\na\nb\nc\nd\n", "@@ -1,3 +1,5 @@\n+x\n+\n a\n b\n c\n"},
		{"far from one another", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "one\n2\n3\n4\n5\n6\n7\n8\nnine\n",
			"@@ -1,4 +1,4 @@\n-1\n+one\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+nine\n"},
		{"no line ending at the end", "a\nb", "A\nb", "@@ -1,2 +1,2 @@\n-a\n+A\n b\n\\ No newline at end of file\n"},
		{"another last line, without a line ending", "a\nb", "a\nB", "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+B\n\\ No newline at end of file\n"},
		{"CRLF", "a\r\nb\r\n", "a\r\nc\r\nb\r\n", "@@ -1,2 +1,3 @@\n a\r\n+c\r\n b\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			if want != "" {
				want = "diff a/dir/Dockerfile b/dir/Dockerfile\n--- a/dir/Dockerfile\n+++ b/dir/Dockerfile\n" + want
			}
			var b bytes.Buffer
			if err := report.Diff(&b, "/dir/Dockerfile", []byte(tt.before), []byte(tt.after), report.Style{}); err != nil || b.String() != want {
				t.Errorf("%v\n%s\nwant\n%s", err, b.String(), want)
			}
		})
	}
}

func TestUnknownFormat(t *testing.T) {
	_, err := report.New("xml", nil, report.Style{}, "")
	if !errors.Is(err, report.ErrFormat) || !strings.Contains(err.Error(), "text, json, sarif, github, checkstyle") {
		t.Error(err)
	}
}
