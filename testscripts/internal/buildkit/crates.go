//go:build linux

package buildkit

import (
	"os"
	"path/filepath"

	"xxkit/testscripts/internal/debian"
)

// crates are the Debian packages with the crates that the Rust example depends on, directly or not.
var crates = []string{
	"librust-aho-corasick-dev", "librust-clap-dev", "librust-memchr-dev", "librust-regex-dev", "librust-regex-syntax-dev",
	"librust-serde-dev", "librust-serde-json-dev",
}

const cargoConfig = `[source.crates-io]
replace-with = "vendored"
[source.vendored]
directory = "vendor"
`

// Crates puts Debian's crates into dir/vendor, and tells cargo to take them from there, as cargo vendor does with those of
// crates.io: in a build step, and here, there may be no way to that.
func Crates(dir string) error {
	root, err := debian.Root(debian.Spec{Suite: suite, Arch: "amd64", Include: crates, Unpacked: true})
	if err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(dir, "vendor"), os.DirFS(filepath.Join(root, "usr/share/cargo/registry"))); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, ".cargo"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, ".cargo/config.toml"), []byte(cargoConfig), 0o644)
}
