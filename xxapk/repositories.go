package xxapk

import (
	"strconv"
	"strings"
)

// release is a release of Alpine: 3.20.
type release struct{ major, minor int }

func (r release) String() string { return strconv.Itoa(r.major) + "." + strconv.Itoa(r.minor) }

func (r release) before(o release) bool {
	return r.major < o.major || r.major == o.major && r.minor < o.minor
}

// firstRelease says since when Alpine has an architecture, by Go's name for it, where that is
// not since ever. Source: Alpine's release notes.
var firstRelease = map[string]release{
	"riscv64": {3, 20},
	"loong64": {3, 21},
}

// Repositories returns the repositories file for the packages of an architecture, made from this
// machine's: the same, but with the release that first had the architecture in place of
// releases that had not. used is that release, if it has replaced another, and otherwise empty.
//
// edge and latest-stable, comments, tags (@edge URL), and local folders stay.
func Repositories(content, arch string) (result, used string) {
	first, ok := firstRelease[arch]
	if !ok {
		return content, ""
	}
	var b strings.Builder
	for line := range strings.Lines(content) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") || !strings.Contains(line, "://") {
			b.WriteString(line)
			continue
		}
		parts := strings.Split(line, "/")
		for i, part := range parts {
			// The release is a folder of the URL, perhaps its last one.
			folder := strings.TrimRight(part, " \t\r\n")
			if r, ok := parseRelease(folder); ok && r.before(first) {
				parts[i] = "v" + first.String() + part[len(folder):]
				used = first.String()
			}
		}
		b.WriteString(strings.Join(parts, "/"))
	}
	return b.String(), used
}

// parseRelease reads the name of a release's folder: v3.20.
func parseRelease(s string) (release, bool) {
	s, ok := strings.CutPrefix(s, "v")
	major, minor, dot := strings.Cut(s, ".")
	if !ok || !dot {
		return release{}, false
	}
	a, err := strconv.Atoi(major)
	if err != nil {
		return release{}, false
	}
	b, err := strconv.Atoi(minor)
	return release{a, b}, err == nil
}
