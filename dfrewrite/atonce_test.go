package dfrewrite

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/rules"
	"xxkit/dfrewrite/verdict"
)

// oneByOne picks one fix, as Rewrite says that it does.
func oneByOne(f *File, unsafe bool) []rules.Diagnostic {
	for _, r := range rules.All {
		for _, d := range f.Findings {
			if d.Rule == r && d.Fix != nil && (unsafe || d.Fix.Safety == rules.Safe) {
				return []rules.Diagnostic{d}
			}
		}
	}
	return nil
}

// sample is a Dockerfile with its build context, if there is one.
type sample struct {
	name    string
	src     []byte
	context fs.FS
	flags   graph.Flags
}

// samples are all Dockerfiles in this module: in the archives of its tests, each with the files beside it, in the pages
// and in the examples.
func samples(t *testing.T) []sample {
	var out []sample
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir():
			return err
		case strings.HasSuffix(path, ".txtar"):
			a, err := txtar.ParseFile(path)
			if err != nil {
				return err
			}
			files := fstest.MapFS{}
			for _, f := range a.Files {
				files[strings.TrimPrefix(f.Name, "/")] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
			}
			for _, f := range a.Files {
				if !bytes.Contains(f.Data, []byte("FROM ")) {
					continue
				}
				s := sample{name: path + " " + f.Name, src: f.Data, context: files}
				if dir := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(f.Name)), "/"); dir != "." && fs.ValidPath(dir) {
					s.context, _ = fs.Sub(files, dir)
				}
				if rest, ok := strings.CutPrefix(f.Name, "fires/"); ok {
					s.context, _ = fs.Sub(files, "context/"+rest)
				}
				out = append(out, s)
			}
		case strings.HasSuffix(path, ".md"):
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for i, part := range strings.Split(string(data), "```") {
				if _, text, ok := strings.Cut(part, "\n"); ok && i%2 == 1 && strings.Contains(text, "FROM ") {
					out = append(out, sample{name: fmt.Sprintf("%s, block %d", path, i/2), src: []byte(text)})
				}
			}
		case isDockerfile(d.Name()):
			data, err := os.ReadFile(path)
			out = append(out, sample{name: path, src: data, context: os.DirFS(filepath.Dir(path))})
			return err
		}
		return nil
	})
	if err != nil || len(out) < 500 {
		t.Fatalf("%d samples: %v", len(out), err)
	}
	return out
}

// downloaded are the Dockerfiles of all modules that are on this machine.
func downloaded(t *testing.T) []sample {
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	var out []sample
	_ = filepath.WalkDir(strings.TrimSpace(string(cache)), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.Contains(strings.ToLower(d.Name()), "dockerfile") {
			if data, err := os.ReadFile(path); err == nil {
				out = append(out, sample{name: path, src: data, context: os.DirFS(filepath.Dir(path))})
			}
		}
		return nil
	})
	return out
}

// TestAtOnce rewrites every Dockerfile that can be found with fixes made at once, and one by one: the result is the
// same, and the steps lead to it. Each is rewritten alone, and behind another one, which makes stages that have
// nothing to do with one another.
func TestAtOnce(t *testing.T) {
	all := samples(t)
	if !testing.Short() {
		all = append(all, downloaded(t)...)
	}
	n := len(all)
	for i := range n {
		one, two := all[i], all[(i*7+3)%n]
		doc, err := dockerfile.Parse("Dockerfile", one.src)
		if err != nil || bytes.Contains(two.src, []byte("# syntax=")) {
			continue
		}
		// Both are shipped. Numbers of stages would not do: a fix can bring a stage.
		last := doc.Stages[len(doc.Stages)-1]
		target, src := last.Name, bytes.Clone(one.src)
		if target == "" {
			target = "shipped"
			src = slices.Insert(src, last.From.Span.End, []byte(" AS shipped")...)
		}
		src = append(bytes.TrimSuffix(src, []byte("\n")), '\n')
		all = append(all, sample{
			name: one.name + " and " + two.name, src: append(src, two.src...), context: one.context,
			flags: graph.Flags{Targets: []string{target, ""}},
		})
	}
	fixes, rounds := 0, 0
	for _, s := range all {
		for _, unsafe := range []bool{false, true} {
			opt := Options{Unsafe: unsafe, Options: verdict.Options{Flags: s.flags}}
			if s.context != nil {
				opt.Context = context.New(s.context)
			}
			want, err := rewrite("Dockerfile", s.src, opt, oneByOne)
			if err != nil {
				if strings.Contains(err.Error(), "internal error") {
					t.Errorf("%s: %v", s.name, err)
				}
				break // it is no Dockerfile
			}
			got, err := rewrite("Dockerfile", s.src, opt, func(f *File, unsafe bool) []rules.Diagnostic {
				rounds++
				return nextFixes(f, unsafe)
			})
			if err != nil {
				t.Errorf("%s: %v", s.name, err)
				continue
			}
			fixes += len(got.Made)
			if d := diff.Diff("one by one", want.Out, "at once", got.Out); d != nil {
				t.Errorf("%s, unsafe %v: %s", s.name, unsafe, d)
			}
			if len(got.Made) != len(want.Made) || remarks(got.Left) != remarks(want.Left) {
				t.Errorf("%s, unsafe %v: %d fixes, and left is\n%swant %d, and left\n%s", s.name, unsafe, len(got.Made), remarks(got.Left), len(want.Made), remarks(want.Left))
			}
			out := s.src
			for i, edits := range got.Edits {
				if out, err = dockerfile.Apply(out, edits); err != nil {
					t.Errorf("%s: step %d: %v", s.name, i, err)
				}
			}
			if !bytes.Equal(out, got.Out) {
				t.Errorf("%s: the steps lead elsewhere:\n%s", s.name, diff.Diff("the result", got.Out, "the steps", out))
			}
			for _, d := range got.AsItStands().Findings {
				for _, n := range append(d.Notes, rules.Note{Span: d.Span}) {
					if n.Span.Start < 0 || n.Span.Start > n.Span.End || n.Span.End > len(s.src) {
						t.Errorf("%s: %s stands at %v of the old file", s.name, d.Rule.Name, n.Span)
					}
				}
			}
			if again, err := Rewrite("Dockerfile", got.Out, opt); err != nil || !bytes.Equal(again.Out, got.Out) {
				t.Errorf("%s, unsafe %v: rewriting twice: %v", s.name, unsafe, err)
			}
		}
	}
	t.Logf("%d Dockerfiles, %d fixes, %d rounds", len(all), fixes, rounds)
}
