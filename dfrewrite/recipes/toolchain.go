package recipes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
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
	var needing []*Plan // without those that are based on one of them
	for _, p := range c.Plans {
		if p.needsC() && !slices.ContainsFunc(needing, func(other *Plan) bool { return isBasedOn(p.Stage, other.Stage) }) {
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
	installs := c.installs(pl)
	manager := packageManager(c.Stages[0], installs)
	if manager == "" {
		block("build with xx-go or xx-clang, and the target's libraries where the distribution has them",
			"compiles C, and clang and the target's C library are to be had from apk and apt-get only, of which neither is known to be in the base image")
		return
	}
	for _, p := range pl.opt.Platforms {
		switch {
		case !strings.HasPrefix(p, "linux/"):
			block("convert the stage by hand", "compiles C, which takes more than packages for %s", p)
			return
		case manager == "apk" && p == "linux/s390x":
			block("build on Debian, which has a linker for it", "compiles C, and Alpine has no linker for %s beside its own", p)
			return
		}
	}
	if !c.canSplit(installs, block) {
		return
	}

	tools := []string{"clang", "lld"}
	if manager == "apk" && slices.ContainsFunc(installs, func(i *install) bool { return i.wants(libraryPackage) }) {
		tools = append(tools, "pkgconf") // comes with -dev packages, which go
	}
	if manager != "apk" && slices.Contains(pl.opt.Platforms, "linux/s390x") {
		tools = append(tools, "binutils-s390x-linux-gnu") // lld has not learnt it before LLVM 18
	}
	tools = slices.DeleteFunc(tools, func(tool string) bool {
		return slices.ContainsFunc(installs, func(i *install) bool { return i.has(tool) })
	})
	keep := slices.ContainsFunc(c.Plans, func(p *Plan) bool {
		return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.CompilesOnHost })
	})
	if keep {
		tools = slices.DeleteFunc(tools, func(tool string) bool { return tool == "pkgconf" })
	}
	if !c.editInstalls(installs, tools, keep, manager, block) {
		return
	}
	for _, p := range needing {
		if !c.placeTarget(p, manager, installs, block) {
			return
		}
	}
	const review = "clang and lld compile and link the C code instead of gcc"
	if !slices.Contains(c.Reviews, review) {
		c.Reviews = append(c.Reviews, review)
	}
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

// installs returns the commands of the stages, and of those that they are based on, that install
// packages, in order.
func (c *Conversion) installs(pl *Planner) []*install {
	var out []*install
	plans := slices.Clone(c.Plans)
	for s := c.Stages[0].Base; s != nil; s = s.Base {
		plans = slices.Insert(plans, 0, pl.Plan(s))
	}
	for _, p := range plans {
		for _, s := range p.Steps {
			if s.install != nil {
				out = append(out, s.install)
			}
		}
	}
	return out
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
	case graph.OfficialGo(image) && !strings.Contains(tag, "$"), name == "debian", name == "ubuntu", name == "buildpack-deps":
		return "apt-get"
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
			if p.kind == unknownPackage {
				at(i, p.word.Span, fmt.Sprintf("whether %s is a tool that the stage runs or a library that it links with is not known", p.word.Raw),
					"install libraries with xx-apk or xx-apt-get, for the target")
			}
		}
	}
	return len(c.Blocks) == before
}

// editInstalls takes libraries and compilers out of the commands that install them, and puts the
// tools in. With keep, they stay: something is compiled for the build platform, too.
func (c *Conversion) editInstalls(installs []*install, tools []string, keep bool, manager string, block blocker) bool {
	placed := len(tools) == 0
	for _, i := range installs {
		if !slices.ContainsFunc(c.Plans, func(p *Plan) bool { return slices.Contains(p.Stage.Body, i.in) }) {
			continue // in a stage that stays as it is
		}
		var add []string
		if !placed && len(i.packages) > 0 {
			add, placed = tools, true
		}
		if !keep && c.callsMake() && (i.has("build-base") || i.has("build-essential")) && !i.has("make") {
			add = append(slices.Clone(add), "make")
		}
		if !keep && len(add) == 0 && !i.leaves() && len(i.packages) > 0 {
			// Nothing is left of it.
			script := i.in.Doc.Src[i.in.Span.Start:i.in.Span.End]
			if strings.TrimSpace(strings.TrimPrefix(string(script), i.in.Node.Original[:len(i.in.Node.Value)])) != i.text() {
				c.Blocks = append(c.Blocks, Step{In: i.in, Span: i.cmd.Span, Recipe: "packages", Verdict: Block,
					Reason: "installs libraries for the target only, in the middle of other commands", Way: "install them in a RUN of their own"})
				return false
			}
			c.chain.edits = append(c.chain.edits, dockerfile.Edit{Span: dockerfile.Span{Start: i.in.LineStart(), End: i.in.LinesEnd()}})
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

// callsMake reports whether a command of the stages is make.
func (c *Conversion) callsMake() bool {
	for _, p := range c.Plans {
		for _, in := range p.Stage.Body {
			if !graph.IsRun(in) {
				continue
			}
			for _, cmd := range p.Stage.Graph.Script(in).Commands {
				if cmd.Name == "make" {
					return true
				}
			}
		}
	}
	return false
}

// text is the command as it stands.
func (i *install) text() string {
	return strings.TrimSpace(string(i.in.Doc.Src[i.cmd.Span.Start:i.cmd.Span.End]))
}

// placeTarget decides where the target's packages are installed, and how.
func (c *Conversion) placeTarget(p *Plan, manager string, installs []*install, block blocker) bool {
	essentials := []string{"xx-c-essentials"}
	cxx := slices.ContainsFunc(p.Steps, func(s Step) bool { return s.NeedsCxx }) ||
		slices.ContainsFunc(installs, func(i *install) bool { return i.wants(cxxPackage) })
	if cxx {
		essentials = append(essentials, "xx-cxx-essentials")
	}
	body := p.Stage.Body
	build := slices.Index(body, p.needing()[0].In)
	at := build
	for n := build - 1; n >= 0; n-- {
		if isContextCopy(body[n]) {
			at = n
			break
		}
	}
	if user := userAt(p.Stage, body[at]); user != "" {
		block("install the target's libraries before USER", "the target's libraries have to be installed by root, but USER %s stands above", user)
		return false
	}

	var commands []string
	for n, i := range installs {
		if !isBasedOn(p.Stage, stageOf(c, i)) {
			continue
		}
		words := i.targets()
		if n == firstNamed(installs) {
			words = append(words, essentials...)
			essentials = nil
		}
		if len(words) > 0 {
			commands = append(commands, i.command(words))
		}
	}
	if len(essentials) > 0 {
		words := strings.Join(essentials, " ")
		essential := "xx-apk add --no-cache " + words
		if manager != "apk" {
			essential = "xx-apt-get install -y --no-install-recommends " + words
		}
		commands = slices.Insert(commands, 0, essential)
	}
	if manager != "apk" && !c.hasLists(p, body[at]) {
		commands = slices.Insert(commands, 0, "apt-get update")
	}
	c.chain.runs[body[at]] = []string{"RUN " + strings.Join(commands, " && ")}
	return true
}

// firstNamed is the place of the first command that names packages, with which the target's C
// library is installed.
func firstNamed(installs []*install) int {
	return slices.IndexFunc(installs, func(i *install) bool { return len(i.packages) > 0 })
}

// stageOf returns the stage that an install stands in.
func stageOf(c *Conversion, i *install) *graph.Stage {
	for _, s := range c.Stages[0].Graph.Stages {
		if slices.Contains(s.Body, i.in) {
			return s
		}
	}
	return nil
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
			updates := strings.LastIndex(text, "apt-get update")
			if i := strings.LastIndex(text, "apt update"); i > updates {
				updates = i
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
