package taskfile

import (
	"fmt"
	"strings"
	"testing"

	"xxkit/dfrewrite/drivers"
)

// runTask runs tasks of a Taskfile in /src, in an environment that knows X.
func runTask(text string, words ...string) ([]string, error) {
	f, err := parseTaskfile([]byte(text))
	if err != nil {
		return nil, err
	}
	r := &taskRun{taskfile: f, cwd: "/src", dir: "/src", asked: map[string]bool{}, rest: "-x",
		environ: func(name string) (string, drivers.EnvState) {
			return map[string]string{"X": "x", "GOARCH": "$TARGETARCH"}[name], map[string]drivers.EnvState{"X": drivers.EnvSet, "GOARCH": drivers.EnvSet, "ARG": drivers.EnvMayBe, "SEEN": drivers.EnvUnseen}[name]
		}}
	for _, word := range words {
		if name, value, ok := strings.Cut(word, "="); ok {
			r.command = append(r.command, taskVar{name: name, text: value})
		} else {
			r.goals = append(r.goals, word)
		}
	}
	if r.goals == nil {
		r.goals = []string{"default"}
	}
	err = r.all()
	var texts []string
	for _, l := range r.lines {
		texts = append(texts, l.Text)
	}
	return texts, err
}

// TestTaskfile shows which lines run. A | stands between lines, and every Taskfile begins with its version.
func TestTaskfile(t *testing.T) {
	for _, test := range []struct {
		name, text, words, want string
	}{
		{"a command", "tasks: {default: one}", "", "one"},
		{"a list", "tasks: {a: [one, {cmd: two, silent: true}]}", "a", "one|two"},
		{"others", "tasks: {default: {deps: [a, {task: b}], cmds: [three, task: a]}, a: one, b: {cmd: two}}", "", "one|two|three|one"},
		{"an alias", "tasks: {build: {aliases: [b], cmds: [one]}}", "b", "one"},
		{"several tasks", "tasks: {a: one, b: two}", "b a", "two|one"},
		{"variables", "vars: {A: 1, B: 'b{{.A}}', C: true}\ntasks: {default: 'one {{.A}} {{ .B }} {{.C}} {{.NONE}}.'}", "", "one 1 b1 true ."},
		{"of the task", "vars: {A: 1}\ntasks: {default: {vars: {A: 2, B: '{{.A}}'}, cmds: ['one {{.A}} {{.B}}', task: a]}, a: 'two {{.A}}'}", "", "one 2 2|two 1"},
		{"of a call", "vars: {A: 1}\ntasks: {default: [{task: a, vars: {A: '{{.A}}2'}}], a: 'one {{.A}}'}", "", "one 12"},
		{"of the command line", "vars: {A: 1, B: '{{.A}}{{.C}}'}\ntasks: {default: {vars: {D: 4}, cmd: 'one {{.A}} {{.B}} {{.C}} {{.D}}'}}", "A=2 C=3 D=5", "one 2 2 3 4"},
		{"of the environment", "tasks: {default: 'one {{.X}} {{.ARG}} {{.GOARCH}} {{.HOME}}.'}", "", "one x $ARG $TARGETARCH ."},
		{"a default", "vars: {A: '{{.A | default \"1\"}}', B: '{{default \"2\" .X}}', C: '', D: '{{.C|default `4`}}'}\ntasks: {default: 'one {{.A}} {{.B}} {{.D}} {{.ARG | default \"v1\"}} {{.GOARCH | default ARCH}}'}", "", "one 1 x 4 ${ARG:-v1} $TARGETARCH"},
		{"a default, and the command line", "vars: {A: '{{.A | default \"1\"}}'}\ntasks: {default: 'one {{.A}}'}", "A=2", "one 2"},
		{"of task", "tasks: {default: 'one {{.ROOT_DIR}} {{.TASKFILE_DIR}} {{.USER_WORKING_DIR}} {{.TASK}} {{.CLI_ARGS}}'}", "", "one /src /src /src default -x"},
		{"commands", "vars: {A: {sh: git describe}}\ntasks: {default: \"one {{.A}} '{{.A}}'\"}", "", `git describe|one $(git describe) ''"$(git describe)"''`},
		{"commands that nobody asks for", "vars: {A: {sh: touch x}}\ntasks: {default: one}", "", "touch x|one"},
		{"folders", "vars: {A: {sh: id}}\ntasks: {default: {dir: sub, vars: {B: {sh: pwd}}, cmd: 'one {{.A}} {{.B}}'}}", "", "cd /src && id|cd sub && pwd|cd sub && one $(cd /src && id) $(pwd)"},
		{"environment", "env: {A: 1, X: 2, GOARCH: amd64}\ntasks: {default: {env: {B: '{{.GOARCH}}', A: 3, CGO_ENABLED: 0}, cmds: [one $B $A $X, two]}}", "", "export B='amd64'; export A='3'; export CGO_ENABLED='0'; one $B $A $X|export CGO_ENABLED='0'; two"},
		{"several lines", "tasks:\n  default:\n  - |\n    one \\\n      two\n    if three; then\n      four # five\n    fi\n", "", "one two; if three; then four; fi"},
		{"what is not used", "vars: {A: [1], B: '{{OS}}', C: 1.10}\ntasks: {default: one, other: {platforms: [linux]}}", "", "one"},
		{"what goes without saying", "silent: true\nrun: once\nset: [pipefail]\nx-mine: {}\ntasks: {default: {desc: d, sources: ['*.go'], generates: [app], method: checksum, cmds: [one]}}", "", "one"},

		{"a part of the language", "tasks: {default: 'one {{if .A}}two{{end}}'}", "", "its Taskfile has `{{if .A}}` on line 2, which is not followed"},
		{"the builder", "tasks: {default: 'one {{ARCH}}'}", "", "its Taskfile has `{{ARCH}}` on line 2, which is the builder's"},
		{"the builder by default", "tasks: {default: 'one {{.GOOS | default OS}}'}", "", "its Taskfile has `{{.GOOS | default OS}}` on line 2, which is the builder's"},
		{"a default for what the shell has to find out", "vars: {A: {sh: id}}\ntasks: {default: 'one {{.A | default \"1\"}}'}", "", "its Taskfile has `{{.A | default \"1\"}}` on line 3, which is not followed"},
		{"a default of many words for what may be", "tasks: {default: 'one {{.ARG | default \"a b\"}}'}", "", "its Taskfile has `{{.ARG | default \"a b\"}}` on line 2, which is not followed"},
		{"a number that is printed in another way", "vars: {A: 1.10}\ntasks: {default: 'one {{.A}}'}", "", "its Taskfile has `A:` on line 2, which is not followed"},
		{"a list as variable", "vars:\n  A: [1]\ntasks: {default: 'one {{.A}}'}", "", "its Taskfile has `A:` on line 3, which is not followed"},
		{"what the shell has to find out", "tasks: {default: 'one {{.SEEN}}'}", "", "its Taskfile asks for SEEN on line 2, which is "},
		{"an argument without a default", "env: {ARG: 1}\ntasks: {default: one}", "", "its Taskfile sets ARG on line 2 if the environment does not, which is not known"},
		{"GOFLAGS", "env: {GOFLAGS: -x}\ntasks: {default: one}", "", "its Taskfile sets GOFLAGS on line 2"},
		{"a folder with a name of many words", "tasks: {default: {dir: 'a b', cmd: one}}", "", "its Taskfile has `dir: a b` on line 2, which is not followed"},
		{"open", "tasks: {default: 'one {{.A'}", "", "its Taskfile has `one {{.A` on line 2, which is not followed"},
		{"a task for ever", "tasks: {default: [task: default]}", "", "its Taskfile has tasks without end: default"},
		{"an alias of YAML", "tasks: {a: &a one, default: *a}", "", "its Taskfile has `default: *a` on line 2, which is not followed"},
		{"timestamps", "tasks: {default: {method: timestamp, cmd: one}}", "", "its Taskfile has `method: timestamp` on line 2, which is not followed"},
		{"globs of its own", "shopt: [globstar]\ntasks: {default: one}", "", "its Taskfile has `shopt:` on line 2, which is not followed"},
		{"nothing", "tasks: {}", "", "its Taskfile has no task default"},
		{"a list as Taskfile", "tasks: [one]", "", "its Taskfile has something else than names with values on line 2, which is not followed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			lines, err := runTask("version: '3'\n"+test.text, strings.Fields(test.words)...)
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

// Values and tasks that multiply each other come to an end, and soon.
func TestTaskfilesThatMultiply(t *testing.T) {
	var values, tasks strings.Builder
	for i := range 40 {
		fmt.Fprintf(&values, "  x%d: '{{.x%d}}{{.x%d}}'\n", i+1, i, i)
		fmt.Fprintf(&tasks, "  t%d: [{task: t%d}, {task: t%d}]\n", i, i+1, i+1)
	}
	for name, text := range map[string]string{
		"values": "vars:\n  x0: long\n" + values.String() + "tasks: {default: 'one {{.x40}}'}",
		"tasks":  "tasks:\n  default: [task: t0]\n" + tasks.String() + "  t40: one\n",
		"lines":  "tasks:\n  default:\n" + strings.Repeat("  - one\n", 100000),
		"deep":   strings.Repeat("[", 100000),
		"itself": "tasks: &a {default: *a}",
	} {
		if lines, err := runTask(text); err == nil {
			t.Errorf("%s: %d lines, want an error", name, len(lines))
		}
	}
}
