//go:build linux

// Package debian makes Debian root file systems and readies a Debian machine to use them: the
// packages that the tests on real things need, the archive to take others from, and qemu for the
// programs of other architectures.
//
// Nothing here names a package archive. Archive, keyring and apt settings (a proxy, a mirror) are
// those that the machine itself is set up with.
package debian

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"xxkit/testscripts/internal/cache"
)

// Missing says why this machine cannot run the tests that need Debian and root, or is nil.
func Missing() error {
	if os.Geteuid() != 0 {
		return errors.New("this needs root (mounts, chroot, apt-get)")
	}
	release, err := osRelease()
	if err != nil {
		return err
	}
	if release["ID"] != "debian" {
		return fmt.Errorf("this needs Debian, and /etc/os-release says %q", release["ID"])
	}
	return nil
}

// Codename is what Debian calls the release that this machine runs, such as "bookworm".
func Codename() (string, error) {
	release, err := osRelease()
	if err != nil {
		return "", err
	}
	if release["VERSION_CODENAME"] == "" {
		return "", errors.New("/etc/os-release has no VERSION_CODENAME")
	}
	return release["VERSION_CODENAME"], nil
}

func osRelease() (map[string]string, error) {
	data, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[name] = strings.Trim(value, `"'`)
		}
	}
	return values, nil
}

// packages says which Debian package has each program that the tests on real things run.
var packages = map[string]string{
	"docker-registry":     "docker-registry",
	"mmdebstrap":          "mmdebstrap",
	"arch-test":           "arch-test",
	"qemu-aarch64-static": "qemu-user-static",
	"runc":                "runc",
}

var updateOnce = sync.OnceValue(func() error { return aptGet("update", "-q") })

// patience is how long another program that holds a lock of apt's is waited for.
const patience = 30 * time.Minute

// locked is what apt-get says when another one holds a lock. Of its locks only dpkg's has an option to be waited for.
var locked = []byte("Could not get lock")

// aptGet calls the machine's apt-get, and waits where another one is at work: of this test or of somebody else.
func aptGet(args ...string) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Second) {
		cmd := command("apt-get", append([]string{"-o", "DPkg::Lock::Timeout=600"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err == nil {
			return nil
		}
		if !bytes.Contains(out, locked) || time.Now().After(deadline) {
			return failed(cmd, out, err)
		}
	}
}

// Install makes sure that the programs are on PATH, and installs the packages of those that are not.
func Install(programs ...string) error {
	var want []string
	for _, p := range programs {
		if _, err := exec.LookPath(p); err == nil {
			continue
		}
		pkg, ok := packages[p]
		if !ok {
			return fmt.Errorf("%s is not installed, and the table of packages lacks it", p)
		}
		want = append(want, pkg)
	}
	if len(want) == 0 {
		return nil
	}
	if err := updateOnce(); err != nil {
		return err
	}
	return aptGet(append([]string{"install", "-y", "-q", "--no-install-recommends"}, want...)...)
}

// archive is where the machine gets the packages of its own release from.
type archive struct {
	uri      string
	signedBy string // a keyring file; empty: apt's default
}

// machineArchive asks apt itself, which reads every format that sources are written in.
func machineArchive() (archive, error) {
	codename, err := Codename()
	if err != nil {
		return archive{}, err
	}
	ask := func() (archive, bool, error) {
		out, err := exec.Command("apt-get", "indextargets", "--format", "$(RELEASE)|$(COMPONENT)|$(REPO_URI)|$(SIGNED_BY)", "Created-By: Packages").Output()
		if err != nil {
			return archive{}, false, fmt.Errorf("apt-get indextargets: %w", err)
		}
		for line := range strings.Lines(string(out)) {
			f := strings.Split(strings.TrimSpace(line), "|")
			if len(f) == 4 && f[0] == codename && f[1] == "main" {
				a := archive{uri: f[2]}
				if strings.HasPrefix(f[3], "/") { // apt leaves an unknown $(NAME) as it is
					a.signedBy = f[3]
				}
				return a, true, nil
			}
		}
		return archive{}, false, nil
	}
	a, ok, err := ask()
	if err == nil && !ok {
		// apt lists only sources whose index it has seen, and a fresh machine has seen none.
		if err := updateOnce(); err != nil {
			return archive{}, err
		}
		a, ok, err = ask()
	}
	if err == nil && !ok {
		err = fmt.Errorf("apt's sources have no component main of %s", codename)
	}
	return a, err
}

// acquireSettings are the machine's settings for downloads (proxies, time-outs, checks of dates), in
// the form of an apt.conf file.
func acquireSettings() ([]byte, error) {
	out, err := exec.Command("apt-config", "dump", "--no-empty", "Acquire").Output()
	if err != nil {
		return nil, fmt.Errorf("apt-config dump: %w", err)
	}
	var keep bytes.Buffer
	for line := range bytes.Lines(out) {
		// Which indexes are fetched is the root's own business: tools on this machine that apt has
		// been told about (software centres, file search) are not in it.
		if !bytes.HasPrefix(line, []byte("Acquire::IndexTargets")) {
			keep.Write(line)
		}
	}
	return keep.Bytes(), nil
}

// A Spec says which root to make.
type Spec struct {
	Suite   string   // "bookworm", "trixie"
	Arch    string   // Debian's name: "amd64", "armhf"
	Include []string // packages beside the essential ones
	// Unpacked leaves the packages' installation scripts out, which makes a root for a foreign
	// architecture in seconds instead of minutes. What is in it runs; apt in it does not.
	Unpacked bool
}

func (s Spec) name() string {
	parts := []string{s.Suite, s.Arch}
	if s.Unpacked {
		parts = append(parts, "unpacked")
	}
	return strings.Join(append(parts, s.Include...), "-")
}

// Root returns a folder with the root file system that s describes, made once and kept. It must not
// be written to: mount an overlay on it.
func Root(s Spec) (string, error) {
	dir, err := cache.Make("debian/"+s.name(), func(dir string) error {
		return bootstrap(s, filepath.Join(dir, "root"))
	})
	return filepath.Join(dir, "root"), err
}

// Tar makes an archive of the root file system that s describes. Its name must end in .tar. One whose programs this machine runs is
// made of the roots that other tests have too. Call it from within a sandbox.
func Tar(s Spec, archive string) error {
	if s.Unpacked || s.Arch != runtime.GOARCH {
		return bootstrap(s, archive)
	}
	root, err := Root(Spec{Suite: s.Suite, Arch: s.Arch})
	if err != nil {
		return err
	}
	base, err := Installed(Base{root}, s.Include...)
	if err != nil {
		return err
	}
	dir := root
	if len(base) > 1 {
		if dir, err = os.MkdirTemp("", "merged-*"); err != nil {
			return err
		}
		defer os.Remove(dir)
		if err := unix.Mount("overlay", dir, "overlay", unix.MS_RDONLY, "lowerdir="+strings.Join(base, ":")); err != nil {
			return fmt.Errorf("mount an overlay on %s: %w", dir, err)
		}
		defer unix.Unmount(dir, unix.MNT_DETACH)
	}
	args := []string{"-C", dir, "--numeric-owner", "-cf", archive}
	// What an image has not: apt's lists, caches and logs, and how Mount sets a root up for this machine.
	for _, pattern := range []string{
		"var/lib/apt/lists/*_*", "var/cache/apt/*.bin", "var/log/apt/*", "var/log/*.log",
		"etc/apt/apt.conf.d/99machine", "etc/resolv.conf", "etc/hosts",
	} {
		args = append(args, "--exclude=./"+pattern)
	}
	return run("tar", append(args, ".")...)
}

// bootstrap makes a root in target: a folder, or an archive if the name ends in .tar.
func bootstrap(s Spec, target string) error {
	if err := Install("mmdebstrap"); err != nil {
		return err
	}
	from, err := machineArchive()
	if err != nil {
		return err
	}
	settings, err := acquireSettings()
	if err != nil {
		return err
	}
	conf, err := os.CreateTemp("", "xxkit-apt-*.conf")
	if err != nil {
		return err
	}
	defer os.Remove(conf.Name())
	if _, err := conf.Write(settings); err != nil {
		return err
	}
	if err := conf.Close(); err != nil {
		return err
	}
	// As in Debian's official images: a container that a crash cuts off is thrown away, so dpkg need not wait
	// for the disk, and nobody reads translated descriptions in it. An installation takes a third less time.
	args := []string{"--mode=root", "--architectures=" + s.Arch, "--aptopt=" + conf.Name(),
		"--dpkgopt=force-unsafe-io", `--aptopt=Acquire::Languages "none"`}
	if s.Unpacked {
		// The hook does what the scripts that are left out would have done. A pattern of apt's has to stand alone.
		args = append(args, "--variant=extract", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr", "--include=?essential")
	} else {
		args = append(args, "--variant=minbase")
		// mmdebstrap asks it whether the scripts of a foreign architecture can run.
		if err := Install("arch-test"); err != nil {
			return err
		}
	}
	if len(s.Include) > 0 {
		args = append(args, "--include="+strings.Join(s.Include, ","))
	}
	signed := ""
	if from.signedBy != "" {
		signed = "[signed-by=" + from.signedBy + "] "
	}
	// Only the main suite: the security suite lacks some architectures and can be out of step.
	source := "deb " + signed + from.uri + " " + s.Suite + " main"
	return run("mmdebstrap", append(args, s.Suite, target, source)...)
}

// Foreign lets the kernel start programs of other architectures, here and in every root, by handing
// them to qemu. The registrations outlive the test: they belong to the machine. Any other program may change them while
// a test runs (an installation of qemu does), so call it again before each thing that needs them.
func Foreign() error {
	if err := Install("qemu-aarch64-static"); err != nil {
		return err
	}
	const dir = "/proc/sys/fs/binfmt_misc"
	if _, err := os.Stat(dir + "/register"); errors.Is(err, fs.ErrNotExist) {
		if err := unix.Mount("binfmt_misc", dir, "binfmt_misc", 0, ""); err != nil {
			return fmt.Errorf("mount binfmt_misc: %w", err)
		}
	}
	files, err := filepath.Glob("/usr/lib/binfmt.d/qemu-*.conf")
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("no /usr/lib/binfmt.d/qemu-*.conf: is qemu-user-static complete?")
	}
	if err := enable(dir + "/status"); err != nil {
		return err
	}
	for _, f := range files {
		lines, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(lines)) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if err := register(dir, line); err != nil {
				return fmt.Errorf("%s: %w", f, err)
			}
		}
	}
	return nil
}

// register gives the kernel a line of a binfmt.d file, which is how systemd-binfmt does it, and sees that it is in force. dir
// is where binfmt_misc is mounted.
func register(dir, line string) error {
	name := strings.SplitN(line[1:], line[:1], 2)[0] // the line starts with what parts its fields
	entry := filepath.Join(dir, name)
	if _, err := os.Stat(entry); errors.Is(err, fs.ErrNotExist) {
		// EEXIST: another program has just done it.
		if err := os.WriteFile(filepath.Join(dir, "register"), []byte(line), 0); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("register %s: %w", name, err)
		}
	}
	data, err := os.ReadFile(entry)
	if err != nil {
		return err
	}
	// F: the kernel keeps the interpreter open, so that there is one in every root.
	if _, flags, _ := strings.Cut(string(data), "\nflags: "); !strings.Contains(strings.SplitN(flags, "\n", 2)[0], "F") {
		return fmt.Errorf("%s is registered without the flag F, so that its programs start in no root but the machine's:\n%s", name, data)
	}
	return enable(entry)
}

// enable switches what a file of binfmt_misc stands for on, if it is off.
func enable(file string) error {
	data, err := os.ReadFile(file)
	if err == nil && !bytes.HasPrefix(data, []byte("enabled")) {
		err = os.WriteFile(file, []byte("1"), 0)
	}
	return err
}

// run runs a program of the machine, and shows what it prints only if it fails: these are long and
// of no interest otherwise.
func run(name string, args ...string) error {
	cmd := command(name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return failed(cmd, out, err)
	}
	return nil
}

func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	return cmd
}

func failed(cmd *exec.Cmd, out []byte, err error) error {
	return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
}
