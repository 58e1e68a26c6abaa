package plan

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// judgeExec judges a RUN in exec form, RUN ["go", "mod", "download"]. The recipes know what the command does, but
// what they would write is for a shell, which is not there to fill $TARGETARCH in; so what has to be changed blocks.
func judgeExec(p *verdict.Ledger, in *dockerfile.Instruction, script *shell.Script, pl *Planner) {
	// The command alone, as a script, so that recipes find it where they look.
	alone := &shell.Script{Run: in, Text: script.Text, Commands: []*shell.Command{script.Exec}}
	env := p.Stage.Graph.EnvAt(in)
	c := newCall(p, in, alone, 0, env, env.Dir, pl)
	step := judge(c)
	if step.Verdict == verdict.Convert && len(step.Edits) > 0 || step.Installs != nil || len(step.Removes) > 0 {
		step = verdict.Step{In: in, Span: step.Span, Recipe: step.Recipe, Verdict: verdict.Block, Compiles: step.Compiles, Writes: step.Writes,
			Reason: "the exec form has no shell that would fill in what the target is",
			Way:    "write it in shell form: RUN " + shellForm(script.Exec.Words)}
		if !step.Compiles {
			step.Reason = "packages that are installed in exec form cannot be told apart for build and target"
		}
	}
	if step.Verdict == verdict.Block && shell.Shells[c.Program] {
		step.Reason = fmt.Sprintf("%s gets a string with escapes in it, which cannot be rewritten where it stands", c.Program)
		step.Way = "write it in shell form, without the brackets"
		step.Compiles = stringCompiles(c)
	}
	p.Add(step)
}

// stringCompiles reports whether the string that a shell gets compiles. With escapes in it, edits cannot be put where
// they belong, but what it says can be looked at.
func stringCompiles(c *verdict.Call) bool {
	i := slices.IndexFunc(c.Args, func(w shell.Word) bool { return shellOption().MatchString(w.Lit) })
	image, err := c.KnownImage()
	if i < 0 || i+1 >= len(c.Args) || err != nil {
		return false
	}
	opt := *c.Opt
	opt.Context = nil
	plan, err := c.File.JudgeLines(c.Stage.Graph.Budget, fmt.Sprintf("FROM %s\n", image), []verdict.Line{{Text: c.Args[i+1].Lit}}, &opt)
	return err == nil && plan.Compiles()
}

// shellOption matches the option in front of a string with commands, alone or among others: -c, -ec.
var shellOption = match.Pattern(`^-[a-z]*c$`)

// shellForm writes words for a shell.
func shellForm(words []shell.Word) string {
	var out []string
	for _, w := range words {
		if w.Lit == "" || strings.ContainsAny(w.Lit, " \t\n'\"\\$`&|;<>()*?[]#~{}!") {
			out = append(out, fmt.Sprintf("'%s'", strings.ReplaceAll(w.Lit, "'", `'\''`)))
			continue
		}
		out = append(out, w.Lit)
	}
	return strings.Join(out, " ")
}
