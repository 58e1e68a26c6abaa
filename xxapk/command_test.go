package xxapk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"xxkit/internal/host"
	"xxkit/internal/host/hosttest"
	"xxkit/triples"
)

const arm64 = "/aarch64-alpine-linux-musl"

// newMachine returns an Alpine machine with the recorded apk of testdata. What xx-apk becomes
// runs too, so that apk's log has it.
func newMachine(t *testing.T, env ...string) *hosttest.Machine {
	t.Helper()
	m := hosttest.New(t, "xx-apk")
	m.Env = append(host.Env{"PATH=/sbin:" + os.Getenv("PATH"), "MACHINE=" + m.Root}, env...)
	m.Execve = func(path string, args, env []string) error {
		if err := m.Run(host.Command{Path: strings.TrimPrefix(path, m.Root), Args: args[1:], Env: env}); err != nil {
			return err
		}
		return hosttest.ErrBecame
	}
	apk, err := os.ReadFile("testdata/apk")
	if err != nil {
		t.Fatal(err)
	}
	m.Put("/sbin/apk", string(apk), 0o777)
	m.Put("/etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\n", 0o666)
	m.Put("/etc/apk/repositories", "https://m/alpine/v3.18/main\n", 0o666)
	for _, row := range triples.Rows() {
		if row.Alpine != "" {
			m.Put(keysDir+"/"+row.Alpine+"/alpine-devel@lists.alpinelinux.org-"+row.Alpine+".rsa.pub", "key", 0o666)
		}
	}
	return m
}

// call runs xx-apk and returns what apk was called with.
func call(t *testing.T, m *hosttest.Machine, args string) (log []string, err error) {
	t.Helper()
	if err := m.Remove("/apk.log"); err != nil {
		t.Fatal(err)
	}
	err = Main(m.Host, strings.Fields(args))
	if errors.Is(err, hosttest.ErrBecame) {
		err = nil
	}
	data, readErr := m.ReadFile("/apk.log")
	if readErr != nil && !errors.Is(readErr, fs.ErrNotExist) {
		t.Fatal(readErr)
	}
	for line := range strings.Lines(string(data)) {
		log = append(log, strings.TrimSpace(line))
	}
	return log, err
}

// mustCall is call where nothing may go wrong.
func mustCall(t *testing.T, m *hosttest.Machine, args string) []string {
	t.Helper()
	log, err := call(t, m, args)
	if err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	return log
}

func wantLog(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: apk was called\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// tree returns the files beneath a folder, links with where they lead.
func tree(t *testing.T, m *hosttest.Machine, dir string) []string {
	t.Helper()
	var all []string
	err := fs.WalkDir(os.DirFS(m.Path(dir)), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			to, err := os.Readlink(filepath.Join(m.Path(dir), path))
			if err != nil {
				return err
			}
			path += " -> " + to
		}
		all = append(all, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const setUpArm64 = "apk --root " + arm64 + " --wait 600 --repositories-file /dev/null --quiet add --initdb"

func TestFirstAdd(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm64")
	wantLog(t, "first", mustCall(t, m, "add zlib-dev"),
		setUpArm64, "apk --root "+arm64+" --wait 600 --no-scripts add zlib-dev")
	want := []string{".xx-setup", "etc/apk/arch", "etc/apk/keys/alpine-devel@lists.alpinelinux.org-aarch64.rsa.pub", "etc/apk/repositories", "lib/apk/db/installed"}
	if got := tree(t, m, arm64); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for file, want := range map[string]string{
		"/etc/apk/arch":         "aarch64\n",
		"/etc/apk/repositories": "https://m/alpine/v3.18/main\n",
		"/.xx-setup":            "https://m/alpine/v3.18/main\n",
	} {
		if got, err := m.ReadFile(arm64 + file); string(got) != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", file, got, err, want)
		}
	}
	wantLog(t, "second", mustCall(t, m, "add xx-c-essentials"), "apk --root "+arm64+" --wait 600 --no-scripts add musl-dev gcc")
	wantLog(t, "query", mustCall(t, m, "info -e zlib"), "apk --root "+arm64+" info -e zlib")
	wantLog(t, "remove", mustCall(t, m, "del zlib-dev"), "apk --root "+arm64+" --wait 600 --no-scripts del zlib-dev")
	if m.Err.String() != "" {
		t.Errorf("prints %q", &m.Err)
	}
}

// TestEveryPlatform goes through the whole table: the root, apk's name for the
// architecture, and which platforms are passed over.
func TestEveryPlatform(t *testing.T) {
	for _, row := range triples.Rows() {
		m := newMachine(t, "TARGETPLATFORM="+row.Platform.String())
		log := mustCall(t, m, "add curl")
		name := row.Platform.Normalize().String()
		switch {
		case row.OS != "linux" || strings.HasPrefix(row.Arch, "mips"):
			wantLog(t, name, log)
			if want := "xx-apk: skipped: Alpine has no packages for " + name + "\n"; m.Err.String() != want {
				t.Errorf("%s: prints %q, want %q", name, &m.Err, want)
			}
		case row.Arch == "amd64":
			wantLog(t, name, log, "apk --root / --wait 600 add curl")
		default:
			root := "/" + row.Triple(triples.System{Vendor: "alpine", Libc: "musl"})
			wantLog(t, name, log, "apk --root "+root+" --wait 600 --repositories-file /dev/null --quiet add --initdb", "apk --root "+root+" --wait 600 --no-scripts add curl")
			if arch, err := m.ReadFile(root + "/etc/apk/arch"); string(arch) != row.Alpine+"\n" || err != nil {
				t.Errorf("%s: etc/apk/arch is %q, %v", name, arch, err)
			}
			wantRelease := map[string]string{"riscv64": "3.20", "loong64": "3.21"}[row.Arch]
			wantText := ""
			if wantRelease == "" {
				wantRelease = "3.18"
			} else {
				wantText = "xx-apk: this Alpine has no packages for " + name + ", taking those of Alpine " + wantRelease + "\n"
			}
			if repos, _ := m.ReadFile(root + "/etc/apk/repositories"); string(repos) != "https://m/alpine/v"+wantRelease+"/main\n" {
				t.Errorf("%s: repositories %q", name, repos)
			}
			if m.Err.String() != wantText {
				t.Errorf("%s: prints %q, want %q", name, &m.Err, wantText)
			}
		}
	}
}

// TestVendorIsAlpine shows that a derivative, or XX_VENDOR, does not change the root.
func TestVendorIsAlpine(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm/v7", "XX_VENDOR=debian")
	m.Put("/etc/os-release", "ID=postmarketos\n", 0o666)
	wantLog(t, "info", mustCall(t, m, "info"),
		"apk --root /armv7-alpine-linux-musleabihf --wait 600 --repositories-file /dev/null --quiet add --initdb", "apk --root /armv7-alpine-linux-musleabihf info")
}

// TestNative shows that nothing stands between the user and apk when the target is this machine.
func TestNative(t *testing.T) {
	m := newMachine(t)
	before := tree(t, m, "/")
	wantLog(t, "add", mustCall(t, m, "add --no-cache xx-c-essentials xx-cxx-essentials"), "apk --root / --wait 600 add --no-cache musl-dev gcc g++")
	wantLog(t, "nothing", mustCall(t, m, ""), "apk")
	wantLog(t, "setup", mustCall(t, m, "setup"))
	wantLog(t, "clean", mustCall(t, m, "clean"))
	for _, file := range []string{"usr/bin/gcc", "usr/bin/cc -> gcc", "usr/sbin/more/file"} {
		if !slices.Contains(tree(t, m, "/"), file) {
			t.Errorf("removed %s; before: %q", file, before)
		}
	}
}

// TestOptionsDoNotReachSetUp shows that a repository of the user's has no say in what is trusted.
func TestOptionsDoNotReachSetUp(t *testing.T) {
	for _, options := range []string{"-X http://x/y", "--repositories-file /r", "--keys-dir /k", "--allow-untrusted", "--bogus"} {
		m := newMachine(t, "TARGETPLATFORM=linux/arm64")
		wantLog(t, options, mustCall(t, m, options+" add zlib-dev"), setUpArm64, "apk --root "+arm64+" --wait 600 --no-scripts "+options+" add zlib-dev")
		if got, want := tree(t, m, arm64+"/etc/apk/keys"), []string{"alpine-devel@lists.alpinelinux.org-aarch64.rsa.pub"}; !slices.Equal(got, want) {
			t.Errorf("%s: keys %q, want %q", options, got, want)
		}
	}
}

// TestNoKeys shows what is said where this machine has no key for the target's packages.
func TestNoKeys(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm64")
	if err := os.RemoveAll(m.Path(keysDir)); err != nil {
		t.Fatal(err)
	}
	log, err := call(t, m, "add curl")
	wantLog(t, "failing", log)
	want := "xx-apk: there is no key for packages of aarch64: /usr/share/apk/keys/aarch64 is empty\n" +
		"hint: apk add alpine-keys; a release of Alpine that is older than the architecture has none: build on a newer one\n"
	if status := m.Report(err); status != 1 || m.Err.String() != want {
		t.Errorf("status %d, prints %q, want %q", status, &m.Err, want)
	}
}

// TestWithoutSettingUp shows the calls that need no second root.
func TestWithoutSettingUp(t *testing.T) {
	for args, want := range map[string]string{
		"":                             "apk",
		"--version":                    "apk --root " + arm64 + " --version",
		"install gcc":                  "apk --root " + arm64 + " install gcc",
		"add -p /out --initdb a":       "apk --root " + arm64 + " --wait 600 add -p /out --initdb a",
		"--root=/out add --initdb gcc": "apk --root " + arm64 + " --wait 600 --root=/out add --initdb gcc",
	} {
		m := newMachine(t, "TARGETPLATFORM=linux/arm64")
		wantLog(t, args, mustCall(t, m, args), want)
		if _, err := os.Stat(m.Path(arm64 + "/.xx-setup")); err == nil {
			t.Errorf("%s: set up", args)
		}
	}
}

// TestSetupAndClean shows the two commands of our own.
func TestSetupAndClean(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm64")
	before := tree(t, m, "/")
	wantLog(t, "setup", mustCall(t, m, "setup"), setUpArm64)
	wantLog(t, "setup again", mustCall(t, m, "setup"))
	mustCall(t, m, "add compiler-rt rust-stdlib")
	wantLog(t, "clean", mustCall(t, m, "clean"))
	wantLog(t, "clean again", mustCall(t, m, "clean"))
	if _, err := os.Stat(m.Path(arm64)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v", arm64, err)
	}
	if after := tree(t, m, "/"); !slices.Equal(after, before) {
		t.Errorf("after clean there is %q, before setup there was %q", after, before)
	}
	for _, args := range []string{"setup now", "clean all"} {
		var e *host.Error
		_, err := call(t, m, args)
		if want := strings.Fields(args)[0] + " takes no arguments"; !errors.As(err, &e) || e.Message != want || e.Status != 2 || e.Hint == "" {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// TestPrograms shows what is removed after an installation, and what is not.
func TestPrograms(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm64")
	mustCall(t, m, "add --simulate curl")
	m.Put("/usr/bin/own", "program", 0o777)
	mustCall(t, m, "add gcc")
	got := tree(t, m, arm64)
	want := []string{".xx-setup", "etc/apk/arch", "etc/apk/keys/alpine-devel@lists.alpinelinux.org-aarch64.rsa.pub", "etc/apk/repositories", "lib/apk/db/installed",
		"usr/lib/gcc/libgcc.a", "usr/sbin/more/file"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := os.Stat(m.Path("/usr/bin/own")); err != nil {
		t.Error(err)
	}

	m.Env = m.Env.With("XX_APK_KEEP_BINARIES", "1")
	wantLog(t, "keep", mustCall(t, m, "add gcc"), "apk --root "+arm64+" --wait 600 add gcc")
	for _, file := range []string{"usr/bin/gcc", "usr/bin/cc -> gcc", "bin/sh", "usr" + arm64 + "/bin/ld"} {
		if !slices.Contains(tree(t, m, arm64), file) {
			t.Errorf("%s has been removed", file)
		}
	}
}

// TestProgramsOfThisMachineStay shows that links from the second root to this machine's
// folders are not followed.
func TestProgramsOfThisMachineStay(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm64")
	mustCall(t, m, "setup")
	m.Put("/usr/bin/own", "program", 0o777)
	m.Put(arm64+"/usr/sbin/theirs", "program", 0o777)
	for link, to := range map[string]string{"/bin": m.Path("/usr/bin"), "/usr/bin": "../../usr/bin", "/sbin": "usr/sbin", "/usr/local": m.Path("/usr")} {
		m.Symlink(to, arm64+link)
	}
	mustCall(t, m, "upgrade")
	if _, err := os.Stat(m.Path("/usr/bin/own")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(m.Path(arm64 + "/usr/sbin/theirs")); err == nil {
		t.Error("a program of the target is still there")
	}
}

// TestLinks shows what of the target this machine's compilers find in their own root.
func TestLinks(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm64")
	m.Put("/usr/lib/rustlib/x86_64-alpine-linux-musl/lib/libstd.rlib", "own", 0o666)
	mustCall(t, m, "add compiler-rt rust-stdlib")
	const runtime = "llvm17/lib/clang/17/lib/linux/"
	want := []string{
		runtime + "clang_rt.crtbegin-aarch64.o -> " + arm64 + "/usr/lib/" + runtime + "clang_rt.crtbegin-aarch64.o",
		runtime + "libclang_rt.builtins-aarch64.a -> " + arm64 + "/usr/lib/" + runtime + "libclang_rt.builtins-aarch64.a",
		"rustlib" + arm64 + " -> " + arm64 + "/usr/lib/rustlib" + arm64,
		"rustlib/x86_64-alpine-linux-musl/lib/libstd.rlib",
	}
	if got := tree(t, m, "/usr/lib"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	mustCall(t, m, "add compiler-rt rust-stdlib")
	if got := tree(t, m, "/usr/lib"); !slices.Equal(got, want) {
		t.Errorf("again: %q, want %q", got, want)
	}
	mustCall(t, m, "del compiler-rt")
	if got := tree(t, m, "/usr/lib"); !slices.Equal(got, want[2:]) {
		t.Errorf("after del: %q, want %q", got, want[2:])
	}
}

// TestCache shows that packages are kept per architecture where this machine keeps its own, for as long
// as it does.
func TestCache(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm64")
	link := m.Path(arm64 + "/etc/apk/cache")
	check := func(when, want string) {
		t.Helper()
		if to, _ := os.Readlink(link); to != want {
			t.Errorf("%s: links to %q, want %q", when, to, want)
		}
	}
	m.Put("/var/cache/apk/x", "", 0o666)
	mustCall(t, m, "info")
	check("no cache", "")
	m.Symlink("../../var/cache/apk", "/etc/apk/cache")
	mustCall(t, m, "info")
	check("a cache", "/etc/apk/cache/aarch64")
	if info, err := os.Stat(m.Path("/var/cache/apk/aarch64")); err != nil || !info.IsDir() {
		t.Errorf("%v, %v", info, err)
	}
	mustCall(t, m, "info")
	if err := os.Remove(m.Path("/etc/apk/cache")); err != nil {
		t.Fatal(err)
	}
	mustCall(t, m, "info")
	check("no cache any more", "")
	m.Put("/etc/apk/cache/x", "", 0o666)
	m.Put(arm64+"/etc/apk/cache/own", "", 0o666)
	mustCall(t, m, "info")
	check("one that the user has made", "")
}

// TestRepositoriesFollow shows what becomes of changes after setting up.
func TestRepositoriesFollow(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/riscv64")
	const root = "/riscv64-alpine-linux-musl"
	mustCall(t, m, "setup")
	check := func(want string) {
		t.Helper()
		if got, _ := m.ReadFile(root + "/etc/apk/repositories"); string(got) != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	m.Put("/etc/apk/repositories", "https://m/alpine/v3.18/main\n@edge https://m/alpine/edge/main", 0o666)
	m.Put("/etc/apk/repositories.d/more.list", "https://more\n", 0o666)
	m.Put("/etc/apk/keys/more.rsa.pub", "key", 0o666)
	mustCall(t, m, "add x@edge")
	check("https://m/alpine/v3.20/main\n@edge https://m/alpine/edge/main\nhttps://more\n")
	if key, err := m.ReadFile(root + "/etc/apk/keys/more.rsa.pub"); string(key) != "key" {
		t.Errorf("%q, %v", key, err)
	}
	m.Put(root+"/etc/apk/repositories", "https://own\n", 0o666)
	m.Put("/etc/apk/repositories", "https://m/alpine/v3.19/main\n", 0o666)
	mustCall(t, m, "add x")
	check("https://own\n")
}

// TestRepair shows that what is half done is done again: with the mark missing, wherever it stopped.
func TestRepair(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm64", "APK_FAIL=--initdb")
	log, err := call(t, m, "add curl")
	wantLog(t, "failing", log, setUpArm64)
	if status := m.Report(err); status != 99 {
		t.Errorf("status %d", status)
	}
	want := "ERROR: --initdb: no such package\n" +
		"xx-apk: cannot set up " + arm64 + " for packages of aarch64: apk exits with status 99\n" +
		"hint: apk add --initdb has to make an empty database there: may it write to that folder?\n"
	if m.Err.String() != want {
		t.Errorf("prints %q, want %q", &m.Err, want)
	}
	m.Env = m.Env.Without("APK_FAIL")
	wantLog(t, "then", mustCall(t, m, "add curl"), setUpArm64, "apk --root "+arm64+" --wait 600 --no-scripts add curl")
	whole := tree(t, m, arm64)
	for _, file := range []string{".xx-setup", "etc/apk/arch", "etc/apk/repositories"} {
		for _, also := range []string{".xx-setup", file} {
			if err := m.Remove(arm64 + "/" + also); err != nil {
				t.Fatal(err)
			}
		}
		mustCall(t, m, "info")
		if got := tree(t, m, arm64); !slices.Equal(got, whole) {
			t.Errorf("without %s: %q, want %q", file, got, whole)
		}
	}
}

// TestKilled kills xx-apk while it sets the root up. The next call works.
func TestKilled(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm64")
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelperProcess$")
	cmd.Env = append(m.Env.With("APK_KILL", "1").With("XX_APK_HELPER", m.Root), "GOCOVERDIR="+t.TempDir())
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("%v, want it killed", err)
	}
	if _, err := os.Stat(m.Path(arm64 + "/.xx-setup")); err == nil {
		t.Error("marked as set up")
	}
	wantLog(t, "then", mustCall(t, m, "add curl"), setUpArm64, "apk --root "+arm64+" --wait 600 --no-scripts add curl")
}

// TestHelperProcess is xx-apk setup for TestKilled.
func TestHelperProcess(t *testing.T) {
	root := os.Getenv("XX_APK_HELPER")
	if root == "" {
		return // TestKilled sets it
	}
	h := host.New("xx-apk")
	h.Root, h.March = root, "x86_64"
	os.Exit(h.Report(Main(h, []string{"setup"})))
}

// TestNotAlpine shows that distributions with apk and packages of their own are told so before anything is installed.
func TestNotAlpine(t *testing.T) {
	for _, id := range []string{"wolfi", "chainguard"} {
		for _, platform := range []string{"linux/arm64", "linux/amd64"} {
			m := newMachine(t, "TARGETPLATFORM="+platform)
			m.Put("/etc/os-release", "ID="+id+"\nVERSION_ID=20230201\n", 0o666)
			_, err := call(t, m, "add xx-c-essentials")
			want := "xx-apk: the packages of " + id + " are not Alpine's, and those of another architecture cannot be installed beside this machine's\n" +
				"hint: build on alpine, with xx-apk, or on debian, with xx-apt-get\n"
			if status := m.Report(err); status != 1 || m.Err.String() != want {
				t.Errorf("%s, %s: status %d, %q", id, platform, status, &m.Err)
			}
		}
	}
}

// TestFailures shows that apk's status comes through.
func TestFailures(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm64", "APK_FAIL=nope")
	_, err := call(t, m, "add nope")
	if status := m.Report(err); status != 99 || m.Err.String() != "ERROR: nope: no such package\n" {
		t.Errorf("status %d, %q", status, &m.Err)
	}
	for _, test := range []struct{ env, want string }{
		{"TARGETPLATFORM=linux/arm64 PATH=/none", "xx-apk: apk: not found\nhint: xx-apk is for Alpine; on Debian and Ubuntu it is xx-apt-get\n"},
		{"TARGETPLATFORM=linux/ppc64", "xx-apk: unsupported target: os=linux arch=ppc64 variant=\nhint: `xx-info list` shows the platforms that are supported\n"},
	} {
		m := newMachine(t, strings.Fields(test.env)...)
		_, err := call(t, m, "add x")
		if status := m.Report(err); status != 1 || m.Err.String() != test.want {
			t.Errorf("%s: status %d, %q, want %q", test.env, status, &m.Err, test.want)
		}
	}
}

// TestManyAtOnce starts many calls on a machine that was never set up.
func TestManyAtOnce(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/arm64")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			own := *m.Host
			own.Stdout, own.Stderr = new(strings.Builder), new(strings.Builder)
			if err := Main(&own, []string{"add", fmt.Sprint("package", i), "gcc", "compiler-rt"}); err != nil {
				t.Errorf("%v, %s", err, own.Stderr)
			}
		})
	}
	wg.Wait()
	log, err := m.ReadFile("/apk.log")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), "--initdb"); n != 1 {
		t.Errorf("set up %d times", n)
	}
	if n := strings.Count(string(log), "\n"); n != 21 {
		t.Errorf("%d calls of apk", n)
	}
}
