package jsontext

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestQuoteJSON has encoding/json read what is written here.
func TestQuoteJSON(t *testing.T) {
	for _, s := range []string{"", "plain", `"quotes" and \\`, "tab\tline\nbell\a\x1f\x7f", "Füße €  😀 <&>", "not \xff UTF-8"} {
		var got string
		text := Indent(s)
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%q is written as %s: %v", s, text, err)
		} else if want := strings.ToValidUTF8(s, "\uFFFD"); got != want {
			t.Errorf("%q comes back as %q", want, got)
		}
	}
}

func TestEmptyMembersAreLeftOut(t *testing.T) {
	got := Indent(Array{Members{{"a", ""}, {"b", Members{{"c", ""}}}, {"d", KeepEmpty("")}, {"e", 0}, {"f", Array{}}, {"g", true}}})
	if want := "[\n  {\n    \"d\": \"\",\n    \"e\": 0,\n    \"f\": [],\n    \"g\": true\n  }\n]\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
