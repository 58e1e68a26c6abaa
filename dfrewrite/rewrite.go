package dfrewrite

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/rules"
	"xxkit/internal/lazyregexp"
)

// A Rewritten is what Rewrite made of a file.
type Rewritten struct {
	// Out is the new file; the same bytes as the old one if nothing was to do.
	Out []byte
	// Made are the findings whose fixes were made, in the order in which they
	// were. Their places are those at that moment.
	Made []rules.Diagnostic
	// Edits are what was done, a step for each of Made; each step's places are those in what the
	// step before it left.
	Edits [][]dockerfile.Edit
	// Before is the old file with what was found in it.
	Before *File
	// Left is the new file with what is still to be found in it.
	Left *File
}

// Held returns the findings whose fix was held back, because a person should
// read it.
func (r *Rewritten) Held() []rules.Diagnostic { return r.Left.Fixable() }

// Fixable returns the findings that have a fix.
func (f *File) Fixable() []rules.Diagnostic {
	var out []rules.Diagnostic
	for _, d := range f.Findings {
		if d.Fix != nil {
			out = append(out, d)
		}
	}
	return out
}

// AsItStands returns the old file with what the fixes leave to be found, for whoever does not write the new one: places
// and numbers of stages are those of the old file.
func (r *Rewritten) AsItStands() *File {
	f := &File{Doc: r.Before.Doc, Graph: r.Before.Graph}
	for _, d := range r.Left.Findings {
		f.Findings = append(f.Findings, r.inOld(d, len(r.Edits)))
	}
	slices.SortStableFunc(f.Findings, func(a, b rules.Diagnostic) int { return a.Span.Start - b.Span.Start })
	return f
}

// Told returns the findings whose fixes were made and leave something to be known, with notes of that only. Places are those of
// the new file or else of the old one.
func (r *Rewritten) Told(inNew bool) *File {
	f := &File{Doc: r.Before.Doc}
	if inNew {
		f.Doc = r.Left.Doc
	}
	for i, d := range r.Made {
		var notes []rules.Note
		for _, n := range d.Notes {
			if !n.Told {
				continue
			}
			if n.Span = r.origin(n.Span, i); inNew {
				n.Span = dockerfile.Span{Start: r.now(n.Span.Start), End: r.now(n.Span.End)}
			}
			notes = append(notes, n)
		}
		if notes != nil {
			d.Notes = notes
			f.Findings = append(f.Findings, d)
		}
	}
	return f
}

// BringsBuildKit reports whether the rewrite is what makes the file need BuildKit: the classic builder knows no BUILDPLATFORM, and
// nothing else in the file would have kept it from building.
func (r *Rewritten) BringsBuildKit() bool {
	return r.Before.Graph != nil && !bytes.Contains(r.Before.Doc.Src, []byte("BUILDPLATFORM")) && bytes.Contains(r.Out, []byte("$BUILDPLATFORM")) &&
		!slices.ContainsFunc(r.Before.Doc.Instructions, onlyBuildKit)
}

// onlyBuildKit reports whether the classic builder refuses an instruction for its form: a heredoc, or a flag that it does not know.
func onlyBuildKit(in *dockerfile.Instruction) bool {
	return len(in.Heredocs) > 0 || slices.ContainsFunc([]string{"mount", "network", "security", "link", "chmod", "parents", "exclude", "checksum"},
		func(flag string) bool { return in.Flag(flag) != nil })
}

// inOld returns a finding that is there after the first steps as it is said of the old file. If nothing is said of it
// there, its places and the numbers of stages are led back.
func (r *Rewritten) inOld(d rules.Diagnostic, steps int) rules.Diagnostic {
	if steps == 0 {
		return d
	}
	was := d.Moved(func(s dockerfile.Span) dockerfile.Span { return r.origin(s, steps) })
	for _, b := range r.Before.Findings {
		if b.Span.Start == was.Span.Start && saysTheSame(b, d) {
			return b
		}
	}
	if steps < len(r.Edits) || r.Left.Graph == nil {
		return was
	}
	renumbered := func(text string) string {
		return stageNumber.Get().ReplaceAllStringFunc(text, func(title string) string {
			n, _ := strconv.Atoi(title[len("stage "):])
			if n >= len(r.Left.Graph.Stages) {
				return title
			}
			from := r.origin(r.Left.Graph.Stages[n].From.Span, steps).Start
			for old, s := range r.Before.Graph.Stages {
				if s.From.Span.Start == from {
					return fmt.Sprint("stage ", old)
				}
			}
			return title
		})
	}
	was.Message, was.Hint = renumbered(was.Message), renumbered(was.Hint)
	for i := range was.Notes {
		was.Notes[i].Text, was.Notes[i].Way = renumbered(was.Notes[i].Text), renumbered(was.Notes[i].Way)
	}
	return was
}

// saysTheSame reports whether two findings differ in places and numbers only, those of lines and stages.
func saysTheSame(a, b rules.Diagnostic) bool {
	same := func(a, b string) bool {
		return number.Get().ReplaceAllString(a, "") == number.Get().ReplaceAllString(b, "")
	}
	return a.Rule == b.Rule && a.Severity == b.Severity && (a.Fix == nil) == (b.Fix == nil) && same(a.Message, b.Message) && same(a.Hint, b.Hint) &&
		slices.EqualFunc(a.Notes, b.Notes, func(a, b rules.Note) bool { return same(a.Text, b.Text) && same(a.Way, b.Way) })
}

var number = lazyregexp.New(`[0-9]+`)

// stageNumber matches what a stage without a name is called.
var stageNumber = lazyregexp.New(`\bstage [0-9]+\b`)

// maxRounds ends a rewrite that does not come to an end by itself. Every fix
// removes its finding, and the most rounds that any test needs are a dozen.
const maxRounds = 1000

// Rewrite makes the safe fixes in a Dockerfile, and with opt.Unsafe the others
// too. What it does is to make one fix, look at the result afresh, and go on until there is
// nothing left to fix, so rewriting its own output changes nothing; fixes that have
// nothing to do with one another are made in one go. The error is
// a *dockerfile.ParseError for a file that is no Dockerfile; any other is a bug
// here.
func Rewrite(name string, src []byte, opt Options) (*Rewritten, error) {
	return rewrite(name, src, opt, nextFixes)
}

func rewrite(name string, src []byte, opt Options, choose func(f *File, unsafe bool) []rules.Diagnostic) (*Rewritten, error) {
	r := &Rewritten{Out: src}
	for range maxRounds {
		file, err := Lint(name, r.Out, opt)
		if err != nil {
			if len(r.Made) > 0 {
				return nil, fmt.Errorf("internal error: the fix for %s left a broken file: %w", r.Made[len(r.Made)-1].Rule.Name, err)
			}
			return nil, err
		}
		if r.Before == nil {
			r.Before = file
		}
		fixes := choose(file, opt.Unsafe)
		if len(fixes) == 0 {
			r.Left = file
			return r, nil
		}
		if err := r.Make(fixes); err != nil {
			return nil, fmt.Errorf("internal error: %s: %s: %w", name, fixes[0].Rule.Name, err)
		}
	}
	return nil, fmt.Errorf("internal error: %s: no end of fixes for %s", name, r.Made[len(r.Made)-1].Rule.Name)
}

// Make makes fixes in what the steps so far left, a step for each. Their places are those there, and they may not touch
// one another.
func (r *Rewritten) Make(fixes []rules.Diagnostic) error {
	var all []dockerfile.Edit
	for _, d := range fixes {
		moved := d.Moved(func(s dockerfile.Span) dockerfile.Span {
			return dockerfile.Span{Start: moved(all, s.Start), End: moved(all, s.End)}
		})
		all = append(all, dockerfile.Ordered(d.Fix.Edits)...)
		r.Made = append(r.Made, moved)
		r.Edits = append(r.Edits, moved.Fix.Edits)
	}
	out, err := dockerfile.Apply(r.Out, all)
	if err == nil {
		r.Out = out
	}
	return err
}

// nextFixes picks the fixes to make: that of the first rule that has one, rules in their order, then file order; and
// those of the same rule that look the same when it has been made.
func nextFixes(f *File, unsafe bool) []rules.Diagnostic {
	for _, rule := range rules.All {
		var chosen []rules.Diagnostic
		concerned := concern{map[*graph.Stage]bool{}, map[*graph.Stage]bool{}, map[*graph.Stage]bool{}}
		for _, d := range f.Findings {
			if d.Rule != rule || d.Fix == nil || !unsafe && d.Fix.Safety != rules.Safe {
				continue
			}
			stages := f.stagesOf(d)
			if stages == nil && chosen == nil {
				return []rules.Diagnostic{d}
			}
			if stages != nil && !concerned.with(stages) {
				chosen = append(chosen, d)
				concerned.add(stages)
			}
		}
		if chosen != nil {
			return chosen
		}
	}
	return nil
}

// stagesOf returns the stages in which a finding stands and its fix changes something. It returns nil for a fix that may
// matter to any other: it changes what stands over all stages, or brings a stage, whose name is taken then.
func (f *File) stagesOf(d rules.Diagnostic) []*graph.Stage {
	var out []*graph.Stage
	add := func(offset int) bool {
		n := len(f.Graph.Stages)
		for n > 0 && f.Graph.Stages[n-1].From.Lead.Start > offset {
			n--
		}
		if n == 0 {
			return false
		}
		out = append(out, f.Graph.Stages[n-1])
		if offset == f.Graph.Stages[n-1].From.Lead.Start { // it may belong to the end of the one above
			if n == 1 {
				return false
			}
			out = append(out, f.Graph.Stages[n-2])
		}
		return true
	}
	if !add(d.Span.End) {
		return nil
	}
	for _, e := range d.Fix.Edits {
		if bringsStage(e.New) || !add(e.Span.Start) || !add(e.Span.End) {
			return nil
		}
	}
	return out
}

// bringsStage reports whether a new text has a FROM in it.
func bringsStage(text string) bool {
	for line := range strings.Lines(text) {
		if word, _, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.EqualFold(word, "FROM") {
			return true
		}
	}
	return false
}

// A concern is what fixes may change something in: the stages in which they do, what these are based on or take something
// from, directly or through more stages, and the roots that they stand on.
type concern struct{ stages, needed, roots map[*graph.Stage]bool }

// with reports whether what is found in some stages may change with the fixes, or the other way round.
func (c *concern) with(stages []*graph.Stage) bool {
	return slices.ContainsFunc(stages, func(s *graph.Stage) bool {
		if c.needed[s] || c.roots[s.Root()] {
			return true
		}
		needed := map[*graph.Stage]bool{}
		need(s, needed)
		for n := range needed {
			if c.stages[n] {
				return true
			}
		}
		return false
	})
}

func (c *concern) add(stages []*graph.Stage) {
	for _, s := range stages {
		c.stages[s], c.roots[s.Root()] = true, true
		need(s, c.needed)
	}
}

// need adds a stage, and those that are built for it, to a set.
func need(s *graph.Stage, set map[*graph.Stage]bool) {
	if s == nil || set[s] {
		return
	}
	set[s] = true
	need(s.Base, set)
	for _, c := range s.Candidates {
		need(c, set)
	}
	for _, u := range s.Uses {
		need(u.From, set)
	}
}

// Where bytes of the old file are in the new one, and the other way round.

// moved returns where a byte is when edits have been made, each of which is given once. What is inserted at a place moves
// what stands there.
func moved(edits []dockerfile.Edit, offset int) int {
	shift := 0
	for _, e := range edits {
		if e.Span.End <= offset {
			shift += len(e.New) - e.Span.Len()
		}
	}
	return offset + shift
}

// now returns where a byte of the old file is in the new one.
func (r *Rewritten) now(offset int) int {
	for _, edits := range r.Edits {
		offset = moved(dockerfile.Ordered(edits), offset)
	}
	return offset
}

// origin returns where something was before the first steps of a rewrite. For what
// they have put in, that is where it was put.
func (r *Rewritten) origin(span dockerfile.Span, steps int) dockerfile.Span {
	end := max(span.End-1, span.Start) // the end may be where an insertion follows
	for _, edits := range slices.Backward(r.Edits[:steps]) {
		span.Start, end = before(edits, span.Start), before(edits, end)
	}
	return dockerfile.Span{Start: span.Start, End: max(end+1, span.Start)}
}

func before(edits []dockerfile.Edit, offset int) int {
	shift := 0
	for _, e := range dockerfile.Ordered(edits) {
		start := e.Span.Start + shift
		if offset < start {
			break
		}
		if offset < start+len(e.New) {
			return e.Span.Start
		}
		shift += len(e.New) - e.Span.Len()
	}
	return offset - shift
}
