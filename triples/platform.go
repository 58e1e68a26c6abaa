package triples

import (
	"errors"
	"fmt"
	"strings"
)

// Platform is an operating system, an architecture and perhaps a variant, by
// the names that GOOS, GOARCH and the OCI image specification use.
type Platform struct {
	OS      string
	Arch    string
	Variant string
}

// ErrInvalid is what Parse and ParsePair wrap when a string is not a platform.
var ErrInvalid = errors.New("not a platform")

// String returns "os/arch" or "os/arch/variant".
func (p Platform) String() string {
	s := p.OS + "/" + p.Arch
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// Parse reads "os/arch" or "os/arch/variant" and returns the platform in its
// normal form. The platform need not be in the table. The error wraps
// ErrInvalid and shows the string.
func Parse(s string) (Platform, error) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 || !plainWords(parts) {
		return Platform{}, fmt.Errorf("%q is %w: want os/arch or os/arch/variant, such as linux/arm64", s, ErrInvalid)
	}
	p := Platform{OS: parts[0], Arch: parts[1]}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	return p.Normalize(), nil
}

// ParsePair reads "os-arch", the form of TARGETPAIR, in which arm has its variant glued
// on: "linux-amd64", "linux-armv7". Only arm takes a variant here: in "linux-amd64v3"
// the architecture is the unknown "amd64v3". The result is in its normal
// form; the error wraps ErrInvalid and shows the string.
func ParsePair(s string) (Platform, error) {
	os, arch, ok := strings.Cut(s, "-")
	if !ok || !plainWords([]string{os, arch}) {
		return Platform{}, fmt.Errorf("%q is %w: want os-arch, such as linux-arm64 or linux-armv7", s, ErrInvalid)
	}
	arch, variant := SplitArm(arch)
	return Platform{OS: os, Arch: arch, Variant: variant}.Normalize(), nil
}

// SplitArm takes "armv7" apart into "arm" and "v7". Any other architecture
// comes back whole, without a variant.
func SplitArm(arch string) (string, string) {
	if variant, ok := strings.CutPrefix(arch, "arm"); ok && strings.HasPrefix(variant, "v") {
		return "arm", variant
	}
	return arch, ""
}

func plainWords(words []string) bool {
	for _, w := range words {
		if w == "" || strings.ContainsAny(w, " \t\r\n") {
			return false
		}
	}
	return true
}

// Normalize returns the platform with every part under its usual name and only
// such a variant as the package comment lists. Other people's names for an architecture
// become Go's (x86_64 is amd64, aarch64 is arm64, i386 is 386, armhf is arm/v7, armel
// is arm/v6), macos is darwin, and letters become small, as
// github.com/containerd/platforms does it. The version in "windows(10.0.17763)", which
// BuildKit may put into TARGETPLATFORM, is dropped: tools do not care.
//
// It differs from that package on purpose in three ways: v8 of arm64 stays, because
// the contract of xx-info is to print it; an arm variant that nobody knows is
// v7; a variant that its architecture does not have is dropped.
func (p Platform) Normalize() Platform {
	p.OS, p.Arch, p.Variant = strings.ToLower(p.OS), strings.ToLower(p.Arch), strings.ToLower(p.Variant)
	p.OS, _, _ = strings.Cut(p.OS, "(")
	if p.OS == "macos" {
		p.OS = "darwin"
	}
	switch p.Arch {
	case "x86_64", "x86-64":
		p.Arch = "amd64"
	case "i386":
		p.Arch = "386"
	case "aarch64":
		p.Arch = "arm64"
	case "armhf":
		p.Arch, p.Variant = "arm", "v7"
	case "armel":
		p.Arch, p.Variant = "arm", "v6"
	}
	p.Variant = normalVariant(p.Arch, p.Variant)
	return p
}

func normalVariant(arch, v string) string {
	switch arch {
	case "arm":
		switch v {
		case "v5", "v6", "v8":
			return v
		case "5", "6", "8":
			return "v" + v
		}
		return "v7"
	case "amd64":
		switch v {
		case "v2", "v3", "v4":
			return v
		}
		return ""
	case "arm64":
		switch v {
		case "8", "9":
			return "v" + v
		case "9.0":
			return "v9.0"
		case "v8", "v9":
			return v
		}
		if isMinor(v, "v8.") || isMinor(v, "v9.") {
			return v
		}
		return ""
	case "riscv64":
		switch v {
		case "rva20u64", "rva22u64", "rva23u64":
			return v
		}
		return ""
	case "mips", "mipsle", "mips64", "mips64le":
		switch v {
		case "softfloat", "hardfloat":
			return v
		}
		return ""
	case "386", "ppc64le", "s390x", "loong64":
		return ""
	}
	return v
}

// isMinor reports whether v is the prefix and one digit.
func isMinor(v, prefix string) bool {
	digit, ok := strings.CutPrefix(v, prefix)
	return ok && len(digit) == 1 && digit[0] >= '0' && digit[0] <= '9'
}

// GoVariable returns the variable that tells go which variant of the
// architecture to compile for, such as GOARM and "6", and two empty strings if go's
// own default is right.
//
// Source: `go help environment` and internal/buildcfg, which refuses any
// value that is not on its list. Hence arm/v8 is GOARM=7, the highest there is,
// v8 and v9 of arm64 are v8.0 and v9.0, and from v9.6 on it is v9.5.
func (p Platform) GoVariable() (name, value string) {
	if p.Variant == "" {
		return "", ""
	}
	switch p.Arch {
	case "arm":
		switch p.Variant {
		case "v5", "v6":
			return "GOARM", p.Variant[1:]
		}
		return "GOARM", "7"
	case "amd64":
		return "GOAMD64", p.Variant
	case "arm64":
		switch v := p.Variant; {
		case v == "v8" || v == "v9":
			return "GOARM64", v + ".0"
		case v > "v9.5":
			return "GOARM64", "v9.5"
		default:
			return "GOARM64", v
		}
	case "riscv64":
		return "GORISCV64", p.Variant
	case "mips", "mipsle":
		return "GOMIPS", p.Variant
	case "mips64", "mips64le":
		return "GOMIPS64", p.Variant
	}
	return "", ""
}
