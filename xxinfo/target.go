// Package xxinfo knows the target of a build: which platform the environment asks
// for, on which distribution, and what the tools there call it. It is also
// the helper xx-info, which prints that.
//
// [Resolve] reads the target from the variables that BuildKit sets, in this order;
// what is found first wins for each part, and empty means unset:
//
//  1. TARGETPLATFORM, "os/arch[/variant]". If it has both os and arch, no other
//     variable is read, not even for the variant; if it has not, it is ignored.
//  2. TARGETPAIR, "os-arch", with the variant of arm glued on: "linux-armv7".
//  3. TARGETOS, TARGETARCH, TARGETVARIANT.
//  4. linux, on the machine that the helper runs on.
//
// The distribution is the ID of /etc/os-release. XX_VENDOR, XX_LIBC, ARM_TARGET_ARCH,
// RISCV64_TARGET_ARCH and MACOSX_VERSION_MIN override what follows from
// these.
//
// The other helpers import this package for the [Target] and leave the rest.
package xxinfo

import (
	"fmt"
	"strconv"
	"strings"

	"xxkit/internal/host"
	"xxkit/triples"
)

// unknown stands for what nobody could tell.
const unknown = "unknown"

// Target is the platform that a build is for, and the system that the tools come
// from. Its Platform is in normal form, see [triples.Platform.Normalize].
type Target struct {
	triples.Platform

	// Row has the platform's names. It is empty if the table lacks the
	// platform: Check tells.
	Row triples.Row

	// Distribution is the ID of os-release or XX_VENDOR, and "unknown" without either.
	Distribution string

	// Base is the ID of os-release, whatever XX_VENDOR says: whose packages the machine really has.
	Base string

	// Vendor is the distribution, but "apple" on darwin.
	Vendor string

	// OSVersion is the VERSION_ID of os-release, and "unknown" without one.
	OSVersion string

	// Libc is the C library: XX_LIBC, or "musl" on Alpine and "gnu" elsewhere. On Windows it is
	// always "mingw32".
	Libc string

	system       triples.System
	machineMarch string // the machine's March as the table has it
}

// FromHost returns the target of a machine with its environment.
func FromHost(h *host.Host) Target {
	osRelease, err := h.ReadFile("/etc/os-release")
	if err != nil {
		osRelease = nil // no such file is an unknown distribution
	}
	return Resolve(h.Env, osRelease, h.March)
}

// Resolve returns the target that an environment asks for. osRelease is the
// content of /etc/os-release, nil if there is none; march is what
// `uname -m` says, see [host.Host].
//
// There is always a target; one that the table lacks, or a machine that nobody
// knows, shows in Check.
func Resolve(env host.Env, osRelease []byte, march string) Target {
	machine, known := triples.FromMachine(march)
	if !known {
		machine.Arch = unknown
	}
	t := Target{Platform: platform(env, machine), machineMarch: march}
	if row, ok := triples.Lookup(machine); ok {
		t.machineMarch = row.March
	}
	t.Row, _ = triples.Lookup(t.Platform)

	t.Base, t.OSVersion = parseOSRelease(osRelease)
	t.Distribution = t.Base
	// The values of another OS may be left over from an `eval "$(xx-info env --export)"`.
	if v := env.Get("XX_VENDOR"); v != "" && v != "apple" {
		t.Distribution = v
	}
	t.Vendor = t.Distribution
	if t.OS == "darwin" {
		t.Vendor = "apple"
	}
	switch libc := env.Get("XX_LIBC"); {
	case t.OS == "windows":
		t.Libc = "mingw32"
	case libc != "" && libc != "mingw32":
		t.Libc = libc
	case t.Distribution == "alpine":
		t.Libc = "musl"
	default:
		t.Libc = "gnu"
	}

	t.system = triples.System{Vendor: t.Distribution, Libc: t.Libc, MacOSVersion: env.Get("MACOSX_VERSION_MIN")}
	switch t.Arch {
	case "arm":
		t.system.First = env.Get("ARM_TARGET_ARCH")
	case "riscv64":
		t.system.First = env.Get("RISCV64_TARGET_ARCH")
	}
	return t
}

// platform reads the variables in their order.
func platform(env host.Env, machine triples.Platform) triples.Platform {
	parts := strings.Split(env.Get("TARGETPLATFORM")+"//", "/")
	if p := (triples.Platform{OS: parts[0], Arch: parts[1], Variant: parts[2]}); p.OS != "" && p.Arch != "" {
		return p.Normalize()
	}
	var p triples.Platform
	p.OS, p.Arch, _ = strings.Cut(env.Get("TARGETPAIR"), "-")
	p.Arch, p.Variant = triples.SplitArm(p.Arch)
	fill := func(part *string, value string) {
		if *part == "" {
			*part = value
		}
	}
	fill(&p.OS, env.Get("TARGETOS"))
	fill(&p.Arch, env.Get("TARGETARCH"))
	fill(&p.Variant, env.Get("TARGETVARIANT"))
	fill(&p.OS, "linux")
	if p.Arch == "" {
		p.Arch = machine.Arch
		fill(&p.Variant, machine.Variant)
	}
	return p.Normalize()
}

// Check returns nil if the table has the target, and otherwise the error to
// report. Without a row only OS, Arch, Variant, OSVersion, Vendor and Libc of the
// target say something; the methods return empty strings.
func (t Target) Check() error {
	if t.Row.Arch != "" {
		return nil
	}
	hint := "`xx-info list` shows the platforms that are supported"
	if t.Arch == unknown {
		hint = fmt.Sprintf("this machine calls itself %q; set TARGETPLATFORM, as in TARGETPLATFORM=linux/arm64", t.machineMarch)
	}
	return &host.Error{
		Message: fmt.Sprintf("unsupported target: os=%s arch=%s variant=%s", t.OS, t.Arch, t.Variant),
		Hint:    hint,
	}
}

// Triple returns the target's name in GNU and LLVM tools.
func (t Target) Triple() string {
	if t.Check() != nil {
		return ""
	}
	return t.Row.Triple(t.system)
}

// PackageArch returns the name that the distribution's packages have for the
// architecture.
func (t Target) PackageArch() string {
	return t.Row.PackageArch(t.Vendor)
}

// RustTriple returns the target's name in Rust, and ZigTriple the one for
// `zig cc -target`, with the target's C library. Rust has none for windows/arm.
func (t Target) RustTriple() string { return t.Row.RustTriple(t.Libc) }

// ZigTriple: see RustTriple.
func (t Target) ZigTriple() string { return t.Row.ZigTriple(t.Libc) }

// IsCross reports whether programs for the target cannot run on this
// machine: it has another processor, or the target is not Linux.
func (t Target) IsCross() bool {
	return t.OS != "linux" || t.Row.March != t.machineMarch
}

// SDKs is the pattern of the folders in which a macOS SDK may be, for Sysroot.
const SDKs = "/xx-sdk/MacOSX*.sdk"

// Sysroot returns the folder beneath which the target's headers and libraries are,
// with a closing slash: "/", but "/TRIPLE/" on Alpine when cross, and the SDK on
// darwin. sdks are the folders that match SDKs: the newest is taken, and
// without any the place where one belongs.
func (t Target) Sysroot(sdks []string) string {
	switch {
	case t.OS == "darwin":
		sdk := "/xx-sdk/MacOSX11.1.sdk"
		for i, s := range sdks {
			if i == 0 || newer(s, sdk) {
				sdk = s
			}
		}
		return sdk + "/"
	case t.Distribution == "alpine" && t.IsCross():
		return "/" + t.Triple() + "/"
	}
	return "/"
}

// newer compares the versions in the names of two SDKs, number by number.
func newer(a, b string) bool {
	va, vb := version(a), version(b)
	for i := 0; i < len(va) && i < len(vb); i++ {
		if va[i] != vb[i] {
			return va[i] > vb[i]
		}
	}
	return len(va) > len(vb)
}

func version(sdk string) []int {
	sdk = strings.TrimSuffix(sdk[strings.LastIndex(sdk, "MacOSX")+len("MacOSX"):], ".sdk")
	var numbers []int
	for part := range strings.SplitSeq(sdk, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break // MacOSX.sdk, or a word after the version
		}
		numbers = append(numbers, n)
	}
	return numbers
}
