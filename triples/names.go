package triples

import "strings"

// System is what the names of a platform depend on besides the platform:
// the distribution that the tools come from, and what its users override.
type System struct {
	// Vendor is the distribution, as the ID of os-release has it. It matters on Linux only.
	Vendor string

	// Libc is the C library, "gnu" or "musl". It matters on Linux only; empty means "gnu".
	Libc string

	// First replaces the first part of the triple, unless it is empty.
	First string

	// MacOSVersion is the oldest macOS to run on; empty means the first that Apple
	// supported on the architecture's machines and that its tools still know: 10.6 on
	// amd64, 11.0 on others.
	MacOSVersion string
}

// Triple returns the name of the platform in GNU and LLVM tools:
// FIRST[-VENDOR]-OS-ABI.
//
// On Linux the vendor is left out for the distributions whose toolchains leave
// it out. On darwin it is always apple, with the version in the OS:
// arm64-apple-macos11.0. On windows the triple is always FIRST-w64-mingw32.
func (r Row) Triple(s System) string {
	first, abi := r.First, r.ABI
	if r.OS == "linux" && s.Vendor == "alpine" {
		if r.AlpineFirst != "" {
			first = r.AlpineFirst
		}
		if r.AlpineABI != "" {
			abi = r.AlpineABI
		}
	}
	if s.First != "" {
		first = s.First
	}
	switch r.OS {
	case "darwin":
		return first + "-apple-macos" + r.macOS(s)
	case "windows":
		return first + "-w64-mingw32"
	}
	libc := s.Libc
	if libc == "" {
		libc = "gnu"
	}
	t := "-linux-" + libc + abi
	if s.Vendor != "" && !omitsVendor(s.Vendor) {
		t = "-" + s.Vendor + t
	}
	return first + t
}

func (r Row) macOS(s System) string {
	switch {
	case s.MacOSVersion != "":
		return s.MacOSVersion
	case r.Arch == "amd64":
		return "10.6"
	}
	return "11.0"
}

// omitsVendor reports whether the toolchains of a distribution have triples
// without a vendor.
func omitsVendor(distribution string) bool {
	switch distribution {
	case "debian", "ubuntu", "rhel", "fedora", "centos", "rocky", "ol":
		return true
	}
	return false
}

// PackageArch returns the name that the packages of a distribution have for
// the architecture: Debian's, Alpine's or RPM's, and Go's for a distribution
// that is none of them. vendor is the ID of os-release.
func (r Row) PackageArch(vendor string) string {
	switch vendor {
	case "debian", "ubuntu":
		return r.Debian
	case "alpine":
		return r.Alpine
	case "rhel", "fedora", "centos", "rocky", "ol":
		return r.RPM
	}
	return r.Arch
}

// RustTriple returns the Rust target for the C library "gnu" or "musl", or
// the empty string if there is none. The library matters on Linux only.
func (r Row) RustTriple(libc string) string {
	if libc == "musl" && r.OS == "linux" {
		return r.RustMusl
	}
	return r.RustGNU
}

// ZigTriple returns the zig target for the C library "gnu" or "musl". The
// library matters on Linux only.
func (r Row) ZigTriple(libc string) string {
	if libc == "musl" && r.OS == "linux" {
		return r.ZigMusl
	}
	return r.ZigGNU
}

// Loader returns the dynamic loader of the C library "gnu" or "musl", or the
// empty string on an OS other than Linux.
func (r Row) Loader(libc string) string {
	if libc == "musl" {
		return r.LoaderMusl
	}
	return r.LoaderGNU
}

// ByMarch returns the platform whose machines answer `uname -m` with the given
// word, on the given OS. Besides the words of the table it knows the others that
// kernels use for the same machines, such as i686 and armv5tel.
//
// A Linux kernel prints "mips64" for both byte orders: add "le" for a
// little-endian machine before asking.
func ByMarch(os, march string) []Row {
	switch march {
	case "i486", "i586", "i686":
		march = "i386"
	case "armv5tel", "armv5tejl", "armv5tl":
		march = "armv5l"
	case "armv8l":
		march = "armv7l"
	case "arm64":
		if os != "darwin" {
			march = "aarch64"
		}
	}
	return where(func(r *Row) bool { return r.OS == os && r.March == march })
}

// FromMachine returns the Linux platform of the machine that answers `uname -m`
// with the given word, as ByMarch has it; but armv8l, a 64-bit machine
// that runs 32-bit programs, is arm/v8. It reports false for an unknown word.
func FromMachine(march string) (Platform, bool) {
	rows := ByMarch("linux", march)
	if rows == nil {
		return Platform{}, false
	}
	p := rows[0].Platform
	if march == "armv8l" {
		p.Variant = "v8"
	}
	return p, true
}

// ByDebianArch returns the Linux platforms that Debian calls by the given name,
// the answer of `dpkg --print-architecture`. For armel these are arm/v6 and arm/v5.
func ByDebianArch(arch string) []Row {
	return where(func(r *Row) bool { return r.OS == "linux" && r.Debian == arch })
}

// ByELF returns the Linux platforms whose programs have the given e_machine,
// class (32 or 64 bits) and byte order. All of arm looks the same here.
func ByELF(machine uint16, bits int, order ByteOrder) []Row {
	return where(func(r *Row) bool {
		return r.OS == "linux" && r.ELFMachine == machine && r.Bits == bits && r.Order == order
	})
}

// ByTriple returns the platforms that a triple of GNU or LLVM tools, of Rust or of zig
// stands for, whatever its vendor: aarch64-linux-gnu, armv7-alpine-linux-musleabihf,
// i686-w64-mingw32, arm64-apple-macos11.0, riscv64gc-unknown-linux-gnu.
// arm-linux-gnueabi may be arm/v6 or arm/v5.
func ByTriple(triple string) []Row {
	parts := strings.Split(triple, "-")
	if len(parts) < 2 {
		return nil
	}
	first := parts[0]
	switch first {
	case "i386", "i486", "i586":
		first = "i686"
	case "riscv64gc":
		first = "riscv64"
	}
	last := parts[len(parts)-1]
	switch {
	case strings.HasPrefix(last, "macos"), strings.HasPrefix(last, "darwin"):
		if first == "aarch64" {
			first = "arm64"
		}
		return where(func(r *Row) bool { return r.OS == "darwin" && r.First == first })
	case last == "mingw32":
		return where(func(r *Row) bool { return r.OS == "windows" && r.First == first })
	}
	for _, libc := range []string{"gnu", "musl"} {
		abi, ok := strings.CutPrefix(last, libc)
		if !ok || parts[len(parts)-2] != "linux" {
			continue
		}
		found := where(func(r *Row) bool {
			alpineFirst, alpineABI := r.AlpineFirst, r.AlpineABI
			if alpineFirst == "" {
				alpineFirst = r.First
			}
			if alpineABI == "" {
				alpineABI = r.ABI
			}
			return r.OS == "linux" && (first == r.First && abi == r.ABI || first == alpineFirst && abi == alpineABI)
		})
		if found != nil {
			return found
		}
	}
	return where(func(r *Row) bool {
		return triple == r.RustGNU || triple == r.RustMusl || triple == r.ZigGNU || triple == r.ZigMusl
	})
}

func where(match func(*Row) bool) []Row {
	var found []Row
	for i := range table {
		if match(&table[i]) {
			found = append(found, table[i])
		}
	}
	return found
}
