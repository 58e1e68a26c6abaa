// Package cc knows how C and C++ cross-compile: calls of a compiler and of the tools around it, and the
// build systems Autotools, CMake and Meson (buildsystem.go is what they share). Makefiles are read by
// drivers/makefile.
package cc

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of C and C++: compilers and the tools around them, Autotools, CMake and Meson.
var Recipe = &verdict.Recipe{Name: "c", Page: "c", Judge: judge, Prepare: verify}

// C and C++ cross-compile with xx-clang and xx-clang++, which are clang for the target. Package plan
// brings clang and the target's libraries. Here are commands that call a compiler, or one of the tools around
// it, themselves; what build systems do is in buildsystem.go (what all of them share), autotools.go, cmake.go and meson.go.
//
// Only the plain contract of the helpers is used: xx-clang takes clang's arguments, setting a target up leaves
// TRIPLE-ar, TRIPLE-ranlib and TRIPLE-strip where llvm is installed, and TRIPLE-pkg-config where pkg-config is.

// CompilerHelpers say what stands in for a compiler.
var CompilerHelpers = map[string]string{
	"cc": "xx-clang", "gcc": "xx-clang", "clang": "xx-clang",
	"c++": "xx-clang++", "g++": "xx-clang++", "clang++": "xx-clang++",
}

// numberedGcc is gcc-12 or g++-12.
var numberedGcc = match.Pattern(`^(gcc|g\+\+)-[0-9]+$`)

// CompilerHelper returns xx-clang or xx-clang++ for the name of a compiler, or "".
func CompilerHelper(name string) string {
	if m := numberedGcc().FindStringSubmatch(name); m != nil {
		name = m[1]
	}
	return CompilerHelpers[name]
}

var triplePkgConfig = "$(xx-clang --print-target-triple)-pkg-config"

func judge(c *verdict.Call) (verdict.Step, bool) {
	switch c.Program {
	case "xx-clang", "xx-clang++", "xx-cc", "xx-c++":
		step := c.Helper()
		step.Compiles, step.Crosses = true, true
		return step, true
	case "xx-apt", "xx-apt-get", "xx-apk":
		return c.Helper(), true
	case "ar", "ranlib":
		return judgeArchiver(c)
	case "strip":
		return judgeStrip(c)
	case "find":
		return judgeFindStrip(c)
	case "install":
		return judgeInstallStrip(c)
	case "pkg-config", "pkgconf":
		if step, refused := RefuseC(c); refused {
			return step, true
		}
		step := verdict.Step{Verdict: verdict.Convert, Needs: verdict.Needs{Helper: true, C: true, PkgConfig: true, Args: []string{"TARGETPLATFORM"}}, Reason: "asks about the target's libraries"}
		if dirs := c.PkgConfigDirs(); dirs != "" {
			step.Edits = []dockerfile.Edit{{Span: c.FrontAt(), New: dirs + " "}}
		} else {
			step.Edits = []dockerfile.Edit{{Span: c.Words[0].Span, New: triplePkgConfig}}
		}
		return step, true
	}
	if helper := CompilerHelper(c.Program); helper != "" {
		return judgeCompile(c, helper), true
	}
	if script := inShell(c); script != nil {
		return judgeAutogen(script)
	}
	return judgeBuildSystem(c)
}

// judgeCompile turns a call of a compiler into one for the target.
func judgeCompile(c *verdict.Call, helper string) verdict.Step {
	if strings.Contains(c.Words[0].Lit, "/") && !verdict.IsSystemDir(path.Dir(c.Words[0].Lit)) {
		return verdict.BlockBuild("call the compiler of the distribution", "%s is a compiler of the stage's own", c.Words[0].Lit)
	}
	if c.Substituted {
		return verdict.BlockBuild("ask xx-info or xx-clang about the target", "%s says what the compiler of the machine that builds does", c.Source())
	}
	if step, refused := RefuseC(c); refused {
		return step
	}
	step := verdict.Step{Verdict: verdict.Convert, Compiles: true, Needs: verdict.Needs{Helper: true, C: true, Args: []string{"TARGETPLATFORM"}}, Made: verdict.Made{FromC: true}, Reason: "cross-compiles with " + helper,
		Edits: []dockerfile.Edit{{Span: c.Words[0].Span, New: helper}}}
	step.Needs.Cxx = helper == "xx-clang++"
	objects, output, shared := false, "", false
	var sources []string
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		text, _ := c.Known(w)
		if why, way := oddFlag(c, w.Raw, text); why != "" {
			return verdict.BlockBuild(way, "%s", why)
		}
		switch {
		case w.Lit == "-c" || w.Lit == "-E" || w.Lit == "-S" || w.Lit == "-fsyntax-only" || w.Lit == "-M" || w.Lit == "-MM":
			objects = true
		case w.Lit == "-shared":
			shared = true
		case w.Lit == "-o" && i+1 < len(c.Args):
			i++
			output = c.Args[i].Raw
		case strings.HasPrefix(w.Raw, "-o") && len(w.Raw) > 2:
			output = w.Raw[2:]
		case strings.HasPrefix(w.Raw, "-"):
			step.Needs.Cxx = step.Needs.Cxx || w.Lit == "-lstdc++"
		default:
			sources = append(sources, text)
			step.Needs.Cxx = step.Needs.Cxx || CxxSource().MatchString(text)
		}
	}
	if output == "" {
		if !objects {
			output = "a.out"
		} else if slices.ContainsFunc(c.Args, func(w shell.Word) bool { return w.Lit == "-c" }) {
			for _, s := range sources {
				if file := c.Abs(strings.TrimSuffix(path.Base(s), path.Ext(s)) + ".o"); s != "" && !strings.Contains(s, "*") && file != "" {
					step.Writes = append(step.Writes, file)
				}
			}
		}
	}
	if output != "" {
		if name, ok := c.KnownText(output); ok {
			if file := c.Abs(name); file != "" && !strings.HasPrefix(file, "/dev/") {
				step.Writes = append(step.Writes, file)
			}
		}
		if !objects && !shared && len(sources) > 0 {
			putVerify(c, &step, output)
		}
	}
	return step
}

var CxxSource = match.Pattern(`\.(cc|cpp|cxx|C|c\+\+)$`)

// putVerify has the program that the command makes looked at right behind it.
func putVerify(c *verdict.Call, step *verdict.Step, program string) {
	end := c.Words[len(c.Words)-1].Span.End
	if c.Nested || len(c.Redirects) > 0 || len(step.Writes) == 0 || strings.HasPrefix(program, "/dev/") || !verdict.GoesOn().Match(c.Run.Doc.Src[end:c.Run.Span.End]) {
		return
	}
	step.Made.Verified, step.Needs.Verify = true, true
	step.Edits = append(step.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: end, End: end}, New: " && " + verdict.Verify(c.Stage, c.Source(), program, step.Writes[len(step.Writes)-1])})
}

var (
	// oneMachine matches flags that choose a processor.
	oneMachine = match.Pattern(`(^|[\s"'=,])-m(arch|cpu|tune|fpu|abi|float-abi)=[^\s"']*|(^|[\s"'=])-m(16|32|64|x32|sse|avx|aes|bmi|popcnt|fma|mmx|neon|thumb|arm|pclmul|altivec|vsx)[^\s]*|(^|[\s"'=])-march\b`)
	// hostPath matches a folder of libraries of the build machine, or a library in one.
	hostPath = match.Pattern(`(^|[\s"'=,])-(L|B|isystem|iquote|Wl,-rpath[,=]|Wl,-rpath-link[,=])\s*/(usr|lib|lib64|opt)\b[^\s"']*|(^|[\s"'=])/(usr/lib|usr/local/lib|lib|lib64|usr/lib64)(/\S*)?\.(a|o|so[.0-9]*)\b|(^|[\s"'=])-I\s*/(usr/lib|usr/local|opt)\b[^\s"']*`)
	// gccOnly are flags for which the target's packages, or clang, have nothing.
	gccOnly = []struct{ prefix, why string }{
		{"-fopenmp", "GNU's OpenMP library belongs to gcc"},
		{"-fsanitize", "the sanitizers' libraries are not among the target's packages"},
		{"--coverage", "gcc's profiling library is not clang's"},
		{"-fprofile", "what gcc writes and reads as a profile clang does not understand"},
		{"-fplugin", "plugins are for gcc only"},
		{"-specs", "clang has no spec files"},
		{"--specs", "clang has no spec files"},
		{"-fuse-ld", "it chooses a linker, and that of the target is chosen by xx-clang"},
		{"-Wa,", "it is for GNU's assembler"},
		{"--target", "it names the machine to build for"},
		{"-target", "it names the machine to build for"},
		{"--sysroot", "it names where the libraries are"},
		{"-dump", "it asks about the compiler"},
		{"-print", "it asks about the compiler"},
		{"@", "what stands in that file is not known"},
	}
)

// oddFlag says why an argument of a compiler is not right for every target, or "".
func oddFlag(c *verdict.Call, raw, text string) (why, way string) {
	if text == "" {
		text = raw
	}
	for _, f := range gccOnly {
		if strings.HasPrefix(text, f.prefix) {
			return fmt.Sprintf("%s cannot be kept: %s", raw, f.why), "leave it out, or convert the stage by hand"
		}
	}
	return OddFlags(text)
}

// OddFlags looks at a list of flags, as in CFLAGS.
func OddFlags(text string) (why, way string) {
	if m := oneMachine().FindString(text); m != "" {
		return fmt.Sprintf("%s is for one processor, which is not the target's on every platform", strings.TrimLeft(m, " \t\"'=,")),
			"leave it out, or choose it by $TARGETARCH"
	}
	if m := hostPath().FindString(text); m != "" {
		return fmt.Sprintf("%s is where the machine that builds has its libraries", strings.TrimLeft(m, " \t\"'=,")),
			"leave it to the compiler, which knows the target's folders, or name them with xx-info sysroot and xx-info triple"
	}
	for _, word := range strings.Fields(text) {
		word = strings.Trim(word, `"'`)
		for _, f := range gccOnly {
			if strings.HasPrefix(word, f.prefix) && strings.HasPrefix(f.prefix, "-f") {
				return fmt.Sprintf("%s cannot be kept: %s", word, f.why), "leave it out, or convert the stage by hand"
			}
		}
	}
	return "", ""
}

// settings are variables of the environment that compilers, configure scripts and pkg-config read.
var (
	cTools    = []string{"CC", "CXX", "CPP", "LD", "AR", "NM", "RANLIB", "STRIP", "PKG_CONFIG"}
	cFlagSets = []string{"CFLAGS", "CPPFLAGS", "CXXFLAGS", "LDFLAGS", "LIBS"}
	cFolders  = []string{"LIBRARY_PATH", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR"}
)

// oldClang matches images whose clang has no configuration files yet, which are what helpers tell it the target with: Alpine before
// 3.10, Debian before 10, Ubuntu before 18.04. (releases.llvm.org/6.0.0/tools/clang/docs/ReleaseNotes.html)
var oldClang = match.Pattern(`(?:^alpine:|alpine)3\.[0-9](?:[.-]|$)|wheezy|jessie|stretch|^debian:[789](?:[.-]|$)|trusty|xenial|^ubuntu:1[46]\.`)

// RefuseC says why C cannot be compiled for the target in this stage, whatever the command is.
func RefuseC(c *verdict.Call) (verdict.Step, bool) {
	if c.Opt.Helpers == verdict.HelpersNever {
		return verdict.BlockBuild("let the rewrite use helpers, or build with a C compiler for the target", "%s needs a C compiler for the target", c.Program), true
	}
	image := c.Stage.Root().Image
	if !packages.PlainImage(image) {
		return verdict.BlockBuild("build on the distribution's own image, debian or alpine, with clang",
			"which compiler and libraries %s has is not known; they are for its own platform", image), true
	}
	if oldClang().MatchString(graph.ImageName(image) + ":" + graph.ImageTag(image)) {
		return verdict.BlockBuild("build on a newer image", "the clang of %s is older than version 6, and takes no target from the name that it is called by", image), true
	}
	for _, name := range cFolders {
		if v := facts.Lookup(&c.Site, name); v.Set && v.Text != "" {
			return verdict.BlockBuild("leave it out", "%s is set to %s %s, which is for the machine that builds", name, v.Text, v.Where), true
		}
	}
	return c.HidesTarget()
}

// judgeArchiver decides on ar and ranlib, which have to understand the objects.
func judgeArchiver(c *verdict.Call) (verdict.Step, bool) {
	if !c.CompilesC() || len(c.Args) == 0 {
		return verdict.Step{}, false
	}
	step := verdict.Step{Verdict: verdict.Convert, Needs: verdict.Needs{Helper: true, C: true, LLVM: true, Args: []string{"TARGETPLATFORM"}}, Made: verdict.Made{FromC: true}, Reason: "works on what was compiled for the target",
		Edits: []dockerfile.Edit{{Span: c.Words[0].Span, New: "$(xx-info triple)-" + c.Program}}}
	for _, w := range c.Args {
		if name, ok := c.Known(w); ok && strings.HasSuffix(name, ".a") {
			if file := c.Abs(name); file != "" {
				step.Writes = append(step.Writes, file)
			}
			break
		}
	}
	return step, true
}

// stripOptions are those that GNU's strip and LLVM's understand alike; true if they take a value.
var stripOptions = map[string]bool{"-s": false, "-S": false, "-g": false, "-d": false, "-x": false, "-X": false, "-D": false, "-p": false, "-R": true, "-N": true, "-K": true, "-o": true,
	"--strip-all": false, "--strip-debug": false, "--strip-unneeded": false, "--discard-all": false, "--preserve-dates": false,
	"--remove-section": true, "--keep-symbol": true, "--strip-symbol": true}

// judgeStrip turns strip into the target's, where it works on what was built with a compiler for the target: setting
// that up brings TRIPLE-strip.
func judgeStrip(c *verdict.Call) (verdict.Step, bool) {
	step := verdict.Step{Verdict: verdict.Convert, Needs: verdict.Needs{Helper: true, LLVM: true, Args: []string{"TARGETPLATFORM"}}, Reason: "strips what was built for the target"}
	files := 0
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		if strings.HasPrefix(w.Raw, "-") {
			name, _, glued := strings.Cut(w.Raw, "=")
			valued, ok := stripOptions[name]
			if !ok && !strings.HasPrefix(name, "-R.") {
				return verdict.BlockBuild("strip in another way", "LLVM's strip does not know %s", w.Raw), true
			}
			if valued && !glued && i+1 < len(c.Args) {
				i++
				if file := c.Abs(c.Args[i].Lit); name == "-o" && file != "" {
					step.Writes = append(step.Writes, file)
				}
			}
			continue
		}
		name, ok := c.Known(w)
		tools := c.ToolsFor(c.Abs(name))
		if !ok || tools == "" {
			return verdict.Step{}, false
		}
		step.Made.Tools = tools
		if strings.HasPrefix(c.Abs(name), "/usr/local/bin/") && strings.ContainsAny(name, "*?[") {
			return verdict.BlockBuild("name the programs", "%s takes all programs in /usr/local/bin, where the helpers put a clang of their own", c.Source()), true
		}
		files++
		step.Made.FromC = step.Made.FromC || c.BuiltInC(c.Abs(name))
	}
	step.Needs.C = step.Made.FromC
	step.Edits = []dockerfile.Edit{{Span: c.Words[0].Span, New: "$(" + step.Made.Tools + ")-strip"}}
	return step, files > 0
}

// judgeFindStrip turns the strip that find calls into the target's.
func judgeFindStrip(c *verdict.Call) (verdict.Step, bool) {
	for i, w := range c.Args {
		if w.Lit == "strip" && i > 0 && strings.HasPrefix(c.Args[i-1].Lit, "-exec") {
			tools := ""
			for _, root := range c.Args {
				if strings.HasPrefix(root.Raw, "-") {
					break
				}
				if root.Const && tools == "" {
					tools = c.ToolsIn(c.Abs(root.Lit))
				}
			}
			if tools == "" && c.CompilesC() {
				tools = verdict.TripleTools
			}
			if tools == "" {
				return verdict.BlockBuild("strip in a stage of the target platform", "%s strips files that may be of another platform", c.Source()), true
			}
			return verdict.Step{Verdict: verdict.Convert, Needs: verdict.Needs{Helper: true, C: c.CompilesC(), LLVM: true, Args: []string{"TARGETPLATFORM"}}, Reason: "strips what was built for the target",
				Edits: []dockerfile.Edit{{Span: w.Span, New: "$(" + tools + ")-strip"}}}, true
		}
	}
	return verdict.Step{}, false
}

// judgeInstallStrip blocks install -s, which calls the builder's strip.
func judgeInstallStrip(c *verdict.Call) (verdict.Step, bool) {
	for _, w := range c.Args {
		if (w.Lit == "-s" || w.Lit == "--strip" || installStrips().MatchString(w.Lit)) && (c.CompilesC() || slices.ContainsFunc(c.Args, func(w shell.Word) bool { return c.Ledger.Writes(c.Abs(w.Lit)) })) {
			return verdict.BlockBuild("install without -s, and call strip behind it", "install -s strips with the strip of the machine that builds"), true
		}
	}
	return verdict.Step{}, false
}

var installStrips = match.Pattern(`^-[DCbcdpv]*s[DCbcdpvs]*(?:[mogtS].*)?$`)
