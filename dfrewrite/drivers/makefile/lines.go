package makefile

import (
	"maps"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/drivers/makefile/gnumake"
	"xxkit/dfrewrite/facts"
)

// Lines returns what a call of make makes the shell run, as far as its Makefile is in the build context and can be followed,
// with the line of each. Variables of the environment and of the command line are left to the shell, since they may differ
// between platforms.
func Lines(x *context.Files, c *facts.Call) []facts.Line {
	if c.Name != "make" && c.Name != "gmake" {
		return nil
	}
	dir, name := c.Dir, ""
	given := map[string]facts.Value{}
	var goals []string
	wins := false
	below := func(to facts.Value) string {
		switch {
		case !to.Known() || to.Text == "":
			return ""
		case path.IsAbs(to.Text) || dir == "":
			return c.Abs(to)
		}
		return path.Join(dir, to.Text)
	}
	for i := 1; i < len(c.Words); i++ {
		w := c.Words[i]
		value := func() facts.Value {
			if i++; i < len(c.Words) {
				return c.Words[i].Value
			}
			return facts.Value{}
		}
		variable, text, assigns := strings.Cut(w.Text, "=")
		switch {
		case w.Text == "-C" || w.Text == "--directory":
			dir = below(value())
		case strings.HasPrefix(w.Text, "-C") || variable == "--directory":
			to := w.Value
			to.Text = strings.TrimPrefix(strings.TrimPrefix(w.Text, "-C"), "--directory=")
			dir = below(to)
		case w.Text == "-f" || w.Text == "--file":
			name = value().Text
		case environmentWins[w.Text]:
			wins = true
		case strings.HasPrefix(w.Text, "-"):
		case assigns:
			v := w.Value
			v.Text = text
			given[variable] = v
		case !w.Known():
			return nil
		default:
			goals = append(goals, w.Text)
		}
	}
	file := makefileAt(x, c, dir, name)
	if dir == "" || file == "" {
		return nil
	}
	inEnvironment := func(name string) bool { return c.Env(name).Set || c.Uncertain() }
	config := gnumake.Config{Files: x, Dir: path.Dir(file), Abs: strings.TrimSuffix(dir, "/"), File: path.Base(file), Command: map[string]string{}, EnvironmentWins: wins,
		Env:    func(name string) (string, bool) { return "${" + name + "}", inEnvironment(name) },
		Shell:  func(command string) string { return gnumake.ShellBegins + command + gnumake.ShellEnds },
		Follow: drivers.GoListens(), Budget: c.Stage.Graph.Budget.Text}
	for name := range given {
		config.Command[name] = "${" + name + "}"
	}
	run, err := gnumake.Run(config, goals...)
	if err != nil {
		return nil
	}
	var vars []facts.Var
	for _, name := range slices.Sorted(maps.Keys(run.Vars)) {
		if v := run.Vars[name]; v.Exported && !(v.Weak && inEnvironment(name)) {
			vars = append(vars, facts.Var{Name: name, Text: drivers.ShellLine(v.Text)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		v := given[name]
		vars = append(vars, facts.Var{Name: name, Value: &v})
	}
	var lines []facts.Line
	for _, l := range run.Lines {
		own := slices.Clip(vars)
		for _, s := range l.Env {
			if !s.Own && s.Text != "${"+s.Name+"}" {
				own = append(own, facts.Var{Name: s.Name, Text: drivers.ShellLine(s.Text)})
			}
		}
		lines = append(lines, facts.Line{Place: facts.Place{File: l.File, Line: l.Line}, Dir: dir, Vars: own, Text: drivers.ShellLine(l.Text)})
	}
	return lines
}

// makefileAt returns the Makefile that make would take in a folder, by its path in the context; "" if it is not known.
func makefileAt(x *context.Files, c *facts.Call, dir, name string) string {
	names := []string{"GNUmakefile", "makefile", "Makefile"}
	if name != "" {
		names = []string{name}
	}
	site := c.Site()
	site.Dir = dir
	for _, name := range names {
		if file := x.PathAt(site, name); file != "" {
			if context.ChangedBefore(site, name) {
				return ""
			}
			return file
		}
	}
	return ""
}
