package xxwindres

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"xxkit/internal/host"
)

// sharedHeaders is where Debian has the headers of mingw-w64 for all machines; only x86 has a
// folder of its own there.
const sharedHeaders = "/usr/share/mingw-w64/include"

// run makes the output.
func run(h *host.Host, o Options, m Machine, cc []string) error {
	var needed []string
	if o.InputFormat == "rc" {
		needed = append(needed, "llvm-rc")
		if _, ok := findCompiler(h, cc[0]); !ok {
			return &host.Error{Message: cc[0] + ": not found", Hint: "it is what --preprocessor or the variable CC names: install it, or name another"}
		}
	}
	if o.OutputFormat == "coff" {
		needed = append(needed, "llvm-cvtres")
	}
	tools := map[string]string{}
	for _, name := range needed {
		path, ok := findTool(h, name)
		if !ok {
			return &host.Error{Message: name + ": not found", Hint: "install LLVM's tools: apt-get install llvm, or apk add llvm"}
		}
		tools[name] = path
	}
	if !exists(h, "/usr/"+m.Triple+"/include") && exists(h, sharedHeaders) {
		o.Cpp = append(o.Cpp, "-I", sharedHeaders)
	}

	tmp, remove, err := temporary(h)
	if err != nil {
		return err
	}
	defer remove()
	for _, step := range Steps(o, m, cc, tmp) {
		args := step[1:]
		switch step[0] {
		case "cp":
			err = copyFile(h, args[0], args[1])
		case "llvm-rc":
			if args, err = completed(h, tools["llvm-rc"], args, o.Codepage == "", tmp); err == nil {
				err = h.Run(host.Command{Path: tools["llvm-rc"], Args: args, Env: h.Env})
			}
		case "llvm-cvtres":
			err = h.Run(host.Command{Path: tools["llvm-cvtres"], Args: args, Env: h.Env})
		default:
			path, _ := findCompiler(h, step[0])
			err = h.Run(host.Command{Path: path, Args: args, Env: h.Env})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// completed returns llvm-rc's arguments with those in front that depend on the preprocessed script,
// and on whether llvm-rc will find a clang to preprocess once more with, which is
// harmless, where it would complain that there is none.
func completed(h *host.Host, llvmRC string, args []string, guess bool, script string) ([]string, error) {
	var more []string
	if guess {
		content, err := h.ReadFile(script)
		if err != nil {
			return nil, err
		}
		if page := Codepage(content); page != "" {
			more = append(more, "-c", page)
		}
	}
	if !h.Has("clang") {
		var help bytes.Buffer
		ask := *h
		ask.Stdout, ask.Stderr = &help, &help
		// What it prints is all that matters: before LLVM 13 there is no such flag.
		_ = ask.Run(host.Command{Path: llvmRC, Args: []string{"-h"}, Env: h.Env})
		if bytes.Contains(help.Bytes(), []byte("no-preprocess")) {
			more = append(more, "-no-preprocess")
		}
	}
	return append(more, args...), nil
}

// findCompiler finds the program of a command: by its path if it has one, else on PATH. LookPath passes
// over links to xx itself, but CC=xx-clang is one, and does not lead back here.
func findCompiler(h *host.Host, program string) (string, bool) {
	if strings.Contains(program, "/") {
		return program, true
	}
	if path, err := h.LookPath(program); err == nil {
		return path, true
	}
	if strings.HasPrefix(program, "xx-") && program != "xx-windres" {
		for _, dir := range filepath.SplitList(h.Env.Get("PATH")) {
			if path := filepath.Join(dir, program); filepath.IsAbs(dir) && exists(h, path) {
				return path, true
			}
		}
	}
	return "", false
}

// findTool finds a tool of LLVM: under its own name on PATH, as NAME-VERSION, which is what Debian
// calls it without the package llvm, or in LLVM's own folder, as on Alpine.
// Of several versions it is the highest.
func findTool(h *host.Host, name string) (string, bool) {
	if path, err := h.LookPath(name); err == nil {
		return path, true
	}
	best, bestVersion := "", 0
	consider := func(path, version string) {
		info, err := os.Stat(h.Path(path))
		if n, e := strconv.Atoi(version); e == nil && err == nil && info.Mode()&0o111 != 0 && n > bestVersion {
			best, bestVersion = path, n
		}
	}
	for _, dir := range filepath.SplitList(h.Env.Get("PATH")) {
		if filepath.IsAbs(dir) {
			for _, path := range h.Glob(filepath.Join(dir, name) + "-*") {
				consider(path, strings.TrimPrefix(filepath.Base(path), name+"-"))
			}
		}
	}
	for _, path := range h.Glob("/usr/lib/llvm*/bin/" + name) {
		folder := filepath.Base(filepath.Dir(filepath.Dir(path)))
		consider(path, strings.TrimPrefix(strings.TrimPrefix(folder, "llvm"), "-"))
	}
	return best, best != ""
}

func exists(h *host.Host, name string) bool {
	_, err := os.Stat(h.Path(name))
	return err == nil
}

// temporary returns the name of the first temporary file, and what removes all of
// them. They are in a folder of their own, unless XX_TMP_FILE_FIXED names them.
func temporary(h *host.Host) (tmp string, remove func(), err error) {
	if fixed := h.Env.Get("XX_TMP_FILE_FIXED"); fixed != "" {
		return fixed, func() {
			os.Remove(h.Path(fixed))
			os.Remove(h.Path(fixed + "_"))
			os.Remove(h.Path(fixed + "__"))
		}, nil
	}
	dir, err := os.MkdirTemp("", "xx-windres-")
	if err != nil {
		return "", nil, &host.Error{Message: "no temporary folder: " + err.Error(), Hint: "set TMPDIR to a folder that can be written to"}
	}
	return filepath.Join(dir, "rc"), func() { os.RemoveAll(dir) }, nil
}

// copyFile copies a file, perhaps to standard output.
func copyFile(h *host.Host, from, to string) (err error) {
	in, err := os.Open(h.Path(from))
	if err != nil {
		return err
	}
	defer in.Close()
	if to == standardOutput {
		_, err = io.Copy(h.Stdout, in)
		return err
	}
	out, err := os.Create(h.Path(to))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
