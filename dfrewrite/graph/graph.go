// Package graph says how the stages of a Dockerfile hang together: what each is
// based on, what it takes from others, what variables hold at each instruction,
// and, above all, on which platform each stage runs.
//
// A stage runs on the target platform unless its FROM says otherwise, so a
// build for another machine's platform runs it under emulation. A stage with
// FROM --platform=$BUILDPLATFORM runs on the machine that builds. `FROM stage`
// inherits the platform; a --platform there is ignored by BuildKit.
//
// The files: stages and their relations (this file), variables (env.go).
package graph

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/internal/lazyregexp"
	"xxkit/triples"
)

// A Graph is a Dockerfile's stages with their relations.
type Graph struct {
	Doc    *dockerfile.Document
	Stages []*Stage
	// Budget is what evaluating the file may take.
	Budget *Budget

	flags     Flags
	delivered []*Stage
	isNamed   bool            // what is delivered stands in the flags
	needed    map[*Stage]bool // by what is delivered
	scripts   map[*dockerfile.Instruction]*shell.Script
	envs      map[*dockerfile.Instruction]*Env
}

// A Place says where a stage's commands run.
type Place int

// The places.
const (
	// Target is the platform that is built for: emulated, if it is foreign.
	Target Place = iota
	// Build is the platform of the machine that builds.
	Build
	// Fixed is one platform, whatever is built.
	Fixed
	// Unknown depends on a build argument without a default.
	Unknown
)

func (p Place) String() string {
	return [...]string{"target platform", "build platform", "fixed platform", "unknown platform"}[p]
}

// A Stage is one stage and what it has to do with the others.
type Stage struct {
	*dockerfile.Stage
	Graph *Graph
	// Image is the base image with build arguments filled in as far as they have
	// defaults; empty when the base is a stage of the same file.
	Image string
	// Base is the stage that this one is based on, or nil.
	Base *Stage
	// Candidates are the stages that a base with a variable in its name
	// (FROM build-$TARGETARCH) may mean.
	Candidates []*Stage
	// Place is where the stage's commands run.
	Place Place
	// Platform is the value of --platform with build arguments filled in, of the
	// stage that decides it; empty if there is none.
	Platform string
	// Uses is what the stage takes from stages and images, except its base.
	Uses []*Use
	// UsedBy is what other stages take from this one, except as their base.
	UsedBy []*Use
	// Children are the stages based on this one, candidates included.
	Children []*Stage

	end *Env // the state after the last instruction
}

// A UseKind says how something is taken from a stage or image.
type UseKind int

// The kinds.
const (
	Copy  UseKind = iota // COPY --from
	Mount                // RUN --mount=from=
)

// A Use is one COPY --from or RUN --mount=from.
type Use struct {
	Kind UseKind
	// In is the stage that takes, By the instruction.
	In *Stage
	By *dockerfile.Instruction
	// From is the stage that is taken from, or nil when it is an image.
	From *Stage
	// Image is the image or named context that is taken from.
	Image string
	// Paths are the source paths, as written.
	Paths []string
	// Dest is where they go.
	Dest string
}

// Flags are those of a build that change what a file means, whether they are given to
// buildx or stand in a Compose or bake file. The zero value is a build without flags.
type Flags struct {
	// Targets are the stages that images are made of, by name or number. One that is
	// empty means the last stage, and so does none, or none that is in the file.
	Targets []string
	// NoImages says that what is built is thrown away: nothing is made of any stage.
	NoImages bool
	// PlatformsOf are the platforms that a target is built for, by its name in Targets, written as those of the
	// file are. A target that is not in it is built for all of them.
	PlatformsOf map[string][]string
	// Args are the build arguments that are given; nil for one that is given, but whose
	// value is not known.
	Args map[string]*string
	// ArgsBy says for each of them where it is given, for messages: "docker-bake.hcl:3", "--build-arg".
	ArgsBy map[string]string
}

// ByFlag is where an argument of the command line is given; see Flags.ArgsBy.
const ByFlag = "--build-arg"

// New works out the graph of a document, as a build without flags sees it.
func New(d *dockerfile.Document) *Graph { return For(d, Flags{}) }

// For works out the graph of a document as a build with these flags sees it.
func For(d *dockerfile.Document, flags Flags) *Graph { return Within(d, flags, NewBudget()) }

// Within is the same for a document that is a part of a larger evaluation, whose budget it draws on.
func Within(d *dockerfile.Document, flags Flags, budget *Budget) *Graph {
	g := &Graph{Doc: d, flags: flags, Budget: budget, scripts: map[*dockerfile.Instruction]*shell.Script{}, envs: map[*dockerfile.Instruction]*Env{}}
	global := g.globalEnv()
	for _, ds := range d.Stages {
		s := &Stage{Stage: ds, Graph: g}
		g.linkBase(s, global)
		g.Stages = append(g.Stages, s)
		g.stageEnv(s, global)
	}
	for _, s := range g.Stages {
		for _, in := range s.Body {
			g.linkUses(s, in)
		}
		if s.IsTarget() {
			g.delivered = append(g.delivered, s)
		}
	}
	g.isNamed = g.delivered != nil
	if g.delivered == nil && !flags.NoImages {
		g.delivered = []*Stage{g.Final()}
	}
	for _, s := range g.delivered {
		g.need(s)
	}
	return g
}

// linkBase finds what a stage is based on and where it runs.
func (g *Graph) linkBase(s *Stage, global *Env) {
	escape := rune(g.Doc.Escape)
	name := global.Expand(s.BaseName, escape)
	if base := g.named(name); base != nil {
		s.Base = base
		s.Place, s.Platform = base.Place, base.Platform
		base.Children = append(base.Children, s)
		return
	}
	s.Image = name
	if strings.Contains(name, "$") {
		s.Candidates = g.matching(name)
		for _, c := range s.Candidates {
			c.Children = append(c.Children, s)
		}
		if len(s.Candidates) > 0 {
			s.Place, s.Platform = s.Candidates[0].Place, s.Candidates[0].Platform
			for _, c := range s.Candidates {
				if c.Place != s.Place {
					s.Place = Unknown
				}
			}
			return
		}
	}
	s.Platform = global.Expand(s.Stage.Platform, escape)
	s.Place = PlaceOf(s.Platform)
	if _, _, inTag := ArchitectureInTag(s.BaseName); inTag || OneArchitecture(name) || IsWindows(name) {
		s.Place = Fixed
	} else if strings.Contains(name, "$") && archFromArg.Get().MatchString(name) {
		s.Place = Unknown
	}
}

// oneArch matches Docker Hub's images for one architecture (amd64/alpine), which
// are that whatever --platform says. The list is docker-library/bashbrew's.
var oneArch = lazyregexp.New(`^(docker\.io/)?(amd64|arm32v[5-7]|arm64v8|i386|mips64le|ppc64le|riscv64|s390x|winamd64)/`)

// OneArchitecture recognizes images that exist for one architecture only, by the
// names that Docker Hub gives them (amd64/alpine).
func OneArchitecture(image string) bool {
	return strings.Contains(image, "/") && oneArch.Get().MatchString(image)
}

// archTag matches names that end in an architecture, as the tags of gcr.io/distroless do, and tags that begin with one,
// as those of linuxserver.io's bases do.
var archTag = match.Pattern(`[^:/](-(` + match.ArchName + `))$|:((` + match.ArchName + `)-)[^:/@]*$`)

// ArchitectureInTag returns the architecture that an image's tag names, as it is written, and the image's name without it.
func ArchitectureInTag(image string) (arch, plain string, ok bool) {
	if !match.MayNameArch(image) {
		return "", "", false // as most, and it takes less time than archTag
	}
	m := archTag().FindStringSubmatchIndex(image)
	if m == nil || strings.Contains(image, "@") {
		return "", "", false
	}
	if m[2] < 0 {
		m[2], m[3], m[4], m[5] = m[6], m[7], m[8], m[9]
	}
	arch, plain = image[m[4]:m[5]], image[:m[2]]+image[m[3]:]
	if HoldsEmulators(image) || secondArch().MatchString(plain) {
		return "", "", false
	}
	return arch, plain, true
}

// secondArch matches what is left of a tag if it names two architectures: the one that the image runs on, and one that it
// emulates or builds for.
var secondArch = match.Pattern(`:([^:/@]*[-.])?(arm|` + match.ArchName + `)$`)

// HoldsEmulators recognizes images that hold QEMU for other machines, and run on any that has them: their tags say what is
// emulated.
func HoldsEmulators(image string) bool {
	return match.Words("qemu-user-static qemu-static binfmt")[ImageName(image)]
}

// IsWindows recognizes Windows images by their names. They run on Windows only,
// where nothing is emulated.
func IsWindows(image string) bool {
	image = strings.ToLower(image)
	return strings.Contains(image, "windows") || strings.Contains(image, "nanoserver") || strings.Contains(image, "servercore")
}

// archFromArg matches the same with a build argument for the architecture.
var archFromArg = lazyregexp.New(`^(docker\.io/)?\$\{?\w*ARCH\w*\}?/`)

// PlaceOf reads a --platform in which the automatic arguments are still names.
func PlaceOf(platform string) Place {
	switch {
	case platform == "":
		return Target
	case !strings.Contains(platform, "$"):
		return Fixed
	case strings.Contains(platform, "$TARGET") || strings.Contains(platform, "${TARGET"):
		return Target
	case strings.Contains(platform, "$BUILD") || strings.Contains(platform, "${BUILD"):
		return Build
	}
	return Unknown
}

// named finds the latest stage of that name.
func (g *Graph) named(name string) *Stage {
	for i := len(g.Stages) - 1; i >= 0; i-- {
		if g.Stages[i].Name != "" && strings.EqualFold(g.Stages[i].Name, name) {
			return g.Stages[i]
		}
	}
	return nil
}

var variable = lazyregexp.New(`\\\$(\w+|\\\{[^}]*\\\})`)

// platformStages are the names of stages among which an automatic argument chooses: FROM ${TARGETOS} with stages
// called linux and windows.
var platformStages = map[string][]string{
	"TARGETOS":   {"linux", "windows", "darwin", "freebsd", "netbsd", "openbsd"},
	"TARGETARCH": architectures(),
}

// architectures lists those of the platform table.
func architectures() (names []string) {
	for _, r := range triples.Rows() {
		if !slices.Contains(names, r.Platform.Arch) {
			names = append(names, r.Platform.Arch)
		}
	}
	return names
}

// matching finds the stages whose names fit a name with variables in it.
func (g *Graph) matching(name string) []*Stage {
	if names, ok := platformStages[strings.Trim(name, "${}")]; ok {
		var found []*Stage
		for _, n := range names {
			if s := g.named(n); s != nil {
				found = append(found, s)
			}
		}
		return found
	}
	re, err := regexp.Compile("(?i)^" + variable.Get().ReplaceAllString(regexp.QuoteMeta(name), ".+") + "$")
	if err != nil || strings.HasPrefix(name, "$") {
		return nil // a name that is nothing but a variable could be anything
	}
	var found []*Stage
	for _, s := range g.Stages {
		if s.Name != "" && re.MatchString(s.Name) {
			found = append(found, s)
		}
	}
	return found
}

// MayChoose lists the stages that are based on another one by their build arguments' defaults, and on s with other values.
func (s *Stage) MayChoose() []*Stage {
	var out []*Stage
	for _, t := range s.Graph.Stages {
		if t.Base != s && strings.Contains(t.BaseName, "$") && slices.Contains(s.Graph.matching(t.BaseName), s) {
			out = append(out, t)
		}
	}
	return out
}

// stageRef resolves the --from of a COPY: a name, or an index that stands before the
// user. BuildKit takes a mount's from=0 for an image of that name.
func (g *Graph) stageRef(user *Stage, ref string) *Stage {
	if s := g.named(ref); s != nil {
		return s
	}
	if i, err := strconv.Atoi(ref); err == nil && i >= 0 && i < user.Index {
		return g.Stages[i]
	}
	return nil
}

func (g *Graph) linkUses(s *Stage, in *dockerfile.Instruction) {
	add := func(u *Use, from *Stage, ref string) {
		u.In, u.By = s, in
		if u.From = from; u.From != nil {
			u.From.UsedBy = append(u.From.UsedBy, u)
		} else {
			u.Image = ref
		}
		s.Uses = append(s.Uses, u)
	}
	switch c := in.Command.(type) {
	case *instructions.CopyCommand:
		if c.From != "" {
			add(&Use{Kind: Copy, Paths: c.SourcePaths, Dest: c.DestPath}, g.stageRef(s, c.From), c.From)
		}
	case *instructions.RunCommand:
		// Mounts are only complete after the arguments in them are expanded.
		_ = c.Expand(func(word string) (string, error) { return word, nil })
		for _, m := range instructions.GetMounts(c) {
			if m.From != "" {
				add(&Use{Kind: Mount, Paths: []string{m.Source}, Dest: m.Target}, g.named(m.From), m.From)
			}
		}
	}
}

// Final returns the stage that is built when none is named: the last one.
func (g *Graph) Final() *Stage { return g.Stages[len(g.Stages)-1] }

// IsTarget reports whether the build names the stage as a target.
func (s *Stage) IsTarget() bool { return slices.ContainsFunc(s.Graph.flags.Targets, s.isMeant) }

// isMeant reports whether a target that is called so is the stage; one without a name is the last stage.
func (s *Stage) isMeant(target string) bool {
	if target == "" {
		return s == s.Graph.Final()
	}
	return s.Answers(target)
}

// BuiltFor reports whether the targets that are this very stage are built for a platform. Nothing is said of
// a stage that is no target.
func (s *Stage) BuiltFor(platform string) bool {
	said := false
	for target, platforms := range s.Graph.flags.PlatformsOf {
		if !s.isMeant(target) {
			continue
		}
		if said = true; slices.Contains(platforms, platform) {
			return true
		}
	}
	return !said
}

// Answers reports whether a name or number is that of the stage, as in --target.
func (s *Stage) Answers(name string) bool {
	return strings.EqualFold(name, s.Name) || name == strconv.Itoa(s.Index)
}

// Delivered returns the stages that images are made of, in file order: those that
// the build names as targets, or the last one.
func (g *Graph) Delivered() []*Stage { return g.delivered }

// Delivered reports whether images are made of the stage.
func (s *Stage) Delivered() bool { return slices.Contains(s.Graph.delivered, s) }

// Given returns the value that the build gives an argument: nil if it is not known.
// ok is false where the build does not speak of it.
func (g *Graph) Given(name string) (value *string, ok bool) {
	value, ok = g.flags.Args[name]
	return value, ok
}

// need takes down that what is delivered is made of a stage, or with its help.
func (g *Graph) need(s *Stage) {
	if s == nil || g.needed[s] {
		return
	}
	if g.needed == nil {
		g.needed = map[*Stage]bool{}
	}
	g.needed[s] = true
	g.need(s.Base)
	for _, u := range s.Uses {
		g.need(u.From)
	}
	if strings.Contains(s.BaseName, "$") {
		for _, t := range g.matching(s.BaseName) {
			g.need(t)
		}
	}
}

// Needed reports whether what is delivered is made of the stage, or with its help.
func (s *Stage) Needed() bool { return s.Graph.needed[s] }

// LeftOut reports whether the build names its targets and needs the stage for none of them, so that it is not built at all.
func (s *Stage) LeftOut() bool { return s.Graph.isNamed && !s.Needed() }

// GivenTarget returns an argument about the target that the build gives a value of its own, and where; BuildKit's does not
// count then, and every platform is built with the same. It is empty if there is none.
func (g *Graph) GivenTarget() (name, by string) {
	for _, name := range Automatic {
		if _, ok := g.flags.Args[name]; ok && strings.HasPrefix(name, "TARGET") {
			if by = g.flags.ArgsBy[name]; by == "" {
				by = "the build"
			}
			return name, by
		}
	}
	return "", ""
}

// Root returns the stage of this file that s is based on in the end.
func (s *Stage) Root() *Stage {
	for s.Base != nil {
		s = s.Base
	}
	return s
}

// Tree returns s and all stages that are based on it, in file order.
func (s *Stage) Tree() []*Stage {
	in := map[*Stage]bool{s: true}
	tree := []*Stage{s}
	for _, t := range s.Graph.Stages[s.Index+1:] {
		if t.Base != nil && in[t.Base] {
			in[t] = true
			tree = append(tree, t)
			continue
		}
		for _, c := range t.Candidates {
			if in[c] && !in[t] {
				in[t] = true
				tree = append(tree, t)
			}
		}
	}
	return tree
}

// Shipped reports whether the stage is what a build delivers: the last stage,
// and any other that no stage builds upon, since it can be named as the target.
func (s *Stage) Shipped() bool {
	return s == s.Graph.Final() || len(s.UsedBy) == 0 && len(s.Children) == 0
}

// Title names the stage as messages do: its name, or its number.
func (s *Stage) Title() string {
	if s.Name != "" {
		return strconv.Quote(s.Name)
	}
	return "stage " + strconv.Itoa(s.Index)
}

// CopiesTo returns the absolute path that a COPY or ADD copies to, "" for any other instruction.
func (g *Graph) CopiesTo(in *dockerfile.Instruction) string {
	switch c := in.Command.(type) {
	case *instructions.CopyCommand:
		return g.abs(in, c.DestPath)
	case *instructions.AddCommand:
		return g.abs(in, c.DestPath)
	}
	return ""
}

// Starts returns the absolute paths of the programs and other files with a slash in their names that an ENTRYPOINT or CMD
// names, none for any other instruction. What has no slash is looked up in PATH, or an argument.
func (g *Graph) Starts(in *dockerfile.Instruction) []string {
	var words []string
	switch c := in.Command.(type) {
	case *instructions.EntrypointCommand:
		words = c.CmdLine
	case *instructions.CmdCommand:
		words = c.CmdLine
	}
	if len(words) == 1 {
		words = strings.Fields(words[0]) // the shell form
	}
	var out []string
	for _, w := range words {
		if strings.Contains(w, "/") {
			out = append(out, g.abs(in, w))
		}
	}
	return out
}

// abs makes a path in an instruction absolute, with the variables in it filled in.
func (g *Graph) abs(in *dockerfile.Instruction, file string) string {
	env := g.EnvAt(in)
	if file = env.Expand(file, rune(g.Doc.Escape)); !path.IsAbs(file) {
		file = path.Join(env.Dir, file)
	}
	return path.Clean(file)
}

// Script returns the shell script of a RUN in this graph; it is parsed once.
func (g *Graph) Script(run *dockerfile.Instruction) *shell.Script {
	s, ok := g.scripts[run]
	if !ok {
		s = shell.Parse(run, g.EnvAt(run).Shell)
		g.scripts[run] = s
	}
	return s
}

// AboutContainer reports whether an instruction says something about containers that are started from the image.
func AboutContainer(in *dockerfile.Instruction) bool {
	switch in.Command.(type) {
	case *instructions.CmdCommand, *instructions.EntrypointCommand, *instructions.ExposeCommand, *instructions.HealthCheckCommand:
		return true
	}
	return false
}

// IsRun reports whether an instruction is a RUN.
func IsRun(in *dockerfile.Instruction) bool {
	_, ok := in.Command.(*instructions.RunCommand)
	return ok
}
