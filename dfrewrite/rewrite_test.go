package dfrewrite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/rules"
	"xxkit/dfrewrite/verdict"
)

// TestRewrite runs testdata/rewrite/*.txtar. Each archive has
//
//	Dockerfile   what is rewritten
//	want         the result; without it, nothing may change
//	remarks      findings that are left, a line each: "Rule line: message", and
//	             under it "  line: note"; without it, none
//
// and other files, which are the build context; with none, there is no context.
// TESTSCRIPT_UPDATE=1 renews want and remarks. The comment may set options: platforms=…, helpers=…, image=…, arg=…, target=…, unsafe. CRLF and the like,
// which do not survive in an archive, are tested elsewhere.
func TestRewrite(t *testing.T) {
	files, err := filepath.Glob("testdata/rewrite/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			a := txtar.Parse(data)
			parts := map[string]string{}
			files := fstest.MapFS{}
			for _, f := range a.Files {
				switch f.Name {
				case "Dockerfile", "want", "remarks":
					parts[f.Name] = string(f.Data)
				default:
					files[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
				}
			}
			opt := optionsIn(t, string(a.Comment))
			if len(files) > 0 {
				opt.Context = context.New(files)
			}
			want, ok := parts["want"]
			if !ok {
				want = parts["Dockerfile"]
			}
			r, err := Rewrite("Dockerfile", []byte(parts["Dockerfile"]), opt)
			if err != nil {
				t.Fatal(err)
			}
			if os.Getenv("TESTSCRIPT_UPDATE") != "" {
				renew(t, file, a, map[string]string{"want": string(r.Out), "remarks": remarks(r.Left)})
				return
			}
			if d := diff.Diff("want", []byte(want), "got", r.Out); d != nil {
				t.Errorf("%s", d)
			}
			if d := diff.Diff("remarks wanted", []byte(parts["remarks"]), "remarks", []byte(remarks(r.Left))); d != nil {
				t.Errorf("%s", d)
			}
			again, err := Rewrite("Dockerfile", r.Out, opt)
			if err != nil || !bytes.Equal(again.Out, r.Out) {
				t.Errorf("rewriting twice: %v\n%s", err, diff.Diff("once", r.Out, "twice", again.Out))
			}
		})
	}
}

// renew writes what comes out into an archive; a part that an archive can do without is put in where it is needed.
func renew(t *testing.T, file string, a *txtar.Archive, parts map[string]string) {
	dockerfile := ""
	for i, f := range a.Files {
		if f.Name == "Dockerfile" {
			dockerfile = string(f.Data)
		}
		if text, ok := parts[f.Name]; ok {
			a.Files[i].Data = []byte(text)
			delete(parts, f.Name)
		}
	}
	for _, name := range []string{"want", "remarks"} {
		if text := parts[name]; text != "" && !(name == "want" && text == dockerfile) {
			a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(text)})
		}
	}
	if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

func optionsIn(t *testing.T, comment string) Options {
	var opt Options
	for _, word := range strings.Fields(comment) {
		key, value, ok := strings.Cut(word, "=")
		switch {
		case ok && key == "image":
			opt.Image = value
		case ok && key == "arg": // given, but nobody knows what
			opt.Flags.Args = map[string]*string{value: nil}
		case ok && key == "target":
			opt.Flags.Targets = append(opt.Flags.Targets, value)
		case word == "unsafe":
			opt.Unsafe = true
		case ok && key == "platforms":
			var err error
			if opt.Platforms, err = ParsePlatforms(value); err != nil {
				t.Fatal(err)
			}
		case ok && key == "helpers":
			opt.Helpers = map[string]verdict.HelperUse{"auto": verdict.HelpersAuto, "always": verdict.HelpersAlways, "never": verdict.HelpersNever}[value]
		}
	}
	return opt
}

// remarks writes findings in the form of the archives.
func remarks(f *File) string {
	var b strings.Builder
	for _, d := range f.Findings {
		held := ""
		if d.Fix != nil && d.Fix.Safety == rules.Review {
			held = " (review: " + strings.Join(d.Fix.Why, "; ") + ")"
		}
		fmt.Fprintf(&b, "%s %d: %s%s\n", d.Rule.Name, f.Doc.Position(d.Span.Start).Line, d.Message, held)
		for _, n := range d.Notes {
			fmt.Fprintf(&b, "  %d: %s\n", f.Doc.Position(n.Span.Start).Line, n.Text)
		}
	}
	return b.String()
}

// TestBytesOutsideOfEditsStay rewrites files whose bytes an archive cannot hold.
func TestBytesOutsideOfEditsStay(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"CRLF",
			"FROM golang:1.26-alpine AS build\r\nRUN CGO_ENABLED=0 \\\r\n  go build -o /app\r\nFROM scratch\r\nCOPY --from=build /app /\r\n",
			"FROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build\r\nARG TARGETOS TARGETARCH\r\nRUN CGO_ENABLED=0 \\\r\n  GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /app\r\nFROM scratch\r\nCOPY --from=build /app /\r\n"},
		{"LF and CRLF mixed",
			"FROM golang:1.26-alpine AS build\nRUN go build -o /app\r\nFROM scratch\nCOPY --from=build /app /\r\n",
			"FROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build\nARG TARGETOS TARGETARCH\r\nRUN GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /app\r\nFROM scratch\nCOPY --from=build /app /\r\n"},
		{"byte order mark, directive, no final newline",
			"\xEF\xBB\xBF# syntax=docker/dockerfile:1\nFROM golang:1.26-alpine AS build\nRUN go build -o /app\nFROM scratch\nCOPY --from=build /app /",
			"\xEF\xBB\xBF# syntax=docker/dockerfile:1\nFROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build\nARG TARGETOS TARGETARCH\nRUN GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /app\nFROM scratch\nCOPY --from=build /app /"},
		{"backtick escape, blanks behind it, tabs",
			"# escape=`\nFROM golang:1.26-alpine AS build\n\tRUN CGO_ENABLED=0 `  \n\t\tgo build -o /app\nFROM scratch\nCOPY --from=build /app /\n",
			"# escape=`\nFROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build\n\tARG TARGETOS TARGETARCH\n\tRUN CGO_ENABLED=0 `  \n\t\tGOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /app\nFROM scratch\nCOPY --from=build /app /\n"},
		{"a long line",
			"FROM golang:1.26-alpine AS build\nRUN echo " + strings.Repeat("x", 60000) + " && go build -o /app\nFROM scratch\nCOPY --from=build /app /\n",
			"FROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build\nARG TARGETOS TARGETARCH\nRUN echo " + strings.Repeat("x", 60000) + " && GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /app\nFROM scratch\nCOPY --from=build /app /\n"},
		{"packages split, in CRLF",
			"FROM golang:1.26-alpine AS build\r\nRUN apk add \\\r\n  git \\\r\n  gcc \\\r\n  musl-dev\r\nRUN CGO_ENABLED=1 go build -o /app\r\nFROM scratch\r\nCOPY --from=build /app /\r\n",
			"FROM --platform=$BUILDPLATFORM tonistiigi/xx:1.8.0 AS xx\r\n\r\nFROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build\r\nCOPY --from=xx / /\r\nRUN apk add \\\r\n  git \\\r\n  clang \\\r\n  lld \\\r\n  file\r\nARG TARGETPLATFORM\r\nRUN xx-apk add xx-c-essentials\r\nRUN CGO_ENABLED=1 xx-go build -o /app && xx-verify --static /app\r\nFROM scratch\r\nCOPY --from=build /app /\r\n"},
		{"a hand-made recipe undone, in CRLF, no final newline",
			"FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build\r\nRUN dpkg --add-architecture arm64 && \\\r\n  apt-get update && apt-get install -y \\\r\n    gcc-aarch64-linux-gnu \\\r\n    libopus-dev:arm64\r\nARG TARGETARCH\r\nRUN CC=aarch64-linux-gnu-gcc CGO_ENABLED=1 GOARCH=$TARGETARCH go build -o /app\r\nFROM debian\r\nCOPY --from=build /app /",
			"FROM --platform=$BUILDPLATFORM tonistiigi/xx:1.8.0 AS xx\r\n\r\nFROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build\r\nCOPY --from=xx / /\r\nRUN apt-get update && apt-get install -y \\\r\n    clang \\\r\n    lld \\\r\n    file\r\nARG TARGETARCH\r\nARG TARGETPLATFORM\r\nRUN xx-apt-get install -y libopus-dev xx-cxx-essentials xx-c-essentials\r\nRUN CGO_ENABLED=1 PKG_CONFIG_LIBDIR=/usr/lib/$(xx-info triple)/pkgconfig:/usr/share/pkgconfig xx-go build -o /app && xx-verify /app\r\nFROM debian\r\nCOPY --from=build /app /"},
		{"an ARG for a helper, in CRLF, no final newline",
			"FROM golang:1.26-alpine AS build\r\nRUN xx-go build -o /app\r\nFROM scratch\r\nCOPY --from=build /app /",
			"FROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build\r\nARG TARGETPLATFORM\r\nRUN xx-go build -o /app\r\nFROM scratch\r\nCOPY --from=build /app /"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Rewrite("Dockerfile", []byte(tt.src), Options{Unsafe: true})
			if err != nil || string(r.Out) != tt.want {
				t.Errorf("%v\ngot  %q\nwant %q", err, r.Out, tt.want)
			}
		})
	}
}

// FuzzRewrite checks what must hold whatever the file is: each fix alone leaves a
// Dockerfile, a rewrite is one, it is the same with one fix at a time, and rewriting it again changes nothing. Bytes outside
// of a fix's edits cannot change: an edit is all that Apply knows of.
func FuzzRewrite(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, folder := range []string{"rewrite", "rules"} {
		more, _ := filepath.Glob("testdata/" + folder + "/*.txtar")
		files = append(files, more...)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range a.Files {
			if bytes.Contains(part.Data, []byte("FROM ")) {
				f.Add(part.Data, uint8(0))
				f.Add(bytes.ReplaceAll(part.Data, []byte("\n"), []byte("\r\n")), uint8(7))
			}
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, how uint8) {
		opt := Options{Unsafe: how&1 != 0, Options: verdict.Options{Helpers: verdict.HelperUse(how / 2 % 3)}}
		if how&64 != 0 {
			opt.Platforms = []string{"linux/amd64/v3", "linux/arm/v6"}
		}
		checkFixes(t, src, opt)
		r, err := Rewrite("Dockerfile", src, opt)
		if err != nil {
			if strings.Contains(err.Error(), "internal error") {
				t.Fatal(err)
			}
			return
		}
		one, err := rewrite("Dockerfile", src, opt, oneByOne)
		if err != nil || !bytes.Equal(one.Out, r.Out) {
			t.Fatalf("one fix at a time: %v\n%s", err, diff.Diff("one at a time", one.Out, "at once", r.Out))
		}
		again, err := Rewrite("Dockerfile", r.Out, opt)
		if err != nil || !bytes.Equal(again.Out, r.Out) {
			t.Fatalf("rewriting twice: %v\n%s", err, diff.Diff("once", r.Out, "twice", again.Out))
		}
	})
}
