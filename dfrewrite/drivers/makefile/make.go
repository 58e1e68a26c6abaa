// Package makefile is the driver of make: it reads Makefiles, and says what make would run.
//
// (GNU make manual, https://www.gnu.org/software/make/manual/.)
package makefile

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of make where it runs go, and C that of Makefiles that compile C.
var (
	Recipe = &verdict.Recipe{Name: "make", Page: "make", Judge: judge}
	C      = &verdict.Recipe{Name: "c", Page: "c", Judge: judgeC}
)

// judge looks into the Makefile of the build context: where all that make runs is a go build
// without cgo and commands that are the same anywhere, the target's variables go in front of make.
// The lines are judged as if they stood in a Dockerfile of their own.
func judge(c *verdict.Call) (verdict.Step, bool) {
	if c.Program != "make" || c.Opt.Context == nil {
		return verdict.Step{}, false
	}
	block := func(format string, args ...any) (verdict.Step, bool) {
		return drivers.Refuse(c, format, args...), true
	}
	run, goals, err := newRun(c)
	if errors.Is(err, errNoMakefile) {
		return verdict.Step{}, false
	}
	if err != nil {
		return block(": %s", err)
	}
	for _, goal := range goals {
		if err := run.run(goal); err != nil {
			return block(": %s", err)
		}
	}
	for name := range run.exports {
		if _, ok := run.vars[name]; ok && (drivers.SteersGo(name) || slices.Contains(drivers.GoTarget, name)) {
			return block(": its Makefile exports %s", name)
		}
	}

	exports := map[string]facts.Setting{}
	for name := range run.exports {
		if m, ok := run.vars[name]; ok && !(m.weak && facts.Lookup(&c.Site, name).Set) {
			exports[name] = facts.Setting{Set: true, Text: m.value, Fixed: !strings.Contains(m.value, "$")}
		}
	}
	shown, err := run.exported()
	if err != nil {
		return block("%s: %s", c.Source(), err)
	}
	for i, line := range run.lines {
		run.lines[i].Text = drivers.ShellLine(drivers.Exporting(shown, line.Text)) + line.Text
	}
	d := drivers.Build{File: "Makefile", Lines: run.lines, Exports: exports}
	if v, ok := run.vars["GOARCH"]; ok && !strings.Contains(v.value, "$") {
		d.Review = drivers.OwnGOARCH(v.value, d.File)
	}
	return drivers.Judge(c, d), true
}

// errNoMakefile says that the build context does not hold the Makefile, or not for certain.
var errNoMakefile = errors.New("there is no Makefile in the build context")

// newRun reads the command line and the Makefile.
func newRun(c *verdict.Call) (*makeRun, []string, error) {
	at, ok := c.ContextFolder("Makefile")
	if !ok {
		return nil, nil, errNoMakefile
	}
	text := c.Opt.Context.ReadFile(path.Join(at, "Makefile"))
	if text == nil {
		return nil, nil, errNoMakefile
	}
	for _, other := range []string{"GNUmakefile", "makefile"} {
		if c.Opt.Context.Has(path.Join(at, other)) {
			return nil, nil, fmt.Errorf("there is a %s beside the Makefile", other)
		}
	}
	if context.ChangedBefore(&c.Site, "Makefile") {
		return nil, nil, errors.New("a command of the stage has changed the Makefile")
	}
	r := &makeRun{makefile: parseMakefile(string(text)), name: path.Join(at, "Makefile"), work: makeWork{c.Stage.Graph.Budget}, command: map[string]string{}, done: map[string]bool{}}
	if r.opaque != "" {
		return nil, nil, fmt.Errorf("its Makefile has `%s`, which is not followed", r.opaque)
	}
	if name := r.sets(); name != "" {
		return nil, nil, fmt.Errorf("its Makefile sets %s, whatever the environment says", name)
	}
	r.env = func(name string) (string, bool) {
		switch name {
		case "GOOS", "GOARCH":
			return "$TARGET" + name[2:], true // as it will be
		}
		v := facts.Lookup(&c.Site, name)
		return v.Text, v.Set
	}
	r.file = func(name string) bool { return c.Opt.Context.Has(path.Join(at, name)) }
	var goals []string
	for _, w := range c.Args {
		name, value, assigns := strings.Cut(w.Lit, "=")
		switch {
		case !w.Const && !graph.IsAssignment(w):
			return nil, nil, fmt.Errorf("what %s is cannot be seen", w.Raw)
		case !w.Const:
			name, value, _ = strings.Cut(w.Raw, "=")
			r.command[name] = strings.Trim(value, `"`)
		case makeJobs().MatchString(w.Lit) || w.Lit == "-s" || w.Lit == "--silent":
		case strings.HasPrefix(w.Lit, "-"):
			return nil, nil, fmt.Errorf("what %s changes is not followed", w.Raw)
		case assigns:
			r.command[name] = value
		default:
			goals = append(goals, w.Lit)
		}
	}
	for _, name := range drivers.GoTarget {
		if _, ok := r.command[name]; ok {
			return nil, nil, fmt.Errorf("%s on its command line wins over the environment", name)
		}
	}
	if len(goals) == 0 {
		goals = []string{r.first}
		if v, ok := r.vars[".DEFAULT_GOAL"]; ok {
			goals[0] = v.value
		}
	}
	return r, goals, nil
}

var makeJobs = match.Pattern(`^(-j[0-9]*|--jobs(=[0-9]+)?)$`)
