package rules

import (
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

// archNames lists the architectures' names in a text.
func archNames(text string) []string {
	var out []string
	for match.MayNameArch(text) {
		m := match.ArchInText().FindStringSubmatchIndex(text)
		if m == nil {
			return out
		}
		out = append(out, text[m[2]:m[3]])
		text = text[m[3]:]
	}
	return out
}

// otherArch returns the name of an architecture in a text that names some, but not
// that of the platform; else "".
func otherArch(text string, p *facts.Platform) string {
	names := archNames(text)
	if len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return match.ArchOf(n) == p.Arch }) {
		return ""
	}
	return names[0]
}

// constant reports whether a value is known, and does not follow what is built for
// or where.
func constant(v facts.Value) bool {
	return v.Set && v.Known() && v.From&(facts.FromTarget|facts.FromBuilder|facts.FromMachine) == 0
}

// follows reports whether a value is made from what is built for.
func follows(v facts.Value) bool { return v.Set && v.From&facts.FromTarget != 0 }

// place says where a stage runs. One that is bound to the only architecture that is built for runs on the target platform,
// like any other.
func (p *Pass) place(s *graph.Stage) graph.Place {
	arch := ""
	if s.Place == graph.Fixed {
		arch = fixedArch(s.Root())
	}
	if arch == "" || slices.ContainsFunc(p.Facts.Platforms, func(on *facts.Platform) bool { return on.Arch != arch }) {
		return s.Place
	}
	return graph.Target
}

// fixedArch returns the architecture of a base image that exists for one, or is asked for as that; or "".
func fixedArch(s *graph.Stage) string {
	if graph.OneArchitecture(s.Image) {
		prefix, _, _ := strings.Cut(strings.TrimPrefix(s.Image, "docker.io/"), "/")
		return prefixArch(prefix)
	}
	if tagged, _, ok := graph.ArchitectureInTag(s.Image); ok {
		return match.ArchOf(tagged)
	}
	if _, arch, ok := strings.Cut(s.Platform, "/"); ok {
		arch, _, _ = strings.Cut(arch, "/")
		return arch
	}
	return ""
}

// onePlatform reports whether images are meant for one platform: the stages that they are
// made of, and with them all of the build, are for that one. SingleArchBase has said so.
func (p *Pass) onePlatform() bool {
	return !slices.ContainsFunc(p.Graph.Delivered(), func(s *graph.Stage) bool {
		return p.place(s) != graph.Fixed || s.Image == "scratch"
	})
}

// forOne reports whether a stage's name says that it is for one architecture.
func forOne(s *graph.Stage) bool { return len(archNames(s.Name)) > 0 }

// taken reports whether one of the files reaches a stage that does not run on the
// build platform, in the build for a platform. What nobody uses is taken for shipped.
func (p *Pass) taken(s *graph.Stage, written []string, on *facts.Platform) bool {
	used := false
	for _, t := range s.Tree() {
		if t.Place != graph.Build && t.Delivered() {
			return true
		}
		for _, u := range t.UsedBy {
			used = true
			if u.Kind != graph.Copy || u.In.Place == graph.Build {
				continue
			}
			for _, raw := range u.Paths {
				v := p.Facts.Expand(u.By, raw, on)
				if !v.Known() {
					return false
				}
				path := cleanPath(v.Text)
				if len(written) == 0 || slices.ContainsFunc(written, func(w string) bool { return facts.Takes(path, w) }) {
					return true
				}
			}
		}
	}
	return !used && s.Place != graph.Build
}

func cleanPath(p string) string {
	p = "/" + strings.Trim(p, "/")
	for strings.Contains(p, "/./") {
		p = strings.ReplaceAll(p, "/./", "/")
	}
	return strings.TrimSuffix(p, "/.")
}

// argFor returns the edits that declare automatic arguments over an instruction, for
// those that are not declared there.
func (p *Pass) argFor(in *dockerfile.Instruction, names ...string) []dockerfile.Edit {
	names = slices.DeleteFunc(names, func(n string) bool {
		_, ok := p.Graph.EnvAt(in).Lookup(n)
		return ok
	})
	if len(names) == 0 {
		return nil
	}
	graph.SortAutomatic(names)
	return []dockerfile.Edit{in.LinesBefore("ARG " + strings.Join(names, " "))}
}

// builderArgument matches the arguments about the builder.
var builderArgument = match.Pattern(`\$(\{?)BUILD(PLATFORM|OS|ARCH|VARIANT)\b`)

// targetInstead makes a fix of an instruction that puts the target's arguments in the place of the builder's in some of its
// words, or is nil.
func (p *Pass) targetInstead(in *dockerfile.Instruction, message string, values ...facts.Value) *Fix {
	f := &Fix{Message: message, Safety: Review, Why: []string{"images of other platforms than the builder's change"}}
	var names []string
	first := in
	for _, v := range values {
		if v.Span.Len() == 0 {
			continue
		}
		at := in
		if v.By != nil {
			at = v.By
		}
		if at.Index < first.Index {
			first = at
		}
		raw := string(at.Doc.Src[v.Span.Start:v.Span.End])
		for _, m := range builderArgument().FindAllStringSubmatchIndex(raw, -1) {
			name := "TARGET" + raw[m[4]:m[5]]
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
			f.Edits = append(f.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: v.Span.Start + m[3], End: v.Span.Start + m[5]}, New: name})
		}
	}
	if len(names) == 0 {
		return nil
	}
	f.Edits = append(p.argFor(first, names...), f.Edits...)
	return f
}

// seen makes sure that a place is reported once, however many platforms show it.
type seen map[dockerfile.Span]bool

func (s seen) before(span dockerfile.Span) bool {
	if s[span] {
		return true
	}
	s[span] = true
	return false
}
