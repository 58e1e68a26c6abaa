package xxcargo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"xxkit/internal/host"
	"xxkit/xxcc"
)

// setUpC sets the goal up for C and returns its tools: clang's, or gcc's where there is no clang for it. Without a
// compiler for it the error says what is missing; for this machine itself the tools are empty then, and cargo
// is left to find its own.
func setUpC(h *host.Host, g goal) (tools, error) {
	other := *h
	other.Env = g.env
	var failed error
	if xxcc.HasClang(&other) {
		made, err := xxcc.SetUp(&other, g.target)
		if err == nil {
			nameTools(&other, g)
			return tools{Tools: made, clang: true, cmakeFile: writeCMakeFile(&other, g, made)}, nil
		}
		failed = err
	}
	if made, ok := xxcc.GCC(&other, g.target); ok {
		nameTools(&other, g)
		return tools{Tools: made, cmakeFile: writeCMakeFile(&other, g, made)}, nil
	}
	if failed != nil {
		return tools{}, failed
	}
	if !g.target.IsCross() {
		return tools{}, nil
	}
	return tools{}, &host.Error{
		Message: fmt.Sprintf("no linker for %s: there is neither clang nor %s-gcc", g.triple, g.target.Triple()),
		Hint:    "install clang and lld (apt-get install clang lld, apk add clang lld), and xx-c-essentials with xx-apt-get or xx-apk",
	}
}

// nameTools gives the target's tools the name that Rust has for it, too, by which
// `$(xx-cargo --print-target-triple)-strip` finds them. Nothing that cargo does depends on it.
func nameTools(h *host.Host, g goal) {
	if g.triple == g.target.Triple() {
		return
	}
	for _, tool := range []string{"ar", "nm", "objcopy", "objdump", "ranlib", "readelf", "strip"} {
		name := g.triple + "-" + tool
		if h.Has(name) || !exists(h, "/usr/bin/"+g.target.Triple()+"-"+tool) {
			continue
		}
		if err := h.Link(g.target.Triple()+"-"+tool, "/usr/bin/"+name); err != nil {
			h.Debugf("cannot link %s: %v", name, err)
		}
	}
}

// tools are the target's tools.
type tools struct {
	xxcc.Tools
	clang     bool
	cmakeFile string // a toolchain file for CMake, if that is there and there is need of one
}

// writeCMakeFile writes CMake's toolchain file for the goal and returns its name, or "". Nothing depends on it but a
// crate that builds with CMake, which can do without in most cases.
func writeCMakeFile(h *host.Host, g goal, made xxcc.Tools) string {
	if !g.target.IsCross() || !h.Has("cmake") {
		return ""
	}
	name := "/usr/share/xx/" + g.target.Triple() + ".cmake"
	content := xxcc.CMakeToolchainFile(h, g.target, made)
	if was, err := h.ReadFile(name); err == nil && string(was) == content {
		return name
	}
	if err := h.WriteFile(name, []byte(content), 0o644); err != nil {
		if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
			h.Debugf("cannot write %s: %v", name, err)
		}
		return ""
	}
	return name
}

// lacksLibc reports whether the files of the target's C library that programs are linked with are missing, where that can be
// told: on Debian, and in Alpine's second root. A Rust from rustup brings its own for musl.
func lacksLibc(g goal, exists func(path string) bool) bool {
	t, triple := g.target, g.target.Triple()
	var files []string
	switch {
	case t.OS != "linux" || !t.IsCross():
		return false
	case ownRoot(t) && strings.Contains(g.triple, "-alpine-"):
		files = []string{"/" + triple + "/usr/lib/crti.o"}
	case isDebian(t) && t.Libc == "gnu":
		multiarch := strings.Replace(triple, "i686-", "i386-", 1)
		files = []string{"/usr/lib/" + multiarch + "/crti.o", "/usr/" + triple + "/lib/crti.o"}
	default:
		return false
	}
	return !slices.ContainsFunc(files, exists)
}

// clangFlags returns, of the line in clang's configuration file for a target, the arguments by which it finds headers. libclang,
// which bindgen reads headers with, sees no such file.
func clangFlags(config string) []string {
	var flags []string
	words := strings.Fields(config)
	for i := 0; i < len(words); i++ {
		switch w := words[i]; {
		case w == "-isysroot" || w == "-isystem" || w == "-stdlib++-isystem":
			if i+1 < len(words) {
				flags = append(flags, w, words[i+1])
				i++
			}
		case strings.HasPrefix(w, "--sysroot="), strings.HasPrefix(w, "-I"), w == "-nostdlibinc":
			flags = append(flags, w)
		}
	}
	return flags
}

func exists(h *host.Host, path string) bool {
	_, err := os.Stat(h.Path(path))
	return err == nil
}
