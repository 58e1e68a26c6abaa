// Package plan looks at stages as a whole: whether they can move to the build platform, and with which
// edits.
//
// A [Planner] lets the [Recipes] judge every command of a stage, and keeps their verdicts. A stage is
// converted as a whole or not at all, together with those that share its base
// ([Planner.ToBuildPlatform]), or where it runs already ([Planner.InPlace]). What leaves it must be
// something that a converted command made or that is the same on every platform (copiedout.go).
// ctoolchain.go brings compilers and the target's libraries in, split.go divides a base that is shared
// with what is shipped, finalstage.go says what would become of a file's only stage, and handmadecross.go takes
// out what people cross-compile by hand, so that the recipes see what a native build would be.
package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/recipes/download"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// A Planner judges the stages of one file, each of them once.
type Planner struct {
	*verdict.File
	plans map[*graph.Stage]*verdict.Ledger
	heads map[*graph.Stage][]*graph.Stage // see Heads
	// undone says that a hand-made recipe has been taken out of the file already.
	undone bool
	// apart says that what a shipped stage compiles has been given a stage of its own already.
	apart bool
}

// NewPlanner returns a planner that judges with the given options.
func NewPlanner(opt *verdict.Options) *Planner {
	drivers := map[string]bool{}
	for _, r := range Recipes {
		maps.Copy(drivers, r.Programs)
	}
	return &Planner{File: &verdict.File{Options: opt, Drivers: drivers, Memo: map[any]any{}, JudgeLines: planCommands}, plans: map[*graph.Stage]*verdict.Ledger{}}
}

// Know gives the planner the facts of the file, which it works out by itself else.
func (pl *Planner) Know(f *facts.Facts) { pl.File.Know(f) }

// Plan gives a verdict on every command of a stage and on what it takes from
// elsewhere. It does not look at where the stage runs now.
func (pl *Planner) Plan(s *graph.Stage) *verdict.Ledger {
	if p, ok := pl.plans[s]; ok {
		return p
	}
	p := &verdict.Ledger{Stage: s, Context: pl.Options.Context}
	if s.Base != nil {
		p.Base = pl.Plan(s.Base)
	}
	pl.plans[s] = p
	mounted := map[*graph.Use]bool{}
	for _, in := range s.Body {
		switch in.Command.(type) {
		case *instructions.RunCommand:
			for _, u := range s.Uses {
				if step, ok := download.JudgeMountedTool(p, pl.File, u); ok && u.By == in {
					mounted[u] = true
					p.Add(step)
				}
			}
			judgeRun(p, in, pl)
		case *instructions.OnbuildCommand:
			p.Block(in, "ONBUILD runs later, in a stage that is not in this file", "write the instruction out where it is needed")
		case *instructions.CopyCommand, *instructions.AddCommand:
			for _, r := range Recipes {
				if r.Copy == nil {
					continue
				}
				if step, ok := r.Copy(p, pl.File, in); ok {
					p.Add(step)
					break
				}
			}
		}
	}
	for _, u := range s.Uses {
		copied := u.Kind == graph.Copy && slices.ContainsFunc(p.Steps, func(s verdict.Step) bool { return s.In == u.By && s.Recipe == download.CopiedTool })
		if !copied && !mounted[u] {
			judgeUse(p, pl, u)
		}
	}
	for _, r := range Recipes {
		if r.Stage != nil {
			r.Stage(p)
		}
	}
	return p
}

func judgeRun(p *verdict.Ledger, in *dockerfile.Instruction, pl *Planner) {
	g := p.Stage.Graph
	script := g.Script(in)
	if script.Exec != nil {
		judgeExec(p, in, script, pl)
		return
	}
	if script.Opaque != "" {
		p.Block(in, "what this RUN does cannot be seen: "+script.Opaque, "write it as a shell command, or convert the stage by hand")
		return
	}
	nested := slices.ContainsFunc(script.Commands, func(c *shell.Command) bool { return c.Nested })
	if nested && pl.Facts(g).GaveUp(in) {
		p.Block(in, "the commands of this RUN are nested too deeply, or are too many, to be followed", "put them into several RUNs, or into a script")
		return
	}
	env := g.EnvAt(in)
	dir, nestedDir := env.Dir, env.Dir
	for i, cmd := range script.Commands {
		at := dir
		if cmd.Nested {
			at = nestedDir
		}
		c := newCall(p, in, script, i, env, at, pl)
		step := judge(c)
		if script.InJSON {
			step = step.InJSON()
		}
		p.Add(step)
		switch {
		case c.Program == "pushd" || c.Program == "popd" || c.Program == "cd" && cmd.Nested:
			// How far that reaches is more than is worth working out.
			nestedDir = ""
		case c.Program == "cd":
			dir = c.ChangeDir(dir)
			nestedDir = dir
		}
	}
}

// newCall returns a command of a script as recipes look at it, in the folder that it runs in.
func newCall(p *verdict.Ledger, in *dockerfile.Instruction, script *shell.Script, index int, env *graph.Env, dir string, pl *Planner) *verdict.Call {
	c := &verdict.Call{Site: graph.Site{Command: script.Commands[index], Run: in, Script: script, Index: index, Env: env, Stage: p.Stage, Dir: dir},
		Ledger: p, File: pl.File, Opt: pl.Options}
	c.Unwrap()
	if goPath := goInWord(c); goPath != "" {
		named := *c.Command
		named.Words = slices.Clone(c.Words)
		named.Words[0].Lit = goPath
		c.Command, c.Program, c.Args = &named, "go", named.Words[1:]
	}
	return c
}

// goInWord returns the name or path of go where a variable or the answer to a question has it (GO=go, $(command -v go)), else "".
func goInWord(c *verdict.Call) string {
	if c.Program != "" || len(c.Words) == 0 || c.Words[0].Const {
		return ""
	}
	found := ""
	for _, call := range c.Facts().Calls(c.Stage) {
		for _, w := range call.Words {
			switch {
			case call.Run != c.Run || w.At != c.Words[0].Span:
			case path.Base(w.Text) != "go" || w.From != 0 || found != "" && found != w.Text:
				return ""
			default:
				found = w.Text
			}
		}
	}
	return found
}

func judge(c *verdict.Call) verdict.Step {
	step := decide(c)
	step.In, step.Dir = c.Run, c.Dir
	if step.Span.Len() == 0 {
		step.Span = c.Span
	}
	if step.Made.FromC && len(c.Words) > 0 {
		end := c.Words[len(c.Words)-1].Span.End
		step.Made.Last = !c.Nested && len(c.Redirects) == 0 && end == step.Span.End && verdict.GoesOn().Match(c.Run.Doc.Src[end:c.Run.Span.End])
	}
	return step
}

func decide(c *verdict.Call) verdict.Step {
	if len(c.Words) == 0 {
		return verdict.Step{Recipe: "plain", Reason: "sets a variable"}
	}
	if c.Program == "" {
		return verdict.Step{Recipe: "plain", Verdict: verdict.Block, Reason: fmt.Sprintf("which program %s is cannot be known", c.Words[0].Raw),
			Way: "write the program's name out, or convert the stage by hand"}
	}
	if c.CallsFunction() {
		return verdict.Step{Recipe: "plain", Reason: "is a function of this script, judged by what it does"}
	}
	if built := c.BuiltHere(); built != "" {
		return verdict.Step{Recipe: "stage", Verdict: verdict.Block, Reason: fmt.Sprintf("runs %s, which was built for the target platform", built),
			Way: "run it in a stage of the target platform, or build a second one for the build platform"}
	}
	for _, r := range Recipes {
		if step, ok := r.Judge(c); ok {
			step.Recipe = r.Name
			return step
		}
	}
	if strings.Contains(c.Words[0].Lit, "/") && !verdict.IsSystemDir(path.Dir(c.Words[0].Lit)) {
		return verdict.Step{Verdict: verdict.Block, Recipe: "plain", Compiles: c.IsBuildScript(c.Words[0].Lit), Reason: fmt.Sprintf("runs %s; what is in it is not known", c.Words[0].Lit),
			Way: "convert the stage by hand, with GOOS, GOARCH or CC set for it"}
	}
	return verdict.Step{Verdict: verdict.Block, Recipe: "plain", Reason: fmt.Sprintf("no recipe knows what %s does", c.Program),
		Way: "convert the stage by hand, or move this command to a stage of its own"}
}
