package recipes

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
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
			goes := &makeRun{makefile: parseMakefile(test.text), command: map[string]string{}, done: map[string]bool{},
				env: func(string) (string, bool) { return "", false }, file: func(string) bool { return false }}
			if err := goes.run("all"); err == nil || err.Error() != test.want {
				t.Errorf("for Go: %v; want %s", err, test.want)
			}
			context := NewContext(fstest.MapFS{"Makefile": {Data: []byte(test.text)}})
			m, err := readCMakefile(context, ".", "Makefile")
			if err == nil {
				err = m.collect(nil)
			}
			if err == nil || err.Error() != test.want {
				t.Errorf("for C: %v; want %s", err, test.want)
			}
		})
	}
}
