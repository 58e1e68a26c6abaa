package plan

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/syntax"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
	"xxkit/triples"
)

// Many files cross-compile C for one more architecture by hand: `dpkg --add-architecture arm64`,
// gcc-aarch64-linux-gnu, libfoo-dev:arm64, and a condition on $TARGETARCH that sets CC. What serves every
// platform is reached in two steps. First the recipe is undone: the packages get their plain names, and the
// conditions go, as if the file had been written for native builds alone. That is then converted as every
// other file. What a reader sees is the difference between the file and the result, line by line.

// crossTool matches the value of CC and its like for a named machine, and flags with the folders of one.
var (
	crossTool   = match.Pattern(`^["']?(/usr/bin/)?(\w+-(unknown-)?linux-(gnu|musl)\w*-)?(gcc|g\+\+|c\+\+|cc|ar|ld|strip|ranlib|nm|as|pkg-config|cpp)(-[0-9]+)?["']?$`)
	machineDir  = match.Pattern(`/\w+-linux-(gnu|musl)\w*(/|:|$|\s|["'])`)
	toolSetting = match.Words("CC CXX AR LD AS NM STRIP RANLIB CPP PKG_CONFIG CC_FOR_TARGET CXX_FOR_TARGET")
	pathSetting = match.Words("PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR LIBRARY_PATH CPATH")
	flagSetting = match.Words("CGO_CFLAGS CGO_CPPFLAGS CGO_CXXFLAGS CGO_LDFLAGS")
	onlyPaths   = match.Pattern(`^["']?(\s*-(L|I|isystem)\s*/\S*linux-(gnu|musl)[^\s"']*)+["']?$`)
	goSetting   = match.Words("GOOS GOARCH GOARM")
)

// setsMachine reports whether an assignment is for one machine, so that it goes when the stage is converted.
func setsMachine(a shell.Assign) bool {
	switch {
	case toolSetting[a.Name]:
		return crossTool().MatchString(a.Value.Raw)
	case pathSetting[a.Name]:
		return machineDir().MatchString(a.Value.Raw) || a.Name == "PKG_CONFIG_SYSROOT_DIR"
	case flagSetting[a.Name]:
		return onlyPaths().MatchString(a.Value.Raw)
	}
	return false
}

// An undoing takes a hand-made recipe for one foreign architecture out of a file.
type undoing struct {
	edits []dockerfile.Edit
	// foreign says that there is such a recipe; odd is something in it that is not understood, or "".
	foreign bool
	odd     string
	// libcs are the C libraries of Rust's triples in it.
	libcs []string
	// facts say which triple a word comes to.
	facts *facts.Facts
}

// withoutHandMade converts a stage that cross-compiles by hand; nil if it does not, or in a way that is not understood.
func (pl *Planner) withoutHandMade(s *graph.Stage) *verdict.Conversion {
	if pl.undone {
		return nil
	}
	root := s.Root()
	u := &undoing{facts: pl.Facts(root.Graph)}
	if root.Place == graph.Build {
		if f := root.From.Flag("platform"); f != nil {
			u.edits = append(u.edits, root.From.WithoutFlag(f))
		}
	}
	for _, t := range root.Tree() {
		for _, in := range t.Body {
			switch cmd := in.Command.(type) {
			case *instructions.RunCommand:
				u.run(t.Graph.Script(in))
			case *instructions.EnvCommand:
				u.env(in, cmd)
			}
		}
	}
	u.rustFolders(root.Graph)
	if !u.foreign && len(u.libcs) == 0 || u.odd != "" || slices.ContainsFunc(u.libcs, func(libc string) bool { return libc != libcOf(root.Image) }) {
		return nil
	}
	before := root.Graph.Doc
	plain, err := dockerfile.Apply(before.Src, u.edits)
	if err != nil {
		return nil // two edits at one place: more than was understood
	}
	doc, err := dockerfile.Parse(before.Name, plain)
	if err != nil {
		return nil
	}
	g := graph.For(doc, pl.Options.Flags)
	if len(g.Stages) != len(root.Graph.Stages) {
		return nil
	}
	other := NewPlanner(pl.Options)
	other.undone = true
	c := other.ToBuildPlatform(g.Stages[root.Index])
	if len(c.Blocks) > 0 {
		for i := range c.Blocks {
			c.Blocks[i].Span = origin(u.edits, c.Blocks[i].Span)
			c.Blocks[i].In = instructionAt(root.Graph, c.Blocks[i].Span.Start)
		}
		return c
	}
	if u.foreign && !slices.ContainsFunc(c.Ledgers, func(p *verdict.Ledger) bool { return p.NeedsC() }) || len(u.libcs) > 0 && !slices.ContainsFunc(c.Ledgers, func(p *verdict.Ledger) bool { return buildsRust(p) }) {
		return nil // nothing that it is known to be for
	}
	out, err := dockerfile.Apply(plain, c.Edits)
	if err != nil {
		return nil
	}
	c.Edits = lineEdits(before.Src, out)
	if u.foreign {
		c.Reviews = append([]string{"compilers and libraries of one architecture, which were chosen by hand, become those of the target"}, c.Reviews...)
	}
	if len(u.libcs) > 0 {
		c.Reviews = append([]string{"xx-cargo chooses the triple, which was made by hand"}, c.Reviews...)
	}
	return c
}

// env takes settings for one machine out of an ENV.
func (u *undoing) env(in *dockerfile.Instruction, cmd *instructions.EnvCommand) {
	goes := 0
	for _, kv := range cmd.Env {
		if setsMachine(shell.Assign{Name: kv.Key, Value: shell.Word{Raw: kv.Value}}) && strings.Contains(kv.Value, "linux-") {
			goes++
		}
	}
	switch {
	case goes == 0:
	case goes < len(cmd.Env):
		u.odd = "an ENV with other settings beside those for one machine"
	default:
		u.edits = append(u.edits, dockerfile.Edit{Span: dockerfile.Span{Start: in.LineStart(), End: in.LinesEnd()}})
	}
}

// run undoes what a RUN does for one machine.
func (u *undoing) run(s *shell.Script) {
	if s.Opaque != "" || s.File == nil {
		return
	}
	covered := u.conditions(s)
	var chosen []string
	for i, cmd := range s.Commands {
		if slices.ContainsFunc(covered, func(span dockerfile.Span) bool { return span.Contains(cmd.Span) }) {
			continue
		}
		switch {
		case path.Base(cmd.Name) == "dpkg" && hasWord(cmd, "--add-architecture"):
			u.foreign = true
			u.takeOut(s, cmd.Span)
		case aptInstalls(cmd):
			u.packages(s, cmd)
		case cmd.Name == "rustup" || cmd.Name == "cargo":
			chosen = append(chosen, u.rustTarget(s, cmd)...)
		case shell.IsExport(cmd) && len(cmd.Assigns) > 0 && !slices.ContainsFunc(cmd.Assigns, func(a shell.Assign) bool { return !setsMachine(a) || !named(a) }):
			u.takeOut(s, cmd.Span)
		default:
			for n, a := range s.Commands[i].Assigns {
				forArm := a.Name == "GOARM" && a.Value.Const && cmd.Name == "go" // which the target's variant decides
				if len(cmd.Words) == 0 || !forArm && (!setsMachine(a) || !named(a)) {
					continue
				}
				end := cmd.Words[0].Span.Start
				if n+1 < len(cmd.Assigns) {
					end = cmd.Assigns[n+1].Span.Start
				}
				u.edits = append(u.edits, dockerfile.Edit{Span: dockerfile.Span{Start: a.Span.Start, End: end}})
			}
		}
	}
	u.chosenFolders(s, chosen)
	u.chosenTables(s, chosen)
}

// named says that the machine is named in the value, so that it is not a plain gcc.
func named(a shell.Assign) bool { return strings.Contains(a.Value.Raw, "linux-") }

func hasWord(cmd *shell.Command, word string) bool {
	return slices.ContainsFunc(cmd.Words, func(w shell.Word) bool { return w.Lit == word })
}

func aptInstalls(cmd *shell.Command) bool {
	return match.Words("apt apt-get")[path.Base(cmd.Name)] && hasWord(cmd, "install")
}

var (
	operatorBehind = match.Pattern("^(?:[ \t]|[\\\\`][ \t]*\r?\n)*(?:&&|;)(?:[ \t]|[\\\\`][ \t]*\r?\n)*")
	operatorBefore = match.Pattern("(?:[ \t]|[\\\\`][ \t]*\r?\n)*(?:&&|;)(?:[ \t]|[\\\\`][ \t]*\r?\n)*$")
	onlyCommand    = match.Pattern("^(?:[ \t\r\n;]|[\\\\`][ \t]*\r?\n)*$")
)

// takeOut removes a command, or a whole condition, with the operator that joins it to the next.
func (u *undoing) takeOut(s *shell.Script, span dockerfile.Span) {
	src := s.Run.Doc.Src
	args := s.Text.Span(0, len(s.Text.Bytes))
	behind := src[span.End:args.End]
	before := src[args.Start:span.Start]
	switch {
	case operatorBehind().Match(behind):
		span.End += len(operatorBehind().Find(behind))
		if span.End == args.End && operatorBefore().Match(before) {
			span.Start -= len(operatorBefore().Find(before))
		}
	case operatorBefore().Match(before):
		span.Start -= len(operatorBefore().Find(before))
	case onlyCommand().Match(behind) && onlyCommand().Match(before):
		span = dockerfile.Span{Start: s.Run.LineStart(), End: s.Run.LinesEnd()}
	default:
		u.odd = "a command that cannot be taken out of the others"
		return
	}
	u.edits = append(u.edits, dockerfile.Edit{Span: span})
}

// plainPackages give the packages for one machine the names that they have without it.
var plainPackages = []struct {
	match func() *regexp.Regexp
	plain string
}{
	{match.Pattern(`^gcc(-[0-9]+)?-\w+-linux-gnu\w*$`), "gcc"},
	{match.Pattern(`^g\+\+(-[0-9]+)?-\w+-linux-gnu\w*$`), "g++"},
	{match.Pattern(`^crossbuild-essential-\w+$`), "build-essential"},
	{match.Pattern(`^(libc6-dev|linux-libc-dev|libgcc-[0-9]+-dev)-\w+-cross$`), "libc6-dev"},
	{match.Pattern(`^libstdc\+\+-[0-9]+-dev-\w+-cross$`), "g++"},
	{match.Pattern(`^pkg-config-\w+-linux-gnu\w*$`), "pkg-config"},
	{match.Pattern(`^binutils-\w+-linux-gnu\w*$`), ""},
}

// plainName returns the name of a package without the machine that it is for; ok is false if it is for none.
func plainName(word string) (name string, ok bool) {
	for _, p := range plainPackages {
		if p.match().MatchString(word) {
			return p.plain, true
		}
	}
	name, arch, cut := strings.Cut(word, ":")
	if cut && name != "" && (len(triples.ByDebianArch(arch)) > 0 || arch == "$TARGETARCH" || arch == "${TARGETARCH}") {
		return name, true
	}
	return word, false
}

// packages gives the packages of an install their plain names, each once.
func (u *undoing) packages(s *shell.Script, cmd *shell.Command) {
	have := map[string]bool{}
	for _, w := range cmd.Words {
		if name, foreign := plainName(w.Raw); !foreign {
			have[name] = true
		}
	}
	src := s.Run.Doc.Src
	for i, w := range cmd.Words {
		name, foreign := plainName(w.Raw)
		if !foreign {
			continue
		}
		u.foreign = true
		if name != "" && !have[name] {
			have[name] = true
			u.edits = append(u.edits, dockerfile.Edit{Span: w.Span, New: name})
			continue
		}
		gap := dockerfile.Span{Start: cmd.Words[i-1].Span.End, End: w.Span.End}
		if !packages.OnlyBlanks().Match(src[gap.Start:w.Span.Start]) {
			u.odd = "comments among the packages"
			return
		}
		u.edits = append(u.edits, dockerfile.Edit{Span: gap})
	}
}

// conditions undoes conditions on the target that choose between machines by hand, and returns where they are.
func (u *undoing) conditions(s *shell.Script) (covered []dockerfile.Span) {
	syntax.Walk(s.File, func(n syntax.Node) bool {
		branches, _, ok := u.branches(s, n)
		if !ok {
			return true
		}
		span := s.Text.Span(int(n.Pos().Offset()), int(n.End().Offset()))
		if u.condition(s, span, branches) {
			covered = append(covered, span)
			return false
		}
		return true
	})
	return covered
}

// aboutTargetOnly reports whether a condition looks at nothing but the platforms.
func aboutTargetOnly(s *shell.Script, n syntax.Node) bool {
	ok, about := true, false
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ParamExp:
			if ok = ok && n.Param != nil; !ok {
				return false
			}
			name := n.Param.Value
			about = about || strings.HasPrefix(name, "TARGET")
			ok = ok && graph.IsAutomatic(name)
		case *syntax.CmdSubst, *syntax.ProcSubst:
			ok = false
		case *syntax.CallExpr:
			text := string(s.Text.Bytes[n.Pos().Offset():n.End().Offset()])
			ok = ok && (strings.HasPrefix(text, "[") || strings.HasPrefix(text, "test "))
		}
		return ok
	})
	return ok && about
}

// branches returns the commands in each branch of a condition on the target that choose between machines; ok is false for others.
func (u *undoing) branches(s *shell.Script, n syntax.Node) (branches [][]*shell.Command, condition, ok bool) {
	switch n := n.(type) {
	case *syntax.IfClause:
		branches, ok = u.ifBranches(s, n)
	case *syntax.CaseClause:
		branches, ok = u.caseBranches(s, n)
	default:
		return nil, false, false
	}
	return branches, true, ok
}

func (u *undoing) ifBranches(s *shell.Script, n *syntax.IfClause) (branches [][]*shell.Command, ok bool) {
	for ; n != nil; n = n.Else {
		for _, c := range n.Cond {
			if !aboutTargetOnly(s, c) {
				return nil, false
			}
		}
		commands, ok := commandsIn(s, n.Then)
		if !ok {
			return nil, false
		}
		branches = append(branches, commands)
	}
	return branches, true
}

func (u *undoing) caseBranches(s *shell.Script, n *syntax.CaseClause) (branches [][]*shell.Command, ok bool) {
	if !aboutTargetOnly(s, n.Word) {
		return nil, false
	}
	for _, item := range n.Items {
		commands, ok := commandsIn(s, item.Stmts)
		if !ok {
			return nil, false
		}
		branches = append(branches, commands)
	}
	return branches, true
}

// commandsIn returns the commands of a branch that are nothing but one after the other.
func commandsIn(s *shell.Script, stmts []*syntax.Stmt) (commands []*shell.Command, ok bool) {
	ok = true
	var visit func(st *syntax.Stmt)
	visit = func(st *syntax.Stmt) {
		ok = ok && !st.Negated && !st.Background && !slices.ContainsFunc(st.Redirs, func(r *syntax.Redirect) bool { return r.Op != syntax.DplOut })
		switch cmd := st.Cmd.(type) {
		case *syntax.CallExpr, *syntax.DeclClause:
			span := s.Text.Span(int(cmd.Pos().Offset()), int(cmd.End().Offset()))
			i := slices.IndexFunc(s.Commands, func(c *shell.Command) bool { return c.Span == span })
			if ok = ok && i >= 0; ok {
				commands = append(commands, s.Commands[i])
			}
		case *syntax.BinaryCmd:
			ok = ok && cmd.Op == syntax.AndStmt
			visit(cmd.X)
			visit(cmd.Y)
		default:
			ok = false
		}
	}
	for _, st := range stmts {
		visit(st)
	}
	return commands, ok
}

// condition replaces a condition by what all of its branches come to without a machine: nothing, one install, or
// one build. It is false where they come to different things.
func (u *undoing) condition(s *shell.Script, span dockerfile.Span, branches [][]*shell.Command) bool {
	var installs, builds []string
	var options string
	// foreign says that something in it is for one machine, installed that a package is.
	updates, cgo, foreign, installed := false, false, false, false
	for _, branch := range branches {
		for _, cmd := range branch {
			switch {
			case len(cmd.Words) == 0 || shell.IsExport(cmd):
				for _, a := range cmd.Assigns {
					switch {
					case a.Name == "CGO_ENABLED" && a.Value.Lit == "1":
						cgo = true
					case setsMachine(a):
						foreign = foreign || named(a)
					case goSetting[a.Name]:
					default:
						return false
					}
				}
			case match.Words(": true exit")[cmd.Name] || cmd.Name == "echo":
			case cmd.Name == "dpkg" && hasWord(cmd, "--add-architecture"):
				foreign, installed = true, true
			case match.Words("apt apt-get")[cmd.Name] && hasWord(cmd, "update"):
				updates = true
			case aptInstalls(cmd):
				words, opts, ok := plainInstall(cmd)
				if !ok || options != "" && options != opts {
					return false
				}
				options = opts
				for _, w := range words {
					if !slices.Contains(installs, w) {
						installs = append(installs, w)
					}
				}
				installed = installed || slices.ContainsFunc(cmd.Words, func(w shell.Word) bool { _, f := plainName(w.Raw); return f })
				foreign = foreign || installed
			case cmd.Name == "go":
				text, ok := plainBuild(s, cmd, &cgo, &foreign)
				if !ok {
					return false
				}
				if !slices.Contains(builds, text) {
					builds = append(builds, text)
				}
			default:
				return false
			}
		}
	}
	if !foreign || len(builds) > 1 || len(builds)+len(installs) == 0 && updates {
		return false
	}
	if len(builds) == 1 {
		for _, branch := range branches {
			if !slices.ContainsFunc(branch, func(c *shell.Command) bool { return c.Name == "go" || c.Name == "exit" }) {
				return false // built for some platforms only
			}
		}
	}
	var out []string
	if len(installs) > 0 {
		if updates {
			out = append(out, "apt-get update")
		}
		out = append(out, options+" "+strings.Join(installs, " "))
	}
	if cgo {
		switch {
		case len(builds) == 1:
			builds[0] = "CGO_ENABLED=1 " + builds[0]
		default:
			out = append(out, "export CGO_ENABLED=1")
		}
	}
	out = append(out, builds...)
	u.foreign = u.foreign || installed
	if len(out) == 0 {
		u.takeOut(s, span)
		return true
	}
	u.edits = append(u.edits, dockerfile.Edit{Span: span, New: strings.Join(out, " && ")})
	return true
}

// plainInstall returns the packages of an install by their plain names, and the command without them.
func plainInstall(cmd *shell.Command) (names []string, command string, ok bool) {
	var head []string
	verb := false
	for _, w := range cmd.Words {
		switch {
		case w.Lit == "install":
			verb = true
			head = append(head, w.Raw)
		case !verb || strings.HasPrefix(w.Raw, "-"):
			if packages.ManagerOf(path.Base(cmd.Name)).Valued[w.Raw] {
				return nil, "", false
			}
			head = append(head, w.Raw)
		default:
			if name, _ := plainName(w.Raw); name != "" {
				names = append(names, name)
			}
		}
	}
	return names, strings.Join(head, " "), len(cmd.Assigns) == 0
}

// plainBuild returns a go build without what is for one machine.
func plainBuild(s *shell.Script, cmd *shell.Command, cgo, foreign *bool) (text string, ok bool) {
	for _, a := range cmd.Assigns {
		switch {
		case a.Name == "CGO_ENABLED" && a.Value.Lit == "1":
			*cgo = true
		case setsMachine(a):
			*foreign = *foreign || named(a)
		case goSetting[a.Name]:
		default:
			return "", false
		}
	}
	end := cmd.Words[len(cmd.Words)-1].Span.End
	return string(s.Run.Doc.Src[cmd.Words[0].Span.Start:end]), true
}

// origin returns where a span of an edited file was before the edits.
func origin(edits []dockerfile.Edit, span dockerfile.Span) dockerfile.Span {
	sorted := slices.SortedFunc(slices.Values(edits), func(a, b dockerfile.Edit) int { return a.Span.Start - b.Span.Start })
	back := func(offset int) int {
		shift := 0 // new minus old, of the edits in front
		for _, e := range sorted {
			start := e.Span.Start + shift
			switch {
			case offset < start:
				return offset - shift
			case offset < start+len(e.New):
				return e.Span.Start
			}
			shift += len(e.New) - e.Span.Len()
		}
		return offset - shift
	}
	out := dockerfile.Span{Start: back(span.Start), End: back(span.End)}
	out.End = max(out.End, out.Start)
	return out
}

// instructionAt returns the instruction of a stage that an offset is in, or the one in front of it.
func instructionAt(g *graph.Graph, offset int) *dockerfile.Instruction {
	at := g.Stages[0].From
	for _, s := range g.Stages {
		for _, in := range append([]*dockerfile.Instruction{s.From}, s.Body...) {
			if in.Span.Start <= offset {
				at = in
			}
		}
	}
	return at
}

// lineEdits returns edits of whole lines that make one text of another: what an optimal alignment of their lines
// does not pair.
func lineEdits(before, after []byte) []dockerfile.Edit {
	a, b := slices.Collect(strings.Lines(string(before))), slices.Collect(strings.Lines(string(after)))
	start, offset := 0, 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		offset += len(a[start])
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	a, b = a[start:len(a)-end], b[start:len(b)-end]
	if len(a)*len(b) > 1<<22 {
		return []dockerfile.Edit{{Span: dockerfile.Span{Start: offset, End: offset + len(strings.Join(a, ""))}, New: strings.Join(b, "")}}
	}
	// common[i][j] is how many lines of a[i:] and b[j:] can be paired.
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var edits []dockerfile.Edit
	for i, j := 0, 0; i < len(a) || j < len(b); {
		if i < len(a) && j < len(b) && a[i] == b[j] {
			offset += len(a[i])
			i, j = i+1, j+1
			continue
		}
		e := dockerfile.Edit{Span: dockerfile.Span{Start: offset, End: offset}}
		for i < len(a) || j < len(b) {
			switch {
			case i < len(a) && j < len(b) && a[i] == b[j]:
			case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
				e.Span.End += len(a[i])
				i++
				continue
			default:
				e.New += b[j]
				j++
				continue
			}
			break
		}
		offset = e.Span.End
		edits = append(edits, e)
	}
	return edits
}

// ForEveryPlatform converts a stage on the build platform that cross-compiles by hand: C for one architecture, or Rust for
// a triple that is none or one for all. It is nil if the stage does not, or in a way that is not understood.
func (pl *Planner) ForEveryPlatform(s *graph.Stage) *verdict.Conversion { return pl.withoutHandMade(s) }
