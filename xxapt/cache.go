package xxapt

import (
	"path"
	"strings"

	"xxkit/internal/host"
)

// Before apt answers anything it joins its lists of packages into one cache, which takes about a second for two
// architectures. The distributions' images tell it to keep none (docker-clean sets Dir::Cache::pkgcache to ""), so
// each of the three programs that an install takes would make it anew: apt-get update, apt-cache, apt-get install.

// cacheFile is the cache that these three share where apt keeps none. docker-clean removes what is called *.bin
// there, should the helper not come to it.
const cacheFile = "xx-pkgcache.bin"

// shareCache returns the settings that make apt's programs share a cache, and what removes it in the end;
// none if apt keeps one anyway.
func shareCache(h *host.Host, l line) (settings []string, remove func()) {
	out, _, err := ask(h, "apt-config", append([]string{"shell", "file", "Dir::Cache::pkgcache", "folder", "Dir::Cache/f"}, l.settings...)...)
	folder, ok := strings.CutPrefix(strings.TrimSpace(out), "file=''\nfolder='")
	if folder = strings.TrimSuffix(folder, "'"); err != nil || !ok || !path.IsAbs(folder) {
		return nil, func() {}
	}
	file := path.Join(folder, cacheFile)
	return []string{"-o", "Dir::Cache::pkgcache=" + file}, func() {
		if err := h.Remove(file); err != nil {
			h.Debugf("%v", err) // it does no harm
		}
	}
}
