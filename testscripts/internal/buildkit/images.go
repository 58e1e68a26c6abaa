//go:build linux

package buildkit

import (
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"xxkit/testscripts/internal/cache"
	"xxkit/testscripts/internal/debian"
)

// imagesDockerfile makes the base images from archives and folders that lie beside it.
//
//go:embed images.Dockerfile
var imagesDockerfile []byte

// suite is the Debian release of the base images.
const suite = "bookworm"

// debianRoots are the roots of the Debian image, by the platform that they stand for. Debian's own
// image has armel as arm/v5, which is what a linux/arm/v6 build gets. Foreign ones only ever serve
// as a final stage or to run Go in, which needs no installation scripts.
var debianRoots = map[string]debian.Spec{
	"linux/amd64":  {Suite: suite, Arch: "amd64"},
	"linux/arm64":  {Suite: suite, Arch: "arm64", Unpacked: true},
	"linux/arm/v7": {Suite: suite, Arch: "armhf", Unpacked: true},
	"linux/arm/v5": {Suite: suite, Arch: "armel", Unpacked: true},
}

// golangRoots are the roots of the golang image: Debian with a C compiler. The one for arm64 is for
// builds under emulation and has none, since those that the tests run are pure Go.
var golangRoots = map[string]debian.Spec{
	"linux/amd64": {Suite: suite, Arch: "amd64", Include: []string{"ca-certificates", "g++", "gcc", "libc6-dev", "make", "pkg-config"}},
	"linux/arm64": {Suite: suite, Arch: "arm64", Unpacked: true},
}

// baseImages returns the storage folder of a registry that has the base images.
func baseImages(tools, dir string) (string, error) {
	goVersion, _, _ := strings.Cut(runtime.Version(), "-")
	key := sha256.New()
	fmt.Fprintln(key, goVersion, debianRoots, golangRoots)
	key.Write(imagesDockerfile)
	return cache.Make(fmt.Sprintf("images/%x", key.Sum(nil)[:8]), func(store string) error {
		scratch := filepath.Join(dir, "base")
		if err := os.Mkdir(scratch, 0o755); err != nil {
			return err
		}
		defer os.RemoveAll(scratch)
		context := filepath.Join(scratch, "context")
		if err := os.Mkdir(context, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(context, "Dockerfile"), imagesDockerfile, 0o644); err != nil {
			return err
		}
		for image, roots := range map[string]map[string]debian.Spec{"debian": debianRoots, "golang": golangRoots} {
			for platform, spec := range roots {
				tar, err := debian.Tar(spec)
				if err != nil {
					return err
				}
				if err := copyFile(tar, filepath.Join(context, image+"-"+flat(platform)+".tar")); err != nil {
					return err
				}
			}
		}
		for platform := range golangRoots {
			if err := toolchain(goVersion, platform, filepath.Join(context, "goroot-"+flat(platform))); err != nil {
				return err
			}
		}
		b := &Builder{cgroup: filepath.Base(dir)}
		if err := b.start(tools, scratch, store); err != nil {
			return errors.Join(err, b.Stop())
		}
		for image, roots := range map[string]map[string]debian.Spec{"debian": debianRoots, "golang": golangRoots} {
			var platforms []string
			for p := range roots {
				platforms = append(platforms, p)
			}
			args := []string{"build", "--target", image, "--platform", strings.Join(platforms, ","),
				"--provenance=false", "--push", "--build-arg", "GOLANG_VERSION=" + strings.TrimPrefix(goVersion, "go")}
			for _, tag := range tags(image, goVersion) {
				args = append(args, "--tag", b.Registry+"/library/"+image+":"+tag)
			}
			if _, err := b.Run(append(args, context)...); err != nil {
				return errors.Join(err, b.Stop())
			}
		}
		return b.Stop()
	})
}

// tags are the names that Dockerfiles know the image by.
func tags(image, goVersion string) []string {
	if image == "debian" {
		return []string{suite, suite + "-slim", "latest"}
	}
	minor := strings.Join(strings.Split(strings.TrimPrefix(goVersion, "go"), ".")[:2], ".")
	return []string{minor, minor + "-" + suite, "latest"}
}

// flat is a platform as BuildKit's TARGETARCH and TARGETVARIANT, glued together, have it.
func flat(platform string) string {
	_, arch, _ := strings.Cut(platform, "/")
	return strings.ReplaceAll(arch, "/", "")
}

// toolchain puts the official Go toolchain for a platform in dir. It comes from the module proxy, as
// for GOTOOLCHAIN, and is checked as every module is.
func toolchain(goVersion, platform, dir string) error {
	module := "golang.org/toolchain@v0.0.1-" + goVersion + "." + strings.ReplaceAll(platform, "/", "-")
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir() // outside of any module
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go mod download %s: %w\n%s", module, err, out)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return err
	}
	// Modules have no execute bits.
	return filepath.WalkDir(m.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(m.Dir, path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, rel)
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		if err := copyFile(path, to); err != nil {
			return err
		}
		if strings.HasPrefix(rel, "bin/") || strings.HasPrefix(rel, "pkg/tool/") {
			return os.Chmod(to, 0o755)
		}
		return os.Chmod(to, 0o644)
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := out.ReadFrom(in); err != nil {
		return err
	}
	return out.Close()
}
