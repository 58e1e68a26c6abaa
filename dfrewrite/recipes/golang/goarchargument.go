package golang

import (
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// ownArgument returns the build argument that GOARCH comes from, where it chooses something else in the file as well, and the
// line of that. BuildKit's word in the place of one of them would build for one platform what another one is put on.
func (g *goCall) ownArgument(goarch facts.Setting) (name string, line int) {
	if goarch.Assign == nil || !goarch.FromArg || goarch.Follows() {
		return "", 0
	}
	names := graph.VariablesIn(goarch.Assign.Value.Raw, '\\')
	if len(names) != 1 || graph.IsAutomatic(names[0]) {
		return "", 0
	}
	at := g.Stage.Graph.UsedBesides(names[0])
	if at < 0 {
		return "", 0
	}
	return names[0], g.Run.Doc.Position(at).Line
}
