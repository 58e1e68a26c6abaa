package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"go.yaml.in/yaml/v4"

	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// goreleaser puts a program that it has built beside the Dockerfile, for each of its dockers. Which one is said by goarch,
// and amd64 if nothing is (https://goreleaser.com/customization/docker); for which platform the image is, by a flag of docker.

// releaseConfigs are the names under which it looks for its configuration.
var releaseConfigs = []string{".config/goreleaser.yml", ".config/goreleaser.yaml", ".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml"}

// A releaseImage is an entry of dockers.
type releaseImage struct {
	Dockerfile, Goarch string
	IDs                []string `yaml:"ids"`
	Flags              []string `yaml:"build_flag_templates"`
}

// A releaseBuild is an entry of builds.
type releaseBuild struct{ ID, Binary string }

// releasedWithoutArch reports a program that goreleaser puts into an image for another architecture.
func (p *Pass) releasedWithoutArch(s *graph.Stage) {
	if !s.Delivered() {
		return
	}
	var file string
	var config struct {
		ProjectName string `yaml:"project_name"`
		Builds      []releaseBuild
		Dockers     []yaml.Node
	}
	for _, name := range releaseConfigs {
		if text := p.Options.Context.ReadFile(name); text != nil && yaml.Unmarshal(text, &config) == nil {
			file = name
			break
		}
	}
	for i, node := range config.Dockers {
		var image releaseImage
		if node.Decode(&image) != nil {
			continue
		}
		platform := image.platform()
		arch, _, _ := strings.Cut(strings.TrimPrefix(platform, "linux/"), "/")
		built := image.Goarch
		if built == "" {
			built = "amd64"
		}
		if image.Dockerfile == "" {
			image.Dockerfile = "Dockerfile"
		}
		if path.Base(image.Dockerfile) != path.Base(p.Graph.Doc.Name) || !strings.HasPrefix(platform, "linux/") || arch == built || strings.Contains(platform+built, "{{") {
			continue
		}
		var names []string
		for _, b := range config.Builds {
			if len(image.IDs) == 0 || slices.Contains(image.IDs, b.ID) {
				names = append(names, b.Binary)
			}
		}
		if len(names) == 0 {
			names = []string{config.ProjectName}
		}
		p.releasedInto(s, names, Diagnostic{
			Message: fmt.Sprintf("goreleaser puts the program for %s into the image for %s: entry %d of its dockers does not say goarch: %s", built, platform, i+1, arch),
			Hint:    fmt.Sprintf("say goarch: %s there, and build for linux_%s as well", arch, arch),
			Notes:   []Note{{In: facts.Place{File: path.Join(p.Options.Context.Dir, file), Line: node.Line}, Text: "asks for " + platform}},
		})
	}
}

// platform is what docker is told to build for.
func (r *releaseImage) platform() string {
	for i, flag := range r.Flags {
		if rest, ok := strings.CutPrefix(flag, "--platform"); ok {
			if rest == "" && i+1 < len(r.Flags) {
				return r.Flags[i+1]
			}
			return strings.TrimLeft(rest, "= ")
		}
	}
	return ""
}

// releasedInto reports it at the COPY that takes one of the programs.
func (p *Pass) releasedInto(s *graph.Stage, names []string, d Diagnostic) {
	for _, in := range s.Body {
		c, ok := in.Command.(*instructions.CopyCommand)
		if !ok || c.From != "" {
			continue
		}
		for _, src := range c.SourcePaths {
			if slices.Contains(names, path.Base(src)) {
				d.Span = wordSpan(in, src)
				d.Notes[0].Span = d.Span
				p.Report(d)
				return
			}
		}
	}
}
