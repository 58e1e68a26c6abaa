package xxgo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

// The lines that Wrap adds to go's configuration file besides the variables. go
// takes a line that begins with anything but a capital letter for a comment, and
// `go env -w` leaves it where it is.
const (
	restorePrefix = "# xx-go --unwrap restores: "
	markStart     = "# xx-go --wrap added "
	markMiddle    = "; xx-go --unwrap takes them out. Before: "

	beforeNoFile    = "no file"
	beforeNoNewline = "a file without a final newline"
	beforeFile      = "a file"
)

// Wrap returns the content of go's configuration file with the variables added. content
// is what the file has now, and exists tells an empty file from none.
//
// Lines of the user for the same variables become comments that keep
// them; then follows a comment that says which variables are added and what
// the file was like, then the variables. So Unwrap gives back every byte, and
// also what `go env -w` has put into the file meanwhile. A file that is wrapped
// already, perhaps for another target, is unwrapped first.
func Wrap(content []byte, exists bool, vars []xxinfo.Var) ([]byte, error) {
	if was, existed, wrapped := Unwrap(content); wrapped {
		content, exists = was, existed
	}
	var names []string
	for _, v := range vars {
		if strings.ContainsAny(v.Value, "\r\n\v\x00") {
			return nil, fmt.Errorf("%s has a line break in its value %q, which go's configuration file cannot hold", v.Name, v.Value)
		}
		names = append(names, v.Name)
	}
	var b bytes.Buffer
	for line := range bytes.Lines(content) {
		if slices.Contains(names, lineKey(line)) || bytes.HasPrefix(line, []byte(restorePrefix)) {
			b.WriteString(restorePrefix)
		}
		b.Write(line)
	}
	before := beforeFile
	switch {
	case !exists:
		before = beforeNoFile
	case len(content) > 0 && !bytes.HasSuffix(content, []byte("\n")):
		before = beforeNoNewline
		b.WriteByte('\n')
	}
	b.WriteString(markStart + strings.Join(names, " ") + markMiddle + before + "\n")
	for _, v := range vars {
		b.WriteString(v.Name + "=" + v.Value + "\n")
	}
	return b.Bytes(), nil
}

// Unwrap returns what the content of go's configuration file was before Wrap, whether
// there was a file at all, and whether the file was wrapped. Lines that have been added
// since stay in it. A file that is not wrapped comes back as it is.
func Unwrap(content []byte) (was []byte, existed, wrapped bool) {
	lines := slices.Collect(bytes.Lines(content))
	at := slices.IndexFunc(lines, func(line []byte) bool {
		return bytes.HasPrefix(line, []byte(markStart)) && bytes.Contains(line, []byte(markMiddle))
	})
	if at < 0 {
		return content, true, false
	}
	names, before, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(lines[at])), markStart), markMiddle)
	var b bytes.Buffer
	for _, line := range lines[:at] {
		b.Write(bytes.TrimPrefix(line, []byte(restorePrefix)))
	}
	added := 0
	for _, line := range lines[at+1:] {
		if !slices.Contains(strings.Fields(names), lineKey(line)) {
			b.Write(line)
			added++
		}
	}
	was = b.Bytes()
	if before == beforeNoNewline && added == 0 {
		was = bytes.TrimSuffix(was, []byte("\n"))
	}
	return was, before != beforeNoFile || len(was) > 0, true
}

// lineKey returns the variable that a line of go's configuration file sets, as
// go reads it, or the empty string.
func lineKey(line []byte) string {
	i := bytes.IndexByte(line, '=')
	if i < 0 || line[0] < 'A' || line[0] > 'Z' {
		return ""
	}
	return string(line[:i])
}

// lookup returns the value of a variable in the content of go's configuration file.
func lookup(content []byte, name string) string {
	value := ""
	for line := range bytes.Lines(content) {
		if lineKey(line) == name {
			value = string(bytes.TrimSuffix(line[len(name)+1:], []byte("\n")))
		}
	}
	return value
}

// goenvFile returns the path of go's configuration file, the answer of `go env GOENV`,
// and the empty string if GOENV=off or there is nowhere to have one.
func goenvFile(env host.Env) string {
	if file := env.Get("GOENV"); file == "off" {
		return ""
	} else if file != "" {
		return file
	}
	home := env.Get("HOME")
	if runtime.GOOS == "darwin" {
		if home == "" {
			return ""
		}
		return filepath.Join(home, "Library/Application Support/go/env")
	}
	if dir := env.Get("XDG_CONFIG_HOME"); dir != "" {
		if !filepath.IsAbs(dir) {
			return ""
		}
		return filepath.Join(dir, "go/env")
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".config/go/env")
}

// unwrappedName is the copy that xx-go --host reads instead of a wrapped file.
func unwrappedName(file string) string { return file + ".xx-host" }

// readGoenv returns the content of go's configuration file; exists is false if there is
// none.
func readGoenv(h *host.Host, file string) (content []byte, exists bool, err error) {
	content, err = h.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return content, err == nil, err
}

// wrap is xx-go --wrap.
func wrap(h *host.Host) error {
	file := goenvFile(h.Env)
	if file == "" {
		return &host.Error{
			Message: "go has no configuration file that could be wrapped",
			Hint:    "set GOENV to a file (it may not be off), or HOME to a folder",
		}
	}
	t := xxinfo.FromHost(h)
	if err := setUpClang(h, t); err != nil {
		return err
	}
	return edit(h, file, func(content []byte, exists bool) ([]byte, bool, error) {
		vars := Settings(t, h.Env, h.Has)
		wrapped, err := Wrap(content, exists, vars)
		return wrapped, true, err
	})
}

// unwrap is xx-go --unwrap. Where nothing is wrapped it does nothing.
func unwrap(h *host.Host) error {
	file := goenvFile(h.Env)
	if file == "" {
		return nil
	}
	if _, exists, err := readGoenv(h, file); err != nil || !exists {
		return err
	}
	return edit(h, file, func(content []byte, exists bool) ([]byte, bool, error) {
		was, existed, wrapped := Unwrap(content)
		if !wrapped {
			return content, exists, nil
		}
		return was, existed, nil
	})
}

// edit replaces the content of a file, or removes it, while no other xx-go does.
func edit(h *host.Host, file string, change func(content []byte, exists bool) ([]byte, bool, error)) error {
	unlock, err := h.Lock(filepath.Dir(file))
	if err != nil {
		return err
	}
	defer unlock()
	content, exists, err := readGoenv(h, file)
	if err != nil {
		return err
	}
	changed, keep, err := change(content, exists)
	if err != nil {
		return err
	}
	if err := h.Remove(unwrappedName(file)); err != nil {
		return err
	}
	switch {
	case !keep:
		return h.Remove(file)
	case exists && bytes.Equal(changed, content):
		return nil
	}
	return h.WriteFile(file, changed, 0o666)
}

// unwrappedCopy returns a file to use for GOENV that is as go's configuration file was before
// it was wrapped, and the empty string if it is not wrapped. The copy lies beside
// the file and is written only when it is out of date. If there was no file
// before, there is no copy either: go takes a missing file for an empty one.
func unwrappedCopy(h *host.Host) (string, error) {
	file := goenvFile(h.Env)
	if file == "" {
		return "", nil
	}
	content, exists, err := readGoenv(h, file)
	if err != nil || !exists {
		return "", nil // go ignores a file that it cannot read
	}
	was, existed, wrapped := Unwrap(content)
	if !wrapped {
		return "", nil
	}
	copied := unwrappedName(file)
	if !existed {
		return copied, h.Remove(copied)
	}
	if there, err := h.ReadFile(copied); err == nil && bytes.Equal(there, was) {
		return copied, nil
	}
	if err := h.WriteFile(copied, was, 0o666); err != nil {
		return "", &host.Error{
			Message: fmt.Sprintf("cannot write an unwrapped copy of %s: %v", file, err),
			Hint:    "undo the wrapping with xx-go --unwrap, or set GOENV=off",
		}
	}
	return copied, nil
}
