//go:build linux

// Package cache keeps what is slow to make for the tests on real things (programs, root file
// systems, images) under the user's cache folder.
package cache

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Root is the folder that everything is kept in; removing it is always safe.
func Root() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		if os.Geteuid() != 0 {
			return "", err
		}
		dir = "/var/cache" // root without $HOME, as in a bare service
	}
	return filepath.Join(dir, "xxkit"), nil
}

// Make returns the folder kept under name, and calls build to fill it if it is not there yet. Of
// many programs that ask at once, one builds and the others wait. A build that fails or is killed
// leaves nothing that a later call would take for the whole.
func Make(name string, build func(dir string) error) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		return "", err
	}
	if err := os.Mkdir(part, 0o755); err != nil {
		return "", err
	}
	if err := build(part); err != nil {
		os.RemoveAll(part)
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	return dir, os.Rename(part, dir)
}
