package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"xxkit/triples"
	"xxkit/xxverify"
	"xxkit/xxverify/object"
)

const (
	maxPath   = 4096     // bytes of a path, as Linux has it
	maxParts  = 256      // folders in a path
	maxText   = 4 << 20  // bytes of a file of the configuration
	maxMemory = 32 << 20 // bytes of a program that is held in memory
	maxWindow = 128 << 20
)

// layers applies the layers of an image, the lowest first.
func (r *reader) layers(p triples.Platform, m v1.Manifest, rootfs v1.RootFS) (*tree, []xxverify.Finding, error) {
	t := newTree()
	b := &builder{tree: t, limits: r.options.Limits, whole: r.options.Contents != nil}
	defer b.close()
	if len(rootfs.DiffIDs) != len(m.Layers) {
		b.complain(RuleLayer, "", fmt.Sprintf("the configuration lists %d layers and the manifest %d", len(rootfs.DiffIDs), len(m.Layers)))
	}
	for i, layer := range m.Layers {
		b.layer = i + 1
		b.progress = func() {
			if r.options.Progress != nil {
				r.options.Progress(p.String(), i+1, len(m.Layers), b.bytes)
			}
		}
		b.progress()
		var diffID digest.Digest
		if i < len(rootfs.DiffIDs) {
			diffID = rootfs.DiffIDs[i]
		}
		blob, err := r.source.Blob(r.ctx, layer)
		if err != nil {
			return nil, nil, err
		}
		err = b.read(blob, layer, diffID)
		blob.Close() // it was read to its end, or failed
		switch {
		case errors.Is(err, ErrLimit):
			return nil, nil, fmt.Errorf("%s: %s: %w", r.name, p, err)
		case err != nil:
			b.complain(RuleLayer, "", fmt.Sprintf("layer %d (%s) cannot be read: %v", i+1, layer.Digest, err))
		}
	}
	return t, b.findings, nil
}

// builder makes a tree out of layers.
type builder struct {
	tree     *tree
	limits   Limits
	whole    bool // keep what a comparison of images needs
	layer    int
	bytes    int64 // that have been read of layers, unpacked
	files    int
	kept     int64
	findings []xxverify.Finding
	buffer   bytes.Buffer
	spool    *os.File
	progress func()
}

func (b *builder) close() {
	if b.spool != nil {
		b.spool.Close()
	}
}

// maxComplaints is how much is said about the entries of an archive that has been made to do harm.
const maxComplaints = 100

func (b *builder) complain(rule, name, message string) {
	if len(b.findings) < maxComplaints {
		b.findings = append(b.findings, xxverify.Finding{Rule: rule, Path: name, Message: message, Hint: "build the image again, and find out who made this layer"})
	}
}

// read applies one layer. The error is for one that cannot be read.
func (b *builder) read(blob io.Reader, d v1.Descriptor, diffID digest.Digest) error {
	if err := d.Digest.Validate(); err != nil {
		return err
	}
	packed := d.Digest.Algorithm().Digester()
	in := io.TeeReader(io.LimitReader(blob, d.Size+1), packed.Hash())
	raw, closeRaw, err := decompress(in)
	if err != nil {
		return err
	}
	defer closeRaw()
	unpacked := digest.Canonical.Digester()
	counted := &counter{r: io.TeeReader(raw, unpacked.Hash()), b: b}
	if err := b.entries(tar.NewReader(bufio.NewReaderSize(counted, 1<<18))); err != nil {
		return err
	}
	// What follows the end of the archive belongs to the digests.
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	if packed.Digest() != d.Digest {
		return errors.New("its content is not what its digest says")
	}
	if diffID != "" && diffID != unpacked.Digest() {
		return fmt.Errorf("unpacked, its content is not what the configuration says: %s", diffID)
	}
	return nil
}

// counter counts what is read of all layers, and ends with an error where the limit is.
type counter struct {
	r io.Reader
	b *builder
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	before := c.b.bytes >> 24
	c.b.bytes += int64(n)
	if c.b.bytes > c.b.limits.Bytes {
		return n, limitError("bytes")
	}
	if c.b.bytes>>24 != before {
		c.b.progress()
	}
	return n, err
}

// decompress finds out how a layer is packed from its first bytes: its media type may be wrong.
func decompress(r io.Reader) (io.Reader, func(), error) {
	in := bufio.NewReaderSize(r, 1<<18)
	magic, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, err
		}
		return z, func() { z.Close() }, nil
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}), len(magic) == 4 && magic[0]&0xf0 == 0x50 && string(magic[1:]) == "\x2a\x4d\x18":
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return in, func() {}, nil
}

func (b *builder) entries(archive *tar.Reader) error {
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if b.files++; b.files > b.limits.Files {
			return limitError("files")
		}
		if err := b.entry(h, archive); err != nil {
			return err
		}
	}
}

// whiteout begins the names of entries that remove what lower layers have.
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// entry applies an entry. What is wrong with it alone is a finding, and it is left out.
func (b *builder) entry(h *tar.Header, content io.Reader) error {
	shown := "/" + xxverify.Printable(strings.TrimPrefix(h.Name, "/"))
	bad := func(what string) error {
		b.complain(RuleEntry, shown, "layer "+fmt.Sprint(b.layer)+" has an entry "+shown+", which "+what)
		return nil
	}
	name := path.Clean("/" + h.Name)[1:]
	switch {
	case strings.ContainsRune(h.Name, 0):
		return bad("has a zero byte in its name")
	case len(h.Name) > maxPath || strings.Count(name, "/") > maxParts:
		return bad("is nested too deep")
	case leadsOut(h.Name):
		return bad("leads out of the file system")
	}
	// What stays in memory of an entry, whatever it holds.
	const perEntry, perAttribute = 200, 64
	if err := b.keep(perEntry + len(h.Name) + len(h.Linkname)); err != nil {
		return err
	}
	parent, base, err := b.tree.place(name, b.layer, true)
	if err != nil {
		return bad("has no place: " + err.Error())
	}
	if b.tree.nodes > b.limits.Files {
		return limitError("files")
	}
	if base == "" {
		return nil // the root
	}
	switch {
	case base == opaque:
		parent.hideAll(b.layer)
		return nil
	case strings.HasPrefix(base, whiteout+whiteout):
		return nil // what aufs keeps there
	case strings.HasPrefix(base, whiteout):
		parent.hide(strings.TrimPrefix(base, whiteout), b.layer)
		return nil
	}
	n := &node{layer: b.layer}
	n.Mode = h.FileInfo().Mode()
	if b.whole {
		n.about = aboutOf(h)
		for name, value := range n.about.attributes {
			if err := b.keep(perAttribute + len(name) + len(value)); err != nil {
				return err
			}
		}
	}
	switch h.Typeflag {
	case tar.TypeDir:
		n.children = map[string]*node{}
	case tar.TypeSymlink:
		if n.Link = h.Linkname; len(n.Link) > maxPath {
			return bad("is a link to a path that is too long")
		}
	case tar.TypeLink:
		if leadsOut(h.Linkname) {
			return bad("is a hard link that leads out of the file system")
		}
		dir, last, err := b.tree.place(path.Clean("/" + h.Linkname)[1:], b.layer, false)
		if err != nil || dir.children[last] == nil || dir.children[last].children != nil {
			return bad("is a hard link to a file that is not there")
		}
		to := dir.children[last]
		n.Node, n.file, n.about = to.Node, to.file, to.about
	case tar.TypeReg, tar.TypeGNUSparse:
		n.Size = h.Size
		if n.file, err = b.file(name, h.Size, content); err != nil {
			return err
		}
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
	default:
		return bad("is of an unknown kind")
	}
	parent.put(base, n)
	return nil
}

// leadsOut reports whether a path has more ".." than folders before them.
func leadsOut(name string) bool {
	depth := 0
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return false
}

// file reads what is to be known of a regular file.
func (b *builder) file(name string, size int64, content io.Reader) (*file, error) {
	f := &file{content: xxverify.Content{Err: object.ErrUnknown}}
	sum := sha256.New()
	if isConfiguration(name) {
		content = io.TeeReader(content, sum)
		text, err := io.ReadAll(io.LimitReader(content, maxText))
		if f.text = text; err == nil {
			_, err = io.Copy(io.Discard, content)
		}
		sum.Sum(f.sum[:0])
		if err == nil {
			err = b.keep(len(text))
		}
		return f, err
	}
	head := make([]byte, min(size, xxverify.HeadSize))
	if _, err := io.ReadFull(content, head); err != nil {
		return nil, short(err)
	}
	if strings.HasPrefix(string(head), "#!") {
		f.content.Head = string(head)
	}
	program := mayStart(head)
	if !program && !b.whole {
		return f, nil
	}
	sum.Write(head)
	rest := io.TeeReader(content, sum)
	if !program && !lookedInto(head) {
		_, err := io.Copy(io.Discard, rest)
		sum.Sum(f.sum[:0])
		return f, err
	}
	held, err := b.hold(head, rest, size)
	if err != nil {
		return nil, err
	}
	sum.Sum(f.sum[:0])
	if program {
		f.content = xxverify.ReadContent(held, size)
	}
	if b.whole {
		if err := f.compared(held, size); err != nil {
			return nil, err
		}
	}
	return f, b.keep(kept(f.content.Objects) + len(f.content.Head) + kept(f.members))
}

// hold keeps a file until the next one: in memory, or on disk if it is large.
func (b *builder) hold(head []byte, rest io.Reader, size int64) (io.ReaderAt, error) {
	if size > maxMemory {
		err := b.toDisk(head, rest, size)
		return b.spool, err
	}
	b.buffer.Reset()
	b.buffer.Write(head)
	_, err := io.CopyN(&b.buffer, rest, size-int64(len(head)))
	return bytes.NewReader(b.buffer.Bytes()), short(err)
}

// keep counts what stays in memory.
func (b *builder) keep(n int) error {
	if b.kept += int64(n); b.kept > b.limits.Memory {
		return limitError("memory")
	}
	return nil
}

// kept is about how many bytes it takes to know what a program says.
func kept(objects []*object.Object) int {
	n := 0
	for _, o := range objects {
		d := o.Dynamic
		n += 500 + len(d.Interpreter) + len(d.Soname) + len(d.Rpath) + len(d.Runpath)
		for _, s := range slices.Concat(d.Needed, d.Defines) {
			n += 16 + len(s)
		}
		for _, v := range d.Needs {
			n += 40 + len(v.Library) + len(v.Name)
		}
		for name, value := range o.Go {
			n += 40 + len(name) + len(value)
		}
	}
	return n
}

// short is the error for a file that ends before its size.
func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// toDisk writes a large program to a temporary file, which has no name and goes with the process.
func (b *builder) toDisk(head []byte, rest io.Reader, size int64) error {
	if b.spool == nil {
		f, err := os.CreateTemp("", "xx-verify-*")
		if err != nil {
			return err
		}
		if err := os.Remove(f.Name()); err != nil {
			f.Close()
			return err
		}
		b.spool = f
	}
	if err := b.spool.Truncate(0); err != nil {
		return err
	}
	if _, err := b.spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := b.spool.Write(head); err != nil {
		return err
	}
	_, err := io.CopyN(b.spool, rest, size-int64(len(head)))
	return short(err)
}

// isConfiguration reports whether a file says to loaders where libraries are.
func isConfiguration(name string) bool {
	dir, base := path.Split(name)
	return dir == "etc/" && (strings.HasPrefix(base, "ld.so.") || strings.HasPrefix(base, "ld-musl-")) || dir == "etc/ld.so.conf.d/"
}

// mayStart reports whether a file begins as a program or library does. Archives, which are for linkers, are not looked into.
func mayStart(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	switch string(head[:4]) {
	case "\x7fELF", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe", "\xca\xfe\xba\xbf":
		return true
	}
	return string(head[:2]) == "MZ"
}
