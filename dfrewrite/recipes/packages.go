package recipes

import (
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/graph"
)

// Package managers install for the machine that the stage runs on. In a stage
// that moves to the build platform that is right for tools, and does not matter
// for libraries as long as nothing links with them.
func judgePackages(c *call) (Step, bool) {
	switch c.name {
	case "apk", "apt", "apt-get", "apt-cache", "apt-key", "apt-mark", "add-apt-repository", "dnf", "microdnf", "yum", "zypper", "tdnf":
		for _, w := range c.args {
			if w.Lit == "--print-arch" && c.Substituted {
				return c.probe()
			}
		}
		return Step{Reason: "installs tools for the stage itself"}, true
	case "dpkg", "dpkg-query", "dpkg-architecture":
		if c.Substituted && (c.name == "dpkg-architecture" || c.hasArg("--print-architecture")) {
			return c.probe()
		}
		if c.hasArg("--add-architecture") {
			return Step{Verdict: Block, Reason: "adds a foreign architecture for libraries",
				Way: "install the target's libraries with xx-apt-get"}, true
		}
		return Step{Reason: "asks about or installs packages for the stage itself"}, true
	case "pip", "pip3", "npm", "yarn", "pnpm":
		return Step{}, false
	}
	return Step{}, false
}

func (c *call) probe() (Step, bool) {
	return Step{Verdict: Block, Reason: c.text() + " gives the architecture of the machine that builds; whether that or the target is meant cannot be seen",
		Way: "use $TARGETARCH, or `xx-info debian-arch` or `xx-info alpine-arch`, for what is shipped"}, true
}

func (c *call) hasArg(arg string) bool {
	for _, w := range c.args {
		if w.Lit == arg {
			return true
		}
	}
	return false
}

// cCompilerPackages bring a C compiler.
var cCompilerPackages = set("gcc g++ clang build-base build-essential cc musl-gcc alpine-sdk tcc")

// hasCCompiler reports whether a command of the stage finds a C compiler: one
// that the base image brings, or one that was installed before.
func hasCCompiler(s *graph.Stage) (has, known bool) {
	image, alpine := officialGo(s.Root().Image)
	if image && !alpine {
		return true, true
	}
	for t := s; t != nil; t = t.Base {
		for _, in := range t.Body {
			if _, ok := in.Command.(*instructions.RunCommand); !ok {
				continue
			}
			for _, cmd := range s.Graph.Script(in).Commands {
				switch path.Base(cmd.Name) {
				case "apk", "apt", "apt-get", "dnf", "yum", "microdnf":
					for _, w := range cmd.Words {
						if name, _, _ := strings.Cut(w.Lit, "="); cCompilerPackages[name] {
							return true, true
						}
						if !w.Const {
							known = true // a variable may name anything
						}
					}
				}
			}
		}
	}
	if known {
		return true, false
	}
	return false, image && alpine
}
