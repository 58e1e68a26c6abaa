package xxcc

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"xxkit/internal/host/hosttest"
	"xxkit/triples"
	"xxkit/xxinfo"
)

func TestSplitTool(t *testing.T) {
	for name, want := range map[string]string{
		"aarch64-linux-gnu-clang": "aarch64-linux-gnu clang", "arm-linux-gnueabihf-clang++": "arm-linux-gnueabihf clang++",
		"x86_64-w64-mingw32-as": "x86_64-w64-mingw32 as", "aarch64-linux-gnu-pkg-config": "aarch64-linux-gnu pkg-config",
		"arm64-apple-macos11.0-ar": "arm64-apple-macos11.0 ar",
		"xx-clang":                 "", "xx-clang++": "", "clang": "", "my-clang": "", "aarch64-linux-gnu-gcc": "", "xx": "", "": "", "llvm-ar": "",
	} {
		triple, tool, ok := SplitTool(name)
		if got := strings.TrimSpace(triple + " " + tool); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q, %v, want %q", name, got, ok, want)
		}
	}
}

// TestTripleFindsItsTarget goes from every platform to its triple and back.
func TestTripleFindsItsTarget(t *testing.T) {
	for _, distribution := range []string{"debian", "alpine", "arch"} {
		for _, row := range triples.Rows() {
			for _, libc := range []string{"gnu", "musl"} {
				m := newMachine(t, "x", "TARGETPLATFORM=linux/none XX_LIBC=other")
				m.Put("/etc/os-release", "ID="+distribution+"\n", 0o666)
				triple := target(distribution, "XX_LIBC="+libc+" TARGETPLATFORM="+row.Platform.String()).Triple()
				got, ok := forTriple(m.Host, triple)
				if !ok || got.Triple() != triple || got.OS != row.OS || got.Arch != row.Arch {
					t.Errorf("%s %s: %s is %s %s", distribution, row.Platform, triple, got.Platform, got.Triple())
				}
			}
		}
	}
	m := newMachine(t, "x", "")
	for triple, want := range map[string]string{
		"aarch64-alpine-linux-musl": "linux/arm64", "aarch64-unknown-linux-gnu": "linux/arm64", "x86_64-apple-macos10.15": "darwin/amd64",
		"riscv64gc-linux-gnu": "linux/riscv64",
	} {
		if got, ok := forTriple(m.Host, triple); !ok || got.Platform.String() != want || got.Triple() != triple {
			t.Errorf("%s: %s %s, %v, want %s", triple, got.Platform, got.Triple(), ok, want)
		}
	}
	for _, triple := range []string{"wasm32-wasi", "my", "", "aarch64-linux-android"} {
		if got, ok := forTriple(m.Host, triple); ok {
			t.Errorf("%s: %s", triple, got.Platform)
		}
	}
}

func TestRunTool(t *testing.T) {
	more := append([]string{"llvm-strip"}, llvm...)
	for _, test := range []struct {
		env, triple, tool, args string
		machine                 []string
		want                    string
	}{
		{"", "aarch64-linux-gnu", "clang", "-c a.c", llvm, "/usr/bin/clang --config /usr/bin/aarch64-linux-gnu.cfg -c a.c"},
		{"TARGETPLATFORM=linux/s390x TARGETARCH=386 XX_LIBC=musl", "aarch64-linux-gnu", "clang++", "a.cc", llvm, "/usr/bin/clang++ --config /usr/bin/aarch64-linux-gnu.cfg a.cc"},
		{"TARGETPLATFORM=linux/none", "aarch64-linux-musl", "clang", "a.c", llvm, "/usr/bin/clang --config /usr/bin/aarch64-linux-musl.cfg a.c"},
		{"", "x86_64-linux-gnu", "clang", "a.c", llvm, "/usr/bin/clang --config /usr/bin/x86_64-linux-gnu.cfg a.c"},
		{"", "aarch64-linux-gnu", "clang", "--config=x a.c", llvm, "/usr/bin/clang --config=x a.c"},
		{"", "aarch64-linux-gnu", "as", "-o a.o a.s", llvm, "/usr/bin/clang --config /usr/bin/aarch64-linux-gnu.cfg -c -x assembler -integrated-as a.s -o a.o"},
		{"", "armv7a-linux-gnueabihf", "clang", "a.c", append([]string{"armv7a-linux-gnueabihf.cfg"}, llvm...), "/usr/bin/clang --config /usr/bin/armv7a-linux-gnueabihf.cfg a.c"},
		{"", "arm64-apple-macos11.0", "strip", "-x a", more, "/usr/bin/llvm-strip -x a"},
		{"", "x86_64-linux-gnu", "pkg-config", "--libs z", llvm, "/usr/bin/pkg-config --libs z"},
	} {
		m := newMachine(t, test.triple+"-"+test.tool, test.env, test.machine...)
		err := RunTool(m.Host, test.triple, test.tool, strings.Fields(test.args))
		if got := m.Became.String(); !errors.Is(err, hosttest.ErrBecame) || got != test.want {
			t.Errorf("%s-%s %s: %q, %v, want %q", test.triple, test.tool, test.args, got, err, test.want)
		}
	}
}

func TestToolErrors(t *testing.T) {
	for _, test := range []struct {
		triple, tool string
		machine      []string
		want         string
	}{
		{"wasm32-wasi", "clang", llvm, "wasm32-wasi-clang: wasm32-wasi is not set up, and no platform has this name\nhint: xx-info list --json shows the triples of all platforms\n"},
		{"arm64-apple-macos11.0", "strip", llvm, "arm64-apple-macos11.0-strip: llvm-strip: not found\nhint: install llvm (apt-get install llvm, apk add llvm)\n"},
		{"aarch64-linux-gnu", "pkg-config", nil, "aarch64-linux-gnu-pkg-config: pkg-config: not found\nhint: install pkg-config (apt-get install pkg-config, apk add pkgconf)\n"},
		{"aarch64-linux-gnu", "as", nil, "aarch64-linux-gnu-as: /usr/bin/clang not found\nhint: install clang and lld (apt-get install clang lld, apk add clang lld), or call xx-cc, which takes gcc too\n"},
		{"s390x-linux-gnu", "clang", llvm, "s390x-linux-gnu-clang: no suitable linker found for s390x-linux-gnu\nhint: install a GNU linker for it (apt-get install binutils-s390x-linux-gnu), or lld from a newer release\n"},
	} {
		m := newMachine(t, test.triple+"-"+test.tool, "", test.machine...)
		status := m.Report(RunTool(m.Host, test.triple, test.tool, nil))
		if got := m.Err.String(); status != 1 || got != test.want {
			t.Errorf("status %d, %q, want %q", status, got, test.want)
		}
	}
}

func TestAssembler(t *testing.T) {
	const start, end = "-c -x assembler -integrated-as ", " -o a.out"
	for args, want := range map[string]string{
		"":                              "-" + end,
		"a.s":                           "a.s" + end,
		"-o x.o a.s":                    "a.s -o x.o",
		"a.s -ox.o":                     "a.s -o x.o",
		"-":                             "-" + end,
		"--":                            "-" + end,
		"-I inc -Iinc2 a.s":             "-Iinc -Iinc2 a.s" + end,
		"--defsym A=1 --defsym=B=2 a.s": "-Wa,-defsym,A=1 -Wa,-defsym,B=2 a.s" + end,
		"--32 a.s":                      "-m32 a.s" + end,
		"-mcpu=cortex-a53 -march=armv8-a -mthumb -meabi=5 a.s":     "-mcpu=cortex-a53 -march=armv8-a -mthumb a.s" + end,
		"-EL -k -KPIC --warn -W a.s":                               "-Wa,--no-warn a.s" + end,
		"-g --gdwarf-5 --noexecstack --fatal-warnings a.s -o /b/c": "-g -gdwarf-5 -Wa,--noexecstack -Wa,--fatal-warnings a.s -o /b/c",
	} {
		if got := strings.Join(assembler(strings.Fields(args)), " "); got != start+want {
			t.Errorf("%q: %s, want %s", args, got, start+want)
		}
	}
	if got := assembler([]string{"a.s", "--version"}); !slices.Equal(got, []string{"--version"}) {
		t.Errorf("--version: %q", got)
	}
}

func TestPkgConfigEnv(t *testing.T) {
	for _, test := range []struct{ distribution, env, want string }{
		{"debian", "TARGETPLATFORM=linux/arm64", "PKG_CONFIG_LIBDIR=/usr/local/lib/aarch64-linux-gnu/pkgconfig:/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/aarch64-linux-gnu/lib/pkgconfig:/usr/aarch64-linux-gnu/share/pkgconfig:/usr/local/share/pkgconfig:/usr/share/pkgconfig"},
		{"ubuntu", "TARGETPLATFORM=linux/386", "PKG_CONFIG_LIBDIR=/usr/local/lib/i386-linux-gnu/pkgconfig:/usr/lib/i386-linux-gnu/pkgconfig:/usr/i686-linux-gnu/lib/pkgconfig:/usr/i686-linux-gnu/share/pkgconfig:/usr/local/share/pkgconfig:/usr/share/pkgconfig"},
		{"debian", "TARGETPLATFORM=linux/mips64le XX_LIBC=musl", "PKG_CONFIG_LIBDIR=/usr/local/lib/mips64el-linux-musl/pkgconfig:/usr/lib/mips64el-linux-musl/pkgconfig:/usr/mips64el-linux-muslabi64/lib/pkgconfig:/usr/mips64el-linux-muslabi64/share/pkgconfig:/usr/local/share/pkgconfig:/usr/share/pkgconfig"},
		// A vendor of the user's own does not move Debian's folders.
		{"debian", "TARGETPLATFORM=linux/arm64 XX_VENDOR=acme", "PKG_CONFIG_LIBDIR=/usr/local/lib/aarch64-linux-gnu/pkgconfig:/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/aarch64-acme-linux-gnu/lib/pkgconfig:/usr/aarch64-acme-linux-gnu/share/pkgconfig:/usr/local/share/pkgconfig:/usr/share/pkgconfig"},
		{"debian", "TARGETPLATFORM=linux/arm64 XX_VENDOR=alpine", "PKG_CONFIG_LIBDIR=/aarch64-alpine-linux-musl/usr/lib/pkgconfig/ PKG_CONFIG_SYSROOT_DIR=/aarch64-alpine-linux-musl"},
		{"debian", "TARGETPLATFORM=windows/amd64", "PKG_CONFIG_LIBDIR=/usr/x86_64-w64-mingw32/lib/pkgconfig:/usr/x86_64-w64-mingw32/share/pkgconfig"},
		{"fedora", "TARGETPLATFORM=linux/arm64", "PKG_CONFIG_LIBDIR=/usr/aarch64-linux-gnu/lib/pkgconfig:/usr/aarch64-linux-gnu/share/pkgconfig"},
		{"alpine", "TARGETPLATFORM=linux/arm64", "PKG_CONFIG_LIBDIR=/aarch64-alpine-linux-musl/usr/lib/pkgconfig/ PKG_CONFIG_SYSROOT_DIR=/aarch64-alpine-linux-musl"},
		{"debian", "TARGETPLATFORM=darwin/arm64", "PKG_CONFIG_LIBDIR=/xx-sdk/MacOSX11.1.sdk/usr/lib/pkgconfig:/xx-sdk/MacOSX11.1.sdk/usr/share/pkgconfig PKG_CONFIG_SYSROOT_DIR=/xx-sdk/MacOSX11.1.sdk"},
	} {
		target := target(test.distribution, test.env)
		var got []string
		for _, v := range pkgConfigEnv(target, target.Triple(), target.Sysroot(nil)) {
			got = append(got, v.Name+"="+v.Value)
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.distribution, test.env, got, test.want)
		}
	}

	// It replaces what the environment has, for pkg-config is the target's alone; a PKG_CONFIG_PATH adds to it.
	m := newMachine(t, "aarch64-linux-gnu-pkg-config", "PKG_CONFIG_LIBDIR=/usr/lib/x86_64-linux-gnu/pkgconfig PKG_CONFIG_PATH=/own", llvm...)
	if err := RunTool(m.Host, "aarch64-linux-gnu", "pkg-config", []string{"--libs", "z"}); !errors.Is(err, hosttest.ErrBecame) {
		t.Fatal(err)
	}
	env := m.Became.Env
	if got := env.Get("PKG_CONFIG_LIBDIR"); !strings.HasPrefix(got, "/usr/local/lib/aarch64-linux-gnu/pkgconfig:") || env.Get("PKG_CONFIG_PATH") != "/own" {
		t.Errorf("%q", env)
	}
}

func TestXcrun(t *testing.T) {
	for _, test := range []struct{ env, args, stdout, became string }{
		{"TARGETPLATFORM=darwin/arm64", "--show-sdk-path", "/xx-sdk/MacOSX13.3.sdk\n", ""},
		{"", "--sdk macosx --show-sdk-path", "/xx-sdk/MacOSX13.3.sdk\n", ""},
		{"", "--show-sdk-version", "13.3\n", ""},
		{"", "--sdk macosx -f strip", "/usr/bin/llvm-strip\n", ""},
		{"TARGETPLATFORM=darwin/amd64", "--find clang", "/usr/bin/x86_64-apple-macos10.6-clang\n", ""},
		{"TARGETPLATFORM=darwin/amd64", "cc -c a.c -f", "", "/usr/bin/x86_64-apple-macos10.6-clang -c a.c -f"},
		{"", "clang++ a.cc", "", "/usr/bin/clang++ a.cc"},
	} {
		m := newMachine(t, "xcrun", test.env, append([]string{"llvm-strip", "x86_64-apple-macos10.6-clang", "/xx-sdk/MacOSX13.3.sdk/x"}, llvm...)...)
		err := RunXcrun(m.Host, strings.Fields(test.args))
		if got := m.Became.String(); got != test.became || m.Out.String() != test.stdout || test.became == "" && err != nil {
			t.Errorf("%s %s: %q, %q, %v", test.env, test.args, &m.Out, got, err)
		}
	}
	for args, want := range map[string]string{
		"":           "2 xcrun: nothing to do\nhint: xcrun --show-sdk-path, xcrun clang …\n",
		"--nope x":   "2 xcrun: unknown option --nope\nhint: it knows --sdk, --show-sdk-path, --show-sdk-version, --find and --run\n",
		"--find lua": "1 xcrun: unable to find utility \"lua\"\nhint: install clang, lld and llvm, and set the target up: xx-clang --setup-target-triple\n",
	} {
		m := newMachine(t, "xcrun", "")
		status := m.Report(RunXcrun(m.Host, strings.Fields(args)))
		if got := fmt.Sprint(status, " ", &m.Err); got != want {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
}

// TestToolchainFiles shows the files for CMake and Meson for a machine of each kind.
func TestToolchainFiles(t *testing.T) {
	tools := map[string]string{"ar": "/usr/bin/T-ar", "strip": "/usr/bin/T-strip", "ld": "/usr/bin/T-ld", "windres": "/usr/bin/T-windres"}
	for _, test := range []struct {
		distribution, env string
		cmake, meson      string // lines that are in it
	}{
		{"debian", "TARGETPLATFORM=linux/arm64", `set(CMAKE_SYSTEM_NAME "Linux")|set(CMAKE_SYSTEM_PROCESSOR "aarch64")|set(CMAKE_C_COMPILER "/cc")|set(CMAKE_CXX_COMPILER "/cxx")|set(CMAKE_AR "/usr/bin/T-ar")|set(CMAKE_LINKER "/usr/bin/T-ld")|set(CMAKE_LIBRARY_ARCHITECTURE "aarch64-linux-gnu")|set(CMAKE_CROSSCOMPILING_EMULATOR "/qemu")|set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM "NEVER")`,
			"c = '/cc'|cpp = '/cxx'|ar = '/usr/bin/T-ar'|strip = '/usr/bin/T-strip'|pkg-config = '/pc'|exe_wrapper = '/qemu'|needs_exe_wrapper = true|system = 'linux'|cpu_family = 'aarch64'|cpu = 'aarch64'|endian = 'little'"},
		{"debian", "TARGETPLATFORM=linux/386", `set(CMAKE_SYSTEM_PROCESSOR "i686")|set(CMAKE_LIBRARY_ARCHITECTURE "i386-linux-gnu")`, "cpu_family = 'x86'|cpu = 'i686'"},
		{"debian", "TARGETPLATFORM=linux/s390x", `set(CMAKE_SYSTEM_PROCESSOR "s390x")`, "cpu_family = 's390x'|endian = 'big'"},
		{"debian", "TARGETPLATFORM=linux/ppc64le", `set(CMAKE_SYSTEM_PROCESSOR "ppc64le")`, "cpu_family = 'ppc64'|endian = 'little'"},
		{"debian", "", `set(CMAKE_C_COMPILER "/cc")|set(CMAKE_LIBRARY_ARCHITECTURE "x86_64-linux-gnu")`, "needs_exe_wrapper = false|cpu_family = 'x86_64'"},
		{"alpine", "TARGETPLATFORM=linux/arm/v7", `set(CMAKE_SYSROOT "/armv7-alpine-linux-musleabihf")|set(CMAKE_SYSTEM_PROCESSOR "armv7l")|set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY "ONLY")`, "sys_root = '/armv7-alpine-linux-musleabihf'|cpu_family = 'arm'"},
		{"debian", "TARGETPLATFORM=windows/amd64", `set(CMAKE_SYSTEM_NAME "Windows")|set(CMAKE_RC_COMPILER "/usr/bin/T-windres")|set(CMAKE_FIND_ROOT_PATH "/usr/x86_64-w64-mingw32")|set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE "ONLY")`, "system = 'windows'|windres = '/usr/bin/T-windres'"},
		{"debian", "TARGETPLATFORM=darwin/arm64", `set(CMAKE_SYSTEM_NAME "Darwin")|set(CMAKE_OSX_SYSROOT "/xx-sdk/MacOSX11.1.sdk")|set(CMAKE_OSX_DEPLOYMENT_TARGET "11.0")|set(CMAKE_OSX_ARCHITECTURES "arm64")`, "system = 'darwin'|sys_root = '/xx-sdk/MacOSX11.1.sdk'"},
	} {
		target := target(test.distribution, test.env)
		tc := toolchain{target: target, sysroot: target.Sysroot(nil), clang: true, c: "/cc", cxx: "/cxx", tools: tools, pkgConfig: "/pc", emulator: "/qemu"}
		for what, got := range map[string][2]string{"CMake": {tc.cmakeToolchainFile(), test.cmake}, "Meson": {tc.mesonCrossFile(), test.meson}} {
			lines := strings.Split(got[0], "\n")
			for _, want := range strings.Split(got[1], "|") {
				if !slices.Contains(lines, want) {
					t.Errorf("%s %s: %s lacks %s:\n%s", test.distribution, test.env, what, want, got[0])
				}
			}
		}
		if cross := strings.Contains(tc.cmakeToolchainFile(), "CMAKE_SYSTEM_NAME"); cross != target.IsCross() {
			t.Errorf("%s: CMAKE_SYSTEM_NAME, on which CMake decides whether it may run what it builds: %v", test.env, cross)
		}
	}
	// Meson knows each family.
	known := strings.Fields("aarch64 arm loongarch64 mips mips64 ppc64 riscv64 s390x x86 x86_64")
	for _, row := range triples.Rows() {
		if f := cpuFamily(xxinfo.Target{Platform: row.Platform}); !slices.Contains(known, f) {
			t.Errorf("%s: %s", row.Platform, f)
		}
	}
}
