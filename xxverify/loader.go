package xxverify

import (
	"errors"
	"path"
	"slices"
	"strings"

	"xxkit/triples"
	"xxkit/xxverify/object"
)

// loader finds the libraries of programs in a tree as the dynamic loaders of glibc and musl do when the program is
// started.
//
// Sources: ld.so(8), elf/dl-load.c of glibc; ldso/dynlink.c of musl.
type loader struct {
	tree     Tree
	platform triples.Platform

	musl        bool
	environment []string            // LD_LIBRARY_PATH
	cache       map[string][]string // /etc/ld.so.cache
	folders     []string            // those that the loader knows by itself
	configured  []string            // those of /etc/ld.so.conf, which only ldconfig reads

	steps int // that are left, see maxSteps

	objects map[string]*object.Object // by real path; nil for what is no library for the platform
	found   map[string]string         // library and folders to its real path
}

// library is an object that a program's start brings into memory.
type library struct {
	path   string // real path
	name   string // by which it was asked for, with its folder: $ORIGIN is from there
	object *object.Object
	by     *library
}

// missing is a library that is not found, or a version of it.
type missing struct {
	by      *library
	name    string
	version string   // empty: the library itself
	has     []string // the versions that are there
	in      string   // where the library is that lacks the version
}

const (
	configLimit = 1 << 20
	// maxConfigs is how many files for ldconfig are read.
	maxConfigs = 1 << 10
	// maxSteps is how often a library is looked for in a folder, or a version in a library. A real system of a thousand packages takes
	// about a million.
	maxSteps = 50_000_000
)

var errSteps = errors.New("its libraries refer to each other more often than those of any real system")

func newLoader(t Tree, p triples.Platform, musl bool, environment []string) *loader {
	l := &loader{tree: t, platform: p, musl: musl, environment: environment, steps: maxSteps, objects: map[string]*object.Object{}, found: map[string]string{}}
	row, _ := triples.Lookup(p)
	if musl {
		l.folders = []string{"/lib", "/usr/local/lib", "/usr/lib"}
		name := strings.TrimSuffix(row.LoaderMusl, ".so.1")
		if b, err := readFile(t, "/etc/"+path.Base(name)+".path"); err == nil {
			l.folders = strings.FieldsFunc(string(b), func(r rune) bool { return r == ':' || r == '\n' })
		}
		return l
	}
	// Which folders a glibc's loader knows was chosen when it was built: Debian's has those of the triple.
	triple := multiarch(row)
	l.folders = []string{"/lib/" + triple, "/usr/lib/" + triple}
	if row.Bits == 64 {
		l.folders = append(l.folders, "/lib64", "/usr/lib64")
	}
	if p.Arch == "riscv64" {
		l.folders = append(l.folders, "/lib64/lp64d", "/usr/lib64/lp64d")
	}
	l.folders = append(l.folders, "/lib", "/usr/lib")
	if b, err := readFile(t, "/etc/ld.so.cache"); err == nil {
		l.cache, _ = parseLibraryCache(b, row.Order)
	}
	read := 0
	l.configured = configuredFolders(t, "/etc/ld.so.conf", 0, &read)
	return l
}

// multiarch is the name of Debian's folder for the libraries of a platform.
func multiarch(row triples.Row) string {
	triple := row.Triple(triples.System{Vendor: "debian"})
	return strings.Replace(triple, "i686-", "i386-", 1)
}

// readFile reads a file of the configuration, following links.
func readFile(t Tree, name string) ([]byte, error) {
	real, _, err := Resolve(t, name)
	if err != nil {
		return nil, err
	}
	return t.ReadFile(real, 4*configLimit)
}

// configuredFolders returns the folders that a file for ldconfig names, and those in the files that it includes.
func configuredFolders(t Tree, name string, depth int, read *int) []string {
	if *read++; *read > maxConfigs || depth > 8 {
		return nil
	}
	b, err := readFile(t, name)
	if err != nil {
		return nil
	}
	var folders []string
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == "include":
			for _, pattern := range words[1:] {
				if !strings.HasPrefix(pattern, "/") {
					pattern = path.Join(path.Dir(name), pattern)
				}
				real, _, err := Resolve(t, path.Dir(pattern))
				if err != nil {
					continue
				}
				names, err := t.List(real)
				if err != nil {
					continue
				}
				for _, base := range names {
					if ok, err := path.Match(path.Base(pattern), base); ok && err == nil && *read < maxConfigs {
						folders = append(folders, configuredFolders(t, path.Join(real, base), depth+1, read)...)
					}
				}
			}
		case strings.HasPrefix(words[0], "/"):
			folders = append(folders, words[0])
		}
	}
	return folders
}

// load returns what is missing when the object at a real path is loaded, and all that it brings with it.
func (l *loader) load(name string, o *object.Object) (lost []missing, loaded []*library) {
	first := &library{path: name, name: "/" + name, object: o}
	loaded = []*library{first}
	byName := map[string]*library{}
	byPath := map[string]*library{name: first}
	if o.Dynamic.Soname != "" {
		byName[o.Dynamic.Soname] = first
	}
	for i := 0; i < len(loaded); i++ {
		by := loaded[i]
		for _, needed := range by.object.Dynamic.Needed {
			if byName[needed] != nil || l.musl && insideMusl(needed) {
				continue
			}
			at, name := l.find(needed, by)
			if at == "" {
				lost = append(lost, missing{by: by, name: needed})
				continue
			}
			lib := &library{path: at, name: name, object: l.objects[at], by: by}
			if same := byPath[at]; same != nil {
				byName[needed] = same // the same file under another name
				continue
			}
			byName[needed], byPath[at] = lib, lib
			if soname := lib.object.Dynamic.Soname; soname != "" && byName[soname] == nil {
				byName[soname] = lib
			}
			loaded = append(loaded, lib)
		}
	}
	if l.musl {
		return lost, loaded // musl does not look at versions
	}
	for _, by := range loaded {
		for _, need := range by.object.Dynamic.Needs {
			lib := byName[need.Library]
			if lib != nil {
				l.steps -= len(lib.object.Dynamic.Defines)
			}
			// A library without any version at all passes, with a warning.
			if need.Weak || lib == nil || l.steps < 0 || len(lib.object.Dynamic.Defines) == 0 || slices.Contains(lib.object.Dynamic.Defines, need.Name) {
				continue
			}
			lost = append(lost, missing{by: by, name: need.Library, version: need.Name, has: lib.object.Dynamic.Defines, in: lib.path})
		}
	}
	return lost, loaded
}

// insideMusl reports whether a library is a part of musl itself, which its loader is too.
func insideMusl(name string) bool {
	rest, ok := strings.CutPrefix(name, "lib")
	if !ok {
		return false
	}
	word, _, ok := strings.Cut(rest, ".")
	return ok && slices.Contains([]string{"c", "pthread", "rt", "m", "dl", "util", "xnet"}, word)
}

// find returns the real path of a library, and the path by which it is found; both empty if it is not.
func (l *loader) find(needed string, by *library) (real, name string) {
	if strings.Contains(needed, "/") {
		return l.try(l.expand(needed, by))
	}
	look := func(folders []string, from *library) bool {
		for _, dir := range folders {
			if dir == "" {
				continue // where the program is started, which may be anywhere
			}
			if real, name = l.try(path.Join(l.expand(dir, from), needed)); real != "" {
				return true
			}
		}
		return false
	}
	split := func(s string) []string {
		if s == "" {
			return nil
		}
		return strings.Split(s, ":")
	}
	if l.musl {
		if look(l.environment, by) {
			return real, name
		}
		for p := by; p != nil; p = p.by {
			if look(split(p.object.Dynamic.Rpath), p) || look(split(p.object.Dynamic.Runpath), p) {
				return real, name
			}
		}
		look(l.folders, by)
		return real, name
	}
	// RPATH, the older one, is inherited, and counts only where there is no RUNPATH.
	if by.object.Dynamic.Runpath == "" {
		for p := by; p != nil; p = p.by {
			if p.object.Dynamic.Runpath == "" && look(split(p.object.Dynamic.Rpath), p) {
				return real, name
			}
		}
	}
	if look(l.environment, by) || look(split(by.object.Dynamic.Runpath), by) {
		return real, name
	}
	for _, file := range l.cache[needed] {
		if real, name = l.try(file); real != "" {
			return real, name
		}
	}
	look(l.folders, by)
	return real, name
}

// configuredAs returns where a library is that ldconfig would make known to the loader.
func (l *loader) configuredAs(needed string) string {
	for _, dir := range l.configured {
		if real, name := l.try(path.Join(dir, needed)); real != "" {
			return name
		}
	}
	return ""
}

// expand replaces the loader's own variables in a path.
func (l *loader) expand(s string, by *library) string {
	if !strings.Contains(s, "$") {
		return s
	}
	row, _ := triples.Lookup(l.platform)
	for _, v := range [][2]string{{"ORIGIN", path.Dir(by.name)}, {"LIB", "lib/" + multiarch(row)}, {"PLATFORM", row.March}} {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "${"+v[0]+"}", v[1]), "$"+v[0], v[1])
	}
	return s
}

// try returns a path and its real path, if a library for the platform is there.
func (l *loader) try(name string) (real, asked string) {
	if l.steps--; l.steps < 0 {
		return "", ""
	}
	real, n, err := Resolve(l.tree, name)
	if err != nil || !n.Mode.IsRegular() {
		return "", ""
	}
	o, known := l.objects[real]
	if !known {
		// The loader passes over what is for another machine.
		if c, err := l.tree.Content(real); err == nil && c.Err == nil && !c.Archive && len(c.Objects) == 1 {
			o = c.Objects[0]
			if m := Match(l.platform, o); m.Rule != "" && m.Rule != RuleVariant || o.Format != "ELF" {
				o = nil
			}
		}
		l.objects[real] = o
	}
	if o == nil {
		return "", ""
	}
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	return real, name
}
