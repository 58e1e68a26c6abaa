package recipes

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
)

// A configure script that Autoconf made is told the machine that compiles (--build) and the one that runs the result
// (--host). Both are needed: without --build it decides by a trial whether it is cross-compiling, and where
// binfmt_misc runs the target's programs it takes the build for a native one. CC is named, since it would take a
// plain cc where there is no TRIPLE-gcc. Scripts that only look like it take none of that, and some of them
// ignore it without an error, so what made the script has to be known.

// autoconfOnly are options that scripts of Autoconf, Automake and Libtool have, and others not.
var autoconfOnly = pattern(`^--(disable|enable)-(dependency-tracking|silent-rules|maintainer-mode|option-checking|libtool-lock|nls|rpath|fast-install)$|^--enable-option-checking=|^--with(out)?-(pic|gnu-ld|libiconv-prefix|libintl-prefix)$|^--(program-prefix|program-suffix|program-transform-name)=|^(ac|am|gl|lt)_cv_`)

// gnuSource matches where GNU's releases are, which have such a script.
var gnuSource = pattern(`(ftp\.gnu\.org|ftpmirror\.gnu\.org|mirrors\.kernel\.org)/(pub/)?gnu/|download\.savannah\.`)

func (c *call) judgeConfigure() Step {
	if step, refused := c.refuseC(); refused {
		return step
	}
	src := path.Dir(c.Words[0].Lit)
	cxx, known, block := c.autoconf(src)
	if block != "" {
		return blockBuild("give it the target in its own way (./configure --help), or build in a stage of its own", "%s: %s", c.Words[0].Lit, block)
	}
	b := &cBuild{tool: "configure", dir: c.dir, prefix: "/usr/local"}
	step := Step{Verdict: Convert, Compiles: true, Helper: true, NeedsC: true, NeedsLLVM: true, Reason: "is told the target", Args: []string{"TARGETPLATFORM"}, own: b, built: true,
		Review: "tests of configure that run a program take a default when cross-compiling, or stop and name a variable to set"}
	cc, cxxGiven, build, host := true, false, false, false
	for i := 0; i < len(c.args); i++ {
		w := c.args[i]
		name, value, assigned := strings.Cut(w.Raw, "=")
		option := strings.Trim(name, `"'`)
		value = strings.Trim(value, `"'`)
		switch {
		case set("--enable-optimizations --enable-pgo --with-pgo")[option]:
			return blockBuild("leave it out, or build in a stage of the target platform", "%s optimizes by running what was built, which is for the target", w.Raw)
		case option == "--build" && c.isGNUType(w, value):
			build = true
		case option == "--host" && c.isGNUType(w, value):
			host = true
			step.Edits = append(step.Edits, dockerfile.Edit{Span: w.Span, New: targetHost})
		case set("--host --build --target")[option]:
			return blockBuild("leave the option out: the rewrite tells configure what it builds on and for", "configure is told %s already", w.Raw)
		case option == "--prefix" || option == "--exec-prefix":
			word := w
			if !assigned && i+1 < len(c.args) {
				i++
				word, value = c.args[i], c.args[i].Raw
			}
			text, ok := c.knownText(value)
			if word.Const && !assigned {
				text, ok = word.Lit, true
			}
			if b.prefix = text; !ok {
				b.prefix = ""
			}
		case option == "CC" || option == "CXX":
			helper := compilerHelper(value)
			if helper == "" {
				return blockBuild("leave it out: the rewrite names the compiler", "%s names a compiler for the machine that builds", w.Raw)
			}
			end := w.Span.End
			step.Edits = append(step.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: w.Span.Start, End: end}, New: option + "=" + helper})
			cc, cxxGiven = cc && option != "CC", cxxGiven || option == "CXX"
		case assigned && slices.Contains(cTools, option) || slices.Contains(cFolders, option):
			return blockBuild("leave it out", "%s names a tool or a folder of the machine that builds", w.Raw)
		case strings.HasPrefix(option, "--with-") && builderPath().MatchString(value):
			return blockBuild("leave the path out: the target's libraries are found", "%s is where the machine that builds has its libraries", w.Raw)
		case !w.Const && option == w.Raw && strings.HasPrefix(w.Raw, "$"):
			return blockBuild("write the options out", "what %s tells configure cannot be seen", w.Raw)
		default:
			if why, way := oddFlags(value); why != "" {
				return blockBuild(way, "%s", why)
			}
		}
	}
	if c.lookup("CC").assign != nil {
		cc = false
	}
	cxxGiven = cxxGiven || c.lookup("CXX").assign != nil
	if why, way := c.oddSettings(&step); why != "" {
		return blockBuild(way, "%s", why)
	}
	if !known {
		cxx = c.installsCxx()
	}
	step.NeedsCxx, b.cxx = cxx, cxx
	insert := ""
	if !build {
		insert += " --build=$(" + c.forBuilder() + "xx-info triple)"
	}
	if !host {
		insert += " " + targetHost
	}
	if cc {
		insert += " CC=xx-clang"
	}
	if cxx && !cxxGiven {
		insert += " CXX=xx-clang++"
	}
	if end := c.Words[0].Span.End; insert != "" {
		step.Edits = append(step.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: end, End: end}, New: insert})
	}
	return step
}

// targetHost tells configure what the result is for.
const targetHost = "--host=$(xx-clang --print-target-triple)"

// forBuilder empties the variables that name the target, in front of a helper that is to answer for the builder.
func (c *call) forBuilder() string {
	out := "TARGETPLATFORM= "
	for _, name := range []string{"TARGETPAIR", "TARGETOS", "TARGETARCH", "TARGETVARIANT"} {
		if _, ok := c.env.Lookup(name); ok {
			out += name + "= "
		}
	}
	return out
}

// installsCxx reports whether the stage installs a C++ compiler.
func (c *call) installsCxx() bool {
	return slices.ContainsFunc(c.plan.chain(), func(p *Plan) bool {
		return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.install != nil && s.install.wants(cxxPackage) })
	})
}

// autoconf finds out whether Autoconf made the configure script in a folder, and whether it wants a C++ compiler if
// that is known; block says why it is not taken for such a script.
func (c *call) autoconf(src string) (cxx, known bool, block string) {
	dir := c.abs(src)
	if at, ok := c.contextAt(strings.TrimSuffix(dir, "/")); ok {
		files := c.opt.Context
		script := files.ReadFile(path.Join(at, "configure"))
		for _, name := range []string{"configure.ac", "configure.in"} {
			if text := string(files.ReadFile(path.Join(at, name))); text != "" {
				if m := runsOnTarget().FindString(text); m != "" {
					return false, true, path.Join(at, name) + " asks for " + m + ", which is the machine that builds"
				}
				if asksOpenMP().MatchString(text) && !c.withoutOpenMP() {
					return false, true, path.Join(at, name) + " asks for OpenMP, " + noOpenMP
				}
				return strings.Contains(text, "AC_PROG_CXX") || strings.Contains(text, "AX_CXX"), true, ""
			}
		}
		switch {
		case strings.Contains(string(script), "Generated by GNU Autoconf") && asksOpenMP().Match(script) && !c.withoutOpenMP():
			return false, true, path.Join(at, "configure") + " asks for OpenMP, " + noOpenMP
		case strings.Contains(string(script), "Generated by GNU Autoconf"):
			return strings.Contains(string(script), "CXXFLAGS"), true, ""
		case len(script) > 0:
			return false, false, "the script is not one that Autoconf made, so how it is told the target is not known"
		}
	}
	dir = strings.TrimSuffix(dir, "/")
	for _, s := range c.plan.Steps {
		if b := setUp(s); b == nil || b.tool != "autoreconf" || b.dir != dir {
			continue
		}
		if dir != "" || s.In == c.run && s.Span.Start > c.sinceChange() {
			return false, false, ""
		}
	}
	for _, w := range c.args {
		text := strings.Trim(w.Raw, `"'`)
		if autoconfOnly().MatchString(text) {
			return false, false, ""
		}
		if value, ok := strings.CutPrefix(text, "--build="); ok && c.isGNUType(w, value) {
			return false, false, "" // what Autoconf calls a machine
		}
	}
	if c.onlyConfigure() && gnuSource().Match(c.run.Doc.Src[c.run.Span.Start:c.run.Span.End]) {
		return false, false, ""
	}
	return false, false, "the script is not in the build context, and whether Autoconf made it cannot be seen"
}

// onlyConfigure reports whether the RUN calls no other configure.
func (c *call) onlyConfigure() bool {
	n := 0
	for _, cmd := range c.script.Commands {
		if path.Base(cmd.Name) == "configure" {
			n++
		}
	}
	return n == 1
}

// runsOnTarget matches what a configure script should not ask.
var runsOnTarget = pattern(`uname -m|\$\(arch\)|/proc/cpuinfo|-march=native`)

// asksOpenMP matches Autoconf's macro, and that of its archive, and what the former leaves in the script.
var asksOpenMP = pattern(`(?m)^[^#\n]*\bA[CX]_OPENMP\b|ac_cv_prog_c(xx)?_openmp`)

// judgeAutogen decides on scripts that call autoreconf, and perhaps configure.
func (c *call) judgeAutogen() (Step, bool) {
	b := &cBuild{tool: "autoreconf", dir: c.dir}
	if at, ok := c.contextAt(strings.TrimSuffix(c.abs(path.Dir(c.Words[0].Lit)), "/")); ok {
		text, err := fs.ReadFile(c.opt.Context.files, path.Join(at, path.Base(c.Words[0].Lit)))
		switch {
		case err != nil:
		case runsConfigure().Match(text) && !strings.Contains(string(text), "NOCONFIGURE"):
			return blockBuild("call autoreconf -fi and ./configure", "%s runs configure, too", c.Words[0].Lit), true
		case runsConfigure().Match(text):
			return Step{Verdict: Convert, Reason: "makes the same files for every platform", own: b,
				Edits: []dockerfile.Edit{{Span: c.frontAt(), New: "NOCONFIGURE=1 "}}}, true
		default:
			return Step{Compiles: true, Reason: "makes the same files for every platform", own: b}, true
		}
	}
	// Where configure is called behind it, it is there to make that.
	for _, later := range c.script.Commands[c.index+1:] {
		if path.Base(later.Name) == "configure" {
			return Step{Compiles: true, Reason: "makes the same files for every platform", own: b,
				Review: "what " + c.Words[0].Lit + " runs was not seen; it is taken for one that makes configure"}, true
		}
	}
	return blockBuild("call autoreconf -fi and ./configure", "what %s runs is not in the build context", c.Words[0].Lit), true
}

// inShell returns the call of a script that calls autoreconf, given to a shell by its name (sh autogen.sh), or nil.
func (c *call) inShell() *call {
	if !shells[c.name] || len(c.args) == 0 || !autogens[path.Base(c.args[0].Lit)] {
		return nil
	}
	script, command := *c, *c.Command
	command.Words = c.args
	script.Command, script.name, script.args = &command, path.Base(c.args[0].Lit), c.args[1:]
	return &script
}

// autogens are the names that such scripts go by.
var autogens = set("autogen.sh bootstrap bootstrap.sh buildconf buildconf.sh")

var runsConfigure = pattern(`(?m)^[^#\n]*\./configure\b`)

// isScript reports whether the program is a script that a build system has, and not one that was built.
func (c *site) isScript() bool {
	return slices.Contains([]string{"configure", "autogen.sh", "bootstrap", "bootstrap.sh", "buildconf", "config.status"}, path.Base(c.Words[0].Lit))
}
