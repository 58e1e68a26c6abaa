package xxcc

import (
	"path"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

// GCC returns the tools of the target's gcc, with the pkg-config that it comes without set up, and reports whether there is
// such a gcc. It is for helpers that take gcc where SetUp fails, as xx-cc does.
func GCC(h *host.Host, t xxinfo.Target) (Tools, bool) {
	cc := *h
	cc.Name = "xx-cc"
	gcc := findGCC(&cc, t, false)
	if t.Check() != nil || gcc == "" {
		return Tools{}, false
	}
	if err := setUpGCC(h, t); err != nil {
		h.Debugf("cannot set up pkg-config: %v", err) // the compiler works without
	}
	tools := Tools{CC: path.Base(gcc)}
	if gxx := findGCC(&cc, t, true); gxx != "" {
		tools.CXX = path.Base(gxx)
	}
	for name, field := range map[string]*string{"-ar": &tools.AR, "-pkg-config": &tools.PkgConfig} {
		if h.Has(t.Triple() + name) {
			*field = t.Triple() + name
		}
	}
	return tools, true
}

// CMakeToolchainFile returns the content of a toolchain file for CMake, as xx-cc --print-cmake-toolchain-file does, for the
// tools that SetUp or GCC has returned.
func CMakeToolchainFile(h *host.Host, t xxinfo.Target, tools Tools) string {
	if strings.HasSuffix(tools.CC, "-clang") {
		return clangTools(h, t).cmakeToolchainFile()
	}
	return gccTools(h, t).cmakeToolchainFile()
}
