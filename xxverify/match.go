package xxverify

import (
	"strconv"
	"strings"

	"xxkit/triples"
	"xxkit/xxverify/object"
)

// Mismatch is why an object does not run on a platform. The zero value stands for one that does.
type Mismatch struct {
	// Rule is what is wrong, one word: RuleOS, RuleArch, RuleOrder or RuleVariant.
	Rule string

	// Want is what was expected, such as "target architecture arm64".
	Want string

	// Hint is what to do about it, if there is more to do than to build for the other platform.
	Hint string
}

// Match finds out whether an object is for a platform, which is in normal form. It tells from what the object says about
// itself; one that says nothing about a variant passes for all of them.
func Match(p triples.Platform, o *object.Object) Mismatch {
	if !matchesOS(p.OS, o) {
		return Mismatch{Rule: RuleOS, Want: "target OS " + p.OS}
	}
	row, known := triples.Lookup(p)
	if known && o.Order != row.Order && strings.TrimSuffix(o.Arch, "le") == strings.TrimSuffix(p.Arch, "le") {
		return Mismatch{Rule: RuleOrder, Want: "endianness " + row.Order.String()}
	}
	if o.Arch != p.Arch {
		return Mismatch{Rule: RuleArch, Want: "target architecture " + p.Arch}
	}
	if hint, ok := runsVariant(p, o); !ok {
		want := "target architecture " + p.Arch
		if variant := leastVariant(p); variant != "" {
			want += "/" + variant
		}
		return Mismatch{Rule: RuleVariant, Want: want, Hint: hint}
	}
	return Mismatch{}
}

// leastVariant is the variant of a platform, with its name where the platform has none.
func leastVariant(p triples.Platform) string {
	switch {
	case p.Variant != "":
		return p.Variant
	case p.Arch == "amd64":
		return "v1"
	case p.Arch == "arm64":
		return "v8.0"
	case p.Arch == "riscv64":
		return "rva20u64"
	}
	return ""
}

// knownOS reports whether Match knows the programs of an operating system.
func knownOS(os string) bool {
	switch os {
	case "linux", "darwin", "windows", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "illumos", "js", "wasi", "wasip1":
		return true
	}
	return false
}

func matchesOS(os string, o *object.Object) bool {
	switch os {
	case "linux":
		return o.Format == "ELF" && (o.OS == "" || o.OS == "linux")
	case "darwin":
		return o.Format == "Mach-O" && o.OS == "darwin"
	case "windows":
		return (o.Format == "PE" || o.Format == "COFF") && o.OS == "windows"
	case "js", "wasi", "wasip1":
		return o.Format == "WebAssembly"
	case "solaris", "illumos":
		return o.Format == "ELF" && (o.OS == "" || o.OS == "solaris" || o.OS == os)
	}
	return o.Format == "ELF" && (o.OS == os || o.OS == "" && o.Kind == object.Relocatable)
}

// runsVariant reports whether a machine of the platform has what the code needs, for an object of the platform's
// architecture, and what to do if it has not.
func runsVariant(p triples.Platform, o *object.Object) (hint string, ok bool) {
	if p.OS == "windows" && p.Arch == "arm" {
		return "", true // always ARMv7
	}
	switch p.Arch {
	case "arm":
		if p.Variant == "v5" && o.ABI == "hard-float" {
			return "ARMv5 has no floating point unit: compile with -mfloat-abi=soft", false
		}
		// Attributes of v8 come from assembly that is used after a look at the processor, as in OpenSSL: nobody builds 32-bit programs that
		// need it throughout.
		if o.Variant > p.Variant && o.Ignored != "" {
			return "GOARM is 5, 6 or 7, without the v: build with GOARM=" + p.Variant[1:] + ", or GOARM=${TARGETVARIANT#v} for every variant", false
		}
		if o.Variant > p.Variant && !(o.Variant == "v8" && p.Variant == "v7") {
			return "build with GOARM=" + p.Variant[1:] + ", or -march=arm" + armMarch(p.Variant) + " for C", false
		}
	case "amd64":
		if want := leastVariant(p); o.Variant > want {
			return "build with GOAMD64=" + want + ", or without -march=x86-64-" + o.Variant + "; or for the platform " + p.OS + "/amd64/" + o.Variant, false
		}
	case "arm64":
		if armLevel(o.Variant) > armLevel(p.Variant) || major(o.Variant) > major(p.Variant) {
			return "build with GOARM64=" + arm64Name(p.Variant) + ", or for the platform " + p.OS + "/arm64/" + o.Variant, false
		}
	case "riscv64":
		if want := leastVariant(p); o.Variant > want {
			return "build with GORISCV64=" + want + ", or for the platform " + p.OS + "/riscv64/" + o.Variant, false
		}
		if o.ABI == "quad-float" || o.ABI == "embedded" {
			return "compile with -mabi=lp64d", false
		}
	case "mips", "mipsle", "mips64", "mips64le":
		if p.Variant == "softfloat" && o.Variant == "hardfloat" {
			return "build with GOMIPS=softfloat, or -msoft-float for C", false
		}
		if strings.HasSuffix(o.ABI, "release 6") || strings.HasPrefix(o.ABI, "n32") {
			return "compile for MIPS release 2 and the ABI of " + p.Arch, false
		}
	case "ppc64le":
		if o.ABI == "ELFv1" {
			return "compile with -mabi=elfv2", false
		}
	}
	return "", true
}

// armMarch is what gcc and clang call a 32-bit variant, after -march=arm.
func armMarch(variant string) string {
	switch variant {
	case "v5":
		return "v5te"
	case "v7":
		return "v7-a"
	}
	return variant
}

// armLevel orders the variants of arm64 by what they have: v9.0 has all of v8.5, v9.1 all of v8.6.
func armLevel(variant string) int {
	level := 0
	if _, minor, ok := strings.Cut(variant, "."); ok {
		level, _ = strconv.Atoi(minor) // a variant that is no number is the first
	}
	if major(variant) == 9 {
		level += 5
	}
	return level
}

func major(variant string) int {
	if strings.HasPrefix(variant, "v9") {
		return 9
	}
	return 8
}

// arm64Name is what GOARM64 calls a variant.
func arm64Name(variant string) string {
	switch {
	case variant == "":
		return "v8.0"
	case !strings.Contains(variant, "."):
		return variant + ".0"
	}
	return variant
}
