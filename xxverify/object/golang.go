package object

import (
	"bytes"
	"slices"
	"strings"
)

// goMagic begins Go's build information, which is aligned to 16 bytes.
const goMagic = "\xff Go buildinf:"

// readGo reads Go's build information out of an ELF file: from its section, or, if there are no
// sections, from where the data begin.
func (f *elfFile) readGo() {
	if f.kind == etRel {
		return
	}
	if s, ok := f.find(func(s section) bool { return s.name == ".go.buildinfo" }); ok {
		f.o.setGo(f.in, s.off, s.size)
		return
	}
	if f.header.word(32, 40) != 0 {
		return
	}
	const writable = 2
	for _, s := range f.segments {
		if s.kind == ptLoad && s.flags&writable != 0 {
			f.o.setGo(f.in, s.off, s.filesz)
			return
		}
	}
}

// setGo looks for the build information in a part of the file, and takes over what it says.
func (o *Object) setGo(in input, off, size uint64) {
	b := in.upTo(off, min(size, maxBlob))
	for start := 0; ; {
		i := bytes.Index(b[start:], []byte(goMagic))
		if i < 0 {
			return
		}
		start += i
		if start%16 == 0 {
			break
		}
		start++
	}
	b = b[bytes.Index(b, []byte(goMagic)):]
	const header, inline = 32, 2
	// Before Go 1.18 the strings were elsewhere, and the settings that are of interest here not among them.
	if len(b) < header || b[15]&inline == 0 {
		return
	}
	rest := string(b[header:])
	_, rest, ok := goString(rest)
	if !ok {
		return
	}
	module, _, ok := goString(rest)
	if !ok {
		return
	}
	o.Go = map[string]string{}
	for line := range strings.Lines(module) {
		if setting, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "build\t"); ok {
			name, value, _ := strings.Cut(setting, "=")
			if (name == "CGO_ENABLED" || strings.HasPrefix(name, "GO")) && len(o.Go) < maxSettings && len(setting) < maxName {
				o.Go[strings.Clone(name)] = strings.Clone(value) // and not all that they are a part of
			}
		}
	}
	if os := o.Go["GOOS"]; os != "" {
		o.OS = os
	}
	o.setGoVariant()
}

func goString(s string) (value, rest string, ok bool) {
	n, rest, ok := uleb(s)
	if !ok || n > uint64(len(rest)) {
		return "", "", false
	}
	return rest[:n], rest[n:], true
}

// setGoVariant takes the variant over from the settings. C code in the same program may ask for more than they do.
func (o *Object) setGoVariant() {
	name := "GO" + strings.ToUpper(strings.TrimSuffix(o.Arch, "le")) // such as GOMIPS64 for mips64le
	value, _, _ := strings.Cut(o.Go[name], ",")                      // 7,softfloat; v8.1,lse
	if value == "" {
		return
	}
	from := name + "=" + o.Go[name]
	value, known := goVariant(o.Arch, value)
	if !known {
		o.Ignored = from
		from += ", which Go does not know"
	}
	if o.Variant == "" || value > o.Variant || o.Arch != "arm" {
		o.Variant, o.VariantFrom = value, from
	}
}

// goVariant returns the variant that Go compiles for, given GOARM, GOAMD64 and so on, and whether it knows the value.
// Go 1.26 takes an unknown one of these two without a word, and compiles for its own default.
func goVariant(arch, value string) (variant string, known bool) {
	switch arch {
	case "arm":
		if slices.Contains([]string{"5", "6", "7"}, value) {
			return "v" + value, true
		}
		return "v7", false
	case "amd64":
		if slices.Contains([]string{"v1", "v2", "v3", "v4"}, value) {
			return value, true
		}
		return "v1", false
	}
	return value, true
}
