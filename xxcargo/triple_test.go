package xxcargo

import (
	"slices"
	"strings"
	"testing"

	"xxkit/internal/host"
	"xxkit/internal/host/hosttest"
	"xxkit/triples"
	"xxkit/xxinfo"
)

func target(platform, vendor string, env ...string) xxinfo.Target {
	return xxinfo.Resolve(append(host.Env{"TARGETPLATFORM=" + platform}, env...), []byte("ID="+vendor+"\n"), "x86_64")
}

func TestRustTriples(t *testing.T) {
	for _, test := range []struct {
		platform, vendor string
		rustup           bool
		want             string
	}{
		{"linux/amd64", "debian", false, "x86_64-unknown-linux-gnu"},
		{"linux/arm64", "debian", false, "aarch64-unknown-linux-gnu"},
		{"linux/arm/v7", "debian", false, "armv7-unknown-linux-gnueabihf"},
		{"linux/arm/v6", "debian", false, "armv5te-unknown-linux-gnueabi arm-unknown-linux-gnueabi"},
		{"linux/arm/v6", "debian", true, "arm-unknown-linux-gnueabi"},
		{"linux/arm/v5", "debian", false, "armv5te-unknown-linux-gnueabi"},
		{"linux/386", "debian", false, "i686-unknown-linux-gnu"},
		{"linux/ppc64le", "debian", false, "powerpc64le-unknown-linux-gnu"},
		{"linux/s390x", "debian", false, "s390x-unknown-linux-gnu"},
		{"linux/riscv64", "debian", false, "riscv64gc-unknown-linux-gnu"},
		{"linux/mips64le", "debian", false, "mips64el-unknown-linux-gnuabi64"},
		{"linux/arm64", "alpine", true, "aarch64-unknown-linux-musl"},
		{"linux/arm/v6", "alpine", true, "arm-unknown-linux-musleabihf"},
		{"linux/riscv64", "alpine", true, "riscv64gc-unknown-linux-musl"},
		{"linux/arm64", "alpine", false, "aarch64-alpine-linux-musl aarch64-unknown-linux-musl"},
		{"linux/arm/v6", "alpine", false, "armv6-alpine-linux-musleabihf arm-unknown-linux-musleabihf"},
		{"linux/arm/v7", "alpine", false, "armv7-alpine-linux-musleabihf armv7-unknown-linux-musleabihf"},
		{"linux/386", "alpine", false, "i586-alpine-linux-musl i686-unknown-linux-musl"},
		{"linux/riscv64", "alpine", false, "riscv64-alpine-linux-musl riscv64gc-alpine-linux-musl riscv64gc-unknown-linux-musl"},
		{"linux/arm/v6", "fedora", false, "arm-unknown-linux-gnueabi"},
		{"windows/amd64", "debian", false, "x86_64-pc-windows-gnu"},
		{"windows/amd64", "alpine", false, "x86_64-pc-windows-gnu"},
		{"darwin/arm64", "debian", true, "aarch64-apple-darwin"},
		{"windows/arm", "debian", true, ""},
	} {
		got := strings.Join(rustTriples(target(test.platform, test.vendor), test.rustup), " ")
		if got != test.want {
			t.Errorf("%s on %s, rustup %t: %q, want %q", test.platform, test.vendor, test.rustup, got, test.want)
		}
	}
}

// TestGoalOf finds the platform of a triple that the user names, for every triple of the table.
func TestGoalOf(t *testing.T) {
	h := hosttest.New(t, "xx-cargo", "XX_VENDOR=debian", "TARGETARCH=s390x").Host
	for _, row := range triples.Rows() {
		for _, libc := range []string{"gnu", "musl"} {
			triple := row.RustTriple(libc)
			if triple == "" {
				continue
			}
			g := goalOf(h, triple, true)
			if g.triple != triple || g.target.RustTriple() != triple {
				t.Errorf("%s: %+v", triple, g.target)
			}
			if got := xxinfo.Resolve(g.env, nil, "x86_64"); got.Platform != g.target.Platform || got.Libc != g.target.Libc {
				t.Errorf("%s: other helpers see %s with %s", triple, got.Platform, got.Libc)
			}
		}
	}
	if g := goalOf(h, "thumbv7m-none-eabi", true); g.knownPlatform() || g.triple != "thumbv7m-none-eabi" {
		t.Errorf("%+v", g)
	}
	if g := goalOf(h, "armv5te-unknown-linux-gnueabi", false); g.target.Triple() != "arm-linux-gnueabi" {
		t.Errorf("%+v", g.target)
	}
}

func TestWasm(t *testing.T) {
	for platform, want := range map[string]string{
		"wasi/wasm":   "wasm32-wasip1 wasm32-wasi",
		"wasip1/wasm": "wasm32-wasip1 wasm32-wasi",
		"js/wasm":     "wasm32-unknown-unknown",
	} {
		tt := target(platform, "debian")
		if got := strings.Join(wasmTriples(tt.OS), " "); !isWasm(tt) || got != want {
			t.Errorf("%s: %q, want %q", platform, got, want)
		}
	}
	if slices.ContainsFunc(triples.Rows(), func(r triples.Row) bool { return isWasm(target(r.Platform.String(), "debian")) }) {
		t.Error("a platform of the table is taken for WebAssembly")
	}
}
