package rules

import (
	"fmt"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// PlatformOnStageReference finds --platform on a FROM that names a stage, where
// the stage has another platform and BuildKit ignores the flag.
var PlatformOnStageReference = &Rule{
	Name:     "PlatformOnStageReference",
	Severity: Warning,
	Check: func(p *Pass) {
		for _, s := range p.Graph.Stages {
			flag := s.From.Flag("platform")
			if flag == nil || s.Base == nil {
				continue
			}
			wanted := graph.PlaceOf(flag.Value)
			if wanted == graph.Unknown || wanted == s.Place && (wanted != graph.Fixed || flag.Value == s.Platform) {
				continue // ignored, but right
			}
			root := s.Root()
			d := Diagnostic{
				Span:    flag.Span,
				Message: fmt.Sprintf("BuildKit ignores this --platform: %s stays what it is, on the %s", title(s.Base), s.Place),
				Hint:    fmt.Sprintf("give the FROM of %s the flag, or base this stage on an image", root.Title()),
				Notes:   []Note{{Span: root.From.Span, Text: "the platform is decided here"}},
			}
			if onlyUser(root, s) && root.From.Flag("platform") == nil && !graph.OneArchitecture(root.Image) {
				at := root.From.Keyword.End
				text := string(s.From.Doc.Src[flag.Span.Start:flag.Span.End])
				if !strings.ContainsAny(text, "\r\n") {
					d.Fix = &Fix{
						Message: fmt.Sprintf("move it to the FROM of %s", root.Title()),
						Safety:  Review,
						Why:     []string{fmt.Sprintf("%s runs on another platform from then on", root.Title())},
						Edits: []dockerfile.Edit{
							{Span: dockerfile.Span{Start: at, End: at}, New: " " + text},
							s.From.WithoutFlag(flag),
						},
					}
				}
			}
			p.Report(d)
		}
	},
}

// onlyUser reports whether s, through stages between them, is all that root is
// used for.
func onlyUser(root, s *graph.Stage) bool {
	for t := s.Base; t != nil; t = t.Base {
		if len(t.Children) != 1 || len(t.UsedBy) > 0 {
			return false
		}
		if t == root {
			return true
		}
	}
	return false
}
