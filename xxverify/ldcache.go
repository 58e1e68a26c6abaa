package xxverify

import (
	"encoding/binary"
	"strings"

	"xxkit/triples"
)

// parseLibraryCache reads /etc/ld.so.cache of glibc 2.2 and later, by which its loader finds what is not in its own folders, and
// returns the paths for each library's name. It reports false for anything else.
//
// Source: sysdeps/generic/dl-cache.h of glibc.
func parseLibraryCache(data []byte, order triples.ByteOrder) (map[string][]string, bool) {
	const magic, header, entry = "glibc-ld.so.cache1.1", 48, 24
	// Older ones have a table of the format of libc 5 in front.
	start := strings.Index(string(data), magic)
	if start < 0 || len(data)-start < header {
		return nil, false
	}
	data = data[start:]
	var o binary.ByteOrder = binary.LittleEndian
	if order == triples.BigEndian {
		o = binary.BigEndian
	}
	name := func(off uint32) string {
		if uint64(off) >= uint64(len(data)) {
			return ""
		}
		b := data[off:]
		s, _, _ := strings.Cut(string(b[:min(len(b), 4096)]), "\x00")
		return s
	}
	found := map[string][]string{}
	for i := range uint64(o.Uint32(data[20:])) {
		at := header + i*entry
		if at+entry > uint64(len(data)) {
			return nil, false
		}
		key, value := name(o.Uint32(data[at+4:])), name(o.Uint32(data[at+8:]))
		if key != "" && value != "" {
			found[key] = append(found[key], value)
		}
	}
	return found, true
}
