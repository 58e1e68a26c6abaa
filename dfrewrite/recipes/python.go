package recipes

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/shell"
)

// What pip and its like install holds libraries in machine code as soon as one package has any, so it
// is for the machine that installs: a stage whose packages are shipped stays on the target platform.
// A tool that the stage runs may be installed anywhere, and a wheel of Python alone is the same
// everywhere (its name ends with py3-none-any: PEP 427).

var pythonPrograms = pattern(`^(python|pip)[0-9.]*$`)

func judgePython(c *call) (Step, bool) {
	name, args := c.name, c.args
	if pythonPrograms().MatchString(name) {
		name = strings.TrimRight(name, "0123456789.")
	}
	if name == "python" {
		switch {
		case len(args) > 1 && args[0].Raw == "-m":
			name, args = strings.TrimRight(args[1].Lit, "0123456789."), args[2:]
			if name == "build" {
				return c.buildsWheel("python -m build"), true
			}
		case len(args) > 0 && set("-V --version -VV")[args[0].Lit]:
			return Step{Reason: "prints its version"}, true
		case len(args) > 0 && args[0].Lit == "setup.py":
			return c.buildsWheel("python setup.py"), true
		default:
			return Step{Verdict: Block, Reason: fmt.Sprintf("what %s runs, and what it makes, is not known", c.name),
				Way: "convert the stage by hand, or move this command to a stage of its own"}, true
		}
	}
	verb := ""
	for _, w := range args {
		if !strings.HasPrefix(w.Raw, "-") {
			verb = w.Lit
			break
		}
	}
	option := func(names ...string) string {
		for i, w := range args {
			flag, value, glued := strings.Cut(w.Raw, "=")
			if !slices.Contains(names, flag) {
				continue
			}
			if !glued && i+1 < len(args) {
				value = args[i+1].Raw
			}
			return c.abs(strings.TrimSuffix(strings.Trim(value, `"'`), "/"))
		}
		return ""
	}
	// The packages of the stage itself; what is shipped of them comes out of a folder of the system.
	installs := Step{Reason: "installs packages for the stage itself", CompilesOnHost: true}
	switch name {
	case "pip":
		switch verb {
		case "install":
			installs.HostWrites = nonEmpty(option("-t", "--target"), option("--prefix"), option("--root"))
			if slices.ContainsFunc(args, func(w shell.Word) bool { return w.Lit == "--user" }) {
				installs.HostWrites = append(installs.HostWrites, "/root/.local")
			}
			return installs, true
		case "wheel", "download":
			installs.HostWrites = nonEmpty(option("-w", "--wheel-dir", "-d", "--dest"))
			if len(installs.HostWrites) == 0 {
				installs.HostWrites = nonEmpty(c.dir)
			}
			return installs, true
		case "list", "show", "freeze", "check", "config", "cache", "", "uninstall", "hash", "index":
			return Step{Reason: "does the same on every platform"}, true
		}
	case "venv", "virtualenv":
		for _, w := range args {
			if !strings.HasPrefix(w.Raw, "-") {
				installs.HostWrites = nonEmpty(c.abs(w.Lit))
			}
		}
		return installs, true
	case "uv", "poetry", "pipenv", "pdm", "hatch", "flit", "conda", "mamba", "micromamba":
		switch {
		case verb == "build":
			return c.buildsWheel(name + " build"), true
		case verb == "export" || verb == "lock" || verb == "config" || verb == "version" || verb == "self" || verb == "cache" || verb == "":
			return Step{Reason: "does the same on every platform"}, true
		}
		venv := c.lookup("UV_PROJECT_ENVIRONMENT").text
		if venv == "" {
			venv = ".venv"
		}
		installs.HostWrites = nonEmpty(c.abs(venv), option("--target"), option("--prefix"))
		return installs, true
	}
	return Step{}, false
}

func nonEmpty(words ...string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// compiledPython matches what in pyproject.toml, setup.py or setup.cfg compiles: extension modules, and
// the build backends that are there for them.
var compiledPython = pattern(`(?i)ext_modules|setuptools[-_]rust|rust_extensions|RustExtension|\bExtension\(|cythonize|\bcython\b|maturin|scikit[-_]build|mesonpy|meson-python|pybind11|nanobind|cffi_modules|mypyc|\bcmake\b|distutils\.core`)

// buildsWheel decides on a command that builds the project's own wheel.
func (c *call) buildsWheel(text string) Step {
	step := Step{Compiles: true, Reason: "makes a wheel of Python alone, which is the same on every platform"}
	known := false
	for _, file := range []string{"pyproject.toml", "setup.py", "setup.cfg"} {
		data := c.contextFile(file)
		known = known || data != nil
		if m := compiledPython().Find(data); m != nil {
			return Step{Verdict: Block, Compiles: true, Reason: fmt.Sprintf("%s compiles for the machine that it runs on: %s has %s", text, file, m),
				Way: "leave this stage on the target platform, or build the wheel with cibuildwheel"}
		}
	}
	step.Review = fmt.Sprintf("the wheel that %s makes has to end with none-any.whl; the build files name nothing that compiles", text)
	if !known {
		step.Review = fmt.Sprintf("the wheel that %s makes has to end with none-any.whl; whether it does cannot be seen without pyproject.toml", text)
	}
	return step
}
