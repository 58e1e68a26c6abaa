package makefile

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/recipes/cc"
	"xxkit/dfrewrite/verdict"
)

// judgeC looks into a Makefile of the build context that compiles C. Where the compiler is always called by
// its variable, nothing asks about the machine and nothing runs what was built, CC and the others are set on make's
// command line, where they win over what the Makefile says.
func judgeC(c *verdict.Call) (verdict.Step, bool) {
	if c.Program != "make" && c.Program != "gmake" {
		return verdict.Step{}, false
	}
	dir := cc.MakeDir(c)
	if dir != "/" {
		dir = strings.TrimSuffix(dir, "/")
	}
	at, ok := c.ContextAt(dir)
	if !ok {
		return verdict.Step{}, false
	}
	text := c.Opt.Context.ReadFile(path.Join(at, "Makefile"))
	if text == nil || makefileOfOthers().Match(text) {
		return verdict.Step{}, false
	}
	if !makefileOfC().Match(text) {
		// One that only calls others is for C where there is C and nothing of Go.
		inC, inCxx := (&cMakefile{context: c.Opt.Context, dir: at}).sources()
		if !strings.Contains(string(text), "(MAKE)") || !inC && !inCxx || c.Opt.Context.Has(path.Join(at, "go.mod")) {
			return verdict.Step{}, false
		}
	}
	if step, refused := cc.RefuseC(c); refused {
		return step, true
	}
	block := func(format string, args ...any) (verdict.Step, bool) {
		return verdict.BlockBuild("say make CC=xx-clang, after a look at what else the Makefile names and runs", "%s: %s", c.Source(), fmt.Sprintf(format, args...)), true
	}
	if c.ChangedBefore("Makefile") {
		return block("a command of the stage has changed the Makefile")
	}
	for _, other := range []string{"GNUmakefile", "makefile"} {
		if c.Opt.Context.Has(path.Join(at, other)) {
			return block("there is a %s beside the Makefile", other)
		}
	}
	m, err := readCMakefile(c.Opt.Context, c.Stage.Graph.Budget, at, "Makefile")
	if err != nil {
		return block("%s", err)
	}
	step := verdict.Step{Verdict: verdict.Convert, Compiles: true, Needs: verdict.Needs{Helper: true, C: true, Args: []string{"TARGETPLATFORM"}}, Made: verdict.Made{FromC: true},
		Reason: "its Makefile compiles with $(CC), which is set on the command line", Review: "what make runs was read in the Makefile, and not tried"}
	m.command = map[string]string{}
	m.env = func(name string) (string, bool) { v := facts.Lookup(&c.Site, name); return v.Text, v.Set && v.Fixed }
	var goals []string
	given := map[string]bool{}
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		name, value, assigns := strings.Cut(w.Raw, "=")
		switch {
		case match.Words("-C --directory -j --jobs -l")[w.Raw]:
			if w.Raw == "-C" || w.Raw == "--directory" || i+1 < len(c.Args) && cc.CountOnly().MatchString(c.Args[i+1].Raw) {
				i++
			}
		case strings.HasPrefix(w.Raw, "-C") || strings.HasPrefix(w.Raw, "-j") || strings.HasPrefix(w.Raw, "--directory=") || strings.HasPrefix(w.Raw, "--jobs=") || match.Words("-s --silent -k -B --no-print-directory --warn-undefined-variables")[w.Raw]:
		case strings.HasPrefix(w.Raw, "-"):
			return block("what %s changes is not followed", w.Raw)
		case assigns && toolVariables[name] != "":
			if name != "CC" && name != "CXX" || cc.CompilerHelper(strings.Trim(value, `"'`)) == "" {
				return block("%s names a tool of the machine that builds", w.Raw)
			}
			given[name] = true
			step.Edits = append(step.Edits, dockerfile.Edit{Span: w.Span, New: name + "=" + cc.CompilerHelper(strings.Trim(value, `"'`))})
		case assigns:
			if why, way := cc.OddFlags(value); why != "" {
				return verdict.BlockBuild(way, "%s", why), true
			}
			text, ok := c.KnownText(value)
			if !ok {
				text = strings.Trim(value, `"'`)
			}
			m.command[name] = text
		case !w.Const:
			return block("which goal %s is cannot be seen", w.Raw)
		default:
			goals = append(goals, w.Lit)
		}
	}
	cleans := len(goals) > 0 && !slices.ContainsFunc(goals, func(g string) bool { return !cleaning[g] })
	if cleans {
		err = m.all(goals)
	} else {
		err = m.collect(goals)
	}
	if err != nil {
		return block("%s", err)
	}
	plan, err := planC(c, m, dir)
	if err != nil {
		return block("%s", err)
	}
	dirs, cxx := "", false
	for _, s := range plan.Steps {
		line, at := readable(string(s.In.Doc.Src[s.Span.Start:s.Span.End])), drivers.Place(plan, &s)
		switch {
		case s.Verdict == verdict.Block:
			return block("its Makefile runs `%s`%s: %s", line, at, readable(s.Reason))
		case s.CompilesOnHost || s.Verdict == verdict.Convert && s.Recipe != "c":
			return block("its Makefile runs `%s`%s, which has to be written in another way", line, at)
		case s.Verdict == verdict.Convert:
			if cc.SetUp(s) != nil || len(s.Edits) == 0 {
				return block("its Makefile runs `%s`%s, which has to be written in another way", line, at)
			}
			for _, e := range s.Edits {
				old := string(s.In.Doc.Src[e.Span.Start:e.Span.End])
				switch {
				case old == "" && strings.HasPrefix(e.New, "PKG_CONFIG_"):
					dirs = e.New // the same for every call: make hands it down
				case old == "" && !strings.HasPrefix(e.New, " && xx-verify "):
					return block("its Makefile runs `%s`%s, which has to be written in another way", line, at)
				case old != "" && !strings.HasPrefix(old, ByVariable):
					return block("its Makefile runs `%s`%s, and does not call %s by a variable", line, at, old)
				}
			}
			step.Needs.LLVM = step.Needs.LLVM || s.Needs.LLVM
			step.Needs.PkgConfig = step.Needs.PkgConfig || s.Needs.PkgConfig
			cxx = cxx || s.Needs.Cxx
		}
		for _, w := range s.Writes {
			if !slices.Contains(step.Writes, w) && !strings.HasPrefix(path.Base(w), "some") {
				step.Writes = append(step.Writes, w)
			}
		}
	}
	if cleans && !slices.ContainsFunc(plan.Steps, func(s verdict.Step) bool { return s.Verdict == verdict.Convert }) {
		return verdict.Step{Reason: "removes what was built"}, true
	}
	tools, err := m.tools(given, dirs == "")
	if err != nil {
		return block("%s", err)
	}
	if dirs != "" {
		step.Edits = append(step.Edits, dockerfile.Edit{Span: c.FrontAt(), New: dirs})
	}
	step.Needs.Cxx = m.used["CXX"] || cxx
	if len(tools) > 0 {
		end := c.Words[len(c.Words)-1].Span.End
		step.Edits = append(step.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: end, End: end}, New: " " + strings.Join(tools, " ")})
	}
	return step, true
}

// readable takes the folder out that marks programs called by a variable.
func readable(line string) string {
	return strings.TrimSpace(strings.ReplaceAll(line, ByVariable, ""))
}

var (
	makefileOfC      = match.Pattern(`\$[({](CC|CXX|CFLAGS|CXXFLAGS|LDFLAGS|LDLIBS)[)}]|\b[A-Za-z0-9_]+\.o\b|(?m)^\s*(CC|CXX|CFLAGS|CXXFLAGS)\s*[:?+]?=|(?m)^\t[@-]?(gcc|cc|g\+\+|c\+\+|clang)\b`)
	makefileOfOthers = match.Pattern(`\bgo (build|install|run|test)\b|\$[({]GO[)}]|\bcargo (build|install)\b|\bcmake -|\bmeson setup\b`)
)

// cleaning are goals that remove files.
var cleaning = match.Words("clean distclean mostlyclean realclean mrproper")

// tools returns what make is told on its command line, pkg-config among it if that has the target's name.
func (m *cMakefile) tools(given map[string]bool, namedPkgConfig bool) ([]string, error) {
	var out []string
	question := "$(xx-clang --print-target-triple)" // sets the target up, too
	for _, name := range []string{"CC", "CXX", "AR", "RANLIB", "STRIP", "PKG_CONFIG", "PKGCONFIG"} {
		if !m.used[name] || given[name] {
			continue
		}
		tool := toolVariables[name]
		values := m.values(name)
		if len(values) > 1 && name != "CC" && name != "CXX" {
			return nil, fmt.Errorf("its Makefile sets %s more than once", name)
		}
		flags := ""
		for _, v := range values {
			words := strings.Fields(strings.ReplaceAll(m.spread(v, 0), ByVariable, ""))
			if len(words) == 0 {
				continue
			}
			if name == "CC" || name == "CXX" {
				if cc.CompilerHelper(words[0]) == "" {
					return nil, fmt.Errorf("its Makefile sets %s to %s, which is for the machine that builds", name, v)
				}
				if rest := strings.Join(words[1:], " "); rest != "" {
					if flags != "" && flags != rest || strings.ContainsAny(rest, "$\"'`\\") {
						return nil, fmt.Errorf("its Makefile sets %s to %s, with flags that the command line would replace", name, v)
					}
					if why, _ := cc.OddFlags(rest); why != "" {
						return nil, errors.New(why)
					}
					flags = rest
				}
			} else if len(words) > 1 || path.Base(words[0]) != tool && path.Base(words[0]) != "pkgconf" {
				return nil, fmt.Errorf("its Makefile sets %s to %s, which the command line would replace", name, v)
			}
		}
		switch {
		case name == "CC" || name == "CXX":
			value := cc.CompilerHelpers[tool]
			if flags != "" {
				value = `"` + value + " " + flags + `"`
			}
			out = append(out, name+"="+value)
		case tool == "pkg-config" && !namedPkgConfig:
		default:
			out = append(out, name+"="+question+"-"+tool)
			question = "$(xx-info triple)"
		}
	}
	return out, nil
}

// values returns what a variable is set to, in Makefiles of folders below, too.
func (m *cMakefile) values(name string) []string {
	out := slices.Clone(m.vars[name])
	for _, s := range m.subs {
		for _, v := range s.values(name) {
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

// planC judges the commands of a Makefile as if they stood in a Dockerfile of their own.
func planC(c *verdict.Call, m *cMakefile, dir string) (*verdict.Ledger, error) {
	image, err := c.KnownImage()
	if err != nil {
		return nil, err
	}
	opt := *c.Opt
	opt.Context, opt.Image = nil, c.File.HelperImage(c.Stage.Graph)
	return c.File.JudgeLines(c.Stage.Graph.Budget, fmt.Sprintf("FROM %s\nWORKDIR %s\n", image, dir), m.lines, &opt)
}
