package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/recipes/golang"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// ToBuildPlatform moves a stage, and with it every stage that shares its base in
// this file, to the build platform. Where the base has to stay, and can be had twice,
// the stage gets a base of its own; see Heads.
func (pl *Planner) ToBuildPlatform(s *graph.Stage) *verdict.Conversion {
	root := pl.head(s)
	c := &verdict.Conversion{Stages: root.Tree(), Heads: []*graph.Stage{root}}
	leaveOut(c, pl)
	withInstallers(c, pl)
	leaveOut(c, pl) // of what has come in
	judgeStages(c, pl)
	each(c, func(r *verdict.Recipe) func(*verdict.Conversion) { return r.Prepare })
	for _, t := range c.Stages {
		if len(t.Candidates) > 0 {
			c.BlockAt(t.From, fmt.Sprintf("which stage %s is based on depends on a build argument", t.Title()), "write the base's name out, or pin the stages that it may be to $BUILDPLATFORM by hand")
		}
		switch {
		case pl.OnlyChecks(t):
		case !pl.Plan(t).Compiles() && t.Shipped() && compileThemselves(c, pl): // those are told
		case t.Delivered():
			c.BlockAt(t.From, finalReason(c, t), finalWay(c, pl, t))
		case t.Shipped():
			c.BlockAt(t.From, fmt.Sprintf("%s is not used by another stage, so it may be an image that is shipped", t.Title()),
				sharedWay(c, pl, t, "give it a base of its own, or pin the others by hand"))
		}
	}
	if root.Place != graph.Target {
		c.BlockAt(root.From, fmt.Sprintf("%s does not run on the target platform", root.Title()), "leave the platform out of its FROM, or convert it by hand")
	}
	checkLeaving(c, pl)
	each(c, func(r *verdict.Recipe) func(*verdict.Conversion) { return r.Check })
	planToolchain(c, pl)
	if len(c.Blocks) > 0 {
		if undone := pl.withoutHandMade(s); undone != nil {
			return undone
		}
		if apart := pl.splitLast(s); apart != nil {
			return apart
		}
		return c
	}
	reviewReaders(c, pl)
	for _, h := range c.Heads {
		c.Edits = append(c.Edits, pin(h.From))
		if h.Base != nil {
			c.Edits = append(c.Edits, ownBase(h)...)
		}
	}
	edit(c, pl.Options)
	return c
}

// compileThemselves reports whether all that compiles is compiled in what is shipped, or may be.
func compileThemselves(c *verdict.Conversion, pl *Planner) bool {
	compile := slices.DeleteFunc(slices.Clone(c.Stages), func(t *graph.Stage) bool { return !pl.Plan(t).Compiles() || pl.OnlyChecks(t) })
	return len(compile) > 0 && !slices.ContainsFunc(compile, func(t *graph.Stage) bool { return !t.Shipped() })
}

// each lets the recipes that have something to say about stages that move together say it.
func each(c *verdict.Conversion, hook func(*verdict.Recipe) func(*verdict.Conversion)) {
	for _, r := range Recipes {
		if do := hook(r); do != nil {
			do(c)
		}
	}
}

// reviewReaders asks for a look at files of the context that read the lines which are about to change, or build them without
// BuildKit.
func reviewReaders(c *verdict.Conversion, pl *Planner) {
	g := c.Stages[0].Graph
	if pl.Options.Context == nil || slices.ContainsFunc(g.Stages, func(s *graph.Stage) bool { return s.From.Flag("platform") != nil }) {
		return // they know
	}
	readers := context.ReadersOf(pl.Options.Context, g.Doc.Name)
	if readers.From != "" {
		c.Reviews = append(c.Reviews, fmt.Sprintf("%s reads FROM lines (`%s`), and may not expect --platform in them", readers.From, shell.Shorten(readers.Text)))
	}
	if readers.Classic != "" {
		c.Reviews = append(c.Reviews, readers.Classic+" builds with the classic builder, which knows no BUILDPLATFORM and fails; the rewritten file needs BuildKit")
	}
}

func finalReason(c *verdict.Conversion, final *graph.Stage) string {
	if len(c.Stages) == 1 && len(final.Graph.Stages) == 1 {
		return "the only stage both builds and is what is shipped, and must stay on the target platform"
	}
	return fmt.Sprintf("%s is what is shipped, and must stay on the target platform", final.Title())
}

// InPlace lets a stage that runs on the build platform already compile for the
// target.
func (pl *Planner) InPlace(s *graph.Stage) *verdict.Conversion {
	c := &verdict.Conversion{Stages: []*graph.Stage{s}}
	judgeStages(c, pl)
	each(c, func(r *verdict.Recipe) func(*verdict.Conversion) { return r.Prepare })
	// What another stage on the build platform takes is the builder's so far, and may
	// be run there.
	for _, t := range s.Tree() {
		for _, u := range t.UsedBy {
			if tool := toolFor(u, c.Ledgers); tool != "" {
				c.BlockAt(u.By, fmt.Sprintf("takes %s into a stage on the build platform, where a binary for the target could not run", tool),
					"build the tool in a stage of its own")
			}
		}
	}
	for _, u := range s.Uses {
		if u.From != nil && u.From.Place == graph.Target && golang.TakesGo(u) {
			c.BlockAt(u.By, fmt.Sprintf("takes Go of stage %s, which is the target platform's", u.From.Title()), "give that stage --platform=$BUILDPLATFORM")
		}
		if u.From != nil && u.From.Place == graph.Target && pl.takesTool(u) {
			c.BlockAt(u.By, fmt.Sprintf("takes a tool of stage %s, which is the target platform's", u.From.Title()), "give that stage --platform=$BUILDPLATFORM")
		}
	}
	planToolchain(c, pl)
	if len(c.Blocks) == 0 {
		edit(c, pl.Options)
	}
	return c
}

func judgeStages(c *verdict.Conversion, pl *Planner) {
	if name, by := c.Stages[0].Graph.GivenTarget(); name != "" {
		c.BlockAt(c.Stages[0].From, fmt.Sprintf("%s comes as a build argument (%s), so what is compiled for the target would be the same for every platform", name, by),
			"leave the argument out: BuildKit sets it for each platform")
	}
	c.Below = map[*graph.Stage]*verdict.Ledger{}
	for _, t := range c.Stages {
		for s := t.Base; s != nil && !slices.Contains(c.Stages, s); s = s.Base {
			c.Below[s] = pl.Plan(s)
		}
	}
	for _, t := range c.Stages {
		p := pl.Plan(t)
		c.Ledgers = append(c.Ledgers, p)
		for _, b := range p.Blocks() {
			// A stage that stays is told so, and not what it would miss elsewhere.
			if c.Heads == nil || !pl.stays(t) || !slices.ContainsFunc(t.Uses, func(u *graph.Use) bool { return u.By == b.In && u.From != nil && u.Kind == graph.Copy }) {
				c.Blocks = append(c.Blocks, b)
			}
		}
		if pl.OnlyChecks(t) {
			continue // nobody gets what it makes
		}
		for _, s := range p.Steps {
			if s.Review != "" && !slices.Contains(c.Reviews, s.Review) {
				c.Reviews = append(c.Reviews, s.Review)
			}
		}
	}
}

// OnlyChecks reports whether a stage is there to run tests or linters and nothing
// else: it builds nothing, says nothing about a container to start, and no other
// stage uses it.
func (pl *Planner) OnlyChecks(s *graph.Stage) bool {
	if !s.Shipped() || len(s.UsedBy)+len(s.Children) > 0 {
		return false
	}
	checks := false
	for _, in := range s.Body {
		switch {
		case graph.AboutContainer(in):
			return false
		case graph.IsRun(in):
			checks = checks || slices.ContainsFunc(s.Graph.Script(in).Commands, isCheck)
		}
	}
	if !checks {
		return false
	}
	return !slices.ContainsFunc(pl.Plan(s).Steps, func(step verdict.Step) bool {
		return step.Compiles && (step.Verdict == verdict.Convert || match.Words("compilers c node")[step.Recipe] || len(step.Writes) > 0)
	})
}

// isCheck reports whether a command runs tests or linters, as the recipes know.
func isCheck(cmd *shell.Command) bool {
	return slices.ContainsFunc(Recipes, func(r *verdict.Recipe) bool {
		words, ok := r.Checks[cmd.Name]
		return ok && (words == nil || len(cmd.Words) > 1 && words[cmd.Words[1].Lit])
	})
}

// checkLeaving looks at everything that other stages take.
func checkLeaving(c *verdict.Conversion, pl *Planner) {
	for i, t := range c.Stages {
		plans := c.LedgersUpTo(i)
		for _, u := range t.UsedBy {
			if slices.Contains(c.Stages, u.In) && (!u.In.Shipped() || pl.OnlyChecks(u.In)) {
				continue // moves along
			}
			why, way := leavingStage(u, plans)
			if why == "" {
				continue
			}
			if way == "" {
				way = "take it from a stage of the target platform"
				if !u.In.Shipped() {
					way += ", or, if it is a tool that this stage runs, pin both stages to $BUILDPLATFORM by hand"
				}
			}
			c.BlockAt(u.By, why, way)
		}
	}
}

// toolFor returns what a use takes, out of what the plans compile, into a stage that
// runs on the build platform; "" if there is nothing.
func toolFor(u *graph.Use, plans []*verdict.Ledger) string {
	if u.In.Place != graph.Build || u.In.Delivered() { // what is shipped is there by mistake
		return ""
	}
	for _, p := range plans {
		for _, s := range p.Steps {
			if s.Verdict == verdict.Convert && (u.Kind == graph.Mount || verdict.Takes(u, s)) {
				return strings.Join(u.Paths, " ")
			}
		}
	}
	return ""
}

// pin puts --platform=$BUILDPLATFORM into a FROM.
func pin(from *dockerfile.Instruction) dockerfile.Edit {
	if f := from.Flag("platform"); f != nil {
		return dockerfile.Edit{Span: f.ValueSpan, New: "$BUILDPLATFORM"}
	}
	at := from.Keyword.End
	return dockerfile.Edit{Span: dockerfile.Span{Start: at, End: at}, New: " --platform=$BUILDPLATFORM"}
}

// edit collects the edits of the steps, the ARGs that they need, and the stage
// with the helpers.
func edit(c *verdict.Conversion, opt *verdict.Options) {
	helper := false
	declaredIn := map[*graph.Stage]map[string]bool{}
	for _, p := range c.Ledgers {
		declared := map[string]bool{}
		maps.Copy(declared, declaredIn[p.Stage.Base]) // ARGs are inherited
		declaredIn[p.Stage] = declared
		converts := map[*dockerfile.Instruction][]verdict.Step{}
		for _, s := range p.Steps {
			if s.Verdict == verdict.Convert || s.Verdict == verdict.Neutral && len(s.Edits) > 0 {
				converts[s.In] = append(converts[s.In], s)
			}
		}
		for _, in := range p.Stage.Body {
			var need []string
			if run := c.Toolchain.Runs[in]; len(run) > 0 {
				lines := run
				if _, ok := p.Stage.Graph.EnvAt(in).Lookup("TARGETPLATFORM"); !ok && !declared["TARGETPLATFORM"] {
					declared["TARGETPLATFORM"] = true
					lines = append([]string{"ARG TARGETPLATFORM"}, run...)
				}
				c.Edits = append(c.Edits, in.LinesBefore(lines...))
			}
			for _, s := range converts[in] {
				c.Edits = append(c.Edits, s.Edits...)
				helper = helper || s.Needs.Helper
				for _, a := range s.Needs.Args {
					if _, ok := p.Stage.Graph.EnvAt(in).Lookup(a); !ok && !declared[a] {
						declared[a] = true
						need = append(need, a)
					}
				}
			}
			if len(need) > 0 {
				graph.SortAutomatic(need)
				c.Edits = append(c.Edits, in.LinesBefore("ARG "+strings.Join(need, " ")))
			}
		}
	}
	c.Edits = append(c.Edits, c.Toolchain.Edits...)
	if helper {
		addHelpers(c, opt)
	}
	addStages(c)
}

// addHelpers brings the helpers into the converted stages: a stage that holds
// them, if there is none yet, and a COPY below the FROM of the stage that the
// others are based on.
func addHelpers(c *verdict.Conversion, opt *verdict.Options) {
	g := c.Stages[0].Graph
	name, exists := helperStage(g)
	if !exists {
		first := g.Stages[0].From
		c.Edits = append(c.Edits, first.LinesBefore("FROM --platform=$BUILDPLATFORM "+opt.Image+" AS "+name, ""))
		c.Edits = append(c.Edits, renumber(g)...)
	}
	// The COPY comes first where an ARG is inserted at the same place.
	root := c.Stages[0]
	lines := c.Toolchain.First
	there := func(u *graph.Use) bool { return u.From != nil && u.From.Name == name }
	if !slices.ContainsFunc(root.Uses, there) {
		lines = append(slices.Clone(lines), "COPY --from="+name+" / /")
	}
	if len(lines) > 0 {
		c.Edits = slices.Insert(c.Edits, 0, root.From.LinesAfter(lines...))
	}
}

// helperStage finds the stage that holds the helpers, or a free name for one.
func helperStage(g *graph.Graph) (name string, exists bool) {
	if s := g.HelperStage(); s != nil {
		return s.Name, true
	}
	taken := map[string]bool{}
	for _, s := range g.Stages {
		taken[s.Name] = true
	}
	for _, name := range []string{"xx", "xx-helpers"} {
		if !taken[name] {
			return name, false
		}
	}
	for i := 2; ; i++ {
		if name := "xx" + strconv.Itoa(i); !taken[name] {
			return name, false
		}
	}
}

// renumber moves references to stages by number, since a stage is put in front.
func renumber(g *graph.Graph) []dockerfile.Edit {
	var edits []dockerfile.Edit
	for _, s := range g.Stages {
		for _, u := range s.Uses {
			if u.From == nil || u.Kind != graph.Copy {
				continue
			}
			if f := u.By.Flag("from"); f != nil && f.Value == strconv.Itoa(u.From.Index) {
				edits = append(edits, dockerfile.Edit{Span: f.ValueSpan, New: strconv.Itoa(u.From.Index + 1)})
			}
		}
	}
	return edits
}

// addStages puts the stages in front that steps ask for, each of them once.
func addStages(c *verdict.Conversion) {
	var lines []string
	for _, p := range c.Ledgers {
		for _, s := range p.Steps {
			if s.Verdict == verdict.Convert && len(s.Needs.Stage) > 0 && !slices.Contains(lines, s.Needs.Stage[0]) {
				lines = append(lines, s.Needs.Stage...)
			}
		}
	}
	if len(lines) > 0 {
		c.Edits = append(c.Edits, c.Stages[0].Graph.Stages[0].From.LinesBefore(lines...))
	}
}
