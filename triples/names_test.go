package triples

import (
	"strings"
	"testing"
)

func platformsOf(rows []Row) string {
	var names []string
	for _, r := range rows {
		names = append(names, r.Platform.String())
	}
	return strings.Join(names, " ")
}

func TestByTriple(t *testing.T) {
	for triple, want := range map[string]string{
		"x86_64-linux-gnu":               "linux/amd64",
		"x86_64-alpine-linux-musl":       "linux/amd64",
		"x86_64-unknown-linux-musl":      "linux/amd64",
		"aarch64-linux-gnu":              "linux/arm64",
		"arm-linux-gnueabihf":            "linux/arm/v7",
		"arm-linux-gnueabi":              "linux/arm/v6 linux/arm/v5",
		"armv7-alpine-linux-musleabihf":  "linux/arm/v7",
		"armv6-alpine-linux-musleabihf":  "linux/arm/v6",
		"armv5-alpine-linux-musleabi":    "linux/arm/v5",
		"armv7-unknown-linux-gnueabihf":  "linux/arm/v7",
		"arm-unknown-linux-musleabihf":   "linux/arm/v7",
		"armv5te-unknown-linux-gnueabi":  "linux/arm/v5",
		"i386-linux-gnu":                 "linux/386",
		"i586-alpine-linux-musl":         "linux/386",
		"i686-unknown-linux-gnu":         "linux/386",
		"powerpc64le-linux-gnu":          "linux/ppc64le",
		"riscv64gc-unknown-linux-gnu":    "linux/riscv64",
		"riscv64-linux-gnu":              "linux/riscv64",
		"loongarch64-linux-gnu":          "linux/loong64",
		"mipsel-linux-gnu":               "linux/mipsle",
		"mips64el-linux-gnuabi64":        "linux/mips64le",
		"mips64-unknown-linux-muslabi64": "linux/mips64",
		"x86_64-apple-macos10.6":         "darwin/amd64",
		"arm64-apple-macos11.0":          "darwin/arm64",
		"aarch64-apple-darwin":           "darwin/arm64",
		"x86_64-w64-mingw32":             "windows/amd64",
		"i686-w64-mingw32":               "windows/386",
		"aarch64-w64-mingw32":            "windows/arm64",
		"armv7-w64-mingw32":              "windows/arm",
		"x86_64-pc-windows-gnu":          "windows/amd64",
		"x86-windows-gnu":                "windows/386",
		"aarch64-macos":                  "darwin/arm64",
		"mips-linux-musleabihf":          "linux/mips",
		"powerpc64-linux-gnu":            "",
		"aarch64-linux-gnueabihf":        "",
		"linux":                          "",
		"":                               "",
		"x86_64-unknown-freebsd":         "",
	} {
		if got := platformsOf(ByTriple(triple)); got != want {
			t.Errorf("ByTriple(%q) = %q, want %q", triple, got, want)
		}
	}
}

// TestByNameFindsEveryRow asks for every row by each of its names.
func TestByNameFindsEveryRow(t *testing.T) {
	for _, r := range Rows() {
		for _, s := range []System{{}, {Vendor: "debian"}, {Vendor: "alpine", Libc: "musl"}, {Vendor: "unknown", Libc: "gnu"}, {Vendor: "fedora", Libc: "musl"}} {
			if triple := r.Triple(s); !contains(ByTriple(triple), r) {
				t.Errorf("%s: ByTriple(%s) = %s", r, triple, platformsOf(ByTriple(triple)))
			}
		}
		for _, triple := range []string{r.RustGNU, r.RustMusl, r.ZigGNU, r.ZigMusl} {
			if triple == "arm-unknown-linux-musleabihf" || triple == "arm-linux-musleabihf" {
				continue // arm's name for hard float, which GNU tools mean as v7
			}
			if triple != "" && !contains(ByTriple(triple), r) {
				t.Errorf("%s: ByTriple(%s) = %s", r, triple, platformsOf(ByTriple(triple)))
			}
		}
		if got := ByMarch(r.OS, r.March); !contains(got, r) {
			t.Errorf("%s: ByMarch(%s) = %s", r, r.March, platformsOf(got))
		}
		if got := ByDebianArch(r.Debian); r.OS == "linux" && !contains(got, r) {
			t.Errorf("%s: ByDebianArch(%s) = %s", r, r.Debian, platformsOf(got))
		}
	}
}

func TestFromMachine(t *testing.T) {
	for march, want := range map[string]string{
		"x86_64": "linux/amd64", "aarch64": "linux/arm64", "arm64": "linux/arm64",
		"armv8l": "linux/arm/v8", "armv7l": "linux/arm/v7", "armv6l": "linux/arm/v6", "armv5tel": "linux/arm/v5", "armv5l": "linux/arm/v5",
		"i386": "linux/386", "i586": "linux/386", "i686": "linux/386",
		"ppc64le": "linux/ppc64le", "s390x": "linux/s390x", "riscv64": "linux/riscv64", "loongarch64": "linux/loong64",
		"mips": "linux/mips", "mipsle": "linux/mipsle", "mips64": "linux/mips64", "mips64le": "linux/mips64le",
	} {
		if p, ok := FromMachine(march); !ok || p.String() != want {
			t.Errorf("FromMachine(%q) = %s, %v; want %s", march, p, ok, want)
		}
	}
	for _, march := range []string{"", "ppc64", "alpha", "armv4l", "amd64"} {
		if p, ok := FromMachine(march); ok {
			t.Errorf("FromMachine(%q) = %s", march, p)
		}
	}
}

func TestByDebianArch(t *testing.T) {
	for arch, want := range map[string]string{
		"amd64": "linux/amd64", "armhf": "linux/arm/v7", "armel": "linux/arm/v6 linux/arm/v5", "ppc64el": "linux/ppc64le", "sparc64": "",
	} {
		if got := platformsOf(ByDebianArch(arch)); got != want {
			t.Errorf("ByDebianArch(%q) = %q, want %q", arch, got, want)
		}
	}
}
