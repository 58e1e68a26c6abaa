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

// judgeCopiedTools decides on a COPY that takes tools out of an image, and nothing else: all that it takes is a program that the stage
// runs, and no other stage gets.
func judgeCopiedTools(p *verdict.Ledger, file *verdict.File, in *dockerfile.Instruction) (verdict.Step, bool) {
	cmd, ok := in.Command.(*instructions.CopyCommand)
	flag := in.Flag("from")
	if !ok || flag == nil || !toolImage().MatchString(flag.Value) || graph.OfficialGo(flag.Value) || graph.IsStageName(p.Stage.Graph, flag.Value) || graph.Numbered(p.Stage.Graph) {
		return verdict.Step{}, false
	}
	c := &verdict.Call{Site: graph.Site{Run: in, Stage: p.Stage}, Ledger: p, File: file, Opt: file.Options}
	var files []string
	dest := p.Stage.Graph.CopiesTo(in)
	for _, src := range cmd.SourcePaths {
		file := dest
		if verdict.IsProgramDir(dest) || strings.HasSuffix(cmd.DestPath, "/") || len(cmd.SourcePaths) > 1 {
			file = path.Join(dest, path.Base(src))
		}
		if !shell.PlainPath().MatchString(path.Join("/", src)) || !shell.PlainPath().MatchString(file) || strings.HasSuffix(src, "/") ||
			c.Taken(file) || c.AmongSource(file) || c.RunLater(file) == "" {
			return verdict.Step{}, false
		}
		files = append(files, file)
	}
	name, lines := graph.StageOnBuild(p.Stage.Graph, flag.Value)
	return verdict.Step{In: in, Span: in.Span, Recipe: "copied tool", Verdict: verdict.Convert, Reason: "takes a tool for the build platform, on which it runs",
		Review:     fmt.Sprintf("what %s makes when it runs on the build platform has to be looked up", path.Base(files[0])),
		HostWrites: files, Edits: []dockerfile.Edit{{Span: flag.ValueSpan, New: name}}, Needs: verdict.Needs{Stage: lines}}, true
}

// toolImage matches the full name of an image: a name alone may be a context that whoever builds names.
var toolImage = match.Pattern(`^[A-Za-z0-9._-]+(?::[0-9]+)?(?:/[A-Za-z0-9._/-]+)?[:/@][A-Za-z0-9._:@/-]+$`)
