package xxinfo

import "strings"

// Var is a variable and its value.
type Var struct {
	Name, Value string
}

// Env returns what `xx-info env` prints: the target under the names that
// Dockerfiles use, in a fixed order. The target must be one that Check accepts.
func (t Target) Env() []Var {
	vars := []Var{
		{"XX_OS", t.OS},
		{"XX_OS_VERSION", t.OSVersion},
		{"XX_ARCH", t.Arch},
		{"XX_MARCH", t.Row.March},
		{"XX_VENDOR", t.Vendor},
	}
	if t.OS == "linux" {
		vars = append(vars, Var{"XX_PKG_ARCH", t.PackageArch()})
	}
	return append(vars,
		Var{"XX_TRIPLE", t.Triple()},
		Var{"XX_LIBC", t.Libc},
		Var{"TARGETOS", t.OS},
		Var{"TARGETARCH", t.Arch},
		Var{"TARGETVARIANT", t.Variant},
	)
}

// BuildEnv returns Env and the variables that build systems read, for
// `xx-info env --export`. An XX_VENDOR or XX_LIBC that only darwin or windows has is left out,
// since helpers take these variables for overrides, also for the next target.
//
//   - CC, CXX, AR, AS, LD, NM, OBJCOPY, OBJDUMP, RANLIB, READELF, STRIP and PKG_CONFIG (configure,
//     make, meson, cmake, cgo): the tools by the target's triple, as every
//     distribution names them; on windows DLLTOOL, WINDRES and RC too. CC and CXX are clang if
//     TRIPLE-clang is installed, or on darwin, and gcc otherwise.
//   - GOOS, GOARCH and the variant's GOARM, GOAMD64 …
//   - CARGO_BUILD_TARGET and CARGO_TARGET_TRIPLE_LINKER.
//
// has reports whether a program is on PATH.
func (t Target) BuildEnv(has func(program string) bool) []Var {
	triple := t.Triple()
	cc, cxx := triple+"-gcc", triple+"-g++"
	if t.OS == "darwin" || has(triple+"-clang") {
		cc, cxx = triple+"-clang", triple+"-clang++"
	}
	var vars []Var
	for _, v := range t.Env() {
		if v != (Var{"XX_VENDOR", "apple"}) && v != (Var{"XX_LIBC", "mingw32"}) {
			vars = append(vars, v)
		}
	}
	vars = append(vars, Var{"CC", cc}, Var{"CXX", cxx})
	tools := []string{"ar", "as", "ld", "nm", "objcopy", "objdump", "ranlib", "readelf", "strip"}
	if t.OS == "windows" {
		tools = append(tools, "dlltool", "windres")
		vars = append(vars, Var{"RC", triple + "-windres"})
	}
	for _, tool := range tools {
		vars = append(vars, Var{strings.ToUpper(tool), triple + "-" + tool})
	}
	vars = append(vars, Var{"PKG_CONFIG", triple + "-pkg-config"}, Var{"GOOS", t.OS}, Var{"GOARCH", t.Arch})
	if name, value := t.GoVariable(); name != "" {
		vars = append(vars, Var{name, value})
	}
	if rust := t.RustTriple(); rust != "" {
		linker := "CARGO_TARGET_" + strings.ToUpper(strings.ReplaceAll(rust, "-", "_")) + "_LINKER"
		vars = append(vars, Var{"CARGO_BUILD_TARGET", rust}, Var{linker, cc})
	}
	return vars
}
