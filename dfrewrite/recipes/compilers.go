package recipes

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/shell"
)

// Build tools without a recipe of their own, and those of which their recipe could not see what they do: make without
// its Makefile, ninja in a folder that nothing was seen to configure, strip where no C was compiled. They compile, so a
// stage that calls them is slow under emulation, but what they call in turn is not known. Compilers that a stage
// downloads are in downloads.go.
var (
	otherCompilers = set("ld tcc musl-gcc")
	ninjas         = set("ninja ninja-build samu")
	buildDrivers   = set("make gmake scons mage just task go-task goreleaser dpkg-buildpackage debuild rpmbuild abuild checkinstall")
	binaryTools    = set("strip objcopy patchelf")
)

// anyBinary are tools that take programs of every platform: upx has the loaders for all of them with it (its manual),
// LLVM's strip knows every format, and setcap writes an attribute of the file.
var anyBinary = set("upx setcap getcap llvm-strip")

// evalBuilds matches what eval is given where that starts a build.
var evalBuilds = pattern(`^["']?(?:g?make|\S*/configure|cmake|meson|ninja(?:-build)?|samu|gcc|cc|go (?:build|install)|cargo (?:build|install))(?:["'\s]|$)`)

func judgeCompilers(c *call) (Step, bool) {
	switch {
	case otherCompilers[c.name]:
		return Step{Verdict: Block, Compiles: true, Reason: fmt.Sprintf("%s compiles or links C for the machine that it runs on, and xx-clang does not stand in for it", c.name),
			Way: "compile with xx-clang, and its libraries from xx-apt-get or xx-apk"}, true
	case ninjas[c.name]:
		return blockBuild("configure that folder in this stage, with cmake or meson", "what %s builds was not configured in this stage", c.name), true
	case buildDrivers[c.name]:
		return blockBuild("call the compiler in the Dockerfile, or convert the stage by hand", "what %s runs is not in this file", c.name), true
	case anyBinary[c.name]:
		step := Step{Reason: "takes programs of every platform"}
		for i, w := range c.args {
			out, glued := strings.CutPrefix(w.Lit, "-o")
			if c.name != "upx" && c.name != "llvm-strip" || !glued || strings.HasPrefix(w.Lit, "--") {
				continue
			}
			if out == "" && i+1 < len(c.args) {
				out = c.args[i+1].Lit
			}
			if slices.ContainsFunc(c.args, func(w shell.Word) bool { return c.plan.writes(c.abs(w.Lit)) }) && c.abs(out) != "" {
				step.Writes = append(step.Writes, c.abs(out))
			}
		}
		return step, true
	case c.name == "eval" && evalBuilds().MatchString(c.firstArg()):
		return Step{Verdict: Block, Compiles: true, Reason: "what eval builds is put together by the shell, and cannot be seen",
			Way: "write the command out, or convert the stage by hand"}, true
	case binaryTools[c.name]:
		for _, w := range c.args {
			if c.plan.writes(c.abs(w.Lit)) {
				way := "run it in a stage of the target platform"
				if c.name == "strip" {
					way = "let the linker do it: -ldflags=-s for Go, strip = true in the profile for Rust"
				}
				return Step{Verdict: Block, Reason: fmt.Sprintf("%s works on %s, which would be a binary of another platform", c.name, w.Raw), Way: way}, true
			}
		}
		return Step{Verdict: Block, Reason: fmt.Sprintf("%s works on a binary that may be of another platform", c.text()),
			Way: "run it in a stage of the target platform"}, true
	}
	return Step{}, false
}
