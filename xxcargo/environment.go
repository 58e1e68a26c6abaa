package xxcargo

import (
	"strings"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

// machine is what the settings depend on besides the goal.
type machine struct {
	has    func(program string) bool
	exists func(path string) bool
	flags  []string // see clangFlags
}

// settings returns the variables that cargo gets for a goal. What the user has set, by whatever name the tools
// look at, stays. Each tool that build scripts use asks for a variable with the target's name first, and what is built for this
// machine (build scripts, procedural macros and what they need) never sees these.
//
// Sources: the Cargo book, "Environment variables"; the documentation of the crates cc, pkg-config, cmake and bindgen.
func settings(g goal, c tools, env host.Env, m machine) []xxinfo.Var {
	s := settler{triple: g.triple, env: env}
	prefix := "CARGO_TARGET_" + strings.ToUpper(underscored(g.triple))

	s.set(prefix+"_LINKER", c.CC)
	if flags := env.Get("XX_RUSTFLAGS"); flags != "" {
		s.vars = append(s.vars, rustFlags(prefix+"_RUSTFLAGS", flags, env)...)
	}
	if g.knownPlatform() && g.target.IsCross() && g.target.OS == "linux" {
		if qemu := emulator(g.target, m.has); qemu != "" {
			s.set(prefix+"_RUNNER", qemu)
			s.set("QEMU_LD_PREFIX", loaderPrefix(g.target, m.exists))
		}
	}
	if c.CC == "" {
		return s.vars
	}

	s.build("CC", c.CC)
	s.build("CXX", c.CXX)
	s.build("AR", c.AR)
	if c.clang && ownRoot(g.target) {
		// The crate cc tells clang a target of its own, in which clang does not find Alpine's libstdc++. What the
		// user wants for all targets is hidden by a variable for one of them, so it is repeated.
		s.build("CFLAGS", join(env.Get("CFLAGS"), "--target="+g.target.Triple()))
		s.build("CXXFLAGS", join(env.Get("CXXFLAGS"), "--target="+g.target.Triple()))
	}
	if len(m.flags) > 0 {
		s.build("BINDGEN_EXTRA_CLANG_ARGS", join(env.Get("BINDGEN_EXTRA_CLANG_ARGS"), strings.Join(m.flags, " ")))
	}
	s.build("CMAKE_TOOLCHAIN_FILE", c.cmakeFile)
	if c.PkgConfig != "" {
		s.build("PKG_CONFIG", c.PkgConfig)
		// Who knows no such variable reads this one; the crate pkg-config reads HOST_ first for what runs here.
		if g.target.IsCross() && env.Get("PKG_CONFIG") == "" {
			s.set("PKG_CONFIG", c.PkgConfig)
			s.set("HOST_PKG_CONFIG", "pkg-config")
		}
	}
	s.set("PKG_CONFIG_ALLOW_CROSS", "1")
	return s.vars
}

// settler collects variables that the user has not set.
type settler struct {
	triple string
	env    host.Env
	vars   []xxinfo.Var
}

// set sets a variable, unless its value is empty or the user has it or one of the others set.
func (s *settler) set(variable, value string, others ...string) {
	if value == "" || s.env.Get(variable) != "" {
		return
	}
	for _, other := range others {
		if s.env.Get(other) != "" {
			return
		}
	}
	s.vars = append(s.vars, xxinfo.Var{Name: variable, Value: value})
}

// build sets a variable of build scripts for the target, for which there are two other ways to say it.
func (s *settler) build(variable, value string) {
	s.set(variable+"_"+underscored(s.triple), value, variable+"_"+s.triple, "TARGET_"+variable)
}

// rustFlags adds XX_RUSTFLAGS to the variable of the target. cargo looks at that one only if neither
// CARGO_ENCODED_RUSTFLAGS nor RUSTFLAGS is there: then they go where cargo looks.
func rustFlags(variable, flags string, env host.Env) []xxinfo.Var {
	if encoded := env.Get("CARGO_ENCODED_RUSTFLAGS"); encoded != "" {
		return []xxinfo.Var{{Name: "CARGO_ENCODED_RUSTFLAGS", Value: encoded + "\x1f" + strings.Join(strings.Fields(flags), "\x1f")}}
	}
	if env.Get("RUSTFLAGS") != "" {
		variable = "RUSTFLAGS"
	}
	return []xxinfo.Var{{Name: variable, Value: join(env.Get(variable), flags)}}
}

func join(first, second string) string { return strings.TrimSpace(first + " " + second) }

// emulator returns the qemu that runs programs of the target, or "".
func emulator(t xxinfo.Target, has func(string) bool) string {
	for _, name := range []string{"qemu-" + t.Row.Qemu, "qemu-" + t.Row.Qemu + "-static"} {
		if has(name) {
			return name
		}
	}
	return ""
}

// loaderPrefix returns the folder beneath which the target's dynamic loader is, if that is not this machine's root: Alpine's
// second root, or where Debian's cross compilers have their libraries.
func loaderPrefix(t xxinfo.Target, exists func(string) bool) string {
	loader := t.Row.Loader(t.Libc)
	if exists(loader) {
		return ""
	}
	for _, dir := range []string{"/" + t.Triple(), "/usr/" + t.Triple()} {
		if exists(dir + loader) {
			return dir
		}
	}
	return ""
}

// ownRoot reports whether the target has a root of its own, /TRIPLE.
func ownRoot(t xxinfo.Target) bool { return t.OS == "linux" && t.Sysroot(nil) != "/" }
