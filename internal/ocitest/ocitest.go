// Package ocitest makes small container images for tests, right ones and broken ones.
package ocitest

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Entry is one of a layer. A Name that ends in a slash is a folder; Link makes a symbolic link.
type Entry struct {
	Name, Body, Link string
	Mode             int64 // 0: 0644
	Type             byte  // 0: as Name and Link say
}

// Tar returns an archive of the entries.
func Tar(entries ...Entry) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.Name, Linkname: e.Link, Mode: e.Mode, Typeflag: e.Type, Size: int64(len(e.Body)), Format: tar.FormatPAX}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if h.Typeflag == 0 {
			switch {
			case e.Link != "":
				h.Typeflag = tar.TypeSymlink
			case strings.HasSuffix(e.Name, "/"):
				h.Typeflag, h.Mode = tar.TypeDir, 0o755
			default:
				h.Typeflag = tar.TypeReg
			}
		}
		must(w.WriteHeader(h))
		if _, err := w.Write([]byte(e.Body)); err != nil {
			panic(err)
		}
	}
	must(w.Close())
	return b.Bytes()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Gzip and Zstd compress a layer.
func Gzip(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	must(err)
	must(w.Close())
	return out.Bytes()
}

// Zstd: see Gzip.
func Zstd(b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	must(err)
	return w.EncodeAll(b, nil)
}

// Folder returns the entries for a folder of this machine.
func Folder(dir string) ([]Entry, error) {
	var entries []Entry
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		e := Entry{Name: filepath.ToSlash(rel), Mode: int64(info.Mode().Perm())}
		switch {
		case d.IsDir():
			e.Name += "/"
		case info.Mode()&fs.ModeSymlink != 0:
			e.Link, err = os.Readlink(path)
		case info.Mode().IsRegular():
			var b []byte
			b, err = os.ReadFile(path)
			e.Body = string(b)
		default:
			return nil
		}
		entries = append(entries, e)
		return err
	})
	return entries, err
}

// Image is an image for one platform.
type Image struct {
	Platform string   // in the index: os/arch[/variant]
	Layers   [][]byte // the blobs
	Config   v1.ImageConfig

	Configured  string            // the platform in the configuration, if it is another
	Annotations map[string]string // in the index
	Change      func(*v1.Manifest, *v1.Image)
}

// Layout is a folder in OCI's layout, by the names of its files.
type Layout map[string][]byte

// Add adds a blob and returns its descriptor.
func (l Layout) Add(mediaType string, b []byte) v1.Descriptor {
	d := digest.FromBytes(b)
	l["blobs/sha256/"+d.Encoded()] = b
	return v1.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(b))}
}

// AddJSON adds a document.
func (l Layout) AddJSON(mediaType string, v any) v1.Descriptor {
	b, err := json.Marshal(v)
	must(err)
	return l.Add(mediaType, b)
}

// New returns the layout of an image for several platforms, with an index in the index, as BuildKit writes it.
func New(images ...Image) Layout {
	l := Layout{v1.ImageLayoutFile: []byte(`{"imageLayoutVersion":"1.0.0"}`)}
	index := v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex}
	for _, image := range images {
		config := v1.Image{Config: image.Config, RootFS: v1.RootFS{Type: "layers"}}
		platform := Platform(image.Platform)
		config.Platform = platform
		if image.Configured != "" {
			config.Platform = Platform(image.Configured)
		}
		m := v1.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest}
		for _, layer := range image.Layers {
			m.Layers = append(m.Layers, l.Add(v1.MediaTypeImageLayerGzip, layer))
			config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, digest.FromBytes(unpack(layer)))
		}
		if image.Change != nil {
			image.Change(&m, &config)
		}
		m.Config = l.AddJSON(v1.MediaTypeImageConfig, config)
		d := l.AddJSON(v1.MediaTypeImageManifest, m)
		d.Platform, d.Annotations = &platform, image.Annotations
		index.Manifests = append(index.Manifests, d)
	}
	l.SetIndex(v1.Index{Manifests: []v1.Descriptor{l.AddJSON(v1.MediaTypeImageIndex, index)}})
	return l
}

// SetIndex sets what the layout begins with.
func (l Layout) SetIndex(index v1.Index) {
	index.SchemaVersion, index.MediaType = 2, v1.MediaTypeImageIndex
	b, err := json.Marshal(index)
	must(err)
	l[v1.ImageIndexFile] = b
}

// Platform reads "os/arch/variant".
func Platform(s string) v1.Platform {
	parts := strings.Split(s+"//", "/")
	return v1.Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2]}
}

// unpack returns a layer without its compression; one that is broken as it is.
func unpack(b []byte) []byte {
	var out bytes.Buffer
	if z, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
		if _, err := out.ReadFrom(z); err == nil {
			return out.Bytes()
		}
	}
	if z, err := zstd.NewReader(nil); err == nil {
		defer z.Close()
		if out, err := z.DecodeAll(b, nil); err == nil && bytes.HasPrefix(b, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
			return out
		}
	}
	return b
}

// Archive returns the layout as an archive.
func (l Layout) Archive() []byte {
	var entries []Entry
	for _, name := range l.names() {
		entries = append(entries, Entry{Name: name, Body: string(l[name])})
	}
	return Tar(entries...)
}

// Write writes the layout into a folder.
func (l Layout) Write(dir string) error {
	for _, name := range l.names() {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, l[name], 0o666); err != nil {
			return err
		}
	}
	return nil
}

func (l Layout) names() []string {
	var names []string
	for name := range l {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Docker returns an archive as `docker save` of old versions writes it, of one image whose layers are not compressed.
func Docker(image Image) []byte {
	config := v1.Image{Config: image.Config, Platform: Platform(image.Platform), RootFS: v1.RootFS{Type: "layers"}}
	var entries []Entry
	var layers []string
	for _, layer := range image.Layers {
		d := digest.FromBytes(layer)
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, d)
		name := d.Encoded() + "/layer.tar"
		layers = append(layers, name)
		entries = append(entries, Entry{Name: name, Body: string(layer)})
	}
	b, err := json.Marshal(config)
	must(err)
	name := digest.FromBytes(b).Encoded() + ".json"
	list, err := json.Marshal([]map[string]any{{"Config": name, "RepoTags": []string{"app:latest"}, "Layers": layers}})
	must(err)
	return Tar(append(entries, Entry{Name: name, Body: string(b)}, Entry{Name: "manifest.json", Body: string(list)})...)
}
