package gnumake

import (
	"iter"
	"strings"

	"xxkit/dfrewrite/match"
)

// A statement is a logical line of a Makefile (chapter 3.1), or a define with all that is in it.
type statement struct {
	line   int
	text   string // continuation lines joined by a blank, without the comment; a recipe line as it is
	recipe bool   // begins with a tab
	define *definition
}

type definition struct {
	name, op, body string
	export         bool
}

// statements takes a text apart.
func statements(text string) []statement {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	var out []statement
	for i := 0; i < len(lines); i++ {
		at := i + 1
		line := lines[i]
		recipe := strings.HasPrefix(line, "\t")
		for continues(line) && i+1 < len(lines) {
			i++
			next := lines[i]
			if recipe {
				// The shell would join them; a tab in front is the recipe's (chapter 5.1.1).
				line = line[:len(line)-1] + " " + strings.TrimPrefix(next, "\t")
			} else {
				line = strings.TrimRight(line[:len(line)-1], " \t") + " " + strings.TrimLeft(next, " \t")
			}
		}
		if recipe {
			out = append(out, statement{line: at, text: line[1:], recipe: true})
			continue
		}
		// Blanks at the end are part of a value, also those in front of a comment (chapter 6.2.2).
		line = strings.TrimLeft(withoutComment(line), " \t")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if m := defineLine().FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			d := &definition{name: strings.TrimSpace(m[2]), op: m[3], export: strings.Contains(m[1], "export")}
			var body []string
			for depth := 1; i+1 < len(lines); {
				i++
				trimmed := strings.TrimSpace(lines[i])
				if endefLine().MatchString(trimmed) {
					if depth--; depth == 0 {
						break
					}
				} else if defineLine().MatchString(trimmed) {
					depth++
				}
				body = append(body, lines[i])
			}
			d.body = strings.Join(body, "\n")
			out = append(out, statement{line: at, text: line, define: d})
			continue
		}
		out = append(out, statement{line: at, text: line})
	}
	return out
}

var (
	defineLine = match.Pattern(`^((?:override[ \t]+|export[ \t]+)*)define[ \t]+([^=:?+!]*?)[ \t]*(=|:=|::=|:::=|\?=|\+=|!=)?$`)
	endefLine  = match.Pattern(`^endef\b`)
)

// continues reports whether a line ends in a backslash that is none of a pair.
func continues(line string) bool {
	n := 0
	for i := len(line) - 1; i >= 0 && line[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

// outside yields the index of each byte of a text that stands outside of references.
func outside(s string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < len(s); i++ {
			if strings.HasPrefix(s[i:], "$(") || strings.HasPrefix(s[i:], "${") {
				if i = Closing(s, i+1); i < 0 {
					return
				}
				continue
			}
			if !yield(i) {
				return
			}
		}
	}
}

// withoutComment cuts a line at its #; one behind a backslash, or in a reference, is not that.
func withoutComment(line string) string {
	if !strings.Contains(line, "#") {
		return line
	}
	for i := range outside(line) {
		if line[i] == '#' && (i == 0 || line[i-1] != '\\') {
			line = line[:i]
			break
		}
	}
	return strings.ReplaceAll(line, `\#`, "#")
}

// An assignment is a variable with an operator and a value (chapter 6.5).
type assignment struct {
	name, op, value           string
	export, override, private bool
	at                        string // where it stands, if it is of a target
}

// assignmentOf takes a line apart that assigns; nil for any other.
func assignmentOf(line string) *assignment {
	a := &assignment{}
	for {
		word, rest, ok := strings.Cut(line, " ")
		if !ok || !match.Words("export override private")[word] {
			break
		}
		if rest = strings.TrimLeft(rest, " \t"); rest == "" || strings.IndexByte("=:?+!", rest[0]) >= 0 {
			break // a variable of that name
		}
		a.export, a.override, a.private = a.export || word == "export", a.override || word == "override", a.private || word == "private"
		line = rest
	}
	for i := range outside(line) {
		if op := operatorAt(line[i:]); op != "" {
			a.name, a.op, a.value = strings.TrimSpace(line[:i]), op, strings.TrimLeft(line[i+len(op):], " \t")
			if a.name == "" || strings.ContainsAny(withoutReferences(a.name), " \t") {
				return nil
			}
			return a
		}
		if line[i] == ':' || line[i] == ';' {
			return nil // a rule
		}
	}
	return nil
}

func operatorAt(s string) string {
	for _, op := range []string{":::=", "::=", ":=", "?=", "+=", "!=", "="} {
		if strings.HasPrefix(s, op) {
			return op
		}
	}
	return ""
}

// withoutReferences cuts out what stands in $( ), so that its blanks do not count.
func withoutReferences(s string) string {
	for {
		i := strings.Index(s, "$(")
		if i < 0 {
			if i = strings.Index(s, "${"); i < 0 {
				return s
			}
		}
		end := Closing(s, i+1)
		if end < 0 {
			return s
		}
		s = s[:i] + s[end+1:]
	}
}

// Closing returns where the bracket at i closes, or -1.
func Closing(s string, i int) int {
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

// cutRule cuts a line at the colon of a rule, which stands outside of references and behind no backslash. double says that
// there are two.
func cutRule(line string) (targets, rest string, double, ok bool) {
	escaped := -1
	for i := range outside(line) {
		switch {
		case i == escaped:
		case line[i] == '\\':
			escaped = i + 1
		case line[i] == ':':
			rest, double = strings.CutPrefix(line[i+1:], ":")
			return line[:i], rest, double, true
		}
	}
	return "", "", false, false
}

// cutOutside cuts a text at a character outside of references.
func cutOutside(s string, at byte) (before, after string, ok bool) {
	for i := range outside(s) {
		if s[i] == at {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// conditional is a directive of a condition (chapter 7).
var conditional = match.Pattern(`^(ifeq|ifneq|ifdef|ifndef|else|endif)\b[ \t]*(.*)$`)

// conditionArguments takes what stands behind ifeq apart: (a,b), 'a' 'b' or "a" "b".
func conditionArguments(s string) (a, b string, ok bool) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "(") {
		end := Closing(s, 0)
		if end < 0 {
			return "", "", false
		}
		a, b, ok = cutOutside(s[1:end], ',')
		return strings.TrimRight(a, " \t"), strings.TrimLeft(b, " \t"), ok
	}
	m := quotedArguments().FindStringSubmatch(s)
	if m == nil {
		return "", "", false
	}
	return m[1] + m[2], m[3] + m[4], true
}

var quotedArguments = match.Pattern(`^(?:"([^"]*)"|'([^']*)')[ \t]*(?:"([^"]*)"|'([^']*)')$`)

// patternText compares a word with a pattern with one %, and returns what that stands for (chapter 10.5.4).
func patternText(pattern, word string) (stem string, ok bool) {
	before, after, has := strings.Cut(pattern, "%")
	if !has {
		return "", pattern == word
	}
	if len(word) < len(before)+len(after) || !strings.HasPrefix(word, before) || !strings.HasSuffix(word, after) {
		return "", false
	}
	return word[len(before) : len(word)-len(after)], true
}
