package recipes

import (
	"fmt"
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// Many stages take a tool out of another image and run it:
//
//	COPY --from=bufbuild/buf:1.50.0 /usr/local/bin/buf /usr/local/bin/
//
// BuildKit takes such an image for the target (see copiedgo.go). A stage that moves to the build platform gets the tool from a
// stage that has the image for the build platform.

// judgeCopiedTools decides on a COPY that takes tools out of an image, and nothing else: all that it takes is a program that the stage
// runs, and no other stage gets.
func (p *Plan) judgeCopiedTools(file *sources, in *dockerfile.Instruction) (Step, bool) {
	cmd, ok := in.Command.(*instructions.CopyCommand)
	flag := in.Flag("from")
	if !ok || flag == nil || !toolImage().MatchString(flag.Value) || graph.OfficialGo(flag.Value) || isStageName(p.Stage.Graph, flag.Value) || Numbered(p.Stage.Graph) {
		return Step{}, false
	}
	c := &call{site: site{run: in, stage: p.Stage}, plan: p, file: file, opt: file.opt}
	var files []string
	dest := p.Stage.Graph.CopiesTo(in)
	for _, src := range cmd.SourcePaths {
		file := dest
		if isProgramDir(dest) || strings.HasSuffix(cmd.DestPath, "/") || len(cmd.SourcePaths) > 1 {
			file = path.Join(dest, path.Base(src))
		}
		if !plainPath().MatchString(path.Join("/", src)) || !plainPath().MatchString(file) || strings.HasSuffix(src, "/") ||
			c.taken(file) || c.amongSource(file) || c.runLater(file) == "" {
			return Step{}, false
		}
		files = append(files, file)
	}
	name, lines := stageOnBuild(p.Stage.Graph, flag.Value)
	return Step{In: in, Span: in.Span, Recipe: "copied tool", Verdict: Convert, Reason: "takes a tool for the build platform, on which it runs",
		Review:     fmt.Sprintf("what %s makes when it runs on the build platform has to be looked up", path.Base(files[0])),
		HostWrites: files, Edits: []dockerfile.Edit{{Span: flag.ValueSpan, New: name}}, stageLines: lines}, true
}

// toolImage matches the full name of an image: a name alone may be a context that whoever builds names.
var toolImage = pattern(`^[A-Za-z0-9._-]+(?::[0-9]+)?(?:/[A-Za-z0-9._/-]+)?[:/@][A-Za-z0-9._:@/-]+$`)

func isStageName(g *graph.Graph, name string) bool {
	for _, s := range g.Stages {
		if strings.EqualFold(s.Name, name) {
			return true
		}
	}
	return false
}
