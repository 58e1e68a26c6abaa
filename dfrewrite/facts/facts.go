// Package facts follows a Dockerfile through one build for each target platform.
//
// What a command does often depends on values that are put together elsewhere: an
// ARG, an ENV, a quoted word, a `case "$TARGETARCH" in` table, a small shell
// function. Rules that look at the text alone take a table that somebody wrote by
// hand (amd64 → x86_64) for a mistake. So each RUN is walked through once for each
// platform, with the values that BuildKit would set, and what comes out are
// [Call]s: the commands that run for that platform, their words and environment
// filled in as far as they can be known.
//
// Nothing is run. What a program prints, what a file holds and what a build
// argument is set to are unknown; a [Value] remembers where it comes from, and a
// command behind a condition that is not known is marked as such. Where a rule
// does not know, it stays quiet.
//
// The files: stages and platforms (this file), values (value.go), the walk through
// a script (walk.go), words of the shell (expand.go), patterns (shellpattern.go), programs
// whose answer is known (machineprobe.go), what commands write (outputs.go).
package facts

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	bkshell "github.com/moby/buildkit/frontend/dockerfile/shell"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/triples"
)

// A Platform is one target.
type Platform struct {
	triples.Platform
	// name is how it was asked for.
	name string
	// Row has the names that tools give it; Known is false when there are none.
	Row   triples.Row
	Known bool
}

// Facts are what is known about a file. They are worked out once.
type Facts struct {
	Graph     *graph.Graph
	Platforms []*Platform

	calls   map[*graph.Stage][]*Call
	ranges  map[stageKey][2]int // where those for a platform stand in calls
	tables  map[*graph.Stage][]*Table
	before  map[key]*state
	reached map[stageKey]bool
	gaveUp  map[*dockerfile.Instruction]bool
	reader  Reader
	driven  map[*Call][]*Call // by the call that reads the file
	places  map[*graph.Stage]map[int]*Call
	looks   int // see Look
}

type key struct {
	in *dockerfile.Instruction
	p  *Platform
}

type stageKey struct {
	s *graph.Stage
	p *Platform
}

// state is what holds at one point of a stage.
type state struct {
	vars  *scope
	files *scope // what commands have written into files that may be read again
	dir   string
}

// New follows a file for each of the platforms, written as os/arch[/variant]. One that
// triples does not know has no names, and is followed all the same.
func New(g *graph.Graph, platforms []string) *Facts { return Reading(g, platforms, nil) }

// Reading is [New] with a reader for the files that commands read.
func Reading(g *graph.Graph, platforms []string, reader Reader) *Facts {
	f := &Facts{Graph: g, calls: map[*graph.Stage][]*Call{}, ranges: map[stageKey][2]int{}, tables: map[*graph.Stage][]*Table{},
		before: map[key]*state{}, reached: map[stageKey]bool{}, gaveUp: map[*dockerfile.Instruction]bool{}, reader: reader, driven: map[*Call][]*Call{}}
	for _, name := range platforms {
		os, rest, _ := strings.Cut(name, "/")
		os, _, _ = strings.Cut(os, "(") // windows(10.0.17763), as containerd writes it
		p, err := triples.Parse(os + "/" + rest)
		if err != nil {
			arch, variant, _ := strings.Cut(rest, "/")
			p = triples.Platform{OS: os, Arch: arch, Variant: variant}
		}
		row, ok := triples.Lookup(p)
		f.Platforms = append(f.Platforms, &Platform{Platform: p, name: name, Row: row, Known: ok})
	}
	for _, p := range f.Platforms {
		for _, s := range g.Stages {
			f.ranges[stageKey{s, p}] = [2]int{len(f.calls[s])}
		}
		f.follow(p)
		for _, s := range g.Stages {
			f.ranges[stageKey{s, p}] = [2]int{f.ranges[stageKey{s, p}][0], len(f.calls[s])}
		}
	}
	return f
}

// Calls returns the commands of a stage that run, for one platform after the other.
func (f *Facts) Calls(s *graph.Stage) []*Call { return f.calls[s] }

// CallsFor returns the commands of a stage that run for one platform.
func (f *Facts) CallsFor(s *graph.Stage, p *Platform) []*Call {
	r := f.ranges[stageKey{s, p}]
	return f.calls[s][r[0]:r[1]:r[1]]
}

// GaveUp reports whether a RUN was not followed to its end: its commands are nested too deeply, or take too many steps.
// What is known of its commands may then be wrong.
func (f *Facts) GaveUp(run *dockerfile.Instruction) bool { return f.gaveUp[run] }

// CallAt returns the command that begins at an offset of the Dockerfile, for the first platform for which it runs, or nil.
func (f *Facts) CallAt(s *graph.Stage, start int) *Call {
	if f.places == nil {
		f.places = map[*graph.Stage]map[int]*Call{}
	}
	if f.places[s] == nil {
		f.places[s] = map[int]*Call{}
		for _, c := range f.calls[s] {
			if f.places[s][c.Span.Start] == nil {
				f.places[s][c.Span.Start] = c
			}
		}
	}
	return f.places[s][start]
}

// Tables returns the `case` tables of a stage that have no branch for a platform.
func (f *Facts) Tables(s *graph.Stage) []*Table { return f.tables[s] }

// Reached reports whether the stage takes part in a build for the platform: with
// `FROM build-$TARGETARCH`, build-arm64 takes part for arm64 alone. Stages that
// nothing uses are taken to be built for every platform, unless the build names those of its targets.
func (f *Facts) Reached(s *graph.Stage, p *Platform) bool { return f.reached[stageKey{s, p}] }

// PlatformsOf lists the platforms for which a stage takes part in a build.
func (f *Facts) PlatformsOf(s *graph.Stage) []*Platform {
	var out []*Platform
	for _, p := range f.Platforms {
		if f.Reached(s, p) {
			out = append(out, p)
		}
	}
	return out
}

// Expand fills in a word of an instruction other than RUN.
func (f *Facts) Expand(in *dockerfile.Instruction, word string, p *Platform) Value {
	st := f.before[key{in, p}]
	if st == nil {
		return Value{Text: Unknown, Set: true}
	}
	return f.expand(st.vars, word, graph.IsAutomatic)
}

// Abs makes a path of an instruction absolute, with the WORKDIR in force.
func (f *Facts) Abs(in *dockerfile.Instruction, p string, on *Platform) string {
	if st := f.before[key{in, on}]; st != nil && !path.IsAbs(p) {
		p = path.Join(st.dir, p)
	}
	return path.Clean(p)
}

// follow walks through all stages for one platform.
func (f *Facts) follow(p *Platform) {
	global := f.globals(p)
	ends := map[*graph.Stage]*state{}
	bases := map[*graph.Stage]*graph.Stage{}
	for _, s := range f.Graph.Stages {
		st := &state{vars: imageVars(s.Image), dir: "/"}
		if graph.OfficialGo(s.Image) {
			st.dir = "/go"
		}
		base := s.Base
		if len(s.Candidates) > 0 {
			name := f.expand(global, s.BaseName, nil)
			st.vars = st.vars.barrier()
			for _, c := range s.Candidates {
				if name.Known() && strings.EqualFold(c.Name, name.Text) {
					base = c
				}
			}
		}
		if base != nil {
			bases[s] = base
			if end := ends[base]; end != nil {
				st = end
			}
		}
		ends[s] = f.stage(s, p, st, global)
	}
	f.mark(p, bases)
}

// mark finds the stages that take part. A stage that others may be based on, by a
// name with a variable, takes part where one of them is based on it.
func (f *Facts) mark(p *Platform, bases map[*graph.Stage]*graph.Stage) {
	byName := map[*graph.Stage]bool{}
	for _, s := range f.Graph.Stages {
		for _, c := range s.Candidates {
			byName[c] = true
		}
	}
	var visit func(*graph.Stage)
	visit = func(s *graph.Stage) {
		if s == nil || f.reached[stageKey{s, p}] {
			return
		}
		f.reached[stageKey{s, p}] = true
		visit(bases[s])
		for _, u := range s.Uses {
			visit(u.From)
		}
	}
	for _, s := range slices.Backward(f.Graph.Stages) {
		if (s.Shipped() || s.Delivered() || !byName[s] && len(s.UsedBy)+len(s.Children) == 0) && s.BuiltFor(p.name) {
			visit(s)
		}
	}
}

// globals are what FROM lines see.
func (f *Facts) globals(p *Platform) *scope {
	g := f.Graph
	var vars *scope
	for _, name := range graph.Automatic {
		vars = vars.set(name, automatic(name, p), false)
	}
	for _, in := range g.Doc.MetaArgs {
		for _, a := range in.Command.(*instructions.ArgCommand).Args {
			switch {
			case graph.IsAutomatic(a.Key):
			case given(g, a.Key) != nil:
				v := *given(g, a.Key)
				v.By = in
				vars = vars.set(a.Key, v, true)
			case a.Value == nil:
				vars = vars.set(a.Key, Value{Text: Unknown, From: FromArg, Set: true, By: in}, true)
			default:
				v := f.expand(vars, *a.Value, nil)
				v.From |= FromArg
				v.By = in
				vars = vars.set(a.Key, v, true)
			}
		}
	}
	return vars
}

// automatic is the value that BuildKit gives an argument.
func automatic(name string, p *Platform) Value {
	v := Value{From: FromTarget, Set: true}
	switch name {
	case "TARGETPLATFORM":
		v.Text = p.Platform.String()
	case "TARGETOS":
		v.Text = p.OS
	case "TARGETARCH":
		v.Text = p.Arch
	case "TARGETVARIANT":
		v.Text = p.Variant
	default:
		v.Text, v.From = Unknown, FromBuilder
	}
	return v
}

func imageVars(image string) *scope {
	var vars *scope
	if graph.OfficialGo(image) {
		vars = vars.set("GOPATH", Value{Text: "/go", Set: true}, true)
	}
	if triple := graph.RustImageTarget(image); triple != "" {
		vars = vars.set("CARGO_BUILD_TARGET", Value{Text: triple, Set: true}, true)
	}
	if graph.OfficialGo(image) {
		vars = vars.set("GO", Value{}, true) // for ${GO:-go}: the image has no such variable
	}
	if graph.EL10Go(image) {
		vars = vars.set("GOAMD64", Value{Text: "v3", Set: true}, true)
	}
	return vars
}

// stage walks through one stage and returns the state at its end.
func (f *Facts) stage(s *graph.Stage, p *Platform, st *state, global *scope) *state {
	f.before[key{s.From, p}] = &state{vars: global, dir: "/"}
	for _, in := range s.Body {
		f.Graph.Budget.Enter(in)
		f.before[key{in, p}] = st
		next := &state{vars: st.vars, files: st.files, dir: st.dir}
		switch c := in.Command.(type) {
		case *instructions.ArgCommand:
			for _, a := range c.Args {
				if old, ok := next.vars.lookup(a.Key); ok && old.How == ByEnv {
					continue // ENV wins
				}
				v := f.argValue(a, next.vars, global, p)
				v.By, v.How = in, ByArg
				next.vars = next.vars.set(a.Key, v, true)
			}
		case *instructions.EnvCommand:
			for _, kv := range c.Env {
				v := f.expand(st.vars, kv.Value, graph.IsAutomatic)
				v.By, v.How, v.Span = in, ByEnv, envSpan(in, kv.Key)
				next.vars = next.vars.set(kv.Key, v, true)
			}
		case *instructions.WorkdirCommand:
			dir := f.expand(st.vars, c.Path, graph.IsAutomatic).Text
			if !path.IsAbs(dir) {
				dir = path.Join(st.dir, dir)
			}
			next.dir = path.Clean(dir)
		case *instructions.RunCommand:
			next.files = f.run(s, in, p, st)
		}
		st = next
	}
	return st
}

// given is the value that the build gives an argument, or nil.
func given(g *graph.Graph, name string) *Value {
	text, ok := g.Given(name)
	switch {
	case !ok:
		return nil
	case text == nil:
		return &Value{Text: Unknown, From: FromArg, Set: true}
	}
	return &Value{Text: *text, From: FromArg, Set: true}
}

func (f *Facts) argValue(a instructions.KeyValuePairOptional, vars, global *scope, p *Platform) Value {
	switch {
	case graph.IsAutomatic(a.Key):
		return automatic(a.Key, p)
	case given(f.Graph, a.Key) != nil:
		return *given(f.Graph, a.Key)
	case a.Value != nil:
		v := f.expand(vars, *a.Value, graph.IsAutomatic)
		v.From |= FromArg
		return v
	}
	if v, ok := global.lookup(a.Key); ok {
		return v
	}
	return Value{Text: Unknown, From: FromArg, Set: true}
}

// envSpan is where the value of NAME=value stands in an ENV, or the instruction.
func envSpan(in *dockerfile.Instruction, name string) dockerfile.Span {
	words := in.Words()
	for _, w := range words {
		if strings.HasPrefix(w.Raw, name+"=") {
			return w.Part(len(name)+1, len(w.Raw))
		}
	}
	if len(words) == 2 && words[0].Raw == name {
		return words[1].Span
	}
	return in.Span
}

// expand fills in a word with BuildKit's rules. empty says which names are
// empty when they are not set; others may come from the base image.
func (f *Facts) expand(vars *scope, word string, empty func(string) bool) Value {
	v := Value{Set: true}
	if !strings.ContainsAny(word, "$\"'\\`") {
		v.Text = word
		return v
	}
	get := &filler{vars: vars, empty: empty, v: &v, budget: f.Graph.Budget}
	out, _, err := bkshell.NewLex(rune(f.Graph.Doc.Escape)).ProcessWord(word, get)
	if err != nil || len(out) > maxValue {
		out = Unknown
	}
	v.Text = out
	return v
}

// filler gives BuildKit's expansion the values, and notes where they come from.
type filler struct {
	vars  *scope
	empty func(string) bool
	v     *Value

	budget *graph.Budget
}

func (g *filler) Get(name string) (string, bool) {
	v, ok := g.vars.lookup(name)
	if ok {
		g.v.From |= v.From
		return v.Text, v.Set && g.budget.Text(len(v.Text))
	}
	if g.empty == nil || g.empty(name) {
		return "", false
	}
	return Unknown, true
}

func (g *filler) Keys() []string { return nil }
