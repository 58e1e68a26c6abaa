// Package xxapk is the helper xx-apk: Alpine's apk, for packages of the target.
//
// Alpine has no multi-arch: one root file system has packages of one architecture. So
// those of the target go to a second root, the folder /TRIPLE, such as
// /aarch64-alpine-linux-musl, which compilers get as their sysroot. xx-apk ARGS…
// becomes
//
//	apk --root /TRIPLE ARGS…     when the target is another machine than this
//	apk --root / ARGS…           when it is not
//
// with --wait for commands that take apk's lock, and --no-scripts for the target's packages, in front: an option that
// apk does not know, or one that lacks its value, would swallow what stands behind it.
//
// What the arguments mean is apk's affair, and they reach it as they are, but for two package names
// of our own: xx-c-essentials is musl-dev and gcc, xx-cxx-essentials g++. See [Parse].
// Two commands are ours: setup makes the second root, clean removes it.
//
// # The second root
//
// It is set up before the first command that needs it, see [Root]:
//
//	/TRIPLE/etc/apk/repositories   copied; see [Repositories] for machines that older releases lack
//	/TRIPLE/etc/apk/arch           the target's architecture
//	/TRIPLE/etc/apk/cache          a link to the target's part of this machine's cache of packages
//	/TRIPLE/etc/apk/keys           Alpine's keys for the architecture, from /usr/share/apk/keys; then keys of your own
//	/TRIPLE/lib/apk/db             an empty database, by apk add --initdb
//	/TRIPLE/.xx-setup              says that all of the above is done
//
// Nothing is ever installed without a signature that one of these keys made.
//
// Whoever comes first does it, the others wait. What a call that was killed has left half done is
// done again.
//
// Packages of the target install without their scripts, which nothing here can run. After an
// installation programs in the bin folders of /TRIPLE are removed, because compilers would find
// the target's ld before this machine's; XX_APK_KEEP_BINARIES=1 keeps them, and runs the scripts of packages, which
// takes an emulator. The libraries of
// compiler-rt, and Rust's standard library, are linked into this machine's root, which is where clang and
// rustc look for them.
//
// # How far this is tested
//
// Where this is developed no Alpine archive can be reached. Decisions are functions without side effects,
// with tests over the whole platform table. What xx-apk does is tested with a recorded apk: a program of that
// name on PATH that logs its arguments and writes to the root what the real one would. No test has seen the
// real apk; what is known of it (its grammar, that scripts run in the root, how its cache is laid
// out) is from apk(8) and the sources of apk-tools 2.14.
package xxapk

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

const usage = `Usage: xx-apk ARGS…
       xx-apk setup | clean

Runs apk ARGS… for packages of the target, see xx-info --help. Unless the target is this
machine, they go to a root file system of their own, /TRIPLE, which xx-clang and
others use as sysroot. It is set up when it is first needed.

  setup   set up /TRIPLE, and nothing else
  clean   remove /TRIPLE
  --help  this text; xx-apk COMMAND --help is apk's own

Beside Alpine's packages: xx-c-essentials is musl-dev and gcc, xx-cxx-essentials is g++.

After an installation, programs of the target are removed from the bin folders of /TRIPLE, unless
XX_APK_KEEP_BINARIES is set; then scripts of packages run too, which takes an emulator.
`

// Main is the helper xx-apk: args are its arguments.
func Main(h *host.Host, args []string) error {
	if len(args) > 0 && (args[0] == "--help" || args[0] == "-h") {
		_, err := io.WriteString(h.Stderr, usage)
		return err
	}
	t := target(h)
	if reason := Skip(t); reason != "" {
		fmt.Fprintf(h.Stderr, "%s: skipped: %s\n", h.Name, reason)
		return nil
	}
	if err := t.Check(); err != nil {
		return err
	}
	if t.Base == "wolfi" || t.Base == "chainguard" {
		return &host.Error{
			Message: fmt.Sprintf("the packages of %s are not Alpine's, and those of another architecture cannot be installed beside this machine's", t.Base),
			Hint:    "build on alpine, with xx-apk, or on debian, with xx-apt-get",
		}
	}
	apk, err := h.LookPath("apk")
	if err != nil {
		return &host.Error{Message: "apk: not found", Hint: "xx-apk is for Alpine; on Debian and Ubuntu it is xx-apt-get"}
	}
	if len(args) == 0 {
		return h.Exec(host.Command{Path: apk, Env: h.Env}) // its usage
	}
	call := Parse(args)
	if own := call.Command == "setup" || call.Command == "clean"; own && len(call.Operands) > 0 {
		return host.WrongCall("xx-apk --help shows the commands", "%s takes no arguments", call.Command)
	}
	if !t.IsCross() {
		return native(h, apk, call)
	}
	r := Root{host: h, apk: apk, dir: "/" + t.Triple(), target: t}
	return r.run(call)
}

// target returns the target with the names that Alpine has for it. The vendor is
// always alpine, so that /TRIPLE does not depend on what a derivative calls itself.
func target(h *host.Host) xxinfo.Target {
	g := *h
	g.Env = h.Env.With("XX_VENDOR", "alpine")
	return xxinfo.FromHost(&g)
}

// Skip returns why there are no packages to install for a target, such as "Alpine has no packages
// for windows/amd64", or the empty string. A Dockerfile for many platforms
// calls xx-apk for each of them; one that has no packages is no failure.
func Skip(t xxinfo.Target) string {
	if t.OS != "linux" || strings.HasPrefix(t.Arch, "mips") {
		return "Alpine has no packages for " + t.Platform.String()
	}
	return ""
}

// native runs a command on this machine's own root, which needs no setting up.
func native(h *host.Host, apk string, call Call) error {
	if call.Command == "setup" || call.Command == "clean" {
		return nil
	}
	cmd := host.Command{Path: apk, Args: slices.Concat(front("/", call.Command), call.Args), Env: h.Env}
	if info, err := os.Stat(h.Path(lockDir)); !locks(call.Command) || call.OwnRoot || err != nil || !info.IsDir() {
		return h.Exec(cmd)
	}
	unlock, err := h.Lock(lockDir)
	if err != nil {
		return err
	}
	defer unlock()
	return h.Run(cmd)
}

// wait is for how many seconds apk waits for its lock, which the apk of a call that was killed may still hold.
const wait = "600"

// front are the options that stand in front of the user's arguments.
func front(root, command string) []string {
	if locks(command) {
		return []string{"--root", root, "--wait", wait}
	}
	return []string{"--root", root}
}

// run runs a command on the second root.
func (r Root) run(call Call) error {
	args := slices.Concat(front(r.dir, call.Command), call.Args)
	if call.Command == "" || call.OwnRoot {
		// Help, a version, or a root of the user's own: there is nothing to set up.
		return r.host.Exec(host.Command{Path: r.apk, Args: args, Env: r.host.Env})
	}
	unlock, err := r.host.Lock(lockDir)
	if err != nil {
		return err
	}
	defer unlock()
	if call.Command == "clean" {
		return r.clean()
	}
	if err := r.setUp(); err != nil {
		return err
	}
	keep := r.host.Env.Get("XX_APK_KEEP_BINARIES") != ""
	switch {
	case call.Command == "setup":
		return nil
	case !locks(call.Command):
		unlock()
		return r.host.Exec(host.Command{Path: r.apk, Args: args, Env: r.host.Env})
	case writes(call.Command) && !keep:
		args = slices.Concat(front(r.dir, call.Command), []string{"--no-scripts"}, call.Args)
	}
	if err := r.host.Run(host.Command{Path: r.apk, Args: args, Env: r.host.Env}); err != nil {
		return err
	}
	if call.Simulate || !writes(call.Command) {
		return nil
	}
	if !keep && installs(call.Command) {
		if err := r.removePrograms(); err != nil {
			return err
		}
	}
	return r.link()
}

// locks reports whether a command of apk takes its lock.
func locks(command string) bool {
	return writes(command) || command == "update" || command == "cache"
}

// writes reports whether a command of apk changes what is installed, and installs whether it
// may add files.
func writes(command string) bool { return installs(command) || command == "del" }

func installs(command string) bool {
	return command == "add" || command == "fix" || command == "upgrade"
}
