package verdict

import (
	"slices"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/packages"
)

// A Conversion is what it takes to let stages cross-compile, or why that cannot
// be done.
type Conversion struct {
	// Stages are all stages that are affected.
	Stages []*graph.Stage
	// Plans are the verdicts, one a stage.
	Ledgers []*Ledger
	// Blocks is why it cannot be done; empty if it can.
	Blocks []Step
	// Reviews are the reasons why a person has to read the result.
	Reviews []string
	// Told are things to know about the result that stand in nobody's way.
	Told []Step
	// Edits do it; empty when there are blocks.
	Edits []dockerfile.Edit

	Toolchain Toolchain
	// Heads are those of the stages that are pinned; the others are based on them.
	Heads []*graph.Stage
	// Below are the plans of the stages that these are based on and that stay.
	Below map[*graph.Stage]*Ledger
}

// BlockAt adds a reason why the stages cannot move.
func (c *Conversion) BlockAt(in *dockerfile.Instruction, reason, way string) {
	c.Blocks = append(c.Blocks, Step{In: in, Span: in.Span, Recipe: "stage", Verdict: Block, Reason: reason, Way: way})
}

// TellAt adds something to know about the result.
func (c *Conversion) TellAt(in *dockerfile.Instruction, reason string) {
	c.Told = append(c.Told, Step{In: in, Span: in.Span, Recipe: "stage", Reason: reason})
}

// LedgersUpTo returns the plans of a stage and of the stages that it is based on.
func (c *Conversion) LedgersUpTo(i int) []*Ledger {
	var out []*Ledger
	for s := c.Stages[i]; s != nil; s = s.Base {
		if j := slices.Index(c.Stages, s); j >= 0 {
			out = append(out, c.Ledgers[j])
		} else if p := c.Below[s]; p != nil {
			out = append(out, p)
		}
	}
	return out
}

// A Toolchain is what stages need to compile C for the target: clang and lld among the packages
// of the build platform, and the target's C library and other libraries in a RUN of their own.
// That stands as far down as it can without being run again for each change of the source.
type Toolchain struct {
	// First are lines for the start of the stage that the others are based on.
	First []string
	// Runs are lines that go in front of an instruction.
	Runs map[*dockerfile.Instruction][]string
	// Edits change commands that install packages.
	Edits []dockerfile.Edit
}

// Needs reports whether a step has such a need.
func (c *Conversion) Needs(such func(Needs) bool) bool {
	return slices.ContainsFunc(c.Ledgers, func(p *Ledger) bool {
		return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Verdict != Block && such(s.Needs) })
	})
}

// NeedsLLVM reports whether llvm's ar, strip and their like are called for.
func (c *Conversion) NeedsLLVM(manager *packages.Manager) bool {
	return c.Needs(func(n Needs) bool { return n.LLVM || n.Ar && manager.OwnBinutils })
}
