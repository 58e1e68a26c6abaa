package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
)

// seeds are files that have broken Dockerfile tools, and plain ones. They are
// also what fuzzing starts from.
var seeds = map[string]string{
	"plain":                 "FROM alpine\nRUN echo hi\n",
	"no final newline":      "FROM alpine\nRUN echo hi",
	"byte order mark":       "\xEF\xBB\xBF# syntax=docker/dockerfile:1\nFROM alpine\n",
	"only mark, then FROM":  "\xEF\xBB\xBFFROM alpine\n",
	"CRLF":                  "FROM alpine\r\nRUN echo a && \\\r\n    echo b\r\nCMD [\"x\"]\r\n",
	"LF and CRLF mixed":     "FROM alpine\r\nRUN echo a \\\n  && echo b\r\nRUN echo c \\\r\n  && echo d\nCMD x\r\n",
	"hash inside a word":    "FROM alpine:${TAG#v}\nRUN echo ${X#y} a#b\n",
	"lists and redirects":   "FROM alpine\nRUN a 2>&1 | b && case x in y) z;; esac; (c || d)\n",
	"mounts":                "FROM alpine\nRUN --mount=type=cache,target=/c --mount=type=bind,from=x,target=/y \\\n  --network=none make\n",
	"comments in a RUN":     "FROM alpine\nRUN a \\\n# one\n  # two\n\n && b \\\n\n && c\n",
	"comment, then blank":   "FROM alpine\nRUN a && \\\n# why\n\n b\n",
	"heredoc with FROM":     "FROM alpine\nRUN <<EOF\nFROM users\n# not a comment\nEOF\nCMD x\n",
	"two bodies":            "FROM alpine\nCOPY <<a <<\"b\" /x/\none\na\ntwo $x\nb\nRUN x\n",
	"python heredoc":        "FROM alpine\nRUN <<-EOT python3\n\timport os\n\tEOT\nRUN <<E\n#!/usr/bin/env python\nprint(1)\nE\n",
	"heredoc for a command": "FROM alpine\nRUN cat <<EOF > /x && echo y\nFROM z\nEOF\n",
	"backtick escape":       "# escape=`\nFROM windows\nRUN dir c:\\ `\n  && echo x\nRUN a ``\n",
	"blanks after escape":   "FROM alpine\nRUN a \\  \n  b \\\t\n  c\n",
	"escape alone":          "FROM alpine\nRUN a \\\n\\\n b\n",
	"starts with an escape": "FROM alpine\n\\\nRUN x\n",
	"escaped escape":        "FROM alpine\nRUN a \\\\\nRUN b \\\\\\\nCMD c\n",
	"continued at the end":  "FROM alpine\nRUN a \\\n",
	"split keyword":         "FR\\\nOM alpine\nRU\\\n  # c\nN a\n",
	"split flag":            "FROM --plat\\\nform=$BUILDPLATFORM alpine\n",
	"port, tag and digest":  "FROM localhost:5000/foo:1.2.3@sha256:0123456789012345678901234567890123456789012345678901234567890123 AS x\n",
	"quoted flag":           "FROM --platform=\"$BUILDPLATFORM\" a AS b\nFROM --platform=${BUILDPLATFORM:-x} b\n",
	"stage in capitals":     "FROM alpine AS Build\nFROM scratch\nCOPY --from=BUILD /x /\nCOPY --from=0 /x /\n",
	"check directives":      "# check=skip=all\n# syntax=x\n# a comment\nFROM alpine\n",
	"check over one":        "FROM alpine\n# check=skip=JSONArgsRecommended why\nCMD x\n",
	"indented":              "  FROM alpine\n\t# c\n\tRUN x\n",
	"ONBUILD heredoc":       "FROM alpine\nONBUILD RUN <<E\na\nE\nRUN b\n",
	"exec form":             "FROM alpine\nRUN [\"a\", \"b\"]\nSHELL [\"/bin/bash\", \"-c\"]\n",
	"many ARGs":             "ARG A=1 B\nFROM alpine\nARG TARGETOS TARGETARCH=\"amd64\"\nENV X=1 Y='a b' Z=\\\"q\nENV OLD style value\n",
	"form feed":             "FROM alpine\n\fRUN\fx\n",
	"lone carriage return":  "FROM alpine\nRUN a\rb\r\r\nRUN c\\\r\r\n d\n",
	"long line":             "FROM alpine\nRUN echo " + strings.Repeat("x", 60000) + "\n",
	"Latin-1 space in flag": "FROM --platform=a\xa0b alpine\n",
	"NUL":                   "FROM alpine\nRUN a\x00b\n",
	"escape directive late": "# hi\n# escape=`\nFROM a\nRUN b \\\n c\n",
}

func TestSeedsHoldTheInvariants(t *testing.T) {
	for name, src := range seeds {
		t.Run(name, func(t *testing.T) {
			if err := checkInvariants([]byte(src)); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkInvariants parses src and checks what must hold for every file that
// BuildKit accepts. Parse itself compares instructions, text and lines with
// BuildKit's and reports a difference as an internal error.
func checkInvariants(src []byte) error {
	d, err := Parse("Dockerfile", src)
	if err != nil {
		if strings.Contains(err.Error(), "internal error") {
			return err
		}
		return nil
	}
	at := 0
	for _, p := range d.Pieces {
		if p.Span.Start != at || p.Span.End <= at {
			return fmt.Errorf("pieces do not tile the file at byte %d: %+v", at, d.Pieces)
		}
		at = p.Span.End
	}
	if at != len(src) {
		return fmt.Errorf("pieces end at byte %d of %d", at, len(src))
	}
	same, err := Apply(src, nil)
	if err != nil || string(same) != string(src) {
		return fmt.Errorf("applying no edits changed the file: %v", err)
	}
	end := 0
	for _, in := range d.Instructions {
		if in.Span.Start < end || in.Lead.Start < end || in.Span.End > len(src) {
			return fmt.Errorf("instruction %d at %v runs into its neighbour, which ends at %d", in.Index, in.Span, end)
		}
		end = in.Span.End
		for i := range in.Text.Bytes {
			if in.Text.Bytes[i] != src[in.Text.Offset(i)] {
				return fmt.Errorf("instruction %d: byte %d of the text is not at %d", in.Index, i, in.Text.Offset(i))
			}
		}
		if !strings.EqualFold(keyword(in), in.Node.Value) {
			return fmt.Errorf("instruction %d: keyword %q, BuildKit has %q", in.Index, keyword(in), in.Node.Value)
		}
		if err := checkFlags(in); err != nil {
			return err
		}
		if len(in.Heredocs) != len(in.Node.Heredocs) {
			return fmt.Errorf("instruction %d: %d heredocs, BuildKit has %d", in.Index, len(in.Heredocs), len(in.Node.Heredocs))
		}
		for i, h := range in.Heredocs {
			if got, want := string(src[h.Body.Start:h.Body.End]), in.Node.Heredocs[i].Content; got != want {
				return fmt.Errorf("instruction %d: heredoc %q, BuildKit has %q", in.Index, got, want)
			}
		}
	}
	return nil
}

// keyword reads the keyword through the text: it may be split over lines.
func keyword(in *Instruction) string {
	b := strings.TrimSpace(string(in.Text.Bytes))
	if i := strings.IndexAny(b, "\t\v\f\r "); i >= 0 {
		b = b[:i]
	}
	return b
}

func checkFlags(in *Instruction) error {
	var got []string
	for _, f := range in.Flags {
		start := f.textStart
		text := bytes.TrimRightFunc(in.Text.Bytes, unicode.IsSpace)
		end := flagEnd(text, start, in.Doc.Escape)
		if s := unquote(string(text[start:end]), in.Doc.Escape); s != "" {
			got = append(got, s)
		}
	}
	if want := in.Node.Flags; strings.Join(got, "|") != strings.Join(want, "|") {
		return fmt.Errorf("instruction %d: flags %q, BuildKit has %q", in.Index, got, want)
	}
	return nil
}

func FuzzDocument(f *testing.F) {
	for _, src := range seeds {
		if len(src) < 4096 { // the fuzzer takes minutes to shorten long ones
			f.Add([]byte(src))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if err := checkInvariants(src); err != nil {
			t.Error(err)
		}
	})
}

func TestParseRefusesWhatBuildKitRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		line      int
		want      string
	}{
		{"prose", "Hello there,\nthis is no Dockerfile.\n", 1, "unknown instruction"},
		{"empty", "", 0, "no instructions"},
		{"comments only", "# nothing\n", 1, "no instructions"},
		{"ARG only", "ARG A=1\n", 0, "no FROM"},
		{"RUN before FROM", "ARG A\nRUN x\n", 2, "before the first FROM"},
		{"open heredoc", "FROM a\nRUN <<EOF\nx\n", 2, "unterminated heredoc"},
		{"two escapes", "# escape=`\n# escape=`\nFROM a\n", 2, "only one escape"},
		{"unknown flag", "FROM a\n\nCOPY --form=b c d\n", 3, "unknown flag"},
		{"line over 64 KiB", "FROM a\nRUN " + strings.Repeat("x", 70000) + "\n", 2, "greater than max allowed size"},
		{"what is no text", "\x1b[31mboo\x00\xff" + strings.Repeat("x", 500) + "\n", 1, "·[31mboo··x"},
		{"a picture", "\x89PNG\r\n\x1a\n\x00\x00", 1, "unknown instruction: ·PNG"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("Dockerfile", []byte(tt.src))
			var e *ParseError
			if !errors.As(err, &e) {
				t.Fatalf("error %v, want a *ParseError", err)
			}
			if e.Line != tt.line || !strings.Contains(e.Error(), tt.want) {
				t.Errorf("line %d: %v; want line %d, %q", e.Line, e, tt.line, tt.want)
			}
			if text := e.Error(); len(text) > 300 || strings.ContainsAny(text, "\x1b\x00\n") {
				t.Errorf("not fit for a terminal: %q", text)
			}
		})
	}
}

func mustParse(t *testing.T, src string) *Document {
	t.Helper()
	d, err := Parse("Dockerfile", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestPositionsOfWordsAndFlags(t *testing.T) {
	d := mustParse(t, "\xEF\xBB\xBFFROM --platform=\"$BUILDPLATFORM\" golang:1 \\\n  as Build\r\nARG TARGETOS \\\n# c\n TARGETARCH=\"amd64\"\n")
	from := d.Instructions[0]
	f := from.Flag("platform")
	if f == nil || f.Value != "$BUILDPLATFORM" || string(d.Src[f.ValueSpan.Start:f.ValueSpan.End]) != `"$BUILDPLATFORM"` {
		t.Fatalf("flag %+v", f)
	}
	if p := d.Position(f.Span.Start); p != (Position{1, 6}) {
		t.Errorf("flag at %v", p)
	}
	words := d.Instructions[1].Words()
	if len(words) != 2 || words[1].Raw != `TARGETARCH="amd64"` || d.Position(words[1].Span.Start) != (Position{5, 2}) {
		t.Errorf("words %+v", words)
	}
	if d.Stages[0].Name != "build" || d.Stages[0].BaseName != "golang:1" {
		t.Errorf("stage %+v", d.Stages[0].Stage)
	}
}

func TestEdits(t *testing.T) {
	src := "FROM a\r\n\r\n  # why\r\n  RUN x\nCMD y"
	d := mustParse(t, src)
	run, cmd := d.Instructions[1], d.Instructions[2]
	for _, tt := range []struct {
		name  string
		edits []Edit
		want  string
	}{
		{"none", nil, src},
		{"over the comment, its indentation and line ending", []Edit{run.LinesBefore("ARG A")}, "FROM a\r\n\r\n  ARG A\r\n  # why\r\n  RUN x\nCMD y"},
		{"below", []Edit{run.LinesAfter("ARG A")}, "FROM a\r\n\r\n  # why\r\n  RUN x\n  ARG A\nCMD y"},
		{"over a last line without line ending", []Edit{cmd.LinesBefore("ARG A")}, "FROM a\r\n\r\n  # why\r\n  RUN x\nARG A\nCMD y"},
		{"below a last line without line ending", []Edit{cmd.LinesAfter("ARG A")}, "FROM a\r\n\r\n  # why\r\n  RUN x\nCMD y\nARG A"},
		{"the same edit twice", []Edit{{run.Keyword, "run"}, {run.Keyword, "run"}}, "FROM a\r\n\r\n  # why\r\n  run x\nCMD y"},
		{"insert and replace at one place", []Edit{{run.Keyword, "run"}, {Span{run.Keyword.Start, run.Keyword.Start}, "ONBUILD "}}, "FROM a\r\n\r\n  # why\r\n  ONBUILD run x\nCMD y"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Apply(d.Src, tt.edits)
			if err != nil || string(got) != tt.want {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
	if _, err := Apply(d.Src, []Edit{{Span{2, 5}, "x"}, {Span{4, 6}, "y"}}); err == nil {
		t.Error("overlapping edits were applied")
	}
}
