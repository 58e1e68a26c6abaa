// Package context knows the build context: which files there are ([Files]), what of them .dockerignore
// leaves out, and what of them stands where in a stage ([Files.FileAt], [Files.FolderAt]) as long as
// no command has changed it ([ChangedBefore]).
//
// A context is a cage: what is read lies below its folder, whatever links say, and is a plain file, and
// of none more is read than source has. A device, a pipe or a link that leads out is not in the context.
package context

import (
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
)

// A Files is a build context. What is found out about it is found out once,
// however many Dockerfiles share it.
type Files struct {
	files fs.FS
	// Dir is where it lies, for messages; may be empty.
	Dir  string
	memo sync.Map // key: func() any
}

// New makes a context of a file system. Only files below it are read, and
// only when a verdict depends on them.
func New(files fs.FS) *Files { return &Files{files: files} }

// Open makes a context of a folder. One that cannot be opened is a context without files.
func Open(dir string) *Files { return New(&cage{dir: dir}) }

// A cage is the file system of a folder, of which no link leads out, and which has plain files and folders only.
type cage struct {
	dir  string
	once sync.Once
	root *os.Root
	err  error
}

func (c *cage) open() (*os.Root, error) {
	c.once.Do(func() { c.root, c.err = os.OpenRoot(c.dir) })
	return c.root, c.err
}

var (
	errNotPlain = errors.New("not a plain file or folder")
	errTooMany  = errors.New("more entries than are looked at")
)

// Stat is fs.StatFS. It fails for what is not in the cage.
func (c *cage) Stat(name string) (fs.FileInfo, error) {
	root, err := c.open()
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(name)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = &fs.PathError{Op: "stat", Path: name, Err: errNotPlain}
	}
	return info, err
}

// Open is fs.FS. A pipe, which may have taken the file's place since, does not hold it up.
func (c *cage) Open(name string) (fs.File, error) {
	if _, err := c.Stat(name); err != nil {
		return nil, err
	}
	return c.root.OpenFile(name, os.O_RDONLY|noWait, 0)
}

// ReadDir is fs.ReadDirFS. Of a folder with more entries than are looked at it returns as many as are, and an error.
func (c *cage) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := c.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dir, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errNotPlain}
	}
	entries, err := dir.ReadDir(maxEntries + 1)
	switch {
	case errors.Is(err, io.EOF):
		err = nil
	case len(entries) > maxEntries:
		entries, err = entries[:maxEntries], &fs.PathError{Op: "readdir", Path: name, Err: errTooMany}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

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
	_, err := fs.Stat(c.files, name)
	return err == nil
}

// IsFolder reports whether the context holds a folder.
func (c *Files) IsFolder(name string) bool {
	if !fs.ValidPath(name) {
		return false
	}
	info, err := fs.Stat(c.files, name)
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
	f, err := c.files.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	// What its size says does not count: files of the kernel have none.
	data, err := io.ReadAll(io.LimitReader(f, maxTextSize+1))
	if err != nil || len(data) > maxTextSize {
		return nil
	}
	return data
}

// Names returns the names of what is in a folder.
func (c *Files) Names(folder string) []string {
	entries, _ := fs.ReadDir(c.files, ContextPath(folder))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Walk calls visit for a folder and all below it, as fs.WalkDir does.
func (c *Files) Walk(folder string, visit fs.WalkDirFunc) { _ = fs.WalkDir(c.files, folder, visit) }

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
	info, err := fs.Stat(c.files, name)
	if err != nil {
		return found
	}
	names := []string{name}
	if info.IsDir() {
		entries, _ := fs.ReadDir(c.files, name)
		names = nil
		for _, e := range entries[:min(len(entries), maxPrograms)] {
			names = append(names, path.Join(name, e.Name()))
		}
	}
	for _, n := range names {
		if m, ok := elfMachine(c.files, n); ok && !c.Ignored(n) && found[m] == "" {
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
		_ = fs.WalkDir(c.files, ContextPath(name), func(file string, entry fs.DirEntry, err error) error {
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
			if m, ok := elfMachine(c.files, file); ok && found[m] == "" && !c.Ignored(file) {
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
	for _, ig := range c.ignores() {
		for p := name; p != "."; p = path.Dir(p) {
			if fitsSegments(ig.segments, strings.Split(p, "/")) {
				out = !ig.not
				break
			}
		}
	}
	return out
}

// An ignore is a line of .dockerignore.
type ignore struct {
	segments []string
	not      bool
}

// maxIgnores bounds how many of them are looked at.
const maxIgnores = 10000

// ignores reads .dockerignore.
func (c *Files) ignores() []ignore {
	type key struct{}
	return Once(c, key{}, func() []ignore {
		var out []ignore
		for line := range strings.Lines(string(c.ReadFile(".dockerignore"))) {
			pattern := strings.TrimSpace(line)
			if pattern == "" || pattern[0] == '#' {
				continue
			}
			if len(out) == maxIgnores {
				break
			}
			pattern, not := strings.CutPrefix(pattern, "!")
			out = append(out, ignore{strings.Split(ContextPath(strings.TrimSpace(pattern)), "/"), not})
		}
		return out
	})
}

// fitsSegments compares the parts of a path; ** stands for any number of them. It comes back only to the last ** that it
// has seen, which is enough, since that can take what an earlier one would.
func fitsSegments(pattern, name []string) bool {
	p, n, star, taken := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			star, taken = p, n
			p++
			continue
		case p < len(pattern):
			if ok, err := path.Match(pattern[p], name[n]); ok && err == nil {
				p, n = p+1, n+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		taken++
		p, n = star+1, taken
	}
	for p < len(pattern) && pattern[p] == "**" {
		p++
	}
	return p == len(pattern)
}

// FilesNamed returns the files of the context with one of the extensions, as far as a look of bounded
// length finds them.
func (c *Files) FilesNamed(extensions ...string) []string {
	var out []string
	seen := 0
	c.Walk(".", func(name string, entry fs.DirEntry, err error) error {
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

// MaxGoFileSize is how large source is that people have written, in bytes.
const MaxGoFileSize = 1 << 20
