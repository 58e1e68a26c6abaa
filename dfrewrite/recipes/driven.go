package recipes

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// Much Go is built through another program, whose commands stand in a file of the build context: make and its Makefile, a
// script, just, task. They are judged as if they stood in a Dockerfile of their own. If all that is built for the target is
// Go without C, the target's variables in front of the call do for everything behind it.

// errNoDrivenFile says that the build context does not hold the file, or not for certain.
var errNoDrivenFile = errors.New("the file is not in the build context")

// errStartsBuilt says that the file may start what the stage has built for the target.
var errStartsBuilt = errors.New("it may run a program that was built for the target platform")

// A drivenBuild is what a file of the build context makes its program run.
type drivenBuild struct {
	file  string   // what is read, "Makefile"
	lines []string // for the shell, one call of it each
	// exports are the variables that the file itself puts into the environment.
	exports map[string]value
	// review is what has to be read before the change is made; empty if it is only that nothing was tried.
	review string
}

// judgeFile decides on the call of a program that reads a file of its own. tells are the options with which it only says something.
func (c *call) judgeFile(file string, tells map[string]bool, read func() (drivenBuild, error)) (Step, bool) {
	if len(c.args) == 1 && tells[c.args[0].Lit] {
		return Step{Reason: "says something about itself or its " + file}, true
	}
	if c.opt.Context == nil {
		return Step{}, false
	}
	d, err := read()
	switch {
	case errors.Is(err, errNoDrivenFile):
		return Step{}, false
	case err != nil:
		return c.blockDriven(": %s", err), true
	}
	return c.judgeDriven(d), true
}

// judgeDriven decides on the call of such a program.
func (c *call) judgeDriven(d drivenBuild) Step {
	plan, err := c.planDriven(d)
	if errors.Is(err, errStartsBuilt) {
		return c.mayRunBuilt(err)
	}
	if err != nil {
		return c.blockDriven(": %s", err)
	}
	return c.judgePlan(d, plan)
}

func (c *call) blockDriven(format string, args ...any) Step {
	way := "call go build in the Dockerfile, or convert the stage by hand"
	if !c.mayBuildGo() {
		way = "call in the Dockerfile what " + c.name + " runs, or convert the stage by hand"
	}
	return Step{Verdict: Block, Compiles: true, Reason: c.text() + fmt.Sprintf(format, args...), Way: way}
}

// mayBuildGo reports whether the image or the build context is one for Go. What is said about Go would else only mislead.
func (c *call) mayBuildGo() bool {
	return graph.OfficialGo(c.stage.Root().Image) || c.opt.Context != nil && c.opt.Context.goSource().found
}

// judgePlan decides on the call whose commands have been judged.
func (c *call) judgePlan(d drivenBuild, plan *Plan) Step {
	block := func(format string, args ...any) Step { return c.blockDriven(format, args...) }
	if file := c.movesHostFile(plan); file != "" {
		return block(" may move %s, which was made for the machine that builds", file)
	}
	if step, ok := c.onBuilder(d, plan); ok {
		return step
	}
	out := Step{Verdict: Convert, Compiles: true, Reason: fmt.Sprintf("its %s builds with go, which takes GOOS and GOARCH from the environment", d.file),
		Review: d.review}
	if out.Review == "" {
		out.Review = fmt.Sprintf("what %s runs was read in the %s, and not tried", c.name, d.file)
	}
	front := []string{"GOOS=$TARGETOS", "GOARCH=$TARGETARCH"}
	builds := false
	for _, s := range plan.Steps {
		if s.Recipe == "downloads" || s.Recipe == "plain" { // what go makes for itself is looked at below
			out.HostWrites = append(out.HostWrites, s.HostWrites...)
		}
		line := strings.TrimSpace(string(s.In.Doc.Src[s.Span.Start:s.Span.End]))
		line = strings.TrimSuffix(strings.TrimPrefix(line, commandsBegin+"\n"), "\n"+commandsEnd)
		switch {
		case s.Verdict == Block && s.Recipe == "rust" && c.opt.Helpers != HelpersNever:
			return block(" runs `%s`, which would have to be xx-cargo", line)
		case s.Verdict == Block:
			return block(" runs `%s`: %s", line, s.Reason)
		case s.Recipe == "downloads" && slices.ContainsFunc(s.HostWrites, c.amongSource):
			return block(" runs `%s`, which puts something that is for the machine that builds beside the source", line)
		case s.CompilesOnHost && !goVet().MatchString(line):
			return block(" runs `%s` for the build platform, beside what it builds for the target", line)
		case s.Recipe == "go" && s.Verdict == Convert:
			builds = true
			for _, e := range s.Edits {
				if e.Span.Len() > 0 || strings.Trim(setsOnly().ReplaceAllString(e.New, ""), " ") != "" {
					return block(" runs `%s`, which has to be written in another way", line)
				}
				for _, assign := range strings.Fields(e.New) {
					if !slices.Contains(front, assign) {
						front = append(front, assign)
					}
				}
			}
			out.Writes = append(out.Writes, s.Writes...)
			if s.Review != "" {
				out.Review = s.Review + "; " + out.Review
			}
		case s.Verdict == Convert:
			return block(" runs `%s`, which has to be written in another way", line)
		}
	}
	if !builds && !c.mayBuildGo() {
		return block(": nothing is seen in what it runs that could be told the target")
	}
	if !builds {
		return block(": no go build is seen in what it runs")
	}
	if !holdsModules(c.opt.Context, c.stage.Graph) {
		return block(": the Go module is not in the build context")
	}
	if hides, ok := c.hidesTarget(); ok {
		return hides
	}
	if cmd := undoesTarget(plan, front, c.opt.onlyLinux()); cmd != "" {
		return block(" runs `%s`, which takes the place of what the environment says of the target", cmd)
	}
	slices.SortStableFunc(front, func(a, b string) int { return rank(a) - rank(b) })
	front = slices.DeleteFunc(front, func(a string) bool {
		name, _, _ := strings.Cut(a, "=")
		v := c.lookup(name)
		return v.follows() || name == "GOOS" && v.fixed && v.text == "linux" && c.opt.onlyLinux()
	})
	for _, a := range front {
		name, _, _ := strings.Cut(a, "=")
		if v := c.lookup(name); v.set && v.text != "" && v.text != "0" {
			return block(": %s is set to %s %s", name, v.text, v.where)
		}
		out.Args = append(out.Args, argsIn(a)...)
	}
	if len(front) > 0 {
		out.Edits = []dockerfile.Edit{{Span: c.frontAt(), New: strings.Join(front, " ") + " "}}
	}
	return out
}

// goVet matches go vet, which looks at the code for the target as well and runs nothing of it.
var goVet = pattern(`^go vet( |$)`)

// onBuilder is the verdict where all that is run is for the stage itself, or the same everywhere: modules and tools are fetched,
// tests run. No variable goes in front of that. ok is false if something of it builds for the target, or for nobody knows
// what.
func (c *call) onBuilder(d drivenBuild, plan *Plan) (step Step, ok bool) {
	step.Reason = fmt.Sprintf("what it runs of its %s is for the stage itself, or the same everywhere", d.file)
	for _, s := range plan.Steps {
		if !isDriven(s.In) {
			continue // it says what the stage has
		}
		same := !s.Compiles && !s.CompilesOnHost && s.builder == nil && len(s.HostWrites) == 0
		if s.Verdict != Neutral || s.install != nil || len(s.removes)+len(s.Writes) > 0 || !same && s.Recipe != "go" {
			return Step{}, false
		}
		if same {
			continue
		}
		step.Compiles = step.Compiles || s.Compiles
		step.CompilesOnHost = step.CompilesOnHost || s.CompilesOnHost
		step.HostWrites = append(step.HostWrites, s.HostWrites...)
		if s.builder != nil {
			step.builder = &builder{text: shorten(c.text()), way: s.builder.way, call: c}
		}
		step.Review = fmt.Sprintf("what %s runs was read in the %s, and not tried", c.name, d.file)
	}
	// The lines were read as they are with the target's variables, which here are not in front.
	if slices.ContainsFunc(d.lines, targetReference().MatchString) {
		return c.blockDriven(" uses the names of the target without a go build, for which alone the environment would say them"), true
	}
	return step, len(d.lines) > 0
}

// movesHostFile returns what an earlier step of the stage made for the machine that builds, if the commands of the plan,
// which know nothing of that step, copy files and name it or its folder.
func (c *call) movesHostFile(plan *Plan) string {
	for _, s := range plan.Steps {
		line := string(s.In.Doc.Src[s.Span.Start:s.Span.End])
		program, _, _ := strings.Cut(line, " ")
		if !copiers[path.Base(program)] && program != "tar" {
			continue
		}
		for _, earlier := range c.plan.writers {
			for _, file := range earlier.HostWrites {
				if strings.Contains(line, path.Base(file)) || strings.Contains(line, path.Base(path.Dir(file))) {
					return file
				}
			}
		}
	}
	return ""
}

// setsOnly matches what a conversion of go build puts in front of it, and the environment can say.
var setsOnly = pattern(`(CGO_ENABLED=0|GOOS=\$TARGETOS|GOARCH=\$TARGETARCH|GOARM=\$\{TARGETVARIANT#v\}|GOAMD64=\$TARGETVARIANT)( |$)`)

// rank brings variables into the order in which people write them.
func rank(assign string) int {
	name, _, _ := strings.Cut(assign, "=")
	return slices.Index([]string{"CGO_ENABLED", "GOOS", "GOARCH", "GOARM", "GOAMD64"}, name)
}

// planDriven judges the lines of a file in a stage like the call's.
func (c *call) planDriven(d drivenBuild) (*Plan, error) {
	image, err := c.knownImage()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "FROM %s\nARG TARGETOS TARGETARCH TARGETVARIANT\n", image)
	if c.dir != "" {
		fmt.Fprintf(&b, "WORKDIR %s\n", c.dir)
	}
	for _, name := range []string{"CGO_ENABLED", "GOFLAGS", "GOPATH", "GOBIN", "CC"} {
		v := c.lookup(name)
		if exported, ok := d.exports[name]; ok {
			v = exported
		}
		if !v.set {
			continue
		}
		if !v.fixed || strings.ContainsAny(v.text, "\"\\\n") {
			return nil, fmt.Errorf("%s is %s, which is not known", name, v.text)
		}
		fmt.Fprintf(&b, "ENV %s=\"%s\"\n", name, v.text)
	}
	if hasCCompiler(c.stage) {
		b.WriteString("RUN apk add gcc\n")
	}
	if lib := c.linkedLibrary(); lib != "" {
		fmt.Fprintf(&b, "RUN apk add %s\n", lib)
	}
	opt := *c.opt
	opt.Helpers = HelpersNever // a variable of the environment is all that reaches go
	plan, err := c.file.judgeLines(b.String(), d.lines, &opt)
	if err == nil {
		if program := c.startsBuilt(plan); program != "" {
			return nil, fmt.Errorf("%w, %s", errStartsBuilt, program)
		}
	}
	return plan, err
}

func (c *call) mayRunBuilt(err error) Step {
	return Step{Verdict: Block, Reason: fmt.Sprintf("%s: %s", c.text(), err), Way: "build its tools in a stage of their own with --platform=$BUILDPLATFORM"}
}

// startsBuilt returns a program that the stage has built for the target and a command of the plan may start by its name, or "".
func (c *call) startsBuilt(plan *Plan) string {
	for _, in := range plan.Stage.Body {
		if _, ok := in.Command.(*instructions.RunCommand); !ok {
			continue
		}
		script := plan.Stage.Graph.Script(in)
		for i, cmd := range script.Commands {
			inner := &site{Command: cmd, stage: plan.Stage, run: in, script: script, index: i, env: plan.Stage.Graph.EnvAt(in)}
			inner.unwrap()
			prefix := inner.name
			switch {
			case prefix == "":
				continue
			case prefix == "protoc" || prefix == "buf":
				prefix = "protoc-gen-"
			case prefix == "go" && len(inner.args) > 0 && inner.args[0].Lit == "generate":
				prefix = ""
			}
			if program := c.builtOnPath(prefix); program != "" && (prefix != inner.name || path.Base(program) == prefix) {
				return program
			}
		}
	}
	return ""
}

// knownImage returns the image that the stage is based on, for a Dockerfile that is made up.
func (c *call) knownImage() (string, error) {
	image := c.stage.Root().Image
	if image == "" || strings.ContainsAny(image, "$ \t\n") {
		return "", errors.New("what the base image brings is not known")
	}
	return image, nil
}

// commandsBegin and commandsEnd are around the commands in each RUN that holds such.
const (
	commandsBegin = "RUN <<'" + commandsEnd + "'"
	commandsEnd   = "XX_LINE"
)

// isDriven tells such a RUN from those that say what the stage has.
func isDriven(in *dockerfile.Instruction) bool {
	return bytes.HasPrefix(in.Doc.Src[in.Span.Start:], []byte(commandsBegin))
}

// planCommands judges commands that stand elsewhere, one call of the shell a line, as if they stood in a Dockerfile with
// this head.
func planCommands(head string, lines []string, opt *Options) (*Plan, error) {
	var b strings.Builder
	b.WriteString(head)
	for _, line := range lines {
		if strings.Contains(line, "\r") || strings.Contains(line, commandsEnd) {
			return nil, fmt.Errorf("what `%s` does cannot be seen", line)
		}
		fmt.Fprintf(&b, "%s\n%s\n%s\n", commandsBegin, line, commandsEnd)
	}
	doc, err := dockerfile.Parse("Makefile", []byte(b.String()))
	if err != nil {
		return nil, fmt.Errorf("what it runs cannot be seen: %w", err)
	}
	return NewPlanner(opt).Plan(graph.New(doc).Stages[0]), nil
}

// steersGo reports whether a variable that a file puts into the environment changes what go builds, in a way that is not
// judged with the lines.
func steersGo(name string) bool {
	return name != "CGO_ENABLED" && !aboutModules[name] && !slices.Contains(goTarget, name) && (strings.HasPrefix(name, "GO") || strings.HasPrefix(name, "CGO_"))
}

// aboutModules are the variables that say where modules come from and how they are checked, the same for every target
// (`go help environment`).
var aboutModules = set("GO111MODULE GOPROXY GOPRIVATE GONOPROXY GOSUMDB GONOSUMDB GOINSECURE GOVCS GOAUTH GOMODCACHE GOCACHE")

// An envState says what is known of an environment variable.
type envState int

const (
	envUnset envState = iota
	envSet
	envMayBe  // a build argument without a default, or what every container has
	envUnseen // something that the shell has to find out
)

// drivenEnv is the environment of such a program as it will be.
func (c *call) drivenEnv(name string) (string, envState) {
	switch name {
	case "GOOS", "GOARCH":
		return "$TARGET" + name[2:], envSet
	}
	switch v := c.lookup(name); {
	case v.set && (strings.Contains(v.text, "$(") || strings.Contains(v.text, "`")):
		return v.text, envUnseen
	case v.set:
		return v.text, envSet
	case v.fromArg, name == "PATH", name == "HOME":
		return "", envMayBe
	}
	return "", envUnset
}

// ownGOARCH says what has to be read where a file has a default for GOARCH that the target's takes the place of.
func ownGOARCH(arch, file string) string {
	return fmt.Sprintf("GOARCH was %s by default in the %s, which looks like a mistake", arch, file)
}

// What a program puts into a line, of which only the shell knows what it is, stands between these until the line is
// complete.
const shellBegins, shellEnds = "\x01", "\x02"

// maxFromShell limits how much of a line the shell has to find out.
const maxFromShell = 1000

// fromShell returns what stands for the output of a command in a line. go says of the target what its environment does.
func fromShell(script string) string {
	switch strings.TrimSpace(script) {
	case "go env GOOS":
		return "$TARGETOS"
	case "go env GOARCH":
		return "$TARGETARCH"
	}
	return shellBegins + script + shellEnds
}

// shellLine returns a line with $(…) for what the shell has to find out. The program would have put text into it, also
// between single quotes, where the shell itself would not look: there they are closed and opened again.
func shellLine(line string) string {
	if strings.Count(line, shellBegins) > maxFromShell {
		return "(" // which no shell runs: so many stand there only to take time
	}
	var b strings.Builder
	var outer []byte // the quotes around each bracket that is open
	quote := byte(0) // those that are open in it
	for i := 0; i < len(line); i++ {
		switch ch := line[i]; {
		case ch == shellBegins[0]:
			n := shellText(line[i:])
			open, shut := "$(", ")"
			if quote == '\'' {
				open, shut = `'"$(`, `)"'`
			}
			b.WriteString(open + shellLine(line[i+1:i+n-1]) + shut)
			i += n - 1
			continue
		case ch == '\\' && quote != '\'' && i+1 < len(line) && line[i+1] != shellBegins[0]:
			b.WriteByte(ch)
			i++
		case quote != '\'' && strings.HasPrefix(line[i:], "$("):
			b.WriteByte(ch)
			i++
			outer, quote = append(outer, quote), 0
		case quote == 0 && ch == '(' && len(outer) > 0:
			outer = append(outer, 0)
		case quote == 0 && ch == ')' && len(outer) > 0:
			last := len(outer) - 1
			quote, outer = outer[last], outer[:last]
		case quote == 0 && (ch == '\'' || ch == '"'):
			quote = ch
		case ch == quote:
			quote = 0
		}
		b.WriteByte(line[i])
	}
	return b.String()
}

// shellText returns how long what begins with shellBegins is.
func shellText(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case shellBegins[0]:
			depth++
		case shellEnds[0]:
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s) + 1
}

// An exported variable is one that a file puts into the environment of its lines.
type exported struct{ name, line string }

// exportOf returns what puts a variable into the environment of the rest of a line.
func exportOf(name, text string) (exported, error) {
	if !strings.ContainsAny(text, "$"+shellBegins) {
		return exported{name, fmt.Sprintf("export %s='%s'; ", name, strings.ReplaceAll(text, "'", `'\''`))}, nil
	}
	for i := 0; i < len(text); i++ {
		if text[i] == shellBegins[0] {
			i += shellText(text[i:]) - 1
		} else if strings.IndexByte("\"\\`", text[i]) >= 0 {
			return exported{}, fmt.Errorf("%s is %s, which is not known", name, shellLine(text))
		}
	}
	return exported{name, fmt.Sprintf(`export %s="%s"; `, name, text)}, nil
}

// exporting returns what goes in front of a line: the variables that it asks for, and those about C, for which go asks.
// Whatever else a line runs and may look at its environment is refused anyway, or the same on every platform.
func exporting(vars []exported, line string) string {
	var b strings.Builder
	for _, v := range vars {
		if v.name == "CGO_ENABLED" || v.name == "CC" || strings.Contains(line, "$"+v.name) || strings.Contains(line, "${"+v.name) {
			b.WriteString(v.line)
		}
	}
	return b.String()
}
