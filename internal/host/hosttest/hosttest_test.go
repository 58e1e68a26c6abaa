//go:build unix

package hosttest

import (
	"errors"
	"os"
	"slices"
	"testing"

	"xxkit/internal/host"
)

// TestMachine has a helper call a program and become another.
func TestMachine(t *testing.T) {
	m := New(t, "xx-test", "PATH=/usr/bin", "A=1")
	m.Program("tool", "cat $ROOT/dir/link; echo failed >&2; exit 3")
	m.Put("/dir/file", "content\n", 0o640)
	m.Symlink("file", "/dir/link")
	path, err := m.LookPath("tool")
	if path != "/usr/bin/tool" || err != nil {
		t.Errorf("%s, %v", path, err)
	}
	_ = m.Run(host.Command{Path: path})
	m.Out.Reset()
	m.Err.Reset()
	err = m.Run(host.Command{Path: path, Args: []string{"x", `y z\n`}, Env: m.Env})
	if err != host.ExitStatus(3) || m.Out.String() != "content\n" || m.Err.String() != "failed\n" {
		t.Errorf("%v, %q, %q", err, &m.Out, &m.Err)
	}
	if info, err := os.Stat(m.Path("/dir/file")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info, err)
	}
	if m.Became.String() != "" {
		t.Errorf("became %s", m.Became)
	}
	err = m.Exec(host.Command{Path: "/bin/tool", Args: []string{"-x"}, Env: m.Env})
	if !errors.Is(err, ErrBecame) || m.Became.Path != "/bin/tool" || !slices.Equal(m.Became.Args, []string{"tool", "-x"}) || !slices.Equal(m.Became.Env, m.Env) {
		t.Errorf("%v, %+v", err, m.Became)
	}
	if got, want := m.Calls(), []string{"tool", `tool x y z\n`, "become /bin/tool -x"}; !slices.Equal(got, want) {
		t.Errorf("called %q, want %q", got, want)
	}
	m.Forget()
	if got := m.Calls(); got != nil || m.Out.String()+m.Err.String()+m.Became.String() != "" {
		t.Errorf("not forgotten: %q, %q, %q, %s", got, &m.Out, &m.Err, m.Became)
	}
	if entries, err := os.ReadDir(m.Root); len(entries) != 2 || err != nil {
		t.Errorf("in the root there is %v, %v; want dir and usr alone", entries, err)
	}
}

func TestProcessString(t *testing.T) {
	for want, args := range map[string][]string{
		"/bin/tool x":         {"tool", "x"},
		"/bin/tool y":         {"/bin/tool", "y"},
		"/bin/tool[other] z":  {"other", "z"},
		"/bin/tool[/a/tool] ": {"/a/tool", ""},
	} {
		if got := (Process{Path: "/bin/tool", Args: args}).String(); got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
}
