// Package object reads what executables, libraries, object files and archives of them say about the machine that
// they are for: ELF, PE and COFF, Mach-O, ar and WebAssembly.
//
//	f, err := object.Read(r, size)
//	f.Objects[0].Arch // "arm64"
//
// Nothing is run, and nothing is believed: the readers are for files that may have been made to harm their
// reader. Every offset and length is checked against the file's size, no list is longer than a
// constant here, and memory stays below a few megabytes whatever the file says. That, and half the size of
// the program, is why this is not debug/elf and its siblings, with which the tests compare it.
//
// The sources are the ELF specification and its processor supplements, the "Linux Extensions to gABI" for GNU
// properties, "ABI for the Arm Architecture: Addenda" for build attributes, Microsoft's "PE Format",
// mach-o/loader.h, ar(5), and Go's debug/buildinfo.
package object

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"xxkit/triples"
)

// ErrUnknown is returned for a file that is none of the kinds that the package reads.
var ErrUnknown = errors.New("not an executable, library or object file")

// Kind says what an object is for.
type Kind uint8

// The kinds of objects.
const (
	Other       Kind = iota // a core dump, debugging information, firmware
	Executable              // a program
	Library                 // a library that programs load, or a plug-in
	Relocatable             // what a compiler makes, for a linker
)

// File is a file: one object, or several.
type File struct {
	// Objects are the file's objects. A universal Mach-O file has one for each slice. Of an archive's
	// members those that are objects are here, one for each difference in what Object says.
	Objects []*Object

	// Archive is true for an ar archive, the form of static libraries. It may have no
	// objects: a Go package, or LLVM bitcode.
	Archive bool

	// Thin is true for an archive that only names its members.
	Thin bool
}

// Object is what one object says about itself.
type Object struct {
	// Name is the member's name, in an archive.
	Name string

	// Format is "ELF", "PE", "COFF", "Mach-O" or "WebAssembly".
	Format string

	Kind Kind

	// OS is the operating system, as GOOS has it; empty where the file does not say, as most ELF
	// files for Linux do not. EFI programs have "efi".
	OS string

	// Arch is the architecture as GOARCH has it. It is empty for code of no processor that an operating
	// system runs on: BPF, graphics cards, none at all.
	Arch string

	// Machine is the processor in words, as file(1) has them.
	Machine string

	// Bits is the size of an address, 32 or 64.
	Bits int

	// Order is the order of bytes.
	Order triples.ByteOrder

	// Variant is the least variant of the architecture that runs the code, as far as the file says: v5 to v8 for arm,
	// v1 to v4 for amd64, v8.0 and up for arm64, rva20u64 and up for riscv64, softfloat and hardfloat for MIPS.
	// Of Go programs for other architectures it is what Go calls so (sse2, power8), and nothing is compared with it.
	// VariantFrom is where the file says so.
	Variant, VariantFrom string

	// ABI is the calling convention, where an architecture has several: "hard-float", "soft-float", "ELFv1", "n32".
	ABI string

	// Static is true for a program that needs no dynamic loader, static-pie included.
	Static bool

	// Managed is true for a PE file with code for .NET, which may run on any system.
	Managed bool

	// Ignored is the setting of Go for the variant, such as GOARM=v7, if Go does not know its value, and took its own.
	Ignored string

	// Go has the settings that Go recorded when it linked the program, and nil if it did not.
	Go map[string]string

	// Dynamic is what a dynamic loader reads, of ELF files only.
	Dynamic Dynamic
}

// Dynamic is what an ELF file tells the dynamic loader.
type Dynamic struct {
	Interpreter    string   // the loader, of programs
	Needed         []string // the libraries
	Soname         string
	Rpath, Runpath string // where to look for libraries, with colons between
	Needs          []Version
	Defines        []string // versions of symbols, such as GLIBC_2.38
}

// Version is a set of symbols that a library has from one of its versions on.
type Version struct {
	Library, Name string
	Weak          bool // the loader does not insist
}

// What is read at most.
const (
	maxSegments = 1 << 10
	maxSections = 1 << 16
	maxDynamic  = 1 << 16 // bytes of the dynamic section
	maxNeeded   = 1 << 10
	maxVersions = 1 << 10
	maxName     = 1 << 12 // bytes of a name
	maxNames    = 1 << 18 // bytes of all names in a file
	maxSettings = 1 << 6  // of Go
	maxCommands = 1 << 20 // bytes of Mach-O load commands
	maxSlices   = 30
	maxObjects  = 1 << 8 // different ones in an archive
	maxBlob     = 1 << 20
)

// Read reads a file of the given size. The error is ErrUnknown for a file that is no object, and another for
// one that is damaged.
func Read(r io.ReaderAt, size int64) (File, error) {
	in := input{r, size}
	magic := in.upTo(0, 8)
	switch {
	case string(magic) == "!<arch>\n", string(magic) == "!<thin>\n":
		return readArchive(in, magic[2] == 't')
	case isFat(magic):
		return readFat(in)
	}
	o, err := readOne(in)
	if err != nil {
		return File{}, err
	}
	return File{Objects: []*Object{o}}, nil
}

// readOne reads a file that is one object, whose kind the first bytes tell.
func readOne(in input) (*Object, error) {
	magic := in.upTo(0, 8)
	switch {
	case strings.HasPrefix(string(magic), "\x7fELF"):
		return readELF(in)
	case strings.HasPrefix(string(magic), "MZ"):
		return readPE(in)
	case isMachO(magic):
		return readMachO(in)
	case strings.HasPrefix(string(magic), "\x00asm"):
		return &Object{Format: "WebAssembly", Kind: Executable, Arch: "wasm", Machine: "wasm", Bits: 32, Order: triples.LittleEndian, Static: true}, nil
	}
	return readCOFF(in)
}

// String describes the object in the words of file(1).
func (o *Object) String() string {
	var b strings.Builder
	b.WriteString(o.Format)
	switch o.Format {
	case "ELF":
		b.WriteString(" " + strconv.Itoa(o.Bits) + "-bit ")
		if o.Order == triples.BigEndian {
			b.WriteString("MSB ")
		} else {
			b.WriteString("LSB ")
		}
	case "Mach-O":
		b.WriteString(" " + strconv.Itoa(o.Bits) + "-bit ")
	default:
		b.WriteString(" ")
	}
	b.WriteString([]string{"file", "executable", "shared library", "object file"}[o.Kind])
	for _, s := range []string{o.OS, o.Machine, o.ABI} {
		if s != "" {
			b.WriteString(", " + s)
		}
	}
	if o.Variant != "" {
		b.WriteString(", " + o.Variant + " (" + o.VariantFrom + ")")
	}
	if o.Format == "ELF" && (o.Kind == Executable || o.Kind == Library) {
		switch {
		case o.Static:
			b.WriteString(", statically linked")
		default:
			b.WriteString(", dynamically linked")
		}
		if o.Dynamic.Interpreter != "" {
			b.WriteString(", interpreter " + o.Dynamic.Interpreter)
		}
	}
	return b.String()
}
