package xxcc

import (
	"fmt"
	"path"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

// machine is what the decisions look at, besides the target and the environment.
type machine interface {
	// look returns the path of a program on PATH, or "".
	look(program string) string
	// real returns the file that a path leads to through all links, or "" if nothing is there.
	real(path string) string
	// readlink returns what a symbolic link says. there is true for whatever has the name, a link
	// that leads nowhere included.
	readlink(path string) (to string, there bool)
	// self reports whether a path leads to xx.
	self(path string) bool
	glob(pattern string) []string
	// emulations returns what `ld -V` prints.
	emulations(ld string) string
	// llvmDir is the folder that clang really is in, where distributions have all tools of one version.
	llvmDir() string
	// llvm returns the version of LLVM that clang says it has, or 0 if it says nothing.
	llvm() int
}

// preferences are what users say about linkers: XX_CC_PREFER_LINKER and XX_CC_PREFER_STATIC_LINKER.
type preferences struct {
	linker string
	static bool
}

func preferencesOf(env host.Env) preferences {
	p := preferences{linker: env.Get("XX_CC_PREFER_LINKER"), static: env.Get("XX_CC_PREFER_STATIC_LINKER") != ""}
	if p.linker == "" {
		p.linker = "lld"
	}
	return p
}

// linker is the choice for a target.
type linker struct {
	flag string // the value for -fuse-ld=
	path string // the program, "" if only clang knows
	lld  bool

	// link tells that path has to be made, as a link to the machine's own ld.
	link bool
}

// chooseLinker chooses the target's linker. lld links for every platform that it knows; GNU
// linkers are made for one, but one made for several can be there too.
func chooseLinker(t xxinfo.Target, p preferences, m machine) (linker, error) {
	if t.OS == "darwin" {
		return darwinLinker(t, m)
	}
	lld := linker{flag: "lld", path: llvmProgram(m, "ld.lld"), lld: true}
	if lld.path == "" {
		lld.path = m.look("lld")
	}
	usesLLD := lld.path != "" && lldLinks(t, p, m)
	if p.linker == "lld" && usesLLD {
		return lld, nil
	}
	if p.linker == "gold" {
		for _, name := range []string{"-gold", "-ld.gold"} { // the second is what binutils calls it
			if gold := m.look(t.Triple() + name); gold != "" {
				return linker{flag: gold, path: gold}, nil
			}
		}
	}
	if l, ok := gnuLinker(t, m); ok {
		return l, nil
	}
	// A wish that cannot be granted is no reason to fail. lld links s390x since LLVM 18.
	if usesLLD || lld.path != "" && t.Arch == "s390x" && m.llvm() >= 18 {
		return lld, nil
	}
	return linker{}, noLinker(t, lld.path != "" && lldLinks(t, preferences{}, m))
}

// lldLinks reports whether lld is trusted with a target: s390x came late, riscv64 worked from LLVM 15
// on, and static programs for ppc64le and 386 are better linked by others.
func lldLinks(t xxinfo.Target, p preferences, m machine) bool {
	switch t.Arch {
	case "s390x":
		return false
	case "riscv64":
		return m.llvm() >= 15
	case "ppc64le", "386":
		return !p.static
	}
	return true
}

// gnuLinker finds a GNU ld for the target: its own, under its name or in its root, or the machine's
// if that is made for several.
func gnuLinker(t xxinfo.Target, m machine) (linker, bool) {
	triple := t.Triple()
	made := "/usr/bin/" + triple + "-ld"
	if ld := m.look(triple + "-ld"); ld != "" && !isLLD(m.real(ld)) { // our own link may lead to lld
		if to, _ := m.readlink(ld); path.Base(to) != "ld" { // or to the machine's, which is asked below
			return linker{flag: ld, path: ld}, true
		}
	}
	if t.OS == "linux" && t.Libc == "musl" && isDebian(t) {
		// The same linker serves both C libraries.
		if ld := m.look(t.Row.First + "-linux-gnu" + t.Row.ABI + "-ld"); ld != "" && !isLLD(m.real(ld)) {
			return linker{flag: made, path: ld, link: true}, true
		}
	}
	if ld := "/" + triple + "/bin/ld"; m.real(ld) != "" {
		return linker{flag: ld, path: ld}, true
	}
	if ld, emulation := m.look("ld"), emulation(t); ld != "" && emulation != "" && !isLLD(m.real(ld)) {
		for _, word := range strings.Fields(m.emulations(ld)) {
			if word == emulation {
				return linker{flag: made, path: ld, link: true}, true
			}
		}
	}
	return linker{}, false
}

// llvmProgram finds a program of LLVM: on PATH, or beside clang.
func llvmProgram(m machine, name string) string {
	if found := m.look(name); found != "" {
		return found
	}
	if beside := m.llvmDir() + "/" + name; m.real(beside) != "" {
		return beside
	}
	return ""
}

// darwinLinker: Apple's linker is what SDKs come with; lld has one too.
func darwinLinker(t xxinfo.Target, m machine) (linker, error) {
	for _, name := range []string{"ld64.signed", "ld64"} {
		if ld := m.look(name); ld != "" && !isLLD(m.real(ld)) {
			return linker{flag: ld, path: ld}, nil
		}
	}
	if ld := llvmProgram(m, "ld64.lld"); ld != "" {
		return linker{flag: "lld", path: ld, lld: true}, nil
	}
	return linker{}, noLinker(t, false)
}

// noLinker returns the error for a target that nothing links. unwanted is whether lld would, but for
// XX_CC_PREFER_STATIC_LINKER.
func noLinker(t xxinfo.Target, unwanted bool) error {
	hint := "install lld: apt-get install lld"
	switch {
	case unwanted:
		gnu := "apt-get install " + binutils(t)
		if t.Distribution == "alpine" {
			gnu = "xx-apk add binutils"
		}
		hint = "install a GNU linker for it (" + gnu + "), or unset XX_CC_PREFER_STATIC_LINKER and link with lld"
	case t.OS == "darwin":
		hint = "put Apple's ld64 on PATH, or install lld (apt-get install lld, apk add lld)"
	case t.Distribution == "alpine" && t.Arch == "s390x":
		hint = "install a GNU linker: xx-apk add binutils"
	case t.Distribution == "alpine":
		hint = "install lld: apk add lld"
	case t.Arch == "s390x" || t.Arch == "riscv64" || t.Arch == "ppc64le" || t.Arch == "386":
		hint = "install a GNU linker for it (apt-get install " + binutils(t) + "), or lld from a newer release"
		if t.Arch != "s390x" && t.Arch != "riscv64" {
			hint = "install lld (apt-get install lld) or a GNU linker for it (apt-get install " + binutils(t) + ")"
		}
	}
	return &host.Error{Message: fmt.Sprintf("no suitable linker found for %s", t.Triple()), Hint: hint}
}

// binutils is the Debian package with the target's GNU linker.
func binutils(t xxinfo.Target) string {
	gnu := t.Row.First + "-linux-gnu" + t.Row.ABI
	return "binutils-" + strings.ReplaceAll(gnu, "_", "-")
}

// isLLD reports whether the file that a linker's name leads to is lld.
func isLLD(real string) bool { return strings.Contains(path.Base(real), "lld") }

// emulation is what GNU ld calls the target, "" if it knows none. Source: clang's
// getLDMOption, ld's configure.tgt.
func emulation(t xxinfo.Target) string {
	if t.OS == "windows" {
		switch t.Arch {
		case "amd64":
			return "i386pep"
		case "386":
			return "i386pe"
		case "arm64":
			return "arm64pe"
		}
		return ""
	}
	switch t.Arch {
	case "amd64":
		return "elf_x86_64"
	case "arm64":
		return "aarch64linux"
	case "arm":
		return "armelf_linux_eabi"
	case "386":
		return "elf_i386"
	case "ppc64le":
		return "elf64lppc"
	case "s390x":
		return "elf64_s390"
	case "riscv64":
		return "elf64lriscv"
	case "loong64":
		return "elf64loongarch"
	case "mips":
		return "elf32btsmip"
	case "mipsle":
		return "elf32ltsmip"
	case "mips64":
		return "elf64btsmip"
	case "mips64le":
		return "elf64ltsmip"
	}
	return ""
}
