package report

import (
	"io"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/rules"
)

// The parts of SARIF 2.1.0 that findings need. The names are those of the
// standard, docs.oasis-open.org/sarif/sarif/v2.1.0.
type (
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string      `json:"id"`
		ShortDescription     sarifText   `json:"shortDescription"`
		Help                 sarifText   `json:"help"`
		DefaultConfiguration sarifConfig `json:"defaultConfiguration"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	sarifResult struct {
		RuleID           string          `json:"ruleId"`
		RuleIndex        int             `json:"ruleIndex"`
		Level            string          `json:"level"`
		Message          sarifText       `json:"message"`
		Locations        []sarifLocation `json:"locations"`
		RelatedLocations []sarifLocation `json:"relatedLocations,omitempty"`
		Fixes            []sarifFix      `json:"fixes,omitempty"`
	}
	sarifLocation struct {
		ID       int           `json:"id,omitempty"`
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
		EndLine     int `json:"endLine,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
	sarifFix struct {
		Description sarifText     `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		Artifact     sarifArtifact      `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion `json:"deletedRegion"`
		Inserted *sarifText  `json:"insertedContent,omitempty"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
)

// sarif writes a SARIF 2.1.0 log with one run. The rules come first, the findings
// one by one, and what went wrong at the end.
type sarif struct {
	w       io.Writer
	version string
	results *listWriter
	failed  []sarifNotification
}

var sarifLevel = map[rules.Severity]string{rules.Error: "error", rules.Warning: "warning", rules.Info: "note"}

func (s *sarif) begin() error {
	if s.results != nil {
		return nil
	}
	s.results = &listWriter{w: s.w}
	driver := sarifDriver{Name: "dfrewrite", Version: s.version}
	for _, r := range rules.All {
		driver.Rules = append(driver.Rules, sarifRule{
			ID: r.Name, ShortDescription: sarifText{Text: r.Summary()}, Help: sarifText{Text: r.Page(), Markdown: r.Page()},
			DefaultConfiguration: sarifConfig{sarifLevel[r.Severity]},
		})
	}
	head := `{"$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
"version": "2.1.0",
"runs": [{
"tool": {"driver": ` + string(encode(driver)) + `},
"columnKind": "unicodeCodePoints",
"results": [`
	_, err := io.WriteString(s.w, head)
	return err
}

func (s *sarif) File(f *dfrewrite.File) error {
	if err := s.begin(); err != nil {
		return err
	}
	for _, d := range f.Findings {
		if err := s.results.add(encode(sarifFinding(f.Doc, d))); err != nil {
			return err
		}
	}
	return nil
}

func (s *sarif) Failed(name string, err error) error {
	s.failed = append(s.failed, sarifNotification{
		Level: "error", Message: sarifText{Text: err.Error()},
		Locations: []sarifLocation{{Physical: sarifPhysical{sarifArtifact{fileURI(name)}, sarifRegion{StartLine: lineOf(err)}}}},
	})
	return nil
}

func (s *sarif) Close() error {
	if err := s.begin(); err != nil {
		return err
	}
	invocation := sarifInvocation{Successful: len(s.failed) == 0, Notifications: s.failed}
	if s.failed == nil {
		invocation.Notifications = []sarifNotification{}
	}
	_, err := io.WriteString(s.w, "\n],\n\"invocations\": "+string(encode([]sarifInvocation{invocation}))+"\n}]}\n")
	return err
}

func sarifFinding(doc *dockerfile.Document, d rules.Diagnostic) sarifResult {
	artifact := sarifArtifact{fileURI(doc.Name)}
	region := func(s dockerfile.Span) sarifRegion {
		start, end := doc.PositionIn(dockerfile.CodePoints, s.Start), doc.PositionIn(dockerfile.CodePoints, s.End)
		return sarifRegion{start.Line, start.Col, end.Line, end.Col}
	}
	r := sarifResult{
		RuleID: d.Rule.Name, Level: sarifLevel[d.Severity], Message: sarifText{Text: d.Message},
		Locations: []sarifLocation{{Physical: sarifPhysical{artifact, region(d.Span)}}},
	}
	for i, rule := range rules.All {
		if rule == d.Rule {
			r.RuleIndex = i
		}
	}
	if d.Hint != "" && d.Fix == nil {
		r.Message.Text += "\n" + d.Hint
	}
	for i, n := range d.Notes {
		text := n.Text
		if n.Way != "" {
			text += ": " + n.Way
		}
		physical := sarifPhysical{artifact, region(n.Span)}
		if n.In.File != "" {
			physical = sarifPhysical{sarifArtifact{fileURI(n.In.File)}, sarifRegion{StartLine: n.In.Line}}
		}
		r.RelatedLocations = append(r.RelatedLocations, sarifLocation{ID: i + 1, Physical: physical, Message: &sarifText{Text: text}})
	}
	if d.Fix != nil {
		fix := sarifFix{Description: sarifText{Text: fixText(d.Fix)}}
		change := sarifChange{Artifact: artifact}
		for _, e := range d.Fix.Edits {
			rep := sarifReplacement{Deleted: region(e.Span)}
			if e.New != "" {
				rep.Inserted = &sarifText{Text: e.New}
			}
			change.Replacements = append(change.Replacements, rep)
		}
		fix.Changes = []sarifChange{change}
		r.Fixes = []sarifFix{fix}
	}
	return r
}

// fixText says what a fix does and, where it has to be read first, why.
func fixText(f *rules.Fix) string {
	if len(f.Why) == 0 {
		return f.Message
	}
	return f.Message + " (read it first: " + strings.Join(f.Why, "; ") + ")"
}

// fileURI writes a path as a relative reference, or as file:///… if it is
// absolute.
func fileURI(name string) string {
	name = filepath.ToSlash(name)
	switch {
	case name == "<stdin>":
		return "stdin"
	case path.IsAbs(name):
		return (&url.URL{Scheme: "file", Path: name}).String()
	case len(name) > 1 && name[1] == ':': // a drive of Windows
		return (&url.URL{Scheme: "file", Path: "/" + name}).String()
	}
	return (&url.URL{Path: path.Clean(name)}).String()
}
