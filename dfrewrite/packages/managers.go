package packages

import (
	"slices"
	"strings"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

// A Manager is the package manager of distributions: how its calls read, and how packages for another
// architecture are installed beside the builder's. A row of [Managers] is all that dfrewrite knows of one.
type Manager struct {
	// Name is the program that a rewrite calls, and that package graph names for a distribution.
	Name string
	// Of is the distribution that it is known for.
	Of string
	// Helpers are the programs that install packages, each with the helper that does so for the target; "" where none does.
	Helpers map[string]string
	// Others are programs that belong to it and install nothing.
	Others map[string]bool
	// Install and Remove are the words of its command line for that.
	Install string
	Remove  map[string]bool
	// Valued are options whose value is the next word.
	Valued map[string]bool
	// Groups are those of them that name what is installed, to remove it by that name.
	Groups []string
	// Arch are options that name another architecture, and Roots those for another root file system.
	Arch, Roots []string
	// Caches are the folders where it keeps lists and packages.
	Caches []string

	// The rest is about compiling C, and empty where no helper installs for the target.

	// Lists is the command that fetches the lists of packages, where installing does not.
	Lists string
	// Options are those with which a rewrite installs.
	Options string
	// Sysroot says that the target's packages are in a root of its own, which the helpers tell pkg-config of.
	Sysroot bool
	// KnowsInstalled says that removing a package fails where it is not installed.
	KnowsInstalled bool
	// Along are tools that come with packages of libraries.
	Along []string
	// OwnBinutils says that its binutils read the builder's own architecture only, so that ar is llvm's.
	OwnBinutils bool
	// Linkers are packages with a linker for platforms that lld links for since LLVM 18 only; "" where there is none.
	Linkers map[string]string
}

// Managers are the package managers of distributions, by https://wiki.alpinelinux.org/wiki/Alpine_Package_Keeper,
// apt-get(8), dnf(8), tdnf and zypper(8).
var Managers = []*Manager{
	{
		Name: "apk", Of: "Alpine",
		Helpers: map[string]string{"apk": "xx-apk"},
		Install: "add", Remove: match.Words("del"),
		Valued: match.Words("-t --virtual -X --repository --repositories-file --keys-dir --cache-dir --cache-max-age --arch --wait --timeout"),
		Groups: []string{"-t", "--virtual"},
		Arch:   []string{"--arch"}, Roots: []string{"-p", "--root", "--initdb"},
		Caches:  []string{"/var/cache/apk", "/etc/apk/cache"},
		Options: "--no-cache", Sysroot: true, KnowsInstalled: true, Along: []string{"pkgconf"}, OwnBinutils: true,
		Linkers: map[string]string{"linux/s390x": ""},
	},
	{
		Name: "apt-get", Of: "Debian",
		Helpers: map[string]string{"apt-get": "xx-apt-get", "apt": "xx-apt"},
		Others:  match.Words("apt-cache apt-key apt-mark add-apt-repository apt-add-repository"),
		Install: "install", Remove: match.Words("purge remove autoremove auto"),
		Valued: match.Words("-t --target-release --default-release -o --option -c --config-file"),
		Caches: []string{"/var/cache/apt", "/var/lib/apt"},
		Lists:  "apt-get update", Options: "-y --no-install-recommends",
		Linkers: map[string]string{"linux/s390x": "binutils-s390x-linux-gnu"},
	},
	{
		Name: "dnf", Of: "Fedora",
		Helpers: map[string]string{"dnf": "", "microdnf": "", "yum": "", "tdnf": ""},
		Install: "install", Remove: match.Words("remove erase autoremove"),
		Arch: []string{"--forcearch"}, Roots: []string{"--installroot"},
		Caches: []string{"/var/cache/dnf", "/var/cache/yum"},
	},
	{
		Name: "zypper", Of: "openSUSE",
		Helpers: map[string]string{"zypper": ""},
		Install: "install", Remove: match.Words("remove rm"),
		Roots:  []string{"--root", "--installroot"},
		Caches: []string{"/var/cache/zypp"},
	},
}

// ManagerOf returns the package manager that a program belongs to, or nil.
func ManagerOf(program string) *Manager {
	for _, m := range Managers {
		if _, ok := m.Helpers[program]; ok || m.Others[program] {
			return m
		}
	}
	return nil
}

// ForTarget returns the row of a package manager whose packages a helper installs for the target, or nil.
func ForTarget(name string) *Manager {
	if m := ManagerOf(name); m != nil && m.Helpers[name] != "" {
		return m
	}
	return nil
}

// PlainImage recognizes images that have the compiler and libraries of their distribution, which has them for other
// architectures too, and none of their own.
func PlainImage(image string) bool {
	d := graph.DistributionOf(image)
	return d != nil && ForTarget(d.Manager) != nil && (graph.OwnImage(image) || graph.OfficialGo(image))
}

// Installs returns the command with which a rewrite installs packages for the machine that the stage runs on.
func (m *Manager) Installs() string {
	install := m.InstallsNow()
	if m.Lists != "" {
		install = m.Lists + " && " + install
	}
	return install
}

// InstallsNow is Installs where the lists of packages are there.
func (m *Manager) InstallsNow() string { return m.Name + " " + m.Install + " " + m.Options }

// InstallsForTarget returns the command with which a rewrite installs packages for the target.
func (m *Manager) InstallsForTarget() string {
	return m.Helpers[m.Name] + " " + m.Install + " " + m.Options
}

// groups reports whether a word is an option that gives what is installed a name to remove it by.
func (m *Manager) groups(word string) bool {
	return slices.ContainsFunc(m.Groups, func(option string) bool {
		return word == option || strings.HasPrefix(word, option+"=")
	})
}

// LinkersFor returns the packages with linkers that some of the platforms need.
func (m *Manager) LinkersFor(platforms []string) (names []string) {
	for _, p := range platforms {
		if name := m.Linkers[p]; name != "" {
			names = append(names, name)
		}
	}
	return names
}
