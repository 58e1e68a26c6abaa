//go:build linux

package debian

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRegister has a folder in the place of binfmt_misc: what is missing is registered, what is switched off is switched
// on, and what would not do is an error.
func TestRegister(t *testing.T) {
	const line = ":qemu-x:M::magic:mask:/usr/bin/qemu-x:OPF"
	for _, tt := range []struct{ name, entry, file, want, err string }{
		{"missing", "", "register", line, "no such file"}, // the kernel would make it
		{"there", "enabled\ninterpreter /usr/bin/qemu-x\nflags: POCF\noffset 0\n", "register", "", ""},
		{"off", "disabled\ninterpreter /usr/bin/qemu-x\nflags: F\n", "qemu-x", "1", ""},
		{"of no use in a root", "enabled\ninterpreter /usr/bin/qemu-x\nflags: \noffset 0\nmagic 7F\n", "register", "", "without the flag F"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.entry != "" {
				if err := os.WriteFile(filepath.Join(dir, "qemu-x"), []byte(tt.entry), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, "register"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			err := register(dir, line)
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if got, err := os.ReadFile(filepath.Join(dir, tt.file)); err != nil || string(got) != tt.want {
				t.Errorf("%s holds %q, want %q", tt.file, got, tt.want)
			}
		})
	}
}
