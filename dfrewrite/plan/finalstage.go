package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// finalWay says what a person could do about a last stage that compiles. For the only stage of a file that is to split
// it, and what the second one would need is said as far as it can be seen; it is not done here, since programs read
// files that no Dockerfile tells of.
func finalWay(c *verdict.Conversion, pl *Planner, final *graph.Stage) string {
	const way = "build in a stage of its own, and copy the result into a stage that stays on the target platform"
	if len(c.Stages) > 1 {
		return sharedWay(c, pl, final, way)
	}
	if len(final.Graph.Stages) > 1 {
		return way
	}
	name := final.Name
	if name == "" {
		name = "build"
	}
	built := programs(c.Ledgers[0])
	starts := starts(final)
	copies := "what was built"
	switch {
	case len(built) > 0:
		copies = strings.Join(built, ", ")
	case starts != "":
		copies = starts
	}
	var moves []string
	for _, in := range final.Body {
		switch in.Command.(type) {
		case *instructions.CmdCommand, *instructions.EntrypointCommand, *instructions.ExposeCommand, *instructions.HealthCheckCommand,
			*instructions.VolumeCommand, *instructions.UserCommand, *instructions.StopSignalCommand:
			if !slices.Contains(moves, in.Kind()) {
				moves = append(moves, in.Kind())
			}
		}
	}
	also := ""
	if len(moves) > 0 {
		also = ", and " + strings.Join(moves, ", ") + " from here"
	}
	return fmt.Sprintf("split it: call this stage %s, and add a last one with the base that the program needs at run time, COPY --from=%s %s, "+
		"every other file that it reads%s", name, name, copies, also)
}

// starts returns the program that containers of a stage start, if it is no system program.
func starts(s *graph.Stage) string {
	program := ""
	for _, in := range s.Body {
		var words []string
		switch c := in.Command.(type) {
		case *instructions.EntrypointCommand:
			words = c.CmdLine
		case *instructions.CmdCommand:
			if program != "" {
				continue // arguments of the entry point
			}
			words = c.CmdLine
		}
		if len(words) == 0 {
			continue
		}
		first := strings.Fields(words[0])
		if len(first) == 0 || !strings.Contains(first[0], "/") {
			continue
		}
		program = first[0]
		if !path.IsAbs(program) {
			program = path.Join(s.Graph.EnvAt(in).Dir, program)
		}
		if verdict.IsSystemDir(path.Dir(program)) {
			program = ""
		}
	}
	return program
}
