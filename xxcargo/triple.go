package xxcargo

import (
	"fmt"
	"strings"

	"xxkit/internal/host"
	"xxkit/triples"
	"xxkit/xxinfo"
)

// goal is what a program is built for: a target of Rust's, and the platform that it is.
type goal struct {
	triple string

	// target is the platform. Its Row is empty for WebAssembly and for a triple of the user's that no platform has:
	// no C compiler is set up then.
	target xxinfo.Target

	// env is the environment that makes it the target of the other helpers.
	env host.Env
}

// knownPlatform reports whether C can be set up for the goal.
func (g goal) knownPlatform() bool { return g.target.Row.Arch != "" }

// wasm reports whether it is a kind of WebAssembly.
func (g goal) wasm() bool { return strings.HasPrefix(g.triple, "wasm32-") }

// rustTriples returns what Rust calls a target; the first is its name, and others are those of a standard library
// that will do as well. rustup is whether Rust comes from rustup, which has Rust's own names; distributions
// differ:
//
//   - Alpine names its targets as it does for gcc (abuild's CHOST), such as aarch64-alpine-linux-musl.
//   - Debian's armel is ARMv5, and its Rust is built for that. Programs for it run on ARMv6. Source: debian/architecture.mk
//     in Debian's rustc.
//
// It is empty where Rust has no such target.
func rustTriples(t xxinfo.Target, rustup bool) []string {
	if t.OS == "linux" && !rustup {
		switch {
		case t.Distribution == "alpine" && t.Libc == "musl":
			names := []string{t.Triple()}
			if t.Arch == "riscv64" {
				names = append(names, "riscv64gc-alpine-linux-musl")
			}
			return append(names, t.RustTriple())
		case t.Arch == "arm" && t.Variant == "v6" && t.Libc == "gnu" && isDebian(t):
			return []string{"armv5te-unknown-linux-gnueabi", t.RustTriple()}
		}
	}
	if name := t.RustTriple(); name != "" {
		return []string{name}
	}
	return nil
}

func isDebian(t xxinfo.Target) bool { return t.Distribution == "debian" || t.Distribution == "ubuntu" }

// wasmTriples returns Rust's names for a kind of WebAssembly. WASI's was wasm32-wasi up to Rust 1.77.
func wasmTriples(os string) []string {
	switch os {
	case "wasi", "wasip1":
		return []string{"wasm32-wasip1", "wasm32-wasi"}
	case "wasip2":
		return []string{"wasm32-wasip2"}
	}
	return []string{"wasm32-unknown-unknown"}
}

// isWasm reports whether a platform is WebAssembly, whose names are Go's: js/wasm, wasip1/wasm.
func isWasm(t xxinfo.Target) bool { return t.Arch == "wasm" || t.OS == "wasi" || t.OS == "wasip1" }

// environmentGoal returns the goal that the environment asks for. Of several names it takes the one of which the standard
// library is there.
func environmentGoal(h *host.Host, r *rust) (goal, error) {
	t := xxinfo.FromHost(h)
	var names []string
	if isWasm(t) {
		names = wasmTriples(t.OS)
		t.Row = triples.Row{}
	} else {
		if err := t.Check(); err != nil {
			return goal{}, err
		}
		names = rustTriples(t, r.rustup != "")
	}
	if len(names) == 0 {
		return goal{}, &host.Error{
			Message: fmt.Sprintf("Rust has no target for %s", t.Platform),
			Hint:    "rustc --print target-list shows those that it has; cargo build --target takes any of them",
		}
	}
	return goal{triple: r.choose(names), target: t, env: h.Env}, nil
}

// goalOf returns the goal for a triple that the user names.
func goalOf(h *host.Host, triple string, rustup bool) goal {
	for _, row := range triples.Rows() {
		for _, libc := range []string{"gnu", "musl"} {
			env := h.Env.Without("TARGETPAIR", "TARGETOS", "TARGETARCH", "TARGETVARIANT").
				With("TARGETPLATFORM", row.Platform.String())
			if row.OS == "linux" {
				env = env.With("XX_LIBC", libc)
			}
			other := *h
			other.Env = env
			t := xxinfo.FromHost(&other)
			for _, name := range rustTriples(t, rustup) {
				if name == triple {
					return goal{triple: triple, target: t, env: env}
				}
			}
			if t.RustTriple() == triple {
				return goal{triple: triple, target: t, env: env}
			}
		}
	}
	return goal{triple: triple, env: h.Env}
}

// underscored is the triple as it is part of a variable's name that build scripts look at: CC_aarch64_unknown_linux_gnu.
func underscored(triple string) string {
	return strings.NewReplacer("-", "_", ".", "_").Replace(triple)
}
