package xxapt

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"xxkit/internal/host/hosttest"
)

// machine is a machine to run xx-apt on.
type machine struct{ *hosttest.Machine }

// newMachine returns a machine with dpkg, apt-cache, apt and apt-get. dpkg keeps the architectures it is told of;
// apt-get update makes lists for all of them; apt-cache knows the stanzas in the file show.
func newMachine(t *testing.T, name, osRelease string, env ...string) *machine {
	t.Helper()
	m := &machine{hosttest.New(t, name, append([]string{"PATH=/usr/bin"}, env...)...)}
	if osRelease != "" {
		m.Put("/etc/os-release", osRelease, 0o666)
	}
	m.Program("dpkg", `case "$1" in
--print-architecture) echo amd64;;
--print-foreign-architectures) cat $ROOT/foreign;;
--add-architecture) echo $2 >>$ROOT/foreign;;
esac`)
	m.Put("/foreign", "", 0o666)
	m.Program("dpkg-query", "cat $ROOT/installed")
	m.Put("/installed", "", 0o666)
	m.Program("apt-cache", `case "$1" in show) cat $ROOT/show;; policy) cat $ROOT/policy;; depends) cat $ROOT/depends;; esac`)
	m.Put("/show", "", 0o666)
	m.Program("apt", "")
	m.Program("apt-get", `case "$1" in update)
	echo fetching
	for arch in amd64 $(/bin/cat $ROOT/foreign); do :>$ROOT/var/lib/apt/lists/x_binary-${arch}_Packages.lz4; done
esac`)
	m.Put("/var/lib/apt/lists/lock", "", 0o666)
	return m
}

// run runs the helper and returns its exit status and the calls of programs that change something or are
// changed into.
func (m *machine) run(args ...string) (status int, calls []string) {
	m.Forget()
	if err := Main(m.Host, args); !errors.Is(err, hosttest.ErrBecame) {
		status = m.Report(err)
	}
	for _, call := range m.Calls() {
		if !strings.HasPrefix(call, "dpkg --print") && !strings.HasPrefix(call, "dpkg-query") && !strings.HasPrefix(call, "apt-cache") {
			calls = append(calls, call)
		}
	}
	return status, calls
}

func stanza(name, arch string) string {
	return "Package: " + name + "\nVersion: 1\nArchitecture: " + arch + "\n\n"
}

// TestInstall shows the steps: dpkg, update, install; and the second time install alone.
func TestInstall(t *testing.T) {
	m := newMachine(t, "xx-apt-get", debian12, "TARGETPLATFORM=linux/arm64")
	m.Put("/show", stanza("gcc-aarch64-linux-gnu", "amd64")+stanza("tzdata", "all"), 0o666)
	status, calls := m.run("install", "-qq", "-oA=b", "gcc", "tzdata", "zlib1g-dev")
	want := []string{"dpkg --add-architecture arm64", "apt-get update -o A=b -q=2", "apt-get install -qq -oA=b gcc-aarch64-linux-gnu tzdata zlib1g-dev:arm64"}
	if status != 0 || !slices.Equal(calls, want) {
		t.Errorf("%d %q, want %q\n%s", status, calls, want, &m.Err)
	}
	if want := "fetching\n+ apt-get install -qq -oA=b gcc-aarch64-linux-gnu tzdata zlib1g-dev:arm64\n"; m.Err.String() != want || m.Out.String() != "" {
		t.Errorf("%q, %q, want %q", &m.Err, &m.Out, want)
	}
	status, calls = m.run("install", "gcc")
	if want := []string{"apt-get install gcc-aarch64-linux-gnu"}; status != 0 || !slices.Equal(calls, want) {
		t.Errorf("again: %d %q, want %q\n%s", status, calls, want, &m.Err)
	}
	log := strings.Join(m.Calls(), "\n")
	if n := strings.Count(log, "apt-cache"); n != 1 {
		t.Errorf("apt-cache was asked %d times:\n%s", n, log)
	}
}

// TestSharesCache: where apt keeps no cache of its own, the programs of an install share one, which is gone afterwards.
func TestSharesCache(t *testing.T) {
	const setting = "-o Dir::Cache::pkgcache=/apt/xx-pkgcache.bin"
	for _, test := range []struct {
		name, config, args string
		want               string
	}{
		{"none", `printf "file=''\\nfolder='/apt'\\n"`, "install -o A=b zlib1g-dev",
			"apt-get update -o A=b " + setting + "|apt-cache show -o APT::Cmd::Pattern-Only=true -o A=b " + setting + "|apt-get " + setting + " install -o A=b zlib1g-dev:arm64"},
		{"its own", `printf "file='pkgcache.bin'\\nfolder='/apt'\\n"`, "install zlib1g-dev", "apt-get update|apt-cache show -o APT::Cmd::Pattern-Only=true|apt-get install zlib1g-dev:arm64"},
		{"no folder", `printf "file=''\\n"`, "install zlib1g-dev", "apt-get update|apt-cache show -o APT::Cmd::Pattern-Only=true|apt-get install zlib1g-dev:arm64"},
		{"it fails", `printf "file=''\\nfolder='/apt'\\n"; exit 1`, "install zlib1g-dev", "apt-get update|apt-cache show -o APT::Cmd::Pattern-Only=true|apt-get install zlib1g-dev:arm64"},
		{"not to be watched", `printf "file=''\\nfolder='/apt'\\n"`, "remove zlib1g-dev", "apt-get update|apt-cache show -o APT::Cmd::Pattern-Only=true|become /usr/bin/apt-get remove zlib1g-dev:arm64"},
	} {
		m := newMachine(t, "xx-apt-get", debian12, "TARGETPLATFORM=linux/arm64")
		m.Program("apt-config", test.config)
		m.Put("/apt/xx-pkgcache.bin", "apt's", 0o666)
		m.run(strings.Fields(test.args)...)
		var got []string
		for _, call := range m.Calls() {
			if call, _, _ := strings.Cut(call, " -- "); strings.Contains(call, "apt-get") || strings.HasPrefix(call, "apt-cache") {
				got = append(got, call)
			}
		}
		if got := strings.Join(got, "|"); got != test.want {
			t.Errorf("%s: %q, want %q\n%s", test.name, got, test.want, &m.Err)
		}
		if strings.Contains(m.Err.String(), "pkgcache") {
			t.Errorf("%s: the setting is shown: %q", test.name, &m.Err)
		}
		_, err := os.Stat(m.Path("/apt/xx-pkgcache.bin"))
		if used := strings.Contains(test.want, setting); errors.Is(err, os.ErrNotExist) != used {
			t.Errorf("%s: the cache is used: %v; afterwards: %v", test.name, used, err)
		}
	}
}

// TestBecomesApt shows the command lines that need no watching: the last step is apt itself.
func TestBecomesApt(t *testing.T) {
	for _, test := range []struct{ env, args, want, stderr string }{
		{"", "", "become /usr/bin/apt", ""},
		{"TARGETPLATFORM=linux/arm64", "clean -y", "become /usr/bin/apt clean -y", "+ apt clean -y\n"},
		{"TARGETPLATFORM=linux/arm64", "-o A=b source gcc", "become /usr/bin/apt -o A=b source gcc", "+ apt -o A=b source gcc\n"},
		{"TARGETPLATFORM=linux/arm64", "install --help", "become /usr/bin/apt install --help", "+ apt install --help\n"},
		{"TARGETPLATFORM=linux/arm64", "update", "dpkg --add-architecture arm64|become /usr/bin/apt update", "+ apt update\n"},
		{"TARGETPLATFORM=linux/riscv64", "update", "become /usr/bin/apt update", "+ apt update\n"},
		{"TARGETPLATFORM=linux/amd64", "install gcc=1 a*", "become /usr/bin/apt install gcc=1 a*", "+ apt install gcc=1 'a*'\n"},
		{"", "install gcc", "become /usr/bin/apt install gcc", "+ apt install gcc\n"},
		{"TARGETPLATFORM=linux/arm64", "remove gcc", "dpkg --add-architecture arm64|apt-get update|become /usr/bin/apt remove gcc:arm64", "fetching\n+ apt remove gcc:arm64\n"},
		{"TARGETPLATFORM=windows/amd64", "install ./a.deb", "apt-get update|become /usr/bin/apt install ./a.deb", "fetching\n+ apt install ./a.deb\n"},
	} {
		m := newMachine(t, "xx-apt", debian12, strings.Fields(test.env)...)
		_, calls := m.run(strings.Fields(test.args)...)
		if got := strings.Join(calls, "|"); got != test.want || m.Err.String() != test.stderr {
			t.Errorf("%s %s: %q, %q; want %q, %q", test.env, test.args, got, &m.Err, test.want, test.stderr)
		}
	}
}

// TestErrors shows every failure of the helper's own: what it says and the status that it exits with.
func TestErrors(t *testing.T) {
	for _, test := range []struct {
		name, env, args string
		change          func(m *machine)
		status          int
		stderr          string
	}{
		{"no apt", "", "install gcc", func(m *machine) { os.Remove(m.Path("/usr/bin/apt-get")) }, 1,
			"xx-apt-get: apt-get: not found\nhint: xx-apt-get is for Debian and Ubuntu; Alpine has xx-apk\n"},
		{"no dpkg", "", "install gcc", func(m *machine) { os.Remove(m.Path("/usr/bin/dpkg")) }, 1,
			"xx-apt-get: dpkg: not found\nhint: xx-apt-get is for Debian and Ubuntu; Alpine has xx-apk\n"},
		{"unknown target", "TARGETPLATFORM=linux/ppc64", "install gcc", nil, 1,
			"xx-apt-get: unsupported target: os=linux arch=ppc64 variant=\nhint: `xx-info list` shows the platforms that are supported\n"},
		{"wrong call", "", "--fix-source-file /etc/apt/sources.list", nil, 2,
			"xx-apt-get: --fix-source-file takes a file and an architecture\nhint: xx-apt-get --fix-source-file /etc/apt/sources.list amd64\n"},
		{"wrong call", "", "--print-source-file x", nil, 2,
			"xx-apt-get: --print-source-file takes no arguments\nhint: xx-apt-get --print-source-file\n"},
		{"dpkg fails", "TARGETPLATFORM=linux/arm64", "install gcc", func(m *machine) {
			m.Program("dpkg", "case $1 in --add*) echo no >&2; exit 2;; --print-arch*) echo amd64; esac")
		}, 2,
			"xx-apt-get: dpkg --add-architecture arm64 failed: no\nhint: packages are installed by root\n"},
		{"dpkg knows nothing", "TARGETPLATFORM=linux/arm64", "install gcc", func(m *machine) { m.Program("dpkg", "echo broken >&2; exit 2") }, 2,
			"xx-apt-get: dpkg --print-architecture failed: broken\n"},
		{"apt-cache fails", "TARGETPLATFORM=linux/arm64", "install gcc", func(m *machine) {
			m.Program("apt-cache", "echo 'E: The list of sources could not be read.' >&2; exit 100")
		}, 100,
			"fetching\nxx-apt-get: apt-cache show failed: E: The list of sources could not be read.\n"},
		{"apt fails", "TARGETPLATFORM=linux/arm64", "install gcc", func(m *machine) {
			m.Program("apt-get", "case $1 in install) echo E: broken >&2; exit 100;; update) :>$ROOT/var/lib/apt/lists/x_binary-arm64_Packages;; esac")
		}, 100, "+ apt-get install gcc:arm64\nE: broken\n"},
		{"update fails", "TARGETPLATFORM=linux/arm64", "install gcc", func(m *machine) { m.Program("apt-get", "exit 100") }, 100,
			"xx-apt-get: warning: apt-get update failed (exit status 100); going on with the sources that it could read\n+ apt-get install gcc:arm64\n" +
				"xx-apt-get: apt-get install failed after an apt-get update that could not read every source\nhint: mend or remove the source that apt-get update names above\n"},
		{"update fails, but the rest suffices", "TARGETPLATFORM=linux/arm64", "install gcc", func(m *machine) { m.Program("apt-get", "test $1 = install || exit 100") }, 0,
			"xx-apt-get: warning: apt-get update failed (exit status 100); going on with the sources that it could read\n+ apt-get install gcc:arm64\n"},
		{"no source for the target", "TARGETPLATFORM=linux/arm64", "install gcc", func(m *machine) { m.Program("apt-get", "test $1 != install || exit 100") }, 100,
			"+ apt-get install gcc:arm64\nxx-apt-get: none of apt's sources has packages for arm64\nhint: look for [arch=…] and Architectures: in /etc/apt; see what apt-get update says of arm64\n"},
		{"interrupted", "TARGETPLATFORM=linux/arm64", "install gcc", func(m *machine) { m.Program("apt-get", "kill -INT $$") }, 130, ""},
		{"version skew", "TARGETPLATFORM=linux/arm64", "install gcc", func(m *machine) {
			m.Put("/installed", "libc6\tamd64\tsame\t2.36-1\thold\tinstalled\nlibc6\tarm64\tsame\t2.36-2\tinstall\tinstalled\nother\tamd64\tsame\t1\tinstall\tinstalled\n", 0o666)
			m.Put("/depends", "gcc:arm64\n  Depends: libc6:arm64\nlibc6:arm64\n", 0o666)
			m.Put("/policy", "libc6:\n  Installed: 2.36-1\n  Candidate: 2.36-2\n  Version table:\n     2.36-2 500\n        500 http://a.example x/main amd64 Packages\n *** 2.36-1 100\n        100 /var/lib/dpkg/status\n"+
				"libc6:arm64:\n  Installed: (none)\n  Candidate: 2.36-2\n  Version table:\n     2.36-2 500\n        500 http://a.example x/main arm64 Packages\n", 0o666)
			m.Program("apt-get", "case $1 in install) exit 100; esac")
		}, 100,
			"+ apt-get install gcc:arm64\nxx-apt-get: libc6:amd64 is held in version 2.36-1, libc6:arm64 comes in version 2.36-2: dpkg takes it for both only in one version (Multi-Arch: same)\n" +
				"hint: apt-mark unhold libc6 && apt-get install libc6=2.36-2, then this again\n"},
		{"nothing for darwin", "TARGETPLATFORM=darwin/arm64", "install gcc", nil, 0, "xx-apt-get: skipped: Debian and Ubuntu have no packages for darwin/arm64\n"},
		{"nor for platforms that the table lacks", "TARGETPLATFORM=freebsd/amd64", "install gcc", nil, 0, "xx-apt-get: skipped: Debian and Ubuntu have no packages for freebsd/amd64\n"},
		{"nor for wasm", "TARGETPLATFORM=wasip1/wasm", "remove gcc", nil, 0, "xx-apt-get: skipped: Debian and Ubuntu have no packages for wasip1/wasm\n"},
		{"nothing for mips", "TARGETPLATFORM=linux/mips64le", "install gcc", nil, 0, "xx-apt-get: skipped: Debian 13 and Ubuntu have no packages for linux/mips64le; XX_APT_FORCE_MIPS=1 tries all the same\n"},
		{"nothing for riscv64", "TARGETPLATFORM=linux/riscv64", "install gcc", nil, 0, "xx-apt-get: skipped: Debian 12 has no packages for linux/riscv64, Debian 13 is the first; XX_APT_FORCE_RISCV64=1 tries all the same\n"},
		{"no lists at all", "TARGETPLATFORM=windows/amd64", "install gcc", func(m *machine) { m.Program("apt-get", "exit 100") }, 1,
			"xx-apt-get: warning: apt-get update failed (exit status 100); going on with the sources that it could read\n" +
				"xx-apt-get: skipped gcc: there is no mingw-w64 package of it\nxx-apt-get: apt has no lists of packages\nhint: see what apt-get update says\n"},
		{"nothing for windows", "TARGETPLATFORM=windows/amd64", "install tzdata", nil, 0,
			"fetching\nxx-apt-get: skipped tzdata: there is no mingw-w64 package of it\nxx-apt-get: nothing to install for windows/amd64\n"},
	} {
		m := newMachine(t, "xx-apt-get", debian12, strings.Fields(test.env)...)
		if test.change != nil {
			test.change(m)
		}
		status, _ := m.run(strings.Fields(test.args)...)
		if status != test.status || m.Err.String() != test.stderr {
			t.Errorf("%s: status %d, want %d\n%s\nwant\n%s", test.name, status, test.status, &m.Err, test.stderr)
		}
	}
}

// TestUbuntuIsSetUp shows that the sources are edited before apt-get update, once for each target.
func TestUbuntuIsSetUp(t *testing.T) {
	const ubuntu = "ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n"
	m := newMachine(t, "xx-apt", ubuntu, "TARGETPLATFORM=linux/arm64")
	const sources = "/etc/apt/sources.list.d/ubuntu.sources"
	m.Put(sources, nobleSources, 0o666)
	m.Program("apt-get", "ls $ROOT/etc/apt/sources.list.d >>$CALLS; :>$ROOT/var/lib/apt/lists/x_binary-arm64_Packages; :>$ROOT/var/lib/apt/lists/x_binary-s390x_Packages")
	status, calls := m.run("show", "zlib1g-dev")
	want := []string{"dpkg --add-architecture arm64", "apt-get update", "ubuntu.sources", "xx-arm64.sources", "become /usr/bin/apt show zlib1g-dev:arm64"}
	if status != 0 || !slices.Equal(calls, want) {
		t.Errorf("%d %q, want %q\n%s", status, calls, want, &m.Err)
	}
	edited, _ := m.ReadFile(sources)
	added, _ := m.ReadFile("/etc/apt/sources.list.d/xx-arm64.sources")
	if strings.Count(string(edited), "\nArchitectures: amd64\n") != 2 || !strings.Contains(string(added), "\nURIs: "+ubuntuPorts+"\n") {
		t.Errorf("%s\n%s", edited, added)
	}
	if _, calls = m.run("show", "zlib1g-dev"); len(calls) != 1 {
		t.Errorf("a second time: %q", calls)
	}

	// A vendor of the user's choice is for triples.
	m.Env = m.Env.With("TARGETPLATFORM", "linux/s390x").With("XX_VENDOR", "acme")
	_, calls = m.run("show", "zlib1g-dev")
	if want := []string{"dpkg --add-architecture s390x", "apt-get update", "ubuntu.sources", "xx-arm64.sources", "xx-s390x.sources", "become /usr/bin/apt show zlib1g-dev:s390x"}; !slices.Equal(calls, want) {
		t.Errorf("another target: %q, want %q", calls, want)
	}
	if now, _ := m.ReadFile(sources); string(now) != string(edited) {
		t.Errorf("another target has edited:\n%s", now)
	}
}

func TestSourceFile(t *testing.T) {
	for _, test := range []struct{ osRelease, files, want string }{
		{debian12, "", "/etc/apt/sources.list"},
		{debian12, "/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list.d/debian.sources"},
		{"ID=ubuntu\n", "/etc/apt/sources.list.d/ubuntu.sources", "/etc/apt/sources.list.d/ubuntu.sources"},
		{"ID=ubuntu\n", "/etc/apt/sources.list.d/ubuntu.sources /etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list.d/ubuntu.sources"},
		{"", "/etc/apt/sources.list", "/etc/apt/sources.list"},
	} {
		m := newMachine(t, "xx-apt", test.osRelease)
		for _, f := range strings.Fields(test.files) {
			m.Put(f, "Types: deb\nURIs: a:/\n", 0o666)
		}
		if status, _ := m.run("--print-source-file"); status != 0 || m.Out.String() != test.want+"\n" {
			t.Errorf("%q: %q, want %q", test.files, &m.Out, test.want)
		}
	}

	m := newMachine(t, "xx-apt", debian12)
	if status, _ := m.run("--fix-source-file", "/none", "amd64"); status != 1 || !strings.HasSuffix(m.Err.String(), "\nhint: xx-apt --print-source-file prints the file with the distribution's own sources\n") {
		t.Errorf("no file: %d, %s", status, &m.Err)
	}
	m.Put("/etc/apt/sources.list", "deb a:/ x y\n", 0o666)
	for range 2 {
		if status, _ := m.run("--fix-source-file", "/etc/apt/sources.list", "amd64"); status != 0 || m.Out.String()+m.Err.String() != "" {
			t.Errorf("%d, %s%s", status, &m.Out, &m.Err)
		}
		if got, _ := m.ReadFile("/etc/apt/sources.list"); string(got) != "deb [arch=amd64] a:/ x y\n" {
			t.Errorf("%s", got)
		}
	}
}
