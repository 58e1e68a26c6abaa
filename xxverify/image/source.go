package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// ErrNoImage is what an error wraps if a folder or file is no image.
var ErrNoImage = errors.New("not an image")

// Open opens an image on this machine: a folder in OCI's layout, or an archive of one or of `docker save`, perhaps
// compressed.
func Open(name string, l Limits) (Source, error) {
	l.setDefaults()
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		root, err := os.OpenRoot(name)
		if err != nil {
			return nil, err
		}
		return newLayout(name, folderFiles{root})
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	files, err := readArchive(f, l)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return newLayout(name, files)
}

// files are the files of a layout, in a folder or in an archive.
type files interface {
	open(name string) (io.ReadCloser, error)
	io.Closer
}

// layout is an image in OCI's layout, or of `docker save`.
type layout struct {
	files
	root      v1.Descriptor
	documents map[digest.Digest][]byte // that were made here
	layers    map[digest.Digest]string // files that are not named by their digest
	described map[string]v1.Descriptor // the same by their names
}

func newLayout(name string, f files) (Source, error) {
	l := &layout{files: f, documents: map[digest.Digest][]byte{}, layers: map[digest.Digest]string{}, described: map[string]v1.Descriptor{}}
	err := l.readIndex()
	if errors.Is(err, fs.ErrNotExist) {
		err = l.readDockerManifest()
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: it has neither index.json, as the layout of OCI has, nor manifest.json, as docker save writes it", ErrNoImage)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return l, nil
}

func (l *layout) read(name string, limit int64) ([]byte, error) {
	f, err := l.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is too large", name)
	}
	return b, err
}

// made keeps a document that the image itself lacks.
func (l *layout) made(mediaType string, b []byte) v1.Descriptor {
	d := v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(b), Size: int64(len(b))}
	l.documents[d.Digest] = b
	return d
}

// readIndex reads what OCI's layout begins with.
func (l *layout) readIndex() error {
	b, err := l.read("index.json", maxDocument)
	if err != nil {
		return err
	}
	l.root = l.made(v1.MediaTypeImageIndex, b)
	return nil
}

// readDockerManifest makes manifests out of the list that `docker save` of old versions writes.
func (l *layout) readDockerManifest() error {
	b, err := l.read("manifest.json", maxDocument)
	if err != nil {
		return err
	}
	var images []struct {
		Config string
		Layers []string
	}
	if err := json.Unmarshal(b, &images); err != nil {
		return fmt.Errorf("manifest.json: %w", err)
	}
	var manifests []v1.Descriptor
	layers := 0
	for _, image := range images {
		config, err := l.read(image.Config, maxDocument)
		if err != nil {
			return fmt.Errorf("%s: %w", image.Config, err)
		}
		m := v1.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest, Config: l.made(v1.MediaTypeImageConfig, config)}
		for _, name := range image.Layers {
			if layers++; layers > 1<<12 {
				return limitError("manifests")
			}
			d, err := l.describe(name)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			m.Layers = append(m.Layers, d)
		}
		b, err := json.Marshal(m)
		if err != nil {
			return err
		}
		manifests = append(manifests, l.made(v1.MediaTypeImageManifest, b))
	}
	if b, err = json.Marshal(indexOf(manifests)); err != nil {
		return err
	}
	l.root = l.made(v1.MediaTypeImageIndex, b)
	return nil
}

// describe makes the descriptor of a layer that has none.
func (l *layout) describe(name string) (v1.Descriptor, error) {
	if d, ok := l.described[name]; ok {
		return d, nil
	}
	f, err := l.open(name)
	if err != nil {
		return v1.Descriptor{}, err
	}
	defer f.Close()
	d := digest.Canonical.Digester()
	n, err := io.Copy(d.Hash(), f)
	l.layers[d.Digest()] = name
	l.described[name] = v1.Descriptor{MediaType: v1.MediaTypeImageLayer, Digest: d.Digest(), Size: n}
	return l.described[name], err
}

// partial reports whether platforms that the index lists may be left out: `docker save` writes those that are on the
// machine.
func (l *layout) partial() bool {
	f, err := l.open("manifest.json")
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// Root implements Source.
func (l *layout) Root(context.Context) (v1.Descriptor, error) { return l.root, nil }

// Blob implements Source.
func (l *layout) Blob(_ context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	if b, ok := l.documents[d.Digest]; ok {
		return io.NopCloser(bytes.NewReader(b)), nil
	}
	if name, ok := l.layers[d.Digest]; ok {
		return l.open(name)
	}
	if err := d.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("%q: %w", d.Digest, err)
	}
	f, err := l.open("blobs/" + string(d.Digest.Algorithm()) + "/" + d.Digest.Encoded())
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("blob %s is not there: %w", d.Digest, fs.ErrNotExist)
	}
	return f, err
}

// folderFiles are those of a folder, which nothing leads out of.
type folderFiles struct{ *os.Root }

func (f folderFiles) open(name string) (io.ReadCloser, error) {
	info, err := f.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	return f.Root.Open(name)
}

// archiveFiles are those of an archive, which is not unpacked: it is known where each begins.
type archiveFiles struct {
	*os.File
	at    map[string]extent
	links map[string]string
}

type extent struct{ off, size int64 }

// readArchive finds the files in an archive. A compressed one is uncompressed into a file without a name.
func readArchive(f *os.File, l Limits) (files, error) {
	raw, closeRaw, err := decompress(f)
	if err != nil {
		return nil, err
	}
	defer closeRaw()
	var magic [4]byte
	if _, err := f.ReadAt(magic[:], 0); err != nil {
		return nil, fmt.Errorf("%w: it is too short", ErrNoImage)
	}
	if packed := string(magic[:2]) == "\x1f\x8b" || string(magic[:]) == "\x28\xb5\x2f\xfd"; packed {
		spool, err := os.CreateTemp("", "xx-verify-*")
		if err != nil {
			return nil, err
		}
		if err := os.Remove(spool.Name()); err != nil {
			return nil, errors.Join(err, spool.Close())
		}
		n, err := io.Copy(spool, io.LimitReader(raw, l.Bytes+1))
		if err == nil && n > l.Bytes {
			err = limitError("bytes")
		}
		if err != nil {
			return nil, errors.Join(err, spool.Close())
		}
		files, err := indexArchive(spool, l)
		if err != nil {
			return nil, errors.Join(err, spool.Close())
		}
		return files, f.Close()
	}
	return indexArchive(f, l)
}

func indexArchive(f *os.File, l Limits) (files, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	a := archiveFiles{f, map[string]extent{}, map[string]string{}}
	t := tar.NewReader(f)
	for n := 0; ; n++ {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoImage, err)
		}
		if n > l.Files {
			return nil, limitError("files")
		}
		name := path.Clean("/" + h.Name)[1:]
		switch h.Typeflag {
		case tar.TypeReg:
			off, err := f.Seek(0, io.SeekCurrent)
			if err != nil {
				return nil, err
			}
			a.at[name] = extent{off, h.Size}
		case tar.TypeSymlink: // docker save links layers that images share
			a.links[name] = path.Clean("/" + path.Join(path.Dir(name), h.Linkname))[1:]
		case tar.TypeLink:
			a.links[name] = path.Clean("/" + h.Linkname)[1:]
		}
	}
	return a, nil
}

func (a archiveFiles) open(name string) (io.ReadCloser, error) {
	name = path.Clean("/" + name)[1:]
	for range 8 {
		if to, ok := a.links[name]; ok {
			name = to
		}
	}
	e, ok := a.at[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", strings.ToValidUTF8(name, "?"), fs.ErrNotExist)
	}
	return io.NopCloser(io.NewSectionReader(a.File, e.off, e.size)), nil
}
