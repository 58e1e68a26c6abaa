package object

import (
	"bytes"
	"compress/gzip"
	"debug/buildinfo"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xxkit/triples"
)

// samples returns files of many kinds, by name: those that Go tests its own readers with, and this test's own
// program.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"elf/testdata/*", "macho/testdata/*", "pe/testdata/*"} {
		names, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(goroot)), "src/debug", pattern))
		if err != nil {
			t.Fatal(err)
		}
		if len(names) == 0 {
			t.Fatalf("this Go has no src/debug/%s", pattern)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				continue // a folder
			}
			switch filepath.Ext(name) {
			case ".c":
				continue
			case ".base64":
				b, err = base64.StdEncoding.AppendDecode(nil, bytes.TrimSpace(b))
			case ".gz":
				var z *gzip.Reader
				if z, err = gzip.NewReader(bytes.NewReader(b)); err == nil {
					b, err = io.ReadAll(z)
				}
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			files[filepath.Base(name)] = b
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	files["this test"] = b
	return files
}

// TestAsStandardLibrary compares what the readers say with what Go's own say.
func TestAsStandardLibrary(t *testing.T) {
	for name, b := range samples(t) {
		f, err := Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		o := f.Objects[0]
		t.Logf("%s: %s", name, o)
		r := bytes.NewReader(b)
		if e, err := elf.NewFile(r); err == nil {
			compareELF(t, name, o, e)
		} else if p, err := pe.NewFile(r); err == nil {
			if library := p.Characteristics&pe.IMAGE_FILE_DLL != 0; library != (o.Kind == Library) || !slices.Contains([]string{"PE", "COFF"}, o.Format) {
				t.Errorf("%s: %s", name, o)
			}
			want := map[uint16]string{pe.IMAGE_FILE_MACHINE_AMD64: "amd64", pe.IMAGE_FILE_MACHINE_I386: "386"}[p.Machine]
			if o.Arch != want {
				t.Errorf("%s: %s, want %s", name, o, want)
			}
		} else if m, err := macho.NewFile(r); err == nil {
			compareMachO(t, name, o, m)
		} else if fat, err := macho.NewFatFile(r); err == nil {
			if len(fat.Arches) != len(f.Objects) {
				t.Errorf("%s: %d slices, want %d", name, len(f.Objects), len(fat.Arches))
			}
			for i := range fat.Arches {
				compareMachO(t, name, f.Objects[i], fat.Arches[i].File)
			}
		} else if !strings.Contains(name, "bad-dysym") { // the standard library reads more than is of interest here
			t.Errorf("%s: nothing else reads it, but here it is %s", name, o)
		}
		info, err := buildinfo.Read(r)
		if (err == nil) != (o.Go != nil) {
			t.Errorf("%s: Go settings %v, want %v, %v", name, o.Go, info, err)
		}
		if err == nil {
			for _, s := range info.Settings {
				if strings.HasPrefix(s.Key, "GO") && o.Go[s.Key] != s.Value {
					t.Errorf("%s: %s=%q, want %q", name, s.Key, o.Go[s.Key], s.Value)
				}
			}
		}
	}
}

func compareMachO(t *testing.T, name string, o *Object, m *macho.File) {
	t.Helper()
	arch := map[macho.Cpu]string{macho.Cpu386: "386", macho.CpuAmd64: "amd64"}[m.Cpu]
	kind := map[macho.Type]Kind{macho.TypeExec: Executable, macho.TypeObj: Relocatable, macho.TypeDylib: Library}[m.Type]
	if o.Arch != arch || o.Kind != kind || o.Format != "Mach-O" || o.OS != "darwin" {
		t.Errorf("%s: %s, want %s, %s", name, o, m.Cpu, m.Type)
	}
}

func compareELF(t *testing.T, name string, o *Object, e *elf.File) {
	t.Helper()
	if o.Format != "ELF" || o.Bits != map[elf.Class]int{elf.ELFCLASS32: 32, elf.ELFCLASS64: 64}[e.Class] ||
		(o.Order == triples.BigEndian) != (e.Data == elf.ELFDATA2MSB) {
		t.Errorf("%s: %s", name, o)
	}
	kinds := map[elf.Type][]Kind{elf.ET_REL: {Relocatable}, elf.ET_EXEC: {Executable}, elf.ET_DYN: {Executable, Library}, elf.ET_CORE: {Other}}
	if i := slices.IndexFunc(e.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }); i >= 0 && e.Progs[i].Filesz == 0 {
		if o.Kind != Other {
			t.Errorf("%s: debugging information is taken for a program", name)
		}
		return
	}
	if !slices.Contains(kinds[e.Type], o.Kind) {
		t.Errorf("%s: kind %d, want %v", name, o.Kind, e.Type)
	}
	if e.Type != elf.ET_EXEC && e.Type != elf.ET_DYN {
		return
	}
	d := o.Dynamic
	if libraries, err := e.ImportedLibraries(); err != nil || !slices.Equal(libraries, d.Needed) {
		t.Errorf("%s: needs %q, want %q, %v", name, d.Needed, libraries, err)
	}
	for tag, got := range map[elf.DynTag]string{elf.DT_SONAME: d.Soname, elf.DT_RPATH: d.Rpath, elf.DT_RUNPATH: d.Runpath} {
		if want, err := e.DynString(tag); err != nil || strings.Join(want, "") != got {
			t.Errorf("%s: %v %q, want %q, %v", name, tag, got, want, err)
		}
	}
	interpreter := ""
	for _, p := range e.Progs {
		if p.Type == elf.PT_INTERP {
			b, err := io.ReadAll(p.Open())
			if err != nil {
				t.Fatal(err)
			}
			interpreter = strings.TrimRight(string(b), "\x00")
		}
	}
	if interpreter != d.Interpreter {
		t.Errorf("%s: interpreter %q, want %q", name, d.Interpreter, interpreter)
	}
	var needs []Version
	if libraries, err := e.DynamicVersionNeeds(); err == nil {
		for _, l := range libraries {
			for _, v := range l.Needs {
				needs = append(needs, Version{l.Name, v.Dep, v.Flags&elf.VER_FLG_WEAK != 0})
			}
		}
	}
	if !slices.Equal(needs, d.Needs) {
		t.Errorf("%s: versions %v, want %v", name, d.Needs, needs)
	}
	var defines []string
	if versions, err := e.DynamicVersions(); err == nil {
		for _, v := range versions {
			defines = append(defines, v.Name)
		}
	}
	if !slices.Equal(defines, d.Defines) {
		t.Errorf("%s: defines %q, want %q", name, d.Defines, defines)
	}
}

// TestMachinesAsTable makes sure that a platform's numbers lead to its own architecture and byte order.
func TestMachinesAsTable(t *testing.T) {
	for _, row := range triples.Rows() {
		o := Object{Bits: row.Bits, Order: row.Order}
		switch row.OS {
		case "linux":
			o.setELFMachine(row.ELFMachine)
		case "windows":
			o.setPEMachine(row.PEMachine)
		case "darwin":
			o.setMachOCPU(row.MachOCPU)
		}
		if o.Arch != row.Arch || o.Bits != row.Bits || o.Order != row.Order {
			t.Errorf("%s: %q, %d bits, %v", row.Platform, o.Arch, o.Bits, o.Order)
		}
	}
}

// The fuzz targets give each reader anything, beginning with files of its kind.

func FuzzELF(f *testing.F) {
	fuzz(f, "ELF", func(in input) (File, error) { return one(readELF(in)) })
}

func FuzzPE(f *testing.F) {
	fuzz(f, "PE", func(in input) (File, error) { return one(readPE(in)) })
}

func FuzzMachO(f *testing.F) {
	fuzz(f, "Mach-O", func(in input) (File, error) {
		if isFat(in.upTo(0, 8)) {
			return readFat(in)
		}
		if !isMachO(in.upTo(0, 4)) {
			return File{}, ErrUnknown
		}
		return one(readMachO(in))
	})
}

func FuzzArchive(f *testing.F) {
	f.Add([]byte("!<arch>\n#1/20           0           0     0     644     24        `\n__.SYMDEF SORTED\x00\x00\x00\x00\x00\x00\x00\x00"))
	fuzz(f, "COFF", func(in input) (File, error) { return readArchive(in, false) })
}

func one(o *Object, err error) (File, error) {
	if err != nil {
		return File{}, err
	}
	return File{Objects: []*Object{o}}, nil
}

// fuzz starts with the samples of a format, and with archives of them. What is read has to be within the limits.
func fuzz(f *testing.F, format string, read func(input) (File, error)) {
	for _, b := range samples(f) {
		file, err := Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			f.Fatal(err)
		}
		if o := file.Objects[0]; len(b) < 1<<16 && (o.Format == format || format == "COFF") {
			if format == "COFF" {
				b = slices.Concat([]byte(fmt.Sprintf("!<arch>\n%-48s%-10d`\n", "name/", len(b))), b)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := read(input{bytes.NewReader(b), int64(len(b))})
		if err != nil {
			return
		}
		if len(file.Objects) > maxObjects*maxSlices {
			t.Errorf("%d objects", len(file.Objects))
		}
		for _, o := range file.Objects {
			d := o.Dynamic
			if len(o.String()) > 1<<16 || len(d.Needed) > maxNeeded || len(d.Needs) > maxVersions || len(d.Defines) > maxVersions {
				t.Errorf("%.1000s", o)
			}
		}
	})
}
