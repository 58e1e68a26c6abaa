package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/recipes/golang"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// sameEverywhere are the ends of names of files that hold no program.
var sameEverywhere = match.Words(".json .yaml .yml .toml .html .css .js .map .svg .txt .md .pem .crt .sql .sh .tmpl .xml .conf .ini .proto .graphql .csv")

// mayBeBuilt says which build program may have made a path, or "": one that is neither data by its name nor in the
// build context. It also says what to do about that, if it is known.
func mayBeBuilt(p string, plans []*verdict.Ledger) (why, way string) {
	if sameEverywhere[path.Ext(p)] || verdict.SamePlatformFile(p) || p == "/tmp" {
		return "", ""
	}
	for _, plan := range plans {
		for _, s := range plan.Steps {
			if s.Program != nil && !s.Program.Call.FromContext(p) {
				return fmt.Sprintf("takes %s, which `%s` may have built for the build platform", p, s.Program.Text), s.Program.Way
			}
		}
	}
	return "", ""
}

// leavingStage says why what a use takes out of stages that move to the build
// platform would be wrong there, or "", and what a person could do about it if that is
// not to take it from a stage of the target platform. The plans are those of the stage and of
// all that it is based on.
func leavingStage(u *graph.Use, plans []*verdict.Ledger) (why, way string) {
	env := u.In.Graph.EnvAt(u.By)
	for _, raw := range u.Paths {
		p := path.Join("/", env.Expand(raw, rune(u.In.Graph.Doc.Escape)))
		if why, way := leavingPath(p, plans); why != "" {
			return why, way
		}
	}
	return "", ""
}

func leavingPath(p string, plans []*verdict.Ledger) (why, way string) {
	if p == "/" {
		return "takes the whole file system, with the build platform's programs in it", ""
	}
	for _, plan := range plans {
		if w := plan.HostWriteIn(p); w != "" {
			return fmt.Sprintf("takes %s, which the stage installed there for the build platform", w), ""
		}
		if w := plan.PackagesAround(p); w != "" {
			return fmt.Sprintf("takes %s out of %s, which the stage installed there for the build platform", p, w), ""
		}
	}
	if (verdict.Within("/usr/local/bin", []string{p}) || strings.HasPrefix(p, "/usr/local/bin/") && strings.ContainsAny(p, "*?[")) && slices.ContainsFunc(plans, (*verdict.Ledger).NeedsC) {
		return fmt.Sprintf("takes %s whole, and in /usr/local/bin the helpers put a clang of their own", p),
			"name the programs, or install to another folder (DESTDIR) and take that"
	}
	if !slices.ContainsFunc(plans, func(plan *verdict.Ledger) bool { return plan.Writes(p) }) {
		if why, way := mayBeBuilt(p, plans); why != "" {
			return why, way
		}
	}
	for _, plan := range plans {
		if plan.Writes(p) || plan.Copied(p) || p == "/go/bin" && plan.WritesIn(p) {
			return "", "" // the golang image's /go/bin is empty
		}
	}
	if verdict.OwnFolder(p) && slices.ContainsFunc(plans, func(plan *verdict.Ledger) bool { return plan.WritesIn(p) }) {
		return "", "" // what lies there was built here: no image has the folder
	}
	if p == "/opt" && slices.ContainsFunc(plans, func(plan *verdict.Ledger) bool {
		return packages.PlainImage(plan.Stage.Root().Image) && plan.WritesIn(p)
	}) {
		return "", "" // empty in these images
	}
	if slices.ContainsFunc(plans, func(plan *verdict.Ledger) bool { return plan.InProject(p) }) {
		return "", ""
	}
	if madeEmpty(p, plans) {
		return "", ""
	}
	for _, plan := range plans {
		if verdict.IsSystemFile(p) && !verdict.SamePlatformFile(p) && plan.UnknownOutput() {
			return fmt.Sprintf("takes %s; whether it was built here or comes from the base image cannot be seen", p), ""
		}
	}
	if verdict.IsSystemFile(p) && !verdict.SamePlatformFile(p) {
		return fmt.Sprintf("takes %s, which comes from the base image or a package and would be the build platform's", p), ""
	}
	return "", ""
}

// madeEmpty reports whether the stages make a folder for a program's data in /var/lib, for an image that has no shell to do that: no
// distribution has programs there, and no package that they install has its name.
func madeEmpty(p string, plans []*verdict.Ledger) bool {
	name, ok := strings.CutPrefix(strings.TrimSuffix(p, "/"), "/var/lib/")
	if name, _, _ = strings.Cut(name, "/"); !ok || name == "" {
		return false
	}
	for _, plan := range plans {
		if packages.PlainImage(plan.Stage.Root().Image) && !packages.Installs(plan.Stage.Root(), name) && makesFolder(plan.Stage, "/var/lib/"+name) {
			return true
		}
	}
	return false
}

// makesFolder reports whether a RUN of a stage makes a folder, or one in it, with mkdir.
func makesFolder(s *graph.Stage, folder string) bool {
	for _, in := range s.Body {
		if !graph.IsRun(in) {
			continue
		}
		for _, cmd := range s.Graph.Script(in).Commands {
			if cmd.Name == "mkdir" && slices.ContainsFunc(cmd.Words, func(w shell.Word) bool { return verdict.Within(path.Clean(w.Lit), []string{folder}) }) {
				return true
			}
		}
	}
	return false
}

// judgeUse looks at what a stage takes from elsewhere: BuildKit resolves images
// for the target platform, so a program from one cannot run on the build
// platform.
func judgeUse(p *verdict.Ledger, pl *Planner, u *graph.Use) {
	if u.From != nil && u.From.Place == graph.Build {
		for t := u.From; t != nil; t = t.Base {
			for _, s := range pl.Plan(t).Steps {
				if s.Crosses && u.Kind == graph.Copy && (verdict.IsProgramDir(path.Clean(u.Dest)) || verdict.IsProgramDir(path.Dir(path.Clean(u.Dest)))) && (verdict.Takes(u, s) || takesFromCargo(u, s)) {
					p.Block(u.By, fmt.Sprintf("takes a program that %s builds for the target platform", u.From.Title()),
						"build the tools of this stage for $BUILDPLATFORM, in a stage of their own")
					return
				}
			}
		}
		return
	}
	source := u.Image
	if u.From != nil {
		source = "stage " + u.From.Title()
	}
	way := "give the source a stage with FROM --platform=$BUILDPLATFORM, and take it from there"
	if u.Kind == graph.Mount {
		p.Block(u.By, fmt.Sprintf("mounts files of %s, which are the target platform's", source), way)
		return
	}
	if golang.TakesGo(u) {
		if step, ok := golang.JudgeCopiedGo(p, u); ok {
			p.Add(step)
			return
		}
		if u.From != nil {
			// Moves along; see withInstallers and InPlace.
			p.Add(verdict.Step{In: u.By, Span: u.By.Span, Recipe: "go", Reason: "takes Go, which the stage runs", HostWrites: []string{u.In.Graph.CopiesTo(u.By)}})
			return
		}
	}
	dest := path.Clean(u.Dest)
	for _, src := range u.Paths {
		src = path.Join("/", src)
		system := verdict.IsSystemFile(src) && !verdict.SamePlatformFile(src) && !(verdict.OwnFolder(src) && pl.onlyFetches(u.From))
		if src == "/" || u.From == nil && !verdict.SamePlatformFile(src) || system || verdict.IsProgramDir(dest) || verdict.IsProgramDir(path.Dir(dest)) {
			p.Block(u.By, fmt.Sprintf("takes %s of %s, which is the target platform's", src, source), way)
			return
		}
	}
}

// onlyFetches reports whether nothing in a stage, or in one that it is based on, compiles or installs for the machine that it runs
// on: what lies in a folder of its own there is the source that it got.
func (pl *Planner) onlyFetches(s *graph.Stage) bool {
	for t := s; t != nil; t = t.Base {
		if slices.ContainsFunc(pl.Plan(t).Steps, func(step verdict.Step) bool {
			return step.Verdict != verdict.Neutral || step.Compiles || step.CompilesOnHost || len(step.HostWrites) > 0
		}) {
			return false
		}
	}
	return s != nil
}

// takesFromCargo reports whether a COPY --from takes what xx-cargo made, by the folders that cargo puts programs into: what
// it writes besides is not worked out.
func takesFromCargo(u *graph.Use, step verdict.Step) bool {
	if step.Recipe != "rust" {
		return false
	}
	installs := strings.Contains(string(step.In.Doc.Src[step.Span.Start:step.Span.End]), " install")
	return slices.ContainsFunc(u.Paths, func(p string) bool {
		return installs && strings.Contains(p, "cargo/bin") || !installs && strings.Contains(p, "target/")
	})
}

// programs are the files that the stage builds for the target, as far as each is known by its name.
func programs(p *verdict.Ledger) []string {
	var out []string
	for _, s := range p.Writers {
		if s.Verdict != verdict.Convert {
			continue
		}
		for _, w := range s.Writes {
			// A file is written with and without a slash, since it may be a folder; what is somewhere below a folder has no name.
			if !strings.HasSuffix(w, "/") && !strings.HasSuffix(w, "/**") && !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out
}
