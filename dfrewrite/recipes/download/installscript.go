package download

import (
	"fmt"
	"path"
	"strings"

	"xxkit/dfrewrite/graph"
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
	address := scriptFromNetwork(c)
	known, ok := installScripts[address]
	if !ok {
		return judgeDownloader(c, address)
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

// judgeDownloader knows scripts that take the folder for the program as -b, as those do that godownloader makes and others that keep to
// that: https://…/tool/install.sh | sh -s -- -b DIR. They ask uname. Which program it is is said by a command that runs it.
func judgeDownloader(c *verdict.Call, address string) (verdict.Step, bool) {
	if !installerName().MatchString(address) {
		return verdict.Step{}, false
	}
	to := ""
	if golangciLint().MatchString(address) {
		to = c.Abs("./bin") // its documentation
	}
	for i, w := range c.Args {
		if w.Raw == "-b" && i+1 < len(c.Args) {
			to = programFolder(c, c.Args[i+1])
		}
	}
	if to == "" || c.AmongSource(to) && !verdict.IsProgramDir(to) {
		return verdict.Step{}, false
	}
	for _, on := range c.Facts().Platforms {
		if tool := runFrom(c, on, []string{to + "/"}, address); tool != "" {
			return verdict.Step{Reason: fmt.Sprintf("installs %s for the stage itself", path.Base(tool)), HostWrites: []string{path.Join(to, path.Base(tool))},
				Review: fmt.Sprintf("%s installs %s for the machine that it runs on, which is the builder then", path.Base(address), path.Base(tool))}, true
		}
	}
	return verdict.Step{}, false
}

// installerName matches addresses of scripts that install.
var installerName = match.Pattern(`^https://[^\s]*/[^/\s]*(?:install|godownloader)[^/\s]*(?:\.sh)?$|^https://install\.goreleaser\.com/[^\s]*\.sh$`)

// golangciLint matches addresses of golangci-lint's own script.
var golangciLint = match.Pattern(`^https://raw\.githubusercontent\.com/golangci/golangci-lint/[^/]+/install\.sh$|^https://golangci-lint\.run/install\.sh$`)

// programFolder returns the folder that a word names, which may be one of Go's.
func programFolder(c *verdict.Call, w shell.Word) string {
	text := strings.Trim(w.Raw, `"`)
	for _, gopath := range []string{"$(go env GOPATH)", "`go env GOPATH`", "${GOPATH}", "$GOPATH"} {
		rest, ok := strings.CutPrefix(text, gopath)
		if v, set := c.Env.Lookup("GOPATH"); ok && !set && graph.OfficialGo(c.Stage.Root().Image) {
			return path.Join("/go", rest) // its ENV
		} else if ok && set && v.HasValue && path.IsAbs(v.Value) {
			return path.Join(v.Value, rest)
		}
	}
	if text, ok := c.Known(w); ok {
		return c.Abs(text)
	}
	return ""
}

// scriptFromNetwork returns the address of the script that a shell is given, if nothing changes it on the way; or "".
func scriptFromNetwork(c *verdict.Call) string {
	if len(c.Args) > 1 && c.Args[0].Lit == "-c" {
		text := strings.Trim(c.Args[1].Raw, `"`)
		fetch, whole := strings.CutPrefix(text, "$(")
		fetch, closed := strings.CutSuffix(fetch, ")")
		if words := strings.Fields(fetch); whole && closed && len(words) > 1 && !strings.ContainsAny(fetch, "|;&$`<>()\"") {
			return fetched(words[0], words[1:])
		}
		return ""
	}
	if c.Index == 0 || len(c.Args) > 0 && c.Args[0].Lit != "-s" {
		return ""
	}
	before := c.Script.Commands[c.Index-1]
	if between := c.Run.Doc.Src[before.Span.End:c.Span.Start]; before.Span.End > c.Span.Start || !pipeOnly().Match(between) {
		return ""
	}
	return fetched(before.Name, written(before.Words[1:]))
}

// pipeOnly matches what stands between two parts of a pipeline, on one line or on several.
var pipeOnly = match.Pattern(`^[ \t]*(\\\r?\n[ \t]*)*\|[ \t]*(\\\r?\n[ \t]*)*$`)

// written returns words as they are written, without quotes.
func written(words []shell.Word) []string {
	var out []string
	for _, w := range words {
		out = append(out, strings.Trim(w.Raw, `'"`))
	}
	return out
}

// fetched returns the one address that curl or wget prints.
func fetched(program string, args []string) (address string) {
	if !shell.Fetchers[program] {
		return ""
	}
	for _, arg := range args {
		if arg = strings.Trim(arg, "'"); strings.Contains(arg, "://") {
			if address != "" {
				return ""
			}
			address = arg
		}
	}
	return address
}
