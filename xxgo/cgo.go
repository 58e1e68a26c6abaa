package xxgo

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxcc"
	"xxkit/xxinfo"
)

// cVariables are the variables that name tools for cgo.
var cVariables = []string{"CC", "CXX", "AR", "PKG_CONFIG"}

// cTools chooses the tools for cgo. Without a compiler for the target go is left to
// say so, and only if the build uses cgo.
func cTools(t xxinfo.Target, prefer string, has func(string) bool) []xxinfo.Var {
	if t.Check() != nil {
		return nil
	}
	var vars []xxinfo.Var
	triple := t.Triple()
	// tool sets a variable to the first of the target's tools that is there.
	tool := func(variable string, names ...string) {
		for _, name := range names {
			if has(triple + name) {
				vars = append(vars, xxinfo.Var{Name: variable, Value: triple + name})
				return
			}
		}
	}
	switch {
	case prefer == "zig":
		vars = append(vars,
			xxinfo.Var{Name: "CC", Value: "zig cc -target " + t.ZigTriple()},
			xxinfo.Var{Name: "CXX", Value: "zig c++ -target " + t.ZigTriple()})
	case prefer == "" || prefer == "clang":
		tool("CC", "-clang", "-gcc")
		tool("CXX", "-clang++", "-g++")
		tool("AR", "-ar")
	default:
		tool("CC", "-gcc")
		tool("CXX", "-g++")
		tool("AR", "-ar")
	}
	tool("PKG_CONFIG", "-pkg-config")
	return vars
}

// mayCompile reports whether a command of go may run a C compiler, or tells which one a
// build would run. The others must not wait for a target to be set up.
func mayCompile(command string) bool {
	switch command {
	case "build", "env", "generate", "get", "install", "list", "run", "test", "tool", "vet":
		return true
	}
	return false
}

// setUpClang sets the target up for clang, if clang is what cgo will use, so that TRIPLE-clang is there for Settings.
// A build without cgo does not care whether that worked, and one with cgo does not where
// there is a gcc for the target.
func setUpClang(h *host.Host, t xxinfo.Target) error {
	prefer := h.Env.Get("XX_GO_PREFER_C_COMPILER")
	cgo := setting(h, "CGO_ENABLED")
	if prefer != "" && prefer != "clang" || cgo == "0" || h.Env.Get("CC") != "" || t.Check() != nil || !xxcc.HasClang(h) {
		return nil
	}
	_, err := xxcc.SetUp(h, t)
	if err != nil && (cgo != "1" || h.Has(t.Triple()+"-gcc")) {
		h.Debugf("%v", err)
		return nil
	}
	return err
}

// setting returns the value of a variable that go reads from its environment or its configuration file.
func setting(h *host.Host, name string) string {
	if v := h.Env.Get(name); v != "" {
		return v
	}
	if file := goenvFile(h.Env); file != "" {
		if content, exists, err := readGoenv(h, file); err == nil && exists {
			content, _, _ = Unwrap(content)
			return lookup(content, name)
		}
	}
	return ""
}

// links reports whether a command of go ends in linking, so that with cgo it needs all of a C toolchain.
func links(command string) bool {
	switch command {
	case "build", "install", "run", "test":
		return true
	}
	return false
}

// checkC fails if CGO_ENABLED=1 asks for C and there is no compiler for the target, or none that finds the
// target's C library, and says what to install. go would say so only after it has
// compiled what it can, and without a word about packages. A compiler that the user has chosen is
// the user's affair. env is what go gets.
func checkC(h *host.Host, t xxinfo.Target, env host.Env) error {
	if setting(h, "CGO_ENABLED") != "1" || setting(h, "CC") != "" || t.Check() != nil {
		return nil
	}
	cc := strings.Fields(env.Get("CC"))
	if len(cc) == 0 && !t.IsCross() {
		cc = []string{"gcc"} // what go takes then
	}
	var program string
	if len(cc) > 0 {
		var err error
		if program, err = h.LookPath(cc[0]); err != nil && cc[0] == "zig" {
			return &host.Error{Message: "XX_GO_PREFER_C_COMPILER is zig, but zig is not on PATH", Hint: "install zig, or leave the variable unset for clang"}
		}
	}
	switch {
	case program == "":
		return &host.Error{
			Message: fmt.Sprintf("CGO_ENABLED=1, but there is no C compiler for %s", t.Platform),
			Hint:    installCompiler(t, env.Get("XX_GO_PREFER_C_COMPILER")) + "; or build without C: CGO_ENABLED=0",
		}
	case cc[0] == "zig": // which brings the C library
		return nil
	}
	missing, err := tryC(h, host.Command{Path: program, Args: cc[1:], Env: env})
	if err != nil || missing == "" {
		return err
	}
	return &host.Error{
		Message: fmt.Sprintf("CGO_ENABLED=1, but %s cannot build C for %s: %s", cc[0], t.Platform, missing),
		Hint:    installLibrary(t) + "; or build without C: CGO_ENABLED=0",
	}
}

// tryC compiles and links an empty program and returns what the compiler says is missing of the C library,
// or nothing if the program builds, or fails for another reason, about which go will say more.
func tryC(h *host.Host, cc host.Command) (missing string, err error) {
	dir, err := os.MkdirTemp("", "xx-go-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	var said bytes.Buffer
	quiet := *h
	quiet.Stdin = strings.NewReader("#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n")
	quiet.Stdout, quiet.Stderr = &said, &said
	for _, flags := range []string{"CGO_CPPFLAGS", "CGO_CFLAGS", "CGO_LDFLAGS"} {
		cc.Args = append(cc.Args, strings.Fields(cc.Env.Get(flags))...) // a sysroot, for instance
	}
	cc.Args = append(cc.Args, "-x", "c", "-", "-o", filepath.Join(dir, "program"))
	cc.Env = cc.Env.With("LC_ALL", "C")
	err = quiet.Run(cc)
	var failed host.ExitStatus
	if err == nil || !errors.As(err, &failed) {
		return "", err
	}
	return missingC(said.String()), nil
}

// missingC finds in the messages of a compiler and linker the first one about a file of the C library or of libgcc
// that is not there. It returns the empty string if there is none.
func missingC(messages string) string {
	for line := range strings.Lines(messages) {
		line = strings.TrimSpace(line)
		absent := strings.Contains(line, "not found") || strings.Contains(line, "No such file") ||
			strings.Contains(line, "cannot find") || strings.Contains(line, "unable to find") || strings.Contains(line, "cannot open")
		if !absent {
			continue
		}
		for _, part := range []string{"stdlib.h", "bits/libc-header-start.h", "crt1.o", "crt2.o", "crti.o", "crtbegin", "-lgcc", "-lc:", "-lc ", "libgcc", "libclang_rt"} {
			if strings.Contains(line+" ", part) {
				if _, after, ok := strings.Cut(line, "error: "); ok {
					return after
				}
				return line
			}
		}
	}
	return ""
}

// installCompiler says how to get a C compiler for the target, and the C library with it.
func installCompiler(t xxinfo.Target, prefer string) string {
	library := "the C library's development files for " + t.Triple()
	switch {
	case t.OS == "darwin":
		return "install clang and lld, and put the macOS SDK into /xx-sdk"
	case t.Base == "alpine":
		return "install one and the target's C library: apk add clang lld && xx-apk add xx-c-essentials"
	case isApt(t) && (prefer == "gcc" || t.OS == "windows"):
		return "install one: xx-apt-get install -y gcc" + map[bool]string{true: " libc6-dev"}[t.OS == "linux"]
	case isApt(t):
		return "install one and the target's C library: apt-get install -y clang lld && xx-apt-get install -y xx-c-essentials"
	case prefer == "gcc":
		return "install " + t.Triple() + "-gcc and " + library
	}
	return "install clang, lld and " + library
}

// installLibrary says how to get the C library of the target.
func installLibrary(t xxinfo.Target) string {
	switch {
	case t.OS == "darwin":
		return "put the macOS SDK into /xx-sdk"
	case t.Base == "alpine":
		return "install the target's C library: xx-apk add xx-c-essentials"
	case isApt(t) && t.OS == "windows":
		return "install the target's C library: xx-apt-get install -y gcc"
	case isApt(t) && t.Libc == "musl":
		return "install the target's C library: xx-apt-get install -y musl-dev libgcc-12-dev"
	case isApt(t):
		return "install the target's C library: xx-apt-get install -y xx-c-essentials"
	}
	return "install the C library's development files for " + t.Triple()
}

func isApt(t xxinfo.Target) bool { return t.Base == "debian" || t.Base == "ubuntu" }
