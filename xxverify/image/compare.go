package image

import (
	"fmt"
	"slices"

	"xxkit/triples"
	"xxkit/xxverify"
)

// What is compared at most, and noted at most for two platforms.
const (
	maxCompared = 1 << 14
	maxNotes    = 20
)

// programs are the programs of a platform, by path.
type programs struct {
	platform triples.Platform
	files    map[string]program
}

type program struct {
	size int64
	sum  [32]byte // SHA-256; zero if it is not known
}

// compare compares each platform with the first. All that is found are notes: distributions' packages differ between architectures.
func (r *reader) compare() {
	if len(r.programs) < 2 {
		return
	}
	type place struct{ platform, path string }
	wrong := map[place]bool{} // and not merely missing
	for _, f := range r.findings {
		wrong[place{f.Platform, f.Path}] = true
	}
	first := r.programs[0]
	for _, other := range r.programs[1:] {
		var notes []xxverify.Finding
		note := func(f xxverify.Finding) {
			f.Note = true
			notes = append(notes, f)
		}
		missing := func(from, in programs) {
			for _, name := range names(from) {
				if _, ok := in.files[name]; !ok && !wrong[place{in.platform.String(), "/" + name}] {
					note(xxverify.Finding{
						Rule: RuleOnlyHere, Platform: in.platform.String(), Path: "/" + name,
						Message: fmt.Sprintf("/%s is in the image for %s and not in this one", xxverify.Printable(name), from.platform),
					})
				}
			}
		}
		missing(first, other)
		missing(other, first)
		for _, name := range names(first) {
			a, b := first.files[name], other.files[name]
			switch {
			case b.size == 0 || a.size == 0:
			case a.sum == b.sum && a.sum != [32]byte{}:
				note(xxverify.Finding{
					Rule: RuleSameFile, Platform: other.platform.String(), Path: "/" + name,
					Message: fmt.Sprintf("/%s is the very same program as for %s", xxverify.Printable(name), first.platform),
				})
			case max(a.size, b.size) > 1<<20 && max(a.size, b.size) > 4*min(a.size, b.size):
				note(xxverify.Finding{
					Rule: RuleSize, Platform: other.platform.String(), Path: "/" + name,
					Message: fmt.Sprintf("/%s has %d bytes, and %d for %s", xxverify.Printable(name), b.size, a.size, first.platform),
				})
			}
		}
		r.findings = append(r.findings, notes[:min(len(notes), maxNotes)]...)
	}
}

func names(p programs) []string {
	var all []string
	for name := range p.files {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
