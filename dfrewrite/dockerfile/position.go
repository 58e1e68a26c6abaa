package dockerfile

import (
	"bytes"
	"unicode/utf8"
)

// A Unit is what columns are counted in.
type Unit int

// The units: compilers count bytes, SARIF and people characters, and the language
// server protocol UTF-16 code units.
const (
	Bytes Unit = iota
	CodePoints
	UTF16
)

// PositionIn returns the line and column of a byte offset, with columns in the
// given unit. Unlike with Position, the end of a file that ends in a newline is
// the start of one more line, as editors see it.
func (d *Document) PositionIn(unit Unit, offset int) Position {
	p := d.Position(offset)
	if offset == len(d.Src) && bytes.HasSuffix(d.Src, []byte("\n")) {
		return Position{Line: p.Line + 1, Col: 1}
	}
	before := d.Src[offset-(p.Col-1) : offset]
	switch unit {
	case CodePoints:
		p.Col = utf8.RuneCount(before) + 1
	case UTF16:
		p.Col = 1
		for _, r := range string(before) {
			p.Col++
			if r > 0xFFFF {
				p.Col++
			}
		}
	}
	return p
}

// Plain makes a document of a file that is no Dockerfile, for what was found in it
// to be shown the same way. It has lines, and no instructions.
func Plain(name string, src []byte) *Document {
	d := &Document{Name: name, Src: src}
	d.findLines()
	return d
}

func (d *Document) findLines() {
	d.lines = []int{0}
	for i, b := range d.Src {
		if b == '\n' && i+1 < len(d.Src) {
			d.lines = append(d.lines, i+1)
		}
	}
}
