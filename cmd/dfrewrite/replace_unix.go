//go:build !windows

package main

import (
	"io/fs"
	"syscall"

	"github.com/google/renameio/v2"
)

// replaceFile writes a file as a whole or not at all. The mode is that of before,
// and so is the owner as far as that is allowed.
func replaceFile(path string, data []byte, before fs.FileInfo) error {
	f, err := renameio.NewPendingFile(path, renameio.WithStaticPermissions(before.Mode().Perm()))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	if s, ok := before.Sys().(*syscall.Stat_t); ok {
		// Only root can give files away; who else writes to them owns the result.
		_ = f.Chown(int(s.Uid), int(s.Gid))
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}
