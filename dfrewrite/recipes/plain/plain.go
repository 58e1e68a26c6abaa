// Package plain knows programs that do the same on every machine, and those that carry files from one
// place to another, so that what was made for one machine is not lost on the way (carriers.go).
package plain

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of programs that do the same everywhere.
var Recipe = &verdict.Recipe{Name: "plain", Page: "plain", Judge: judge}

// Sites is that of generators of static sites, and Compilers that of build tools of which nothing more is known.
var (
	Sites     = &verdict.Recipe{Name: "sites", Page: "plain", Judge: judgeSites}
	Compilers = &verdict.Recipe{Name: "compilers", Page: "plain", Judge: judgeCompilers}
)

// writesText are tools that leave nothing but text behind: the licences of what is linked, and the sources that go with them.
var writesText = match.Words("go-licenses")

// packaged are tools that work on text where they come out of a package, by that: a file of such a name may be anything.
var packaged = map[string][]string{"yq": {"yq", "yq-go"}, "xml": {"xmlstarlet"}}

// toolMayBuild is the same for a tool that go install brought or that came out of another image, if it is not known for what it
// writes.
func toolMayBuild(c *verdict.Call) *verdict.Program {
	if shell.Plain[c.Program] || writesText[c.Program] || c.Substituted {
		return nil
	}
	for _, s := range c.Ledger.Writers {
		if (s.Recipe == "go" || s.Recipe == "copied tool") && slices.ContainsFunc(s.HostWrites, func(w string) bool { return path.Base(w) == c.Program }) {
			return &verdict.Program{Text: shell.Shorten(c.Source()), Call: c}
		}
	}
	return nil
}

func judge(c *verdict.Call) (verdict.Step, bool) {
	switch {
	case shell.Shells[c.Program]:
		return judgeShell(c), true
	case c.Program == "xx-verify" || c.Program == "xx-info":
		return c.Helper(), true
	case c.Program == "." || c.Program == "source":
		return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("reads commands from %s", c.FirstArg()),
			Way: "write the commands into the RUN, or convert the stage by hand"}, true
	case c.Program == "uname" || c.Program == "arch":
		return judgeProbe(c)
	case c.Program == "getconf" && strings.HasPrefix(c.FirstArg(), "_NPROCESSORS_"):
		return verdict.Step{Reason: "says how many processors there are"}, true
	case c.Program == "env" && len(c.Args) == 0:
		return verdict.Step{Reason: "prints the environment"}, true
	case c.Program == "xargs":
		return judgeXargs(c)
	case shell.Copiers[c.Program]:
		return judgeCopy(c)
	case c.Program == "command" && len(c.Args) > 0 && match.Words("-v -V -pv -pV")[c.Args[0].Lit]:
		return verdict.Step{Reason: "says whether there is a program"}, true
	case c.Program == "trap":
		return judgeTrap(c), true
	case c.Program == "find":
		return judgeFind(c), true
	case contentCarriers[c.Program] && carriesProgram(c) != "":
		return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("%s puts %s, which is the build platform's, into a file", c.Program, carriesProgram(c)),
			Way: "do that in a stage of the target platform"}, true
	case shell.Fetchers[c.Program]:
		for _, w := range c.Args {
			if why := verdict.ArchInDownload(w.Raw); why != "" {
				return verdict.Step{Verdict: verdict.Block, Reason: why,
					Way: "say with a stage of its own whether the download is for the build or for the target platform"}, true
			}
		}
		return verdict.Step{Reason: "downloads the same for every platform"}, true
	case c.InstalledHere():
		return verdict.Step{Reason: "is a tool that the stage installed for itself", Program: toolMayBuild(c)}, true
	case c.Program == "protoc" || c.Program == "buf":
		if plugin := c.BuiltOnPath("protoc-gen-"); plugin != "" {
			return c.MayRun(plugin), true
		}
		return verdict.Step{Reason: "does the same on every platform"}, true
	case packages.Installs(c.Stage.Root(), packaged[c.Program]...) && !strings.Contains(c.Words[0].Lit, "/"):
		return verdict.Step{Reason: "does the same on every platform"}, true
	case writesText[c.Program]:
		return verdict.Step{Reason: "does the same on every platform"}, true
	case shell.Plain[c.Program]:
		// Linters read what cgo makes of the source.
		return verdict.Step{Reason: "does the same on every platform", CompilesOnHost: c.Program == "golangci-lint" || c.Program == "staticcheck"}, true
	}
	return verdict.Step{}, false
}

// judgeShell blocks shells: what they run stands elsewhere, or in a string.
func judgeShell(c *verdict.Call) verdict.Step {
	what := "its input"
	for _, w := range c.Args {
		if w.Lit == "-c" {
			what = "a string"
			break
		}
		if !strings.HasPrefix(w.Raw, "-") {
			what = w.Raw
			break
		}
		if strings.Contains(w.Lit, "s") { // -s, also in -es
			break
		}
	}
	return verdict.Step{Verdict: verdict.Block, Compiles: c.IsBuildScript(what), Reason: fmt.Sprintf("%s runs commands from %s; what they do is not known", c.Program, what),
		Way: "write the commands into the RUN, or convert the stage by hand"}
}

// judgeProbe blocks where the machine's architecture is asked for and used: on
// the build platform the answer is another one.
func judgeProbe(c *verdict.Call) (verdict.Step, bool) {
	asks := c.Program == "arch" || asksMachine(c)
	if asks && !c.Substituted && !c.InFunction {
		return c.PrintsMachine(), true
	}
	if !asks {
		return verdict.Step{Reason: "prints what the machine is"}, true
	}
	return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("%s gives the architecture of the machine that builds; whether that or the target is meant cannot be seen", c.Source()),
		Way: "use $TARGETARCH or `xx-info march` for what is shipped; what runs in the stage may stay as it is in a stage on $BUILDPLATFORM"}, true
}

func asksMachine(c *verdict.Call) bool {
	for _, w := range c.Args {
		if strings.HasPrefix(w.Lit, "-") && strings.ContainsAny(w.Lit, "mpia") || w.Lit == "--machine" || w.Lit == "--all" {
			return true
		}
	}
	return false
}

// judgeXargs judges the program that xargs runs.
func judgeXargs(c *verdict.Call) (verdict.Step, bool) {
	for _, w := range c.Args {
		if shell.Copiers[w.Lit] {
			return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("xargs runs %s on files that cannot be seen; they may be the build platform's", w.Lit),
				Way: "name the files, or convert the stage by hand"}, true
		}
		if !strings.HasPrefix(w.Raw, "-") && shell.Plain[w.Lit] {
			return verdict.Step{Reason: "does the same on every platform"}, true
		}
	}
	return verdict.Step{Verdict: verdict.Block, Reason: c.Source() + " runs a program that no recipe knows, or on files that cannot be seen", Way: "call the program itself, with the files named"}, true
}

// judgeCopy follows files from place to place: what was built for the target
// stays that under its new name, and a file of the distribution is the build
// platform's.
func judgeCopy(c *verdict.Call) (verdict.Step, bool) {
	var files []string
	for _, w := range c.Args {
		if strings.HasPrefix(w.Raw, "-") {
			continue
		}
		name, ok := c.Known(w)
		if !ok {
			name = followedWord(c, w)
		}
		if found := foundProgram(c, w); found != "" {
			name = found
		}
		files = append(files, name)
	}
	step := verdict.Step{Reason: "moves files"}
	if len(files) < 2 || c.Program == "install" && makesFolders(c) {
		return step, true
	}
	dest := c.Abs(files[len(files)-1])
	for _, f := range files[:len(files)-1] {
		if findsProgram().MatchString(f) {
			return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("takes %s from the image, where it is the build platform's", f),
				Way: "copy it in a stage of the target platform"}, true
		}
		src := c.Abs(f)
		made := c.Ledger.Writes(src)
		tool := c.Ledger.HostWriteIn(src)
		followed := (tool != "" || c.Ledger.PackagesAround(src) != "") && dest != "" && (c.Program != "ln" || tool != "")
		if followed {
			step.HostWrites = append(step.HostWrites, dest, path.Join(dest, path.Base(src)))
		}
		if tool != "" && tool != src && strings.ContainsAny(src, "*?[") {
			step.HostWrites = append(step.HostWrites, path.Join(dest, path.Base(tool)))
		}
		if tool != "" && dest != "" && c.AmongSource(dest) && !c.AmongSource(tool) && !verdict.IsProgramDir(dest) && !verdict.IsProgramDir(path.Dir(dest)) {
			return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("puts %s, which is for the build platform, beside the source, where it may become part of what is built", tool),
				Way: "get the file for the target in a stage of its own"}, true
		}
		if made && dest != "" {
			step.Made.FromC = step.Made.FromC || c.BuiltInC(src)
			step.Made.Verified = step.Made.Verified || c.Verified(src)
			if tools := c.ToolsFor(src); tools != "" {
				step.Made.Tools = tools
			}
			step.Writes = append(step.Writes, dest, path.Join(dest, path.Base(src)))
		}
		if !made && !followed && c.Program != "ln" && verdict.IsSystemFile(src) && !verdict.SamePlatformFile(src) && !c.Ledger.InProject(src) {
			return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("takes %s from the image, where it is the build platform's", f),
				Way: "copy it in a stage of the target platform"}, true
		}
	}
	return step, true
}

// makesFolders reports whether install makes folders, and copies nothing.
func makesFolders(c *verdict.Call) bool {
	return slices.ContainsFunc(c.Args, func(w shell.Word) bool {
		return w.Lit == "--directory" || !strings.HasPrefix(w.Lit, "--") && installsFolders().MatchString(w.Lit)
	})
}

// installsFolders matches -d among options of one letter without a value, as in -dv.
var installsFolders = match.Pattern(`^-[bcCDpsTvZ]*d`)

// foundProgram returns the question for a program whose answer a variable in a word holds, or "".
func foundProgram(c *verdict.Call, w shell.Word) string {
	for _, name := range graph.VariablesIn(w.Raw, '\\') {
		for _, cmd := range c.Script.Commands {
			for _, a := range cmd.Assigns {
				if a.Name == name && findsProgram().MatchString(a.Value.Raw) {
					return strings.Trim(a.Value.Raw, `"`)
				}
			}
		}
	}
	return ""
}

var findsProgram = match.Pattern("(\\$\\(|`)\\s*(?:(?:which|command -v|type -p|whereis)\\s|(?:find|ls|realpath|readlink)\\s+(?:-[A-Za-z]+\\s+)*[\"']?/(?:\\s|\\*|(?:usr|lib|lib32|lib64|bin|sbin|opt)\\b)|ldconfig\\b)")
