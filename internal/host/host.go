//go:build unix

// Package host is the machine as a helper sees it: its files, its environment, its
// processor and its programs.
//
// A helper decides with pure functions and acts through a [Host], so that a
// test can give it another machine: a root file system in a temporary folder, an
// environment, a processor. [New] is the real one.
//
// With XX_DEBUG=1 in the environment every file that is written and every command
// that is run is shown on standard error.
package host

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Host is a machine and the helper's place on it.
type Host struct {
	// Name is the helper's name, such as "xx-go", which its messages begin with.
	Name string

	// Root is the folder that absolute paths are taken from; empty is the real root.
	// The programs on Env's PATH are looked up in it too.
	Root string

	// Env is the environment.
	Env Env

	// March is what `uname -m` prints; a little-endian MIPS machine, which prints the same
	// as a big-endian one, has "le" added.
	March string

	// Stdin, Stdout and Stderr are the helper's, and those of the commands that it runs.
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	// Execve replaces the process; tests record the call instead.
	Execve func(path string, args, env []string) error
}

// New returns the machine that the process runs on, for the helper of the given name.
func New(name string) *Host {
	return &Host{
		Name:   name,
		Env:    os.Environ(),
		March:  march(),
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Execve: syscall.Exec,
	}
}

// march asks the kernel. A kernel that fails to answer leaves it unknown, which
// is the empty string.
func march() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return ""
	}
	m := string(u.Machine[:max(bytes.IndexByte(u.Machine[:], 0), 0)])
	if (m == "mips" || m == "mips64") && littleEndian() {
		m += "le"
	}
	return m
}

func littleEndian() bool {
	return binary.NativeEndian.Uint16([]byte{1, 0}) == 1
}

// Env is an environment, "NAME=value" each.
type Env []string

// Get returns the value of a variable, or the empty string. Of a name that is there
// twice the last counts, as for the programs that get the environment.
func (e Env) Get(name string) string {
	for i := len(e) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(e[i], name); ok && strings.HasPrefix(v, "=") {
			return v[1:]
		}
	}
	return ""
}

// With returns a copy of the environment with the variable set.
func (e Env) With(name, value string) Env {
	return append(e.Without(name), name+"="+value)
}

// Without returns a copy of the environment that lacks the named variables.
func (e Env) Without(names ...string) Env {
	kept := make(Env, 0, len(e)+1)
next:
	for _, kv := range e {
		for _, name := range names {
			if v, ok := strings.CutPrefix(kv, name); ok && strings.HasPrefix(v, "=") {
				continue next
			}
		}
		kept = append(kept, kv)
	}
	return kept
}

// Path returns where a path of the machine is for the process: beneath Root if
// the path is absolute.
func (h *Host) Path(name string) string {
	if h.Root == "" || !filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(h.Root, name)
}

// ReadFile returns the content of a file.
func (h *Host) ReadFile(name string) ([]byte, error) {
	return os.ReadFile(h.Path(name))
}

// Glob returns the paths that match a pattern, as filepath.Glob does.
func (h *Host) Glob(pattern string) []string {
	found, err := filepath.Glob(h.Path(pattern))
	if err != nil {
		return nil // only a malformed pattern fails
	}
	for i := range found {
		found[i] = "/" + strings.TrimLeft(strings.TrimPrefix(found[i], h.Root), "/")
	}
	return found
}

// Debugf prints a line, headed by the helper's name, if XX_DEBUG asks for it.
func (h *Host) Debugf(format string, args ...any) {
	if v := h.Env.Get("XX_DEBUG"); v != "" && v != "0" {
		fmt.Fprintf(h.Stderr, h.Name+": "+format+"\n", args...)
	}
}
