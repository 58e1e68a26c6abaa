package xxverify

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"xxkit/xxverify/object"
)

// Tree is a file system to look into: a folder, or the layers of an image. Paths are those from its root, with slashes and
// none at the start; the root itself is "". No part of a path but the last is a symbolic link: see [Resolve].
//
// Nothing outside of it is ever looked at, wherever links in it may lead.
type Tree interface {
	// Lstat returns what has the path, and an error that wraps fs.ErrNotExist if nothing has.
	Lstat(name string) (Node, error)

	// List returns the names in a folder, sorted.
	List(name string) ([]string, error)

	// Content returns what a regular file holds.
	Content(name string) (Content, error)

	// ReadFile returns the bytes of a file of the system's configuration, at most limit of them.
	ReadFile(name string, limit int) ([]byte, error)
}

// Node is a file, a folder or a link in a Tree.
type Node struct {
	Mode fs.FileMode
	Size int64
	Link string // what a symbolic link leads to
}

// executable reports whether a file may be executed by anybody.
func (n Node) executable() bool { return n.Mode.IsRegular() && n.Mode&0o111 != 0 }

// Content is what a file holds.
type Content struct {
	object.File

	// Err is why the file is no object: object.ErrUnknown, or that it is damaged.
	Err error

	// Head are the first bytes of a file that is no object, for scripts.
	Head string
}

// HeadSize is how much of a file Content.Head has. Linux reads as much to find a script's interpreter.
const HeadSize = 256

// maxLinks is how many symbolic links Linux follows.
const maxLinks = 40

var errLoop = errors.New("too many symbolic links")

// Resolve follows the symbolic links in a path, which is absolute or from the root, as a program whose root is the
// tree's would: a link cannot lead out. It returns the path of what is there, which is no link.
func Resolve(t Tree, name string) (string, Node, error) {
	rest := strings.Split(name, "/")
	at := ""
	node, err := t.Lstat("")
	if err != nil {
		return "", Node{}, err
	}
	links := 0
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if at = path.Dir(at); at == "." {
				at = ""
			}
			if node, err = t.Lstat(at); err != nil {
				return "", Node{}, err
			}
			continue
		}
		if !node.Mode.IsDir() {
			return "", Node{}, fmt.Errorf("/%s is no folder: %w", at, fs.ErrNotExist)
		}
		next := path.Join(at, part)
		if node, err = t.Lstat(next); err != nil {
			return "", Node{}, err
		}
		if node.Mode&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return "", Node{}, errLoop
		}
		link := node.Link
		if strings.HasPrefix(link, "/") {
			at = ""
		}
		if node, err = t.Lstat(at); err != nil {
			return "", Node{}, err
		}
		if rest = append(strings.Split(link, "/"), rest...); len(rest) > maxDepth {
			return "", Node{}, errLoop // each link makes the path longer
		}
	}
	return at, node, nil
}

// maxDepth is how deep folders are looked into: Linux' longest path has as many.
const maxDepth = 2048

// walk calls visit for every regular file beneath a folder, in the order of their names; links are not followed. skip are
// folders to leave out.
func walk(t Tree, dir string, depth int, skip func(dir string) bool, visit func(name string, n Node) error) error {
	if depth > maxDepth {
		return fmt.Errorf("/%.100s…: folders are nested too deep", dir)
	}
	names, err := t.List(dir)
	if err != nil {
		return err
	}
	for _, base := range names {
		name := path.Join(dir, base)
		n, err := t.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // removed meanwhile
		case err != nil:
			return err
		case n.Mode.IsDir():
			if !skip(name) {
				err = walk(t, name, depth+1, skip, visit)
			}
		case n.Mode.IsRegular():
			err = visit(name, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// remembering is a tree that asks another one once for each path: libraries are looked for in the same few folders again
// and again.
type remembering struct {
	Tree
	nodes map[string]remembered
}

type remembered struct {
	node Node
	err  error
}

func (r *remembering) Lstat(name string) (Node, error) {
	if m, ok := r.nodes[name]; ok {
		return m.node, m.err
	}
	n, err := r.Tree.Lstat(name)
	r.nodes[name] = remembered{n, err}
	return n, err
}

// Matches reports whether a path is on a list of patterns, which are those of [Options.Allow]: "vendor" is that name anywhere,
// "/opt/cross/**/*.so" a path from the root, and a pattern for a folder is for all that is beneath it.
func Matches(patterns []string, name string) bool { return allowed(patterns, name) }

// allowed reports whether a path is on a list of patterns. A pattern with a slash is for a path from the root, and for all that
// is beneath it; one without is for any part of a path. "*" and "?" stand for characters of one part, "**" for
// any number of parts.
func allowed(patterns []string, name string) bool {
	parts := strings.Split(strings.Trim(name, "/"), "/")
	for _, pattern := range patterns {
		if !strings.Contains(strings.Trim(pattern, "/"), "/") && !strings.HasPrefix(pattern, "/") {
			pattern = "**/" + pattern
		}
		if matchParts(strings.Split(strings.Trim(pattern, "/"), "/"), parts) {
			return true
		}
	}
	return false
}

// matchParts goes through the pattern once, with all the places in the path that it may have come to.
func matchParts(pattern, parts []string) bool {
	at := make([]bool, len(parts)+1)
	at[0] = true
	for _, p := range pattern {
		next := make([]bool, len(parts)+1)
		for i, here := range at {
			switch {
			case p == "**":
				next[i] = here || i > 0 && next[i-1]
			case here && i < len(parts):
				ok, err := path.Match(p, parts[i])
				next[i+1] = ok && err == nil
			}
		}
		at = next
	}
	return slices.Contains(at, true)
}
