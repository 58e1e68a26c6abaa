package script

import (
	"fmt"
	"path"
	"strings"

	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// A file that is sourced (. ./version.sh) runs in the shell that does so: its variables are those of the commands behind it. One that
// says what a version is, and when something was built, does the same everywhere. What tells a compiler or another program what to do
// is left to a person, and so is what changes the shell itself.

var (
	// steers matches the variables that programs which build listen to, and those of the shell.
	steers = match.Pattern(`^(GO[A-Z0-9_]*|CGO_\w+|CC|CXX|CPP|FC|AR|AS|LD|NM|STRIP|RANLIB|OBJCOPY|PATH|HOME|SHELL|ENV|BASH_ENV|IFS|CDPATH|PREFIX|DESTDIR|\w*FLAGS|LD_\w+|LIBRARY_PATH|CPATH|C_INCLUDE_PATH|` +
		`PKG_CONFIG\w*|RUST\w*|CARGO\w*|TARGET\w*|BUILD(OS|ARCH|PLATFORM|VARIANT)|(npm|NPM)_\w+|NODE\w*|MAKE\w*|XX_\w+|CMAKE\w*|DOTNET\w*|MSBUILD\w*|ARCH|OS|PLATFORM|MACHINE|HOST\w*|CROSS\w*)$`)
	// asksHost matches what asks for the machine, in whatever way.
	asksHost = match.Pattern(`\b(uname|arch|dpkg|lscpu|getconf|hostnamectl|rustc|g?cc|clang|ldd|go env|TARGET\w+)\b`)
	// changesShell are the commands that change more of the shell than variables.
	changesShell = match.Words("cd pushd popd unset alias unalias trap exec eval shift set shopt umask ulimit source . enable hash")
)

// judgeSourced decides on a file of the build context that is sourced.
func judgeSourced(c *verdict.Call) (verdict.Step, bool) {
	if len(c.Args) != 1 {
		return verdict.Step{}, false
	}
	file, known := c.Known(c.Args[0])
	if !known || !strings.Contains(file, "/") && c.Program == "." { // which would be looked for in PATH alone
		return verdict.Step{}, false
	}
	text := string(c.ContextFile(file))
	if text == "" || len(text) > maxScript || strings.Contains(text, "\x00") || c.ChangedBefore(file) {
		return verdict.Step{}, false
	}
	d := drivers.Build{File: path.Base(file), Lines: []verdict.Line{{Text: text, At: verdict.Where{File: placeName(file), Line: 1}}}}
	plan, err := drivers.Plan(c, d)
	if err != nil {
		return verdict.Step{}, false
	}
	step, same := drivers.OnBuilder(c, d, plan)
	if why := shellChanges(c, d, plan); why != "" {
		return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("reads commands from %s, %s", c.FirstArg(), why),
			Way: "write the commands into the RUN, or convert the stage by hand"}, true
	}
	if !same || step.Verdict != verdict.Neutral || step.Compiles || step.CompilesOnHost || len(step.HostWrites) > 0 || step.Program != nil {
		return verdict.Step{}, false
	}
	return verdict.Step{Reason: "sets variables, the same on every platform", Runs: plan}, true
}

// shellChanges says what a sourced file does beside setting variables that nothing listens to, or "".
func shellChanges(c *verdict.Call, d drivers.Build, plan *verdict.Ledger) string {
	for _, in := range plan.Stage.Body {
		if !drivers.IsLine(in) {
			continue
		}
		script := plan.Stage.Graph.Script(in)
		if len(script.Functions) > 0 {
			return fmt.Sprintf("which declares the function %s", script.Functions[0])
		}
		at := func(cmd *shell.Command) string {
			s := verdict.Step{In: in, Span: cmd.Span}
			return drivers.Place(plan, &s)
		}
		for _, cmd := range script.Commands {
			if changesShell[cmd.Name] && !onlyStrict(cmd) && !cmd.Substituted {
				return fmt.Sprintf("which has `%s`%s", shell.Shorten(string(in.Doc.Src[cmd.Span.Start:cmd.Span.End])), at(cmd))
			}
			if text := string(in.Doc.Src[cmd.Span.Start:cmd.Span.End]); drivers.NotExported(text) {
				return fmt.Sprintf("which has `%s`%s", shell.Shorten(text), at(cmd))
			}
			if len(cmd.Words) > 0 && !shell.IsExport(cmd) && cmd.Name != "readonly" {
				continue // they are the command's own
			}
			for _, a := range cmd.Assigns {
				if steers().MatchString(a.Name) {
					return fmt.Sprintf("which sets %s%s", a.Name, at(cmd))
				}
				if tells().MatchString(asked().ReplaceAllString(a.Value.Raw, "")) || findsPath().MatchString(a.Value.Raw) {
					return fmt.Sprintf("which sets %s to options, or to a path of the distribution%s", a.Name, at(cmd))
				}
			}
		}
		for _, m := range byDefault().FindAllSubmatch(script.Text.Bytes, -1) {
			if steers().Match(m[1]) {
				return fmt.Sprintf("which sets %s", m[1])
			}
		}
		if m := loopOrRead().FindString(string(script.Text.Bytes)); m != "" {
			return fmt.Sprintf("which has `%s`", m)
		}
	}
	for _, l := range d.Lines {
		if m := asksHost().FindString(l.Text); m != "" {
			return fmt.Sprintf("which asks `%s`", m)
		}
	}
	return ""
}

// onlyStrict reports whether set only makes the shell end on errors.
func onlyStrict(cmd *shell.Command) bool {
	for _, w := range cmd.Words[1:] {
		if !strictOption().MatchString(w.Lit) {
			return false
		}
	}
	return cmd.Name == "set" && len(cmd.Words) > 1
}

var (
	// tells matches options, and folders of the distribution, in the value of a variable.
	tells     = match.Pattern(`(^|["'\s=])--?[A-Za-z]|(^|["'\s:=])/(usr|bin|sbin|lib\w*|opt|etc|var)(/|["'\s]|$)`)
	findsPath = match.Pattern(`\b(which|whereis|command -v|type -[pP])\b`)
	// asked is what a command prints.
	asked = match.Pattern("\\$\\([^()]*\\)|`[^`]*`")
	// byDefault matches ${NAME:=value}, which sets a variable.
	byDefault = match.Pattern(`\$\{(\w+):?=`)
)

var strictOption = match.Pattern(`^(-[euox]+|pipefail|errexit|nounset)$`)

// loopOrRead matches what gives variables values in other ways.
var loopOrRead = match.Pattern(`\b(for|select)\s+\w+|\b(read|mapfile|readarray|getopts|let|local|printf\s+-v)\b`)
