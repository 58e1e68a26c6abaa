package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
)

// SharedCacheAcrossPlatforms finds cache mounts that builds for several platforms
// share although what is in them is for one.
var SharedCacheAcrossPlatforms = &Rule{
	Name:     "SharedCacheAcrossPlatforms",
	Severity: Warning,
	Check: func(p *Pass) {
		if len(p.Facts.Platforms) < 2 {
			return
		}
		for _, s := range p.Graph.Stages {
			if forOne(s) {
				continue
			}
			for _, in := range s.Body {
				if !graph.IsRun(in) {
					continue
				}
				var flags []*dockerfile.Flag
				for i := range in.Flags {
					if in.Flags[i].Name == "mount" {
						flags = append(flags, &in.Flags[i])
					}
				}
				mounts := instructions.GetMounts(in.Command.(*instructions.RunCommand))
				if len(mounts) != len(flags) {
					continue
				}
				for i, m := range mounts {
					if m.Type == instructions.MountTypeCache && !strings.Contains(flags[i].Value, "$") { // with a variable it may be the platform's
						p.sharedCache(s, in, flags[i], m)
					}
				}
			}
		}
	},
}

func (p *Pass) sharedCache(s *graph.Stage, in *dockerfile.Instruction, f *dockerfile.Flag, m *instructions.Mount) {
	target := p.Facts.Abs(in, m.Target, p.Facts.Platforms[0])
	if p.cargoCache(in, f, m, target) {
		return
	}
	what, severity := p.dependsOnPlatform(s, in, target, m.CacheSharing)
	if what == "" {
		return
	}
	d := Diagnostic{
		Span:     f.Span,
		Severity: severity,
		Message:  fmt.Sprintf("builds for all platforms share this cache, and %s", what),
		Hint:     "put $TARGETPLATFORM into its id",
	}
	text := string(in.Doc.Src[f.ValueSpan.Start:f.ValueSpan.End])
	if !strings.ContainsAny(text, "\"'\\`\r\n") && plainPath(target) {
		at, id := f.ValueSpan.End, ",id="+strings.ReplaceAll(strings.Trim(path.Clean(target), "/"), "/", "-")+"-$TARGETPLATFORM"
		if named := ",id=" + m.CacheID; strings.Contains(","+text+",", named+",") {
			at, id = f.ValueSpan.Start+strings.Index(","+text, named)+len(named)-1, "-$TARGETPLATFORM"
		}
		d.Fix = &Fix{Message: "put $TARGETPLATFORM into its id", Edits: p.argFor(in, "TARGETPLATFORM")}
		if isApt(cacheOf(target)) && severity == Warning {
			// Two stages of one platform may run at once, too.
			d.Fix.Message += ", and lock it"
			if shared := strings.Index(text, "sharing=shared"); shared >= 0 {
				d.Fix.Edits = append(d.Fix.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: f.ValueSpan.Start + shared, End: f.ValueSpan.Start + shared + len("sharing=shared")}, New: "sharing=locked"})
			} else if at == f.ValueSpan.End {
				id += ",sharing=locked"
			} else {
				d.Fix.Edits = append(d.Fix.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: f.ValueSpan.End, End: f.ValueSpan.End}, New: ",sharing=locked"})
			}
			d.Hint = d.Fix.Message
		}
		d.Fix.Edits = append(d.Fix.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: at, End: at}, New: id})
		if severity == Info {
			d.Fix.Safety, d.Fix.Why = Review, []string{"the build is right as it is; each platform fills a cache of its own"}
		}
	}
	p.Report(d)
}

// cargoCache reports a cache of crates that builds share without cargo's lock, which lies beside the registry, in CARGO_HOME
// (cargo's documentation, "Cargo Home"). Sharing is right; two at once are not.
func (p *Pass) cargoCache(in *dockerfile.Instruction, f *dockerfile.Flag, m *instructions.Mount, target string) bool {
	if !cargoFolder().MatchString(target) || m.CacheSharing == instructions.MountSharingLocked || m.CacheSharing == instructions.MountSharingPrivate {
		return false
	}
	d := Diagnostic{
		Span:    f.Span,
		Message: "builds for all platforms fill this cache at once, and cargo's lock is not in it: two that unpack a crate break each other",
		Hint:    "say sharing=locked",
	}
	text := string(in.Doc.Src[f.ValueSpan.Start:f.ValueSpan.End])
	if !strings.ContainsAny(text, "\"'\\`\r\n") {
		e := dockerfile.Edit{Span: dockerfile.Span{Start: f.ValueSpan.End, End: f.ValueSpan.End}, New: ",sharing=locked"}
		if i := strings.Index(text, "sharing=shared"); i >= 0 {
			e = dockerfile.Edit{Span: dockerfile.Span{Start: f.ValueSpan.Start + i, End: f.ValueSpan.Start + i + len("sharing=shared")}, New: "sharing=locked"}
		}
		d.Fix = &Fix{Message: "let one build at a time use it: sharing=locked", Edits: []dockerfile.Edit{e}}
	}
	p.Report(d)
	return true
}

// cargoFolder matches the folders of CARGO_HOME that hold crates and their index.
var cargoFolder = match.Pattern(`(?:^|/)\.?cargo(?:_home)?/(?:registry|git)(?:/(?:cache|index|src|db|checkouts))?$`)

// dependsOnPlatform says why the content of a cache is for one platform, and how bad
// that is. Caches that are addressed by content, or hold source, are not listed: Go's
// build and module caches, npm's, yarn's and pnpm's stores, Maven's and
// Gradle's repositories.
func (p *Pass) dependsOnPlatform(s *graph.Stage, in *dockerfile.Instruction, target string, sharing instructions.ShareMode) (string, Severity) {
	base := path.Base(target)
	if s.Place == graph.Build {
		// Everything that runs here is for one machine. Only what is compiled for the
		// target differs.
		if isBuildFolder(base) && configures(p, s, in) {
			return "what is configured and compiled in it is for one target", Warning
		}
		return "", 0
	}
	manager := cacheOf(target)
	switch {
	case s.Place != graph.Target:
		return "", 0
	case base == "node_modules":
		return "node_modules holds programs that were compiled for one platform", Warning
	case base == "target" && calls(p, s, in, "cargo") && !targetOption(p, s, in):
		return "cargo's target folder holds what was compiled for one platform", Warning
	case base == "site-packages" || base == "venv" || base == ".venv":
		return "installed Python packages hold libraries that were compiled for one platform", Warning
	case base == ".ccache" || base == "ccache" || base == "sccache":
		return "a compiler cache cannot always tell two platforms' compilers apart", Info
	case isBuildFolder(base) && configures(p, s, in):
		return "what is configured and compiled in it is for one platform", Warning
	case isApt(manager) && (sharing == "" || sharing == instructions.MountSharingShared):
		return "those that run at once fail, since one apt locks it for all others", Warning
	case isApt(manager):
		return "apt rebuilds its package lists for each platform in turn", Info
	case manager != nil && manager.Name == "apk" && p.withoutCache(s, in):
		return "", 0
	case manager != nil && manager.Name == "apk":
		return "apk takes the packages and indexes of another platform out of it, whose names are the same, and fails", Warning
	case manager != nil:
		return "the package lists in it are for one platform", Info
	case strings.HasSuffix(target, "/.cache/pip"):
		return "pip keeps the wheels in it that it built for one platform", Info
	}
	return "", 0
}

// plainPath reports whether a path can stand in a flag without quotes.
func plainPath(p string) bool {
	return !strings.ContainsFunc(p, func(r rune) bool {
		return !(r == '/' || r == '.' || r == '-' || r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z')
	})
}

func under(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// withoutCache reports whether each apk of a RUN is told to leave the cache alone.
func (p *Pass) withoutCache(s *graph.Stage, in *dockerfile.Instruction) bool {
	told := false
	for _, c := range p.Facts.Calls(s) {
		if c.Run == in && c.Name == "apk" {
			if told = c.Has("--no-cache"); !told {
				return false
			}
		}
	}
	return told
}

func isApt(m *packages.Manager) bool { return m != nil && m.Name == "apt-get" }

// cacheOf returns the package manager that keeps lists and packages in a folder, or nil.
func cacheOf(target string) *packages.Manager {
	for _, m := range packages.Managers {
		if slices.ContainsFunc(m.Caches, func(dir string) bool { return under(target, dir) }) {
			return m
		}
	}
	return nil
}

func isBuildFolder(base string) bool {
	switch base {
	case "build", "_build", "builddir", "obj", "cmake-build":
		return true
	}
	return false
}

func calls(p *Pass, s *graph.Stage, in *dockerfile.Instruction, names ...string) bool {
	for _, c := range p.Facts.Calls(s) {
		for _, n := range names {
			if c.Run == in && c.Name == n {
				return true
			}
		}
	}
	return false
}

// targetOption reports whether cargo is told a target, which gets a folder of its own.
func targetOption(p *Pass, s *graph.Stage, in *dockerfile.Instruction) bool {
	for _, c := range p.Facts.Calls(s) {
		if c.Run == in && c.Name == "cargo" && rustTarget(c).Text != "" {
			return true
		}
	}
	return false
}

// configures reports whether a RUN uses a build system that keeps its findings about
// the target in the build folder.
func configures(p *Pass, s *graph.Stage, in *dockerfile.Instruction) bool {
	if s.Place == graph.Build && !mentionsTarget(s) {
		return false
	}
	return calls(p, s, in, "cmake", "meson", "ninja", "ninja-build", "samu", "configure")
}
