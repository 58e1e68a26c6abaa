//go:build linux

package debian

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"xxkit/testscripts/internal/cache"
)

// A Base is what throw-away roots are mounted on: folders that are kept and must not be written to, each over the next.
type Base []string

// heavy are packages that many roots have and that take long to install.
var heavy = [][]string{{"clang", "lld"}, {"llvm"}, {"golang-go"}, {"ca-certificates", "gcc", "libc6-dev"}, {"curl", "g++", "make", "pkg-config"}}

// Installed is base with packages installed as most Dockerfiles do it. Each installation is made once and kept, as a
// BuildKit keeps a layer, and what is heavy stands below what is not, so that roots with more packages share it.
func Installed(base Base, packages ...string) (Base, error) {
	var install []string
	rest := slices.Clone(packages)
	for _, group := range heavy {
		if slices.ContainsFunc(group, func(p string) bool { return !slices.Contains(rest, p) }) {
			continue
		}
		install = append(install, strings.Join(group, " "))
		rest = slices.DeleteFunc(rest, func(p string) bool { return slices.Contains(group, p) })
	}
	if len(rest) > 0 {
		slices.Sort(rest)
		install = append(install, strings.Join(rest, " "))
	}
	for _, names := range install {
		key := sha256.New()
		fmt.Fprintln(key, base, names)
		dir, err := cache.Make(fmt.Sprintf("debian/installed-%x", key.Sum(nil)[:8]), func(dir string) error {
			return installLayer(base, dir, names)
		})
		if err != nil {
			return nil, err
		}
		base = append(Base{filepath.Join(dir, "upper")}, base...)
	}
	return base, nil
}

// installLayer installs packages in a root on base, and leaves what that has written in dir/upper.
func installLayer(base Base, dir, packages string) error {
	root, err := Mount(base, dir)
	if err != nil {
		return err
	}
	// A folder for temporary files that this machine has is not in the root.
	err = run("chroot", root.Dir, "env", "--unset=TMPDIR", "sh", "-c", "apt-get update -q && apt-get install -y -q --no-install-recommends "+packages)
	if err := errors.Join(err, root.Unmount()); err != nil {
		return err
	}
	for _, d := range []string{"root", "work", "fetched", "fetched.work"} {
		if err := os.RemoveAll(filepath.Join(dir, d)); err != nil {
			return err
		}
	}
	return nil
}

// A Throwaway is a Debian root that a test may install into and break: an overlay on a kept root,
// with /proc, /dev, a name resolver and working apt. Call it from within a sandbox, so that a killed
// test leaves no mounts.
type Throwaway struct {
	Dir    string // the root, to chroot into
	mounts []string

	kept, fetched string // packages of earlier roots, and those that this one has downloaded
}

// Mount makes a throw-away root on base, with what is written to it kept under scratch,
// which must be an empty folder on a disk. Each folder in share appears in it under its own path.
func Mount(base Base, scratch string, share ...string) (*Throwaway, error) {
	t := &Throwaway{Dir: filepath.Join(scratch, "root")}
	if err := t.mount(base, scratch, share); err != nil {
		return nil, errors.Join(err, t.Unmount())
	}
	return t, nil
}

func (t *Throwaway) mount(base Base, scratch string, share []string) error {
	upper, work := filepath.Join(scratch, "upper"), filepath.Join(scratch, "work")
	for _, d := range []string{t.Dir, upper, work} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return err
		}
	}
	if err := t.add("overlay", t.Dir, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", strings.Join(base, ":"), upper, work)); err != nil {
		return err
	}
	if err := t.add("proc", filepath.Join(t.Dir, "proc"), "proc", 0, ""); err != nil {
		return err
	}
	if err := t.shareArchives(scratch); err != nil {
		return err
	}
	if err := t.devices(); err != nil {
		return err
	}
	for _, dir := range share {
		to := filepath.Join(t.Dir, dir)
		if err := os.MkdirAll(to, 0o755); err != nil {
			return err
		}
		if err := t.add(dir, to, "", unix.MS_BIND, ""); err != nil {
			return err
		}
	}
	return t.configure()
}

// shareArchives lets apt find the packages that earlier roots have downloaded, of any release. An overlay, since apt
// locks the folder, and roots that are alive at once would stand in each other's way.
func (t *Throwaway) shareArchives(scratch string) error {
	root, err := cache.Root()
	if err != nil {
		return err
	}
	t.kept = filepath.Join(root, "debian", "archives")
	t.fetched = filepath.Join(scratch, "fetched")
	work := filepath.Join(scratch, "fetched.work")
	for _, d := range []string{t.kept, t.fetched, work} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	return t.add("overlay", filepath.Join(t.Dir, "var/cache/apt/archives"), "overlay", 0,
		fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", t.kept, t.fetched, work))
}

// keepArchives keeps the packages that this root has downloaded for later ones.
func (t *Throwaway) keepArchives() error {
	debs, err := filepath.Glob(filepath.Join(t.fetched, "*.deb"))
	if err != nil {
		return err
	}
	for _, deb := range debs {
		to := filepath.Join(t.kept, filepath.Base(deb))
		err := os.Rename(deb, to)
		if errors.Is(err, unix.EXDEV) { // the cache is on another disk
			var data []byte
			if data, err = os.ReadFile(deb); err == nil {
				err = renameio.WriteFile(to, data, 0o644)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// devices gives the root a /dev of its own: a script that breaks that of the machine breaks the machine.
func (t *Throwaway) devices() error {
	dev := filepath.Join(t.Dir, "dev")
	if err := t.add("tmpfs", dev, "tmpfs", unix.MS_NOSUID, "mode=755"); err != nil {
		return err
	}
	for name, minor := range map[string]uint32{"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9} {
		node := filepath.Join(dev, name)
		if err := unix.Mknod(node, unix.S_IFCHR, int(unix.Mkdev(1, minor))); err != nil {
			return fmt.Errorf("mknod %s: %w", node, err)
		}
		if err := os.Chmod(node, 0o666); err != nil { // not what the umask left of it
			return err
		}
	}
	for name, to := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
		"ptmx": "pts/ptmx",
	} {
		if err := os.Symlink(to, filepath.Join(dev, name)); err != nil {
			return err
		}
	}
	for _, d := range []string{"pts", "shm"} {
		if err := os.Mkdir(filepath.Join(dev, d), 0o755); err != nil {
			return err
		}
	}
	// dpkg runs under a terminal of its own.
	return t.add("devpts", filepath.Join(dev, "pts"), "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620")
}

// configure gives the root the machine's way to the archive.
func (t *Throwaway) configure() error {
	settings, err := acquireSettings()
	if err != nil {
		return err
	}
	settings = append(settings, "APT::Keep-Downloaded-Packages \"true\";\n"...) // for shareArchives
	if err := os.WriteFile(filepath.Join(t.Dir, "etc/apt/apt.conf.d/99machine"), settings, 0o644); err != nil {
		return err
	}
	for _, f := range []string{"/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt"} {
		data, err := os.ReadFile(f)
		if errors.Is(err, os.ErrNotExist) {
			continue // a machine without it gets along without it, and so does the root
		}
		if err != nil {
			return err
		}
		to := filepath.Join(t.Dir, f)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err // a link would lead out of the root
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (t *Throwaway) add(source, target, fstype string, flags uintptr, data string) error {
	if err := unix.Mount(source, target, fstype, flags, data); err != nil {
		return fmt.Errorf("mount %s on %s: %w", source, target, err)
	}
	t.mounts = append(t.mounts, target)
	return nil
}

// Unmount takes the root away; what was written to it stays under scratch.
func (t *Throwaway) Unmount() error {
	var errs []error
	for len(t.mounts) > 0 {
		last := t.mounts[len(t.mounts)-1]
		t.mounts = t.mounts[:len(t.mounts)-1]
		// Detached, since a program that the script started may still be in there.
		if err := unix.Unmount(last, unix.MNT_DETACH); err != nil {
			errs = append(errs, fmt.Errorf("unmount %s: %w", last, err))
		}
	}
	return errors.Join(append(errs, t.keepArchives())...)
}
