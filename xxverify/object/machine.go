package object

import (
	"strconv"

	"xxkit/triples"
)

// elfMachine is a processor, by its number in ELF files.
type elfMachine struct {
	number uint16
	words  string
	// arch is GOARCH, for 64 bits and 32 bits; "-" before it: for the little-endian order, "le" is added to the name.
	arch64, arch32 string
	le             bool // the little-endian one has "le" added
}

var elfMachines = []elfMachine{
	{2, "SPARC", "", "sparc", false},
	{3, "Intel 80386", "", "386", false},
	{4, "m68k", "", "m68k", false},
	{8, "MIPS", "mips64", "mips", true},
	{15, "PA-RISC", "", "parisc", false},
	{18, "SPARC32PLUS", "", "sparc", false},
	{20, "PowerPC", "", "ppc", true},
	{21, "64-bit PowerPC", "ppc64", "", true},
	{22, "IBM S/390", "s390x", "s390", false},
	{40, "ARM", "", "arm", false},
	{42, "Renesas SH", "", "sh", false},
	{43, "SPARC V9", "sparc64", "", false},
	{50, "IA-64", "ia64", "", false},
	{62, "x86-64", "amd64", "amd64p32", false},
	{183, "ARM aarch64", "arm64", "arm64p32", false},
	{243, "RISC-V", "riscv64", "riscv", false},
	{258, "LoongArch", "loong64", "loong32", false},
	// What no operating system runs on.
	{0, "no machine", "", "", false},
	{190, "NVIDIA CUDA", "", "", false},
	{224, "AMD GPU", "", "", false},
	{247, "eBPF", "", "", false},
}

// setELFMachine sets Arch and Machine from e_machine; Bits and Order are set already.
func (o *Object) setELFMachine(number uint16) {
	o.Machine = "machine " + strconv.Itoa(int(number))
	for _, m := range elfMachines {
		if m.number != number {
			continue
		}
		o.Machine = m.words
		o.Arch = m.arch32
		if o.Bits == 64 {
			o.Arch = m.arch64
		}
		if o.Arch != "" && m.le && o.Order == triples.LittleEndian {
			o.Arch += "le"
		}
		return
	}
}

// setPEMachine sets Arch, Machine and Bits, and reports whether it knows the number.
func (o *Object) setPEMachine(number uint16) bool {
	o.Order = triples.LittleEndian
	o.Bits = 32
	switch number {
	case 0x014c:
		o.Arch, o.Machine = "386", "Intel 80386"
	case 0x01c4:
		o.Arch, o.Machine = "arm", "ARMv7 Thumb"
	case 0x8664:
		o.Arch, o.Machine, o.Bits = "amd64", "x86-64", 64
	case 0xaa64, 0xa641:
		o.Arch, o.Machine, o.Bits = "arm64", "ARM aarch64", 64
	case 0x01c0, 0x01c2:
		o.Machine = "ARM"
	case 0x5064:
		o.Arch, o.Machine, o.Bits = "riscv64", "RISC-V", 64
	case 0x6264:
		o.Arch, o.Machine, o.Bits = "loong64", "LoongArch", 64
	case 0x0ebc:
		o.Machine = "EFI byte code"
	case 0x0200:
		o.Arch, o.Machine, o.Bits = "ia64", "IA-64", 64
	default:
		o.Machine = "machine 0x" + strconv.FormatUint(uint64(number), 16)
		return false
	}
	return true
}

// setMachOCPU sets Arch and Machine; Bits and Order are set already.
func (o *Object) setMachOCPU(cpu uint32) {
	switch cpu {
	case 7:
		o.Arch, o.Machine = "386", "Intel 80386"
	case 0x01000007:
		o.Arch, o.Machine = "amd64", "x86-64"
	case 12:
		o.Arch, o.Machine = "arm", "ARM"
	case 0x0100000c:
		o.Arch, o.Machine = "arm64", "ARM aarch64"
	case 0x0200000c:
		o.Machine = "ARM aarch64, 32-bit"
	case 18:
		o.Arch, o.Machine = "ppc", "PowerPC"
	case 0x01000012:
		o.Arch, o.Machine = "ppc64", "64-bit PowerPC"
	default:
		o.Machine = "cpu 0x" + strconv.FormatUint(uint64(cpu), 16)
	}
}
