// Package rules finds what goes wrong in a multi-platform build.
//
// A [Rule] is a value: a name that says the mistake, a severity, and a function
// that looks at a stage graph and reports. Its page under docs/rules is its
// documentation and, with the examples in it, its first test. The driver knows
// no rule by name; [All] is the list.
//
// A file named for a rule holds that rule. Those called pass_… hold what rules ask of a [Pass]: where architectures are named
// (architectures, archmentions, toolarch), whether a build is told the target (toldtarget, nativebuilds, dotnetstarter,
// webbundles), what of it is shipped (shipped, goreleaserimages), which --platform flags go together (platformflags), and the
// commands inside files of the build context (commandsinfiles).
package rules

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/plan"
	"xxkit/dfrewrite/verdict"
	pages "xxkit/docs/rules"
)

// A Severity says how bad a finding is.
type Severity int

// The severities.
const (
	Info    Severity = iota + 1 // good to know
	Warning                     // slow or fragile
	Error                       // the image is wrong or broken
)

func (s Severity) String() string { return [...]string{"unset", "info", "warning", "error"}[s] }

// A Rule is one mistake to look for.
type Rule struct {
	// Name is in CamelCase and says the mistake.
	Name string
	// Severity is what a finding means unless it says otherwise.
	Severity Severity
	// Check looks for the mistake and reports each place.
	Check func(*Pass)
}

// All lists the rules in the order in which their fixes are made.
var All = []*Rule{
	TargetArgTypo,
	TargetArgDefault,
	PlatformOnStageReference,
	FinalStageOnBuildPlatform,
	EmulatedBuild,
	BuildPlatformOutput,
	SingleArchBase,
	HardcodedGoarch,
	RustTriple,
	CargoCrossIncomplete,
	VariantIgnored,
	GoInstallMoves,
	HostArchProbe,
	RunsTargetBinary,
	ForeignTool,
	SharedCacheAcrossPlatforms,
	TargetArgUndeclared,
	HelperWithoutTarget,
	HelperWithoutCompiler,
	TargetArgTooEarly,
	CgoLost,
	HardcodedArch,
	DebianForeignArch,
	PkgConfigHost,
	DistroFileAcrossPlatforms,
	NativeModulesAcrossPlatforms,
	PrebuiltWithoutArch,
	GemLockLacksPlatform,
	UnusedIgnore,
}

// Named returns the rule of that name, upper or lower case, or nil.
func Named(name string) *Rule {
	for _, r := range All {
		if strings.EqualFold(r.Name, name) {
			return r
		}
	}
	return nil
}

// Page returns the rule's page in Markdown.
func (r *Rule) Page() string {
	b, err := pages.FS.ReadFile(r.Name + ".md")
	if err != nil {
		panic(err) // a rule without a page does not pass the tests
	}
	return string(b)
}

// Summary returns the first sentence of the page.
func (r *Rule) Summary() string {
	_, rest, _ := strings.Cut(r.Page(), "\n\n")
	para, _, _ := strings.Cut(rest, "\n\n")
	return strings.Join(strings.Fields(para), " ")
}

// A Safety says whether a fix can be made without anyone reading it.
type Safety int

// The safeties.
const (
	// Safe: the build does the same, only right or faster.
	Safe Safety = iota
	// Review: likely right; a person has to read it.
	Review
)

func (s Safety) String() string { return [...]string{"safe", "review"}[s] }

// A Fix is a list of edits that belong together.
type Fix struct {
	// Message says what the fix does: "build on $BUILDPLATFORM …".
	Message string
	Safety  Safety
	// Why says what has to be read, when the fix is not safe.
	Why   []string
	Edits []dockerfile.Edit
}

// A Note is a second place that a finding speaks of.
type Note struct {
	Span dockerfile.Span
	// In is a line of another file, where the note speaks of one; Span is then what leads there.
	In   facts.Place
	Text string
	// Way is what a person could do there; may be empty.
	Way string
	// Blocks says that it is what stands in the way of a fix.
	Blocks bool
	// Told says that it is to be known of the result of the fix, also by whoever sees only that.
	Told bool
}

// A Diagnostic is one finding.
type Diagnostic struct {
	Rule *Rule
	// Severity is the rule's where it is not set.
	Severity Severity
	Span     dockerfile.Span
	// Message is a sentence that says what is wrong here.
	Message string
	// Hint says what a person can do when there is no fix.
	Hint string
	// Notes are other places that matter, such as what stands in a fix's way.
	Notes []Note
	// Fix repairs it, or is nil.
	Fix *Fix
}

// Moved returns the finding with its places, and those of its notes and edits, where to says that they are.
func (d Diagnostic) Moved(to func(dockerfile.Span) dockerfile.Span) Diagnostic {
	d.Span = to(d.Span)
	d.Notes = slices.Clone(d.Notes)
	for i := range d.Notes {
		d.Notes[i].Span = to(d.Notes[i].Span)
	}
	if d.Fix != nil {
		fix := *d.Fix
		fix.Edits = slices.Clone(fix.Edits)
		for i := range fix.Edits {
			fix.Edits[i].Span = to(fix.Edits[i].Span)
		}
		d.Fix = &fix
	}
	return d
}

// A Pass is one rule's look at one file.
type Pass struct {
	Rule  *Rule
	Graph *graph.Graph
	// Planner judges stages; the rules share what it finds.
	Planner *plan.Planner
	// Facts are the commands as they run for each platform; the rules share them.
	Facts *facts.Facts
	// Options say what the file is checked for.
	Options *verdict.Options

	report func(Diagnostic)
}

// Report takes a finding.
func (p *Pass) Report(d Diagnostic) {
	d.Rule = p.Rule
	if d.Severity == 0 {
		d.Severity = p.Rule.Severity
	}
	if name, by := p.Graph.GivenTarget(); name != "" && d.Fix != nil && d.Fix.Safety == Safe && d.Fix.namesTarget() {
		held := *d.Fix
		held.Safety, held.Why = Review, append(slices.Clone(held.Why), fmt.Sprintf("%s comes as a build argument (%s) and is the same for every platform", name, by))
		d.Fix = &held
	}
	if in := p.needsQuotes(d.Fix); in != nil {
		d.Fix = nil
		d.Notes = append(d.Notes, Note{Span: in.Span, Text: "the script stands in a JSON string, in which the fix would need quotes", Way: "write it in shell form", Blocks: true})
	}
	p.report(d)
}

// namesTarget reports whether the fix puts in what BuildKit says of the target.
func (f *Fix) namesTarget() bool {
	return slices.ContainsFunc(f.Edits, func(e dockerfile.Edit) bool { return strings.Contains(e.New, "TARGET") })
}

// builds yields each stage with each platform for which it takes part in the build.
func (p *Pass) builds() iter.Seq2[*graph.Stage, *facts.Platform] {
	return func(yield func(*graph.Stage, *facts.Platform) bool) {
		for _, s := range p.Graph.Stages {
			for _, on := range p.Facts.PlatformsOf(s) {
				if !yield(s, on) {
					return
				}
			}
		}
	}
}

// needsQuotes returns an instruction in exec form that a fix would break: its edits are
// written for a script, and stand in a JSON string there.
func (p *Pass) needsQuotes(f *Fix) *dockerfile.Instruction {
	if f == nil {
		return nil
	}
	for _, e := range f.Edits {
		if !strings.ContainsAny(e.New, "\"\\\n\t") {
			continue
		}
		for _, in := range p.Graph.Doc.Instructions {
			if graph.IsRun(in) && p.Graph.Script(in).InJSON && in.Keyword.End < e.Span.Start && e.Span.End < in.Span.End {
				return in
			}
		}
	}
	return nil
}

// Run checks a file with the given rules and returns what they found, in file
// order.
func Run(g *graph.Graph, opt *verdict.Options, rules []*Rule) []Diagnostic {
	var found []Diagnostic
	known := facts.Reading(g, opt.Platforms, reads(opt.Context))
	planner := plan.NewPlanner(opt)
	planner.Know(known)
	for _, r := range rules {
		r.Check(&Pass{Rule: r, Graph: g, Planner: planner, Facts: known, Options: opt, report: func(d Diagnostic) { found = append(found, d) }})
	}
	slices.SortStableFunc(found, func(a, b Diagnostic) int { return a.Span.Start - b.Span.Start })
	return found
}

// conversionFix makes a fix of a conversion, or notes of what is in its way.
func conversionFix(c *verdict.Conversion, message string) (*Fix, []Note) {
	if len(c.Blocks) > 0 {
		var notes []Note
		for _, b := range c.Blocks {
			notes = append(notes, Note{Span: b.Span, Text: b.Reason, Way: b.Way, Blocks: true})
		}
		return nil, notes
	}
	if len(c.Edits) == 0 {
		return nil, nil
	}
	f := &Fix{Message: message, Edits: c.Edits, Why: c.Reviews}
	if len(c.Reviews) > 0 {
		f.Safety = Review
	}
	var notes []Note
	for _, t := range c.Told {
		notes = append(notes, Note{Span: t.Span, Text: t.Reason, Told: true})
	}
	return f, notes
}

// List writes names as in "a, b and c".
func List(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return fmt.Sprintf("%s and %s", strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
}
