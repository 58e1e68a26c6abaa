// Package config reads .dfrewrite.toml, which holds what a project wants of
// dfrewrite.
//
// The file that counts for a Dockerfile is the first one on the way from its
// folder up to the root; files further up are not looked at. A key that is not
// known is an error, because a mistyped one would otherwise be a setting that
// silently does nothing.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
)

// FileName is what the file is called.
const FileName = ".dfrewrite.toml"

// A Config is one file's settings; what it leaves out has the zero value.
type Config struct {
	// Platforms are what is built for, as --platform.
	Platforms []string `toml:"platforms"`
	// Helpers is auto, always or never, as --helpers.
	Helpers string `toml:"helpers"`
	// Image holds the helpers, as --image.
	Image string `toml:"image"`
	// Context is the build context of every Dockerfile that the file counts for,
	// as --context; relative to the file's folder.
	Context string `toml:"context"`
	// Only and Skip choose rules, as --only and --skip.
	Only []string `toml:"only"`
	Skip []string `toml:"skip"`
	// FailOn is the least severity that gives exit status 1, as --fail-on.
	FailOn string `toml:"fail-on"`

	path string
	src  []byte
}

// An Error says what is wrong in a file, and where.
type Error struct {
	File string
	Line int // from 1
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Parse reads settings. The path is used in messages, and Context is relative to
// its folder. The error is an *Error.
func Parse(path string, src []byte) (*Config, error) {
	c := &Config{path: path, src: src}
	err := toml.NewDecoder(bytes.NewReader(src)).DisallowUnknownFields().Decode(c)
	var unknown *toml.StrictMissingError
	var bad *toml.DecodeError
	switch {
	case errors.As(err, &unknown) && len(unknown.Errors) > 0:
		line, _ := unknown.Errors[0].Position()
		key := strings.Join(unknown.Errors[0].Key(), ".")
		return nil, &Error{path, line, fmt.Errorf("no setting is called %q; there are platforms, helpers, image, context, only, skip and fail-on", key)}
	case errors.As(err, &bad):
		line, _ := bad.Position()
		if key := bad.Key(); len(key) == 1 { // the text is TOML, but the value is of another kind
			return nil, &Error{path, line, fmt.Errorf("%s is %s", key[0], kind(key[0]))}
		}
		return nil, &Error{path, line, errors.New(strings.TrimPrefix(bad.Error(), "toml: "))}
	case err != nil:
		return nil, &Error{path, 1, err}
	}
	if c.Context != "" && !filepath.IsAbs(c.Context) {
		c.Context = filepath.Join(filepath.Dir(path), c.Context)
	}
	return c, nil
}

// kind says what the value of a key is.
func kind(key string) string {
	switch key {
	case "platforms", "only", "skip":
		return "a list of strings"
	}
	return "a string"
}

// Wrong makes an error about the value of a key.
func (c *Config) Wrong(key string, err error) error {
	n := 0
	for line := range bytes.Lines(c.src) {
		n++
		name, _, ok := bytes.Cut(line, []byte("="))
		if ok && strings.Trim(string(name), " \t\"'") == key {
			return &Error{c.path, n, err}
		}
	}
	return &Error{c.path, 1, err}
}

// A Finder finds the file that counts for a folder, and reads each once. It can be
// used from several goroutines.
type Finder struct {
	mu    sync.Mutex
	dirs  map[string]found
	files map[string]found // by the folder that the file lies in; "" for none
}

type found struct {
	c   *Config
	err error
}

// maxDirs bounds what a Finder remembers of folders, so that its memory does not
// grow with their number.
const maxDirs = 1000

// For returns the settings that count for files in a folder. Without any, they
// are empty, and always the same.
func (f *Finder) For(dir string) (*Config, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.files == nil {
		f.files = map[string]found{"": {c: &Config{}}}
	}
	if f.dirs == nil || len(f.dirs) > maxDirs {
		f.dirs = map[string]found{}
	}
	r := f.find(abs, dir)
	return r.c, r.err
}

// find looks in a folder and then in those over it. Messages name the file as
// shown says, as far as that goes.
func (f *Finder) find(dir, shown string) found {
	if r, ok := f.dirs[dir]; ok {
		return r
	}
	if r, ok := f.files[dir]; ok {
		return r
	}
	var r found
	src, err := os.ReadFile(filepath.Join(dir, FileName))
	switch {
	case err == nil:
		r.c, r.err = Parse(filepath.Join(shown, FileName), src)
		f.files[dir] = r
	case !errors.Is(err, fs.ErrNotExist):
		r.err = err
	case filepath.Dir(dir) == dir:
		r = f.files[""]
	default:
		r = f.find(filepath.Dir(dir), filepath.Join(shown, ".."))
	}
	f.dirs[dir] = r
	return r
}
