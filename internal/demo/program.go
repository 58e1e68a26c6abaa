package main

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
)

// A program is what an executable's own headers say about it.
type program struct {
	format, machine, class, order string

	variant string // the GOARM and the like that Go recorded in it
	needs   string // what the system must load with it
}

// platforms are those that the demo builds for, with what the result must be. The values are those
// of the standard library's debug packages, not of this module's own table, so that a mistake
// there shows here.
var platforms = []struct {
	name string
	want program
}{
	{"linux/amd64", program{"ELF", "EM_X86_64", "ELFCLASS64", "little", "GOAMD64=v1", "nothing"}},
	{"linux/arm64", program{"ELF", "EM_AARCH64", "ELFCLASS64", "little", "GOARM64=v8.0", "nothing"}},
	{"linux/arm/v7", program{"ELF", "EM_ARM", "ELFCLASS32", "little", "GOARM=7", "nothing"}},
	{"linux/arm/v6", program{"ELF", "EM_ARM", "ELFCLASS32", "little", "GOARM=6", "nothing"}},
	{"linux/riscv64", program{"ELF", "EM_RISCV", "ELFCLASS64", "little", "GORISCV64=rva20u64", "nothing"}},
	{"linux/s390x", program{"ELF", "EM_S390", "ELFCLASS64", "big", "", "nothing"}},
	{"linux/ppc64le", program{"ELF", "EM_PPC64", "ELFCLASS64", "little", "GOPPC64=power8", "nothing"}},
	{"linux/386", program{"ELF", "EM_386", "ELFCLASS32", "little", "GO386=sse2", "nothing"}},
	{"windows/amd64", program{"PE", "AMD64", "PE32+", "little", "GOAMD64=v1", "kernel32.dll"}},
	{"darwin/arm64", program{"Mach-O", "CpuArm64", "64-bit", "little", "GOARM64=v8.0",
		"CoreFoundation Security libSystem.B.dylib libresolv.9.dylib"}},
}

// read reads the headers of an executable.
func read(file string) (program, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return program{}, err
	}
	var p program
	switch {
	case bytes.HasPrefix(data, []byte(elf.ELFMAG)):
		p, err = readELF(data)
	case bytes.HasPrefix(data, []byte("MZ")):
		p, err = readPE(data)
	default:
		p, err = readMachO(data)
	}
	if err != nil {
		return program{}, err
	}
	info, err := buildinfo.Read(bytes.NewReader(data))
	if err != nil {
		return program{}, err
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "GOAMD64", "GOARM64", "GOARM", "GO386", "GOPPC64", "GORISCV64":
			p.variant = s.Key + "=" + s.Value
		}
	}
	return p, nil
}

func readELF(data []byte) (program, error) {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return program{}, err
	}
	p := program{format: "ELF", machine: f.Machine.String(), class: f.Class.String(), order: order(f.ByteOrder)}
	libraries, err := f.ImportedLibraries()
	if err != nil {
		return program{}, err
	}
	for _, s := range f.Progs {
		if s.Type == elf.PT_INTERP {
			libraries = append(libraries, "a dynamic loader")
		}
	}
	p.needs = list(libraries)
	return p, nil
}

func readPE(data []byte) (program, error) {
	f, err := pe.NewFile(bytes.NewReader(data))
	if err != nil {
		return program{}, err
	}
	p := program{format: "PE", order: "little"}
	switch f.Machine {
	case pe.IMAGE_FILE_MACHINE_AMD64:
		p.machine = "AMD64"
	default:
		p.machine = fmt.Sprintf("%#x", f.Machine)
	}
	switch f.OptionalHeader.(type) {
	case *pe.OptionalHeader32:
		p.class = "PE32"
	case *pe.OptionalHeader64:
		p.class = "PE32+"
	}
	symbols, err := f.ImportedSymbols()
	if err != nil {
		return program{}, err
	}
	var libraries []string
	for _, s := range symbols {
		_, dll, _ := strings.Cut(s, ":")
		libraries = append(libraries, strings.ToLower(dll))
	}
	p.needs = list(libraries)
	return p, nil
}

func readMachO(data []byte) (program, error) {
	f, err := macho.NewFile(bytes.NewReader(data))
	if err != nil {
		return program{}, err
	}
	p := program{format: "Mach-O", machine: f.Cpu.String(), order: order(f.ByteOrder)}
	switch f.Magic {
	case macho.Magic32:
		p.class = "32-bit"
	case macho.Magic64:
		p.class = "64-bit"
	}
	libraries, err := f.ImportedLibraries()
	if err != nil {
		return program{}, err
	}
	for i, l := range libraries {
		libraries[i] = l[strings.LastIndex(l, "/")+1:]
	}
	p.needs = list(libraries)
	return p, nil
}

func order(o binary.ByteOrder) string {
	if o == binary.ByteOrder(binary.BigEndian) {
		return "big"
	}
	return "little"
}

// list is a set of libraries in words.
func list(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}
