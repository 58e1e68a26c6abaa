package recipes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
)

// Go cross-compiles by itself: GOOS and GOARCH say for what. Two things need
// care. Go uses cgo by default when it builds natively and there is a C
// compiler, and not when it cross-compiles, so what the native build did has to
// be written down. And `go install` puts a cross-compiled program elsewhere.
// The facts are those of `go help build`, `go help install` and cmd/cgo.

// goFlagsWithValue are the build flags that take a value in the next word.
var goFlagsWithValue = set(`-C -o -p -asmflags -buildmode -compiler -covermode -coverpkg -gccgoflags -gcflags
	-installsuffix -ldflags -mod -modfile -overlay -pgo -pkgdir -tags -toolexec`)

// A goCall is a go command taken apart.
type goCall struct {
	*call
	sub      *shell.Word // build, install, …
	flags    map[string]string
	packages []shell.Word
	// headEnd is where flags can be put: behind the subcommand, and behind -C,
	// which has to be the first flag.
	headEnd int
}

func judgeGo(c *call) (Step, bool) {
	if c.name == "xx-go" {
		step := c.helper()
		step.Compiles, step.Crosses = true, true
		g := parseGo(c)
		if g.sub != nil && (g.sub.Lit == "build" || g.sub.Lit == "install") {
			step.Writes = g.outputs()
		}
		return step, true
	}
	if c.name != "go" {
		return Step{}, false
	}
	g := parseGo(c)
	if g.sub == nil {
		return Step{Reason: "prints help"}, true
	}
	if !g.sub.Const {
		return Step{Verdict: Block, Reason: fmt.Sprintf("which go command %s is cannot be known", g.sub.Raw), Way: "write the command out"}, true
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
	case "run", "generate", "tool":
		if tool := g.builtOnPath(""); tool != "" && g.sub.Lit == "generate" {
			return g.mayRun(tool), true
		}
		return g.judgeOnHost("runs on the build platform"), true
	case "env":
		for _, w := range g.packages {
			if c.Substituted && set("GOARCH GOHOSTARCH GOOS GOARM GOAMD64")[w.Lit] {
				return Step{Verdict: Block, Reason: c.text() + " gives the build machine's value in a stage on $BUILDPLATFORM",
					Way: "use $TARGETARCH or $TARGETOS"}, true
			}
		}
		step := c.printsMachine()
		if step.Verdict == Neutral {
			step.Reason = "prints settings"
		}
		return step, true
	case "vet":
		return Step{Reason: "does the same on every platform", CompilesOnHost: true}, true
	case "version":
		step := Step{Reason: "does the same on every platform"}
		if len(g.packages) == 0 && (c.Substituted && !pipedOn().Match(c.run.Doc.Src[c.Span.End:c.run.Span.End]) || len(c.Redirects) > 0) {
			step.Review = "go version names the platform that it runs on, which is the build platform then"
		}
		return step, true
	case "mod", "work", "get", "fmt", "list", "clean", "doc", "help", "fix", "telemetry", "bug":
		return Step{Reason: "does the same on every platform"}, true
	}
	return Step{Verdict: Block, Reason: fmt.Sprintf("there is no go command %q", g.sub.Lit), Way: "check the spelling"}, true
}

// pipedOn matches what takes a part of the output: mostly that is the version.
var pipedOn = pattern(`^\s*(?:\\\r?\n\s*)?\|`)

func parseGo(c *call) *goCall {
	g := &goCall{call: c, flags: map[string]string{}}
	for i := 0; i < len(c.args); i++ {
		w := c.args[i]
		text := w.Raw
		if w.Const {
			text = w.Lit
		} else if strings.HasPrefix(text, `"-`) {
			text = text[1 : len(text)-1] // quoted with its name, "-ldflags=-X main.v=$V"
		}
		if !strings.HasPrefix(text, "-") || len(g.packages) > 0 {
			if g.sub == nil {
				g.sub = &c.args[i]
				g.headEnd = w.Span.End
			} else {
				g.packages = append(g.packages, w)
			}
			continue
		}
		name, val, glued := strings.Cut(text, "=")
		name = "-" + strings.TrimLeft(name, "-")
		if !glued && goFlagsWithValue[name] && i+1 < len(c.args) {
			i++
			val = c.args[i].Raw
			if c.args[i].Const {
				val = c.args[i].Lit
			}
		}
		g.flags[name] = val
		if name == "-C" {
			moved := *c
			moved.dir = moved.abs(c.env.Expand(val, '\\'))
			g.call = &moved
			g.headEnd = c.args[i].Span.End
		}
	}
	return g
}

// judgeOnHost is for commands that run what they compile: they must not see
// another platform in GOOS or GOARCH.
func (g *goCall) judgeOnHost(reason string) Step {
	for _, name := range []string{"GOOS", "GOARCH"} {
		if v := g.lookup(name); v.set && !(name == "GOOS" && v.fixed && v.text == "linux") {
			return Step{Verdict: Block, Compiles: true,
				Reason: fmt.Sprintf("go %s runs what it compiles, but %s is set to %s %s", g.sub.Lit, name, v.text, v.where),
				Way:    fmt.Sprintf("set %s in front of go build only", name)}
		}
	}
	built := g.mayBuild()
	return Step{Reason: reason, Compiles: g.sub.Lit != "tool" || built != nil, CompilesOnHost: true, builder: built}
}

// judgeInstall turns an install of local packages into a build that puts the
// programs where a native install does.
func (g *goCall) judgeInstall() Step {
	bin := g.binDir()
	for _, w := range g.packages {
		if name, _, ok := strings.Cut(w.Raw, "@"); ok {
			step := g.judgeOnHost("installs a tool for the stage itself")
			step.HostWrites = []string{path.Join(g.toolDir(), programName(name))}
			return step
		}
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
		return blockBuild("install programs and libraries with commands of their own", "which packages of other modules are programs cannot be seen")
	case installsLibraries:
		step := g.judgeBuild()
		if step.Verdict != Convert {
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
		return Step{Verdict: Block, Compiles: true, Reason: "where go install puts the program is not known: the base image is not the official golang, and neither GOBIN nor GOPATH is set",
			Way: "use go build -o"}
	}
	step := g.judgeBuild()
	if step.Verdict == Convert && buildsNoFolder(g.stage.Root().Image) {
		return Step{Verdict: Block, Compiles: true, Writes: step.Writes,
			Reason: "go install puts a cross-compiled program elsewhere, and go build -o takes no folder before Go 1.13",
			Way:    "use go build -o, or a newer Go"}
	}
	if step.Verdict == Convert {
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

// binDir is where go install puts programs; empty if that is not known.
func (g *goCall) binDir() string {
	if v := g.lookup("GOBIN"); v.set && v.text != "" {
		if v.fixed {
			return v.text
		}
		return ""
	}
	if v := g.lookup("GOPATH"); v.set && v.text != "" {
		if v.fixed && !strings.Contains(v.text, ":") {
			return path.Join(v.text, "bin")
		}
		return ""
	}
	return ""
}

// toolDir is where go install puts what is for the stage itself: with neither GOBIN nor GOPATH that is below the home of the user
// (go help gopath), which images have where useradd makes it.
func (g *goCall) toolDir() string {
	if bin := g.binDir(); bin != "" {
		return bin
	}
	if v := g.lookup("HOME"); v.set && v.fixed && v.text != "" {
		return path.Join(v.text, "go/bin")
	}
	if user := userAt(g.stage, g.run); user != "" {
		user, _, _ = strings.Cut(user, ":")
		return path.Join("/home", user, "go/bin")
	}
	return "/root/go/bin"
}

// alpineGo recognizes the Alpine variants of the golang image, which come
// without a C compiler.
func alpineGo(image string) bool {
	return graph.OfficialGo(image) && strings.Contains(imageTag(image), "alpine")
}

// imageTag returns the tag of an image's name.
func imageTag(image string) string {
	name, _, _ := strings.Cut(image, "@")
	_, tag, _ := strings.Cut(path.Base(name), ":")
	return tag
}

var oldGo = pattern(`^1\.([0-9]|1[0-2])\b`)

// buildsNoFolder recognizes golang images before 1.13, the first release in
// which `go build -o` takes a folder (its release notes).
func buildsNoFolder(image string) bool {
	return graph.OfficialGo(image) && oldGo().MatchString(imageTag(image))
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
		if g.dir == "" {
			return nil
		}
		return []string{strings.TrimSuffix(g.dir, "/") + "/"}
	case out == "/dev/null":
		return nil
	}
	abs := g.abs(out)
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
func (g *goCall) judgeBuild() Step {
	step := Step{Verdict: Convert, Compiles: true, Reason: "cross-compiles with GOOS and GOARCH", Writes: g.outputs()}
	block := func(way, format string, args ...any) Step {
		return Step{Verdict: Block, Compiles: true, Reason: fmt.Sprintf(format, args...), Way: way, Writes: step.Writes}
	}

	goos, goarch := g.lookup("GOOS"), g.lookup("GOARCH")
	if goos.set && goos.fixed && goos.text != "" && goos.text != "linux" && goarch.fixed && goarch.text != "" {
		return Step{Compiles: true, Reason: fmt.Sprintf("builds for %s/%s, whatever the image is for", goos.text, goarch.text)}
	}
	for _, name := range []string{"GOOS", "GOARCH"} {
		v := g.lookup(name)
		if v.set && !v.fixed && !v.follows() {
			return block("set it from $TARGETOS or $TARGETARCH", "%s is %s, set %s; what that is on another machine is not known", name, v.text, v.where)
		}
	}
	if hides, ok := g.hidesTarget(); ok {
		hides.Writes = step.Writes
		return hides
	}
	if g.has("-toolexec") {
		return block("leave -toolexec out, or do that in a build of its own", "-toolexec runs a program for every package")
	}

	cgo := g.cgo()
	if cgo.block != "" {
		return block("build with xx-go and a C compiler for the target (xx-clang)", "%s", cgo.block)
	}
	if cgo.used {
		if g.opt.Helpers == HelpersNever {
			return block("let the rewrite use helpers, or build with a C compiler for the target", "%s, which needs a C compiler for the target", cgo.why)
		}
		if program := g.Words[0].Lit; strings.Contains(program, "/") && !path.IsAbs(program) {
			return block("name it by an absolute path, or put its folder on PATH", "%s is a go that xx-go may not find", program)
		}
		if why, way := g.forBuilderOnly(); why != "" {
			return block(way, "%s", why)
		}
		step.NeedsC, step.NeedsCxx, step.strips = true, cgo.cxx, true
	}
	if mode := g.buildMode(); mode == "pie" && !cgo.used {
		for _, p := range g.opt.Platforms {
			if arch := strings.Split(p, "/")[1]; !linksPIE[arch] {
				return block("leave -buildmode=pie out, or build with xx-go and a C compiler for the target (xx-clang)", "-buildmode=pie needs a C linker for %s", p)
			}
		}
	}
	step.Review = cgo.review
	step.Crosses = goarch.follows()
	g.edits(&step, goos, goarch, cgo)
	return step
}

// edits sets the target's variables in front of the command.
func (g *goCall) edits(step *Step, goos, goarch value, cgo cgoUse) {
	var front []string
	if cgo.write != "" {
		front = append(front, "CGO_ENABLED="+cgo.write)
	}
	constant := func(name string, v value) {
		switch {
		case v.follows(): // it is the target's, as xx-go has it
		case v.set && v.fixed && v.text != "" && v.fromArg:
			step.Review = fmt.Sprintf("%s comes from a build argument with the default %s, which is not looked at any more", name, v.text)
		case v.set && v.fixed && v.text != "":
			step.Review = fmt.Sprintf("%s=%s was the same for every platform, which looks like a mistake", name, v.text)
		case v.fromArg:
			step.Review = fmt.Sprintf("%s is a build argument, which is not looked at any more", name)
		}
	}
	if cgo.used || g.helpers() {
		step.Helper = true
		step.Args = []string{"TARGETPLATFORM"}
		step.Reason = "cross-compiles with xx-go"
		// xx-go leaves variables alone that are set.
		for _, name := range []string{"GOOS", "GOARCH"} {
			v := g.lookup(name)
			switch {
			case name == "GOOS" && (v.text == "" || v.text == "linux" && g.opt.onlyLinux()):
			case v.assign != nil && v.assign.Span.Len() > 0 && !g.viaEnv(v):
				constant(name, v)
				step.Edits = append(step.Edits, dockerfile.Edit{Span: g.withBlanks(v.assign.Span)})
			case v.set && v.fixed && v.text != "":
				constant(name, v)
				front = append(front, name+"=")
			}
		}
		step.Edits = append(step.Edits, dockerfile.Edit{Span: g.Words[0].Span, New: "xx-go"})
		if dir := path.Dir(g.Words[0].Lit); dir != "." && !g.onPath(dir) {
			front = append(front, "PATH="+dir+":$PATH") // where xx-go looks for go
		}
		g.putInFront(step, front)
		g.verifies(step)
		return
	}

	set := func(name, val, arg string, v value) {
		switch {
		case v.follows():
			step.Args = append(step.Args, argsIn(v.text)...)
			return
		case v.assign != nil:
			constant(name, v)
			step.Edits = append(step.Edits, dockerfile.Edit{Span: v.assign.Value.Span, New: val})
		default:
			constant(name, v)
			front = append(front, name+"="+val)
		}
		step.Args = append(step.Args, arg)
	}
	if !(goos.fixed && goos.text == "linux" && g.opt.onlyLinux()) {
		set("GOOS", "$TARGETOS", "TARGETOS", goos)
	}
	if goarch.assign == nil && !goarch.follows() && goos.assign != nil && len(front) == 0 {
		// GOOS=linux stands there: GOARCH goes beside it.
		constant("GOARCH", goarch)
		at := goos.assign.Span.End
		step.Edits = append(step.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: at, End: at}, New: " GOARCH=$TARGETARCH"})
		step.Args = append(step.Args, "TARGETARCH")
	} else {
		set("GOARCH", "$TARGETARCH", "TARGETARCH", goarch)
	}
	if needsGoarm(g.opt) && !g.lookup("GOARM").follows() {
		set("GOARM", "${TARGETVARIANT#v}", "TARGETVARIANT", g.lookup("GOARM"))
	}
	if len(g.opt.variants("amd64")) > 0 && !g.lookup("GOAMD64").follows() {
		set("GOAMD64", "$TARGETVARIANT", "TARGETVARIANT", g.lookup("GOAMD64"))
	}
	g.putInFront(step, front)
}

// onPath reports whether programs in a folder are found by their name.
func (g *goCall) onPath(dir string) bool {
	if slices.Contains([]string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}, dir) {
		return true
	}
	if image := g.stage.Root().Image; graph.OfficialGo(image) && dir == "/usr/local/go/bin" {
		return true
	}
	return slices.Contains(strings.Split(g.lookup("PATH").text, ":"), dir)
}

// putInFront adds assignments in front of the command.
func (g *goCall) putInFront(step *Step, front []string) {
	if len(front) > 0 {
		step.Edits = append(step.Edits, dockerfile.Edit{Span: g.frontAt(), New: strings.Join(front, " ") + " "})
	}
}

// viaEnv says that the assignment is an argument of the env program.
func (g *goCall) viaEnv(v value) bool {
	first := g.script.Commands[g.index]
	return len(first.Assigns) == 0 || v.assign.Span.Start > first.Assigns[len(first.Assigns)-1].Span.Start
}

// withBlanks widens a span by the blanks behind it, so that nothing is left of a
// word that goes away.
func (g *goCall) withBlanks(s dockerfile.Span) dockerfile.Span {
	for s.End < len(g.run.Doc.Src) && (g.run.Doc.Src[s.End] == ' ' || g.run.Doc.Src[s.End] == '\t') {
		s.End++
	}
	return s
}

// has reports whether a flag is given, to the command or in GOFLAGS.
func (g *goCall) has(flag string) bool {
	if _, ok := g.flags[flag]; ok {
		return true
	}
	for _, f := range strings.Fields(g.lookup("GOFLAGS").text) {
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
	for _, f := range strings.Fields(g.lookup("GOFLAGS").text) {
		if _, mode, ok := strings.Cut(f, "-buildmode="); ok {
			return mode
		}
	}
	return ""
}

// linksPIE are the architectures for which Go links position-independent
// programs on Linux without a C linker: internal/platform.InternalLinkPIESupported
// of Go 1.26.
var linksPIE = set("amd64 arm64 loong64 ppc64le")

// externalLink matches linker flags that call the C linker. (-extldflags alone
// does nothing without cgo.)
var externalLink = pattern(`(^|\s|['"=])--?linkmode[= ]['"]?external\b`)

func (g *goCall) linksExternally() bool {
	flags := g.flags["-ldflags"]
	if externalLink().MatchString(flags) || externalLink().MatchString(g.lookup("GOFLAGS").text) {
		return true
	}
	for _, name := range graph.VariablesIn(flags, '\\') {
		if v, ok := g.env.Lookup(name); ok && externalLink().MatchString(v.Value) ||
			g.script.Sets(name) && externalLink().Match(g.script.Text.Bytes) {
			return true
		}
	}
	return false
}

// goEnvPath is the common way to ask for GOPATH in a command.
var goEnvPath = pattern("\\$\\(go env GOPATH\\)|`go env GOPATH`")

// expand fills variables into a word of the command; known is false if something
// in it is not known.
func (g *goCall) expand(word string) (out string, known bool) {
	word = goEnvPath().ReplaceAllString(strings.Trim(word, `"`), "$${GOPATH}")
	if strings.Contains(word, "$(") || strings.Contains(word, "`") {
		return "", false
	}
	for _, name := range graph.VariablesIn(word, '\\') {
		if _, ok := g.env.Lookup(name); !ok || g.script.Sets(name) {
			return "", false
		}
	}
	return g.env.Expand(word, '\\'), true
}

// holdsModules reports whether the folder can be the build context: every go.mod that
// the file copies from the context is in it.
func holdsModules(ctx *Context, g *graph.Graph) bool {
	for _, s := range g.Stages {
		for _, in := range s.Body {
			c, ok := in.Command.(*instructions.CopyCommand)
			if !ok || c.From != "" {
				continue
			}
			for _, src := range c.SourcePaths {
				if path.Base(src) == "go.mod" && !strings.ContainsAny(src, "$*?[") && !ctx.has(src) {
					return false
				}
			}
		}
	}
	return true
}

// argsIn lists the automatic arguments that a value refers to.
func argsIn(text string) []string {
	var out []string
	for _, m := range targetReference().FindAllStringSubmatch(text, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// needsGoarm reports whether a target is an ARM that Go's default, v7, is wrong
// for. ${TARGETVARIANT#v} does no harm on other platforms: Go reads GOARM only
// for GOARCH=arm, and empty means the default.
func needsGoarm(o *Options) bool {
	return slices.ContainsFunc(o.variants("arm"), func(v string) bool { return v != "v7" && v != "v8" })
}

// helpers decides whether xx-go is called.
func (g *goCall) helpers() bool {
	switch g.opt.Helpers {
	case HelpersAlways:
		return true
	case HelpersNever:
		return false
	}
	return needsGoarm(g.opt) || len(g.opt.variants("amd64")) > 0
}

// A cgoUse says whether the native build uses cgo.
type cgoUse struct {
	// used says that it does, and why; cxx that there may be C++ in it.
	used bool
	why  string
	cxx  bool
	// write is the value of CGO_ENABLED that has to be written down, if any: a native
	// build would have it by default, and a cross build would not.
	write string
	// block is why the build cannot be converted.
	block string
	// review is why a person has to look at it.
	review string
}

// cgo finds out whether the native build uses cgo.
func (g *goCall) cgo() cgoUse {
	for _, f := range []string{"-race", "-msan", "-asan"} {
		if g.has(f) {
			return cgoUse{block: fmt.Sprintf("%s needs cgo", f)}
		}
	}
	mode := g.buildMode()
	if set("shared plugin")[mode] {
		return cgoUse{block: fmt.Sprintf("-buildmode=%s needs cgo", mode)}
	}
	on := cgoUse{used: true, cxx: g.maybeCxx()}
	needed := ""
	switch {
	case set("c-shared c-archive")[mode]:
		needed = fmt.Sprintf("-buildmode=%s needs cgo", mode)
	case g.linksExternally():
		needed = "-linkmode=external needs a C linker"
	}
	v := g.lookup("CGO_ENABLED")
	if v.set && v.text != "" {
		switch {
		case !v.fixed:
			return cgoUse{block: fmt.Sprintf("CGO_ENABLED is %s, set %s; whether the build uses cgo is not known", v.text, v.where)}
		case v.text == "0":
			return cgoUse{block: needed}
		}
		on.why = fmt.Sprintf("CGO_ENABLED=%s, set %s: the build uses cgo", v.text, v.where)
		return on
	}
	on.write = "1"
	compiler := !alpineGo(g.stage.Root().Image) || hasCCompiler(g.stage)
	if needed != "" {
		if !compiler {
			return cgoUse{block: needed}
		}
		on.why = needed
		return on
	}
	if !compiler {
		// Without a C compiler go builds without cgo, here and there.
		return cgoUse{}
	}
	guess := func(why string) cgoUse {
		if lib := g.linkedLibrary(); lib != "" {
			on.why = fmt.Sprintf("the stage installs %s, so the build uses cgo", lib)
			on.review = fmt.Sprintf("CGO_ENABLED=1 is a guess, since the stage installs %s", lib)
			return on
		}
		return cgoUse{write: "0", review: why + "; CGO_ENABLED=0 is a guess"}
	}
	if g.opt.Context == nil {
		return guess("whether the program needs cgo cannot be seen without the build context")
	}
	src := g.opt.Context.goSource()
	switch {
	case src.cgo != "":
		on.why = src.cgo + ": the build uses cgo"
		return on
	case !src.found || !holdsModules(g.opt.Context, g.stage.Graph):
		return guess("the Go module is not in the Dockerfile's folder, so whether the program needs cgo cannot be seen")
	case !src.complete:
		return cgoUse{write: "0", review: "the build context is too large to be read to the end; whether the program needs cgo is not certain"}
	case src.requires != "":
		// Packages of other modules may have C in them (gopacket/pcap, go-systemd/sdjournal), and nobody installs a
		// library for a program that links with none.
		if lib := g.linkedLibrary(); lib != "" {
			on.why = fmt.Sprintf("the stage installs %s, so the build uses cgo", lib)
			on.review = fmt.Sprintf("CGO_ENABLED=1 is a guess, since the stage installs %s and what the modules in %s need cannot be seen", lib, src.requires)
			return on
		}
	}
	return cgoUse{write: "0"}
}

// maybeCxx reports whether there may be C++ in what cgo compiles or links: where the image brings a
// C++ compiler nobody had to ask for one.
func (g *goCall) maybeCxx() bool {
	if image := g.stage.Root().Image; !graph.OfficialGo(image) || alpineGo(image) {
		return false // it is asked for with a package
	}
	if g.opt.Context == nil {
		return true
	}
	src := g.opt.Context.goSource()
	return !src.found || !src.complete || src.cxx || !holdsModules(g.opt.Context, g.stage.Graph)
}

// linkedLibrary returns a package with a library to link with, or headers, that the stage installs before the command.
// A library alone (zlib1g) is for a program that the stage runs.
func (c *call) linkedLibrary() string {
	return c.installed(func(p pkg) bool {
		return p.kind == libraryPackage && (librarySuffix().MatchString(p.name) || p.name == "linux-headers")
	})
}

// installed returns the first package of a kind that the stage, or one that it is based on, installs before the command; "" if
// there is none.
func (c *call) installed(sought func(pkg) bool) string {
	for _, p := range c.plan.chain() {
		for _, s := range p.Steps {
			if s.install == nil {
				continue
			}
			for _, pkg := range s.install.packages {
				if sought(pkg) {
					return pkg.name
				}
			}
		}
	}
	return ""
}

// cgoSettings are the variables with flags for cgo (cmd/cgo), and those of pkg-config.
var (
	cgoTools = []string{"CC", "CXX", "AR", "LD", "PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR"}
	cgoFlags = []string{"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS", "LIBRARY_PATH", "CPATH", "C_INCLUDE_PATH"}

	// builderFlag matches a folder of the build machine for the compiler or the linker, and a choice
	// of its processor; builderPath such a folder alone.
	builderFlag = pattern(`(^|[\s"'=,])(-[LIB]|-isystem|-Wl,-rpath[,=])\s*/(usr|lib|lib64|opt)\b|(^|[\s"'=])-m(arch|cpu|tune|fpu|32|64|sse|avx)|-fuse-ld=(gold|bfd)`)
	builderPath = pattern(`(^|[\s"':])/(usr|lib|lib64|opt)\b`)
)

// forBuilderOnly says what would make xx-go build C for the builder, or "".
func (g *goCall) forBuilderOnly() (why, way string) {
	for _, name := range cgoTools {
		if v := g.lookup(name); v.set && v.text != "" {
			return fmt.Sprintf("%s is set to %s %s, and xx-go leaves it alone", name, v.text, v.where), "leave it to xx-go, which sets it for the target"
		}
	}
	for _, name := range cgoFlags {
		v := g.lookup(name)
		switch {
		case v.set && !v.fixed:
			return fmt.Sprintf("%s is %s, set %s; whether that is for the builder cannot be seen", name, v.text, v.where), "convert the stage by hand"
		case builderFlag().MatchString(v.text) || builderPath().MatchString(v.text):
			return fmt.Sprintf("%s is set to %s %s, which is for the builder", name, v.text, v.where), "give paths and processors of the target, with xx-info"
		}
	}
	if flags := g.flags["-ldflags"]; builderFlag().MatchString(flags) {
		return "-ldflags has a path or a flag of the builder", "give paths and processors of the target, with xx-info"
	}
	if g.has("-compiler") {
		return "-compiler chooses another Go, for which there is no recipe", "convert the stage by hand"
	}
	return "", ""
}
