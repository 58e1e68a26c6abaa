package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/plan"
	pages "xxkit/docs/rewrite"
)

const recipesUsage = `Usage: dfrewrite recipes [NAME]

Lists the languages and tools of which a rewrite knows something, or shows the page of one: what is converted, what may
differ afterwards, what is refused and what to do then. NAME may also be what "rewrite --explain" says in brackets behind
a verdict, in upper or lower case; README is the page about the words that the others use.
`

func (p *program) recipes(args []string) (int, error) {
	if len(args) == 1 && (args[0] == "--help" || args[0] == "-h") {
		fmt.Fprint(p.stdout, recipesUsage)
		return exitClean, nil
	}
	switch len(args) {
	case 0:
		for _, name := range pages.Names() {
			page, _ := pages.Page(name)
			fmt.Fprintf(p.stdout, "%-12s %s\n", name, pages.Summary(page))
		}
		return exitClean, nil
	case 1:
		names := append(pages.Names(), pages.Index)
		name := plan.PageOf(args[0])
		if i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, args[0]) }); i >= 0 {
			name = names[i]
		}
		page, ok := pages.Page(name)
		if !ok {
			return 0, &trouble{fmt.Errorf("no recipe is called %q", args[0]), "dfrewrite recipes lists them"}
		}
		fmt.Fprint(p.stdout, page)
		return exitClean, nil
	}
	return 0, &trouble{errors.New("recipes takes one name at most"), ""}
}
