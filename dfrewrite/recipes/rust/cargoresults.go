package rust

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

// With a --target cargo builds in target/TRIPLE/release. Commands of the stage are
// told the new folder; for a COPY of another stage, which knows no triple, the
// program is put where it was, behind the build.

// tripleFolder is the folder that cargo puts between target and the profile's.
const tripleFolder = "$(xx-cargo --print-target-triple)"

// cargoBuilds are the commands of an instruction that build with cargo.
func cargoBuilds(s *graph.Stage, in *dockerfile.Instruction) []*shell.Command {
	if !graph.IsRun(in) {
		return nil
	}
	var out []*shell.Command
	for _, cmd := range s.Graph.Script(in).Commands {
		if cmd.Name == "cargo" && slices.ContainsFunc(cmd.Words, func(w shell.Word) bool { return w.Lit == "build" || w.Lit == "b" || w.Lit == "cook" }) {
			out = append(out, cmd)
		}
	}
	return out
}

// cargoProfiles are the folders in target that the steps of the plans build in.
func cargoProfiles(plans []*verdict.Ledger) map[string]bool {
	found := map[string]bool{}
	for _, p := range plans {
		for _, s := range p.Steps {
			if s.Recipe != "rust" || s.Verdict != verdict.Convert {
				continue
			}
			for _, w := range s.Writes {
				if dir := strings.TrimSuffix(w, "/"); path.Base(path.Dir(dir)) == "target" {
					found[path.Base(dir)] = true
				}
			}
		}
	}
	return found
}

// inTarget matches a folder called target in a word, and what is below it.
var inTarget = match.Pattern("(?:^|[/\"'=:])(target)((?:/[^\"'\\s;:]*)?)(?:$|[\"'\\s;:])")

// wholeFolder are programs that take a folder with all that is in it.
var wholeFolder = match.Words("cp mv tar rsync find ln install zip")

// A movedResult is a path of cargo's that an edit moves, by the name that others have for it, and the program that takes it.
type movedResult struct{ file, by string }

// moveResults tells the other commands of a stage where cargo's results are
// now.
func moveResults(p *verdict.Ledger) {
	plans := p.Chain()
	profiles := cargoProfiles(plans)
	if len(profiles) == 0 {
		return
	}
	blockWord := func(in *dockerfile.Instruction, span dockerfile.Span, reason string) {
		p.Add(verdict.Step{In: in, Span: span, Recipe: "rust", Verdict: verdict.Block, Reason: reason,
			Way: "with a target cargo builds in target/" + tripleFolder + "; take what is needed from there"})
	}
	for _, in := range p.Stage.Body {
		switch c := in.Command.(type) {
		case *instructions.RunCommand:
			for _, m := range instructions.GetMounts(c) {
				if m.Type == instructions.MountTypeCache && strings.Contains(path.Clean(m.Target), "target/") {
					blockWord(in, in.Span, fmt.Sprintf("the cache mount %s is a part of cargo's target folder", m.Target))
				}
			}
			seen := &graph.Site{Env: p.Stage.Graph.EnvAt(in), Script: p.Stage.Graph.Script(in)}
			for _, cmd := range seen.Script.Commands {
				name := path.Base(cmd.Name)
				words := slices.Clone(cmd.Words)
				if match.Words("cargo xx-cargo rustup echo printf")[name] {
					words = nil
				}
				for _, a := range cmd.Assigns {
					if a.Name != "CARGO_TARGET_DIR" {
						words = append(words, a.Value)
					}
				}
				for _, w := range words {
					edited, odd := moveWord(w, profiles, name, seen.KnownText)
					switch {
					case odd:
						blockWord(in, w.Span, fmt.Sprintf("which of cargo's results %s means cannot be seen", w.Raw))
					case edited != w.Raw:
						p.Add(verdict.Step{In: in, Span: w.Span, Recipe: "rust", Verdict: verdict.Convert, Reason: "cargo's results are in a folder of the target's",
							Edits: []dockerfile.Edit{{Span: w.Span, New: edited}}, Needs: verdict.Needs{Args: []string{"TARGETPLATFORM"}, Helper: true}, Own: movedResult{fileAt(p, in, seen, w), name}})
					}
				}
			}
		case *instructions.EnvCommand, *instructions.WorkdirCommand, *instructions.ArgCommand:
			text := string(in.Text.Bytes)
			for profile := range profiles {
				if strings.Contains(text, "target/"+profile) {
					blockWord(in, in.Span, fmt.Sprintf("%s names target/%s, where a build for another platform is not", in.Kind(), profile))
				}
			}
		}
	}
}

// fileAt returns the absolute path that a word of a command is; "" if it is none, or not known.
func fileAt(p *verdict.Ledger, in *dockerfile.Instruction, c *graph.Site, w shell.Word) string {
	name, ok := c.Known(w)
	if !ok {
		return ""
	}
	for _, s := range p.Steps {
		if s.In == in && dockerfile.Covers(s.Span, w.Span) && (s.Dir != "" || path.IsAbs(name)) {
			if path.IsAbs(name) {
				return path.Clean(name)
			}
			return path.Join(s.Dir, name)
		}
	}
	return ""
}

// moveWord puts the target's folder into the paths of a word; odd says that a path
// in it cannot be followed. known fills in variables.
func moveWord(w shell.Word, profiles map[string]bool, program string, known func(string) (string, bool)) (edited string, odd bool) {
	var out strings.Builder
	at := 0
	for _, m := range inTarget().FindAllStringSubmatchIndex(w.Raw, -1) {
		below := w.Raw[m[4]:m[5]]
		first, _, _ := strings.Cut(strings.TrimPrefix(below, "/"), "/")
		if text, ok := known(first); ok {
			first = text
		}
		switch {
		case profiles[first]:
			if strings.Contains(w.Raw, "'") || w.Span.Len() != len(w.Raw) {
				return "", true
			}
			out.WriteString(w.Raw[at:m[3]] + "/" + tripleFolder)
			at = m[3]
		case sameTarget(first):
		case first == "" || first == "*":
			if wholeFolder[program] {
				return "", true
			}
		case wholeFolder[program] || strings.Contains(below, "$"):
			return "", true
		}
	}
	return out.String() + w.Raw[at:], false
}

// placeCargoResults puts the programs that other stages take out of cargo's folders
// where they were before there was a target.
func placeCargoResults(c *verdict.Conversion) (verifies bool) {
	type place struct {
		step  *verdict.Step
		files []string
		as    map[string]string // how they are written, where that is another way
	}
	var places []*place
	for i, t := range c.Stages {
		plans := c.LedgersUpTo(i)
		profiles := cargoProfiles(plans)
		if len(profiles) == 0 {
			continue
		}
		for _, u := range t.UsedBy {
			for _, raw := range u.Paths {
				p := path.Join("/", u.In.Graph.EnvAt(u.By).Expand(raw, rune(u.In.Graph.Doc.Escape)))
				step, result, why := cargoResult(plans, profiles, p)
				if why == "" && result && strings.Contains(raw, "$") && !sameArguments(u, step.In, raw) {
					why = fmt.Sprintf("which file of cargo's %s is depends on a build argument", raw)
				}
				if why != "" {
					c.BlockAt(u.By, why, "in the stage that builds, copy what is needed to a folder of its own, in the RUN with cargo build, and take it from there")
					continue
				}
				if step == nil {
					continue
				}
				n := slices.IndexFunc(places, func(pl *place) bool { return pl.step == step })
				if n < 0 {
					places, n = append(places, &place{step: step, as: map[string]string{}}), len(places)
				}
				if !slices.Contains(places[n].files, p) {
					places[n].files = append(places[n].files, p)
				}
				if strings.Contains(raw, "$") {
					places[n].as[p] = path.Join("/", strings.Trim(raw, `"`))
				}
			}
		}
	}
	for _, pl := range places {
		verifies = putBack(c, pl.step, pl.files, pl.as) || verifies
		for _, p := range pl.files {
			worksOn(c, p, pl.step)
		}
	}
	return verifies
}

// changers are programs that change a file where it is.
var changers = match.Words("strip llvm-strip objcopy patchelf upx setcap chmod chown chgrp find")

// worksOn lets later commands of the stage that name a program work on it where it has been put back, so that what they
// do to it is done to what other stages take.
func worksOn(c *verdict.Conversion, p string, build *verdict.Step) {
	for _, plan := range c.Ledgers {
		for i := range plan.Steps {
			s := &plan.Steps[i]
			moved, ok := s.Own.(movedResult)
			if !ok || s.Verdict != verdict.Convert || s.Span.Start < build.Span.End {
				continue
			}
			matches, err := path.Match(moved.file, p)
			switch {
			case moved.file == p && (s.In != build.In || putsBackInList(build)):
				s.Verdict, s.Edits, s.Needs.Args, s.Needs.Helper, s.Reason = verdict.Neutral, nil, nil, false, "works on the program where it was put back"
			case changers[moved.by] && (moved.file == "" || moved.file == p || err == nil && matches || verdict.Within(p, []string{moved.file})):
				c.Blocks = append(c.Blocks, verdict.Step{In: s.In, Span: s.Span, Recipe: "rust", Verdict: verdict.Block,
					Reason: fmt.Sprintf("%s changes %s, which another stage takes, before it can be put where that stage looks for it", moved.by, p),
					Way:    "name the program, in a RUN behind that with cargo build, or copy it to a folder of its own first"})
			}
		}
	}
}

// putsBackInList reports whether what a step builds can be put back right behind it, in the same list of commands.
func putsBackInList(s *verdict.Step) bool {
	return !rustOf(s).nested && verdict.GoesOn().Match(s.In.Doc.Src[s.Span.End:s.In.Span.End]) && len(s.In.Heredocs) == 0
}

// sameArguments reports whether the variables in what a COPY takes are build arguments that an instruction of the other
// stage has as well, so that whoever gives them another value gives it to both.
func sameArguments(u *graph.Use, in *dockerfile.Instruction, raw string) bool {
	g := u.In.Graph
	for _, name := range graph.VariablesIn(raw, rune(g.Doc.Escape)) {
		here, ok := g.EnvAt(u.By).Lookup(name)
		there, found := g.EnvAt(in).Lookup(name)
		if !ok || !found || here != there || here.Env || !here.HasValue {
			return false
		}
	}
	return plainVariables().MatchString(raw)
}

// plainVariables matches a path with variables that a shell reads as BuildKit does.
var plainVariables = match.Pattern(`^"?(?:[A-Za-z0-9._/+@-]|\$\w+|\$\{\w+\})+"?$`)

// cargoResult finds the step that builds a file of cargo's folders; result says that
// it is one, and why that it cannot be followed.
func cargoResult(plans []*verdict.Ledger, profiles map[string]bool, p string) (step *verdict.Step, result bool, why string) {
	folder := path.Dir(p)
	if path.Base(folder) == "examples" {
		folder = path.Dir(folder)
	}
	isResult := path.Base(path.Dir(folder)) == "target" && profiles[path.Base(folder)]
	for _, plan := range plans {
		for i := len(plan.Steps) - 1; i >= 0; i-- {
			s := &plan.Steps[i]
			if s.Recipe != "rust" || s.Verdict != verdict.Convert || rustOf(s) == nil || len(rustOf(s).results) == 0 {
				continue
			}
			build := rustOf(s)
			if isResult && slices.Contains(s.Writes, folder+"/") {
				if !shell.PlainPath().MatchString(p) {
					return nil, true, fmt.Sprintf("which files of cargo's %s takes cannot be seen", p)
				}
				return s, true, ""
			}
			// Of the folders that may be cargo's, the nearest.
			if nearest := build.results[0]; p == nearest || verdict.Within(nearest, []string{p}) && !build.cached {
				return nil, false, fmt.Sprintf("takes %s with cargo's folder target in it; which programs are used from there cannot be seen", p)
			}
			if slices.ContainsFunc(build.results, func(dir string) bool {
				return verdict.Within(p, []string{dir}) && !sameTarget(strings.TrimPrefix(p, dir+"/"))
			}) {
				return nil, false, fmt.Sprintf("takes %s; where that is in a build for another platform is not known", p)
			}
		}
	}
	if p == "/" || isResult {
		return nil, false, fmt.Sprintf("takes %s; which command makes it cannot be seen", p)
	}
	return nil, false, ""
}

// putBack copies programs from the target's folder to where they were: in the list
// of the build where a failure is seen, else in a RUN of its own.
func putBack(c *verdict.Conversion, step *verdict.Step, files []string, as map[string]string) (verifies bool) {
	g := c.Stages[0].Graph
	end := step.Span.End
	inList := putsBackInList(step)
	dir := step.Dir
	if !inList {
		dir = g.EnvAt(step.In).Dir
	}
	var commands, verified []string
	for _, p := range files {
		to := p
		if text, ok := as[p]; ok {
			to = text
		}
		p = to
		if rest, ok := strings.CutPrefix(p, strings.TrimSuffix(dir, "/")+"/"); ok && dir != "" {
			to = rest
		}
		at := strings.LastIndex(to, "target/") + len("target")
		commands = append(commands, "install -D "+to[:at]+"/"+tripleFolder+to[at:]+" "+to)
		if ext := path.Ext(to); ext == "" || ext == ".so" {
			verified = append(verified, to)
		}
	}
	if len(verified) > 0 {
		flags := string(step.In.Doc.Src[step.Span.Start:step.Span.End]) + rustOf(step).flags
		commands = append(commands, verdict.Verify(c.Stages[0], flags, strings.Join(verified, " "), files[0]))
	}
	text := strings.Join(commands, " && ")
	if inList {
		c.Toolchain.Edits = append(c.Toolchain.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: end, End: end}, New: " && " + text})
	} else {
		c.Toolchain.Edits = append(c.Toolchain.Edits, step.In.LinesAfter("RUN "+text))
	}
	return len(verified) > 0
}
