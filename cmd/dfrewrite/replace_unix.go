//go:build !windows

package main

import (
	"io/fs"

	"github.com/google/renameio/v2"
)

// replaceFile writes a file as a whole or not at all.
func replaceFile(path string, data []byte, mode fs.FileMode) error {
	return renameio.WriteFile(path, data, mode, renameio.IgnoreUmask(), renameio.WithExistingPermissions())
}
