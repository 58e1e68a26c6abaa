// Package gnumake reads Makefiles as GNU make does, and says which commands make would give the shell for some goals. It runs
// nothing: it evaluates what the goals reach, and nothing else.
//
// What only a shell can find out stays in the text, between two marks ([ShellBegins], [ShellEnds]). A condition that depends
// on such a thing, or on a variable whose value is not known, is taken both ways: the commands of all the ways are returned,
// each once. So a caller that can do with every command can do with whichever of them make will run. A way that ends with
// $(error …) is left out where there is another: who builds with the Makefile does not take it.
//
// The language is that of the GNU make manual (https://www.gnu.org/software/make/manual/make.html); chapters are named where
// they are followed: parse.go takes lines apart, expand.go fills variables and functions in, read.go is make's first phase,
// and run.go its second.
package gnumake

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
)

// The marks around a command whose output stands there.
const (
	ShellBegins = "\x01"
	ShellEnds   = "\x02"
)

// A Config says how make is called, and where.
type Config struct {
	// Files are those of the build context; Dir is the folder in it that make runs in, and Abs the absolute path that this
	// folder has where make runs, or "".
	Files    *context.Files
	Dir, Abs string
	// File is the Makefile, in Dir; empty means the one that make looks for by itself.
	File string
	// Command are the variables of the command line.
	Command map[string]string
	// Env returns an environment variable: its text, in which $NAME stands for what is not known, and whether it is set.
	Env func(name string) (text string, set bool)
	// EnvironmentWins says that make was called with -e (chapter 9.7).
	EnvironmentWins bool
	// Shell returns what stands for the output of a command: a value, or the command between the marks.
	Shell func(command string) string
	// Follow are the environment variables that are wanted with each line, where make gives them another value than Env does.
	Follow []string
	// Budget is asked for every text that is made, with its length; false ends the evaluation.
	Budget func(n int) bool
}

// A Line is a command as make gives it to the shell, and where it stands.
type Line struct {
	Text string
	File string // in the context
	Line int    // from 1
	// Env are the variables among those to follow that the command finds changed in its environment: by a make that has called this
	// one, by variables of the target or of the command line. What the first Makefile sets for all that it runs is in [Result.Vars].
	Env []Setting
}

// A Setting is an environment variable that make sets or, with an empty text, may take away.
type Setting struct {
	Name, Text string
	At         string // where, "Makefile:12"; empty for the command line
	// Own says that it is a variable of make alone, which commands only find in their environment if make finds it in its.
	Own bool
}

// A Result is what make would do.
type Result struct {
	Lines []Line
	// Vars are the variables that the Makefile sets and the command line does not, as the file leaves them.
	Vars map[string]Var
}

// A Var is a variable of a Makefile.
type Var struct {
	// Text is its value, filled in.
	Text string
	// Weak says that it was set with ?=, so that the environment wins; Exported that commands find it in theirs.
	Weak, Exported bool
}

// ErrNoFile says that there is no Makefile.
var ErrNoFile = errors.New("there is no Makefile in the build context")

// Limits on what is followed.
const (
	maxWays     = 64 // through conditions that are not known
	maxDepth    = 60 // of variables and functions in each other
	maxIncludes = 200
	maxCalls    = 100 // of make by make
	maxLines    = 20000
)

// Run evaluates a Makefile for some goals; none stand for the default goal.
func Run(c Config, goals ...string) (*Result, error) {
	out := &Result{Vars: map[string]Var{}}
	seen := map[string]bool{}
	var ended error // of ways that end with an error, as a build does that takes one
	went := false
	ways := []map[string]bool{{}}
	for n := 0; len(ways) > 0; n++ {
		if n == maxWays {
			return nil, errors.New("its Makefile has too many conditions that depend on what cannot be seen")
		}
		way := ways[len(ways)-1]
		ways = ways[:len(ways)-1]
		m := newMake(c, way)
		err := m.all(goals)
		ends := (*endsError)(nil)
		switch {
		case errors.As(err, &ends) && ends.by == m:
			ended = err
		case err != nil:
			return nil, err
		default:
			went = true
			for _, line := range m.lines {
				if key := fmt.Sprintf("%s\x00%d\x00%s\x00%v", line.File, line.Line, line.Text, line.Env); !seen[key] {
					seen[key] = true
					out.Lines = append(out.Lines, line)
				}
			}
			m.result(out)
		}
		// Each condition that was met for the first time is taken the other way, too.
		for i, at := range m.chosen {
			other := map[string]bool{}
			for k, v := range way {
				other[k] = v
			}
			for _, before := range m.chosen[:i] {
				other[before] = false
			}
			other[at] = true
			ways = append(ways, other)
		}
	}
	if !went {
		return nil, ended
	}
	return out, nil
}

// An endsError says that a Makefile ends with $(error …), and which run of make does.
type endsError struct {
	by   *machine
	text string
}

func (e *endsError) Error() string { return "its Makefile ends with the error " + e.text }

// A machine is one run of make.
type machine struct {
	Config
	vars    map[string]*variable
	scopes  []map[string]*variable // of targets and of functions, the innermost last
	rules   map[string]*target
	pattern []*rule
	special []pattern // variables of targets by pattern
	first   string    // the default goal
	all_    bool      // everything is exported
	oneline bool      // .ONESHELL
	files   []string  // MAKEFILE_LIST

	way    map[string]bool // how conditions are taken
	chosen []string        // those that were met and are not in way

	outer     *machine           // the make that has called this one
	inFront   map[string]Setting // what stood in front of that call
	onCommand map[string]string  // where a variable of the command line was set, if not on the first

	done     map[string]bool
	lines    []Line
	depth    int
	includes int
	calls    *int
	current  []*rule // what recipe lines go to
	nowhere  bool    // recipe lines belong to a rule without targets
}

func newMake(c Config, way map[string]bool) *machine {
	calls := 0
	return &machine{Config: c, vars: map[string]*variable{}, rules: map[string]*target{}, way: way, done: map[string]bool{}, calls: &calls}
}

// all reads the Makefile and follows the goals.
func (m *machine) all(goals []string) error {
	name, text := m.makefile()
	if text == nil {
		return ErrNoFile
	}
	if err := m.read(name, string(text)); err != nil {
		return err
	}
	if len(goals) == 0 {
		goal := m.first
		if v := m.vars[".DEFAULT_GOAL"]; v != nil {
			text, err := m.expand(v.value)
			if err != nil {
				return err
			}
			goal = strings.TrimSpace(text)
		}
		if goal == "" {
			return errors.New("its Makefile has no goal")
		}
		goals = []string{goal}
	}
	for _, goal := range goals {
		if err := m.goal(goal, nil); err != nil {
			return err
		}
	}
	return nil
}

// makefile finds the file (chapter 3.2).
func (m *machine) makefile() (string, []byte) {
	names := []string{"GNUmakefile", "makefile", "Makefile"}
	if m.File != "" {
		names = []string{m.File}
	}
	for _, name := range names {
		if text := m.Files.ReadFile(path.Join(m.Dir, name)); text != nil {
			return name, text
		}
	}
	return "", nil
}

// result adds the variables as they are at the end. One that differs between ways has both texts.
func (m *machine) result(out *Result) {
	for name, v := range m.vars {
		value := v.value
		switch {
		case strings.HasPrefix(name, "."):
			continue
		case v.origin == fromFile, v.origin == fromOverride:
		case v.origin == fromEnvironment && v.weak:
			value = v.fallback
		default:
			continue
		}
		text, err := m.expand(value)
		if err != nil {
			text = ShellBegins + ShellEnds
		}
		was, ok := out.Vars[name]
		if ok && was.Text != text {
			text = was.Text + " " + text
		}
		out.Vars[name] = Var{Text: text, Weak: v.weak && (!ok || was.Weak), Exported: was.Exported || m.exported(v)}
	}
}

// exported reports whether commands find a variable in their environment: it is exported, or came from there (chapter 5.7.2).
func (m *machine) exported(v *variable) bool {
	if v.export != nil {
		return *v.export
	}
	if m.all_ {
		return true
	}
	_, set := m.Env(v.name)
	return set
}

// follow returns what a line finds changed in its environment, among the variables to follow.
func (m *machine) follow() ([]Setting, error) {
	var out []Setting
	for _, name := range m.Follow {
		s, ok, err := m.handed(name)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, s)
		}
	}
	return out, nil
}

// handed returns the value that make hands down in the environment (chapter 5.7.2), if it is not that of the environment that the
// first make finds.
func (m *machine) handed(name string) (Setting, bool, error) {
	v := m.lookup(name)
	if v == nil || v.origin == automatic {
		return m.outside(name)
	}
	_, inEnv := m.Env(name)
	switch {
	case v.origin == fromCommand:
	case v.export != nil && !*v.export:
		return Setting{Name: name, At: v.at}, inEnv, nil
	case v.origin <= fromEnvironment, v.weak && (inEnv || !m.exported(v)):
		return m.outside(name)
	case !m.exported(v):
		text, err := m.value(name)
		return Setting{Name: name, Text: text, At: v.at, Own: true}, true, err
	case m.outer == nil && v == m.vars[name]:
		return Setting{}, false, nil
	}
	text, err := m.value(name)
	where := v.at
	if v.origin == fromCommand {
		where = m.onCommand[name]
	}
	return Setting{Name: name, Text: text, At: where}, true, err
}

// outside is what the make that has called this one hands down.
func (m *machine) outside(name string) (Setting, bool, error) {
	if s, ok := m.inFront[name]; ok {
		return s, true, nil
	}
	if m.outer == nil {
		return Setting{}, false, nil
	}
	return m.outer.handed(name)
}

// at says where something stands, for errors.
func at(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }

// unseen is the error about something that is not followed.
func unseen(what, file string, line int) error {
	return fmt.Errorf("its Makefile has `%s` (%s), which is not followed", shorten(what), at(file, line))
}

func shorten(s string) string {
	s = strings.Join(strings.Fields(strings.NewReplacer(ShellBegins, "$(shell ", ShellEnds, ")").Replace(s)), " ")
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return s
}

// Unknown reports whether a text depends on what is only known when make runs.
func Unknown(text string) bool { return strings.ContainsAny(text, ShellBegins+"$") }

// words splits a text at blanks, but not between the marks.
func words(s string) []string {
	if !strings.Contains(s, ShellBegins) {
		return strings.Fields(s)
	}
	var out []string
	start, depth := -1, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ShellBegins[0]:
			depth++
		case ShellEnds[0]:
			depth--
		}
		blank := depth == 0 && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n')
		if blank && start >= 0 {
			out = append(out, s[start:i])
			start = -1
		} else if !blank && start < 0 {
			start = i
		}
	}
	if start >= 0 {
		out = append(out, s[start:])
	}
	return out
}

// shellParts returns the marked commands of a text, and nothing else: what is left of it where a function has changed it in a
// way that only a shell could follow.
func shellParts(s string) string {
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		if s[i] == ShellBegins[0] {
			depth++
		}
		if depth > 0 {
			b.WriteByte(s[i])
		}
		if s[i] == ShellEnds[0] {
			depth--
		}
	}
	return b.String()
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }
