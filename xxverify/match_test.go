package xxverify

import (
	"strings"
	"testing"

	"xxkit/triples"
	"xxkit/xxverify/object"
)

// program returns a program for a platform that says nothing about variants.
func program(row triples.Row) *object.Object {
	o := &object.Object{OS: row.OS, Arch: row.Arch, Bits: row.Bits, Order: row.Order, Kind: object.Executable, Format: "ELF"}
	switch row.OS {
	case "darwin":
		o.Format = "Mach-O"
	case "windows":
		o.Format = "PE"
	}
	return o
}

// TestMatchTable tries every platform's programs on every platform.
func TestMatchTable(t *testing.T) {
	for _, target := range triples.Rows() {
		for _, built := range triples.Rows() {
			o := program(built)
			m := Match(target.Platform, o)
			want := ""
			switch {
			case target.OS != built.OS:
				want = RuleOS
			case target.Arch == built.Arch:
			case strings.TrimSuffix(target.Arch, "le") == strings.TrimSuffix(built.Arch, "le"):
				want = RuleOrder
			default:
				want = RuleArch
			}
			if m.Rule != want {
				t.Errorf("a program for %s on %s: %q, want %q", built.Platform, target.Platform, m.Rule, want)
			}
		}
	}
}

func TestMatch(t *testing.T) {
	type o = object.Object
	elf := func(arch, variant, abi string) o {
		row, ok := triples.Lookup(triples.Platform{OS: "linux", Arch: arch}.Normalize())
		if !ok {
			row.Order = triples.BigEndian
		}
		return o{Format: "ELF", Arch: arch, Variant: variant, ABI: abi, Order: row.Order, Kind: object.Executable}
	}
	bigARM := elf("arm64", "", "")
	bigARM.Order = triples.BigEndian
	for _, test := range []struct {
		platform string
		o        o
		rule     string
	}{
		{"linux/arm/v7", elf("arm", "", ""), ""},
		{"linux/arm/v7", elf("arm", "v5", "soft-float"), ""},
		{"linux/arm/v7", elf("arm", "v6", "hard-float"), ""},
		{"linux/arm/v7", elf("arm", "v7", "hard-float"), ""},
		{"linux/arm/v7", elf("arm", "v8", "hard-float"), ""},
		{"linux/arm/v6", elf("arm", "v8", "hard-float"), RuleVariant},
		{"linux/arm/v8", elf("arm", "v8", "hard-float"), ""},
		{"linux/arm/v6", elf("arm", "v7", "hard-float"), RuleVariant},
		{"linux/arm/v6", elf("arm", "v6", "hard-float"), ""},
		{"linux/arm/v5", elf("arm", "v6", "soft-float"), RuleVariant},
		{"linux/arm/v5", elf("arm", "v5", "hard-float"), RuleVariant},
		{"linux/arm/v5", elf("arm", "v5", "soft-float"), ""},
		{"linux/amd64", elf("amd64", "v1", ""), ""},
		{"linux/amd64", elf("amd64", "v2", ""), RuleVariant},
		{"linux/amd64/v2", elf("amd64", "v2", ""), ""},
		{"linux/amd64/v3", elf("amd64", "v4", ""), RuleVariant},
		{"linux/arm64", elf("arm64", "v8.0", ""), ""},
		{"linux/arm64", elf("arm64", "v8.2", ""), RuleVariant},
		{"linux/arm64/v8", elf("arm64", "v8.0", ""), ""},
		{"linux/arm64/v8.2", elf("arm64", "v8.1", ""), ""},
		{"linux/arm64/v8.9", elf("arm64", "v9.0", ""), RuleVariant},
		{"linux/arm64/v9", elf("arm64", "v8.5", ""), ""},
		{"linux/arm64/v9", elf("arm64", "v8.6", ""), RuleVariant},
		{"linux/arm64/v9.1", elf("arm64", "v8.6", ""), ""},
		{"linux/arm64/v9", elf("arm64", "v9.0", ""), ""},
		{"linux/arm64", bigARM, RuleOrder},
		{"linux/riscv64", elf("riscv64", "rva20u64", "double-float"), ""},
		{"linux/riscv64", elf("riscv64", "rva22u64", "double-float"), RuleVariant},
		{"linux/riscv64/rva22u64", elf("riscv64", "rva22u64", "double-float"), ""},
		{"linux/riscv64", elf("riscv64", "", "quad-float"), RuleVariant},
		{"linux/mips", elf("mips", "hardfloat", "o32"), ""},
		{"linux/mips/softfloat", elf("mips", "hardfloat", "o32"), RuleVariant},
		{"linux/mips/softfloat", elf("mips", "softfloat", "o32"), ""},
		{"linux/mips", elf("mips", "softfloat", "o32"), ""},
		{"linux/mips", elf("mips", "", "n32"), RuleVariant},
		{"linux/mips64le", elf("mips64le", "", "n64, release 6"), RuleVariant},
		{"linux/ppc64le", elf("ppc64le", "", "ELFv2"), ""},
		{"linux/ppc64le", elf("ppc64le", "", "ELFv1"), RuleVariant},
		{"linux/ppc64le", elf("ppc64", "", "ELFv1"), RuleOrder},
		{"linux/amd64", elf("", "", ""), RuleArch}, // eBPF and the like
		{"windows/arm", o{Format: "PE", OS: "windows", Arch: "arm", Variant: "v7", Order: triples.LittleEndian}, ""},
		{"windows/amd64", o{Format: "COFF", OS: "windows", Arch: "amd64", Order: triples.LittleEndian}, ""},
		{"windows/amd64", elf("amd64", "", ""), RuleOS},
		{"linux/amd64", o{Format: "PE", OS: "efi", Arch: "amd64"}, RuleOS},
		{"darwin/arm64", o{Format: "Mach-O", OS: "ios", Arch: "arm64"}, RuleOS},
		{"freebsd/amd64", o{Format: "ELF", OS: "freebsd", Arch: "amd64"}, ""},
		{"freebsd/amd64", o{Format: "ELF", Arch: "amd64"}, RuleOS},
		{"freebsd/amd64", o{Format: "ELF", Arch: "amd64", Kind: object.Relocatable}, ""},
		{"illumos/amd64", o{Format: "ELF", OS: "solaris", Arch: "amd64"}, ""},
		{"linux/amd64", o{Format: "ELF", OS: "android", Arch: "amd64"}, RuleOS},
		{"wasip1/wasm", o{Format: "WebAssembly", Arch: "wasm"}, ""},
		{"js/wasm", elf("amd64", "", ""), RuleOS},
	} {
		p, err := triples.Parse(test.platform)
		if err != nil {
			t.Fatal(err)
		}
		if m := Match(p, &test.o); m.Rule != test.rule {
			t.Errorf("%s on %s: %q, want %q", &test.o, p, m.Rule, test.rule)
		} else if m.Rule == RuleVariant && m.Hint == "" {
			t.Errorf("%s on %s: no hint", &test.o, p)
		}
	}
}

// TestCheckFile has files with several objects, and --static.
func TestCheckFile(t *testing.T) {
	linux := func(arch string) *object.Object {
		return &object.Object{Format: "ELF", Arch: arch, Machine: arch, Order: triples.LittleEndian, Bits: 64, Kind: object.Relocatable, Name: arch + ".o"}
	}
	slice := func(arch string) *object.Object {
		return &object.Object{Format: "Mach-O", OS: "darwin", Arch: arch, Machine: arch, Order: triples.LittleEndian, Kind: object.Executable}
	}
	for _, test := range []struct {
		name     string
		platform string
		file     object.File
		static   bool
		want     string
	}{
		{"universal, one slice fits", "darwin/arm64", object.File{Objects: []*object.Object{slice("amd64"), slice("arm64")}}, false, ""},
		{
			"universal, none fits", "darwin/arm64", object.File{Objects: []*object.Object{slice("amd64"), slice("386")}}, false,
			"file f does not match expected target architecture arm64: Mach-O universal, with slices for amd64, 386",
		},
		{"static is not asked of macOS", "darwin/arm64", object.File{Objects: []*object.Object{slice("arm64")}}, true, ""},
		{"an archive", "linux/arm64", object.File{Archive: true, Objects: []*object.Object{linux("arm64")}}, false, ""},
		{
			"an archive with one wrong member", "linux/arm64", object.File{Archive: true, Objects: []*object.Object{linux("arm64"), linux("amd64")}}, false,
			"file f(amd64.o) does not match expected target architecture arm64: ELF 64-bit LSB object file, amd64",
		},
		{
			"an empty archive", "linux/arm64", object.File{Archive: true}, false,
			"file f does not match expected target architecture arm64: an archive without objects of a kind that is known",
		},
		{
			"an archive is not linked", "linux/arm64", object.File{Archive: true, Objects: []*object.Object{linux("arm64")}}, true,
			"file f is not statically linked: ELF 64-bit LSB object file, arm64",
		},
	} {
		p, err := triples.Parse(test.platform)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range checkFile(p, "f", test.file, test.static) {
			got += f.Message
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
