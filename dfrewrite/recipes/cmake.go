package recipes

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
)

// CMake gets clang with the target's triple from `xx-clang --print-cmake-defines`. It does not learn from these that
// the target is another machine: CMAKE_SYSTEM_PROCESSOR is the builder's, and try_run runs what it has compiled. So
// projects that ask are refused, as far as the build context shows it; where it does not, a person has to look.

func (c *call) judgeCMake() Step {
	if step, refused := c.refuseC(); refused {
		return step
	}
	first := c.firstOption()
	switch first {
	case "-E", "--version", "-version", "--help":
		return Step{Reason: "does the same on every platform"}
	case "-P", "--find-package", "--workflow":
		return blockBuild("configure with cmake -B and build with cmake --build", "what %s does is not known", c.text())
	case "--build", "--install", "--open":
		return c.judgeCMakeBuild(first)
	}
	b := &cBuild{tool: "cmake", dir: c.dir, prefix: "/usr/local", cxx: true}
	source, ninja := c.dir, strings.HasPrefix(c.lookup("CMAKE_GENERATOR").text, "Ninja")
	step := Step{Verdict: Convert, Compiles: true, Helper: true, NeedsC: true, built: true, own: b, Reason: "is told the target", Args: []string{"TARGETPLATFORM"}}
	at := c.Words[0].Span.End
	step.Edits = []dockerfile.Edit{{Span: dockerfile.Span{Start: at, End: at}, New: " $(xx-clang --print-cmake-defines)"}}
	for i := 0; i < len(c.args); i++ {
		w := c.args[i]
		raw := strings.Trim(w.Raw, `"'`)
		next := func() string { // of an option with its value glued or in the next word
			if len(raw) > 2 {
				return raw[2:]
			}
			if i+1 < len(c.args) {
				i++
				return strings.Trim(c.args[i].Raw, `"'`)
			}
			return ""
		}
		switch {
		case strings.HasPrefix(raw, "-B"):
			if dir, ok := c.knownText(next()); ok {
				b.dir = strings.TrimSuffix(c.abs(dir), "/")
			} else {
				b.dir = ""
			}
		case strings.HasPrefix(raw, "-S") || strings.HasPrefix(raw, "-H"):
			source = ""
			if dir, ok := c.knownText(next()); ok {
				source = strings.TrimSuffix(c.abs(dir), "/")
			}
		case strings.HasPrefix(raw, "-G"):
			ninja = strings.HasPrefix(next(), "Ninja")
		case strings.HasPrefix(raw, "-C") || strings.HasPrefix(raw, "--preset") || strings.HasPrefix(raw, "--toolchain") || strings.HasPrefix(raw, "-A") || strings.HasPrefix(raw, "-T"):
			return blockBuild("write what it sets out, as -D definitions; compilers and target are set by the rewrite", "what %s sets is not followed", w.Raw)
		case strings.HasPrefix(raw, "-D"):
			define := next()
			name, value, _ := strings.Cut(define, "=")
			name, _, _ = strings.Cut(name, ":")
			switch {
			case set("CMAKE_C_COMPILER CMAKE_CXX_COMPILER CMAKE_ASM_COMPILER")[name]:
				helper := compilerHelper(value)
				if helper == "" || len(raw) == 2 {
					return blockBuild("leave it out", "-D%s names a compiler for the machine that builds", define)
				}
				step.Edits = append(step.Edits, dockerfile.Edit{Span: w.Span, New: "-D" + name + "=" + strings.TrimPrefix(helper, "xx-")})
			case cmakeTarget().MatchString(name):
				return blockBuild("leave it out", "-D%s is about the machine to build for", define)
			case set("CMAKE_PREFIX_PATH CMAKE_LIBRARY_PATH CMAKE_INCLUDE_PATH CMAKE_FIND_ROOT_PATH")[name] && builderPath().MatchString(value):
				return blockBuild("leave it out: the target's libraries are found", "-D%s is where the machine that builds has its libraries", define)
			case name == "CMAKE_INSTALL_PREFIX":
				b.prefix = ""
				if text, ok := c.knownText(value); ok {
					b.prefix = text
				}
			case strings.HasSuffix(name, "_FLAGS") || strings.Contains(name, "_FLAGS_"):
				if why, way := oddFlags(value); why != "" {
					return blockBuild(way, "%s", why)
				}
			case (strings.HasSuffix(name, "_LIBRARY") || strings.HasSuffix(name, "_LIBRARIES")) && builderPath().MatchString(value):
				return blockBuild("leave it out: the target's libraries are found", "-D%s is where the machine that builds has its libraries", define)
			}
		case strings.HasPrefix(raw, "--install-prefix"):
			b.prefix = ""
		case strings.HasPrefix(raw, "-"):
		default:
			if text, ok := c.knownText(raw); ok {
				source = strings.TrimSuffix(c.abs(text), "/")
			} else {
				source = ""
			}
		}
	}
	if why, way := c.oddSettings(&step); why != "" {
		return blockBuild(way, "%s", why)
	}
	for _, name := range []string{"CC", "CXX"} {
		if v := c.lookup(name); v.set {
			return blockBuild("leave it out: the rewrite names the compilers", "%s is set to %s %s, which CMake does not look at beside the definitions", name, v.text, v.where)
		}
	}
	if lib := c.installedLibrary(); c.onAlpine() && lib != "" {
		// The definitions name compilers and pkg-config; neither CMAKE_SYSROOT nor CMAKE_FIND_ROOT_PATH is among them.
		return blockBuild("build on Debian, or with -DCMAKE_TOOLCHAIN_FILE and what xx-clang --print-cmake-toolchain-file writes, which tonistiigi/xx has not",
			"xx-apk puts %s below the target's own root, and with what xx-clang --print-cmake-defines prints CMake looks for it in the builder's /usr", lib)
	}
	p := c.cmakeProject(source)
	if p.why != "" {
		return blockBuild("build with the toolchain file of xx-clang --print-cmake-toolchain-file, after a look at what it asks", "%s", p.why)
	}
	if !p.seen {
		step.Review = "what CMakeLists.txt asks was not seen: CMAKE_SYSTEM_PROCESSOR and try_run still answer for the builder"
	} else {
		flags := c.lookup("CFLAGS").text + " " + c.lookup("CXXFLAGS").text + " " + c.lookup("LDFLAGS").text
		b.cxx, b.ownAr = p.cxx, !p.tools && !cmakeTools().MatchString(c.text()+" "+flags)
	}
	b.tools(&step)
	step.NeedsCxx = b.cxx
	step.usesMake = !ninja
	return step
}

// cmakeTarget matches definitions that say what is built for.
var cmakeTarget = pattern(`^CMAKE_(TOOLCHAIN_FILE|SYSTEM_NAME|SYSTEM_PROCESSOR|SYSROOT|CROSSCOMPILING.*|[A-Z]+_COMPILER_TARGET|LINKER|AR|RANLIB|STRIP)$|^PKG_CONFIG_EXECUTABLE$|^VCPKG_`)

// firstOption returns the first argument, which says what cmake is to do.
func (c *call) firstOption() string {
	if len(c.args) == 0 {
		return ""
	}
	return c.args[0].Lit
}

// installedLibrary returns a package with a library for which CMake looks, "" if the stage installs none. What the compiler finds by
// itself is left out: it knows the target's root.
func (c *call) installedLibrary() string {
	return c.installed(func(p pkg) bool {
		return p.kind == libraryPackage && p.name != "linux-headers" && p.name != "libstdc++"
	})
}

// judgeCMakeBuild decides on cmake --build and --install.
func (c *call) judgeCMakeBuild(what string) Step {
	if len(c.args) < 2 {
		return blockBuild("write the folder out", "which folder %s builds cannot be seen", c.text())
	}
	b := c.buildAt(c.knownDir(c.args[1]))
	if b == nil || b.tool != "cmake" {
		return blockBuild("run cmake for that folder in this stage", "what is built in %s was not configured here", c.args[1].Raw)
	}
	step := Step{Verdict: Convert, Compiles: true, NeedsC: true, NeedsCxx: b.cxx, built: true, Helper: true,
		Reason: "builds what was configured for the target", Args: []string{"TARGETPLATFORM"}}
	b.tools(&step)
	step.NeedsLLVM = step.NeedsLLVM || cmakeTools().MatchString(c.text())
	step.Writes = b.outputs()
	installs, prefix := what == "--install", b.prefix
	for i := 2; i < len(c.args); i++ {
		w := c.args[i]
		switch {
		case (w.Lit == "--prefix") && i+1 < len(c.args):
			i++
			prefix, _ = c.known(c.args[i])
		case strings.HasPrefix(w.Raw, "--prefix="):
			prefix, _ = c.knownText(strings.TrimPrefix(w.Raw, "--prefix="))
		case strings.HasPrefix(w.Raw, "-"):
		case runsBuilt().MatchString(w.Lit):
			return blockBuild("test in a stage of the target platform, or not in this one", "%s runs what was built for the target", c.text())
		case strings.HasPrefix(w.Lit, "install"):
			installs = true
		}
	}
	if installs {
		destdir := ""
		if v := c.lookup("DESTDIR"); v.set {
			if destdir = v.text; !v.fixed {
				destdir = "?"
			}
		}
		step.Writes = append(step.Writes, installed(destdir, prefix)...)
	}
	return step
}

var (
	cmakeComment = pattern(`(?m)#.*$`)
	cmakeAsks    = pattern(`(?i)\b(try_run|check_c(xx)?_source_runs|CMAKE_SYSTEM_PROCESSOR|CMAKE_HOST_SYSTEM_PROCESSOR|ExternalProject_Add|-march=\w+|-mtune=\w+|-m(?:avx|sse)[0-9a-z.]*|uname)\b`)
	cmakeOpenMP  = pattern(`(?i)\bfind_package\s*\(\s*OpenMP\b`)
	cmakeSets    = pattern(`(?i)\bset\s*\(\s*CMAKE_(?:C|CXX|ASM)_COMPILER\s`)
	cmakeProgram = pattern(`(?i)\badd_executable\s*\(\s*([A-Za-z0-9_.+${}-]+)`)
	// cmakeRuns finds what a command of a build starts: a target, or a program in some folder, ${CMAKE_BINARY_DIR}/gen.
	cmakeRuns    = pattern(`(?i)\bCOMMAND\s+"?(?:\$<TARGET_FILE:)?(?:[^\s"()<>]*/)?([A-Za-z0-9_.+${}-]+)`)
	cmakeProject = pattern(`(?is)\bproject\s*\(([^)]*)\)`)
	// cmakeTools matches what takes more than a compiler, a linker and GNU's ar: what is optimized as it is linked is in
	// LLVM's own format, GNU's strip and objcopy know the builder's architecture only, and what is fetched is not seen.
	cmakeTools  = pattern(`(?i)lto\b|interprocedural|strip\b|objcopy|objdump|readelf|\bCMAKE_NM\b|llvm|cpack|\bpackage\b|FetchContent|CPMAddPackage`)
	cmakeCustom = pattern(`(?is)\b(?:add_custom_command|add_custom_target)\s*\([^)]*\)`)
)

// onBinaries are the builder's tools that do not know another platform's files.
var onBinaries = set("strip objcopy ar ranlib ld nm objdump ldd")

// maxCMakeFiles bounds how many files of a project are looked at.
const maxCMakeFiles = 500

// cmakeFacts are what the CMake files of a project say.
type cmakeFacts struct {
	seen  bool // there are any
	cxx   bool // it may use C++
	tools bool // it calls for more tools than a compiler, a linker and ar
	// why is what in them the definitions give a wrong answer to; empty if there is nothing.
	why string
}

// cmakeProject looks at the CMake files of the build context.
func (c *call) cmakeProject(source string) cmakeFacts {
	at, ok := c.contextAt(source)
	if !ok || !c.opt.Context.has(path.Join(at, "CMakeLists.txt")) {
		return cmakeFacts{cxx: true}
	}
	found := cmakeFacts{seen: true}
	var programs, runs []string
	files := 0
	_ = fs.WalkDir(c.opt.Context.files, at, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(d.Name(), ".git") {
			return fs.SkipDir
		}
		if d.IsDir() || d.Name() != "CMakeLists.txt" && path.Ext(name) != ".cmake" {
			return nil
		}
		if files++; files > maxCMakeFiles {
			found.tools = true
			return fs.SkipAll
		}
		text := cmakeComment().ReplaceAllString(string(c.opt.Context.ReadFile(name)), "")
		if m := cmakeAsks().FindString(text); m != "" && found.why == "" {
			found.why = name + " has " + m + ", which would be about the machine that builds"
		}
		if m := cmakeSets().FindString(text); m != "" && found.why == "" {
			found.why = name + " has " + strings.TrimSpace(m) + " …), which wins over the definitions"
		}
		if cmakeOpenMP().MatchString(text) && found.why == "" && !c.withoutOpenMP() {
			found.why = name + " asks for OpenMP, " + noOpenMP
		}
		for _, m := range cmakeProgram().FindAllStringSubmatch(text, -1) {
			programs = append(programs, m[1])
		}
		for _, custom := range cmakeCustom().FindAllString(text, -1) {
			for _, m := range cmakeRuns().FindAllStringSubmatch(custom, -1) {
				runs = append(runs, m[1])
			}
		}
		found.tools = found.tools || cmakeTools().MatchString(text)
		if m := cmakeProject().FindStringSubmatch(text); m != nil && name == path.Join(at, "CMakeLists.txt") {
			words := strings.Fields(m[1])
			found.cxx = slices.Contains(words, "CXX") || !slices.Contains(words, "C") && !slices.Contains(words, "NONE")
		}
		if enablesCxx().MatchString(text) {
			found.cxx = true
		}
		return nil
	})
	for _, r := range runs {
		switch {
		case found.why != "":
		case slices.Contains(programs, r):
			found.why = "its CMakeLists.txt builds " + r + " and runs it, which is for the target"
		case onBinaries[r] || compilerHelper(r) != "":
			found.why = "its CMakeLists.txt runs " + r + ", which is the builder's"
		}
	}
	return found
}

var enablesCxx = pattern(`(?i)\benable_language\s*\([^)]*\bCXX\b`)
