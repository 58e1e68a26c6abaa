package facts

import (
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
)

// ArchitectureAsked returns what dpkg-architecture is asked for: GNU_TYPE, MULTIARCH …; "" for any other call.
func ArchitectureAsked(cmd *shell.Command) string {
	if path.Base(cmd.Name) != "dpkg-architecture" || slices.ContainsFunc(cmd.Words, func(w shell.Word) bool { return !w.Const }) {
		return ""
	}
	question := ""
	switch words := cmd.Words[1:]; {
	case len(words) == 2 && (words[0].Lit == "--query" || words[0].Lit == "-q"):
		question = words[1].Lit
	case len(words) == 1 && strings.HasPrefix(words[0].Lit, "-q"):
		question = words[0].Lit[2:]
	}
	for _, machine := range []string{"DEB_BUILD_", "DEB_HOST_"} {
		if asked, ok := strings.CutPrefix(question, machine); ok {
			return asked
		}
	}
	return ""
}

// An AnswerUse is a word of a command that has an answer in it.
type AnswerUse struct {
	Cmd  *shell.Command
	Word shell.Word
}

// AnswerUses returns where the output of a command of the script goes: a word around it, or those with the variable that
// is set to it and to nothing else. It is false where there is more to it.
func AnswerUses(s *shell.Script, asked *shell.Command) ([]AnswerUse, bool) {
	around := UsesAt(s, asked.Span, asked)
	for _, cmd := range s.Commands {
		for _, a := range cmd.Assigns {
			if !dockerfile.Covers(a.Value.Span, asked.Span) {
				continue
			}
			if len(cmd.Words) > 0 || cmd.Nested || len(around) > 0 || !onlySubstitution().MatchString(a.Value.Raw) {
				return nil, false
			}
			return variableUses(s, a.Name)
		}
	}
	return around, len(around) == 1
}

// variableUses returns the words with a variable that the script sets once.
func variableUses(s *shell.Script, name string) ([]AnswerUse, bool) {
	sets := 0
	for _, cmd := range s.Commands {
		if slices.ContainsFunc(cmd.Assigns, func(a shell.Assign) bool { return a.Name == name }) || cmd.Name == "read" || cmd.Name == "unset" {
			sets++
		}
	}
	var out []AnswerUse
	for _, use := range s.Uses {
		if use.Name != name {
			continue
		}
		at := UsesAt(s, use.Span, nil)
		if len(at) != 1 {
			return nil, false
		}
		out = append(out, at[0])
	}
	return out, sets == 1 && len(out) > 0
}

// UsesAt returns the words of commands, other than one, around a place of the script.
func UsesAt(s *shell.Script, span dockerfile.Span, except *shell.Command) []AnswerUse {
	var out []AnswerUse
	for _, cmd := range s.Commands {
		if cmd == except {
			continue
		}
		for _, w := range cmd.Words {
			if dockerfile.Covers(w.Span, span) {
				out = append(out, AnswerUse{cmd, w})
			}
		}
	}
	return out
}

// onlySubstitution matches a value that is what a command prints, onlyVariable one that is a variable's.
var (
	onlySubstitution = match.Pattern("^\"?(?:\\$\\([^()]*\\)|`[^`]*`)\"?$")
	onlyVariable     = match.Pattern(`^"?\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})"?$`)
)

// IsGNUType reports whether a value in a word of the call is the machine's GNU type, as dpkg-architecture says it.
func IsGNUType(c *graph.Site, w shell.Word, value string) bool {
	name := ""
	if m := onlyVariable().FindStringSubmatch(value); m != nil {
		name = m[1] + m[2]
	} else if !onlySubstitution().MatchString(value) {
		return false
	}
	return slices.ContainsFunc(c.Script.Commands, func(cmd *shell.Command) bool {
		if !cmd.Substituted || ArchitectureAsked(cmd) != "GNU_TYPE" {
			return false
		}
		if name == "" {
			return dockerfile.Covers(w.Span, cmd.Span)
		}
		uses, ok := AnswerUses(c.Script, cmd)
		return ok && slices.ContainsFunc(uses, func(u AnswerUse) bool { return u.Word.Span == w.Span })
	})
}
