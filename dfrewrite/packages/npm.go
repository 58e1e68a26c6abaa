package packages

import (
	"encoding/json"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
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
