package node

import (
	"encoding/json"
	"fmt"
	"strings"

	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/verdict"
)

// A bundle is text, the same on every platform, unless the bundler is told to take add-ons in machine code (.node) in, or to
// copy them beside it. Then it holds what was installed for the machine that builds.

var (
	// addonLoader matches what tells a bundler to take .node files, on its command line and in its configuration.
	addonLoader = match.Pattern(`loader:\.node=(?:file|copy|binary|base64|dataurl)|['"]\.node['"]\s*:\s*['"](?:file|copy|binary|base64|dataurl)|\bnode-loader\b|` +
		`native-ext-loader|webpack-asset-relocator-loader|\\\.node\$?/|rollup-plugin-natives|vite-plugin-native|esbuild-node-loader|electron-rebuild`)
	// addonBundlers are bundlers that do so by themselves.
	addonBundlers = match.Words("ncc")
)

// bundlerConfigs are where bundlers are told what to do.
var bundlerConfigs = []string{"webpack.config", "esbuild.config", "rollup.config", "rspack.config", "rsbuild.config", "vite.config", "tsup.config", "vue.config", "craco.config", "next.config"}

// takesAddons says where a bundler is told to take add-ons in, or is empty. The commands are those that run.
func takesAddons(c *verdict.Call, commands string) string {
	if m := addonLoader().FindString(commands); m != "" {
		return fmt.Sprintf("%s in its command", m)
	}
	for _, word := range strings.Fields(commands) {
		if addonBundlers[toolName(word)] {
			return toolName(word) + ", which takes them along"
		}
	}
	for _, name := range bundlerConfigs {
		for _, ext := range []string{".js", ".mjs", ".cjs", ".ts", ".mts"} {
			if m := addonLoader().Find(c.ContextFile(name + ext)); m != nil {
				return fmt.Sprintf("%s in %s", m, name+ext)
			}
		}
	}
	return ""
}

// refuseAddons blocks a command that bundles add-ons, unless the lock file shows that there are none.
func refuseAddons(c *verdict.Call, what, commands string) (verdict.Step, bool) {
	taken := takesAddons(c, commands)
	if taken == "" || packages.OnlyJavaScript(c.Opt.Context) {
		return verdict.Step{}, false
	}
	which := "packages of which some may have them"
	if name := withAddon(c.ContextFile("package-lock.json")); name != "" {
		which = name + ", which installs for one machine"
	}
	return verdict.Step{Verdict: verdict.Block, Compiles: true,
		Reason: fmt.Sprintf("%s bundles add-ons in machine code (%s), out of %s", what, taken, which),
		Way:    "leave add-ons out of the bundle (--external), and install them in a stage of the target platform"}, true
}

// withAddon returns a package of a lock file that has an install script and is needed at run time, or "".
func withAddon(data []byte) string {
	var lock struct {
		Packages map[string]struct {
			HasInstallScript bool `json:"hasInstallScript"`
			Dev              bool `json:"dev"`
		} `json:"packages"`
	}
	if json.Unmarshal(data, &lock) != nil {
		return ""
	}
	first := ""
	for name, p := range lock.Packages {
		if short := strings.TrimPrefix(name, "node_modules/"); p.HasInstallScript && !p.Dev && (first == "" || short < first) {
			first = short
		}
	}
	return first
}
