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
// this head.
func planCommands(head string, lines []string, opt *verdict.Options) (*verdict.Ledger, error) {
	var b strings.Builder
	b.WriteString(head)
	for _, line := range lines {
		if strings.Contains(line, "\r") || strings.Contains(line, drivers.CommandsEnd) {
			return nil, fmt.Errorf("what `%s` does cannot be seen", line)
		}
		fmt.Fprintf(&b, "%s\n%s\n%s\n", drivers.CommandsBegin, line, drivers.CommandsEnd)
	}
	doc, err := dockerfile.Parse("Makefile", []byte(b.String()))
	if err != nil {
		return nil, fmt.Errorf("what it runs cannot be seen: %w", err)
	}
	return NewPlanner(opt).Plan(graph.New(doc).Stages[0]), nil
}
