package xxgo

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

// call is what the helper has become.
type call struct {
	path string
	args []string
	env  host.Env
}

var errBecame = errors.New("became another program")

// newHost returns a Debian machine with x86_64 and a go in /usr/local/go/bin, and where
// it records what the helper becomes.
func newHost(t *testing.T, env ...string) (*host.Host, *call) {
	t.Helper()
	h := &host.Host{
		Name: "xx-go", Root: t.TempDir(), March: "x86_64", Stdout: new(strings.Builder), Stderr: new(strings.Builder),
		Env: append(host.Env{"PATH=/usr/local/go/bin:/usr/bin"}, env...),
	}
	became := new(call)
	h.Execve = func(path string, args, env []string) error {
		*became = call{strings.TrimPrefix(path, h.Root), args, env}
		return errBecame
	}
	put(t, h, "/etc/os-release", "ID=debian\nVERSION_ID=12\n", 0o666)
	put(t, h, "/usr/local/go/bin/go", "", 0o777)
	return h, became
}

func put(t *testing.T, h *host.Host, name, content string, perm os.FileMode) {
	t.Helper()
	path := h.Path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), perm); err != nil {
		t.Fatal(err)
	}
}

// TestBecomesGo shows the last step: go, with the arguments as they are.
func TestBecomesGo(t *testing.T) {
	h, became := newHost(t, "TARGETPLATFORM=linux/arm/v6", "FOO=bar")
	args := []string{"build", "-ldflags", "-X 'a=b c'", "--", "--wrap"}
	if err := Main(h, args); !errors.Is(err, errBecame) {
		t.Fatal(err)
	}
	if became.path != "/usr/local/go/bin/go" || !slices.Equal(became.args, append([]string{"go"}, args...)) {
		t.Errorf("%s %q", became.path, became.args)
	}
	want := []string{"PATH=/usr/local/go/bin:/usr/bin", "TARGETPLATFORM=linux/arm/v6", "FOO=bar", "GOOS=linux", "GOARCH=arm", "GOARM=6"}
	if !slices.Equal(became.env, want) {
		t.Errorf("%q, want %q", became.env, want)
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
		h, became := newHost(t, append(strings.Fields(test.env), "TARGETPLATFORM=linux/arm64")...)
		_ = Main(h, []string{"version"})
		if got := became.env.Get("PATH"); got != test.want {
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
	h, became := newHost(t,
		"TARGETPLATFORM=linux/arm/v6", "TARGETPAIR=a-b", "TARGETOS=linux", "TARGETARCH=arm", "TARGETVARIANT=v6",
		"GOOS=linux", "GOARCH=arm", "GO386=softfloat", "GOAMD64=v4", "GOARM=6", "GOARM64=v9.0", "GOMIPS=softfloat", "GOMIPS64=softfloat",
		"GOPPC64=power9", "GORISCV64=rva22u64", "GOWASM=satconv",
		"CC=arm-linux-gnueabi-gcc-12", "CXX=/usr/bin/arm-linux-gnueabi-g++", "AR=x86_64-linux-gnu-ar", "PKG_CONFIG=pkg-config",
		"GOFLAGS=-x", "CGO_ENABLED=1")
	if err := Main(h, []string{"--host", "run", "--wrap"}); !errors.Is(err, errBecame) {
		t.Fatal(err)
	}
	want := []string{"PATH=/usr/local/go/bin:/usr/bin", "AR=x86_64-linux-gnu-ar", "PKG_CONFIG=pkg-config", "GOFLAGS=-x", "CGO_ENABLED=1"}
	if !slices.Equal(became.env, want) || !slices.Equal(became.args, []string{"go", "run", "--wrap"}) {
		t.Errorf("%q with %q, want %q", became.args, became.env, want)
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
		h, _ := newHost(t)
		h.Env = host.Env{"PATH=/usr/bin:relative::/missing"}
		err := Main(h, args)
		if status := h.Report(err); status != 1 || err.Error() != "go: not found" {
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
		h, became := newHost(t, append(strings.Fields(test.env), "TARGETPLATFORM=linux/arm64", "HOME=/home")...)
		put(t, h, "/goenv", "CGO_ENABLED=0\n", 0o666)
		for program := range strings.FieldsSeq(test.programs) {
			put(t, h, "/usr/bin/"+program, "#!/bin/sh\n", 0o777)
		}
		err := Main(h, strings.Fields(test.args))
		got := became.env.Get("CC")
		if !errors.Is(err, errBecame) {
			got = err.Error()
		}
		_, statErr := os.Stat(h.Path("/usr/bin/aarch64-linux-gnu.cfg"))
		if setUp := statErr == nil; got != test.cc || setUp != test.setUp {
			t.Errorf("%s xx-go %s with %s: CC=%s, set up: %v; want %s, %v", test.env, test.args, test.programs, got, setUp, test.cc, test.setUp)
		}
	}
}
