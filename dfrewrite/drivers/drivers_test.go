package drivers

import (
	"strings"
	"testing"
)

// TestShellLine shows how a command gets into a line. It stands between < and > here.
func TestShellLine(t *testing.T) {
	marks := strings.NewReplacer("<", ShellBegins, ">", ShellEnds)
	for in, want := range map[string]string{
		"a <b>":                  "a $(b)",
		`a "<b>" \\"<c>`:         `a "$(b)" \\"$(c)`,
		"a '<b>' <c>":            `a ''"$(b)"'' $(c)`,
		`"it's <b>"`:             `"it's $(b)"`,
		`"$(a '<b>')" '<c>'`:     `"$(a ''"$(b)"'')" ''"$(c)"''`,
		"'<a '<b>'>'":            `''"$(a ''"$(b)"'')"''`,
		"$( (a) '<b>') '<c>'":    `$( (a) ''"$(b)"'') ''"$(c)"''`,
		"<a":                     "$(a)",
		"a>b":                    "a" + ShellEnds + "b",
		"a\\'<b>'":               `a\'$(b)'`,
		strings.Repeat("<", 1e5): "(",
	} {
		if got := ShellLine(marks.Replace(in)); got != want {
			t.Errorf("%.40s: got %.80s, want %s", in, got, want)
		}
	}
}
