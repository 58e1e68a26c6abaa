package verdict

import (
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/graph"
)

// NeedsGoarm reports whether a target is an ARM that Go's default, v7, is wrong
// for. ${TARGETVARIANT#v} does no harm on other platforms: Go reads GOARM only
// for GOARCH=arm, and empty means the default.
func NeedsGoarm(o *Options) bool {
	return slices.ContainsFunc(o.Variants("arm"), func(v string) bool { return v != "v7" && v != "v8" })
}

// HelperUse says when a rewrite uses the xx helpers.
type HelperUse int

// When to use helpers.
const (
	// HelpersAuto uses them where plain variables are not enough: for platform
	// variants and for cgo.
	HelpersAuto HelperUse = iota
	HelpersAlways
	HelpersNever
)

// Options say what a conversion is for.
type Options struct {
	// Platforms are the target platforms, as in linux/arm/v7.
	Platforms []string
	// Helpers says when to use the xx helpers.
	Helpers HelperUse
	// Image holds the helpers.
	Image string
	// Context is the build context, or nil if it is not known.
	Context *context.Files
	// Flags are those that the file is built with.
	Flags graph.Flags
	// Callers are the commands that run the files in which the judged commands stand, the outermost first; none for those of a
	// Dockerfile.
	Callers []Caller
}

// A Caller is a command that runs what a file of the build context says.
type Caller struct {
	*graph.Site
	// Text is what it runs.
	Text string
}

// Variants returns the variants of one architecture among the platforms.
func (o *Options) Variants(arch string) []string {
	var out []string
	for _, p := range o.Platforms {
		parts := strings.Split(p, "/")
		if len(parts) == 3 && parts[1] == arch {
			out = append(out, parts[2])
		}
	}
	return out
}

// OnlyLinux reports whether all platforms are Linux.
func (o *Options) OnlyLinux() bool {
	return !slices.ContainsFunc(o.Platforms, func(p string) bool { return !strings.HasPrefix(p, "linux/") })
}
