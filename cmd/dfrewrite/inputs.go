package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/pflag"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/recipes"
)

// inputs are the files that a command is about, with what counts for each.
type inputs struct {
	settings *settings
	files    []string
	missing  []error // paths that could not be found or read
	contexts contexts
	stdin    io.Reader
}

// parse reads flags and finds the files; nil without an error means that help was
// printed.
func (p *program) parse(s *settings, args []string) (*inputs, error) {
	err := s.Parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintf(p.stdout, "Usage: dfrewrite %s [flags] PATH…\n\n%s", s.Name(), s.FlagUsages())
		return nil, nil
	}
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return nil, &trouble{err, fmt.Sprintf("dfrewrite %s --help lists the flags", s.Name())}
	}
	if s.NArg() == 0 {
		return nil, &trouble{errors.New("no file given"), `name a Dockerfile or a folder, or "-" for standard input`}
	}
	files, err := dfrewrite.Find(s.Args())
	if err != nil && len(files) == 0 {
		return nil, err
	}
	p.complain(err)
	in := &inputs{settings: s, files: files, stdin: p.stdin}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		in.missing = joined.Unwrap()
	}
	return in, nil
}

// A source is a file's bytes with what counts for it.
type source struct {
	name string
	data []byte
	fileSettings
}

// read reads a file. Its build context is its folder, unless a setting says
// otherwise; what comes from standard input has none by itself.
func (in *inputs) read(path string) (source, error) {
	counts, err := in.settings.of(path)
	if err != nil {
		return source{name: path}, err
	}
	src := source{name: path, fileSettings: counts}
	dir := counts.context
	if path == "-" {
		src.name = "<stdin>"
		src.data, err = io.ReadAll(in.stdin)
	} else {
		src.data, err = os.ReadFile(path)
		if dir == "" {
			dir = filepath.Dir(path)
		}
	}
	if dir != "" && !in.settings.noContext {
		src.Context = in.contexts.of(dir)
	}
	return src, err
}

// contexts keeps the build contexts that were used last, because files that follow
// one another tend to share theirs.
type contexts struct {
	mu   sync.Mutex
	dirs map[string]*recipes.Context
}

// maxContexts bounds what is kept, so that the memory that a run needs does not
// grow with the number of folders.
const maxContexts = 64

func (c *contexts) of(dir string) *recipes.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dirs == nil || c.dirs[dir] == nil && len(c.dirs) >= maxContexts {
		c.dirs = map[string]*recipes.Context{}
	}
	if c.dirs[dir] == nil {
		c.dirs[dir] = recipes.NewContext(os.DirFS(dir))
	}
	return c.dirs[dir]
}
