package recipes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
)

// A toolchain is what stages need to compile C for the target: clang and lld among the packages
// of the build platform, and the target's C library and other libraries in a RUN of their own.
// That stands as far down as it can without being run again for each change of the source.
type toolchain struct {
	// first are lines for the start of the stage that the others are based on.
	first []string
	// runs are lines that go in front of an instruction.
	runs map[*dockerfile.Instruction][]string
	// edits change commands that install packages.
	edits []dockerfile.Edit
}

// planToolchain brings a toolchain into the stages if a step needs one, or says why that cannot
// be done.
func (c *Conversion) planToolchain(pl *Planner) {
	var needing []*Plan
	for _, p := range c.Plans {
		if p.needsC() {
			needing = append(needing, p)
		}
	}
	if len(needing) == 0 {
		return
	}
	c.chain.runs = map[*dockerfile.Instruction][]string{}
	first := needing[0].needing()[0]
	block := func(way, format string, args ...any) {
		c.Blocks = append(c.Blocks, Step{In: first.In, Span: first.Span, Recipe: "packages", Verdict: Block, Compiles: true, Reason: fmt.Sprintf(format, args...), Way: way})
	}
	installs := c.installs(pl, needing)
	manager := packageManager(c.Stages[0], installs)
	if manager == "" {
		block("build with xx-go or xx-clang, and the target's libraries where the distribution has them",
			"compiles C, and clang and the target's C library are to be had from apk and apt-get only, of which neither is known to be in the base image")
		return
	}
	for _, p := range pl.opt.Platforms {
		switch {
		case !strings.HasPrefix(p, "linux/"):
			block("leave the platform out, or convert the stage by hand, with xx-clang", "compiles C, which takes more than packages for %s", p)
			return
		case strings.HasPrefix(p, "linux/mips"):
			block("leave the platform out, or convert the stage by hand", "compiles C, and neither Alpine nor Debian 13 has libraries for %s", p)
			return
		case manager == "apk" && p == "linux/s390x":
			block("build on Debian, which has a linker for it", "compiles C, and Alpine has no linker for %s beside its own", p)
			return
		}
	}
	keep := c.compilesOnHost(pl)
	if !c.canSplit(installs, block) || !keep && !c.canTakeOut(installs) {
		return
	}

	tools := []string{"clang", "lld"}
	if manager == "apk" && !keep && slices.ContainsFunc(installs, func(i *install) bool { return i.wants(libraryPackage) }) {
		tools = append(tools, "pkgconf") // comes with -dev packages, which go
	}
	if c.needsLLVM(manager) {
		tools = append(tools, "llvm")
	}
	if manager != "apk" && slices.Contains(pl.opt.Platforms, "linux/s390x") {
		tools = append(tools, "binutils-s390x-linux-gnu") // lld links for it since LLVM 18
	}
	tools = slices.DeleteFunc(tools, func(tool string) bool {
		return slices.ContainsFunc(installs, func(i *install) bool { return i.has(tool) })
	})
	if !c.editInstalls(installs, needing, tools, keep, manager) {
		return
	}
	for _, p := range needing {
		if !c.placeTarget(p, needing, manager, installs, block) {
			return
		}
	}
	const review = "clang and lld compile and link the C code instead of gcc"
	if !slices.Contains(c.Reviews, review) {
		c.Reviews = append(c.Reviews, review)
	}
}

// compilesOnHost reports whether something is compiled for the build platform, too, in these
// stages or in one that is based on them.
func (c *Conversion) compilesOnHost(pl *Planner) bool {
	return slices.ContainsFunc(c.Stages[0].Tree(), func(s *graph.Stage) bool {
		return slices.ContainsFunc(pl.Plan(s).Steps, func(step Step) bool { return step.CompilesOnHost })
	})
}

func isBasedOn(s, base *graph.Stage) bool {
	for ; s != nil; s = s.Base {
		if s == base {
			return true
		}
	}
	return false
}

func (p *Plan) needing() []Step {
	var out []Step
	for _, s := range p.Steps {
		if s.NeedsC && s.Verdict == Convert {
			out = append(out, s)
		}
	}
	return out
}

func (p *Plan) needsC() bool { return len(p.needing()) > 0 }

// installs returns the commands that install packages for steps that compile C: in their stages
// before them, and in the stages that these are based on.
func (c *Conversion) installs(pl *Planner, needing []*Plan) []*install {
	var out []*install
	plans := slices.Clone(c.Plans)
	for s := c.Stages[0].Base; s != nil; s = s.Base {
		plans = slices.Insert(plans, 0, pl.Plan(s))
	}
	for _, p := range plans {
		for _, s := range p.Steps {
			if s.install != nil && slices.ContainsFunc(needing, func(n *Plan) bool {
				steps := n.needing()
				return n.Stage == p.Stage && s.Span.Start < steps[len(steps)-1].Span.Start || n.Stage != p.Stage && isBasedOn(n.Stage, p.Stage)
			}) {
				out = append(out, s.install)
			}
		}
	}
	return out
}

// precedes reports whether packages that a command installs are there for all steps that compile C.
func (i *install) precedes(needing []*Plan) bool {
	return !slices.ContainsFunc(needing, func(n *Plan) bool {
		return !isBasedOn(n.Stage, i.stage) || n.Stage == i.stage && n.needing()[0].Span.Start < i.cmd.Span.Start
	})
}

// packageManager returns apk or apt-get, which is what an image has, or "".
func packageManager(s *graph.Stage, installs []*install) string {
	if len(installs) > 0 {
		if installs[0].manager == "apk" {
			return "apk"
		}
		return "apt-get"
	}
	image := s.Root().Image
	tag := imageTag(image)
	name, _, _ := strings.Cut(image, "@")
	name, _, _ = strings.Cut(path.Base(name), ":")
	switch {
	case strings.Contains(tag, "windows") || strings.Contains(tag, "nanoserver"):
		return ""
	case strings.Contains(tag, "alpine") || name == "alpine":
		return "apk"
	case set("golang rust")[name] && !strings.Contains(tag, "$"), set("debian ubuntu buildpack-deps")[name]:
		return "apt-get" // golang and rust stand on Debian where the tag does not say Alpine
	}
	for _, release := range []string{"bullseye", "bookworm", "trixie", "jammy", "noble"} {
		if strings.Contains(tag, release) {
			return "apt-get"
		}
	}
	return ""
}

// blocker says that a toolchain cannot be brought in, and what a person could do.
type blocker func(way, format string, args ...any)

// crossCompiler is a package of Debian with gcc for another machine.
var crossCompiler = pattern(`^(gcc|g\+\+|libc6-dev|crossbuild-essential|binutils)(-[0-9]+)?-(.*-(linux-gnu|cross).*|arm64|armhf|armel|i386|ppc64el|s390x|riscv64)$`)

// canSplit reports whether every package is known for a tool or a library.
func (c *Conversion) canSplit(installs []*install, block blocker) bool {
	before := len(c.Blocks)
	at := func(i *install, span dockerfile.Span, reason, way string) {
		c.Blocks = append(c.Blocks, Step{In: i.in, Span: span, Recipe: "packages", Verdict: Block, Reason: reason, Way: way})
	}
	for n, i := range installs {
		if (i.manager == "apk") != (installs[0].manager == "apk") {
			block("convert the stage by hand", "compiles C in a stage with packages of apk and of %s", installs[n].manager)
		}
		if i.doubt != "" {
			at(i, i.cmd.Span, i.doubt, "install what the build runs and what it links with in commands of their own, the latter with xx-apk or xx-apt-get")
			continue
		}
		for _, p := range i.packages {
			if crossCompiler().MatchString(p.name) {
				at(i, p.word.Span, fmt.Sprintf("%s compiles for one architecture only", p.word.Raw),
					"leave it out: clang compiles for every target, with xx-c-essentials")
				continue
			}
			if p.kind == unknownPackage {
				at(i, p.word.Span, fmt.Sprintf("whether %s is a tool that the stage runs or a library that it links with is not known", p.word.Raw),
					"install libraries with xx-apk or xx-apt-get, for the target")
			}
		}
	}
	return len(c.Blocks) == before
}

// canTakeOut reports whether no later command removes what is taken out: apk fails for a package that
// is not there.
func (c *Conversion) canTakeOut(installs []*install) bool {
	before := len(c.Blocks)
	for _, p := range c.Plans {
		for _, s := range p.Steps {
			for _, name := range s.removes {
				if slices.ContainsFunc(installs, func(i *install) bool {
					return slices.ContainsFunc(i.packages, func(p pkg) bool { return p.name == name && p.goes() })
				}) {
					c.Blocks = append(c.Blocks, Step{In: s.In, Span: s.Span, Recipe: "packages", Verdict: Block,
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
func (c *Conversion) editInstalls(installs []*install, needing []*Plan, tools []string, keep bool, manager string) bool {
	placed := len(tools) == 0
	for _, i := range installs {
		if !slices.Contains(c.Stages, i.stage) {
			continue // in a stage that stays as it is
		}
		var add []string
		if !placed && len(i.packages) > 0 && i.precedes(needing) {
			add, placed = tools, true
		}
		if !keep && (i.has("build-base") || i.has("build-essential")) {
			// They bring these, too.
			for _, b := range broughtAlong {
				if c.calls(b.tool) && !i.has(b.pkg) {
					add = append(slices.Clone(add), b.pkg)
				}
			}
		}
		if emptied := i.emptied(add); !keep && emptied != "" {
			c.Blocks = append(c.Blocks, Step{In: i.in, Span: i.cmd.Span, Recipe: "packages", Verdict: Block,
				Reason: fmt.Sprintf("the target gets all packages in %s, and nothing is left of it", emptied), Way: "install them with xx-apk or xx-apt-get, for the target"})
			return false
		}
		if !keep && len(add) == 0 && !i.leaves() && len(i.packages) > 0 {
			// Nothing is left of it.
			if !i.isAll() {
				c.Blocks = append(c.Blocks, Step{In: i.in, Span: i.cmd.Span, Recipe: "packages", Verdict: Block,
					Reason: "installs libraries for the target only, in the middle of other commands", Way: "install them in a RUN of their own"})
				return false
			}
			src := i.in.Doc.Src
			for line := range strings.Lines(string(src[i.in.Lead.Start:i.in.LineStart()])) {
				i.comment = append(i.comment, strings.TrimSpace(line))
			}
			c.chain.edits = append(c.chain.edits, dockerfile.Edit{Span: dockerfile.Span{Start: i.in.Lead.Start, End: i.in.LinesEnd()}})
			continue
		}
		edits, ok := i.split(add, !keep)
		if !ok {
			c.Blocks = append(c.Blocks, Step{In: i.in, Span: i.cmd.Span, Recipe: "packages", Verdict: Block,
				Reason: "comments stand among the packages, and to which of them they belong cannot be seen", Way: "install libraries in a RUN of their own"})
			return false
		}
		c.chain.edits = append(c.chain.edits, edits...)
	}
	if placed {
		return true
	}
	if manager == "apk" {
		c.chain.first = []string{"RUN apk add --no-cache " + strings.Join(tools, " ")}
	} else {
		c.chain.first = []string{"RUN apt-get update && apt-get install -y --no-install-recommends " + strings.Join(tools, " ")}
	}
	return true
}

// broughtAlong are tools that come with build-base or build-essential, and their packages.
var broughtAlong = []struct{ tool, pkg string }{{"make", "make"}, {"patch", "patch"}, {"dpkg-architecture", "dpkg-dev"}}

// needsLLVM reports whether llvm's ar, strip and their like are called for.
func (c *Conversion) needsLLVM(manager string) bool {
	return slices.ContainsFunc(c.Plans, func(p *Plan) bool {
		return slices.ContainsFunc(p.Steps, func(s Step) bool {
			return s.Verdict == Convert && (s.NeedsLLVM || s.NeedsAr && manager == "apk")
		})
	})
}

// calls reports whether a command of the stages is the tool, or makes something that calls it.
func (c *Conversion) calls(tool string) bool {
	for _, p := range c.Plans {
		if tool == "make" && slices.ContainsFunc(p.Steps, func(s Step) bool { return s.usesMake }) {
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
func (i *install) isAll() bool {
	script := i.stage.Graph.Script(i.in)
	for _, cmd := range script.Commands {
		switch {
		case cmd.Span == i.cmd.Span:
		case cmd.Name == i.manager && slices.ContainsFunc(cmd.Words, func(w shell.Word) bool { return set("update clean autoclean")[w.Lit] }):
		case cmd.Name == "rm" && !slices.ContainsFunc(cmd.Words[1:], func(w shell.Word) bool {
			return !strings.HasPrefix(w.Raw, "-") && !within(path.Clean(w.Raw), []string{"/var/lib/apt", "/var/cache/apt", "/var/cache/apk"})
		}):
		default:
			return false
		}
	}
	return true
}

// placeTarget decides where the target's packages are installed for the steps of a stage, and how.
func (c *Conversion) placeTarget(p *Plan, needing []*Plan, manager string, installs []*install, block blocker) bool {
	// What a stage below needs is there already.
	served := func(i *install) bool {
		return slices.ContainsFunc(needing, func(n *Plan) bool {
			return n != p && isBasedOn(p.Stage, n.Stage) && (i == nil || isBasedOn(n.Stage, i.stage))
		})
	}
	var comments, commands, essentials []string
	if !served(nil) {
		essentials = append(essentials, "xx-c-essentials")
	}
	if (slices.ContainsFunc(p.Steps, func(s Step) bool { return s.NeedsCxx }) ||
		slices.ContainsFunc(installs, func(i *install) bool { return i.wants(cxxPackage) && isBasedOn(p.Stage, i.stage) })) && !served(nil) {
		essentials = append(essentials, "xx-cxx-essentials")
	}
	for _, i := range installs {
		if !isBasedOn(p.Stage, i.stage) || served(i) || len(i.packages) == 0 {
			continue
		}
		comments = append(comments, i.comment...)
		words := append(i.targets(), essentials...)
		essentials = nil
		if len(words) > 0 {
			commands = append(commands, i.command(words))
		}
	}
	if len(essentials) > 0 {
		words := strings.Join(essentials, " ")
		if manager == "apk" {
			commands = append(commands, "xx-apk add --no-cache "+words)
		} else {
			commands = append(commands, "xx-apt-get install -y --no-install-recommends "+words)
		}
	}
	if len(commands) == 0 {
		return true
	}

	body := p.Stage.Body
	at := slices.Index(body, p.needing()[0].In)
	for n := at - 1; n >= 0; n-- {
		if isContextCopy(body[n]) {
			if !onlyModules(body[n]) { // else modules are downloaded behind it, once for all platforms
				at = n
			}
			break
		}
	}
	if user := userAt(p.Stage, body[at]); user != "" {
		block("install the target's libraries before USER", "the target's libraries have to be installed by root, but USER %s stands above", user)
		return false
	}
	for _, step := range p.needing() {
		if user := userAt(p.Stage, step.In); user != "" {
			block("build as root: nothing but the result leaves the stage", "compiles as USER %s, and setting the compiler up for the target takes root", user)
			return false
		}
	}
	if manager != "apk" && !c.hasLists(p, body[at]) {
		commands = slices.Insert(commands, 0, "apt-get update")
	}
	c.chain.runs[body[at]] = append(comments, "RUN "+strings.Join(commands, " && "))
	return true
}

// isContextCopy reports whether an instruction copies from the build context.
func isContextCopy(in *dockerfile.Instruction) bool {
	switch cmd := in.Command.(type) {
	case *instructions.CopyCommand:
		return cmd.From == ""
	case *instructions.AddCommand:
		return true
	}
	return false
}

// onlyModules reports whether a COPY takes go.mod and its like and nothing else.
func onlyModules(in *dockerfile.Instruction) bool {
	cmd, ok := in.Command.(*instructions.CopyCommand)
	return ok && !slices.ContainsFunc(cmd.SourcePaths, func(src string) bool { return !strings.HasPrefix(path.Base(src), "go.") })
}

// userAt returns the user that an instruction runs as, or "" for root.
func userAt(s *graph.Stage, at *dockerfile.Instruction) string {
	for ; s != nil; s = s.Base {
		found := !slices.Contains(s.Body, at)
		for _, in := range slices.Backward(s.Body) {
			if user, ok := in.Command.(*instructions.UserCommand); ok && found {
				name, _, _ := strings.Cut(user.User, ":")
				if name == "root" || name == "0" {
					return ""
				}
				return user.User
			}
			found = found || in == at
		}
	}
	return ""
}

var aptUpdate = pattern(`\bapt(-get)?[ \t][^&|;\n]*\bupdate\b`)

// hasLists reports whether apt's lists are there when an instruction starts. xx-apt-get fetches
// those of a foreign architecture by itself, and not those of the builder's own.
func (c *Conversion) hasLists(p *Plan, at *dockerfile.Instruction) bool {
	has := len(c.chain.first) > 0
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
