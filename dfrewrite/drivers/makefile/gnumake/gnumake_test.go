package gnumake

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/graph"
)

// runs evaluates goals in an environment that knows nothing but SET=set and HALF, which is not known.
func runs(files fstest.MapFS, goals ...string) (*Result, error) {
	return runsWith(files, func(*Config) {}, goals...)
}

func runsWith(files fstest.MapFS, change func(*Config), goals ...string) (*Result, error) {
	c := Config{Files: context.New(files), Dir: ".", Abs: "/src", Command: map[string]string{"GIVEN": "given"}, Budget: graph.NewBudget().Text,
		Env: func(name string) (string, bool) {
			switch name {
			case "SET":
				return "set", true
			case "HALF":
				return "$HALF", true
			}
			return "", false
		},
		Shell: func(command string) string { return ShellBegins + command + ShellEnds }}
	change(&c)
	return Run(c, goals...)
}

// TestAgainstMake compares testdata/*.txtar with what `make -n` prints. An archive has a Makefile and other files; the lines of
// its comment that begin with # are text, and each of the others is a call: goals and variables.
func TestAgainstMake(t *testing.T) {
	make, err := exec.LookPath("make")
	if err != nil {
		t.Log("LEFT OUT: the comparison with make, which is not installed; the archives' goals are evaluated all the same")
	}
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	compared := 0
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		files := fstest.MapFS{}
		for _, f := range a.Files {
			files[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
			name := filepath.Join(dir, f.Name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for call := range strings.Lines(string(a.Comment)) {
			call = strings.TrimSpace(call)
			if call == "" || strings.HasPrefix(call, "#") {
				continue
			}
			t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar")+"/"+call, func(t *testing.T) {
				have, err := evaluated(context.New(files), dir, call)
				if err != nil {
					t.Fatal(err)
				}
				if make == "" {
					return
				}
				want, err := printed(make, dir, call)
				if err != nil {
					t.Fatal(err)
				}
				compared++
				if !slices.Equal(have, want) {
					t.Errorf("got\n  %s\nmake says\n  %s", strings.Join(have, "\n  "), strings.Join(want, "\n  "))
				}
			})
		}
	}
	if make != "" && compared < 60 {
		t.Errorf("only %d calls were compared", compared)
	}
}

// evaluated returns the commands that a call runs in a folder: goals and variables.
func evaluated(files *context.Files, dir, call string) ([]string, error) {
	var goals []string
	command := map[string]string{}
	for _, word := range strings.Fields(call) {
		if name, value, ok := strings.Cut(word, "="); ok {
			command[name] = value
		} else if word != "-" {
			goals = append(goals, word)
		}
	}
	env := map[string]string{}
	for _, setting := range environment() {
		name, value, _ := strings.Cut(setting, "=")
		env[name] = value
	}
	r, err := Run(Config{Files: files, Dir: ".", Abs: dir, Command: command, Budget: graph.NewBudget().Text,
		Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }, Shell: shellOf(dir)}, goals...)
	if err != nil {
		return nil, err
	}
	return linesOf(strings.Join(texts(r), "\n")), nil
}

// environment is that of make and of its commands in the comparison.
func environment() []string { return []string{"PATH=" + os.Getenv("PATH"), "HOME=/home/of", "SET=set"} }

// printed returns what make itself prints for it.
func printed(make, dir, call string) ([]string, error) {
	cmd := exec.Command(make, append([]string{"-n", "-B", "--no-print-directory", "-s"}, strings.Fields(strings.TrimPrefix(call, "-"))...)...)
	cmd.Dir = dir
	cmd.Env = environment()
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("make: %w", err)
	}
	return linesOf(string(out)), nil
}

// perMakefile is how many targets of a Makefile are tried there.
const perMakefile = 8

// changing matches what commands print anew each time: the time, and names of temporary files.
var changing = regexp.MustCompile(`\d\d:\d\d:\d\d|/tmp/[\w.-]+`)

func steady(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = changing.ReplaceAllString(line, "…")
	}
	return out
}

// TestMakefilesElsewhere compares with make whatever Makefiles stand below the folder that XX_MAKEFILES names, a call for each of
// their targets. Make and its $(shell) commands run for real there.
func TestMakefilesElsewhere(t *testing.T) {
	root := os.Getenv("XX_MAKEFILES")
	if root == "" {
		t.Skip("XX_MAKEFILES names no folder with Makefiles")
	}
	make, err := exec.LookPath("make")
	if err != nil {
		t.Fatal(err)
	}
	target := regexp.MustCompile(`(?m)^([A-Za-z0-9][\w./-]*)[ \t]*:(?:[^=:]|$)`)
	makefiles, same, refused, failed := 0, 0, map[string]int{}, 0
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != "Makefile" && d.Name() != "GNUmakefile" || strings.Contains(name, "/vendor/") {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		dir := filepath.Dir(name)
		files := context.Open(dir)
		makefiles++
		done := map[string]bool{}
		for _, m := range target.FindAllStringSubmatch(string(text), -1) {
			goal := m[1]
			if done[goal] || len(done) == perMakefile {
				continue
			}
			done[goal] = true
			want, err := printed(make, dir, goal)
			if err != nil {
				failed++
				continue
			}
			switch have, err := evaluated(files, dir, goal); {
			case err != nil:
				refused[err.Error()]++
			case slices.Equal(steady(have), steady(want)):
				same++
			default:
				t.Errorf("%s %s: got\n  %s\nmake says\n  %s", name, goal, strings.Join(have, "\n  "), strings.Join(want, "\n  "))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d Makefiles: %d goals the same, %d that make itself fails for", makefiles, same, failed)
	for _, why := range slices.Sorted(maps.Keys(refused)) {
		t.Logf("%4d not claimed to be known: %s", refused[why], why)
	}
}

// innerMake is what stands in front of the commands of a make that another one calls in another folder.
var innerMake = regexp.MustCompile(`^(?:cd [\w./-]+ && )+`)

// linesOf brings what make prints into a form in which blanks and the order of prerequisites do not count, nor where make calls
// itself.
func linesOf(text string) []string {
	var out []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		line = innerMake.ReplaceAllString(strings.Join(strings.Fields(line), " "), "")
		if line != "" && !strings.HasPrefix(line, "#") && !strings.Contains(line, "/make ") {
			out = append(out, line)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func texts(r *Result) []string {
	var out []string
	for _, l := range r.Lines {
		out = append(out, l.Text)
	}
	return out
}

// shellOf runs commands as make would, so that its answers can be compared.
func shellOf(dir string) func(string) string {
	return func(command string) string {
		cmd := exec.Command("/bin/sh", "-c", command)
		cmd.Dir = dir
		cmd.Env = environment()
		out, _ := cmd.Output()
		return strings.TrimSpace(strings.ReplaceAll(string(out), "\n", " "))
	}
}

// TestBothWays shows conditions that are not known, and what a shell has to find out.
func TestBothWays(t *testing.T) {
	for _, tt := range []struct{ name, text, goals, want string }{
		{"unknown variable", "ifeq ($(HALF),yes)\nF = -a\nelse\nF = -b\nendif\nall:\n\tgo build $(F)\n", "", "go build -b|go build -a"},
		{"unset variable", "ifdef DEBUG\nF = -a\nendif\nall:\n\tgo build$(F)\n", "", "go build"},
		{"environment wins over a weak one", "SET ?= weak\nall:\n\techo $(SET)\n", "", "echo set"},
		{"file wins over environment", "SET = file\nall:\n\techo $(SET)\n", "", "echo file"},
		{"command line wins", "GIVEN = file\nall:\n\techo $(GIVEN)\n", "", "echo given"},
		{"two conditions", "ifeq ($(HALF),a)\nA = 1\nendif\nifneq ($(HALF),a)\nB = 2\nendif\nall:\n\techo $(A)$(B)\n", "", "echo 2|echo|echo 12|echo 1"},
		{"shell", "V := $(shell git describe)\nall:\n\tgo build -ldflags=$(V)\n", "", "go build -ldflags=<git describe>"},
		{"a function on it", "V := $(patsubst v%,%,$(shell git describe))\nall:\n\techo $(V) $(words a b)\n", "", "echo <git describe> 2"},
		{"sources by a command", "app: $(shell find . -name '*.go')\n\tgo build\n", "", "go build"},
		{"system", "ifeq ($(shell uname -s),Linux)\nX = linux\nendif\nifeq ($(OS),Windows_NT)\nX = windows\nendif\nall:\n\techo $(X)\n", "", "echo linux"},
		{"folder", "ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))\nall:\n\techo $(ROOT) $(CURDIR)\n", "", "echo /src/ /src"},
		{"a way that ends with an error", "GO := $(shell command -v go)\nifeq ($(GO),)\n$(error no go)\nendif\nall:\n\tgo build\n", "", "go build"},
		{"one of two that ends with an error", "ifeq ($(HALF),a)\nA = 1\nelse ifeq ($(HALF),b)\n$(error b)\nelse\nA = 2\nendif\nall:\n\techo $(A)\n", "", "echo 2|echo 1"},
		{"an error in what is not run", "all:\n\techo\nother:\n\t$(error other)\n", "", "echo"},
		{"a rule without targets", "$(NONE):\n\tmkdir -p $(NONE)\n\techo\nall: ; echo a\n", "", "echo a"},
		{"a rule without targets, then others", "$(NONE): x\n\tmkdir\n\nB = 1\nall:\n\techo $(B)\n$(NONE):\n\techo\n", "", "echo 1"},
		{"other target's variable", "app:\n\tgo build\nimages: export X = 1\nimages:\n\tdocker build\n", "app", "go build"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := runs(fstest.MapFS{"Makefile": {Data: []byte(tt.text)}}, strings.Fields(tt.goals)...)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.NewReplacer(ShellBegins, "<", ShellEnds, ">").Replace(strings.Join(texts(r), "|"))
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestRefused shows what is not followed, with its place.
func TestRefused(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"machine in a condition", "ifeq ($(shell uname -m),x86_64)\nX = 1\nendif\nall:\n", "asks about the machine"},
		{"machine in $(if)", "all:\n\techo $(if $(filter arm64,$(shell uname -m)),a,b)\n", "asks about the machine"},
		{"no rule", "all: nothing\n", "no rule for nothing"},
		{"second expansion", ".SECONDEXPANSION:\nall:\n", ".SECONDEXPANSION"},
		{"include", "include missing.mk\nall:\n", "includes missing.mk (Makefile:1)"},
		{"include by an absolute name elsewhere", "include /usr/share/rules.mk\nall:\n", "includes /usr/share/rules.mk (Makefile:1)"},
		{"another shell", "SHELL = python3\nall:\n", "SHELL = python3"},
		{"prefix", ".RECIPEPREFIX = >\nall:\n", ".RECIPEPREFIX"},
		{"without end", "A = $(A)\nall:\n\techo $(A)\n", "without end"},
		{"make again, with more", "all:\n\t$(MAKE) sub; echo\nsub:\n", "calls make again"},
		{"error", "$(error no)\nall:\n", "ends with the error no"},
		{"error whatever holds", "ifeq ($(HALF),a)\n$(error one)\nelse\n$(error two)\nendif\nall:\n", "ends with the error"},
		{"error of a goal", "all:\n\t$(error no)\n", "ends with the error no"},
		{"a line of a recipe in front of all rules", "\techo\nall:\n", "echo"},
		{"no file", "", ""},
		{"needs what cannot be seen", "all: $(shell cat list)\n\techo\n", "what all needs cannot be seen"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := fstest.MapFS{}
			if tt.text != "" {
				files["Makefile"] = &fstest.MapFile{Data: []byte(tt.text)}
			}
			_, err := runs(files)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

func TestVars(t *testing.T) {
	r, err := runs(fstest.MapFS{"Makefile": {Data: []byte("A = 1\nexport B = $(A)2\nSET ?= 3\nGIVEN = 4\nC ?= 5\nexport C\nall:\n")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Var{"A": {Text: "1"}, "B": {Text: "12", Exported: true}, "C": {Text: "5", Weak: true, Exported: true}} {
		if r.Vars[name] != want {
			t.Errorf("%s: %+v, want %+v", name, r.Vars[name], want)
		}
	}
	if v, ok := r.Vars["GIVEN"]; ok {
		t.Errorf("GIVEN is on the command line: %+v", v)
	}
}

// TestEnvironmentWins shows make -e in an environment with SET=set, and HALF of which nobody knows.
func TestEnvironmentWins(t *testing.T) {
	for _, tt := range []struct{ name, text, want, err string }{
		{"over the file", "SET = file\nall:\n\techo $(SET)\n", "echo set", ""},
		{"over what is added", "SET = file\nSET += more\nall:\n\techo $(SET)\n", "echo set", ""},
		{"not over override", "override SET = file\nall:\n\techo $(SET)\n", "echo file", ""},
		{"not where it has none", "OTHER = file\nall:\n\techo $(OTHER)\n", "echo file", ""},
		{"not over the command line", "GIVEN = file\nall:\n\techo $(GIVEN)\n", "echo given", ""},
		{"not known", "HALF = file\nall:\n\techo $(HALF)\n", "", "HALF = file"},
		{"for a target", "all: SET = file\nall:\n\techo $(SET)\n", "", "all: SET = file"},
		{"of the container", "PATH := /tools\nall:\n\techo\n", "", "PATH := /tools"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := runsWith(fstest.MapFS{"Makefile": {Data: []byte(tt.text)}}, func(c *Config) { c.EnvironmentWins = true })
			switch {
			case tt.err != "":
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v, want %s", err, tt.err)
				}
			case err != nil:
				t.Error(err)
			case strings.Join(texts(r), "|") != tt.want:
				t.Errorf("got %s, want %s", strings.Join(texts(r), "|"), tt.want)
			}
		})
	}
}

func FuzzRun(f *testing.F) {
	for _, text := range []string{"all:\n\techo $(A)\n", "define A\nx\nendef\n$(eval $(A))", "ifeq (a,b)\nelse ifdef X\nendif\n%.o: %.c\n\tcc\n", "a: B = $(a:%=%)\na b:: c | d ; e\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = runs(fstest.MapFS{"Makefile": {Data: []byte(text)}})
	})
}
