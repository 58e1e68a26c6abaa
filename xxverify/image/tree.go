package image

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"xxkit/xxverify"
	"xxkit/xxverify/object"
)

// tree is what the layers of an image make together. It implements xxverify.Tree.
type tree struct {
	root  *node
	nodes int
}

// node is a file, folder or link.
type node struct {
	xxverify.Node
	layer    int // of the last that has set it
	children map[string]*node
	file     *file // of a regular file; hard links share it
	about    *about
}

// file is what is kept of a regular file.
type file struct {
	content xxverify.Content
	text    []byte // of files of the configuration
	sum     [32]byte

	// What else is compared, see [Contents].
	cgo     bool
	members []*object.Object // of a static library
}

func newTree() *tree {
	return &tree{root: folder(0)}
}

func folder(layer int) *node {
	return &node{Node: xxverify.Node{Mode: fs.ModeDir | 0o755}, layer: layer, children: map[string]*node{}}
}

func (t *tree) get(name string) (*node, error) {
	n := t.root
	for part := range strings.SplitSeq(name, "/") {
		if part == "" {
			continue
		}
		next := n.children[part]
		if next == nil {
			return nil, fmt.Errorf("/%.200s: %w", name, fs.ErrNotExist)
		}
		n = next
	}
	return n, nil
}

// Lstat implements xxverify.Tree.
func (t *tree) Lstat(name string) (xxverify.Node, error) {
	n, err := t.get(name)
	if err != nil {
		return xxverify.Node{}, err
	}
	return n.Node, nil
}

// List implements xxverify.Tree.
func (t *tree) List(name string) ([]string, error) {
	n, err := t.get(name)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(n.children))
	for name := range n.children {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// Content implements xxverify.Tree.
func (t *tree) Content(name string) (xxverify.Content, error) {
	n, err := t.get(name)
	if err != nil || n.file == nil {
		return xxverify.Content{Err: fs.ErrNotExist}, err
	}
	return n.file.content, nil
}

// ReadFile implements xxverify.Tree.
func (t *tree) ReadFile(name string, limit int) ([]byte, error) {
	n, err := t.get(name)
	if err != nil {
		return nil, err
	}
	if n.file == nil {
		return nil, fs.ErrNotExist
	}
	return n.file.text[:min(limit, len(n.file.text))], nil
}

// sum returns the checksum of a program.
func (t *tree) sum(name string) [32]byte {
	if n, err := t.get(name); err == nil && n.file != nil {
		return n.file.sum
	}
	return [32]byte{}
}

// close gives the memory back.
func (t *tree) close() { t.root = folder(0) }

// maxLinks is how many symbolic links are followed in a path.
const maxLinks = 40

var errLinks = errors.New("too many symbolic links")

// place returns the folder that an entry of a layer goes into, links in its path followed, and the entry's name in
// it. Folders that are not there yet are made if create is true. The name is empty for the root itself.
func (t *tree) place(name string, layer int, create bool) (*node, string, error) {
	dir, base := path.Split(name)
	at := []*node{t.root} // the folder and those above it
	rest := strings.Split(dir, "/")
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		top := at[len(at)-1]
		switch part {
		case "", ".":
			continue
		case "..":
			at = at[:max(len(at)-1, 1)]
			continue
		}
		child := top.children[part]
		switch {
		case child == nil && !create:
			return nil, "", fs.ErrNotExist
		case child == nil:
			child = folder(layer)
			top.children[part] = child
			t.nodes++
		case child.Mode&fs.ModeSymlink != 0:
			if links++; links > maxLinks || len(rest) > maxPath {
				return nil, "", errLinks
			}
			if strings.HasPrefix(child.Link, "/") {
				at = at[:1]
			}
			rest = append(strings.Split(child.Link, "/"), rest...)
			continue
		case child.children == nil:
			return nil, "", errors.New(xxverify.Printable(part) + " is no folder")
		}
		if at = append(at, child); len(at) > maxParts {
			return nil, "", errors.New("it is nested too deep")
		}
	}
	return at[len(at)-1], base, nil
}

// put puts an entry into a folder. A folder over a folder keeps what is in it.
func (n *node) put(name string, child *node) {
	if old := n.children[name]; old != nil && old.children != nil && child.children != nil {
		old.Node, old.layer, old.about = child.Node, child.layer, child.about
		return
	}
	n.children[name] = child
}

// hide removes what lower layers have under a name. A folder that the layer itself has put something into stays, with that.
func (n *node) hide(name string, layer int) {
	child := n.children[name]
	switch {
	case child == nil:
	case child.children != nil:
		child.hideAll(layer)
		if len(child.children) == 0 && child.layer < layer {
			delete(n.children, name)
		}
	case child.layer < layer:
		delete(n.children, name)
	}
}

// hideAll removes what lower layers have in a folder.
func (n *node) hideAll(layer int) {
	for name := range n.children {
		n.hide(name, layer)
	}
}
