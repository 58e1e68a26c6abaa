package recipes

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// judgeMake looks into the Makefile of the build context: where all that make runs is a go build
// without cgo and commands that are the same anywhere, the target's variables go in front of make.
// The lines are judged as if they stood in a Dockerfile of their own.
func judgeMake(c *call) (Step, bool) {
	if c.name != "make" || c.opt.Context == nil {
		return Step{}, false
	}
	block := func(format string, args ...any) (Step, bool) {
		return c.blockDriven(format, args...), true
	}
	run, goals, err := c.makeRun()
	if errors.Is(err, errNoMakefile) {
		return Step{}, false
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
		if _, ok := run.vars[name]; ok && (steersGo(name) || slices.Contains(goTarget, name)) {
			return block(": its Makefile exports %s", name)
		}
	}

	exports := map[string]value{}
	for name := range run.exports {
		if m, ok := run.vars[name]; ok && !(m.weak && c.lookup(name).set) {
			exports[name] = value{set: true, text: m.value, fixed: !strings.Contains(m.value, "$")}
		}
	}
	shown, err := run.exported()
	if err != nil {
		return block("%s: %s", c.text(), err)
	}
	for i, line := range run.lines {
		run.lines[i] = shellLine(exporting(shown, line)) + line
	}
	d := drivenBuild{file: "Makefile", lines: run.lines, exports: exports}
	if v, ok := run.vars["GOARCH"]; ok && !strings.Contains(v.value, "$") {
		d.review = ownGOARCH(v.value, d.file)
	}
	return c.judgeDriven(d), true
}

// errNoMakefile says that the build context does not hold the Makefile, or not for certain.
var errNoMakefile = errors.New("there is no Makefile in the build context")

// makeRun reads the command line and the Makefile.
func (c *call) makeRun() (*makeRun, []string, error) {
	at, ok := c.contextFolder("Makefile")
	if !ok {
		return nil, nil, errNoMakefile
	}
	text, err := fs.ReadFile(c.opt.Context.files, path.Join(at, "Makefile"))
	if err != nil {
		return nil, nil, errNoMakefile
	}
	for _, other := range []string{"GNUmakefile", "makefile"} {
		if c.opt.Context.has(path.Join(at, other)) {
			return nil, nil, fmt.Errorf("there is a %s beside the Makefile", other)
		}
	}
	if c.changedBefore("Makefile") {
		return nil, nil, errors.New("a command of the stage has changed the Makefile")
	}
	r := &makeRun{makefile: parseMakefile(string(text)), command: map[string]string{}, done: map[string]bool{}}
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
		v := c.lookup(name)
		return v.text, v.set
	}
	r.file = func(name string) bool { return c.opt.Context.has(path.Join(at, name)) }
	var goals []string
	for _, w := range c.args {
		name, value, assigns := strings.Cut(w.Lit, "=")
		switch {
		case !w.Const && !isAssignment(w):
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
	for _, name := range goTarget {
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

var makeJobs = pattern(`^(-j[0-9]*|--jobs(=[0-9]+)?)$`)

// contextFolder returns the folder of the build context that has been copied to where the command
// runs, or is mounted there, or of which one of the files has been; false if none has, or files of it have been replaced by a copy from elsewhere.
func (c *call) contextFolder(files ...string) (string, bool) { return c.opt.Context.folderAt(&c.site, files...) }

// folderAt returns the folder of the build context that stands where a command runs; see contextFolder.
func (x *Context) folderAt(c *site, files ...string) (string, bool) {
	if c.dir == "" {
		return "", false
	}
	found, folder := false, ""
	if run, ok := c.run.Command.(*instructions.RunCommand); ok {
		for _, m := range instructions.GetMounts(run) {
			target := m.Target
			if !path.IsAbs(target) {
				target = path.Join(c.env.Dir, target)
			}
			if path.Clean(target) == path.Clean(c.dir) {
				folder = contextPath(m.Source)
				return folder, m.Type == instructions.MountTypeBind && m.From == "" && x.isFolder(folder)
			}
		}
	}
	for cmd, dest := range c.copies() {
		if dest != path.Clean(c.dir) {
			continue
		}
		for _, src := range cmd.SourcePaths {
			switch src = path.Clean(strings.TrimLeft(src, "/")); {
			case cmd.From != "":
				return "", false
			case x.isFolder(src):
				found, folder = true, src
			case slices.Contains(files, src):
				found, folder = true, "."
			}
		}
	}
	return folder, found
}

// isFolder reports whether the context holds a folder.
func (c *Context) isFolder(name string) bool {
	if !fs.ValidPath(name) {
		return false
	}
	info, err := fs.Stat(c.files, name)
	return err == nil && info.IsDir()
}
