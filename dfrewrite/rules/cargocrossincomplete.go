package rules

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

// CargoCrossIncomplete finds cross-compilers that are set up by hand for cargo, for one target and not for the other, or for the
// linker only.
var CargoCrossIncomplete = &Rule{
	Name:     "CargoCrossIncomplete",
	Severity: Warning,
	Check: func(p *Pass) {
		done := seen{}
		for s, on := range p.builds() {
			if s.Place != graph.Build || p.cargoConfigured() || speaksOf(s, ".cargo/config", "config.toml", "zigbuild") {
				continue
			}
			for _, c := range p.callsInFiles(s, on) {
				triple := rustTarget(c)
				if c.Name != "cargo" || c.Maybe || c.Uncertain() || !triple.Known() || len(rustTargets(triple.Text)) == 0 {
					continue
				}
				p.cargoLinker(c, triple.Text, done)
				p.cargoCompiler(c, triple.Text, done)
			}
		}
	},
}

// linkerFor is the variable with which cargo is told a target's linker.
func linkerFor(triple string) string {
	return "CARGO_TARGET_" + strings.ToUpper(strings.ReplaceAll(triple, "-", "_")) + "_LINKER"
}

// cargoLinker reports targets without a linker where another one has its own.
func (p *Pass) cargoLinker(c *facts.Call, triple string, done seen) {
	if c.Env(linkerFor(triple)).Set || strings.Contains(c.Env("RUSTFLAGS").Text, "linker") || c.Env(strings.Replace(linkerFor(triple), "_LINKER", "_RUSTFLAGS", 1)).Set {
		return
	}
	others := slices.DeleteFunc(c.EnvPrefix("CARGO_TARGET_"), func(name string) bool { return !strings.HasSuffix(name, "_LINKER") })
	if len(others) == 0 {
		return
	}
	set := c.Env(others[0])
	at := placeOf(c, set)
	if done.before(at) {
		return
	}
	p.Report(Diagnostic{
		Span:    at,
		Message: fmt.Sprintf("%s has a linker and %s has none: on a builder of another architecture than %s it cannot be linked", targetOf(others[0]), triple, c.Platform.Arch),
		Hint:    "set one for each target, or build with xx-cargo, which sets them up",
		Notes:   p.inFile(c),
	})
}

// targetOf reads the triple in the name of such a variable, as far as that goes.
func targetOf(variable string) string {
	name := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(variable, "CARGO_TARGET_"), "_LINKER"))
	return strings.Replace(strings.ReplaceAll(name, "_", "-"), "x86-64", "x86_64", 1)
}

// cargoCompiler reports crates that CMake builds, where cargo is told a linker for the target and they no compiler.
func (p *Pass) cargoCompiler(c *facts.Call, triple string, done seen) {
	if !c.Env(linkerFor(triple)).Set || p.Options.Context == nil {
		return
	}
	under := strings.ReplaceAll(triple, "-", "_")
	for _, name := range []string{"CC_" + under, "CXX_" + under, "CC_" + triple, "CXX_" + triple, "TARGET_CC", "TARGET_CXX", "CC", "CXX", "CMAKE_TOOLCHAIN_FILE", "CMAKE_TOOLCHAIN_FILE_" + under} {
		if c.Env(name).Set {
			return
		}
	}
	crates := dependingOn(string(p.Options.Context.ReadFile("Cargo.lock")), "cmake")
	if len(crates) == 0 || done.before(c.Run.Span) {
		return
	}
	p.Report(Diagnostic{
		Span:    c.Run.Span,
		Message: fmt.Sprintf("%s compiles C++ by CMake, and only the linker is set for %s: CC_%s and CXX_%s are not", List(crates), triple, under, under),
		Hint:    fmt.Sprintf("set CC_%s and CXX_%s to the cross compilers, or build with xx-cargo", under, under),
		Notes:   p.inFile(c),
	})
}

// lockPackage matches a package of a Cargo.lock with its dependencies.
var lockPackage = match.Pattern(`(?m)^name = "([^"]+)"\n(?:(?:version|source|checksum) = .*\n)*dependencies = \[([^\]]*)\]`)

// dependingOn lists the packages of a Cargo.lock that depend on another one themselves.
func dependingOn(lock, name string) []string {
	var out []string
	for _, m := range lockPackage().FindAllStringSubmatch(strings.ReplaceAll(lock, "\r\n", "\n"), -1) {
		if strings.Contains(m[2], `"`+name+`"`) || strings.Contains(m[2], `"`+name+` `) {
			out = append(out, m[1])
		}
	}
	return out
}
