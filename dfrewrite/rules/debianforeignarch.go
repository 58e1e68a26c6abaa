package rules

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/triples"
)

// DebianForeignArch finds packages of one foreign architecture in a stage that builds
// for several.
var DebianForeignArch = &Rule{
	Name:     "DebianForeignArch",
	Severity: Warning,
	Check: func(p *Pass) {
		if p.onePlatform() || len(p.Facts.Platforms) < 2 {
			return
		}
		for _, s := range p.Graph.Stages {
			if s.Place != graph.Build || forOne(s) {
				continue
			}
			p.foreignPackages(s)
			p.withoutPorts(s)
		}
	},
}

// foreignPackages reports the installs of a stage that name one architecture, the
// same for every platform.
func (p *Pass) foreignPackages(s *graph.Stage) {
	arch := ""
	installs := map[dockerfile.Span]int{}
	calls := map[dockerfile.Span]*facts.Call{}
	reached := 0
	for _, on := range p.Facts.PlatformsOf(s) {
		reached++
		for _, c := range p.Facts.CallsFor(s, on) {
			if c.Name != "apt-get" && c.Name != "apt" || !c.Has("install") || c.Maybe {
				continue
			}
			for _, w := range c.Words {
				a := packageArch(w)
				switch {
				case a == "":
					continue
				case arch != "" && a != arch, !constant(w.Value):
					return // several, or chosen by the platform
				}
				arch = a
				if calls[c.Span] == nil || calls[c.Span].Platform != on {
					installs[c.Span]++
				}
				calls[c.Span] = c
			}
		}
	}
	done := seen{}
	for _, c := range p.Facts.Calls(s) {
		if installs[c.Span] != reached || reached < 2 || done.before(c.Span) {
			continue
		}
		d := Diagnostic{
			Span:    c.Span,
			Message: fmt.Sprintf("the packages are %s's, whatever is built for", arch),
			Hint:    "install them with xx-apt-get, which asks for the target's",
		}
		if p.lacksPorts(s) && arch != "amd64" && arch != "i386" {
			d.Notes = []Note{{Span: s.Root().From.Span, Text: "Ubuntu has packages for " + arch + " on ports.ubuntu.com, which is not among the sources", Way: "use xx-apt-get, which adds it"}}
		}
		if d.Fix = p.useAptHelper(s, c); d.Fix == nil {
			if all := p.Planner.ForEveryPlatform(s); all != nil {
				var more []Note
				d.Fix, more = conversionFix(all, "build for every platform with the xx helpers")
				d.Notes = append(d.Notes, more...)
			}
		}
		p.Report(d)
	}
}

// lacksPorts reports whether a stage is based on Ubuntu, and nothing in it speaks of the server for other architectures, nor
// changes where packages come from.
func (p *Pass) lacksPorts(s *graph.Stage) bool {
	return isUbuntu(s.Root().Image) && !speaksOf(s, "ports.ubuntu.com", "ubuntu-ports", "xx-apt", "sources.list", "/etc/apt/sources", "add-apt-repository", "URIs:") && !slices.ContainsFunc(s.Body, func(in *dockerfile.Instruction) bool {
		return p.Graph.CopiesTo(in) != "" && strings.HasPrefix(p.Graph.CopiesTo(in), "/etc/apt")
	})
}

// isUbuntu recognizes Ubuntu, and images that are built on it by their tags.
func isUbuntu(image string) bool {
	return graph.DistributionOf(image).Is("Ubuntu")
}

// withoutPorts reports dpkg --add-architecture on Ubuntu for the target, where apt finds no package for it.
func (p *Pass) withoutPorts(s *graph.Stage) {
	if !p.lacksPorts(s) {
		return
	}
	done := seen{}
	for _, on := range p.Facts.PlatformsOf(s) {
		for _, c := range p.Facts.CallsFor(s, on) {
			if c.Name != "dpkg" || len(c.Words) < 3 || c.Words[1].Text != "--add-architecture" || c.Maybe {
				continue
			}
			arch := c.Words[2]
			if !arch.Known() || arch.Text == "amd64" || arch.Text == "i386" || constant(arch.Value) || done.before(c.Span) {
				continue
			}
			p.Report(Diagnostic{
				Span: c.Span, Severity: Error,
				Message: fmt.Sprintf("Ubuntu has no packages for %s where this image looks: apt-get fails", arch.Text),
				Hint:    "install them with xx-apt-get, which adds ports.ubuntu.com for the target, or add that source",
			})
		}
	}
}

// packageArch returns the architecture in pkg:arch, if it is one of Debian's.
func packageArch(w facts.Word) string {
	name, arch, ok := strings.Cut(w.Text, ":")
	if !ok || name == "" || strings.HasPrefix(name, "-") || strings.ContainsAny(name, "/=") {
		return ""
	}
	arch, _, _ = strings.Cut(arch, "=")
	if len(triples.ByDebianArch(arch)) == 0 {
		return ""
	}
	return arch
}

// useAptHelper makes an install of foreign packages only one of the helper, where the
// stage has it.
func (p *Pass) useAptHelper(s *graph.Stage, c *facts.Call) *Fix {
	if !hasHelpers(s) || c.Wrapped {
		return nil
	}
	f := &Fix{
		Message: "install them with xx-" + c.Name,
		Safety:  Review,
		Why:     []string{"other platforms get packages where they had none, or another architecture's"},
		Edits:   append(p.argFor(c.Run, "TARGETPLATFORM"), dockerfile.Edit{Span: c.Words[0].At, New: "xx-" + c.Name}),
	}
	for _, w := range c.Words[1:] {
		a := packageArch(w)
		if a == "" {
			if !strings.HasPrefix(w.Text, "-") && w.Text != "install" {
				return nil // one for the builder
			}
			continue
		}
		at := strings.LastIndex(w.Raw, ":"+a)
		if at < 0 || strings.ContainsAny(w.Raw, "\\\n") {
			return nil
		}
		start := w.At.Start + at
		f.Edits = append(f.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: start, End: start + 1 + len(a)}})
	}
	return f
}
