package rules

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// PkgConfigHost finds cross builds that are told about the builder's libraries.
var PkgConfigHost = &Rule{
	Name:     "PkgConfigHost",
	Severity: Error,
	Check: func(p *Pass) {
		done := seen{}
		for s, on := range p.builds() {
			if s.Place != graph.Build || forOne(s) {
				continue
			}
			calls := p.Facts.CallsFor(s, on)
			for i, c := range calls {
				if c.Maybe || c.Uncertain() {
					continue
				}
				if d, ok := p.hostLibraries(s, calls[i:], c); ok && !done.before(d.Span) {
					p.Report(d)
				}
			}
		}
	},
}

// hostLibraries says how a command is told about the builder's libraries; rest are
// the calls from there on.
func (p *Pass) hostLibraries(s *graph.Stage, rest []*facts.Call, c *facts.Call) (Diagnostic, bool) {
	if c.Name == "pkg-config" || c.Name == "pkgconf" {
		if !c.Substituted || pointed(c) || !slices.ContainsFunc(rest, func(later *facts.Call) bool {
			return later.Run == c.Run && later.CrossCompiler()
		}) {
			return Diagnostic{}, false
		}
		d := Diagnostic{
			Span:    c.Span,
			Message: "pkg-config tells a cross compiler about the builder's libraries",
			Hint:    "call the target's, $(xx-info triple)-pkg-config, or set PKG_CONFIG_LIBDIR",
		}
		if hasHelpers(s) && follows(c.Env("TARGETPLATFORM")) && !c.Wrapped {
			d.Fix = &Fix{
				Message: "call the target's pkg-config",
				Safety:  Review,
				Why:     []string{"the target's libraries have to be installed, with xx-apt-get or xx-apk"},
				Edits:   []dockerfile.Edit{{Span: c.Words[0].At, New: "$(xx-info triple)-pkg-config"}},
			}
		}
		return d, true
	}
	if !p.crossBuilds(c) {
		return Diagnostic{}, false
	}
	hint := "name the target's folder: /usr/lib/$(xx-info triple)"
	for _, w := range c.Words[1:] {
		if folder := libraryFolder().FindString(w.Text); folder != "" && constant(w.Value) && otherArch(folder, c.Platform) != "" {
			return Diagnostic{Span: w.At, Hint: hint,
				Message: fmt.Sprintf("%s is told about libraries in %s, also when it builds for %s", c.Name, "/usr/lib"+folder, c.Platform)}, true
		}
	}
	for _, name := range []string{"PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "CGO_LDFLAGS", "LDFLAGS", "LIBRARY_PATH"} {
		v := c.Env(name)
		if folder := libraryFolder().FindString(v.Text); folder != "" && constant(v) && otherArch(folder, c.Platform) != "" {
			return Diagnostic{Span: placeOf(c, v), Hint: hint,
				Message: fmt.Sprintf("%s names libraries of %s, also when %s builds for %s", name, archNames(folder)[0], c.Name, c.Platform)}, true
		}
	}
	return Diagnostic{}, false
}

// pointed reports whether pkg-config is told where to look.
func pointed(c *facts.Call) bool {
	for _, name := range []string{"PKG_CONFIG_LIBDIR", "PKG_CONFIG_PATH", "PKG_CONFIG_SYSROOT_DIR"} {
		if c.Env(name).Set {
			return true
		}
	}
	return false
}

// crossBuilds reports whether a command builds C for the target.
func (p *Pass) crossBuilds(c *facts.Call) bool {
	told := slices.ContainsFunc(c.Words, func(w facts.Word) bool { return follows(w.Value) })
	switch c.Name {
	case "configure", "cmake", "meson", "make":
		return told || strings.Contains(c.Env("CC").Text, "-") || follows(c.Env("CC")) || slices.ContainsFunc(c.Words, func(w facts.Word) bool { return strings.Contains(w.Text, "xx-") })
	case "xx-go", "xx-cargo":
		return true
	case "go":
		return c.GoBuilds() && follows(c.Env("GOARCH")) && c.Env("CGO_ENABLED").Text == "1"
	}
	return c.CrossCompiler()
}
