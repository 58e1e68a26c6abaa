// Package context knows the build context: which files there are ([Files]), what of them .dockerignore
// leaves out, and what of them stands where in a stage ([Files.FileAt], [Files.FolderAt]) as long as
// no command has changed it ([ChangedBefore]).
//
// It reads and never writes, plain files only, and of each no more than a source file has.
package context

import (
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// A Files is a build context. What is found out about it is found out once,
// however many Dockerfiles share it.
type Files struct {
	FS fs.FS
	// Dir is where it lies, for messages; may be empty.
	Dir  string
	memo sync.Map // key: func() any
}

// New makes a context of a file system. Only files below it are read, and
// only when a verdict depends on them.
func New(files fs.FS) *Files { return &Files{FS: files} }

// Once works out what is to know of a context under a key, and remembers it.
func Once[T any](c *Files, key any, work func() T) T {
	once, ok := c.memo.Load(key)
	if !ok {
		once, _ = c.memo.LoadOrStore(key, sync.OnceValue(func() any { return work() }))
	}
	return once.(func() any)().(T)
}

// Has reports whether the context holds a file.
func (c *Files) Has(name string) bool {
	name = path.Clean(strings.TrimLeft(name, "/"))
	if !fs.ValidPath(name) {
		return false
	}
	_, err := fs.Stat(c.FS, name)
	return err == nil
}

// IsFolder reports whether the context holds a folder.
func (c *Files) IsFolder(name string) bool {
	if !fs.ValidPath(name) {
		return false
	}
	info, err := fs.Stat(c.FS, name)
	return err == nil && info.IsDir()
}

// Limits on what is looked at of a build context, besides Go's source.
const (
	maxTextSize = 16 << 20
	maxPrograms = 200   // files of one folder
	maxEntries  = 20000 // of a whole context
)

// ReadFile returns a file of the context; nothing if there is none, if it is not a
// plain file, or if it is larger than text is.
func (c *Files) ReadFile(name string) []byte {
	name = ContextPath(name)
	info, err := fs.Stat(c.FS, name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxTextSize {
		return nil
	}
	data, _ := fs.ReadFile(c.FS, name)
	return data
}

// ContextPath returns a name in the form of package fs, from the root of the context: "." for the root itself.
func ContextPath(name string) string {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if name == "" {
		return "."
	}
	return name
}

// Programs returns the machines of the ELF programs and libraries at a path of the
// context, or directly in it when it is a folder, with one file for each. What
// .dockerignore leaves out does not count.
func (c *Files) Programs(name string) map[elf.Machine]string {
	found := map[elf.Machine]string{}
	name = ContextPath(name)
	info, err := fs.Stat(c.FS, name)
	if err != nil {
		return found
	}
	names := []string{name}
	if info.IsDir() {
		entries, _ := fs.ReadDir(c.FS, name)
		names = nil
		for _, e := range entries[:min(len(entries), maxPrograms)] {
			names = append(names, path.Join(name, e.Name()))
		}
	}
	for _, n := range names {
		if m, ok := elfMachine(c.FS, n); ok && !c.Ignored(n) && found[m] == "" {
			found[m] = n
		}
	}
	return found
}

// Limits on the look below a folder for programs.
const (
	maxBelow  = 5000 // entries
	maxOpened = 500
)

// ProgramsBelow is Programs for what lies below a folder, as far as names and permissions say that files may be programs or
// libraries, and a look of bounded length finds them.
func (c *Files) ProgramsBelow(name string) map[elf.Machine]string {
	type below string
	return Once(c, below(name), func() map[elf.Machine]string {
		found := map[elf.Machine]string{}
		entries, opened := 0, 0
		_ = fs.WalkDir(c.FS, ContextPath(name), func(file string, entry fs.DirEntry, err error) error {
			if entries++; err != nil || entries > maxBelow || opened > maxOpened {
				return fs.SkipAll
			}
			if entry.IsDir() && entry.Name() == ".git" {
				return fs.SkipDir
			}
			if !entry.Type().IsRegular() || !mayBeProgram(entry) {
				return nil
			}
			opened++
			if m, ok := elfMachine(c.FS, file); ok && found[m] == "" && !c.Ignored(file) {
				found[m] = file
			}
			return nil
		})
		return found
	})
}

// mayBeProgram reports whether a file is called like a library or an add-on, or is a program without an extension.
func mayBeProgram(entry fs.DirEntry) bool {
	switch ext := path.Ext(entry.Name()); {
	case ext == ".node" || ext == ".so" || strings.Contains(entry.Name(), ".so."):
		return true
	case ext == "":
		info, err := entry.Info()
		return err == nil && info.Mode()&0o111 != 0
	}
	return false
}

// elfMachine reads what an ELF executable or library is for.
func elfMachine(files fs.FS, name string) (elf.Machine, bool) {
	f, err := files.Open(name)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	var head [20]byte
	if _, err := io.ReadFull(f, head[:]); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasPrefix(head[:], []byte(elf.ELFMAG)) {
		return 0, false
	}
	kind, machine := uint16(head[16])|uint16(head[17])<<8, uint16(head[18])|uint16(head[19])<<8
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		kind, machine = kind>>8|kind<<8, machine>>8|machine<<8
	}
	return elf.Machine(machine), elf.Type(kind) == elf.ET_EXEC || elf.Type(kind) == elf.ET_DYN
}

// Ignored reports whether .dockerignore leaves a path out: the last pattern that fits
// it, or a folder that it is in, decides.
func (c *Files) Ignored(name string) bool {
	out := false
	for line := range strings.Lines(string(c.ReadFile(".dockerignore"))) {
		pattern := strings.TrimSpace(line)
		if pattern == "" || pattern[0] == '#' {
			continue
		}
		pattern, not := strings.CutPrefix(pattern, "!")
		segments := strings.Split(ContextPath(strings.TrimSpace(pattern)), "/")
		for p := name; p != "."; p = path.Dir(p) {
			if fitsSegments(segments, strings.Split(p, "/")) {
				out = !not
				break
			}
		}
	}
	return out
}

// fitsSegments compares the parts of a path; ** stands for any number of them.
func fitsSegments(pattern, name []string) bool {
	for len(pattern) > 0 && pattern[0] != "**" {
		if len(name) == 0 {
			return false
		}
		if ok, err := path.Match(pattern[0], name[0]); !ok || err != nil {
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	if len(pattern) == 0 {
		return len(name) == 0
	}
	for i := range len(name) + 1 {
		if fitsSegments(pattern[1:], name[i:]) {
			return true
		}
	}
	return false
}

// FilesNamed returns the files of the context with one of the extensions, as far as a look of bounded
// length finds them.
func (c *Files) FilesNamed(extensions ...string) []string {
	var out []string
	seen := 0
	_ = fs.WalkDir(c.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if seen++; err != nil || seen > maxEntries {
			return fs.SkipDir
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "bin" || entry.Name() == "obj") {
			return fs.SkipDir
		}
		for _, ext := range extensions {
			if strings.HasSuffix(name, ext) && entry.Type().IsRegular() {
				out = append(out, name)
			}
		}
		return nil
	})
	return out
}

const MaxGoFileSize = 1 << 20
