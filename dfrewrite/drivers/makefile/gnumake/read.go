package gnumake

import (
	"fmt"
	"path"
	"strings"

	"xxkit/dfrewrite/match"
)

// An origin says where a variable was set; a later one wins (chapter 8.11).
type origin int

const (
	fromDefault origin = iota
	fromEnvironment
	fromFile
	fromCommand
	fromOverride
	automatic
)

// A variable is a name with a value.
type variable struct {
	name   string
	value  string // not filled in
	origin origin
	weak   bool
	export *bool
	at     string // where it was set last
	simple bool   // value is filled in already, each $ of it doubled
	// fallback is the value that the file would give it if the environment did not.
	fallback string
}

// A target is all that rules say about a name.
type target struct {
	name  string
	rules []*rule
	vars  []*assignment
	phony bool
}

// A rule has prerequisites and a recipe (chapter 4).
type rule struct {
	targets []string
	needs   []string
	order   []string // order-only
	recipe  []statement
	file    string
	double  bool
	stem    string // of a static pattern rule
	known   bool   // a recipe was given, maybe an empty one
}

type pattern struct {
	text string
	set  *assignment
}

// read evaluates a text (chapter 3.7, the first phase).
func (m *machine) read(file, text string) error {
	if m.includes++; m.includes > maxIncludes || !m.Budget(len(text)+1<<10) {
		return fmt.Errorf("its Makefile includes too much (%s)", file)
	}
	m.files = append(m.files, file)
	return m.evaluate(file, statements(text))
}

// evaluate goes through statements; conditions choose among them.
func (m *machine) evaluate(file string, list []statement) error {
	// Of each condition that is open: whether its branch is taken, and whether one has been.
	type branch struct{ taken, had bool }
	var open []branch
	live := func() bool {
		for _, b := range open {
			if !b.taken {
				return false
			}
		}
		return true
	}
	for _, s := range list {
		recipe := s.recipe && (len(m.current) > 0 || m.nowhere) // a tab in front of the first rule is a blank
		if c := conditional().FindStringSubmatch(strings.TrimLeft(s.text, " \t")); c != nil && !recipe && s.define == nil {
			word, rest := c[1], strings.TrimSpace(c[2])
			switch word {
			case "else", "endif":
				if len(open) == 0 {
					return unseen(s.text, file, s.line)
				}
				last := open[len(open)-1]
				open = open[:len(open)-1]
				if word == "endif" {
					continue
				}
				b := branch{had: last.had}
				if inner := conditional().FindStringSubmatch(rest); inner != nil { // else ifeq …
					if live() && !last.had {
						yes, err := m.condition(inner[1], inner[2], file, s.line)
						if err != nil {
							return err
						}
						b.taken, b.had = yes, yes
					}
				} else {
					b.taken, b.had = !last.had, true
				}
				open = append(open, b)
			default:
				b := branch{}
				if live() {
					yes, err := m.condition(word, rest, file, s.line)
					if err != nil {
						return err
					}
					b.taken, b.had = yes, yes
				} else {
					b.had = true
				}
				open = append(open, b)
			}
			continue
		}
		if !live() {
			continue
		}
		if err := m.statement(file, s); err != nil {
			return err
		}
	}
	return nil
}

// condition answers ifeq and its like (chapter 7.2).
func (m *machine) condition(word, rest, file string, line int) (bool, error) {
	switch word {
	case "ifdef", "ifndef":
		name, err := m.expand(rest)
		if err != nil {
			return false, err
		}
		yes, known := m.defined(strings.TrimSpace(name))
		if !known {
			yes = m.choose(at(file, line))
		}
		return yes == (word == "ifdef"), nil
	}
	a, b, ok := conditionArguments(rest)
	if !ok {
		return false, unseen(word+" "+rest, file, line)
	}
	a, err := m.expand(a)
	if err == nil {
		b, err = m.expand(b)
	}
	if err != nil {
		return false, err
	}
	equal := a == b
	if Unknown(a) || Unknown(b) {
		if asksMachine().MatchString(a + b) {
			return false, fmt.Errorf("its Makefile has `%s %s` (%s), which asks about the machine that builds", word, shorten(rest), at(file, line))
		}
		if a != b {
			equal = m.choose(at(file, line))
		}
	}
	return equal == (word == "ifeq"), nil
}

// asksMachine matches what the shell would be asked about the machine.
var asksMachine = match.Pattern(ShellBegins + `[^` + ShellEnds + `]*(\buname\b[^|;&` + ShellEnds + `]*-[a-z]*[ampi]|\buname\b[^|;&` + ShellEnds + `]*--machine|\barch\b|dpkg\b[^|;&` + ShellEnds + `]*arch|-dumpmachine|go env GOHOST|lscpu|getconf LONG_BIT)`)

// choose takes a condition that is not known one way, and notes that there is another.
func (m *machine) choose(at string) bool {
	if yes, ok := m.way[at]; ok {
		return yes
	}
	if !contains(m.chosen, at) {
		m.chosen = append(m.chosen, at)
	}
	return false
}

// defined reports whether a variable has a value that is not empty.
func (m *machine) defined(name string) (yes, known bool) {
	if v := m.lookup(name); v != nil {
		return v.value != "", true
	}
	text, set := m.Env(name)
	return set && text != "", !set || text != "$"+name
}

// statement evaluates one.
func (m *machine) statement(file string, s statement) error {
	if !s.recipe {
		m.nowhere = false
	}
	switch {
	case s.recipe && m.nowhere:
		return nil // make reads rules without targets, and forgets them
	case s.recipe && len(m.current) > 0:
		for _, r := range m.current {
			r.recipe, r.known = append(r.recipe, s), true
		}
		return nil
	case s.recipe:
		s.text = strings.TrimLeft(withoutComment(s.text), " \t")
		if strings.TrimSpace(s.text) == "" {
			return nil
		}
	case s.define != nil:
		m.current = nil
		op := s.define.op
		if op == "" {
			op = "="
		}
		a := &assignment{name: s.define.name, op: op, value: s.define.body, export: s.define.export}
		return m.assign(a, file, s.line)
	}
	line := s.text
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if a := assignmentOf(line); a != nil {
		m.current = nil
		return m.assign(a, file, s.line)
	}
	switch word {
	case "include", "-include", "sinclude":
		m.current = nil
		return m.include(rest, word == "include", file, s.line)
	case "export", "unexport":
		m.current = nil
		if rest == "" {
			m.all_ = word == "export"
			return nil
		}
		names, err := m.expand(rest)
		if err != nil {
			return err
		}
		for _, name := range words(names) {
			yes := word == "export"
			v := m.variable(name)
			v.export = &yes
			if v.at == "" || !yes {
				v.at = at(path.Join(m.Dir, file), s.line)
			}
		}
		return nil
	case "undefine", "override":
		if word == "undefine" {
			delete(m.vars, rest)
			return nil
		}
	case "vpath":
		return nil
	case "load", "-load", "define":
		return unseen(line, file, s.line)
	}
	return m.rule(line, file, s.line)
}

// variable returns a variable of the file, made where there is none.
func (m *machine) variable(name string) *variable {
	v := m.vars[name]
	if v == nil {
		v = &variable{name: name}
		if text, set := m.Env(name); set {
			v.value, v.origin, v.simple = text, fromEnvironment, true
			v.value = strings.ReplaceAll(text, "$", "$$")
		}
		m.vars[name] = v
	}
	return v
}

// assign evaluates an assignment in the file.
func (m *machine) assign(a *assignment, file string, line int) error {
	name, err := m.expand(a.name)
	if err != nil {
		return err
	}
	if name = strings.TrimSpace(name); Unknown(name) {
		return unseen(a.name+" "+a.op, file, line)
	}
	if _, ok := m.Command[name]; ok && !a.override { // which wins (chapter 9.5)
		if a.export {
			yes := true
			m.variable(name).export = &yes
		}
		return nil
	}
	if m.EnvironmentWins && !a.override && name != "SHELL" { // which the environment never gives
		switch text, set := m.Env(name); {
		case set && text != "$"+name:
			if a.export {
				yes := true
				m.variable(name).export = &yes
			}
			return nil
		case set || ofContainers[name]:
			return unseen(name+" "+a.op+" "+a.value, file, line)
		}
	}
	if !posix(name, a.value) {
		return unseen(name+" = "+a.value, file, line)
	}
	switch name {
	case "MAKEFLAGS":
		if !harmlessFlags().MatchString(a.value) {
			return unseen("MAKEFLAGS "+a.op+" "+a.value, file, line)
		}
	case ".RECIPEPREFIX":
		return unseen(".RECIPEPREFIX", file, line)
	}
	v := m.variable(name)
	v.at = at(path.Join(m.Dir, file), line)
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
	return nil
}

// ofContainers are variables that the environment of a container has, and that of the golang image, without anyone setting them.
var ofContainers = match.Words("PATH HOME HOSTNAME PWD OLDPWD SHLVL TERM GOPATH GOTOOLCHAIN GOLANG_VERSION")

// posix reports whether a variable leaves the recipes to a POSIX shell, as far as it is about that (chapter 5.3).
func posix(name, value string) bool {
	switch name {
	case "SHELL":
		return strings.Contains(value, "$") || posixShell().MatchString(value)
	case ".SHELLFLAGS":
		return strings.HasSuffix(strings.TrimSpace(value), "c")
	}
	return true
}

// posixShell matches such a shell with options that change nothing of what it runs, by its path or found by env.
var posixShell = match.Pattern(`^\s*(/usr/bin/env\s+(-S\s+)?)?(\S*/)?(sh|bash|ash|dash)(\s+([-+][euxo]+|pipefail|errexit|nounset|xtrace|--noprofile|--norc))*\s*$`)

// harmlessFlags matches flags of make that change nothing of what it runs.
var harmlessFlags = match.Pattern(`^(\s*(-?[krsw]+|-j\S*|--(no-print-directory|silent|no-builtin-rules|no-builtin-variables|warn-undefined-variables|jobs(=\S*)?|output-sync\S*|keep-going)|\$\(\S+\)|[0-9]+)\s*)*$`)

// set gives a variable a value by an operator (chapter 6.2 and 6.6).
func (m *machine) set(v *variable, a *assignment) error {
	value := a.value
	switch a.op {
	case "?=":
		if v.origin != fromDefault || v.value != "" {
			if v.origin == fromEnvironment {
				v.weak, v.fallback = true, value
			}
			return nil
		}
		v.weak = true
		if text, ok := builtIn[v.name]; ok {
			value = text // it has a value, if the environment has none
		}
	case ":=", "::=", ":::=":
		text, err := m.expand(value)
		if err != nil {
			return err
		}
		value = strings.ReplaceAll(text, "$", "$$")
	case "!=":
		text, err := m.expand(value)
		if err != nil {
			return err
		}
		value = strings.ReplaceAll(m.Shell(strings.TrimSpace(text)), "$", "$$")
	case "+=":
		if v.simple {
			text, err := m.expand(value)
			if err != nil {
				return err
			}
			value = strings.ReplaceAll(text, "$", "$$")
		}
		if v.value != "" {
			value = v.value + " " + value
		}
		v.value, v.origin = value, max(v.origin, fromFile)
		v.weak = false
		return m.charge(value)
	}
	if a.op != "?=" {
		v.weak = false
	}
	v.simple = strings.Contains(a.op, ":") || a.op == "!="
	v.value, v.origin = value, fromFile
	return m.charge(value)
}

func (m *machine) charge(text string) error {
	if !m.Budget(len(text) + 64) {
		return fmt.Errorf("its Makefile has variables that expand to too much")
	}
	return nil
}

// include reads other files (chapter 3.3).
func (m *machine) include(rest string, must bool, file string, line int) error {
	names, err := m.expand(rest)
	if err != nil {
		return err
	}
	for _, name := range words(names) {
		if Unknown(name) {
			if must {
				return unseen("include "+rest, file, line)
			}
			continue
		}
		name = m.local(name)
		text := func(file string) []byte {
			if path.IsAbs(file) {
				return nil // of the stage
			}
			return m.Files.ReadFile(path.Join(m.Dir, file))
		}
		for _, found := range m.glob(name) {
			if text := text(found); text != nil {
				if err := m.read(found, string(text)); err != nil {
					return err
				}
			}
		}
		if text(name) == nil && !strings.ContainsAny(name, "*?[") && must {
			return fmt.Errorf("its Makefile includes %s (%s), which is not in the build context", name, at(file, line))
		}
	}
	m.current = nil
	return nil
}

// rule evaluates the first line of a rule, or variables of a target (chapters 4.2 and 6.11).
func (m *machine) rule(line, file string, number int) error {
	names, rest, double, ok := cutRule(line)
	if !ok {
		// A line that is a reference may be nothing, or more lines: $(call …), $(info …), $(eval …).
		text, err := m.expand(line)
		if err != nil {
			return err
		}
		if strings.TrimSpace(text) == "" {
			return nil
		}
		if text == line || Unknown(text) {
			return unseen(line, file, number)
		}
		return m.evaluate(file, shift(statements(text), number))
	}
	targets, err := m.expand(names)
	if err != nil {
		return err
	}
	if a := assignmentOf(strings.TrimSpace(rest)); a != nil && !double {
		m.current = nil
		a.at = at(path.Join(m.Dir, file), number)
		if _, set := m.Env(a.name); m.EnvironmentWins && (set || ofContainers[a.name]) {
			return unseen(line, file, number)
		}
		for _, name := range words(targets) {
			if strings.Contains(name, "%") {
				m.special = append(m.special, pattern{name, a})
			} else {
				t := m.target(name)
				t.vars = append(t.vars, a)
			}
		}
		return nil
	}
	needs, inline, hasInline := cutOutside(rest, ';')
	r := rule{file: file, double: double}
	if hasInline {
		r.recipe, r.known = []statement{{line: number, text: strings.TrimSpace(inline), recipe: true}}, true
	}
	stemOf, needsOf, static := cutOutside(needs, ':')
	if static {
		needs = needsOf
	}
	normal, order, _ := cutOutside(needs, '|')
	for _, part := range []struct {
		text string
		into *[]string
	}{{normal, &r.needs}, {order, &r.order}} {
		text, err := m.expand(part.text)
		if err != nil {
			return err
		}
		*part.into = words(text)
	}
	m.current, m.nowhere = nil, len(words(targets)) == 0
	for _, name := range words(targets) {
		one := r
		one.targets = []string{name}
		one.needs = append([]string(nil), r.needs...)
		one.recipe = append([]statement(nil), r.recipe...)
		if static {
			text, err := m.expand(stemOf)
			if err != nil {
				return err
			}
			stem, ok := patternText(strings.TrimSpace(text), name)
			if !ok {
				continue
			}
			one.stem = stem
			for i, n := range one.needs {
				one.needs[i] = strings.Replace(n, "%", stem, 1)
			}
		}
		if err := m.add(name, &one, file, number); err != nil {
			return err
		}
		m.current = append(m.current, &one)
	}
	return nil
}

// add puts a rule into its place.
func (m *machine) add(name string, r *rule, file string, line int) error {
	switch {
	case name == ".ONESHELL":
		m.oneline = true
	case name == ".EXPORT_ALL_VARIABLES":
		m.all_ = true
	case name == ".SECONDEXPANSION":
		return unseen(name, file, line)
	case name == ".PHONY":
		for _, n := range r.needs {
			m.target(n).phony = true
		}
	case strings.HasPrefix(name, ".") && !strings.Contains(name, "/") && match.Words(".SUFFIXES .PRECIOUS .SILENT .IGNORE .INTERMEDIATE .SECONDARY .NOTPARALLEL .DELETE_ON_ERROR .DEFAULT .POSIX .WAIT")[name]:
	case strings.Contains(name, "%"):
		m.pattern = append(m.pattern, r)
	default:
		t := m.target(name)
		t.rules = append(t.rules, r)
		if m.first == "" && (!strings.HasPrefix(name, ".") || strings.Contains(name, "/")) && !Unknown(name) {
			m.first = name
		}
	}
	return nil
}

func (m *machine) target(name string) *target {
	name = strings.TrimPrefix(name, "./")
	t := m.rules[name]
	if t == nil {
		t = &target{name: name}
		m.rules[name] = t
	}
	return t
}

// shift puts the statements of a text that was made on one line onto that line.
func shift(list []statement, line int) []statement {
	for i := range list {
		list[i].line = line
	}
	return list
}

// glob returns the files that a name with wildcards stands for, sorted; the name itself where it has none.
func (m *machine) glob(name string) []string {
	if !strings.ContainsAny(name, "*?[") {
		return []string{name}
	}
	dirs := []string{""}
	parts := strings.Split(name, "/")
	for i, part := range parts {
		var next []string
		for _, dir := range dirs {
			if !strings.ContainsAny(part, "*?[") {
				next = append(next, path.Join(dir, part))
				continue
			}
			for _, entry := range m.Files.Names(path.Join(m.Dir, dir)) {
				if ok, err := path.Match(part, entry); ok && err == nil && (entry[0] != '.' || part[0] == '.') {
					next = append(next, path.Join(dir, entry))
				}
			}
		}
		dirs = next
		if i == len(parts)-1 {
			break
		}
	}
	var out []string
	for _, d := range dirs {
		if m.Files.Has(path.Join(m.Dir, d)) {
			out = append(out, d)
		}
	}
	return out
}
