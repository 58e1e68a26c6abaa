package cc

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// A configure script that Autoconf made is told the machine that compiles (--build) and the one that runs the result
// (--host). Both are needed: without --build it decides by a trial whether it is cross-compiling, and where
// binfmt_misc runs the target's programs it takes the build for a native one. CC is named, since it would take a
// plain cc where there is no TRIPLE-gcc. Scripts that only look like it take none of that, and some of them
// ignore it without an error, so what made the script has to be known.

// autoconfOnly are options that scripts of Autoconf, Automake and Libtool have, and others not.
var autoconfOnly = match.Pattern(`^--(disable|enable)-(dependency-tracking|silent-rules|maintainer-mode|option-checking|libtool-lock|nls|rpath|fast-install)$|^--enable-option-checking=|^--with(out)?-(pic|gnu-ld|libiconv-prefix|libintl-prefix)$|^--(program-prefix|program-suffix|program-transform-name)=|^(ac|am|gl|lt)_cv_`)

// gnuSource matches where GNU's releases are, which have such a script.
var gnuSource = match.Pattern(`(ftp\.gnu\.org|ftpmirror\.gnu\.org|mirrors\.kernel\.org)/(pub/)?gnu/|download\.savannah\.`)

func judgeConfigure(c *verdict.Call) verdict.Step {
	if step, refused := RefuseC(c); refused {
		return step
	}
	src := path.Dir(c.Words[0].Lit)
	script, block := autoconf(c, src)
	if block != "" {
		return verdict.BlockBuild("give it the target in its own way (./configure --help), or build in a stage of its own", "%s: %s", c.Words[0].Lit, block)
	}
	b := &cBuild{tool: "configure", dir: c.Dir, prefix: "/usr/local"}
	step := verdict.Step{Verdict: verdict.Convert, Compiles: true, Needs: verdict.Needs{Helper: true, C: true, LLVM: true, Args: []string{"TARGETPLATFORM"}}, Reason: "is told the target", Own: b, Made: verdict.Made{FromC: true},
		Review: "tests of configure that run a program take a default when cross-compiling, or stop and name a variable to set"}
	cc, cxxGiven, build, host := true, false, false, false
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		name, value, assigned := strings.Cut(w.Raw, "=")
		option := strings.Trim(name, `"'`)
		value = strings.Trim(value, `"'`)
		switch {
		case match.Words("--enable-optimizations --enable-pgo --with-pgo")[option]:
			return verdict.BlockBuild("leave it out, or build in a stage of the target platform", "%s optimizes by running what was built, which is for the target", w.Raw)
		case option == "--build" && facts.IsGNUType(&c.Site, w, value):
			build = true
		case option == "--host" && facts.IsGNUType(&c.Site, w, value):
			host = true
			step.Edits = append(step.Edits, dockerfile.Edit{Span: w.Span, New: targetHost})
		case match.Words("--host --build --target")[option]:
			return verdict.BlockBuild("leave the option out: the rewrite tells configure what it builds on and for", "configure is told %s already", w.Raw)
		case option == "--prefix" || option == "--exec-prefix":
			word := w
			if !assigned && i+1 < len(c.Args) {
				i++
				word, value = c.Args[i], c.Args[i].Raw
			}
			text, ok := c.KnownText(value)
			if word.Const && !assigned {
				text, ok = word.Lit, true
			}
			if b.prefix = text; !ok {
				b.prefix = ""
			}
		case option == "CC" || option == "CXX":
			helper := CompilerHelper(value)
			if helper == "" {
				return verdict.BlockBuild("leave it out: the rewrite names the compiler", "%s names a compiler for the machine that builds", w.Raw)
			}
			end := w.Span.End
			step.Edits = append(step.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: w.Span.Start, End: end}, New: option + "=" + helper})
			cc, cxxGiven = cc && option != "CC", cxxGiven || option == "CXX"
		case assigned && slices.Contains(cTools, option) || slices.Contains(cFolders, option):
			return verdict.BlockBuild("leave it out", "%s names a tool or a folder of the machine that builds", w.Raw)
		case strings.HasPrefix(option, "--with-") && verdict.BuilderPath().MatchString(value):
			return verdict.BlockBuild("leave the path out: the target's libraries are found", "%s is where the machine that builds has its libraries", w.Raw)
		case !w.Const && option == w.Raw && strings.HasPrefix(w.Raw, "$"):
			return verdict.BlockBuild("write the options out", "what %s tells configure cannot be seen", w.Raw)
		default:
			if why, way := OddFlags(value); why != "" {
				return verdict.BlockBuild(way, "%s", why)
			}
		}
	}
	if facts.Lookup(&c.Site, "CC").Assign != nil {
		cc = false
	}
	cxxGiven = cxxGiven || facts.Lookup(&c.Site, "CXX").Assign != nil
	if why, way := oddSettings(c, &step); why != "" {
		return verdict.BlockBuild(way, "%s", why)
	}
	cxx := script.cxx
	if script.text == "" {
		cxx = installsCxx(c)
	}
	step.Needs.Cxx, b.cxx = cxx, cxx
	step.Needs.PkgConfig = script.callsPkgConfig() || script.text == ""
	insert := ""
	if !build {
		insert += " --build=$(" + forBuilder(c) + "xx-info triple)"
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
	if dirs := c.PkgConfigDirs(); dirs != "" && (script.callsPkgConfig() || script.text == "" && c.InstallsPkgConfig()) {
		insert += " " + dirs
	}
	if c.OnAlpine() {
		known, unseen := script.answers(c)
		insert += known
		if unseen != "" {
			step.Review += "; " + unseen
		}
	}
	if end := c.Words[0].Span.End; insert != "" {
		step.Edits = append(step.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: end, End: end}, New: insert})
	}
	return step
}

// targetHost tells configure what the result is for.
const targetHost = "--host=$(xx-clang --print-target-triple)"

// forBuilder empties the variables that name the target, in front of a helper that is to answer for the builder.
func forBuilder(c *verdict.Call) string {
	out := "TARGETPLATFORM= "
	for _, name := range []string{"TARGETPAIR", "TARGETOS", "TARGETARCH", "TARGETVARIANT"} {
		if _, ok := c.Env.Lookup(name); ok {
			out += name + "= "
		}
	}
	return out
}

// installsCxx reports whether the stage installs a C++ compiler.
func installsCxx(c *verdict.Call) bool {
	return slices.ContainsFunc(c.Ledger.Chain(), func(p *verdict.Ledger) bool {
		return slices.ContainsFunc(p.Steps, func(s verdict.Step) bool { return s.Installs != nil && s.Installs.Wants(packages.CxxPackage) })
	})
}

// A configureScript is what the build context says of a configure script that Autoconf makes.
type configureScript struct {
	text string // of configure.ac, or else of the script itself; "" if neither is seen
	cxx  bool   // it wants a C++ compiler
}

// callsPkgConfig reports whether the script is seen to ask pkg-config.
func (s configureScript) callsPkgConfig() bool { return asksPkgConfig().MatchString(s.text) }

// asksPkgConfig matches the macros of pkg.m4 and what they leave in the script.
var asksPkgConfig = match.Pattern(`(?m)^[^#\n]*\b(?:PKG_(?:CHECK|PROG|WITH|HAVE)_|PKG_CONFIG\b|pkg-config)`)

// musl's malloc(0) and realloc(0) return what can be freed, as Autoconf finds where it can run a program; where it cannot
// it takes the answer for no on everything that is not GNU, and renames them to functions that programs
// hardly ever have. The others are answered alike, with a loss that nobody sees. (functions.m4 of Autoconf 2.71.)
var muslAnswers = []struct {
	asked  func() *regexp.Regexp // by the macro, or in the script that comes of it
	answer string
}{
	{match.Pattern(`\bAC_FUNC_MALLOC\b|\bac_cv_func_malloc_0_nonnull\b`), "ac_cv_func_malloc_0_nonnull=yes"},
	{match.Pattern(`\bAC_FUNC_REALLOC\b|\bac_cv_func_realloc_0_nonnull\b`), "ac_cv_func_realloc_0_nonnull=yes"},
	{match.Pattern(`\bAC_FUNC_CHOWN\b|\bac_cv_func_chown_works\b`), "ac_cv_func_chown_works=yes"},
	{match.Pattern(`\bAC_FUNC_GETGROUPS\b|\bac_cv_func_getgroups_works\b`), "ac_cv_func_getgroups_works=yes"},
	{match.Pattern(`\bAC_FUNC_LSTAT_FOLLOWS_SLASHED_SYMLINK\b|\bac_cv_func_lstat_dereferences_slashed_symlink\b`), "ac_cv_func_lstat_dereferences_slashed_symlink=yes"},
}

// m4Comment is what m4 or the shell does not read of a line.
var m4Comment = match.Pattern(`(?m)(?:\bdnl\b|^[ \t]*#).*$`)

// answers returns arguments that answer what configure asks of musl by running a program. What may be asked by a script that
// is not seen is said instead.
func (s configureScript) answers(c *verdict.Call) (arguments, unseen string) {
	if s.text == "" {
		return "", "where it says rpl_malloc or rpl_realloc, pass " + muslAnswers[0].answer + " and " + muslAnswers[1].answer + " to it: it cannot try what musl does"
	}
	text := m4Comment().ReplaceAllString(s.text, "")
	for _, a := range muslAnswers {
		variable, _, _ := strings.Cut(a.answer, "=")
		given := slices.ContainsFunc(c.Args, func(w shell.Word) bool { return strings.HasPrefix(strings.Trim(w.Raw, `"'`), variable+"=") })
		if a.asked().MatchString(text) && !given && !facts.Lookup(&c.Site, variable).Set {
			arguments += " " + a.answer
		}
	}
	return arguments, ""
}

// autoconf finds out whether Autoconf made the configure script in a folder; block says why it is not taken for such a
// script.
func autoconf(c *verdict.Call, src string) (found configureScript, block string) {
	dir := c.Abs(src)
	if at, ok := c.ContextAt(strings.TrimSuffix(dir, "/")); ok {
		files := c.Opt.Context
		script := files.ReadFile(path.Join(at, "configure"))
		for _, name := range []string{"configure.ac", "configure.in"} {
			if text := string(files.ReadFile(path.Join(at, name))); text != "" {
				if m := runsOnTarget().FindString(text); m != "" {
					return found, path.Join(at, name) + " asks for " + m + ", which is the machine that builds"
				}
				if asksOpenMP().MatchString(text) && !withoutOpenMP(c) {
					return found, path.Join(at, name) + " asks for OpenMP, " + noOpenMP
				}
				return configureScript{text, strings.Contains(text, "AC_PROG_CXX") || strings.Contains(text, "AX_CXX")}, ""
			}
		}
		switch {
		case strings.Contains(string(script), "Generated by GNU Autoconf") && asksOpenMP().Match(script) && !withoutOpenMP(c):
			return found, path.Join(at, "configure") + " asks for OpenMP, " + noOpenMP
		case strings.Contains(string(script), "Generated by GNU Autoconf"):
			return configureScript{string(script), strings.Contains(string(script), "CXXFLAGS")}, ""
		case len(script) > 0:
			return found, "the script is not one that Autoconf made, so how it is told the target is not known"
		}
	}
	dir = strings.TrimSuffix(dir, "/")
	for _, s := range c.Ledger.Steps {
		if b := SetUp(s); b == nil || b.tool != "autoreconf" || b.dir != dir {
			continue
		}
		if dir != "" || s.In == c.Run && s.Span.Start > sinceChange(c) {
			return found, ""
		}
	}
	for _, w := range c.Args {
		text := strings.Trim(w.Raw, `"'`)
		if autoconfOnly().MatchString(text) {
			return found, ""
		}
		if value, ok := strings.CutPrefix(text, "--build="); ok && facts.IsGNUType(&c.Site, w, value) {
			return found, "" // what Autoconf calls a machine
		}
	}
	if onlyConfigure(c) && gnuSource().Match(c.Run.Doc.Src[c.Run.Span.Start:c.Run.Span.End]) {
		return found, ""
	}
	return found, "the script is not in the build context, and whether Autoconf made it cannot be seen"
}

// onlyConfigure reports whether the RUN calls no other configure.
func onlyConfigure(c *verdict.Call) bool {
	n := 0
	for _, cmd := range c.Script.Commands {
		if path.Base(cmd.Name) == "configure" {
			n++
		}
	}
	return n == 1
}

// runsOnTarget matches what a configure script should not ask.
var runsOnTarget = match.Pattern(`uname -m|\$\(arch\)|/proc/cpuinfo|-march=native`)

// asksOpenMP matches Autoconf's macro, and that of its archive, and what the former leaves in the script.
var asksOpenMP = match.Pattern(`(?m)^[^#\n]*\bA[CX]_OPENMP\b|ac_cv_prog_c(xx)?_openmp`)

// judgeAutogen decides on scripts that call autoreconf, and perhaps configure.
func judgeAutogen(c *verdict.Call) (verdict.Step, bool) {
	b := &cBuild{tool: "autoreconf", dir: c.Dir}
	if at, ok := c.ContextAt(strings.TrimSuffix(c.Abs(path.Dir(c.Words[0].Lit)), "/")); ok {
		text := c.Opt.Context.ReadFile(path.Join(at, path.Base(c.Words[0].Lit)))
		switch {
		case text == nil:
		case runsConfigure().Match(text) && !strings.Contains(string(text), "NOCONFIGURE"):
			return verdict.BlockBuild("call autoreconf -fi and ./configure", "%s runs configure, too", c.Words[0].Lit), true
		case runsConfigure().Match(text):
			return verdict.Step{Verdict: verdict.Convert, Reason: "makes the same files for every platform", Own: b,
				Edits: []dockerfile.Edit{{Span: c.FrontAt(), New: "NOCONFIGURE=1 "}}}, true
		default:
			return verdict.Step{Compiles: true, Reason: "makes the same files for every platform", Own: b}, true
		}
	}
	// Where configure is called behind it, it is there to make that.
	for _, later := range c.Script.Commands[c.Index+1:] {
		if path.Base(later.Name) == "configure" {
			return verdict.Step{Compiles: true, Reason: "makes the same files for every platform", Own: b,
				Review: "what " + c.Words[0].Lit + " runs was not seen; it is taken for one that makes configure"}, true
		}
	}
	return verdict.BlockBuild("call autoreconf -fi and ./configure", "what %s runs is not in the build context", c.Words[0].Lit), true
}

// inShell returns the call of a script that calls autoreconf, given to a shell by its name (sh autogen.sh), or nil.
func inShell(c *verdict.Call) *verdict.Call {
	if !shell.Shells[c.Program] || len(c.Args) == 0 || !autogens[path.Base(c.Args[0].Lit)] {
		return nil
	}
	script, command := *c, *c.Command
	command.Words = c.Args
	script.Command, script.Program, script.Args = &command, path.Base(c.Args[0].Lit), c.Args[1:]
	return &script
}

// autogens are the names that such scripts go by.
var autogens = match.Words("autogen.sh bootstrap bootstrap.sh buildconf buildconf.sh")

var runsConfigure = match.Pattern(`(?m)^[^#\n]*\./configure\b`)
