package object

import (
	"errors"
	"strconv"
	"strings"
)

// readArchive reads the members of an ar archive. Of those that say the same of themselves only the first is
// kept: a static library has hundreds.
func readArchive(in input, thin bool) (File, error) {
	f := File{Archive: true, Thin: thin}
	if thin {
		return f, nil
	}
	seen := map[string]bool{}
	var longNames input
	for off := uint64(8); off < uint64(in.size); {
		h, err := in.bytes(off, 60)
		if err != nil {
			return File{}, err
		}
		size, err := strconv.ParseUint(strings.TrimRight(string(h[48:58]), " "), 10, 40)
		if err != nil || string(h[58:]) != "`\n" {
			return File{}, damaged("a member of the archive has no header")
		}
		member, err := in.part(off+60, size)
		if err != nil {
			return File{}, err
		}
		off += 60 + size + size&1

		name := strings.TrimRight(string(h[:16]), " ")
		switch {
		case name == "/" || name == "/SYM64/" || strings.HasPrefix(name, "__.SYMDEF"):
			continue
		case name == "//":
			longNames = member
			continue
		case strings.HasPrefix(name, "#1/"): // BSD: the name stands before the member
			n, err := strconv.ParseUint(name[3:], 10, 12)
			if err != nil || n > size {
				return File{}, damaged("a member of the archive has no name")
			}
			name = strings.TrimRight(string(member.upTo(0, n)), "\x00")
			if member, err = member.part(n, size-n); err != nil {
				return File{}, err
			}
		case strings.HasPrefix(name, "/"):
			n, err := strconv.ParseUint(name[1:], 10, 40)
			if err != nil || longNames.r == nil {
				return File{}, damaged("a member of the archive has no name")
			}
			name = string(longNames.upTo(n, 256))
			name, _, _ = strings.Cut(name, "\n")
		}
		o, err := readOne(member)
		if errors.Is(err, ErrUnknown) {
			continue // text, LLVM bitcode, what Go's compiler makes
		}
		if err != nil {
			return File{}, damaged("its member " + strings.TrimSuffix(name, "/") + ": " + strings.TrimPrefix(err.Error(), "damaged: "))
		}
		key := o.String()
		if seen[key] {
			continue
		}
		if len(seen) == maxObjects {
			return File{}, damaged("too many kinds of objects in the archive")
		}
		seen[key] = true
		o.Name = strings.TrimSuffix(name, "/")
		f.Objects = append(f.Objects, o)
	}
	return f, nil
}
