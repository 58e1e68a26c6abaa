package verdict

import (
	"xxkit/dfrewrite/dockerfile"
	pages "xxkit/docs/rewrite"
)

// A Recipe knows how some programs compile for another platform, or that they need not. Recipes
// stand in a table, whose order counts: the first one that knows a command decides.
type Recipe struct {
	// Name stands in reports: "go".
	Name string
	// Page is the name of its page under docs/rewrite, which several recipes may share: "go".
	Page string
	// Judge decides on a command; it returns false for one of somebody else.
	Judge func(*Call) (Step, bool)

	// The others are nil where a recipe has nothing to say.

	// Programs are those of a driver: they run other commands, which nobody knows where the driver cannot read their file.
	Programs map[string]bool

	// Checks are programs, each with the words behind it, that run tests or linters and leave nothing; nil stands for any word.
	Checks map[string]map[string]bool
	// Copy decides on a COPY or ADD of the stage.
	Copy func(*Ledger, *File, *dockerfile.Instruction) (Step, bool)
	// Stage looks at a stage whose commands have all been judged, and adds steps to it.
	Stage func(*Ledger)
	// Prepare says what stages that move together need, and Check what stands in their way, before their toolchain is
	// planned.
	Prepare, Check func(*Conversion)
}

// Doc returns the recipe's page in Markdown: what is converted, what may differ, what is refused.
func (r *Recipe) Doc() string {
	page, ok := pages.Page(r.Page)
	if !ok {
		panic("no page " + r.Page) // a recipe without a page does not pass the tests
	}
	return page
}
