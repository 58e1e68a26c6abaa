package graph

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// A stage on the build platform that only holds an image, in front of all others: what is taken from there is the build
// platform's.

// StageOnBuild returns the name of a stage that holds an image for the build platform, and the lines that make it; none where the
// file has such a stage.
func StageOnBuild(g *Graph, image string) (name string, lines []string) {
	for _, s := range g.Stages {
		if s.Name != "" && s.Place == Build && s.Image == image && len(s.Body) == 0 {
			return s.Name, nil
		}
	}
	name = StageNameFor(g, image)
	return name, []string{"FROM --platform=$BUILDPLATFORM " + image + " AS " + name, ""}
}

// Numbered reports whether the file refers to stages by number, which a new stage in front would change.
func Numbered(g *Graph) bool {
	for _, s := range g.Stages {
		for _, u := range s.Uses {
			for _, f := range u.By.Flags {
				for _, opt := range strings.Split(f.Value, ",") {
					if _, err := strconv.Atoi(strings.TrimPrefix(opt, "from=")); err == nil && (f.Name == "from" || strings.HasPrefix(opt, "from=")) {
						return true
					}
				}
			}
		}
	}
	return false
}

// StageNameFor returns a free name for a stage that holds an image.
func StageNameFor(g *Graph, image string) string {
	name, _, _ := strings.Cut(image, "@")
	name, _, _ = strings.Cut(path.Base(name), ":")
	base := strings.Map(func(r rune) rune {
		if r == '_' || r == '.' || r == '-' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	if base == "" || base[0] < 'a' || base[0] > 'z' || base == "scratch" || base == "context" {
		base = "tool"
	}
	for i := 1; ; i++ {
		name := base
		if i > 1 {
			name += strconv.Itoa(i)
		}
		taken := func(u *Use) bool { return u.From == nil && strings.EqualFold(u.Image, name) }
		if !slices.ContainsFunc(g.Stages, func(s *Stage) bool {
			return s.Name == name || strings.EqualFold(s.BaseName, name) || slices.ContainsFunc(s.Uses, taken)
		}) {
			return name
		}
	}
}
