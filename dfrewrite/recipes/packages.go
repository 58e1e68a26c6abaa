package recipes

import (
	"fmt"
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/graph"
)

// Package managers install for the machine that the stage runs on. In a stage
// that moves to the build platform that is right for tools, and does not matter
// for libraries as long as nothing links with them. Where something does,
// toolchain.go moves them to the target.
func judgePackages(c *call) (Step, bool) {
	switch c.name {
	case "apk", "apt", "apt-get", "apt-cache", "apt-key", "apt-mark", "add-apt-repository", "dnf", "microdnf", "yum", "zypper", "tdnf":
		for _, w := range c.args {
			name, _, _ := strings.Cut(w.Lit, "=")
			switch {
			case name == "--print-arch" && c.Substituted:
				return c.probe()
			case otherRoot[name] || c.name == "apk" && name == "-p":
				return Step{Verdict: Block, Reason: fmt.Sprintf("%s %s installs the build platform's packages into another root, where they may be shipped", c.name, name),
					Way: "install them in a stage of the target platform"}, true
			case w.Lit == "download" || w.Lit == "fetch":
				return Step{Verdict: Block, Reason: fmt.Sprintf("%s %s gets the build platform's packages, which may be shipped", c.name, w.Lit),
					Way: "get them in a stage of the target platform"}, true
			}
		}
		return Step{Reason: "installs tools for the stage itself", install: parseInstall(&c.site), removes: removed(&c.site)}, true
	case "dpkg-buildflags":
		return Step{Verdict: Block, Reason: c.text() + " gives flags for the machine that builds, of which some are for its processor (-fcf-protection, -mbranch-protection)",
			Way: "write the flags out that are meant for every platform"}, true
	case "dpkg", "dpkg-query", "dpkg-architecture":
		switch {
		case c.Substituted && c.name == "dpkg-architecture":
			return c.judgeDpkgArchitecture(), true
		case c.Substituted && c.hasArg("--print-architecture"):
			return c.probe()
		}
		if c.hasArg("--add-architecture") {
			return Step{Verdict: Block, Reason: c.text() + " adds a foreign architecture for libraries",
				Way: "install the target's libraries with xx-apt-get"}, true
		}
		return Step{Reason: "asks about or installs packages for the stage itself"}, true
	}
	return Step{}, false
}

// otherRoot are the options that install into another root file system.
var otherRoot = set("--root --initdb --installroot")

func (c *call) probe() (Step, bool) {
	return Step{Verdict: Block, Reason: c.text() + " gives the architecture of the machine that builds; whether that or the target is meant cannot be seen",
		Way: "use $TARGETARCH, or `xx-info debian-arch` or `xx-info alpine-arch`, for what is shipped"}, true
}

func (c *site) hasArg(arg string) bool {
	for _, w := range c.args {
		if w.Lit == arg {
			return true
		}
	}
	return false
}

// cCompilerPackage matches packages that bring a C compiler, with a version in
// their name (clang18) or asked for (gcc=13.2.1-r1, gcc~13).
var cCompilerPackage = pattern(`^(gcc|g\+\+|clang|build-base|build-essential|alpine-sdk|tcc)[-0-9.]*([=~<>@].*)?$`)

// hasCCompiler reports whether a command of the stage finds a C compiler: one
// that the base image brings, or one that was installed before.
func hasCCompiler(s *graph.Stage) bool {
	image := s.Root().Image
	if graph.OfficialGo(image) && !alpineGo(image) {
		return true
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
						// A variable may name anything.
						if !w.Const || cCompilerPackage().MatchString(w.Lit) {
							return true
						}
					}
				}
			}
		}
	}
	return false
}
