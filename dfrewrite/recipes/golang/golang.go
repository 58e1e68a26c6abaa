// Package golang knows how Go cross-compiles: the go command, with and without cgo, what it installs, the
// build programs that it runs, and Go itself where a stage takes it out of another image.
package golang

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/context/gosource"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of the go command.
var Recipe = &verdict.Recipe{Name: "go", Page: "go", Judge: judge,
	Checks: map[string]map[string]bool{"go": match.Words("test vet"), "golangci-lint": nil, "staticcheck": nil}}

// Xcaddy is that of xcaddy, which builds Caddy with plugins.
var Xcaddy = &verdict.Recipe{Name: "xcaddy", Page: "go", Judge: judgeXcaddy}

// Go cross-compiles by itself: GOOS and GOARCH say for what. Two things need
// care. Go uses cgo by default when it builds natively and there is a C
// compiler, and not when it cross-compiles, so what the native build did has to
// be written down. And `go install` puts a cross-compiled program elsewhere.
// The facts are those of `go help build`, `go help install` and cmd/cgo.

// goFlagsWithValue are the build flags that take a value in the next word.
var goFlagsWithValue = match.Words(`-C -o -p -asmflags -buildmode -compiler -covermode -coverpkg -gccgoflags -gcflags
	-installsuffix -ldflags -mod -modfile -overlay -pgo -pkgdir -tags -toolexec`)

// A goCall is a go command taken apart.
type goCall struct {
	*verdict.Call
	sub      *shell.Word // build, install, …
	flags    map[string]string
	packages []shell.Word
	// headEnd is where flags can be put: behind the subcommand, and behind -C,
	// which has to be the first flag.
	headEnd int
}

func judge(c *verdict.Call) (verdict.Step, bool) {
	if c.Program == "xx-go" {
		step := c.Helper()
		g := parseGo(c)
		step.Compiles, step.Crosses = !strings.HasPrefix(c.FirstArg(), "--"), true // --wrap puts itself in the place of go
		if g.sub != nil && (g.sub.Lit == "build" || g.sub.Lit == "install") {
			step.Writes = g.outputs()
		}
		return step, true
	}
	if c.Program != "go" {
		return verdict.Step{}, false
	}
	g := parseGo(c)
	if g.sub == nil {
		return verdict.Step{Reason: "prints help"}, true
	}
	if !g.sub.Const {
		return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("which go command %s is cannot be known", g.sub.Raw), Way: "write the command out"}, true
	}
	switch g.sub.Lit {
	case "build":
		return g.judgeBuild(), true
	case "install":
		return g.judgeInstall(), true
	case "test":
		if _, ok := g.flags["-c"]; ok {
			return g.judgeBuild(), true
		}
		return g.judgeOnHost("tests run on the build platform"), true
	case "tool":
		if len(g.packages) > 0 && match.Words("asm cgo compile link pack")[g.packages[0].Lit] {
			return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: c.Source() + " compiles for the machine that it runs on",
				Way: "use go build"}, true
		}
		if len(g.packages) > 1 && g.packages[0].Lit == "dist" && g.packages[1].Lit == "env" && g.answerUsed() {
			return verdict.Step{Verdict: verdict.Block, Reason: c.Source() + " gives the build machine's value in a stage on $BUILDPLATFORM",
				Way: "use $TARGETARCH or $TARGETOS"}, true
		}
		return g.judgeOnHost("runs on the build platform"), true
	case "run", "generate":
		if tool := g.BuiltOnPath(""); tool != "" && g.sub.Lit == "generate" {
			return g.MayRun(tool), true
		}
		if g.sub.Lit == "generate" {
			return g.judgeGenerate(), true
		}
		return g.judgeOnHost("runs on the build platform"), true
	case "env":
		if g.answerUsed() && g.asksPlatform() {
			return verdict.Step{Verdict: verdict.Block, Reason: c.Source() + " gives the build machine's value in a stage on $BUILDPLATFORM",
				Way: "use $TARGETARCH or $TARGETOS"}, true
		}
		step := c.PrintsMachine()
		if step.Verdict == verdict.Neutral {
			step.Reason = "prints settings"
		}
		return step, true
	case "vet":
		return verdict.Step{Reason: "does the same on every platform", CompilesOnHost: true}, true
	case "version":
		step := verdict.Step{Reason: "does the same on every platform"}
		if len(g.packages) == 0 && (g.answerUsed() && !takesVersion().Match(c.Run.Doc.Src[c.Span.End:c.Run.Span.End]) || len(c.Redirects) > 0) {
			step.Review = "go version names the platform that it runs on, which is the build platform then"
		}
		return step, true
	case "list":
		if (g.answerUsed() || len(c.Redirects) > 0) && listsPlatform().MatchString(c.Source()) {
			return verdict.Step{Verdict: verdict.Block, Reason: c.Source() + " gives the build machine's value in a stage on $BUILDPLATFORM",
				Way: "use $TARGETARCH or $TARGETOS, or set GOOS and GOARCH in front of it"}, true
		}
		return verdict.Step{Reason: "does the same on every platform"}, true
	case "mod", "work", "get", "fmt", "clean", "doc", "help", "fix", "telemetry", "bug":
		return verdict.Step{Reason: "does the same on every platform", Fetches: g.sub.Lit == "mod" || g.sub.Lit == "get"}, true
	}
	return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("there is no go command %q", g.sub.Lit), Way: "check the spelling"}, true
}

// takesVersion matches what takes the version out of what `go version` prints, "go version go1.26.1 linux/amd64": the third field, or by
// its look.
var takesVersion = match.Pattern(`^\s*(?:\\\r?\n\s*)?\|[^)&;\n]*(?:\$\{?3\b|-f\s?["']?3\b|go\[?[0-9(\\]|\[0-9|\\d)`)

// listsPlatform matches a template of go list that asks what is built for.
var listsPlatform = match.Pattern(`\bcontext\b|\.Target\b|GOARCH|GOOS`)

// answerUsed reports whether what the command prints becomes part of another one, or goes through a pipe into a file.
func (g *goCall) answerUsed() bool { return g.Substituted || g.PipedInto() }

// asksPlatform reports whether `go env` is asked for what the platform is: by name, or for all that there is.
func (g *goCall) asksPlatform() bool {
	if len(g.packages) == 0 {
		return !g.has("-w") && !g.has("-u")
	}
	return slices.ContainsFunc(g.packages, func(w shell.Word) bool {
		return !w.Const || match.Words("GOARCH GOHOSTARCH GOOS GOARM GOARM64 GOAMD64 GO386 GOMIPS GOMIPS64 GOPPC64 GORISCV64 GOGCCFLAGS")[w.Lit]
	})
}

func parseGo(c *verdict.Call) *goCall {
	g := &goCall{Call: c, flags: map[string]string{}}
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		text := w.Raw
		if w.Const {
			text = w.Lit
		} else if strings.HasPrefix(text, `"-`) {
			text = text[1 : len(text)-1] // quoted with its name, "-ldflags=-X main.v=$V"
		}
		if !strings.HasPrefix(text, "-") || len(g.packages) > 0 {
			if g.sub == nil {
				g.sub = &c.Args[i]
				g.headEnd = w.Span.End
			} else {
				g.packages = append(g.packages, w)
			}
			continue
		}
		name, val, glued := strings.Cut(text, "=")
		name = "-" + strings.TrimLeft(name, "-")
		if !glued && goFlagsWithValue[name] && i+1 < len(c.Args) {
			i++
			val = c.Args[i].Raw
			if c.Args[i].Const {
				val = c.Args[i].Lit
			}
		}
		g.flags[name] = val
		if name == "-C" {
			moved := *c
			moved.Dir = moved.Abs(c.Env.Expand(val, '\\'))
			g.Call = &moved
			g.headEnd = c.Args[i].Span.End
		}
	}
	return g
}

// judgeOnHost is for commands that run what they compile: they must not see
// another platform in GOOS or GOARCH.
func (g *goCall) judgeOnHost(reason string) verdict.Step {
	for _, name := range []string{"GOOS", "GOARCH"} {
		if v := facts.Lookup(&g.Call.Site, name); v.Set && !(name == "GOOS" && v.Fixed && v.Text == "linux") {
			return verdict.Step{Verdict: verdict.Block, Compiles: true,
				Reason: fmt.Sprintf("go %s runs what it compiles, but %s is set to %s %s", g.sub.Lit, name, v.Text, v.Where),
				Way:    fmt.Sprintf("set %s in front of go build only", name)}
		}
	}
	built := g.mayBuild()
	return verdict.Step{Reason: reason, Compiles: g.sub.Lit != "tool" || built != nil, CompilesOnHost: true, Program: built}
}

// judgeInstall turns an install of local packages into a build that puts the
// programs where a native install does.
func (g *goCall) judgeInstall() verdict.Step {
	bin := g.binDir()
	if slices.ContainsFunc(g.packages, func(w shell.Word) bool { return strings.Contains(w.Raw, "@") }) {
		return g.judgeInstallAt()
	}
	if slices.ContainsFunc(g.packages, func(w shell.Word) bool { return w.Lit == "std" }) {
		// Fills the build cache, and leaves no program behind.
		return g.judgeBuild()
	}
	switch g.installKind() {
	case installsTools:
		step := g.judgeOnHost("installs a tool for the stage itself")
		for _, w := range g.packages {
			step.HostWrites = append(step.HostWrites, path.Join(g.toolDir(), programName(w.Lit)))
		}
		return step
	case installsUnknown:
		return verdict.BlockBuild("install programs and libraries with commands of their own", "which packages of other modules are programs cannot be seen")
	case installsLibraries:
		step := g.judgeBuild()
		if step.Verdict != verdict.Convert {
			return step
		}
		if step.Review == "" {
			step.Review = "packages of other modules are compiled for the target and not installed; if one of them is a program that is needed, name it in a go build -o"
		}
		step.Edits = append(step.Edits, dockerfile.Edit{Span: g.sub.Span, New: "build"})
		step.Writes, step.Reason = nil, "compiles libraries beforehand, for which go install becomes go build"
		return step
	}
	if bin == "" {
		return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: "where go install puts the program is not known: the base image is not the official golang, and neither GOBIN nor GOPATH is set",
			Way: "use go build -o"}
	}
	step := g.judgeBuild()
	if step.Verdict == verdict.Convert && graph.GoBefore(g.Stage.Root().Image, 13) {
		return verdict.Step{Verdict: verdict.Block, Compiles: true, Writes: step.Writes,
			Reason: "go install puts a cross-compiled program elsewhere, and go build -o takes no folder before Go 1.13",
			Way:    "use go build -o, or a newer Go"}
	}
	if step.Verdict == verdict.Convert {
		step.Edits = append(step.Edits, dockerfile.Edit{Span: g.sub.Span, New: "build"},
			dockerfile.Edit{Span: dockerfile.Span{Start: g.headEnd, End: g.headEnd}, New: " -o " + bin + "/"})
		step.Reason = "go install puts a cross-compiled program elsewhere, so it becomes go build -o " + bin + "/"
	}
	return step
}

// programName is the name that go gives to the program of a package path.
func programName(pkg string) string {
	name := path.Base(pkg)
	if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
		name = path.Base(path.Dir(pkg))
	}
	return name
}

// binDir is where go install puts programs; empty if that is not known. $TARGETARCH and its like stay in it as they are.
func (g *goCall) binDir() string {
	if v := facts.Lookup(&g.Call.Site, "GOBIN"); v.Set && v.Text != "" {
		return g.folderOf(v)
	}
	return g.pathBin()
}

// hiddenBin returns the variable that says where go install puts programs, if what it says is not known.
func (g *goCall) hiddenBin() string {
	for _, name := range []string{"GOBIN", "GOPATH"} {
		if v := facts.Lookup(&g.Call.Site, name); v.Set && v.Text != "" {
			if g.folderOf(v) == "" {
				return name
			}
			return ""
		}
	}
	return ""
}

// pathBin is the folder bin of GOPATH, in which go install puts programs unless GOBIN is set.
func (g *goCall) pathBin() string {
	if v := facts.Lookup(&g.Call.Site, "GOPATH"); v.Set && v.Text != "" {
		if dir := g.folderOf(v); dir != "" && !strings.Contains(dir, ":") {
			return path.Join(dir, "bin")
		}
	}
	return ""
}

// folderOf returns the folder that a variable names, if it is fixed but for what BuildKit says of the target, and for the folder that
// the command runs in.
func (g *goCall) folderOf(v facts.Setting) string {
	text := v.Text
	if g.Dir != "" {
		text = workingFolder().ReplaceAllLiteralString(text, strings.TrimSuffix(g.Dir, "/"))
	}
	if v.Fixed || onlyTarget().MatchString(text) {
		return text
	}
	return ""
}

// workingFolder matches what the shell fills in for the folder that it is in.
var workingFolder = match.Pattern("\\$PWD\\b|\\$\\{PWD\\}|\\$\\(\\s*pwd\\s*\\)|`\\s*pwd\\s*`")

// onlyTarget matches a path whose variables are all about the target.
var onlyTarget = match.Pattern(`^(?:[A-Za-z0-9._/+@-]|\$\{?TARGET(?:PLATFORM|OS|ARCH|VARIANT)\b\}?)+$`)

// toolDir is where go install puts what is for the stage itself: with neither GOBIN nor GOPATH that is below the home of the user
// (go help gopath), which images have where useradd makes it.
func (g *goCall) toolDir() string {
	if bin := g.binDir(); bin != "" {
		return bin
	}
	if v := facts.Lookup(&g.Call.Site, "HOME"); v.Set && v.Fixed && v.Text != "" {
		return path.Join(v.Text, "go/bin")
	}
	if user := graph.UserAt(g.Stage, g.Run); user != "" {
		user, _, _ = strings.Cut(user, ":")
		return path.Join("/home", user, "go/bin")
	}
	return "/root/go/bin"
}

// outputs lists what the command writes.
func (g *goCall) outputs() []string {
	if g.sub.Lit == "install" {
		if slices.ContainsFunc(g.packages, func(w shell.Word) bool { return w.Lit == "std" }) {
			return nil
		}
		if bin := g.binDir(); bin != "" {
			return []string{bin + "/"}
		}
		return nil
	}
	out, ok := g.flags["-o"]
	out, known := g.expand(out)
	switch {
	case ok && !known:
		return nil
	case !ok:
		// go build without -o writes into the folder that it runs in.
		if g.Dir == "" {
			return nil
		}
		return []string{strings.TrimSuffix(g.Dir, "/") + "/"}
	case out == "/dev/null":
		return nil
	}
	abs := g.Abs(out)
	if abs == "" {
		return nil
	}
	if strings.HasSuffix(abs, "/") {
		return []string{abs}
	}
	// A folder that exists takes the program under its own name.
	return []string{abs, abs + "/"}
}

// judgeBuild decides on go build, go install and go test -c.
func (g *goCall) judgeBuild() verdict.Step {
	step := verdict.Step{Verdict: verdict.Convert, Compiles: true, Reason: "cross-compiles with GOOS and GOARCH", Writes: g.outputs()}
	block := func(way, format string, args ...any) verdict.Step {
		return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf(format, args...), Way: way, Writes: step.Writes}
	}

	goos, goarch := facts.Lookup(&g.Call.Site, "GOOS"), facts.Lookup(&g.Call.Site, "GOARCH")
	if goos.Set && goos.Fixed && goos.Text != "" && goos.Text != "linux" && goarch.Fixed && goarch.Text != "" {
		return verdict.Step{Compiles: true, Reason: fmt.Sprintf("builds for %s/%s, whatever the image is for", goos.Text, goarch.Text)}
	}
	var inShell []string
	for _, name := range []string{"GOOS", "GOARCH"} {
		v := facts.Lookup(&g.Call.Site, name)
		if v.Set && !v.Fixed && !v.Follows() {
			return block("set it from $TARGETOS or $TARGETARCH", "%s is %s, set %s; what that is on another machine is not known", name, v.Text, v.Where)
		}
		if v.Set && v.Text == "" && v.Assign != nil && strings.Contains(v.Assign.Value.Raw, "$") {
			switch value := g.fromShell(name); value {
			case "$TARGET" + name[2:]:
			case "":
				return block("set it from $TARGETOS or $TARGETARCH", "%s is %s, set %s; what that is on another machine is not known", name, v.Assign.Value.Raw, v.Where)
			default:
				inShell = append(inShell, fmt.Sprintf("%s is %s by a variable of the shell, and is the target's then", name, value))
			}
		}
	}
	if hides, ok := g.HidesTarget(); ok {
		hides.Writes = step.Writes
		return hides
	}
	if g.has("-toolexec") {
		return block("leave -toolexec out, or do that in a build of its own", "-toolexec runs a program for every package")
	}

	cgo := g.cgo()
	if cgo.block != "" {
		way := "build with xx-go and a C compiler for the target (xx-clang)"
		if cgo.byDefault {
			way = "set CGO_ENABLED=0 if the program does without that module, or build it on the target platform"
		}
		return block(way, "%s", cgo.block)
	}
	if cgo.used {
		if g.Opt.Helpers == verdict.HelpersNever {
			return block("let the rewrite use helpers, or build with a C compiler for the target", "%s, which needs a C compiler for the target", cgo.why)
		}
		if program := g.Words[0].Lit; strings.Contains(program, "/") && !path.IsAbs(program) {
			return block("name it by an absolute path, or put its folder on PATH", "%s is a go that xx-go may not find", program)
		}
		if why, way := g.forBuilderOnly(); why != "" {
			return block(way, "%s", why)
		}
		step.Needs.C, step.Needs.Cxx, step.Made.Tools = true, cgo.cxx, verdict.TripleTools
		step.Needs.PkgConfig = g.LinkedLibrary() != "" && gosource.MayCallPkgConfig(g.Opt.Context)
	}
	if mode := g.buildMode(); mode == "pie" && !cgo.used {
		for _, p := range g.Opt.Platforms {
			if arch := strings.Split(p, "/")[1]; !linksPIE[arch] {
				return block("leave -buildmode=pie out, or build with xx-go and a C compiler for the target (xx-clang)", "-buildmode=pie needs a C linker for %s", p)
			}
		}
	}
	if name, line := g.ownArgument(goarch); name != "" {
		return block(fmt.Sprintf("declare it as ARG %s=$TARGETARCH", name), "GOARCH comes from %s, which line %d uses for something else: one would follow the target, and the other not", name, line)
	}
	step.Review = cgo.review
	step.Crosses = goarch.Follows()
	g.edits(&step, goos, goarch, cgo)
	if len(inShell) > 0 {
		step.Review = strings.TrimPrefix(step.Review+"; "+strings.Join(inShell, "; "), "; ")
	}
	return step
}

// fromShell returns what a variable of the shell makes of GOOS or GOARCH: $TARGETOS or $TARGETARCH if it is the target's for every
// platform, else a value that it has for one, or "" if that is not known.
func (g *goCall) fromShell(name string) string {
	target, value := true, ""
	for _, c := range g.Facts().Calls(g.Stage) {
		if c.Run != g.Run || c.Span != g.Span {
			continue
		}
		v := c.Env(name)
		if !v.Known() || v.Text == "" {
			return ""
		}
		value = v.Text
		target = target && value == map[string]string{"GOOS": c.Platform.OS, "GOARCH": c.Platform.Arch}[name]
	}
	if target && value != "" {
		return "$TARGET" + name[2:]
	}
	return value
}

// edits sets the target's variables in front of the command.
func (g *goCall) edits(step *verdict.Step, goos, goarch facts.Setting, cgo cgoUse) {
	var front []string
	if cgo.write != "" {
		front = append(front, "CGO_ENABLED="+cgo.write)
	}
	if cgo.write == "0" {
		step.Reason += "; CGO_ENABLED=0 is written down, which Go would take for granted here and not in a native build"
	}
	constant := func(name string, v facts.Setting) {
		switch {
		case v.Follows(): // it is the target's, as xx-go has it
		case v.Set && v.Fixed && v.Text != "" && v.FromArg:
			step.Review = fmt.Sprintf("%s comes from a build argument with the default %s, which is not looked at any more", name, v.Text)
		case v.Set && v.Fixed && v.Text != "":
			step.Review = fmt.Sprintf("%s=%s was the same for every platform, which looks like a mistake", name, v.Text)
		case v.FromArg:
			step.Review = fmt.Sprintf("%s is a build argument, which is not looked at any more", name)
		}
	}
	if cgo.used || g.helpers() {
		step.Needs.Helper = true
		step.Needs.Args = []string{"TARGETPLATFORM"}
		step.Reason = strings.Replace(step.Reason, "GOOS and GOARCH", "xx-go", 1)
		// xx-go leaves variables alone that are set.
		for _, name := range []string{"GOOS", "GOARCH"} {
			v := facts.Lookup(&g.Call.Site, name)
			switch {
			case name == "GOOS" && (v.Text == "" || v.Text == "linux" && g.Opt.OnlyLinux()):
			case v.Assign != nil && v.Assign.Span.Len() > 0 && !g.viaEnv(v):
				constant(name, v)
				step.Edits = append(step.Edits, dockerfile.Edit{Span: g.withBlanks(v.Assign.Span)})
			case v.Set && v.Fixed && v.Text != "":
				constant(name, v)
				front = append(front, name+"=")
			}
		}
		step.Edits = append(step.Edits, dockerfile.Edit{Span: g.Words[0].Span, New: "xx-go"})
		if dir := path.Dir(g.Words[0].Lit); dir != "." && !g.onPath(dir) {
			front = append(front, "PATH="+dir+":$PATH") // where xx-go looks for go
		}
		if dirs := g.PkgConfigDirs(); dirs != "" && step.Needs.PkgConfig {
			front = append(front, dirs)
		}
		g.putInFront(step, front)
		g.verifies(step)
		return
	}

	set := func(name, val, arg string, v facts.Setting) {
		switch {
		case v.Follows():
			step.Needs.Args = append(step.Needs.Args, facts.ArgsIn(v.Text)...)
			return
		case v.Assign != nil:
			constant(name, v)
			step.Edits = append(step.Edits, dockerfile.Edit{Span: v.Assign.Value.Span, New: val})
		default:
			constant(name, v)
			front = append(front, name+"="+val)
		}
		step.Needs.Args = append(step.Needs.Args, arg)
	}
	if !(goos.Fixed && goos.Text == "linux" && g.Opt.OnlyLinux()) {
		set("GOOS", "$TARGETOS", "TARGETOS", goos)
	}
	if goarch.Assign == nil && !goarch.Follows() && goos.Assign != nil && len(front) == 0 {
		// GOOS=linux stands there: GOARCH goes beside it.
		constant("GOARCH", goarch)
		at := goos.Assign.Span.End
		step.Edits = append(step.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: at, End: at}, New: " GOARCH=$TARGETARCH"})
		step.Needs.Args = append(step.Needs.Args, "TARGETARCH")
	} else {
		set("GOARCH", "$TARGETARCH", "TARGETARCH", goarch)
	}
	if g.needsGoarm() && !facts.Lookup(&g.Call.Site, "GOARM").Follows() {
		set("GOARM", "${TARGETVARIANT#v}", "TARGETVARIANT", facts.Lookup(&g.Call.Site, "GOARM"))
	}
	if len(g.Opt.Variants("amd64")) > 0 && !facts.Lookup(&g.Call.Site, "GOAMD64").Follows() {
		set("GOAMD64", "$TARGETVARIANT", "TARGETVARIANT", facts.Lookup(&g.Call.Site, "GOAMD64"))
	}
	g.putInFront(step, front)
}

// needsGoarm reports whether a target is an ARM that go would compile wrongly for if nothing said which. Up to 1.20 a go for
// another machine compiled for v5, without a floating-point unit, by default. (https://go.dev/cl/470695)
func (g *goCall) needsGoarm() bool {
	arms := g.Opt.Variants("arm")
	return verdict.NeedsGoarm(g.Opt) || graph.GoBefore(g.Stage.Root().Image, 21) && len(arms) > 0 && !slices.Contains(arms, "v8")
}

// onPath reports whether programs in a folder are found by their name.
func (g *goCall) onPath(dir string) bool {
	if slices.Contains([]string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}, dir) {
		return true
	}
	if image := g.Stage.Root().Image; graph.OfficialGo(image) && dir == "/usr/local/go/bin" {
		return true
	}
	return slices.Contains(strings.Split(facts.Lookup(&g.Call.Site, "PATH").Text, ":"), dir)
}

// putInFront adds assignments in front of the command.
func (g *goCall) putInFront(step *verdict.Step, front []string) {
	if len(front) > 0 {
		step.Edits = append(step.Edits, dockerfile.Edit{Span: g.FrontAt(), New: strings.Join(front, " ") + " "})
	}
}

// viaEnv says that the assignment is an argument of the env program.
func (g *goCall) viaEnv(v facts.Setting) bool {
	first := g.Script.Commands[g.Index]
	return len(first.Assigns) == 0 || v.Assign.Span.Start > first.Assigns[len(first.Assigns)-1].Span.Start
}

// withBlanks widens a span by the blanks behind it, so that nothing is left of a
// word that goes away.
func (g *goCall) withBlanks(s dockerfile.Span) dockerfile.Span {
	for s.End < len(g.Run.Doc.Src) && (g.Run.Doc.Src[s.End] == ' ' || g.Run.Doc.Src[s.End] == '\t') {
		s.End++
	}
	return s
}

// has reports whether a flag is given, to the command or in GOFLAGS.
func (g *goCall) has(flag string) bool {
	if _, ok := g.flags[flag]; ok {
		return true
	}
	for _, f := range strings.Fields(facts.Lookup(&g.Call.Site, "GOFLAGS").Text) {
		if name, _, _ := strings.Cut(f, "="); "-"+strings.TrimLeft(name, "-") == flag {
			return true
		}
	}
	return false
}

// buildMode is the value of -buildmode, which may stand in GOFLAGS.
func (g *goCall) buildMode() string {
	if mode, ok := g.flags["-buildmode"]; ok {
		return mode
	}
	for _, f := range strings.Fields(facts.Lookup(&g.Call.Site, "GOFLAGS").Text) {
		if _, mode, ok := strings.Cut(f, "-buildmode="); ok {
			return mode
		}
	}
	return ""
}

// linksPIE are the architectures for which Go links position-independent
// programs on Linux without a C linker: internal/platform.InternalLinkPIESupported
// of Go 1.26.
var linksPIE = match.Words("amd64 arm64 loong64 ppc64le")

// externalLink matches linker flags that call the C linker. (-extldflags alone
// does nothing without cgo.)
func linksExternally(flags string) bool {
	return strings.Contains(flags, "linkmode") && externalLink().MatchString(flags)
}

var externalLink = match.Pattern(`(^|\s|['"=])--?linkmode[= ]['"]?external\b`)

func (g *goCall) linksExternally() bool {
	flags := g.flags["-ldflags"]
	if linksExternally(flags) || linksExternally(facts.Lookup(&g.Call.Site, "GOFLAGS").Text) {
		return true
	}
	for _, name := range graph.VariablesIn(flags, '\\') {
		if v, ok := g.Env.Lookup(name); ok && linksExternally(v.Value) ||
			g.Script.Sets(name) && linksExternally(string(g.Script.Text.Bytes)) {
			return true
		}
	}
	return false
}

// goEnvPath is the common way to ask for GOPATH in a command.
var goEnvPath = match.Pattern("\\$\\(go env GOPATH\\)|`go env GOPATH`")

// expand fills variables into a word of the command; known is false if something
// in it is not known.
func (g *goCall) expand(word string) (out string, known bool) {
	word = goEnvPath().ReplaceAllString(strings.Trim(word, `"`), "$${GOPATH}")
	if strings.Contains(word, "$(") || strings.Contains(word, "`") {
		return "", false
	}
	for _, name := range graph.VariablesIn(word, '\\') {
		if _, ok := g.Env.Lookup(name); !ok || g.Script.Sets(name) {
			return "", false
		}
	}
	return g.Env.Expand(word, '\\'), true
}

// helpers decides whether xx-go is called.
func (g *goCall) helpers() bool {
	switch g.Opt.Helpers {
	case verdict.HelpersAlways:
		return true
	case verdict.HelpersNever:
		return false
	}
	return verdict.NeedsGoarm(g.Opt) || len(g.Opt.Variants("amd64")) > 0
}
