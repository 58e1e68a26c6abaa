package plain

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Build tools without a recipe of their own, and those of which their recipe could not see what they do: make without
// its Makefile, ninja in a folder that nothing was seen to configure, strip where no C was compiled. They compile, so a
// stage that calls them is slow under emulation, but what they call in turn is not known. Compilers that a stage
// downloads are what package download knows.
var (
	otherCompilers = match.Words("ld tcc musl-gcc")
	ninjas         = match.Words("ninja ninja-build samu")
	// packagers and their like run other commands, as drivers do, and nobody reads their files.
	packagers   = match.Words("scons dpkg-buildpackage debuild rpmbuild abuild checkinstall")
	binaryTools = match.Words("strip objcopy patchelf")
	// languageTools build or install packages of languages that no recipe knows, and some of those packages are in C.
	languageTools = match.Words(`mix rebar3 stack cabal ghc dune opam nim nimble crystal shards swift swiftc zig dart luarocks Rscript R cpan cpanm
		pecl phpize docker-php-ext-install install-php-extensions julia`)
)

// languageBuilds are their commands that compile a program, whatever its packages are in.
var languageBuilds = map[string]map[string]bool{
	"nim": match.Words("c cc cpp compile"), "nimble": match.Words("build c cpp"), "stack": match.Words("build install"), "cabal": match.Words("build install v2-build v2-install"),
	"dune": match.Words("build"), "swift": match.Words("build"),
}

// anyBinary are tools that take programs of every platform: upx has the loaders for all of them with it (its manual),
// LLVM's strip knows every format, and setcap writes an attribute of the file.
var anyBinary = match.Words("upx setcap getcap llvm-strip")

// evalBuilds matches what eval is given where that starts a build.
var evalBuilds = match.Pattern(`^["']?(?:g?make|\S*/configure|cmake|meson|ninja(?:-build)?|samu|gcc|cc|go (?:build|install)|cargo (?:build|install))(?:["'\s]|$)`)

// clonedInto returns the git clone that brought the folder that a build tool works in, or "".
func clonedInto(c *verdict.Call) string {
	folder := c.Dir
	for i, w := range c.Args {
		if w.Lit == "-C" && i+1 < len(c.Args) {
			folder = c.Args[i+1].Lit
		}
	}
	for _, in := range c.Stage.Body {
		if in.Index > c.Run.Index || !graph.IsRun(in) {
			continue
		}
		for _, cmd := range c.Stage.Graph.Script(in).Commands {
			if cmd.Name != "git" || len(cmd.Words) < 3 || cmd.Words[1].Lit != "clone" || in == c.Run && cmd.Span.Start > c.Span.Start {
				continue
			}
			if to := cmd.Words[len(cmd.Words)-1].Lit; folder != "" && to != "" && strings.TrimSuffix(path.Base(to), ".git") == path.Base(folder) {
				return shell.Shorten(string(in.Doc.Src[cmd.Span.Start:cmd.Span.End]))
			}
		}
	}
	return ""
}

func judgeCompilers(c *verdict.Call) (verdict.Step, bool) {
	runsOthers := packagers[c.Program] || c.File.Drivers[c.Program]
	switch {
	case otherCompilers[c.Program]:
		return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf("%s compiles or links C for the machine that it runs on, and xx-clang does not stand in for it", c.Program),
			Way: "compile with xx-clang, and its libraries from xx-apt-get or xx-apk"}, true
	case languageTools[c.Program]:
		return verdict.Step{Verdict: verdict.Block, CompilesOnHost: true, Compiles: languageBuilds[c.Program] != nil && languageBuilds[c.Program][c.FirstArg()], Reason: c.Program + " may compile for the machine that it runs on",
			Way: verdict.LeaveIt + ", or convert it by hand"}, true
	case ninjas[c.Program]:
		return verdict.BlockBuild("configure that folder in this stage, with cmake or meson", "what %s builds was not configured in this stage", c.Program), true
	case runsOthers && clonedInto(c) != "":
		return verdict.BlockBuild("set CC=xx-clang for it if it compiles C, or build it in a stage of its own on the target platform",
			"what %s runs comes out of `%s`, and cannot be read", c.Program, clonedInto(c)), true
	case runsOthers:
		return verdict.BlockBuild("call the compiler in the Dockerfile, or convert the stage by hand", "what %s runs is not in this file", c.Program), true
	case anyBinary[c.Program]:
		step := verdict.Step{Reason: "takes programs of every platform"}
		for i, w := range c.Args {
			out, glued := strings.CutPrefix(w.Lit, "-o")
			if c.Program != "upx" && c.Program != "llvm-strip" || !glued || strings.HasPrefix(w.Lit, "--") {
				continue
			}
			if out == "" && i+1 < len(c.Args) {
				out = c.Args[i+1].Lit
			}
			if slices.ContainsFunc(c.Args, func(w shell.Word) bool { return c.Ledger.Writes(c.Abs(w.Lit)) }) && c.Abs(out) != "" {
				step.Writes = append(step.Writes, c.Abs(out))
			}
		}
		return step, true
	case c.Program == "eval" && evalBuilds().MatchString(c.FirstArg()):
		return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: "what eval builds is put together by the shell, and cannot be seen",
			Way: "write the command out, or convert the stage by hand"}, true
	case binaryTools[c.Program]:
		for _, w := range c.Args {
			if c.Ledger.Writes(c.Abs(w.Lit)) {
				way := "run it in a stage of the target platform"
				if c.Program == "strip" {
					way = "let the linker do it: -ldflags=-s for Go, strip = true in the profile for Rust"
				}
				return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("%s works on %s, which would be a binary of another platform", c.Program, w.Raw), Way: way}, true
			}
		}
		return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("%s works on a binary that may be of another platform", c.Source()),
			Way: "run it in a stage of the target platform"}, true
	}
	return verdict.Step{}, false
}
