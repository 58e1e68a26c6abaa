// Package gosource reads of the Go source in a build context whether it needs cgo.
//
// The facts about build constraints are those of `go help buildconstraint`; the modules that need cgo are
// listed by name, since the source of a dependency is not in the context.
package gosource

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"golang.org/x/mod/modfile"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/graph"
)

// NeedsCgo says what in the context needs cgo, or is empty.
func NeedsCgo(c *context.Files) string { return Of(c).Cgo }

// HoldsModules reports whether the folder can be the build context: every go.mod that
// the file copies from the context is in it.
func HoldsModules(ctx *context.Files, g *graph.Graph) bool {
	for _, s := range g.Stages {
		for _, in := range s.Body {
			c, ok := in.Command.(*instructions.CopyCommand)
			if !ok || c.From != "" {
				continue
			}
			for _, src := range c.SourcePaths {
				if path.Base(src) == "go.mod" && !strings.ContainsAny(src, "$*?[") && !ctx.Has(src) {
					return false
				}
			}
		}
	}
	return true
}

// Tools are the variables that name tools to cgo, and those of pkg-config.
var Tools = []string{"CC", "CXX", "AR", "LD", "PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR"}

// Flags are the variables with flags for cgo (cmd/cgo) and with folders for the compiler.
var Flags = []string{"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS", "LIBRARY_PATH", "CPATH", "C_INCLUDE_PATH"}

// Limits on what is read of a build context.
const (
	maxGoFolders = 5000
	maxGoEntries = 50000
)

// Source is what a build context says about cgo.
type Source struct {
	Found    bool   // there is a go.mod, so this is not a folder inside of a module
	Complete bool   // all of it was read
	Cgo      string // what needs cgo, or empty
	Requires string // the go.mod that requires modules, or empty: their source is not in the context
	Cxx      bool   // there is C++ in it, or in a module that it needs
}

// cgoModules are widely used modules, or packages of them, that do nothing, or not what is wanted of them, without cgo. A prefix of
// the path counts.
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
	"github.com/CosmWasm/wasmvm", "github.com/chai2010/webp", "crawshaw.io/sqlite", "github.com/iotaledger/grocksdb",
	// Signatures and proofs: none, or far slower ones, without cgo.
	"github.com/herumi/bls", "github.com/supranational/blst", "github.com/ethereum/c-kzg-4844", "github.com/ethereum/go-ethereum",
	"github.com/filecoin-project/filecoin-ffi", "github.com/iden3/go-rapidsnark",
	// What the system has: packets, the journal, users, devices, the kernel.
	"github.com/google/gopacket/pcap", "github.com/gopacket/gopacket/pcap", "github.com/coreos/go-systemd/v22/sdjournal", "github.com/msteinert/pam",
	"github.com/google/gousb", "github.com/aquasecurity/libbpfgo", "github.com/iovisor/gobpf", "github.com/NVIDIA/go-nvml", "github.com/proglottis/gpgme",
	// Pictures, sound and video; grammars; searching; other languages.
	"github.com/kolesa-team/go-webp", "github.com/strukturag/libheif", "github.com/Kagami/go-avif", "github.com/discord/lilliput", "github.com/cshum/vipsgen",
	"github.com/go-gst/go-gst", "github.com/tinyzimmer/go-gst", "github.com/gordonklaus/portaudio", "github.com/gen2brain/malgo", "github.com/gotk3/gotk3",
	"github.com/diamondburned/gotk4", "github.com/smacker/go-tree-sitter", "github.com/tree-sitter/", "github.com/BishopFox/jsluice",
	"github.com/blevesearch/go-faiss", "github.com/second-state/WasmEdge-go", "github.com/zeromq/goczmq", "github.com/influxdata/flux",
	"github.com/asg017/sqlite-vec-go-bindings/cgo", "github.com/mxk/go-sqlite",
}

// cxxModules are modules that compile C++, or link with a library in C++, where cgo is on.
var cxxModules = []string{
	"github.com/tecbot/gorocksdb", "github.com/linxGnu/grocksdb", "github.com/marcboeker/go-duckdb", "github.com/duckdb/duckdb-go",
	"rogchap.com/v8go", "gocv.io/x/gocv", "github.com/knights-analytics/hugot", "github.com/cockroachdb/c-", "github.com/wasmerio/wasmer-go",
	"github.com/pebbe/zmq4", "github.com/tursodatabase/go-libsql", "github.com/godror/godror", "fyne.io/fyne", "github.com/go-gl/",
	"github.com/iotaledger/grocksdb", "github.com/herumi/bls", "github.com/filecoin-project/filecoin-ffi", "github.com/iden3/go-rapidsnark",
	"github.com/discord/lilliput", "github.com/blevesearch/go-faiss", "github.com/zeromq/goczmq", "maunium.net/go/mautrix",
	"github.com/smacker/go-tree-sitter", "github.com/tree-sitter/",
}

// Of says what the context holds of Go.
func Of(c *context.Files) Source {
	type key struct{}
	return context.Once(c, key{}, func() Source { return scan(c) })
}

func scan(files *context.Files) Source {
	dirs, complete := foldersOf(files, nil)
	s := Source{Complete: complete && len(dirs) <= maxGoFolders}
	for _, dir := range dirs[:min(len(dirs), maxGoFolders)] {
		if mod := path.Join(dir, "go.mod"); files.Has(mod) {
			s.Found = true
			requires, cgo, cxx := cgoModule(files, mod)
			if s.Cgo == "" {
				s.Cgo = cgo
			}
			if requires && s.Requires == "" {
				s.Requires = mod
			}
			s.Cxx = s.Cxx || cxx
		}
		in := sourceIn(files, dir)
		s.Cxx, s.Complete = s.Cxx || in.cxx, s.Complete && in.complete
		if s.Cgo == "" {
			s.Cgo = in.cgo
		}
	}
	return s
}

func skipGoDir(name string) bool {
	return name == "testdata" || name == "node_modules" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// cgoModule returns whether a go.mod requires anything, what of that needs cgo, and whether something of it is, or
// links with, C++.
func cgoModule(files *context.Files, p string) (requires bool, cgo string, cxx bool) {
	data := files.ReadFile(p)
	if data == nil {
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

// LinuxCgoTag holds for tags that a native Linux build sets, on some machine.
func LinuxCgoTag(tag string) bool {
	switch tag {
	case "linux", "unix", "cgo", "gc", "amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64":
		return true
	}
	return strings.HasPrefix(tag, "go1.")
}

// OtherSystem reports whether a file's name keeps it out of Linux builds.
func OtherSystem(p string) bool {
	name := strings.TrimSuffix(path.Base(p), ".go")
	for _, part := range strings.Split(name, "_")[1:] {
		switch part {
		case "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "illumos", "aix", "plan9", "js", "wasip1", "android", "ios":
			return true
		}
	}
	return false
}
