package packages

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/match"
)

// npmPackage is what package-lock.json says of a package. (docs.npmjs.com, package-lock.json.)
type npmPackage struct {
	HasInstallScript bool              `json:"hasInstallScript"`
	Dev              bool              `json:"dev"`
	CPU              []string          `json:"cpu"`
	OS               []string          `json:"os"`
	Libc             []string          `json:"libc"`
	Dependencies     map[string]string `json:"dependencies"`
}

// lockedByNpm returns the packages of package-lock.json that are installed on Linux and have anything for one machine: an
// install script, which may compile or fetch, or a list of processors. ok is false without a lock file that says so.
func lockedByNpm(c *context.Files) (packages map[string]npmPackage, ok bool) {
	if c == nil {
		return nil, false
	}
	var lock struct {
		Version  int                   `json:"lockfileVersion"`
		Packages map[string]npmPackage `json:"packages"`
	}
	if data := c.ReadFile("package-lock.json"); data == nil || json.Unmarshal(data, &lock) != nil || lock.Version < 2 {
		return nil, false
	}
	for name, p := range lock.Packages {
		elsewhere := len(p.OS) > 0 && !slices.ContainsFunc(p.OS, func(os string) bool { return os == "linux" || strings.HasPrefix(os, "!") })
		if name == "" || elsewhere || !p.HasInstallScript && len(p.CPU)+len(p.Libc) == 0 { // "" is the project itself
			delete(lock.Packages, name)
		}
	}
	return lock.Packages, true
}

// OnlyJavaScript reports whether the lock file in the build context shows that no package has anything
// for one machine on Linux.
func OnlyJavaScript(c *context.Files) bool {
	packages, ok := lockedByNpm(c)
	return ok && len(packages) == 0
}

// compiledPackages are widely used packages that are compiled, and addonTools what those depend on that compile or fetch an
// add-on when they are installed.
var (
	compiledPackages = match.Words(`argon2 bcrypt better-sqlite3 bufferutil canvas cpu-features isolated-vm keytar leveldown libpq node-pty
		node-rdkafka node-sass oracledb re2 sharp sqlite3 utf-8-validate zeromq`)
	addonTools = match.Words(`bindings prebuild-install node-gyp-build node-gyp node-addon-api nan node-pre-gyp @mapbox/node-pre-gyp
		node-gyp-build-optional-packages cmake-js`)
)

// Addons returns the names of packages of which the lock file in the build context shows that they are for one
// machine: those with a list of processors, and those whose install script is known to compile, or to fetch
// what was compiled. What is there for development only is left out.
func Addons(c *context.Files) []string {
	packages, _ := lockedByNpm(c)
	var out []string
	for place, p := range packages {
		name := place
		if i := strings.LastIndex(place, "node_modules/"); i >= 0 {
			name = place[i+len("node_modules/"):]
		}
		compiled := p.HasInstallScript && compiledPackages[name]
		for d := range p.Dependencies {
			compiled = compiled || p.HasInstallScript && addonTools[d]
		}
		if (compiled || len(p.CPU)+len(p.Libc) > 0) && !p.Dev && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// AddOn names a package of the lock file in the build context that has something for one platform and goes into what is
// made: one with an install script, or, if certain is false, one for some processors. It is "" where there is none, or no lock
// that is read.
func AddOn(c *context.Files) (name string, certain bool) {
	var lock struct {
		Packages map[string]struct {
			HasInstallScript bool     `json:"hasInstallScript"`
			CPU              []string `json:"cpu"`
			Dev              bool     `json:"dev"`
			Optional         bool     `json:"optional"`
		} `json:"packages"`
	}
	if json.Unmarshal(c.ReadFile("package-lock.json"), &lock) != nil {
		return "", false
	}
	for _, key := range slices.Sorted(maps.Keys(lock.Packages)) {
		p := lock.Packages[key]
		i := strings.LastIndex(key, "node_modules/")
		if i < 0 || p.Dev || buildTool().MatchString(key[i+len("node_modules/"):]) {
			continue
		}
		switch module := key[i+len("node_modules/"):]; {
		case p.HasInstallScript && !p.Optional:
			return module, true
		case len(p.CPU) > 0 && name == "":
			name = module
		}
	}
	return name, false
}

// buildTool matches packages that are for one platform, or run a script, and are not in what is made with them.
var buildTool = match.Pattern(`^(@next/swc|@esbuild/|esbuild|@swc/|@rollup/|rollup|@tailwindcss/|lightningcss|@parcel/|@unrs/|unrs-|turbo|@biomejs/|@oxc|core-js|protobufjs$|fsevents$|husky$|@nx/|nx$|@sentry/cli|puppeteer)`)
