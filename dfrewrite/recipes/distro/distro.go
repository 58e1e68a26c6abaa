// Package distro knows the package managers of distributions, which install for the machine that the stage
// runs on: tools and libraries. Package packages takes their calls apart.
package distro

import (
	"fmt"
	"strings"

	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of package managers.
var Recipe = &verdict.Recipe{Name: "packages", Page: "packages", Judge: judge}

// Package managers install for the machine that the stage runs on. In a stage
// that moves to the build platform that is right for tools, and does not matter
// for libraries as long as nothing links with them. Where something does,
// package plan moves them to the target.
func judge(c *verdict.Call) (verdict.Step, bool) {
	switch c.Program {
	case "apk", "apt", "apt-get", "apt-cache", "apt-key", "apt-mark", "add-apt-repository", "apt-add-repository", "dnf", "microdnf", "yum", "zypper", "tdnf":
		for _, w := range c.Args {
			name, _, _ := strings.Cut(w.Lit, "=")
			switch {
			case name == "--print-arch" && c.Substituted:
				return c.Probe()
			case otherRoot[name] || c.Program == "apk" && name == "-p":
				return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("%s %s installs the build platform's packages into another root, where they may be shipped", c.Program, name),
					Way: "install them in a stage of the target platform"}, true
			case w.Lit == "download" || w.Lit == "fetch":
				return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("%s %s gets the build platform's packages, which may be shipped", c.Program, w.Lit),
					Way: "get them in a stage of the target platform"}, true
			}
		}
		return verdict.Step{Reason: "installs tools for the stage itself", Installs: packages.Parse(&c.Site), Removes: packages.Removed(&c.Site)}, true
	case "dpkg-buildflags":
		return verdict.Step{Verdict: verdict.Block, Reason: c.Source() + " gives flags for the machine that builds, of which some are for its processor (-fcf-protection, -mbranch-protection)",
			Way: "write the flags out that are meant for every platform"}, true
	case "dpkg", "dpkg-query", "dpkg-architecture":
		switch {
		case c.Substituted && c.Program == "dpkg-architecture":
			return judgeDpkgArchitecture(c), true
		case c.Substituted && c.HasArg("--print-architecture"):
			return c.Probe()
		}
		if c.HasArg("--add-architecture") {
			return verdict.Step{Verdict: verdict.Block, Reason: c.Source() + " adds a foreign architecture for libraries",
				Way: "install the target's libraries with xx-apt-get"}, true
		}
		return verdict.Step{Reason: "asks about or installs packages for the stage itself"}, true
	}
	return verdict.Step{}, false
}

// otherRoot are the options that install into another root file system.
var otherRoot = match.Words("--root --initdb --installroot")
