package triples

import "slices"

// ByteOrder is the order of the bytes in a number in memory.
type ByteOrder uint8

// The values are those of EI_DATA in an ELF header.
const (
	LittleEndian ByteOrder = 1
	BigEndian    ByteOrder = 2
)

// String returns "little" or "big".
func (o ByteOrder) String() string {
	if o == BigEndian {
		return "big"
	}
	return "little"
}

// Row is one platform and its names.
type Row struct {
	// Platform is the row's key. Its Variant is set for arm on Linux only.
	Platform

	// Variants are the variants that share this row, besides Platform.Variant.
	Variants []string

	// March is what `uname -m` prints on such a machine; the little-endian MIPS
	// machines, which print the same as the big-endian ones, have "le" added.
	// Source: UTS_MACHINE in the kernel's arch/*/Makefile; for arm, the processor
	// tables in arch/arm/mm/proc-*.S, "l" for little-endian added; on macOS, uname.
	March string

	// Debian is the architecture's name in dpkg. Source: dpkg's cputable and
	// tupletable. armel is ARMv4T or v5 there, so it serves v5 and v6.
	Debian string

	// Alpine is the architecture's name in apk. Source: abuild's functions.sh.
	// Where Alpine has no such port, it is the name that a port would have.
	Alpine string

	// RPM is the architecture's name in rpm. Source: rpm's rpmrc, canonical names.
	RPM string

	// First is the first part of the GNU triple. Source: GNU config.sub, and the
	// tuples of Debian's toolchains. AlpineFirst is Alpine's where it is another.
	// Source: abuild's functions.sh.
	First, AlpineFirst string

	// ABI follows the C library's name in the triple: "eabihf" in
	// arm-linux-gnueabihf. AlpineABI is Alpine's where it is another. Sources as for
	// First.
	ABI, AlpineABI string

	// RustGNU and RustMusl are the Rust triples for the two C libraries; on darwin and
	// windows, which have one library, RustGNU alone is set. Empty: Rust has no
	// such target. Source: `rustc --print target-list`.
	RustGNU, RustMusl string

	// ZigGNU and ZigMusl are the targets for `zig cc -target`; on darwin and windows ZigGNU
	// alone is set. Source: the list of C libraries that zig ships, `zig targets`.
	ZigGNU, ZigMusl string

	// ELFMachine is e_machine in the ELF header. Source: the ELF specification's processor
	// supplements, debug/elf. Set on Linux only, like PEMachine
	// on Windows (source: the PE format, debug/pe) and MachOCPU on darwin (source:
	// mach/machine.h, debug/macho).
	ELFMachine, PEMachine uint16
	MachOCPU              uint32

	// Bits is the size of a pointer, 32 or 64, which is the ELF class too. Order is the
	// byte order. Source: dpkg's cputable.
	Bits  int
	Order ByteOrder

	// LoaderGNU and LoaderMusl are the dynamic loaders that a program asks for in
	// PT_INTERP. Source: GLIBC_DYNAMIC_LINKER and MUSL_DYNAMIC_LINKER in gcc's
	// config/*/linux*.h, for the ABI that this row names. Set on Linux only.
	LoaderGNU, LoaderMusl string

	// Qemu is the end of the name of QEMU's user-mode emulator,
	// qemu-aarch64. Source: QEMU's linux-user targets. Set on Linux only.
	Qemu string
}

// The kinds of machine code, by the numbers in each file format.
const (
	emI386      = 3
	emMIPS      = 8
	emPPC64     = 21
	emS390      = 22
	emARM       = 40
	emX86_64    = 62
	emAArch64   = 183
	emRISCV     = 243
	emLoongArch = 258

	peI386  = 0x014c
	peARMNT = 0x01c4
	peAMD64 = 0x8664
	peARM64 = 0xaa64

	machoAMD64 = 0x01000007
	machoARM64 = 0x0100000c
)

var (
	amd64Variants = []string{"v2", "v3", "v4"}
	arm64Variants = []string{
		"v8", "v8.0", "v8.1", "v8.2", "v8.3", "v8.4", "v8.5", "v8.6", "v8.7", "v8.8", "v8.9",
		"v9", "v9.0", "v9.1", "v9.2", "v9.3", "v9.4", "v9.5", "v9.6", "v9.7", "v9.8", "v9.9",
	}
	riscv64Variants = []string{"rva20u64", "rva22u64", "rva23u64"}
	mipsVariants    = []string{"hardfloat", "softfloat"}
)

// table is in the order in which lists are printed; where several rows share a
// name, the most capable machine comes first.
var table = []Row{
	{
		Platform: Platform{"linux", "amd64", ""}, Variants: amd64Variants,
		March: "x86_64", Debian: "amd64", Alpine: "x86_64", RPM: "x86_64",
		First:   "x86_64",
		RustGNU: "x86_64-unknown-linux-gnu", RustMusl: "x86_64-unknown-linux-musl",
		ZigGNU: "x86_64-linux-gnu", ZigMusl: "x86_64-linux-musl",
		ELFMachine: emX86_64, Bits: 64, Order: LittleEndian,
		LoaderGNU: "/lib64/ld-linux-x86-64.so.2", LoaderMusl: "/lib/ld-musl-x86_64.so.1",
		Qemu: "x86_64",
	},
	{
		Platform: Platform{"linux", "arm64", ""}, Variants: arm64Variants,
		March: "aarch64", Debian: "arm64", Alpine: "aarch64", RPM: "aarch64",
		First:   "aarch64",
		RustGNU: "aarch64-unknown-linux-gnu", RustMusl: "aarch64-unknown-linux-musl",
		ZigGNU: "aarch64-linux-gnu", ZigMusl: "aarch64-linux-musl",
		ELFMachine: emAArch64, Bits: 64, Order: LittleEndian,
		LoaderGNU: "/lib/ld-linux-aarch64.so.1", LoaderMusl: "/lib/ld-musl-aarch64.so.1",
		Qemu: "aarch64",
	},
	{
		Platform: Platform{"linux", "arm", "v7"}, Variants: []string{"v8"},
		March: "armv7l", Debian: "armhf", Alpine: "armv7", RPM: "armv7hl",
		First: "arm", AlpineFirst: "armv7", ABI: "eabihf",
		RustGNU: "armv7-unknown-linux-gnueabihf", RustMusl: "armv7-unknown-linux-musleabihf",
		ZigGNU: "arm-linux-gnueabihf", ZigMusl: "arm-linux-musleabihf",
		ELFMachine: emARM, Bits: 32, Order: LittleEndian,
		LoaderGNU: "/lib/ld-linux-armhf.so.3", LoaderMusl: "/lib/ld-musl-armhf.so.1",
		Qemu: "arm",
	},
	{
		// Hard float on Alpine, soft float on Debian: the musl names are of the one, the
		// glibc names of the other.
		Platform: Platform{"linux", "arm", "v6"},
		March:    "armv6l", Debian: "armel", Alpine: "armhf", RPM: "armv6hl",
		First: "arm", AlpineFirst: "armv6", ABI: "eabi", AlpineABI: "eabihf",
		RustGNU: "arm-unknown-linux-gnueabi", RustMusl: "arm-unknown-linux-musleabihf",
		ZigGNU: "arm-linux-gnueabi", ZigMusl: "arm-linux-musleabihf",
		ELFMachine: emARM, Bits: 32, Order: LittleEndian,
		LoaderGNU: "/lib/ld-linux.so.3", LoaderMusl: "/lib/ld-musl-armhf.so.1",
		Qemu: "arm",
	},
	{
		Platform: Platform{"linux", "arm", "v5"},
		March:    "armv5l", Debian: "armel", Alpine: "armel", RPM: "armv5tel",
		First: "arm", AlpineFirst: "armv5", ABI: "eabi",
		RustGNU: "armv5te-unknown-linux-gnueabi", RustMusl: "armv5te-unknown-linux-musleabi",
		ZigGNU: "arm-linux-gnueabi", ZigMusl: "arm-linux-musleabi",
		ELFMachine: emARM, Bits: 32, Order: LittleEndian,
		LoaderGNU: "/lib/ld-linux.so.3", LoaderMusl: "/lib/ld-musl-arm.so.1",
		Qemu: "arm",
	},
	{
		Platform: Platform{"linux", "386", ""},
		March:    "i386", Debian: "i386", Alpine: "x86", RPM: "i386",
		First: "i686", AlpineFirst: "i586",
		RustGNU: "i686-unknown-linux-gnu", RustMusl: "i686-unknown-linux-musl",
		ZigGNU: "x86-linux-gnu", ZigMusl: "x86-linux-musl",
		ELFMachine: emI386, Bits: 32, Order: LittleEndian,
		LoaderGNU: "/lib/ld-linux.so.2", LoaderMusl: "/lib/ld-musl-i386.so.1",
		Qemu: "i386",
	},
	{
		Platform: Platform{"linux", "ppc64le", ""},
		March:    "ppc64le", Debian: "ppc64el", Alpine: "ppc64le", RPM: "ppc64le",
		First:   "powerpc64le",
		RustGNU: "powerpc64le-unknown-linux-gnu", RustMusl: "powerpc64le-unknown-linux-musl",
		ZigGNU: "powerpc64le-linux-gnu", ZigMusl: "powerpc64le-linux-musl",
		ELFMachine: emPPC64, Bits: 64, Order: LittleEndian,
		LoaderGNU: "/lib64/ld64.so.2", LoaderMusl: "/lib/ld-musl-powerpc64le.so.1",
		Qemu: "ppc64le",
	},
	{
		Platform: Platform{"linux", "s390x", ""},
		March:    "s390x", Debian: "s390x", Alpine: "s390x", RPM: "s390x",
		First:   "s390x",
		RustGNU: "s390x-unknown-linux-gnu", RustMusl: "s390x-unknown-linux-musl",
		ZigGNU: "s390x-linux-gnu", ZigMusl: "s390x-linux-musl",
		ELFMachine: emS390, Bits: 64, Order: BigEndian,
		LoaderGNU: "/lib/ld64.so.1", LoaderMusl: "/lib/ld-musl-s390x.so.1",
		Qemu: "s390x",
	},
	{
		Platform: Platform{"linux", "riscv64", ""}, Variants: riscv64Variants,
		March: "riscv64", Debian: "riscv64", Alpine: "riscv64", RPM: "riscv64",
		First:   "riscv64",
		RustGNU: "riscv64gc-unknown-linux-gnu", RustMusl: "riscv64gc-unknown-linux-musl",
		ZigGNU: "riscv64-linux-gnu", ZigMusl: "riscv64-linux-musl",
		ELFMachine: emRISCV, Bits: 64, Order: LittleEndian,
		LoaderGNU: "/lib/ld-linux-riscv64-lp64d.so.1", LoaderMusl: "/lib/ld-musl-riscv64.so.1",
		Qemu: "riscv64",
	},
	{
		Platform: Platform{"linux", "loong64", ""},
		March:    "loongarch64", Debian: "loong64", Alpine: "loongarch64", RPM: "loongarch64",
		First:   "loongarch64",
		RustGNU: "loongarch64-unknown-linux-gnu", RustMusl: "loongarch64-unknown-linux-musl",
		ZigGNU: "loongarch64-linux-gnu", ZigMusl: "loongarch64-linux-musl",
		ELFMachine: emLoongArch, Bits: 64, Order: LittleEndian,
		LoaderGNU: "/lib64/ld-linux-loongarch-lp64d.so.1", LoaderMusl: "/lib/ld-musl-loongarch64.so.1",
		Qemu: "loongarch64",
	},
	{
		Platform: Platform{"linux", "mips", ""}, Variants: mipsVariants,
		March: "mips", Debian: "mips", Alpine: "mips", RPM: "mips",
		First:   "mips",
		RustGNU: "mips-unknown-linux-gnu", RustMusl: "mips-unknown-linux-musl",
		ZigGNU: "mips-linux-gnueabihf", ZigMusl: "mips-linux-musleabihf",
		ELFMachine: emMIPS, Bits: 32, Order: BigEndian,
		LoaderGNU: "/lib/ld.so.1", LoaderMusl: "/lib/ld-musl-mips.so.1",
		Qemu: "mips",
	},
	{
		Platform: Platform{"linux", "mipsle", ""}, Variants: mipsVariants,
		March: "mipsle", Debian: "mipsel", Alpine: "mipsle", RPM: "mipsel",
		First:   "mipsel",
		RustGNU: "mipsel-unknown-linux-gnu", RustMusl: "mipsel-unknown-linux-musl",
		ZigGNU: "mipsel-linux-gnueabihf", ZigMusl: "mipsel-linux-musleabihf",
		ELFMachine: emMIPS, Bits: 32, Order: LittleEndian,
		LoaderGNU: "/lib/ld.so.1", LoaderMusl: "/lib/ld-musl-mipsel.so.1",
		Qemu: "mipsel",
	},
	{
		Platform: Platform{"linux", "mips64", ""}, Variants: mipsVariants,
		March: "mips64", Debian: "mips64", Alpine: "mips64", RPM: "mips64",
		First: "mips64", ABI: "abi64",
		RustGNU: "mips64-unknown-linux-gnuabi64", RustMusl: "mips64-unknown-linux-muslabi64",
		ZigGNU: "mips64-linux-gnuabi64", ZigMusl: "mips64-linux-muslabi64",
		ELFMachine: emMIPS, Bits: 64, Order: BigEndian,
		LoaderGNU: "/lib64/ld.so.1", LoaderMusl: "/lib/ld-musl-mips64.so.1",
		Qemu: "mips64",
	},
	{
		Platform: Platform{"linux", "mips64le", ""}, Variants: mipsVariants,
		March: "mips64le", Debian: "mips64el", Alpine: "mips64le", RPM: "mips64el",
		First: "mips64el", ABI: "abi64",
		RustGNU: "mips64el-unknown-linux-gnuabi64", RustMusl: "mips64el-unknown-linux-muslabi64",
		ZigGNU: "mips64el-linux-gnuabi64", ZigMusl: "mips64el-linux-muslabi64",
		ELFMachine: emMIPS, Bits: 64, Order: LittleEndian,
		LoaderGNU: "/lib64/ld.so.1", LoaderMusl: "/lib/ld-musl-mips64el.so.1",
		Qemu: "mips64el",
	},
	{
		Platform: Platform{"darwin", "amd64", ""}, Variants: amd64Variants,
		March: "x86_64", Debian: "amd64", Alpine: "x86_64", RPM: "x86_64",
		First:   "x86_64",
		RustGNU: "x86_64-apple-darwin",
		ZigGNU:  "x86_64-macos",
		Bits:    64, Order: LittleEndian, MachOCPU: machoAMD64,
	},
	{
		Platform: Platform{"darwin", "arm64", ""}, Variants: arm64Variants,
		March: "arm64", Debian: "arm64", Alpine: "aarch64", RPM: "aarch64",
		First:   "arm64",
		RustGNU: "aarch64-apple-darwin",
		ZigGNU:  "aarch64-macos",
		Bits:    64, Order: LittleEndian, MachOCPU: machoARM64,
	},
	{
		Platform: Platform{"windows", "amd64", ""}, Variants: amd64Variants,
		March: "x86_64", Debian: "amd64", Alpine: "x86_64", RPM: "x86_64",
		First:   "x86_64",
		RustGNU: "x86_64-pc-windows-gnu",
		ZigGNU:  "x86_64-windows-gnu",
		Bits:    64, Order: LittleEndian, PEMachine: peAMD64,
	},
	{
		Platform: Platform{"windows", "386", ""},
		March:    "i386", Debian: "i386", Alpine: "x86", RPM: "i386",
		First:   "i686",
		RustGNU: "i686-pc-windows-gnu",
		ZigGNU:  "x86-windows-gnu",
		Bits:    32, Order: LittleEndian, PEMachine: peI386,
	},
	{
		// Rust has mingw-w64 on arm64 with LLVM's runtime libraries only.
		Platform: Platform{"windows", "arm64", ""}, Variants: arm64Variants,
		March: "aarch64", Debian: "arm64", Alpine: "aarch64", RPM: "aarch64",
		First:   "aarch64",
		RustGNU: "aarch64-pc-windows-gnullvm",
		ZigGNU:  "aarch64-windows-gnu",
		Bits:    64, Order: LittleEndian, PEMachine: peARM64,
	},
	{
		// Windows on 32-bit ARM is Thumb-2 code on ARMv7, whatever the variant says.
		// Rust has no mingw-w64 target for it.
		Platform: Platform{"windows", "arm", ""}, Variants: []string{"v5", "v6", "v7", "v8"},
		March: "armv7l", Debian: "armhf", Alpine: "armv7", RPM: "armv7hl",
		First:  "armv7",
		ZigGNU: "thumb-windows-gnu",
		Bits:   32, Order: LittleEndian, PEMachine: peARMNT,
	},
}

// Rows returns the whole table, in the order in which it is printed. The
// result is the caller's own.
func Rows() []Row {
	return slices.Clone(table)
}

// Lookup finds the row of a platform, in normal form or not. It reports false
// for a platform that the table lacks, such as linux/ppc64.
func Lookup(p Platform) (Row, bool) {
	p = p.Normalize()
	for i := range table {
		r := &table[i]
		if r.OS == p.OS && r.Arch == p.Arch && (r.Variant == p.Variant || slices.Contains(r.Variants, p.Variant)) {
			return *r, true
		}
	}
	return Row{}, false
}
