//go:build linux

package main

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"xxkit/internal/ocitest"
)

// verify measures xx-verify on an image of 1 GB, and on one of a quarter of that. They hold Go's own tree several times: large
// programs, and many small files.
func verify(l *lab) ([]figure, error) {
	program := filepath.Join(l.dir, "desk", "xx-verify")
	if err := command([]string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-o", program, "xxkit/cmd/xx-verify"); err != nil {
		return nil, err
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	goroot := strings.TrimSpace(string(out))
	const full = 1 << 30
	var took [2]time.Duration
	var peak int64
	for i, size := range []int64{full / 4, full} {
		dir := filepath.Join(l.dir, fmt.Sprint("image", i))
		if err := writeImage(dir, goroot, size); err != nil {
			return nil, err
		}
		cmd := exec.Command(program, "--image", dir)
		if took[i], err = timed(func() error {
			out, err := cmd.CombinedOutput()
			if err != nil {
				err = fmt.Errorf("xx-verify: %w\n%s", err, out)
			}
			return err
		}); err != nil {
			return nil, err
		}
		usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			return nil, fmt.Errorf("the system does not tell how much memory xx-verify takes")
		}
		peak = int64(usage.Maxrss) * 1024
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
	}
	growth := ratio(took[1], took[0])
	return []figure{
		{
			"xx-verify of an image of 1 GB", fmt.Sprintf("%.1f s, %.0f MB/s, %s of memory", took[1].Seconds(), full/1e6/took[1].Seconds(), mb(peak)),
			"20 s, 300 MB or less", took[1] <= 20*time.Second && peak <= 300_000_000,
		},
		{"that / an image of a quarter of it", fmt.Sprintf("%.1f", growth), "5 or less", growth <= 5},
	}, nil
}

// writeImage writes an image of one layer into a folder, with copies of a tree until it is of the given size.
func writeImage(dir, tree string, size int64) error {
	layer := filepath.Join(dir, "layer")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := os.Create(layer)
	if err != nil {
		return err
	}
	defer f.Close()
	packed, unpacked := sha256.New(), sha256.New()
	z, err := gzip.NewWriterLevel(io.MultiWriter(f, packed), gzip.BestSpeed)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(io.MultiWriter(z, unpacked), 1<<20)
	w := tar.NewWriter(buffered)
	for copies, left := 0, size; left > 0; copies++ {
		if left, err = addTree(w, tree, fmt.Sprintf("usr/local/go%d", copies), left); err != nil {
			return err
		}
	}
	for _, c := range []interface{ Close() error }{w, flusher{buffered}, z} {
		if err := c.Close(); err != nil {
			return err
		}
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	sum := func(h hash.Hash) digest.Digest { return digest.Digest("sha256:" + hex.EncodeToString(h.Sum(nil))) }
	l := ocitest.New(ocitest.Image{
		Platform: "linux/" + runtime.GOARCH,
		Change: func(m *v1.Manifest, c *v1.Image) {
			m.Layers = []v1.Descriptor{{MediaType: v1.MediaTypeImageLayerGzip, Digest: sum(packed), Size: info.Size()}}
			c.RootFS.DiffIDs = []digest.Digest{sum(unpacked)}
		},
	})
	if err := l.Write(dir); err != nil {
		return err
	}
	return os.Rename(layer, filepath.Join(dir, "blobs/sha256", sum(packed).Encoded()))
}

type flusher struct{ w *bufio.Writer }

func (f flusher) Close() error { return f.w.Flush() }

// addTree adds the files of a folder to an archive, as many as there is room left for, and returns how much is left then.
func addTree(w *tar.Writer, dir, as string, left int64) (int64, error) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || left <= 0 {
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
		if err := w.WriteHeader(&tar.Header{Name: as + "/" + filepath.ToSlash(rel), Mode: int64(info.Mode().Perm()), Size: info.Size()}); err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		left -= info.Size()
		_, err = io.Copy(w, f)
		return err
	})
	return left, err
}
