package dfrewrite

import (
	"slices"

	"xxkit/dfrewrite/dockerfile"
)

// Where bytes of the old file are in the new one, and the other way round.

// now returns where a byte of the old file is in the new one.
func (r *Rewritten) now(offset int) int {
	for _, edits := range r.Edits {
		shift := 0
		for _, e := range ordered(edits) {
			if e.Span.End > offset {
				break
			}
			shift += len(e.New) - e.Span.Len()
		}
		offset += shift
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
	for _, e := range ordered(edits) {
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

// ordered sorts edits as dockerfile.Apply makes them, each of them once.
func ordered(edits []dockerfile.Edit) []dockerfile.Edit {
	var out []dockerfile.Edit
	for _, e := range edits {
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b dockerfile.Edit) int {
		if a.Span.Start != b.Span.Start {
			return a.Span.Start - b.Span.Start
		}
		return min(a.Span.Len(), 1) - min(b.Span.Len(), 1)
	})
	return out
}
