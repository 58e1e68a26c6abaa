package xxinfo_test

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeTable keeps the platform table of the README in step with the code. To
// renew it, put the output of `xx info list --markdown` between the two comments.
func TestReadmeTable(t *testing.T) {
	const begin, end = "<!-- platforms:begin (xx info list --markdown) -->\n", "<!-- platforms:end -->"
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(readme), begin)
	table, _, closed := strings.Cut(after, end)
	if !ok || !closed {
		t.Fatalf("the README has no lines\n%s%s", begin, end)
	}
	m := newMachine(t, "", "x86_64")
	want, err := m.info("list", "--markdown")
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(table) != want {
		t.Errorf("the platform table of the README is out of date; it should be\n%s", want)
	}
}
