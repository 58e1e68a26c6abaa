// Package builds reads which builds a Compose file or a bake file describes: of
// which Dockerfile, with which context, arguments and platforms.
//
// A file stands for itself, as it is committed: variables have their defaults, and
// for Compose the values in .env beside it; the environment is not looked at, and
// neither are override files. Of Compose files only what says what is built is read, and held in tests against
// Compose's own library. Bake files are HCL or JSON; of them, this package evaluates what says what is
// built (inherits, matrix, functions, variables), and not tags, outputs or caches.
//
// The files: what both have in common (this file), compose.go with composemodel.go (services, and what they take from
// others), bake.go, the mistakes to be found in them (lint.go), the arguments that GoReleaser gives (release.go), and
// Dockerfiles whose names say their architecture (named.go).
package builds

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
)

// A File is a Compose file or a bake file.
type File struct {
	// Doc is the text, for places in it.
	Doc *dockerfile.Document
	// Builds are the services or targets that are built, in file order or, where
	// the format has none, by name.
	Builds []*Build
	// Args are the build arguments that it gives, each once for every place.
	Args []Arg
}

// A Build is a service or target.
type Build struct {
	// Name is the service's or target's.
	Name string
	// Dockerfile is its path, or empty if it is not a file of this machine, or
	// written out in the Compose or bake file.
	Dockerfile string
	// Context is the build context's folder, or empty if it is somewhere else.
	Context string
	// Target is the stage that is built; empty means the last one.
	Target string
	// Platforms are what is built for, as written; empty if nothing is said.
	Platforms []string
	// Discards says that the result goes nowhere but into the build cache (output = ["type=cacheonly"]), as that of
	// tests and linters does.
	Discards bool
	// Args are the build arguments that it is given, inherited ones too; nil for one
	// whose value is only known when building.
	Args map[string]*string
}

// An Arg is a build argument that is given a value.
type Arg struct {
	// Build is the service or target that it is written in.
	Build string
	Name  string
	Value string
	// Known is false where the value can only be known when building.
	Known bool
	// At is where the name stands.
	At dockerfile.Span
	// Line is the whole line, line ending included, if nothing else stands on it.
	Line *dockerfile.Span
}

// An Error says what is wrong in a file, and where.
type Error struct {
	File string
	Line int // from 1; 0 when the whole file is meant
	Err  error
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Is reports whether a file is a Compose or bake file, by the end of its name.
func Is(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".yaml", ".yml", ".hcl", ".json":
		return !strings.HasPrefix(filepath.Base(path), "Dockerfile")
	}
	return false
}

// IsOverride reports whether a Compose file adds to another one, by its name:
// compose.override.yaml, docker-compose.override.yml.
func IsOverride(path string) bool {
	name := strings.ToLower(filepath.Base(path))
	return strings.HasSuffix(name, ".override.yaml") || strings.HasSuffix(name, ".override.yml")
}

// Parse reads a file. The name says where it lies, which paths in it are relative
// to. The error is an *Error.
func Parse(name string, src []byte) (*File, error) {
	f := &File{Doc: dockerfile.Plain(name, src)}
	var err error
	if ext := strings.ToLower(filepath.Ext(name)); ext == ".hcl" || ext == ".json" {
		err = f.bake(ext == ".json")
	} else {
		err = f.compose()
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// place fills in where a build's context and Dockerfile are.
func (f *File) place(b *Build, context, file string, inline bool) {
	dir := filepath.Dir(f.Doc.Name)
	if isRemote(context) {
		return
	}
	b.Context = within(dir, context)
	switch {
	case inline:
	case file == "":
		b.Dockerfile = filepath.Join(b.Context, "Dockerfile")
	case !isRemote(file):
		b.Dockerfile = within(b.Context, file)
	}
}

func within(dir, path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// isRemote reports whether a context is not a folder: a URL, a Git repository,
// another target, an image, standard input.
func isRemote(context string) bool {
	return context == "-" || strings.Contains(context, "://") || strings.HasPrefix(context, "git@") ||
		strings.HasPrefix(context, "github.com/") || strings.HasPrefix(context, "target:") || strings.HasPrefix(context, "service:")
}

// lineOf returns the whole line of a span, if the span is the first on it and
// the line may be deleted.
func (f *File) lineOf(at dockerfile.Span) dockerfile.Span {
	src := f.Doc.Src
	line := dockerfile.Span{Start: strings.LastIndexByte(string(src[:at.Start]), '\n') + 1, End: len(src)}
	if i := slices.Index(src[at.Start:], '\n'); i >= 0 {
		line.End = at.Start + i + 1
	}
	return line
}
