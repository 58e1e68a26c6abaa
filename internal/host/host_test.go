//go:build unix

package host

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func newHost(t *testing.T, env ...string) (*Host, *strings.Builder) {
	t.Helper()
	errors := new(strings.Builder)
	return &Host{Name: "xx-test", Root: t.TempDir(), Env: env, Stdout: new(strings.Builder), Stderr: errors}, errors
}

func put(t *testing.T, h *Host, name string, perm os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(h.Path(name)), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.Path(name), []byte(name), perm); err != nil {
		t.Fatal(err)
	}
}

func TestEnv(t *testing.T) {
	e := Env{"A=1", "AB=2", "A=3", "C=", "D"}
	for name, want := range map[string]string{"A": "3", "AB": "2", "C": "", "D": "", "E": ""} {
		if got := e.Get(name); got != want {
			t.Errorf("Get(%s) = %q, want %q", name, got, want)
		}
	}
	if got := e.With("A", "x=y"); !slices.Equal(got, Env{"AB=2", "C=", "D", "A=x=y"}) {
		t.Errorf("With: %q", got)
	}
	if got := e.Without("A", "C"); !slices.Equal(got, Env{"AB=2", "D"}) {
		t.Errorf("Without: %q", got)
	}
	if !slices.Equal(e, Env{"A=1", "AB=2", "A=3", "C=", "D"}) {
		t.Errorf("the environment itself has changed: %q", e)
	}
}

func TestMarchIsWhatUnameSays(t *testing.T) {
	out, err := exec.Command("uname", "-m").Output()
	if err != nil {
		t.Skip(err)
	}
	if got, want := New("x").March, strings.TrimSpace(string(out)); strings.TrimSuffix(got, "le") != strings.TrimSuffix(want, "le") {
		t.Errorf("%q, uname says %q", got, want)
	}
}

func TestLookPath(t *testing.T) {
	h, _ := newHost(t, "PATH=/a::relative:/b:/c")
	put(t, h, "/a/tool/file", 0o666)    // a folder is no program
	put(t, h, "/b/tool", 0o666)         // nor is a file that may not be run
	put(t, h, "/c/tool", 0o755)         // this one is
	put(t, h, "/a/relative/own", 0o755) // not on PATH
	if got, err := h.LookPath("tool"); got != "/c/tool" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, program := range []string{"own", "other", ""} {
		if got, err := h.LookPath(program); !errors.Is(err, exec.ErrNotFound) || h.Has(program) {
			t.Errorf("%q: %q, %v", program, got, err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, h.Path("/a/self")); err != nil {
		t.Fatal(err)
	}
	if h.Has("self") {
		t.Error("found itself under another name")
	}
	for _, tool := range []string{"aarch64-linux-gnu-clang", "i686-w64-mingw32-clang++", "aarch64-linux-gnu-pkg-config"} {
		if err := os.Symlink(self, h.Path("/a/"+tool)); err != nil {
			t.Fatal(err)
		}
		if !h.Has(tool) {
			t.Errorf("%s, which is a link to xx, is not found", tool)
		}
	}
}

func TestWriteFile(t *testing.T) {
	h, debug := newHost(t, "XX_DEBUG=1")
	if err := h.WriteFile("/new/folder/file", []byte("1"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := h.WriteFile("/new/folder/file", []byte("2"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(h.Path("/new/folder/file"))
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info, err)
	}
	if got, err := h.ReadFile("/new/folder/file"); string(got) != "2" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if want := strings.Repeat("xx-test: write "+h.Path("/new/folder/file")+"\n", 2); debug.String() != want {
		t.Errorf("XX_DEBUG shows %q, want %q", debug, want)
	}
	if got := h.Glob("/new/*/f*"); !slices.Equal(got, []string{"/new/folder/file"}) {
		t.Errorf("Glob: %q", got)
	}
	if err := h.Remove("/new/folder/file"); err != nil {
		t.Error(err)
	}
	if err := h.Remove("/new/folder/file"); err != nil {
		t.Errorf("removing it again: %v", err)
	}
	if entries, err := os.ReadDir(h.Path("/new/folder")); len(entries) != 0 || err != nil {
		t.Errorf("left: %v, %v", entries, err)
	}
	if err := h.WriteFile("/new/folder", nil, 0o666); err == nil {
		t.Error("a folder was replaced by a file")
	}
}

func TestLink(t *testing.T) {
	h, debug := newHost(t, "XX_DEBUG=1")
	put(t, h, "/d/file", 0o666)
	for _, to := range []string{"one", "two", "two"} {
		for _, name := range []string{"/new/link", "/d/file"} {
			if err := h.Link(to, name); err != nil {
				t.Fatal(err)
			}
			if got, err := os.Readlink(h.Path(name)); got != to || err != nil {
				t.Errorf("%s: %s, %v, want %s", name, got, err, to)
			}
		}
	}
	if entries, err := os.ReadDir(h.Path("/new")); len(entries) != 1 || err != nil {
		t.Errorf("left: %v, %v", entries, err)
	}
	if want := "xx-test: link " + h.Path("/new/link") + " to one\n"; !strings.HasPrefix(debug.String(), want) {
		t.Errorf("XX_DEBUG shows %q, want %q first", debug, want)
	}
	// One that a killed process has left is in nobody's way.
	if err := os.Symlink("torn", h.Path("/new/link.xx-new")); err != nil {
		t.Fatal(err)
	}
	if err := h.Link("three", "/new/link"); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(h.Path("/new")); len(entries) != 1 || err != nil {
		t.Errorf("left: %v, %v", entries, err)
	}
	if err := h.Link("x", "/new"); err == nil {
		t.Error("a folder was replaced by a link")
	}
}

// TestWritesAreWhole has many write and read one file at once.
func TestWritesAreWhole(t *testing.T) {
	h, _ := newHost(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			content := strings.Repeat(string(rune('a'+i)), 1<<16)
			if err := h.WriteFile("/d/file", []byte(content), 0o666); err != nil {
				t.Error(err)
			}
			got, err := h.ReadFile("/d/file")
			if err != nil || len(got) != 1<<16 || strings.Trim(string(got), string(got[0])) != "" {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
}

func TestLock(t *testing.T) {
	h, _ := newHost(t)
	unlock, err := h.Lock("/locked")
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan error)
	go func() {
		unlock, err := h.Lock("/locked")
		if err == nil {
			unlock()
		}
		second <- err
	}()
	select {
	case err := <-second:
		t.Fatalf("locked twice: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	unlock()
	if err := <-second; err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(h.Path("/locked")); len(entries) != 0 || err != nil {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestRun(t *testing.T) {
	for script, want := range map[string]error{
		"exit 0":        nil,
		"exit 7":        ExitStatus(7),
		"kill -KILL $$": ExitStatus(128 + 9),
	} {
		h, debug := newHost(t, "A=1", "XX_DEBUG=1")
		h.Root = ""
		err := h.Run(Command{Path: "/bin/sh", Args: []string{"-c", script}, Env: h.Env.With("B", "it's")})
		if err != want {
			t.Errorf("%s: %v, want %v", script, err, want)
		}
		quoted := script
		if strings.ContainsAny(script, " $") {
			quoted = "'" + script + "'"
		}
		if want := `xx-test: run B='it'\''s' /bin/sh -c ` + quoted + "\n"; debug.String() != want {
			t.Errorf("XX_DEBUG shows %q, want %q", debug, want)
		}
	}
	h, _ := newHost(t)
	if err := h.Run(Command{Path: "/none"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program that is not there: %v", err)
	}
}

func TestExec(t *testing.T) {
	h, _ := newHost(t, "A=1")
	var got []string
	h.Execve = func(path string, args, env []string) error {
		got = append(append([]string{path}, args...), env...)
		return os.ErrPermission
	}
	err := h.Exec(Command{Path: "/bin/tool", Args: []string{"x", "y"}, Env: Env{"B=2"}})
	if want := []string{h.Path("/bin/tool"), "tool", "x", "y", "B=2"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "/bin/tool") {
		t.Errorf("%v", err)
	}
	if _ = h.Exec(Command{Path: "/bin/tool", Name: "/bin/tool"}); !slices.Equal(got[1:], []string{"/bin/tool"}) {
		t.Errorf("%q, want the whole name", got)
	}
}

func TestReport(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		text   string
	}{
		{nil, 0, ""},
		{errors.New("it broke"), 1, "xx-test: it broke\n"},
		{&Error{Message: "it broke", Hint: "mend it"}, 1, "xx-test: it broke\nhint: mend it\n"},
		{fmt.Errorf("while working: %w", &Error{Message: "it broke", Hint: "mend it", Status: 3}), 3, "xx-test: while working: it broke\nhint: mend it\n"},
		{WrongCall("", "no %q", "x"), 2, "xx-test: no \"x\"\n"},
		{ExitStatus(42), 42, ""},
	} {
		h, out := newHost(t)
		if status := h.Report(test.err); status != test.status || out.String() != test.text {
			t.Errorf("%v: status %d, %q", test.err, status, out)
		}
	}
}
