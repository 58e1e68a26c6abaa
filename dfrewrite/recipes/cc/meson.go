package cc

import (
	"bytes"
	"path"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/verdict"
)

// Meson cross-compiles with a file that says all about the target, which `xx-clang --print-meson-cross-file` writes.
// The plain contract has no such flag: with the public helpers, which keep that and no more, printf writes the file.

func judgeMeson(c *verdict.Call) verdict.Step {
	if step, refused := RefuseC(c); refused {
		return step
	}
	sub, rest := firstOption(c), c.Args
	switch sub {
	case "compile", "install":
		dir := c.Dir
		destdir := facts.Lookup(&c.Site, "DESTDIR").Text
		for i, w := range c.Args {
			if w.Lit == "-C" && i+1 < len(c.Args) {
				dir = knownDir(c, c.Args[i+1])
			}
			if w.Lit == "--destdir" && i+1 < len(c.Args) {
				destdir, _ = c.Known(c.Args[i+1])
			}
		}
		b := buildAt(c, dir)
		if b == nil || b.tool != "meson" {
			return verdict.BlockBuild("run meson setup for that folder in this stage", "what %s builds was not configured here", c.Source())
		}
		step := verdict.Step{Verdict: verdict.Convert, Compiles: true, Needs: verdict.Needs{C: true, Cxx: b.cxx, LLVM: true, Helper: true, Args: []string{"TARGETPLATFORM"}}, Made: verdict.Made{FromC: true, Program: b.program},
			Reason: "builds what was configured for the target"}
		step.Writes = b.outputs()
		if sub == "install" {
			step.Writes = append(step.Writes, installed(destdir, b.prefix)...)
		}
		return step
	case "test":
		return verdict.BlockBuild("test in a stage of the target platform", "meson test runs what was built for the target")
	case "--version", "introspect", "wrap", "subprojects", "format":
		return verdict.Step{Reason: "does the same on every platform"}
	case "setup":
		rest = c.Args[1:]
	case "configure", "dist", "init", "env2mfile", "devenv", "rewrite":
		return verdict.BlockBuild("convert the stage by hand", "what %s does is not followed", c.Source())
	}
	if c.Nested || len(c.Redirects) > 0 {
		return verdict.BlockBuild("call meson on its own", "%s stands in a condition or a loop, where its cross file cannot be written first", c.Source())
	}
	b := &cBuild{tool: "meson", dir: c.Dir, prefix: "/usr/local", cxx: true}
	source := c.Dir
	var folders []string
	for i := 0; i < len(rest); i++ {
		w := rest[i]
		name, value, glued := strings.Cut(w.Raw, "=")
		switch {
		case name == "--cross-file" || name == "--native-file":
			return verdict.BlockBuild("leave it out", "meson is told what to build with already: %s", w.Raw)
		case name == "--prefix" || name == "-Dprefix":
			if !glued && i+1 < len(rest) {
				i++
				value = rest[i].Raw
			}
			b.prefix = ""
			if text, ok := c.KnownText(value); ok {
				b.prefix = text
			}
		case mesonValues[name] && !glued:
			i++
		case strings.HasPrefix(w.Raw, "-"):
			if why, way := OddFlags(value); why != "" {
				return verdict.BlockBuild(way, "%s", why)
			}
		default:
			folders = append(folders, knownDir(c, w))
		}
	}
	if len(folders) > 0 {
		b.dir = folders[0]
	}
	if len(folders) > 1 {
		source = folders[1]
	}
	step := verdict.Step{Verdict: verdict.Convert, Compiles: true, Needs: verdict.Needs{Helper: true, C: true, LLVM: true, Args: []string{"TARGETPLATFORM"}}, Made: verdict.Made{FromC: true}, Own: b, Reason: "is told the target"}
	if why, way := oddSettings(c, &step); why != "" || len(step.Edits) > 0 {
		if why == "" {
			why, way = "CC in front of meson is for the machine that builds", "leave it out"
		}
		return verdict.BlockBuild(way, "%s", why)
	}
	for _, name := range cFlagSets {
		if facts.Lookup(&c.Site, name).Set {
			return verdict.BlockBuild("use -Dc_args and -Dc_link_args", "%s counts for the build machine only, once there is a cross file", name)
		}
	}
	if at, ok := c.ContextAt(source); ok && c.Opt.Context.Has(path.Join(at, "meson.build")) {
		text := string(c.Opt.Context.ReadFile(path.Join(at, "meson.build")))
		if mesonOpenMP().MatchString(text) && !withoutOpenMP(c) {
			return verdict.BlockBuild("convert the stage by hand", "meson.build asks for OpenMP, %s", noOpenMP)
		}
		b.cxx = mesonCxx().MatchString(text)
		step.CompilesOnHost = strings.Contains(text, "native: true") || strings.Contains(text, "native : true")
		if strings.Contains(text, ".run(") {
			step.Review = "meson.build has compiler.run(), which does not run for another machine"
		}
	} else {
		step.Review = "what meson.build asks was not seen: programs that it builds to run them need native: true"
	}
	step.Needs.Cxx = b.cxx
	at := dockerfile.Span{Start: c.Span.Start, End: c.Span.Start}
	after := c.Words[0].Span.End
	if sub == "setup" {
		after = c.Args[0].Span.End
	}
	step.Edits = append(step.Edits, dockerfile.Edit{Span: at, New: crossFile(c) + "&& "},
		dockerfile.Edit{Span: dockerfile.Span{Start: after, End: after}, New: " --cross-file /cross.ini"})
	return step
}

var (
	mesonValues = match.Words("--buildtype --libdir --bindir --sysconfdir --localstatedir --datadir --includedir --mandir --default-library --backend --wrap-mode --auto-features --optimization --unity --warnlevel -D --prefix --cross-file --native-file")
	mesonOpenMP = match.Pattern(`\bdependency\(\s*['"]openmp['"]`)
	mesonCxx    = match.Pattern(`(?s)project\([^)]*['"]cpp['"]|add_languages\([^)]*['"]cpp['"]`)
)

// crossFile returns the command that writes a cross file for the target, and what stands between it and the next one.
func crossFile(c *verdict.Call) string {
	if !c.PublicHelpers() {
		return "xx-clang --print-meson-cross-file >/cross.ini "
	}
	const triple = "$(xx-info triple)"
	// The public helpers make no pkg-config for another machine on Debian.
	pkgConfig, libraries := triple+"-pkg-config", `"sys_root='$(xx-info sysroot | sed 's,/$,,')'"`
	if dirs, ok := strings.CutPrefix(c.PkgConfigDirs(), "PKG_CONFIG_LIBDIR="); ok {
		pkgConfig, libraries = "pkg-config", `"pkg_config_libdir=['`+strings.ReplaceAll(dirs, ":", "', '")+`']"`
	}
	return strings.Join([]string{`printf '%s\n' '[binaries]'`,
		`"c='$(xx-clang --print-target-triple)-clang'" "cpp='` + triple + `-clang++'"`, // the question sets the target up, too
		`"ar='` + triple + `-ar'" "strip='` + triple + `-strip'"`,
		`"pkg-config='` + pkgConfig + `'" "pkgconfig='` + pkgConfig + `'"`, // the latter up to Meson 1.2
		`'[properties]' ` + libraries + ` "needs_exe_wrapper=$(xx-info is-cross && echo true || echo false)"`,
		`'[host_machine]' "system='$(xx-info os)'" "cpu='$(xx-info march)'"`,
		`"cpu_family='$(xx-info march | sed 's/^arm.*/arm/;s/^i.86/x86/;s/le$//')'"`,
		`"endian='$(case $(xx-info march) in s390x|mips|mips64) echo big ;; *) echo little ;; esac)'" >/cross.ini`, ""}, nextLine(c))
}

// nextLine is what stands between words of a command that goes on in the next line.
func nextLine(c *verdict.Call) string {
	src := c.Run.Doc.Src[:c.Run.Span.End]
	escape := string(rune(c.Run.Doc.Escape))
	if len(c.Run.Heredocs) > 0 {
		escape = `\` // the shell's own
	}
	if bytes.Contains(src, []byte("\r\n")) {
		return " " + escape + "\r\n    "
	}
	return " " + escape + "\n    "
}
