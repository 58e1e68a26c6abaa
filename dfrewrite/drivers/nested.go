package drivers

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/verdict"
)

// A file may run another one: a script calls make, a Makefile a script. The lines of the first are judged in a Dockerfile of their own,
// which has the COPYs of the stage, so that the second is found where it is.

const (
	// maxNested is how many files run each other at most.
	maxNested = 3
	// nestedWork is what one of them takes from the budget, beside its text.
	nestedWork = 1 << 16
)

// called returns the callers of the commands of a file; nil where files that these run are not followed any more.
func called(c *verdict.Call, d Build) []verdict.Caller {
	var text strings.Builder
	for _, l := range d.Lines {
		text.WriteString(l.Text + "\n")
	}
	if slices.ContainsFunc(c.Opt.Callers, func(by verdict.Caller) bool { return by.Text == text.String() }) {
		return nil // it runs itself
	}
	if len(c.Opt.Callers) >= maxNested || len(c.Opt.Callers) > 0 && !c.Stage.Graph.Budget.Text(text.Len()+nestedWork) {
		return nil
	}
	return append(slices.Clip(c.Opt.Callers), verdict.Caller{Site: &c.Site, Text: text.String()})
}

// copies returns instructions that say what of the build context the stage has where. One that brings something else, or that is not
// followed, brings nothing that is known.
func copies(c *verdict.Call) string {
	var b strings.Builder
	unknown := func(dest string) { fmt.Fprintf(&b, "COPY --from=scratch %s\n", inJSON("/", dest)) }
	for cmd, dest := range c.Copies() {
		switch {
		case cmd.From != "" || cmd.Parents || len(cmd.ExcludePatterns) > 0:
			unknown(dest)
		case len(cmd.SourceContents) == 0:
			if len(cmd.SourcePaths) > 1 || strings.HasSuffix(cmd.DestPath, "/") {
				dest += "/"
			}
			fmt.Fprintf(&b, "COPY %s\n", inJSON(append(slices.Clip(cmd.SourcePaths), dest)...))
		}
	}
	run, ok := c.Run.Command.(*instructions.RunCommand)
	if !ok {
		return b.String()
	}
	for _, m := range instructions.GetMounts(run) {
		target := m.Target
		if !path.IsAbs(target) {
			target = path.Join("/", c.Env.Dir, target)
		}
		if m.Type == instructions.MountTypeBind && m.From == "" {
			fmt.Fprintf(&b, "COPY %s\n", inJSON(path.Join("/", m.Source), target))
		} else if m.Target != "" && m.Type != instructions.MountTypeSSH && m.Type != instructions.MountTypeSecret {
			unknown(target)
		}
	}
	return b.String()
}

// inJSON is the exec form of words, in which blanks do no harm.
func inJSON(words ...string) string {
	text, _ := json.Marshal(words) // strings can be marshalled
	return string(text)
}

// isCopy tells the instructions that copies has made from the lines that are judged.
func isCopy(in *dockerfile.Instruction) bool {
	_, ok := in.Command.(*instructions.CopyCommand)
	return ok
}

// Sourced reports whether a file that the script has sourced before the command may have set a variable.
func Sourced(c *verdict.Call, name string) bool {
	for _, cmd := range c.Script.Commands[:c.Index] {
		if cmd.Name != "." && cmd.Name != "source" || len(cmd.Words) < 2 {
			continue
		}
		before := *c
		before.Command = cmd
		file, known := before.Known(cmd.Words[1])
		text := before.ContextFile(file)
		if !known || text == nil {
			return true
		}
		for _, m := range assigned().FindAllSubmatch(text, -1) {
			if string(m[1]) == name {
				return true
			}
		}
	}
	return false
}

// assigned matches what may give a variable a value.
var assigned = match.Pattern(`([A-Za-z_]\w*)(?:\+|:)?=`)
