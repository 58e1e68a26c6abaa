// Package xxgo is the helper xx-go: it runs go so that it builds for the target.
//
// xx-go ARGS… becomes `go ARGS…` with GOOS, GOARCH and the variable of the variant
// (GOARM, GOAMD64, GOARM64, GOMIPS, GOMIPS64, GORISCV64) in its environment, and CC, CXX, AR
// and PKG_CONFIG if there are such tools for the target; see [Settings]. What the
// user has set stays. The last step is execve, so nothing stands between the user
// and go. Any port that go knows works, whether or not the platform table has it.
//
// Three things go beyond setting variables:
//
//   - --wrap writes the variables to go's own configuration file, so that a plain
//     go builds for the target, and --unwrap takes them out again; see [Wrap].
//   - --host runs go for this machine, whatever the environment and a wrapped file say.
//   - `go install` for another machine puts programs into a subfolder of
//     $GOPATH/bin, and refuses if GOBIN is set. xx-go install puts them where a
//     native go does, so that a Dockerfile's COPY finds them; see install.go.
package xxgo

import (
	"io"
	"path/filepath"
	"strings"

	"xxkit/internal/host"
	"xxkit/triples"
	"xxkit/xxinfo"
)

const usage = `Usage: xx-go ARGS…
       xx-go --host ARGS…
       xx-go --wrap | --unwrap

Runs go ARGS… for the target of the build, see xx-info --help. Its GOOS, GOARCH and the
variable of the variant, such as GOARM, are set unless they are already, and CC, CXX, AR
and PKG_CONFIG if the tools are there. xx-go install installs where go install does
natively.

  --host     run go for this machine: go generate, go run, go test, tools
  --wrap     from now on a plain go builds for the target (writes the file of go env GOENV)
  --unwrap   undo --wrap
  --help     this text; xx-go help is go's own

XX_GO_PREFER_C_COMPILER is clang (the default; it is set up for the target as by xx-clang), zig or gcc.
`

// Main is the helper xx-go: args are its arguments. It returns only if it could
// not become go, or had something else to do.
func Main(h *host.Host, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "--help", "-h":
			_, err := io.WriteString(h.Stderr, usage)
			return err
		case "--host":
			return runForHost(h, args[1:])
		case "--wrap", "--unwrap":
			if len(args) > 1 {
				return host.WrongCall("xx-go --help", "%s takes no arguments", args[0])
			}
			if args[0] == "--wrap" {
				return wrap(h)
			}
			return unwrap(h)
		}
	}
	return runForTarget(h, args)
}

func runForTarget(h *host.Host, args []string) error {
	program, err := findGo(h)
	if err != nil {
		return err
	}
	t := xxinfo.FromHost(h)
	command := subcommand(args)
	if mayCompile(command) {
		if err := setUpClang(h, t); err != nil {
			return err
		}
	}
	env := Environment(h.Env, Settings(t, h.Env, h.Has))
	if links(command) {
		if err := checkC(h, t, env); err != nil {
			return err
		}
	}
	c := host.Command{Path: program, Args: args, Env: env}
	if plan, ok := planInstall(h, c); ok {
		return plan.run(h)
	}
	return h.Exec(c)
}

// subcommand returns what go is asked to do, as in go build. Only -C may stand before it.
func subcommand(args []string) string {
	switch {
	case len(args) > 1 && (args[0] == "-C" || args[0] == "--C"):
		args = args[2:]
	case len(args) > 0 && (strings.HasPrefix(args[0], "-C=") || strings.HasPrefix(args[0], "--C=")):
		args = args[1:]
	}
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func findGo(h *host.Host) (string, error) {
	program, err := h.LookPath("go")
	if err != nil {
		return "", &host.Error{Message: "go: not found", Hint: "install Go, or add its bin folder to PATH, as in PATH=/usr/local/go/bin:$PATH"}
	}
	return program, nil
}

// Settings returns the variables that go gets for a target, in the order in which
// they are written down, with the values that they will have: a
// variable that env already has keeps its value. has reports whether a program is on
// PATH.
func Settings(t xxinfo.Target, env host.Env, has func(program string) bool) []xxinfo.Var {
	goos, goarch := t.OS, t.Arch
	switch t.OS {
	case "wasi": // what Dockerfiles call it from before Go had wasip1
		goos, goarch = "js", "wasm"
	case "wasip1", "js":
		goarch = "wasm"
	}
	vars := []xxinfo.Var{{Name: "GOOS", Value: goos}, {Name: "GOARCH", Value: goarch}}
	if name, value := t.GoVariable(); name != "" && goarch == t.Arch {
		vars = append(vars, xxinfo.Var{Name: name, Value: value})
	}
	vars = append(vars, cTools(t, env.Get("XX_GO_PREFER_C_COMPILER"), has)...)
	for _, name := range cVariables {
		if env.Get(name) != "" && !hasVar(vars, name) {
			vars = append(vars, xxinfo.Var{Name: name})
		}
	}
	for i, v := range vars {
		if own := env.Get(v.Name); own != "" {
			vars[i].Value = own
		}
	}
	return vars
}

func hasVar(vars []xxinfo.Var, name string) bool {
	for _, v := range vars {
		if v.Name == name {
			return true
		}
	}
	return false
}

// Environment returns the environment for go: env with the settings, and with the
// folder first on PATH into which go installs what it builds for the target, if
// GOPATH says where that is and GOBIN does not.
func Environment(env host.Env, settings []xxinfo.Var) host.Env {
	for _, v := range settings {
		env = env.With(v.Name, v.Value)
	}
	gopath := filepath.SplitList(env.Get("GOPATH"))
	if env.Get("GOBIN") == "" && len(gopath) > 0 && gopath[0] != "" {
		bin := filepath.Join(gopath[0], "bin", env.Get("GOOS")+"_"+env.Get("GOARCH"))
		env = env.With("PATH", bin+string(filepath.ListSeparator)+env.Get("PATH"))
	}
	return env
}

// targetVariables are the variables that make go build for another machine than
// its own, or tell that such a machine is the target.
var targetVariables = []string{
	"TARGETPLATFORM", "TARGETPAIR", "TARGETOS", "TARGETARCH", "TARGETVARIANT",
	"GOOS", "GOARCH", "GO386", "GOAMD64", "GOARM", "GOARM64", "GOMIPS", "GOMIPS64", "GOPPC64", "GORISCV64", "GOWASM",
}

// runForHost runs go for this machine. The variables in its environment are
// cleared; a wrapped configuration file is replaced by a copy that is not wrapped.
func runForHost(h *host.Host, args []string) error {
	program, err := findGo(h)
	if err != nil {
		return err
	}
	env := h.Env.Without(targetVariables...)
	for _, name := range cVariables {
		if foreign(env.Get(name), h.March) {
			env = env.Without(name)
		}
	}
	// Only `go env -w` and `-u` write the file, which has to be the real one then.
	writes := len(args) > 1 && args[0] == "env" && (args[1] == "-w" || args[1] == "-u")
	if !writes {
		if file, err := unwrappedCopy(h); err != nil {
			return err
		} else if file != "" {
			env = env.With("GOENV", file)
		}
	}
	return h.Exec(host.Command{Path: program, Args: args, Env: env})
}

// foreign reports whether a tool that CC or the like names is for another machine
// than the one of the given march: a TRIPLE-gcc, or a compiler with a -target.
func foreign(value, march string) bool {
	words := strings.Fields(value)
	if len(words) == 0 {
		return false
	}
	for _, w := range words[1:] {
		if w == "-target" || strings.HasPrefix(w, "--target") {
			return true
		}
	}
	machine, _ := triples.FromMachine(march)
	tool := filepath.Base(words[0])
	for i := range tool {
		if tool[i] != '-' {
			continue
		}
		if rows := triples.ByTriple(tool[:i]); rows != nil {
			for _, r := range rows {
				if r.OS == "linux" && r.Arch == machine.Arch {
					return false
				}
			}
			return true
		}
	}
	return false
}
