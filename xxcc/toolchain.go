package xxcc

import (
	"fmt"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

// toolchain is the target's tools as build systems want to be told of them. A tool that is not there
// is the empty string.
type toolchain struct {
	target  xxinfo.Target
	sysroot string
	clang   bool

	c, cxx string            // the compilers, by their paths
	tools  map[string]string // "ar", "strip" …

	pkgConfig string
	emulator  string // qemu-MARCH, for a target that is not this machine
}

// clangTools returns the tools of a target that is set up.
func clangTools(h *host.Host, t xxinfo.Target) toolchain {
	tc := newToolchain(h, t)
	tc.clang = true
	tc.c, tc.cxx = binDir+"/"+t.Triple()+"-clang", binDir+"/"+t.Triple()+"-clang++"
	return tc
}

// gccTools returns the tools of a target that has gcc alone.
func gccTools(h *host.Host, t xxinfo.Target) toolchain {
	tc := newToolchain(h, t)
	cc := *h
	cc.Name = "xx-cc"
	tc.c, tc.cxx = findGCC(&cc, t, false), findGCC(&cc, t, true)
	return tc
}

func newToolchain(h *host.Host, t xxinfo.Target) toolchain {
	look := func(names ...string) string {
		for _, name := range names {
			if at, err := h.LookPath(name); err == nil {
				return at
			}
		}
		return ""
	}
	tc := toolchain{
		target: t, sysroot: sysroot(h, t), tools: map[string]string{},
		pkgConfig: binDir + "/" + t.Triple() + "-pkg-config",
	}
	if at := look(t.Triple() + "-pkg-config"); at != "" {
		tc.pkgConfig = at
	}
	for _, name := range []string{"ar", "ranlib", "nm", "strip", "objcopy", "objdump", "readelf", "addr2line", "dlltool", "ld", "windres"} {
		tc.tools[name] = look(t.Triple() + "-" + name)
	}
	if clang, err := findClang(h, false); err == nil && t.OS == "darwin" {
		// Only CMake and Meson ask for these two, and by their full names, so that nobody needs them linked.
		m := &facts{h: h, clang: clang.path}
		tc.tools["install_name_tool"] = llvmProgram(m, "llvm-install-name-tool")
		tc.tools["otool"] = llvmProgram(m, "llvm-otool")
	}
	if t.IsCross() && t.OS == "linux" {
		tc.emulator = look("qemu-"+t.Row.Qemu, "qemu-"+t.Row.Qemu+"-static")
	}
	return tc
}

// cmakeDefines returns the arguments for cmake that choose compilers and pkg-config, on one line.
func (tc toolchain) cmakeDefines() string {
	triple := tc.target.Triple()
	if !tc.clang {
		return fmt.Sprintf("-DCMAKE_C_COMPILER=%s -DCMAKE_CXX_COMPILER=%s -DCMAKE_ASM_COMPILER=%s -DPKG_CONFIG_EXECUTABLE=%s",
			tc.c, tc.cxx, tc.c, tc.pkgConfig)
	}
	return "-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_ASM_COMPILER=clang" +
		" -DPKG_CONFIG_EXECUTABLE=" + tc.pkgConfig +
		" -DCMAKE_C_COMPILER_TARGET=" + triple + " -DCMAKE_CXX_COMPILER_TARGET=" + triple + " -DCMAKE_ASM_COMPILER_TARGET=" + triple
}

// cmakeToolchainFile returns a file for CMAKE_TOOLCHAIN_FILE. It tells CMake that the target is
// another machine, if it is, so that nothing that was built is run, or only under qemu if that is there.
func (tc toolchain) cmakeToolchainFile() string {
	var b strings.Builder
	set := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "set(%s %q)\n", name, value)
		}
	}
	t := tc.target
	fmt.Fprintf(&b, "# CMake toolchain for %s (%s), by xx-cc %s.\n", t.Platform, t.Triple(), flagToolchain)
	if t.IsCross() {
		set("CMAKE_SYSTEM_NAME", map[string]string{"linux": "Linux", "windows": "Windows", "darwin": "Darwin"}[t.OS])
		set("CMAKE_SYSTEM_PROCESSOR", processor(t))
	}
	set("CMAKE_C_COMPILER", tc.c)
	set("CMAKE_CXX_COMPILER", tc.cxx)
	set("CMAKE_ASM_COMPILER", tc.c)
	for _, tool := range []string{"ar", "ranlib", "nm", "strip", "objcopy", "objdump", "readelf", "addr2line"} {
		set("CMAKE_"+strings.ToUpper(tool), tc.tools[tool])
	}
	for _, name := range []string{"C", "CXX"} {
		set("CMAKE_"+name+"_COMPILER_AR", tc.tools["ar"])
		set("CMAKE_"+name+"_COMPILER_RANLIB", tc.tools["ranlib"])
	}
	if t.OS != "darwin" {
		set("CMAKE_LINKER", tc.tools["ld"])
	}
	set("PKG_CONFIG_EXECUTABLE", tc.pkgConfig)
	set("CMAKE_CROSSCOMPILING_EMULATOR", tc.emulator)
	switch {
	case t.OS == "darwin":
		set("CMAKE_OSX_SYSROOT", strings.TrimSuffix(tc.sysroot, "/"))
		set("CMAKE_OSX_ARCHITECTURES", t.Row.March)
		set("CMAKE_OSX_DEPLOYMENT_TARGET", t.Triple()[strings.Index(t.Triple(), "macos")+len("macos"):])
		set("CMAKE_INSTALL_NAME_TOOL", tc.tools["install_name_tool"])
		set("CMAKE_OTOOL", tc.tools["otool"])
		set("CMAKE_FIND_ROOT_PATH", strings.TrimSuffix(tc.sysroot, "/"))
	case t.OS == "windows":
		set("CMAKE_RC_COMPILER", tc.tools["windres"])
		set("CMAKE_DLLTOOL", tc.tools["dlltool"])
		set("CMAKE_FIND_ROOT_PATH", "/usr/"+t.Triple())
	case hasOwnRoot(t):
		set("CMAKE_SYSROOT", strings.TrimSuffix(tc.sysroot, "/"))
	case isDebian(t):
		// Libraries of all architectures lie in one root; this says which folders are the target's.
		set("CMAKE_LIBRARY_ARCHITECTURE", multiarch(t))
	}
	if t.OS != "linux" || hasOwnRoot(t) {
		for _, what := range []string{"LIBRARY", "INCLUDE", "PACKAGE"} {
			set("CMAKE_FIND_ROOT_PATH_MODE_"+what, "ONLY")
		}
	}
	if t.IsCross() {
		set("CMAKE_FIND_ROOT_PATH_MODE_PROGRAM", "NEVER")
	}
	return b.String()
}

// processor is what CMake projects expect in CMAKE_SYSTEM_PROCESSOR.
func processor(t xxinfo.Target) string {
	if t.Arch == "386" {
		return "i686"
	}
	return t.Row.March
}

// mesonCrossFile returns a file for `meson setup --cross-file`.
func (tc toolchain) mesonCrossFile() string {
	var b strings.Builder
	entry := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s = '%s'\n", name, value)
		}
	}
	t := tc.target
	fmt.Fprintf(&b, "# Meson cross file for %s (%s), by xx-cc %s.\n[binaries]\n", t.Platform, t.Triple(), flagMeson)
	entry("c", tc.c)
	entry("cpp", tc.cxx)
	for _, tool := range []string{"ar", "nm", "strip", "objcopy", "objdump", "readelf", "ranlib"} {
		entry(tool, tc.tools[tool])
	}
	if t.OS == "windows" {
		entry("windres", tc.tools["windres"])
		entry("dlltool", tc.tools["dlltool"])
	}
	if t.OS == "darwin" {
		entry("install_name_tool", tc.tools["install_name_tool"])
		entry("otool", tc.tools["otool"])
	}
	entry("pkgconfig", tc.pkgConfig) // the name up to Meson 1.2
	entry("pkg-config", tc.pkgConfig)
	entry("exe_wrapper", tc.emulator)
	b.WriteString("\n[properties]\n")
	// Without a wrapper Meson would try to run what it has built.
	fmt.Fprintf(&b, "needs_exe_wrapper = %t\n", t.IsCross())
	if tc.sysroot != "/" {
		entry("sys_root", strings.TrimSuffix(tc.sysroot, "/"))
	}
	b.WriteString("\n[host_machine]\n")
	entry("system", t.OS)
	entry("cpu_family", cpuFamily(t))
	entry("cpu", processor(t))
	entry("endian", t.Row.Order.String())
	return b.String()
}

// cpuFamily is Meson's name for the architecture. Source: its reference tables.
func cpuFamily(t xxinfo.Target) string {
	switch t.Arch {
	case "amd64":
		return "x86_64"
	case "386":
		return "x86"
	case "arm64":
		return "aarch64"
	case "ppc64le":
		return "ppc64"
	case "loong64":
		return "loongarch64"
	case "mipsle":
		return "mips"
	case "mips64le":
		return "mips64"
	}
	return t.Arch // arm, s390x, riscv64, mips, mips64
}
