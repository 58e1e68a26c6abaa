package object

import (
	"bytes"
	"encoding/binary"
	"io"

	"xxkit/triples"
)

// damaged is the error for a file that contradicts itself.
type damaged string

// Error says what is wrong.
func (d damaged) Error() string { return "damaged: " + string(d) }

// errCut is the error for what a file refers to and does not have.
const errCut = damaged("it refers to bytes beyond its end")

// input is a file, or a part of one.
type input struct {
	r    io.ReaderAt
	size int64
}

// part returns n bytes from off on as an input of its own.
func (in input) part(off, n uint64) (input, error) {
	if off > uint64(in.size) || n > uint64(in.size)-off {
		return input{}, errCut
	}
	return input{io.NewSectionReader(in.r, int64(off), int64(n)), int64(n)}, nil
}

// bytes returns n bytes from off on. Callers see to it that n is small: below a few megabytes.
func (in input) bytes(off, n uint64) ([]byte, error) {
	if off > uint64(in.size) || n > uint64(in.size)-off {
		return nil, errCut
	}
	b := make([]byte, n)
	if m, err := in.r.ReadAt(b, int64(off)); m < len(b) {
		if err == nil || err == io.EOF {
			err = errCut // the file has become shorter
		}
		return nil, err
	}
	return b, nil
}

// upTo returns n bytes from off on, or as many as there are.
func (in input) upTo(off, n uint64) []byte {
	if off > uint64(in.size) {
		return nil
	}
	b, err := in.bytes(off, min(n, uint64(in.size)-off))
	if err != nil {
		return nil
	}
	return b
}

// cstring returns the string from off on that a zero byte ends.
func (in input) cstring(off uint64) (string, error) {
	for n := uint64(128); ; n *= 8 {
		n = min(n, maxName)
		b := in.upTo(off, n)
		if i := bytes.IndexByte(b, 0); i >= 0 {
			return string(b[:i]), nil
		}
		if n == maxName || uint64(len(b)) < n {
			return "", damaged("a name without an end")
		}
	}
}

// fields are bytes that hold numbers in an order of bytes. An offset beyond the end is a mistake of the program:
// whoever makes one checks its length. The methods are not inlined, which makes the program smaller by a
// tenth of what this package adds.
type fields struct {
	b    []byte
	big  bool
	wide bool // ELF and Mach-O of 64 bits
}

//go:noinline
func (f fields) u16(off int) uint16 {
	if f.big {
		return binary.BigEndian.Uint16(f.b[off:])
	}
	return binary.LittleEndian.Uint16(f.b[off:])
}

//go:noinline
func (f fields) u32(off int) uint32 {
	if f.big {
		return binary.BigEndian.Uint32(f.b[off:])
	}
	return binary.LittleEndian.Uint32(f.b[off:])
}

//go:noinline
func (f fields) u64(off int) uint64 {
	if f.big {
		return binary.BigEndian.Uint64(f.b[off:])
	}
	return binary.LittleEndian.Uint64(f.b[off:])
}

// word is a number of 32 bits at off32, or of 64 bits at off64.
func (f fields) word(off32, off64 int) uint64 {
	if f.wide {
		return f.u64(off64)
	}
	return uint64(f.u32(off32))
}

// at are the fields of other bytes, of the same order and size.
func (f fields) at(b []byte) fields { return fields{b, f.big, f.wide} }

func (f fields) order() triples.ByteOrder {
	if f.big {
		return triples.BigEndian
	}
	return triples.LittleEndian
}

func (f fields) bits() int {
	if f.wide {
		return 64
	}
	return 32
}
