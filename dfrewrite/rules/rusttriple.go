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

// RustTriple finds Rust targets that are none, or the same for every platform.
var RustTriple = &Rule{
	Name:     "RustTriple",
	Severity: Error,
	Check: func(p *Pass) {
		if p.onePlatform() {
			return
		}
		done := seen{}
		for s, on := range p.builds() {
			calls := p.Facts.CallsFor(s, on)
			for _, c := range calls {
				target := rustTarget(c)
				if target.Text == "" || !target.Known() || c.Maybe {
					continue
				}
				message := noRustTarget(target, on)
				if message == "" && !forOne(s) && !severalTargets(calls) && (c.Name != "rustup" || takenByTriple(s, calls, target.Text)) {
					message = otherRustTarget(target, on)
				}
				span := target.At
				if message == "" || done.before(span) {
					continue
				}
				d := Diagnostic{
					Span:    span,
					Message: message,
					Hint:    "use xx-cargo, which knows the triple, or choose it with a case over $TARGETARCH",
				}
				if image := s.Root().Image; graph.CrossImage(image) {
					d.Hint = "compile each platform in a stage of its own, FROM the image that compiles for it, and take what is shipped from the right one: FROM build-${TARGETARCH}"
				}
				if row := on.Row; on.Known && row.RustGNU != "" {
					libc := "gnu"
					if strings.Contains(target.Text, "musl") {
						libc = "musl"
					}
					if right := row.RustTriple(libc); right != "" {
						d.Notes = []Note{{Span: span, Text: fmt.Sprintf("for %s it is %s", on, right)}}
					}
				}
				if s.Place == graph.Build {
					if c := p.Planner.ForEveryPlatform(s); c != nil {
						var more []Note
						d.Fix, more = conversionFix(c, "build for the target with xx-cargo")
						d.Notes = append(d.Notes, more...)
					}
				}
				p.Report(d)
			}
		}
	},
}

// rustTarget returns the triple that a command is given.
func rustTarget(c *facts.Call) facts.Word {
	switch c.Name {
	case "cargo", "rustc", "cross", "cargo-zigbuild":
		if v, ok := c.Option("--target"); ok {
			return facts.Word{Value: v, At: spanOfOption(c, "--target")}
		}
		if v := c.Env("CARGO_BUILD_TARGET"); v.Set && v.Text != "" && c.Name == "cargo" && c.Has("build", "install", "b") {
			return facts.Word{Value: v, At: placeOf(c, v)}
		}
	case "rustup":
		if c.Has("target") && c.Has("add") && len(c.Words) == 4 {
			return c.Words[3]
		}
	}
	return facts.Word{}
}

// spanOfOption is where an option and its value stand.
func spanOfOption(c *facts.Call, name string) dockerfile.Span {
	span := c.Span
	for i, w := range c.Words {
		switch {
		case strings.HasPrefix(w.Text, name+"="):
			span = w.At
		case w.Text == name && i+1 < len(c.Words):
			span = c.Words[i+1].At
		}
	}
	return span
}

// noRustTarget says that a triple made from $TARGETARCH does not exist.
func noRustTarget(v facts.Word, on *facts.Platform) string {
	first, rest, ok := strings.Cut(v.Text, "-")
	if !ok || !follows(v.Value) || !strings.Contains(rest, "linux") || len(rustTargets(v.Text)) > 0 {
		return ""
	}
	switch first {
	case "amd64", "arm64", "arm", "386", "armv7l", "i386", "ppc64le", "riscv64", "loong64":
		if first == "arm" && (strings.HasSuffix(rest, "eabi") || strings.HasSuffix(rest, "eabihf")) {
			return ""
		}
		return fmt.Sprintf("Rust has no target %s, which this is for %s", v.Text, on)
	}
	return ""
}

// otherRustTarget says that a triple is the same for every platform.
func otherRustTarget(v facts.Word, on *facts.Platform) string {
	rows := rustTargets(v.Text)
	if !constant(v.Value) || len(rows) == 0 || slices.ContainsFunc(rows, func(r triples.Row) bool { return r.OS != "linux" || r.Arch == on.Arch }) {
		return ""
	}
	return fmt.Sprintf("the target is %s for every platform: the %s image gets a program that cannot run there", v.Text, on)
}

// rustTargets returns the platforms that Rust calls by a triple.
func rustTargets(triple string) []triples.Row {
	return slices.DeleteFunc(triples.ByTriple(triple), func(r triples.Row) bool { return triple != r.RustGNU && triple != r.RustMusl })
}

// takenByTriple reports whether what was built for a triple is taken out of its folder, target/TRIPLE/release. Cargo may
// have been told that target in a file of its own. A standard library that nothing is built with does no harm.
func takenByTriple(s *graph.Stage, calls []*facts.Call, triple string) bool {
	folder := "/" + triple + "/"
	for _, c := range calls {
		if c.Name == "cp" || c.Name == "mv" || c.Name == "install" {
			if slices.ContainsFunc(c.Words, func(w facts.Word) bool { return strings.Contains(w.Text, folder) }) {
				return true
			}
		}
	}
	for _, t := range s.Tree() {
		for _, u := range t.UsedBy {
			if slices.ContainsFunc(u.Paths, func(from string) bool { return strings.Contains(from, folder) }) {
				return true
			}
		}
	}
	return false
}

// severalTargets reports whether the commands name several triples, as files do that
// build for all platforms at once.
func severalTargets(calls []*facts.Call) bool {
	first := ""
	for _, c := range calls {
		v := rustTarget(c)
		if v.Text == "" || c.Name == "rustup" {
			continue
		}
		if first != "" && v.Text != first {
			return true
		}
		first = v.Text
	}
	return false
}
