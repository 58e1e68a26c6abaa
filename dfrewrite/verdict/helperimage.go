package verdict

import (
	"slices"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/packages"
)

// What a rewrite may emit depends on the image that the helpers come from. The public one keeps the plain contract and
// no more: it names no pkg-config for another machine on Debian, and no C++ compiler for cargo.

// HelperImage returns the image whose helpers the stages of a file get: that of its own stage with helpers, or the one that
// the rewrite names.
func (f *File) HelperImage(g *graph.Graph) string {
	if s := g.HelperStage(); s != nil {
		return s.Image
	}
	return f.Options.Image
}

// PublicHelpers reports whether the helpers are those of the public image.
func (c *Call) PublicHelpers() bool { return graph.PublicHelpers(c.File.HelperImage(c.Stage.Graph)) }

// PkgConfigDirs returns an assignment that leads the builder's pkg-config to the target's libraries. It is empty where the
// helpers see to that: all of them do on Alpine, and those that are not public on Debian, too.
func (c *Call) PkgConfigDirs() string {
	sysroot := func(s Step) bool { return s.Installs != nil && s.Installs.Manager.Sysroot }
	if !c.PublicHelpers() || c.OnAlpine() || slices.ContainsFunc(c.Ledger.Chain(), func(p *Ledger) bool { return slices.ContainsFunc(p.Steps, sysroot) }) {
		return ""
	}
	triple := "$(xx-info triple)"
	if slices.Contains(c.Opt.Platforms, "linux/386") {
		triple = "$(xx-info triple | sed s/i686/i386/)" // the one folder that Debian names otherwise
	}
	dirs := "/usr/lib/" + triple + "/pkgconfig:/usr/share/pkgconfig"
	if c.Ledger.Writes("/usr/local/lib/pkgconfig/some.pc") {
		dirs = "/usr/local/lib/pkgconfig:" + dirs // of a library that the stage has built for the target
	}
	return "PKG_CONFIG_LIBDIR=" + dirs
}

// InstallsPkgConfig reports whether the stage installs pkg-config by its name.
func (c *Call) InstallsPkgConfig() bool {
	return c.InstalledPackage(func(p packages.Package) bool {
		return p.Name == "pkg-config" || p.Name == "pkgconf" || p.Name == "pkgconfig"
	}) != ""
}
