package graph

import (
	"slices"
	"strings"

	"xxkit/dfrewrite/match"
)

// A Distribution is what the names and tags of images say about what they are made from.
type Distribution struct {
	// Name is what the distribution calls itself.
	Name string
	// Manager is its package manager, as package packages names it.
	Manager string
	// Libc is gnu or musl.
	Libc string
	// OneArchitecture says that packages of another architecture cannot be installed beside those of the builder's.
	OneArchitecture bool

	// images are the last parts of the names of its own images.
	images map[string]bool
	// tags are parts of the tags of images that are made from it, and names parts of the whole name of others that are.
	tags, names []string
}

// Distributions are looked through in this order, and images that are made for a program (golang:1.26-alpine) before
// those that a program's image stands on where its tag says nothing.
//
// The names are those of Docker Hub, Red Hat's and Chainguard's catalogues; the releases of Debian and Ubuntu are those
// that docker-library builds.
var Distributions = []*Distribution{
	{Name: "Wolfi", Manager: "apk", Libc: "gnu", OneArchitecture: true, // https://edu.chainguard.dev/open-source/wolfi
		names: []string{"cgr.dev/", "wolfi", "chainguard/"}},
	{Name: "Alpine", Manager: "apk", Libc: "musl", images: match.Words("alpine"), tags: []string{"alpine"}},
	{Name: "Debian", Manager: "apt-get", Libc: "gnu", images: match.Words("debian"),
		tags: []string{"bullseye", "bookworm", "trixie"}},
	{Name: "Ubuntu", Manager: "apt-get", Libc: "gnu", images: match.Words("ubuntu"), tags: []string{"ubuntu", "focal", "jammy", "noble", "plucky", "questing"}},
	{Name: "Fedora", Manager: "dnf", Libc: "gnu", images: match.Words("fedora")},
	{Name: "Red Hat", Manager: "dnf", Libc: "gnu", images: match.Words("ubi ubi-minimal ubi8 ubi9 rockylinux almalinux centos")},
	{Name: "openSUSE", Manager: "zypper", Libc: "gnu", images: match.Words("opensuse leap tumbleweed")},
}

// onDebian are official images that stand on Debian where their tag does not say otherwise.
var onDebian = match.Words("golang rust buildpack-deps")

// DistributionOf returns the distribution that an image is made from, or nil where its name does not tell.
func DistributionOf(image string) *Distribution {
	name, tag := ImageName(image), ImageTag(image)
	for _, d := range Distributions {
		if d.images[name] || slices.ContainsFunc(d.names, func(part string) bool { return strings.Contains(image, part) }) {
			return d
		}
	}
	for _, d := range Distributions {
		if slices.ContainsFunc(d.tags, func(part string) bool { return strings.Contains(tag, part) }) {
			return d
		}
	}
	if onDebian[name] && !strings.Contains(tag, "$") && !IsWindows(image) {
		return distribution("Debian")
	}
	return nil
}

func distribution(name string) *Distribution {
	for _, d := range Distributions {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// Is reports whether an image is made from the distribution that is called so; it may be nil.
func (d *Distribution) Is(name string) bool { return d != nil && d.Name == name }

// OwnImage recognizes images that are a distribution and nothing else.
func OwnImage(image string) bool {
	d := DistributionOf(image)
	return d != nil && d.images[ImageName(image)]
}
