package xxverify

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"xxkit/internal/jsontext"
)

// Report is what was seen and found.
type Report struct {
	Summaries []Summary
	Findings  []Finding
}

func (r *Report) add(summaries []Summary, found []Finding) {
	r.Summaries = append(r.Summaries, summaries...)
	r.Findings = append(r.Findings, found...)
}

// Errors is the number of mistakes.
func (r *Report) Errors() int {
	n := 0
	for _, f := range r.Findings {
		if !f.Note {
			n++
		}
	}
	return n
}

// table is a line for each folder, root file system and platform of an image.
func (r *Report) table() string {
	if len(r.Summaries) == 0 {
		return ""
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	io.WriteString(w, "\tplatform\tfiles\texecutables\tlibraries\tscripts\tproblems\tnotes\n")
	for _, s := range r.Summaries {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n", Printable(s.Path), s.Platform, s.Files, s.Executables, s.Libraries, s.Scripts, s.Errors, s.Notes)
	}
	w.Flush() // a strings.Builder does not fail
	return b.String()
}

// JSON returns the report as a JSON object. Its members are described in docs/verify.md.
func (r *Report) JSON() string {
	platforms, findings := jsontext.Array{}, jsontext.Array{}
	for _, s := range r.Summaries {
		platforms = append(platforms, jsontext.Members{
			{"path", s.Path}, {"platform", s.Platform}, {"files", s.Files},
			{"executables", s.Executables}, {"libraries", s.Libraries}, {"scripts", s.Scripts},
			{"allowed", s.Allowed}, {"errors", s.Errors}, {"notes", s.Notes},
		})
	}
	for _, f := range r.Findings {
		severity := "error"
		if f.Note {
			severity = "note"
		}
		findings = append(findings, jsontext.Members{
			{"rule", f.Rule}, {"severity", severity}, {"platform", f.Platform},
			{"path", f.Path}, {"message", f.Message}, {"hint", f.Hint},
		})
	}
	return jsontext.Indent(jsontext.Members{
		{"verified", platforms}, {"findings", findings}, {"errors", r.Errors()},
	})
}
