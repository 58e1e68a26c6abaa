package graph

import (
	"errors"

	"xxkit/dfrewrite/dockerfile"
)

// A Budget is the work that evaluating one file may take: its ARGs and ENVs, the words of its commands, and the files
// that those commands read (Makefiles, scripts). A file that is written to need more is refused; no real one comes near.
type Budget struct {
	left int
	// at is where the evaluation was when nothing was left.
	at, in *dockerfile.Instruction
}

// The unit of a budget is a byte of text that is put somewhere. A step of a script counts for stepCost of them.
const (
	budgetUnits = 1 << 28
	stepCost    = 1 << 10
)

// maxValue is how long a value may be, in bytes. A longer one counts as not known.
const maxValue = 1 << 16

// NewBudget returns the budget of a file.
func NewBudget() *Budget { return &Budget{left: budgetUnits} }

// Enter says which instruction is looked at, for the error.
func (b *Budget) Enter(in *dockerfile.Instruction) { b.in = in }

// Text takes what it costs to put n bytes of text somewhere. It reports false when nothing is left.
func (b *Budget) Text(n int) bool { return b.take(n + 1) }

// Steps takes what some steps cost. It reports false when nothing is left.
func (b *Budget) Steps(n int) bool { return b.take(n * stepCost) }

func (b *Budget) take(n int) bool {
	if b.left <= 0 {
		return false
	}
	if b.left -= n; b.left <= 0 {
		b.at = b.in
		return false
	}
	return true
}

// ErrTooMuch says that a file takes more work to evaluate than any real one does.
var ErrTooMuch = errors.New("its values take more work to evaluate than a Dockerfile may: variables that multiply each other, or loops in loops; shorten them")

// Err returns a *dockerfile.ParseError if the budget of the file is used up.
func (g *Graph) Err() error {
	if g.Budget.left > 0 {
		return nil
	}
	err := &dockerfile.ParseError{Name: g.Doc.Name, Err: ErrTooMuch}
	if g.Budget.at != nil && g.Budget.at.Doc == g.Doc {
		err.Line = g.Doc.Position(g.Budget.at.Span.Start).Line
	}
	return err
}
