package dfrewrite

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/plan"
	"xxkit/dfrewrite/rules"
	"xxkit/dfrewrite/verdict"
)

// A Decision says what becomes of a stage.
type Decision string

// The decisions.
const (
	// Stays: the stage runs where it ran, and that is right or nothing would be won.
	Stays Decision = "stays"
	// Moves: the stage runs on another platform afterwards.
	Moves Decision = "moves"
	// Held: the stage could move, but a person should read that first.
	Held Decision = "held"
	// Refused: the stage compiles on the target platform, and something stands in the way.
	Refused Decision = "refused"
)

// An Explanation says what Rewrite makes of a file, and why: stage by stage and
// command by command. Places are those in the file as it was.
type Explanation struct {
	// Doc is the file as it was.
	Doc *dockerfile.Document
	// Rewritten is what Rewrite makes of it.
	Rewritten *Rewritten
	// Stages are those of the file as it was; none for a Compose or bake file.
	Stages []StageExplanation
	// Findings are what was found, in file order.
	Findings []FindingExplanation
}

// A StageExplanation says what becomes of one stage.
type StageExplanation struct {
	Stage    *graph.Stage
	Decision Decision
	// Why is a sentence without a full stop.
	Why string
	// After is where the stage runs in the new file; Stage.Place is where it runs now.
	After graph.Place
	// Reviews are what a person should read, for a stage that moves or could.
	Reviews []string
	// Commands are the verdicts on the stage's commands, and on other instructions that
	// stand in the way. They say what would become of each on the build platform, and
	// count where the stage moves or compiles.
	Commands []verdict.Step
	// Blocks are what stands in the way of a refused stage and is no command of it,
	// such as what another stage takes out of it.
	Blocks []verdict.Step
}

// Emulated reports whether commands run on the target platform, so that they are
// emulated when that is foreign: before the rewrite, or after it.
func (s *StageExplanation) Emulated(after bool) bool {
	place := s.Stage.Place
	if after {
		place = s.After
	}
	return place == graph.Target && slices.ContainsFunc(s.Stage.Body, graph.IsRun)
}

// A FindingState says what Rewrite did about a finding.
type FindingState string

// The states.
const (
	FixMade FindingState = "made"
	FixHeld FindingState = "held" // a person should read the fix first
	NoFix   FindingState = "left"
)

// A FindingExplanation is a finding and what Rewrite did about it.
type FindingExplanation struct {
	rules.Diagnostic
	State FindingState
	// At is where in the file as it was.
	At dockerfile.Span
}

// Explain rewrites a Dockerfile as Rewrite does with the same options, and says
// what was decided and why. It does so for files that are right as they are or that
// cannot be rewritten, too.
func Explain(name string, src []byte, opt Options) (*Explanation, error) {
	doc, err := dockerfile.Parse(name, src)
	if err != nil {
		return nil, err
	}
	r, err := Rewrite(name, src, opt)
	if err != nil {
		return nil, err
	}
	e := ExplainRewritten(doc, r)
	after := map[int]*graph.Stage{}
	for _, s := range r.Left.Graph.Stages {
		after[s.From.Span.Start] = s
	}
	before := graph.For(doc, opt.Flags)
	planner := plan.NewPlanner(opt.recipes())
	moving := map[*graph.Stage]*verdict.Conversion{}
	for _, s := range before.Stages {
		x := StageExplanation{Stage: s, After: s.Place, Commands: planner.Plan(s).Steps}
		if now := after[r.now(s.From.Span.Start)]; now != nil {
			x.After = now.Place
		}
		x.decide(planner, moving)
		if x.Decision == Stays {
			// What it takes from others would matter elsewhere only.
			x.Commands = slices.DeleteFunc(slices.Clone(x.Commands), func(c verdict.Step) bool {
				return !graph.IsRun(c.In) || c.Span == c.In.Span && !unread(c.In, before)
			})
		}
		e.Stages = append(e.Stages, x)
	}
	return e, nil
}

// ExplainRewritten says what was found in a file and what was done about it. It is
// for files that have no stages.
func ExplainRewritten(doc *dockerfile.Document, r *Rewritten) *Explanation {
	e := &Explanation{Doc: doc, Rewritten: r}
	for i, d := range r.Made {
		e.Findings = append(e.Findings, FindingExplanation{r.inOld(d, i), FixMade, r.origin(d.Span, i)})
	}
	for _, d := range r.Left.Findings {
		state := NoFix
		if d.Fix != nil {
			state = FixHeld
		}
		e.Findings = append(e.Findings, FindingExplanation{r.inOld(d, len(r.Edits)), state, r.origin(d.Span, len(r.Edits))})
	}
	slices.SortStableFunc(e.Findings, func(a, b FindingExplanation) int { return a.At.Start - b.At.Start })
	return e
}

// decide finds the decision on a stage and its reason. Stages that move together are looked at once, and kept in
// moving.
func (x *StageExplanation) decide(pl *plan.Planner, moving map[*graph.Stage]*verdict.Conversion) {
	s := x.Stage
	compiles := pl.Plan(s).Compiles()
	var together *verdict.Conversion // of a stage that compiles on the target platform, or goes where one goes
	root := s.Root()
	staysForOthers := s == root && pl.Heads(root)[0] != root // those based on it move without it
	if s.Place == graph.Target && root.Place == graph.Target && !pl.OnlyChecks(s) && !staysForOthers {
		c := x.conversion(pl, moving)
		if slices.Contains(c.Stages, s) && slices.ContainsFunc(c.Ledgers, func(p *verdict.Ledger) bool { return p.Compiles() && !pl.OnlyChecks(p.Stage) }) {
			together = c
		}
	}
	switch {
	case s.LeftOut() && x.After != s.Place && x.After == graph.Build && !slices.Contains(x.conversion(pl, moving).Stages, s):
		x.Decision, x.Why, x.Commands = Moves, "is not built, and goes with the stage that it is based on", nil
	case s.LeftOut() && x.After == s.Place:
		x.Decision, x.Why = Stays, "no target is made of it or with its help"
	case x.After != s.Place && x.After == graph.Build:
		x.Decision, x.Why = Moves, "every command does the same on the build platform, or is told what to build for"
		if !compiles {
			x.Why = "goes with the stages that are based on it, or that it is based on"
		}
		if together != nil {
			x.Reviews = together.Reviews
		}
	case x.After != s.Place:
		x.Decision, x.Why = Moves, "what is shipped has to be the target platform's"
	case s.Place == graph.Build:
		x.Decision, x.Why = Stays, "runs on the build platform already"
	case s.Place == graph.Fixed:
		x.Decision, x.Why = Stays, "runs on the same platform whatever is built"
	case s.Place == graph.Unknown:
		x.Decision, x.Why = Stays, "where it runs depends on a build argument"
	case pl.OnlyChecks(s):
		x.Decision, x.Why = Stays, "only checks, and whoever builds it for another platform wants to check there"
	case together == nil || !compiles && len(together.Blocks) > 0:
		x.Decision, x.Why = Stays, x.nothingToGain()
	case len(together.Blocks) > 0:
		x.Decision = Refused
		x.block(together)
	case len(together.Reviews) > 0:
		x.Decision, x.Why, x.Reviews = Held, "could build on the build platform, but a person should read that first (--unsafe)", together.Reviews
	default:
		x.Decision, x.Why = Stays, "could build on the build platform, but that is not looked for here"
	}
	if together != nil && (x.Decision == Moves || x.Decision == Held) {
		x.Commands = splitPackages(x.Commands, together.Edits)
	}
}

// conversion returns what it takes to move the stage, and those that move with it.
func (x *StageExplanation) conversion(pl *plan.Planner, moving map[*graph.Stage]*verdict.Conversion) *verdict.Conversion {
	c := moving[x.Stage]
	if c == nil {
		c = pl.ToBuildPlatform(x.Stage)
		for _, t := range c.Stages {
			moving[t] = c
		}
	}
	return c
}

// splitPackages says of installations that the conversion changes what becomes of them: by itself, the verdict on
// one is that it does no harm on the build platform.
func splitPackages(steps []verdict.Step, edits []dockerfile.Edit) []verdict.Step {
	steps = slices.Clone(steps)
	for i, s := range steps {
		changes := slices.ContainsFunc(edits, func(e dockerfile.Edit) bool {
			return e.Span.Start < s.Span.End && s.Span.Start < e.Span.End
		})
		if changes && s.Recipe == "packages" && s.Verdict == verdict.Neutral {
			steps[i].Verdict, steps[i].Reason = verdict.Convert, "its packages are taken apart: tools for the build platform, libraries for the target"
		}
	}
	return steps
}

func (x *StageExplanation) nothingToGain() string {
	switch {
	case !slices.ContainsFunc(x.Stage.Body, graph.IsRun):
		return "nothing runs in it"
	case slices.ContainsFunc(x.Stage.Body, func(in *dockerfile.Instruction) bool { return unread(in, x.Stage.Graph) }):
		return "nothing that can be seen in it compiles"
	}
	why := "nothing in it compiles"
	if programs := x.mayCompile(); len(programs) > 0 {
		verb := "has"
		if len(programs) > 1 {
			verb = "have"
		}
		why = fmt.Sprintf("nothing in it is known to compile; %s may, and %s to run on the target platform", rules.List(programs), verb)
	}
	if x.Stage.Shipped() {
		why = "is what is shipped, and " + why
	}
	return why
}

// mayCompile lists programs that install packages, or build in a way that is not known, some of which are in C.
func (x *StageExplanation) mayCompile() []string {
	var out []string
	for _, s := range x.Commands {
		if !s.CompilesOnHost || s.Recipe == "plain" || !graph.IsRun(s.In) {
			continue
		}
		for _, word := range strings.Fields(string(s.In.Doc.Src[s.Span.Start:s.Span.End])) {
			if !strings.Contains(word, "=") {
				if name := path.Base(word); !slices.Contains(out, name) {
					out = append(out, name)
				}
				break
			}
		}
	}
	return out
}

// unread reports whether an instruction is a RUN whose commands cannot be seen.
func unread(in *dockerfile.Instruction, g *graph.Graph) bool {
	if !graph.IsRun(in) {
		return false
	}
	script := g.Script(in)
	return script.Opaque != "" && script.Exec == nil
}

// block puts down what stands in the way of a stage.
func (x *StageExplanation) block(c *verdict.Conversion) {
	own := 0
	for _, b := range c.Blocks {
		if slices.ContainsFunc(x.Commands, func(s verdict.Step) bool {
			return s.Verdict == verdict.Block && s.In == b.In && s.Span == b.Span && s.Reason == b.Reason
		}) {
			own++
			continue
		}
		x.Blocks = append(x.Blocks, b)
	}
	things := fmt.Sprintf("%d things stand", len(c.Blocks))
	if len(c.Blocks) == 1 {
		things = "something stands"
	}
	x.Why = "compiles on the target platform, and " + things + " in the way"
	if own == 0 && !slices.ContainsFunc(x.Blocks, func(b verdict.Step) bool { return b.In == x.Stage.From }) && len(c.Stages) > 1 {
		x.Why += " of it or of the stages that it shares its base with"
	}
}
