package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDependencies keeps out of the program what would make it big and slow to start. It is
// copied into every build stage and started for every command.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		for _, heavy := range []string{
			"net", "regexp", "crypto", "testing", "text/template", "xxkit/dfrewrite", "github.com/moby", "github.com/containerd",
			"github.com/spf13/pflag", "mvdan.cc/sh", "google.golang.org",
		} {
			if dep == heavy || strings.HasPrefix(dep, heavy+"/") {
				t.Errorf("xx links %s", dep)
			}
		}
	}
}

// TestSize holds the program under 3 MB, built as make and the image do.
func TestSize(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		program := filepath.Join(t.TempDir(), "xx")
		build := exec.Command("go", "build", "-trimpath", "-gcflags=all=-l", "-ldflags=-s -w", "-o", program, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		info, err := os.Stat(program)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 3_000_000 {
			t.Errorf("for %s xx has %d bytes", arch, info.Size())
		}
	}
}
