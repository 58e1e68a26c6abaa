package xxcc

import (
	"path"
	"slices"
	"strings"

	"xxkit/xxinfo"
)

// defaultConfig is clang's configuration file for the machine itself.
const defaultConfig = "/etc/llvm/xx-default.cfg"

// config returns the line of clang's configuration file for a target.
func config(t xxinfo.Target, l linker, sysroot string, m machine) string {
	triple := t.Triple()
	line := "--target=" + strings.Replace(triple, "riscv64gc-", "riscv64-", 1) + " -fuse-ld=" + l.flag
	switch {
	case t.OS == "darwin":
		line += " -isysroot " + sysroot + " -stdlib=libc++"
	case t.OS == "windows":
		line += " -I/usr/" + triple + "/include -L/usr/" + triple + "/lib" + mingwGCC(triple, m)
	case hasOwnRoot(t):
		line += " --sysroot=" + sysroot
		if !l.lld {
			line += " -Wl,-rpath-link," + strings.TrimSuffix(sysroot, "/") + "/usr/lib"
		}
	case t.Libc == "musl" && isDebian(t):
		// Debian's musl-dev lies beside glibc's headers, start files and libraries, which clang would
		// find. -nostdlibinc leaves clang's own headers in.
		dir := multiarch(t)
		line += " -nostdlibinc -isystem /usr/include/" + dir + " -B/usr/lib/" + dir + " -L/usr/lib/" + dir
	}
	if t.OS != "linux" || !l.lld {
		return line
	}
	switch {
	case strings.HasPrefix(t.Arch, "mips"):
		// clang's tables of exceptions for MIPS have absolute addresses, and lld refuses to let a
		// shared library or a position-independent program fill them in when it is loaded, unless told to.
		line += " -Wl,-z,notext"
	case isDebian(t) && strings.HasSuffix(t.Row.ABI, "eabi") && m.llvm() < 16:
		// For an ARM before v6 the clang of those days calls libatomic, which nobody links,
		// not even cgo's own C code. An archive costs nothing where it is not needed.
		line += " -Wl,-l:libatomic.a"
	}
	return line
}

// mingwGCC leads clang to the newest gcc for Windows, whose libgcc and libstdc++ it uses. Debian calls the
// folders after the thread model too (12-win32, 12-posix), and clang up to LLVM 17 reads no such version.
// The posix one has std::thread.
func mingwGCC(triple string, m machine) string {
	dirs := m.glob("/usr/lib/gcc/" + triple + "/*-*")
	best := ""
	for _, dir := range dirs {
		if best == "" || gccVersion(dir) > gccVersion(best) ||
			gccVersion(dir) == gccVersion(best) && strings.HasSuffix(dir, "-posix") {
			best = dir
		}
	}
	if best == "" {
		return ""
	}
	cxx := best + "/include/c++"
	flags := " -L" + best
	for _, dir := range []string{cxx, cxx + "/" + triple, cxx + "/backward"} {
		flags += " -stdlib++-isystem " + dir
	}
	return flags
}

// gccVersion returns the first number in the name of gcc's folder, 0 if there is none.
func gccVersion(dir string) int { return leadingNumber(path.Base(dir)) }

// leadingNumber returns the number that a string begins with, 0 if it begins with none.
func leadingNumber(s string) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// plan is what setting up a target leaves.
type plan struct {
	files []file
	links []link
}

type file struct{ path, content string }

type link struct{ path, to string }

// planFor decides everything that setting up a target does. self is the
// machine as a target, and xx the path of this program.
func planFor(t, self xxinfo.Target, native bool, p preferences, sysroot, xx string, m machine) (plan, error) {
	l, err := chooseLinker(t, p, m)
	if err != nil {
		return plan{}, err
	}
	triple := t.Triple()
	var made plan
	line := config(t, l, sysroot, m) + "\n"
	made.files = append(made.files, file{"/usr/bin/" + triple + ".cfg", line})
	if llvm := m.llvmDir(); llvm != m.real("/usr/bin") {
		made.files = append(made.files, file{llvm + "/" + triple + ".cfg", line})
	}
	// Also when the target is another: a plain clang uses it.
	nativeLinker, err := l, error(nil)
	if !native {
		nativeLinker, err = chooseLinker(self, p, m)
	}
	if err == nil {
		made.files = append(made.files, file{defaultConfig, "-fuse-ld=" + nativeLinker.flag + "\n"})
		if !native && nativeLinker.link {
			made.links = append(made.links, link{nativeLinker.flag, relative(nativeLinker.flag, nativeLinker.path)})
		}
	}

	// ours reports whether a name may be taken: nothing has it, or a link as made here.
	ours := func(name string) bool {
		to, there := m.readlink(name)
		base := path.Base(to)
		return !there || m.self(name) || m.real(name) == "" ||
			to != "" && (strings.HasPrefix(base, "llvm-") || isLLD(base) || strings.HasSuffix(base, "gold") || slices.Contains(linked, base))
	}
	add := func(name, to string) {
		if to != "" && ours(name) {
			made.links = append(made.links, link{name, relative(name, to)})
		}
	}
	// tool adds TRIPLE-name, unless the target has such a tool already, wherever.
	tool := func(name, to string) {
		at := "/usr/bin/" + triple + "-" + name
		if found := m.look(triple + "-" + name); found == "" || found == at {
			add(at, to)
		}
	}

	for _, name := range []string{"clang", "clang++"} {
		wrapper := path.Dir(xx) + "/xx-" + name
		if m.real(wrapper) == "" {
			wrapper = xx
		}
		if _, there := m.readlink("/usr/local/bin/" + name); !there {
			add("/usr/local/bin/"+name, wrapper)
		}
		add("/usr/bin/"+triple+"-"+name, xx)
	}
	for _, name := range llvmTools {
		to := llvmProgram(m, "llvm-"+name)
		if to != "" && namesMislead(triple) {
			to = xx
		}
		tool(name, to)
	}
	tool("as", xx)
	switch {
	case l.link: // as the configuration file has it, whatever is there
		made.links = append(made.links, link{l.flag, relative(l.flag, l.path)})
	case l.lld && namesMislead(triple):
	default:
		if at := "/usr/bin/" + triple + "-ld"; l.path != at {
			tool("ld", l.path)
		}
	}
	if t.OS == "windows" && llvmProgram(m, "llvm-rc") != "" && m.real(path.Dir(xx)+"/xx-windres") != "" {
		tool("windres", path.Dir(xx)+"/xx-windres")
	}
	made.links = append(made.links, planPkgConfig(t, native, xx, m, ours)...)
	if t.OS == "darwin" && m.look("xcrun") == "" {
		add("/usr/bin/xcrun", xx)
	}
	return made, nil
}

// planPkgConfig returns the link for TRIPLE-pkg-config, if there is a pkg-config to run and the name is free.
func planPkgConfig(t xxinfo.Target, native bool, xx string, m machine, ours func(string) bool) []link {
	program := m.look("pkg-config")
	name := t.Triple() + "-pkg-config"
	at := "/usr/bin/" + name
	if found := m.look(name); program == "" || found != "" && found != at || !ours(at) {
		return nil
	}
	if !native {
		program = xx
	}
	return []link{{at, relative(at, program)}}
}

// linked are the other files that links lead to which are made here.
var linked = []string{"ld", "ld64", "ld64.signed", "pkg-config", "xx-windres"}

// llvmTools are LLVM's tools that get the target's name.
var llvmTools = []string{"addr2line", "ar", "ranlib", "nm", "dlltool", "strip", "readelf", "profdata", "objcopy", "objdump"}

// namesMislead reports whether LLVM's tools cannot tell from a name that begins with the triple what they
// are: they take it for the name of a file, and what comes after the last dot, as in
// arm64-apple-macos11.0-strip, for its extension.
func namesMislead(triple string) bool { return strings.Contains(triple, ".") }

// relative returns what a link of the given name has to say to lead to a file: the last part alone if both are
// in one folder.
func relative(name, to string) string {
	if path.Dir(name) == path.Dir(to) {
		return path.Base(to)
	}
	return to
}
