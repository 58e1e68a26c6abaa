package xxcargo

import (
	"slices"
	"strings"
)

// line is a command line of cargo, as far as xx-cargo has to understand it:
//
//	[+TOOLCHAIN] [OPTIONS] COMMAND [OPTIONS] [-- ARGS]
type line struct {
	args []string

	toolchain string   // "nightly", of +nightly, which is for rustup
	global    []string // the options before the command, and those after it that mean the same there
	dir       string   // the value of -C

	command string // "build"; empty if there is none
	effect  effect
	links   bool // the command makes programs, for which a linker is needed

	targets []string // the values of --target
	asks    bool     // a --target without a value, for which cargo lists what there is

	// own is where cargo's own arguments end: what follows is for the program that cargo runs, or for rustc.
	own int

	buildsStd bool // -Z build-std: cargo compiles the standard library itself

	profile   string // the folder of the profile, "release"; empty if nobody can tell
	targetDir string // the value of --target-dir
	manifest  string // the value of --manifest-path
}

// effect is what a command has to do with the target of a build.
type effect int

const (
	none     effect = iota // nothing: it gets its arguments and environment as they are
	targeted               // it takes --target
	unknown                // an alias or a plugin that nobody here knows
)

// These are lists of words, which nobody takes apart before they are needed: each start of xx would pay for it.
const (
	// targetedCommands are those of cargo's own commands that build for a --target. Source: cargo(1).
	targetedCommands = "build b check c test t run r bench doc d rustc rustdoc clippy fix install package publish"

	// otherCommands are the rest. Some take a --target (fetch, tree, clean), but build nothing: they are about
	// all platforms unless somebody says otherwise.
	otherCommands = "add clean config fetch fmt generate-lockfile git-checkout help info init locate-project" +
		" login logout metadata miri new owner pkgid read-manifest remove rm report search tree uninstall update vendor" +
		" verify-project version yank"

	// linkless are the commands that compile but make no program of what they compile.
	linkless = "check c clippy doc d fix package publish rustdoc"

	// valued are the options whose value is the next argument, if it is not glued to them; that of optional ones may be left out.
	valued = "--artifact-dir --branch --color --config --exclude --explain --features --git --index --jobs" +
		" --lockfile-path --manifest-path --message-format --out-dir --package --path --profile --recipe-path --registry" +
		" --rev --root --tag --target --target-dir --vers " + optional
	optional = "--bin --example --test --bench"

	// valuedShort are those of one letter: -C, -F, -Z, -j, -p.
	valuedShort = "CFZjp"
)

// plugin returns the commands that take --target of a well-known program cargo-NAME, "*" if that is the program itself, and
// "" for a program that is not known here. Source: their manuals.
func plugin(name string) string {
	switch name {
	case "bloat", "cbuild", "cinstall", "ctest", "deb", "expand", "generate-rpm", "hack", "llvm-cov", "tarpaulin", "udeps", "zigbuild":
		return "*"
	case "auditable":
		return "build b check c test t run r bench rustc install"
	case "chef":
		return "cook"
	case "component":
		return "build check test run"
	case "nextest":
		return "run r list archive bench"
	}
	return ""
}

// in reports whether a word is in a list.
func in(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

// parse reads a command line.
func parse(args []string) line {
	l := line{args: args, own: len(args)}
	i := 0
	if len(args) > 0 && strings.HasPrefix(args[0], "+") {
		l.toolchain = args[0][1:]
		i++
	}
	for i < len(args) && strings.HasPrefix(args[i], "-") {
		o := readOption(args, i)
		if o.letters("hV") || o.name == "--help" || o.name == "--version" || o.name == "--list" || o.name == "--explain" {
			return l // cargo prints something and does nothing
		}
		if o.name == "-C" {
			l.dir = o.value
		}
		l.global = append(l.global, args[i:o.next]...)
		i = o.next
	}
	if i >= len(args) {
		return l
	}
	l.command = args[i]
	i++

	subs := plugin(l.command)
	switch {
	case in(targetedCommands, l.command) || subs == "*":
		l.effect = targeted
	case subs == "" && !in(otherCommands, l.command):
		l.effect = unknown
	}
	words := 0
	l.profile = "debug"
	for i < len(args) {
		arg := args[i]
		if arg == "--" {
			l.own = i
			break
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			words++
			if words == 1 && in(subs, arg) {
				l.effect = targeted
			}
			if l.command == "run" || l.command == "r" {
				l.own = i // the first word and all that follows are for the program
				break
			}
			i++
			continue
		}
		o := readOption(args, i)
		switch {
		case o.name == "--help" || o.letters("h"):
			l.effect = none
			return l
		case o.name == "--target" && !o.hasValue:
			l.asks = true
		case o.name == "--target":
			l.targets = append(l.targets, o.value)
		case o.name == "--config" || o.name == "-Z":
			l.global = append(l.global, args[i:o.next]...)
		case o.name == "--target-dir":
			l.targetDir = o.value
		case o.name == "--manifest-path":
			l.manifest = o.value
		case o.name == "--release" || o.letters("r"):
			l.profile = "release"
		case o.name == "--profile":
			l.profile = profileFolder(o.value)
		}
		i = o.next
	}
	l.buildsStd = slices.ContainsFunc(l.global, func(arg string) bool { return strings.HasPrefix(strings.TrimPrefix(arg, "-Z"), "build-std") })
	switch {
	case l.command == "bench":
		l.profile = "release"
	case l.effect == unknown:
		l.profile = "" // an alias may have a profile in it
	}
	l.links = l.effect == targeted && !in(linkless, l.command)
	return l
}

// profileFolder returns the name of the folder that a profile's results go to. Source: the Cargo book, "Build cache".
func profileFolder(profile string) string {
	switch profile {
	case "dev", "test":
		return "debug"
	case "bench":
		return "release"
	}
	return profile
}

// option is one option of a command line.
type option struct {
	name     string // "--target", or letters, "-rq"
	value    string
	hasValue bool
	next     int // the index of what follows
}

// letters reports whether the option is one of letters and has any of these.
func (o option) letters(any string) bool {
	return !strings.HasPrefix(o.name, "--") && strings.ContainsAny(o.name, any)
}

// readOption reads the option at args[i].
func readOption(args []string, i int) option {
	o := option{name: args[i], next: i + 1}
	take := func() {
		if o.next < len(args) && args[o.next] != "--" && !(in(optional, o.name) && strings.HasPrefix(args[o.next], "-")) {
			o.value, o.hasValue = args[o.next], true
			o.next++
		}
	}
	if strings.HasPrefix(o.name, "--") {
		if name, value, glued := strings.Cut(o.name, "="); glued {
			o.name, o.value, o.hasValue = name, value, true
		} else if in(valued, o.name) {
			take()
		}
		return o
	}
	for n := 1; n < len(o.name); n++ {
		if strings.IndexByte(valuedShort, o.name[n]) < 0 {
			continue
		}
		if value := o.name[n+1:]; value != "" {
			o.value, o.hasValue = strings.TrimPrefix(value, "="), true
		} else {
			take()
		}
		o.name = o.name[:n+1]
		break
	}
	return o
}

// withTarget returns the arguments with --target added.
func (l line) withTarget(triple string) []string {
	return slices.Concat(l.args[:l.own], []string{"--target=" + triple}, l.args[l.own:])
}
