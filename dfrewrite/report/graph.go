package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// GraphFormats are the names of the pictures that Graph draws.
var GraphFormats = []string{"text", "mermaid", "dot", "svg"}

// Graph draws how the stages of a file hang together, as a text tree, Mermaid, DOT
// or SVG: what each stage is based on and copies from whom, where it runs, and
// what was found in it.
func Graph(w io.Writer, format string, f *dfrewrite.File) error {
	draw := map[string]func(*picture) string{
		"text": (*picture).text, "mermaid": (*picture).mermaid, "dot": (*picture).dot, "svg": (*picture).svg,
	}[format]
	if draw == nil {
		return fmt.Errorf("%w: %q; it is one of %s", ErrFormat, format, strings.Join(GraphFormats, ", "))
	}
	_, err := io.WriteString(w, draw(newPicture(f)))
	return err
}

// A picture is what all formats draw.
type picture struct {
	name  string
	nodes []*node
	edges []edge
}

// A node is a stage, or an image that something is copied from.
type node struct {
	id    string
	stage *graph.Stage // nil for an image
	title string
	base  string // the image that a stage starts from
	where runsOn
	final bool
	// finds are what was found in the stage, and what stands in a fix's way.
	finds []string
}

// An edge leads from what is taken to the stage that takes it.
type edge struct {
	from, to *node
	label    string
	line     int
	base     bool // FROM, not COPY or a mount
}

// runsOn is where a stage runs, as a picture tells it.
type runsOn int

const (
	onBuild   runsOn = iota // the machine that builds
	onTarget                // the platform that is built for, where nothing has to run
	emulated                // the same, and commands run there: emulated if it is foreign
	onFixed                 // one platform, whatever is built
	onUnknown               // depends on an argument
	notAStage               // an image
)

// emulatedText says that commands run on the target platform.
const emulatedText = "target platform, emulated when foreign"

func (p runsOn) String() string {
	return [...]string{"build platform", "target platform", emulatedText, "always the same platform", "platform not known", "image"}[p]
}

func placeOf(s *graph.Stage) runsOn {
	switch s.Place {
	case graph.Build:
		return onBuild
	case graph.Fixed:
		return onFixed
	case graph.Unknown:
		return onUnknown
	}
	if slices.ContainsFunc(s.Body, graph.IsRun) {
		return emulated
	}
	return onTarget
}

func newPicture(f *dfrewrite.File) *picture {
	g := f.Graph
	p := &picture{name: f.Doc.Name}
	for _, s := range g.Stages {
		n := &node{id: fmt.Sprintf("s%d", s.Index), stage: s, title: s.Name, base: s.Image, where: placeOf(s), final: s.Delivered()}
		if n.title == "" {
			n.title = s.Title()
		}
		for _, d := range f.Findings {
			if s.From.Span.Contains(d.Span) || slices.ContainsFunc(s.Body, func(in *dockerfile.Instruction) bool { return in.Span.Contains(d.Span) }) {
				n.finds = append(n.finds, fmt.Sprintf("line %d: %s", f.Doc.Position(d.Span.Start).Line, d.Rule.Name))
				if d.Fix != nil {
					continue
				}
				for _, note := range d.Notes {
					n.finds = append(n.finds, fmt.Sprintf("line %d: %s", f.Doc.Position(note.Span.Start).Line, note.Text))
				}
			}
		}
		p.nodes = append(p.nodes, n)
	}
	images := map[string]*node{}
	for _, s := range g.Stages {
		to := p.nodes[s.Index]
		line := f.Doc.Position(s.From.Span.Start).Line
		bases := slices.Clone(s.Candidates)
		if s.Base != nil {
			bases = append(bases, s.Base)
		}
		for _, b := range bases {
			p.edges = append(p.edges, edge{p.nodes[b.Index], to, "FROM", line, true})
		}
		if len(bases) > 0 {
			to.base = ""
		}
		for _, u := range s.Uses {
			var from *node
			if u.From != nil {
				from = p.nodes[u.From.Index]
			} else if from = images[u.Image]; from == nil {
				from = &node{id: fmt.Sprintf("i%d", len(images)), title: u.Image, where: notAStage}
				images[u.Image] = from
				p.nodes = append(p.nodes, from)
			}
			label := "COPY " + strings.Join(u.Paths, " ")
			if u.Kind == graph.Mount {
				label = strings.TrimSpace("mount " + strings.Join(u.Paths, " "))
			}
			p.edges = append(p.edges, edge{from, to, label, f.Doc.Position(u.By.Span.Start).Line, false})
		}
	}
	return p
}

// incoming returns what a node takes, in file order.
func (p *picture) incoming(n *node) []edge {
	var in []edge
	for _, e := range p.edges {
		if e.to == n {
			in = append(in, e)
		}
	}
	slices.SortStableFunc(in, func(a, b edge) int { return a.line - b.line })
	return in
}

// heading is the first line about a node: what it is called.
func (n *node) heading() string {
	if n.final {
		return n.title + " (final)"
	}
	return n.title
}

// lines are the others: its base, where it runs, what was found.
func (n *node) lines() []string {
	var out []string
	if n.base != "" {
		out = append(out, "FROM "+n.base)
	}
	return append(append(out, n.where.String()), n.finds...)
}

// maxLabel bounds a line in a drawing; the text tree shows all.
const maxLabel = 60

func short(s string) string {
	if r := []rune(s); len(r) > maxLabel {
		return string(r[:maxLabel-1]) + "…"
	}
	return s
}

// text draws a tree for each stage that nothing is built upon, the final one first.
func (p *picture) text() string {
	var b strings.Builder
	b.WriteString(printable([]byte(p.name)) + "\n")
	var roots []*node
	for _, n := range p.nodes {
		if n.stage != nil && n.stage.Shipped() {
			roots = append(roots, n)
		}
	}
	slices.SortStableFunc(roots, func(a, b *node) int {
		switch {
		case a.final:
			return -1
		case b.final:
			return 1
		}
		return 0
	})
	shown := map[*node]bool{}
	for i, n := range roots {
		p.branch(&b, n, "", "", i == len(roots)-1, shown)
	}
	return b.String()
}

func (p *picture) branch(b *strings.Builder, n *node, how, indent string, last bool, shown map[*node]bool) {
	bar, next := "├── ", indent+"│   "
	if last {
		bar, next = "└── ", indent+"    "
	}
	text := n.heading()
	if n.where != notAStage {
		text += ": " + n.where.String()
		if n.base != "" {
			text += ", FROM " + n.base
		}
	} else {
		text = "image " + text
	}
	if how != "" {
		text = how + " ← " + text
	}
	in := p.incoming(n)
	again := shown[n] && len(in)+len(n.finds) > 0
	if again {
		text += " (see above)"
	}
	b.WriteString(indent + bar + printable([]byte(text)) + "\n")
	if again {
		return
	}
	shown[n] = true
	for i, f := range n.finds {
		bar := "├── ! "
		if i == len(n.finds)-1 && len(in) == 0 {
			bar = "└── ! "
		}
		b.WriteString(next + bar + printable([]byte(f)) + "\n")
	}
	for i, e := range in {
		p.branch(b, e.from, fmt.Sprintf("line %d: %s", e.line, e.label), next, i == len(in)-1, shown)
	}
}

// A palette has a colour for the fill and one for the frame of each place.
var palette = map[runsOn][2]string{
	onBuild: {"#dcf5e3", "#2da44e"}, onTarget: {"#ddf0ff", "#218bff"}, emulated: {"#ffebd6", "#d1690c"},
	onFixed: {"#ffe3e6", "#cf222e"}, onUnknown: {"#f0f0f0", "#6e7781"}, notAStage: {"#ffffff", "#6e7781"},
}

var placeClass = map[runsOn]string{onBuild: "build", onTarget: "target", emulated: "emulated", onFixed: "fixed", onUnknown: "unknown", notAStage: "image"}

// mermaidText keeps text from being read as Mermaid or HTML.
var mermaidText = strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "`", "#96;", "\\", "#92;", "|", "#124;")

func (p *picture) mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, n := range p.nodes {
		label := "<b>" + mermaidText.Replace(short(printable([]byte(n.heading())))) + "</b>"
		for _, l := range n.lines() {
			label += "<br/>" + mermaidText.Replace(short(printable([]byte(l))))
		}
		fmt.Fprintf(&b, "  %s[\"%s\"]:::%s\n", n.id, label, placeClass[n.where])
	}
	for _, e := range p.edges {
		arrow := "-->"
		if e.base {
			arrow = "==>"
		}
		fmt.Fprintf(&b, "  %s %s|\"%s\"| %s\n", e.from.id, arrow, mermaidText.Replace(short(printable([]byte(e.label)))), e.to.id)
	}
	for _, pl := range []runsOn{onBuild, onTarget, emulated, onFixed, onUnknown, notAStage} {
		fmt.Fprintf(&b, "  classDef %s fill:%s,stroke:%s,color:#1f2328\n", placeClass[pl], palette[pl][0], palette[pl][1])
	}
	return b.String()
}

// dotText keeps text inside of a quoted string of DOT.
var dotText = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func (p *picture) dot() string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph \"%s\" {\n  rankdir=LR\n  node [shape=box style=\"rounded,filled\" fontname=\"sans-serif\"]\n  edge [fontname=\"sans-serif\" fontsize=10]\n", dotText.Replace(printable([]byte(p.name))))
	for _, n := range p.nodes {
		label := dotText.Replace(short(printable([]byte(n.heading()))))
		for _, l := range n.lines() {
			label += `\n` + dotText.Replace(short(printable([]byte(l))))
		}
		fmt.Fprintf(&b, "  %s [label=\"%s\" fillcolor=\"%s\" color=\"%s\"]\n", n.id, label, palette[n.where][0], palette[n.where][1])
	}
	for _, e := range p.edges {
		style := ""
		if e.base {
			style = " style=bold"
		}
		fmt.Fprintf(&b, "  %s -> %s [label=\"%s\"%s]\n", e.from.id, e.to.id, dotText.Replace(short(printable([]byte(e.label)))), style)
	}
	b.WriteString("}\n")
	return b.String()
}
