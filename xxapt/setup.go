package xxapt

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

// ask runs a program and returns what it prints, in English.
func ask(h *host.Host, program string, args ...string) (stdout, stderr string, err error) {
	path, err := find(h, program)
	if err != nil {
		return "", "", err
	}
	var out, errs strings.Builder
	quiet := *h
	quiet.Stdin, quiet.Stdout, quiet.Stderr = nil, &out, &errs
	h.Debugf("run %s %s", path, strings.Join(args, " "))
	quiet.Env = h.Env.Without("XX_DEBUG")
	err = quiet.Run(host.Command{Path: path, Args: args, Env: quiet.Env.With("LC_ALL", "C")})
	return out.String(), errs.String(), err
}

// find looks a program of apt or dpkg up.
func find(h *host.Host, program string) (string, error) {
	path, err := h.LookPath(program)
	if errors.Is(err, exec.ErrNotFound) {
		return "", &host.Error{
			Message: program + ": not found",
			Hint:    h.Name + " is for Debian and Ubuntu; Alpine has xx-apk",
		}
	}
	return path, err
}

// nativeArch asks dpkg for the machine's architecture: the kernel's may be another, as on a 64-bit
// kernel under a 32-bit system.
func nativeArch(h *host.Host) (string, error) {
	out, errs, err := ask(h, "dpkg", "--print-architecture")
	var status host.ExitStatus
	if errors.As(err, &status) {
		return "", &host.Error{Message: "dpkg --print-architecture failed: " + lastLine(errs), Status: int(status)}
	}
	return strings.TrimSpace(out), err
}

// lastLine returns the last line of what a program has printed: the error, after warnings.
func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// hasLists reports whether apt has been told what packages there are for the architecture.
func hasLists(h *host.Host, arch string) bool {
	const lists = "/var/lib/apt/lists/"
	if len(h.Glob(lists+"*_binary-"+arch+"_Packages*")) > 0 {
		return true
	}
	// A flat repository, such as a folder of the machine, has one list for all architectures.
	return len(h.Glob(lists+"*_binary-*_Packages*")) == 0 && len(h.Glob(lists+"*_Packages*")) > 0
}

// setUp makes apt ready for packages of the target's architecture: dpkg knows it, apt has sources for
// it, and lists from them. update is whether to fetch lists if need be. If apt-get update fails the first
// result is false, which is no reason to stop: other sources may do.
func setUp(h *host.Host, t xxinfo.Target, tr translation, l line, update bool) (updated bool, err error) {
	ready, _, err := isReady(h, t, tr)
	if err != nil || ready && (!update || hasLists(h, tr.arch)) {
		return true, err
	}
	unlock, err := h.Lock("/etc/apt")
	if err != nil {
		return true, err
	}
	defer unlock()
	ready, files, err := isReady(h, t, tr) // another process may have done it meanwhile
	if err != nil {
		return true, err
	}
	if !ready {
		for _, f := range files {
			if err := h.WriteFile(f.Path, []byte(f.Content), 0o644); err != nil {
				return true, err
			}
		}
		if known, err := knows(h, tr.arch); err != nil {
			return true, err
		} else if !known {
			_, errs, err := ask(h, "dpkg", "--add-architecture", tr.arch)
			var status host.ExitStatus
			if errors.As(err, &status) {
				return true, &host.Error{
					Message: fmt.Sprintf("dpkg --add-architecture %s failed: %s", tr.arch, lastLine(errs)),
					Hint:    "packages are installed by root",
					Status:  int(status),
				}
			} else if err != nil {
				return true, err
			}
		}
	}
	if !update || ready && hasLists(h, tr.arch) {
		return true, nil
	}
	return runUpdate(h, l)
}

// isReady reports whether dpkg knows the target's architecture and apt's sources are as they have to be;
// files are those that would make them so.
func isReady(h *host.Host, t xxinfo.Target, tr translation) (ready bool, files []SourceFile, err error) {
	known, err := knows(h, tr.arch)
	if err != nil {
		return false, nil, err
	}
	if t.Distribution == "ubuntu" {
		files = UbuntuSources(readSources(h), codename(h), tr.native, tr.arch)
	}
	return known && len(files) == 0, files, nil
}

func knows(h *host.Host, arch string) (bool, error) {
	out, _, err := ask(h, "dpkg", "--print-foreign-architectures")
	return slices.Contains(strings.Fields(out), arch), err
}

// readSources returns all files of apt's sources.
func readSources(h *host.Host) []SourceFile {
	var files []SourceFile
	paths := append([]string{sourcesList}, h.Glob(sourcesDir+"/*.list")...)
	for _, path := range append(paths, h.Glob(sourcesDir+"/*.sources")...) {
		if content, err := h.ReadFile(path); err == nil { // sources.list need not exist
			files = append(files, SourceFile{path, string(content)})
		}
	}
	return files
}

// codename returns the name of the release, such as "noble", or "".
func codename(h *host.Host) string {
	content, err := h.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(content)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "VERSION_CODENAME="); ok {
			return strings.Trim(name, `"'`)
		}
	}
	return ""
}

// runUpdate runs apt-get update. What it prints is no part of what was asked for, so it goes to standard error.
func runUpdate(h *host.Host, l line) (bool, error) {
	path, err := find(h, "apt-get")
	if err != nil {
		return true, err
	}
	args := append([]string{"update"}, l.settings...)
	if l.quiet > 0 {
		args = append(args, fmt.Sprintf("-q=%d", l.quiet))
	}
	aside := *h
	aside.Stdin, aside.Stdout = nil, h.Stderr
	err = aside.Run(host.Command{Path: path, Args: args, Env: h.Env})
	var status host.ExitStatus
	if errors.As(err, &status) {
		if status > 128 {
			return true, err // interrupted
		}
		fmt.Fprintf(h.Stderr, "%s: warning: apt-get update failed (exit status %d); going on with the sources that it could read\n", h.Name, int(status))
		return false, nil
	}
	return true, err
}

// fixSourceFile is --fix-source-file.
func fixSourceFile(h *host.Host, file, arch string) error {
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	content, err := h.ReadFile(path)
	if err != nil {
		return &host.Error{Message: err.Error(), Hint: h.Name + " --print-source-file prints the file with the distribution's own sources"}
	}
	restricted := Restrict(path, string(content), arch)
	if restricted == string(content) {
		return nil
	}
	return h.WriteFile(path, []byte(restricted), 0o644)
}
