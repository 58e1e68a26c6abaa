package object

import (
	"strings"
)

// Numbers in ELF files that are used here.
const (
	etRel, etExec, etDyn, etCore = 1, 2, 3, 4

	ptLoad, ptDynamic, ptInterp, ptNote = 1, 2, 3, 4
	ptGNUProperty                       = 0x6474e553
	ptMIPSABIFlags                      = 0x70000003

	dtNeeded, dtStrtab, dtStrsz, dtSoname, dtRpath, dtRunpath = 1, 5, 10, 14, 15, 29
	dtFlags1, dtVerdef, dtVerdefnum                           = 0x6ffffffb, 0x6ffffffc, 0x6ffffffd
	dtVerneed, dtVerneednum                                   = 0x6ffffffe, 0x6fffffff

	df1PIE = 0x08000000
)

// elfFile is an ELF file that is being read.
type elfFile struct {
	in     input
	header fields
	kind   uint16 // e_type
	number uint16 // e_machine
	flags  uint32

	segments []segment
	names    int // bytes of names that were read
	o        *Object
}

// segment is a program header.
type segment struct {
	kind, flags             uint32
	off, addr, filesz, algn uint64
}

// section is a section header.
type section struct {
	name      string
	kind      uint32
	off, size uint64
}

func readELF(in input) (*Object, error) {
	ident, err := in.bytes(0, 20)
	if err != nil {
		return nil, err
	}
	if ident[4] != 1 && ident[4] != 2 || ident[5] != 1 && ident[5] != 2 {
		return nil, damaged("the ELF header has no class or byte order")
	}
	o := &Object{Format: "ELF"}
	f := &elfFile{in: in, o: o}
	f.header = fields{ident, ident[5] == 2, ident[4] == 2}
	o.Bits, o.Order = f.header.bits(), f.header.order()
	f.kind, f.number = f.header.u16(16), f.header.u16(18)
	o.setELFMachine(f.number)
	o.OS = elfOS(ident[7])

	size := uint64(52)
	if f.header.wide {
		size = 64
	}
	if f.header.b, err = in.bytes(0, size); err != nil {
		return nil, err
	}
	f.flags = uint32(f.header.u32(36))
	if f.header.wide {
		f.flags = f.header.u32(48)
	}
	switch f.kind {
	case etRel:
		o.Kind = Relocatable
	case etExec, etDyn:
		if err := f.readSegments(); err != nil {
			return nil, err
		}
		if f.isDebug() {
			break
		}
		o.Kind = Executable
		pie, err := f.readDynamic()
		if err != nil {
			return nil, err
		}
		d := o.Dynamic
		// A static-pie looks like a library, but says that it is a program, or at least where it starts and not
		// what it is called.
		if f.kind == etDyn && !pie && (d.Soname != "" || d.Interpreter == "" && (len(d.Needed) > 0 || f.header.word(24, 24) == 0)) {
			o.Kind = Library
		}
		o.Static = o.Kind == Executable && d.Interpreter == "" && len(d.Needed) == 0
	}
	if err := f.readNotes(); err != nil {
		return nil, err
	}
	if o.Arch != "" && f.kind != etCore {
		f.readVariant()
		f.readGo()
	}
	return o, nil
}

// elfOS returns what EI_OSABI says; most programs leave it zero.
func elfOS(abi byte) string {
	switch abi {
	case 2:
		return "netbsd"
	case 3:
		return "" // GNU extensions are used; FreeBSD's tools set it too
	case 6:
		return "solaris"
	case 9:
		return "freebsd"
	case 12:
		return "openbsd"
	}
	return ""
}

// readSegments reads the program headers, by which the kernel and the loader go.
func (f *elfFile) readSegments() error {
	h := f.header
	off, size, count := h.word(28, 32), 32, int(h.u16(44))
	entry := int(h.u16(42))
	if h.wide {
		size, count, entry = 56, int(h.u16(56)), int(h.u16(54))
	}
	if count > maxSegments {
		return damaged("too many program headers")
	}
	if count > 0 && entry != size {
		return damaged("program headers of a wrong size")
	}
	table, err := f.in.bytes(off, uint64(size*count))
	if err != nil {
		return err
	}
	for ; len(table) > 0; table = table[size:] {
		p := h.at(table[:size])
		s := segment{kind: p.u32(0), off: p.word(4, 8), addr: p.word(8, 16), filesz: p.word(16, 32), algn: p.word(28, 48)}
		s.flags = p.b32(24, 4)
		f.segments = append(f.segments, s)
	}
	return nil
}

// b32 is a number of 32 bits at an offset for each class.
func (f fields) b32(off32, off64 int) uint32 {
	if f.wide {
		return f.u32(off64)
	}
	return f.u32(off32)
}

// offset returns where in the file an address is loaded from.
func (f *elfFile) offset(addr uint64) (uint64, error) {
	for _, s := range f.segments {
		if s.kind == ptLoad && addr >= s.addr && addr-s.addr < s.filesz {
			return s.off + (addr - s.addr), nil
		}
	}
	return 0, damaged("an address that is loaded from nowhere")
}

// isDebug reports whether the file has the debugging information of another, whose program headers are there
// without what they refer to.
func (f *elfFile) isDebug() bool {
	for _, s := range f.segments {
		if (s.kind == ptInterp || s.kind == ptDynamic) && s.filesz == 0 {
			return true
		}
	}
	return false
}

// name returns a string of the string table. Many names may be parts of one another in the file, but not in memory.
func (f *elfFile) name(names input, off uint64) (string, error) {
	s, err := names.cstring(off)
	if f.names += len(s); f.names > maxNames {
		return "", damaged("its names are too long")
	}
	return s, err
}

// readDynamic reads the interpreter and the dynamic section, and reports whether that says that the
// file is a program.
func (f *elfFile) readDynamic() (pie bool, err error) {
	var dynamic []byte
	for _, s := range f.segments {
		switch s.kind {
		case ptInterp:
			if s.filesz > maxName {
				return false, damaged("the interpreter has no name")
			}
			b, err := f.in.bytes(s.off, s.filesz)
			if err != nil {
				return false, err
			}
			f.o.Dynamic.Interpreter, _, _ = strings.Cut(string(b), "\x00")
		case ptDynamic:
			if dynamic, err = f.in.bytes(s.off, min(s.filesz, maxDynamic)); err != nil {
				return false, err
			}
		}
	}
	size := 8
	if f.header.wide {
		size = 16
	}
	var t struct {
		strtab, strsz, flags1, verdef, verdefnum, verneed, verneednum uint64
		soname, rpath, runpath                                        uint64 // and one, so that zero is none
	}
	var needed []uint64
	for ; len(dynamic) >= size; dynamic = dynamic[size:] {
		d := f.header.at(dynamic[:size])
		tag, value := d.word(0, 0), d.word(4, 8)
		if tag == 0 {
			break
		}
		switch tag {
		case dtNeeded:
			if len(needed) < maxNeeded {
				needed = append(needed, value)
			}
		case dtStrtab:
			t.strtab = value
		case dtStrsz:
			t.strsz = value
		case dtSoname:
			t.soname = value + 1
		case dtRpath:
			t.rpath = value + 1
		case dtRunpath:
			t.runpath = value + 1
		case dtFlags1:
			t.flags1 = value
		case dtVerdef:
			t.verdef = value
		case dtVerdefnum:
			t.verdefnum = value
		case dtVerneed:
			t.verneed = value
		case dtVerneednum:
			t.verneednum = value
		}
	}
	pie = t.flags1&df1PIE != 0
	if len(needed) == 0 && t.soname|t.rpath|t.runpath|t.verneed|t.verdef == 0 {
		return pie, nil // nothing that needs strings
	}
	strtab, err := f.offset(t.strtab)
	if err != nil {
		return false, err
	}
	names, err := f.in.part(strtab, t.strsz)
	if err != nil {
		return false, err
	}
	d := &f.o.Dynamic
	for _, n := range needed {
		name, err := f.name(names, n)
		if err != nil {
			return false, err
		}
		d.Needed = append(d.Needed, name)
	}
	for i, n := range [...]uint64{t.soname, t.rpath, t.runpath} {
		if n != 0 {
			if *[...]*string{&d.Soname, &d.Rpath, &d.Runpath}[i], err = f.name(names, n-1); err != nil {
				return false, err
			}
		}
	}
	if err := f.readNeededVersions(names, t.verneed, t.verneednum); err != nil {
		return false, err
	}
	return pie, f.readDefinedVersions(names, t.verdef, t.verdefnum)
}

// table returns the bytes of the file from an address on, as many as tables of versions have at most.
func (f *elfFile) table(addr uint64) ([]byte, error) {
	off, err := f.offset(addr)
	return f.in.upTo(off, maxVersions*16), err
}

func (f *elfFile) readNeededVersions(names input, addr, count uint64) error {
	if addr == 0 || count == 0 {
		return nil
	}
	b, err := f.table(addr)
	if err != nil {
		return err
	}
	at := uint64(0)
	for range min(count, maxVersions) {
		if at+16 > uint64(len(b)) {
			return errCut
		}
		need := f.header.at(b[at:])
		library, err := f.name(names, uint64(need.u32(4)))
		if err != nil {
			return err
		}
		aux := at + uint64(need.u32(8))
		for range need.u16(2) {
			if aux+16 > uint64(len(b)) || len(f.o.Dynamic.Needs) >= maxVersions {
				return errCut
			}
			a := f.header.at(b[aux:])
			name, err := f.name(names, uint64(a.u32(8)))
			if err != nil {
				return err
			}
			f.o.Dynamic.Needs = append(f.o.Dynamic.Needs, Version{library, name, a.u16(4)&2 != 0})
			if a.u32(12) == 0 {
				break
			}
			aux += uint64(a.u32(12))
		}
		if need.u32(12) == 0 {
			break
		}
		at += uint64(need.u32(12))
	}
	return nil
}

func (f *elfFile) readDefinedVersions(names input, addr, count uint64) error {
	if addr == 0 || count == 0 {
		return nil
	}
	b, err := f.table(addr)
	if err != nil {
		return err
	}
	at := uint64(0)
	for range min(count, maxVersions) {
		if at+20 > uint64(len(b)) {
			return errCut
		}
		def := f.header.at(b[at:])
		aux := at + uint64(def.u32(12))
		if aux+8 > uint64(len(b)) {
			return errCut
		}
		name, err := f.name(names, uint64(f.header.at(b[aux:]).u32(0)))
		if err != nil {
			return err
		}
		f.o.Dynamic.Defines = append(f.o.Dynamic.Defines, name)
		if def.u32(16) == 0 {
			break
		}
		at += uint64(def.u32(16))
	}
	return nil
}

// find returns the first section that match accepts. Its error is for damage; a file without sections,
// or without this one, reports false.
func (f *elfFile) find(match func(section) bool) (section, bool) {
	h := f.header
	off, size, count, names := h.word(32, 40), uint64(40), uint64(h.b16(48, 60)), uint64(h.b16(50, 62))
	if h.wide {
		size = 64
	}
	if off == 0 || uint64(h.b16(46, 58)) != size {
		return section{}, false
	}
	read := func(i uint64) (section, uint64, bool) {
		b, err := f.in.bytes(off+i*size, size)
		if err != nil {
			return section{}, 0, false
		}
		s := h.at(b)
		return section{kind: s.u32(4), off: s.word(16, 24), size: s.word(20, 32)}, uint64(s.u32(0)), true
	}
	if count == 0 { // more than fit: the first header says how many
		first, _, ok := read(0)
		if !ok {
			return section{}, false
		}
		count = first.size
	}
	strings, _, ok := read(names)
	if !ok {
		return section{}, false
	}
	for i := range min(count, maxSections) {
		s, name, ok := read(i)
		if !ok {
			return section{}, false
		}
		// Only a few bytes of the name matter: those of ".go.buildinfo".
		b := f.in.upTo(strings.off+name, 24)
		for j, c := range b {
			if c == 0 {
				b = b[:j]
				break
			}
		}
		s.name = string(b)
		if match(s) {
			return s, true
		}
	}
	return section{}, false
}

// b16 is a number of 16 bits at an offset for each class.
func (f fields) b16(off32, off64 int) uint16 {
	if f.wide {
		return f.u16(off64)
	}
	return f.u16(off32)
}
