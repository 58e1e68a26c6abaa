package script

import (
	"encoding/json"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/match"
)

// packageRunners run the scripts of a package.json by their names; ownWords are those of their own commands that are no script,
// where the word run may be left out.
var (
	packageRunners = match.Words("npm yarn pnpm bun")
	ownWords       = match.Words("install i ci add remove config set cache exec dlx global link pack publish audit why info init create workspace workspaces")
)

// PackageLines returns the script of a package.json that npm, yarn, pnpm or bun runs by its name, with those that stand around
// it (https://docs.npmjs.com/cli/using-npm/scripts).
func PackageLines(x *context.Files, c *facts.Call) []facts.Line {
	if !packageRunners[c.Name] || len(c.Words) < 2 {
		return nil
	}
	words := c.Words[1:]
	if words[0].Text == "run" || words[0].Text == "run-script" {
		words = words[1:]
	} else if c.Name == "npm" && words[0].Text != "test" && words[0].Text != "start" || ownWords[words[0].Text] {
		return nil
	}
	if len(words) == 0 || strings.HasPrefix(words[0].Text, "-") {
		return nil
	}
	site := c.Site()
	name := x.PathAt(site, "package.json")
	if name == "" || context.ChangedBefore(site, "package.json") {
		return nil
	}
	text := x.ReadFile(name)
	var read struct {
		Scripts map[string]string `json:"scripts"`
	}
	if json.Unmarshal(text, &read) != nil {
		return nil
	}
	var out []facts.Line
	for _, script := range []string{"pre" + words[0].Text, words[0].Text, "post" + words[0].Text} {
		if line := read.Scripts[script]; line != "" {
			out = append(out, facts.Line{Place: facts.Place{File: name, Line: lineOfKey(string(text), script)}, Text: line})
		}
	}
	return out
}

// lineOfKey returns the line on which the key of a script stands.
func lineOfKey(text, key string) int {
	quoted, _ := json.Marshal(key)
	at := max(strings.Index(text, `"scripts"`), 0)
	if i := strings.Index(text[at:], string(quoted)); i >= 0 {
		at += i
	}
	return 1 + strings.Count(text[:at], "\n")
}
