package golang

import (
	"fmt"
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/context/gosource"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// A cgoUse says whether the native build uses cgo.
type cgoUse struct {
	// used says that it does, and why; cxx that there may be C++ in it.
	used bool
	why  string
	cxx  bool
	// write is the value of CGO_ENABLED that has to be written down, if any: a native
	// build would have it by default, and a cross build would not.
	write string
	// block is why the build cannot be converted; byDefault says that CGO_ENABLED=0 would do away with it.
	block     string
	byDefault bool
	// review is why a person has to look at it.
	review string
}

// cgo finds out whether the native build uses cgo.
func (g *goCall) cgo() cgoUse {
	for _, f := range []string{"-race", "-msan", "-asan"} {
		if g.has(f) {
			return cgoUse{block: fmt.Sprintf("%s needs cgo", f)}
		}
	}
	mode := g.buildMode()
	if match.Words("shared plugin")[mode] {
		return cgoUse{block: fmt.Sprintf("-buildmode=%s needs cgo", mode)}
	}
	on := cgoUse{used: true, cxx: g.maybeCxx()}
	needed := ""
	switch {
	case match.Words("c-shared c-archive")[mode]:
		needed = fmt.Sprintf("-buildmode=%s needs cgo", mode)
	case g.linksExternally():
		needed = "-linkmode=external needs a C linker"
	}
	v := facts.Lookup(&g.Call.Site, "CGO_ENABLED")
	module, maybe, byDefault := g.cryptoModule()
	if module != "" && !(v.Fixed && v.Text == "0") {
		return cgoUse{block: module + " links a module for FIPS 140 that needs cgo", byDefault: byDefault}
	}
	if v.Set && v.Text != "" {
		switch {
		case !v.Fixed:
			return cgoUse{block: fmt.Sprintf("CGO_ENABLED is %s, set %s; whether the build uses cgo is not known", v.Text, v.Where)}
		case v.Text == "0":
			return cgoUse{block: needed, review: g.CgoArgument()}
		}
		on.why = fmt.Sprintf("CGO_ENABLED=%s, set %s: the build uses cgo", v.Text, v.Where)
		return on
	}
	on.write = "1"
	compiler := !graph.AlpineGo(g.Stage.Root().Image) || packages.HasCCompiler(g.Stage)
	if needed != "" {
		if !compiler {
			return cgoUse{block: needed}
		}
		on.why = needed
		return on
	}
	if !compiler && !graph.GoBefore(g.Stage.Root().Image, 20) {
		// Without a C compiler go builds without cgo, here and there. (https://go.dev/doc/go1.20#cgo)
		return cgoUse{}
	}
	use := g.cgoByDefault(on)
	if !compiler && use.used {
		// Before 1.20, cgo stayed on and the packages of Go's own library that use it came compiled: only what has C of its
		// own did not build.
		return cgoUse{}
	}
	if use.write == "0" {
		if maybe != "" {
			use.review = strings.TrimPrefix(use.review+"; "+maybe, "; ")
		}
		if image := g.Stage.Root().Image; !knownBase(image) && use.review == "" {
			use.review = fmt.Sprintf("what %s sets (CGO_ENABLED, GOEXPERIMENT, GOFLAGS) cannot be seen; CGO_ENABLED=0 is a guess", image)
		}
	}
	return use
}

// cgoByDefault decides where nothing says whether cgo is used, and there is a C compiler: go then uses it for what needs it,
// and for the packages of its own library that can do with and without.
func (g *goCall) cgoByDefault(on cgoUse) cgoUse {
	guess := func(why string) cgoUse {
		if lib := g.LinkedLibrary(); lib != "" {
			on.why = fmt.Sprintf("the stage installs %s, so the build uses cgo", lib)
			on.review = fmt.Sprintf("CGO_ENABLED=1 is a guess, since the stage installs %s", lib)
			return on
		}
		return cgoUse{write: "0", review: why + "; CGO_ENABLED=0 is a guess"}
	}
	for _, w := range g.packages {
		if name, _, ok := strings.Cut(w.Raw, "@"); ok {
			return guess(fmt.Sprintf("the source of %s is not in the build context, so whether it needs cgo cannot be seen", name))
		}
	}
	if g.Opt.Context == nil {
		return guess("whether the program needs cgo cannot be seen without the build context")
	}
	if fetched := g.fetchedSource(); fetched != "" {
		return guess(fmt.Sprintf("the source comes from `%s` and was not read, and there is a C compiler, so the native build may use cgo", fetched))
	}
	src := gosource.Of(g.Opt.Context)
	switch {
	case !src.Found || !gosource.HoldsModules(g.Opt.Context, g.Stage.Graph):
		if src.Cgo != "" {
			break
		}
		return guess("the Go module is not in the Dockerfile's folder, so whether the program needs cgo cannot be seen")
	}
	program := gosource.ProgramOf(g.Opt.Context, g.folders()...)
	if program.Cgo == "" && program.Outside != "" {
		program.Cgo = src.Cgo // a module that is required may need what no file of the context imports
	}
	switch {
	case program.Cgo != "":
		on.why = program.Cgo + ": the build uses cgo"
		return on
	case !program.Complete:
		return cgoUse{write: "0", review: "the build context could not be read to the end; whether the program needs cgo is not certain"}
	case program.Outside != "":
		// Packages of other modules may have C in them (gopacket/pcap, go-systemd/sdjournal), and nobody installs a
		// library for a program that links with none.
		if lib := g.LinkedLibrary(); lib != "" {
			on.why = fmt.Sprintf("the stage installs %s, so the build uses cgo", lib)
			on.review = fmt.Sprintf("CGO_ENABLED=1 is a guess, since the stage installs %s, and what needs it cannot be seen (%s)", lib, program.Outside)
			return on
		}
	}
	off := cgoUse{write: "0"}
	const ownResolver = "; the native build asks the C library for hosts and users, and with CGO_ENABLED=0 Go does that itself"
	switch tags := g.tags(); {
	case tags["netgo"] && tags["osusergo"]:
	case len(program.System) > 0:
		off.review = strings.Join(program.System, ", ") + ownResolver
	case program.Outside != "":
		off.review = program.Outside + ", whose source is not in the context and may use net or os/user" + ownResolver
	}
	return off
}

// tags are the build tags of the command and of GOFLAGS.
func (g *goCall) tags() map[string]bool {
	list := g.flags["-tags"]
	for _, f := range strings.Fields(facts.Lookup(&g.Call.Site, "GOFLAGS").Text) {
		if _, tags, ok := strings.Cut(f, "-tags="); ok {
			list += "," + tags
		}
	}
	return match.Words(strings.NewReplacer(",", " ", `"`, " ", "'", " ").Replace(list))
}

// folders are the packages that the command compiles, as folders of the build context; none if that is not known, which
// stands for all.
func (g *goCall) folders() []string {
	at, ok := g.ContextAt(strings.TrimSuffix(g.Dir, "/"))
	if !ok {
		return nil
	}
	if len(g.packages) == 0 {
		return []string{at}
	}
	var out []string
	for _, w := range g.packages {
		name := w.Lit
		switch {
		case !w.Const:
			return nil
		case strings.HasSuffix(name, ".go"):
			name = path.Dir(name)
		case name != "." && !strings.HasPrefix(name, "./"):
			return nil // an import path
		}
		out = append(out, context.ContextPath(path.Join(at, name)))
	}
	return out
}

// fetchedSource returns the command by which the source that is compiled came into the stage, if it is none of the build
// context.
func (g *goCall) fetchedSource() string {
	dir := strings.TrimSuffix(g.Dir, "/")
	if dir == "" {
		return ""
	}
	for _, dest := range g.Copies() {
		_, inside := context.Below(dir, dest)
		_, below := context.Below(dest, dir)
		if inside && dest != "/" || below {
			return ""
		}
	}
	if run, ok := g.Run.Command.(*instructions.RunCommand); ok && len(instructions.GetMounts(run)) > 0 {
		return ""
	}
	for s := g.Stage; s != nil; s = s.Base {
		for _, in := range s.Body {
			if s == g.Stage && in.Index > g.Run.Index {
				break
			}
			if add, ok := in.Command.(*instructions.AddCommand); ok && fetchesSource().MatchString(strings.Join(add.SourcePaths, " ")) {
				return shell.Shorten(string(in.Doc.Src[in.Span.Start:in.Span.End]))
			}
			if !graph.IsRun(in) {
				continue
			}
			for _, cmd := range s.Graph.Script(in).Commands {
				if text := string(in.Doc.Src[cmd.Span.Start:cmd.Span.End]); clonesSource(cmd) && cmd.Span.Start < g.Span.Start {
					return shell.Shorten(text)
				}
			}
		}
	}
	return ""
}

// fetchesSource matches what ADD takes from elsewhere.
var fetchesSource = match.Pattern(`https?://|\.git\b|^git@`)

// clonesSource reports whether a command brings source from elsewhere: a clone, or an archive that is unpacked.
func clonesSource(cmd *shell.Command) bool {
	words := func(i int) string {
		if i < len(cmd.Words) {
			return cmd.Words[i].Lit
		}
		return ""
	}
	switch path.Base(cmd.Name) {
	case "git":
		return match.Words("clone fetch pull submodule checkout init")[words(1)] || strings.HasPrefix(words(1), "-")
	case "hg", "svn", "gh", "tar", "unzip", "bsdtar":
		return true
	}
	return false
}

// knownBase reports whether a base image is known to set nothing of the sort: the golang image, and those of distributions.
func knownBase(image string) bool {
	return graph.OfficialGo(image) || graph.OwnImage(image) || match.Words("buildpack-deps scratch")[graph.ImageName(image)]
}

// maybeCxx reports whether there may be C++ in what cgo compiles or links: where the image brings a
// C++ compiler, or a package that brings more than that, nobody had to ask for one.
func (g *goCall) maybeCxx() bool {
	if image := g.Stage.Root().Image; !graph.OfficialGo(image) || graph.AlpineGo(image) {
		if g.InstalledPackage(func(p packages.Package) bool { return p.Kind == packages.CxxPackage }) == "" {
			return false
		}
	}
	if g.Opt.Context == nil {
		return true
	}
	if g.InstalledPackage(packages.Package.IsCxxLibrary) != "" {
		return true
	}
	src := gosource.Of(g.Opt.Context)
	unseen := src.Cgo == "" && src.Requires != "" // what needs cgo is in a module that nobody has heard of
	return !src.Found || !src.Complete || src.Cxx || unseen || !gosource.HoldsModules(g.Opt.Context, g.Stage.Graph)
}

// builderFlag matches a folder of the build machine for the compiler or the linker, and a choice
// of its processor; builderPath such a folder alone.
var builderFlag = match.Pattern(`(^|[\s"'=,])(-[LIB]|-isystem|-Wl,-rpath[,=])\s*/(usr|lib|lib64|opt)\b|(^|[\s"'=])-m(arch|cpu|tune|fpu|32|64|sse|avx)|-fuse-ld=(gold|bfd)`)

// forBuilderOnly says what would make xx-go build C for the builder, or "".
func (g *goCall) forBuilderOnly() (why, way string) {
	for _, name := range gosource.Tools {
		if v := facts.Lookup(&g.Call.Site, name); v.Set && v.Text != "" {
			return fmt.Sprintf("%s is set to %s %s, and xx-go leaves it alone", name, v.Text, v.Where), "leave it to xx-go, which sets it for the target"
		}
	}
	for _, name := range gosource.Flags {
		v := facts.Lookup(&g.Call.Site, name)
		switch {
		case v.Set && !v.Fixed:
			return fmt.Sprintf("%s is %s, set %s; whether that is for the builder cannot be seen", name, v.Text, v.Where), "convert the stage by hand"
		case builderFlag().MatchString(v.Text) || verdict.BuilderPath().MatchString(v.Text):
			return fmt.Sprintf("%s is set to %s %s, which is for the builder", name, v.Text, v.Where), "give paths and processors of the target, with xx-info"
		}
	}
	if flags := g.flags["-ldflags"]; builderFlag().MatchString(flags) {
		return "-ldflags has a path or a flag of the builder", "give paths and processors of the target, with xx-info"
	}
	if g.has("-compiler") {
		return "-compiler chooses another Go, for which there is no recipe", "convert the stage by hand"
	}
	return "", ""
}
