package download

import (
	"fmt"
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Many stages take a tool out of another image and run it:
//
//	COPY --from=bufbuild/buf:1.50.0 /usr/local/bin/buf /usr/local/bin/
//
// BuildKit takes such an image for the target (see recipes/golang/copiedgo.go). A stage that moves to the build platform gets the tool from a
// stage that has the image for the build platform.

// judgeCopiedTools decides on a COPY that takes tools out of an image, or out of a stage that holds nothing but one, and nothing
// else.
func judgeCopiedTools(p *verdict.Ledger, file *verdict.File, in *dockerfile.Instruction) (verdict.Step, bool) {
	cmd, ok := in.Command.(*instructions.CopyCommand)
	flag := in.Flag("from")
	if !ok || flag == nil {
		return verdict.Step{}, false
	}
	for _, u := range p.Stage.Uses {
		if u.By == in && u.From != nil {
			return judgeToolOfStage(p, file, u)
		}
	}
	if !toolImage().MatchString(flag.Value) || graph.OfficialGo(flag.Value) || graph.IsStageName(p.Stage.Graph, flag.Value) || graph.Numbered(p.Stage.Graph) {
		return verdict.Step{}, false
	}
	files := toolsIn(p, file, in, cmd.SourcePaths, cmd.DestPath, p.Stage.Graph.CopiesTo(in))
	if files == nil {
		return verdict.Step{}, false
	}
	name, lines := graph.StageOnBuild(p.Stage.Graph, flag.Value)
	return verdict.Step{In: in, Span: in.Span, Recipe: CopiedTool, Verdict: verdict.Convert, Reason: "takes a tool for the build platform, on which it runs",
		Review: reviewOf(files), HostWrites: files, Edits: []dockerfile.Edit{{Span: flag.ValueSpan, New: name}}, Needs: verdict.Needs{Stage: lines}}, true
}

// CopiedTool is what verdicts on tools out of images and stages are under.
const CopiedTool = "copied tool"

// judgeToolOfStage decides on a COPY or a mount of tools out of a stage that holds nothing but an image: the stage moves along.
func judgeToolOfStage(p *verdict.Ledger, file *verdict.File, u *graph.Use) (verdict.Step, bool) {
	if !u.From.OnlyImage() || u.From.Place != graph.Target && u.From.Place != graph.Build || u.From.Delivered() || graph.OfficialGo(u.From.Image) {
		return verdict.Step{}, false
	}
	dest := path.Clean(u.Dest)
	if u.Kind == graph.Copy {
		dest = p.Stage.Graph.CopiesTo(u.By)
	}
	files := toolsIn(p, file, u.By, u.Paths, u.Dest, dest)
	if files == nil {
		return verdict.Step{}, false
	}
	return verdict.Step{In: u.By, Span: u.By.Span, Recipe: CopiedTool, Reason: fmt.Sprintf("takes a tool out of %s, which is where the stage is that runs it", u.From.Title()),
		Review: reviewOf(files), HostWrites: files}, true
}

// JudgeMountedTool decides on the mount of such a tool in a RUN.
func JudgeMountedTool(p *verdict.Ledger, file *verdict.File, u *graph.Use) (verdict.Step, bool) {
	if u.Kind != graph.Mount || u.From == nil || !path.IsAbs(u.Dest) {
		return verdict.Step{}, false
	}
	return judgeToolOfStage(p, file, u)
}

// reviewOf says what has to be looked up about tools that nobody knows to do the same everywhere.
func reviewOf(files []string) string {
	for _, f := range files {
		if name := path.Base(f); !shell.Plain[name] {
			return fmt.Sprintf("what %s makes when it runs on the build platform has to be looked up", name)
		}
	}
	return ""
}

// toolsIn returns where an instruction puts what it takes, if all of that are programs that the stage runs, and no other stage
// gets; nil if not.
func toolsIn(p *verdict.Ledger, file *verdict.File, in *dockerfile.Instruction, sources []string, written, dest string) []string {
	c := &verdict.Call{Site: graph.Site{Run: in, Stage: p.Stage}, Ledger: p, File: file, Opt: file.Options}
	var files []string
	for _, src := range sources {
		file := dest
		if verdict.IsProgramDir(dest) || strings.HasSuffix(written, "/") || len(sources) > 1 {
			file = path.Join(dest, path.Base(src))
		}
		if path.Join("/", src) == "/" || !shell.PlainPath().MatchString(path.Join("/", src)) || !shell.PlainPath().MatchString(file) || strings.HasSuffix(src, "/") ||
			c.Taken(file) || c.AmongSource(file) || c.RunLater(file) == "" {
			return nil
		}
		files = append(files, file)
	}
	return files
}

// toolImage matches the full name of an image: a name alone may be a context that whoever builds names.
var toolImage = match.Pattern(`^[A-Za-z0-9._-]+(?::[0-9]+)?(?:/[A-Za-z0-9._/-]+)?[:/@][A-Za-z0-9._:@/-]+$`)
