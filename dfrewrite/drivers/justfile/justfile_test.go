package justfile

import (
	"fmt"
	"strings"
	"testing"

	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/facts"
)

// runJust runs recipes of a justfile in /src, in an environment that knows X.
func runJust(text string, words ...string) ([]string, error) {
	j, err := parseJustfile(text)
	if err != nil {
		return nil, err
	}
	r := &justRun{justfile: j, dir: "/src", command: map[string]string{}, values: map[string]string{}, exports: map[string]facts.Setting{}, done: map[string]bool{},
		env: func(name string) (string, drivers.EnvState) {
			return map[string]string{"X": "x", "GOARCH": "$TARGETARCH"}[name], map[string]drivers.EnvState{"X": drivers.EnvSet, "GOARCH": drivers.EnvSet, "ARG": drivers.EnvMayBe}[name]
		}}
	if err := r.readGoals(words); err != nil {
		return nil, err
	}
	err = r.all()
	var texts []string
	for _, l := range r.lines {
		texts = append(texts, l.Text)
	}
	return texts, err
}

// TestJustfile shows which lines run.
func TestJustfile(t *testing.T) {
	for _, test := range []struct {
		name, text, words, want string
	}{
		{"the first recipe", "a:\n  one\n  two\nb:\n  three\n", "", "one|two"},
		{"in order", "a: b && c\n  one\nb:\n  two\nc:\n  three\n", "", "two|one|three"},
		{"once", "a: c b\n  one\nb: c\n  two\nc:\n  three\n", "a c", "three|two|one"},
		{"again afterwards", "a: b && b\n  one\nb:\n  two\n", "", "two|one|two"},
		{"an alias", "a:\n  one\nb:\n  two\nalias c := b\n", "c", "two"},
		{"prefixes and comments", "a: # about it\n  @one\n  -two\n  @-three\n  # four \\\n  five\n", "", "one|two|three"},
		{"continued", "a:\n  one \\\n     two \\\n  three\n", "", "one two three"},
		{"CRLF", "a:\r\n  one\r\n", "", "one"},
		{"values", "x := 'a' + \"b\\\"\" / ('c')\na:\n  {{x}} {{ 'd' + x }} {{{{x}} {{justfile_directory()}}\n", "", `ab"/c dab"/c {{x}} /src`},
		{"defaults and arguments", "v := '1'\na x='p' y=v z=(v + '2'):\n  {{x}} {{y}} {{z}}\n", "a q", "q 1 12"},
		{"environment", "a:\n  {{env('X')}} {{env('Y', 'd')}} {{env('ARG')}} {{env_var('GOARCH')}} {{env_var_or_default('X', arch())}}\n", "", "x d $ARG $TARGETARCH x"},
		{"commands", "v := `git describe`\na:\n  {{v}} '{{v}}' \"{{v}}\" \"$(echo '{{v}}')\" \\'{{`id`}}\n", "",
			`git describe|$(git describe) ''"$(git describe)"'' "$(git describe)" "$(echo ''"$(git describe)"'')" \'$(id)`},
		{"commands that nobody asks for", "v := `touch x`\na:\n  one\n", "", "touch x|one"},
		{"strings side by side", "export A := 'it''s'\nb := 'x'\na:\n  one\n", "", "its justfile has `export A := 'it''s'` on line 1, which is not followed"},
		{"exported", "export A := \"it's\"\nexport B := `id` + env('ARG')\nexport CGO_ENABLED := '0'\na:\n  one $A\n  two ${B}\n  three\n", "", `id|export A='it'\''s'; one $A|export B="$(id)$ARG"; two ${B}|three`},
		{"export of all", "set export\nA := 'x'\na:\n  one $A\n", "", "export A='x'; one $A"},
		{"other systems", "[macos]\na:\n  one\n[linux]\na:\n  two\n[windows, private]\nb:\n  three\n", "", "two"},
		{"settings", "set quiet\nset dotenv-load := false\nset shell := ['bash', '-c']\na:\n  one\n", "", "one"},

		{"a variable without end", "a:\n  {{x}}\nx := y\ny := x\n", "", "its justfile has a variable without end on line 3"},
		{"recipes without end", "a: && b\nb: && a\n", "", "its justfile has recipes without end: b"},
		{"no such recipe", "a:\n  one\n", "b", "its justfile has no recipe b"},
		{"one of another system", "[macos]\na:\n  one\n", "a", "its justfile has no recipe a"},
		{"nothing", "", "", "its justfile has no recipe"},
		{"a script", "a:\n  #!/bin/sh\n  one\n", "", "its justfile has a script in a on line 2, which is not followed"},
		{"many arguments", "a *all:\n  one\n", "", "its justfile gives a on line 1 the parameter all, which is not followed"},
		{"another folder", "[no-cd]\na:\n  one\n", "", "its justfile has `[no-cd]` on line 1, which is not followed"},
		{"an escape", "x := \"a\\tb\"\na:\n  {{x}}\n", "", "its justfile has `x := \"a\\tb\"` on line 1, which is not followed"},
		{"several lines", "x := '''\na:\n  one\n'''\n", "", "its justfile has `x := '''` on line 1, which is not followed"},
		{"a module", "mod x\n", "", "its justfile has `mod x` on line 1, which is not followed"},
		{"positional arguments", "set positional-arguments\n", "", "its justfile has `set positional-arguments` on line 1, which is not followed"},
		{"GOARCH", "export GOARCH := env('GOARCH', 'amd64')\na:\n  one\n", "", "one"},
		{"GOARCH of its own", "export GOARCH := 'arm64'\na:\n  one\n", "", "its justfile exports GOARCH on line 1, whatever the environment says"},
		{"GOFLAGS", "export GOFLAGS := '-x'\na:\n  one\n", "", "its justfile exports GOFLAGS on line 1"},
		{"open", "a:\n  {{x\n", "", "its justfile has `{{x` on line 2, which is not followed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			lines, err := runJust(test.text, strings.Fields(test.words)...)
			got := strings.Join(lines, "|")
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// Values and recipes that multiply each other come to an end, and soon.
func TestJustfilesThatMultiply(t *testing.T) {
	var values, recipes strings.Builder
	for i := range 40 {
		fmt.Fprintf(&values, "x%d := x%d + x%d\n", i, i+1, i+1)
		fmt.Fprintf(&recipes, "r%d: && r%d r%d\n  echo\n", i, i+1, i+1)
	}
	for name, text := range map[string]string{
		"values":   "a:\n  {{x0}}\n" + values.String() + "x40 := 'long'\n",
		"recipes":  recipes.String() + "r40:\n  echo\n",
		"brackets": "a:\n  {{" + strings.Repeat("(", 10000) + "x" + strings.Repeat(")", 10000) + "}}\n",
		"lines":    "a:\n" + strings.Repeat("  echo\n", 100000),
	} {
		if lines, err := runJust(text); err == nil {
			t.Errorf("%s: %d lines, want an error", name, len(lines))
		}
	}
}
