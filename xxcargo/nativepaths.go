package xxcargo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"xxkit/internal/host"
)

// nativePathsVariable asks for results where a cargo without --target leaves them.
const nativePathsVariable = "XX_CARGO_NATIVE_PATHS"

// wantsNativePaths reports whether the results of a command are to be found at the native paths too.
func wantsNativePaths(h *host.Host, l line) bool {
	v := h.Env.Get(nativePathsVariable)
	return v != "" && v != "0" && len(l.targets) == 0 && l.command != "install" && (l.links || l.effect == unknown)
}

// copyResults makes what cargo has left in target/TRIPLE/PROFILE appear in target/PROFILE too. cargo keeps its own files for
// this machine in that folder (deps, build, .fingerprint), which are left alone.
func copyResults(h *host.Host, cargo string, l line, g goal, env host.Env) error {
	target, err := targetFolder(h, cargo, l, env)
	if err != nil {
		if l.effect == unknown {
			h.Debugf("%v", err) // whatever it was, it may have built nothing
			return nil
		}
		return err
	}
	profiles := []string{l.profile}
	if l.profile == "" {
		profiles = profiles[:0]
		for _, dir := range h.Glob(filepath.Join(target, g.triple, "*")) {
			// The other folders that cargo makes there are no profile's.
			if name := filepath.Base(dir); !in("doc package tmp", name) && isFolder(h.Path(dir)) {
				profiles = append(profiles, name)
			}
		}
	}
	for _, profile := range profiles {
		for _, sub := range []string{"", "examples"} {
			from := filepath.Join(target, g.triple, profile, sub)
			if err := linkFiles(h, from, filepath.Join(target, profile, sub)); err != nil {
				return err
			}
		}
	}
	return nil
}

// targetFolder returns the folder that cargo builds in. --target-dir says it, or else cargo itself: it may come from
// CARGO_TARGET_DIR, from a configuration file or from the workspace that the package belongs to.
func targetFolder(h *host.Host, cargo string, l line, env host.Env) (string, error) {
	if l.targetDir != "" {
		if filepath.IsAbs(l.targetDir) {
			return l.targetDir, nil
		}
		return filepath.Abs(filepath.Join(l.dir, l.targetDir))
	}
	var args []string
	if l.toolchain != "" {
		args = append(args, "+"+l.toolchain)
	}
	args = append(append(args, l.global...), "metadata", "--format-version=1", "--no-deps", "--quiet")
	if l.manifest != "" {
		args = append(args, "--manifest-path", l.manifest)
	}
	var out strings.Builder
	other := *h
	other.Stdin, other.Stdout = nil, &out
	if err := other.Run(host.Command{Path: cargo, Args: args, Env: env}); err != nil {
		return "", fmt.Errorf("cannot find out where cargo has built: cargo metadata: %w", err)
	}
	dir, ok := member(out.String(), "target_directory")
	if !ok {
		return "", errors.New("cannot find out where cargo has built: cargo metadata names no target_directory")
	}
	return dir, nil
}

// member returns the string that a member of a JSON object has, one of the object itself and not of what is
// in it. (The package encoding/json would make the program half as large again.)
func member(object, name string) (string, bool) {
	depth, key := 0, ""
	for i := 0; i < len(object); i++ {
		switch object[i] {
		case '{', '[':
			depth++
			key = ""
		case '}', ']':
			depth--
			key = ""
		case ',':
			key = ""
		case '"':
			end := i + 1
			for end < len(object) && object[end] != '"' {
				if object[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(object) {
				return "", false
			}
			quoted := object[i : end+1]
			i = end
			if depth != 1 {
				continue
			}
			if key == strconv.Quote(name) {
				value, err := strconv.Unquote(strings.ReplaceAll(quoted, `\/`, "/"))
				return value, err == nil
			}
			key = quoted
		}
	}
	return "", false
}

// linkFiles links the programs and libraries in a folder into another, in one step each, as cargo does it with
// results; where that cannot be, they are copied. A folder that is not there has none.
func linkFiles(h *host.Host, from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		// .d files are lists for make of what a result was made from: they name the other folder.
		if !e.Type().IsRegular() || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".d") {
			continue
		}
		if err := linkFile(h, filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func linkFile(h *host.Host, from, to string) error {
	source, err := os.Stat(from)
	if err != nil {
		return err
	}
	if there, err := os.Lstat(to); err == nil && os.SameFile(source, there) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	h.Debugf("link %s to %s", to, from)
	next := filepath.Join(filepath.Dir(to), fmt.Sprintf(".xx-cargo-%d-%s", os.Getpid(), filepath.Base(to)))
	defer os.Remove(next)
	if err := os.Link(from, next); err != nil {
		if err := copyFile(from, next, source.Mode().Perm()); err != nil {
			return err
		}
	}
	return os.Rename(next, to)
}

func copyFile(from, to string, perm fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, perm)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
