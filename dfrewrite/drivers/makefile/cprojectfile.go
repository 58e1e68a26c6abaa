package makefile

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/recipes/cc"
	"xxkit/dfrewrite/verdict"
)

// A cMakefile is what can be read of a Makefile for C without running it. Unlike [makefile], which is followed to the
// very commands, it is read with a margin: all branches of a condition count, a pattern rule is always used, a
// list of files is just that. What is looked for is whether the compiler is always called by its variable, and whether
// anything asks about the machine or runs what was built. (GNU make manual, chapters 3 to 10.)
type cMakefile struct {
	context *context.Files
	dir     string // in the context
	vars    map[string][]string
	command map[string]string // NAME=value arguments of make, which win
	env     func(string) (string, bool)
	rules   []*cRule
	first   string
	phony   map[string]bool
	subs    []*cMakefile // of $(MAKE) -C

	lines []verdict.Line // what is run
	used  map[string]bool
	done  map[string]bool
	work  makeWork
	calls *int // of make, by the first Makefile and all that it leads to
}

type cRule struct {
	targets, needs string
	recipe         []verdict.Line
}

// Limits on what is read of Makefiles.
const (
	maxMakeIncludes = 8
	maxMakeLines    = 4000
	maxMakeCalls    = 200 // of make in another folder
)

var (
	makeElsewhere   = match.Pattern(`\b(Darwin|Windows_NT|FreeBSD|NetBSD|OpenBSD|SunOS|MINGW\w*|CYGWIN\w*|MSYS\w*|Haiku)\b`)
	makeDependFiles = match.Pattern(`\.d\b|\.dep\b|(?i:dep)`)
	makeTargetVar   = match.Pattern(`^[^=:]+:[ \t]*(?:override[ \t]+|export[ \t]+)?([A-Za-z0-9_.-]+)[ \t]*(\?=|:?:?=|\+=|!=)[ \t]*(.*)$`)
)

// readCMakefile reads a Makefile of the context.
func readCMakefile(files *context.Files, budget *graph.Budget, dir, name string) (*cMakefile, error) {
	m := &cMakefile{context: files, work: makeWork{budget}, dir: dir, vars: map[string][]string{}, phony: map[string]bool{}, used: map[string]bool{}, done: map[string]bool{}, calls: new(int)}
	return m, m.read(name, 0)
}

func (m *cMakefile) read(name string, depth int) error {
	if depth > maxMakeIncludes {
		return fmt.Errorf("its Makefile includes others without end")
	}
	text := string(m.context.ReadFile(path.Join(m.dir, name)))
	if !m.work.Text(makeFileWork + len(text)) {
		return fmt.Errorf("its Makefile includes too much")
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\\\n", "\x00")
	var current *cRule
	var dead []bool // of each condition that is open, whether it cannot be true on Linux
	at, next := verdict.Where{File: path.Join(m.dir, name)}, 1
	for line := range strings.Lines(text) {
		at.Line, next = next, next+1+strings.Count(line, "\x00")
		line = strings.TrimSuffix(line, "\n")
		skip := slices.Contains(dead, true)
		if recipe, ok := strings.CutPrefix(line, "\t"); ok && current != nil && !makeConditional().MatchString(strings.TrimSpace(line)) {
			if !skip {
				current.recipe = append(current.recipe, verdict.Line{Text: strings.ReplaceAll(recipe, "\x00", " "), At: at})
			}
			continue
		}
		line = strings.TrimSpace(makeComment().ReplaceAllString(strings.ReplaceAll(line, "\x00", " "), ""))
		if line == "" {
			continue
		}
		word := strings.Fields(line)[0]
		switch word {
		case "ifeq", "ifneq", "ifdef", "ifndef":
			if !skip && asksMachineMake().MatchString(m.spread(line, 0)) {
				return fmt.Errorf("its Makefile has `%s`, which asks about the machine that builds", line)
			}
			dead = append(dead, word == "ifeq" && makeElsewhere().MatchString(line))
			continue
		case "else":
			if len(dead) > 0 {
				dead[len(dead)-1] = strings.Contains(line, "ifeq") && makeElsewhere().MatchString(line)
			}
			continue
		case "endif":
			if len(dead) > 0 {
				dead = dead[:len(dead)-1]
			}
			continue
		}
		if skip {
			continue
		}
		switch word {
		case "-include", "sinclude", "include":
			for _, file := range strings.Fields(line)[1:] {
				file = m.spread(file, 0)
				switch {
				case m.context.Has(path.Join(m.dir, file)):
					if err := m.read(file, depth+1); err != nil {
						return err
					}
				case word != "include" && makeDependFiles().MatchString(line):
				default:
					return fmt.Errorf("its Makefile has `%s`, which is not followed", line)
				}
			}
			continue
		case "define", "override", "load", "private", "undefine":
			return fmt.Errorf("its Makefile has `%s`, which is not followed", line)
		case "vpath", "unexport", ".SUFFIXES:":
			continue
		}
		if a := makeAssignment().FindStringSubmatch(line); a != nil {
			current = nil
			m.assign(a[2], a[3], a[4])
			continue
		}
		if word == "export" {
			current = nil
			continue
		}
		if a := makeTargetVar().FindStringSubmatch(line); a != nil {
			m.assign(a[1], "+=", a[3])
			continue
		}
		targets, needs, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("its Makefile has `%s`, which is not followed", line)
		}
		needs, recipe, inline := strings.Cut(strings.TrimPrefix(needs, ":"), ";")
		current = &cRule{targets: targets, needs: needs}
		if inline {
			current.recipe = []verdict.Line{{Text: recipe, At: at}}
		}
		if special := strings.TrimSpace(targets); makeSpecial[special] {
			return fmt.Errorf("its Makefile has %s, which is not followed", special)
		}
		if strings.TrimSpace(targets) == ".PHONY" {
			for _, name := range strings.Fields(m.spread(needs, 0)) {
				m.phony[name] = true
			}
		}
		m.rules = append(m.rules, current)
		if name := strings.Fields(m.spread(targets, 0)); m.first == "" && len(name) > 0 && !strings.HasPrefix(name[0], ".") && !strings.Contains(name[0], "%") {
			m.first = name[0]
		}
	}
	return nil
}

var (
	makeConditional = match.Pattern(`^(ifeq|ifneq|ifdef|ifndef|else|endif)\b`)
	asksMachineMake = match.Pattern(`uname -[a-z]*[ampi]|\barch\)|dpkg|-dumpmachine|/usr/bin/xx-make/`)
)

func (m *cMakefile) assign(name, how, value string) {
	if how == "!=" {
		value = "$(shell " + value + ")"
	}
	m.vars[name] = append(m.vars[name], strings.TrimSpace(value))
}

// makeSpecial are targets that change how everything is read or run.
var makeSpecial = match.Words(".ONESHELL .SECONDEXPANSION .EXPORT_ALL_VARIABLES")

// toolVariables are those that stand for a program; programs called by them are given this folder, which tells them
// from programs that are called by their name.
var toolVariables = map[string]string{"CC": "cc", "CXX": "c++", "AR": "ar", "RANLIB": "ranlib", "STRIP": "strip", "PKG_CONFIG": "pkg-config", "PKGCONFIG": "pkg-config"}

const ByVariable = "/usr/bin/xx-make/"

// textFunctions of make make file names of file names.
var textFunctions = match.Words("wildcard patsubst subst addprefix addsuffix filter filter-out sort notdir dir basename suffix strip firstword lastword word wordlist words abspath realpath join info warning")

// spread fills in all that variables may hold, for looking at: several values stand behind each other.
func (m *cMakefile) spread(s string, depth int) string {
	text, _ := m.expand(s, map[string]string{}, depth)
	return text
}

// expand fills variables in. What cannot be followed is an error; the text then holds as much as was found.
func (m *cMakefile) expand(s string, auto map[string]string, depth int) (string, error) {
	return m.work.expand(s, depth, func(name string) (string, error) { return m.reference(name, auto, depth) })
}

// reference expands what stands in $( ).
func (m *cMakefile) reference(name string, auto map[string]string, depth int) (string, error) {
	if function, rest, ok := strings.Cut(name, " "); ok {
		rest, err := m.expand(strings.TrimSpace(rest), auto, depth+1)
		switch {
		case err != nil:
			return rest, err
		case function == "shell":
			return "$(" + rest + ")", nil
		case textFunctions[function] && strings.Contains(rest, "$("):
			return rest, fmt.Errorf("its Makefile uses $(%s), which is not followed", name)
		case function == "info" || function == "warning":
			return "", nil
		case function == "addprefix" || function == "addsuffix" || function == "sort" || function == "strip" || function == "filter":
			return strings.ReplaceAll(rest, ",", " "), nil
		case textFunctions[function]:
			return strings.NewReplacer(",", " ", "%", "some", "*", "some", "?", "some").Replace(rest), nil
		}
		return rest, fmt.Errorf("its Makefile uses $(%s), which is not followed", name)
	}
	if base, change, ok := strings.Cut(name, ":"); ok && strings.Contains(change, "=") {
		text, err := m.reference(base, auto, depth)
		from, to, _ := strings.Cut(change, "=")
		from, to = strings.TrimPrefix(from, "%"), strings.TrimPrefix(to, "%")
		var out []string
		for _, w := range strings.Fields(text) {
			if rest, ok := strings.CutSuffix(w, from); ok {
				w = rest + to
			}
			out = append(out, w)
		}
		return strings.Join(out, " "), err
	}
	if v, ok := auto[name]; ok {
		return v, nil
	}
	switch name {
	case "MAKE":
		return "xx-make-again", nil
	case "@D", "<D", "^D", "*D":
		return ".", nil
	case "@F", "<F", "^F", "*", "?", "+", "%", "|", "*F":
		return "some", nil
	case "CURDIR":
		return ".", nil
	case "LD", "AS", "NM", "OBJCOPY", "OBJDUMP", "READELF", "FC":
		return name, fmt.Errorf("its Makefile uses $(%s), which is the tool of the machine that builds", name)
	}
	if tool, ok := toolVariables[name]; ok {
		m.used[name] = true
		return ByVariable + tool, nil
	}
	if v, ok := m.command[name]; ok {
		return v, nil
	}
	values, ok := m.vars[name]
	if !ok {
		if name == "RM" {
			return "rm -f", nil
		}
		if m.env != nil {
			if v, ok := m.env(name); ok {
				return v, nil
			}
		}
		return "", nil
	}
	return m.expand(strings.Join(values, " "), auto, depth+1)
}

// Goal collects the commands that are run for a goal.
func (m *cMakefile) Goal(name string) error {
	if m.done[name] {
		return nil
	}
	m.done[name] = true
	for _, r := range m.rules {
		targets := strings.Fields(m.spread(r.targets, 0))
		if !slices.Contains(targets, name) {
			continue
		}
		if err := m.rule(r, name); err != nil {
			return err
		}
	}
	return nil // with no rule it is a file, or made by a pattern rule or one of make's own
}

// Patterns collects the commands of pattern and suffix rules, each of which may be used for some file.
func (m *cMakefile) Patterns() error {
	for _, r := range m.rules {
		name := strings.TrimSpace(m.spread(r.targets, 0))
		if strings.Contains(name, "%") || strings.Contains(r.needs, "%") || makeSuffixRule().MatchString(name) {
			if err := m.rule(r, "some"); err != nil {
				return err
			}
		}
	}
	return nil
}

var makeSuffixRule = match.Pattern(`^\.(c|cc|cpp|cxx|C|m|s|S|o|l|y)(\.[a-z]+)?$`)

func (m *cMakefile) rule(r *cRule, name string) error {
	needs, err := m.expand(r.needs, nil, 0)
	if err != nil {
		return err
	}
	if strings.Contains(needs, "$(") {
		return fmt.Errorf("what %s needs cannot be seen: %s", name, strings.TrimSpace(r.needs))
	}
	words := strings.Fields(strings.ReplaceAll(needs, "|", " "))
	for _, need := range words {
		if need != ":" && !strings.Contains(need, "%") {
			if err := m.Goal(need); err != nil {
				return err
			}
		}
	}
	files := slices.DeleteFunc(words, func(w string) bool { return strings.Contains(w, "%") || w == ":" })
	auto := map[string]string{"@": name, "^": strings.Join(files, " "), "<": "some.c"}
	if len(files) > 0 && name != "some" {
		auto["<"] = files[0]
	}
	if len(r.recipe) == 0 && !m.phony[name] && slices.ContainsFunc(files, func(f string) bool { return strings.HasSuffix(f, ".o") }) && !strings.Contains(name, "%") && !strings.HasSuffix(name, ".o") {
		return m.line(verdict.Line{Text: "$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)", At: verdict.Where{File: path.Join(m.dir, "Makefile")}}, auto) // make's own
	}
	for _, line := range r.recipe {
		if err := m.line(line, auto); err != nil {
			return err
		}
	}
	return nil
}

// makeElsewhereIn matches make called again in another folder, in brackets or not.
var makeElsewhereIn = match.Pattern(`^\(?\s*cd\s+([A-Za-z0-9_./-]+)\s*(?:&&|;)\s*xx-make-again([^()]*?)\)?$`)

func (m *cMakefile) line(l verdict.Line, auto map[string]string) error {
	line := strings.TrimLeft(l.Text, " \t@-+")
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	if len(m.lines) > maxMakeLines {
		return fmt.Errorf("its Makefile is too long to be looked at")
	}
	text, err := m.expand(line, auto, 0)
	if err != nil {
		return err
	}
	if !strings.Contains(text, "xx-make-again") {
		m.lines = append(m.lines, verdict.Line{Text: text, At: l.At})
		return nil
	}
	if into := makeElsewhereIn().FindStringSubmatch(text); into != nil {
		text = "xx-make-again -C " + into[1] + " " + into[2]
	}
	words := strings.Fields(text)
	if words[0] != "xx-make-again" || strings.ContainsAny(text, ";&|$`<>()") {
		return fmt.Errorf("its Makefile calls make again in `%s`, which is not followed", line)
	}
	dir := ""
	var goals []string
	for i := 1; i < len(words); i++ {
		switch {
		case words[i] == "-C" && i+1 < len(words):
			i++
			dir = words[i]
		case strings.HasPrefix(words[i], "-C"):
			dir = words[i][2:]
		case makeJobs().MatchString(words[i]) || words[i] == "-s" || words[i] == "--no-print-directory" || words[i] == "--warn-undefined-variables":
		case strings.HasPrefix(words[i], "-") || strings.Contains(words[i], "="):
			return fmt.Errorf("its Makefile calls make again with %s, which is not followed", words[i])
		default:
			goals = append(goals, words[i])
		}
	}
	if dir == "" {
		return m.all(goals)
	}
	at := path.Join(m.dir, dir)
	if !m.context.Has(path.Join(at, "Makefile")) {
		return fmt.Errorf("its Makefile calls make in %s, of which the build context has no Makefile", dir)
	}
	if *m.calls++; *m.calls > maxMakeCalls {
		return fmt.Errorf("its Makefile calls make again without end")
	}
	sub, err := readCMakefile(m.context, m.work.Budget, at, "Makefile")
	if err != nil {
		return err
	}
	sub.command, sub.env, sub.calls, sub.work = m.command, m.env, m.calls, m.work
	collect := sub.collect
	if len(goals) > 0 && !slices.ContainsFunc(goals, func(g string) bool { return !cleaning[g] }) {
		collect = sub.all
	}
	if err := collect(goals); err != nil {
		return err
	}
	m.work = sub.work
	for name := range sub.used {
		m.used[name] = true
	}
	m.subs = append(m.subs, sub)
	for _, l := range sub.lines {
		m.lines = append(m.lines, verdict.Line{Text: "cd " + dir + " && " + l.Text, At: l.At})
	}
	return nil
}

// maxSources bounds how many files are looked at.
const maxSources = 20000

// sources says whether there are sources in C and in C++, which make's own rules compile.
func (m *cMakefile) sources() (c, cxx bool) {
	n := 0
	m.context.Walk(m.dir, func(name string, d fs.DirEntry, err error) error {
		if n++; err != nil || n > maxSources {
			return fs.SkipAll
		}
		c = c || path.Ext(name) == ".c"
		cxx = cxx || cc.CxxSource().MatchString(name)
		return nil
	})
	return c, cxx
}

// collect gathers all that is run for the goals, and what make's own rules may run.
func (m *cMakefile) collect(goals []string) error {
	c, cxx := m.sources()
	var own []string
	if c || !cxx {
		own = append(own, "$(CC) $(CFLAGS) $(CPPFLAGS) -c -o some.o some.c", "$(CC) $(LDFLAGS) -o some some.o $(LOADLIBES) $(LDLIBS)")
	}
	if cxx {
		own = append(own, "$(CXX) $(CXXFLAGS) $(CPPFLAGS) -c -o some.o some.cc")
	}
	for _, line := range own {
		if err := m.line(verdict.Line{Text: line, At: verdict.Where{File: path.Join(m.dir, "Makefile")}}, nil); err != nil {
			return err
		}
	}
	if err := m.Patterns(); err != nil {
		return err
	}
	if len(goals) == 0 {
		goals = []string{m.first}
		if v := m.vars[".DEFAULT_GOAL"]; len(v) > 0 {
			goals[0] = m.spread(v[0], 0)
		}
	}
	return m.all(goals)
}

// all gathers what is run for each of the goals.
func (m *cMakefile) all(goals []string) error {
	for _, g := range goals {
		if err := m.Goal(g); err != nil {
			return err
		}
	}
	return nil
}
