package rules

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/verdict"
)

// SingleArchBase finds base images for one architecture where several are built.
var SingleArchBase = &Rule{
	Name:     "SingleArchBase",
	Severity: Warning,
	Check: func(p *Pass) {
		for _, s := range p.Graph.Stages {
			if s.Base != nil || s.Image == "" || s.Image == "scratch" || graph.IsWindows(s.Image) || graph.HoldsEmulators(s.Image) || forOne(s) ||
				graph.CrossImage(s.Image) && s.From.Flag("platform") == nil {
				continue
			}
			for _, on := range p.Facts.PlatformsOf(s) {
				if d, ok := p.singleArch(s, on.Arch); ok {
					p.Report(d)
					break
				}
			}
		}
	},
}

// singleArch says why a base is for one architecture that is not the one built for.
func (p *Pass) singleArch(s *graph.Stage, arch string) (Diagnostic, bool) {
	shipped := s.Shipped() || deliveredInTree(s)
	onlyTaken := !shipped && runsNothing(s)
	if onlyTaken {
		if holdsScripts(s.Image) || !givesPrograms(s, func(*graph.Stage) bool { return true }) {
			return Diagnostic{}, false // data, the same everywhere
		}
		// Programs for stages of the build platform have to run there.
		shipped = givesPrograms(s, func(taker *graph.Stage) bool { return taker.Place != graph.Build })
	}
	words := s.From.Words()
	if len(words) == 0 {
		return Diagnostic{}, false
	}
	image := words[0]
	d := Diagnostic{Span: image.Span}
	wrong := !shipped && p.compilesForItself(s)
	if shipped || wrong {
		d.Severity = Error
	}
	flag := s.From.Flag("platform")
	name := image.Raw
	tagged, plain, inTag := graph.ArchitectureInTag(name)
	switch {
	case strings.Contains(name, "$"):
		return p.archByDefault(s, d, arch)
	case graph.OneArchitecture(name):
		prefix, rest, _ := strings.Cut(strings.TrimPrefix(name, "docker.io/"), "/")
		if a := prefixArch(prefix); a == arch {
			return d, false
		}
		d.Message = fmt.Sprintf("%s exists for one architecture only: images of every other platform are built on it all the same", name)
		d.Fix = &Fix{Message: "use " + rest, Edits: []dockerfile.Edit{{Span: image.Span, New: rest}}}
	case inTag:
		if match.ArchOf(tagged) == arch {
			return d, false
		}
		d.Message = fmt.Sprintf("%s is for one architecture, as its tag says: images of every other platform are built on it all the same", name)
		d.Fix = &Fix{Message: "use " + plain, Edits: []dockerfile.Edit{{Span: image.Span, New: plain}}}
		if flag == nil && !shipped && p.crossesTo(tagged) {
			// The image is for one platform, and the stage builds for it on another, under whatever is built.
			d.Message = fmt.Sprintf("%s is for one architecture, as its tag says: on a builder of any other the stage runs under emulation", name)
			d.Fix = &Fix{Message: "use --platform=$BUILDPLATFORM " + plain, Edits: []dockerfile.Edit{{Span: image.Span, New: "--platform=$BUILDPLATFORM " + plain}}}
		}
	case flag != nil && !strings.Contains(flag.Value, "$"):
		parts := strings.Split(flag.Value, "/")
		if len(parts) < 2 || parts[0] != "linux" || match.ArchOf(parts[1]) == arch {
			return d, false
		}
		d.Span = flag.Span
		d.Message = fmt.Sprintf("--platform=%s takes this image for every platform", flag.Value)
		if !shipped {
			d.Message = fmt.Sprintf("--platform=%s takes this image whatever machine builds: on any other the stage runs under emulation", flag.Value)
			switch {
			case wrong:
				d.Message = fmt.Sprintf("--platform=%s compiles for that platform, whatever is built: images of every other get its binary", flag.Value)
			case onlyTaken:
				d.Message = fmt.Sprintf("--platform=%s takes this image whatever machine builds: its programs may not run in the stages of the build platform that take them, on any other", flag.Value)
			}
			if taker := p.shippedWith(s); taker != nil {
				d.Fix = &Fix{Message: "drop the flag", Edits: []dockerfile.Edit{s.From.WithoutFlag(flag)}}
				if f := taker.Root().From.Flag("platform"); f != nil && taker.Root().Place != graph.Target {
					d.Fix.Message = "drop the flag here and where the packages are shipped"
					d.Fix.Edits = append(d.Fix.Edits, taker.Root().From.WithoutFlag(f))
				}
				break
			}
			d.Fix = &Fix{Message: "use --platform=$BUILDPLATFORM", Edits: []dockerfile.Edit{{Span: flag.ValueSpan, New: "$BUILDPLATFORM"}}}
			if edits, ok := p.downloadsFor(s, parts[1]); ok {
				d.Fix.Edits = append(d.Fix.Edits, edits...)
			} else {
				d.Fix, d.Hint = nil, "use --platform=$BUILDPLATFORM, and choose what is downloaded for the stage by $BUILDARCH or uname -m"
				return d, true
			}
			break
		}
		along, stands := p.alongWith(s)
		if stands != nil {
			d.Notes, d.Hint = []Note{*stands}, "drop the flag"
			return d, true
		}
		d.Fix = &Fix{Message: "drop the flag", Edits: append(along, s.From.WithoutFlag(flag))}
	default:
		return d, false
	}
	d.Hint = d.Fix.Message
	d.Fix.Safety = Review
	d.Fix.Why = []string{"the stage runs on another platform than before, and the image needs to exist for it"}
	return d, true
}

// crossesTo reports whether images are built for one architecture, and that is not the one named.
func (p *Pass) crossesTo(from string) bool {
	arch := match.ArchOf(from)
	return !slices.ContainsFunc(p.Facts.Platforms, func(on *facts.Platform) bool {
		return on.Arch == arch || on.Arch != p.Facts.Platforms[0].Arch
	})
}

// archByDefault says that build arguments choose an image for one architecture, if nobody gives them.
func (p *Pass) archByDefault(s *graph.Stage, d Diagnostic, arch string) (Diagnostic, bool) {
	image := s.Image
	if strings.Contains(image, "$") || strings.Contains(s.BaseName, ":+") || slices.ContainsFunc(graph.VariablesIn(s.BaseName, rune(s.From.Doc.Escape)), func(name string) bool {
		_, given := p.Graph.Given(name)
		return given
	}) || p.archNamesFiles() {
		return d, false
	}
	name, _, inTag := graph.ArchitectureInTag(image)
	if !inTag {
		if names := archNames(path.Base(strings.SplitN(image, ":", 2)[0])); len(names) == 1 {
			name, inTag = names[0], true
		} else if prefix, _, ok := strings.Cut(strings.TrimPrefix(image, "docker.io/"), "/"); ok && graph.OneArchitecture(image) {
			name, inTag = prefixArch(prefix), true
		}
	}
	if !inTag || match.ArchOf(name) == arch || p.builtForEach() {
		return d, false
	}
	d.Severity = Warning
	d.Message = fmt.Sprintf("%s is for one architecture: images of every other platform are built on it all the same, unless a build argument says otherwise", image)
	d.Hint = "name an image for every platform, or choose it by $TARGETARCH"
	return d, true
}

// archNamesFiles reports whether a build argument with an architecture in it chooses files, as in COPY .build/$ARCH/app:
// whoever builds gives such arguments for each platform.
func (p *Pass) archNamesFiles() bool {
	return slices.ContainsFunc(p.Graph.Stages, func(s *graph.Stage) bool {
		return slices.ContainsFunc(s.Body, func(in *dockerfile.Instruction) bool {
			kind := in.Kind()
			return (kind == "COPY" || kind == "ADD") && slices.ContainsFunc(graph.VariablesIn(string(in.Text.Bytes), rune(in.Doc.Escape)), func(name string) bool {
				v := p.Facts.Expand(in, "${"+name+"}", p.Facts.Platforms[0])
				return v.From&facts.FromArg != 0 && v.From&facts.FromTarget == 0 && len(archNames(v.Text)) > 0
			})
		})
	})
}

// builtForEach reports whether the build context holds settings of a builder that gives the base image for each architecture,
// as that of Home Assistant's add-ons does.
func (p *Pass) builtForEach() bool {
	x := p.Options.Context
	return x != nil && slices.ContainsFunc([]string{"build.yaml", "build.yml", "build.json"}, func(name string) bool {
		return bytes.Contains(x.ReadFile(name), []byte("build_from"))
	})
}

// downloadsFor returns the edits by which what a stage downloads for one architecture becomes the builder's; ok is false if that
// cannot be done in one place each.
func (p *Pass) downloadsFor(s *graph.Stage, arch string) (edits []dockerfile.Edit, ok bool) {
	done := seen{}
	for _, on := range p.Facts.PlatformsOf(s) {
		for _, a := range p.archWords(s, on) {
			if a.what != "this download" || match.ArchOf(a.name) != match.ArchOf(arch) || done.before(a.span) {
				continue
			}
			if a.at.Len() == 0 || len(a.written) > 0 && p.takenExactly(s, a.written, on) {
				return nil, false
			}
			use := "${BUILDARCH}"
			switch {
			case a.name == "amd64" || a.name == "arm64":
				edits = append(edits, p.argFor(a.in, "BUILDARCH")...)
			case graph.IsRun(a.in):
				use = "$(uname -m)"
			default:
				return nil, false
			}
			others, ok := p.mentions(s, a, on, use)
			if !ok {
				return nil, false
			}
			for _, at := range append(others, a.at) {
				edits = append(edits, dockerfile.Edit{Span: at, New: use})
			}
		}
	}
	return edits, true
}

// holdsScripts recognizes the public image of the helpers, which are shell scripts there and run on every machine.
func holdsScripts(image string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(image, "docker.io/"), "@")
	name, _, _ = strings.Cut(name, ":")
	return name == "tonistiigi/xx"
}

// compilesForItself reports whether a stage compiles without a word about the target, and what it makes is shipped to
// every platform.
func (p *Pass) compilesForItself(s *graph.Stage) bool {
	return slices.ContainsFunc(s.Tree(), func(t *graph.Stage) bool {
		return !mentionsTarget(t) && slices.ContainsFunc(p.Planner.Plan(t).Steps, func(step verdict.Step) bool {
			return step.Compiles && len(step.Writes) > 0 && p.takenForTarget(t, step)
		})
	})
}

func runsNothing(s *graph.Stage) bool {
	return !slices.ContainsFunc(s.Tree(), func(t *graph.Stage) bool { return slices.ContainsFunc(t.Body, graph.IsRun) })
}

// givesPrograms reports whether one of these stages takes programs or libraries from s,
// or all of it.
func givesPrograms(s *graph.Stage, to func(taker *graph.Stage) bool) bool {
	for _, t := range s.Tree() {
		for _, u := range t.UsedBy {
			if !to(u.In) {
				continue
			}
			for _, p := range u.Paths {
				if p == "/" || isProgram(p) || distroFile(p) || isProgram(u.Dest) || isProgram(path.Join(u.Dest, "x")) {
					return true
				}
			}
		}
	}
	return false
}

// prefixArch reads the prefixes of Docker Hub's images: amd64, arm32v7, arm64v8.
func prefixArch(prefix string) string {
	switch {
	case strings.HasPrefix(prefix, "arm32"):
		return "arm"
	case strings.HasPrefix(prefix, "arm64"):
		return "arm64"
	case prefix == "i386":
		return "386"
	}
	return path.Base(prefix)
}

// deliveredInTree reports whether a stage that an image is made of is based on s.
func deliveredInTree(s *graph.Stage) bool {
	return slices.ContainsFunc(s.Tree(), (*graph.Stage).Delivered)
}
