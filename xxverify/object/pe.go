package object

import (
	"strings"
)

// readPE reads a program or library for Windows.
func readPE(in input) (*Object, error) {
	o := &Object{Format: "PE", OS: "windows", Kind: Executable}
	head := in.upTo(0, 64)
	if len(head) < 64 {
		return nil, ErrUnknown // text that begins with MZ
	}
	at := uint64(fields{b: head}.u32(0x3c))
	if string(in.upTo(at, 4)) != "PE\x00\x00" {
		return nil, ErrUnknown // a program for DOS, or text
	}
	b, err := in.bytes(at+4, 20)
	if err != nil {
		return nil, err
	}
	h := fields{b: b}
	o.setPEMachine(h.u16(0))
	if h.u16(18)&0x2000 != 0 {
		o.Kind = Library
	}
	sections, optional := uint64(h.u16(2)), uint64(h.u16(16))
	b, err = in.bytes(at+24, optional)
	if err != nil {
		return nil, err
	}
	if len(b) < 96 {
		return nil, damaged("the PE header is too short")
	}
	h = fields{b: b}
	directories := 96
	if h.u16(0) == 0x20b {
		directories = 112
	}
	switch subsystem := h.u16(68); {
	case subsystem >= 10 && subsystem <= 13:
		o.OS = "efi"
	case subsystem == 1:
		o.Kind = Library // a driver
	}
	const clr = 14
	if i := directories + 8*clr; i+8 <= len(b) && h.u32(i) != 0 {
		o.Managed = true
	}
	const writableData = 0xc0000040
	table, err := in.bytes(at+24+optional, 40*sections)
	if err != nil {
		return nil, err
	}
	for ; len(table) > 0; table = table[40:] {
		if s := (fields{b: table[:40]}); s.u32(36)&writableData == writableData {
			o.setGo(in, uint64(s.u32(20)), uint64(s.u32(16)))
			break
		}
	}
	return o, nil
}

// readCOFF reads what a compiler makes for Windows. Nothing but the machine's number tells such a file, so that all else has
// to be plausible as well.
func readCOFF(in input) (*Object, error) {
	o := &Object{Format: "COFF", OS: "windows", Kind: Relocatable}
	b := in.upTo(0, 20)
	if len(b) < 20 {
		return nil, ErrUnknown
	}
	h := fields{b: b}
	// An entry of an import library, or an object with very many sections.
	if strings.HasPrefix(string(b), "\x00\x00\xff\xff") && o.setPEMachine(h.u16(6)) {
		return o, nil
	}
	sections, symbols, count, optional := h.u16(2), h.u32(8), h.u32(12), h.u16(16)
	if !o.setPEMachine(h.u16(0)) || optional != 0 || sections == 0 || sections > 1<<15 ||
		int64(sections)*40+20 > in.size || int64(symbols)+int64(count)*18 > in.size {
		return nil, ErrUnknown
	}
	return o, nil
}
