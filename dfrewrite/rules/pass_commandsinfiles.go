package rules

import (
	"fmt"
	"path"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/drivers/makefile"
	"xxkit/dfrewrite/drivers/script"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// Much of what a RUN does stands in files of the build context: a Makefile, a script, package.json. Rules look at
// those commands as at the others; what is found is said at the RUN, with a note that names the line.

// reads returns the reader of such files, or nil where the build context is not known.
func reads(x *context.Files) facts.Reader {
	if x == nil {
		return nil
	}
	return func(c *facts.Call) []facts.Line {
		switch c.Name {
		case "make", "gmake":
			return makefile.Lines(x, c)
		case "npm", "yarn", "pnpm", "bun":
			return script.PackageLines(x, c)
		}
		return script.Lines(x, c)
	}
}

// callsInFiles returns the commands of a stage for one platform, those that stand in files of the build context among them,
// behind the one that reads the file.
func (p *Pass) callsInFiles(s *graph.Stage, on *facts.Platform) []*facts.Call {
	var out []*facts.Call
	for _, c := range p.Facts.CallsFor(s, on) {
		out = append(append(out, c), p.Facts.Driven(c)...)
	}
	return out
}

// allCalls returns them for all platforms, one after the other.
func (p *Pass) allCalls(s *graph.Stage) []*facts.Call {
	var out []*facts.Call
	for _, on := range p.Facts.Platforms {
		out = append(out, p.callsInFiles(s, on)...)
	}
	return out
}

// inFile returns the note that says in which line of which file a command stands, or none for one of the Dockerfile.
func (p *Pass) inFile(c *facts.Call) []Note {
	if c.In.File == "" {
		return nil
	}
	at := c.In
	if p.Options.Context != nil {
		at.File = path.Join(p.Options.Context.Dir, at.File)
	}
	return []Note{{Span: c.Span, In: at, Text: fmt.Sprintf("%s runs it here", c.By.Name)}}
}
