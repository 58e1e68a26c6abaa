package makefile

import (
	"strings"
	"testing"
	"testing/fstest"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/graph"
)

func TestCMakefile(t *testing.T) {
	for _, tt := range []struct{ name, text, goal, want, err string }{
		{"variables", "O = -O2\napp: a.o\n\t$(CC) $(O) -o $@ $^\n", "app", "CC -O2 -o app a.o", ""},
		{"reached by a variable", "T = app\nall: $(T)\napp: ; echo $@\nother: ; echo other\n", "all", "echo app", ""},
		{"pattern rules always", "%.o: %.c\n\t$(CC) -c $<\nx: ; echo x\n", "x", "CC -c some.c|echo x", ""},
		{"functions on names", "S = $(wildcard *.c)\nO := $(S:.c=.o)\napp: $(O)\n\t$(CC) -o app $(O)\n", "app", "CC -o app some.o", ""},
		{"not on Linux", "ifeq ($(OS),Windows_NT)\nE = .exe\napp: ; del app\nelse\napp: ; echo unix$(E)\nendif\n", "app", "echo unix", ""},
		{"both branches", "ifdef DEBUG\nF = -g\nelse\nF = -O2\nendif\napp: ; $(CC) $(F) a.c\n", "app", "CC -g -O2 a.c", ""},
		{"shell", "V = $(shell git describe)\napp: ; echo $(V) $$HOME\n", "app", "echo $(git describe) $HOME", ""},
		{"make again", "app: ; $(MAKE) lib\nlib: ; echo lib\n", "app", "echo lib", ""},
		{"a machine", "ifeq ($(shell uname -m),x86_64)\nendif\n", "app", "", "asks about the machine"},
		{"eval", "app: ; $(eval X = 1)\n", "app", "", "$(eval X = 1)"},
		{"define", "define x\nendef\n", "app", "", "define x"},
		{"include", "include nothing.mk\n", "app", "", "include nothing.mk"},
		{"dependencies", "-include $(O:.o=.d)\napp: ; echo\n", "app", "echo", ""},
		{"without end", "A = $(B)\nB = $(A)\napp: ; echo $(A)\n", "app", "", "without end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			context := context.New(fstest.MapFS{"Makefile": {Data: []byte(tt.text)}})
			m, err := readCMakefile(context, graph.NewBudget(), ".", "Makefile")
			if err == nil {
				if err = m.Patterns(); err == nil {
					err = m.Goal(tt.goal)
				}
			}
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v", err)
				}
				return
			}
			var got []string
			for _, l := range m.lines {
				got = append(got, strings.ReplaceAll(l.Text, ByVariable+"cc", "CC"))
			}
			if lines := strings.Join(got, "|"); err != nil || lines != tt.want {
				t.Errorf("%s, %v", lines, err)
			}
		})
	}
}
