package cc

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/verdict"
)

// CMake gets clang with the target's triple from `xx-clang --print-cmake-defines`. It does not learn from these that
// the target is another machine: CMAKE_SYSTEM_PROCESSOR is the builder's, and try_run runs what it has compiled. A project
// that asks for the processor, or may, is told; then CMake knows that it cross-compiles, and stops at try_run. What else asks
// is refused, as far as the build context shows it; where it does not, a person has to look.

func judgeCMake(c *verdict.Call) verdict.Step {
	if step, refused := RefuseC(c); refused {
		return step
	}
	first := firstOption(c)
	switch first {
	case "-E", "--version", "-version", "--help":
		return verdict.Step{Reason: "does the same on every platform"}
	case "-P", "--find-package", "--workflow":
		return verdict.BlockBuild("configure with cmake -B and build with cmake --build", "what %s does is not known", c.Source())
	case "--build", "--install", "--open":
		return judgeCMakeBuild(c, first)
	}
	b := &cBuild{tool: "cmake", dir: c.Dir, prefix: "/usr/local", cxx: true}
	source, ninja := c.Dir, strings.HasPrefix(facts.Lookup(&c.Site, "CMAKE_GENERATOR").Text, "Ninja")
	step := verdict.Step{Verdict: verdict.Convert, Compiles: true, Needs: verdict.Needs{Helper: true, C: true, Args: []string{"TARGETPLATFORM"}}, Made: verdict.Made{FromC: true}, Own: b, Reason: "is told the target"}
	at := c.Words[0].Span.End
	step.Edits = []dockerfile.Edit{{Span: dockerfile.Span{Start: at, End: at}, New: " $(xx-clang --print-cmake-defines)"}}
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		raw := strings.Trim(w.Raw, `"'`)
		next := func() string { // of an option with its value glued or in the next word
			if len(raw) > 2 {
				return raw[2:]
			}
			if i+1 < len(c.Args) {
				i++
				return strings.Trim(c.Args[i].Raw, `"'`)
			}
			return ""
		}
		switch {
		case strings.HasPrefix(raw, "-B"):
			if dir, ok := c.KnownText(next()); ok {
				b.dir = strings.TrimSuffix(c.Abs(dir), "/")
			} else {
				b.dir = ""
			}
		case strings.HasPrefix(raw, "-S") || strings.HasPrefix(raw, "-H"):
			source = ""
			if dir, ok := c.KnownText(next()); ok {
				source = strings.TrimSuffix(c.Abs(dir), "/")
			}
		case strings.HasPrefix(raw, "-G"):
			ninja = strings.HasPrefix(next(), "Ninja")
		case strings.HasPrefix(raw, "-C") || strings.HasPrefix(raw, "--preset") || strings.HasPrefix(raw, "--toolchain") || strings.HasPrefix(raw, "-A") || strings.HasPrefix(raw, "-T"):
			return verdict.BlockBuild("write what it sets out, as -D definitions; compilers and target are set by the rewrite", "what %s sets is not followed", w.Raw)
		case strings.HasPrefix(raw, "-D"):
			define := next()
			name, value, _ := strings.Cut(define, "=")
			name, _, _ = strings.Cut(name, ":")
			switch {
			case match.Words("CMAKE_C_COMPILER CMAKE_CXX_COMPILER CMAKE_ASM_COMPILER")[name]:
				helper := CompilerHelper(value)
				if helper == "" || len(raw) == 2 {
					return verdict.BlockBuild("leave it out", "-D%s names a compiler for the machine that builds", define)
				}
				step.Edits = append(step.Edits, dockerfile.Edit{Span: w.Span, New: "-D" + name + "=" + strings.TrimPrefix(helper, "xx-")})
			case name == "CMAKE_TOOLCHAIN_FILE" && managerFile().MatchString(value):
				manager, chosen := "vcpkg", "triplet"
				if strings.Contains(value, "conan") {
					manager, chosen = "Conan", "profile"
				}
				return verdict.BlockBuild(fmt.Sprintf(verdict.LeaveIt+", or choose a %s for the target, with the compiler in it", chosen),
					"with %s CMake finds what %s brings, which is for one machine, chosen by %s", value, manager, chosen)
			case name == "VCPKG_TARGET_TRIPLET":
				return verdict.BlockBuild("choose the triplet for the target, with the compiler in it", "-D%s says what vcpkg builds for", define)
			case cmakeTarget().MatchString(name):
				return verdict.BlockBuild("leave it out", "-D%s is about the machine to build for", define)
			case match.Words("CMAKE_PREFIX_PATH CMAKE_LIBRARY_PATH CMAKE_INCLUDE_PATH CMAKE_FIND_ROOT_PATH")[name] && verdict.BuilderPath().MatchString(value):
				return verdict.BlockBuild("leave it out: the target's libraries are found", "-D%s is where the machine that builds has its libraries", define)
			case name == "CMAKE_INSTALL_PREFIX":
				b.prefix = ""
				if text, ok := c.KnownText(value); ok {
					b.prefix = text
				}
			case strings.HasSuffix(name, "_FLAGS") || strings.Contains(name, "_FLAGS_"):
				if why, way := OddFlags(value); why != "" {
					return verdict.BlockBuild(way, "%s", why)
				}
			case (strings.HasSuffix(name, "_LIBRARY") || strings.HasSuffix(name, "_LIBRARIES")) && verdict.BuilderPath().MatchString(value):
				return verdict.BlockBuild("leave it out: the target's libraries are found", "-D%s is where the machine that builds has its libraries", define)
			}
		case strings.HasPrefix(raw, "--install-prefix"):
			b.prefix = ""
		case strings.HasPrefix(raw, "-"):
		default:
			if text, ok := c.KnownText(raw); ok {
				source = strings.TrimSuffix(c.Abs(text), "/")
			} else {
				source = ""
			}
		}
	}
	if why, way := oddSettings(c, &step); why != "" {
		return verdict.BlockBuild(way, "%s", why)
	}
	for _, name := range []string{"CC", "CXX"} {
		if v := facts.Lookup(&c.Site, name); v.Set {
			return verdict.BlockBuild("leave it out: the rewrite names the compilers", "%s is set to %s %s, which CMake does not look at beside the definitions", name, v.Text, v.Where)
		}
	}
	if c.OnAlpine() && installedLibrary(c) != "" {
		// The definitions name compilers and pkg-config, and say nothing of the root below which xx-apk puts libraries.
		step.Edits[0].New += alpineRoot
	}
	p := readCMakeProject(c, source)
	if p.why != "" {
		return verdict.BlockBuild("build with the toolchain file of xx-clang --print-cmake-toolchain-file, after a look at what it asks", "%s", p.why)
	}
	crosses := p.processor != "" || !p.seen
	switch {
	case crosses && path.Clean("/"+b.prefix) == "/usr" && !c.OnAlpine(): // there GNUInstallDirs names another folder where it cross-compiles
		if p.processor != "" {
			return verdict.BlockBuild("build with the toolchain file of xx-clang --print-cmake-toolchain-file, after a look at what it asks", "%s", p.processor+" has CMAKE_SYSTEM_PROCESSOR, which would be about the machine that builds")
		}
		step.Review = "what CMakeLists.txt asks was not seen: CMAKE_SYSTEM_PROCESSOR and try_run still answer for the builder"
	case crosses:
		step.Edits[0].New += cmakeCrosses
		asks := "what CMakeLists.txt asks was not seen"
		if p.seen {
			asks = p.processor + " asks for CMAKE_SYSTEM_PROCESSOR"
		}
		step.Review = asks + ": CMake is told the target's, knows by that that it cross-compiles, which a project may look at, and stops at try_run"
	}
	if p.seen {
		flags := facts.Lookup(&c.Site, "CFLAGS").Text + " " + facts.Lookup(&c.Site, "CXXFLAGS").Text + " " + facts.Lookup(&c.Site, "LDFLAGS").Text
		b.programs, b.folders = p.programs, p.built
		if b.dir == source {
			b.folders = p.folders
		}
		b.cxx, b.ownAr = p.cxx, !p.tools && !cmakeTools().MatchString(c.Source()+" "+flags)
	}
	b.tools(&step)
	step.Needs.Cxx = b.cxx
	step.Needs.Make = !ninja
	step.Needs.PkgConfig = p.pkgConfig || !p.seen
	if dirs := c.PkgConfigDirs(); dirs != "" && (p.pkgConfig || !p.seen && c.InstallsPkgConfig()) {
		step.Edits = append(step.Edits, dockerfile.Edit{Span: c.FrontAt(), New: dirs + " "})
	}
	return step
}

// alpineRoot has CMake look for libraries, headers and packages below the target's root on Alpine, and for programs in the builder's.
// (cmake-variables(7), CMAKE_FIND_ROOT_PATH.)
const alpineRoot = " -DCMAKE_FIND_ROOT_PATH=$(xx-info sysroot) -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY" +
	" -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER"

// cmakeCrosses tells CMake what the target is. (cmake-toolchains(7).)
const cmakeCrosses = " -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=$(xx-info march)"

// cmakeTarget matches definitions that say what is built for.
var cmakeTarget = match.Pattern(`^CMAKE_(TOOLCHAIN_FILE|SYSTEM_NAME|SYSTEM_PROCESSOR|SYSROOT|CROSSCOMPILING.*|[A-Z]+_COMPILER_TARGET|LINKER|AR|RANLIB|STRIP)$|^PKG_CONFIG_EXECUTABLE$|^VCPKG_`)

// managerFile matches the toolchain files of package managers, with which CMake finds what they installed.
var managerFile = match.Pattern(`(?:^|/)(?:vcpkg|conan_toolchain)\.cmake["']?$`)

// firstOption returns the first argument, which says what cmake is to do.
func firstOption(c *verdict.Call) string {
	if len(c.Args) == 0 {
		return ""
	}
	return c.Args[0].Lit
}

// installedLibrary returns a package with a library for which CMake looks, "" if the stage installs none. What the compiler finds by
// itself is left out: it knows the target's root.
func installedLibrary(c *verdict.Call) string {
	return c.InstalledPackage(func(p packages.Package) bool {
		return p.Kind == packages.LibraryPackage && p.Name != "linux-headers" && p.Name != "libstdc++"
	})
}

// judgeCMakeBuild decides on cmake --build and --install.
func judgeCMakeBuild(c *verdict.Call, what string) verdict.Step {
	if len(c.Args) < 2 {
		return verdict.BlockBuild("write the folder out", "which folder %s builds cannot be seen", c.Source())
	}
	b := buildAt(c, knownDir(c, c.Args[1]))
	if b == nil || b.tool != "cmake" {
		return verdict.BlockBuild("run cmake for that folder in this stage", "what is built in %s was not configured here", c.Args[1].Raw)
	}
	step := verdict.Step{Verdict: verdict.Convert, Compiles: true, Needs: verdict.Needs{C: true, Cxx: b.cxx, Helper: true, Args: []string{"TARGETPLATFORM"}}, Made: verdict.Made{FromC: true, Program: b.program},
		Reason: "builds what was configured for the target"}
	b.tools(&step)
	step.Needs.LLVM = step.Needs.LLVM || cmakeTools().MatchString(c.Source())
	step.Writes = b.outputs()
	installs, prefix := what == "--install", b.prefix
	for i := 2; i < len(c.Args); i++ {
		w := c.Args[i]
		switch {
		case (w.Lit == "--prefix") && i+1 < len(c.Args):
			i++
			prefix, _ = c.Known(c.Args[i])
		case strings.HasPrefix(w.Raw, "--prefix="):
			prefix, _ = c.KnownText(strings.TrimPrefix(w.Raw, "--prefix="))
		case strings.HasPrefix(w.Raw, "-"):
		case runsBuilt().MatchString(w.Lit):
			return verdict.BlockBuild("test in a stage of the target platform, or not in this one", "%s runs what was built for the target", c.Source())
		case strings.HasPrefix(w.Lit, "install"):
			installs = true
		}
	}
	if installs {
		destdir := ""
		if v := facts.Lookup(&c.Site, "DESTDIR"); v.Set {
			if destdir = v.Text; !v.Fixed {
				destdir = "?"
			}
		}
		step.Writes = append(step.Writes, installed(destdir, prefix)...)
	}
	return step
}

var (
	cmakeComment = match.Pattern(`(?m)#.*$`)
	// cmakeAsks matches what is about the machine that builds. Instructions of a processor (-msse4.2) that are not behind a
	// question for it, or for what the compiler takes, no other machine compiles, whoever builds.
	cmakeAsks   = match.Pattern(`(?i)\b(?:try_run|check_c(?:xx)?_source_runs|CMAKE_SYSTEM_PROCESSOR|CMAKE_HOST_SYSTEM_PROCESSOR|ExternalProject_Add|uname)\b|-m(?:arch|tune|cpu)=native\b`)
	cmakeOpenMP = match.Pattern(`(?i)\bfind_package\s*\(\s*OpenMP\b`)
	// cmakePkgConfig matches CMake's module for pkg-config, and a find module's own call of it.
	cmakePkgConfig = match.Pattern(`(?i)\bPkgConfig\b|\bpkg_(?:check|search)_module|pkg-config`)
	cmakeSets      = match.Pattern(`(?i)\bset\s*\(\s*CMAKE_(?:C|CXX|ASM)_COMPILER\s`)
	cmakeProgram   = match.Pattern(`(?i)\badd_executable\s*\(\s*([A-Za-z0-9_.+${}-]+)`)
	// cmakeRuns finds what a command of a build starts: a target, or a program in some folder, ${CMAKE_BINARY_DIR}/gen.
	cmakeRuns    = match.Pattern(`(?i)\bCOMMAND\s+"?(?:\$<TARGET_FILE:)?(?:[^\s"()<>]*/)?([A-Za-z0-9_.+${}-]+)`)
	cmakeProject = match.Pattern(`(?is)\bproject\s*\(([^)]*)\)`)
	// cmakeTools matches what takes more than a compiler, a linker and GNU's ar: what is optimized as it is linked is in
	// LLVM's own format, GNU's strip and objcopy know the builder's architecture only, and what is fetched is not seen.
	cmakeTools  = match.Pattern(`(?i)lto\b|interprocedural|strip\b|objcopy|objdump|readelf|\bCMAKE_NM\b|llvm|cpack|\bpackage\b|FetchContent|CPMAddPackage`)
	cmakeCustom = match.Pattern(`(?is)\b(?:add_custom_command|add_custom_target)\s*\([^)]*\)`)
)

// onBinaries are the builder's tools that do not know another platform's files.
var onBinaries = match.Words("strip objcopy ar ranlib ld nm objdump ldd")

// maxCMakeFiles bounds how many files of a project are looked at.
const maxCMakeFiles = 500

// cmakeFacts are what the CMake files of a project say.
type cmakeFacts struct {
	seen  bool // there are any
	cxx   bool // it may use C++
	tools bool // it calls for more tools than a compiler, a linker and ar
	// pkgConfig says that it asks pkg-config.
	pkgConfig bool
	// programs are the names of those that it links; nil if some have no plain name.
	programs map[string]bool
	// folders are those below the project's, and built those of them that have a folder of the same path among what is built.
	folders, built map[string]bool
	// processor is a file that asks for the target's processor, or "".
	processor string
	// why is what in them the definitions give a wrong answer to; empty if there is nothing.
	why string
}

// readCMakeProject looks at the CMake files of the build context.
func readCMakeProject(c *verdict.Call, source string) cmakeFacts {
	at, ok := c.ContextAt(source)
	if !ok || !c.Opt.Context.Has(path.Join(at, "CMakeLists.txt")) {
		return cmakeFacts{cxx: true}
	}
	found := cmakeFacts{seen: true, folders: map[string]bool{}, built: map[string]bool{}}
	var programs, runs []string
	files := 0
	c.Opt.Context.Walk(at, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(d.Name(), ".git") {
			return fs.SkipDir
		}
		if d.IsDir() {
			found.folders[strings.TrimPrefix(name, at+"/")] = true
		}
		if d.IsDir() || d.Name() != "CMakeLists.txt" && path.Ext(name) != ".cmake" {
			return nil
		}
		if files++; files > maxCMakeFiles {
			found.tools = true
			return fs.SkipAll
		}
		if d.Name() == "CMakeLists.txt" {
			found.built[strings.TrimPrefix(path.Dir(name), at+"/")] = true
		}
		text := cmakeComment().ReplaceAllString(string(c.Opt.Context.ReadFile(name)), "")
		for _, m := range cmakeAsks().FindAllString(text, -1) {
			switch {
			case strings.EqualFold(m, "CMAKE_SYSTEM_PROCESSOR"):
				found.processor = name
			case found.why == "":
				found.why = name + " has " + m + ", which would be about the machine that builds"
			}
		}
		if m := cmakeSets().FindString(text); m != "" && found.why == "" {
			found.why = name + " has " + strings.TrimSpace(m) + " …), which wins over the definitions"
		}
		if cmakeOpenMP().MatchString(text) && found.why == "" && !withoutOpenMP(c) {
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
		found.pkgConfig = found.pkgConfig || cmakePkgConfig().MatchString(text)
		if m := cmakeProject().FindStringSubmatch(text); m != nil && name == path.Join(at, "CMakeLists.txt") {
			words := strings.Fields(m[1])
			found.cxx = slices.Contains(words, "CXX") || !slices.Contains(words, "C") && !slices.Contains(words, "NONE")
		}
		if enablesCxx().MatchString(text) {
			found.cxx = true
		}
		return nil
	})
	if !slices.ContainsFunc(programs, func(name string) bool { return strings.Contains(name, "$") }) {
		found.programs = match.Words(strings.Join(programs, " "))
	}
	for _, r := range runs {
		switch {
		case found.why != "":
		case slices.Contains(programs, r):
			found.why = "its CMakeLists.txt builds " + r + " and runs it, which is for the target"
		case onBinaries[r] || CompilerHelper(r) != "":
			found.why = "its CMakeLists.txt runs " + r + ", which is the builder's"
		}
	}
	return found
}

var enablesCxx = match.Pattern(`(?i)\benable_language\s*\([^)]*\bCXX\b`)
