package gosource

import (
	"io/fs"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/match"
)

// cgoPkgConfig is the directive for which cgo calls pkg-config. (cmd/cgo)
var cgoPkgConfig = match.Pattern(`(?m)^\s*(?://|/?\*)?\s*#cgo\b[^\n]*\bpkg-config:`)

// MayCallPkgConfig reports whether cgo may call pkg-config: the source has a directive for that, or modules are required, or
// not all of the source is seen.
func MayCallPkgConfig(c *context.Files) bool {
	if c == nil {
		return true
	}
	type key struct{}
	return context.Once(c, key{}, func() bool {
		if s := Of(c); !s.Found || !s.Complete || s.Requires != "" {
			return true
		}
		found, entries := false, 0
		c.Walk(".", func(p string, d fs.DirEntry, err error) error {
			entries++
			switch {
			case found || entries > maxGoEntries:
				found = true
				return fs.SkipAll
			case err != nil:
				return nil
			case d.IsDir():
				if p != "." && skipGoDir(d.Name()) {
					return fs.SkipDir
				}
			case strings.HasSuffix(p, ".go"):
				found = cgoPkgConfig().Match(c.ReadFile(p))
			}
			return nil
		})
		return found
	})
}
