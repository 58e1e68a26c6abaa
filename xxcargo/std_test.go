package xxcargo

import (
	"testing"

	"xxkit/internal/host/hosttest"
)

func TestAptPackage(t *testing.T) {
	for _, test := range []struct{ sysroot, installed, want string }{
		{"/usr", "rustc", "libstd-rust-dev"},
		{"/usr", "rustc-web", "libstd-rust-web-dev"},
		{"/usr", "rustc-mozilla", "libstd-rust-mozilla-dev"},
		{"/usr/lib/rust-1.85", "rustc-1.85", "libstd-rust-1.85-dev"},
	} {
		if got := aptPackage(test.sysroot, func(p string) bool { return p == test.installed }); got != test.want {
			t.Errorf("%s with %s: %s, want %s", test.sysroot, test.installed, got, test.want)
		}
	}
}

// TestRecord writes a line for each target once.
func TestRecord(t *testing.T) {
	h := hosttest.New(t, "xx-cargo").Host
	for _, platform := range []string{"linux/arm/v7", "linux/arm/v5", "linux/arm/v7"} {
		if err := record(h, goalFor(platform, "debian"), "/usr"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.ReadFile("/.xx-cargo.arm")
	if want := "armv7-unknown-linux-gnueabihf /usr\narmv5te-unknown-linux-gnueabi /usr\n"; string(got) != want || err != nil {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if got := recordFile(goal{triple: "wasm32-wasi"}); got != "/.xx-cargo.wasm32" {
		t.Error(got)
	}
}
