package xxcc

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

// format is the version of what setting up makes. Whoever changes that raises it, so that what an
// older xx has set up is brought up to date.
const format = 1

const (
	lockDir = "/etc/llvm"
	binDir  = "/usr/bin"
)

// Tools are the target's tools by name, once it is set up.
type Tools struct {
	CC, CXX       string // TRIPLE-clang, TRIPLE-clang++
	AR, PkgConfig string // TRIPLE-ar, TRIPLE-pkg-config; empty if there are none
}

// SetUp sets a target up for clang, as `xx-clang --setup-target-triple` does, and returns its tools. Where that has
// been done it costs a few system calls. Without clang, or without a linker for the target, it fails with
// an error that says so; call HasClang first where that is no failure.
func SetUp(h *host.Host, t xxinfo.Target) (Tools, error) {
	clang, err := findClang(h, false)
	if err != nil {
		return Tools{}, err
	}
	if err := t.Check(); err != nil {
		return Tools{}, err
	}
	if err := setUp(h, t, clang.path); err != nil {
		return Tools{}, err
	}
	tools := Tools{CC: t.Triple() + "-clang", CXX: t.Triple() + "-clang++"}
	for name, field := range map[string]*string{"-ar": &tools.AR, "-pkg-config": &tools.PkgConfig} {
		if h.Has(t.Triple() + name) {
			*field = t.Triple() + name
		}
	}
	return tools, nil
}

// HasClang reports whether there is a clang to set targets up for.
func HasClang(h *host.Host) bool {
	_, err := findClang(h, false)
	return err == nil
}

// configFile returns the configuration file that a set-up target's clang is called with.
func configFile(h *host.Host, t xxinfo.Target) string {
	if isNative(h, t) {
		return defaultConfig
	}
	return binDir + "/" + t.Triple() + ".cfg"
}

func marker(triple string) string { return lockDir + "/xx-" + triple + ".done" }

// stamp is what the marker of a target has that is set up and up to date: what the decisions
// depend on, cheap to find out. Programs come and go in a few folders, whose time stamps tell. changed is
// the latest of these.
func stamp(h *host.Host, t xxinfo.Target) (content []byte, changed time.Time) {
	p := preferencesOf(h.Env)
	var b bytes.Buffer
	fmt.Fprintf(&b, "xx-cc %d linker=%s static=%t sysroot=%s\n", format, p.linker, p.static, sysroot(h, t))
	dirs := []string{binDir, "/usr/local/bin"}
	switch {
	case t.OS == "windows":
		dirs = append(dirs, "/usr/lib/gcc/"+t.Triple()) // see mingwGCC
	case hasOwnRoot(t):
		dirs = append(dirs, "/"+t.Triple()+"/bin") // see gnuLinker
	}
	for _, dir := range dirs {
		var at time.Time
		if info, err := os.Stat(h.Path(dir)); err == nil {
			at = info.ModTime()
		}
		if at.After(changed) {
			changed = at
		}
		b.WriteString(dir + " " + strconv.FormatInt(at.UnixNano(), 10) + "\n")
	}
	return b.Bytes(), changed
}

// tick is longer than the kernel's clock for time stamps needs to move on: two changes in less time may
// look like one.
const tick = 20 * time.Millisecond

// isSetUp reports whether a target is set up and up to date.
func isSetUp(h *host.Host, t xxinfo.Target) bool {
	was, err := h.ReadFile(marker(t.Triple()))
	if err != nil {
		return false
	}
	now, _ := stamp(h, t)
	return bytes.Equal(was, now)
}

// setUp sets a target up, unless it is.
func setUp(h *host.Host, t xxinfo.Target, clang string) error {
	if isSetUp(h, t) {
		return nil
	}
	err := setUpLocked(h, t, clang)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return &host.Error{
			Message: fmt.Sprintf("cannot set up %s: %v", t.Triple(), err),
			Hint:    "do it once as root: TARGETPLATFORM=" + t.Platform.String() + " xx-clang " + flagSetup,
		}
	}
	return err
}

func setUpLocked(h *host.Host, t xxinfo.Target, clang string) error {
	xx, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find out which file this program is: %w", err)
	}
	unlock, err := h.Lock(lockDir)
	if err != nil {
		return err
	}
	defer unlock()
	if isSetUp(h, t) {
		return nil // while we waited
	}
	m := &facts{h: h, clang: clang}
	// What is made here changes the folders that the stamp looks at, so a second round follows; it has nothing
	// left to do, unless somebody installs packages at this very moment. More rounds would be a quarrel
	// with somebody who undoes our work.
	for range 5 {
		now, changedAt := stamp(h, t)
		if age := time.Since(changedAt); age >= 0 && age < tick {
			time.Sleep(tick - age) // else a change right after this could not be told from the last one
			now, _ = stamp(h, t)
		}
		made, err := planFor(t, machineTarget(h), isNative(h, t), preferencesOf(h.Env), sysroot(h, t), xx, m)
		if err != nil {
			return err
		}
		sweep(h, marker(t.Triple()))
		for _, f := range made.files {
			sweep(h, f.path)
		}
		changed, err := made.apply(h)
		if err != nil {
			return err
		}
		if changed {
			continue
		}
		err = h.WriteFile(marker(t.Triple()), now, 0o666)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
			return nil // Everything is there; it will be looked at again next time.
		}
		return err
	}
	return nil
}

// setUpGCC leaves the one tool that a gcc for the target comes without.
func setUpGCC(h *host.Host, t xxinfo.Target) error {
	xx, err := os.Executable()
	if err != nil {
		return err
	}
	m := &facts{h: h}
	free := func(name string) bool {
		_, there := m.readlink(name)
		return !there || m.self(name)
	}
	_, err = plan{links: planPkgConfig(t, isNative(h, t), xx, m, free)}.apply(h)
	return err
}

// apply makes what is missing or different, and reports whether there was anything.
func (p plan) apply(h *host.Host) (changed bool, err error) {
	for _, f := range p.files {
		if was, err := h.ReadFile(f.path); err == nil && string(was) == f.content {
			continue
		}
		if err := h.WriteFile(f.path, []byte(f.content), 0o644); err != nil {
			return changed, err
		}
		changed = true
	}
	for _, l := range p.links {
		if was, err := os.Readlink(h.Path(l.path)); err == nil && was == l.to {
			continue
		}
		if err := h.Link(l.to, l.path); err != nil {
			return changed, err
		}
		changed = true
	}
	return changed, nil
}

// sweep removes what a process that was killed while it wrote a file has left beside it. Nobody else is
// writing the file: the lock is held.
func sweep(h *host.Host, name string) {
	for _, left := range h.Glob(path.Dir(name) + "/." + path.Base(name) + "[0-9]*") {
		if err := h.Remove(left); err != nil {
			h.Debugf("cannot remove %s: %v", left, err) // it is in nobody's way
		}
	}
}

// facts is the machine itself.
type facts struct {
	h       *host.Host
	clang   string
	version *int
}

func (m *facts) look(program string) string {
	path, err := m.h.LookPath(program)
	if err != nil {
		return ""
	}
	return path
}

func (m *facts) real(path string) string {
	if !exists(m.h, path) {
		return ""
	}
	return realPath(m.h, path)
}

func (m *facts) readlink(path string) (to string, there bool) {
	if _, err := os.Lstat(m.h.Path(path)); err != nil {
		return "", false
	}
	to, err := os.Readlink(m.h.Path(path))
	if err != nil {
		return "", true // no link
	}
	return to, true
}

func (m *facts) llvmDir() string { return path.Dir(realPath(m.h, m.clang)) }

func (m *facts) self(path string) bool { return isSelf(m.h, path) }

func (m *facts) glob(pattern string) []string { return m.h.Glob(pattern) }

func (m *facts) emulations(ld string) string { return m.output(ld, "-V") }

func (m *facts) llvm() int {
	if m.version == nil {
		v := llvmVersion(m.output(m.clang, "--version"))
		m.version = &v
	}
	return *m.version
}

// output returns what a program prints; one that fails prints nothing.
func (m *facts) output(program string, args ...string) string {
	m.h.Debugf("run %s %s", program, strings.Join(args, " "))
	cmd := exec.Cmd{Path: m.h.Path(program), Args: append([]string{filepath.Base(program)}, args...), Env: m.h.Env}
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// llvmVersion reads the first number of the version out of what `clang --version` prints, and returns 0 if
// there is none.
func llvmVersion(text string) int {
	_, after, ok := strings.Cut(text, "version ")
	if !ok {
		return 0
	}
	return leadingNumber(after)
}
