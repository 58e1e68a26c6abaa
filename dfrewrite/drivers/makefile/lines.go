package makefile

import (
	"maps"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/facts"
)

// Lines returns what a call of make makes the shell run, as far as its Makefile is in the build context and can be followed,
// with the line of each. Unlike a rewrite, which has to know all that make does, a finding needs the one line that is
// wrong: what cannot be seen in it is [facts.Unseen].
func Lines(x *context.Files, c *facts.Call) []facts.Line {
	if c.Name != "make" && c.Name != "gmake" {
		return nil
	}
	r := &reading{call: c, dir: c.Dir, given: map[string]facts.Value{}, done: map[string]bool{}}
	name := ""
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
			r.dir = r.below(value())
		case strings.HasPrefix(w.Text, "-C") || variable == "--directory":
			dir := w.Value
			dir.Text = strings.TrimPrefix(strings.TrimPrefix(w.Text, "-C"), "--directory=")
			r.dir = r.below(dir)
		case w.Text == "-f" || w.Text == "--file":
			name = value().Text
		case strings.HasPrefix(w.Text, "-"):
		case assigns:
			v := w.Value
			v.Text = text
			r.given[variable] = v
		case !w.Known():
			return nil
		default:
			r.goals = append(r.goals, w.Text)
		}
	}
	if r.dir == "" || !r.readFile(x, name) || r.opaque != "" {
		return nil
	}
	if len(r.goals) == 0 {
		r.goals = []string{r.first}
	}
	for _, goal := range r.goals {
		r.goal(goal)
	}
	return r.lines
}

// A reading is one run of make, as far as it is followed.
type reading struct {
	*makefile
	call  *facts.Call
	dir   string
	file  string // in the build context
	given map[string]facts.Value
	goals []string

	done  map[string]bool
	vars  []facts.Var
	lines []facts.Line
	work  makeWork
}

func (r *reading) below(dir facts.Value) string {
	if !dir.Known() || dir.Text == "" {
		return ""
	}
	if path.IsAbs(dir.Text) || r.dir == "" {
		return r.call.Abs(dir)
	}
	return path.Join(r.dir, dir.Text)
}

// readFile reads the Makefile that make would take.
func (r *reading) readFile(x *context.Files, name string) bool {
	names := []string{"GNUmakefile", "makefile", "Makefile"}
	if name != "" {
		names = []string{name}
	}
	site := r.call.Site()
	site.Dir = r.dir
	for _, name := range names {
		if r.file = x.PathAt(site, name); r.file == "" {
			continue
		}
		if context.ChangedBefore(site, name) {
			return false
		}
		r.makefile = parseMakefile(string(x.ReadFile(r.file)))
		for _, name := range slices.Sorted(maps.Keys(r.exports)) {
			if v, ok := r.makefile.vars[name]; ok && !(v.weak && r.inEnvironment(name)) {
				r.vars = append(r.vars, facts.Var{Name: name, Text: drivers.ShellLine(r.expand("$("+name+")", nil, 0))})
			}
		}
		for _, name := range slices.Sorted(maps.Keys(r.given)) {
			v := r.given[name]
			r.vars = append(r.vars, facts.Var{Name: name, Value: &v})
		}
		return true
	}
	return false
}

// inEnvironment reports whether make finds a variable in its environment, or may do so.
func (r *reading) inEnvironment(name string) bool {
	return r.call.Env(name).Set || r.call.Uncertain()
}

// goal adds the lines of a goal, behind those of all that it needs.
func (r *reading) goal(name string) {
	rule := r.rules[name]
	if r.done[name] || rule == nil || rule.pattern || len(r.lines) > maxMakeLines {
		return
	}
	r.done[name] = true
	var needs []string
	for _, word := range rule.needs {
		needs = append(needs, strings.Fields(r.expand(word, nil, 0))...)
	}
	for _, need := range needs {
		r.goal(need)
	}
	auto := map[string]string{"@": name, "^": strings.Join(needs, " "), "@D": path.Dir(name), "@F": path.Base(name), "<": ""}
	if len(needs) > 0 {
		auto["<"] = needs[0]
	}
	for i, line := range rule.recipe {
		line = strings.TrimLeft(line, " \t@-+")
		if line == "" || line[0] == '#' {
			continue
		}
		r.lines = append(r.lines, facts.Line{Place: facts.Place{File: r.file, Line: rule.at[i]}, Dir: r.dir, Vars: r.vars,
			Text: drivers.ShellLine(r.expand(line, auto, 0))})
	}
}

// makesOwn are variables that make sets by itself (GNU make manual, 10.3).
var makesOwn = map[string]string{"CC": "cc", "CXX": "g++", "AR": "ar", "RM": "rm -f", "MAKE": "make"}

// expand fills variables in. What the shell knows is left to it.
func (r *reading) expand(s string, auto map[string]string, depth int) string {
	text, err := r.work.expand(s, depth, func(name string) (string, error) {
		if script, ok := strings.CutPrefix(name, "shell "); ok {
			return drivers.ShellBegins + r.expand(script, auto, depth+1) + drivers.ShellEnds, nil
		}
		if v, ok := auto[name]; ok {
			return v, nil
		}
		v, inFile := r.makefile.vars[name]
		_, given := r.given[name]
		switch {
		case strings.ContainsAny(name, " \t,:$"):
			return facts.Unseen, nil
		case given, (!inFile || v.weak) && r.inEnvironment(name):
			return "${" + name + "}", nil
		case inFile:
			return r.expand(v.value, auto, depth+1), nil
		case name == "CURDIR":
			return r.dir, nil
		}
		return makesOwn[name], nil
	})
	if err != nil {
		return text + facts.Unseen
	}
	return text
}
