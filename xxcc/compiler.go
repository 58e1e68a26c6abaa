package xxcc

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

const usage = `Usage: xx-clang ARGS…     xx-clang++ ARGS…     (clang for the target)
       xx-cc ARGS…        xx-c++ ARGS…         (the same; gcc where there is no clang)

Sets the target of the build up, see xx-info --help, and becomes its compiler. -target and
--target= choose another target; with --config everything is left to clang.

  --setup-target-triple         set the target up and do nothing else
  --print-target-triple         set it up and print its triple, as in
                                ./configure --host=$(xx-clang --print-target-triple)
  --print-sysroot               where the target's headers and libraries are
  --print-cmake-defines         cmake $(xx-clang --print-cmake-defines) …
  --print-cmake-toolchain-file  a complete toolchain file, for CMAKE_TOOLCHAIN_FILE
  --print-meson-cross-file      a complete file for meson setup --cross-file
  --wrap                        from now on a plain clang is the target's
  --unwrap                      undo --wrap

XX_CC_PREFER_LINKER is lld (the default), gold or ld. XX_CC_PREFER_STATIC_LINKER, when set, avoids
lld for targets that it does not link statically. XX_LIBC=musl on Debian builds with musl-dev.
`

// The flags of the helpers' own.
const (
	flagSetup     = "--setup-target-triple"
	flagTriple    = "--print-target-triple"
	flagSysroot   = "--print-sysroot"
	flagDefines   = "--print-cmake-defines"
	flagToolchain = "--print-cmake-toolchain-file"
	flagMeson     = "--print-meson-cross-file"
	flagWrap      = "--wrap"
	flagUnwrap    = "--unwrap"
)

// wrapMarker is the file that makes a plain clang the target's.
const wrapMarker = "/.xx-cc-autowrap"

// options is what the helper itself reads from a command line for the compiler.
type options struct {
	own    string // the first flag of the helper's own, or ""
	target string // the value of the last -target or --target=, or ""
	leave  bool   // clang must get the arguments as they are: --config, -cc1
	help   bool
}

// parse reads a command line. Nothing in it is changed.
func parse(args []string) options {
	var o options
	if len(args) > 0 {
		// The compiler proper, as clang calls itself; these come first or not at all.
		o.leave = strings.HasPrefix(args[0], "-cc1")
		o.help = args[0] == "--help" && len(args) == 1
	}
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; arg {
		case "-Xclang", "-Xlinker", "-Xassembler", "-Xpreprocessor", "-mllvm":
			i++ // its value is for somebody else
		case "-target", "--target":
			if i+1 < len(args) {
				i++
				o.target = args[i]
			}
		case "--config":
			o.leave = true
		case flagSetup, flagTriple, flagSysroot, flagDefines, flagToolchain, flagMeson, flagWrap, flagUnwrap:
			if o.own == "" {
				o.own = arg
			}
		default:
			if v, ok := strings.CutPrefix(arg, "--target="); ok {
				o.target = v
			}
			o.leave = o.leave || strings.HasPrefix(arg, "--config=")
		}
	}
	return o
}

// withoutTarget returns the arguments without those that name a target, which gcc does
// not know.
func withoutTarget(args []string) []string {
	var kept []string
	for i := 0; i < len(args); i++ {
		switch {
		case (args[i] == "-target" || args[i] == "--target") && i+1 < len(args):
			i++
		case strings.HasPrefix(args[i], "--target="):
		default:
			kept = append(kept, args[i])
		}
	}
	return kept
}

// Main is the helpers; h.Name says which: xx-cc, xx-c++, xx-clang or xx-clang++. It is
// also a plain clang or clang++ from /usr/local/bin, which is for this machine unless --wrap has
// made it the target's. Main returns only if it could not become the compiler,
// or had something else to do.
func Main(h *host.Host, args []string) error {
	cxx := strings.HasSuffix(h.Name, "++")
	o := parse(args)
	clang, err := findClang(h, cxx)
	plain := h.Name == "clang" || h.Name == "clang++"
	switch {
	case err != nil && o.leave:
		return err
	case o.leave:
		return become(h, clang, args)
	case plain && !exists(h, wrapMarker):
		return mainPlain(h, clang, err, o, args)
	case o.own == flagUnwrap:
		return h.Remove(wrapMarker)
	case o.help && !plain:
		_, err := io.WriteString(h.Stderr, usage)
		return err
	}

	t, ok := chooseTarget(h, o)
	if !ok {
		if err != nil {
			return err
		}
		// A target that no table of ours has, such as wasm32 or bpf: clang needs no help there.
		return become(h, clang, args)
	}
	if err := t.Check(); err != nil {
		return err
	}
	if o.own == flagSysroot {
		_, err := fmt.Fprintln(h.Stdout, sysroot(h, t))
		return err
	}
	if err != nil {
		if gcc := findGCC(h, t, cxx); gcc != "" {
			return mainGCC(h, t, gcc, o, args)
		}
		return err
	}
	if err := setUp(h, t, clang.path); err != nil {
		return err
	}
	if o.own != "" {
		return runOwn(h, t, o.own, clangTools(h, t))
	}
	return become(h, clang, append([]string{"--config", configFile(h, t)}, args...))
}

// mainPlain is clang by its own name, from /usr/local/bin, when it is not wrapped: it compiles for this
// machine or for what its command line names. It may know more than clang alone, and must never fail where
// that would not.
func mainPlain(h *host.Host, clang program, err error, o options, args []string) error {
	if err != nil {
		return err
	}
	config := defaultConfig
	if o.target != "" {
		t, ok := chooseTarget(h, o)
		if !ok || t.Check() != nil || setUp(h, t, clang.path) != nil {
			return become(h, clang, args)
		}
		config = configFile(h, t)
	}
	if exists(h, config) {
		args = append([]string{"--config", config}, args...)
	}
	return become(h, clang, args)
}

// mainGCC is the helper where there is gcc for the target and no clang.
func mainGCC(h *host.Host, t xxinfo.Target, gcc string, o options, args []string) error {
	if o.own == flagWrap {
		return &host.Error{Message: noClang, Hint: "--wrap is for clang alone, and gcc does not do: " + installClang}
	}
	if o.own != "" {
		if err := setUpGCC(h, t); err != nil {
			h.Debugf("cannot set up pkg-config: %v", err) // the compiler works without
		}
		return runOwn(h, t, o.own, gccTools(h, t))
	}
	return become(h, program{path: gcc}, withoutTarget(args))
}

// runOwn does what a flag of the helper's own asks for, with the target set up.
func runOwn(h *host.Host, t xxinfo.Target, flag string, tools toolchain) error {
	var text string
	switch flag {
	case flagTriple:
		text = t.Triple() + "\n"
	case flagDefines:
		text = tools.cmakeDefines() + "\n"
	case flagToolchain:
		text = tools.cmakeToolchainFile()
	case flagMeson:
		text = tools.mesonCrossFile()
	case flagWrap:
		return wrap(h)
	}
	_, err := io.WriteString(h.Stdout, text)
	return err
}

// wrap makes a plain clang the target's.
func wrap(h *host.Host) error {
	const link = "/usr/local/bin/clang"
	if !isSelf(h, link) {
		return &host.Error{
			Message: link + " is not a link to xx, so a plain clang cannot be wrapped",
			Hint:    "remove " + link + " and call --wrap again, or use xx-clang",
		}
	}
	return h.WriteFile(wrapMarker, nil, 0o666)
}

// program is a compiler and what it has to be told first.
type program struct {
	path string
	args []string
}

// findClang finds clang, or clang++: the one in /usr/bin, as distributions install it, before
// another on PATH.
func findClang(h *host.Host, cxx bool) (program, error) {
	name := "clang"
	if cxx {
		name = "clang++"
	}
	find := func(name string) string {
		path := "/usr/bin/" + name
		if info, err := os.Stat(h.Path(path)); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && !isSelf(h, path) {
			return path
		}
		path, err := h.LookPath(name)
		if err != nil {
			return ""
		}
		return path
	}
	if path := find(name); path != "" {
		return program{path: path}, nil
	}
	if cxx {
		if path := find("clang"); path != "" {
			return program{path: path, args: []string{"--driver-mode=g++"}}, nil
		}
	}
	hint := installClang + ", or call xx-cc, which takes gcc too"
	if takesGCC(h) {
		hint = installClang + ", or gcc for the target (xx-apt-get install gcc g++)"
	}
	return program{}, &host.Error{Message: noClang, Hint: hint}
}

const (
	noClang      = "/usr/bin/clang not found"
	installClang = "install clang and lld (apt-get install clang lld, apk add clang lld)"
)

// takesGCC reports whether the helper may become gcc where there is no clang.
func takesGCC(h *host.Host) bool { return h.Name == "xx-cc" || h.Name == "xx-c++" }

// findGCC returns the target's gcc, or g++, or the empty string, unless the helper is one
// that may only become clang.
func findGCC(h *host.Host, t xxinfo.Target, cxx bool) string {
	if !takesGCC(h) {
		return ""
	}
	name := "gcc"
	if cxx {
		name = "g++"
	}
	candidates := []string{t.Triple() + "-" + name}
	if isNative(h, t) {
		candidates = append(candidates, name)
	}
	for _, c := range candidates {
		if path, err := h.LookPath(c); err == nil {
			return path
		}
	}
	return ""
}

// become turns the process into the compiler. It is called by its whole path, from which
// clang finds the folders of its own installation; by its bare name it would take them
// from the link in /usr/local/bin.
func become(h *host.Host, p program, args []string) error {
	return h.Exec(host.Command{Path: p.path, Name: p.path, Args: append(p.args[:len(p.args):len(p.args)], args...), Env: h.Env})
}

// isSelf reports whether a path leads to this program.
func isSelf(h *host.Host, path string) bool {
	exe, err := os.Executable()
	if err != nil {
		return false
	}
	self, err := os.Stat(exe)
	if err != nil {
		return false
	}
	info, err := os.Stat(h.Path(path))
	return err == nil && os.SameFile(info, self)
}

func exists(h *host.Host, path string) bool {
	_, err := os.Stat(h.Path(path))
	return err == nil
}

// realPath returns the file that a path of the machine leads to, or the path itself.
func realPath(h *host.Host, path string) string {
	real, err := filepath.EvalSymlinks(h.Path(path))
	if err != nil {
		return path
	}
	if h.Root != "" {
		if root, err := filepath.EvalSymlinks(h.Root); err == nil {
			real = strings.TrimPrefix(real, root)
		}
	}
	return real
}
