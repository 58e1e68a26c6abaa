// Package xxcargo is the helper xx-cargo: it runs cargo so that it builds for the target.
//
// xx-cargo ARGS… becomes `cargo ARGS… --target=RUSTTRIPLE`, with variables in its environment that name the
// target's linker, C compiler and pkg-config; see environment.go. Everything that is built to run during the build, which is
// build scripts and procedural macros, stays with the native compiler: cargo itself keeps the two apart as soon as it
// gets a --target, and so do the crates that call a C compiler.
//
// Before that two things may have to be set up, once:
//
//   - the target for C, by package xxcc, because cargo links with a C compiler; a gcc for the target serves too.
//     See tools.go.
//   - the target's standard library of Rust, which rustup, Alpine or Debian has. See std.go.
//
// Which commands of cargo take a --target, and where in the command line it belongs, is in line.go; what Rust calls a
// platform in triple.go. The last step is execve, but for [nativePathsVariable], see nativepaths.go.
package xxcargo

import (
	"fmt"
	"io"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

const usage = `Usage: xx-cargo ARGS…
       xx-cargo --setup-target-triple | --print-target-triple

Runs cargo ARGS… --target=TRIPLE for the target of the build, see xx-info --help. The target's C
compiler and Rust's standard library are set up when they are first needed. A --target of
your own wins; commands that build nothing, such as fetch, run as they are.

  --setup-target-triple   set the target up and do nothing else
  --print-target-triple   print Rust's name for the target, as in target/TRIPLE/release
  --help                  this text; xx-cargo help is cargo's own

XX_RUSTFLAGS are flags for rustc, for the target only. XX_CARGO_NATIVE_PATHS=1 leaves what was built where
cargo leaves it without a target, in target/release, beside target/TRIPLE/release. Where qemu is on PATH,
xx-cargo run and xx-cargo test run what they have built.
`

// The flags of the helper's own.
const (
	flagSetup = "--setup-target-triple"
	flagPrint = "--print-target-triple"
)

const installRust = "install Rust (apt-get install cargo, apk add cargo, or rustup), or add its folder to PATH, as in PATH=/usr/local/cargo/bin:$PATH"

// Main is the helper xx-cargo: args are its arguments. It returns only if it could not become cargo, or had something
// else to do.
func Main(h *host.Host, args []string) error {
	own := ""
	if len(args) > 0 {
		own = args[0]
	}
	switch own {
	case "--help", "-h":
		_, err := io.WriteString(h.Stderr, usage)
		return err
	case flagSetup, flagPrint:
		if len(args) > 1 {
			return host.WrongCall("xx-cargo --help", "%s takes no arguments", own)
		}
	}
	l := parse(args)
	r := findRust(h, l.toolchain)
	if own == flagPrint {
		g, err := environmentGoal(h, &r)
		if err == nil {
			_, err = fmt.Fprintln(h.Stdout, g.triple)
		}
		return err
	}
	cargo, err := h.LookPath("cargo")
	if err != nil {
		return &host.Error{Message: "cargo: not found", Hint: installRust}
	}
	if own == flagSetup {
		g, err := environmentGoal(h, &r)
		if err == nil {
			_, err = prepare(h, &r, g, true, true)
		}
		return err
	}
	if l.effect == none || l.asks {
		return h.Exec(host.Command{Path: cargo, Args: args, Env: h.Env})
	}
	return run(h, cargo, &r, l)
}

// run runs a command of cargo's that builds, or may build.
func run(h *host.Host, cargo string, r *rust, l line) error {
	c := host.Command{Path: cargo, Args: l.args, Env: h.Env}
	var goals []goal
	switch {
	case len(l.targets) == 0:
		g, err := environmentGoal(h, r)
		if err != nil {
			return err
		}
		goals = []goal{g}
		if l.effect == targeted {
			c.Args = l.withTarget(g.triple)
		} else if c.Env.Get(buildTarget) == "" {
			c.Env = c.Env.With(buildTarget, g.triple)
		}
	default:
		for _, triple := range l.targets {
			if g := goalOf(h, triple, r.rustup != ""); g.knownPlatform() || g.wasm() {
				goals = append(goals, g)
			}
		}
	}
	for _, g := range goals {
		needsStd := !l.buildsStd && c.Env.Get("CARGO_UNSTABLE_BUILD_STD") == ""
		vars, err := prepare(h, r, g, l.links || l.effect == unknown, needsStd)
		if err != nil && l.effect == unknown {
			h.Report(err) // and go on: it may build nothing
		} else if err != nil {
			return err
		}
		for _, v := range vars {
			c.Env = c.Env.With(v.Name, v.Value)
		}
	}
	if !wantsNativePaths(h, l) {
		return h.Exec(c)
	}
	if err := h.Run(c); err != nil {
		return err
	}
	return copyResults(h, cargo, l, goals[0], c.Env)
}

// buildTarget is the variable that makes every cargo build for a target which is not told another. A plugin or
// an alias that nobody here knows gets it instead of --target, because it may not take that.
const buildTarget = "CARGO_BUILD_TARGET"

// prepare makes sure that the goal can be built for and returns the variables for that. A command that links needs a linker;
// for another the want of one is no failure.
func prepare(h *host.Host, r *rust, g goal, links, needsStd bool) ([]xxinfo.Var, error) {
	// C first: what it lacks is known at once, and a standard library may be a large download.
	var c tools
	if g.knownPlatform() {
		var err error
		if c, err = setUpC(h, g); err != nil {
			if links {
				return nil, err
			}
			h.Debugf("%v", err)
		}
	}
	if needsStd {
		if err := r.ensureStd(g); err != nil {
			return nil, err
		}
	}
	m := machine{has: h.Has, exists: func(path string) bool { return exists(h, path) }}
	if links && c.CC != "" && lacksLibc(g, m.exists) {
		// No failure: a library for Rust alone is not linked. The linker would only name files.
		installer := "xx-apt-get install -y"
		if ownRoot(g.target) {
			installer = "xx-apk add"
		}
		fmt.Fprintf(h.Stderr, "%s: there is no C library for %s to link with\nhint: %s xx-c-essentials\n", h.Name, g.target.Triple(), installer)
	}
	if c.clang && g.target.IsCross() {
		if config, err := h.ReadFile("/usr/bin/" + g.target.Triple() + ".cfg"); err == nil {
			m.flags = clangFlags(string(config))
		}
	}
	return settings(g, c, h.Env, m), nil
}
