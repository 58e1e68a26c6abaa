package plan

import (
	"fmt"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// planCommands judges commands that stand elsewhere, one call of the shell a line, as if they stood in a Dockerfile with
// this head. They draw on the budget of the file that names them.
func planCommands(budget *graph.Budget, head string, lines []verdict.Line, opt *verdict.Options) (*verdict.Ledger, error) {
	var b strings.Builder
	b.WriteString(head)
	for _, line := range lines {
		if strings.Contains(line.Text, "\r") || strings.Contains(line.Text, drivers.CommandsEnd) {
			return nil, fmt.Errorf("what `%s` does cannot be seen", line.Text)
		}
		fmt.Fprintf(&b, "%s\n%s\n%s\n", drivers.CommandsBegin, line.Text, drivers.CommandsEnd)
	}
	doc, err := dockerfile.Parse("Makefile", []byte(b.String()))
	if err != nil {
		return nil, fmt.Errorf("what it runs cannot be seen: %w", err)
	}
	stage := graph.Within(doc, graph.Flags{}, budget).Stages[0]
	ledger := NewPlanner(opt).Plan(stage)
	ledger.Lines = map[*dockerfile.Instruction]verdict.Where{}
	for _, in := range stage.Body {
		if drivers.IsLine(in) && len(ledger.Lines) < len(lines) {
			ledger.Lines[in] = lines[len(ledger.Lines)].At
		}
	}
	return ledger, nil
}
