package verdict

import (
	"path"

	"xxkit/dfrewrite/facts"
)

// Folders returns the absolute paths that variables hold for the command: those that say where a tool puts what it installs.
func (c *Call) Folders(names ...string) []string {
	var out []string
	for _, name := range names {
		if v := facts.Lookup(&c.Site, name); v.Set && v.Fixed && path.IsAbs(v.Text) {
			out = append(out, path.Clean(v.Text))
		}
	}
	return out
}
