package xxcargo

import (
	"slices"
	"strings"
	"testing"

	"xxkit/internal/host"
	"xxkit/triples"
	"xxkit/xxcc"
)

// clangTools are what setting a target up leaves.
func clangTools(triple string) tools {
	return tools{
		clang: true, cmakeFile: "/x.cmake",
		Tools: xxcc.Tools{CC: triple + "-clang", CXX: triple + "-clang++", AR: triple + "-ar", PkgConfig: triple + "-pkg-config"},
	}
}

func goalFor(platform, vendor string) goal {
	t := target(platform, vendor)
	return goal{triple: rustTriples(t, vendor != "alpine")[0], target: t}
}

func lines(g goal, c tools, env host.Env, m machine) string {
	var b strings.Builder
	for _, v := range settings(g, c, env, m) {
		b.WriteString(v.Name + "=" + v.Value + "\n")
	}
	return b.String()
}

// nothing is a machine without any program or file.
var nothing = machine{has: func(string) bool { return false }, exists: func(string) bool { return false }}

func TestSettings(t *testing.T) {
	g := goalFor("linux/arm64", "debian")
	const clang = `CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-clang
CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-clang
CXX_aarch64_unknown_linux_gnu=aarch64-linux-gnu-clang++
AR_aarch64_unknown_linux_gnu=aarch64-linux-gnu-ar
CMAKE_TOOLCHAIN_FILE_aarch64_unknown_linux_gnu=/x.cmake
PKG_CONFIG_aarch64_unknown_linux_gnu=aarch64-linux-gnu-pkg-config
PKG_CONFIG=aarch64-linux-gnu-pkg-config
HOST_PKG_CONFIG=pkg-config
PKG_CONFIG_ALLOW_CROSS=1
`
	if got := lines(g, clangTools("aarch64-linux-gnu"), nil, nothing); got != clang {
		t.Errorf("got\n%s\nwant\n%s", got, clang)
	}

	// Each of these makes lines go away, because the user has said it, whatever the way.
	for set, gone := range map[string]string{
		"CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=x":  "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
		"CC_aarch64_unknown_linux_gnu=x":                   "CC_aarch64_unknown_linux_gnu",
		"CC_aarch64-unknown-linux-gnu=x":                   "CC_aarch64_unknown_linux_gnu",
		"TARGET_CC=x":                                      "CC_aarch64_unknown_linux_gnu",
		"TARGET_AR=x":                                      "AR_aarch64_unknown_linux_gnu",
		"CMAKE_TOOLCHAIN_FILE_aarch64_unknown_linux_gnu=x": "CMAKE_TOOLCHAIN_FILE_aarch64_unknown_linux_gnu",
		"TARGET_PKG_CONFIG=x":                              "PKG_CONFIG_aarch64_unknown_linux_gnu",
		"PKG_CONFIG=x":                                     "PKG_CONFIG HOST_PKG_CONFIG",
		"HOST_PKG_CONFIG=x":                                "HOST_PKG_CONFIG",
		"PKG_CONFIG_ALLOW_CROSS=0":                         "PKG_CONFIG_ALLOW_CROSS",
		"CC=x":                                             "", // for this machine
	} {
		want := ""
		for line := range strings.Lines(clang) {
			name, _, _ := strings.Cut(line, "=")
			if !slices.Contains(strings.Fields(gone), name) {
				want += line
			}
		}
		if got := lines(g, clangTools("aarch64-linux-gnu"), host.Env{set}, nothing); got != want {
			t.Errorf("with %s:\n%s", set, got)
		}
	}

	// gcc alone, and no compiler at all.
	if got := lines(g, tools{Tools: xxcc.Tools{CC: "aarch64-linux-gnu-gcc"}}, nil, nothing); got != `CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
PKG_CONFIG_ALLOW_CROSS=1
` {
		t.Errorf("gcc:\n%s", got)
	}
	if got := lines(g, tools{}, nil, nothing); got != "" {
		t.Errorf("without a compiler:\n%s", got)
	}

	// For this machine pkg-config is the one that there is.
	if got := lines(goalFor("linux/amd64", "debian"), clangTools("x86_64-linux-gnu"), nil, nothing); strings.Contains(got, "\nPKG_CONFIG=") {
		t.Errorf("native:\n%s", got)
	}
}

// TestSettingsNameTheTargetOnly: a variable that has not the target's name in it could change what is built for this machine. Those
// that have none are known, and why they do no harm stands at settings.
func TestSettingsNameTheTargetOnly(t *testing.T) {
	everything := machine{
		has:    func(string) bool { return true },
		exists: func(path string) bool { return strings.HasPrefix(path, "/usr/") },
		flags:  []string{"--sysroot=/x"},
	}
	for _, row := range triples.Rows() {
		for _, vendor := range []string{"debian", "alpine"} {
			tt := target(row.Platform.String(), vendor)
			names := rustTriples(tt, false)
			if len(names) == 0 {
				continue
			}
			g := goal{triple: names[0], target: tt}
			for _, v := range settings(g, clangTools(tt.Triple()), host.Env{"XX_RUSTFLAGS=-g"}, everything) {
				switch v.Name {
				case "PKG_CONFIG", "HOST_PKG_CONFIG", "PKG_CONFIG_ALLOW_CROSS", "QEMU_LD_PREFIX":
					continue
				}
				if !strings.Contains(strings.ToLower(v.Name), underscored(g.triple)) {
					t.Errorf("%s on %s: %s", row.Platform, vendor, v.Name)
				}
				if strings.ContainsAny(v.Name, "-.") {
					t.Errorf("%s on %s: a shell has no variable %s", row.Platform, vendor, v.Name)
				}
			}
		}
	}
}

func TestRustFlags(t *testing.T) {
	const own = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS"
	for _, test := range []struct{ env, want string }{
		{"", ""},
		{"XX_RUSTFLAGS=-C a", own + "=-C a"},
		{own + "=-C b|XX_RUSTFLAGS=-C a", own + "=-C b -C a"},
		{"RUSTFLAGS=-C b|XX_RUSTFLAGS=-C a", "RUSTFLAGS=-C b -C a"},
		{"CARGO_ENCODED_RUSTFLAGS=-C\x1fb|RUSTFLAGS=x|XX_RUSTFLAGS=-C a", "CARGO_ENCODED_RUSTFLAGS=-C\x1fb\x1f-C\x1fa"},
	} {
		got := strings.TrimSpace(lines(goalFor("linux/arm64", "debian"), tools{}, strings.Split(test.env, "|"), nothing))
		if got != test.want {
			t.Errorf("%q: %q, want %q", test.env, got, test.want)
		}
	}
}

func TestRunner(t *testing.T) {
	for _, test := range []struct {
		platform, vendor, program, file, env string
		want                                 string
	}{
		{"linux/arm64", "debian", "qemu-aarch64", "", "", "qemu-aarch64"},
		{"linux/arm64", "debian", "qemu-aarch64-static", "/lib/ld-linux-aarch64.so.1", "", "qemu-aarch64-static"},
		{"linux/arm64", "debian", "qemu-aarch64", "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1", "", "qemu-aarch64 /usr/aarch64-linux-gnu"},
		{"linux/arm64", "debian", "qemu-aarch64", "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1", "QEMU_LD_PREFIX=/mine", "qemu-aarch64"},
		{"linux/arm/v7", "alpine", "qemu-arm", "/armv7-alpine-linux-musleabihf/lib/ld-musl-armhf.so.1", "", "qemu-arm /armv7-alpine-linux-musleabihf"},
		{"linux/arm64", "debian", "qemu-arm", "", "", ""},
		{"linux/amd64", "debian", "qemu-x86_64", "", "", ""}, // this machine
		{"windows/amd64", "debian", "qemu-x86_64", "", "", ""},
		{"linux/arm64", "debian", "qemu-aarch64", "", "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=mine", ""},
	} {
		var got []string
		m := machine{has: func(p string) bool { return p == test.program }, exists: func(p string) bool { return p == test.file }}
		for _, v := range settings(goalFor(test.platform, test.vendor), tools{}, host.Env{test.env}, m) {
			got = append(got, v.Value)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s on %s with %s: %q, want %q", test.platform, test.vendor, test.program, got, test.want)
		}
	}
}

// TestAlpine: clang is told the target by the name under which it finds Alpine's libraries, and the user's flags stay.
func TestAlpine(t *testing.T) {
	m := nothing
	m.flags = clangFlags("--target=aarch64-alpine-linux-musl -fuse-ld=lld --sysroot=/aarch64-alpine-linux-musl/ -Wl,-rpath-link,/x -L/y\n")
	got := lines(goalFor("linux/arm64", "alpine"), clangTools("aarch64-alpine-linux-musl"), host.Env{"CFLAGS=-O2 -g"}, m)
	for _, want := range []string{
		"CFLAGS_aarch64_alpine_linux_musl=-O2 -g --target=aarch64-alpine-linux-musl\n",
		"CXXFLAGS_aarch64_alpine_linux_musl=--target=aarch64-alpine-linux-musl\n",
		"BINDGEN_EXTRA_CLANG_ARGS_aarch64_alpine_linux_musl=--sysroot=/aarch64-alpine-linux-musl/\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

func TestClangFlags(t *testing.T) {
	for config, want := range map[string]string{
		"--target=aarch64-linux-gnu -fuse-ld=lld\n":                                             "",
		"--target=x -fuse-ld=lld -I/usr/x/include -L/usr/x/lib -stdlib++-isystem /c++ -Wl,-z,a": "-I/usr/x/include -stdlib++-isystem /c++",
		"--target=x -isysroot /sdk -stdlib=libc++":                                              "-isysroot /sdk",
		"--target=x -nostdlibinc -isystem /inc -B/lib -L/lib":                                   "-nostdlibinc -isystem /inc",
	} {
		if got := strings.Join(clangFlags(config), " "); got != want {
			t.Errorf("%s: %q, want %q", config, got, want)
		}
	}
}

func TestLacksLibc(t *testing.T) {
	for _, test := range []struct {
		platform, vendor, file string
		want                   bool
	}{
		{"linux/arm64", "debian", "", true},
		{"linux/arm64", "debian", "/usr/lib/aarch64-linux-gnu/crti.o", false},
		{"linux/arm64", "debian", "/usr/aarch64-linux-gnu/lib/crti.o", false},
		{"linux/386", "debian", "/usr/lib/i386-linux-gnu/crti.o", false},
		{"linux/arm64", "alpine", "", true},
		{"linux/arm64", "alpine", "/aarch64-alpine-linux-musl/usr/lib/crti.o", false},
		{"linux/amd64", "debian", "", false},
		{"windows/amd64", "debian", "", false},
		{"linux/arm64", "fedora", "", false},
	} {
		if got := lacksLibc(goalFor(test.platform, test.vendor), func(p string) bool { return p == test.file }); got != test.want {
			t.Errorf("%s on %s with %q: %t", test.platform, test.vendor, test.file, got)
		}
	}
}
