package builds

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/rules"
)

// describe writes what was read of a file.
func describe(f *File) string {
	var b strings.Builder
	for _, build := range f.Builds {
		fmt.Fprintf(&b, "build %s: %q in %q", build.Name, filepath.ToSlash(build.Dockerfile), filepath.ToSlash(build.Context))
		if build.Target != "" {
			fmt.Fprintf(&b, ", target %s", build.Target)
		}
		if len(build.Platforms) > 0 {
			fmt.Fprintf(&b, ", for %s", strings.Join(build.Platforms, " "))
		}
		b.WriteByte('\n')
	}
	for _, a := range f.Args {
		value := "?"
		if a.Known {
			value = fmt.Sprintf("%q", a.Value)
		}
		fmt.Fprintf(&b, "%d: arg of %s: %s=%s, written %s\n", f.Doc.Position(a.At.Start).Line, a.Build, a.Name, value, f.Doc.Src[a.At.Start:a.At.End])
	}
	for _, d := range f.Lint(rules.All) {
		fix := ""
		if d.Fix != nil {
			fix = " (fix)"
		}
		fmt.Fprintf(&b, "%d: %s%s\n", f.Doc.Position(d.Span.Start).Line, d.Message, fix)
	}
	return b.String()
}

var update = flag.Bool("update", false, "renew want and fixed in testdata")

// TestRead runs testdata/*.txtar: a Compose or bake file, what is read of it
// (want), and, if there is one, the file with the fixes made (fixed).
func TestRead(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txtar")
	if len(files) == 0 {
		t.Fatal("no archives")
	}
	start, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			t.Chdir(dir)
			parts := map[string]string{}
			name := a.Files[0].Name
			for _, p := range a.Files {
				parts[p.Name] = string(p.Data)
				if err := os.MkdirAll(filepath.Dir(p.Name), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(p.Name, p.Data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			f, err := Parse(name, []byte(parts[name]))
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				renew(t, filepath.Join(start, file), a, f)
			}
			if d := diff.Diff("want", []byte(parts["want"]), "got", []byte(describe(f))); d != nil {
				t.Errorf("%s", d)
			}
			fixed, ok := parts["fixed"]
			if !ok {
				fixed = parts[name]
			}
			r, err := f.Rewrite(dfrewrite.Options{Unsafe: true})
			if err != nil {
				t.Fatal(err)
			}
			if d := diff.Diff("fixed", []byte(fixed), "got", r.Out); d != nil {
				t.Errorf("%s", d)
			}
			safe, err := f.Rewrite(dfrewrite.Options{})
			if err != nil || string(safe.Out) != parts[name] {
				t.Errorf("without --unsafe: %v\n%s", err, safe.Out)
			}
		})
	}
}

// renew writes an archive with what is read now.
func renew(t *testing.T, file string, a *txtar.Archive, f *File) {
	r, err := f.Rewrite(dfrewrite.Options{Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" || f.Name == "fixed" })
	a.Files = append(a.Files, txtar.File{Name: "want", Data: []byte(describe(f))})
	if !bytes.Equal(r.Out, f.Doc.Src) {
		a.Files = append(a.Files, txtar.File{Name: "fixed", Data: r.Out})
	}
	if err := os.WriteFile(file, txtar.Format(a), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"docker-bake.hcl", "target \"a\" {\n  platforms = [\n", "docker-bake.hcl:3: "},
		{"docker-bake.hcl", "target \"a\" {\n  platforms = \"linux/amd64\"\n}\n", "docker-bake.hcl:2: not a list of strings"},
		{"docker-bake.hcl", "target \"a\" {\n  context = nowhere\n}\n", "docker-bake.hcl:2: Unknown variable: There is no variable named \"nowhere\""},
		{"docker-bake.hcl", "target \"a\" {\n  inherits = [\"b\"]\n}\ntarget \"b\" {\n  inherits = [\"a\"]\n}\n", `docker-bake.hcl: target "a" inherits itself`},
		{"docker-bake.json", "{\n", "docker-bake.json:"},
		{"compose.yaml", "services:\n  a:\n   - b\n  c\n", "compose.yaml:"},
		{"compose.yaml", "services:\n  a:\n    built: .\n", `compose.yaml:3: services.a: there is no "built" in Compose files`},
		{"compose.yaml", "", "compose.yaml: there is nothing in this Compose file"},
		{"compose.yaml", "- a\n", "compose.yaml:1: the file must be a mapping"},
		{"compose.yaml", "service:\n  a: {}\n", `compose.yaml:1: the file: there is no "service" in Compose files`},
		{"compose.yaml", "services:\n  a:\n    build:\n      context: .\n      context: ..\n", `compose.yaml:5: services.a.build: "context" stands in line 4 already`},
		{"compose.yaml", "services:\n  a:\n    build:\n      target: [b]\n", "compose.yaml:4: this must be one value"},
		{"compose.yaml", "services:\n  a:\n    build: ${\n", "compose.yaml:3: "},
		{"compose.yaml", "services:\n  a:\n    extends: b\n", `compose.yaml:3: service "a" extends "b", which is not in compose.yaml`},
		{"compose.yaml", "services:\n  a:\n    extends: b\n  b:\n    extends: a\n", "compose.yaml:"},
		{"compose.yaml", "services:\n  a:\n    extends: {file: nowhere.yaml, service: b}\n", `compose.yaml:3: service "a" extends another file: open `},
		{"compose.yaml", "include: [nowhere.yaml]\n", "compose.yaml:1: include: open "},
		{"compose.yaml", "include: [compose.yaml]\n", "compose.yaml:1: compose.yaml includes itself"},
		{"compose.yaml", "x-a: &a\n  <<: *a\n  b:\n    build:\n      args: *a\n", "compose.yaml:2: *a stands within what it stands for"},
	} {
		_, err := Parse(tt.name, []byte(tt.src))
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%q\ngot  %v\nwant %s", tt.src, err, tt.want)
		}
	}
}

// TestAliasesOfAliases reads a file whose args would be ten to the power of ten
// arguments, which has to be refused or bounded.
func TestAliasesOfAliases(t *testing.T) {
	var b strings.Builder
	b.WriteString("x-0: &a0\n  TARGETARCH: amd64\n")
	for i := range 10 {
		fmt.Fprintf(&b, "x-%d: &a%d\n  <<: [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9)+fmt.Sprintf("*a%d", i))
	}
	b.WriteString("services:\n  a:\n    build:\n      context: .\n      args:\n        <<: *a10\n")
	done := make(chan bool)
	go func() {
		_, _ = Parse("compose.yaml", []byte(b.String()))
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("no end")
	}
}

func FuzzBuilds(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(filepath.Ext(a.Files[0].Name), a.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, ext string, src []byte) {
		file, err := Parse("x"+ext, src)
		if err != nil {
			return
		}
		if _, err := file.Rewrite(dfrewrite.Options{Unsafe: true}); err != nil {
			t.Fatal(err)
		}
	})
}
