// Package pages says, a page for each language and each program that drives builds,
// what a rewrite converts, what may differ afterwards, and what it refuses. The
// program shows the pages with `dfrewrite recipes NAME`, and their examples are run as
// tests.
package pages

import (
	"embed"
	"strings"
)

//go:embed *.md
var files embed.FS

// Index is the page about the words that the others use.
const Index = "README"

// Names lists the pages in alphabetical order, the index left out.
func Names() (names []string) {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // it is in the program
	}
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".md"); name != Index {
			names = append(names, name)
		}
	}
	return names
}

// Page returns a page in Markdown. It is false if there is none of that name.
func Page(name string) (string, bool) {
	b, err := files.ReadFile(name + ".md")
	return string(b), err == nil
}

// Summary returns the first paragraph of a page, which says what it is about.
func Summary(page string) string {
	_, rest, _ := strings.Cut(page, "\n\n")
	para, _, _ := strings.Cut(rest, "\n\n")
	return strings.Join(strings.Fields(para), " ")
}
