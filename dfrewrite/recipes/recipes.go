// Package recipes knows how commands cross-compile.
//
// A stage that runs on the target platform can move to the build platform if
// every command in it does the same there, or can be told to. Each command of
// its RUNs gets a [Step] with a verdict from the recipe that knows the command:
//
//   - Neutral: it does the same on any machine (copies files, downloads modules).
//   - Convert: it compiles, and the edits make it compile for the target.
//   - Block: it runs what it built, or nobody knows what it does.
//
// The steps of a stage are its [Plan]. A stage is converted as a whole or not at
// all, and what leaves it must be something that a converted command made or that
// is the same on every platform. [Planner.ToBuildPlatform] looks at all of that,
// and returns the edits, or what stands in the way, as a [Conversion].
//
// A recipe is a function that judges a call, in a file named for its tool, and an
// entry in the table recipes, whose order counts: the first one that knows a
// command decides.
//
//   - recipes.go: verdicts, planners, and the table. A recipe sees a command
//     through variables.go (what its environment holds), contextcopy.go and
//     contextfiles.go (the build context, and what of it stands in the stage), and
//     changedfiles.go (what does not any more). exec.go judges the exec form of RUN.
//   - convert.go: a conversion, put together from the plans. leaving.go says what
//     other stages may take, split.go divides a base that is shared with what is
//     shipped, single.go says what would become of a file's only stage.
//   - toolchain.go: what a stage needs to compile C for the target, for every
//     language. install.go takes installations of packages apart,
//     packagewords.go those whose packages stand in a variable,
//     toolsandlibraries.go knows which packages are tools and which are libraries.
//     verify.go has programs looked at where they are made.
//   - golang.go with gosource.go, which reads whether Go code needs cgo, goinstall.go
//     (what go install is for) and gorun.go (build programs); xcaddy.go.
//   - driven.go for what other programs make of files in the context: make.go with
//     makefile.go, script.go, justfile.go, taskfile.go, mage.go with magefile.go and
//     magevalues.go, goreleaser.go; undone.go (what such a file sets itself).
//   - rust.go with rustsetup.go (what a stage needs), rustresults.go (where results
//     go) and rustsource.go (what the context says).
//   - ccompile.go for calls of a C compiler and the tools around it; cbuild.go for
//     what build systems share, autotools.go with dpkgarchitecture.go (what the machine
//     is called there), cmake.go, meson.go, and makeforc.go with makefileforc.go.
//   - node.go with nodemodules.go, java.go, dotnet.go, python.go and sites.go: what
//     is mostly the same on every platform.
//   - downloads.go: questions to the machine, and what is downloaded for its answer.
//     installscript.go knows scripts that install such a tool, stagetools.go tools
//     that $TARGETARCH chooses. copiedgo.go and copiedtool.go: Go and tools out of
//     other images, by a stage of newstage.go.
//   - packages.go, plain.go with carriers.go (programs that are carried away), and
//     compilers.go: package managers, programs that do the same everywhere, and
//     build tools of which nothing more is known.
//   - handmade.go and handmaderust.go: what people cross-compile by hand is taken
//     out of the file, so that the recipes see what a native build would be.
package recipes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
)

// A Verdict says what becomes of a command on the build platform.
type Verdict int

// The verdicts.
const (
	Neutral Verdict = iota
	Convert
	Block
)

func (v Verdict) String() string { return [...]string{"neutral", "convert", "block"}[v] }

// HelperUse says when a rewrite uses the xx helpers.
type HelperUse int

// When to use helpers.
const (
	// HelpersAuto uses them where plain variables are not enough: for platform
	// variants and for cgo.
	HelpersAuto HelperUse = iota
	HelpersAlways
	HelpersNever
)

// Options say what a conversion is for.
type Options struct {
	// Platforms are the target platforms, as in linux/arm/v7.
	Platforms []string
	// Helpers says when to use the xx helpers.
	Helpers HelperUse
	// Image holds the helpers.
	Image string
	// Context is the build context, or nil if it is not known.
	Context *Context
	// Flags are those that the file is built with.
	Flags graph.Flags
}

// variants returns the variants of one architecture among the platforms.
func (o *Options) variants(arch string) []string {
	var out []string
	for _, p := range o.Platforms {
		parts := strings.Split(p, "/")
		if len(parts) == 3 && parts[1] == arch {
			out = append(out, parts[2])
		}
	}
	return out
}

// onlyLinux reports whether all platforms are Linux.
func (o *Options) onlyLinux() bool {
	return !slices.ContainsFunc(o.Platforms, func(p string) bool { return !strings.HasPrefix(p, "linux/") })
}

// A Step is the verdict on one command, or on a whole instruction.
type Step struct {
	// In is the instruction; Span is the command in it, or all of it.
	In   *dockerfile.Instruction
	Span dockerfile.Span
	// Recipe names who decided.
	Recipe  string
	Verdict Verdict
	// Reason says why, Way what a person could do about a block.
	Reason, Way string
	// Review says why the conversion has to be read by a person; empty if it is
	// safe.
	Review string
	// Compiles says that the command compiles, whatever the verdict.
	Compiles bool
	// Crosses says that the command builds for the target as it stands.
	Crosses bool
	// Edits make the command build for the target.
	Edits []dockerfile.Edit
	// Args are the automatic arguments that the edits refer to.
	Args []string
	// Helper says that the edits call an xx helper.
	Helper bool
	// NeedsC says that the edits compile C for the target, so the stage needs clang,
	// lld and the target's C library; NeedsCxx says that it may be C++.
	NeedsC, NeedsCxx bool
	// NeedsLLVM says that the edits call llvm's ar, strip and their like. NeedsAr says that what they build with may call
	// ar and ranlib, which GNU's for any machine can be: for ELF it lists the symbols of every architecture. Debian's clang
	// brings it along.
	NeedsLLVM, NeedsAr bool
	// CompilesOnHost says that the command may compile C for the machine that it runs
	// on, whose compiler and libraries have to stay.
	CompilesOnHost bool
	// Writes are absolute paths that the command makes for the target platform.
	// A trailing slash means any file directly in that folder, a trailing /** any below it.
	Writes []string
	// HostWrites are absolute paths that the command makes for the machine that
	// it runs on.
	HostWrites []string

	// built says that it compiles C for the target, or works on what was compiled; verified that the edits have the
	// result looked at, and ends that another command can be put behind it.
	built, verified, ends bool
	// strips says that the target's strip takes what it writes, and is there.
	strips bool
	// dir is the folder that it runs in, if known.
	dir string
	usesMake bool // make is called later, although nothing here says so

	stageLines []string // a stage that it needs in front of all others

	builder *builder // a build program that it starts
	install *install // the packages that it installs
	removes []string // the packages that it removes by name
	// own is what its recipe remembers of the command; nobody else reads it.
	own any
}

// A Plan is the verdict on all commands of a stage.
type Plan struct {
	Stage *graph.Stage
	Steps []Step

	base    *Plan    // of the stage that it is based on, or nil
	context *Context // of the build, or nil
	// writers are the steps with Writes or HostWrites; every command asks for
	// them, and most steps have none.
	writers []Step
}

func (p *Plan) add(s Step) {
	p.Steps = append(p.Steps, s)
	if len(s.Writes)+len(s.HostWrites) > 0 {
		p.writers = append(p.writers, s)
	}
}

// chain returns the plan and those of the stages that it is based on, the nearest first.
func (p *Plan) chain() []*Plan {
	var out []*Plan
	for ; p != nil; p = p.base {
		out = append(out, p)
	}
	return out
}

// Compiles reports whether the stage compiles anything.
func (p *Plan) Compiles() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Compiles })
}

// Blocks returns the steps that stand in the way.
func (p *Plan) Blocks() []Step {
	var out []Step
	for _, s := range p.Steps {
		if s.Verdict == Block {
			out = append(out, s)
		}
	}
	return out
}

// A recipe judges the commands that it knows.
type recipe struct {
	name string
	doc  string
	// judge returns false for a command of somebody else.
	judge func(*call) (Step, bool)
}

// recipes in the order in which they are asked. They are put in later, since those for make judge the lines
// of a Makefile with all of them.
var recipes []*recipe

func init() {
	recipes = []*recipe{
		{name: "go", judge: judgeGo},
		{name: "xcaddy", judge: judgeXcaddy},
		{name: "rust", judge: judgeRust},
		{name: "downloads", judge: judgeDownloads},
		{name: "packages", judge: judgePackages},
		{name: "c", judge: judgeC},
		{name: "c", judge: judgeMakefileForC},
		{name: "make", judge: judgeMake},
		{name: "script", judge: judgeScript},
		{name: "just", judge: judgeJust},
		{name: "task", judge: judgeTask},
		{name: "mage", judge: judgeMage},
		{name: "goreleaser", judge: judgeGoreleaser},
		{name: "install script", judge: judgeInstallScript},
		{name: "node", judge: judgeNode},
		{name: "java", judge: judgeJava},
		{name: "dotnet", judge: judgeDotnet},
		{name: "python", judge: judgePython},
		{name: "sites", judge: judgeSites},
		{name: "compilers", judge: judgeCompilers},
		{name: "downloaded tool", judge: judgeDownloadedTool},
		{name: "plain", judge: judgePlain},
	}
}

// A call is one command with all that a recipe may want to know about it.
type call struct {
	site
	file *sources
	opt  *Options
	plan *Plan
}

// A site is a command where it stands: in which stage, RUN and script, with which environment, in which folder.
type site struct {
	*shell.Command
	// name is the base name of the program, and args are its arguments, behind env and the like.
	name   string
	args   []shell.Word
	stage  *graph.Stage
	run    *dockerfile.Instruction
	script *shell.Script
	index  int // of the command in script.Commands
	env    *graph.Env
	dir    string // the folder that the command runs in, if known
}

// sources are what is known of a Dockerfile beside what is said of its commands.
type sources struct {
	opt *Options
	// facts are those of the file, once somebody has asked for them.
	facts *facts.Facts
	memo  map[any]any
	// judgeLines judges commands that stand elsewhere, one call of the shell a line, as if they stood in a Dockerfile with
	// this head.
	judgeLines func(head string, lines []string, opt *Options) (*Plan, error)
}

// A Planner judges the stages of one file, each of them once.
type Planner struct {
	*sources
	plans map[*graph.Stage]*Plan
	heads map[*graph.Stage][]*graph.Stage // see Heads
	// undone says that a hand-made recipe has been taken out of the file already.
	undone bool
}

// NewPlanner returns a planner that judges with the given options.
func NewPlanner(opt *Options) *Planner {
	return &Planner{sources: &sources{opt: opt, memo: map[any]any{}, judgeLines: planCommands}, plans: map[*graph.Stage]*Plan{}}
}

// Know gives the planner the facts of the file, which it works out by itself else.
func (pl *Planner) Know(f *facts.Facts) { pl.facts = f }

// Plan gives a verdict on every command of a stage and on what it takes from
// elsewhere. It does not look at where the stage runs now.
func (pl *Planner) Plan(s *graph.Stage) *Plan {
	if p, ok := pl.plans[s]; ok {
		return p
	}
	p := &Plan{Stage: s, context: pl.opt.Context}
	if s.Base != nil {
		p.base = pl.Plan(s.Base)
	}
	pl.plans[s] = p
	for _, in := range s.Body {
		switch c := in.Command.(type) {
		case *instructions.RunCommand:
			p.judgeRun(in, pl)
		case *instructions.OnbuildCommand:
			p.block(in, "ONBUILD runs later, in a stage that is not in this file", "write the instruction out where it is needed")
		case *instructions.CopyCommand:
			if step, ok := p.judgeCopiedTools(pl.sources, in); ok {
				p.add(step)
			}
		case *instructions.AddCommand:
			for _, src := range c.SourcePaths {
				why := archInDownload(src)
				if why == "" || p.addedForTarget(pl.sources, in, src) {
					continue
				}
				if step, ok := p.addedTool(pl.sources, in); ok {
					p.add(step)
					break
				}
				p.block(in, why, "use the ARG that gives the same name, or move the download to the stage that needs it")
			}
		}
	}
	for _, u := range s.Uses {
		if !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.In == u.By && s.Recipe == "copied tool" }) {
			p.judgeUse(pl, u)
		}
	}
	p.moveCargoResults()
	return p
}

func (p *Plan) block(in *dockerfile.Instruction, reason, way string) {
	p.add(Step{In: in, Span: in.Span, Recipe: "stage", Verdict: Block, Reason: reason, Way: way})
}

func (p *Plan) judgeRun(in *dockerfile.Instruction, pl *Planner) {
	g := p.Stage.Graph
	script := g.Script(in)
	if script.Exec != nil {
		p.judgeExec(in, script, pl)
		return
	}
	if script.Opaque != "" {
		p.block(in, "what this RUN does cannot be seen: "+script.Opaque, "write it as a shell command, or convert the stage by hand")
		return
	}
	env := g.EnvAt(in)
	dir, nestedDir := env.Dir, env.Dir
	for i, cmd := range script.Commands {
		at := dir
		if cmd.Nested {
			at = nestedDir
		}
		c := p.newCall(in, script, i, env, at, pl)
		step := c.judge()
		if script.InJSON {
			step = step.inJSON()
		}
		p.add(step)
		switch {
		case c.name == "pushd" || c.name == "popd" || c.name == "cd" && cmd.Nested:
			// How far that reaches is more than is worth working out.
			nestedDir = ""
		case c.name == "cd":
			dir = c.changeDir(dir)
			nestedDir = dir
		}
	}
}

// newCall returns a command of a script as recipes look at it, in the folder that it runs in.
func (p *Plan) newCall(in *dockerfile.Instruction, script *shell.Script, index int, env *graph.Env, dir string, pl *Planner) *call {
	c := &call{site: site{Command: script.Commands[index], run: in, script: script, index: index, env: env, stage: p.Stage, dir: dir},
		plan: p, file: pl.sources, opt: pl.opt}
	c.unwrap()
	return c
}

// followed returns the facts of the call's file, which are worked out when they are needed.
func (c *call) followed() *facts.Facts {
	if c.file.facts == nil {
		c.file.facts = facts.New(c.stage.Graph, c.opt.Platforms)
	}
	return c.file.facts
}

// remembered returns what is known of a file under a key, and works it out the first time.
func remembered[T any](s *sources, key any, work func() T) T {
	if known, ok := s.memo[key]; ok {
		return known.(T)
	}
	found := work()
	s.memo[key] = found
	return found
}

// unwrap sets name and args, looking through `env A=b program` and the like.
func (c *site) unwrap() {
	words := c.Words
	for len(words) > 0 {
		if !words[0].Const {
			break
		}
		switch path.Base(words[0].Lit) {
		case "env", "exec", "command", "nice", "time":
			rest := words[1:]
			assigns := c.Assigns
			for len(rest) > 0 && isAssignment(rest[0]) {
				assigns = append(assigns[:len(assigns):len(assigns)], wordAssign(rest[0]))
				rest = rest[1:]
			}
			if len(rest) == 0 || strings.HasPrefix(rest[0].Raw, "-") {
				c.name, c.args = path.Base(words[0].Lit), words[1:]
				return
			}
			copied := *c.Command
			copied.Assigns = assigns
			c.Command = &copied
			words = rest
			continue
		}
		c.name = path.Base(words[0].Lit)
		c.args = words[1:]
		// From here on the program is the first word.
		copied := *c.Command
		copied.Words = words
		c.Command = &copied
		return
	}
	if len(words) > 0 {
		c.args = words[1:]
	}
}

func isAssignment(w shell.Word) bool {
	name, _, ok := strings.Cut(w.Raw, "=")
	return ok && name != "" && !strings.ContainsAny(name, "-$\"'./")
}

func wordAssign(w shell.Word) shell.Assign {
	name, raw, _ := strings.Cut(w.Raw, "=")
	value := shell.Word{Raw: raw, Const: w.Const, Span: dockerfile.Span{Start: w.Span.End - len(raw), End: w.Span.End}}
	_, value.Lit, _ = strings.Cut(w.Lit, "=")
	return shell.Assign{Name: name, Value: value, Span: w.Span}
}

// frontAt is where assignments for the program can be put: in front of a program
// like exec that takes another one, but behind env.
func (c *site) frontAt() dockerfile.Span {
	at := c.Words[0].Span.Start
	if first := c.script.Commands[c.index].Words[0]; path.Base(first.Lit) != "env" {
		at = first.Span.Start
	}
	if c.Timer.Len() > 0 {
		at = c.Timer.Start
	}
	return dockerfile.Span{Start: at, End: at}
}

func (c *call) judge() Step {
	step := c.decide()
	step.In, step.dir = c.run, c.dir
	if step.Span.Len() == 0 {
		step.Span = c.Span
	}
	if step.built && len(c.Words) > 0 {
		end := c.Words[len(c.Words)-1].Span.End
		step.ends = !c.Nested && len(c.Redirects) == 0 && end == step.Span.End && goesOn().Match(c.run.Doc.Src[end:c.run.Span.End])
	}
	return step
}

func (c *call) decide() Step {
	if len(c.Words) == 0 {
		return Step{Recipe: "plain", Reason: "sets a variable"}
	}
	if c.name == "" {
		return Step{Recipe: "plain", Verdict: Block, Reason: fmt.Sprintf("which program %s is cannot be known", c.Words[0].Raw),
			Way: "write the program's name out, or convert the stage by hand"}
	}
	if c.callsFunction() {
		return Step{Recipe: "plain", Reason: "is a function of this script, judged by what it does"}
	}
	if built := c.builtHere(); built != "" {
		return Step{Recipe: "stage", Verdict: Block, Reason: fmt.Sprintf("runs %s, which was built for the target platform", built),
			Way: "run it in a stage of the target platform, or build a second one for the build platform"}
	}
	for _, r := range recipes {
		if step, ok := r.judge(c); ok {
			step.Recipe = r.name
			return step
		}
	}
	if strings.Contains(c.Words[0].Lit, "/") && !isSystemDir(path.Dir(c.Words[0].Lit)) {
		return Step{Verdict: Block, Recipe: "plain", Compiles: c.isBuildScript(c.Words[0].Lit), Reason: fmt.Sprintf("runs %s; what is in it is not known", c.Words[0].Lit),
			Way: "convert the stage by hand, with GOOS, GOARCH or CC set for it"}
	}
	return Step{Verdict: Block, Recipe: "plain", Reason: fmt.Sprintf("no recipe knows what %s does", c.name),
		Way: "convert the stage by hand, or move this command to a stage of its own"}
}

// callsFunction reports whether the command calls a function of its script. A program of the same name, by its path or behind
// `command`, `exec` or `env`, is not that: a function often calls the program that it stands for.
func (c *call) callsFunction() bool {
	first := c.script.Commands[c.index].Words[0]
	return slices.Contains(c.script.Functions, c.Words[0].Lit) && (c.Words[0].Span == first.Span || first.Lit == "time")
}

// buildScript matches the names of scripts that build.
var buildScript = pattern(`^(build|make|compile)([._-].*)?$`)

// isBuildScript reports whether a script compiles, as far as its name and the base image say: nothing else is known.
func (c *call) isBuildScript(name string) bool {
	return graph.OfficialGo(c.stage.Root().Image) && buildScript().MatchString(path.Base(name))
}

// blockBuild is the verdict on a command that compiles and cannot be told what for.
func blockBuild(way, format string, args ...any) Step {
	return Step{Verdict: Block, Compiles: true, Reason: fmt.Sprintf(format, args...), Way: way}
}

// builtHere returns the program if an earlier step built it for the target.
func (c *call) builtHere() string {
	program := c.Words[0].Lit
	if !strings.Contains(program, "/") {
		return ""
	}
	if !path.IsAbs(program) {
		program = path.Join(c.dir, program)
	}
	for _, s := range c.plan.writers {
		for _, w := range s.Writes {
			if w == program || (strings.HasSuffix(w, "/") || strings.HasSuffix(w, "/**")) && matchesWrite(w, program) && s.Verdict == Convert && !c.isScript() {
				return c.Words[0].Lit
			}
		}
	}
	return ""
}

// builtOnPath returns a program that an earlier step built for the target into a
// folder where other programs look for it, or "".
func (c *call) builtOnPath(prefix string) string {
	for _, s := range c.plan.writers {
		if s.Verdict != Convert {
			continue
		}
		for _, w := range s.Writes {
			folder := strings.HasSuffix(w, "/")
			if folder && isProgramDir(w) || !folder && isProgramDir(path.Dir(w)) && strings.HasPrefix(path.Base(w), prefix) {
				return w
			}
		}
	}
	return ""
}

// changeDir follows a cd.
func (c *site) changeDir(dir string) string {
	if len(c.args) == 0 {
		return ""
	}
	to, ok := c.known(c.args[0])
	if !ok || to == "-" {
		return ""
	}
	if path.IsAbs(to) {
		return path.Clean(to)
	}
	if dir == "" {
		return ""
	}
	return path.Join(dir, to)
}

// abs makes a path of the command absolute; empty if it cannot be known.
func (c *site) abs(p string) string {
	slash := ""
	if strings.HasSuffix(p, "/") {
		slash = "/"
	}
	switch {
	case p == "":
		return ""
	case path.IsAbs(p):
	case c.dir == "":
		return ""
	default:
		p = path.Join(c.dir, p)
	}
	if p = path.Clean(p); p == "/" {
		return p
	}
	return p + slash
}
