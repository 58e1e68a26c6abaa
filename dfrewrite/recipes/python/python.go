// Package python knows Python's package managers, which install for the machine that they run on.
package python

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of Python and its package managers.
var Recipe = &verdict.Recipe{Name: "python", Page: "python", Judge: judge}

// What pip and its like install holds libraries in machine code as soon as one package has any, so it
// is for the machine that installs: a stage whose packages are shipped stays on the target platform.
// A tool that the stage runs may be installed anywhere, and a wheel of Python alone is the same
// everywhere (its name ends with py3-none-any: PEP 427).

var pythonPrograms = match.Pattern(`^(python|pip)[0-9.]*$`)

func judge(c *verdict.Call) (verdict.Step, bool) {
	name, args := c.Program, c.Args
	if pythonPrograms().MatchString(name) {
		name = strings.TrimRight(name, "0123456789.")
	}
	if name == "python" {
		switch {
		case len(args) > 1 && args[0].Raw == "-m":
			name, args = strings.TrimRight(args[1].Lit, "0123456789."), args[2:]
			if name == "build" {
				return buildsWheel(c, "python -m build"), true
			}
		case len(args) > 0 && match.Words("-V --version -VV")[args[0].Lit]:
			return verdict.Step{Reason: "prints its version"}, true
		case len(args) > 0 && args[0].Lit == "setup.py":
			return buildsWheel(c, "python setup.py"), true
		default:
			return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("what %s runs, and what it makes, is not known", c.Program),
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
			return c.Abs(strings.TrimSuffix(strings.Trim(value, `"'`), "/"))
		}
		return ""
	}
	// The packages of the stage itself; what is shipped of them comes out of a folder of the system.
	installs := verdict.Step{Reason: "installs packages for the stage itself", CompilesOnHost: true}
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
				installs.HostWrites = nonEmpty(c.Dir)
			}
			return installs, true
		case "list", "show", "freeze", "check", "config", "cache", "", "uninstall", "hash", "index":
			return verdict.Step{Reason: "does the same on every platform"}, true
		}
	case "venv", "virtualenv":
		for _, w := range args {
			if !strings.HasPrefix(w.Raw, "-") {
				installs.HostWrites = nonEmpty(c.Abs(w.Lit))
			}
		}
		return installs, true
	case "uv", "poetry", "pipenv", "pdm", "hatch", "flit", "conda", "mamba", "micromamba":
		switch {
		case verb == "build":
			return buildsWheel(c, name+" build"), true
		case verb == "export" || verb == "lock" || verb == "config" || verb == "version" || verb == "self" || verb == "cache" || verb == "":
			return verdict.Step{Reason: "does the same on every platform"}, true
		}
		venv := facts.Lookup(&c.Site, "UV_PROJECT_ENVIRONMENT").Text
		if venv == "" {
			venv = ".venv"
		}
		installs.HostWrites = nonEmpty(c.Abs(venv), option("--target"), option("--prefix"), option("--install-dir", "-i"))
		if strings.HasSuffix(name, "conda") || strings.HasSuffix(name, "mamba") {
			installs.HostWrites = append(installs.HostWrites, nonEmpty(option("-p"))...)
		}
		installs.HostWrites = append(installs.HostWrites, "/root/.local", "/root/.cache/pypoetry")
		installs.HostWrites = append(installs.HostWrites, c.Folders(environmentFolders...)...)
		return installs, true
	}
	return verdict.Step{}, false
}

// environmentFolders are variables that say where tools put environments and interpreters: the manuals of uv, Poetry, Pipenv and
// Conda.
var environmentFolders = strings.Fields(`UV_TOOL_DIR UV_TOOL_BIN_DIR UV_PYTHON_INSTALL_DIR POETRY_VIRTUALENVS_PATH POETRY_CACHE_DIR WORKON_HOME
	CONDA_ENVS_PATH CONDA_ENVS_DIRS MAMBA_ROOT_PREFIX`)

func nonEmpty(words ...string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// compiledPython matches what in pyproject.toml, setup.py or setup.cfg compiles: extension modules, and
// the build backends that are there for them.
var compiledPython = match.Pattern(`(?i)ext_modules|setuptools[-_]rust|rust_extensions|RustExtension|\bExtension\(|cythonize|\bcython\b|maturin|scikit[-_]build|mesonpy|meson-python|pybind11|nanobind|cffi_modules|mypyc|\bcmake\b|distutils\.core`)

// buildsWheel decides on a command that builds the project's own wheel.
func buildsWheel(c *verdict.Call, text string) verdict.Step {
	step := verdict.Step{Compiles: true, Reason: "makes a wheel of Python alone, which is the same on every platform"}
	known := false
	for _, file := range []string{"pyproject.toml", "setup.py", "setup.cfg"} {
		data := c.ContextFile(file)
		known = known || data != nil
		if m := compiledPython().Find(data); m != nil {
			return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf("%s compiles for the machine that it runs on: %s has %s", text, file, m),
				Way: verdict.LeaveIt + ", or build the wheel with cibuildwheel"}
		}
	}
	step.Review = fmt.Sprintf("the wheel that %s makes has to end with none-any.whl; the build files name nothing that compiles", text)
	if !known {
		step.Review = fmt.Sprintf("the wheel that %s makes has to end with none-any.whl; whether it does cannot be seen without pyproject.toml", text)
	}
	return step
}
