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

// baseImage is an image of Docker Hub that Dockerfiles name. Its name is a stage of images.Dockerfile too.
type baseImage struct {
	name  string
	tags  []string
	roots map[string]debian.Spec // by the platform that they stand for
}

// images are the base images for a version of Go. Roots for foreign platforms only ever serve as a final
// stage, or to compile in under emulation, which needs no installation scripts.
func images(goVersion string) []baseImage {
	minor := strings.Join(strings.Split(goVersion, ".")[:2], ".")
	compilers := []string{"ca-certificates", "curl", "g++", "gcc", "libc6-dev", "make", "pkg-config"}
	tools := append([]string{"autoconf", "automake", "cmake", "gettext", "meson", "nodejs", "python3-build"}, compilers...)
	rust := []string{"ca-certificates", "cargo", "gcc", "libc6-dev", "rustc"}
	return []baseImage{
		// Debian's own image has armel as arm/v5, which is what a linux/arm/v6 build gets. In that for arm64 apt works, under
		// emulation; for arm/v7 there is libstdc++, which elsewhere comes with apt.
		{"debian", []string{suite, suite + "-slim", "latest"}, map[string]debian.Spec{
			"linux/amd64":  {Suite: suite, Arch: "amd64"},
			"linux/arm64":  {Suite: suite, Arch: "arm64"},
			"linux/arm/v7": {Suite: suite, Arch: "armhf", Include: []string{"libstdc++6"}, Unpacked: true},
			"linux/arm/v5": {Suite: suite, Arch: "armel", Unpacked: true},
		}},
		// Debian with a C compiler, curl and the official Go.
		{"golang", []string{minor, minor + "-" + suite, "latest"}, map[string]debian.Spec{
			"linux/amd64":  {Suite: suite, Arch: "amd64", Include: compilers},
			"linux/arm64":  {Suite: suite, Arch: "arm64", Include: compilers, Unpacked: true},
			"linux/arm/v7": {Suite: suite, Arch: "armhf", Include: compilers, Unpacked: true},
		}},
		// Debian with what fixtures install to build C, C++, front ends and wheels, which would take minutes under emulation.
		{"tools", []string{suite}, map[string]debian.Spec{
			"linux/amd64":  {Suite: suite, Arch: "amd64", Include: tools},
			"linux/arm64":  {Suite: suite, Arch: "arm64", Include: tools, Unpacked: true},
			"linux/arm/v7": {Suite: suite, Arch: "armhf", Include: tools, Unpacked: true},
		}},
		// Debian's Rust: the one of Docker Hub's image comes from servers of its own.
		{"rust", []string{"1", "1-" + suite, "latest"}, map[string]debian.Spec{
			"linux/amd64":  {Suite: suite, Arch: "amd64", Include: rust},
			"linux/arm64":  {Suite: suite, Arch: "arm64", Include: rust, Unpacked: true},
			"linux/arm/v7": {Suite: suite, Arch: "armhf", Include: rust, Unpacked: true},
		}},
	}
}

// baseImages returns the storage folder of a registry that has the base images.
func baseImages(tools, dir string) (string, error) {
	goVersion, _, _ := strings.Cut(strings.TrimPrefix(runtime.Version(), "go"), "-")
	all := images(goVersion)
	key := sha256.New()
	fmt.Fprintln(key, goVersion, all)
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
		for _, image := range all {
			for platform, spec := range image.roots {
				tar, err := debian.Tar(spec)
				if err != nil {
					return err
				}
				if err := copyFile(tar, filepath.Join(context, image.name+"-"+flat(platform)+".tar")); err != nil {
					return err
				}
				if image.name == "golang" {
					if err := toolchain(goVersion, platform, filepath.Join(context, "goroot-"+flat(platform))); err != nil {
						return err
					}
				}
			}
		}
		b := &Builder{dir: scratch, tools: tools, cgroup: filepath.Base(dir)}
		if err := b.start(store); err != nil {
			return errors.Join(err, b.Stop())
		}
		for _, image := range all {
			var platforms []string
			for p := range image.roots {
				platforms = append(platforms, p)
			}
			args := []string{"build", "--target", image.name, "--platform", strings.Join(platforms, ","),
				"--provenance=false", "--push", "--build-arg", "GOLANG_VERSION=" + goVersion}
			for _, tag := range image.tags {
				args = append(args, "--tag", b.Registry+"/library/"+image.name+":"+tag)
			}
			if _, err := b.Run(append(args, context)...); err != nil {
				return errors.Join(err, b.Stop())
			}
		}
		return b.Stop()
	})
}

// flat is a platform as BuildKit's TARGETARCH and TARGETVARIANT, glued together, have it.
func flat(platform string) string {
	_, arch, _ := strings.Cut(platform, "/")
	return strings.ReplaceAll(arch, "/", "")
}

// toolchain puts the official Go toolchain for a platform in dir. It comes from the module proxy, as
// for GOTOOLCHAIN, and is checked as every module is. The proxy has none for 32-bit ARM: its programs are built here,
// from the same sources.
func toolchain(goVersion, platform, dir string) error {
	from, build := platform, platform == "linux/arm/v7"
	if build {
		from = "linux/" + runtime.GOARCH
	}
	module := "golang.org/toolchain@v0.0.1-go" + goVersion + "." + strings.ReplaceAll(from, "/", "-")
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
	if build {
		if err := os.CopyFS(dir, withoutPrograms{os.DirFS(m.Dir)}); err != nil {
			return err
		}
		return buildToolchain(dir)
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

// withoutPrograms is a Go toolchain without the programs for its own platform.
type withoutPrograms struct{ fs.FS }

// ReadDir implements fs.ReadDirFS.
func (f withoutPrograms) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "bin" || name == "pkg/tool" {
		return nil, nil
	}
	return fs.ReadDir(f.FS, name)
}

// buildToolchain builds the programs of a toolchain for arm/v7, whose other files are in dir.
func buildToolchain(dir string) error {
	for into, packages := range map[string][]string{
		"bin/":                {"cmd/go", "cmd/gofmt"},
		"pkg/tool/linux_arm/": {"cmd/asm", "cmd/cgo", "cmd/compile", "cmd/link", "cmd/vet"},
	} {
		if err := os.MkdirAll(filepath.Join(dir, into), 0o755); err != nil {
			return err
		}
		cmd := exec.Command("go", append([]string{"build", "-trimpath", "-o", filepath.Join(dir, into) + "/"}, packages...)...)
		cmd.Dir = os.TempDir() // outside of any module
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm", "GOARM=7", "GOFLAGS=", "GOTOOLCHAIN=local")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
		}
	}
	return nil
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
