//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"xxkit/testscripts/internal/buildkit"
)

// program is a real one, bigger than an example: with what it depends on it must have more than
// 50,000 lines for the measurement to count.
const program, programLines = "github.com/mikefarah/yq/v4@v4.47.2", 50_000

// emulatedDockerfile is how most people would build it, and handWritten how a careful person would
// make that cross-compile.
const (
	emulatedDockerfile = `FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /out/program .
FROM debian:bookworm-slim
COPY --from=build /out/program /usr/local/bin/program
`
	handWritten = `FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
ARG TARGETOS TARGETARCH
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /out/program .
FROM debian:bookworm-slim
COPY --from=build /out/program /usr/local/bin/program
`
)

// buildARM64 builds the Dockerfile in context for linux/arm64 on this machine, all of it.
func (l *lab) buildARM64(context, file string, args ...string) error {
	args = append([]string{"build", "--no-cache", "--platform", "linux/arm64", "--output", "type=cacheonly",
		"--provenance=false", "-f", filepath.Join(context, file)}, args...)
	_, err := l.builder.Run(append(args, context)...)
	return err
}

// pull fetches and unpacks the base images, which is no part of a build's time.
func (l *lab) pull() error {
	empty := filepath.Join(l.dir, "pull")
	if err := os.MkdirAll(empty, 0o755); err != nil {
		return err
	}
	for _, image := range []string{"golang:1.26", "debian:bookworm", "debian:bookworm-slim", "rust:1"} {
		build := l.builder.Command("build", "--no-cache", "--platform", "linux/amd64,linux/arm64", "--output", "type=cacheonly", "-f", "-", empty)
		build.Stdin = strings.NewReader("FROM " + image + "\nRUN true\n")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("pull %s: %w\n%s", image, err, out)
		}
	}
	return nil
}

// dockerfiles writes the Dockerfile as it was and as dfrewrite makes it into context.
func (l *lab) dockerfiles(context string) error {
	for name, text := range map[string]string{"Dockerfile": emulatedDockerfile, "hand.Dockerfile": handWritten, "rewritten.Dockerfile": emulatedDockerfile} {
		if err := os.WriteFile(filepath.Join(context, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return command(nil, filepath.Join(l.bin, "dfrewrite"), "rewrite", "-w", filepath.Join(context, "rewritten.Dockerfile"))
}

// emulated compares a build under emulation with the same one after dfrewrite.
func emulated(l *lab) ([]figure, error) {
	context := filepath.Join(l.dir, "program")
	if err := fetch(program, context); err != nil {
		return nil, err
	}
	lines, err := goLines(context)
	if err != nil {
		return nil, err
	}
	if lines < programLines {
		return nil, fmt.Errorf("%s has %d lines, which is less than %d", program, lines, programLines)
	}
	if err := l.dockerfiles(context); err != nil {
		return nil, err
	}
	if err := l.pull(); err != nil {
		return nil, err
	}
	cross, err := timed(func() error { return l.buildARM64(context, "rewritten.Dockerfile") })
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "cross-compiled: %s\n", cross.Round(time.Second))
	slow, err := timed(func() error { return l.buildARM64(context, "Dockerfile") })
	if err != nil {
		return nil, err
	}
	return []figure{{
		fmt.Sprintf("emulated / cross-compiled build of %s (%d lines with dependencies) for linux/arm64", program, lines),
		fmt.Sprintf("%.1f (%.0f s / %.0f s)", ratio(slow, cross), slow.Seconds(), cross.Seconds()),
		"6 or more", ratio(slow, cross) >= 6,
	}}, nil
}

// rewritten compares a Dockerfile that dfrewrite made cross-compile with one that a person did.
func rewritten(l *lab) ([]figure, error) {
	context := filepath.Join(l.dir, "example")
	if err := os.Mkdir(context, 0o755); err != nil {
		return nil, err
	}
	for _, f := range []string{"go.mod", "main.go"} {
		data, err := os.ReadFile(filepath.Join("examples/go-server", f))
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(context, f), data, 0o644); err != nil {
			return nil, err
		}
	}
	if err := l.dockerfiles(context); err != nil {
		return nil, err
	}
	if err := l.pull(); err != nil {
		return nil, err
	}
	ours, theirs, err := alternate(7,
		func() error { return l.buildARM64(context, "rewritten.Dockerfile") },
		func() error { return l.buildARM64(context, "hand.Dockerfile") })
	if err != nil {
		return nil, err
	}
	r := ratio(median(ours), median(theirs))
	return []figure{{
		"rewritten / hand-written cross-compiling Dockerfile, examples/go-server",
		fmt.Sprintf("%.2f (%.1f s / %.1f s)", r, median(ours).Seconds(), median(theirs).Seconds()),
		"1.05 or less", r <= 1.05,
	}}, nil
}

// compiled compares the Dockerfiles of an example with a compiler for C, C++ or Rust in it: as people write it, which
// compiles under emulation, and as dfrewrite makes it cross-compile; beside these as a person does. All of it counts, the installation of compilers
// and libraries too. fetch puts what it depends on into the build context.
func compiled(example string, fetch func(context string) error) func(*lab) ([]figure, error) {
	return func(l *lab) ([]figure, error) {
		helpers, err := l.helpers()
		if err != nil {
			return nil, err
		}
		if err := l.pull(); err != nil {
			return nil, err
		}
		context := filepath.Join(l.dir, example)
		if err := os.CopyFS(context, os.DirFS(filepath.Join("examples", example))); err != nil {
			return nil, err
		}
		if fetch != nil {
			if err := fetch(context); err != nil {
				return nil, err
			}
		}
		rewrite := exec.Command(filepath.Join(l.bin, "dfrewrite"), "rewrite", "--unsafe", "--image", helpers, filepath.Join(context, "Dockerfile"))
		rewritten, err := rewrite.Output()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(rewrite.Args, " "), err)
		}
		if !bytes.Contains(rewritten, []byte("$BUILDPLATFORM")) {
			return nil, fmt.Errorf("%s: it is not made to cross-compile:\n%s", strings.Join(rewrite.Args, " "), rewritten)
		}
		if err := os.WriteFile(filepath.Join(context, "rewritten.Dockerfile"), rewritten, 0o644); err != nil {
			return nil, err
		}
		cross, err := timed(func() error { return l.buildARM64(context, "rewritten.Dockerfile") })
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "%s, rewritten: %s\n", example, cross.Round(time.Second))
		hand, err := timed(func() error { return l.buildARM64(context, "Dockerfile.cross", "--build-arg", "XX="+helpers) })
		if err != nil {
			return nil, err
		}
		slow, err := timed(func() error { return l.buildARM64(context, "Dockerfile") })
		if err != nil {
			return nil, err
		}
		return []figure{{
			fmt.Sprintf("emulated / rewritten build of examples/%s for linux/arm64", example),
			fmt.Sprintf("%.1f (%.0f s / %.0f s)", ratio(slow, cross), slow.Seconds(), cross.Seconds()),
			"5 or more", ratio(slow, cross) >= 5,
		}, {
			what:     fmt.Sprintf("rewritten / hand-written cross-compiling Dockerfile, examples/%s, once", example),
			measured: fmt.Sprintf("%.2f (%.0f s / %.0f s)", ratio(cross, hand), cross.Seconds(), hand.Seconds()),
		}}, nil
	}
}

// helpers builds the image with the helpers and pushes it.
func (l *lab) helpers() (name string, err error) {
	source := filepath.Join(l.dir, "source")
	if _, err := os.Stat(source); errors.Is(err, fs.ErrNotExist) {
		if err := buildkit.Source(source); err != nil {
			return "", err
		}
	}
	name = l.builder.Registry + "/xx:bench"
	bake := l.builder.Command("bake", "--push", "--set", "xx.platform=linux/amd64")
	bake.Dir = source
	bake.Env = append(bake.Env, "IMAGE="+name)
	if out, err := bake.CombinedOutput(); err != nil {
		return "", fmt.Errorf("buildx bake: %w\n%s", err, out)
	}
	return name, nil
}

// image is how big the helpers' image is, as it is pulled.
func image(l *lab) ([]figure, error) {
	name, err := l.helpers()
	if err != nil {
		return nil, err
	}
	raw, err := l.builder.Command("imagetools", "inspect", "--raw", name).Output()
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Layers []struct{ Size int64 }
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return nil, err
	}
	if len(manifest.Layers) == 0 {
		return nil, fmt.Errorf("%s has no layers: %s", name, raw)
	}
	var total int64
	for _, layer := range manifest.Layers {
		total += layer.Size
	}
	return []figure{{what: "the image, compressed, linux/amd64", measured: mb(total)}}, nil
}

// fetch puts a module with what it depends on in dir.
func fetch(module, dir string) error {
	download := exec.Command("go", "mod", "download", "-json", module)
	download.Dir = os.TempDir()
	out, err := download.Output()
	if err != nil {
		return fmt.Errorf("go mod download %s: %w\n%s", module, err, out)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return err
	}
	if err := os.CopyFS(dir, os.DirFS(m.Dir)); err != nil {
		return err
	}
	if err := vendor(dir); err != nil {
		return err
	}
	// Whatever its own .dockerignore leaves out, the build here is of all of it.
	if err := os.RemoveAll(filepath.Join(dir, ".dockerignore")); err != nil {
		return err
	}
	return nil
}

// vendor puts what the module in dir depends on beside it: in a build step there may be no way to a module proxy.
func vendor(dir string) error {
	cmd := exec.Command("go", "mod", "vendor")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod vendor: %w\n%s", err, out)
	}
	return nil
}

// goLines counts the lines of Go in dir that are not tests.
func goLines(dir string) (lines int, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		lines += bytes.Count(data, []byte("\n"))
		return err
	})
	return lines, err
}
