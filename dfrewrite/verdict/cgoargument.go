package verdict

import (
	"fmt"
	"slices"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// CgoArgument says that CGO_ENABLED, which is 0 for a command, is there to be set by whoever builds, and is empty where it is not.
func (c *Call) CgoArgument() string {
	v := facts.Lookup(&c.Site, "CGO_ENABLED")
	if _, given := c.Stage.Graph.Given("CGO_ENABLED"); given || v.Text != "0" {
		return ""
	}
	names := []string{"CGO_ENABLED"}
	if v.Assign != nil {
		names = graph.VariablesIn(v.Assign.Value.Raw, '\\')
	}
	declared := func(in *dockerfile.Instruction) bool {
		arg, ok := in.Command.(*instructions.ArgCommand)
		return ok && slices.ContainsFunc(arg.Args, func(a instructions.KeyValuePairOptional) bool { return slices.Contains(names, a.Key) })
	}
	var above []*dockerfile.Instruction
	for s := c.Stage; s != nil; s = s.Base {
		for _, in := range s.Body {
			if s != c.Stage || in.Index < c.Run.Index {
				above = append(above, in)
			}
		}
	}
	for _, in := range above {
		if env, ok := in.Command.(*instructions.EnvCommand); ok && v.Assign == nil {
			for _, kv := range env.Env {
				if kv.Key == "CGO_ENABLED" {
					names = graph.VariablesIn(kv.Value, '\\')
				}
			}
		}
	}
	for _, in := range above {
		if declared(in) {
			return fmt.Sprintf("CGO_ENABLED comes from the build argument in line %d: 1 does not work for other platforms any more, for want of a C compiler for them", in.Doc.Position(in.Span.Start).Line)
		}
	}
	return ""
}
