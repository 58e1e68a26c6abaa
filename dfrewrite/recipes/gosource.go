package recipes

import (
	"bytes"
	"fmt"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/modfile"
)

// Limits on what is read of a build context.
const (
	maxGoFiles    = 5000
	maxGoEntries  = 50000
	maxGoFileSize = 1 << 20
)

// goSource is what a build context says about cgo.
type goSource struct {
	found    bool   // there is a go.mod, so this is not a folder inside of a module
	complete bool   // all of it was read
	cgo      string // what needs cgo, or empty
	requires string // the go.mod that requires modules, or empty: their source is not in the context
	cxx      bool   // there is C++ in it, or in a module that it needs
}

// cgoModules are widely used modules that do nothing, or not what is wanted of
// them, without cgo. A prefix of the module path counts.
var cgoModules = []string{
	"github.com/mattn/go-sqlite3", "github.com/mutecomm/go-sqlcipher", "github.com/confluentinc/confluent-kafka-go",
	"github.com/bytecodealliance/wasmtime-go", "github.com/wasmerio/wasmer-go", "github.com/DataDog/zstd", "github.com/valyala/gozstd",
	"github.com/h2non/bimg", "github.com/davidbyttow/govips", "gopkg.in/gographics/imagick", "github.com/tecbot/gorocksdb",
	"github.com/linxGnu/grocksdb", "github.com/libgit2/git2go", "github.com/veandco/go-sdl2", "github.com/go-gl/", "fyne.io/fyne",
	"github.com/godror/godror", "github.com/mattn/go-oci8", "github.com/ibmdb/go_ibm_db", "github.com/marcboeker/go-duckdb",
	"github.com/duckdb/duckdb-go", "rogchap.com/v8go", "github.com/pebbe/zmq4", "github.com/miekg/pkcs11", "github.com/seccomp/libseccomp-golang",
	"github.com/hraban/opus", "gopkg.in/hraban/opus", "gocv.io/x/gocv", "github.com/lxc/go-lxc",
	"github.com/ceph/go-ceph", "libvirt.org/go/libvirt", "github.com/libvirt/libvirt-go", "github.com/tursodatabase/go-libsql",
	"github.com/knights-analytics/hugot", "github.com/yalue/onnxruntime_go", "github.com/apple/foundationdb", "github.com/cockroachdb/c-",
	"github.com/CosmWasm/wasmvm", "github.com/chai2010/webp", "crawshaw.io/sqlite",
}

// cxxModules are those of them that compile C++ or link with a library in C++ that they bring.
var cxxModules = []string{
	"github.com/tecbot/gorocksdb", "github.com/linxGnu/grocksdb", "github.com/marcboeker/go-duckdb", "github.com/duckdb/duckdb-go",
	"rogchap.com/v8go", "gocv.io/x/gocv", "github.com/knights-analytics/hugot", "github.com/cockroachdb/c-", "github.com/wasmerio/wasmer-go",
	"github.com/pebbe/zmq4", "github.com/tursodatabase/go-libsql", "github.com/godror/godror", "fyne.io/fyne", "github.com/go-gl/",
}

// A Context is a build context. What is found out about it is found out once,
// however many Dockerfiles share it.
type Context struct {
	files fs.FS
	memo  sync.Map // key: func() any
}

// onceFor works out what is to know of a context under a key, and remembers it.
func onceFor[T any](c *Context, key any, work func() T) T {
	once, ok := c.memo.Load(key)
	if !ok {
		once, _ = c.memo.LoadOrStore(key, sync.OnceValue(func() any { return work() }))
	}
	return once.(func() any)().(T)
}

// NewContext makes a context of a file system. Only files below it are read, and
// only when a verdict depends on them.
func NewContext(files fs.FS) *Context { return &Context{files: files} }

// has reports whether the context holds a file.
func (c *Context) has(name string) bool {
	name = path.Clean(strings.TrimLeft(name, "/"))
	if !fs.ValidPath(name) {
		return false
	}
	_, err := fs.Stat(c.files, name)
	return err == nil
}

// goSource says what the context holds of Go.
func (c *Context) goSource() goSource {
	type key struct{}
	return onceFor(c, key{}, func() goSource { return scanGoSource(c.files) })
}

func scanGoSource(files fs.FS) goSource {
	s := goSource{complete: true}
	count, entries := 0, 0
	_ = fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		entries++
		switch {
		case s.cgo != "" && s.cxx:
			return fs.SkipAll
		case count > maxGoFiles || entries > maxGoEntries:
			s.complete = false
			return fs.SkipAll
		case err != nil:
			// What cannot be read cannot be vouched for.
			s.complete = false
			return nil
		case d.IsDir():
			if p != "." && skipGoDir(d.Name()) {
				return fs.SkipDir
			}
			return nil
		case d.Name() == "go.mod":
			s.found = true
			requires, cgo, cxx := cgoModule(files, p)
			if s.cgo == "" {
				s.cgo = cgo
			}
			if requires && s.requires == "" {
				s.requires = p
			}
			s.cxx = s.cxx || cxx
		case slices.Contains([]string{".cc", ".cpp", ".cxx"}, path.Ext(p)):
			s.cxx = true
		case s.cgo == "" && strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, "_test.go"):
			count++
			cgo, err := importsC(files, p)
			if err != nil {
				s.complete = false
			} else if cgo {
				s.cgo = fmt.Sprintf("%s imports \"C\"", p)
			}
		}
		return nil
	})
	return s
}

func skipGoDir(name string) bool {
	return name == "testdata" || name == "node_modules" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// cgoModule returns whether a go.mod requires anything, what of that needs cgo, and whether something of it is, or
// links with, C++.
func cgoModule(files fs.FS, p string) (requires bool, cgo string, cxx bool) {
	data, err := fs.ReadFile(files, p)
	if err != nil {
		return false, "", false
	}
	f, err := modfile.ParseLax(p, data, nil)
	if err != nil {
		return false, "", false
	}
	for _, r := range f.Require {
		for _, m := range cgoModules {
			if cgo == "" && strings.HasPrefix(r.Mod.Path, m) {
				cgo = fmt.Sprintf("%s requires %s", p, r.Mod.Path)
			}
		}
		cxx = cxx || slices.ContainsFunc(cxxModules, func(m string) bool { return strings.HasPrefix(r.Mod.Path, m) })
	}
	return len(f.Require) > 0, cgo, cxx
}

// importsC reports whether a file imports "C" in a build for Linux with cgo.
func importsC(files fs.FS, p string) (bool, error) {
	info, err := fs.Stat(files, p)
	if err != nil {
		return false, err
	}
	if info.Size() > maxGoFileSize {
		return false, nil // generated tables; cgo files are written by hand
	}
	src, err := fs.ReadFile(files, p)
	if err != nil || !bytes.Contains(src, []byte(`"C"`)) || otherSystem(p) {
		return false, err
	}
	f, err := parser.ParseFile(token.NewFileSet(), p, src, parser.ImportsOnly|parser.ParseComments)
	if f == nil {
		return false, err
	}
	for _, group := range f.Comments {
		for _, c := range group.List {
			if c.Pos() > f.Package || !constraint.IsGoBuild(c.Text) {
				continue
			}
			if expr, err := constraint.Parse(c.Text); err == nil && !expr.Eval(linuxCgoTag) {
				return false, nil
			}
		}
	}
	for _, i := range f.Imports {
		if i.Path.Value == `"C"` {
			return true, nil
		}
	}
	return false, nil
}

// linuxCgoTag holds for tags that a native Linux build sets, on some machine.
func linuxCgoTag(tag string) bool {
	switch tag {
	case "linux", "unix", "cgo", "gc", "amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64":
		return true
	}
	return strings.HasPrefix(tag, "go1.")
}

// otherSystem reports whether a file's name keeps it out of Linux builds.
func otherSystem(p string) bool {
	name := strings.TrimSuffix(path.Base(p), ".go")
	for _, part := range strings.Split(name, "_")[1:] {
		switch part {
		case "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "illumos", "aix", "plan9", "js", "wasip1", "android", "ios":
			return true
		}
	}
	return false
}
