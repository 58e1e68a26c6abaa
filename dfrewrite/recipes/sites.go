package recipes

import (
	"fmt"
	"path"
)

// sitePrograms make web sites and books out of text. The first run no code of the project; the others
// have configuration that is a program, or plugins.
var (
	sitePrograms = set("hugo zola mdbook asciidoctor pandoc marp")
	siteBuilders = set("mkdocs sphinx-build jekyll pelican nikola middleman antora")
)

func judgeSites(c *call) (Step, bool) {
	name, args := c.name, c.args
	if name == "bundle" || name == "bundler" || name == "gem" {
		if len(args) < 2 || args[0].Lit != "exec" {
			step := Step{Reason: "installs packages for the stage itself", CompilesOnHost: true}
			if c.dir != "" {
				step.HostWrites = []string{path.Join(c.dir, "vendor/bundle"), path.Join(c.dir, "vendor/cache")}
			}
			return step, true
		}
		name, args = args[1].Lit, args[2:]
	}
	step := Step{Compiles: true, Reason: "makes files that are the same on every platform"}
	verb := ""
	if len(args) > 0 {
		verb = args[0].Lit
	}
	switch {
	case set("version --version -v help --help")[verb]:
		return Step{Reason: "prints its version"}, sitePrograms[name] || siteBuilders[name]
	case sitePrograms[name]:
		return step, true
	case siteBuilders[name]:
		step.Review = fmt.Sprintf("the configuration and the plugins of %s are programs, which run on the build platform", name)
		return step, true
	}
	return Step{}, false
}
