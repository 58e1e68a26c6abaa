//go:build linux

// Package buildkit starts a BuildKit and a registry for tests, and stops them.
//
// Both are the real programs: runc and docker-registry from Debian, buildkitd and buildx built from
// the versions that tools/go.mod names. The registry comes with the base images that Dockerfiles in
// tests are based on, and BuildKit takes it for a mirror of Docker Hub, so that a user's Dockerfile
// builds here as it stands.
package buildkit

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"xxkit/testscripts/internal/cache"
	"xxkit/testscripts/internal/debian"
)

// A Builder is a running BuildKit with its registry.
type Builder struct {
	Registry string // host:port of the registry, for image names
	Buildx   string // the buildx program
	Env      []string
	dir      string // with the data of all of them
	tools    string // the folder with the programs
	cgroup   string // the parent of its steps' control groups
	daemons  []*daemon
	unmounts []string
}

// Start starts a registry that has the base images, and a BuildKit, which keep their data in dir. With emulatedApt apt
// works in Debian's image for arm64, which is slow to make.
// Call it from within a sandbox: what a Stop that is never called would undo, the sandbox's end does.
func Start(dir string, emulatedApt bool) (*Builder, error) {
	if runtime.GOARCH != "amd64" {
		// Base images are made for it, and what is emulated elsewhere is native on other machines.
		return nil, fmt.Errorf("these tests run on amd64, not on %s", runtime.GOARCH)
	}
	if err := debian.Install("runc", "docker-registry"); err != nil {
		return nil, err
	}
	if err := debian.Foreign(); err != nil {
		return nil, err
	}
	if err := tidyRunc(dir); err != nil {
		return nil, err
	}
	tools, err := buildTools()
	if err != nil {
		return nil, err
	}
	images, err := baseImages(tools, dir, emulatedApt)
	if err != nil {
		return nil, err
	}
	store := filepath.Join(dir, "registry")
	b := &Builder{dir: dir, tools: tools, cgroup: filepath.Base(dir)}
	// What a test pushes goes on top of the kept images, and away with dir.
	if err := b.overlay(images, store); err != nil {
		return nil, err
	}
	if err := b.start(store); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

// Stop stops what Start started.
func (b *Builder) Stop() error {
	var errs []error
	for len(b.daemons) > 0 {
		last := len(b.daemons) - 1
		errs = append(errs, b.daemons[last].stop())
		b.daemons = b.daemons[:last]
	}
	for _, m := range b.unmounts {
		if err := unix.Unmount(m, unix.MNT_DETACH); err != nil {
			errs = append(errs, fmt.Errorf("unmount %s: %w", m, err))
		}
	}
	b.unmounts = nil
	removeCgroups(b.cgroup)
	return errors.Join(errs...)
}

// Command returns a command that runs buildx with args against this BuildKit.
func (b *Builder) Command(args ...string) *exec.Cmd {
	cmd := exec.Command(b.Buildx, args...)
	cmd.Env = append(os.Environ(), b.Env...)
	return cmd
}

// Run runs buildx with args; what it printed is in the error if it fails.
func (b *Builder) Run(args ...string) ([]byte, error) {
	cmd := b.Command(args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return out, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return out, nil
}

func (b *Builder) overlay(lower, target string) error {
	upper, work := target+".upper", target+".work"
	for _, d := range []string{target, upper, work} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return err
		}
	}
	if err := unix.Mount("overlay", target, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work)); err != nil {
		return fmt.Errorf("mount an overlay on %s: %w", target, err)
	}
	b.unmounts = append(b.unmounts, target)
	return nil
}

// start starts a registry on the folder store, then a BuildKit that has it as its mirror.
func (b *Builder) start(store string) error {
	dir := b.dir
	port, err := freePort()
	if err != nil {
		return err
	}
	b.Registry = fmt.Sprintf("127.0.0.1:%d", port)
	b.Buildx = filepath.Join(b.tools, "buildx")
	b.Env = []string{
		"BUILDX_BUILDER=xxkit",
		"BUILDX_CONFIG=" + filepath.Join(dir, "buildx"),
		"DOCKER_CONFIG=" + filepath.Join(dir, "docker"), // not the user's credentials
	}
	config := filepath.Join(dir, "registry.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, `version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: %s}
http: {addr: %s}
`, store, b.Registry), 0o644); err != nil {
		return err
	}
	if err := b.daemon("registry", exec.Command("docker-registry", "serve", config), func() error {
		answer, err := http.Get("http://" + b.Registry + "/v2/")
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return errors.New(answer.Status)
		}
		return nil
	}); err != nil {
		return err
	}
	address, err := b.buildkitd("buildkit", "")
	if err != nil {
		return err
	}
	_, err = b.Run("create", "--name", "xxkit", "--driver", "remote", "--bootstrap", address)
	return err
}

// buildkitd starts a BuildKit and returns its address. With a platform it takes itself for a machine of that
// kind, and serves no other.
func (b *Builder) buildkitd(name, platform string) (address string, err error) {
	platforms := ""
	if platform != "" {
		platforms = fmt.Sprintf("platforms = [%q]\n", platform)
	}
	config := filepath.Join(b.dir, name+".toml")
	if err := os.WriteFile(config, fmt.Appendf(nil, `[worker.containerd]
enabled = false
[worker.oci]
networkMode = "host"
defaultCgroupParent = %q
%s[registry."docker.io"]
mirrors = [%q]
[registry.%[3]q]
http = true
`, b.cgroup, platforms, b.Registry), 0o644); err != nil {
		return "", err
	}
	address = "unix://" + filepath.Join(b.dir, name+".sock")
	return address, b.daemon(name, exec.Command(filepath.Join(b.tools, "buildkitd"),
		"--config", config,
		"--root", filepath.Join(b.dir, name),
		"--addr", address,
		"--otel-socket-path", filepath.Join(b.dir, name+"-otel.sock"),
	), func() error {
		conn, err := net.Dial("unix", strings.TrimPrefix(address, "unix://"))
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// Nodes makes a buildx builder of one more BuildKit for each platform, each of which takes itself for a machine
// of that kind: what it runs is emulated by the kernel, which it does not know.
func (b *Builder) Nodes(builder string, platforms ...string) error {
	for i, p := range platforms {
		address, err := b.buildkitd(fmt.Sprintf("%s-%d", builder, i), p)
		if err != nil {
			return err
		}
		args := []string{"create", "--name", builder, "--driver", "remote", "--platform", p, "--bootstrap"}
		if i > 0 {
			args = append(args, "--append")
		}
		if _, err := b.Run(append(args, address)...); err != nil {
			return err
		}
	}
	return nil
}

// tidyRunc sees to the two things of runc's that outlive a killed process and its mounts: the state
// of containers, which it keeps in /run, and their control groups. dir is the sandbox's folder; those
// of other runs lie beside it, and are named for their purpose and a random number.
func tidyRunc(dir string) error {
	const state = "/run/runc"
	if err := os.MkdirAll(state, 0o700); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", state, "tmpfs", 0, "mode=700"); err != nil {
		return fmt.Errorf("mount %s: %w", state, err)
	}
	prefix, _, _ := strings.Cut(filepath.Base(dir), "-")
	for _, groups := range cgroupsOf(prefix + "-*") {
		name := filepath.Base(groups)
		if _, err := os.Stat(filepath.Join(filepath.Dir(dir), name)); errors.Is(err, os.ErrNotExist) {
			removeCgroups(name)
		}
	}
	return nil
}

// cgroupsOf finds control groups by name: below the one hierarchy of version 2, or each of version 1.
func cgroupsOf(name string) []string {
	one, _ := filepath.Glob("/sys/fs/cgroup/" + name)
	each, _ := filepath.Glob("/sys/fs/cgroup/*/" + name)
	return append(one, each...)
}

// removeCgroups removes control groups that no process is in, which is all that can be removed: one
// with a process refuses, and is left.
func removeCgroups(name string) {
	for _, top := range cgroupsOf(name) {
		var dirs []string
		filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for _, d := range slices.Backward(dirs) { // children first
			os.Remove(d)
		}
	}
}

// freePort returns a TCP port that was free a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// buildTools builds buildkitd and buildx and returns the folder with them.
func buildTools() (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "testscripts/internal/buildkit/tools")
	key := sha256.New()
	fmt.Fprintln(key, runtime.Version())
	for _, f := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil {
			return "", err
		}
		key.Write(data)
	}
	return cache.Make(fmt.Sprintf("tools/%x", key.Sum(nil)[:8]), func(into string) error {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", into+"/", "tool")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
		}
		return nil
	})
}

// moduleRoot is the folder of the module that the current folder is in.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// A daemon is a running program that is of use from the moment that it answers.
type daemon struct {
	cmd  *exec.Cmd
	log  string
	done chan error
}

// patience is how long a program that runs is waited for, to answer or to end: a machine may be very slow.
const patience = 20 * time.Minute

// daemon starts cmd, with its output in a file, and waits until ready returns nil.
func (b *Builder) daemon(name string, cmd *exec.Cmd, ready func() error) error {
	log, err := os.Create(filepath.Join(b.dir, name+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	d := &daemon{cmd: cmd, log: log.Name(), done: make(chan error, 1)}
	go func() { d.done <- cmd.Wait() }()
	b.daemons = append(b.daemons, d)
	for wait := time.Now().Add(patience); ; {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case died := <-d.done:
			d.done <- died
			return fmt.Errorf("%s ended at once: %v\n%s", name, died, d.tail())
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(wait) {
			return fmt.Errorf("%s does not answer: %w\n%s", name, err, d.tail())
		}
	}
}

// tail is the end of what the daemon printed.
func (d *daemon) tail() []byte {
	data, err := os.ReadFile(d.log)
	if err != nil {
		return []byte(err.Error())
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-20):], nil)
}

func (d *daemon) stop() error {
	if err := d.cmd.Process.Signal(unix.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-d.done:
	case <-time.After(patience):
		d.cmd.Process.Kill()
		<-d.done
	}
	return nil
}
