package shell

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
)

func parseRun(t *testing.T, src string, shell ...string) *Script {
	t.Helper()
	d, err := dockerfile.Parse("Dockerfile", []byte("FROM a\n"+src))
	if err != nil {
		t.Fatal(err)
	}
	return Parse(d.Instructions[1], shell)
}

// describe writes commands as "NAME=VALUE word word > file" with a mark for
// those that are nested or substituted. Words that are not constant are in <>.
func describe(s *Script) string {
	var lines []string
	for _, c := range s.Commands {
		var parts []string
		if c.Substituted {
			parts = append(parts, "$()")
		} else if c.Nested {
			parts = append(parts, "?")
		}
		show := func(w Word) string {
			if w.Const {
				return w.Lit
			}
			return "<" + w.Raw + ">"
		}
		assigns := []string{}
		for _, a := range c.Assigns {
			assigns = append(assigns, a.Name+"="+show(a.Value))
		}
		words := []string{}
		for _, w := range c.Words {
			words = append(words, show(w))
		}
		if isDeclaration(c.Name) {
			parts = append(append(parts, words...), assigns...)
		} else {
			parts = append(append(parts, assigns...), words...)
		}
		for _, r := range c.Redirects {
			parts = append(parts, ">", show(r))
		}
		lines = append(lines, strings.Join(parts, " "))
	}
	return strings.Join(lines, "\n")
}

func TestCommands(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"prefix assignments", "RUN CGO_ENABLED=0 GOOS=linux go build -o /app ./cmd/app\n", "CGO_ENABLED=0 GOOS=linux go build -o /app ./cmd/app"},
		{"lists, pipes and redirects", "RUN a 2>&1 | b && c || d; e > out\n", "? a\n? b\nc\n? d\ne > out"},
		{"comments and blank lines in between", "RUN a && \\\n# no\n\n   # no && z\n  b 'x y' \\\n  && c\n", "a\nb x y\nc"},
		{"CRLF", "RUN a && \\\r\n  b\r\nCMD x\r\n", "a\nb"},
		{"a word split over lines", "RUN go bui\\\n# c\nld\n", "go build"},
		{"a hash inside words", "RUN echo ${A#v} b#c\n", "echo <${A#v}> b#c"},
		{"heredoc script", "RUN <<EOF\nset -e\ngo build\nEOF\n", "set -e\ngo build"},
		{"heredoc with tabs and quotes", "RUN <<-\"EOF\"\n\tgo build\n\tEOF\n", "go build"},
		{"heredoc for bash", "RUN <<EOF\n#!/usr/bin/env bash\ngo build\nEOF\n", "go build"},
		{"heredoc for a shell that is called", "RUN <<EOF bash -euo pipefail\ngo build\nEOF\n", "go build"},
		{"a shell in front of its heredoc", "RUN /usr/bin/env bash -x <<-'EOF'\n\tX=1; echo $X\n\tEOF\n", "X=1\necho <$X>"},
		{"a shell that takes its script elsewhere", "RUN bash -c 'a' <<EOF\nb\nEOF\n", "bash -c a"},
		{"a shell that runs a file", "RUN sh x.sh <<EOF\nb\nEOF\n", "sh x.sh"},
		{"a shell and something else", "RUN bash <<EOF && a\nb\nEOF\n", "bash\na"},
		{"exec form with a shell", `RUN ["/bin/bash", "-o", "pipefail", "-ec", "cd x && go build -o 'a b'"]` + "\n", "cd x\ngo build -o a b"},
		{"heredoc as input", "RUN cat <<EOF >/x && go build\nFROM y\nEOF\n", "cat > /x\ngo build"},
		{"two heredocs as input", "RUN cat <<A && cat <<B\nx\nA\ny\nB\n", "cat\ncat"},
		{"conditions", "RUN if test -f x; then a; elif y; then b; else c; fi\n", "test -f x\n? a\n? y\n? b\n? c"},
		{"case", "RUN case \"$TARGETARCH\" in amd64) a;; *) b;; esac\n", "? a\n? b"},
		{"export", "RUN export GOOS=linux GOARCH=$A && go build\n", "export GOOS=linux GOARCH=<$A>\ngo build"},
		{"substitution", "RUN go build -ldflags \"-X v=$(git describe)\"\n", "go build -ldflags <\"-X v=$(git describe)\">\n$() git describe"},
		{"quotes and escapes", `RUN echo "a\"b" 'c d' e\ f` + "\n", `echo a"b c d e f`},
		{"mount flags", "RUN --mount=type=cache,target=/x --network=none make -j\n", "make -j"},
		{"subshell and loop", "RUN (cd x && make) && for i in 1 2; do b $i; done\n", "? cd x\n? make\n? b <$i>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := parseRun(t, tt.src)
			if s.Opaque != "" {
				t.Fatal(s.Opaque)
			}
			if got := describe(s); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestSpansLeadBackToTheFile(t *testing.T) {
	s := parseRun(t, "# c\nRUN a && \\\r\n  # d\r\n  X=1 go build \\\n -o y && z \"$TARGETARCH\"\n")
	src := s.Run.Doc.Src
	c := s.Commands[1]
	for _, tt := range []struct {
		span dockerfile.Span
		want string
	}{
		{c.Span, "X=1 go build \\\n -o y"},
		{c.Assigns[0].Span, "X=1"},
		{c.Words[0].Span, "go"},
		{c.Words[3].Span, "y"},
		{s.Uses[0].Span, "$TARGETARCH"},
	} {
		if got := string(src[tt.span.Start:tt.span.End]); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestPlacesForEdits(t *testing.T) {
	s := parseRun(t, "RUN X= a; time -p b\n")
	at := s.Commands[0].Assigns[0].Value.Span
	if want := s.Commands[0].Assigns[0].Span.End; at.Start != want || at.End != want {
		t.Errorf("the value of X= is at %v, want %d", at, want)
	}
	if at := s.Commands[1].Timer; string(s.Run.Doc.Src[at.Start:at.End]) != "time -p " {
		t.Errorf("timer at %v", at)
	}
	for _, src := range []string{"RUN time b\n", "RUN <<E\n#!/bin/bash\ntime b\nE\n"} {
		if s := parseRun(t, src, "/bin/bash", "-c"); s.Commands[0].Timer.Len() > 0 {
			t.Errorf("%q: time is a keyword of bash", src)
		}
	}
}

func TestOpaque(t *testing.T) {
	for _, tt := range []struct {
		name, src, want string
		shell           []string
	}{
		{"exec form", `RUN ["go", "build"]` + "\n", "exec form", nil},
		{"exec form of a shell with escapes", `RUN ["sh", "-c", "echo \"a\""]` + "\n", "exec form", nil},
		{"exec form of a shell with arguments", `RUN ["sh", "-c", "echo $1", "x", "y"]` + "\n", "exec form", nil},
		{"variables replaced too early", "RUN bash <<E\nX=1; echo $X\nE\n", "$X is replaced before", nil},
		{"python", "RUN <<E\n#!/usr/bin/env python3\nprint(1)\nE\n", "/usr/bin/env python3", nil},
		{"PowerShell", "RUN Get-Item x\n", "SHELL is powershell", []string{"powershell", "-Command"}},
		{"broken", "RUN if x\n", "cannot parse it: line 2: ", nil},
		{"broken in a later line", "RUN a && \\\n  # b\n  if x; then c\n", "cannot parse it: line 4: `if`", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if s := parseRun(t, tt.src, tt.shell...); !strings.Contains(s.Opaque, tt.want) || len(s.Commands) != 0 {
				t.Errorf("opaque %q, commands %v; want %q", s.Opaque, s.Commands, tt.want)
			}
		})
	}
	if s := parseRun(t, "RUN go build\n", "/bin/bash", "-o", "pipefail", "-c"); s.Opaque != "" {
		t.Error(s.Opaque)
	}
}

func TestUsesAndSets(t *testing.T) {
	s := parseRun(t, "RUN A=1 && echo $A '${B}' \"${C:-x}\" ${D:=y} && for E in $F; do read G; done; export H; H=$H x\n")
	var uses []string
	for _, u := range s.Uses {
		uses = append(uses, u.Name)
	}
	if got := fmt.Sprint(uses); got != "[A C D F H]" {
		t.Errorf("uses %s", got)
	}
	for name, want := range map[string]bool{"A": true, "B": false, "C": false, "D": true, "E": true, "F": false, "G": true, "H": false} {
		if s.Sets(name) != want {
			t.Errorf("Sets(%s) is %v", name, !want)
		}
	}
}

// TestExecForm reads the words of an exec form, with escapes and over lines.
func TestExecForm(t *testing.T) {
	s := parseRun(t, "RUN [\"go\", \\\n  \"build\", \"-ldflags=-X \\\"a\\\"\", \"\", \"\\u0041\\\\\"]\n")
	if s.Exec == nil || s.Exec.Name != "go" {
		t.Fatalf("exec is %v", s.Exec)
	}
	want := []string{"go", "build", `-ldflags=-X "a"`, "", `A\`}
	for i, w := range s.Exec.Words {
		if w.Lit != want[i] || !w.Const || string(s.Run.Doc.Src[w.Span.Start:w.Span.End]) != w.Raw {
			t.Errorf("word %d is %+v, want %q", i, w, want[i])
		}
	}
	if len(s.Exec.Words) != len(want) || s.Run.Doc.Src[s.Exec.Span.Start] != '[' || s.Run.Doc.Src[s.Exec.Span.End-1] != ']' {
		t.Errorf("%d words, command at %v", len(s.Exec.Words), s.Exec.Span)
	}
	if s := parseRun(t, "RUN [ -f x ] && go build\n"); s.Exec != nil || s.Opaque != "" {
		t.Errorf("a shell's test is no exec form: %q", s.Opaque)
	}
}

// FuzzSpans checks that every span of every command lies inside its RUN and that
// a word's bytes are in the file where the span says.
func FuzzSpans(f *testing.F) {
	for _, src := range []string{
		"RUN a && b\n", "RUN <<E\na \\\nb\nE\n", "RUN cat <<E > x\ny\nE\n", "RUN a \\\r\n#c\r\n b\r\n",
		"RUN <<E bash\na\nE\n", "RUN [\"sh\", \"-c\", \"a && b\"]\n", "RUN [\"a\", \\\n \"\\\"b\"]\n",
		"RUN x=$(a `b` ${c:-$(d)}) <(e)\n", "RUN case $a in b) c;; esac\n", "RUN f() { a; }; f\n", "RUN cat <<A <<-'B'\nx\nA\n\ty\n\tB\n",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := dockerfile.Parse("Dockerfile", append([]byte("FROM a\n"), src...))
		if err != nil {
			return
		}
		for _, in := range d.Instructions {
			if _, ok := in.Command.(*instructions.RunCommand); !ok {
				continue
			}
			s := Parse(in, nil)
			for _, c := range s.Commands {
				if !in.Span.Contains(c.Span) {
					t.Fatalf("command %v outside of its RUN %v", c.Span, in.Span)
				}
				for _, w := range c.Words {
					if !in.Span.Contains(w.Span) || w.Span.Len() < len(w.Raw) {
						t.Fatalf("word %q at %v in RUN %v", w.Raw, w.Span, in.Span)
					}
					if d.Src[w.Span.Start] != w.Raw[0] || d.Src[w.Span.End-1] != w.Raw[len(w.Raw)-1] {
						t.Fatalf("word %q is not at %v", w.Raw, w.Span)
					}
				}
			}
		}
	})
}
