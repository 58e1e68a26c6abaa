package match_test

import (
	"testing"

	"xxkit/dfrewrite/match"
	"xxkit/triples"
)

func TestArchOf(t *testing.T) {
	for name, want := range map[string]string{"x86-64": "amd64", "AMD64": "amd64", "arm64v8": "arm64", "armv7l": "arm", "armv8": "arm64",
		"i686": "386", "ppc64el": "ppc64le", "loongarch64": "loong64", "arm": "arm", "386": "386", "Sparc": "sparc", "armv": "armv"} {
		if got := match.ArchOf(name); got != want {
			t.Errorf("%s is %s, and should be %s", name, got, want)
		}
	}
}

func TestMayNameArch(t *testing.T) {
	for text, want := range map[string]bool{"app-linux-amd64": true, "x86": true, "s390x": true, "ARMhf": true, "armel": true, "i386": true,
		"debian:bookworm": false, "rm -rf": false, "": false, "arm": true} {
		if match.MayNameArch(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// TestArchOfKnowsTheTable holds the spellings to what distributions call the architectures of the platform table.
func TestArchOfKnowsTheTable(t *testing.T) {
	for _, r := range triples.Rows() {
		if r.Platform.OS != "linux" || r.Platform.Arch == "mips" || r.Platform.Arch == "mipsle" || r.Platform.Arch == "mips64" || r.Platform.Arch == "mips64le" {
			continue // no images are named for MIPS but by words that say more
		}
		for _, name := range []string{r.March, r.Debian, r.Alpine, r.RPM} {
			if name != "" && name != "x86" && match.ArchOf(name) != r.Platform.Arch {
				t.Errorf("%s is %s, and should be %s", name, match.ArchOf(name), r.Platform.Arch)
			}
		}
	}
}
