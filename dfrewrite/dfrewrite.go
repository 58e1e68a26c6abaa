// Package dfrewrite lints Dockerfiles for multi-platform mistakes and rewrites
// stages that would run under emulation into stages that cross-compile.
//
// [Lint] says what is wrong, [Rewrite] makes the fixes, [Explain] says what was
// decided on and why. They take the bytes of a Dockerfile and touch no files; [Find]
// is what looks for them. The packages below are useful alone, from the bytes up:
//
//   - dockerfile: the bytes, instructions and stages of a file, and edits on them
//   - shell: the commands in a RUN
//   - graph: how stages hang together, and where they run
//   - context: the files of the build context, read and nothing else
//   - facts: what each RUN does in the build for each platform
//   - packages: what commands install
//   - verdict: what is said of one command, and what a recipe is
//   - recipes: how the commands of a tool cross-compile, or why not, a package each
//   - drivers: programs that run the commands of a file, such as make, a package each
//   - plan: whether a stage can move as a whole, and with which edits
//   - rules: what to look for, one mistake each
//   - builds: Compose and bake files
//   - config: what a project wants, .dfrewrite.toml
//   - report: how findings, decisions and stages are shown
//   - lsp: findings and fixes in an editor
//   - prove: what a rewrite changes in the images
package dfrewrite

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/platforms"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/rules"
	"xxkit/dfrewrite/verdict"
)

// PublicImage holds helpers that keep the plain contract, for builds of dfrewrite
// that have no image of their own stamped in.
const PublicImage = "tonistiigi/xx:1.8.0"

// DefaultPlatforms are the targets when none are named.
var DefaultPlatforms = []string{"linux/amd64", "linux/arm64"}

// Options say what to lint and rewrite for. The zero value is usable.
type Options struct {
	verdict.Options
	// Rules are looked for; nil means all.
	Rules []*rules.Rule
	// Unsafe makes Rewrite apply the fixes that a person should read.
	Unsafe bool
}

// ErrPlatform is wrapped by errors about platform strings.
var ErrPlatform = errors.New("not a platform")

// ParsePlatforms reads a comma-separated list such as linux/amd64,linux/arm/v7
// and brings each into BuildKit's normal form. A system or an architecture that nobody
// knows is an error, since it is mistyped.
func ParsePlatforms(list string) ([]string, error) {
	var out []string
	for _, s := range strings.Split(list, ",") {
		p, err := platforms.Parse(strings.TrimSpace(s))
		if err != nil || !strings.Contains(s, "/") {
			return nil, fmt.Errorf("%w: %q; write it as os/arch[/variant], like linux/arm64 or linux/arm/v7", ErrPlatform, s)
		}
		if !knownSystem(p.OS) {
			return nil, fmt.Errorf("%w: %q; no operating system is called %s, as linux is in linux/arm64", ErrPlatform, s, p.OS)
		}
		if !knownArchitecture(p.Architecture) {
			return nil, fmt.Errorf("%w: %q; no architecture is called %s, as arm64 is in linux/arm64", ErrPlatform, s, p.Architecture)
		}
		out = append(out, platforms.Format(platforms.Normalize(p)))
	}
	return out, nil
}

// knownSystem reports whether there is such an operating system. A word alone is one for
// containerd if it knows it as that; wasi is not in its list, and is in Docker's documentation.
func knownSystem(os string) bool {
	p, err := platforms.Parse(os)
	return err == nil && p.OS == os || strings.HasPrefix(os, "wasi")
}

// knownArchitecture reports whether there is such an architecture.
func knownArchitecture(arch string) bool {
	p, err := platforms.Parse(arch)
	return err == nil && p.Architecture == arch
}

func (o Options) recipes() *verdict.Options {
	r := o.Options
	if len(r.Platforms) == 0 {
		r.Platforms = DefaultPlatforms
	}
	if r.Image == "" {
		r.Image = PublicImage
	}
	return &r
}

// A File is a Dockerfile with what was found in it.
type File struct {
	Doc *dockerfile.Document
	// Graph are its stages; nil for a file that describes builds.
	Graph *graph.Graph
	// Findings are in file order; ignored ones are left out.
	Findings []rules.Diagnostic
}

// Lint checks a Dockerfile with the rules that the options name. The name is used
// in messages only. The error is a *dockerfile.ParseError.
func Lint(name string, src []byte, opt Options) (*File, error) {
	doc, err := dockerfile.Parse(name, src)
	if err != nil {
		return nil, err
	}
	ran := opt.Rules
	if ran == nil {
		ran = rules.All
	}
	g := graph.For(doc, opt.Flags)
	found := rules.Run(g, opt.recipes(), ran)
	if err := g.Err(); err != nil {
		return nil, err
	}
	ignored := ignoresIn(doc)
	found = slices.DeleteFunc(found, ignored.silences)
	found = append(found, ignored.unused(ran)...)
	slices.SortStableFunc(found, func(a, b rules.Diagnostic) int { return a.Span.Start - b.Span.Start })
	return &File{Doc: doc, Graph: g, Findings: found}, nil
}
