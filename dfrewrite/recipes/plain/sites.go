package plain

import (
	"fmt"
	"path"
	"strings"

	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/verdict"
)

// sitePrograms make web sites and books out of text. The first run no code of the project; the others
// have configuration that is a program, or plugins.
var (
	sitePrograms = match.Words("hugo zola mdbook asciidoctor pandoc marp")
	siteBuilders = match.Words("mkdocs sphinx-build jekyll pelican nikola middleman antora")
)

func judgeSites(c *verdict.Call) (verdict.Step, bool) {
	name, args := c.Program, c.Args
	if name == "bundle" || name == "bundler" || name == "gem" {
		if len(args) < 2 || args[0].Lit != "exec" {
			step := verdict.Step{Reason: "installs packages for the stage itself", CompilesOnHost: true}
			if c.Dir != "" {
				step.HostWrites = []string{path.Join(c.Dir, "vendor/bundle"), path.Join(c.Dir, "vendor/cache")}
			}
			step.HostWrites = append(step.HostWrites, gemFolders(c)...)
			return step, true
		}
		name, args = args[1].Lit, args[2:]
	}
	step := verdict.Step{Compiles: true, Reason: "makes files that are the same on every platform"}
	verb := ""
	if len(args) > 0 {
		verb = args[0].Lit
	}
	switch {
	case match.Words("version --version -v help --help")[verb]:
		return verdict.Step{Reason: "prints its version"}, sitePrograms[name] || siteBuilders[name]
	case sitePrograms[name]:
		return step, true
	case siteBuilders[name]:
		step.Review = fmt.Sprintf("the configuration and the plugins of %s are programs, which run on the build platform", name)
		return step, true
	}
	return verdict.Step{}, false
}

// gemFolders returns the folders that a command of gem or bundle says gems go to, many of which are in C: by an option, a variable
// or a setting.
func gemFolders(c *verdict.Call) []string {
	out := c.Folders("GEM_HOME", "BUNDLE_PATH")
	for i, w := range c.Args {
		name, value, glued := strings.Cut(w.Raw, "=")
		takes := match.Words("-i --install-dir --path -n --bindir")[name] || name == "path" && c.FirstArg() == "config"
		if takes && !glued && i+1 < len(c.Args) {
			value = c.Args[i+1].Raw
		}
		if text, ok := c.KnownText(value); takes && ok && c.Abs(text) != "" {
			out = append(out, c.Abs(text))
		}
	}
	return out
}
