package recipes

import (
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/shell"
)

// Many Dockerfiles tell configure the machine that compiles as Debian names it, gnuArch="$(dpkg-architecture --query
// DEB_BUILD_GNU_TYPE)" and --build="$gnuArch". On the build platform that is as right as before, and scripts that
// take it are Autoconf's.

// builderTriple matches the question, which is about the machine that runs it, whatever is compiled for (dpkg-architecture(1)).
var builderTriple = pattern("^[\"']?(?:\\$\\(|`)dpkg-architecture (?:--query |-q ?)DEB_BUILD_GNU_TYPE(?:\\)|`)[\"']?$")

// namesBuilder reports whether a word of configure is --build with the answer.
func (c *call) namesBuilder(w shell.Word) bool {
	value, ok := strings.CutPrefix(w.Raw, "--build=")
	if !ok || !installs(c.stage.Root(), "dpkg-dev") { // build-essential, which brings it as well, is taken apart
		return false
	}
	return builderTriple().MatchString(value) || c.holdsBuilder(strings.Trim(value, `"${}`))
}

// holdsBuilder reports whether all that the script gives a variable is the answer.
func (c *call) holdsBuilder(name string) bool {
	given := false
	for _, cmd := range c.script.Commands {
		for _, a := range cmd.Assigns {
			if a.Name != name {
				continue
			}
			if given = builderTriple().MatchString(a.Value.Raw); !given {
				return false
			}
		}
	}
	return given
}

// onlyForBuildOption reports whether the answer to this question is for nothing but the --build of configure.
func (c *call) onlyForBuildOption() bool {
	forBuild := func(at dockerfile.Span) bool {
		return slices.ContainsFunc(c.script.Commands, func(cmd *shell.Command) bool {
			return path.Base(cmd.Name) == "configure" && slices.ContainsFunc(cmd.Words, func(w shell.Word) bool {
				return w.Span.Contains(at) && c.namesBuilder(w)
			})
		})
	}
	if forBuild(c.Span) {
		return true
	}
	for _, cmd := range c.script.Commands {
		for _, a := range cmd.Assigns {
			if !a.Value.Span.Contains(c.Span) || len(cmd.Words) > 0 || !c.holdsBuilder(a.Name) {
				continue
			}
			return !slices.ContainsFunc(c.script.Uses, func(u shell.Use) bool { return u.Name == a.Name && !forBuild(u.Span) })
		}
	}
	return false
}
