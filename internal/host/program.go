//go:build unix

package host

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Command is a program, as LookPath found it, and what it is called with.
type Command struct {
	Path string
	Args []string // without the program's name
	Env  Env

	// Name is what the program is told that it was called by; empty: the last part of Path. clang
	// finds its own files from the name, if that has a folder.
	Name string
}

// LookPath finds a program on PATH and returns its absolute path, or an error that
// wraps exec.ErrNotFound. Entries of PATH that are relative are passed over, as Go
// programs do for safety. So is the helper itself under whatever name: a link to
// it that is called like the program must not start it over and over. But TRIPLE-clang
// and the like, see xxcc, are found: no helper becomes these, so that ends well.
func (h *Host) LookPath(program string) (string, error) {
	var self os.FileInfo
	if exe, err := os.Executable(); err == nil {
		self, _ = os.Stat(exe) // nil is no file's info
	}
	for _, dir := range filepath.SplitList(h.Env.Get("PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		path := filepath.Join(dir, program)
		info, err := os.Stat(h.Path(path))
		if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 || self != nil && os.SameFile(info, self) && !targetTool(program) {
			continue
		}
		return path, nil
	}
	return "", &exec.Error{Name: program, Err: exec.ErrNotFound}
}

// targetTool reports whether a program's name is that of a tool for one target that
// may be a link to xx, such as aarch64-linux-gnu-clang.
func targetTool(program string) bool {
	if strings.HasPrefix(program, "xx-") {
		return false
	}
	for _, end := range []string{"-clang", "-clang++", "-as", "-pkg-config", "-windres"} {
		if strings.HasSuffix(program, end) {
			return true
		}
	}
	return false
}

// Has reports whether a program is on PATH.
func (h *Host) Has(program string) bool {
	_, err := h.LookPath(program)
	return err == nil
}

// Exec turns the process into the command; it returns only if that fails.
func (h *Host) Exec(c Command) error {
	h.Debugf("run %s", h.describe(c))
	name := c.Name
	if name == "" {
		name = filepath.Base(c.Path)
	}
	args := append([]string{name}, c.Args...)
	if err := h.Execve(h.Path(c.Path), args, c.Env); err != nil {
		return &fs.PathError{Op: "run", Path: c.Path, Err: err}
	}
	return nil
}

// Run runs the command as a child and waits for its end. Signals that would end the
// helper go to the child instead, so that the helper can clean up after it.
// The error is an ExitStatus if the command ran and failed.
func (h *Host) Run(c Command) error {
	h.Debugf("run %s", h.describe(c))
	cmd := exec.Cmd{
		Path: h.Path(c.Path), Args: append([]string{filepath.Base(c.Path)}, c.Args...), Env: c.Env,
		Stdin: h.Stdin, Stdout: h.Stdout, Stderr: h.Stderr,
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var caught os.Signal
	for {
		select {
		case s := <-signals:
			caught = s
			_ = cmd.Process.Signal(s) // it may have ended meanwhile
		case err := <-ended:
			var exit *exec.ExitError
			if s, ok := caught.(syscall.Signal); ok {
				return ExitStatus(128 + int(s))
			}
			if errors.As(err, &exit) {
				if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
					return ExitStatus(128 + int(ws.Signal()))
				}
				return ExitStatus(exit.ExitCode())
			}
			return err
		}
	}
}

// describe shows a command as a person would type it, with the variables that
// differ from the helper's own environment in front.
func (h *Host) describe(c Command) string {
	var words []string
	for _, kv := range c.Env {
		if !slices.Contains(h.Env, kv) {
			name, value, _ := strings.Cut(kv, "=")
			words = append(words, name+"="+ShellQuote(value))
		}
	}
	words = append(words, ShellQuote(c.Path))
	for _, arg := range c.Args {
		words = append(words, ShellQuote(arg))
	}
	return strings.Join(words, " ")
}

// ShellQuote returns the string as a word of the POSIX shell, in single quotes if it needs any.
func ShellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-+=/.,:@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
