package xxcc

import (
	"io"
	"path"
	"slices"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

// SplitTool takes a name such as aarch64-linux-gnu-clang apart into triple and tool, if it is one of the
// names that setting up links to xx. A name that begins with "xx-" is a helper's.
func SplitTool(name string) (triple, tool string, ok bool) {
	if strings.HasPrefix(name, "xx-") {
		return "", "", false
	}
	for i := strings.LastIndexByte(name, '-'); i > 0; i = strings.LastIndexByte(name[:i], '-') {
		triple, tool = name[:i], name[i+1:]
		if tool == "clang" || tool == "clang++" || tool == "as" || tool == "pkg-config" || slices.Contains(llvmTools, tool) {
			return triple, tool, strings.Contains(triple, "-")
		}
	}
	return "", "", false
}

// RunTool becomes a tool for the triple in its name, whatever the environment says is the target:
// TRIPLE-clang, TRIPLE-clang++, TRIPLE-as, TRIPLE-pkg-config, or a tool of LLVM whose name would mislead it.
func RunTool(h *host.Host, triple, tool string, args []string) error {
	t, known := forTriple(h, triple)
	if tool == "pkg-config" {
		return runPkgConfig(h, t, triple, args)
	}
	clang, err := findClang(h, tool == "clang++")
	if err != nil {
		return err
	}
	if slices.Contains(llvmTools, tool) {
		at := llvmProgram(&facts{h: h, clang: clang.path}, "llvm-"+tool)
		if at == "" {
			return &host.Error{Message: "llvm-" + tool + ": not found", Hint: "install llvm (apt-get install llvm, apk add llvm)"}
		}
		return become(h, program{path: at}, args)
	}
	if o := parse(args); o.leave {
		return become(h, clang, args)
	}
	config := binDir + "/" + triple + ".cfg"
	switch {
	case known:
		if err := setUp(h, t, clang.path); err != nil {
			return err
		}
	case !exists(h, config):
		return &host.Error{
			Message: triple + " is not set up, and no platform has this name",
			Hint:    "xx-info list --json shows the triples of all platforms",
		}
	}
	if tool == "as" {
		args = assembler(args)
	}
	return become(h, clang, append([]string{"--config", config}, args...))
}

// assembler translates the command line of GNU as into one of clang with its integrated assembler. (llvm-as
// is no assembler: it reads LLVM's intermediate code.) Flags of the kind -mcpu= are the same in both.
func assembler(args []string) []string {
	out := []string{"-c", "-x", "assembler", "-integrated-as"}
	output, input := "a.out", false
	for i := 0; i < len(args); i++ {
		arg := args[i]
		// value is what follows the flag, glued to it or in the next argument.
		value := func(flag string) string {
			if v := strings.TrimPrefix(arg, flag); v != "" {
				return v
			}
			if i+1 < len(args) {
				i++
				return args[i]
			}
			return ""
		}
		switch {
		case arg == "--version" || arg == "-version":
			return []string{"--version"}
		case arg == "--", arg == "-":
			out, input = append(out, "-"), true
		case arg == "-v", arg == "-V":
			out = append(out, "-v")
		case strings.HasPrefix(arg, "-o"):
			output = value("-o")
		case strings.HasPrefix(arg, "-I"):
			out = append(out, "-I"+value("-I"))
		case arg == "--defsym" || strings.HasPrefix(arg, "--defsym="):
			out = append(out, "-Wa,-defsym,"+strings.TrimPrefix(value("--defsym"), "="))
		case arg == "--64", arg == "--32", arg == "--x32":
			out = append(out, "-m"+strings.TrimPrefix(arg, "--"))
		case arg == "-EL", arg == "-mlittle-endian", arg == "-EB", arg == "-mbig-endian":
			// What the triple says already.
		case arg == "-k", arg == "-K", arg == "-KPIC", arg == "-Qy", strings.HasPrefix(arg, "-meabi="), arg == "--traditional-format":
			// What clang's assembler does anyway.
		case arg == "-g", arg == "--gen-debug", arg == "--gstabs", arg == "--gstabs+":
			out = append(out, "-g")
		case strings.HasPrefix(arg, "--gdwarf"):
			out = append(out, "-g"+strings.TrimPrefix(arg, "--g"))
		case arg == "-W", arg == "--no-warn":
			out = append(out, "-Wa,--no-warn")
		case arg == "--warn":
		case strings.HasPrefix(arg, "-m"):
			out = append(out, arg)
		case strings.HasPrefix(arg, "-"):
			out = append(out, "-Wa,"+arg) // --noexecstack, --fatal-warnings …; clang names what it does not know
		default:
			out, input = append(out, arg), true
		}
	}
	if !input {
		out = append(out, "-")
	}
	return append(out, "-o", output)
}

// runPkgConfig becomes pkg-config for a target, or what people call by that name for this machine.
func runPkgConfig(h *host.Host, t xxinfo.Target, triple string, args []string) error {
	at, err := h.LookPath("pkg-config")
	if err != nil {
		return &host.Error{Message: "pkg-config: not found", Hint: "install pkg-config (apt-get install pkg-config, apk add pkgconf)"}
	}
	env := h.Env
	if t.Triple() != triple || !isNative(h, t) {
		for _, v := range pkgConfigEnv(t, triple, sysroot(h, t)) {
			env = env.With(v.Name, v.Value)
		}
	}
	return h.Exec(host.Command{Path: at, Args: args, Env: env})
}

// pkgConfigEnv returns the variables with which pkg-config sees the target's packages and no others. A
// PKG_CONFIG_PATH of the user's still adds folders to them.
func pkgConfigEnv(t xxinfo.Target, triple, sysroot string) []xxinfo.Var {
	var dirs []string
	root := ""
	switch {
	case t.OS == "darwin":
		root = strings.TrimSuffix(sysroot, "/")
		dirs = []string{root + "/usr/lib/pkgconfig", root + "/usr/share/pkgconfig"}
	case hasOwnRoot(t):
		root = "/" + triple
		dirs = []string{root + "/usr/lib/pkgconfig/"}
	case t.OS == "linux" && isDebian(t):
		// As Debian's own pkg-config for the architecture has it; packages "…-cross" lie in /usr/TRIPLE.
		lib := multiarch(t)
		dirs = []string{
			"/usr/local/lib/" + lib + "/pkgconfig", "/usr/lib/" + lib + "/pkgconfig",
			"/usr/" + triple + "/lib/pkgconfig", "/usr/" + triple + "/share/pkgconfig",
			"/usr/local/share/pkgconfig", "/usr/share/pkgconfig",
		}
	default:
		dirs = []string{"/usr/" + triple + "/lib/pkgconfig", "/usr/" + triple + "/share/pkgconfig"}
	}
	vars := []xxinfo.Var{{Name: "PKG_CONFIG_LIBDIR", Value: strings.Join(dirs, ":")}}
	if root != "" {
		vars = append(vars, xxinfo.Var{Name: "PKG_CONFIG_SYSROOT_DIR", Value: root})
	}
	return vars
}

// RunXcrun is a minimal xcrun, which build systems ask for the macOS SDK: it knows where that is, finds
// tools, and runs them.
func RunXcrun(h *host.Host, args []string) error {
	// Whatever the target is, macOS is what xcrun is about.
	t := xxinfo.FromHost(h)
	if t.OS != "darwin" {
		t = targetOf(h, h.Env.Without(targetVariables...).With("TARGETPLATFORM", "darwin/arm64"))
	}
	sdk := strings.TrimSuffix(sysroot(h, t), "/")
	version := strings.TrimSuffix(strings.TrimPrefix(path.Base(sdk), "MacOSX"), ".sdk")
	print := func(s string) error {
		_, err := io.WriteString(h.Stdout, s+"\n")
		return err
	}
	find := false
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; arg {
		case "--sdk", "-sdk", "--toolchain", "-toolchain":
			i++
		case "--show-sdk-path", "-show-sdk-path":
			return print(sdk)
		case "--show-sdk-version", "-show-sdk-version":
			return print(version)
		case "--find", "-find", "-f":
			find = true
		case "--run", "-run", "-r", "--no-cache", "-no-cache", "-n", "--verbose", "-verbose", "-v", "--log", "-log", "-l":
		default:
			if strings.HasPrefix(arg, "-") {
				return host.WrongCall("it knows --sdk, --show-sdk-path, --show-sdk-version, --find and --run", "unknown option %s", arg)
			}
			at, err := xcrunTool(h, t, arg)
			if err != nil {
				return err
			}
			if find {
				return print(at)
			}
			return h.Exec(host.Command{Path: at, Name: at, Args: args[i+1:], Env: h.Env})
		}
	}
	return host.WrongCall("xcrun --show-sdk-path, xcrun clang …", "nothing to do")
}

// xcrunTool finds a tool for macOS: the target's, LLVM's, or the one of that name.
func xcrunTool(h *host.Host, t xxinfo.Target, tool string) (string, error) {
	if tool == "cc" || tool == "gcc" {
		tool = "clang"
	}
	if tool == "c++" || tool == "g++" {
		tool = "clang++"
	}
	for _, name := range []string{t.Triple() + "-" + tool, "llvm-" + tool, tool} {
		if at, err := h.LookPath(name); err == nil {
			return at, nil
		}
	}
	return "", &host.Error{Message: "unable to find utility " + `"` + tool + `"`, Hint: "install clang, lld and llvm, and set the target up: xx-clang " + flagSetup}
}
