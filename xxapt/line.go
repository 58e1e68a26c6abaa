package xxapt

import (
	"slices"
	"strconv"
	"strings"
)

// line is a command line of apt or apt-get, taken apart as apt's own parser does it
// (apt-pkg/contrib/cmndline.cc): options may stand anywhere before a "--", a short one may
// have its value glued on, after "=", or in the next word, and long ones are matched without
// regard to case.
type line struct {
	args []string

	// command is the first word that is no option, or empty.
	command string

	// operands are the places in args of the words after the command.
	operands []int

	// settings are the options that change apt's configuration, in a form that every tool of
	// apt takes: -o NAME=VALUE and -c FILE. release is that of -t.
	settings, release []string

	// quiet is the level of -q.
	quiet int

	// help is whether apt shall only print its help or its version.
	help bool
}

// The options of apt and apt-get that have a value. All others are switches, which take the
// word after them only if it says yes or no. Source: the tables in apt-private/private-cmndline.cc
// of apt 2.6 and 3.0, and what these programs accept.
const shortWithValue = "tocaPS"

var longWithValue = []string{
	"target-release", "default-release", "option", "config-file", "host-architecture", "build-profiles",
	"format", "with-source", "solver", "planner", "snapshot", "comment", "error-on",
}

// parseLine takes a command line apart. It has no errors: what apt does not understand apt
// shall say.
func parseLine(args []string) line {
	l := line{args: args}
	// apt show -a is --all-versions, apt-get source -a is --host-architecture.
	withValue := shortWithValue
	if slices.ContainsFunc(args, func(a string) bool { return a == "show" || a == "info" || a == "list" || a == "search" }) {
		withValue = strings.ReplaceAll(withValue, "a", "")
	}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			for i++; i < len(args); i++ {
				l.word(i)
			}
		case strings.HasPrefix(arg, "--"):
			i += l.long(arg[2:], next(args, i))
		case strings.HasPrefix(arg, "-"):
			i += l.short(arg[1:], next(args, i), withValue)
		default:
			l.word(i)
		}
	}
	return l
}

// next returns the word after args[i] if it may be the value of an option.
func next(args []string, i int) string {
	if i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
		return args[i+1]
	}
	return ""
}

func (l *line) word(i int) {
	if l.command == "" {
		l.command = l.args[i]
		return
	}
	l.operands = append(l.operands, i)
}

// short reads a group of short options and returns how many of the words after it belong to it.
func (l *line) short(group, next, withValue string) int {
	for i := 0; i < len(group); i++ {
		option, rest := group[i], group[i+1:]
		value, glued := strings.CutPrefix(rest, "=")
		separate := rest == ""
		if separate {
			value = next
		}
		switch {
		case strings.IndexByte(withValue, option) >= 0:
			l.value(string(option), value)
			return count(separate && next != "")
		case option == 'q':
			if _, err := strconv.Atoi(value); err == nil {
				l.quiet, _ = strconv.Atoi(value)
				return count(separate)
			}
			l.quiet++
		case option == 'h' || option == 'v':
			l.help = true
			if isBool(value) {
				return count(separate)
			}
		case isBool(value):
			return count(separate)
		}
		if glued {
			return 0 // a value that apt will refuse
		}
	}
	return 0
}

// long reads a long option and returns how many of the words after it belong to it.
func (l *line) long(option, next string) int {
	name, value, glued := strings.Cut(option, "=")
	name = strings.ToLower(name)
	if !glued {
		value = next
	}
	switch {
	case slices.Contains(longWithValue, name):
		l.value(name, value)
		return count(!glued && next != "")
	case name == "quiet" || name == "silent":
		if n, err := strconv.Atoi(value); err == nil {
			l.quiet = n
			return count(!glued)
		}
		l.quiet++
	case name == "help" || name == "version":
		l.help = true
		return count(!glued && isBool(value))
	case isBool(value):
		return count(!glued)
	}
	return 0
}

func (l *line) value(option, value string) {
	switch option {
	case "o", "option":
		l.settings = append(l.settings, "-o", value)
	case "c", "config-file":
		l.settings = append(l.settings, "-c", value)
	case "t", "target-release", "default-release":
		l.release = []string{"-t", value}
	}
}

func count(taken bool) int {
	if taken {
		return 1
	}
	return 0
}

// isBool reports whether a switch of apt would take the word for its value
// (apt-pkg/contrib/strutl.cc, StringToBool).
func isBool(s string) bool {
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		return n == 0 || n == 1
	}
	switch strings.ToLower(s) {
	case "no", "false", "without", "off", "disable", "yes", "true", "with", "on", "enable":
		return true
	}
	return false
}
