package node

import (
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Packages put more into a stage than node_modules: the scripts that run as they are installed fetch browsers and other programs of
// the machine into a cache in the home folder, or where a variable says, and what is installed with -g has a folder of its own.

// downloadFolders are variables that say where a package puts the programs that it fetches (the manuals of Puppeteer, Playwright,
// Cypress and Electron).
var downloadFolders = strings.Fields(`PUPPETEER_CACHE_DIR PUPPETEER_DOWNLOAD_PATH PLAYWRIGHT_BROWSERS_PATH CYPRESS_CACHE_FOLDER
	ELECTRON_CACHE electron_config_cache XDG_CACHE_HOME`)

// downloads returns the folders outside of the project into which packages put programs that they fetch.
func downloads(c *verdict.Call) []string {
	var out []string
	if home := homeOf(c); home != "" {
		out = append(out, path.Join(home, ".cache"))
	}
	return append(out, c.Folders(downloadFolders...)...)
}

// homeOf returns the home folder of the user that runs a command, "" if it is not known.
func homeOf(c *verdict.Call) string {
	if v := facts.Lookup(&c.Site, "HOME"); v.Set && v.Fixed && path.IsAbs(v.Text) {
		return v.Text
	}
	switch user := graph.UserAt(c.Stage, c.Run); {
	case user == "":
		return "/root"
	case strings.ContainsAny(user, "$:0123456789"):
		return ""
	default:
		return path.Join("/home", user)
	}
}

// globals returns where packages go that are installed with -g.
func (n *nodeCall) globals() []string {
	home := homeOf(n.Call)
	set := func(fallback string, names ...string) string {
		if folders := n.Folders(names...); len(folders) > 0 {
			return folders[0]
		}
		return fallback
	}
	switch n.Program {
	case "yarn":
		return []string{"/usr/local/share/.config/yarn/global", path.Join(home, ".config/yarn/global")}
	case "pnpm":
		return []string{path.Join(set(path.Join(home, ".local/share/pnpm"), "PNPM_HOME"), "global")}
	case "bun":
		return []string{path.Join(set(path.Join(home, ".bun"), "BUN_INSTALL"), "install/global")}
	}
	prefix := set("/usr/local", "NPM_CONFIG_PREFIX", "npm_config_prefix")
	if given := n.flags["--prefix"]; given != "" {
		if text, ok := n.KnownText(given); ok && n.Abs(text) != "" {
			prefix = n.Abs(text)
		}
	}
	return []string{path.Join(prefix, globalModules)}
}

// globalModules is where npm puts such packages below its prefix.
const globalModules = "lib/node_modules"

// browserTools fetch browsers when they are told to install.
var browserTools = match.Words("playwright playwright-core cypress puppeteer browsers")

// installsBrowsers decides on npx playwright install and its like.
func installsBrowsers(c *verdict.Call, name string, words []shell.Word) (verdict.Step, bool) {
	if !browserTools[name] || !slices.ContainsFunc(words, func(w shell.Word) bool { return w.Lit == "install" }) {
		return verdict.Step{}, false
	}
	step := verdict.Step{Reason: "downloads browsers for the stage itself", HostWrites: downloads(c)}
	for i, w := range words {
		folder, glued := strings.CutPrefix(w.Lit, "--path=")
		if w.Lit == "--path" && i+1 < len(words) {
			folder, glued = words[i+1].Lit, true
		}
		if glued && c.Abs(folder) != "" {
			step.HostWrites = append(step.HostWrites, c.Abs(folder))
		}
	}
	return step, true
}
