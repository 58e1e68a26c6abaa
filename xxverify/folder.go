package xxverify

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"

	"xxkit/xxverify/object"
)

// Folder is a folder of this machine as a Tree.
type Folder struct {
	root *os.Root
}

// OpenFolder opens a folder. The kernel keeps whoever asks inside of it.
func OpenFolder(name string) (Folder, error) {
	root, err := os.OpenRoot(name)
	return Folder{root}, err
}

// Close closes the folder.
func (f Folder) Close() error { return f.root.Close() }

func local(name string) string {
	if name == "" {
		return "."
	}
	return name
}

// Lstat implements Tree.
func (f Folder) Lstat(name string) (Node, error) {
	info, err := f.root.Lstat(local(name))
	if err != nil {
		return Node{}, err
	}
	n := Node{Mode: info.Mode(), Size: info.Size()}
	if n.Mode&fs.ModeSymlink != 0 {
		n.Link, err = f.root.Readlink(local(name))
	}
	return n, err
}

// List implements Tree. A folder that may not be read has nothing in it.
func (f Folder) List(name string) ([]string, error) {
	dir, err := f.root.Open(local(name))
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			err = nil
		}
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// Content implements Tree.
func (f Folder) Content(name string) (Content, error) {
	file, err := f.root.Open(local(name))
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return Content{Err: err}, nil
		}
		return Content{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Content{}, err
	}
	return ReadContent(file, info.Size()), nil
}

// ReadContent reads what a file of the given size holds.
func ReadContent(r io.ReaderAt, size int64) Content {
	var c Content
	if c.File, c.Err = object.Read(r, size); c.Err != nil {
		head := make([]byte, min(size, HeadSize))
		n, _ := r.ReadAt(head, 0) // what cannot be read is no script
		c.Head = string(head[:n])
	}
	return c
}

// ReadFile implements Tree.
func (f Folder) ReadFile(name string, limit int) ([]byte, error) {
	file, err := f.root.Open(local(name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, int64(limit)))
}
