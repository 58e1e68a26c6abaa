//go:build debian && linux

// Package debian_test runs the scripts in this folder in real Debian root file systems, as root on
// Debian:
//
//	go test -tags debian ./testscripts/debian -run 'TestScripts/xx-go' -v
//
// Beside what testscript offers, a script has the commands
//
//	debian SUITE [PACKAGE…]
//
// which gives it a fresh minimal root of that release, with xx and its helpers in /usr/bin, apt
// that works, and the script's own folder ($WORK) under the same path. The packages are installed in it;
//
//	install PACKAGE…
//
// does what `apt-get update && apt-get install -y --no-install-recommends PACKAGE…` does in that root. While nothing else has
// been done there, that is made once for all scripts that name the same packages, and kept, as in a build each layer is; and
//
//	[!] root CMD [ARG…]
//
// which runs CMD in that root, in the script's current folder, with the script's environment. What
// CMD prints is there for stdout and stderr. Programs of other architectures just run, under qemu.
// What a script installs or breaks is gone when it ends. $DESK has the program xx-verify, for this machine.
// The command
//
//	vendor
//
// runs go mod tidy and go mod vendor in the current folder on this machine, which may have a way to a module proxy
// where the root has none.
package debian_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"xxkit/testscripts/internal/cache"
	"xxkit/testscripts/internal/debian"
	"xxkit/testscripts/internal/sandbox"
)

// scratch has everything that a run writes. goCache is Go's build cache in all roots, kept as those of the machine's users are:
// it tells compilers and platforms apart.
var scratch, goCache string

func TestMain(m *testing.M) {
	flag.Parse()
	err := debian.Missing()
	if err == nil {
		err = sandbox.Enter()
	}
	code := 1
	if err == nil {
		code, err = run(m)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testscripts/debian:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, remove, err := sandbox.TempDir("debian")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	os.Setenv("TMPDIR", dir) // so that testscript's folders go with it
	scratch = dir
	kept, err := cache.Root()
	if err != nil {
		return 1, err
	}
	goCache = filepath.Join(kept, "debian", "go-build")
	if err := os.MkdirAll(goCache, 0o755); err != nil {
		return 1, err
	}
	// As users have them: static, so that they run in any root.
	xx := exec.Command("go", "build", "-trimpath", "-o", dir+"/", "xxkit/cmd/xx")
	desk := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, "desk")+"/", "xxkit/cmd/xx-verify")
	for _, build := range []*exec.Cmd{xx, desk} {
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return 1, fmt.Errorf("%s: %w\n%s", strings.Join(build.Args, " "), err, out)
		}
	}
	return m.Run(), nil
}

func TestScripts(t *testing.T) {
	t.Parallel() // with TestPages
	p := params()
	p.Dir = "."
	testscript.Run(t, p)
}

// params is what all scripts have.
func params() testscript.Params {
	return testscript.Params{
		Setup: func(env *testscript.Env) error {
			// That of Debian, in which the machine's programs are found as well as the root's.
			env.Setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
			env.Setenv("HOME", "/root")
			env.Setenv("DESK", filepath.Join(scratch, "desk"))
			env.Setenv("DEBIAN_FRONTEND", "noninteractive")
			env.Setenv("GOCACHE", goCache)
			env.Values[machineKey{}] = &machine{t: env.T()}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"debian":  mount,
			"fetch":   fetch,
			"install": install,
			"root":    chroot,
			"vendor":  vendor,
		},
	}
}

// rootVar is the script variable with the folder of its root.
const rootVar = "ROOT"

// machine is the root of a script.
type machine struct {
	t      testscript.T
	base   debian.Base
	used   bool // something has been done in it
	remove func() error
}

// machineKey is where a script has it.
type machineKey struct{}

// machineOf returns the script's root, which debian must have made.
func machineOf(ts *testscript.TestScript) *machine {
	m := ts.Value(machineKey{}).(*machine)
	if m.base == nil {
		ts.Fatalf("no root yet; start the script with: debian SUITE")
	}
	return m
}

// mount gives the script its root.
func (m *machine) mount(ts *testscript.TestScript) {
	dir, err := os.MkdirTemp(scratch, "root-*")
	ts.Check(err)
	root, err := debian.Mount(m.base, dir, ts.Getenv("WORK"), goCache)
	ts.Check(err)
	m.remove = func() error {
		// A root with compilers has gigabytes, and there are dozens of scripts.
		return errors.Join(root.Unmount(), os.RemoveAll(dir))
	}
	ts.Setenv(rootVar, root.Dir)
	ts.Check(ts.Exec(filepath.Join(scratch, "xx"), "install", filepath.Join(root.Dir, "usr/bin")))
}

// mount implements the script command debian.
func mount(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: debian SUITE [PACKAGE...]")
	}
	m := ts.Value(machineKey{}).(*machine)
	if m.base != nil {
		ts.Fatalf("this script has a root already")
	}
	ts.Check(debian.Foreign())
	lower, err := debian.Root(debian.Spec{Suite: args[0], Arch: "amd64"})
	ts.Check(err)
	m.base, err = debian.Installed(debian.Base{lower}, args[1:]...)
	ts.Check(err)
	m.mount(ts)
	ts.Defer(func() { ts.Check(m.remove()) })
}

// install implements the script command install.
func install(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: install PACKAGE...")
	}
	m := machineOf(ts)
	if m.used {
		chroot(ts, false, []string{"sh", "-c", "apt-get update && apt-get install -y --no-install-recommends " + strings.Join(args, " ")})
		return
	}
	ts.Check(m.remove())
	var err error
	m.base, err = debian.Installed(m.base, args...)
	ts.Check(err)
	m.mount(ts)
}

// fetch implements the script command fetch: it downloads packages, and what they need, for apt-get install to take. A mirror
// that lists a package and does not have it, as those do that keep a part of the rarer architectures, ends the script as skipped.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: fetch PACKAGE...")
	}
	m := machineOf(ts)
	m.used = true
	err := ts.Exec("chroot", append([]string{ts.Getenv(rootVar), "apt-get", "install", "-y", "-q", "--no-install-recommends", "--download-only"}, args...)...)
	if missing := notServed.FindAllString(ts.ReadFile("stderr"), -1); err != nil && len(missing) > 0 {
		m.t.Skip("the mirror lists packages that it does not have:\n" + strings.Join(missing, "\n"))
	}
	ts.Check(err)
}

// notServed matches what apt-get says of each such package.
var notServed = regexp.MustCompile(`(?m)^E: Failed to fetch .* 404 .*$`)

// chroot implements the script command root.
func chroot(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: [!] root CMD [ARG...]")
	}
	machineOf(ts).used = true
	err := ts.Exec("chroot", append([]string{ts.Getenv(rootVar), "env", "--chdir=" + ts.MkAbs(".")}, args...)...)
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		ts.Check(err)
	case err == nil && neg:
		ts.Fatalf("root %s: unexpected success", args[0])
	case err != nil && !neg:
		ts.Fatalf("root %s: %v", args[0], err)
	// chroot and env report their own failures, such as a program that is not there, with these.
	case neg && (exit.ExitCode() == 125 || exit.ExitCode() == 126 || exit.ExitCode() == 127):
		ts.Fatalf("root %s: did not run: %v", args[0], err)
	}
}

// vendor implements the script command vendor.
func vendor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: vendor")
	}
	for _, what := range []string{"tidy", "vendor"} {
		cmd := exec.Command("go", "mod", what)
		cmd.Dir = ts.MkAbs(".")
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			ts.Fatalf("go mod %s: %v\n%s", what, err, out)
		}
	}
}
