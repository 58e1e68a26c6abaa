package packages

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/match"
)

// OnlyJavaScript reports whether the lock file in the build context shows that no package has anything
// for one machine on Linux: an install script, which may compile or fetch, or a list of processors.
// (docs.npmjs.com, package-lock.json: hasInstallScript, cpu, os.)
func OnlyJavaScript(c *context.Files) bool {
	if c == nil {
		return false
	}
	var lock struct {
		Version  int `json:"lockfileVersion"`
		Packages map[string]struct {
			HasInstallScript bool     `json:"hasInstallScript"`
			CPU              []string `json:"cpu"`
			OS               []string `json:"os"`
			Libc             []string `json:"libc"`
		} `json:"packages"`
	}
	if data := c.ReadFile("package-lock.json"); data == nil || json.Unmarshal(data, &lock) != nil || lock.Version < 2 {
		return false
	}
	for name, p := range lock.Packages {
		if name == "" {
			continue // the project itself
		}
		elsewhere := len(p.OS) > 0 && !slices.ContainsFunc(p.OS, func(os string) bool { return os == "linux" || strings.HasPrefix(os, "!") })
		if !elsewhere && (p.HasInstallScript || len(p.CPU)+len(p.Libc) > 0) {
			return false
		}
	}
	return true
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
