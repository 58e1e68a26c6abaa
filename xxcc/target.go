package xxcc

import (
	"strings"

	"xxkit/internal/host"
	"xxkit/triples"
	"xxkit/xxinfo"
)

// targetVariables tell what the target is. A triple on the command line or in the
// program's name overrides them all.
var targetVariables = []string{"TARGETPLATFORM", "TARGETPAIR", "TARGETOS", "TARGETARCH", "TARGETVARIANT"}

// chooseTarget returns the target of a command line: the one that it names or else the
// environment's. It reports false if it names one that the table of platforms lacks.
func chooseTarget(h *host.Host, o options) (xxinfo.Target, bool) {
	if o.target == "" {
		return xxinfo.FromHost(h), true
	}
	// Any spelling will do; the files are those of the spelling that this distribution has.
	env, ok := tripleEnv(h.Env, o.target)
	if !ok {
		return xxinfo.Target{}, false
	}
	return targetOf(h, env), true
}

// forTriple returns the target that has exactly this triple.
func forTriple(h *host.Host, triple string) (xxinfo.Target, bool) {
	env, ok := tripleEnv(h.Env, triple)
	if !ok {
		return xxinfo.Target{}, false
	}
	t := targetOf(h, env)
	// What is left to differ: a vendor that is not this distribution, and a first part that
	// somebody prefers.
	if parts := strings.Split(triple, "-"); t.Triple() != triple {
		if len(parts) == 4 && parts[2] == "linux" {
			env = env.With("XX_VENDOR", parts[1])
		}
		if t = targetOf(h, env); t.Triple() != triple {
			t = targetOf(h, env.With("ARM_TARGET_ARCH", parts[0]).With("RISCV64_TARGET_ARCH", parts[0]))
		}
	}
	return t, t.Triple() == triple
}

// TripleEnv returns the environment that makes a triple the target, for a tool whose name begins with it.
func TripleEnv(env host.Env, triple string) host.Env {
	if e, ok := tripleEnv(env, triple); ok {
		return e
	}
	return env
}

// tripleEnv returns the environment with its target replaced by a triple's, as far as the triple
// tells: platform, C library, macOS version. It reports false for an unknown triple.
func tripleEnv(env host.Env, triple string) (host.Env, bool) {
	rows := triples.ByTriple(triple)
	if len(rows) == 0 {
		return env, false
	}
	env = env.Without(targetVariables...).With("TARGETPLATFORM", rows[0].Platform.String())
	last := triple[strings.LastIndexByte(triple, '-')+1:]
	switch rows[0].OS {
	case "linux":
		for _, libc := range []string{"gnu", "musl"} {
			if strings.HasPrefix(last, libc) {
				env = env.With("XX_LIBC", libc)
			}
		}
	case "darwin":
		if version, ok := strings.CutPrefix(last, "macos"); ok && strings.Contains(version, ".") {
			env = env.With("MACOSX_VERSION_MIN", version)
		}
	}
	return env, true
}

func targetOf(h *host.Host, env host.Env) xxinfo.Target {
	other := *h
	other.Env = env
	return xxinfo.FromHost(&other)
}

// isNative reports whether a target is what a compiler on this machine makes if
// nobody tells it anything: its processor, and the distribution's C library.
func isNative(h *host.Host, t xxinfo.Target) bool {
	if t.IsCross() {
		return false
	}
	machine := machineTarget(h)
	return machine.Check() == nil && machine.Triple() == t.Triple()
}

// machineTarget is the machine itself as a target.
func machineTarget(h *host.Host) xxinfo.Target {
	return targetOf(h, h.Env.Without(targetVariables...).Without("XX_LIBC"))
}

// multiarch returns what Debian calls the folders with the target's headers and libraries, in
// /usr/include and /usr/lib. Source: dpkg's ostable and tupletable (DEB_HOST_MULTIARCH), and for musl
// the packages musl-dev, which leave the ABI of mips out.
func multiarch(t xxinfo.Target) string {
	first := t.Row.First
	if t.Arch == "386" {
		first = "i386"
	}
	abi := t.Row.ABI
	if t.Libc == "musl" {
		abi = strings.TrimSuffix(abi, "abi64")
	}
	return first + "-linux-" + t.Libc + abi
}

// isDebian reports whether the target's headers and libraries lie in multiarch folders. An XX_VENDOR that is
// only wanted in the triple does not move them.
func isDebian(t xxinfo.Target) bool {
	isOne := func(name string) bool { return name == "debian" || name == "ubuntu" }
	return isOne(t.Distribution) || isOne(t.Base) && t.Distribution != "alpine"
}

// hasOwnRoot reports whether the target has a root of its own, /TRIPLE/, which is so
// on Alpine.
func hasOwnRoot(t xxinfo.Target) bool {
	return t.OS == "linux" && t.Distribution == "alpine" && t.IsCross()
}

// sysroot is what --print-sysroot prints.
func sysroot(h *host.Host, t xxinfo.Target) string {
	switch {
	case t.OS == "darwin":
		return t.Sysroot(h.Glob(xxinfo.SDKs))
	case hasOwnRoot(t):
		return "/" + t.Triple() + "/"
	}
	return "/"
}
