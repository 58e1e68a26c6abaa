package recipes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
)

// C and C++ cross-compile with xx-clang and xx-clang++, which are clang for the target. toolchain.go
// brings clang and the target's libraries. Here are commands that call a compiler, or one of the tools around
// it, themselves; what build systems do is in cbuild.go (what all of them share), autotools.go, cmake.go, meson.go and
// makeforc.go.
//
// Only the plain contract of the helpers is used: xx-clang takes clang's arguments, setting a target up leaves
// TRIPLE-ar, TRIPLE-ranlib and TRIPLE-strip where llvm is installed, and TRIPLE-pkg-config where pkg-config is.

// compilerHelpers say what stands in for a compiler.
var compilerHelpers = map[string]string{
	"cc": "xx-clang", "gcc": "xx-clang", "clang": "xx-clang",
	"c++": "xx-clang++", "g++": "xx-clang++", "clang++": "xx-clang++",
}

// numberedGcc is gcc-12 or g++-12.
var numberedGcc = pattern(`^(gcc|g\+\+)-[0-9]+$`)

// compilerHelper returns xx-clang or xx-clang++ for the name of a compiler, or "".
func compilerHelper(name string) string {
	if m := numberedGcc().FindStringSubmatch(name); m != nil {
		name = m[1]
	}
	return compilerHelpers[name]
}

var triplePkgConfig = "$(xx-clang --print-target-triple)-pkg-config"

func judgeC(c *call) (Step, bool) {
	switch c.name {
	case "xx-clang", "xx-clang++", "xx-cc", "xx-c++":
		step := c.helper()
		step.Compiles, step.Crosses = true, true
		return step, true
	case "xx-apt", "xx-apt-get", "xx-apk":
		return c.helper(), true
	case "ar", "ranlib":
		return c.judgeArchiver()
	case "strip":
		return c.judgeStrip()
	case "find":
		return c.judgeFindStrip()
	case "install":
		return c.judgeInstallStrip()
	case "pkg-config", "pkgconf":
		if step, refused := c.refuseC(); refused {
			return step, true
		}
		return Step{Verdict: Convert, Helper: true, NeedsC: true, Reason: "asks about the target's libraries", Args: []string{"TARGETPLATFORM"},
			Edits: []dockerfile.Edit{{Span: c.Words[0].Span, New: triplePkgConfig}}}, true
	}
	if helper := compilerHelper(c.name); helper != "" {
		return c.judgeCompile(helper), true
	}
	if script := c.inShell(); script != nil {
		return script.judgeAutogen()
	}
	return judgeBuildSystem(c)
}

// judgeCompile turns a call of a compiler into one for the target.
func (c *call) judgeCompile(helper string) Step {
	if strings.Contains(c.Words[0].Lit, "/") && !isSystemDir(path.Dir(c.Words[0].Lit)) {
		return blockBuild("call the compiler of the distribution", "%s is a compiler of the stage's own", c.Words[0].Lit)
	}
	if c.Substituted {
		return blockBuild("ask xx-info or xx-clang about the target", "%s says what the compiler of the machine that builds does", c.text())
	}
	if step, refused := c.refuseC(); refused {
		return step
	}
	step := Step{Verdict: Convert, Compiles: true, Helper: true, NeedsC: true, built: true, Reason: "cross-compiles with " + helper, Args: []string{"TARGETPLATFORM"},
		Edits: []dockerfile.Edit{{Span: c.Words[0].Span, New: helper}}}
	step.NeedsCxx = helper == "xx-clang++"
	objects, output, shared := false, "", false
	var sources []string
	for i := 0; i < len(c.args); i++ {
		w := c.args[i]
		text, _ := c.known(w)
		if why, way := c.oddFlag(w.Raw, text); why != "" {
			return blockBuild(way, "%s", why)
		}
		switch {
		case w.Lit == "-c" || w.Lit == "-E" || w.Lit == "-S" || w.Lit == "-fsyntax-only" || w.Lit == "-M" || w.Lit == "-MM":
			objects = true
		case w.Lit == "-shared":
			shared = true
		case w.Lit == "-o" && i+1 < len(c.args):
			i++
			output = c.args[i].Raw
		case strings.HasPrefix(w.Raw, "-o") && len(w.Raw) > 2:
			output = w.Raw[2:]
		case strings.HasPrefix(w.Raw, "-"):
			step.NeedsCxx = step.NeedsCxx || w.Lit == "-lstdc++"
		default:
			sources = append(sources, text)
			step.NeedsCxx = step.NeedsCxx || cxxSource().MatchString(text)
		}
	}
	if output == "" {
		if !objects {
			output = "a.out"
		} else if slices.ContainsFunc(c.args, func(w shell.Word) bool { return w.Lit == "-c" }) {
			for _, s := range sources {
				if file := c.abs(strings.TrimSuffix(path.Base(s), path.Ext(s)) + ".o"); s != "" && !strings.Contains(s, "*") && file != "" {
					step.Writes = append(step.Writes, file)
				}
			}
		}
	}
	if output != "" {
		if name, ok := c.knownText(output); ok {
			if file := c.abs(name); file != "" && !strings.HasPrefix(file, "/dev/") {
				step.Writes = append(step.Writes, file)
			}
		}
		if !objects && !shared && len(sources) > 0 {
			c.putVerify(&step, output)
		}
	}
	return step
}

var cxxSource = pattern(`\.(cc|cpp|cxx|C|c\+\+)$`)

// putVerify has the program that the command makes looked at right behind it.
func (c *call) putVerify(step *Step, program string) {
	end := c.Words[len(c.Words)-1].Span.End
	if c.Nested || len(c.Redirects) > 0 || strings.HasPrefix(program, "/dev/") || !goesOn().Match(c.run.Doc.Src[end:c.run.Span.End]) {
		return
	}
	step.verified = true
	step.Edits = append(step.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: end, End: end}, New: " && xx-verify " + program})
}

var (
	// oneMachine matches flags that choose a processor.
	oneMachine = pattern(`(^|[\s"'=,])-m(arch|cpu|tune|fpu|abi|float-abi)=[^\s"']*|(^|[\s"'=])-m(16|32|64|x32|sse|avx|aes|bmi|popcnt|fma|mmx|neon|thumb|arm|pclmul|altivec|vsx)[^\s]*|(^|[\s"'=])-march\b`)
	// hostPath matches a folder of libraries of the build machine, or a library in one.
	hostPath = pattern(`(^|[\s"'=,])-(L|B|isystem|iquote|Wl,-rpath[,=]|Wl,-rpath-link[,=])\s*/(usr|lib|lib64|opt)\b[^\s"']*|(^|[\s"'=])/(usr/lib|usr/local/lib|lib|lib64|usr/lib64)(/\S*)?\.(a|o|so[.0-9]*)\b|(^|[\s"'=])-I\s*/(usr/lib|usr/local|opt)\b[^\s"']*`)
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
func (c *call) oddFlag(raw, text string) (why, way string) {
	if text == "" {
		text = raw
	}
	for _, f := range gccOnly {
		if strings.HasPrefix(text, f.prefix) {
			return fmt.Sprintf("%s cannot be kept: %s", raw, f.why), "leave it out, or convert the stage by hand"
		}
	}
	return oddFlags(text)
}

// oddFlags looks at a list of flags, as in CFLAGS.
func oddFlags(text string) (why, way string) {
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

// refuseC says why C cannot be compiled for the target in this stage, whatever the command is.
func (c *call) refuseC() (Step, bool) {
	if c.opt.Helpers == HelpersNever {
		return blockBuild("let the rewrite use helpers, or build with a C compiler for the target", "%s needs a C compiler for the target", c.name), true
	}
	image := c.stage.Root().Image
	if !plainImage(image) {
		return blockBuild("build on the distribution's own image, debian or alpine, with clang",
			"which compiler and libraries %s has is not known; they are for its own platform", image), true
	}
	for _, name := range cFolders {
		if v := c.lookup(name); v.set && v.text != "" {
			return blockBuild("leave it out", "%s is set to %s %s, which is for the machine that builds", name, v.text, v.where), true
		}
	}
	return c.hidesTarget()
}

// plainImage recognizes images that have their distribution's compiler and libraries and none of their own.
func plainImage(image string) bool {
	name, _, _ := strings.Cut(image, "@")
	name, _, _ = strings.Cut(path.Base(name), ":")
	return set("debian ubuntu alpine golang")[name]
}

func (c *site) onAlpine() bool {
	image := c.stage.Root().Image
	return strings.Contains(imageTag(image), "alpine") || strings.HasPrefix(path.Base(image), "alpine")
}

// known returns the value of a word, with build arguments and environment variables filled in.
func (c *site) known(w shell.Word) (string, bool) {
	if w.Const {
		return w.Lit, true
	}
	return c.knownText(w.Raw)
}

func (c *site) knownText(raw string) (string, bool) {
	if strings.ContainsAny(raw, "`'\\") || strings.Contains(raw, "$(") {
		return "", false
	}
	for _, name := range graph.VariablesIn(raw, '\\') {
		if v, ok := c.env.Lookup(name); !ok || !v.HasValue || c.script.Sets(name) {
			return "", false
		}
	}
	text := c.env.Expand(strings.ReplaceAll(raw, `"`, ""), '\\')
	return text, !strings.ContainsAny(text, "$")
}

// builtInC reports whether a converted step that compiles C made the file.
func (c *call) builtInC(file string) bool {
	if file == "" {
		return false
	}
	for _, s := range c.plan.writers {
		if s.built && slices.ContainsFunc(s.Writes, func(w string) bool { return matchesWrite(w, file) }) {
			return true
		}
	}
	return false
}

// strippable reports whether a converted step made the file with tools of the target, so that its strip is there, too.
func (c *call) strippable(file string) bool {
	if file == "" {
		return false
	}
	for _, s := range c.plan.writers {
		if (s.built || s.strips) && slices.ContainsFunc(s.Writes, func(w string) bool { return matchesWrite(w, file) }) {
			return true
		}
	}
	return false
}

// strippableIn reports whether such files lie in a folder.
func (c *call) strippableIn(dir string) bool {
	for _, s := range c.plan.writers {
		if (s.built || s.strips) && slices.ContainsFunc(s.Writes, func(w string) bool {
			return dir != "" && within(strings.TrimSuffix(strings.TrimSuffix(w, "/**"), "/"), []string{strings.TrimSuffix(dir, "/")})
		}) {
			return true
		}
	}
	return false
}

// compilesC reports whether a step before compiles C for the target.
func (c *call) compilesC() bool {
	return slices.ContainsFunc(c.plan.Steps, func(s Step) bool { return s.built && s.Verdict == Convert })
}

// judgeArchiver decides on ar and ranlib, which have to understand the objects.
func (c *call) judgeArchiver() (Step, bool) {
	if !c.compilesC() || len(c.args) == 0 {
		return Step{}, false
	}
	step := Step{Verdict: Convert, Helper: true, NeedsC: true, NeedsLLVM: true, built: true, Reason: "works on what was compiled for the target", Args: []string{"TARGETPLATFORM"},
		Edits: []dockerfile.Edit{{Span: c.Words[0].Span, New: "$(xx-info triple)-" + c.name}}}
	for _, w := range c.args {
		if name, ok := c.known(w); ok && strings.HasSuffix(name, ".a") {
			if file := c.abs(name); file != "" {
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
func (c *call) judgeStrip() (Step, bool) {
	step := Step{Verdict: Convert, Helper: true, NeedsLLVM: true, strips: true, Reason: "strips what was built for the target", Args: []string{"TARGETPLATFORM"},
		Edits: []dockerfile.Edit{{Span: c.Words[0].Span, New: "$(xx-info triple)-strip"}}}
	files := 0
	for i := 0; i < len(c.args); i++ {
		w := c.args[i]
		if strings.HasPrefix(w.Raw, "-") {
			name, _, glued := strings.Cut(w.Raw, "=")
			valued, ok := stripOptions[name]
			if !ok && !strings.HasPrefix(name, "-R.") {
				return blockBuild("strip in another way", "LLVM's strip does not know %s", w.Raw), true
			}
			if valued && !glued && i+1 < len(c.args) {
				i++
				if file := c.abs(c.args[i].Lit); name == "-o" && file != "" {
					step.Writes = append(step.Writes, file)
				}
			}
			continue
		}
		name, ok := c.known(w)
		if !ok || !c.strippable(c.abs(name)) {
			return Step{}, false
		}
		if strings.HasPrefix(c.abs(name), "/usr/local/bin/") && strings.ContainsAny(name, "*?[") {
			return blockBuild("name the programs", "%s takes all programs in /usr/local/bin, where the helpers put a clang of their own", c.text()), true
		}
		files++
		step.built = step.built || c.builtInC(c.abs(name))
	}
	step.NeedsC = step.built
	return step, files > 0
}

// judgeFindStrip turns the strip that find calls into the target's.
func (c *call) judgeFindStrip() (Step, bool) {
	for i, w := range c.args {
		if w.Lit == "strip" && i > 0 && strings.HasPrefix(c.args[i-1].Lit, "-exec") {
			found := false
			for _, root := range c.args {
				if strings.HasPrefix(root.Raw, "-") {
					break
				}
				found = found || root.Const && c.strippableIn(c.abs(root.Lit))
			}
			if !found && !c.compilesC() {
				return blockBuild("strip in a stage of the target platform", "%s strips files that may be of another platform", c.text()), true
			}
			return Step{Verdict: Convert, Helper: true, NeedsC: c.compilesC(), NeedsLLVM: true, Reason: "strips what was built for the target", Args: []string{"TARGETPLATFORM"},
				Edits: []dockerfile.Edit{{Span: w.Span, New: "$(xx-info triple)-strip"}}}, true
		}
	}
	return Step{}, false
}

// judgeInstallStrip blocks install -s, which calls the builder's strip.
func (c *call) judgeInstallStrip() (Step, bool) {
	for _, w := range c.args {
		if (w.Lit == "-s" || w.Lit == "--strip" || installStrips().MatchString(w.Lit)) && (c.compilesC() || slices.ContainsFunc(c.args, func(w shell.Word) bool { return c.plan.writes(c.abs(w.Lit)) })) {
			return blockBuild("install without -s, and call strip behind it", "install -s strips with the strip of the machine that builds"), true
		}
	}
	return Step{}, false
}

var installStrips = pattern(`^-[DCbcdpv]*s[DCbcdpvs]*(?:[mogtS].*)?$`)
