package recipes

import (
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
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
}

// setUp returns the folder that a step makes to be built in, or nil.
func setUp(s Step) *cBuild {
	b, _ := s.own.(*cBuild)
	return b
}

// tools notes in a step of the build which tools it needs beside the compiler.
func (b *cBuild) tools(step *Step) { step.NeedsAr, step.NeedsLLVM = b.ownAr, !b.ownAr }

// outputs says where what is built comes to be: somewhere in the folder, unless that is one of the distribution's.
func (b *cBuild) outputs() []string {
	if b.dir == "" || b.dir == "/" || b.dir == "/usr/local" || slices.Contains(systemDirs, b.dir) {
		return nil
	}
	return []string{b.dir + "/**"}
}

// judgeBuildSystem decides on what builds C without naming a compiler.
func judgeBuildSystem(c *call) (Step, bool) {
	if autogens[c.name] {
		return c.judgeAutogen()
	}
	switch c.name {
	case "configure":
		return c.settingUp("configure", c.judgeConfigure()), true
	case "autoreconf", "autoconf", "automake", "aclocal", "autoheader", "libtoolize", "autopoint", "gettextize", "intltoolize", "gtkdocize":
		return Step{Compiles: true, Reason: "makes the same files for every platform", own: &cBuild{tool: "autoreconf", dir: c.dir}}, true
	case "cmake":
		return c.settingUp("cmake", c.judgeCMake()), true
	case "ctest":
		return blockBuild("test in a stage of the target platform", "ctest runs tests that were built for the target"), true
	case "meson":
		return c.settingUp("meson", c.judgeMeson()), true
	case "make", "gmake":
		if b := c.buildAt(c.makeDir()); b != nil {
			return c.judgeGoals(b), true
		}
	case "ninja", "ninja-build", "samu":
		if b := c.buildAt(c.makeDir()); b != nil {
			return c.judgeGoals(b), true
		}
	}
	return Step{}, false
}

// settingUp notes the folder of a refused call, too: make and ninja in it need no reason of their own.
func (c *call) settingUp(tool string, step Step) Step {
	if step.Verdict != Block || tool == "cmake" && strings.HasPrefix(c.firstOption(), "--") || tool == "meson" && setUp(step) == nil && !slices.Contains([]string{"setup", "build"}, c.firstOption()) {
		return step
	}
	dir := c.dir
	for i, w := range c.args {
		switch {
		case tool == "cmake" && w.Lit == "-B" && i+1 < len(c.args), tool == "meson" && w.Lit == "setup" && i+1 < len(c.args):
			dir = c.knownDir(c.args[i+1])
		}
	}
	step.own = &cBuild{tool: tool, dir: dir, prefix: "/usr/local"}
	return step
}

// makeDir returns the folder that make or ninja works in, if it is known.
func (c *call) makeDir() string {
	for i, w := range c.args {
		switch {
		case (w.Raw == "-C" || w.Raw == "--directory") && i+1 < len(c.args):
			return c.knownDir(c.args[i+1])
		case strings.HasPrefix(w.Raw, "-C") && len(w.Raw) > 2:
			w.Raw, w.Lit = w.Raw[2:], strings.TrimPrefix(w.Lit, "-C")
			return c.knownDir(w)
		case strings.HasPrefix(w.Raw, "--directory="):
			w.Raw, w.Lit = w.Raw[len("--directory="):], strings.TrimPrefix(w.Lit, "--directory=")
			return c.knownDir(w)
		}
	}
	return c.dir
}

func (c *call) knownDir(w shell.Word) string {
	name, ok := c.known(w)
	if !ok {
		return ""
	}
	return strings.TrimSuffix(c.abs(name), "/")
}

// buildAt returns what was last made to build in the folder; where the folder is not known, what this RUN
// has made to build since it last changed folders.
func (c *call) buildAt(dir string) *cBuild {
	since := c.sinceChange()
	for _, p := range c.plan.chain() {
		for _, s := range slices.Backward(p.Steps) {
			b := setUp(s)
			if b == nil || b.tool == "autoreconf" {
				continue
			}
			if b.dir == dir && (dir != "" || s.In == c.run && s.Span.Start > since) {
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
func (c *call) sinceChange() int {
	since := c.run.Span.Start
	for _, cmd := range c.script.Commands[:c.index] {
		if set("cd pushd popd")[cmd.Name] {
			since = cmd.Span.Start
		}
	}
	return since
}

// runsBuilt matches goals that run what was built.
var runsBuilt = pattern(`(^|[-_./])(check|test|tests|testing|unittest|bench|benchmark|coverage|run|distcheck|installcheck|selftest)($|[-_./])`)

// judgeGoals decides on make and ninja in a folder that was configured for the target.
func (c *call) judgeGoals(b *cBuild) Step {
	if step, refused := c.refuseC(); refused {
		return step
	}
	destdir, prefix, installs := "", b.prefix, false
	if v := c.lookup("DESTDIR"); v.set {
		destdir = v.text
	}
	for i := 0; i < len(c.args); i++ {
		w := c.args[i]
		name, value, assigns := strings.Cut(strings.Trim(w.Raw, `"'`), "=")
		switch {
		case set("-C --directory -j --jobs -l -k -f")[w.Raw]:
			if w.Raw == "-f" {
				return blockBuild("let it read the Makefile that was configured", "%s reads a makefile of its own", c.text())
			}
			if w.Raw == "-C" || w.Raw == "--directory" || i+1 < len(c.args) && countOnly().MatchString(c.args[i+1].Raw) {
				i++
			}
		case strings.HasPrefix(w.Raw, "-"):
		case assigns && (name == "DESTDIR" || strings.EqualFold(name, "prefix")):
			text, ok := c.knownText(value)
			if !ok {
				text = "?"
			}
			if name == "DESTDIR" {
				destdir = text
			} else {
				prefix = text
			}
		case assigns && (slices.Contains(cTools, name) || strings.HasPrefix(name, "HOST") || strings.HasPrefix(name, "BUILD_")):
			return blockBuild("leave it out: configure knows the target's", "%s=%s names a tool for the machine that builds", name, value)
		case assigns:
			if why, way := oddFlags(value); why != "" {
				return blockBuild(way, "%s", why)
			}
		case !w.Const:
			return blockBuild("write the goal out", "which goal %s is cannot be seen", w.Raw)
		case runsBuilt().MatchString(w.Lit):
			return blockBuild("test in a stage of the target platform, or not in this one", "%s runs what was built for the target", c.text())
		case strings.HasPrefix(w.Lit, "install") || strings.HasSuffix(w.Lit, "/install"):
			installs = true
		}
	}
	step := Step{Verdict: Convert, Compiles: true, NeedsC: true, NeedsCxx: b.cxx, built: true, Helper: true,
		Reason: "builds what was configured for the target", Args: []string{"TARGETPLATFORM"}}
	b.tools(&step)
	step.NeedsLLVM = step.NeedsLLVM || cmakeTools().MatchString(c.text())
	step.Writes = b.outputs()
	if installs {
		step.Writes = append(step.Writes, installed(destdir, prefix)...)
	}
	return step
}

// countOnly matches what may follow -j for the number of jobs. A variable in small letters has to be called for that: in a
// loop, make -j $target is about a goal.
var countOnly = pattern("^([0-9]+|\"?\\$\\((?:nproc|getconf )[^)]*\\)\"?|\"?\\$\\{?(?:[A-Z_]+|n?(?:procs?|jobs?|cores?|cpus?|threads?)|j)\\}?\"?|`nproc`)$")

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
	case strings.HasPrefix(prefix, "/usr/local/") && !isProgramDir(prefix) || strings.HasPrefix(prefix, "/opt/") || !isSystemDir(prefix):
		return []string{prefix + "/**"}
	}
	return nil
}

// noOpenMP says why a build that looks for OpenMP is refused: gcc always has it, so the native build does, and a build
// system that does not find it goes on without a word.
const noOpenMP = "which comes with gcc, and which clang has not for the target: the program would be built without"

// refusesOpenMP matches options of configure, CMake and Meson that leave it out in the native build, too.
var refusesOpenMP = pattern(`(?i)^["']?(--(?:disable|without)-openmp$|--(?:enable|with)-openmp=no$|-D\w*openmp\w*(?::bool)?=(?:off|no|n|false|0|disabled)$|-DCMAKE_DISABLE_FIND_PACKAGE_OpenMP(?::bool)?=(?:on|yes|true|1)$)`)

// withoutOpenMP reports whether the command is told to do without OpenMP.
func (c *call) withoutOpenMP() bool {
	return slices.ContainsFunc(c.args, func(w shell.Word) bool { return refusesOpenMP().MatchString(w.Raw) })
}

// buildFiles are where build systems begin to read.
var buildFiles = set("Makefile CMakeLists.txt configure configure.ac meson.build")

// contextAt returns the folder of the build context that stands where a folder of the stage is; false if that
// is not known, or files of it have been replaced by a copy from elsewhere.
func (c *call) contextAt(dir string) (string, bool) {
	if dir == "" || c.opt.Context == nil {
		return "", false
	}
	found, folder := false, ""
	for cmd, dest := range c.copies() {
		rel, inside := below(dir, dest)
		if !inside {
			continue
		}
		if cmd.From != "" {
			if rel == "" {
				return "", false
			}
			continue
		}
		for _, src := range cmd.SourcePaths {
			src = path.Clean(strings.TrimLeft(src, "/"))
			switch {
			case c.opt.Context.isFolder(path.Join(src, rel)):
				found, folder = true, path.Join(src, rel)
			case rel == "" && !strings.Contains(src, "*"):
				if !found {
					found, folder = true, path.Dir(src)
				}
			}
		}
		// Beside folders, a file says where the build begins.
		for _, src := range cmd.SourcePaths {
			src = path.Clean(strings.TrimLeft(src, "/"))
			if rel == "" && buildFiles[path.Base(src)] && !c.opt.Context.isFolder(src) {
				found, folder = true, path.Dir(src)
			}
		}
	}
	return folder, found
}

// oddSettings says which variable of the environment is not for every target. A compiler of a usual name, set in
// front of the command, is replaced.
func (c *call) oddSettings(step *Step) (why, way string) {
	for _, name := range cTools {
		v := c.lookup(name)
		if !v.set || v.text == "" {
			continue
		}
		if helper := compilerHelper(v.text); helper != "" && v.assign != nil {
			step.Edits = append(step.Edits, dockerfile.Edit{Span: v.assign.Value.Span, New: helper})
			continue
		}
		return name + " is set to " + v.text + " " + v.where + ", for the machine that builds", "leave it out"
	}
	for _, name := range cFlagSets {
		v := c.lookup(name)
		if v.set && !v.fixed {
			return name + " is " + v.text + ", set " + v.where + ", which is not known", "write it out"
		}
		if why, way := oddFlags(v.text); why != "" {
			return why, way
		}
	}
	return "", ""
}

// planVerify has the programs that leave stages looked at where they are made, so that one that was compiled for the
// builder after all fails the build.
func (c *Conversion) planVerify() {
	for i, t := range c.Stages {
		p, files := c.Plans[i], map[int][]string{}
		for _, u := range t.UsedBy {
			if u.Kind != graph.Copy || slices.Contains(c.Stages, u.In) {
				continue
			}
			for _, file := range u.Paths {
				if !path.IsAbs(file) || !plainPath().MatchString(file) || path.Ext(file) == ".a" || path.Ext(file) == ".o" {
					continue
				}
				if n := p.makes(file); n >= 0 && !slices.Contains(files[n], file) {
					files[n] = append(files[n], file)
				}
			}
		}
		for n, names := range files {
			s := &p.Steps[n]
			s.Edits = append(slices.Clone(s.Edits), dockerfile.Edit{Span: dockerfile.Span{Start: s.Span.End, End: s.Span.End},
				New: " && xx-verify " + strings.Join(names, " ")})
		}
	}
}

// makes returns the last step that makes a program, if that is one behind which another command can be put; else -1.
// A program is what is made by this very name, or lies where programs do.
func (p *Plan) makes(file string) int {
	for n, s := range slices.Backward(p.Steps) {
		if !slices.ContainsFunc(s.Writes, func(w string) bool { return w == file || isProgramDir(path.Dir(file)) && matchesWrite(w, file) }) {
			continue
		}
		if !s.built || s.Verdict != Convert || s.verified || !s.ends {
			return -1
		}
		return n
	}
	return -1
}
