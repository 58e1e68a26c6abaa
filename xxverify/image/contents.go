package image

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"xxkit/triples"
	"xxkit/xxverify/object"
)

// Contents is all of what an image holds for one platform that can be compared with another image's; of what files hold,
// checksums.
type Contents struct {
	Platform triples.Platform

	// Config is the configuration as it is written down, by key: Env, Entrypoint, Cmd and so on, with those that engines
	// added to the ones of OCI, such as Healthcheck.
	Config map[string]json.RawMessage

	// Files are all files, folders, links and devices, by their paths without a slash at the start.
	Files map[string]File
}

// File is a file, a folder, a link or a device.
type File struct {
	Mode     fs.FileMode
	UID, GID int
	Link     string   // what a symbolic link leads to
	Device   [2]int64 // major and minor number

	// Attributes are the extended ones, such as security.capability.
	Attributes map[string]string

	// Sum is the SHA-256 of a regular file. Of a zip archive, which jars and wheels are, it is that of names, sizes and
	// checksums of what is in it, without the times.
	Sum  [32]byte
	Size int64

	// Objects is what executables, libraries and static libraries say about themselves.
	Objects []*object.Object
	Archive bool // it is a static library

	// Cgo is true for a Go program with C code in it: one that holds Go's package runtime/cgo.
	Cgo bool
}

// about is what is kept of an entry beside what verifying it needs, if an image's contents are asked for.
type about struct {
	uid, gid   int
	device     [2]int64
	attributes map[string]string
}

// aboutOf takes down what an entry says about itself.
func aboutOf(h *tar.Header) *about {
	a := &about{uid: h.Uid, gid: h.Gid, device: [2]int64{h.Devmajor, h.Devminor}}
	for key, value := range h.PAXRecords {
		if name, ok := strings.CutPrefix(key, "SCHILY.xattr."); ok {
			if a.attributes == nil {
				a.attributes = map[string]string{}
			}
			a.attributes[name] = value
		}
	}
	return a
}

// contents makes a list of what is in a tree.
func (t *tree) contents() map[string]File {
	all := map[string]File{}
	var add func(dir string, n *node)
	add = func(dir string, n *node) {
		for base, child := range n.children {
			f := File{Mode: child.Mode, Link: child.Link, Size: child.Size}
			if a := child.about; a != nil { // nil for a folder that no layer has an entry for
				f.UID, f.GID, f.Device, f.Attributes = a.uid, a.gid, a.device, a.attributes
			}
			if c := child.file; c != nil {
				f.Sum, f.Cgo = c.sum, c.cgo
				if f.Objects = c.content.Objects; c.members != nil {
					f.Objects, f.Archive = c.members, true
				}
			}
			name := path.Join(dir, base)
			all[name] = f
			add(name, child)
		}
	}
	add("", t.root)
	return all
}

// compared finds out what else of a file matters when it is compared: whether a program has C code in it, and what is in an
// archive.
func (f *file) compared(r io.ReaderAt, size int64) error {
	head := make([]byte, 4)
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	switch {
	case string(head) == zipMagic:
		if sum, ok := zipSum(r, size); ok {
			f.sum = sum
		}
	case string(head) == archiveMagic[:4]:
		if o, err := object.Read(r, size); err == nil {
			f.members = o.Objects
		}
	case len(f.content.Objects) > 0 && f.content.Objects[0].Go != nil:
		var err error
		f.cgo, err = holds(r, size, "runtime/cgo.")
		return err
	}
	return nil
}

const (
	zipMagic     = "PK\x03\x04"
	archiveMagic = "!<arch>\n"
)

// lookedInto reports whether a file that is no program is compared by more than its bytes.
func lookedInto(head []byte) bool {
	return bytes.HasPrefix(head, []byte(zipMagic)) || bytes.HasPrefix(head, []byte(archiveMagic))
}

// zipSum is a checksum of what is in a zip archive. Nothing is unpacked: the archive's list of its files has their checksums.
func zipSum(r io.ReaderAt, size int64) (sum [32]byte, ok bool) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return sum, false
	}
	var all []string
	for _, f := range z.File {
		all = append(all, fmt.Sprintf("%q %v %08x %d\n", f.Name, f.Mode(), f.CRC32, f.UncompressedSize64))
	}
	slices.Sort(all)
	h := sha256.New()
	for _, line := range all {
		io.WriteString(h, line) // which does not fail
	}
	h.Sum(sum[:0])
	return sum, true
}

// holds reports whether a file has some bytes in it.
func holds(r io.ReaderAt, size int64, what string) (bool, error) {
	buffer := make([]byte, 1<<18)
	for off := int64(0); off < size; off += int64(len(buffer) - len(what) + 1) {
		n, err := r.ReadAt(buffer, off)
		if bytes.Contains(buffer[:n], []byte(what)) {
			return true, nil
		}
		if err != nil && err != io.EOF {
			return false, err
		}
	}
	return false, nil
}
