package recipes

import "xxkit/dfrewrite/dockerfile"

// A toolchain is what stages need before they can compile for the target.
type toolchain struct {
	// first are lines for the start of the stage that the others are based on.
	first []string
	// runs are lines that go in front of an instruction.
	runs map[*dockerfile.Instruction][]string
	// edits change commands.
	edits []dockerfile.Edit
}
