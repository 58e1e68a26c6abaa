package xxgo

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"xxkit/internal/host"
	"xxkit/internal/host/hosttest"
	"xxkit/xxinfo"
)

// newMachine returns a Debian machine with a go in /usr/local/go/bin.
func newMachine(t *testing.T, env ...string) *hosttest.Machine {
	t.Helper()
	m := hosttest.New(t, "xx-go", append([]string{"PATH=/usr/local/go/bin:/usr/bin"}, env...)...)
	m.Put("/etc/os-release", "ID=debian\nVERSION_ID=12\n", 0o666)
	m.Put("/usr/local/go/bin/go", "", 0o777)
	return m
}

// TestBecomesGo shows the last step: go, with the arguments as they are.
func TestBecomesGo(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm/v6", "FOO=bar")
	args := []string{"build", "-ldflags", "-X 'a=b c'", "--", "--wrap"}
	if err := Main(m.Host, args); !errors.Is(err, hosttest.ErrBecame) {
		t.Fatal(err)
	}
	if m.Became.Path != "/usr/local/go/bin/go" || !slices.Equal(m.Became.Args, append([]string{"go"}, args...)) {
		t.Errorf("%s %q", m.Became.Path, m.Became.Args)
	}
	want := []string{"PATH=/usr/local/go/bin:/usr/bin", "TARGETPLATFORM=linux/arm/v6", "FOO=bar", "GOOS=linux", "GOARCH=arm", "GOARM=6"}
	if !slices.Equal(m.Became.Env, want) {
		t.Errorf("%q, want %q", m.Became.Env, want)
	}
}

// TestPath shows when the folder of installed programs goes first on PATH.
func TestPath(t *testing.T) {
	const old = "/usr/local/go/bin:/usr/bin"
	for _, test := range []struct{ env, want string }{
		{"", old},
		{"GOPATH=/go", "/go/bin/linux_arm64:" + old},
		{"GOPATH=/go:/more", "/go/bin/linux_arm64:" + old},
		{"GOPATH=/go GOBIN=/go/bin", old},
		{"GOPATH=/go GOBIN=", "/go/bin/linux_arm64:" + old},
		{"GOPATH=/go GOARCH=386 GOOS=windows", "/go/bin/windows_386:" + old},
	} {
		m := newMachine(t, append(strings.Fields(test.env), "TARGETPLATFORM=linux/arm64")...)
		_ = Main(m.Host, []string{"version"})
		if got := m.Became.Env.Get("PATH"); got != test.want {
			t.Errorf("%s: PATH=%s, want %s", test.env, got, test.want)
		}
	}
}

// TestSettings shows which variables go gets beyond what the contract's table has (see
// xxinfo/contract_test.go for that).
func TestSettings(t *testing.T) {
	for _, test := range []struct{ env, programs, want string }{
		{"TARGETPLATFORM=wasi/wasm", "", "GOOS=js GOARCH=wasm"},
		{"TARGETOS=wasi", "", "GOOS=js GOARCH=wasm"},
		{"TARGETPLATFORM=wasip1/wasm", "", "GOOS=wasip1 GOARCH=wasm"},
		{"TARGETOS=wasip1", "", "GOOS=wasip1 GOARCH=wasm"},
		{"TARGETPLATFORM=freebsd/arm64/v8.2", "", "GOOS=freebsd GOARCH=arm64 GOARM64=v8.2"},
		{"TARGETPLATFORM=linux/ppc64", "powerpc64-linux-gnu-gcc", "GOOS=linux GOARCH=ppc64"},
		{"TARGETPLATFORM=linux/arm GOARM=5", "", "GOOS=linux GOARCH=arm GOARM=5"},
		{"TARGETPLATFORM=linux/arm GOARM=", "", "GOOS=linux GOARCH=arm GOARM=7"},
		{"TARGETPLATFORM=linux/amd64/v3 GOAMD64=v2", "", "GOOS=linux GOARCH=amd64 GOAMD64=v2"},
		{"TARGETPLATFORM=linux/amd64 GOOS=plan9 GOARCH=386", "", "GOOS=plan9 GOARCH=386"},
		{"TARGETPLATFORM=linux/s390x", "s390x-linux-gnu-gcc", "GOOS=linux GOARCH=s390x CC=s390x-linux-gnu-gcc"},
		{"TARGETPLATFORM=linux/s390x", "s390x-linux-gnu-g++ s390x-linux-gnu-gcc x86_64-linux-gnu-pkg-config", "GOOS=linux GOARCH=s390x CC=s390x-linux-gnu-gcc CXX=s390x-linux-gnu-g++"},
		{"TARGETPLATFORM=linux/s390x", "s390x-linux-gnu-gcc s390x-linux-gnu-clang s390x-linux-gnu-clang++ s390x-linux-gnu-ar s390x-linux-gnu-pkg-config", "GOOS=linux GOARCH=s390x CC=s390x-linux-gnu-clang CXX=s390x-linux-gnu-clang++ AR=s390x-linux-gnu-ar PKG_CONFIG=s390x-linux-gnu-pkg-config"},
		{"TARGETPLATFORM=linux/s390x XX_GO_PREFER_C_COMPILER=gcc", "s390x-linux-gnu-gcc s390x-linux-gnu-clang", "GOOS=linux GOARCH=s390x CC=s390x-linux-gnu-gcc"},
		{"TARGETPLATFORM=linux/arm/v6 XX_VENDOR=alpine XX_GO_PREFER_C_COMPILER=zig", "", "GOOS=linux GOARCH=arm GOARM=6 CC=zig cc -target arm-linux-musleabihf CXX=zig c++ -target arm-linux-musleabihf"},
		{"TARGETPLATFORM=linux/s390x CC=own-gcc", "s390x-linux-gnu-gcc s390x-linux-gnu-g++", "GOOS=linux GOARCH=s390x CC=own-gcc CXX=s390x-linux-gnu-g++"},
		{"TARGETPLATFORM=windows/amd64", "x86_64-w64-mingw32-gcc", "GOOS=windows GOARCH=amd64 CC=x86_64-w64-mingw32-gcc"},
	} {
		programs := strings.Fields(test.programs)
		env := host.Env(strings.Fields(test.env))
		target := xxinfo.Resolve(env, []byte("ID=debian\n"), "x86_64")
		var got []string
		for _, v := range Settings(target, env, func(p string) bool { return slices.Contains(programs, p) }) {
			got = append(got, v.Name+"="+v.Value)
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s with %s: %s, want %s", test.env, test.programs, got, test.want)
		}
	}
}

// TestHostClearsTheTarget shows what is left for a go that builds for this machine.
func TestHostClearsTheTarget(t *testing.T) {
	m := newMachine(t,
		"TARGETPLATFORM=linux/arm/v6", "TARGETPAIR=a-b", "TARGETOS=linux", "TARGETARCH=arm", "TARGETVARIANT=v6",
		"GOOS=linux", "GOARCH=arm", "GO386=softfloat", "GOAMD64=v4", "GOARM=6", "GOARM64=v9.0", "GOMIPS=softfloat", "GOMIPS64=softfloat",
		"GOPPC64=power9", "GORISCV64=rva22u64", "GOWASM=satconv",
		"CC=arm-linux-gnueabi-gcc-12", "CXX=/usr/bin/arm-linux-gnueabi-g++", "AR=x86_64-linux-gnu-ar", "PKG_CONFIG=pkg-config",
		"GOFLAGS=-x", "CGO_ENABLED=1")
	if err := Main(m.Host, []string{"--host", "run", "--wrap"}); !errors.Is(err, hosttest.ErrBecame) {
		t.Fatal(err)
	}
	want := []string{"PATH=/usr/local/go/bin:/usr/bin", "AR=x86_64-linux-gnu-ar", "PKG_CONFIG=pkg-config", "GOFLAGS=-x", "CGO_ENABLED=1"}
	if !slices.Equal(m.Became.Env, want) || !slices.Equal(m.Became.Args, []string{"go", "run", "--wrap"}) {
		t.Errorf("%q with %q, want %q", m.Became.Args, m.Became.Env, want)
	}
}

func TestForeign(t *testing.T) {
	for tool, want := range map[string]bool{
		"": false, "gcc": false, "clang": false, "gcc-12": false, "/opt/my-gcc": false, "x86_64-linux-gnu-gcc": false,
		"x86_64-alpine-linux-musl-gcc -m64": false, "aarch64-linux-gnu-gcc": true, "/usr/bin/aarch64-linux-gnu-gcc-12": true,
		"arm-linux-gnueabihf-clang": true, "x86_64-w64-mingw32-gcc": true, "zig cc -target x86_64-linux-gnu": true,
		"clang --target=aarch64-linux-gnu": true, "clang --target aarch64-linux-gnu": true, "ccache gcc": false,
	} {
		if got := foreign(tool, "x86_64"); got != want {
			t.Errorf("%q: %v, want %v", tool, got, want)
		}
	}
}

func TestNoGo(t *testing.T) {
	for _, args := range [][]string{{"build"}, {"--host", "build"}, {}} {
		m := newMachine(t)
		m.Env = host.Env{"PATH=/usr/bin:relative::/missing"}
		err := Main(m.Host, args)
		if status := m.Report(err); status != 1 || err.Error() != "go: not found" {
			t.Errorf("%q: %v, status %d", args, err, status)
		}
	}
}

// TestSetsClangUp shows which calls set the target up for clang, and that only cgo may fail for it.
func TestSetsClangUp(t *testing.T) {
	const noLinker = "no suitable linker found for aarch64-linux-gnu"
	for _, test := range []struct {
		env, programs, args string
		cc                  string // what go gets as CC, or the error
		setUp               bool
	}{
		{"", "clang ld.lld", "build .", "aarch64-linux-gnu-clang", true},
		{"CGO_ENABLED=1", "clang ld.lld", "test ./...", "aarch64-linux-gnu-clang", true},
		{"", "clang ld.lld aarch64-linux-gnu-gcc", "env CC", "aarch64-linux-gnu-clang", true},
		{"XX_GO_PREFER_C_COMPILER=clang", "clang ld.lld", "vet .", "aarch64-linux-gnu-clang", true},

		// Nothing to compile.
		{"", "clang ld.lld", "version", "", false},
		{"", "clang ld.lld", "mod tidy", "", false},
		{"", "clang ld.lld", "", "", false},
		{"CGO_ENABLED=0", "clang ld.lld", "build .", "", false},
		{"GOENV=/goenv", "clang ld.lld", "build .", "", false}, // which says CGO_ENABLED=0
		{"GOENV=/goenv CGO_ENABLED=1", "clang ld.lld", "build .", "aarch64-linux-gnu-clang", true},

		// Another compiler is wanted.
		{"XX_GO_PREFER_C_COMPILER=gcc", "clang ld.lld aarch64-linux-gnu-gcc", "build .", "aarch64-linux-gnu-gcc", false},
		{"XX_GO_PREFER_C_COMPILER=zig", "clang ld.lld", "build .", "zig cc -target aarch64-linux-gnu", false},
		{"CC=my-gcc", "clang ld.lld", "build .", "my-gcc", false},

		// There is none, or it cannot be set up.
		{"CGO_ENABLED=1", "aarch64-linux-gnu-gcc", "build .", "aarch64-linux-gnu-gcc", false},
		{"", "clang", "build .", "", false},
		{"CGO_ENABLED=1", "clang aarch64-linux-gnu-gcc", "build .", "aarch64-linux-gnu-gcc", false},
		{"CGO_ENABLED=1", "clang", "build .", noLinker, false},
		{"CGO_ENABLED=1", "clang", "--wrap", noLinker, false},
		{"CGO_ENABLED=1", "clang", "version", "", false},
	} {
		m := newMachine(t, append(strings.Fields(test.env), "TARGETPLATFORM=linux/arm64", "HOME=/home")...)
		m.Put("/goenv", "CGO_ENABLED=0\n", 0o666)
		for program := range strings.FieldsSeq(test.programs) {
			m.Program(program, "")
		}
		err := Main(m.Host, strings.Fields(test.args))
		got := m.Became.Env.Get("CC")
		if !errors.Is(err, hosttest.ErrBecame) {
			got = err.Error()
		}
		_, statErr := os.Stat(m.Path("/usr/bin/aarch64-linux-gnu.cfg"))
		if setUp := statErr == nil; got != test.cc || setUp != test.setUp {
			t.Errorf("%s xx-go %s with %s: CC=%s, set up: %v; want %s, %v", test.env, test.args, test.programs, got, setUp, test.cc, test.setUp)
		}
	}
}
