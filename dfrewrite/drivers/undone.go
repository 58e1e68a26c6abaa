package drivers

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// A variable in front of a script says nothing to go if the script then gives it another value. That holds for one that is not
// exported, too: in a native build `GOARCH=amd64` in a line of its own is only the script's, but a variable that came with
// the environment stays in the environment under its new value. So does one that is made local in a function.

// undoesTarget returns the command among those of a plan that takes back what the assignments in front of them would tell go,
// or "".
func undoesTarget(plan *verdict.Ledger, front []string, onlyLinux bool) string {
	steers := func(name string) bool {
		return slices.ContainsFunc(front, func(a string) bool { return strings.HasPrefix(a, name+"=") })
	}
	for _, in := range plan.Stage.Body {
		if !IsLine(in) {
			continue
		}
		script := plan.Stage.Graph.Script(in)
		if m := loopVariable().FindSubmatch(script.Text.Bytes); m != nil && steers(string(m[1])) {
			return fmt.Sprintf("for %s in …", m[1])
		}
		for _, cmd := range script.Commands {
			text := string(in.Doc.Src[cmd.Span.Start:cmd.Span.End])
			hides := NotExported(text) && slices.ContainsFunc(cmd.Assigns, func(a shell.Assign) bool { return steers(a.Name) })
			if hides || resets(cmd, steers, onlyLinux) {
				return shell.Shorten(text)
			}
		}
	}
	return ""
}

// loopVariable matches the variable of a loop.
var loopVariable = match.Pattern(`(?m)(?:^|[;\s])for\s+(GO[A-Z0-9]+|CGO_ENABLED)\s`)

// resets reports whether a command gives one of the variables a value that is not made from the one that it has.
func resets(cmd *shell.Command, steers func(string) bool, onlyLinux bool) bool {
	switch cmd.Name {
	case "", "export", "declare", "typeset", "local", "readonly":
	case "unset", "read":
		return slices.ContainsFunc(cmd.Words[1:], func(w shell.Word) bool { return steers(w.Lit) })
	default:
		return false
	}
	if cmd.Name == "" && len(cmd.Words) > 0 {
		return false
	}
	return slices.ContainsFunc(cmd.Assigns, func(a shell.Assign) bool {
		if !steers(a.Name) || cmd.Name != "" && cmd.Name != "local" && a.Value.Raw == "" {
			return false
		}
		if a.Value.Const {
			return !(a.Name == "GOOS" && a.Value.Lit == "linux" && onlyLinux) && !(a.Name == "CGO_ENABLED" && a.Value.Lit == "0")
		}
		m := takesOn().FindStringSubmatch(a.Value.Raw)
		return m == nil || m[1] != a.Name && m[1] != strings.Replace(a.Name, "GO", "TARGET", 1) && m[1] != "TARGETVARIANT"
	})
}

// NotExported reports whether a declaration takes variables out of the environment, or makes names of others of them.
func NotExported(command string) bool { return notExported().MatchString(command) }

var notExported = match.Pattern(`^(?:export|declare|typeset|local)\s+(?:-\w+\s+)*(?:-\w*n|\+\w*x)\b`)

// takesOn matches a value that begins with that of a variable.
var takesOn = match.Pattern(`^"?\$\{?([A-Z_0-9]+)`)
