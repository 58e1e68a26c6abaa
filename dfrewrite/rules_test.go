package dfrewrite

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/rules"
)

// leastCases is how many Dockerfiles a rule has to fire on, and how many near
// misses it has to leave alone.
const leastCases = 3

// TestRules runs testdata/rules/*.txtar, one archive a rule. Its files are
//
//	fires/NAME       a Dockerfile with the mistake
//	findings/NAME    what the rule says about it: "line: severity: message", and under it
//	                 "  line: note", or "  file:line: note" for one of the context
//	fixed/NAME       what `rewrite --unsafe` makes of it; without it, nothing
//	quiet/NAME       a Dockerfile that looks alike and is right
//	options/NAME     options as for TestRewrite
//	context/NAME/…   files of the build context; one that says "ELF ARCH" becomes a
//	                 program for that architecture
func TestRules(t *testing.T) {
	files, err := filepath.Glob("testdata/rules/*.txtar")
	if err != nil || len(files) != len(rules.All) {
		t.Errorf("%d archives for %d rules: %v", len(files), len(rules.All), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			rule := rules.Named(name)
			if rule == nil {
				t.Fatal("no rule of that name")
			}
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			fires, quiet := runCases(t, rule, a)
			if fires < leastCases || quiet < leastCases {
				t.Errorf("%d places where it fires and %d near misses; %d of each are wanted", fires, quiet, leastCases)
			}
		})
	}
}

func runCases(t *testing.T, rule *rules.Rule, a *txtar.Archive) (fires, quiet int) {
	parts := map[string]string{}
	for _, f := range a.Files {
		parts[f.Name] = string(f.Data)
	}
	for _, f := range a.Files {
		kind, name, _ := strings.Cut(f.Name, "/")
		switch kind {
		case "fires":
			fires++
		case "quiet":
			quiet++
		case "findings", "fixed", "options":
			if parts["fires/"+name] == "" && parts["quiet/"+name] == "" {
				t.Errorf("%s belongs to no Dockerfile", f.Name)
			}
			continue
		case "context":
			continue
		default:
			t.Errorf("what is %s?", f.Name)
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			opt := optionsIn(t, parts["options/"+name])
			if files := contextIn(parts, "context/"+name+"/"); len(files) > 0 {
				opt.Context = context.New(files)
			}
			file, err := Lint("Dockerfile", f.Data, opt)
			if err != nil {
				t.Fatal(err)
			}
			if d := diff.Diff("findings wanted", []byte(parts["findings/"+name]), "findings", []byte(findingsOf(file, rule))); d != nil {
				t.Errorf("%s", d)
			}
			if kind == "fires" && parts["findings/"+name] == "" {
				t.Error("what it finds is not said")
			}
			if kind == "quiet" {
				return
			}
			opt.Unsafe = true
			r, err := Rewrite("Dockerfile", f.Data, opt)
			if err != nil {
				t.Fatal(err)
			}
			want, ok := parts["fixed/"+name]
			if !ok {
				want = string(f.Data)
			}
			if d := diff.Diff("fixed wanted", []byte(want), "fixed", r.Out); d != nil {
				t.Errorf("%s", d)
			}
			checkFixes(t, f.Data, opt)
		})
	}
	return fires, quiet
}

func contextIn(parts map[string]string, prefix string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, data := range parts {
		if name, ok := strings.CutPrefix(name, prefix); ok {
			content := []byte(data)
			if arch, ok := strings.CutPrefix(strings.TrimSpace(data), "ELF "); ok {
				content = elfHeader(arch)
			}
			files[name] = &fstest.MapFile{Data: content, Mode: 0o755}
		}
	}
	return files
}

// elfHeader is the start of a program for Linux.
func elfHeader(arch string) []byte {
	h := make([]byte, 64)
	copy(h, "\x7fELF\x02\x01\x01")
	h[16] = 2 // ET_EXEC
	h[18] = map[string]byte{"amd64": 62, "arm64": 183, "riscv64": 243}[arch]
	h[20] = 1
	return h
}

// findingsOf writes what one rule found, in the form of the archives.
func findingsOf(f *File, rule *rules.Rule) string {
	var b strings.Builder
	for _, d := range f.Findings {
		if d.Rule != rule {
			continue
		}
		fmt.Fprintf(&b, "%d: %s: %s\n", f.Doc.Position(d.Span.Start).Line, d.Severity, d.Message)
		for _, n := range d.Notes {
			at := fmt.Sprint(f.Doc.Position(n.Span.Start).Line)
			if n.In.File != "" {
				at = fmt.Sprintf("%s:%d", n.In.File, n.In.Line)
			}
			fmt.Fprintf(&b, "  %s: %s\n", at, n.Text)
		}
	}
	return b.String()
}

// checkFixes makes each fix alone and checks what must hold of all of them: the
// result is a Dockerfile, the finding is gone, and nothing else changed.
func checkFixes(t *testing.T, src []byte, opt Options) {
	t.Helper()
	file, err := Lint("Dockerfile", src, opt)
	if err != nil {
		return
	}
	for _, d := range file.Findings {
		if d.Fix == nil {
			continue
		}
		if len(d.Fix.Edits) == 0 {
			t.Fatalf("%s: a fix without edits", d.Rule.Name)
		}
		out, err := dockerfile.Apply(src, d.Fix.Edits)
		if err != nil {
			t.Fatalf("%s: %v", d.Rule.Name, err)
		}
		if bytes.Equal(out, src) {
			t.Fatalf("%s: a fix that changes nothing", d.Rule.Name)
		}
		if _, err := dockerfile.Parse("Dockerfile", out); err != nil {
			t.Fatalf("%s: the fix leaves a broken file: %v\n%s", d.Rule.Name, err, out)
		}
	}
}
