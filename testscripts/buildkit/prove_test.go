//go:build e2e && linux

package buildkit_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"xxkit/testscripts/internal/debian"
)

// warmed are the packages that Go programs in tests may import without having to wait for an emulated compiler.
var warmed = []string{"embed", "errors", "flag", "fmt", "os", "runtime", "strings"}

// provePlatforms are what the fixtures are built for that say nothing else.
const provePlatforms = "linux/amd64,linux/arm64"

// TestProve runs `dfrewrite prove --unsafe` on each of prove/*.txtar: it is built before and after the rewrite, and nothing
// that matters may differ. An archive has a Dockerfile and its build context. Its comment may hold, a line each,
//
//	platforms=…      what it is built for: several, since logs then name them (default: amd64 and arm64; one fixture of
//	                 each kind has arm/v7 too, where sizes and variants differ)
//	flags=…          more flags of dfrewrite
//	args=…           more arguments of buildx
//	different=REGEXP prove must end with status 1, and print this; as often as needed
//	unchanged        the rewrite must change nothing
//	emulated=REGEXP  steps that match stay emulated, which else none may
//	crlf             line endings of the Dockerfile
//	public           it is proved with the stand-in for the public helpers, too: public/
//
// XX_PROVE_HELPERS=own or =public proves with the one image alone.
// Images that cannot be made here have others in their places: see stand-ins.
func TestProve(t *testing.T) {
	files, err := filepath.Glob("prove/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		with := os.Getenv("XX_PROVE_HELPERS")
		if with != "public" {
			t.Run(name, func(t *testing.T) {
				t.Parallel() // what is emulated keeps one processor busy
				proveArchive(t, file, proveImages)
			})
		}
		if with != "own" && archiveOptions(t, file).public {
			t.Run(name+"/public", func(t *testing.T) {
				t.Parallel()
				proveArchive(t, file, publicImages)
			})
		}
	}
}

// standIns are the images that fixtures name, and what they get: Debian for Alpine, which is nowhere to be had, and a Go
// whose build cache has the packages of warmed. Only pure Go does not see the difference between Alpine and Debian.
func standIns() []string {
	warm, debian := "docker-image://"+builder.Registry+"/golang-warm", "docker-image://"+builder.Registry+"/library/debian:bookworm"
	tools := "docker-image://" + builder.Registry + "/library/tools:bookworm"
	var args []string
	for name, image := range map[string]string{
		"debian:12": tools, "debian:bookworm": tools, "node:22-bookworm": tools, "python:3.13": tools,
		"golang": warm, "golang:1.26": warm, "golang:1.26-alpine": warm, "golang:1.26-bookworm": warm,
		"alpine": debian, "alpine:3.22": debian, "nginx:1.27": debian, "gcr.io/distroless/static": debian,
		"registry.example/tools:1": debian,
	} {
		args = append(args, "--build-context", name+"="+image)
	}
	return args
}

// warmGo pushes $REGISTRY/golang-warm: Go with a warm build cache, which spares an emulated compiler what is not the test's own.
var warmGo = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "warm-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// Keys in the build cache hold the version of a released compiler and not its bytes, so what is cross-compiled here
	// is found by the emulated one.
	for _, goarch := range []string{"amd64", "arm64", "arm"} {
		cmd := exec.Command("go", append([]string{"build"}, warmed...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+goarch, "GOFLAGS=", "GOCACHE="+filepath.Join(dir, "go-build"))
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("warm the build cache for %s: %w\n%s", goarch, err, out)
		}
	}
	// Roots for foreign platforms have no /etc/passwd that would say where the home of a user is. Any user may build.
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM golang:1.26\nCOPY --chmod=777 go-build /go-build\nENV GOCACHE=/go-build\n"), 0o644); err != nil {
		return err
	}
	_, err = builder.Run("build", "--push", "--platform", "linux/amd64,linux/arm64,linux/arm/v7", "--tag", builder.Registry+"/golang-warm", dir)
	return err
})

// proveImages pushes what the fixtures need beside the base images: the helpers, and Go with a warm build cache.
var proveImages = sync.OnceValues(func() (helpers string, err error) {
	helpers = builder.Registry + "/xx:prove"
	bake := builder.Command("bake", "--push", "--set", "xx.platform=linux/amd64")
	bake.Dir = source
	bake.Env = append(bake.Env, "IMAGE="+helpers)
	if out, err := bake.CombinedOutput(); err != nil {
		return "", fmt.Errorf("bake the helpers: %w\n%s", err, out)
	}
	return helpers, warmGo()
})

// publicImages pushes the stand-in for the public helpers beside what proveImages does, under a name that has theirs in it.
var publicImages = sync.OnceValues(func() (string, error) {
	own, err := proveImages()
	if err != nil {
		return "", err
	}
	public := builder.Registry + "/tonistiigi/xx:prove"
	_, err = builder.Run("build", "--push", "--platform", "linux/amd64", "--build-arg", "HELPERS="+own, "--tag", public, "public")
	return public, err
})

// archiveOptions reads the comment of an archive.
func archiveOptions(t *testing.T, file string) proofOptions {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return proofOptionsOf(t, string(txtar.Parse(data).Comment))
}

// proofOptions are what an archive's comment says.
type proofOptions struct {
	platforms       string
	flags, args     []string
	different       []*regexp.Regexp
	emulated        *regexp.Regexp // nil: none
	unchanged, crlf bool
	public          bool // also with the public helpers
}

func proofOptionsOf(t *testing.T, comment string) proofOptions {
	o := proofOptions{platforms: provePlatforms}
	for line := range strings.Lines(comment) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, "=")
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case key == "platforms":
			o.platforms = value
		case key == "flags":
			o.flags = strings.Fields(value)
		case key == "args":
			o.args = strings.Fields(value)
		case key == "different":
			o.different = append(o.different, regexp.MustCompile(value))
		case line == "unchanged":
			o.unchanged = true
		case key == "emulated":
			o.emulated = regexp.MustCompile(value)
		case line == "crlf":
			o.crlf = true
		case line == "public":
			o.public = true
		default:
			t.Fatalf("no such option: %q", line)
		}
	}
	return o
}

// emulatedStep is a line of a log that says that a step runs on another platform than the builder's.
var emulatedStep = regexp.MustCompile(`(?m)^#\d+ \[linux/arm\S* (\S+ )?\d+/\d+\] RUN .*`)

func proveArchive(t *testing.T, file string, images func() (helpers string, err error)) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	a := txtar.Parse(data)
	o := proofOptionsOf(t, string(a.Comment))
	if err := debian.Foreign(); err != nil {
		t.Fatal(err)
	}
	helpers, err := images()
	if err != nil {
		t.Fatal(err)
	}
	context, kept := t.TempDir(), t.TempDir()
	for _, f := range a.Files {
		if f.Name == "Dockerfile" && o.crlf {
			f.Data = bytes.ReplaceAll(f.Data, []byte("\n"), []byte("\r\n"))
		}
		mode := os.FileMode(0o644)
		if bytes.HasPrefix(f.Data, []byte("#!")) {
			mode = 0o755
		}
		name := filepath.Join(context, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, mode); err != nil {
			t.Fatal(err)
		}
	}
	args := slices.Concat([]string{"prove", "--unsafe", "--image", helpers, "--platform", o.platforms, "--keep", kept}, o.flags,
		[]string{filepath.Join(context, "Dockerfile"), "--"}, standIns(), o.args)
	cmd := exec.Command(filepath.Join(bin, "dfrewrite"), args...)
	cmd.Env = append(append(os.Environ(), builder.Env...), "PATH="+bin+":"+os.Getenv("PATH"))
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	t.Logf("%s%s", stderr.String(), stdout.String())
	status := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	want := 0
	if len(o.different) > 0 {
		want = 1
	}
	if status != want {
		t.Fatalf("exit status %d, want %d", status, want)
	}
	for _, re := range o.different {
		if !re.MatchString(stdout.String()) {
			t.Errorf("not said: %s", re)
		}
	}
	if o.unchanged != strings.Contains(stdout.String(), "the rewrite changes nothing") {
		t.Fatalf("unchanged: want %v", o.unchanged)
	}
	if o.unchanged {
		return
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(kept, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if !emulatedStep.MatchString(read("before.log")) {
		t.Error("no step was emulated before the rewrite, so it proves nothing")
	}
	stay := 0
	for _, step := range emulatedStep.FindAllString(read("after.log"), -1) {
		if o.emulated == nil || !o.emulated.MatchString(step) {
			t.Errorf("emulated after the rewrite: %s", step)
		} else {
			stay++
		}
	}
	if o.emulated != nil && stay == 0 {
		t.Errorf("no step that matches %s is emulated after the rewrite", o.emulated)
	}
	before := check(t, []byte(read("before.d/Dockerfile")), context, standIns())
	after := check(t, []byte(read("after.d/Dockerfile")), context, standIns())
	for rule, n := range after {
		if n > before[rule] {
			t.Errorf("BuildKit's own check finds %s %d times, and %d times before the rewrite:\n%s", rule, n, before[rule], read("after.d/Dockerfile"))
		}
	}
}
