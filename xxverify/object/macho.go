package object

import (
	"encoding/binary"
	"strings"
)

const (
	machoMagic32, machoMagic64 = 0xfeedface, 0xfeedfacf
	machoFat32, machoFat64     = 0xcafebabe, 0xcafebabf
)

func isMachO(magic []byte) bool {
	if len(magic) < 4 {
		return false
	}
	big, little := binary.BigEndian.Uint32(magic), binary.LittleEndian.Uint32(magic)
	return big == machoMagic32 || big == machoMagic64 || little == machoMagic32 || little == machoMagic64
}

// isFat reports whether a file is a universal one, with a slice for each architecture. Java classes begin with the same
// number; where those have their version, which is above 44, these have the number of slices.
func isFat(magic []byte) bool {
	if len(magic) < 8 {
		return false
	}
	n := binary.BigEndian.Uint32(magic)
	slices := binary.BigEndian.Uint32(magic[4:])
	return (n == machoFat32 || n == machoFat64) && slices > 0 && slices <= maxSlices
}

func readFat(in input) (File, error) {
	head, err := in.bytes(0, 8)
	if err != nil {
		return File{}, err
	}
	h := fields{b: head, big: true}
	wide := h.u32(0) == machoFat64
	size := uint64(20)
	if wide {
		size = 32
	}
	var f File
	for i := range uint64(h.u32(4)) {
		b, err := in.bytes(8+i*size, size)
		if err != nil {
			return File{}, err
		}
		a := fields{b, true, wide}
		slice, err := in.part(a.word(8, 8), a.word(12, 16))
		if err != nil {
			return File{}, err
		}
		if string(slice.upTo(0, 8)) == "!<arch>\n" {
			members, err := readArchive(slice, false)
			if err != nil {
				return File{}, err
			}
			f.Archive = true
			f.Objects = append(f.Objects, members.Objects...)
			continue
		}
		if !isMachO(slice.upTo(0, 4)) {
			return File{}, damaged("a slice is no Mach-O file")
		}
		o, err := readMachO(slice)
		if err != nil {
			return File{}, err
		}
		var cpu Object
		if cpu.setMachOCPU(a.u32(0)); cpu.Machine != o.Machine {
			return File{}, damaged("a slice is for another processor than the header says")
		}
		f.Objects = append(f.Objects, o)
	}
	return f, nil
}

func readMachO(in input) (*Object, error) {
	b, err := in.bytes(0, 28)
	if err != nil {
		return nil, err
	}
	o := &Object{Format: "Mach-O", OS: "darwin"}
	h := fields{b: b, big: b[0] == 0xfe}
	h.wide = h.u32(0) == machoMagic64
	o.Bits, o.Order = h.bits(), h.order()
	o.setMachOCPU(h.u32(4))
	switch h.u32(12) {
	case 1:
		o.Kind = Relocatable
	case 2:
		o.Kind = Executable
	case 6, 8: // a library, a bundle
		o.Kind = Library
	}
	start := uint64(28)
	if h.wide {
		start = 32
	}
	if h.u32(20) > maxCommands {
		return nil, damaged("too many load commands")
	}
	commands, err := in.bytes(start, uint64(h.u32(20)))
	if err != nil {
		return nil, err
	}
	for len(commands) >= 8 {
		c := h.at(commands)
		command, size := c.u32(0), c.u32(4)
		if size < 8 || uint64(size) > uint64(len(commands)) {
			return nil, damaged("a load command of a wrong size")
		}
		c.b = commands[:size]
		commands = commands[size:]
		const segment32, segment64, buildVersion = 0x1, 0x19, 0x32
		switch {
		case command == segment32 && size >= 56 || command == segment64 && size >= 72:
			c.wide = command == segment64
			readMachOSections(in, c, o)
		case command == buildVersion && size >= 12:
			switch c.u32(8) {
			case 1, 6: // macOS, and Catalyst
			case 2, 7:
				o.OS = "ios"
			default:
				o.OS = "another system of Apple"
			}
		}
	}
	return o, nil
}

// readMachOSections looks for Go's build information among the sections of a segment.
func readMachOSections(in input, segment fields, o *Object) {
	start, size := 56, 68
	if segment.wide {
		start, size = 72, 80
	}
	for b := segment.b[start:]; len(b) >= size; b = b[size:] {
		s := segment.at(b[:size])
		if name, _, _ := strings.Cut(string(b[:16]), "\x00"); name == "__go_buildinfo" {
			o.setGo(in, uint64(s.b32(40, 48)), s.word(36, 40))
		}
	}
}
