package script

import (
	"path"
	"strconv"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/shell"
)

// Lines returns the script that a call runs, if it is in the build context.
func Lines(x *context.Files, c *facts.Call) []facts.Line {
	words := c.Words
	if shell.Shells[c.Name] {
		for words = words[1:]; len(words) > 0 && scriptOptions().MatchString(words[0].Text); words = words[1:] {
		}
	}
	if len(words) == 0 || !words[0].Known() || strings.HasPrefix(words[0].Text, "-") || !shell.Shells[c.Name] && !strings.Contains(words[0].Text, "/") {
		return nil
	}
	site := c.Site()
	name := x.PathAt(site, words[0].Text)
	if name == "" || context.ChangedBefore(site, name) {
		return nil
	}
	text := string(x.ReadFile(name))
	first, _, _ := strings.Cut(text, "\n")
	if len(text) > maxScript || strings.Contains(text, "\x00") || strings.HasPrefix(first, "#!") && !scriptInterpreter().MatchString(first) {
		return nil
	}
	line := facts.Line{Place: facts.Place{File: name, Line: 1}, Text: withOwnFolder(text, path.Dir(c.Abs(words[0].Value)))}
	for i := range words[:min(len(words), 10)] {
		line.Vars = append(line.Vars, facts.Var{Name: strconv.Itoa(i), Value: &words[i].Value})
	}
	return []facts.Line{line}
}
