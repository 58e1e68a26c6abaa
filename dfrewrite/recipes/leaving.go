package recipes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/graph"
)

// systemDirs hold what a distribution installs: programs and libraries of the
// platform that the stage runs on. (Filesystem Hierarchy Standard 3.0; /go/bin
// is the golang image's. Its /go/pkg is not among them: it holds modules, which
// are source.)
var systemDirs = []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/etc", "/var/lib", "/go/bin", "/opt"}

// samePlatform are the parts of it that hold data only: the standard keeps
// /usr/share free of anything that depends on the architecture, and /etc free of
// binaries.
var samePlatform = []string{"/usr/share", "/usr/local/share", "/usr/src", "/etc", "/usr/local/go/lib/time"}

func within(p string, dirs []string) bool {
	for _, d := range dirs {
		if p == d || strings.HasPrefix(p, d+"/") {
			return true
		}
	}
	return false
}

func isSystemDir(p string) bool { return p == "/" || within(p, systemDirs) }

func isSystemFile(p string) bool { return p != "" && within(p, systemDirs) }

func samePlatformFile(p string) bool {
	return within(p, samePlatform) && p != "/etc" && p != "/etc/ld.so.cache" && !within(p, []string{"/etc/alternatives"})
}

// writes reports whether a step so far made the file for the target platform.
func (p *Plan) writes(file string) bool {
	if file == "" {
		return false
	}
	for _, s := range p.writers {
		for _, w := range s.Writes {
			if matchesWrite(w, file) {
				return true
			}
		}
	}
	return false
}

// writesIn reports whether a step made a file for the target platform in a folder
// or below.
func (p *Plan) writesIn(dir string) bool {
	for _, s := range p.writers {
		for _, w := range s.Writes {
			if within(strings.TrimSuffix(strings.TrimSuffix(w, "/**"), "/"), []string{dir}) {
				return true
			}
		}
	}
	return false
}

// hostWriteIn returns a file at p or below that a step made for the machine that
// it runs on, or "".
func (p *Plan) hostWriteIn(dir string) string {
	if dir == "" {
		return ""
	}
	for _, s := range p.writers {
		for _, w := range s.HostWrites {
			if within(w, []string{dir}) || fitsWildcard(dir, w) {
				return w
			}
		}
	}
	return ""
}

// fitsWildcard reports whether a path with wildcards names a file, or a folder that it is in.
func fitsWildcard(wildcard, file string) bool {
	if !strings.ContainsAny(wildcard, "*?[") {
		return false
	}
	for f := path.Clean(file); f != "/" && f != "."; f = path.Dir(f) {
		if ok, err := path.Match(wildcard, f); ok && err == nil {
			return true
		}
	}
	return false
}

// unknownOutput reports whether something is compiled, and where to is not known: also by a command that stands in the way.
func (p *Plan) unknownOutput() bool {
	for _, s := range p.Steps {
		if s.Verdict != Neutral && s.Compiles && len(s.Writes) == 0 {
			return true
		}
	}
	return false
}

// matchesWrite compares a file, which may hold wildcards, with what was written.
func matchesWrite(w, file string) bool {
	if w == file {
		return true
	}
	if dir, ok := strings.CutSuffix(w, "/**"); ok {
		return within(file, []string{dir})
	}
	if ok, err := path.Match(file, strings.TrimSuffix(w, "/")); ok && err == nil {
		return true
	}
	return strings.HasSuffix(w, "/") && path.Dir(file)+"/" == w
}

// leavingStage says why what a use takes out of stages that move to the build
// platform would be wrong there, or "", and what a person could do about it if that is
// not to take it from a stage of the target platform. The plans are those of the stage and of
// all that it is based on.
func leavingStage(u *graph.Use, plans []*Plan) (why, way string) {
	env := u.In.Graph.EnvAt(u.By)
	for _, raw := range u.Paths {
		p := path.Join("/", env.Expand(raw, rune(u.In.Graph.Doc.Escape)))
		if why, way := leavingPath(p, plans); why != "" {
			return why, way
		}
	}
	return "", ""
}

func leavingPath(p string, plans []*Plan) (why, way string) {
	if p == "/" {
		return "takes the whole file system, with the build platform's programs in it", ""
	}
	for _, plan := range plans {
		if w := plan.hostWriteIn(p); w != "" {
			return fmt.Sprintf("takes %s, which the stage installed there for the build platform", w), ""
		}
		if w := plan.packagesAround(p); w != "" {
			return fmt.Sprintf("takes %s out of %s, which the stage installed there for the build platform", p, w), ""
		}
	}
	if (within("/usr/local/bin", []string{p}) || strings.HasPrefix(p, "/usr/local/bin/") && strings.ContainsAny(p, "*?[")) && slices.ContainsFunc(plans, (*Plan).needsC) {
		return fmt.Sprintf("takes %s whole, and in /usr/local/bin the helpers put a clang of their own", p),
			"name the programs, or install to another folder (DESTDIR) and take that"
	}
	if !slices.ContainsFunc(plans, func(plan *Plan) bool { return plan.writes(p) }) {
		if why, way := mayBeBuilt(p, plans); why != "" {
			return why, way
		}
	}
	for _, plan := range plans {
		if plan.writes(p) || plan.copied(p) || p == "/go/bin" && plan.writesIn(p) {
			return "", "" // the golang image's /go/bin is empty
		}
	}
	if p == "/opt" && slices.ContainsFunc(plans, func(plan *Plan) bool { return plainImage(plan.Stage.Root().Image) && plan.writesIn(p) }) {
		return "", "" // empty in these images
	}
	if slices.ContainsFunc(plans, func(plan *Plan) bool { return plan.inProject(p) }) {
		return "", ""
	}
	for _, plan := range plans {
		if isSystemFile(p) && !samePlatformFile(p) && plan.unknownOutput() {
			return fmt.Sprintf("takes %s; whether it was built here or comes from the base image cannot be seen", p), ""
		}
	}
	if isSystemFile(p) && !samePlatformFile(p) {
		return fmt.Sprintf("takes %s, which comes from the base image or a package and would be the build platform's", p), ""
	}
	return "", ""
}

// copied reports whether a COPY or ADD of the stage put the path there.
func (p *Plan) copied(file string) bool {
	for _, in := range p.Stage.Body {
		if dest := p.Stage.Graph.CopiesTo(in); dest != "" && dest != "/" && (dest == file || path.Dir(file) == dest) {
			return true
		}
	}
	return false
}

// inProject reports whether a file lies below a folder in /usr/local or /opt that the build context was copied to, so that
// it is the project's and not the distribution's.
func (p *Plan) inProject(file string) bool {
	for _, in := range p.Stage.Body {
		var sources []string
		switch cmd := in.Command.(type) {
		case *instructions.CopyCommand:
			if sources = cmd.SourcePaths; cmd.From != "" {
				continue
			}
		case *instructions.AddCommand:
			sources = cmd.SourcePaths
		}
		isFolder := func(src string) bool {
			src = path.Clean(strings.TrimLeft(src, "/"))
			return src == "." || p.context != nil && p.context.isFolder(src)
		}
		if !slices.ContainsFunc(sources, isFolder) {
			continue
		}
		dest := p.Stage.Graph.CopiesTo(in)
		if m := ownFolder().FindStringSubmatch(dest); m != nil && !imageFolders[m[1]] && within(file, []string{dest}) {
			return true
		}
	}
	return false
}

// ownFolder matches folders that people make for their project; imageFolders are those there that images have
// (Filesystem Hierarchy Standard 3.0, 4.9, and the images of Docker Hub).
var ownFolder = pattern(`^/(?:usr/local|opt)/([^/]+)`)

var imageFolders = set(`bin sbin lib lib32 lib64 libexec include etc share games man src go cargo rustup openresty
	java jdk conda miniconda venv bitnami gradle maven yarn hugo`)

// judgeUse looks at what a stage takes from elsewhere: BuildKit resolves images
// for the target platform, so a program from one cannot run on the build
// platform.
func (p *Plan) judgeUse(pl *Planner, u *graph.Use) {
	if u.From != nil && u.From.Place == graph.Build {
		for t := u.From; t != nil; t = t.Base {
			for _, s := range pl.Plan(t).Steps {
				if s.Crosses && u.Kind == graph.Copy && (isProgramDir(path.Clean(u.Dest)) || isProgramDir(path.Dir(path.Clean(u.Dest)))) && (Takes(u, s) || takesFromCargo(u, s)) {
					p.block(u.By, fmt.Sprintf("takes a program that %s builds for the target platform", u.From.Title()),
						"build the tools of this stage for $BUILDPLATFORM, in a stage of their own")
					return
				}
			}
		}
		return
	}
	source := u.Image
	if u.From != nil {
		source = "stage " + u.From.Title()
	}
	way := "give the source a stage with FROM --platform=$BUILDPLATFORM, and take it from there"
	if u.Kind == graph.Mount {
		p.block(u.By, fmt.Sprintf("mounts files of %s, which are the target platform's", source), way)
		return
	}
	if takesGo(u) {
		if step, ok := p.judgeCopiedGo(u); ok {
			p.add(step)
			return
		}
		if u.From != nil {
			// Moves along; see withInstallers and InPlace.
			p.add(Step{In: u.By, Span: u.By.Span, Recipe: "go", Reason: "takes Go, which the stage runs", HostWrites: []string{u.In.Graph.CopiesTo(u.By)}})
			return
		}
	}
	dest := path.Clean(u.Dest)
	for _, src := range u.Paths {
		src = path.Join("/", src)
		if src == "/" || u.From == nil && !samePlatformFile(src) || isSystemFile(src) && !samePlatformFile(src) || isProgramDir(dest) || isProgramDir(path.Dir(dest)) {
			p.block(u.By, fmt.Sprintf("takes %s of %s, which is the target platform's", src, source), way)
			return
		}
	}
}

// takesFromCargo reports whether a COPY --from takes what xx-cargo made, by the folders that cargo puts programs into: what
// it writes besides is not worked out.
func takesFromCargo(u *graph.Use, step Step) bool {
	if step.Recipe != "rust" {
		return false
	}
	installs := strings.Contains(string(step.In.Doc.Src[step.Span.Start:step.Span.End]), " install")
	return slices.ContainsFunc(u.Paths, func(p string) bool {
		return installs && strings.Contains(p, "cargo/bin") || !installs && strings.Contains(p, "target/")
	})
}

// isProgramDir recognizes folders that PATH holds.
func isProgramDir(p string) bool {
	switch path.Base(p) {
	case "bin", "sbin":
		return true
	}
	return false
}

// Takes reports whether a COPY --from takes what a step wrote, or a folder with
// it.
func Takes(u *graph.Use, step Step) bool {
	env := u.In.Graph.EnvAt(u.By)
	for _, raw := range u.Paths {
		p := path.Join("/", env.Expand(raw, rune(u.In.Graph.Doc.Escape)))
		for _, w := range step.Writes {
			if matchesWrite(w, p) || strings.HasPrefix(w, strings.TrimSuffix(p, "/")+"/") {
				return true
			}
		}
	}
	return false
}
