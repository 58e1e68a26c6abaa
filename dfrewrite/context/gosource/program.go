package gosource

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/match"
)

// A Program is what go compiles for some packages of the build context: these, and all that they import as far as it is
// there. Texts name the place: "cmd/app/main.go:5 imports net".
type Program struct {
	// Complete says that all of it was read.
	Complete bool
	// Cgo says what needs cgo, Cxx that there is C++ beside it.
	Cgo string
	Cxx bool
	// System are the packages of the standard library among the imports that ask the C library with cgo, and do without
	// it otherwise: they look up hosts and users.
	System []string
	// Outside is the first import whose source is not in the context, or empty.
	Outside string
}

// systemPackages are the packages of Go's standard library that bring net (N), os/user (U) or plugin with them, all of
// which are compiled in another way with cgo (`go list -deps std`, Go 1.26).
var systemPackages = match.Words(`net os/user plugin archive/tar crypto/tls crypto/x509 expvar log/syslog mime/multipart net/http
	net/http/cgi net/http/cookiejar net/http/fcgi net/http/httptest net/http/httptrace net/http/httputil net/http/pprof net/mail
	net/rpc net/rpc/jsonrpc net/smtp net/textproto`)

// A source is a folder with the package in it.
type source struct {
	files    int
	imports  []imported
	cgo      string
	cxx      bool
	complete bool
	generate []Directive
}

type imported struct{ path, where string }

// A Directive is a //go:generate line.
type Directive struct {
	// File is in the context, and Line counts from 1.
	File string
	Line int
	// Command is what stands behind //go:generate.
	Command string
}

func (d Directive) String() string { return fmt.Sprintf("%s:%d", d.File, d.Line) }

// ProgramOf follows packages, which are folders of the context, with all below them where the name ends in /... ; none
// stands for all that there are.
func ProgramOf(files *context.Files, packages ...string) Program {
	p := Program{Complete: true}
	done := map[string]bool{}
	next, all := foldersOf(files, packages)
	p.Complete = all
	if !slices.ContainsFunc(next, func(dir string) bool { return sourceIn(files, dir).files > 0 }) && len(packages) > 0 {
		return ProgramOf(files) // what is compiled is made, or comes from elsewhere
	}
	for len(next) > 0 {
		dir := next[len(next)-1]
		next = next[:len(next)-1]
		if done[dir] {
			continue
		}
		if done[dir] = true; len(done) > maxGoFolders {
			p.Complete = false
			break
		}
		s := sourceIn(files, dir)
		p.Complete = p.Complete && s.complete
		p.Cxx = p.Cxx || s.cxx
		if p.Cgo == "" {
			p.Cgo = s.cgo
		}
		for _, i := range s.imports {
			if systemPackages[i.path] {
				if text := i.where + " imports " + i.path; !slices.Contains(p.System, text) && len(p.System) < 2 {
					p.System = append(p.System, text)
				}
				continue
			}
			switch local, where := locate(files, dir, i.path); where {
			case here:
				next = append(next, local)
			case outside:
				for _, m := range cgoModules {
					if p.Cgo == "" && strings.HasPrefix(i.path, m) {
						p.Cgo = i.where + " imports " + i.path
					}
				}
				if p.Outside == "" {
					p.Outside = i.where + " imports " + i.path
				}
			}
		}
	}
	return p
}

// Generates returns the //go:generate lines of packages, which are named as for ProgramOf. It is false if not all of them
// could be read.
func Generates(files *context.Files, packages ...string) ([]Directive, bool) {
	dirs, complete := foldersOf(files, packages)
	var out []Directive
	for _, dir := range dirs {
		s := sourceIn(files, dir)
		out = append(out, s.generate...)
		complete = complete && s.complete
	}
	return out, complete
}

// foldersOf lists the folders that packages stand for.
func foldersOf(files *context.Files, packages []string) (dirs []string, complete bool) {
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	complete = true
	for _, p := range packages {
		root, tree := strings.CutSuffix(p, "...")
		root = context.ContextPath(root)
		if !tree {
			dirs = append(dirs, root)
			continue
		}
		entries := 0
		files.Walk(root, func(name string, d fs.DirEntry, err error) error {
			switch entries++; {
			case err != nil || entries > maxGoEntries:
				complete = false
				return fs.SkipAll
			case !d.IsDir():
			case name != root && skipGoDir(d.Name()):
				return fs.SkipDir
			default:
				dirs = append(dirs, name)
			}
			return nil
		})
	}
	return dirs, complete
}

// sourceIn reads the package in a folder.
func sourceIn(files *context.Files, dir string) *source {
	type key struct{ dir string }
	return context.Once(files, key{dir}, func() *source { return readSource(files, dir) })
}

func readSource(files *context.Files, dir string) *source {
	s := &source{complete: true}
	for _, name := range files.Names(dir) {
		file := path.Join(dir, name)
		switch path.Ext(name) {
		case ".cc", ".cpp", ".cxx":
			s.cxx = true
		case ".go":
			text := files.ReadFile(file)
			if text == nil {
				s.complete = false
				continue
			}
			if bytes.Contains(text, []byte("//go:generate")) {
				s.generate = append(s.generate, directivesIn(file, text)...)
			}
			if !strings.HasSuffix(name, "_test.go") && !OtherSystem(name) && len(text) <= context.MaxGoFileSize {
				s.read(file, text)
			}
		}
	}
	return s
}

// read adds a file to its package if it is compiled for Linux, on some machine.
func (s *source) read(file string, text []byte) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, text, parser.ImportsOnly|parser.ParseComments)
	if f == nil || err != nil {
		s.complete = false
		return
	}
	if !forLinux(f) {
		return
	}
	s.files++
	for _, i := range f.Imports {
		name := strings.Trim(i.Path.Value, "\"`")
		where := fmt.Sprintf("%s:%d", file, set.Position(i.Pos()).Line)
		if name == "C" {
			if s.cgo == "" {
				s.cgo = file + ` imports "C"`
			}
			continue
		}
		s.imports = append(s.imports, imported{name, where})
	}
}

// forLinux reports whether the build constraint of a file holds on Linux, on some machine.
func forLinux(f *ast.File) bool {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if c.Pos() > f.Package || !constraint.IsGoBuild(c.Text) {
				continue
			}
			if expr, err := constraint.Parse(c.Text); err == nil && !expr.Eval(LinuxCgoTag) {
				return false
			}
		}
	}
	return true
}

// directivesIn finds the directives of a file: lines that begin with //go:generate and a blank (`go help generate`).
func directivesIn(file string, text []byte) []Directive {
	var out []Directive
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if rest, ok := bytes.CutPrefix(line, []byte("//go:generate")); ok && len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
			out = append(out, Directive{file, n, strings.TrimSpace(string(rest))})
		}
	}
	return out
}

// A place says where the source of an import is.
type place int

const (
	standard place = iota
	here
	outside
)

// locate finds the folder of an imported package, for a package in another folder.
func locate(files *context.Files, dir, name string) (string, place) {
	m := moduleOf(files, dir)
	if rest, ok := context.Below(name, m.path); ok && m.path != "" {
		return path.Join(m.root, rest), here
	}
	for old, to := range m.replaced {
		if rest, ok := context.Below(name, old); ok && files.IsFolder(path.Join(to, rest)) {
			return path.Join(to, rest), here
		}
	}
	if vendored := path.Join(m.root, "vendor", name); files.IsFolder(vendored) {
		return vendored, here
	}
	if first, _, _ := strings.Cut(name, "/"); !strings.Contains(first, ".") {
		return "", standard
	}
	return "", outside
}

// A module is a go.mod of the context.
type module struct {
	root, path string
	replaced   map[string]string // module path: folder of the context
}

// moduleOf returns the module that a folder is in.
func moduleOf(files *context.Files, dir string) *module {
	type key struct{ dir string }
	return context.Once(files, key{dir}, func() *module {
		data := files.ReadFile(path.Join(dir, "go.mod"))
		switch {
		case data == nil && dir == ".":
			return &module{root: "."}
		case data == nil:
			return moduleOf(files, path.Dir(dir))
		}
		m := &module{root: dir, path: modfile.ModulePath(data), replaced: map[string]string{}}
		if f, err := modfile.Parse("go.mod", data, nil); err == nil { // ParseLax leaves replace out
			for _, r := range f.Replace {
				if r.New.Version == "" && !path.IsAbs(r.New.Path) {
					m.replaced[r.Old.Path] = path.Join(dir, r.New.Path)
				}
			}
		}
		return m
	})
}
