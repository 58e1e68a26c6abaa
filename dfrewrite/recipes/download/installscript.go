package download

import (
	"fmt"
	"path"
	"strings"

	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// An installScript is one that a shell gets from the network, and that fetches a program for the machine that it runs on. The
// stage that moves to the build platform so gets the builder's, which is the one that it can run.
type installScript struct {
	program  string
	flag, to string // what names the folder, and where it goes without
}

// installScripts by their address: the installation pages of just and of go-task. Both ask uname.
var installScripts = map[string]installScript{
	"https://just.systems/install.sh":                                       {"just", "--to", ""},
	"https://taskfile.dev/install.sh":                                       {"task", "-b", "./bin"},
	"https://raw.githubusercontent.com/go-task/task/main/install-task.sh":   {"task", "-b", "./bin"},
	"https://raw.githubusercontent.com/go-task/task/master/install-task.sh": {"task", "-b", "./bin"},
	"https://raw.githubusercontent.com/casey/just/master/www/install.sh":    {"just", "--to", ""},
}

// judgeInstallScript knows `curl … | sh -s -- …` and `sh -c "$(curl …)" -- …` for these scripts.
func judgeInstallScript(c *verdict.Call) (verdict.Step, bool) {
	if !shell.Shells[c.Program] {
		return verdict.Step{}, false
	}
	known, ok := scriptFromNetwork(c)
	if !ok {
		return verdict.Step{}, false
	}
	to := known.to
	for i, w := range c.Args {
		name, value, glued := strings.Cut(w.Lit, "=")
		switch {
		case name != known.flag:
		case glued && w.Const:
			to = value
		case i+1 < len(c.Args) && c.Args[i+1].Const:
			to = c.Args[i+1].Lit
		default:
			return verdict.Step{}, false
		}
	}
	if to = c.Abs(to); to == "" {
		return verdict.Step{}, false
	}
	return verdict.Step{Reason: fmt.Sprintf("installs %s for the stage itself", known.program), HostWrites: []string{path.Join(to, known.program)}}, true
}

// scriptFromNetwork returns the script that a shell is given, if it is a known one and nothing changes it on the way.
func scriptFromNetwork(c *verdict.Call) (installScript, bool) {
	if len(c.Args) > 1 && c.Args[0].Lit == "-c" {
		text := strings.Trim(c.Args[1].Raw, `"`)
		fetch, whole := strings.CutPrefix(text, "$(")
		fetch, closed := strings.CutSuffix(fetch, ")")
		if words := strings.Fields(fetch); whole && closed && len(words) > 1 && !strings.ContainsAny(fetch, "|;&$`<>()\"") {
			return fetched(words[0], words[1:])
		}
		return installScript{}, false
	}
	if c.Index == 0 || len(c.Args) > 0 && c.Args[0].Lit != "-s" {
		return installScript{}, false
	}
	before := c.Script.Commands[c.Index-1]
	if between := c.Run.Doc.Src[before.Span.End:c.Span.Start]; before.Span.End > c.Span.Start || !pipeOnly().Match(between) {
		return installScript{}, false
	}
	return fetched(before.Name, literals(before.Words[1:]))
}

// pipeOnly matches what stands between two parts of a pipeline, on one line or on several.
var pipeOnly = match.Pattern(`^[ \t]*(\\\r?\n[ \t]*)*\|[ \t]*(\\\r?\n[ \t]*)*$`)

func literals(words []shell.Word) []string {
	var out []string
	for _, w := range words {
		out = append(out, w.Lit)
	}
	return out
}

// fetched returns the script that curl or wget prints.
func fetched(program string, args []string) (installScript, bool) {
	if !shell.Fetchers[program] {
		return installScript{}, false
	}
	for _, arg := range args {
		if known, ok := installScripts[strings.Trim(arg, "'")]; ok {
			return known, true
		}
	}
	return installScript{}, false
}
