//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"xxkit/testscripts/internal/debian"
)

// luaBuilds is how often Lua is built for each figure. The quickest build counts: whatever else the machine
// does only ever makes one slower.
const luaBuilds = 5

// luaScript unpacks Lua as Debian has its source, and prints the folder.
const luaScript = `set -e
cd /root
cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb /deb-src /p' > source.list
mv source.list /etc/apt/sources.list.d/source.list
apt-get update -q >&2
apt-get source -q --download-only lua5.4 >&2
tar -xf lua5.4_*.orig.tar.*
echo /root/lua-5.4*
`

// xxCC measures what xx-clang and TRIPLE-clang add to a call of clang that is told everything by hand, and to the
// build of a real project, in a Debian root.
func xxCC(l *lab) (figures []figure, err error) {
	lower, err := debian.Root(debian.Spec{Suite: "bookworm", Arch: "amd64"})
	if err != nil {
		return nil, err
	}
	scratch := filepath.Join(l.dir, "cc")
	if err := os.Mkdir(scratch, 0o755); err != nil {
		return nil, err
	}
	root, err := debian.Mount(debian.Base{lower}, scratch)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Unmount()) }()
	if err := command(nil, filepath.Join(l.bin, "xx"), "install", filepath.Join(root.Dir, "usr/bin")); err != nil {
		return nil, err
	}
	in := func(dir string, words ...string) (string, error) {
		out, _, err := inRoot(root.Dir, dir, words...)
		return out, err
	}
	for _, step := range []string{
		"dpkg --add-architecture arm64",
		"apt-get update -q",
		"apt-get install -y -q --no-install-recommends clang lld llvm make libc6-dev:arm64 libgcc-12-dev:arm64",
		"xx-clang --setup-target-triple",
	} {
		if _, err := in("/root", strings.Fields(step)...); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(root.Dir, "root/empty.c"), nil, 0o644); err != nil {
		return nil, err
	}
	const config = "/usr/bin/aarch64-linux-gnu.cfg"
	bare := []string{"/usr/bin/clang", "--config", config, "-c", "empty.c"}
	for _, name := range []string{"xx-clang", "aarch64-linux-gnu-clang"} {
		// clang takes some forty milliseconds, and on a machine that has other things to do that varies by more than the
		// few that are measured here. The processor's time varies less.
		var ours, clang []time.Duration
		_, _, err := alternate(starts,
			func() error {
				_, took, err := inRoot(root.Dir, "/root", "/usr/bin/"+name, "-c", "empty.c")
				ours = append(ours, took)
				return err
			},
			func() error {
				_, took, err := inRoot(root.Dir, "/root", bare...)
				clang = append(clang, took)
				return err
			})
		if err != nil {
			return nil, err
		}
		more := median(ours) - median(clang)
		figures = append(figures, figure{
			name + " -c − clang --config … -c of an empty file, processor time", ms(more) + " (" + ms(median(ours)) + " − " + ms(median(clang)) + ")",
			"3 ms or less", more <= 3*time.Millisecond,
		})
	}

	lua, err := in("/root", "sh", "-c", luaScript)
	if err != nil {
		return nil, err
	}
	src := strings.TrimSpace(lua) + "/src"
	build := func(cc string) func() error {
		return func() error {
			if _, err := in(src, "make", "-s", "clean"); err != nil {
				return err
			}
			_, err := in(src, "make", "-s", "linux-noreadline", "CC="+cc, "AR=aarch64-linux-gnu-ar rcu", "RANLIB=aarch64-linux-gnu-ranlib")
			return err
		}
	}
	ours, clang, err := alternate(luaBuilds, build("xx-clang -std=gnu99"), build("clang-14 --target=aarch64-linux-gnu -fuse-ld=lld -std=gnu99"))
	if err != nil {
		return nil, err
	}
	r := ratio(fastest(ours), fastest(clang))
	return append(figures, figure{
		"Lua with xx-clang / with clang and flags by hand", fmt.Sprintf("%.3f (%.1f s / %.1f s)", r, fastest(ours).Seconds(), fastest(clang).Seconds()),
		"1.03 or less", r <= 1.03,
	}), nil
}

// inRoot runs a program of a root, for linux/arm64, and returns what it prints and how long the processor
// worked for it.
func inRoot(root, dir string, words ...string) (output string, took time.Duration, err error) {
	path := words[0]
	if !filepath.IsAbs(path) {
		path = "/usr/bin/" + path
	}
	cmd := exec.Cmd{
		Path: path, Args: words, Dir: dir,
		Env: []string{
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive",
			"TARGETPLATFORM=linux/arm64",
		},
		SysProcAttr: &syscall.SysProcAttr{Chroot: root},
	}
	var out, failed strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &failed
	if err := cmd.Run(); err != nil {
		return "", 0, fmt.Errorf("%s: %w\n%s%s", strings.Join(words, " "), err, out.String(), failed.String())
	}
	return out.String(), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

func fastest(times []time.Duration) time.Duration {
	least := times[0]
	for _, t := range times {
		least = min(least, t)
	}
	return least
}
