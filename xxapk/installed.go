package xxapk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// binFolders returns the folders in a root that have programs. Beside the usual ones
// it is that of binutils, /usr/TRIPLE/bin, in which compilers look for ld and as.
func binFolders(triple string) []string {
	return []string{"bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "usr/" + triple + "/bin"}
}

// removePrograms empties the bin folders. It does not leave the root, even if one of them is
// a link to a folder of this machine.
func (r Root) removePrograms() error {
	for _, dir := range binFolders(strings.TrimPrefix(r.dir, "/")) {
		dir = r.dir + "/" + dir
		if !r.isFolder(dir) {
			continue
		}
		entries, err := os.ReadDir(r.host.Path(dir))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.IsDir() {
				continue
			}
			if err := r.host.Remove(dir + "/" + e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// isFolder reports whether a path is a folder in the root, and no link on the way leads out of it or,
// as /bin to /usr/bin, to a folder that has its turn anyway.
func (r Root) isFolder(dir string) bool {
	info, err := os.Lstat(r.host.Path(dir))
	return err == nil && info.IsDir() && !r.reachedByLink(dir)
}

// linked are the files and folders of a root that this machine's compilers look for in their
// own: the libraries of compiler-rt, in clang's resource folder, whose names have the architecture or lie in
// a folder of the triple; and Rust's standard library, in a folder of the triple.
// Sources: the file lists of Alpine's compiler-rt (to 3.18 in usr/lib/clang, then beneath usr/lib/llvmN) and rust.
var linked = []string{
	"/usr/lib/clang/*/lib/*/*clang_rt*",
	"/usr/lib/llvm*/lib/clang/*/lib/*/*clang_rt*",
	"/usr/lib/rustlib/*-*-linux-*",
}

// link links into this machine's root what is to be linked and not there yet, and removes the
// links to what is there no longer.
func (r Root) link() error {
	for _, pattern := range linked {
		for _, from := range r.host.Glob(r.dir + pattern) {
			to := strings.TrimPrefix(from, r.dir)
			if r.reachedByLink(from) {
				continue // usr/lib/clang/17 leads to usr/lib/llvm17/lib/clang/17
			}
			if _, err := os.Lstat(r.host.Path(to)); err == nil {
				continue
			}
			if err := r.host.Link(from, to); err != nil {
				return err
			}
		}
	}
	return r.removeDeadLinks()
}

// reachedByLink reports whether a folder on the way to a file of the root is a link.
func (r Root) reachedByLink(file string) bool {
	for dir := filepath.Dir(file); len(dir) > len(r.dir); dir = filepath.Dir(dir) {
		if info, err := os.Lstat(r.host.Path(dir)); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return true
		}
	}
	return false
}

// removeDeadLinks removes those of this machine's links into the root that lead nowhere.
func (r Root) removeDeadLinks() error {
	for _, pattern := range linked {
		for _, name := range r.host.Glob(pattern) {
			to, err := os.Readlink(r.host.Path(name))
			if err != nil || !strings.HasPrefix(to, r.dir+"/") {
				continue // no link, or somebody else's
			}
			if _, err := os.Lstat(r.host.Path(to)); !errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err := r.host.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}
