// Package makefile is the driver of make: it reads Makefiles, and says what make would run.
//
// (GNU make manual, https://www.gnu.org/software/make/manual/.)
package makefile

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/drivers/makefile/gnumake"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/recipes/cc"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of make where it runs go, and C that of Makefiles that compile C.
var (
	Recipe = &verdict.Recipe{Name: "make", Page: "make", Judge: judge, Programs: match.Words("make gmake")}
	C      = &verdict.Recipe{Name: "c", Page: "c", Judge: judgeC}
)

// judge looks into the Makefile of the build context: where all that make runs is a go build
// without cgo and commands that are the same anywhere, the target's variables go in front of make.
// The lines are judged as if they stood in a Dockerfile of their own.
func judge(c *verdict.Call) (verdict.Step, bool) {
	if c.Program != "make" && c.Program != "gmake" || c.Opt.Context == nil {
		return verdict.Step{}, false
	}
	at, config, goals, err := callOf(c)
	if errors.Is(err, gnumake.ErrNoFile) {
		return verdict.Step{}, false
	}
	if err != nil {
		return drivers.Refuse(c, ": %s", err), true
	}
	run, err := gnumake.Run(config, goals...)
	if errors.Is(err, gnumake.ErrNoFile) {
		return verdict.Step{}, false
	}
	if err != nil {
		return drivers.Refuse(c, ": %s", err), true
	}
	d := drivers.Build{File: "Makefile", Exports: map[string]facts.Setting{}}
	if config.File != "" {
		d.File = config.File
	}
	var shown []drivers.Exported
	for _, name := range slices.Sorted(maps.Keys(run.Vars)) {
		v := run.Vars[name]
		if slices.Contains(drivers.GoTarget, name) {
			switch same := v.Text == "$TARGET"+name[2:] || name == "GOOS" && v.Text == "linux" && c.Opt.OnlyLinux(); {
			case v.Weak && !strings.Contains(v.Text, "$") && name == "GOARCH":
				d.Review = drivers.OwnGOARCH(v.Text, d.File)
			case v.Weak || same:
			default:
				return drivers.Refuse(c, ": its %s sets %s to %s, whatever the environment says", d.File, name, forMessage(v.Text)), true
			}
			continue
		}
		if !v.Exported || v.Weak && facts.Lookup(&c.Site, name).Set {
			continue
		}
		if drivers.SteersGo(name) {
			return drivers.Refuse(c, ": its %s exports %s", d.File, name), true
		}
		d.Exports[name] = facts.Setting{Set: true, Text: v.Text, Fixed: !gnumake.Unknown(v.Text)}
		if name != "PATH" && strings.Contains(v.Text, gnumake.ShellBegins) {
			one, err := drivers.ExportOf(name, v.Text)
			if err != nil {
				return drivers.Refuse(c, ": its %s exports what cannot be seen: %s", d.File, err), true
			}
			shown = append(shown, one)
		}
	}
	for _, line := range run.Lines {
		text := drivers.ShellLine(line.Text)
		front, given, err := handedDown(c, line)
		if err != nil {
			return drivers.Refuse(c, ": %s", err), true
		}
		d.Lines = append(d.Lines, verdict.Line{Text: drivers.ShellLine(drivers.Exporting(shown, text)+front) + text, At: verdict.Where{File: line.File, Line: line.Line, Given: given}})
	}
	step := drivers.Judge(at, d)
	// A variable of make alone gets into the environment where the environment has one of that name, which here would be new.
	for _, line := range run.Lines {
		for _, s := range line.Env {
			puts := func(e dockerfile.Edit) bool {
				return strings.Contains(" "+e.New, " "+s.Name+"=") && !strings.Contains(e.New, s.Name+"="+s.Text+" ")
			}
			if s.Own && step.Verdict == verdict.Convert && slices.ContainsFunc(step.Edits, puts) {
				return drivers.Refuse(c, ": its Makefile has %s=%s (%s), which would take the place of what has to stand in front of it", s.Name, forMessage(s.Text), s.At), true
			}
		}
	}
	return step, true
}

// handedDown returns what goes in front of a line so that it is judged with the variables that make hands down to it, and names them
// for messages. One that says what is built for takes the place of what stands in front of make, which is an error.
func handedDown(c *verdict.Call, line gnumake.Line) (front, given string, err error) {
	var names []string
	for _, s := range line.Env {
		where := " on the command line"
		if s.At != "" {
			where = " of " + s.At
		}
		said := s.Name + "=" + forMessage(s.Text) + where
		if slices.Contains(drivers.GoTarget, s.Name) {
			same := s.Text == "$TARGET"+s.Name[2:] || s.Name == "GOOS" && s.Text == "linux" && c.Opt.OnlyLinux()
			if same || onlyMoves().MatchString(line.Text) {
				continue
			}
			return "", "", fmt.Errorf("its Makefile runs `%s` (%s:%d) with %s, whatever the environment says", forMessage(line.Text), line.File, line.Line, said)
		}
		if s.Own {
			continue
		}
		one, err := drivers.ExportOf(s.Name, s.Text)
		if err != nil {
			return "", "", fmt.Errorf("its Makefile hands down what cannot be seen: %s", err)
		}
		front += one.Line
		if !drivers.AboutModules[s.Name] {
			names = append(names, said)
		}
	}
	return front, strings.Join(names, " and "), nil
}

// onlyMoves matches a line of one command that looks at no variable of go.
var onlyMoves = match.Pattern(`^(echo|printf|mkdir|rm|rmdir|mv|cp|touch|true|:|chmod|ln|install)( [^;&|$` + "`" + `\x01\n]*)?$`)

// forMessage is a value for a message.
func forMessage(text string) string { return shell.Shorten(drivers.ShellLine(text)) }

// copiedAs returns the file of the build context that stands where make looks for its Makefile under another name or out of another
// folder, or "".
func copiedAs(c *verdict.Call, folder string, names []string) string {
	for _, name := range names {
		if file := c.Opt.Context.PathAt(&c.Site, name); file != "" {
			if path.Clean(file) == path.Join(folder, name) {
				return ""
			}
			return path.Clean(file)
		}
	}
	return ""
}

// environmentWins are the names of the option with which the environment wins over the Makefile.
var environmentWins = match.Words("-e --environment-overrides")

// callOf reads the command line of make. The call that it returns is in the folder that make changes to.
func callOf(c *verdict.Call) (*verdict.Call, gnumake.Config, []string, error) {
	config := gnumake.Config{Files: c.Opt.Context, Command: map[string]string{}, Follow: drivers.GoListens(), Shell: drivers.FromShell, Budget: c.Stage.Graph.Budget.Text}
	dir := c.Dir
	var goals []string
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		text, known := c.Known(w)
		name, value, assigns := strings.Cut(w.Raw, "=")
		assigns = assigns && !strings.HasPrefix(w.Raw, "-")
		takes := func(short, long string) (string, bool) {
			switch {
			case (w.Raw == short || w.Raw == long) && i+1 < len(c.Args):
				i++
				text, known = c.Known(c.Args[i])
				return text, true
			case strings.HasPrefix(w.Raw, long+"="):
				return value, true
			case strings.HasPrefix(w.Raw, short) && len(w.Raw) > 2 && !strings.HasPrefix(w.Raw, "--"):
				return w.Raw[2:], true
			}
			return "", false
		}
		if to, ok := takes("-C", "--directory"); ok {
			if !known || dir == "" {
				return nil, config, nil, fmt.Errorf("which folder -C names cannot be seen")
			}
			if dir = path.Join(dir, to); path.IsAbs(to) {
				dir = path.Clean(to)
			}
			continue
		}
		if file, ok := takes("-f", "--file"); ok {
			if !known {
				return nil, config, nil, fmt.Errorf("which file -f names cannot be seen")
			}
			config.File = file
			continue
		}
		switch {
		case makeJobs().MatchString(w.Raw) || quiet()[w.Raw] || strings.HasPrefix(w.Raw, "-j") && cc.CountOnly().MatchString(w.Raw[2:]):
			if (w.Raw == "-j" || w.Raw == "--jobs") && i+1 < len(c.Args) && cc.CountOnly().MatchString(c.Args[i+1].Raw) {
				i++
			}
		case environmentWins[w.Raw] && graph.OfficialGo(c.Stage.Root().Image):
			config.EnvironmentWins = true // what another image puts into the environment is not known
		case strings.HasPrefix(w.Raw, "-"):
			return nil, config, nil, fmt.Errorf("what %s changes is not followed", w.Raw)
		case assigns && known:
			config.Command[name] = text[strings.Index(text, "=")+1:]
		case assigns && strings.ContainsAny(value, "`"):
			return nil, config, nil, fmt.Errorf("what %s is cannot be seen", w.Raw)
		case assigns:
			config.Command[name] = strings.Trim(value, `"`)
		case !known:
			return nil, config, nil, fmt.Errorf("what %s is cannot be seen", w.Raw)
		default:
			goals = append(goals, text)
		}
	}
	for _, name := range drivers.GoTarget {
		if _, ok := config.Command[name]; ok {
			return nil, config, nil, fmt.Errorf("%s on its command line wins over the environment", name)
		}
	}
	moved := *c
	moved.Dir, config.Abs = dir, strings.TrimSuffix(dir, "/")
	names := []string{"Makefile", "makefile", "GNUmakefile"}
	if config.File != "" {
		names = []string{config.File}
	}
	folder, ok := moved.ContextFolder(names...)
	if !ok {
		folder, ok = moved.ContextAt(config.Abs)
	}
	if !ok {
		return nil, config, nil, gnumake.ErrNoFile
	}
	config.Dir = folder
	if other := copiedAs(&moved, folder, names); other != "" {
		if path.Dir(other) != path.Clean(folder) {
			return nil, config, nil, fmt.Errorf("its Makefile is %s of the build context, and the rest of its folder is not", other)
		}
		config.File, names = path.Base(other), []string{path.Base(other)}
	}
	for _, name := range names {
		if c.ChangedBefore(name) {
			return nil, config, nil, fmt.Errorf("a command of the stage has changed the %s", name)
		}
	}
	config.Env = func(name string) (string, bool) {
		switch name {
		case "GOOS", "GOARCH":
			return "$TARGET" + name[2:], true // as it will be
		}
		v := facts.Lookup(&c.Site, name)
		if !v.Set && (v.FromArg || drivers.Sourced(c, name)) {
			return "$" + name, true
		}
		return v.Text, v.Set
	}
	return &moved, config, goals, nil
}

// quiet are options of make that change nothing of what it runs.
func quiet() map[string]bool {
	return match.Words("-s --silent --quiet -k --keep-going -B --always-make -w --print-directory --no-print-directory -r -R --warn-undefined-variables")
}

var makeJobs = match.Pattern(`^(-j[0-9]*|--jobs(=[0-9]+)?)$`)
