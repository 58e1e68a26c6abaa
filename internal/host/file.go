//go:build unix

package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// WriteFile replaces or creates a file atomically: whoever reads it meanwhile sees the old
// content or the new one. Its folder is made if need be. A symbolic link
// stays one, and the file that it leads to is replaced; a file that exists
// keeps its permissions, a new one gets perm.
func (h *Host) WriteFile(name string, data []byte, perm fs.FileMode) error {
	path := h.Path(name)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	h.Debugf("write %s", path)
	return renameio.WriteFile(path, data, perm, renameio.WithTempDir(dir))
}

// Link makes name a symbolic link to the given file, in one step: what else is there, but a
// folder, is replaced. Its folder is made if need be. Two processes must not link the same name at
// once: see Lock.
func (h *Host) Link(to, name string) error {
	path := h.Path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	h.Debugf("link %s to %s", path, to)
	err := os.Symlink(to, path)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	// A fixed name, so that one that a killed process has left is used up by the next.
	next := path + ".xx-new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(to, next); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// Remove removes a file. A file that is not there is no error.
func (h *Host) Remove(name string) error {
	path := h.Path(name)
	if err := os.Remove(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	h.Debugf("remove %s", path)
	return nil
}

// Lock waits until no other process holds the lock of the folder, and takes it.
// The folder is made if need be; nothing is left in it. The lock ends with a
// call of unlock, or with the process.
func (h *Host) Lock(dir string) (unlock func(), err error) {
	path := h.Path(dir)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, &fs.PathError{Op: "flock", Path: path, Err: err}
	}
	return func() { f.Close() }, nil
}
