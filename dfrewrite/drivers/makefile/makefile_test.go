package makefile

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/drivers/makefile/gnumake"
	"xxkit/dfrewrite/graph"
)

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
			files := context.New(fstest.MapFS{"Makefile": {Data: []byte(test.text)}})
			_, err := gnumake.Run(gnumake.Config{Files: files, Dir: ".", Env: func(string) (string, bool) { return "", false }, Budget: graph.NewBudget().Text}, "all")
			if err == nil || err.Error() != test.want {
				t.Errorf("for Go: %v; want %s", err, test.want)
			}
			m, err := readCMakefile(files, graph.NewBudget(), ".", "Makefile")
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
