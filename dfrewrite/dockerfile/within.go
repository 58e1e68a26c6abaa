package dockerfile

// Covers reports whether one place holds another.
func Covers(outer, inner Span) bool {
	return outer.Start <= inner.Start && inner.End <= outer.End
}
