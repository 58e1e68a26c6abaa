package rules

import (
	"debug/elf"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// PrebuiltWithoutArch finds programs of the build context that every platform's image
// gets.
var PrebuiltWithoutArch = &Rule{
	Name:     "PrebuiltWithoutArch",
	Severity: Error,
	Check: func(p *Pass) {
		if p.Options.Context == nil || p.onePlatform() {
			return
		}
		for _, s := range p.Graph.Stages {
			if s.Place != graph.Target || forOne(s) {
				continue
			}
			p.releasedWithoutArch(s)
			for _, in := range s.Body {
				switch c := in.Command.(type) {
				case *instructions.CopyCommand:
					if c.From == "" {
						p.prebuilt(s, in, c.SourcePaths)
					}
				case *instructions.AddCommand:
					p.prebuilt(s, in, c.SourcePaths)
				}
			}
		}
	},
}

func (p *Pass) prebuilt(s *graph.Stage, in *dockerfile.Instruction, sources []string) {
	for _, src := range sources {
		if strings.Contains(src, "://") || strings.ContainsAny(src, "*?[") {
			continue
		}
		for _, on := range p.Facts.Platforms {
			v := p.Facts.Expand(in, src, on)
			if !p.Facts.Reached(s, on) || !constant(v) {
				continue
			}
			programs := p.Options.Context.Programs(v.Text)
			if len(programs) == 0 && context.ContextPath(v.Text) != "." && (deliveredInTree(s) || p.usedByTarget(s)) {
				programs = p.programsBelow(s, v.Text)
			}
			if len(programs) != 1 {
				continue // none, or one for each machine beside each other
			}
			for machine, name := range programs {
				if !on.Known || uint16(machine) == on.Row.ELFMachine {
					continue
				}
				p.Report(Diagnostic{
					Span:    wordSpan(in, src),
					Message: fmt.Sprintf("%s in the build context is a program for %s, and the image for %s gets it too", name, machineName(p.Facts.Platforms, machine), on),
					Hint:    "build one for each platform, and copy it by $TARGETARCH or $TARGETPLATFORM",
				})
				return
			}
		}
	}
}

// programsBelow finds programs below a folder that is copied. Add-ons of packages do not count where the stage installs
// packages itself.
func (p *Pass) programsBelow(s *graph.Stage, folder string) map[elf.Machine]string {
	found := p.Options.Context.ProgramsBelow(folder)
	for _, name := range found {
		if strings.Contains(name, "node_modules/") && slices.ContainsFunc(p.Facts.Calls(s), func(c *facts.Call) bool { return nodeInstallers[c.Name] != nil }) {
			return nil
		}
	}
	return found
}

// machineName is what Go calls a machine, if it is one of the platforms', else ELF's name.
func machineName(platforms []*facts.Platform, m elf.Machine) string {
	for _, on := range platforms {
		if on.Row.ELFMachine == uint16(m) {
			return on.Arch
		}
	}
	return strings.TrimPrefix(m.String(), "EM_")
}

// wordSpan is where a word of an instruction stands, or the instruction.
func wordSpan(in *dockerfile.Instruction, word string) dockerfile.Span {
	for _, w := range in.Words() {
		if w.Raw == word {
			return w.Span
		}
	}
	return in.Span
}
