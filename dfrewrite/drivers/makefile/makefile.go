package makefile

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/match"
)

// A makefile is what can be read of a Makefile without running it: plain variables and explicit
// rules. Anything else makes it opaque, since it may change what a rule does.
// (GNU make manual, chapters 3 to 6.)
type makefile struct {
	vars    map[string]makeVar
	rules   map[string]*makeRule
	first   string // the default goal
	exports map[string]bool
	// opaque says what in it is not followed, or is empty.
	opaque string
}

// A makeVar is a variable as the file sets it.
type makeVar struct {
	value string
	// weak says that the environment wins (?=).
	weak bool
}

// A makeRule is one target with all that the file says about it.
type makeRule struct {
	target  string
	needs   []string // as written
	recipe  []string // lines without their tab
	at      []int    // where each of them stands in the file, counted from 1
	pattern bool
}

var (
	makeAssignment = match.Pattern(`^(export[ \t]+)?([A-Za-z0-9_.-]+)[ \t]*(\?=|::?=|\+=|!=|=)[ \t]*(.*)$`)
	makeDirective  = match.Pattern(`^(-?include|sinclude|define|ifeq|ifneq|ifdef|ifndef|override|unexport|undefine|vpath|load|-load|private)\b`)
	makeComment    = match.Pattern(`(^|[ \t])#.*$`)
	makeRuleLine   = match.Pattern(`^([^:=]+)::?($|[^:=].*$)`)
)

func parseMakefile(text string) *makefile {
	m := &makefile{vars: map[string]makeVar{}, rules: map[string]*makeRule{}, exports: map[string]bool{}}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\\\n", "\x00")
	var current []*makeRule
	next := 1
	for line := range strings.Lines(text) {
		number := next
		next += 1 + strings.Count(line, "\x00")
		line = strings.TrimSuffix(line, "\n")
		if recipe, ok := strings.CutPrefix(line, "\t"); ok && len(current) > 0 {
			for _, r := range current {
				r.recipe, r.at = append(r.recipe, strings.ReplaceAll(recipe, "\x00", " ")), append(r.at, number)
			}
			continue
		}
		line = strings.TrimSpace(makeComment().ReplaceAllString(strings.ReplaceAll(line, "\x00", " "), ""))
		switch {
		case line == "":
			continue
		case makeDirective().MatchString(line):
			m.opaque = strings.Fields(line)[0]
			return m
		}
		if a := makeAssignment().FindStringSubmatch(line); a != nil {
			current = nil
			m.assign(a[2], a[3], a[4])
			if a[1] != "" {
				m.exports[a[2]] = true
			}
			continue
		}
		if names, ok := strings.CutPrefix(line, "export"); ok && !strings.Contains(line, ":") {
			current = nil
			for _, name := range strings.Fields(names) {
				m.exports[name] = true
			}
			if strings.TrimSpace(names) == "" {
				m.opaque = "export of everything"
			}
			continue
		}
		rule := makeRuleLine().FindStringSubmatch(line)
		if rule == nil || strings.ContainsAny(rule[2], "=;|") {
			m.opaque = line
			return m
		}
		current = m.rule(rule[1], rule[2])
	}
	return m
}

func (m *makefile) assign(name, how, value string) {
	switch how {
	case "?=":
		if _, ok := m.vars[name]; !ok {
			m.vars[name] = makeVar{value, true}
		}
	case "+=":
		m.vars[name] = makeVar{strings.TrimSpace(m.vars[name].value + " " + value), false}
	case "!=":
		m.vars[name] = makeVar{"$(shell " + value + ")", false}
	default:
		m.vars[name] = makeVar{value, false}
	}
}

func (m *makefile) rule(targets, needs string) []*makeRule {
	var out []*makeRule
	for _, t := range strings.Fields(targets) {
		if t == ".ONESHELL" || t == ".EXPORT_ALL_VARIABLES" || t == ".SECONDEXPANSION" {
			m.opaque = t
		}
		if m.rules[t] == nil {
			m.rules[t] = &makeRule{target: t, pattern: strings.ContainsAny(t, "%$")}
		}
		r := m.rules[t]
		r.needs = append(r.needs, strings.Fields(needs)...)
		if m.first == "" && !strings.HasPrefix(t, ".") {
			m.first = t
		}
		out = append(out, r)
	}
	return out
}

// A makeRun is one run of make: goals, and what the command line and the environment set.
type makeRun struct {
	*makefile
	command map[string]string           // NAME=value arguments
	env     func(string) (string, bool) // the environment
	file    func(string) bool           // reports whether a file is there before

	done  map[string]bool
	lines []string // what the shell gets to run, one call of it each
	work  makeWork
}

// run collects the shell lines of a goal and of all that it needs, or says why that is not known.
func (r *makeRun) run(goal string) error {
	if r.done[goal] {
		return nil
	}
	r.done[goal] = true
	rule := r.rules[goal]
	if rule == nil || rule.pattern {
		if r.file(goal) {
			return nil
		}
		return fmt.Errorf("its Makefile has no rule for %s that can be followed", goal)
	}
	var needs []string
	for _, word := range rule.needs {
		expanded, err := r.expand(word, nil, 0)
		if err != nil || strings.Contains(expanded, drivers.ShellBegins) || strings.Contains(expanded, "$(") {
			return fmt.Errorf("what %s needs cannot be seen: %s", goal, word)
		}
		needs = append(needs, strings.Fields(expanded)...)
	}
	for _, need := range needs {
		if err := r.run(need); err != nil {
			return err
		}
	}
	auto := map[string]string{"@": goal, "^": strings.Join(needs, " "), "@D": path.Dir(goal), "@F": path.Base(goal), "<": ""}
	if len(needs) > 0 {
		auto["<"] = needs[0]
	}
	for _, line := range rule.recipe {
		line = strings.TrimLeft(line, " \t@-+")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		expanded, err := r.expand(line, auto, 0)
		if err != nil {
			return err
		}
		r.lines = append(r.lines, drivers.ShellLine(expanded))
	}
	return nil
}

// expand fills make's variables in. A $(shell …) is marked, for shellLine.
func (r *makeRun) expand(s string, auto map[string]string, depth int) (string, error) {
	return r.work.expand(s, depth, func(name string) (string, error) {
		if script, ok := strings.CutPrefix(name, "shell "); ok {
			text, err := r.expand(script, auto, depth+1)
			return drivers.FromShell(text), err
		}
		if strings.ContainsAny(name, " \t,:$") || name == "MAKE" {
			return "", fmt.Errorf("its Makefile uses $(%s), which is not followed", name)
		}
		return r.variable(name, auto, depth)
	})
}

func (r *makeRun) variable(name string, auto map[string]string, depth int) (string, error) {
	if v, ok := auto[name]; ok {
		return v, nil
	}
	if v, ok := r.command[name]; ok {
		return v, nil
	}
	v, ok := r.vars[name]
	if !ok || v.weak {
		if e, ok := r.env(name); ok {
			return e, nil
		}
	}
	return r.expand(v.value, auto, depth+1)
}

// exported returns the variables of which only the shell knows what they hold, as lines find them in the environment.
func (r *makeRun) exported() ([]drivers.Exported, error) {
	var out []drivers.Exported
	for _, name := range slices.Sorted(maps.Keys(r.exports)) {
		if _, ok := r.vars[name]; !ok || name == "PATH" {
			continue
		}
		text, err := r.variable(name, nil, 0)
		if err != nil || !strings.Contains(text, drivers.ShellBegins) {
			continue
		}
		shown, err := drivers.ExportOf(name, text)
		if err != nil {
			return nil, fmt.Errorf("its Makefile exports what cannot be seen: %w", err)
		}
		out = append(out, shown)
	}
	return out, nil
}

// Limits on variables: how deep they refer to each other, since one may refer to itself, and what it takes to fill in all
// those of a Makefile, since a few that double each other are more than there is time for.
const (
	maxMakeDepth      = 20
	maxMakeWork       = 1 << 28 // bytes
	makeReferenceWork = 256     // what a reference counts for, beside its text
	makeFileWork      = 1 << 14 // what a file counts for, beside its text
)

// makeWork counts what filling in the variables of a Makefile has taken so far.
type makeWork int

// expand fills in what stands behind each dollar of make: what is in its brackets, or the one letter. Behind the
// first reference that cannot be followed, which is the error, it goes on, so that the text holds as much as was found.
func (w *makeWork) expand(s string, depth int, reference func(name string) (string, error)) (string, error) {
	if depth > maxMakeDepth {
		return "", fmt.Errorf("its Makefile has a variable without end: %s", s)
	}
	var b strings.Builder
	var failed error
	for i := 0; i < len(s); i++ {
		if s[i] != '$' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		name := s[i : i+1]
		switch s[i] {
		case '$':
			b.WriteByte('$')
			continue
		case '(', '{':
			end := closing(s, i)
			if end < 0 {
				return b.String(), fmt.Errorf("its Makefile has an unclosed %s", s[i-1:])
			}
			name, i = s[i+1:end], end
		}
		text, err := reference(name)
		if failed == nil {
			failed = err
		}
		if *w += makeWork(makeReferenceWork + len(text)); *w > maxMakeWork {
			if failed == nil {
				failed = errors.New("its Makefile has variables that expand to too much")
			}
			return b.String(), failed
		}
		b.WriteString(text)
	}
	return b.String(), failed
}

// closing returns where the bracket at i closes, or -1.
func closing(s string, i int) int {
	open, shut := s[i], byte(')')
	if open == '{' {
		shut = '}'
	}
	for depth := 0; i < len(s); i++ {
		switch s[i] {
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// sets returns a variable about the target that the file sets whatever the environment says.
func (m *makefile) sets() string {
	i := slices.IndexFunc(drivers.GoTarget, func(name string) bool {
		v, ok := m.vars[name]
		return ok && !v.weak && v.value != "$(shell go env "+name+")"
	})
	if i < 0 {
		return ""
	}
	return drivers.GoTarget[i]
}
