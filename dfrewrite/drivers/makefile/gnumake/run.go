package gnumake

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/match"
)

// goal follows a goal and all that it needs (chapter 3.7, the second phase), with the variables of the targets that need it.
func (m *machine) goal(name string, inherited []*assignment) error {
	name = strings.TrimPrefix(name, "./")
	if m.done[name] {
		return nil
	}
	m.done[name] = true
	if m.depth++; m.depth > maxDepth*4 {
		return fmt.Errorf("its Makefile has targets that need each other without end: %s", name)
	}
	defer func() { m.depth-- }()

	t := m.rules[name]
	var own []*assignment
	for _, p := range m.special {
		if _, ok := patternText(p.text, name); ok {
			own = append(own, p.set)
		}
	}
	if t != nil {
		own = append(own, t.vars...)
	}
	vars := slices.Concat(inherited, own)
	if err := m.enter(vars); err != nil {
		return err
	}
	defer m.pop()

	var rules []*rule
	if t != nil {
		rules = t.rules
	}
	recipe := slices.ContainsFunc(rules, func(r *rule) bool { return r.known })
	if !recipe {
		if implicit := m.implicit(name, rules); implicit != nil {
			rules = append(slices.Clone(rules), implicit)
		} else if len(rules) == 0 {
			if m.there(name) || t != nil && t.phony {
				return nil
			}
			return fmt.Errorf("its Makefile has no rule for %s that can be followed", shorten(name))
		}
	}
	double := slices.ContainsFunc(rules, func(r *rule) bool { return r.double })
	if double {
		for _, r := range rules {
			if err := m.make(name, r, r.needs, r.order, vars); err != nil {
				return err
			}
		}
		return nil
	}
	// The last recipe counts, with the prerequisites of all rules; those of the rule with the recipe come first.
	var last *rule
	for _, r := range rules {
		if r.known || last == nil {
			last = r
		}
	}
	var needs, order []string
	for _, r := range append([]*rule{last}, slices.DeleteFunc(slices.Clone(rules), func(r *rule) bool { return r == last })...) {
		needs, order = append(needs, r.needs...), append(order, r.order...)
	}
	return m.make(name, last, needs, order, vars)
}

// enter opens a scope with variables of targets.
func (m *machine) enter(vars []*assignment) error {
	m.scopes = append(m.scopes, map[string]*variable{})
	for _, a := range vars {
		name, err := m.expand(a.name)
		if err != nil {
			return err
		}
		name = strings.TrimSpace(name)
		scope := m.scopes[len(m.scopes)-1]
		v := scope[name]
		if v == nil {
			v = &variable{name: name}
			if outer := m.lookup(name); outer != nil && outer.origin != fromCommand {
				*v = *outer
			} else if text, set := m.Env(name); outer == nil && set {
				v.value, v.origin, v.simple = strings.ReplaceAll(text, "$", "$$"), fromEnvironment, true
			}
		}
		v.at = a.at
		if !posix(name, a.value) {
			return fmt.Errorf("its Makefile has `%s = %s` (%s) for a target, which is not followed", name, shorten(a.value), a.at)
		}
		if a.export {
			yes := true
			v.export = &yes
		}
		if err := m.set(v, a); err != nil {
			return err
		}
		if a.override {
			v.origin = fromOverride
		}
		scope[name] = v
	}
	return nil
}

// there reports whether a file is in the context.
func (m *machine) there(name string) bool { return m.Files.Has(path.Join(m.Dir, m.local(name))) }

// local returns a name as it is from make's own folder, where it is an absolute one below that: $(CURDIR)/rules.mk.
func (m *machine) local(name string) string {
	if name == m.Abs && m.Abs != "" {
		return "."
	}
	if rest, ok := strings.CutPrefix(name, m.Abs+"/"); ok && m.Abs != "" {
		return strings.TrimLeft(rest, "/")
	}
	return name
}

// implicit finds a pattern rule for a target (chapter 10.5.4): the one with the shortest stem whose prerequisites are there, or
// can be made.
func (m *machine) implicit(name string, explicit []*rule) *rule {
	var best *rule
	bestStem := ""
	for _, r := range m.pattern {
		if !r.known {
			continue
		}
		for _, p := range r.targets {
			stem, ok := patternText(p, name)
			if !ok && !strings.Contains(p, "/") {
				if dir, base := path.Split(name); dir != "" {
					if stem, ok = patternText(p, base); ok {
						stem = dir + stem
					}
				}
			}
			if !ok || best != nil && len(stem) >= len(bestStem) {
				continue
			}
			made := *r
			made.targets, made.stem = []string{name}, stem
			made.needs = fillStem(r.needs, stem)
			made.order = fillStem(r.order, stem)
			if slices.ContainsFunc(made.needs, func(n string) bool { return !m.there(n) && m.rules[strings.TrimPrefix(n, "./")] == nil }) {
				continue
			}
			best, bestStem = &made, stem
		}
	}
	return best
}

func fillStem(list []string, stem string) []string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strings.Replace(n, "%", stem, 1)
	}
	return out
}

// make follows the prerequisites of a rule, and adds the lines of its recipe.
func (m *machine) make(name string, r *rule, needs, order []string, vars []*assignment) error {
	var files []string
	for _, n := range append(slices.Clone(needs), order...) {
		switch {
		case Unknown(n):
			if !listsFiles().MatchString(n) {
				return fmt.Errorf("what %s needs cannot be seen: %s", name, shorten(n))
			}
			continue // source that is there
		case strings.ContainsAny(n, "*?["):
			files = append(files, m.glob(n)...)
		default:
			files = append(files, n)
		}
	}
	for _, n := range files {
		if n == ".WAIT" {
			continue
		}
		if err := m.goal(n, vars); err != nil {
			return err
		}
	}
	normal := slices.DeleteFunc(slices.Clone(files), func(f string) bool { return slices.Contains(order, f) && !slices.Contains(needs, f) })
	auto := map[string]string{"@": name, "^": strings.Join(unique(normal), " "), "+": strings.Join(normal, " "), "?": strings.Join(unique(normal), " "),
		"|": strings.Join(order, " "), "*": r.stem, "<": "", "%": ""}
	if len(normal) > 0 {
		auto["<"] = normal[0]
	}
	for _, c := range []string{"@", "<", "*", "^", "?"} {
		var dirs, names []string
		for _, w := range words(auto[c]) {
			d, n := path.Split(w)
			if d = strings.TrimSuffix(d, "/"); d == "" {
				d = "."
			}
			dirs, names = append(dirs, d), append(names, n)
		}
		auto[c+"D"], auto[c+"F"] = strings.Join(dirs, " "), strings.Join(names, " ")
	}
	m.push(auto)
	defer m.pop()
	var script []Line
	for _, s := range r.recipe {
		text, err := m.expand(s.text)
		if err != nil {
			return err
		}
		for _, line := range strings.Split(text, "\n") {
			script = append(script, Line{Text: line, File: path.Join(m.Dir, r.file), Line: s.line})
		}
	}
	if m.oneline && len(script) > 1 {
		var texts []string
		for i, l := range script {
			if i == 0 {
				l.Text = strings.TrimLeft(l.Text, " \t@-+")
			}
			texts = append(texts, l.Text)
		}
		script = []Line{{Text: strings.Join(texts, "\n"), File: script[0].File, Line: script[0].Line}}
	}
	for _, l := range script {
		if err := m.line(l); err != nil {
			return err
		}
	}
	return nil
}

// listsFiles matches commands that list source, as prerequisites.
var listsFiles = match.Pattern(`^` + ShellBegins + `\s*(find|git ls-files|ls|go list|rg --files|fd)\b[^;&]*` + ShellEnds + `$`)

func unique(list []string) []string {
	var out []string
	for _, w := range list {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// line adds what the shell gets, or follows make where that is called again.
func (m *machine) line(l Line) error {
	l.Text = strings.TrimSpace(strings.TrimLeft(l.Text, " \t@-+"))
	if l.Text == "" || strings.HasPrefix(l.Text, "#") {
		return nil
	}
	if len(m.lines) >= maxLines {
		return fmt.Errorf("its Makefile runs too much")
	}
	if !strings.Contains(l.Text, makeAgain) {
		var err error
		if l.Env, err = m.follow(); err != nil {
			return err
		}
		m.lines = append(m.lines, l)
		return nil
	}
	return m.again(l)
}

// elsewhere matches a call of make behind a change of folder.
var elsewhere = match.Pattern(`^\(?\s*cd\s+([A-Za-z0-9_./-]+)\s*(?:&&|;)\s*([^()]*?)\s*\)?$`)

// again follows make that calls itself (chapter 5.7).
func (m *machine) again(l Line) error {
	text, dir := l.Text, ""
	if into := elsewhere().FindStringSubmatch(text); into != nil {
		dir, text = into[1], into[2]
	}
	odd := func() error {
		return fmt.Errorf("its Makefile calls make again in `%s` (%s), which is not followed", shorten(strings.ReplaceAll(l.Text, makeAgain, "make")), at(l.File, l.Line))
	}
	list := words(text)
	command, onCommand := maps.Clone(m.Command), maps.Clone(m.onCommand)
	if command == nil {
		command = map[string]string{}
	}
	if onCommand == nil {
		onCommand = map[string]string{}
	}
	env := map[string]Setting{}
	for len(list) > 0 && strings.Contains(list[0], "=") && !strings.HasPrefix(list[0], "-") {
		name, value, _ := strings.Cut(list[0], "=")
		text, err := m.ofShell(strings.Trim(value, `"'`))
		if err != nil {
			return err
		}
		if steersMake[name] && !harmlessFlags().MatchString(text) {
			return odd()
		}
		env[name] = Setting{Name: name, Text: text, At: at(l.File, l.Line)}
		list = list[1:]
	}
	if len(list) == 0 || list[0] != makeAgain || strings.ContainsAny(strings.Join(list, " "), ";&|`<>()") {
		return odd()
	}
	file := ""
	var goals []string
	for i := 1; i < len(list); i++ {
		w := list[i]
		name, value, assigns := strings.Cut(w, "=")
		switch {
		case (w == "-C" || w == "--directory") && i+1 < len(list):
			i++
			dir = path.Join(dir, list[i])
		case strings.HasPrefix(w, "-C"):
			dir = path.Join(dir, w[2:])
		case strings.HasPrefix(w, "--directory="):
			dir = path.Join(dir, value)
		case (w == "-f" || w == "--file" || w == "--makefile") && i+1 < len(list):
			i++
			file = list[i]
		case strings.HasPrefix(w, "-f"):
			file = w[2:]
		case quietFlags().MatchString(w):
		case strings.HasPrefix(w, "-"):
			return odd()
		case assigns:
			text, err := m.ofShell(strings.Trim(value, `"'`))
			if err != nil {
				return err
			}
			if steersMake[name] && !harmlessFlags().MatchString(text) || !posix(name, text) {
				return odd()
			}
			command[name], onCommand[name] = text, at(l.File, l.Line)
		case strings.ContainsAny(w, "$"+ShellBegins):
			return odd()
		default:
			goals = append(goals, w)
		}
	}
	if *m.calls++; *m.calls > maxCalls {
		return fmt.Errorf("its Makefile calls make again without end")
	}
	sub := newMake(m.Config, m.way)
	sub.calls, sub.chosen = m.calls, m.chosen
	sub.Command, sub.File = command, file
	sub.outer, sub.inFront, sub.onCommand = m, env, onCommand
	if dir = m.local(dir); path.IsAbs(dir) {
		return odd()
	}
	sub.Dir = path.Join(m.Dir, dir)
	if dir != "" && m.Abs != "" {
		sub.Abs = path.Join(m.Abs, dir)
	}
	sub.Env = func(name string) (string, bool) {
		if s, ok := env[name]; ok {
			return s.Text, true
		}
		v := m.lookup(name)
		if v != nil && v.export != nil && !*v.export {
			return "", false
		}
		if v != nil && v.origin != automatic && (m.exported(v) || v.origin == fromCommand) {
			if text, err := m.value(name); err == nil {
				return text, true
			}
		}
		return m.Env(name)
	}
	err := sub.all(goals)
	m.chosen = sub.chosen
	if err != nil {
		return err
	}
	for _, line := range sub.lines {
		if dir != "" && dir != "." {
			line.Text = "cd " + dir + " && " + line.Text
		}
		m.lines = append(m.lines, line)
	}
	return nil
}

// ofShell fills in a word that is nothing but a variable of the shell, which the shell would do in front of a call of make.
func (m *machine) ofShell(word string) (string, error) {
	name := shellVariable().FindStringSubmatch(word)
	if name == nil {
		return word, nil
	}
	if s, ok, err := m.handed(name[1]); ok && !s.Own || err != nil {
		return s.Text, err
	}
	if text, set := m.Env(name[1]); set {
		return text, nil
	}
	return word, nil
}

var shellVariable = match.Pattern(`^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$`)

// steersMake are the variables from which make itself takes options, variables and Makefiles (chapters 5.7.3 and 3.4).
var steersMake = match.Words("MAKEFLAGS GNUMAKEFLAGS MFLAGS MAKEFILES")

// quietFlags matches options of make that change nothing of what it runs.
var quietFlags = match.Pattern(`^(-[skrR]+|-j[0-9]*|--jobs(=[0-9]+)?|--no-print-directory|--silent|--quiet|--keep-going|--output-sync\S*|-O\S*|-w|--print-directory|-B|--always-make|--warn-undefined-variables)$`)
