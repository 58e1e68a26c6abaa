package xxverify

import (
	"encoding/binary"
	"slices"
	"testing"

	"xxkit/triples"
)

// libraryCache makes a cache of names and paths, as ldconfig does.
func libraryCache(o binary.AppendByteOrder, pairs ...string) []byte {
	b := []byte("glibc-ld.so.cache1.1")
	b = o.AppendUint32(b, uint32(len(pairs)/2))
	b = append(b, make([]byte, 48-len(b))...)
	strings := ""
	start := 48 + 24*len(pairs)/2
	for i := 0; i < len(pairs); i += 2 {
		b = o.AppendUint32(b, 3)
		b = o.AppendUint32(b, uint32(start+len(strings)))
		strings += pairs[i] + "\x00"
		b = o.AppendUint32(b, uint32(start+len(strings)))
		strings += pairs[i+1] + "\x00"
		b = append(b, make([]byte, 12)...)
	}
	return append(b, strings...)
}

func TestLibraryCache(t *testing.T) {
	pairs := []string{"libc.so.6", "/lib/libc.so.6", "libx.so", "/usr/local/lib/libx.so", "libc.so.6", "/lib/v3/libc.so.6"}
	for order, o := range map[triples.ByteOrder]binary.AppendByteOrder{triples.LittleEndian: binary.LittleEndian, triples.BigEndian: binary.BigEndian} {
		for _, before := range []string{"", "ld.so-1.7.0\x00\x00\x00\x00\x00"} { // alone, and after one of the old format
			cache, ok := parseLibraryCache(append([]byte(before), libraryCache(o, pairs...)...), order)
			if !ok || !slices.Equal(cache["libc.so.6"], []string{"/lib/libc.so.6", "/lib/v3/libc.so.6"}) || !slices.Equal(cache["libx.so"], []string{"/usr/local/lib/libx.so"}) {
				t.Errorf("%v: %q, %v", order, cache, ok)
			}
		}
	}
	if _, ok := parseLibraryCache([]byte("text"), triples.LittleEndian); ok {
		t.Error("text is a cache")
	}
}

func FuzzLibraryCache(f *testing.F) {
	f.Add(libraryCache(binary.LittleEndian, "libc.so.6", "/lib/libc.so.6"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, order := range []triples.ByteOrder{triples.LittleEndian, triples.BigEndian} {
			cache, _ := parseLibraryCache(b, order)
			if len(cache) > len(b) {
				t.Errorf("%d libraries in %d bytes", len(cache), len(b))
			}
		}
	})
}
