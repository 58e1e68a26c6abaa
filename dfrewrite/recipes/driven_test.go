package recipes

import (
	"strings"
	"testing"
)

// TestShellLine shows how a command gets into a line. It stands between < and > here.
func TestShellLine(t *testing.T) {
	marks := strings.NewReplacer("<", shellBegins, ">", shellEnds)
	for in, want := range map[string]string{
		"a <b>":                  "a $(b)",
		`a "<b>" \\"<c>`:         `a "$(b)" \\"$(c)`,
		"a '<b>' <c>":            `a ''"$(b)"'' $(c)`,
		`"it's <b>"`:             `"it's $(b)"`,
		`"$(a '<b>')" '<c>'`:     `"$(a ''"$(b)"'')" ''"$(c)"''`,
		"'<a '<b>'>'":            `''"$(a ''"$(b)"'')"''`,
		"$( (a) '<b>') '<c>'":    `$( (a) ''"$(b)"'') ''"$(c)"''`,
		"<a":                     "$(a)",
		"a>b":                    "a" + shellEnds + "b",
		"a\\'<b>'":               `a\'$(b)'`,
		strings.Repeat("<", 1e5): "(",
	} {
		if got := shellLine(marks.Replace(in)); got != want {
			t.Errorf("%.40s: got %.80s, want %s", in, got, want)
		}
	}
}
