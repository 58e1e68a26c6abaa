//go:build unix

package context

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestCage shows what is not in a context: what lies outside of its folder, and what is no plain file.
func TestCage(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "empty"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{
		"inside": "file", "out": outside, "up": "../" + filepath.Base(filepath.Dir(outside)) + "/secret", "device": "/dev/zero", "kernel": "/proc/self/maps",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	files := Open(dir)
	for name, want := range map[string]string{"file": "text", "/file": "text", "inside": "text", "a/../file": "text", "../file": "text"} {
		if got := files.ReadFile(name); string(got) != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := files.ReadFile("empty"); got == nil || len(got) != 0 {
		t.Errorf("empty: %v", got)
	}
	for _, name := range []string{"out", "up", "device", "kernel", "pipe", "missing", "."} {
		if got := files.ReadFile(name); got != nil {
			t.Errorf("%s can be read: %q", name, got)
		}
		if name != "." && files.Has(name) {
			t.Errorf("%s is there", name)
		}
	}
	if files := Open(filepath.Join(dir, "nothing")); files.Has("file") || files.ReadFile("file") != nil || files.Names(".") != nil {
		t.Error("a folder that is not there has files")
	}
}
