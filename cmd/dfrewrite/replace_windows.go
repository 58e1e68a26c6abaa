package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// replaceFile writes a file as a whole or not at all. (renameio does not support
// Windows; there, os.Rename replaces the target in one step.)
func replaceFile(path string, data []byte, before fs.FileInfo) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".dfrewrite-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close(), os.Chmod(f.Name(), before.Mode().Perm()))
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
