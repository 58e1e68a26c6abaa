package xxcargo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"xxkit/internal/host"
	"xxkit/xxapk"
	"xxkit/xxapt"
)

// rust is the Rust that cargo is going to use.
type rust struct {
	h         *host.Host
	rustc     string // its path; empty if there is none
	rustup    string // the path of rustup, if Rust comes from it
	toolchain string // what +TOOLCHAIN on the command line chooses

	asked bool
	dir   string // what --print sysroot says
}

// findRust finds rustc as cargo does: RUSTC names it, or it is on PATH.
func findRust(h *host.Host, toolchain string) rust {
	r := rust{h: h, toolchain: toolchain}
	look := func(name string) string {
		path, err := h.LookPath(name)
		if err != nil {
			return ""
		}
		return path
	}
	switch own := h.Env.Get("RUSTC"); {
	case strings.Contains(own, "/"):
		r.rustc, r.toolchain = own, "" // cargo tells it nothing of the toolchain either
	case own != "":
		r.rustc = look(own)
	default:
		r.rustc = look("rustc")
	}
	// A distribution's rustc may be there beside a rustup. Then it is not rustup that decides: its rustc
	// is rustup itself by another name, in the same folder.
	if rustup := look("rustup"); rustup != "" && filepath.Dir(r.rustc) == filepath.Dir(rustup) {
		r.rustup = rustup
	}
	return r
}

// ask runs rustc and returns what it prints. Its messages, such as rustup's while it downloads
// a toolchain, are the user's to see.
func (r *rust) ask(args ...string) (string, error) {
	if r.rustc == "" {
		return "", &host.Error{Message: "rustc: not found", Hint: installRust}
	}
	if r.toolchain != "" {
		args = append([]string{"+" + r.toolchain}, args...)
	}
	var out strings.Builder
	other := *r.h
	other.Stdin, other.Stdout = nil, &out
	err := other.Run(host.Command{Path: r.rustc, Args: args, Env: r.h.Env})
	return strings.TrimSpace(out.String()), err
}

// sysroot returns the folder that rustc belongs to.
func (r *rust) sysroot() (string, error) {
	if r.asked {
		return r.dir, nil
	}
	dir, err := r.ask("--print", "sysroot")
	if err != nil {
		return "", err
	}
	if !filepath.IsAbs(dir) {
		return "", fmt.Errorf("%s --print sysroot says %q, which is no folder", r.rustc, dir)
	}
	r.dir, r.asked = dir, true
	return dir, nil
}

// hasStd reports whether the standard library for a target is in the sysroot. A folder alone does not do: removing a
// package may leave it. Each target has core, even one without an operating system.
func (r *rust) hasStd(triple string) bool {
	return r.asked && len(r.h.Glob(r.dir+"/lib/rustlib/"+triple+"/lib/libcore-*.rlib")) > 0
}

// choose returns the name of a target that has several: that of which the standard library is there, or else the first
// that rustc knows.
func (r *rust) choose(names []string) string {
	if len(names) == 1 || r.rustc == "" {
		return names[0]
	}
	if _, err := r.sysroot(); err != nil {
		return names[0] // said when it matters
	}
	for _, name := range names {
		if r.hasStd(name) {
			return name
		}
	}
	list, err := r.ask("--print", "target-list")
	if err != nil {
		return names[0]
	}
	known := strings.Fields(list)
	for _, name := range names {
		if slices.Contains(known, name) {
			return name
		}
	}
	return names[0]
}

// ensureStd makes sure that the standard library for the goal is there. Many may ask at once: one of them
// installs it, the others wait for that.
func (r *rust) ensureStd(g goal) error {
	dir, err := r.sysroot()
	if err != nil {
		return err
	}
	if r.hasStd(g.triple) {
		return nil
	}
	install, err := r.installer(g)
	if err != nil {
		return err
	}
	unlock, err := r.h.Lock(dir + "/lib/rustlib")
	if err != nil {
		return r.cannotInstall(g, err)
	}
	defer unlock()
	if r.hasStd(g.triple) {
		return nil // while we waited
	}
	if err := install(); err != nil {
		return r.cannotInstall(g, err)
	}
	if !r.hasStd(g.triple) {
		hint := "is " + r.rustc + " the rustc that you mean? rustc --print sysroot says where it looks"
		if r.rustup == "" {
			hint = "see above; or " + useRustup
		}
		return &host.Error{Message: fmt.Sprintf("there is still no standard library for %s in %s", g.triple, dir), Hint: hint}
	}
	return record(r.h, g, dir)
}

func (r *rust) cannotInstall(g goal, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return &host.Error{
			Message: fmt.Sprintf("cannot install the standard library for %s: %v", g.triple, err),
			Hint:    "do it once as root: xx-cargo " + flagSetup,
		}
	case errors.As(err, new(host.ExitStatus)):
		return &host.Error{
			Message: fmt.Sprintf("cannot install the standard library for %s: see above", g.triple),
			Hint:    "xx-cargo " + flagSetup + " does that alone",
		}
	}
	return err
}

const useRustup = "use a Rust that comes from rustup, as in the image rust:1, which has more targets"

// installer returns what installs the standard library: rustup, Alpine's packages or Debian's, whosever rustc it is.
func (r *rust) installer(g goal) (func() error, error) {
	none := func(hint string) (func() error, error) {
		return nil, &host.Error{
			Message: fmt.Sprintf("there is no standard library for %s in %s", g.triple, r.dir),
			Hint:    hint,
		}
	}
	distribution := r.dir == "/usr" || strings.HasPrefix(r.dir, "/usr/lib/")
	switch {
	case r.rustup != "":
		return func() error {
			args := []string{"target", "add"}
			if r.toolchain != "" {
				args = append(args, "--toolchain", r.toolchain)
			}
			other := *r.h
			other.Stdout = r.h.Stderr
			return other.Run(host.Command{Path: r.rustup, Args: append(args, g.triple), Env: r.h.Env})
		}, nil
	case distribution && r.h.Has("apk"):
		if g.wasm() {
			return func() error { return r.helper(g, "xx-apk", xxapk.Main, machineEnv(r.h.Env), "add", "rust-wasm") }, nil
		}
		return func() error { return r.helper(g, "xx-apk", xxapk.Main, g.env, "add", "rust-stdlib") }, nil
	case distribution && r.h.Has("apt-get"):
		name := aptPackage(r.dir, func(pkg string) bool { return len(r.h.Glob("/var/lib/dpkg/info/"+pkg+".list")) > 0 })
		switch {
		case g.wasm():
			return func() error { return r.aptNative(g, name+"-wasm32") }, nil
		case g.target.OS == "windows" && g.target.Arch == "amd64":
			return func() error { return r.aptNative(g, name+"-windows") }, nil
		case g.target.OS == "linux" && g.target.Libc == "gnu":
			return func() error { return r.helper(g, "xx-apt-get", xxapt.Main, g.env, "install", "-y", name) }, nil
		}
		return none("Debian and Ubuntu have none; " + useRustup)
	case !distribution:
		return none("install it there, as rustup target add " + g.triple + " does where there is rustup")
	}
	return none("install it as your distribution has it, or " + useRustup)
}

// aptPackage returns the package that has the standard library for a rustc of Debian's or Ubuntu's. A newer Rust than the
// release's own is in packages of another name: rustc-web on Debian, which takes the place of rustc, and rustc-1.85 on
// Ubuntu, in /usr/lib/rust-1.85.
func aptPackage(sysroot string, installed func(pkg string) bool) string {
	if version, ok := strings.CutPrefix(sysroot, "/usr/lib/rust-"); ok {
		return "libstd-rust-" + version + "-dev"
	}
	for _, kind := range []string{"web", "mozilla"} {
		if installed("rustc-" + kind) {
			return "libstd-rust-" + kind + "-dev"
		}
	}
	return "libstd-rust-dev"
}

// aptNative installs a package of this machine that has the standard library for another.
func (r *rust) aptNative(g goal, pkg string) error {
	env := machineEnv(r.h.Env)
	if len(r.h.Glob("/var/lib/apt/lists/*_Packages*")) == 0 {
		if err := r.helper(g, "xx-apt-get", xxapt.Main, env, "update"); err != nil {
			return err
		}
	}
	return r.helper(g, "xx-apt-get", xxapt.Main, env, "install", "-y", pkg)
}

// machineEnv is the environment without a target.
func machineEnv(env host.Env) host.Env {
	return env.Without("TARGETPLATFORM", "TARGETPAIR", "TARGETOS", "TARGETARCH", "TARGETVARIANT")
}

// helper runs another helper. What would be its last step, to become another program, is a child here. What it prints
// is for standard error: standard output is cargo's.
func (r *rust) helper(g goal, name string, main func(*host.Host, []string) error, env host.Env, args ...string) error {
	r.h.Debugf("%s %s, for %s", name, strings.Join(args, " "), g.triple)
	other := *r.h
	other.Name, other.Env, other.Stdout, other.Stdin = name, env, r.h.Stderr, nil
	other.Execve = func(path string, args, env []string) error {
		child := other
		child.Root = "" // the path has it already
		return child.Run(host.Command{Path: path, Args: args[1:], Env: env})
	}
	err := main(&other, args)
	if err != nil && !errors.As(err, new(host.ExitStatus)) {
		other.Report(err) // in its own name
		return host.ExitStatus(1)
	}
	return err
}

// recordFile is where it is written down for which targets of an architecture a standard library has been installed.
func recordFile(g goal) string {
	arch := g.target.Arch
	if arch == "" {
		arch, _, _ = strings.Cut(g.triple, "-")
	}
	return "/.xx-cargo." + arch
}

// record adds the goal to the record, a line for each target and the folder that it is in. Whether a standard library is there
// is seen by looking: the record is for those who want to know what has been installed. It is written under the lock.
func record(h *host.Host, g goal, sysroot string) error {
	content, err := h.ReadFile(recordFile(g))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	line := g.triple + " " + sysroot + "\n"
	if slices.Contains(strings.SplitAfter(string(content), "\n"), line) {
		return nil
	}
	err = h.WriteFile(recordFile(g), append(content, line...), os.FileMode(0o644))
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return nil // rustup may well be installed in a home
	}
	return err
}
