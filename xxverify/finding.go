package xxverify

import (
	"cmp"
	"slices"
	"strings"
)

// Finding is something that is wrong, or worth to know.
type Finding struct {
	// Rule is the kind of finding, one of the constants below.
	Rule string

	// Note is true for what is no mistake by itself.
	Note bool

	// Platform is the platform of the image that the file is in; empty outside of images.
	Platform string

	// Path is the file: as it was given, or from the root of a file system.
	Path string

	// Message says what is wrong, with the path in it. Hint says what to do, if there is something to do.
	Message, Hint string
}

// The kinds of findings. They are the names in the output of --json and --sarif, and stay as they are.
const (
	RuleMissing     = "file-not-found"
	RuleFormat      = "not-executable-code"
	RuleDamaged     = "damaged-file"
	RuleOS          = "wrong-os"
	RuleArch        = "wrong-architecture"
	RuleOrder       = "wrong-endianness"
	RuleVariant     = "wrong-variant"
	RuleStatic      = "not-static"
	RuleForeign     = "foreign-file"
	RuleNothing     = "nothing-to-verify"
	RuleLoader      = "missing-loader"
	RuleLibrary     = "missing-library"
	RuleSymbols     = "missing-symbol-version"
	RuleInterpreter = "missing-interpreter"
	RuleMode        = "not-executable"
)

// Rule is a kind of findings.
type Rule struct {
	Name string // such as "wrong-architecture"
	Text string // what the findings are about, a sentence
}

var rules = []Rule{
	{RuleMissing, "A file that was to be verified does not exist."},
	{RuleFormat, "A file is no executable, library or object file."},
	{RuleDamaged, "The headers of an executable or library contradict themselves or the file's size."},
	{RuleOS, "A file is for another operating system than the platform's."},
	{RuleArch, "A file is for another architecture than the platform's."},
	{RuleOrder, "A file has the other byte order."},
	{RuleVariant, "A file needs a later variant of the architecture than the platform promises."},
	{RuleStatic, "A file needs a dynamic loader, though it should be linked statically."},
	{RuleForeign, "A file for another platform, in a place where such files belong."},
	{RuleNothing, "There is no executable and no library to verify."},
	{RuleLoader, "A program asks for a dynamic loader that the file system lacks."},
	{RuleLibrary, "A program or library needs a library that the loader will not find."},
	{RuleSymbols, "A program or library needs a later version of a library than the one that is there."},
	{RuleInterpreter, "A script names an interpreter that the file system lacks."},
	{RuleMode, "A program that is to be started may not be executed."},
}

// Rules lists the kinds of findings.
func Rules() []Rule { return slices.Clone(rules) }

// sortFindings brings findings into the order in which they are shown: mistakes first, by path.
func sortFindings(all []Finding) {
	slices.SortStableFunc(all, func(a, b Finding) int {
		if a.Note != b.Note {
			if b.Note {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.Platform, b.Platform), strings.Compare(a.Path, b.Path), strings.Compare(a.Rule, b.Rule))
	})
}
