package xxverify

import (
	"path"
	"strings"
)

// shebang returns the interpreter that a script names and what follows it, and reports whether the file is a script.
func shebang(head string) (interpreter, rest string, ok bool) {
	line, ok := strings.CutPrefix(head, "#!")
	if !ok {
		return "", "", false
	}
	line, _, _ = strings.Cut(line, "\n")
	line = strings.Trim(line, " \t")
	i := strings.IndexAny(line, " \t")
	if i < 0 {
		return line, "", line != ""
	}
	return line[:i], strings.Trim(line[i:], " \t"), true
}

// envProgram returns the program that env(1) is told to start, if its arguments are plain enough to tell.
func envProgram(arguments string) (string, bool) {
	words := strings.Fields(arguments)
	if len(words) > 0 && strings.HasPrefix(words[0], "-S") {
		words[0] = strings.TrimPrefix(words[0], "-S")
	}
	for _, w := range words {
		switch {
		case w == "" || strings.Contains(w, "="):
		case strings.HasPrefix(w, "-"):
			return "", false
		default:
			return w, true
		}
	}
	return "", false
}

// scriptProblem returns why a script cannot be started, and what to do; both empty if it can.
func (r *rootfs) scriptProblem(head string) (problem, hint string) {
	interpreter, rest, ok := shebang(head)
	if !ok {
		return "", ""
	}
	if strings.HasSuffix(interpreter, "\r") || strings.HasSuffix(rest, "\r") {
		return "its first line ends in CR LF, and the CR is taken for a part of the interpreter's name or argument",
			"convert the script to Unix line endings: sed -i 's/\\r$//'"
	}
	if !strings.HasPrefix(interpreter, "/") {
		return "", "" // from the folder that it is started in
	}
	_, n, err := Resolve(r.tree, interpreter)
	switch {
	case err != nil:
		return "its interpreter " + Printable(interpreter) + " is not there", "install it, or name another on the script's first line" + r.shellHint(interpreter)
	case !n.executable():
		return "its interpreter " + Printable(interpreter) + " is not executable", "chmod +x it"
	}
	if path.Base(interpreter) != "env" {
		return "", ""
	}
	program, ok := envProgram(rest)
	if !ok {
		return "", ""
	}
	if _, ok := r.lookPath(program); !ok {
		return "its interpreter " + Printable(program) + " is not on PATH", "install it, or name another on the script's first line" + r.shellHint(program)
	}
	return "", ""
}

// shellHint is what to do if it is bash that is not there.
func (r *rootfs) shellHint(interpreter string) string {
	if path.Base(interpreter) != "bash" {
		return ""
	}
	if _, _, err := Resolve(r.tree, "/bin/sh"); err != nil {
		return ""
	}
	return "; there is /bin/sh, if that will do"
}

// lookPath finds a program as execvp does, with the PATH of the system. What it returns is the path that was found, links
// not followed.
func (r *rootfs) lookPath(program string) (string, bool) {
	if strings.Contains(program, "/") {
		_, n, err := Resolve(r.tree, program)
		return program, err == nil && n.executable()
	}
	for _, dir := range r.path {
		name := path.Join(dir, program)
		if _, n, err := Resolve(r.tree, name); err == nil && n.executable() {
			return name, true
		}
	}
	return "", false
}
