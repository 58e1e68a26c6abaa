package download

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/verdict"
)

// A download that $TARGETARCH chooses, and that the stage runs itself, is the target's program. In a stage on the build
// platform it has to be the builder's, which $BUILDARCH chooses; so with the other arguments of these names.

// judgeToolForTarget decides on a download of a RUN that gets tools for the target which the stage itself runs.
func judgeToolForTarget(c *verdict.Call) (verdict.Step, bool) {
	edits, args, ok := buildersInstead(c.Run)
	if !ok {
		return verdict.Step{}, false
	}
	u := useOf(c, facts.FromTarget)
	if u.block != "" || u.shipped || len(u.files) == 0 || slices.ContainsFunc(u.files, func(f string) bool { return !isStageTool(c, f) }) {
		return verdict.Step{}, false
	}
	step := toolStep(u.files)
	if !slices.ContainsFunc(c.Ledger.Steps, func(s verdict.Step) bool { return s.In == c.Run && s.Reason == step.Reason }) {
		step.Edits, step.Needs.Args = edits, args // all that the RUN has, once
	}
	return step, true
}

// addedTool decides on an ADD in the same way.
func addedTool(p *verdict.Ledger, file *verdict.File, in *dockerfile.Instruction) (verdict.Step, bool) {
	edits, args, ok := buildersInstead(in)
	if !ok {
		return verdict.Step{}, false
	}
	c := &verdict.Call{Site: graph.Site{Run: in, Stage: p.Stage}, Ledger: p, File: file, Opt: file.Options}
	add := in.Command.(*instructions.AddCommand)
	var files []string
	for _, on := range c.Facts().Platforms {
		dest := c.Facts().Expand(in, add.DestPath, on)
		if !dest.Known() || dest.From != 0 || len(add.SourcePaths) > 1 {
			return verdict.Step{}, false
		}
		file := c.Facts().Abs(in, dest.Text, on)
		if strings.HasSuffix(dest.Text, "/") {
			name := c.Facts().Expand(in, path.Base(add.SourcePaths[0]), on)
			if !name.Known() || name.From != 0 {
				return verdict.Step{}, false
			}
			file = path.Join(file, name.Text)
		}
		if c.Taken(file) || c.AmongSource(file) || c.RunLater(file) == "" {
			return verdict.Step{}, false
		}
		files = append(files, file)
	}
	slices.Sort(files)
	step := toolStep(slices.Compact(files))
	step.In, step.Span, step.Recipe, step.Edits, step.Needs.Args = in, in.Span, "downloads", edits, args
	return step, len(files) > 0
}

func toolStep(files []string) verdict.Step {
	return verdict.Step{Verdict: verdict.Convert, Reason: "downloads a tool that the stage runs, for the build platform", HostWrites: files,
		Review: "a tool that the stage runs is downloaded for the build platform instead of the target"}
}

// isStageTool reports whether a command of the stage runs a file, or it lies in a folder for programs.
func isStageTool(c *verdict.Call, file string) bool {
	if folder, ok := strings.CutSuffix(file, "/"); ok {
		return verdict.IsProgramDir(folder)
	}
	return c.RunLater(file) != ""
}

// targetArgument matches what BuildKit says of the target in the form that can be turned to the builder: by name alone.
var targetArgument = match.Pattern(`\$(?:\{TARGET(PLATFORM|OS|ARCH)\}|TARGET(PLATFORM|OS|ARCH)\b)`)

// buildersInstead turns all that an instruction says of the target to the builder. It is false where nothing is said of the
// target, or in another form.
func buildersInstead(in *dockerfile.Instruction) (edits []dockerfile.Edit, args []string, ok bool) {
	src := in.Doc.Src[in.Span.Start:in.Span.End]
	found := targetArgument().FindAllSubmatchIndex(src, -1)
	if len(found) == 0 || len(found) != strings.Count(string(src), "TARGET") {
		return nil, nil, false
	}
	for _, m := range found {
		from, to := m[2], m[3]
		if from < 0 {
			from, to = m[4], m[5]
		}
		at := in.Span.Start + from
		edits = append(edits, dockerfile.Edit{Span: dockerfile.Span{Start: at - len("TARGET"), End: at}, New: "BUILD"})
		if arg := "BUILD" + string(src[from:to]); !slices.Contains(args, arg) {
			args = append(args, arg)
		}
	}
	return edits, args, true
}
