package recipes

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/shell"
)

// judgeExec judges a RUN in exec form, RUN ["go", "mod", "download"]. The recipes know what the command does, but
// what they would write is for a shell, which is not there to fill $TARGETARCH in; so what has to be changed blocks.
func (p *Plan) judgeExec(in *dockerfile.Instruction, script *shell.Script, pl *Planner) {
	// The command alone, as a script, so that recipes find it where they look.
	alone := &shell.Script{Run: in, Text: script.Text, Commands: []*shell.Command{script.Exec}}
	env := p.Stage.Graph.EnvAt(in)
	c := p.newCall(in, alone, 0, env, env.Dir, pl)
	step := c.judge()
	if step.Verdict == Convert && len(step.Edits) > 0 || step.install != nil || len(step.removes) > 0 {
		step = Step{In: in, Span: step.Span, Recipe: step.Recipe, Verdict: Block, Compiles: step.Compiles, Writes: step.Writes,
			Reason: "the exec form has no shell that would fill in what the target is",
			Way:    "write it in shell form: RUN " + shellForm(script.Exec.Words)}
		if !step.Compiles {
			step.Reason = "packages that are installed in exec form cannot be told apart for build and target"
		}
	}
	if step.Verdict == Block && shells[c.name] {
		step.Reason = fmt.Sprintf("%s gets a string with escapes in it, which cannot be rewritten where it stands", c.name)
		step.Way = "write it in shell form, without the brackets"
		step.Compiles = c.stringCompiles()
	}
	p.add(step)
}

// stringCompiles reports whether the string that a shell gets compiles. With escapes in it, edits cannot be put where
// they belong, but what it says can be looked at.
func (c *call) stringCompiles() bool {
	i := slices.IndexFunc(c.args, func(w shell.Word) bool { return shellOption().MatchString(w.Lit) })
	image, err := c.knownImage()
	if i < 0 || i+1 >= len(c.args) || err != nil {
		return false
	}
	opt := *c.opt
	opt.Context = nil
	plan, err := c.file.judgeLines(fmt.Sprintf("FROM %s\n", image), []string{c.args[i+1].Lit}, &opt)
	return err == nil && plan.Compiles()
}

// shellOption matches the option in front of a string with commands, alone or among others: -c, -ec.
var shellOption = pattern(`^-[a-z]*c$`)

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

// inJSON blocks a conversion whose edits cannot stand in a JSON string.
func (s Step) inJSON() Step {
	for _, e := range s.Edits {
		if strings.ContainsAny(e.New, "\"\\\n\t") {
			return Step{In: s.In, Span: s.Span, Recipe: s.Recipe, Verdict: Block, Compiles: s.Compiles, Writes: s.Writes,
				Reason: "the script stands in a JSON string, in which what is added would need quotes", Way: "write it in shell form, without the brackets"}
		}
	}
	return s
}
