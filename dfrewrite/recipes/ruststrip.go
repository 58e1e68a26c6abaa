package recipes

import (
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
)

// judgeRustStrip turns strip into the target's, where it works on what cargo built or on a copy of that. Where another
// stage takes the program from cargo's folder, it is put there behind the build, and strip has to work on that one.
func (c *call) judgeRustStrip() (Step, bool) {
	builds := func(s Step) bool { return s.rust != nil && s.rust.setup != nil && s.Verdict == Convert }
	if !slices.ContainsFunc(c.plan.Steps, builds) || slices.ContainsFunc(c.plan.Steps, func(s Step) bool { return s.Recipe == "go" && s.Verdict == Convert }) {
		return Step{}, false
	}
	step := Step{Verdict: Convert, Helper: true, stripsRust: true, Reason: "strips what was built for the target", Args: []string{"TARGETPLATFORM"},
		Edits: []dockerfile.Edit{{Span: c.Words[0].Span, New: "$(xx-clang --print-target-triple)-strip"}}}
	files, taken := 0, 0
	for _, w := range c.args {
		if strings.HasPrefix(w.Raw, "-") {
			if valued, ok := stripOptions[w.Raw]; !ok || valued {
				return Step{}, false
			}
			continue
		}
		name, ok := c.known(w)
		file := c.abs(name)
		if files++; !ok || !c.plan.writes(file) || strings.ContainsAny(file, "*?[") {
			return Step{}, false
		}
		if c.takenByName(file) && path.Base(path.Dir(path.Dir(file))) == "target" {
			if !c.placedBehindBuild(file) || c.namedAgain(file) {
				return Step{}, false
			}
			taken++
		}
	}
	step.keepsWords = taken > 0
	return step, files > 0 && (taken == 0 || taken == files)
}

// takenByName reports whether another stage takes this very file.
func (c *call) takenByName(file string) bool {
	for _, t := range c.stage.Tree() {
		for _, u := range t.UsedBy {
			for _, raw := range u.Paths {
				if path.Join("/", u.In.Graph.EnvAt(u.By).Expand(raw, rune(u.In.Graph.Doc.Escape))) == file {
					return true
				}
			}
		}
	}
	return false
}

// placedBehindBuild reports whether the build of a file is in this RUN, and the file is put where it was right behind it;
// see putBack. With another build further down it might be put there.
func (c *call) placedBehindBuild(file string) bool {
	for _, t := range c.stage.Tree() {
		for _, in := range t.Body {
			for _, cmd := range cargoBuilds(t, in) {
				if cmd.Span.Start > c.Span.End {
					return false
				}
			}
		}
	}
	for _, s := range slices.Backward(c.plan.Steps) {
		if s.rust == nil || !slices.Contains(s.Writes, path.Dir(file)+"/") {
			continue
		}
		return s.In == c.run && s.putsInList()
	}
	return false
}

// namedAgain reports whether another command of the stage works on the file in cargo's folder, too: it would be told the
// target's folder, and find what is not stripped there.
func (c *call) namedAgain(file string) bool {
	name := path.Join(path.Base(path.Dir(file)), path.Base(file))
	n := 0
	for _, in := range c.stage.Body {
		n += strings.Count(string(in.Text.Bytes), "target/"+name)
	}
	return n > 1
}

// putsInList reports whether commands can be put behind a build in its own list.
func (s *Step) putsInList() bool {
	return !s.rust.nested && goesOn().Match(s.In.Doc.Src[s.Span.End:s.In.Span.End]) && len(s.In.Heredocs) == 0
}

// keepsWords reports whether a command works on what is put behind the build, in the folder that it names.
func (p *Plan) keepsWords(at dockerfile.Span) bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.keepsWords && s.Span == at })
}

// stripsRust reports whether one of the stages calls the target's strip, which LLVM brings.
func (c *Conversion) stripsRust() bool {
	return slices.ContainsFunc(c.Plans, func(p *Plan) bool { return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.stripsRust }) })
}
