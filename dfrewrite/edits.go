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
		for _, e := range dockerfile.Ordered(edits) {
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
