package graph

import (
	"path"
	"strings"

	"xxkit/dfrewrite/match"
)

// PlainImage recognizes images that have their distribution's compiler and libraries and none of their own.
func PlainImage(image string) bool {
	name, _, _ := strings.Cut(image, "@")
	name, _, _ = strings.Cut(path.Base(name), ":")
	return match.Words("debian ubuntu alpine golang")[name]
}

// AlpineGo recognizes the Alpine variants of the golang image, which come
// without a C compiler.
func AlpineGo(image string) bool {
	return OfficialGo(image) && strings.Contains(ImageTag(image), "alpine")
}

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
