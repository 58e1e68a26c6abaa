package verdict

import (
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

// asksStatic matches what tells gcc, go's linker and Rust to link statically.
var asksStatic = match.Pattern(`(^|[\s"'=,])--?static(-pie)?($|[\s"'\\,])|\+crt-static`)

// Verify returns the call of xx-verify for a program of a stage, --static where flags ask for a static link, or where nothing
// but a static program runs in the stages that take it.
func Verify(s *graph.Stage, flags, program, file string) string {
	if asksStatic().MatchString(flags) || takenAsStatic(s, file) {
		return "xx-verify --static " + program
	}
	return "xx-verify " + program
}

func takenAsStatic(s *graph.Stage, file string) bool {
	found := false
	for _, t := range s.Tree() {
		for _, u := range t.UsedBy {
			if u.Kind != graph.Copy || !slices.ContainsFunc(u.Paths, func(p string) bool { return file != "" && Within(file, []string{path.Clean(p)}) }) {
				continue
			}
			if !runsStatic(u.In) {
				return false
			}
			found = true
		}
	}
	return found
}

// runsStatic reports whether a container starts from a stage that has no libraries: one from scratch, into which none are
// copied, or a distroless image of that kind. A stage from scratch that has a name and starts nothing is for files to take out.
func runsStatic(s *graph.Stage) bool {
	starts := false
	for t := s; t != nil; t = t.Base {
		starts = starts || slices.ContainsFunc(t.Body, graph.AboutContainer)
		for _, u := range t.Uses {
			if slices.ContainsFunc(u.Paths, func(p string) bool {
				return p == "/" || strings.HasPrefix(p, "/lib") || strings.Contains(p, "/lib/") || strings.Contains(p, ".so")
			}) {
				return false
			}
		}
	}
	image := s.Root().Image
	distroless := strings.HasPrefix(graph.ImageName(image), "static") && (strings.Contains(image, "distroless/") || strings.Contains(image, "chainguard/"))
	return distroless || image == "scratch" && (starts || s.Name == "")
}
