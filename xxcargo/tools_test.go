package xxcargo

import (
	"os"
	"path/filepath"
	"testing"

	"xxkit/internal/host"
	"xxkit/internal/host/hosttest"
)

// TestNameTools shows that the target's tools are found by Rust's name for it, and that a tool of that name stays.
func TestNameTools(t *testing.T) {
	m := hosttest.New(t, "xx-cargo", "PATH=/usr/bin", "TARGETPLATFORM=linux/arm64", "XX_VENDOR=debian")
	m.Put("/usr/bin/aarch64-linux-gnu-strip", "distribution's", 0o777)
	m.Put("/usr/bin/aarch64-linux-gnu-ar", "distribution's", 0o777)
	m.Put("/usr/bin/aarch64-unknown-linux-gnu-ar", "rust's", 0o777)
	g := goal{triple: "aarch64-unknown-linux-gnu", target: target("linux/arm64", "debian"), env: host.Env{"PATH=/usr/bin"}}
	nameTools(m.Host, g)
	for name, want := range map[string]string{"strip": "distribution's", "ar": "rust's"} {
		if got, err := os.ReadFile(m.Path("/usr/bin/aarch64-unknown-linux-gnu-" + name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	made, err := filepath.Glob(m.Path("/usr/bin/aarch64-unknown-linux-gnu-*"))
	if err != nil || len(made) != 2 {
		t.Errorf("made: %q, %v", made, err)
	}
	g.triple = g.target.Triple() // Alpine's own Rust
	nameTools(m.Host, g)
}
