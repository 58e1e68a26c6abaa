package recipes

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestOddFlags(t *testing.T) {
	for _, tt := range []struct {
		flags string
		odd   bool
	}{
		{"-O2 -g -Wall -Wextra -std=c11 -fPIC -pthread -D_GNU_SOURCE", false},
		{"-static -s -Wl,-O1 -Wl,--as-needed -lz -lm", false},
		{"-Llib -L. -Iinclude -I/usr/include/libxml2", false},
		{"-march=native", true},
		{"-O2 -mtune=native", true},
		{"-mcpu=cortex-a72", true},
		{"-m64", true},
		{"-O2 -mavx2 -O3", true},
		{"-msse4.2", true},
		{"-MMD -MP -MF dep", false},
		{"-mno-omit-leaf-frame-pointer", false},
		{"-L/usr/lib/x86_64-linux-gnu -lz", true},
		{"-Wl,-rpath,/usr/lib", true},
		{"/usr/lib/x86_64-linux-gnu/libz.a", true},
		{"-I/usr/local/include", true},
		{"-isystem /usr/lib/foo/include", true},
		{"-o /usr/lib/app/plugin", false},
		{"-O2 -fopenmp", true},
		{"-fsanitize=address", true},
		{`"-g -fprofile-arcs"`, true},
		{"-fstack-protector-strong -ffunction-sections -flto", false},
	} {
		if why, way := oddFlags(tt.flags); (why != "") != tt.odd || (why == "") != (way == "") {
			t.Errorf("%s: %q, %q", tt.flags, why, way)
		}
	}
}

func TestInstalled(t *testing.T) {
	plan := func(destdir, prefix string) *Plan {
		p := &Plan{}
		p.add(Step{Writes: installed(destdir, prefix)})
		return p
	}
	for _, tt := range []struct {
		destdir, prefix, file string
		want                  bool
	}{
		{"", "/usr/local", "/usr/local/bin/app", true},
		{"", "/usr/local", "/usr/local/lib/x/y.so", true},
		{"", "/usr/local", "/usr/local/go/bin/go", false},
		{"", "/usr", "/usr/bin/app", false},
		{"/", "/usr", "/usr/bin/app", false},
		{"", "/opt/app", "/opt/app/bin/app", true},
		{"", "/opt/app", "/opt/other/bin/app", false},
		{"/out", "/usr", "/out/usr/bin/app", true},
		{"/out/", "/usr", "/out", true},
		{"/out", "/usr", "/usr/bin/app", false},
		{"?", "/usr/local", "/usr/local/bin/app", false},
		{"", "", "/usr/local/bin/app", false},
	} {
		if got := plan(tt.destdir, tt.prefix).writes(tt.file); got != tt.want {
			t.Errorf("DESTDIR=%s prefix %s: %s is written: %t", tt.destdir, tt.prefix, tt.file, got)
		}
	}
}

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
			context := NewContext(fstest.MapFS{"Makefile": {Data: []byte(tt.text)}})
			m, err := readCMakefile(context, ".", "Makefile")
			if err == nil {
				if err = m.patterns(); err == nil {
					err = m.goal(tt.goal)
				}
			}
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v", err)
				}
				return
			}
			got := slices.Clone(m.lines)
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], byVariable+"cc", "CC")
			}
			if lines := strings.Join(got, "|"); err != nil || lines != tt.want {
				t.Errorf("%s, %v", lines, err)
			}
		})
	}
}

// TestCountOnly tells numbers of jobs from goals behind make -j.
func TestCountOnly(t *testing.T) {
	for word, want := range map[string]bool{
		"8": true, "$(nproc)": true, `"$(nproc --all)"`: true, "`nproc`": true, "$(getconf _NPROCESSORS_ONLN)": true, "${NPROC}": true,
		`"$nproc"`: true, "$jobs": true, "${ncpus}": true, "$j": true,
		"$target": false, `"$goal"`: false, "install": false, "$(cat goals)": false,
	} {
		if got := countOnly().MatchString(word); got != want {
			t.Errorf("%s: %v, want %v", word, got, want)
		}
	}
}
