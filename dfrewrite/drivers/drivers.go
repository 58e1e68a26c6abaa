// Package drivers judges programs that run what a file of the build context says: make, a shell script,
// just, task, mage, goreleaser. A driver, in a package of its own below this one, reads such a file and
// yields its commands as a [Build]; [Judge] has them judged by the recipes as if they stood in a RUN.
//
// If all that is built for the target is Go without C, the target's variables in front of the call do for
// everything behind it.
package drivers

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/context/gosource"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Much Go is built through another program, whose commands stand in a file of the build context: make and its Makefile, a
// script, just, task. They are judged as if they stood in a Dockerfile of their own. If all that is built for the target is
// Go without C, the target's variables in front of the call do for everything behind it.

// ErrNoFile says that the build context does not hold the file, or not for certain.
var ErrNoFile = errors.New("the file is not in the build context")

// ErrStartsBuilt says that the file may start what the stage has built for the target.
var ErrStartsBuilt = errors.New("it may run a program that was built for the target platform")

// A Build is what a file of the build context makes its program run.
type Build struct {
	File  string         // what is read, "Makefile"
	Lines []verdict.Line // for the shell, one call of it each
	// Exports are the variables that the file itself puts into the environment.
	Exports map[string]facts.Setting
	// Review is what has to be read before the change is made; empty if it is only that nothing was tried.
	Review string
}

// JudgeFile decides on the call of a program that reads a file of its own. tells are the options with which it only says something.
func JudgeFile(c *verdict.Call, file string, tells map[string]bool, read func() (Build, error)) (verdict.Step, bool) {
	if len(c.Args) == 1 && tells[c.Args[0].Lit] {
		return verdict.Step{Reason: "says something about itself or its " + file}, true
	}
	if c.Opt.Context == nil {
		return verdict.Step{}, false
	}
	d, err := read()
	switch {
	case errors.Is(err, ErrNoFile):
		return verdict.Step{}, false
	case err != nil:
		return Refuse(c, ": %s", err), true
	}
	return Judge(c, d), true
}

// Judge decides on the call of such a program.
func Judge(c *verdict.Call, d Build) verdict.Step {
	plan, err := Plan(c, d)
	if errors.Is(err, ErrStartsBuilt) {
		return MayRunBuilt(c, err)
	}
	if err != nil {
		return Refuse(c, ": %s", err)
	}
	step := JudgeLedger(c, d, plan)
	step.Runs = plan
	return step
}

// Refuse blocks a call that may build Go, with a reason that goes on after the command itself.
func Refuse(c *verdict.Call, format string, args ...any) verdict.Step {
	way := "call go build in the Dockerfile, or convert the stage by hand"
	if !mayBuildGo(c) {
		way = "call in the Dockerfile what " + c.Program + " runs, or convert the stage by hand"
	}
	return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: inMessage(c.Source()) + fmt.Sprintf(format, args...), Way: way}
}

// inMessage is a command for a message: of a long one its beginning, which says what it is.
func inMessage(text string) string {
	const most = 100
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// mayBuildGo reports whether the image or the build context is one for Go. What is said about Go would else only mislead.
func mayBuildGo(c *verdict.Call) bool {
	return graph.OfficialGo(c.Stage.Root().Image) || c.Opt.Context != nil && gosource.Of(c.Opt.Context).Found
}

// Place says in brackets where the command of a step stands, for messages: " (Makefile:12)".
func Place(plan *verdict.Ledger, s *verdict.Step) string {
	if at, ok := plan.Where(s); ok && at.Given != "" {
		return " (" + at.String() + ", with " + at.Given + ")"
	} else if ok {
		return " (" + at.String() + ")"
	}
	return ""
}

// JudgeLedger decides on the call whose commands have been judged.
func JudgeLedger(c *verdict.Call, d Build, plan *verdict.Ledger) verdict.Step {
	block := func(format string, args ...any) verdict.Step {
		step := Refuse(c, format, args...)
		for _, s := range plan.Steps {
			if s.Recipe == "go" && s.Compiles {
				step.Writes = append(step.Writes, s.Writes...)
			}
		}
		return step
	}
	if file := movesHostFile(c, plan); file != "" {
		return block(" may move %s, which was made for the machine that builds", file)
	}
	if step, ok := OnBuilder(c, d, plan); ok {
		return step
	}
	out := verdict.Step{Verdict: verdict.Convert, Compiles: true, Reason: fmt.Sprintf("its %s builds with go, which takes GOOS and GOARCH from the environment", d.File),
		Review: d.Review}
	if out.Review == "" {
		out.Review = fmt.Sprintf("what %s runs was read in the %s, and not tried", c.Program, d.File)
	}
	if argument := c.CgoArgument(); argument != "" {
		out.Review = argument + "; " + out.Review
	}
	front := []string{"GOOS=$TARGETOS", "GOARCH=$TARGETARCH"}
	builds := false
	for _, s := range plan.Steps {
		if s.Recipe != "go" { // what go makes for itself is looked at below
			out.HostWrites = append(out.HostWrites, s.HostWrites...)
		}
		line := strings.TrimSpace(string(s.In.Doc.Src[s.Span.Start:s.Span.End]))
		line = strings.TrimSuffix(strings.TrimPrefix(line, CommandsBegin+"\n"), "\n"+CommandsEnd)
		at := Place(plan, &s)
		switch {
		case s.Verdict == verdict.Block && s.Recipe == "rust" && c.Opt.Helpers != verdict.HelpersNever:
			out = block(" runs `%s`%s, which would have to be xx-cargo", inMessage(line), at)
			out.Way = "call cargo in the Dockerfile, or convert the stage by hand"
			return out
		case s.Verdict == verdict.Block:
			out = block(" runs `%s`%s: %s", inMessage(line), at, s.Reason)
			if s.Recipe == "compilers" { // no Go
				out.Way = s.Way
			}
			return out
		case s.Recipe == "downloads" && slices.ContainsFunc(s.HostWrites, c.AmongSource):
			return block(" runs `%s`%s, which puts something that is for the machine that builds beside the source", inMessage(line), at)
		case s.CompilesOnHost && !goVet().MatchString(line):
			return block(" runs `%s`%s for the build platform, beside what it builds for the target", inMessage(line), at)
		case (s.Recipe == "go" || s.Runs != nil) && s.Verdict == verdict.Convert:
			builds = true
			for _, e := range s.Edits {
				if e.Span.Len() > 0 || strings.Trim(setsOnly().ReplaceAllString(e.New, ""), " ") != "" {
					return block(" runs `%s`%s, which has to be written in another way", inMessage(line), at)
				}
				for _, assign := range strings.Fields(e.New) {
					if !slices.Contains(front, assign) {
						front = append(front, assign)
					}
				}
			}
			out.Writes = append(out.Writes, s.Writes...)
			switch {
			case s.Review == "" || strings.Contains(out.Review, s.Review):
			case strings.Contains(s.Review, out.Review):
				out.Review = s.Review
			default:
				out.Review = s.Review + "; " + out.Review
			}
		case s.Verdict == verdict.Convert:
			return block(" runs `%s`%s, which has to be written in another way", inMessage(line), at)
		case s.Recipe == "go" && s.Review != "" && !strings.Contains(out.Review, s.Review):
			out.Review = s.Review + "; " + out.Review
		}
	}
	if !builds && !mayBuildGo(c) {
		return block(": nothing is seen in what it runs that could be told the target")
	}
	if !builds {
		return block(": no go build is seen in what it runs")
	}
	if !gosource.HoldsModules(c.Opt.Context, c.Stage.Graph) {
		return block(": the Go module is not in the build context")
	}
	if hides, ok := c.HidesTarget(); ok {
		return hides
	}
	if cmd := undoesTarget(plan, front, c.Opt.OnlyLinux()); cmd != "" {
		return block(" runs `%s`, which takes the place of what the environment says of the target", cmd)
	}
	slices.SortStableFunc(front, func(a, b string) int { return rank(a) - rank(b) })
	front = slices.DeleteFunc(front, func(a string) bool {
		name, _, _ := strings.Cut(a, "=")
		v := facts.Lookup(&c.Site, name)
		return v.Follows() || name == "GOOS" && v.Fixed && v.Text == "linux" && c.Opt.OnlyLinux()
	})
	for _, a := range front {
		name, _, _ := strings.Cut(a, "=")
		v := facts.Lookup(&c.Site, name)
		if v.Set && v.Text != "" && v.Text != "0" {
			return block(": %s is set to %s %s", name, v.Text, v.Where)
		}
		if v.Set && v.Text == "" && v.Assign != nil {
			return block(": %s is set to nothing %s", name, v.Where)
		}
		out.Needs.Args = append(out.Needs.Args, facts.ArgsIn(a)...)
	}
	if len(front) > 0 {
		out.Edits = []dockerfile.Edit{{Span: c.FrontAt(), New: strings.Join(front, " ") + " "}}
	}
	return out
}

// goVet matches go vet, which looks at the code for the target as well and runs nothing of it.
var goVet = match.Pattern(`^go vet( |$)`)

// OnBuilder is the verdict where all that is run is for the stage itself, or the same everywhere: modules and tools are fetched,
// tests run. No variable goes in front of that. ok is false if something of it builds for the target, or for nobody knows
// what.
func OnBuilder(c *verdict.Call, d Build, plan *verdict.Ledger) (step verdict.Step, ok bool) {
	step.Reason = fmt.Sprintf("what it runs of its %s is for the stage itself, or the same everywhere", d.File)
	var reviews []string
	for _, s := range plan.Steps {
		if !IsLine(s.In) {
			continue // it says what the stage has
		}
		same := !s.Compiles && !s.CompilesOnHost && s.Program == nil && len(s.HostWrites) == 0
		if s.Verdict != verdict.Neutral || s.Installs != nil || len(s.Removes)+len(s.Writes) > 0 || !same && s.Recipe != "go" && s.Recipe != "node" {
			return verdict.Step{}, false
		}
		if same {
			continue
		}
		step.Compiles = step.Compiles || s.Compiles
		step.CompilesOnHost = step.CompilesOnHost || s.CompilesOnHost
		step.HostWrites = append(step.HostWrites, s.HostWrites...)
		if s.Program != nil {
			step.Program = &verdict.Program{Text: shell.Shorten(c.Source()), Way: s.Program.Way, Call: c}
		}
		step.Review = fmt.Sprintf("what %s runs was read in the %s, and not tried", c.Program, d.File)
		if s.Review != "" {
			reviews = append(reviews, s.Review)
		}
	}
	step.Review = strings.Join(append(reviews, step.Review), "; ")
	// The lines were read as they are with the target's variables, which here are not in front.
	if slices.ContainsFunc(d.Lines, func(l verdict.Line) bool { return facts.TargetReference().MatchString(l.Text) }) {
		return Refuse(c, " uses the names of the target without a go build, for which alone the environment would say them"), true
	}
	return step, len(d.Lines) > 0
}

// movesHostFile returns what an earlier step of the stage made for the machine that builds, if the commands of the plan,
// which know nothing of that step, copy files and name it or its folder.
func movesHostFile(c *verdict.Call, plan *verdict.Ledger) string {
	for _, s := range plan.Steps {
		if s.Runs != nil {
			if file := movesHostFile(c, s.Runs); file != "" {
				return file
			}
		}
		line := string(s.In.Doc.Src[s.Span.Start:s.Span.End])
		program, _, _ := strings.Cut(line, " ")
		if !shell.Copiers[path.Base(program)] && program != "tar" {
			continue
		}
		for _, earlier := range c.Ledger.Writers {
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
var setsOnly = match.Pattern(`(CGO_ENABLED=0|GOOS=\$TARGETOS|GOARCH=\$TARGETARCH|GOARM=\$\{TARGETVARIANT#v\}|GOAMD64=\$TARGETVARIANT)( |$)`)

// rank brings variables into the order in which people write them.
func rank(assign string) int {
	name, _, _ := strings.Cut(assign, "=")
	return slices.Index([]string{"CGO_ENABLED", "GOOS", "GOARCH", "GOARM", "GOAMD64"}, name)
}

// Plan judges the lines of a file in a stage like the call's.
func Plan(c *verdict.Call, d Build) (*verdict.Ledger, error) {
	image, err := c.KnownImage()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "FROM %s\nARG TARGETOS TARGETARCH TARGETVARIANT\n", image)
	if c.Dir != "" {
		fmt.Fprintf(&b, "WORKDIR %s\n", c.Dir)
	}
	for _, name := range []string{"CGO_ENABLED", "GOFLAGS", "GOPATH", "GOBIN", "CC"} {
		v := facts.Lookup(&c.Site, name)
		if exported, ok := d.Exports[name]; ok && ShellLine(exported.Text) != "$(go env "+name+")" {
			v = exported // else what go would find without it
		}
		if !v.Set {
			continue
		}
		if !v.Fixed || strings.ContainsAny(v.Text, "\"\\\n") {
			return nil, fmt.Errorf("%s is %s, which is not known", name, v.Text)
		}
		fmt.Fprintf(&b, "ENV %s=\"%s\"\n", name, v.Text)
	}
	switch v := facts.Lookup(&c.Site, "GO"); { // a name that scripts have for go
	case v.Set && v.Fixed && !v.FromArg && plainWord().MatchString(v.Text):
		fmt.Fprintf(&b, "ENV GO=%s\n", v.Text)
	case v.Set || v.FromArg:
		b.WriteString("ARG GO\n")
	}
	if packages.HasCCompiler(c.Stage) {
		b.WriteString("RUN apk add gcc\n")
	}
	if lib := c.LinkedLibrary(); lib != "" {
		fmt.Fprintf(&b, "RUN apk add %s\n", lib)
	}
	opt := *c.Opt
	opt.Helpers = verdict.HelpersNever // a variable of the environment is all that reaches go
	if nested := called(c, d); nested != nil {
		b.WriteString(copies(c))
		opt.Callers = nested
	}
	judged := func(lines []verdict.Line) (*verdict.Ledger, error) {
		plan, err := c.File.JudgeLines(c.Stage.Graph.Budget, b.String(), lines, &opt)
		if err == nil {
			plan.Steps = slices.DeleteFunc(plan.Steps, func(s verdict.Step) bool { return isCopy(s.In) })
		}
		return plan, err
	}
	told, changed := answered(d)
	plan, err := judged(told)
	if changed && (err != nil || !buildsGo(plan)) {
		plan, err = judged(d.Lines)
	}
	if err == nil {
		if program := startsBuilt(c, plan); program != "" {
			return nil, fmt.Errorf("%w, %s", ErrStartsBuilt, program)
		}
	}
	return plan, err
}

var (
	// goEnv asks go for its target.
	goEnv = match.Pattern("\\$\\([ \t]*go env GO(OS|ARCH)[ \t]*\\)|`go env GO(OS|ARCH)`")
	// goVariable is what the environment says of it, with a value for where it says nothing.
	goVariable = match.Pattern(`\$GO(OS|ARCH)\b|\$\{GO(OS|ARCH)(?::?[-=](?:[^{}]|\$\{TARGET(?:OS|ARCH)\})*)?\}`)
)

// answered returns the lines with the target's names where they ask for it, go or their environment: these stand in front of the
// program that runs the lines. changed is false where nothing asks, or where the file puts a value of its own there. (A line that
// gives the variables other values is refused, see undoesTarget.)
func answered(d Build) (lines []verdict.Line, changed bool) {
	if d.Exports["GOOS"].Set || d.Exports["GOARCH"].Set {
		return d.Lines, false
	}
	lines = slices.Clone(d.Lines)
	for i := range lines {
		text := goEnv().ReplaceAllString(lines[i].Text, "$${TARGET$1$2}")
		text = goVariable().ReplaceAllString(text, "$${TARGET$1$2}")
		changed = changed || text != lines[i].Text
		lines[i].Text = text
	}
	return lines, changed
}

// buildsGo reports whether a command of the plan builds Go for the target, so that the target's variables go in front of all.
func buildsGo(plan *verdict.Ledger) bool {
	return slices.ContainsFunc(plan.Steps, func(s verdict.Step) bool { return s.Verdict == verdict.Convert && (s.Recipe == "go" || s.Runs != nil) })
}

// MayRunBuilt blocks a call whose file may start what the stage has built for the target.
func MayRunBuilt(c *verdict.Call, err error) verdict.Step {
	return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("%s: %s", c.Source(), err), Way: "build its tools in a stage of their own with --platform=$BUILDPLATFORM"}
}

// startsBuilt returns a program that the stage has built for the target and a command of the plan may start by its name, or "".
func startsBuilt(c *verdict.Call, plan *verdict.Ledger) string {
	for _, in := range plan.Stage.Body {
		if _, ok := in.Command.(*instructions.RunCommand); !ok {
			continue
		}
		script := plan.Stage.Graph.Script(in)
		for i, cmd := range script.Commands {
			inner := &graph.Site{Command: cmd, Stage: plan.Stage, Run: in, Script: script, Index: i, Env: plan.Stage.Graph.EnvAt(in)}
			inner.Unwrap()
			prefix := inner.Program
			switch {
			case prefix == "" && (len(inner.Args) == 0 || inner.Args[0].Lit != "generate"):
				continue
			case prefix == "protoc" || prefix == "buf":
				prefix = "protoc-gen-"
			case prefix == "" || prefix == "go" && len(inner.Args) > 0 && inner.Args[0].Lit == "generate":
				prefix = ""
			}
			if program := c.BuiltOnPath(prefix); program != "" && (prefix != inner.Program || path.Base(program) == prefix) {
				return program
			}
		}
	}
	for _, s := range plan.Steps {
		if s.Runs == nil {
			continue
		}
		if program := startsBuilt(c, s.Runs); program != "" {
			return program
		}
	}
	return ""
}

// CommandsBegin and commandsEnd are around the commands in each RUN that holds such.
const (
	CommandsBegin = "RUN <<'" + CommandsEnd + "'"
	CommandsEnd   = "XX_LINE"
)

// IsLine tells such a RUN from those that say what the stage has.
func IsLine(in *dockerfile.Instruction) bool {
	return bytes.HasPrefix(in.Doc.Src[in.Span.Start:], []byte(CommandsBegin))
}

// SteersGo reports whether a variable that a file puts into the environment changes what go builds, in a way that is not
// judged with the lines.
func SteersGo(name string) bool {
	return name != "CGO_ENABLED" && !AboutModules[name] && !slices.Contains(GoTarget, name) && !forC[name] && slices.Contains(GoListens(), name)
}

// GoListens are the variables that go takes from the environment, sorted, with those of C (`go help environment`). Others that begin
// with GO (GO_TEST_FLAGS) are the project's own.
var GoListens = sync.OnceValue(func() []string {
	names := strings.Fields(`GCCGO GO111MODULE GOARCH GOAUTH GOBIN GOCACHE GOCACHEPROG GODEBUG GOENV GOFLAGS GOINSECURE GOMODCACHE GOOS GOPATH
		GOPRIVATE GONOPROXY GONOSUMDB GOPROXY GOROOT GOSUMDB GOTMPDIR GOTOOLCHAIN GOVCS GOWORK AR CC CXX FC PKG_CONFIG CGO_ENABLED
		GO386 GOAMD64 GOARM GOARM64 GOMIPS GOMIPS64 GOPPC64 GORISCV64 GOWASM GOCOVERDIR GCCGOTOOLDIR GOEXPERIMENT GOFIPS140 GO_EXTLINK_ENABLED`)
	for _, flags := range []string{"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS"} {
		names = append(names, flags, flags+"_ALLOW", flags+"_DISALLOW")
	}
	slices.Sort(names)
	return names
})

// forC are those of them that name the tools for C, which other programs take as well.
var forC = match.Words("AR CC CXX FC PKG_CONFIG")

// AboutModules are the variables that say where modules come from, where they are kept and how they are checked, the same for
// every target (`go help environment`). GOPATH is in the environment of every golang image, so that make exports what a Makefile
// makes of it; go install, whose results it places, is refused for itself.
var AboutModules = match.Words("GO111MODULE GOPATH GOPROXY GOPRIVATE GONOPROXY GOSUMDB GONOSUMDB GOINSECURE GOVCS GOAUTH GOMODCACHE GOCACHE")

// An EnvState says what is known of an environment variable.
type EnvState int

const (
	envUnset EnvState = iota
	EnvSet
	EnvMayBe  // a build argument without a default, or what every container has
	EnvUnseen // something that the shell has to find out
)

// Env is the environment of such a program as it will be.
func Env(c *verdict.Call, name string) (string, EnvState) {
	switch name {
	case "GOOS", "GOARCH":
		return "$TARGET" + name[2:], EnvSet
	}
	switch v := facts.Lookup(&c.Site, name); {
	case v.Set && (strings.Contains(v.Text, "$(") || strings.Contains(v.Text, "`")):
		return v.Text, EnvUnseen
	case v.Set:
		return v.Text, EnvSet
	case v.FromArg, name == "PATH", name == "HOME", Sourced(c, name):
		return "", EnvMayBe
	}
	return "", envUnset
}

// OwnGOARCH says what has to be read where a file has a default for GOARCH that the target's takes the place of.
func OwnGOARCH(arch, file string) string {
	if arch == "" {
		return fmt.Sprintf("the %s has a default of its own for GOARCH, and the target's takes its place", file)
	}
	return fmt.Sprintf("GOARCH was %s by default in the %s, which looks like a mistake", arch, file)
}

// What a program puts into a line, of which only the shell knows what it is, stands between these until the line is
// complete.
const ShellBegins, ShellEnds = "\x01", "\x02"

// maxFromShell limits how much of a line the shell has to find out.
const maxFromShell = 1000

// FromShell returns what stands for the output of a command in a line. go says of the target what its environment does.
func FromShell(script string) string {
	switch strings.TrimSpace(script) {
	case "go env GOOS":
		return "$TARGETOS"
	case "go env GOARCH":
		return "$TARGETARCH"
	}
	return ShellBegins + script + ShellEnds
}

// ShellLine returns a line with $(…) for what the shell has to find out. The program would have put text into it, also
// between single quotes, where the shell itself would not look: there they are closed and opened again.
func ShellLine(line string) string {
	if strings.Count(line, ShellBegins) > maxFromShell {
		return "(" // which no shell runs: so many stand there only to take time
	}
	var b strings.Builder
	var outer []byte // the quotes around each bracket that is open
	quote := byte(0) // those that are open in it
	for i := 0; i < len(line); i++ {
		switch ch := line[i]; {
		case ch == ShellBegins[0]:
			n := shellText(line[i:])
			open, shut := "$(", ")"
			if quote == '\'' {
				open, shut = `'"$(`, `)"'`
			}
			b.WriteString(open + ShellLine(line[i+1:i+n-1]) + shut)
			i += n - 1
			continue
		case ch == '\\' && quote != '\'' && i+1 < len(line) && line[i+1] != ShellBegins[0]:
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
		case ShellBegins[0]:
			depth++
		case ShellEnds[0]:
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s) + 1
}

// An Exported variable is one that a file puts into the environment of its lines.
type Exported struct {
	name string
	Line string // in front of a line
}

// ExportOf returns what puts a variable into the environment of the rest of a line.
func ExportOf(name, text string) (Exported, error) {
	if !strings.ContainsAny(text, "$"+ShellBegins) {
		return Exported{name, fmt.Sprintf("export %s='%s'; ", name, strings.ReplaceAll(text, "'", `'\''`))}, nil
	}
	for i := 0; i < len(text); i++ {
		if text[i] == ShellBegins[0] {
			i += shellText(text[i:]) - 1
		} else if strings.IndexByte("\"\\`", text[i]) >= 0 {
			return Exported{}, fmt.Errorf("%s is %s, which is not known", name, ShellLine(text))
		}
	}
	return Exported{name, fmt.Sprintf(`export %s="%s"; `, name, text)}, nil
}

// Exporting returns what goes in front of a line: the variables that it asks for, and those about C, for which go asks.
// Whatever else a line runs and may look at its environment is refused anyway, or the same on every platform.
func Exporting(vars []Exported, line string) string {
	var b strings.Builder
	for _, v := range vars {
		if v.name == "CGO_ENABLED" || v.name == "CC" || strings.Contains(line, "$"+v.name) || strings.Contains(line, "${"+v.name) {
			b.WriteString(v.Line)
		}
	}
	return b.String()
}

// quoted puts text with unknown parts in quotes.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`", "\x00", "${unknown}", "\x01", "${", "\x02", "}").Replace(text) + `"`
}

var plainWord = match.Pattern(`^[A-Za-z0-9_./=,:@%+-]+$`)

// QuoteUnlessPlain quotes a word for the shell where it needs that.
func QuoteUnlessPlain(text string) string {
	if plainWord().MatchString(text) {
		return text
	}
	return quoted(text)
}

// GoTarget are the variables that say what Go builds for.
var GoTarget = []string{"GOOS", "GOARCH", "GOARM", "GOAMD64"}
