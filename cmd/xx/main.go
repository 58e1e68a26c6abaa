// Command xx is all helpers in one program. It is the helper whose name it is
// called by, xx-info or xx-go, or, called as xx, the one that its first
// argument names: xx info, xx go.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxapk"
	"xxkit/xxapt"
	"xxkit/xxcargo"
	"xxkit/xxcc"
	"xxkit/xxgo"
	"xxkit/xxinfo"
	"xxkit/xxverify"
	"xxkit/xxwindres"
)

// version is stamped with -ldflags "-X main.version=…"; without, it is the module's
// version as go recorded it.
var version string

// helpers are the programs in this one.
var helpers = []struct {
	name, what string
	main       func(h *host.Host, args []string) error
}{
	{"info", "print what the target of the build is called", xxinfo.Main},
	{"go", "run go for the target", xxgo.Main},
	{"cargo", "run cargo for the target", xxcargo.Main},
	{"cc", "compile C for the target, with clang or gcc", xxcc.Main},
	{"c++", "compile C++ for the target, with clang or gcc", xxcc.Main},
	{"clang", "compile C for the target, with clang", xxcc.Main},
	{"clang++", "compile C++ for the target, with clang", xxcc.Main},
	{"apt", "run apt for packages of the target", xxapt.Main},
	{"apt-get", "run apt-get for packages of the target", xxapt.Main},
	{"apk", "run apk for packages of the target", xxapk.Main},
	{"windres", "compile Windows resources, as GNU windres", xxwindres.Main},
	{"verify", "make sure that programs are for the target", xxverify.Main},
}

func main() {
	os.Exit(run(os.Args))
}

// run does what the command line asks for and returns the exit status.
func run(args []string) int {
	name := "xx"
	if len(args) > 0 {
		name = strings.TrimSuffix(filepath.Base(args[0]), ".exe")
		args = args[1:]
	}
	if h, main := linked(name); main != nil {
		return h.Report(main(h, args))
	}
	helper, called := strings.CutPrefix(name, "xx-")
	if !called {
		name, helper = "xx", ""
		if len(args) > 0 {
			helper, args = args[0], args[1:]
		}
	}
	for _, p := range helpers {
		if p.name == helper || !called && "xx-"+p.name == helper {
			h := host.New("xx-" + p.name)
			return h.Report(p.main(h, args))
		}
	}
	h := host.New(name)
	if called {
		return h.Report(host.WrongCall(list(), "there is no helper of this name"))
	}
	return h.Report(xx(h, helper, args))
}

// linked finds out whether the program was called by a name that setting a target up for C has linked to
// it: a plain clang, xcrun, or a tool for one target such as aarch64-linux-gnu-clang.
func linked(name string) (*host.Host, func(*host.Host, []string) error) {
	switch name {
	case "clang", "clang++":
		return host.New(name), xxcc.Main
	case "xcrun":
		return host.New(name), xxcc.RunXcrun
	}
	if triple, tool, ok := xxcc.SplitTool(name); ok {
		return host.New(name), func(h *host.Host, args []string) error { return xxcc.RunTool(h, triple, tool, args) }
	}
	for _, p := range helpers {
		if triple, ok := strings.CutSuffix(name, "-"+p.name); ok && p.name == "windres" && triple != "xx" {
			h := host.New(name)
			h.Env = xxcc.TripleEnv(h.Env, triple)
			return h, p.main
		}
	}
	return nil, nil
}

// xx is the program under its own name, when the command is no helper.
func xx(h *host.Host, command string, args []string) error {
	switch command {
	case "":
		fmt.Fprint(h.Stderr, usage())
		return host.ExitStatus(2)
	case "help", "--help", "-h":
		fmt.Fprint(h.Stderr, usage())
		return nil
	case "version", "--version":
		fmt.Fprintln(h.Stdout, "xx "+ownVersion())
		return nil
	case "install":
		if len(args) != 1 || strings.HasPrefix(args[0], "-") {
			return host.WrongCall("xx install DIR lays down the helpers in a folder, such as /usr/bin", "install takes one folder")
		}
		return install(h, args[0])
	}
	return host.WrongCall(list(), "there is no helper %q", command)
}

// list is the hint with the names of all helpers.
func list() string {
	var names []string
	for _, p := range helpers {
		names = append(names, "xx-"+p.name)
	}
	return "helpers are " + strings.Join(names, ", ")
}

func usage() string {
	var b strings.Builder
	b.WriteString("Usage: xx HELPER [ARGS…], or xx-HELPER [ARGS…]\n\nHelpers for building on one machine what runs on another:\n")
	for _, p := range helpers {
		fmt.Fprintf(&b, "  xx-%-8s %s\n", p.name, p.what)
	}
	b.WriteString(`
Commands of xx itself:
  install DIR  put this program and a link for each helper into a folder
  help         this text
  version      the version, as --version

The target of the build comes from TARGETPLATFORM: xx-info --help.
XX_DEBUG=1 shows every file that a helper writes and every command that it runs.
`)
	return b.String()
}

// ownVersion returns the version that was stamped, or what go recorded when
// it built the program: the version of a released module, "dev" otherwise.
func ownVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
