package recipes

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// Much Go is built through another program, whose commands stand in a file of the build context: make and its Makefile, a
// script, just, task. They are judged as if they stood in a Dockerfile of their own. If all that is built for the target is
// Go without C, the target's variables in front of the call do for everything behind it.

// A drivenBuild is what a file of the build context makes its program run.
type drivenBuild struct {
	file  string   // what is read, "Makefile"
	lines []string // for the shell, one call of it each
	// exports are the variables that the file itself puts into the environment.
	exports map[string]value
	// review is what has to be read before the change is made; empty if it is only that nothing was tried.
	review string
}

// judgeDriven decides on the call of such a program.
func (c *call) judgeDriven(d drivenBuild) Step {
	block := func(format string, args ...any) Step {
		return Step{Verdict: Block, Compiles: true, Reason: c.text() + fmt.Sprintf(format, args...),
			Way: "call go build in the Dockerfile, or convert the stage by hand"}
	}
	plan, err := c.planDriven(d)
	if err != nil {
		return block(": %s", err)
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
		line := strings.TrimSpace(string(s.In.Doc.Src[s.Span.Start:s.Span.End]))
		switch {
		case s.Verdict == Block:
			return block(" runs `%s`: %s", line, s.Reason)
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
		}
	}
	if !builds {
		return block(": no go build is seen in what it runs")
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

// onBuilder is the verdict where all that is run is for the stage itself: modules and tools are fetched, tests run. No
// variable goes in front of that. ok is false if something of it builds for the target, or is more than go and programs
// that are the same everywhere.
func (c *call) onBuilder(d drivenBuild, plan *Plan) (step Step, ok bool) {
	step = Step{Reason: fmt.Sprintf("what it runs of its %s is for the stage itself, or the same everywhere", d.file),
		Review: fmt.Sprintf("what %s runs was read in the %s, and not tried", c.name, d.file)}
	for _, s := range plan.Steps {
		if s.Verdict != Neutral || s.Recipe != "go" && s.Recipe != "plain" || s.install != nil || len(s.Writes) > 0 {
			return Step{}, false
		}
		step.Compiles = step.Compiles || s.Compiles
		step.CompilesOnHost = step.CompilesOnHost || s.CompilesOnHost
		step.HostWrites = append(step.HostWrites, s.HostWrites...)
		if s.builder != nil {
			step.builder = &builder{text: shorten(c.text()), way: s.builder.way, call: c}
		}
	}
	return step, len(plan.Steps) > 0
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
	if !(&goCall{call: c}).isContext(c.opt.Context) {
		return nil, fmt.Errorf("the Go module is not in the build context")
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
	if lib := (&goCall{call: c}).installedLibrary(); lib != "" {
		fmt.Fprintf(&b, "RUN apk add %s\n", lib)
	}
	opt := *c.opt
	opt.Helpers = HelpersNever // a variable of the environment is all that reaches go
	return planCommands(b.String(), d.lines, &opt)
}

// knownImage returns the image that the stage is based on, for a Dockerfile that is made up.
func (c *call) knownImage() (string, error) {
	image := c.stage.Root().Image
	if image == "" || strings.ContainsAny(image, "$ \t\n") {
		return "", errors.New("what the base image brings is not known")
	}
	return image, nil
}

// planCommands judges commands that stand elsewhere, one call of the shell a line, as if they stood in a Dockerfile with
// this head.
func planCommands(head string, lines []string, opt *Options) (*Plan, error) {
	var b strings.Builder
	b.WriteString(head)
	for _, line := range lines {
		if strings.ContainsAny(line, "\r\n") || strings.Contains(line, "XX_LINE") {
			return nil, fmt.Errorf("what `%s` does cannot be seen", line)
		}
		fmt.Fprintf(&b, "RUN <<'XX_LINE'\n%s\nXX_LINE\n", line)
	}
	doc, err := dockerfile.Parse("Makefile", []byte(b.String()))
	if err != nil {
		return nil, fmt.Errorf("what it runs cannot be seen: %w", err)
	}
	return NewPlanner(opt).Plan(graph.New(doc).Stages[0]), nil
}
