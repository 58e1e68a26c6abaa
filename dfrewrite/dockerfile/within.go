package dockerfile

func Covers(outer, inner Span) bool {
	return outer.Start <= inner.Start && inner.End <= outer.End
}
