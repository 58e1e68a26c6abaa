package recipes

import (
	"path"
	"strings"

	"xxkit/dfrewrite/dockerfile"
)

// Meson cross-compiles with a file that says all about the target, which `xx-clang --print-meson-cross-file` writes.
// The plain contract has no such flag, so images that have the plain helpers alone do not do.

func (c *call) judgeMeson() Step {
	if step, refused := c.refuseC(); refused {
		return step
	}
	sub, rest := c.firstOption(), c.args
	switch sub {
	case "compile", "install":
		dir := c.dir
		destdir := c.lookup("DESTDIR").text
		for i, w := range c.args {
			if w.Lit == "-C" && i+1 < len(c.args) {
				dir = c.knownDir(c.args[i+1])
			}
			if w.Lit == "--destdir" && i+1 < len(c.args) {
				destdir, _ = c.known(c.args[i+1])
			}
		}
		b := c.buildAt(dir)
		if b == nil || b.tool != "meson" {
			return blockBuild("run meson setup for that folder in this stage", "what %s builds was not configured here", c.text())
		}
		step := Step{Verdict: Convert, Compiles: true, NeedsC: true, NeedsCxx: b.cxx, NeedsLLVM: true, built: true, Helper: true,
			Reason: "builds what was configured for the target", Args: []string{"TARGETPLATFORM"}}
		step.Writes = b.outputs()
		if sub == "install" {
			step.Writes = append(step.Writes, installed(destdir, b.prefix)...)
		}
		return step
	case "test":
		return blockBuild("test in a stage of the target platform", "meson test runs what was built for the target")
	case "--version", "introspect", "wrap", "subprojects", "format":
		return Step{Reason: "does the same on every platform"}
	case "setup":
		rest = c.args[1:]
	case "configure", "dist", "init", "env2mfile", "devenv", "rewrite":
		return blockBuild("convert the stage by hand", "what %s does is not followed", c.text())
	}
	if strings.Contains(c.opt.Image, "tonistiigi/xx") {
		return blockBuild("rewrite with --image and an image of the helpers whose xx-clang has --print-meson-cross-file, or write a cross file by hand",
			"Meson needs a cross file, which the xx-clang of %s does not write", c.opt.Image)
	}
	if c.Nested || len(c.Redirects) > 0 {
		return blockBuild("call meson on its own", "%s stands in a condition or a loop, where its cross file cannot be written first", c.text())
	}
	b := &cBuild{tool: "meson", dir: c.dir, prefix: "/usr/local", cxx: true}
	source := c.dir
	var folders []string
	for i := 0; i < len(rest); i++ {
		w := rest[i]
		name, value, glued := strings.Cut(w.Raw, "=")
		switch {
		case name == "--cross-file" || name == "--native-file":
			return blockBuild("leave it out", "meson is told what to build with already: %s", w.Raw)
		case name == "--prefix" || name == "-Dprefix":
			if !glued && i+1 < len(rest) {
				i++
				value = rest[i].Raw
			}
			b.prefix = ""
			if text, ok := c.knownText(value); ok {
				b.prefix = text
			}
		case mesonValues[name] && !glued:
			i++
		case strings.HasPrefix(w.Raw, "-"):
			if why, way := oddFlags(value); why != "" {
				return blockBuild(way, "%s", why)
			}
		default:
			folders = append(folders, c.knownDir(w))
		}
	}
	if len(folders) > 0 {
		b.dir = folders[0]
	}
	if len(folders) > 1 {
		source = folders[1]
	}
	step := Step{Verdict: Convert, Compiles: true, Helper: true, NeedsC: true, NeedsLLVM: true, built: true, own: b, Reason: "is told the target", Args: []string{"TARGETPLATFORM"}}
	if why, way := c.oddSettings(&step); why != "" || len(step.Edits) > 0 {
		if why == "" {
			why, way = "CC in front of meson is for the machine that builds", "leave it out"
		}
		return blockBuild(way, "%s", why)
	}
	for _, name := range cFlagSets {
		if c.lookup(name).set {
			return blockBuild("use -Dc_args and -Dc_link_args", "%s counts for the build machine only, once there is a cross file", name)
		}
	}
	if at, ok := c.contextAt(source); ok && c.opt.Context.has(path.Join(at, "meson.build")) {
		text := string(c.opt.Context.ReadFile(path.Join(at, "meson.build")))
		if mesonOpenMP().MatchString(text) && !c.withoutOpenMP() {
			return blockBuild("convert the stage by hand", "meson.build asks for OpenMP, %s", noOpenMP)
		}
		b.cxx = mesonCxx().MatchString(text)
		step.CompilesOnHost = strings.Contains(text, "native: true") || strings.Contains(text, "native : true")
		if strings.Contains(text, ".run(") {
			step.Review = "meson.build has compiler.run(), which does not run for another machine"
		}
	} else {
		step.Review = "what meson.build asks was not seen: programs that it builds to run them need native: true"
	}
	step.NeedsCxx = b.cxx
	at := dockerfile.Span{Start: c.Span.Start, End: c.Span.Start}
	after := c.Words[0].Span.End
	if sub == "setup" {
		after = c.args[0].Span.End
	}
	step.Edits = append(step.Edits, dockerfile.Edit{Span: at, New: "xx-clang --print-meson-cross-file >/cross.ini && "},
		dockerfile.Edit{Span: dockerfile.Span{Start: after, End: after}, New: " --cross-file /cross.ini"})
	return step
}

var (
	mesonValues = set("--buildtype --libdir --bindir --sysconfdir --localstatedir --datadir --includedir --mandir --default-library --backend --wrap-mode --auto-features --optimization --unity --warnlevel -D")
	mesonOpenMP = pattern(`\bdependency\(\s*['"]openmp['"]`)
	mesonCxx    = pattern(`(?s)project\([^)]*['"]cpp['"]|add_languages\([^)]*['"]cpp['"]`)
)
