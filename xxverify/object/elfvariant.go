package object

import (
	"strconv"
	"strings"
)

// readVariant finds out what the code asks of the processor beyond its architecture, from the flags in the header and
// from what compilers note about their code. It is a note about the code, so that one that is missing or
// damaged says nothing, and is no error.
func (f *elfFile) readVariant() {
	switch f.o.Arch {
	case "arm":
		f.readARM()
	case "mips", "mipsle", "mips64", "mips64le":
		f.readMIPS()
	case "riscv64", "riscv":
		f.o.ABI = []string{"soft-float", "single-float", "double-float", "quad-float"}[f.flags>>1&3]
		if f.flags&8 != 0 {
			f.o.ABI = "embedded"
		}
	case "ppc64", "ppc64le":
		if v := f.flags & 3; v != 0 {
			f.o.ABI = "ELFv" + strconv.Itoa(int(v))
		}
	}
}

// ARM's flags in the header.
const (
	efARMSoftFloat = 0x200
	efARMHardFloat = 0x400
)

func (f *elfFile) readARM() {
	switch {
	case f.kind == etRel: // the same bits have other meanings
	case f.flags&efARMHardFloat != 0:
		f.o.ABI = "hard-float"
	case f.flags&efARMSoftFloat != 0:
		f.o.ABI = "soft-float"
	}
	const shtARMAttributes = 0x70000003
	s, ok := f.find(func(s section) bool { return s.kind == shtARMAttributes })
	if !ok {
		return
	}
	b := f.in.upTo(s.off, min(s.size, maxName))
	f.attributes(b, func(tag, value uint64) {
		switch {
		case tag == 6: // Tag_CPU_arch
			f.o.Variant, f.o.VariantFrom = armVersion(value), "ARM attributes"
		case tag == 28 && value == 0 && f.o.ABI == "": // Tag_ABI_VFP_args
			f.o.ABI = "soft-float"
		case tag == 28 && value == 1:
			f.o.ABI = "hard-float"
		}
	})
}

// armVersion returns the variant that Tag_CPU_arch names. Microcontrollers (v6-M, v7E-M, v8-M) are of no use
// to anybody here and have none.
func armVersion(arch uint64) string {
	switch arch {
	case 0, 1, 2, 3, 4, 5: // to v5TEJ
		return "v5"
	case 6, 7, 8, 9: // v6, v6KZ, v6T2, v6K
		return "v6"
	case 10:
		return "v7"
	case 14, 15, 18, 19, 20, 22: // v8-A, v8-R, v8.1-A to v8.3-A, v9-A
		return "v8"
	}
	return ""
}

// attributes calls see for the build attributes of the public kind, those of the whole file, that are numbers.
func (f *elfFile) attributes(b []byte, see func(tag, value uint64)) {
	if len(b) < 5 || b[0] != 'A' {
		return
	}
	size := int64(f.header.at(b).u32(1))
	if size > int64(len(b)-1) || size < 5 {
		return
	}
	vendor, rest, ok := strings.Cut(string(b[5:1+size]), "\x00")
	if !ok || vendor != "aeabi" || len(rest) < 5 || rest[0] != 1 {
		return
	}
	if n := int64(f.header.at([]byte(rest)).u32(1)); n >= 5 && n <= int64(len(rest)) {
		rest = rest[:n]
	}
	rest = rest[5:]
	for len(rest) > 0 {
		var tag, value uint64
		tag, rest, ok = uleb(rest)
		if ok && tag != 4 && tag != 5 && (tag < 32 || tag%2 == 0) {
			value, rest, ok = uleb(rest)
			see(tag, value)
		}
		if !ok {
			break
		}
		if tag == 4 || tag == 5 || tag == 32 || tag > 32 && tag%2 == 1 {
			_, rest, _ = strings.Cut(rest, "\x00")
		}
	}
}

// uleb reads a number of any length, seven bits in a byte.
func uleb(s string) (value uint64, rest string, ok bool) {
	for i := 0; i < len(s) && i < 9; i++ {
		value |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			return value, s[i+1:], true
		}
	}
	return 0, "", false
}

// readMIPS reads the ABI from the flags and that of floating point from the ABI flags.
func (f *elfFile) readMIPS() {
	const abi2, abiO32 = 0x20, 0x1000
	switch {
	case f.flags&abi2 != 0:
		f.o.ABI = "n32"
	case f.o.Bits == 64:
		f.o.ABI = "n64"
	case f.flags&abiO32 != 0:
		f.o.ABI = "o32"
	}
	if isa := f.flags >> 28; isa == 9 || isa == 10 {
		f.o.ABI += ", release 6"
	}
	var b []byte
	for _, s := range f.segments {
		if s.kind == ptMIPSABIFlags {
			b = f.in.upTo(s.off, 24)
		}
	}
	if b == nil && f.kind == etRel {
		if s, ok := f.find(func(s section) bool { return s.name == ".MIPS.abiflags" }); ok {
			b = f.in.upTo(s.off, 24)
		}
	}
	if len(b) < 8 {
		return
	}
	switch b[7] {
	case 0: // does not matter
	case 3:
		f.o.Variant, f.o.VariantFrom = "softfloat", "MIPS ABI flags"
	default:
		f.o.Variant, f.o.VariantFrom = "hardfloat", "MIPS ABI flags"
	}
}

// readNotes finds the operating system that a file is marked for, and the level of x86-64 that it needs.
func (f *elfFile) readNotes() error {
	for _, s := range f.segments {
		if s.kind != ptNote && s.kind != ptGNUProperty {
			continue
		}
		b, err := f.in.bytes(s.off, min(s.filesz, maxName))
		if err != nil {
			return err
		}
		align := uint64(4)
		if s.algn == 8 {
			align = 8
		}
		for len(b) >= 12 {
			n := f.header.at(b)
			namesz, descsz, kind := uint64(n.u32(0)), uint64(n.u32(4)), n.u32(8)
			desc := 12 + (namesz+align-1)&^(align-1)
			if align == 8 {
				desc = (12 + namesz + 7) &^ 7
			}
			end := desc + (descsz+align-1)&^(align-1)
			if namesz > uint64(len(b)) || descsz > uint64(len(b)) || desc+descsz > uint64(len(b)) {
				break
			}
			f.note(strings.TrimRight(string(b[12:12+namesz]), "\x00"), kind, b[desc:desc+descsz])
			if end >= uint64(len(b)) {
				break
			}
			b = b[end:]
		}
	}
	return nil
}

func (f *elfFile) note(name string, kind uint32, desc []byte) {
	switch name {
	case "FreeBSD", "NetBSD", "OpenBSD", "DragonFly", "Android":
		if kind == 1 {
			f.o.OS = strings.ToLower(name)
		}
	case "GNU":
		switch {
		case kind == 1 && len(desc) >= 4: // the ABI tag
			switch f.header.at(desc).u32(0) {
			case 0:
				f.o.OS = "linux"
			case 1:
				f.o.OS = "hurd"
			case 2:
				f.o.OS = "solaris"
			case 3:
				f.o.OS = "freebsd"
			}
		case kind == 5 && f.o.Arch == "amd64": // properties
			f.properties(desc)
		}
	}
}

// properties reads GNU properties, for the instruction sets that x86 code needs.
func (f *elfFile) properties(b []byte) {
	const x86ISA1Needed = 0xc0008002
	for len(b) >= 8 {
		p := f.header.at(b)
		kind, size := p.u32(0), uint64(p.u32(4))
		if size > uint64(len(b)-8) {
			return
		}
		if kind == x86ISA1Needed && size == 4 {
			level := p.u32(8)
			for bit, v := range []string{"v1", "v2", "v3", "v4"} {
				if level>>bit&1 != 0 {
					f.o.Variant, f.o.VariantFrom = v, "GNU property"
				}
			}
		}
		next := 8 + (size+7)&^7
		if next >= uint64(len(b)) {
			return
		}
		b = b[next:]
	}
}
