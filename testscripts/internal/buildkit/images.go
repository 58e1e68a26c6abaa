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
	"slices"
	"strings"
	"sync"

	"xxkit/testscripts/internal/cache"
	"xxkit/testscripts/internal/debian"
)

// imagesDockerfile makes the base images from archives and folders that lie beside it.
//
//go:embed images.Dockerfile
var imagesDockerfile []byte

// suite is the Debian release of the base images.
const suite = "bookworm"

// A baseImage is an image of Docker Hub that Dockerfiles name. Its name is a stage of images.Dockerfile too.
type baseImage struct {
	name      string
	tags      []string
	platforms []string
}

// A plan is what base images are made of.
type plan struct {
	roots  map[string]debian.Spec // by the names of their archives
	images []baseImage
}

// planFor says what there is for a version of Go. Roots for foreign platforms only ever serve as a final stage, or to compile
// in under emulation, which needs no installation scripts; all that compile are one root. Emulated apt says that apt has to work
// in that of Debian for arm64, which takes minutes to install under emulation.
func planFor(goVersion string, emulatedApt bool) plan {
	minor := strings.Join(strings.Split(goVersion, ".")[:2], ".")
	// What fixtures install to build C, C++, front ends and wheels would take minutes under emulation.
	compilers := []string{"ca-certificates", "curl", "g++", "gcc", "libc6-dev", "make", "pkg-config"}
	tools := append([]string{"autoconf", "automake", "cmake", "gettext", "meson", "nodejs", "python3-build"}, compilers...)
	rust := []string{"ca-certificates", "cargo", "gcc", "libc6-dev", "rustc"}
	foreign := slices.Compact(slices.Sorted(slices.Values(slices.Concat(tools, rust))))
	// Elsewhere libstdc++ comes with apt.
	debianARM64 := debian.Spec{Suite: suite, Arch: "arm64", Include: []string{"libstdc++6"}, Unpacked: true}
	if emulatedApt {
		debianARM64 = debian.Spec{Suite: suite, Arch: "arm64"}
	}
	three := []string{"linux/amd64", "linux/arm64", "linux/arm/v7"}
	return plan{
		map[string]debian.Spec{
			"debian-amd64": {Suite: suite, Arch: "amd64"},
			"debian-arm64": debianARM64,
			"debian-armv7": {Suite: suite, Arch: "armhf", Include: []string{"libstdc++6"}, Unpacked: true},
			// Debian's own image has armel as arm/v5, which is what a linux/arm/v6 build gets.
			"debian-armv5":   {Suite: suite, Arch: "armel", Unpacked: true},
			"golang-amd64":   {Suite: suite, Arch: "amd64", Include: compilers},
			"tools-amd64":    {Suite: suite, Arch: "amd64", Include: tools},
			"rust-amd64":     {Suite: suite, Arch: "amd64", Include: rust},
			"compiler-arm64": {Suite: suite, Arch: "arm64", Include: foreign, Unpacked: true},
			"compiler-armv7": {Suite: suite, Arch: "armhf", Include: foreign, Unpacked: true},
		},
		[]baseImage{
			{"debian", []string{suite, suite + "-slim", "latest"}, append([]string{"linux/arm/v5"}, three...)},
			// Debian with a C compiler, curl and the official Go.
			{"golang", []string{minor, minor + "-" + suite, "latest"}, three},
			{"tools", []string{suite}, three},
			// Debian's Rust: the one of Docker Hub's image comes from servers of its own.
			{"rust", []string{"1", "1-" + suite, "latest"}, three},
		},
	}
}

// baseImages returns the storage folder of a registry that has the base images.
func baseImages(tools, dir string, emulatedApt bool) (string, error) {
	goVersion, _, _ := strings.Cut(strings.TrimPrefix(runtime.Version(), "go"), "-")
	plan := planFor(goVersion, emulatedApt)
	key := sha256.New()
	fmt.Fprintln(key, goVersion, plan)
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
		var jobs []func() error
		for name, spec := range plan.roots {
			jobs = append(jobs, func() error { return debian.Tar(spec, filepath.Join(context, name+".tar")) })
		}
		for _, platform := range []string{"linux/amd64", "linux/arm64", "linux/arm/v7"} {
			jobs = append(jobs, func() error {
				return toolchain(goVersion, platform, filepath.Join(context, "goroot-"+flat(platform)))
			})
		}
		if err := twoAtATime(jobs); err != nil {
			return err
		}
		b := &Builder{dir: scratch, tools: tools, cgroup: filepath.Base(dir)}
		if err := b.start(store); err != nil {
			return errors.Join(err, b.Stop())
		}
		for _, image := range plan.images {
			// To compress layers takes longer than to make them, and they go nowhere.
			args := []string{"build", "--target", image.name, "--platform", strings.Join(image.platforms, ","),
				"--provenance=false", "--output", "type=registry,compression=uncompressed", "--build-arg", "GOLANG_VERSION=" + goVersion}
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

// twoAtATime does the jobs: one alone waits for the network or the disk half of the time.
func twoAtATime(jobs []func() error) error {
	errs := make([]error, len(jobs))
	turns := make(chan bool, 2)
	var wg sync.WaitGroup
	for i, job := range jobs {
		wg.Go(func() {
			turns <- true
			errs[i] = job()
			<-turns
		})
	}
	wg.Wait()
	return errors.Join(errs...)
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
