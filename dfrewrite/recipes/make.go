package recipes

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// judgeMake looks into the Makefile of the build context: where all that make runs is a go build
// without cgo and commands that are the same anywhere, the target's variables go in front of make.
// The lines are judged as if they stood in a Dockerfile of their own.
func judgeMake(c *call) (Step, bool) {
	if c.name != "make" || c.opt.Context == nil {
		return Step{}, false
	}
	block := func(format string, args ...any) (Step, bool) {
		return Step{Verdict: Block, Compiles: true, Reason: fmt.Sprintf(format, args...),
			Way: "call in the Dockerfile what make builds with, or convert the stage by hand"}, true
	}
	run, goals, err := c.makeRun()
	if errors.Is(err, errNoMakefile) {
		return Step{}, false
	}
	if err != nil {
		return block("%s: %s", c.text(), err)
	}
	for _, goal := range goals {
		if err := run.run(goal); err != nil {
			return block("%s: %s", c.text(), err)
		}
	}
	for name := range run.exports {
		if _, ok := run.vars[name]; ok && name != "CGO_ENABLED" && !aboutModules[name] && (strings.HasPrefix(name, "GO") || strings.HasPrefix(name, "CGO_")) {
			return block("%s: its Makefile exports %s", c.text(), name)
		}
	}

	plan, err := c.planLines(run)
	if err != nil {
		return block("%s: %s", c.text(), err)
	}
	out := Step{Verdict: Convert, Compiles: true, Reason: "its Makefile builds with go, which takes GOOS and GOARCH from the environment",
		Review: "what make runs was read in the Makefile, and not tried"}
	if v, ok := run.vars["GOARCH"]; ok && !strings.Contains(v.value, "$") {
		out.Review = fmt.Sprintf("GOARCH was %s by default in the Makefile, which looks like a mistake", v.value)
	}
	front := []string{"GOOS=$TARGETOS", "GOARCH=$TARGETARCH"}
	builds := false
	for _, s := range plan.Steps {
		line := strings.TrimSpace(string(s.In.Doc.Src[s.Span.Start:s.Span.End]))
		switch {
		case s.Verdict == Block:
			return block("%s runs `%s`: %s", c.text(), line, s.Reason)
		case s.CompilesOnHost:
			return block("%s runs `%s` for the build platform, beside what it builds for the target", c.text(), line)
		case s.Recipe == "go" && s.Verdict == Convert:
			builds = true
			for _, e := range s.Edits {
				if e.Span.Len() > 0 || strings.Trim(setsOnly().ReplaceAllString(e.New, ""), " ") != "" {
					return block("%s runs `%s`, which has to be written in another way", c.text(), line)
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
		return block("%s: no go build is seen in what it runs", c.text())
	}
	slices.SortStableFunc(front, func(a, b string) int { return rank(a) - rank(b) })
	front = slices.DeleteFunc(front, func(a string) bool {
		name, _, _ := strings.Cut(a, "=")
		return c.lookup(name).follows()
	})
	for _, a := range front {
		name, _, _ := strings.Cut(a, "=")
		if v := c.lookup(name); v.set && v.text != "" && v.text != "0" {
			return block("%s: %s is set to %s %s", c.text(), name, v.text, v.where)
		}
		out.Args = append(out.Args, argsIn(a)...)
	}
	if len(front) > 0 {
		out.Edits = []dockerfile.Edit{{Span: c.frontAt(), New: strings.Join(front, " ") + " "}}
	}
	return out, true
}

// aboutModules are the variables that say where modules come from and how they are checked, the same for every target
// (`go help environment`).
var aboutModules = set("GO111MODULE GOPROXY GOPRIVATE GONOPROXY GOSUMDB GONOSUMDB GOINSECURE GOVCS GOAUTH GOMODCACHE GOCACHE")

// setsOnly matches what a conversion of go build puts in front of it, and the environment can say.
var setsOnly = pattern(`(CGO_ENABLED=0|GOOS=\$TARGETOS|GOARCH=\$TARGETARCH|GOARM=\$\{TARGETVARIANT#v\}|GOAMD64=\$TARGETVARIANT)( |$)`)

// rank brings variables into the order in which people write them.
func rank(assign string) int {
	name, _, _ := strings.Cut(assign, "=")
	return slices.Index([]string{"CGO_ENABLED", "GOOS", "GOARCH", "GOARM", "GOAMD64"}, name)
}

// errNoMakefile says that the build context does not hold the Makefile, or not for certain.
var errNoMakefile = errors.New("there is no Makefile in the build context")

// makeRun reads the command line and the Makefile.
func (c *call) makeRun() (*makeRun, []string, error) {
	at, ok := c.contextFolder()
	if !ok {
		return nil, nil, errNoMakefile
	}
	text, err := fs.ReadFile(c.opt.Context.files, path.Join(at, "Makefile"))
	if err != nil {
		return nil, nil, errNoMakefile
	}
	for _, other := range []string{"GNUmakefile", "makefile"} {
		if c.opt.Context.has(path.Join(at, other)) {
			return nil, nil, fmt.Errorf("there is a %s beside the Makefile", other)
		}
	}
	r := &makeRun{makefile: parseMakefile(string(text)), command: map[string]string{}, done: map[string]bool{}}
	if r.opaque != "" {
		return nil, nil, fmt.Errorf("its Makefile has `%s`, which is not followed", r.opaque)
	}
	if name := r.sets(); name != "" {
		return nil, nil, fmt.Errorf("its Makefile sets %s, whatever the environment says", name)
	}
	r.env = func(name string) (string, bool) {
		switch name {
		case "GOOS", "GOARCH":
			return "$TARGET" + name[2:], true // as it will be
		}
		v := c.lookup(name)
		return v.text, v.set
	}
	r.file = func(name string) bool { return c.opt.Context.has(path.Join(at, name)) }
	var goals []string
	for _, w := range c.args {
		name, value, assigns := strings.Cut(w.Lit, "=")
		switch {
		case !w.Const && !isAssignment(w):
			return nil, nil, fmt.Errorf("what %s is cannot be seen", w.Raw)
		case !w.Const:
			name, value, _ = strings.Cut(w.Raw, "=")
			r.command[name] = strings.Trim(value, `"`)
		case makeJobs().MatchString(w.Lit) || w.Lit == "-s" || w.Lit == "--silent":
		case strings.HasPrefix(w.Lit, "-"):
			return nil, nil, fmt.Errorf("what %s changes is not followed", w.Raw)
		case assigns:
			r.command[name] = value
		default:
			goals = append(goals, w.Lit)
		}
	}
	for _, name := range goTarget {
		if _, ok := r.command[name]; ok {
			return nil, nil, fmt.Errorf("%s on its command line wins over the environment", name)
		}
	}
	if len(goals) == 0 {
		goals = []string{r.first}
		if v, ok := r.vars[".DEFAULT_GOAL"]; ok {
			goals[0] = v.value
		}
	}
	return r, goals, nil
}

var makeJobs = pattern(`^(-j[0-9]*|--jobs(=[0-9]+)?)$`)

// contextFolder returns the folder of the build context that has been copied to where the command
// runs; false if none has, or files of it have been replaced by a copy from elsewhere.
func (c *call) contextFolder() (string, bool) {
	if c.dir == "" {
		return "", false
	}
	found, folder := false, ""
	for cmd, dest := range c.copies() {
		if dest != path.Clean(c.dir) {
			continue
		}
		for _, src := range cmd.SourcePaths {
			switch src = path.Clean(strings.TrimLeft(src, "/")); {
			case cmd.From != "":
				return "", false
			case c.opt.Context.isFolder(src):
				found, folder = true, src
			case src == "Makefile":
				found, folder = true, "."
			}
		}
	}
	return folder, found
}

// isFolder reports whether the context holds a folder.
func (c *Context) isFolder(name string) bool {
	if !fs.ValidPath(name) {
		return false
	}
	info, err := fs.Stat(c.files, name)
	return err == nil && info.IsDir()
}

// planLines judges the lines of a makefile in a stage like the call's.
func (c *call) planLines(run *makeRun) (*Plan, error) {
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
		if m, ok := run.vars[name]; ok && run.exports[name] && !(m.weak && v.set) {
			v = value{set: true, text: m.value, fixed: !strings.Contains(m.value, "$")}
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
	return planCommands(b.String(), run.lines, &opt)
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
