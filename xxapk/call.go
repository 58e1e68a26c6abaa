package xxapk

import (
	"slices"
	"strings"
)

// Call is a command line of apk, as far as xx-apk has to understand it.
type Call struct {
	// Command is apk's, such as "add", or "setup" or "clean", and "" if there is none.
	Command string

	// Args are the arguments for apk, with our names of packages replaced.
	Args []string

	// Operands are what follows the command and is neither an option nor an option's value.
	Operands []string

	// OwnRoot is whether there is a --root on the command line, and Simulate whether
	// nothing is to be changed.
	OwnRoot, Simulate bool
}

// essentials are the names of packages that are our own.
var essentials = map[string][]string{
	"xx-c-essentials":   {"musl-dev", "gcc"},
	"xx-cxx-essentials": {"g++"},
}

// commands are apk's, of versions 2 and 3, and our own.
var commands = []string{
	"add", "adbdump", "adbgen", "adbsign", "audit", "cache", "convdb", "convndx", "del", "dot", "extract", "fetch", "fix",
	"index", "info", "list", "manifest", "mkndx", "mkpkg", "policy", "query", "search", "stats", "update", "upgrade",
	"verify", "version",
	"setup", "clean",
}

// Options with a value. Sources: apk(8), apk-add(8), apk-fetch(8), apk-index(8), apk-query(8), apk-mkpkg(8),
// apk-mkndx(8).
var (
	// globalShort and globalLong are those of every command.
	globalShort = "pX"
	globalLong  = []string{
		"arch", "cache-dir", "cache-max-age", "keys-dir", "progress-fd", "repositories-file", "repository", "root", "timeout", "wait",
	}

	// commandShort and commandLong are those of one.
	commandShort = map[string]string{
		"add": "t", "fetch": "o", "index": "dox", "mkndx": "dox", "mkpkg": "FIors",
	}
	commandLong = map[string][]string{
		"add":     {"virtual"},
		"adbdump": {"format"},
		"adbsign": {"compression", "sign-key"},
		"extract": {"destination"},
		"fetch":   {"built-after", "output", "pkgname-spec"},
		"index":   {"description", "index", "output", "rewrite-arch"},
		"mkndx":   {"compression", "description", "filter-spec", "hash", "index", "output", "pkgname-spec", "rewrite-arch", "sign-key"},
		"mkpkg":   {"compression", "files", "info", "output", "rootnode", "script", "sign-key", "trigger"},
		"query":   {"fields", "format", "from", "match", "summarize"},
		"search":  {"fields", "format", "from", "match"},
	}
)

// Parse reads a command line as apk does. The command is the first argument that is the name of one,
// whatever stands before it; options may come before and after it, and end at "--". What is
// neither an option nor the value of one is a package (or a file, or a pattern), with what apk takes
// around a name: pkg=1.2, pkg~1, pkg>1, pkg@edge, !pkg.
func Parse(args []string) Call {
	var c Call
	at := slices.IndexFunc(args, func(arg string) bool { return slices.Contains(commands, arg) })
	// The value of an option may be called like a command: apk add -t fetch curl has add in front
	// already, and apk -X cache add does not mean the cache.
	for at > 0 && takesValue("", args[at-1]) {
		next := slices.IndexFunc(args[at+1:], func(arg string) bool { return slices.Contains(commands, arg) })
		if next < 0 {
			at = -1
			break
		}
		at += 1 + next
	}
	if at >= 0 {
		c.Command = args[at]
	}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			c.Args = append(c.Args, arg)
			for _, rest := range args[i+1:] {
				c.operand(rest)
			}
			return c
		case i == at:
			c.Args = append(c.Args, arg)
		case len(arg) > 1 && arg[0] == '-':
			option := args[i : i+1]
			if takesValue(c.Command, arg) && i+1 < len(args) {
				i++
				option = args[i-1 : i+1]
			}
			c.option(option)
		default:
			c.operand(arg)
		}
	}
	return c
}

// option notes an option, alone or with its value.
func (c *Call) option(option []string) {
	c.Args = append(c.Args, option...)
	arg := option[0]
	if long, ok := strings.CutPrefix(arg, "--"); ok {
		name, _, _ := strings.Cut(long, "=")
		switch name {
		case "root":
			c.OwnRoot = true
		case "simulate":
			c.Simulate = true
		}
		return
	}
	for i := 1; i < len(arg); i++ {
		letter := arg[i : i+1]
		valued := strings.Contains(valuedLetters(c.Command), letter)
		switch letter {
		case "p":
			c.OwnRoot = true
		case "s":
			c.Simulate = c.Simulate || writes(c.Command)
		}
		if valued {
			return // the rest is the value
		}
	}
}

// operand notes a package, and replaces it if it is our own.
func (c *Call) operand(arg string) {
	if c.Command == "" {
		c.Args = append(c.Args, arg)
		return
	}
	expanded := expand(arg)
	c.Args = append(c.Args, expanded...)
	c.Operands = append(c.Operands, expanded...)
}

// expand returns the packages that a name stands for, each with the ! and the @TAG that
// the name has.
func expand(arg string) []string {
	name, conflict := strings.CutPrefix(arg, "!")
	tag := ""
	if i := strings.IndexByte(name, '@'); i >= 0 {
		name, tag = name[:i], name[i:]
	}
	packages, ok := essentials[name]
	if !ok {
		return []string{arg}
	}
	var all []string
	for _, p := range packages {
		if conflict {
			p = "!" + p
		}
		all = append(all, p+tag)
	}
	return all
}

// takesValue reports whether the next argument is the value of this one, which is an
// option of the command.
func takesValue(command, arg string) bool {
	if long, ok := strings.CutPrefix(arg, "--"); ok {
		return slices.Contains(globalLong, long) || slices.Contains(commandLong[command], long)
	}
	if len(arg) < 2 || arg[0] != '-' {
		return false
	}
	// Of letters that stand together the first with a value takes the rest for it, if there is a rest.
	i := strings.IndexAny(arg[1:], valuedLetters(command))
	return i >= 0 && i == len(arg)-2
}

func valuedLetters(command string) string { return globalShort + commandShort[command] }
