package makefile

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/graph"
)

// TestExpandMake shows what is followed of make's variables.
func TestExpandMake(t *testing.T) {
	m := parseMakefile("A = $(B) x\nB := b # comment\nE ?= weak\nF = 1\nF += 2\nLOOP = $(LOOP)\nexport CGO_ENABLED = 0\nV != git describe\nt: d \\\n e\n\techo\n")
	r := &makeRun{makefile: m, work: makeWork{graph.NewBudget()}, command: map[string]string{"C": "c"}, env: func(name string) (string, bool) { return "env", name == "E" || name == "B" || name == "H" }}
	for in, want := range map[string]string{
		"$(A)": "b x", "${B}": "b", "$(C)": "c", "$(E)": "env", "$(F)": "1 2", "$$x": "$x", "$@": "t", "$(H)": "env", "$(UNSET)": "",
		"$(shell git describe $(B))": "$(git describe b)", "$(V)": "$(git describe)", "a$": "a$",
	} {
		if got, err := r.expand(in, map[string]string{"@": "t"}, 0); err != nil || drivers.ShellLine(got) != want {
			t.Errorf("%s: %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"$(LOOP)", "$(wildcard *.go)", "$(A:.c=.o)", "$(MAKE) x", "$(A"} {
		if got, err := r.expand(in, nil, 0); err == nil {
			t.Errorf("%s: %q, want an error", in, got)
		}
	}
	if !m.exports["CGO_ENABLED"] || m.first != "t" || len(m.rules["t"].needs) != 2 {
		t.Errorf("%+v", m)
	}
	for _, text := range []string{"include x\n", "ifeq (a,b)\nendif\n", "define X\nendef\n", "t: A = b\n", ".ONESHELL:\n", "export\n", "$(eval x)\n", "a: | b\n"} {
		if m := parseMakefile(text); m.opaque == "" {
			t.Errorf("%q is followed: %+v", text, m)
		}
	}
}

// Variables that multiply each other come to an end, and soon.
func TestMakefileVariablesThatMultiply(t *testing.T) {
	var doubled strings.Builder
	for i := range 18 {
		fmt.Fprintf(&doubled, "A%d = %s\n", i, strings.Repeat(fmt.Sprintf("$(A%d)", i+1), 8))
	}
	for _, test := range []struct{ name, text, want string }{
		{"of itself", "A = $(A)$(A)$(A)\n\nall:\n\tprintf $(A)\n", "its Makefile has a variable without end: $(A)$(A)$(A)"},
		{"of others", doubled.String() + "\nall:\n\tprintf $(A0)\n", "its Makefile has variables that expand to too much"},
	} {
		t.Run(test.name, func(t *testing.T) {
			goes := &makeRun{makefile: parseMakefile(test.text), work: makeWork{graph.NewBudget()}, command: map[string]string{}, done: map[string]bool{},
				env: func(string) (string, bool) { return "", false }, file: func(string) bool { return false }}
			if err := goes.run("all"); err == nil || err.Error() != test.want {
				t.Errorf("for Go: %v; want %s", err, test.want)
			}
			context := context.New(fstest.MapFS{"Makefile": {Data: []byte(test.text)}})
			m, err := readCMakefile(context, graph.NewBudget(), ".", "Makefile")
			if err == nil {
				err = m.collect(nil)
			}
			if err == nil || err.Error() != test.want {
				t.Errorf("for C: %v; want %s", err, test.want)
			}
		})
	}
}

// A Makefile that calls make in its own folder is not followed for ever.
func TestMakefileThatCallsItself(t *testing.T) {
	context := context.New(fstest.MapFS{"Makefile": {Data: []byte("all:\n\t$(MAKE) -C . other\nother:\n\t$(MAKE) -C . all\n")}})
	m, err := readCMakefile(context, graph.NewBudget(), ".", "Makefile")
	if err != nil {
		t.Fatal(err)
	}
	const want = "its Makefile calls make again without end"
	if err := m.collect(nil); err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
}

// Nor are makefiles of which each includes the next one many times.
func TestMakefilesThatMultiply(t *testing.T) {
	files := fstest.MapFS{}
	for i := range maxMakeIncludes {
		files[fmt.Sprintf("%d.mk", i)] = &fstest.MapFile{Data: []byte("include" + strings.Repeat(fmt.Sprintf(" %d.mk", i+1), 100) + "\n")}
	}
	files[fmt.Sprintf("%d.mk", maxMakeIncludes)] = &fstest.MapFile{Data: []byte("all:\n")}
	const want = "its Makefile includes too much"
	if _, err := readCMakefile(context.New(files), graph.NewBudget(), ".", "0.mk"); err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
}
