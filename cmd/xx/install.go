package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"xxkit/internal/host"
)

// install copies this program to dir/xx, unless it is that file already, and puts a
// link to it beside it for every helper. Links are relative, so that
// the folder can be moved or copied into an image. Each file appears at once and
// whole; doing it again changes nothing.
func install(h *host.Host, dir string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find out which file this program is: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	program := filepath.Join(dir, "xx")
	if err := copyProgram(h, self, program); err != nil {
		return fmt.Errorf("cannot install %s: %w", program, err)
	}
	for _, p := range helpers {
		link := filepath.Join(dir, "xx-"+p.name)
		if to, err := os.Readlink(link); err == nil && to == "xx" {
			continue
		}
		h.Debugf("write %s", link)
		if err := renameio.Symlink("xx", link); err != nil {
			return fmt.Errorf("cannot link %s: %w", link, err)
		}
	}
	return nil
}

// copyProgram copies a program, unless source and destination are one file.
func copyProgram(h *host.Host, from, to string) error {
	source, err := os.Stat(from)
	if err != nil {
		return err
	}
	if there, err := os.Stat(to); err == nil && os.SameFile(source, there) {
		return nil
	}
	h.Debugf("write %s", to)
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := renameio.NewPendingFile(to, renameio.WithTempDir(filepath.Dir(to)), renameio.WithStaticPermissions(0o755))
	if err != nil {
		return err
	}
	defer out.Cleanup()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.CloseAtomicallyReplace()
}
