package golang

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// `go install package@version` fetches a program of another module. Most stages run it, as a tool. Where another stage takes
// it, it has to be the target's. go build takes no version, and go install puts what it cross-compiles into a folder of its
// own below GOPATH's bin, and refuses to where GOBIN is set (`go help install`); so it is moved to where it is looked for.

// judgeInstallAt decides on an install of packages with versions.
func (g *goCall) judgeInstallAt() verdict.Step {
	bin := g.toolDir()
	var names, shipped, run []string
	for _, w := range g.packages {
		pkg, _, _ := strings.Cut(w.Raw, "@")
		name := programName(strings.Trim(pkg, `"`))
		names = append(names, name)
		runs := g.runByName(name)
		if runs {
			run = append(run, name)
		}
		if taken, whole := g.takenForTarget(path.Join(bin, name)); taken || whole && !runs && !g.generatesLater() {
			shipped = append(shipped, name)
		}
	}
	if len(shipped) == 0 {
		step := g.judgeOnHost("installs a tool for the stage itself")
		for _, name := range names {
			step.HostWrites = append(step.HostWrites, path.Join(bin, name))
		}
		if hidden := g.hiddenBin(); hidden != "" && step.Verdict == verdict.Neutral {
			step.Review = fmt.Sprintf("which folder $%s names cannot be seen; what is installed there is the build platform's, and must not be shipped", hidden)
		}
		return step
	}
	block := func(way, format string, args ...any) verdict.Step {
		step := verdict.BlockBuild(way, format, args...)
		for _, name := range names {
			step.Writes = append(step.Writes, path.Join(bin, name))
		}
		return step
	}
	switch {
	case len(run) > 0:
		return block("install it twice: for the stage itself, and for the target", "%s runs in this stage, and %s is shipped", run[0], shipped[0])
	case len(shipped) < len(names):
		return block("install tools and programs that are shipped with commands of their own", "another stage takes %s, and %s may be a tool of this one",
			shipped[0], names[slices.IndexFunc(names, func(n string) bool { return !slices.Contains(shipped, n) })])
	case slices.ContainsFunc(g.packages, func(w shell.Word) bool { return !w.Const && strings.Contains(strings.SplitN(w.Raw, "@", 2)[0], "$") }):
		return block("write its name out", "which program %s is cannot be seen", g.packages[0].Raw)
	case g.pathBin() == "":
		return block("set GOPATH with ENV", "where go install puts a cross-compiled program is not known: GOPATH is not set")
	}
	for _, name := range names {
		if made := g.Ledger.HostWriteIn(path.Join(g.pathBin(), name)); made != "" {
			return block("leave the other one out", "%s is there for the build platform already", made)
		}
	}
	end := g.Words[len(g.Words)-1].Span.End
	if g.Nested || len(g.Redirects) > 0 || !verdict.GoesOn().Match(g.Run.Doc.Src[end:g.Run.Span.End]) {
		return block("install it in a command of its own, followed by nothing or by &&", "go install puts a cross-compiled program elsewhere, and here it cannot be moved back")
	}

	// Variables are enough: nothing of the helpers would move it either, in an image of others.
	opt, call := *g.Opt, *g.Call
	opt.Helpers = verdict.HelpersNever
	call.Opt = &opt
	plain := *g
	plain.Call = &call
	step := plain.judgeBuild()
	if step.Verdict != verdict.Convert {
		return step
	}
	from := g.pathBin()
	to := from
	if gobin := facts.Lookup(&g.Call.Site, "GOBIN"); gobin.Set && gobin.Text != "" {
		if to = g.folderOf(gobin); gobin.Assign != nil && gobin.Assign.Span.Len() > 0 && !g.viaEnv(gobin) {
			step.Edits = append(step.Edits, dockerfile.Edit{Span: g.withBlanks(gobin.Assign.Span)})
		} else {
			step.Edits = append([]dockerfile.Edit{{Span: g.FrontAt(), New: "GOBIN= "}}, step.Edits...)
		}
	}
	pair, args := "${TARGETOS}_${TARGETARCH}", []string{"TARGETOS", "TARGETARCH"}
	if goos := facts.Lookup(&g.Call.Site, "GOOS"); goos.Fixed && goos.Text == "linux" && g.Opt.OnlyLinux() {
		pair, args = "linux_${TARGETARCH}", args[1:]
	}
	step.Edits = append(step.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: end, End: end}, New: moveBack(from, to, pair, names)})
	step.Reason = "go install puts a cross-compiled program into a folder of its own, from which it is moved to where others take it"
	step.Needs.Args = append(step.Needs.Args, args...)
	step.Writes = nil
	for _, name := range names {
		step.Writes = append(step.Writes, path.Join(to, name))
	}
	return step
}

// takenForTarget reports whether a stage that is not on the build platform takes a program: by its name, or with the folder
// that it lies in.
func (g *goCall) takenForTarget(file string) (byName, whole bool) {
	for _, t := range g.Stage.Tree() {
		for _, u := range t.UsedBy {
			if u.Kind != graph.Copy || u.In.Place == graph.Build {
				continue
			}
			for _, raw := range u.Paths {
				p := path.Join("/", u.In.Graph.EnvAt(u.By).Expand(raw, rune(u.In.Graph.Doc.Escape)))
				matches, err := path.Match(p, file)
				byName = byName || p == file || matches && err == nil
				whole = whole || p != "/" && strings.HasPrefix(file, p+"/")
			}
		}
	}
	return byName, whole
}

// moveBack returns the commands that move programs to where a native install puts them. On the builder's own platform they
// are there already, or in GOPATH's bin.
func moveBack(from, to, pair string, names []string) string {
	var b strings.Builder
	if to != from {
		fmt.Fprintf(&b, " && mkdir -p %s", to)
	}
	for _, name := range names {
		cross := path.Join(from, pair, name)
		if to == from {
			fmt.Fprintf(&b, " && { [ -f %s/%s ] || mv %s %s/; }", from, name, cross, to)
		} else {
			fmt.Fprintf(&b, " && { mv %s/%s %s/ 2>/dev/null || mv %s %s/; }", from, name, to, cross, to)
		}
	}
	return b.String()
}
