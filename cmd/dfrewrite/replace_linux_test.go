package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// asNobody runs f without the rights of root, which no mode keeps out.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := syscall.Setfsuid(65534); err != nil {
		t.Skip(err)
	}
	defer syscall.Setfsuid(0)
	f()
}

func TestWriteBack(t *testing.T) {
	for _, tt := range []struct {
		name      string
		dir, file fs.FileMode
		want      string // of the error; empty if it works
	}{
		{"folder that may not be written to", 0o555, 0o666, "cannot be written back, and stays as it was"},
		{"file that may not be written to", 0o777, 0o444, "cannot be written back, and stays as it was"},
		{"both may", 0o777, 0o666, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "Dockerfile")
			if err := os.WriteFile(file, []byte("before"), 0o600); err != nil {
				t.Fatal(err)
			}
			for path, mode := range map[string]fs.FileMode{filepath.Dir(dir): 0o755, dir: tt.dir, file: tt.file} {
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
			}
			defer os.Chmod(dir, 0o755)
			var err error
			asNobody(t, func() { err = writeBack(file, []byte("after")) })
			data, readErr := os.ReadFile(file)
			if readErr != nil {
				t.Fatal(readErr)
			}
			switch {
			case tt.want == "":
				info, _ := os.Stat(file)
				if err != nil || string(data) != "after" || info.Mode().Perm() != tt.file {
					t.Errorf("%v, %q, mode %v", err, data, info.Mode())
				}
			case err == nil || !strings.Contains(err.Error(), tt.want) || string(data) != "before":
				t.Errorf("%v, %q; want an error with %q and the file as it was", err, data, tt.want)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 1 {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
}

func TestWriteBackKeepsTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	file := filepath.Join(t.TempDir(), "Dockerfile")
	if err := os.WriteFile(file, []byte("before"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(file, 1234, 5678); err != nil {
		t.Fatal(err)
	}
	if err := writeBack(file, []byte("after")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Sys().(*syscall.Stat_t); s.Uid != 1234 || s.Gid != 5678 || info.Mode().Perm() != 0o640 {
		t.Errorf("owner %d:%d, mode %v", s.Uid, s.Gid, info.Mode())
	}
}
