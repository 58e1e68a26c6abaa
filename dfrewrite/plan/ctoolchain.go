package plan

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
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// planToolchain brings a toolchain into the stages if a step needs one, or says why that cannot
// be done.
func planToolchain(c *verdict.Conversion, pl *Planner) {
	var needing []*verdict.Ledger
	for _, p := range c.Ledgers {
		if p.NeedsC() {
			needing = append(needing, p)
		}
	}
	if len(needing) == 0 {
		return
	}
	c.Toolchain.Runs = map[*dockerfile.Instruction][]string{}
	first := needing[0].Needing()[0]
	block := func(way, format string, args ...any) {
		c.Blocks = append(c.Blocks, verdict.Step{In: first.In, Span: first.Span, Recipe: "packages", Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf(format, args...), Way: way})
	}
	installs := installs(c, pl, needing)
	root := c.Stages[0].Root()
	if d := graph.DistributionOf(root.Image); d != nil && d.OneArchitecture {
		block("build on alpine or debian, whose packages can be had for another architecture, or without cgo",
			"compiles C, and %s in %s is not Alpine's: packages for another architecture cannot be installed beside those of the builder's", d.Manager, root.Image)
		return
	}
	manager := packageManager(c.Stages[0], installs)
	if manager == nil {
		block("build with xx-go or xx-clang, and the target's libraries where the distribution has them",
			"compiles C, and clang and the target's C library are to be had from apk and apt-get only, of which neither is known to be in the base image")
		return
	}
	if manager.Of == "Debian" && len(installs) == 0 && archived(root.Image) {
		block("use a newer tag", "compiles C, and the packages of the Debian that %s stands on are no longer on its mirrors", root.Image)
		return
	}
	for _, p := range pl.Options.Platforms {
		linker, special := manager.Linkers[p]
		switch {
		case !strings.HasPrefix(p, "linux/"):
			block("leave the platform out, or convert the stage by hand, with xx-clang", "compiles C, which takes more than packages for %s", p)
			return
		case strings.HasPrefix(p, "linux/mips"):
			block("leave the platform out, or convert the stage by hand", "compiles C, and neither Alpine nor Debian 13 has libraries for %s", p)
			return
		case special && linker == "":
			block("build on Debian, which has a linker for it", "compiles C, and %s has no linker for %s beside its own", manager.Of, p)
			return
		}
	}
	keep := compilesOnHost(c, pl)
	if !canSplit(c, installs, block) || !keep && !canTakeOut(c, installs) {
		return
	}

	tools := []string{"clang", "lld"}
	if len(manager.Along) > 0 && !keep && c.Needs(func(n verdict.Needs) bool { return n.PkgConfig }) &&
		slices.ContainsFunc(installs, func(i *packages.Install) bool { return i.Wants(packages.LibraryPackage) }) {
		tools = append(tools, manager.Along...) // with the libraries, which go
	}
	if graph.PublicHelpers(pl.HelperImage(root.Graph)) && c.Needs(func(n verdict.Needs) bool { return n.Verify }) {
		tools = append(tools, "file") // for its xx-verify, which gets it for every build else
	}
	if c.NeedsLLVM(manager) {
		tools = append(tools, "llvm")
	}
	tools = append(tools, manager.LinkersFor(pl.Options.Platforms)...)
	tools = slices.DeleteFunc(tools, func(tool string) bool {
		return slices.ContainsFunc(installs, func(i *packages.Install) bool { return i.Has(tool) })
	})
	if !editInstalls(c, installs, needing, tools, keep, manager) {
		return
	}
	for _, p := range needing {
		if !placeTarget(c, p, needing, manager, installs, block) {
			return
		}
	}
	const review = "clang and lld compile and link the C code instead of gcc"
	if !slices.Contains(c.Reviews, review) {
		c.Reviews = append(c.Reviews, review)
	}
	if open := openTag(root.Image, installs); open != "" {
		c.Reviews = append(c.Reviews, open)
	}
	if manager.Of == "Alpine" && slices.ContainsFunc(needing, losesPIE) {
		c.Reviews = append(c.Reviews, "with -static clang links a program at a fixed address, and Alpine's gcc a position-independent one: -static-pie asks for that")
	}
}

// archived reports whether an image stands on a release of Debian that has gone from the mirrors to the archive. Go's images
// stood on buster and older ones before 1.16, and say so in their tags if they stand on another than their newest.
func archived(image string) bool {
	tag := graph.ImageTag(image)
	return oldDebian().MatchString(tag) || graph.OfficialGo(image) && !graph.AlpineGo(image) && !onNewDebian().MatchString(tag) && graph.GoBefore(image, 16)
}

var (
	oldDebian   = match.Pattern(`\b(?:buster|stretch|jessie|wheezy)\b`)
	onNewDebian = match.Pattern(`\b(?:bullseye|bookworm|trixie)\b`)
)

// compilesOnHost reports whether something is compiled for the build platform, too, in these
// stages or in one that is based on them.
func compilesOnHost(c *verdict.Conversion, pl *Planner) bool {
	return slices.ContainsFunc(c.Stages[0].Tree(), func(s *graph.Stage) bool {
		return slices.ContainsFunc(pl.Plan(s).Steps, func(step verdict.Step) bool { return step.CompilesOnHost })
	})
}

// installs returns the commands that install packages for steps that compile C: in their stages
// before them, and in the stages that these are based on.
func installs(c *verdict.Conversion, pl *Planner, needing []*verdict.Ledger) []*packages.Install {
	var out []*packages.Install
	plans := slices.Clone(c.Ledgers)
	for s := c.Stages[0].Base; s != nil; s = s.Base {
		plans = slices.Insert(plans, 0, pl.Plan(s))
	}
	for _, p := range plans {
		for _, s := range p.Steps {
			if s.Installs != nil && slices.ContainsFunc(needing, func(n *verdict.Ledger) bool {
				steps := n.Needing()
				return n.Stage == p.Stage && s.Span.Start < steps[len(steps)-1].Span.Start || n.Stage != p.Stage && graph.IsBasedOn(n.Stage, p.Stage)
			}) {
				out = append(out, s.Installs)
			}
		}
	}
	return out
}

// precedes reports whether packages that a command installs are there for all steps that compile C.
func precedes(i *packages.Install, needing []*verdict.Ledger) bool {
	return !slices.ContainsFunc(needing, func(n *verdict.Ledger) bool {
		return !graph.IsBasedOn(n.Stage, i.Stage) || n.Stage == i.Stage && n.Needing()[0].Span.Start < i.Cmd.Span.Start
	})
}

// packageManager returns what the stage installs packages with, or what its image has for that; nil if that has no packages for
// another architecture, or is not known.
func packageManager(s *graph.Stage, installs []*packages.Install) *packages.Manager {
	if len(installs) > 0 {
		return installs[0].Manager
	}
	image := s.Root().Image
	if d := graph.DistributionOf(image); d != nil {
		return packages.ForTarget(d.Manager)
	}
	if anyTag(image) {
		return packages.ForTarget("apt-get") // see openTag
	}
	return nil
}

// anyTag recognizes official images that stand on Debian if their tag, which a build argument chooses, does not say otherwise.
func anyTag(image string) bool {
	return strings.Contains(graph.ImageTag(image), "$") && match.Words("golang rust")[graph.ImageName(image)] && graph.DistributionOf(image) == nil
}

// openTag says what was taken for granted where a build argument without a default may bring a tag of Alpine's; "" if nothing was. A
// wrong guess stops the build, which finds no apt-get.
func openTag(image string, installs []*packages.Install) string {
	if len(installs) > 0 || !anyTag(image) {
		return ""
	}
	return image + " is taken to stand on Debian, as tags do that do not name Alpine"
}

// losesPIE reports whether something of the stage is linked with -static that gcc would make position-independent: all C on Alpine,
// whose gcc is configured so, but Go's programs only if that is asked for. Clang makes nothing of -pie beside -static.
func losesPIE(p *verdict.Ledger) bool {
	return slices.ContainsFunc(p.Needing(), func(s verdict.Step) bool {
		text := string(s.In.Doc.Src[s.Span.Start:s.Span.End])
		for _, name := range []string{"GOFLAGS", "CGO_LDFLAGS", "LDFLAGS", "CFLAGS"} {
			if v, ok := p.Stage.Graph.EnvAt(s.In).Lookup(name); ok && v.Env {
				text += " " + v.Value
			}
		}
		return linksStatic().MatchString(text) && (s.Recipe != "go" || asksPIE().MatchString(text))
	})
}

var (
	linksStatic = match.Pattern(`(^|[\s"'=,])-static($|[\s"',])`)
	asksPIE     = match.Pattern(`-buildmode[= ]pie\b`)
)

// blocker says that a toolchain cannot be brought in, and what a person could do.
type blocker func(way, format string, args ...any)

// crossCompiler is a package of Debian with gcc for another machine.
var crossCompiler = match.Pattern(`^(gcc|g\+\+|libc6-dev|crossbuild-essential|binutils)(-[0-9]+)?-(.*-(linux-gnu|cross).*|` + match.ArchName + `)$`)

// canSplit reports whether every package is known for a tool or a library.
func canSplit(c *verdict.Conversion, installs []*packages.Install, block blocker) bool {
	before := len(c.Blocks)
	at := func(i *packages.Install, span dockerfile.Span, reason, way string) {
		c.Blocks = append(c.Blocks, verdict.Step{In: i.In, Span: span, Recipe: "packages", Verdict: verdict.Block, Reason: reason, Way: way})
	}
	for _, i := range installs {
		if i.Manager != installs[0].Manager {
			block("convert the stage by hand", "compiles C in a stage with packages of %s and of %s", installs[0].Manager.Name, i.Manager.Name)
		}
		if i.Doubt != "" {
			at(i, i.Cmd.Span, i.Doubt, "install what the build runs and what it links with in commands of their own, the latter with xx-apk or xx-apt-get")
			continue
		}
		for _, p := range i.Packages {
			if crossCompiler().MatchString(p.Name) {
				at(i, p.Word.Span, fmt.Sprintf("%s compiles for one architecture only", p.Word.Raw),
					"leave it out: clang compiles for every target, with xx-c-essentials")
				continue
			}
			if p.Kind == packages.UnknownPackage {
				at(i, p.Word.Span, fmt.Sprintf("whether %s is a tool that the stage runs or a library that it links with is not known", p.Word.Raw),
					"install libraries with xx-apk or xx-apt-get, for the target")
			}
		}
	}
	return len(c.Blocks) == before
}

// canTakeOut reports whether no later command removes what is taken out: apk fails for a package that
// is not there.
func canTakeOut(c *verdict.Conversion, installs []*packages.Install) bool {
	before := len(c.Blocks)
	for _, p := range c.Ledgers {
		for _, s := range p.Steps {
			for _, name := range s.Removes {
				if slices.ContainsFunc(installs, func(i *packages.Install) bool {
					return slices.ContainsFunc(i.Packages, func(p packages.Package) bool { return p.Name == name && p.Goes() })
				}) {
					c.Blocks = append(c.Blocks, verdict.Step{In: s.In, Span: s.Span, Recipe: "packages", Verdict: verdict.Block,
						Reason: fmt.Sprintf("removes %s, which the target gets instead of the build platform", name),
						Way:    "leave it out: nothing but the result leaves the stage"})
				}
			}
		}
	}
	return len(c.Blocks) == before
}

// editInstalls takes libraries and compilers out of the commands that install them, and puts the
// tools in. With keep, they stay: something is compiled for the build platform, too.
func editInstalls(c *verdict.Conversion, installs []*packages.Install, needing []*verdict.Ledger, tools []string, keep bool, manager *packages.Manager) bool {
	placed := len(tools) == 0
	for _, i := range installs {
		if !slices.Contains(c.Stages, i.Stage) {
			continue // in a stage that stays as it is
		}
		var add []string
		if !placed && len(i.Packages) > 0 && precedes(i, needing) {
			add, placed = tools, true
		}
		if !keep && (i.Has("build-base") || i.Has("build-essential")) {
			// They bring these, too.
			for _, b := range broughtAlong {
				if calls(c, b.tool) && !i.Has(b.pkg) {
					add = append(slices.Clone(add), b.pkg)
				}
			}
		}
		if emptied := i.Emptied(add); !keep && emptied != "" {
			c.Blocks = append(c.Blocks, verdict.Step{In: i.In, Span: i.Cmd.Span, Recipe: "packages", Verdict: verdict.Block,
				Reason: fmt.Sprintf("the target gets all packages in %s, and nothing is left of it", emptied), Way: "install them with xx-apk or xx-apt-get, for the target"})
			return false
		}
		if !keep && len(add) == 0 && !i.Leaves() && len(i.Packages) > 0 {
			// Nothing is left of it.
			if !isAll(i) {
				c.Blocks = append(c.Blocks, verdict.Step{In: i.In, Span: i.Cmd.Span, Recipe: "packages", Verdict: verdict.Block,
					Reason: "installs libraries for the target only, in the middle of other commands", Way: "install them in a RUN of their own"})
				return false
			}
			src := i.In.Doc.Src
			for line := range strings.Lines(string(src[i.In.Lead.Start:i.In.LineStart()])) {
				i.Comment = append(i.Comment, strings.TrimSpace(line))
			}
			c.Toolchain.Edits = append(c.Toolchain.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: i.In.Lead.Start, End: i.In.LinesEnd()}})
			continue
		}
		edits, ok := i.Split(add, !keep)
		if !ok {
			c.Blocks = append(c.Blocks, verdict.Step{In: i.In, Span: i.Cmd.Span, Recipe: "packages", Verdict: verdict.Block,
				Reason: "comments stand among the packages, and to which of them they belong cannot be seen", Way: "install libraries in a RUN of their own"})
			return false
		}
		c.Toolchain.Edits = append(c.Toolchain.Edits, edits...)
	}
	if placed {
		return true
	}
	c.Toolchain.First = []string{"RUN " + manager.Installs() + " " + strings.Join(tools, " ")}
	return true
}

// broughtAlong are tools that come with build-base or build-essential, and their packages.
var broughtAlong = []struct{ tool, pkg string }{{"make", "make"}, {"patch", "patch"}, {"dpkg-architecture", "dpkg-dev"}}

// calls reports whether a command of the stages is the tool, or makes something that calls it.
func calls(c *verdict.Conversion, tool string) bool {
	for _, p := range c.Ledgers {
		if tool == "make" && slices.ContainsFunc(p.Steps, func(s verdict.Step) bool { return s.Needs.Make }) {
			return true
		}
		for _, in := range p.Stage.Body {
			if !graph.IsRun(in) {
				continue
			}
			for _, cmd := range p.Stage.Graph.Script(in).Commands {
				if cmd.Name == tool {
					return true
				}
			}
		}
	}
	return false
}

// isAll reports whether the RUN does nothing but install these packages, and clean up behind.
func isAll(i *packages.Install) bool {
	script := i.Stage.Graph.Script(i.In)
	for _, cmd := range script.Commands {
		switch {
		case cmd.Span == i.Cmd.Span:
		case packages.ManagerOf(cmd.Name) == i.Manager && slices.ContainsFunc(cmd.Words, func(w shell.Word) bool { return match.Words("update clean autoclean")[w.Lit] }):
		case cmd.Name == "rm" && !slices.ContainsFunc(cmd.Words[1:], func(w shell.Word) bool {
			return !strings.HasPrefix(w.Raw, "-") && !verdict.Within(path.Clean(w.Raw), i.Manager.Caches)
		}):
		default:
			return false
		}
	}
	return true
}

// placeTarget decides where the target's packages are installed for the steps of a stage, and how.
func placeTarget(c *verdict.Conversion, p *verdict.Ledger, needing []*verdict.Ledger, manager *packages.Manager, installs []*packages.Install, block blocker) bool {
	// What a stage below needs is there already.
	served := func(i *packages.Install) bool {
		return slices.ContainsFunc(needing, func(n *verdict.Ledger) bool {
			return n != p && graph.IsBasedOn(p.Stage, n.Stage) && (i == nil || graph.IsBasedOn(n.Stage, i.Stage))
		})
	}
	// The public xx-apk trips over a single word behind xx-c-essentials, so that is the last one.
	var comments, commands, essentials []string
	if (slices.ContainsFunc(p.Steps, func(s verdict.Step) bool { return s.Needs.Cxx }) ||
		slices.ContainsFunc(installs, func(i *packages.Install) bool {
			return i.AsksForCxx() && graph.IsBasedOn(p.Stage, i.Stage)
		})) && !served(nil) {
		essentials = append(essentials, "xx-cxx-essentials")
	}
	if !served(nil) {
		essentials = append(essentials, "xx-c-essentials")
	}
	for _, i := range installs {
		if !graph.IsBasedOn(p.Stage, i.Stage) || served(i) || len(i.Packages) == 0 {
			continue
		}
		comments = append(comments, i.Comment...)
		words := append(i.Targets(), essentials...)
		essentials = nil
		if len(words) > 0 {
			commands = append(commands, i.Command(words))
		}
	}
	if len(essentials) > 0 {
		commands = append(commands, manager.InstallsForTarget()+" "+strings.Join(essentials, " "))
	}
	if len(commands) == 0 {
		return true
	}

	body := p.Stage.Body
	at := slices.Index(body, p.Needing()[0].In)
	for n := at - 1; n >= 0; n-- {
		if graph.IsContextCopy(body[n]) {
			if !onlyModules(body[n]) { // else modules are downloaded behind it, once for all platforms
				at = aboveCopies(body, n, commands)
			}
			break
		}
	}
	if user := graph.UserAt(p.Stage, body[at]); user != "" {
		block("install the target's libraries before USER", "the target's libraries have to be installed by root, but USER %s stands above", user)
		return false
	}
	for _, step := range p.Needing() {
		if user := graph.UserAt(p.Stage, step.In); user != "" {
			block("build as root: nothing but the result leaves the stage", "compiles as USER %s, and setting the compiler up for the target takes root", user)
			return false
		}
	}
	if manager.Lists != "" && !hasLists(c, p, body[at]) {
		commands = slices.Insert(commands, 0, manager.Lists)
	}
	c.Toolchain.Runs[body[at]] = append(comments, "RUN "+strings.Join(commands, " && "))
	return true
}

// aboveCopies returns the first of the COPYs and ADDs of the source that stand above an instruction with no RUN between: what is
// installed above it stays when a file changes. Variables that the commands expand have to be set above them.
func aboveCopies(body []*dockerfile.Instruction, at int, commands []string) int {
	for n := at - 1; n >= 0; n-- {
		switch body[n].Command.(type) {
		case *instructions.CopyCommand, *instructions.AddCommand:
			if !graph.IsContextCopy(body[n]) {
				return at
			}
			at = n
		case *instructions.WorkdirCommand, *instructions.LabelCommand:
		case *instructions.ArgCommand, *instructions.EnvCommand:
			if slices.ContainsFunc(commands, func(c string) bool { return strings.Contains(c, "$") }) {
				return at
			}
		default:
			return at
		}
	}
	return at
}

// onlyModules reports whether a COPY takes go.mod and its like and nothing else.
func onlyModules(in *dockerfile.Instruction) bool {
	cmd, ok := in.Command.(*instructions.CopyCommand)
	return ok && !slices.ContainsFunc(cmd.SourcePaths, func(src string) bool { return !strings.HasPrefix(path.Base(src), "go.") })
}

var aptUpdate = match.Pattern(`\bapt(-get)?[ \t][^&|;\n]*\bupdate\b`)

// hasLists reports whether apt's lists are there when an instruction starts. xx-apt-get fetches
// those of a foreign architecture by itself, and not those of the builder's own.
func hasLists(c *verdict.Conversion, p *verdict.Ledger, at *dockerfile.Instruction) bool {
	has := len(c.Toolchain.First) > 0
	var chain []*graph.Stage
	for s := p.Stage; s != nil; s = s.Base {
		chain = slices.Insert(chain, 0, s)
	}
	for _, s := range chain {
		for _, in := range s.Body {
			if in == at {
				return has
			}
			if !graph.IsRun(in) {
				continue
			}
			text := string(in.Doc.Src[in.Span.Start:in.Span.End])
			updates := -1
			if all := aptUpdate().FindAllStringIndex(text, -1); len(all) > 0 {
				updates = all[len(all)-1][0]
			}
			removes := strings.LastIndex(text, "/var/lib/apt")
			if updates >= 0 || removes >= 0 {
				has = updates > removes
			}
			if strings.Contains(text, "type=cache") && removes >= 0 {
				has = false
			}
		}
	}
	return has
}
