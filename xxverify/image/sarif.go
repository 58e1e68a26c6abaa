package image

import (
	"encoding/json"
	"strings"

	"xxkit/xxverify"
)

// SARIF returns findings in the Static Analysis Results Interchange Format 2.1.0, which code hosts show beside the
// code. The files that it names are those in the image.
func SARIF(version string, found []xxverify.Finding) ([]byte, error) {
	type text struct {
		Text string `json:"text"`
	}
	type rule struct {
		ID    string `json:"id"`
		Short text   `json:"shortDescription"`
	}
	type artifact struct {
		URI string `json:"uri"`
	}
	type physical struct {
		Artifact artifact `json:"artifactLocation"`
	}
	type logical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	type location struct {
		Physical *physical `json:"physicalLocation,omitempty"`
		Logical  []logical `json:"logicalLocations,omitempty"`
	}
	type result struct {
		Rule      string     `json:"ruleId"`
		Level     string     `json:"level"`
		Message   text       `json:"message"`
		Locations []location `json:"locations,omitempty"`
	}
	rules := []rule{}
	for _, r := range append(xxverify.Rules(), Rules()...) {
		rules = append(rules, rule{r.Name, text{r.Text}})
	}
	results := []result{}
	for _, f := range found {
		r := result{Rule: f.Rule, Level: "error", Message: text{f.Message}}
		if f.Note {
			r.Level = "note"
		}
		if f.Hint != "" {
			r.Message.Text += ". " + f.Hint
		}
		var l location
		if f.Path != "" {
			l.Physical = &physical{artifact{escape(strings.TrimPrefix(f.Path, "/"))}}
		}
		if f.Platform != "" {
			l.Logical = []logical{{f.Platform, "module"}}
		}
		if l.Physical != nil || l.Logical != nil {
			r.Locations = []location{l}
		}
		results = append(results, r)
	}
	b, err := json.MarshalIndent(map[string]any{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json",
		"version": "2.1.0",
		"runs": []any{map[string]any{
			"tool":    map[string]any{"driver": map[string]any{"name": "xx-verify", "version": version, "rules": rules}},
			"results": results,
		}},
	}, "", "  ")
	return append(b, '\n'), err
}

// escape writes a path as a URI reference.
func escape(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~/+@=,", c) >= 0:
			b.WriteByte(c)
		default:
			const hex = "0123456789ABCDEF"
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
