package main

import (
	"os/exec"
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
			"net", "regexp", "crypto", "text/template", "xxkit/dfrewrite", "github.com/moby", "github.com/containerd",
			"github.com/spf13/pflag", "mvdan.cc/sh", "google.golang.org",
		} {
			if dep == heavy || strings.HasPrefix(dep, heavy+"/") {
				t.Errorf("xx links %s", dep)
			}
		}
	}
}
