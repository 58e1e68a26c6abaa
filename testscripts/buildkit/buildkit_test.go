//go:build e2e && linux

// Package buildkit_test runs the scripts in this folder on a real BuildKit and a real registry, as
// root on Debian:
//
//	go test -tags e2e ./testscripts/buildkit -run 'TestScripts/rewrite' -v
//
// Beside what testscript offers, a script has on its PATH buildx (set up for that BuildKit), xx,
// dfrewrite and the program xx-verify, in its environment
//
//	REGISTRY   the registry, to push to: $REGISTRY/name:tag
//	EXAMPLES   the folder examples/ of this repository
//	SOURCE     this repository's files with their modules vendored: a build context that needs no network
//
// and the commands
//
//	exits N PROGRAM ARGS…
//	answers IMAGE PLATFORM WANT
//
// The first runs the program, which has to exit with status N. The second starts the image for that
// platform, as its entrypoint says, and checks what it answers to GET /.
//
//	runs IMAGE PLATFORM [ARG…]
//
// runs the image's entrypoint with these arguments to its end; what it prints is there for stdout and stderr.
//
//	crates
//
// vendors the crates that the Rust example needs into the current folder.
//
//	nodes BUILDER PLATFORM…
//
// makes a builder of several nodes, one more BuildKit for each platform, each of which serves that one only.
//
//	warm
//
// pushes $REGISTRY/golang-warm: the image golang, with a build cache that has the small packages for amd64, arm64 and arm. With
// --build-context in the place of golang it spares an emulated compiler the minutes that the runtime takes.
package buildkit_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"xxkit/testscripts/internal/buildkit"
	"xxkit/testscripts/internal/commands"
	"xxkit/testscripts/internal/debian"
	"xxkit/testscripts/internal/sandbox"
)

var (
	builder *buildkit.Builder
	bin     string // xx, dfrewrite and xx-verify as a user has them, and buildx
	source  string // see SOURCE
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := debian.Missing(); err != nil {
		fmt.Fprintln(os.Stderr, "testscripts/buildkit:", err)
		os.Exit(1)
	}
	if err := sandbox.Enter(); err != nil {
		fmt.Fprintln(os.Stderr, "testscripts/buildkit:", err)
		os.Exit(1)
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testscripts/buildkit:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, remove, err := sandbox.TempDir("e2e")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	os.Setenv("TMPDIR", dir) // so that testscript's folders go with it
	if builder, err = buildkit.Start(dir, false); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, builder.Stop()) }()
	bin, source = filepath.Join(dir, "bin"), filepath.Join(dir, "src")
	if err := buildkit.Source(source); err != nil {
		return 1, err
	}
	build := exec.Command("go", "build", "-trimpath", "-o", bin+"/", "xxkit/cmd/xx", "xxkit/cmd/dfrewrite", "xxkit/cmd/xx-verify")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("%s: %w\n%s", strings.Join(build.Args, " "), err, out)
	}
	if err := os.Symlink(builder.Buildx, filepath.Join(bin, "buildx")); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

func TestScripts(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: ".",
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, builder.Env...)
			env.Setenv("PATH", bin+":"+os.Getenv("PATH"))
			env.Setenv("REGISTRY", builder.Registry)
			env.Setenv("EXAMPLES", examples)
			env.Setenv("SOURCE", source)
			return debian.Foreign()
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"answers": answers,
			"crates":  crates,
			"exits":   commands.Exits,
			"nodes":   nodes,
			"runs":    runs,
			"warm":    warm,
		},
	})
}

// unpacked is an image as a container runtime has it: its files, what to start, and with which environment.
type unpacked struct {
	root       string
	entrypoint []string
	env        []string
}

// unpack unpacks an image for a platform; the caller removes its root.
func unpack(ts *testscript.TestScript, image, platform string) unpacked {
	root := ts.MkAbs("root-" + strings.ReplaceAll(platform, "/", "-"))
	ts.Check(os.RemoveAll(root))

	out, err := builder.Command("imagetools", "inspect", "--format", "{{json .Image}}", image).Output()
	ts.Check(err)
	var images map[string]struct {
		Config struct{ Entrypoint, Env []string }
	}
	ts.Check(json.Unmarshal(out, &images))
	config, ok := images[platform]
	if !ok {
		ts.Fatalf("%s has no image for %s: %s", image, platform, out)
	}

	context := ts.MkAbs("empty")
	ts.Check(os.MkdirAll(context, 0o755))
	// As an archive: with type=local buildx was seen to wait for itself for ever, on a busy machine.
	archive := root + ".tar"
	export := builder.Command("build", "--platform", platform, "--output", "type=tar,dest="+archive, "-f", "-", context)
	export.Stdin = strings.NewReader("FROM " + image + "\n")
	if out, err := export.CombinedOutput(); err != nil {
		ts.Fatalf("export %s for %s: %v\n%s", image, platform, err, out)
	}
	ts.Check(os.Mkdir(root, 0o755))
	if out, err := exec.Command("tar", "-C", root, "-xf", archive).CombinedOutput(); err != nil {
		ts.Fatalf("unpack %s for %s: %v\n%s", image, platform, err, out)
	}
	ts.Check(os.Remove(archive))
	return unpacked{root, config.Config.Entrypoint, config.Config.Env}
}

// command starts the image. The kernel hands programs of other architectures to qemu.
func (u unpacked) command(args ...string) *exec.Cmd {
	cmd := exec.Command(u.entrypoint[0], append(u.entrypoint[1:], args...)...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &unix.SysProcAttr{Chroot: u.root}
	cmd.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, u.env...)
	return cmd
}

// runs implements the script command of that name.
func runs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: runs IMAGE PLATFORM [ARG...]")
	}
	u := unpack(ts, args[0], args[1])
	cmd := u.command(args[2:]...)
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	if err := cmd.Run(); err != nil {
		ts.Fatalf("%s on %s: %v", args[0], args[1], err)
	}
	ts.Check(os.RemoveAll(u.root))
}

// nodes implements the script command of that name.
func nodes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: nodes BUILDER PLATFORM…")
	}
	ts.Check(builder.Nodes(args[0], args[1:]...))
}

// warm implements the script command of that name.
func warm(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: warm")
	}
	ts.Check(warmGo())
}

// crates implements the script command of that name.
func crates(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: crates")
	}
	ts.Check(buildkit.Crates(ts.MkAbs(".")))
}

// answers implements the script command of that name.
func answers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: answers IMAGE PLATFORM WANT")
	}
	image, platform, want := args[0], args[1], args[2]
	u := unpack(ts, image, platform)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	addr := listener.Addr().String()
	ts.Check(listener.Close())

	server := u.command()
	server.Env = append(server.Env, "ADDR="+addr)
	var said strings.Builder
	server.Stdout, server.Stderr = &said, &said
	ts.Check(server.Start())
	ended := make(chan struct{})
	go func() {
		server.Wait()
		close(ended)
	}()
	answer, err := get("http://"+addr+"/", ended)
	server.Process.Kill()
	<-ended
	if err != nil {
		ts.Fatalf("%s on %s: %v\n%s", image, platform, err, said.String())
	}
	ts.Logf("%s on %s answers %q", image, platform, answer)
	if strings.TrimSpace(answer) != want {
		ts.Fatalf("%s on %s answers %q, want %q", image, platform, answer, want)
	}
	ts.Check(os.RemoveAll(u.root))
}

// get asks until there is an answer, or no server any more: one needs a moment to start, and more under emulation.
func get(url string, ended <-chan struct{}) (string, error) {
	for {
		answer, err := http.Get(url)
		if err != nil {
			select {
			case <-ended:
				return "", err
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if answer.StatusCode != http.StatusOK {
			return "", fmt.Errorf("%s: %s", answer.Status, body)
		}
		return string(body), err
	}
}
