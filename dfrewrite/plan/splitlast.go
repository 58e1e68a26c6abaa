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
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// A stage that is shipped and compiles can be had as two: one of its own builds on the build platform, with all that stands above
// the compilers, and what is shipped stays as it is, but takes the programs by COPY where it compiled them. So nothing has to be
// known of what the programs read when they run. It is done where all that a RUN with a compiler leaves is known by name.

// splitLast converts a stage that is shipped by building in one of its own; nil if what it compiles is not known by name.
func (pl *Planner) splitLast(s *graph.Stage) *verdict.Conversion {
	g := s.Graph
	if pl.apart || !s.Delivered() || s.Base != nil || len(s.Children)+len(s.UsedBy)+len(s.Candidates) > 0 || s.Image == "scratch" || graph.Numbered(g) {
		return nil
	}
	built := map[*dockerfile.Instruction][]string{} // what the RUNs that compile make
	last := -1
	for i, in := range s.Body {
		if !graph.IsRun(in) || !slices.ContainsFunc(pl.Plan(s).Steps, func(step verdict.Step) bool { return step.In == in && step.Compiles }) {
			continue
		}
		files := pl.makesOnly(s, in)
		if files == nil || graph.UserAt(s, in) != "" {
			return nil
		}
		built[in], last = files, i
	}
	if last < 0 {
		return nil
	}
	before := g.Doc
	apart, err := buildsApart(s, built, last, pl.fetches(s, last))
	if err != nil {
		return nil
	}
	doc, err := dockerfile.Parse(before.Name, apart)
	if err != nil {
		return nil
	}
	split := graph.For(doc, pl.Options.Flags)
	if len(split.Stages) != len(g.Stages)+1 {
		return nil
	}
	other := NewPlanner(pl.Options)
	other.undone, other.apart = pl.undone, true
	c := other.ToBuildPlatform(split.Stages[s.Index])
	if len(c.Blocks) > 0 {
		return nil
	}
	out, err := dockerfile.Apply(apart, c.Edits)
	if err != nil {
		return nil
	}
	c.Edits = lineEdits(before.Src, out)
	c.Reviews = append([]string{"a stage of its own builds, and the image takes the programs from there; what compilers leave besides (caches, downloaded modules) is not in it any more"}, c.Reviews...)
	return c
}

// makesOnly returns the files that a RUN which compiles makes; nil if they are not all known by name, or if it does more than that.
func (pl *Planner) makesOnly(s *graph.Stage, in *dockerfile.Instruction) (files []string) {
	var folders []string
	steps := map[dockerfile.Span]verdict.Step{}
	for _, step := range pl.Plan(s).Steps {
		if step.In == in {
			steps[step.Span] = step
		}
	}
	for _, cmd := range s.Graph.Script(in).Commands {
		step := steps[cmd.Span]
		switch {
		case step.Verdict == verdict.Block || cmd.Nested && !cmd.Substituted || step.Installs != nil || len(step.HostWrites)+len(step.Removes) > 0:
			return nil
		case step.Verdict == verdict.Convert && step.Compiles && oneFile[cmd.Name] && step.Runs == nil && !hasPrefix(cmd, "-buildmode"): // c-shared makes a header, too
			var named []string
			for _, w := range step.Writes {
				if whole := strings.HasSuffix(w, "/"); !whole && !strings.HasSuffix(w, "/**") && shell.PlainPath().MatchString(w) && !mayBeFolder(s, w) {
					named = append(named, w)
				} else if !whole || !slices.Contains(step.Writes, strings.TrimSuffix(w, "/")) {
					return nil
				}
			}
			if len(named) == 0 {
				return nil
			}
			files = append(files, named...)
		case step.Fetches || shell.IsExport(cmd) || len(cmd.Words) == 0:
		case len(cmd.Redirects) == 0 && (leavesNothing[cmd.Name] || cmd.Name == "go" && len(cmd.Words) > 1 && goLeavesNothing[cmd.Words[1].Lit]):
		case cmd.Name == "mkdir":
			for _, w := range cmd.Words[1:] {
				if !strings.HasPrefix(w.Raw, "-") {
					folders = append(folders, path.Join("/", step.Dir, w.Lit))
					if path.IsAbs(w.Lit) {
						folders[len(folders)-1] = path.Clean(w.Lit)
					}
				}
			}
		default:
			return nil
		}
	}
	if slices.ContainsFunc(folders, func(folder string) bool {
		return !slices.ContainsFunc(files, func(file string) bool { return strings.HasPrefix(file, folder+"/") })
	}) {
		return nil // a folder for something else
	}
	return files
}

func hasPrefix(cmd *shell.Command, prefix string) bool {
	return slices.ContainsFunc(cmd.Words, func(w shell.Word) bool { return strings.HasPrefix(w.Raw, prefix) })
}

// mayBeFolder reports whether a path is known as a folder of the stage: a COPY of that would bring more than what is compiled.
func mayBeFolder(s *graph.Stage, p string) bool {
	if verdict.IsProgramDir(p) || slices.Contains(verdict.SystemDirs, p) || p == "/" {
		return true
	}
	holds := func(file string) bool { return file != "" && verdict.Within(path.Clean(file), []string{p}) }
	return slices.ContainsFunc(s.Body, func(in *dockerfile.Instruction) bool {
		if holds(s.Graph.EnvAt(in).Dir) || holds(s.Graph.CopiesTo(in)) {
			return true
		}
		return graph.IsRun(in) && slices.ContainsFunc(s.Graph.Script(in).Commands, func(cmd *shell.Command) bool {
			return cmd.Name == "mkdir" && slices.ContainsFunc(cmd.Words[1:], func(w shell.Word) bool {
				return holds(w.Lit) || holds(path.Join(s.Graph.EnvAt(in).Dir, w.Lit))
			})
		})
	})
}

// oneFile are compilers, which make what they are told and nothing else. What make or a script does besides would be lost.
var oneFile = match.Words("go gcc g++ cc c++ clang clang++")

// leavesNothing are commands that leave nothing in an image, and goLeavesNothing those of go.
var (
	leavesNothing   = match.Words("cd echo printf set true : test [ ls pwd")
	goLeavesNothing = match.Words("test vet version env list")
)

// fetches returns the RUNs above the last one that compiles which only fetch what is compiled with: nobody needs that in the
// image, unless something is compiled there later.
func (pl *Planner) fetches(s *graph.Stage, last int) map[*dockerfile.Instruction]bool {
	only := map[*dockerfile.Instruction]bool{}
	steps := pl.Plan(s).Steps
	for i, in := range s.Body {
		if i > last {
			if text := in.Doc.Src[in.Span.Start:in.Span.End]; compiler().Match(text) {
				return nil
			}
			continue
		}
		if !graph.IsRun(in) {
			continue
		}
		fetches := false
		others := slices.ContainsFunc(steps, func(step verdict.Step) bool {
			fetches = fetches || step.In == in && step.Fetches
			return step.In == in && !step.Fetches
		})
		if fetches && !others {
			only[in] = true
		}
	}
	return only
}

// compiler matches the programs that look into the caches of fetched modules.
var compiler = match.Pattern(`\b(go|cargo|rustc|mvn|gradle|npm|yarn|dotnet|make)\b`)

// buildsApart returns the file with a stage of its own for what compiles, and COPYs in the place of the RUNs that did.
func buildsApart(s *graph.Stage, built map[*dockerfile.Instruction][]string, last int, fetches map[*dockerfile.Instruction]bool) ([]byte, error) {
	src := s.Graph.Doc.Src
	name := graph.StageNameFor(s.Graph, "build")
	var b strings.Builder
	b.WriteString(s.From.LinesBefore("FROM " + s.From.Words()[0].Raw + " AS " + name).New)
	var edits []dockerfile.Edit
	for i, in := range s.Body {
		if i > last {
			break
		}
		lines := dockerfile.Span{Start: in.LineStart(), End: in.LinesEnd()}
		switch in.Command.(type) {
		case *instructions.CmdCommand, *instructions.EntrypointCommand, *instructions.ExposeCommand, *instructions.HealthCheckCommand,
			*instructions.LabelCommand, *instructions.VolumeCommand, *instructions.StopSignalCommand, *instructions.MaintainerCommand:
			continue
		}
		if fetches[in] {
			lines.Start = in.Lead.Start // the comment over it goes with it
			edits = append(edits, dockerfile.Edit{Span: s.Graph.Doc.WithBlankLine(lines)})
		}
		b.Write(src[lines.Start:lines.End])
		if files := built[in]; files != nil {
			var copies []string
			for _, file := range files {
				if copy := fmt.Sprintf("COPY --from=%s %s %s", name, file, file); !slices.Contains(copies, copy) {
					copies = append(copies, copy)
				}
			}
			edits = append(edits, dockerfile.Edit{Span: lines, New: in.LinesBefore(copies...).New})
		}
	}
	b.WriteString(s.From.LinesBefore("").New)
	edits = append(edits, dockerfile.Edit{Span: dockerfile.Span{Start: s.From.Lead.Start, End: s.From.Lead.Start}, New: b.String()})
	return dockerfile.Apply(src, edits)
}
