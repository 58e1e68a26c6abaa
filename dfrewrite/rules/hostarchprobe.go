package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// HostArchProbe finds stages on the build platform that ask the machine for its
// architecture and use the answer for what is shipped.
var HostArchProbe = &Rule{
	Name:     "HostArchProbe",
	Severity: Error,
	Check: func(p *Pass) {
		done := seen{}
		for s, on := range p.builds() {
			if s.Place != graph.Build {
				continue
			}
			calls := p.callsInFiles(s, on)
			for i, c := range calls {
				what := p.usesMachine(s, calls[i:], c)
				if what == "" {
					continue
				}
				probe := probeBefore(calls[:i+1], c)
				if probe == nil || done.before(probe.Span) {
					continue
				}
				d := Diagnostic{
					Span:    probe.Span,
					Message: fmt.Sprintf("%s says what the builder is, and %s", probe.text(), what),
					Hint:    "use $TARGETARCH, or xx-info march, debian-arch or alpine-arch, for what is shipped",
				}
				if probe.By != nil {
					d.Notes = p.inFile(probe.Call)
				} else {
					d.Fix = p.askForTarget(s, probe)
				}
				p.Report(d)
			}
		}
	},
}

// A probe is a call that asks the machine.
type probe struct {
	*facts.Call
	instruction *dockerfile.Instruction
}

func (c probe) text() string {
	if c.By != nil {
		var words []string
		for _, w := range c.Words {
			words = append(words, w.Raw)
		}
		return strings.Join(words, " ")
	}
	return strings.Join(strings.Fields(string(c.instruction.Doc.Src[c.Span.Start:c.Span.End])), " ")
}

// probeBefore finds the last call of the same RUN that asked.
func probeBefore(calls []*facts.Call, user *facts.Call) *probe {
	for _, c := range slices.Backward(calls) {
		if c.Run == user.Run && c.Substituted && c.AsksMachine() {
			return &probe{c, c.Run}
		}
	}
	return nil
}

func fromMachine(v facts.Value) bool { return v.From&facts.FromMachine != 0 }

// usesMachine says how a call uses what the machine is for something that is
// shipped; rest are the calls from there on.
func (p *Pass) usesMachine(s *graph.Stage, rest []*facts.Call, c *facts.Call) string {
	if c.Substituted || c.AsksMachine() {
		return ""
	}
	if c.GoBuilds() && fromMachine(c.Env("GOARCH")) && p.taken(s, p.ends(c), c.Platform) {
		return "go build takes it for the target"
	}
	if v := rustTarget(c); v.Text != "" && c.Name != "rustup" && fromMachine(v.Value) && p.usedByTarget(s) {
		return "cargo takes it for the target"
	}
	if !slices.ContainsFunc(c.Words, func(w facts.Word) bool { return fromMachine(w.Value) }) {
		return ""
	}
	if slices.ContainsFunc(c.Words, func(w facts.Word) bool {
		return fromMachine(w.Value) && strings.Contains(w.Raw+w.Text, "__TARGET_ARCH_")
	}) && p.reaches(s, c) {
		return "eBPF code is compiled for its registers and shipped for every platform"
	}
	switch c.Name {
	case "curl", "wget":
		// What is fetched, or unpacked and moved after it, is what a stage takes.
		for _, later := range rest {
			if later.Run == c.Run && carries(later) && p.takenExactly(s, later.Writes(), c.Platform) {
				return "what is downloaded for it is shipped for every platform"
			}
		}
	case "cp", "mv", "install":
		if p.takenExactly(s, c.Writes(), c.Platform) {
			return "the file that it chooses is shipped for every platform"
		}
	}
	return ""
}

// carries reports whether a command fetches, unpacks or moves files, so that what it
// writes may be what was fetched before it.
func carries(c *facts.Call) bool {
	switch c.Name {
	case "curl", "wget", "aria2c", "tar", "bsdtar", "unzip", "cp", "mv", "install", "ln", "gunzip", "xz", "zstd", "cat":
		return true
	}
	return false
}

// usedByTarget reports whether a stage that is not on the build platform copies
// from s.
func (p *Pass) usedByTarget(s *graph.Stage) bool {
	for _, t := range s.Tree() {
		if slices.ContainsFunc(t.UsedBy, func(u *graph.Use) bool { return u.In.Place != graph.Build }) {
			return true
		}
	}
	return false
}

// takenExactly reports whether a stage that is not on the build platform copies one
// of the files by its name, or a folder that one of them is.
func (p *Pass) takenExactly(s *graph.Stage, written []string, on *facts.Platform) bool {
	return p.takesPath(s, on, func(path string) bool {
		return slices.ContainsFunc(written, func(w string) bool { return facts.Takes(path, w) })
	})
}

// takesPath reports whether a stage that is not on the build platform copies such a path, other than the root, out of a stage.
func (p *Pass) takesPath(s *graph.Stage, on *facts.Platform, such func(path string) bool) bool {
	for _, t := range s.Tree() {
		for _, u := range t.UsedBy {
			if u.Kind != graph.Copy || u.In.Place == graph.Build {
				continue
			}
			for _, raw := range u.Paths {
				if v := p.Facts.Expand(u.By, raw, on); v.Known() && cleanPath(v.Text) != "/" && such(cleanPath(v.Text)) {
					return true
				}
			}
		}
	}
	return false
}

// askForTarget replaces a probe by the same name for the target, where one is at
// hand.
func (p *Pass) askForTarget(s *graph.Stage, c *probe) *Fix {
	src := c.Run.Doc.Src
	whole := c.Span
	switch {
	case whole.Start >= 2 && bytes.HasPrefix(src[whole.Start-2:], []byte("$(")) && bytes.HasPrefix(src[whole.End:], []byte(")")):
		whole = dockerfile.Span{Start: whole.Start - 2, End: whole.End + 1}
	case whole.Start >= 1 && src[whole.Start-1] == '`' && bytes.HasPrefix(src[whole.End:], []byte("`")):
		whole = dockerfile.Span{Start: whole.Start - 1, End: whole.End + 1}
	default:
		return nil
	}
	f := &Fix{Safety: Review, Why: []string{"what is chosen changes on every platform but the builder's own"}}
	sameAs := func(name func(*facts.Platform) string) bool {
		return !slices.ContainsFunc(p.Facts.Platforms, func(on *facts.Platform) bool { return name(on) != on.Arch })
	}
	useArg := c.Name == "go" || c.Name == "dpkg" && sameAs(func(on *facts.Platform) string { return on.Row.Debian })
	question := map[string]string{"uname": "march", "arch": "march", "dpkg": "debian-arch", "apk": "alpine-arch"}[c.Name]
	switch {
	case useArg:
		f.Message = "use $TARGETARCH"
		f.Edits = append(p.argFor(c.Run, "TARGETARCH"), dockerfile.Edit{Span: whole, New: "$TARGETARCH"})
	case question != "" && hasHelpers(s):
		f.Message = "use xx-info " + question
		f.Edits = append(p.argFor(c.Run, "TARGETPLATFORM"), dockerfile.Edit{Span: c.Span, New: "xx-info " + question})
	default:
		return nil
	}
	return f
}

// hasHelpers reports whether a stage, or one that it is based on, has the xx helpers.
func hasHelpers(s *graph.Stage) bool {
	for t := s; t != nil; t = t.Base {
		for _, u := range t.Uses {
			image := u.Image
			if u.From != nil {
				image = u.From.Root().Image
			}
			if isHelperImage(image) {
				return true
			}
		}
	}
	return false
}

// isHelperImage recognizes the images of the helpers by their name, xx.
func isHelperImage(image string) bool {
	name, _, _ := strings.Cut(image, "@")
	name = name[strings.LastIndex(name, "/")+1:]
	repo, _, _ := strings.Cut(name, ":")
	return repo == "xx"
}
