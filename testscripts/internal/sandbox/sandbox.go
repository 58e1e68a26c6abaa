//go:build linux

// Package sandbox runs a test program where it can leave nothing behind.
//
// The tests on real things mount overlays, start a BuildKit and a registry, and run foreign
// programs under qemu. A test that is killed (go test's timeout, an out-of-memory killer, kill -9)
// gets no chance to undo any of that. So the program starts itself once more, as the first process
// of a new PID namespace and in a new mount namespace, and asks the kernel to kill that process
// when the outer one dies. The kernel then kills every process in the namespace and, with the last
// of them, drops every mount. Only plain files can be left; [TempDir] removes those of dead
// programs when the next one starts.
package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// marker is the environment variable that tells the inner process from the outer one.
const marker = "XXKIT_SANDBOXED"

// Enter returns at once in the sandboxed process. In the process that a user started it runs the
// sandboxed one to its end and exits with its status, so that it never returns. It needs root.
func Enter() error {
	if os.Getenv(marker) != "" {
		os.Unsetenv(marker)
		return settle()
	}
	if os.Geteuid() != 0 {
		return errors.New("new mount and PID namespaces need root")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	// The kernel sends the parent-death signal when the thread that forked ends, not the process.
	runtime.LockOSThread()
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), marker+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &unix.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID,
		Pdeathsig:  unix.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start again in new namespaces: %w", err)
	}
	// go test asks a test that takes too long for its goroutines with SIGQUIT; the inner process
	// has them. A terminal sends SIGINT to both by itself.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGQUIT)
	go func() {
		for s := range signals {
			if s != unix.SIGINT {
				cmd.Process.Signal(s)
			}
		}
	}()
	if err := cmd.Wait(); cmd.ProcessState == nil {
		return err
	}
	code := cmd.ProcessState.ExitCode()
	if code < 0 {
		fmt.Fprintf(os.Stderr, "sandbox: %s\n", cmd.ProcessState)
		code = 1
	}
	os.Exit(code)
	return nil
}

// settle makes the namespaces usable: mounts made here stay here, and /proc shows the processes of
// the new PID namespace.
func settle() error {
	if os.Getpid() != 1 {
		return errors.New(marker + " is set, but this is not the first process of a PID namespace")
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return nil
}

// tempPrefix begins the name of every folder that TempDir makes.
const tempPrefix = "xxkit-sandbox-"

// TempDir makes a new folder under os.TempDir whose name says what it is for, and first removes the
// ones whose owners are dead. The owner holds a lock on its folder, which the kernel releases when
// it dies, however it dies. Call remove when the folder is no longer needed.
func TempDir(purpose string) (dir string, remove func() error, err error) {
	// One at a time: a folder that is made but not locked yet looks like a dead owner's.
	gate, err := os.OpenFile(filepath.Join(os.TempDir(), tempPrefix+"lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", nil, err
	}
	defer gate.Close()
	if err := unix.Flock(int(gate.Fd()), unix.LOCK_EX); err != nil {
		return "", nil, fmt.Errorf("lock %s: %w", gate.Name(), err)
	}
	if err := removeStale(os.TempDir()); err != nil {
		return "", nil, err
	}
	dir, err = os.MkdirTemp("", tempPrefix+purpose+"-*")
	if err != nil {
		return "", nil, err
	}
	owner, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	if err := unix.Flock(int(owner.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return "", nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return dir, func() error {
		err := os.RemoveAll(dir)
		owner.Close()
		return err
	}, nil
}

// removeStale removes the folders in parent that TempDir made and nobody holds a lock on.
func removeStale(parent string) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), tempPrefix) {
			continue
		}
		dir := filepath.Join(parent, e.Name())
		f, err := os.Open(dir)
		if err != nil {
			continue // its owner has just removed it, or it is another user's
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			err = os.RemoveAll(dir)
		}
		f.Close()
		if err != nil {
			return fmt.Errorf("remove what a killed run left: %w", err)
		}
	}
	return nil
}
