//go:build linux

package main

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"xxkit/testscripts/internal/debian"
)

// verify measures xx-verify on images made of Debian's root file systems, the largest of more than a gigabyte: how long
// it takes, what memory it needs at most, and whether a large image takes longer for each byte than a small one.
func verify(l *lab) ([]figure, error) {
	program := filepath.Join(l.dir, "desk", "xx-verify")
	if err := command([]string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "xxkit/cmd/xx-verify"); err != nil {
		return nil, err
	}
	small := debian.Spec{Suite: "bookworm", Arch: "amd64"}
	large := small
	large.Include = []string{"ca-certificates", "cargo", "gcc", "libc6-dev", "rustc"}
	type measured struct {
		size int64 // unpacked
		usage
		wall time.Duration
	}
	var all []measured
	for i, roots := range [][]debian.Spec{{small}, {small, large}} {
		dir := filepath.Join(l.dir, fmt.Sprint("image", i))
		size, err := writeImage(dir, roots)
		if err != nil {
			return nil, err
		}
		var walls, cpus []time.Duration
		var memory int64
		for range 3 {
			cmd := exec.Command(program, "--image", dir)
			start := time.Now()
			if out, err := cmd.CombinedOutput(); err != nil {
				return nil, fmt.Errorf("xx-verify --image: %w\n%s", err, out)
			}
			walls = append(walls, time.Since(start))
			cpus = append(cpus, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
			memory = max(memory, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss*1024)
		}
		all = append(all, measured{size, usage{median(cpus), memory}, median(walls)})
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
	}
	few, many := all[0], all[1]
	if many.size < 1e9 {
		return nil, fmt.Errorf("the large image has only %s", mb(many.size))
	}
	growth := many.cpu.Seconds() / float64(many.size) / (few.cpu.Seconds() / float64(few.size))
	return []figure{{
		fmt.Sprintf("xx-verify --image of %.2f GB, gzip", float64(many.size)/1e9),
		fmt.Sprintf("%.1f s, %.0f MB/s", many.wall.Seconds(), float64(many.size)/1e6/many.wall.Seconds()),
		"20 s or less", many.wall <= 20*time.Second,
	}, {
		"the same, peak memory", mb(many.memory), "300 MB or less", many.memory <= 300e6,
	}, {
		"the same, processor time for a byte / that of an image of " + mb(few.size), fmt.Sprintf("%.2f", growth), "1.50 or less", growth <= 1.5,
	}}, nil
}

// writeImage writes an image for linux/amd64 in OCI's layout whose layers are the root file systems, and returns how large they
// are unpacked.
func writeImage(dir string, roots []debian.Spec) (size int64, err error) {
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return 0, err
	}
	type descriptor struct {
		MediaType string `json:"mediaType"`
		Digest    string `json:"digest"`
		Size      int64  `json:"size"`
		Platform  any    `json:"platform,omitempty"`
	}
	const media = "application/vnd.oci.image."
	blob := func(kind string, v any) (descriptor, error) {
		data, err := json.Marshal(v)
		if err != nil {
			return descriptor{}, err
		}
		sum := sha256.Sum256(data)
		return descriptor{media + kind, fmt.Sprintf("sha256:%x", sum), int64(len(data)), nil},
			os.WriteFile(filepath.Join(blobs, fmt.Sprintf("%x", sum)), data, 0o644)
	}
	var layers []descriptor
	var unpacked []string
	for _, spec := range roots {
		tar, err := debian.Tar(spec)
		if err != nil {
			return 0, err
		}
		in, err := os.Open(tar)
		if err != nil {
			return 0, err
		}
		defer in.Close()
		next := filepath.Join(blobs, "layer")
		out, err := os.Create(next)
		if err != nil {
			return 0, err
		}
		packed, plain := sha256.New(), sha256.New()
		zip, err := gzip.NewWriterLevel(io.MultiWriter(out, packed), gzip.BestSpeed)
		if err != nil {
			return 0, err
		}
		n, err := io.Copy(io.MultiWriter(zip, plain), in)
		if err != nil {
			return 0, err
		}
		if err := zip.Close(); err != nil {
			return 0, err
		}
		info, err := out.Stat()
		if err != nil {
			return 0, err
		}
		if err := out.Close(); err != nil {
			return 0, err
		}
		sum := fmt.Sprintf("%x", packed.Sum(nil))
		if err := os.Rename(next, filepath.Join(blobs, sum)); err != nil {
			return 0, err
		}
		size += n
		layers = append(layers, descriptor{media + "layer.v1.tar+gzip", "sha256:" + sum, info.Size(), nil})
		unpacked = append(unpacked, fmt.Sprintf("sha256:%x", plain.Sum(nil)))
	}
	platform := map[string]string{"os": "linux", "architecture": "amd64"}
	config, err := blob("config.v1+json", map[string]any{
		"os": "linux", "architecture": "amd64", "config": map[string]any{"Cmd": []string{"bash"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": unpacked},
	})
	if err != nil {
		return 0, err
	}
	manifest, err := blob("manifest.v1+json", map[string]any{
		"schemaVersion": 2, "mediaType": media + "manifest.v1+json", "config": config, "layers": layers,
	})
	if err != nil {
		return 0, err
	}
	manifest.Platform = platform
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": media + "index.v1+json", "manifests": []descriptor{manifest}})
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(dir, "index.json"), index, 0o644); err != nil {
		return 0, err
	}
	return size, os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644)
}
