package graph

import (
	"path"
	"strconv"
	"strings"

	"xxkit/dfrewrite/match"
)

// AlpineGo recognizes the Alpine variants of the golang image, which come
// without a C compiler.
func AlpineGo(image string) bool {
	return OfficialGo(image) && DistributionOf(image).Is("Alpine")
}

// GoBefore reports whether the tag of the official golang image names a release before 1.minor. Tags without one, such as 1 or
// alpine, are the newest.
func GoBefore(image string, minor int) bool {
	m := goRelease().FindStringSubmatch(ImageTag(image))
	if !OfficialGo(image) || m == nil {
		return false
	}
	release, err := strconv.Atoi(m[1])
	return err == nil && release < minor
}

var goRelease = match.Pattern(`^1\.(\d+)`)

// ImageTag returns the tag of an image's name.
func ImageTag(image string) string {
	name, _, _ := strings.Cut(image, "@")
	_, tag, _ := strings.Cut(path.Base(name), ":")
	return tag
}

// ImageName returns the last part of an image's name, without tag and digest.
func ImageName(image string) string {
	name, _, _ := strings.Cut(image, "@")
	repo, _, _ := strings.Cut(path.Base(name), ":")
	return repo
}

// CrossImage recognizes images with cross compilers, whose tags and names say what they compile for, and not what they run on.
func CrossImage(image string) bool {
	name, _, _ := strings.Cut(image, "@")
	tag := ImageTag(image)
	return mayCross(strings.ToLower(name)) && crossName().MatchString(name) || mayNameLibc(tag) && crossTag().MatchString(tag)
}

// mayCross is false for most names, and takes less time than crossName: each of its words has one of these in it.
func mayCross(name string) bool {
	return strings.Contains(name, "cross") || strings.Contains(name, "musl") || strings.Contains(name, "zigbuild")
}

// mayNameLibc is the same for crossTag.
func mayNameLibc(tag string) bool {
	return strings.Contains(tag, "musl") || strings.Contains(tag, "gnu") || strings.Contains(tag, "uclibc")
}

var (
	crossName = match.Pattern(`(?i)(^|[/_-])(cross|crossbuild|crosstool\w*|dockcross|muslrust|rust-musl\w*|musl-cross|zigbuild|cross-rs|osxcross)([/_:-]|$)`)
	// crossTag is a triple, or the first and the last part of one: aarch64-musl, armv7-musleabihf.
	crossTag = match.Pattern(`^(x86_64|aarch64|armv?[5-7]?\w*|i[3-6]86|powerpc\w*|s390x|riscv64\w*|mips\w*)-(\w+-)?(\w+-)?(musl|gnu|uclibc)(eabi|eabihf|abi64|x32)?$`)
)

// PublicHelpers recognizes the public image with xx helpers, and copies of it in other registries.
func PublicHelpers(image string) bool {
	name, _, _ := strings.Cut(image, "@")
	return strings.Contains(name, "tonistiigi/xx")
}

// HelperStage returns the stage that holds xx helpers for the build platform, or nil.
func (g *Graph) HelperStage() *Stage {
	for _, s := range g.Stages {
		if s.Name != "" && s.Place == Build && ImageName(s.Image) == "xx" {
			return s
		}
	}
	return nil
}
