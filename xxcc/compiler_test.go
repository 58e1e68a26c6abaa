package xxcc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"xxkit/internal/host"
	"xxkit/internal/host/hosttest"
	"xxkit/xxinfo"
)

// newMachine returns a Debian machine with the named programs, which do nothing but say their version, with "NAME>TO" as a link.
func newMachine(t *testing.T, name, env string, programs ...string) *hosttest.Machine {
	t.Helper()
	m := hosttest.New(t, name, append([]string{"PATH=/usr/local/bin:/usr/bin:/bin"}, strings.Fields(env)...)...)
	m.Put("/etc/os-release", "ID=debian\nVERSION_ID=12\n", 0o666)
	install(m, programs...)
	return m
}

func install(m *hosttest.Machine, programs ...string) {
	for _, p := range programs {
		p, to, isLink := strings.Cut(p, ">")
		if !strings.HasPrefix(p, "/") {
			p = "/usr/bin/" + p
		}
		if isLink {
			m.Symlink(to, p)
		} else {
			m.Put(p, "#!/bin/sh\necho clang version 14.0.6\n", 0o755)
		}
	}
}

// llvm is clang and lld as Debian has them.
var llvm = []string{
	"/usr/lib/llvm-14/bin/clang", "clang>../lib/llvm-14/bin/clang", "clang++>clang",
	"/usr/lib/llvm-14/bin/lld", "ld.lld>../lib/llvm-14/bin/lld", "llvm-ar", "pkg-config",
}

// files returns what lies in the folders that setting up writes to, but for what was there.
func files(t *testing.T, m *hosttest.Machine) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, dir := range []string{"/usr/bin", "/usr/lib/llvm-14/bin", "/usr/local/bin", "/etc/llvm", "/"} {
		entries, err := os.ReadDir(m.Path(dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := filepath.Join(dir, e.Name())
			to, err := os.Readlink(m.Path(name))
			switch {
			case err == nil:
				found[name] = "-> " + to
			case !e.IsDir():
				content, err := m.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				found[name] = string(content)
			}
		}
	}
	for _, p := range llvm {
		p, _, _ = strings.Cut(p, ">")
		if !strings.HasPrefix(p, "/") {
			p = "/usr/bin/" + p
		}
		delete(found, p)
	}
	return found
}

func TestParse(t *testing.T) {
	for _, test := range []struct {
		args string
		want options
	}{
		{"-c a.c", options{}},
		{"-target aarch64-linux-gnu -c a.c", options{target: "aarch64-linux-gnu"}},
		{"--target aarch64-linux-gnu", options{target: "aarch64-linux-gnu"}},
		{"--target=a --target=b-c", options{target: "b-c"}},
		{"-target", options{}},
		{"-Xclang -target x -mllvm --target=y", options{}},
		{"-target-cpu x", options{}},
		{"--config f -c a.c", options{leave: true}},
		{"-c a.c --config=f", options{leave: true}},
		{"-Xclang --config", options{}},
		{"-cc1 -x c", options{leave: true}},
		{"-c -cc1", options{}},
		{"--help", options{help: true}},
		{"--print-target-triple", options{own: flagTriple}},
		{"--target=a --print-sysroot --wrap", options{own: flagSysroot, target: "a"}},
		{"-print-target-triple", options{}}, // clang's own
	} {
		if got := parse(strings.Fields(test.args)); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.args, got, test.want)
		}
	}
}

// TestBecomes shows what each name becomes.
func TestBecomes(t *testing.T) {
	const arm64 = "TARGETPLATFORM=linux/arm64"
	arm64gcc := []string{"aarch64-linux-gnu-gcc", "aarch64-linux-gnu-g++"}
	for _, test := range []struct {
		name, env string
		machine   []string
		args      string
		want      string
	}{
		{"xx-clang", arm64, llvm, "-c a.c", "/usr/bin/clang --config /usr/bin/aarch64-linux-gnu.cfg -c a.c"},
		{"xx-clang++", arm64, llvm, "-c a.cc", "/usr/bin/clang++ --config /usr/bin/aarch64-linux-gnu.cfg -c a.cc"},
		{"xx-cc", arm64, llvm, "-c a.c", "/usr/bin/clang --config /usr/bin/aarch64-linux-gnu.cfg -c a.c"},
		{"xx-c++", arm64, append(arm64gcc, llvm...), "-c a.cc", "/usr/bin/clang++ --config /usr/bin/aarch64-linux-gnu.cfg -c a.cc"},
		{"xx-clang", "", llvm, "-c a.c", "/usr/bin/clang --config /etc/llvm/xx-default.cfg -c a.c"},
		{"xx-clang", "TARGETPLATFORM=linux/amd64/v3", llvm, "-c a.c", "/usr/bin/clang --config /etc/llvm/xx-default.cfg -c a.c"},
		{"xx-clang", "XX_LIBC=musl", llvm, "-c a.c", "/usr/bin/clang --config /usr/bin/x86_64-linux-musl.cfg -c a.c"},
		{"xx-clang", arm64, llvm, "--version", "/usr/bin/clang --config /usr/bin/aarch64-linux-gnu.cfg --version"},

		// A target on the command line overrides the environment, in whatever spelling.
		{"xx-clang", arm64, llvm, "--target=arm-linux-gnueabihf -c a.c", "/usr/bin/clang --config /usr/bin/arm-linux-gnueabihf.cfg --target=arm-linux-gnueabihf -c a.c"},
		{"xx-clang", arm64, llvm, "-target arm-linux-gnueabihf", "/usr/bin/clang --config /usr/bin/arm-linux-gnueabihf.cfg -target arm-linux-gnueabihf"},
		{"xx-clang", arm64, llvm, "--target=powerpc64le-unknown-linux-gnu -c a.c", "/usr/bin/clang --config /usr/bin/powerpc64le-linux-gnu.cfg --target=powerpc64le-unknown-linux-gnu -c a.c"},
		{"xx-clang", arm64, llvm, "--target=x86_64-linux-gnu -c a.c", "/usr/bin/clang --config /etc/llvm/xx-default.cfg --target=x86_64-linux-gnu -c a.c"},
		{"xx-clang", arm64, llvm, "--target=x86_64-unknown-linux-musl -c a.c", "/usr/bin/clang --config /usr/bin/x86_64-linux-musl.cfg --target=x86_64-unknown-linux-musl -c a.c"},
		{"xx-clang", "TARGETPLATFORM=linux/none", llvm, "--target=i686-w64-mingw32", "/usr/bin/clang --config /usr/bin/i686-w64-mingw32.cfg --target=i686-w64-mingw32"},

		// What is clang's own business.
		{"xx-clang", arm64, llvm, "--target=wasm32-wasi -c a.c", "/usr/bin/clang --target=wasm32-wasi -c a.c"},
		{"xx-clang", arm64, llvm, "--config x.cfg -c a.c", "/usr/bin/clang --config x.cfg -c a.c"},
		{"xx-clang", "TARGETPLATFORM=linux/none", llvm, "--config=x.cfg -c a.c", "/usr/bin/clang --config=x.cfg -c a.c"},
		{"xx-clang", arm64, llvm, "-cc1 -version", "/usr/bin/clang -cc1 -version"},

		// clang elsewhere, and without the name for C++.
		{"xx-clang", arm64, []string{"/usr/local/bin/clang", "ld.lld"}, "a.c", "/usr/local/bin/clang --config /usr/bin/aarch64-linux-gnu.cfg a.c"},
		{"xx-clang++", arm64, []string{"clang", "ld.lld"}, "a.cc", "/usr/bin/clang --driver-mode=g++ --config /usr/bin/aarch64-linux-gnu.cfg a.cc"},

		// gcc where there is no clang, for those that may.
		{"xx-cc", arm64, arm64gcc, "-c a.c", "/usr/bin/aarch64-linux-gnu-gcc -c a.c"},
		{"xx-c++", arm64, arm64gcc, "-c a.cc", "/usr/bin/aarch64-linux-gnu-g++ -c a.cc"},
		{"xx-cc", "", arm64gcc, "--target=aarch64-linux-gnu -c -target aarch64-linux-gnu a.c", "/usr/bin/aarch64-linux-gnu-gcc -c a.c"},
		{"xx-cc", "", []string{"gcc"}, "a.c", "/usr/bin/gcc a.c"},
		{"xx-cc", "TARGETPLATFORM=windows/amd64", []string{"x86_64-w64-mingw32-gcc"}, "a.c", "/usr/bin/x86_64-w64-mingw32-gcc a.c"},

		// A plain clang, called through /usr/local/bin: this machine's, or what the command line says.
		{"clang", arm64, llvm, "-c a.c", "/usr/bin/clang -c a.c"},
		{"clang", arm64, append([]string{"/etc/llvm/xx-default.cfg"}, llvm...), "-c a.c", "/usr/bin/clang --config /etc/llvm/xx-default.cfg -c a.c"},
		{"clang++", "", llvm, "--target=aarch64-linux-gnu a.cc", "/usr/bin/clang++ --config /usr/bin/aarch64-linux-gnu.cfg --target=aarch64-linux-gnu a.cc"},
		{"clang", "", llvm, "--target=s390x-linux-gnu a.c", "/usr/bin/clang --target=s390x-linux-gnu a.c"}, // no linker: as without xx
		{"clang", "", llvm, "--target=bpf a.c", "/usr/bin/clang --target=bpf a.c"},
		{"clang", arm64, llvm, "--print-target-triple", "/usr/bin/clang --print-target-triple"},

		// Wrapped: the target's.
		{"clang", arm64, append([]string{"/.xx-cc-autowrap"}, llvm...), "-c a.c", "/usr/bin/clang --config /usr/bin/aarch64-linux-gnu.cfg -c a.c"},
		{"clang", arm64, append([]string{"/.xx-cc-autowrap"}, llvm...), "--help", "/usr/bin/clang --config /usr/bin/aarch64-linux-gnu.cfg --help"},
	} {
		m := newMachine(t, test.name, test.env, test.machine...)
		err := Main(m.Host, strings.Fields(test.args))
		if got := m.Became.String(); !errors.Is(err, hosttest.ErrBecame) || got != test.want {
			t.Errorf("%s %s (%s): %q, want %q; %v", test.name, test.args, test.env, got, test.want, err)
		}
	}
}

// TestEnvironmentStays shows that clang gets the environment as it is.
func TestEnvironmentStays(t *testing.T) {
	m := newMachine(t, "xx-clang", "TARGETPLATFORM=linux/arm64 FOO=bar", llvm...)
	if err := Main(m.Host, []string{"a.c"}); !errors.Is(err, hosttest.ErrBecame) || !slices.Equal(m.Became.Env, m.Env) {
		t.Errorf("%v, %q, want %q", err, m.Became.Env, m.Env)
	}
}

func TestErrors(t *testing.T) {
	const install = "hint: install clang and lld (apt-get install clang lld, apk add clang lld), or call xx-cc, which takes gcc too\n"
	const installEither = "hint: install clang and lld (apt-get install clang lld, apk add clang lld), or gcc for the target (xx-apt-get install gcc g++)\n"
	for _, test := range []struct {
		name, env string
		machine   []string
		args      string
		status    int
		want      string
	}{
		{"xx-clang", "", nil, "a.c", 1, "xx-clang: /usr/bin/clang not found\n" + install},
		{"xx-clang", "", []string{"x86_64-linux-gnu-gcc"}, "a.c", 1, "xx-clang: /usr/bin/clang not found\n" + install},
		{"xx-clang++", "", nil, "--config x", 1, "xx-clang++: /usr/bin/clang not found\n" + install},
		{"xx-clang", "", nil, "--target=bpf", 1, "xx-clang: /usr/bin/clang not found\n" + install},
		{"xx-cc", "TARGETPLATFORM=linux/arm64", []string{"gcc"}, "a.c", 1, "xx-cc: /usr/bin/clang not found\n" + installEither},
		{"xx-c++", "TARGETPLATFORM=linux/arm64", []string{"aarch64-linux-gnu-gcc"}, "a.cc", 1, "xx-c++: /usr/bin/clang not found\n" + installEither},
		{"xx-cc", "TARGETPLATFORM=linux/arm64", []string{"aarch64-linux-gnu-gcc"}, "--wrap", 1,
			"xx-cc: /usr/bin/clang not found\nhint: --wrap is for clang alone, and gcc does not do: install clang and lld (apt-get install clang lld, apk add clang lld)\n"},
		{"clang", "", nil, "a.c", 1, "clang: /usr/bin/clang not found\n" + install},
		{"xx-clang", "TARGETPLATFORM=linux/arm64", []string{"clang"}, "a.c", 1,
			"xx-clang: no suitable linker found for aarch64-linux-gnu\nhint: install lld: apt-get install lld\n"},
		{"xx-clang", "TARGETPLATFORM=linux/arm64", []string{"clang"}, "--print-target-triple", 1,
			"xx-clang: no suitable linker found for aarch64-linux-gnu\nhint: install lld: apt-get install lld\n"},
		{"xx-clang", "TARGETPLATFORM=linux/ppc64", llvm, "a.c", 1,
			"xx-clang: unsupported target: os=linux arch=ppc64 variant=\nhint: `xx-info list` shows the platforms that are supported\n"},
		{"xx-clang", "", append([]string{"/usr/local/bin/clang>/usr/bin/clang"}, llvm...), "--wrap", 1,
			"xx-clang: /usr/local/bin/clang is not a link to xx, so a plain clang cannot be wrapped\nhint: remove /usr/local/bin/clang and call --wrap again, or use xx-clang\n"},
	} {
		m := newMachine(t, test.name, test.env, test.machine...)
		status := m.Report(Main(m.Host, strings.Fields(test.args)))
		if got := m.Err.String(); got != test.want || status != test.status || m.Became.Path != "" || m.Out.String() != "" {
			t.Errorf("%s %s: status %d, %q, %q, became %q; want %q", test.name, test.args, status, &m.Out, got, m.Became.Args, test.want)
		}
	}
}

func TestOwnFlags(t *testing.T) {
	const arm64 = "TARGETPLATFORM=linux/arm64"
	gcc := []string{"aarch64-linux-gnu-gcc", "aarch64-linux-gnu-g++"}
	for _, test := range []struct {
		env     string
		machine []string
		args    string
		want    string
	}{
		{arm64, llvm, "--print-target-triple", "aarch64-linux-gnu\n"},
		{arm64, llvm, "--setup-target-triple", ""},
		{arm64, llvm, "--target=i686-unknown-linux-gnu --print-target-triple", "i686-linux-gnu\n"},
		{arm64, gcc, "--print-target-triple", "aarch64-linux-gnu\n"},
		{arm64, gcc, "--setup-target-triple", ""},
		{arm64, nil, "--print-sysroot", "/\n"},
		{"XX_VENDOR=alpine " + arm64, llvm, "--print-sysroot", "/aarch64-alpine-linux-musl/\n"},
		{"XX_VENDOR=alpine", llvm, "--print-sysroot", "/\n"},
		{"TARGETPLATFORM=darwin/arm64", nil, "--print-sysroot", "/xx-sdk/MacOSX11.1.sdk/\n"},
		{arm64, llvm, "--print-cmake-defines", "-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_ASM_COMPILER=clang -DPKG_CONFIG_EXECUTABLE=/usr/bin/aarch64-linux-gnu-pkg-config" +
			" -DCMAKE_C_COMPILER_TARGET=aarch64-linux-gnu -DCMAKE_CXX_COMPILER_TARGET=aarch64-linux-gnu -DCMAKE_ASM_COMPILER_TARGET=aarch64-linux-gnu\n"},
		{arm64, gcc, "--print-cmake-defines", "-DCMAKE_C_COMPILER=/usr/bin/aarch64-linux-gnu-gcc -DCMAKE_CXX_COMPILER=/usr/bin/aarch64-linux-gnu-g++ -DCMAKE_ASM_COMPILER=/usr/bin/aarch64-linux-gnu-gcc" +
			" -DPKG_CONFIG_EXECUTABLE=/usr/bin/aarch64-linux-gnu-pkg-config\n"},
	} {
		m := newMachine(t, "xx-cc", test.env, test.machine...)
		err := Main(m.Host, strings.Fields(test.args))
		if got := m.Out.String(); err != nil || got != test.want || m.Became.Path != "" {
			t.Errorf("%s %s: %q, %v, want %q", test.env, test.args, got, err, test.want)
		}
	}
	m := newMachine(t, "xx-clang", "")
	if err := Main(m.Host, []string{"--help"}); err != nil || m.Err.String() != usage {
		t.Errorf("--help: %v, %q", err, &m.Err)
	}
	// gcc's pkg-config is told to look at the target alone, too.
	m = newMachine(t, "xx-cc", arm64, append(gcc, "pkg-config")...)
	if err := Main(m.Host, []string{"--setup-target-triple"}); err != nil || !isSelf(m.Host, "/usr/bin/aarch64-linux-gnu-pkg-config") {
		t.Errorf("%v; %v", err, files(t, m))
	}
}

func TestWrap(t *testing.T) {
	m := newMachine(t, "xx-clang", "TARGETPLATFORM=linux/arm64", llvm...)
	for range 2 {
		if err := Main(m.Host, []string{"--wrap"}); err != nil || !exists(m.Host, wrapMarker) {
			t.Fatal(err)
		}
	}
	plain := *m.Host
	plain.Name = "clang"
	if err := Main(&plain, []string{"a.c"}); !errors.Is(err, hosttest.ErrBecame) || m.Became.Args[2] != "/usr/bin/aarch64-linux-gnu.cfg" {
		t.Errorf("%v, %q", err, m.Became.Args)
	}
	if err := Main(&plain, []string{"--print-target-triple"}); err != nil || m.Out.String() != "aarch64-linux-gnu\n" {
		t.Errorf("%v, %q", err, &m.Out)
	}
	for range 2 {
		if err := Main(m.Host, []string{"--unwrap"}); err != nil || exists(m.Host, wrapMarker) {
			t.Fatal(err)
		}
	}
	if err := Main(&plain, []string{"a.c"}); !errors.Is(err, hosttest.ErrBecame) || m.Became.Args[2] != defaultConfig {
		t.Errorf("%v, %q", err, m.Became.Args)
	}
}

// TestSetUpAgain shows that a set-up is done once, and again when what it depends on has changed.
func TestSetUpAgain(t *testing.T) {
	m := newMachine(t, "xx-clang", "TARGETPLATFORM=linux/arm64", llvm...)
	setUp := func(h *host.Host) (wrote bool) {
		t.Helper()
		debug := new(strings.Builder)
		loud := *h
		loud.Env, loud.Stderr = h.Env.With("XX_DEBUG", "1"), debug
		if err := Main(&loud, []string{"--setup-target-triple"}); err != nil {
			t.Fatal(err)
		}
		return debug.String() != ""
	}
	config := func() string {
		t.Helper()
		line, err := m.ReadFile("/usr/bin/aarch64-linux-gnu.cfg")
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(line))
	}
	if !setUp(m.Host) || setUp(m.Host) {
		t.Error("not set up, or twice")
	}
	before := files(t, m)

	// Something new in /usr/bin is looked at once, and changes nothing here.
	install(m, "make")
	if !setUp(m.Host) || setUp(m.Host) {
		t.Error("not looked at, or twice")
	}
	delete(before, marker("aarch64-linux-gnu"))
	for name, want := range before {
		if got := files(t, m)[name]; got != want {
			t.Errorf("%s: %q, was %q", name, got, want)
		}
	}

	// Another linker is preferred, then not any more.
	install(m, "aarch64-linux-gnu-gold")
	gold := *m.Host
	gold.Env = m.Env.With("XX_CC_PREFER_LINKER", "gold")
	setUp(&gold)
	if got := config(); got != "--target=aarch64-linux-gnu -fuse-ld=/usr/bin/aarch64-linux-gnu-gold" {
		t.Errorf("gold: %s", got)
	}
	setUp(m.Host)
	if got := config(); got != "--target=aarch64-linux-gnu -fuse-ld=lld" {
		t.Errorf("lld again: %s", got)
	}

	// lld goes, and a GNU linker comes.
	if err := m.Remove("/usr/bin/ld.lld"); err != nil {
		t.Fatal(err)
	}
	if err := m.Remove("/usr/lib/llvm-14/bin/lld"); err != nil {
		t.Fatal(err)
	}
	if err := Main(m.Host, []string{"a.c"}); err == nil || err.Error() != "no suitable linker found for aarch64-linux-gnu" {
		t.Errorf("without lld: %v", err)
	}
	if err := m.Remove("/usr/bin/aarch64-linux-gnu-ld"); err != nil { // as dpkg replaces the link by its file
		t.Fatal(err)
	}
	install(m, "aarch64-linux-gnu-ld")
	setUp(m.Host)
	if got := config(); got != "--target=aarch64-linux-gnu -fuse-ld=/usr/bin/aarch64-linux-gnu-ld" {
		t.Errorf("GNU ld: %s", got)
	}

	// What somebody has broken is mended when /usr/bin shows it.
	if err := m.Remove("/usr/bin/aarch64-linux-gnu.cfg"); err != nil {
		t.Fatal(err)
	}
	setUp(m.Host)
	config()
}

// TestHalfWritten stops a set-up after each of its files, and leaves torn temporary files: the next one makes
// good all of it.
func TestHalfWritten(t *testing.T) {
	whole := newMachine(t, "xx-clang", "TARGETPLATFORM=linux/arm64", llvm...)
	if err := Main(whole.Host, []string{"--setup-target-triple"}); err != nil {
		t.Fatal(err)
	}
	want := files(t, whole)
	delete(want, marker("aarch64-linux-gnu"))
	f := &facts{h: whole.Host, clang: "/usr/bin/clang"}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	target := xxinfo.FromHost(whole.Host)
	all, err := planFor(target, machineTarget(whole.Host), false, preferencesOf(whole.Env), "/", self, f)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(all.files) + len(all.links) {
		m := newMachine(t, "xx-clang", "TARGETPLATFORM=linux/arm64", llvm...)
		part := plan{files: all.files[:min(n, len(all.files))], links: all.links[:max(0, n-len(all.files))]}
		if _, err := part.apply(m.Host); err != nil {
			t.Fatal(err)
		}
		m.Put("/usr/bin/.aarch64-linux-gnu.cfg123456", "--tar", 0o666)
		m.Put("/etc/llvm/.xx-aarch64-linux-gnu.done123456", "xx-", 0o666)
		if err := Main(m.Host, []string{"--setup-target-triple"}); err != nil {
			t.Fatal(err)
		}
		got := files(t, m)
		if !isSetUp(m.Host, target) {
			t.Errorf("after %d: no marker, or an old one", n)
		}
		delete(got, marker("aarch64-linux-gnu"))
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("after %d: %v\nwant %v", n, got, want)
		}
	}
}

// TestManyAtOnce sets up several targets from many at once.
func TestManyAtOnce(t *testing.T) {
	m := newMachine(t, "xx-clang", "", llvm...)
	var wg sync.WaitGroup
	for i := range 60 {
		one := *m.Host
		one.Stdout, one.Stderr = new(strings.Builder), new(strings.Builder)
		one.Env = m.Env.With("TARGETPLATFORM", []string{"linux/arm64", "linux/arm", "linux/amd64"}[i%3])
		wg.Go(func() {
			if err := Main(&one, []string{"--setup-target-triple"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for name := range files(t, m) {
		if strings.HasPrefix(filepath.Base(name), ".") || strings.HasSuffix(name, ".xx-new") {
			t.Errorf("left: %s", name)
		}
	}
	if n := len(m.Glob("/usr/bin/*.cfg")); n != 3 {
		t.Errorf("%d configuration files", n)
	}
}

func TestSetUpIsForOthers(t *testing.T) {
	m := newMachine(t, "xx-go", "TARGETPLATFORM=linux/arm64", llvm...)
	tools, err := SetUp(m.Host, xxinfo.FromHost(m.Host))
	want := Tools{"aarch64-linux-gnu-clang", "aarch64-linux-gnu-clang++", "aarch64-linux-gnu-ar", "aarch64-linux-gnu-pkg-config"}
	if err != nil || tools != want || !HasClang(m.Host) || !m.Has("aarch64-linux-gnu-clang") {
		t.Errorf("%+v, %v", tools, err)
	}
	m = newMachine(t, "xx-go", "TARGETPLATFORM=linux/arm64", "clang", "ld.lld")
	if tools, err := SetUp(m.Host, xxinfo.FromHost(m.Host)); err != nil || tools != (Tools{CC: want.CC, CXX: want.CXX}) {
		t.Errorf("%+v, %v", tools, err)
	}
	m = newMachine(t, "xx-go", "TARGETPLATFORM=linux/arm64")
	if _, err := SetUp(m.Host, xxinfo.FromHost(m.Host)); err == nil || HasClang(m.Host) {
		t.Error("clang out of thin air")
	}
}

// TestReadOnly is a machine that may not be written to.
func TestReadOnly(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root may write anywhere, so a file takes the place of the folder.
		m := newMachine(t, "xx-clang", "TARGETPLATFORM=linux/arm64", llvm...)
		m.Put("/etc/llvm", "", 0o666)
		if err := Main(m.Host, []string{"a.c"}); err == nil || !strings.Contains(err.Error(), "/etc/llvm") {
			t.Errorf("%v", err)
		}
		return
	}
	m := newMachine(t, "xx-clang", "TARGETPLATFORM=linux/arm64", llvm...)
	if err := os.Chmod(m.Path("/etc"), 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(m.Path("/etc"), 0o755) }) // so that it can be removed
	status := m.Report(Main(m.Host, []string{"a.c"}))
	if got := m.Err.String(); status != 1 || !strings.HasPrefix(got, "xx-clang: cannot set up aarch64-linux-gnu: ") ||
		!strings.HasSuffix(got, "hint: do it once as root: TARGETPLATFORM=linux/arm64 xx-clang --setup-target-triple\n") {
		t.Errorf("status %d, %q", status, got)
	}
}
