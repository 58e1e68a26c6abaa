// Package taskfile is the driver of task, which runs the tasks of a Taskfile.yml.
package taskfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	"mvdan.cc/sh/v3/syntax"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of task.
var Recipe = &verdict.Recipe{Name: "task", Page: "task", Judge: judge, Programs: match.Words("task go-task")}

// judge looks into the Taskfile of the build context, as judgeMake does into the Makefile. Alpine calls the program
// go-task.
func judge(c *verdict.Call) (verdict.Step, bool) {
	if c.Program != "task" && c.Program != "go-task" {
		return verdict.Step{}, false
	}
	return drivers.JudgeFile(c, "Taskfile", taskTells, func() (drivers.Build, error) {
		run, err := newRun(c)
		if err == nil {
			err = run.all()
			c.Stage.Graph.Budget.Steps(run.work)
		}
		if err != nil {
			return drivers.Build{}, err
		}
		return drivers.Build{File: "Taskfile", Lines: run.lines, Review: run.review}, nil
	})
}

// taskTells are options with which nothing is run.
var taskTells = match.Words("--version --help -h --list -l --list-all -a")

// A taskfile is what can be read of one without running it. What is not followed is an error where it says something
// about the whole file, and kept with the task or the variable where it says something about that alone.
// (https://taskfile.dev/reference/schema, and compiler.go and variables.go of go-task.)
type taskfile struct {
	vars, env []taskVar // in their order: each sees those in front of it
	tasks     map[string]*task
}

type taskVar struct {
	name, text string
	sh         bool // text is a command, whose output it is
	line       int
	opaque     bool
}

type task struct {
	name, dir string
	deps      []taskCmd
	cmds      []taskCmd
	vars, env []taskVar
	line      int
	opaque    string // why it cannot be followed, or empty
}

// A taskCmd is a command, or the call of another task.
type taskCmd struct {
	text string
	task string // the other task, or empty
	vars []taskVar
	line int
}

// taskUnseen is the error about something on a line of the Taskfile.
func taskUnseen(what string, line int) error {
	return fmt.Errorf("its Taskfile has `%s` on line %d, which is not followed", shell.Shorten(what), line)
}

func parseTaskfile(text []byte) (*taskfile, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Content) != 1 {
		return nil, errors.New("its Taskfile is not YAML that can be read")
	}
	f := &taskfile{tasks: map[string]*task{}}
	return f, eachKey(doc.Content[0], func(key, value *yaml.Node) error {
		var err error
		switch key.Value {
		case "version":
			if value.Value != "3" && !strings.HasPrefix(value.Value, "3.") {
				return taskUnseen("version: "+value.Value, key.Line)
			}
		case "vars":
			f.vars, err = taskVars(value)
		case "env":
			f.env, err = taskVars(value)
		case "tasks":
			return eachKey(value, f.task)
		case "method":
			return methodOf(value)
		case "set":
			return shellOptions(value)
		case "silent", "output", "interval", "run", "use_gitignore":
		default:
			if !strings.HasPrefix(key.Value, "x-") {
				return taskUnseen(key.Value+":", key.Line)
			}
		}
		return err
	})
}

// eachKey goes through a mapping. Anchors and what is merged in are not followed.
func eachKey(n *yaml.Node, do func(key, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("its Taskfile has something else than names with values on line %d, which is not followed", n.Line)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || value.Kind == yaml.AliasNode || key.Value == "<<" {
			return taskUnseen(key.Value+": *"+value.Value, key.Line)
		}
		if err := do(key, value); err != nil {
			return err
		}
	}
	return nil
}

// methodOf accepts the ways to tell whether a task has to run that say yes the first time.
func methodOf(value *yaml.Node) error {
	if value.Value == "checksum" || value.Value == "none" {
		return nil
	}
	return taskUnseen("method: "+value.Value, value.Line)
}

// harmlessOptions of the shell do not change what a command does that succeeds.
var harmlessOptions = match.Words("e u x errexit nounset xtrace pipefail")

func shellOptions(value *yaml.Node) error {
	for _, option := range value.Content {
		if !harmlessOptions[option.Value] {
			return taskUnseen("set: "+option.Value, option.Line)
		}
	}
	return nil
}

func taskVars(n *yaml.Node) ([]taskVar, error) {
	var out []taskVar
	return out, eachKey(n, func(key, value *yaml.Node) error {
		v := taskVar{name: key.Value, line: key.Line}
		switch {
		case value.Kind == yaml.ScalarNode:
			v.text, v.opaque = plainScalar(value)
		case value.Kind == yaml.MappingNode && len(value.Content) == 2 && value.Content[0].Value == "sh" && value.Content[1].Kind == yaml.ScalarNode:
			v.text, v.sh = value.Content[1].Value, true
		default:
			v.opaque = true
		}
		out = append(out, v)
		return nil
	})
}

// plainScalar returns a value as task prints it; opaque says that it would print something else than what is written.
func plainScalar(n *yaml.Node) (text string, opaque bool) {
	switch n.Tag {
	case "!!str":
		return n.Value, false
	case "!!bool":
		return n.Value, n.Value != "true" && n.Value != "false"
	case "!!int":
		i, err := strconv.Atoi(n.Value)
		return n.Value, err != nil || strconv.Itoa(i) != n.Value
	}
	return "", true
}

// harmlessKeys of a task say nothing about what it runs when it runs for the first time.
var harmlessKeys = match.Words("desc summary silent label internal interactive prefix run ignore_error sources generates preconditions failfast use_gitignore")

// task reads a task, which may also be a command or a list of them.
func (f *taskfile) task(key, value *yaml.Node) error {
	t := &task{name: key.Value, line: key.Line}
	if f.tasks[t.name] != nil {
		return taskUnseen(t.name+":", key.Line)
	}
	f.tasks[t.name] = t
	err := error(nil)
	switch value.Kind {
	case yaml.ScalarNode:
		t.cmds = []taskCmd{{text: value.Value, line: value.Line}}
	case yaml.SequenceNode:
		t.cmds, err = taskCmds(value, false)
	default:
		err = eachKey(value, func(key, value *yaml.Node) error { return f.taskKey(t, key, value) })
	}
	if err != nil {
		t.opaque = err.Error()
	}
	return nil
}

func (f *taskfile) taskKey(t *task, key, value *yaml.Node) error {
	var err error
	switch key.Value {
	case "cmds":
		t.cmds, err = taskCmds(value, false)
	case "cmd":
		t.cmds, err = taskCmds(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{value}}, false)
	case "deps":
		t.deps, err = taskCmds(value, true)
	case "vars":
		t.vars, err = taskVars(value)
	case "env":
		t.env, err = taskVars(value)
	case "dir":
		t.dir = value.Value
	case "method":
		return methodOf(value)
	case "set":
		return shellOptions(value)
	case "aliases":
		for _, alias := range value.Content {
			if f.tasks[alias.Value] == nil {
				f.tasks[alias.Value] = t
			}
		}
	default:
		if !harmlessKeys[key.Value] {
			return taskUnseen(key.Value+":", key.Line)
		}
	}
	return err
}

// taskCmds reads commands, or the tasks that one depends on, which stand there by name.
func taskCmds(n *yaml.Node, tasks bool) ([]taskCmd, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, taskUnseen(n.Value, n.Line)
	}
	var out []taskCmd
	for _, item := range n.Content {
		cmd := taskCmd{line: item.Line}
		switch {
		case item.Kind == yaml.ScalarNode && tasks:
			cmd.task = item.Value
		case item.Kind == yaml.ScalarNode:
			cmd.text = item.Value
		default:
			err := eachKey(item, func(key, value *yaml.Node) (err error) {
				switch {
				case key.Value == "task":
					cmd.task = value.Value
				case key.Value == "cmd" && !tasks:
					cmd.text = value.Value
				case key.Value == "vars":
					cmd.vars, err = taskVars(value)
				case key.Value == "silent" || key.Value == "ignore_error":
				default:
					err = taskUnseen(key.Value+":", key.Line)
				}
				return err
			})
			if err != nil {
				return nil, err
			}
		}
		out = append(out, cmd)
	}
	return out, nil
}

// A taskRun is one run of task: tasks, and what the command line and the environment set.
type taskRun struct {
	*taskfile
	command []taskVar // NAME=value arguments
	environ func(name string) (text string, state drivers.EnvState)
	cwd     string // where task is called
	dir     string // of the Taskfile
	front   string // goes there
	goals   []string
	rest    string // the arguments behind --

	review string          // what has to be read, if anything
	asked  map[string]bool // commands whose output is the value of a variable
	lines  []verdict.Line  // what the shell gets to run, one call of it each
	work   int
	file   string // its path in the context
}

// A taskValue is what a variable holds, or why that is not known.
type taskValue struct {
	text string
	err  error
}

// Limits on tasks: how much is looked at, how long a text may become, and how deep they call each other.
const (
	maxTaskWork  = 20000
	maxTaskText  = 1 << 16
	maxTaskDepth = 50
)

// newRun reads the command line and the Taskfile.
func newRun(c *verdict.Call) (*taskRun, error) {
	r := &taskRun{environ: func(name string) (string, drivers.EnvState) { return drivers.Env(c, name) }, asked: map[string]bool{}, cwd: path.Clean(c.Dir), dir: path.Clean(c.Dir)}
	dir := "."
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		name, value, assigns := strings.Cut(w.Lit, "=")
		switch {
		case w.Raw == "--":
			var rest []string
			for _, w := range c.Args[i+1:] {
				rest = append(rest, w.Raw)
			}
			r.rest, i = strings.Join(rest, " "), len(c.Args)
		case !w.Const && !graph.IsAssignment(w):
			return nil, fmt.Errorf("what %s is cannot be seen", w.Raw)
		case !w.Const:
			name, value, _ = strings.Cut(w.Raw, "=")
			r.command = append(r.command, taskVar{name: name, text: strings.Trim(value, `"`)})
		case taskQuiet[w.Lit]:
		case name == "-d" || name == "--dir":
			if !assigns {
				if i++; i == len(c.Args) || !c.Args[i].Const {
					return nil, fmt.Errorf("which folder %s names cannot be seen", w.Raw)
				}
				value = c.Args[i].Lit
			}
			if dir = path.Clean(value); !fs.ValidPath(dir) {
				return nil, fmt.Errorf("%s is not below the folder that it runs in", value)
			}
		case strings.HasPrefix(w.Lit, "-"):
			return nil, fmt.Errorf("what %s changes is not followed", w.Raw)
		case assigns:
			r.command = append(r.command, taskVar{name: name, text: value})
		default:
			r.goals = append(r.goals, w.Lit)
		}
	}
	if len(r.goals) == 0 {
		r.goals = []string{"default"}
	}
	for _, name := range []string{"TASK_X_ENV_PRECEDENCE", "TASK_X_REMOTE_TASKFILES", "TASK_X_GENTLE_FORCE"} {
		if facts.Lookup(&c.Site, name).Set {
			return nil, fmt.Errorf("what %s changes is not followed", name)
		}
	}
	return r, readTaskfile(c, r, dir)
}

// taskQuiet are options that change what is printed, and in which order tasks run that do not need each other.
var taskQuiet = match.Words("-s --silent -v --verbose -f --force -y --yes -p --parallel -c --color -F --failfast")

// taskfiles are the names that task looks for, in this order.
var taskfiles = []string{"Taskfile.yml", "taskfile.yml", "Taskfile.yaml", "taskfile.yaml",
	"Taskfile.dist.yml", "taskfile.dist.yml", "Taskfile.dist.yaml", "taskfile.dist.yaml"}

// readTaskfile finds the Taskfile and reads it.
func readTaskfile(c *verdict.Call, r *taskRun, dir string) error {
	at, ok := c.ContextFolder(taskfiles...)
	if !ok {
		return drivers.ErrNoFile
	}
	if dir != "." {
		at, r.dir, r.front = path.Join(at, dir), path.Join(r.dir, dir), "cd "+dir+" && "
	}
	has := func(name string) bool {
		name = path.Join(at, name)
		return c.Opt.Context.Has(name) && !c.Opt.Context.Ignored(context.ContextPath(name))
	}
	i := slices.IndexFunc(taskfiles, has)
	if i < 0 {
		return drivers.ErrNoFile
	}
	if c.ChangedBefore(taskfiles[i]) {
		return errors.New("a command of the stage has changed the Taskfile")
	}
	for _, name := range []string{".taskrc.yml", ".taskrc.yaml", ".task"} {
		if has(name) {
			return fmt.Errorf("there is a %s beside the Taskfile, which may change what runs", name)
		}
	}
	if has(".env") && strings.Contains(string(c.Opt.Context.ReadFile(path.Join(at, ".env"))), "TASK_X_") {
		return errors.New("there is a .env beside the Taskfile that may change what runs")
	}
	r.file = path.Join(at, taskfiles[i])
	f, err := parseTaskfile(c.Opt.Context.ReadFile(path.Join(at, taskfiles[i])))
	if err != nil {
		return err
	}
	r.taskfile = f
	return nil
}

// all collects the lines of all goals, or says why they are not known.
func (r *taskRun) all() error {
	// The command line takes the place of the file's own, and what is not in the file comes last.
	for _, v := range r.command {
		if i := slices.IndexFunc(r.vars, func(other taskVar) bool { return other.name == v.name }); i >= 0 {
			r.vars[i] = v
		} else {
			r.vars = append(r.vars, v)
		}
	}
	for _, goal := range r.goals {
		if err := r.run(goal, nil, 0); err != nil {
			return err
		}
	}
	return nil
}

// run collects the shell lines of a task and of all that it calls.
func (r *taskRun) run(name string, with []taskVar, depth int) error {
	t := r.tasks[name]
	if t == nil {
		return fmt.Errorf("its Taskfile has no task %s", name)
	}
	if r.work += 10 + (len(r.env)+len(r.vars)+len(t.env)+len(t.vars))/4; depth > maxTaskDepth || r.work > maxTaskWork {
		return fmt.Errorf("its Taskfile has tasks without end: %s", name)
	}
	if t.opaque != "" {
		return errors.New(t.opaque)
	}
	known := map[string]taskValue{}
	for name, text := range map[string]string{"ROOT_DIR": r.dir, "TASKFILE_DIR": r.dir, "USER_WORKING_DIR": r.cwd, "TASK": t.name, "CLI_ARGS": r.rest} {
		known[name] = taskValue{text: text}
	}
	// Commands for variables run beside the Taskfile, but those of the task where it runs.
	beside := ""
	if t.dir != "" {
		beside = "cd " + r.dir + " && "
	}
	for _, vars := range [][]taskVar{r.env, r.vars, with} {
		for _, v := range vars {
			known[v.name] = r.value(v, known, beside)
			if err := r.ask(v, known[v.name], r.front); err != nil {
				return err
			}
		}
	}
	front := r.front
	if t.dir != "" {
		dir, err := r.fill(t.dir, t.line, known)
		if err != nil {
			return err
		}
		if !taskDir().MatchString(dir) {
			return taskUnseen("dir: "+t.dir, t.line)
		}
		front += "cd " + dir + " && "
	}
	for _, v := range t.vars {
		known[v.name] = r.value(v, known, "")
		if err := r.ask(v, known[v.name], front); err != nil {
			return err
		}
	}
	shown, err := r.export(t, known)
	if err != nil {
		return err
	}
	for _, dep := range t.deps {
		if err := r.runCmd(dep, known, front, shown, depth); err != nil {
			return err
		}
	}
	for _, cmd := range t.cmds {
		if err := r.runCmd(cmd, known, front, shown, depth); err != nil {
			return err
		}
	}
	return nil
}

// ask adds a command whose output a variable holds: it runs also where nobody uses the variable.
func (r *taskRun) ask(v taskVar, got taskValue, front string) error {
	if !v.sh || got.err != nil || r.asked[got.text] || !strings.HasPrefix(got.text, drivers.ShellBegins) {
		return nil
	}
	r.asked[got.text] = true
	return r.line(taskCmd{text: v.text, line: v.line}, front+got.text[len(drivers.ShellBegins):len(got.text)-len(drivers.ShellEnds)])
}

// taskDir matches folders that a shell takes as they stand.
var taskDir = match.Pattern(`^[A-Za-z0-9_./-]+$`)

// export returns the variables of env that a line finds in its environment. What is there before stays: task leaves
// out those that are set.
func (r *taskRun) export(t *task, known map[string]taskValue) ([]drivers.Exported, error) {
	var shown []drivers.Exported
	own := append(slices.Clip(r.env), t.env...)
	for i, v := range own {
		if slices.ContainsFunc(own[i+1:], func(later taskVar) bool { return later.name == v.name }) {
			continue
		}
		switch _, state := r.environ(v.name); {
		case state == drivers.EnvSet || state == drivers.EnvUnseen:
			if v.name == "GOARCH" && !v.sh && !strings.Contains(v.text, "{{") {
				r.review = drivers.OwnGOARCH(v.text, "Taskfile")
			}
			continue
		case state == drivers.EnvMayBe:
			return nil, fmt.Errorf("its Taskfile sets %s on line %d if the environment does not, which is not known", v.name, v.line)
		case slices.Contains(drivers.GoTarget, v.name) || drivers.SteersGo(v.name):
			return nil, fmt.Errorf("its Taskfile sets %s on line %d", v.name, v.line)
		default:
			filled := r.value(v, known, "")
			if filled.err != nil {
				return nil, filled.err
			}
			export, err := drivers.ExportOf(v.name, filled.text)
			if err != nil {
				return nil, fmt.Errorf("its Taskfile sets what is not known on line %d: %w", v.line, err)
			}
			shown = append(shown, export)
		}
	}
	return shown, nil
}

// runCmd adds a command, or runs another task.
func (r *taskRun) runCmd(cmd taskCmd, known map[string]taskValue, front string, shown []drivers.Exported, depth int) error {
	if cmd.task != "" {
		name, err := r.fill(cmd.task, cmd.line, known)
		if err != nil {
			return err
		}
		var with []taskVar
		for _, v := range cmd.vars {
			// They are filled in here, from what this task knows.
			filled := r.value(v, known, "")
			if filled.err != nil {
				return filled.err
			}
			with = append(with, taskVar{name: v.name, text: filled.text, line: v.line})
		}
		return r.run(strings.TrimPrefix(name, ":"), with, depth+1)
	}
	text, err := r.fill(cmd.text, cmd.line, known)
	if err != nil {
		return err
	}
	return r.line(cmd, front+drivers.Exporting(shown, text)+text)
}

// line adds what the shell gets to run for a command.
func (r *taskRun) line(cmd taskCmd, text string) error {
	if r.work += 10 + len(text)/256; r.work > maxTaskWork {
		return errors.New("its Taskfile runs too much")
	}
	line, err := oneLine(drivers.ShellLine(text))
	if err != nil {
		return taskUnseen(cmd.text, cmd.line)
	}
	if line != "" {
		r.lines = append(r.lines, verdict.Line{Text: line, At: verdict.Where{File: r.file, Line: cmd.line}})
	}
	return nil
}

// oneLine writes a command of several lines in one.
func oneLine(text string) (string, error) {
	if text = strings.TrimSpace(text); !strings.ContainsAny(text, "\r\n") {
		return text, nil
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := syntax.NewPrinter(syntax.SingleLine(true)).Print(&b, file); err != nil {
		return "", err
	}
	return strings.TrimSpace(b.String()), nil
}

// value works a variable out. A command stands there as it is, for the shell to run, behind what brings it to its folder.
func (r *taskRun) value(v taskVar, known map[string]taskValue, front string) taskValue {
	if v.opaque {
		return taskValue{err: taskUnseen(v.name+":", v.line)}
	}
	text, err := r.fill(v.text, v.line, known)
	if err == nil && v.sh {
		if asked := drivers.FromShell(text); !strings.Contains(asked, drivers.ShellBegins) {
			return taskValue{text: asked}
		}
		text = drivers.ShellBegins + front + text + drivers.ShellEnds
	}
	return taskValue{text, err}
}

var (
	taskReference = match.Pattern(`\{\{.*?\}\}`)
	taskName      = match.Pattern(`^\{\{\s*\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}$`)
	taskBuilder   = match.Pattern(`\b(OS|ARCH|exeExt|numCPU)\b`)
	// taskDefault matches a variable with what stands in its place if it is empty, in both ways to write that.
	taskDefault = match.Pattern("^\\{\\{\\s*(?:\\.(\\w+)\\s*\\|\\s*default\\s+(\"[^\"\\\\]*\"|`[^`]*`|OS|ARCH)|default\\s+(\"[^\"\\\\]*\"|`[^`]*`|OS|ARCH)\\s+\\.(\\w+))\\s*\\}\\}$")
	plainText   = match.Pattern(`^[A-Za-z0-9_./:@%+=,-]*$`)
)

// taskOwn are variables that task sets by itself, and that are not followed.
var taskOwn = match.Words("TASK_EXE TASK_VERSION ROOT_TASKFILE TASKFILE TASK_DIR ALIAS CHECKSUM TIMESTAMP MATCH ITEM KEY EXIT_CODE CLI_ARGS_LIST CLI_FORCE CLI_SILENT CLI_VERBOSE CLI_OFFLINE CLI_ASSUME_YES PATH_LIST_SEPARATOR FILE_PATH_SEPARATOR")

// fill puts what stands between {{ and }} into a text.
func (r *taskRun) fill(text string, line int, known map[string]taskValue) (string, error) {
	var failed error
	out := replaceAll(taskReference(), text, func(found string) string {
		r.work++
		if m := taskDefault().FindStringSubmatch(found); m != nil && failed == nil && r.work <= maxTaskWork {
			text, err := r.orDefault(m[1]+m[4], m[2]+m[3], found, line, known)
			failed = err
			return text
		}
		name := taskName().FindStringSubmatch(found)
		switch {
		case failed != nil:
			return ""
		case r.work > maxTaskWork:
			failed = errors.New("its Taskfile runs too much")
			return ""
		case name == nil && taskBuilder().MatchString(found):
			failed = fmt.Errorf("its Taskfile has `%s` on line %d, which is the builder's", shell.Shorten(found), line)
			return ""
		case name == nil || taskOwn[name[1]]:
			failed = taskUnseen(found, line)
			return ""
		}
		if v, ok := known[name[1]]; ok {
			failed = v.err
			return v.text
		}
		switch text, state := r.environ(name[1]); state {
		case drivers.EnvSet:
			return text
		case drivers.EnvMayBe:
			return "$" + name[1]
		case drivers.EnvUnseen:
			failed = fmt.Errorf("its Taskfile asks for %s on line %d, which is %s", name[1], line, text)
		}
		return ""
	})
	switch {
	case failed != nil:
		return "", failed
	case len(out) > maxTaskText:
		return "", fmt.Errorf("its Taskfile has too long a text on line %d", line)
	case strings.Contains(taskReference().ReplaceAllString(text, ""), "{{"):
		return "", taskUnseen(text, line)
	}
	return out, nil
}

// orDefault is a variable, or what else is written for the case that it is empty: a text in quotes, OS or ARCH.
func (r *taskRun) orDefault(name, other, found string, line int, known map[string]taskValue) (string, error) {
	text, may := "", false
	if v, ok := known[name]; ok {
		if text = v.text; v.err != nil {
			return "", v.err
		}
	} else {
		switch environ, state := r.environ(name); state {
		case drivers.EnvSet:
			text = environ
		case drivers.EnvMayBe:
			may = true
		case drivers.EnvUnseen:
			return "", taskUnseen(found, line)
		}
	}
	instead := strings.Trim(other, "\"`")
	switch {
	case taskOwn[name] || strings.Contains(text, drivers.ShellBegins):
		return "", taskUnseen(found, line) // whether that is empty is not known
	case text != "":
		return text, nil
	case instead == other:
		return "", fmt.Errorf("its Taskfile has `%s` on line %d, which is the builder's", shell.Shorten(found), line)
	case may && !plainText().MatchString(instead):
		return "", taskUnseen(found, line)
	case may:
		return "${" + name + ":-" + instead + "}", nil
	}
	return instead, nil
}

// replaceAll is ReplaceAllStringFunc, which gives up where the text becomes too long.
func replaceAll(expr *regexp.Regexp, text string, with func(string) string) string {
	var b strings.Builder
	last := 0
	for _, at := range expr.FindAllStringIndex(text, -1) {
		b.WriteString(text[last:at[0]])
		b.WriteString(with(text[at[0]:at[1]]))
		if last = at[1]; b.Len() > maxTaskText {
			break
		}
	}
	b.WriteString(text[last:])
	return b.String()
}
