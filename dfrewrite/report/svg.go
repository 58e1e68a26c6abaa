package report

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode/utf8"
)

// Sizes in the drawing, in pixels.
const (
	charWidth  = 6.7 // of a 12 pixel sans-serif font, on the wide side
	lineHeight = 17
	padding    = 10
	columnGap  = 150 // room for what is copied
	rowGap     = 26
	margin     = 20
)

// A box is a place in the drawing: a node's or, in the columns that an edge
// crosses, one for the edge to pass through.
type box struct {
	n           *node // nil: an edge passes
	column, row int
	x, y, w, h  float64
	order       float64 // what the row is chosen by
}

// svg draws the stages in columns, each to the right of all that it takes from.
// Edges that cross a column get a place of their own in it, so that none runs
// through a box.
func (p *picture) svg() string {
	depth := map[*node]int{}
	var deep func(n *node) int
	deep = func(n *node) int {
		if d, ok := depth[n]; ok {
			return d
		}
		depth[n] = 0 // stages only take from earlier ones, so there is no circle
		for _, e := range p.incoming(n) {
			depth[n] = max(depth[n], deep(e.from)+1)
		}
		return depth[n]
	}
	var columns [][]*box
	put := func(b *box) *box {
		for len(columns) <= b.column {
			columns = append(columns, nil)
		}
		columns[b.column] = append(columns[b.column], b)
		return b
	}
	boxes := map[*node]*box{}
	for _, n := range p.nodes {
		b := &box{n: n, column: deep(n), h: float64(len(n.lines())+1)*lineHeight + 2*padding}
		for _, l := range append(n.lines(), n.heading()+"  ") {
			b.w = max(b.w, float64(utf8.RuneCountInString(short(l)))*charWidth+2*padding)
		}
		boxes[n] = put(b)
	}
	paths := make([][]*box, len(p.edges))
	for i, e := range p.edges {
		paths[i] = append(paths[i], boxes[e.from])
		for c := boxes[e.from].column + 1; c < boxes[e.to].column; c++ {
			paths[i] = append(paths[i], put(&box{column: c, h: lineHeight}))
		}
		paths[i] = append(paths[i], boxes[e.to])
	}
	arrange(columns, paths)

	x, height := float64(margin), 0.0
	for _, column := range columns {
		y, widest := float64(margin), 0.0
		for _, b := range column {
			b.x, b.y = x, y
			y += b.h + rowGap
			widest = max(widest, b.w)
		}
		for _, b := range column {
			b.w = widest
		}
		height = max(height, y-rowGap+margin)
		x += widest + columnGap
	}
	width := x - columnGap + margin
	for _, column := range columns { // centred
		last := column[len(column)-1]
		shift := (height - margin - last.y - last.h) / 2
		for _, b := range column {
			b.y += shift
		}
	}

	var out strings.Builder
	fmt.Fprintf(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n", width, height, width, height)
	fmt.Fprintf(&out, "<title>The stages of %s</title>\n", html.EscapeString(printable([]byte(p.name))))
	out.WriteString("<defs><marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerUnits=\"userSpaceOnUse\" markerWidth=\"9\" markerHeight=\"9\" orient=\"auto\"><path d=\"M0 0L10 5L0 10z\" fill=\"#57606a\"/></marker></defs>\n")
	out.WriteString("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n")
	for i, e := range p.edges {
		drawEdge(&out, e, paths[i])
	}
	for _, n := range p.nodes {
		drawNode(&out, n, boxes[n])
	}
	out.WriteString("</svg>\n")
	return out.String()
}

// arrange orders the rows of each column by those of what its boxes are joined to,
// back and forth, which leaves few crossings.
func arrange(columns [][]*box, paths [][]*box) {
	neighbours := map[*box][]*box{}
	for _, path := range paths {
		for i := 1; i < len(path); i++ {
			neighbours[path[i]] = append(neighbours[path[i]], path[i-1])
			neighbours[path[i-1]] = append(neighbours[path[i-1]], path[i])
		}
	}
	number := func(column []*box) {
		for i, b := range column {
			b.row = i
		}
	}
	for _, column := range columns {
		number(column)
	}
	sort := func(c, side int) {
		for _, b := range columns[c] {
			sum, count := 0, 0
			for _, n := range neighbours[b] {
				if n.column == side {
					sum += n.row
					count++
				}
			}
			b.order = float64(b.row)
			if count > 0 {
				b.order = float64(sum) / float64(count)
			}
		}
		slices.SortStableFunc(columns[c], func(a, b *box) int {
			switch {
			case a.order < b.order:
				return -1
			case a.order > b.order:
				return 1
			}
			return 0
		})
		number(columns[c])
	}
	for range 4 {
		for c := 1; c < len(columns); c++ {
			sort(c, c-1)
		}
		for c := len(columns) - 2; c >= 0; c-- {
			sort(c, c+1)
		}
	}
}

func drawNode(out *strings.Builder, n *node, b *box) {
	dash := ""
	if n.stage == nil {
		dash = " stroke-dasharray=\"4 3\""
	}
	thick := 1.2
	if n.final {
		thick = 2.5
	}
	fmt.Fprintf(out, "<g><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"6\" fill=\"%s\" stroke=\"%s\" stroke-width=\"%.1f\"%s/>\n",
		b.x, b.y, b.w, b.h, palette[n.where][0], palette[n.where][1], thick, dash)
	y := b.y + padding + 12
	fmt.Fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" font-weight=\"bold\" fill=\"#1f2328\">%s</text>\n", b.x+padding, y, html.EscapeString(short(printable([]byte(n.heading())))))
	for i, l := range n.lines() {
		color := "#1f2328"
		if i >= len(n.lines())-len(n.finds) {
			color = "#cf222e"
		}
		y += lineHeight
		fmt.Fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\">%s</text>\n", b.x+padding, y, color, html.EscapeString(short(printable([]byte(l)))))
	}
	out.WriteString("</g>\n")
}

// maxEdgeLabel is what fits between two columns.
const maxEdgeLabel = 22

func drawEdge(out *strings.Builder, e edge, path []*box) {
	width := 1.2
	if e.base {
		width = 2.5
	}
	var d strings.Builder
	for i := 1; i < len(path); i++ {
		a, b := path[i-1], path[i]
		x1, y1, x2, y2 := a.x+a.w, a.y+a.h/2, b.x, b.y+b.h/2
		if i == 1 {
			fmt.Fprintf(&d, "M%.1f %.1f", x1, y1)
		} else {
			fmt.Fprintf(&d, "L%.1f %.1f", x1, y1) // through the column
		}
		mid := (x1 + x2) / 2
		fmt.Fprintf(&d, "C%.1f %.1f %.1f %.1f %.1f %.1f", mid, y1, mid, y2, x2, y2)
	}
	fmt.Fprintf(out, "<path d=\"%s\" fill=\"none\" stroke=\"#57606a\" stroke-width=\"%.1f\" marker-end=\"url(#arrow)\"/>\n", d.String(), width)
	label := printable([]byte(e.label))
	if r := []rune(label); len(r) > maxEdgeLabel {
		label = string(r[:maxEdgeLabel-1]) + "…"
	}
	first, next := path[0], path[1]
	x := (first.x + first.w + next.x) / 2
	y := (first.y+first.h/2+next.y+next.h/2)/2 - 5
	fmt.Fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"10.5\" text-anchor=\"middle\" fill=\"#57606a\" stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\">%s<title>line %d: %s</title></text>\n",
		x, y, html.EscapeString(label), e.line, html.EscapeString(printable([]byte(e.label))))
}
