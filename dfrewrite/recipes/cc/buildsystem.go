package cc

import (
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// A cBuild is a folder that a build system has been made to build in, for the target.
type cBuild struct {
	tool string // autoreconf, configure, cmake, meson
	dir  string // "" if it is not known
	// prefix is where it installs, "" if that is not known.
	prefix string
	cxx    bool
	// ownAr says that it is not known to want more of the tools beside the compiler than ar and ranlib.
	ownAr bool
	// programs are the names of what it is known to link; nil if that was not seen.
	programs map[string]bool
	// folders are what is known to be one below dir.
	folders map[string]bool
}

// program says of a file of the build, and of the path that it is copied to, whether it is a program. Where the project was not
// seen, that is whatever goes where programs lie.
func (b *cBuild) program(file, to string) bool {
	if below, ok := strings.CutPrefix(file, b.dir+"/"); !ok || b.folders[below] {
		return false // somewhere else, or a folder, which may be called like a program in it
	}
	if b.programs != nil {
		return b.programs[path.Base(file)]
	}
	return path.Ext(file) == "" && (verdict.IsProgramDir(path.Clean(to)) || verdict.IsProgramDir(path.Dir(to)))
}

// SetUp returns the folder that a step makes to be built in, or nil.
func SetUp(s verdict.Step) *cBuild {
	b, _ := s.Own.(*cBuild)
	return b
}

// tools notes in a step of the build which tools it needs beside the compiler.
func (b *cBuild) tools(step *verdict.Step) { step.Needs.Ar, step.Needs.LLVM = b.ownAr, !b.ownAr }

// outputs says where what is built comes to be: somewhere in the folder, unless that is one of the distribution's.
func (b *cBuild) outputs() []string {
	if b.dir == "" || b.dir == "/" || b.dir == "/usr/local" || slices.Contains(verdict.SystemDirs, b.dir) {
		return nil
	}
	return []string{b.dir + "/**"}
}

// judgeBuildSystem decides on what builds C without naming a compiler.
func judgeBuildSystem(c *verdict.Call) (verdict.Step, bool) {
	if autogens[c.Program] {
		return judgeAutogen(c)
	}
	switch c.Program {
	case "configure":
		return settingUp(c, "configure", judgeConfigure(c)), true
	case "autoreconf", "autoconf", "automake", "aclocal", "autoheader", "libtoolize", "autopoint", "gettextize", "intltoolize", "gtkdocize":
		return verdict.Step{Compiles: true, Reason: "makes the same files for every platform", Own: &cBuild{tool: "autoreconf", dir: c.Dir}}, true
	case "cmake":
		return settingUp(c, "cmake", judgeCMake(c)), true
	case "ctest":
		return verdict.BlockBuild("test in a stage of the target platform", "ctest runs tests that were built for the target"), true
	case "meson":
		return settingUp(c, "meson", judgeMeson(c)), true
	case "make", "gmake":
		if b := buildAt(c, MakeDir(c)); b != nil {
			return judgeGoals(c, b), true
		}
	case "ninja", "ninja-build", "samu":
		if b := buildAt(c, MakeDir(c)); b != nil {
			return judgeGoals(c, b), true
		}
	}
	return verdict.Step{}, false
}

// settingUp notes the folder of a refused call, too: make and ninja in it need no reason of their own.
func settingUp(c *verdict.Call, tool string, step verdict.Step) verdict.Step {
	if step.Verdict != verdict.Block || tool == "cmake" && strings.HasPrefix(firstOption(c), "--") || tool == "meson" && SetUp(step) == nil && !slices.Contains([]string{"setup", "build"}, firstOption(c)) {
		return step
	}
	dir, searched := c.Dir, tool
	for i, w := range c.Args {
		switch {
		case searched == "cmake" && w.Lit == "-B" && i+1 < len(c.Args):
			dir = knownDir(c, c.Args[i+1])
		case searched == "meson" && w.Lit != "setup" && !strings.HasPrefix(w.Raw, "-") && (i == 0 || !mesonValues[c.Args[i-1].Raw]):
			dir = knownDir(c, w)
			searched = "" // the next one is the source
		}
	}
	step.Own = &cBuild{tool: tool, dir: dir, prefix: "/usr/local"}
	return step
}

// MakeDir returns the folder that make or ninja works in, if it is known.
func MakeDir(c *verdict.Call) string {
	for i, w := range c.Args {
		switch {
		case (w.Raw == "-C" || w.Raw == "--directory") && i+1 < len(c.Args):
			return knownDir(c, c.Args[i+1])
		case strings.HasPrefix(w.Raw, "-C") && len(w.Raw) > 2:
			w.Raw, w.Lit = w.Raw[2:], strings.TrimPrefix(w.Lit, "-C")
			return knownDir(c, w)
		case strings.HasPrefix(w.Raw, "--directory="):
			w.Raw, w.Lit = w.Raw[len("--directory="):], strings.TrimPrefix(w.Lit, "--directory=")
			return knownDir(c, w)
		}
	}
	return c.Dir
}

func knownDir(c *verdict.Call, w shell.Word) string {
	name, ok := c.Known(w)
	if !ok {
		return ""
	}
	return strings.TrimSuffix(c.Abs(name), "/")
}

// buildAt returns what was last made to build in the folder; where the folder is not known, what this RUN
// has made to build since it last changed folders.
func buildAt(c *verdict.Call, dir string) *cBuild {
	since := sinceChange(c)
	for _, p := range c.Ledger.Chain() {
		for _, s := range slices.Backward(p.Steps) {
			b := SetUp(s)
			if b == nil || b.tool == "autoreconf" {
				continue
			}
			if b.dir == dir && (dir != "" || s.In == c.Run && s.Span.Start > since) {
				return b
			}
			if dir != "" && b.dir != "" && strings.HasPrefix(dir, b.dir+"/") && b.tool == "configure" {
				return b // a folder of the tree that was configured
			}
		}
	}
	return nil
}

// sinceChange returns where this RUN last changed folders before the command, or where it starts.
func sinceChange(c *verdict.Call) int {
	since := c.Run.Span.Start
	for _, cmd := range c.Script.Commands[:c.Index] {
		if match.Words("cd pushd popd")[cmd.Name] {
			since = cmd.Span.Start
		}
	}
	return since
}

// runsBuilt matches goals that run what was built.
var runsBuilt = match.Pattern(`(^|[-_./])(check|test|tests|testing|unittest|bench|benchmark|coverage|run|distcheck|installcheck|selftest)($|[-_./])`)

// judgeGoals decides on make and ninja in a folder that was configured for the target.
func judgeGoals(c *verdict.Call, b *cBuild) verdict.Step {
	if step, refused := RefuseC(c); refused {
		return step
	}
	destdir, prefix, installs := "", b.prefix, false
	if v := facts.Lookup(&c.Site, "DESTDIR"); v.Set {
		destdir = v.Text
	}
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		name, value, assigns := strings.Cut(strings.Trim(w.Raw, `"'`), "=")
		switch {
		case match.Words("-C --directory -j --jobs -l -k -f")[w.Raw]:
			if w.Raw == "-f" {
				return verdict.BlockBuild("let it read the Makefile that was configured", "%s reads a makefile of its own", c.Source())
			}
			if w.Raw == "-C" || w.Raw == "--directory" || i+1 < len(c.Args) && CountOnly().MatchString(c.Args[i+1].Raw) {
				i++
			}
		case strings.HasPrefix(w.Raw, "-"):
		case assigns && (name == "DESTDIR" || strings.EqualFold(name, "prefix")):
			text, ok := c.KnownText(value)
			if !ok {
				text = "?"
			}
			if name == "DESTDIR" {
				destdir = text
			} else {
				prefix = text
			}
		case assigns && (slices.Contains(cTools, name) || strings.HasPrefix(name, "HOST") || strings.HasPrefix(name, "BUILD_")):
			return verdict.BlockBuild("leave it out: configure knows the target's", "%s=%s names a tool for the machine that builds", name, value)
		case assigns:
			if why, way := OddFlags(value); why != "" {
				return verdict.BlockBuild(way, "%s", why)
			}
		case !w.Const:
			return verdict.BlockBuild("write the goal out", "which goal %s is cannot be seen", w.Raw)
		case runsBuilt().MatchString(w.Lit):
			return verdict.BlockBuild("test in a stage of the target platform, or not in this one", "%s runs what was built for the target", c.Source())
		case strings.HasPrefix(w.Lit, "install") || strings.HasSuffix(w.Lit, "/install"):
			installs = true
		}
	}
	step := verdict.Step{Verdict: verdict.Convert, Compiles: true, Needs: verdict.Needs{C: true, Cxx: b.cxx, Helper: true, Args: []string{"TARGETPLATFORM"}}, Made: verdict.Made{FromC: true, Program: b.program},
		Reason: "builds what was configured for the target"}
	b.tools(&step)
	step.Needs.LLVM = step.Needs.LLVM || cmakeTools().MatchString(c.Source())
	step.Writes = b.outputs()
	if installs {
		step.Writes = append(step.Writes, installed(destdir, prefix)...)
	}
	return step
}

// CountOnly matches what may follow -j for the number of jobs. A variable in small letters has to be called for that: in a
// loop, make -j $target is about a goal.
var CountOnly = match.Pattern("^([0-9]+|\"?\\$\\((?:nproc|getconf )[^)]*\\)\"?|\"?\\$\\{?(?:[A-Z_]+|n?(?:procs?|jobs?|cores?|cpus?|threads?)|j)\\}?\"?|`nproc`)$")

// installed returns what an installation writes. In /usr/local of a plain image there is nothing else; what goes into
// the distribution's own folders cannot be told from what is there already.
func installed(destdir, prefix string) []string {
	if destdir == "?" || prefix == "" || prefix == "?" {
		return nil
	}
	if destdir != "" && destdir != "/" {
		return []string{path.Clean(destdir) + "/**"}
	}
	prefix = path.Clean(prefix)
	switch {
	case prefix == "/usr/local":
		var out []string
		for _, dir := range []string{"bin", "sbin"} {
			out = append(out, path.Join(prefix, dir)+"/")
		}
		for _, dir := range []string{"lib", "libexec", "include", "share", "etc"} {
			out = append(out, path.Join(prefix, dir)+"/**")
		}
		return out
	case strings.HasPrefix(prefix, "/usr/local/") && !verdict.IsProgramDir(prefix) || strings.HasPrefix(prefix, "/opt/") || !verdict.IsSystemDir(prefix):
		return []string{prefix + "/**"}
	}
	return nil
}

// noOpenMP says why a build that looks for OpenMP is refused: gcc always has it, so the native build does, and a build
// system that does not find it goes on without a word.
const noOpenMP = "which comes with gcc, and which clang has not for the target: the program would be built without"

// refusesOpenMP matches options of configure, CMake and Meson that leave it out in the native build, too.
var refusesOpenMP = match.Pattern(`(?i)^["']?(--(?:disable|without)-openmp$|--(?:enable|with)-openmp=no$|-D\w*openmp\w*(?::bool)?=(?:off|no|n|false|0|disabled)$|-DCMAKE_DISABLE_FIND_PACKAGE_OpenMP(?::bool)?=(?:on|yes|true|1)$)`)

// withoutOpenMP reports whether the command is told to do without OpenMP.
func withoutOpenMP(c *verdict.Call) bool {
	return slices.ContainsFunc(c.Args, func(w shell.Word) bool { return refusesOpenMP().MatchString(w.Raw) })
}

// oddSettings says which variable of the environment is not for every target. A compiler of a usual name, set in
// front of the command, is replaced.
func oddSettings(c *verdict.Call, step *verdict.Step) (why, way string) {
	for _, name := range cTools {
		v := facts.Lookup(&c.Site, name)
		if !v.Set || v.Text == "" {
			continue
		}
		if helper := CompilerHelper(v.Text); helper != "" && v.Assign != nil {
			step.Edits = append(step.Edits, dockerfile.Edit{Span: v.Assign.Value.Span, New: helper})
			continue
		}
		return name + " is set to " + v.Text + " " + v.Where + ", for the machine that builds", "leave it out"
	}
	for _, name := range cFlagSets {
		v := facts.Lookup(&c.Site, name)
		if v.Set && !v.Fixed {
			return name + " is " + v.Text + ", set " + v.Where + ", which is not known", "write it out"
		}
		if why, way := OddFlags(v.Text); why != "" {
			return why, way
		}
	}
	return "", ""
}
