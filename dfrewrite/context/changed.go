package context

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
)

// What the build context says of a file counts only as long as no command of the stage has changed it:
//
//	RUN sed -i 's/CGO_ENABLED=0/CGO_ENABLED=1/' build.sh

// ChangedBefore reports whether an earlier command of the stage, or of one that it is based on, may have changed a file, as far as
// its name, or a wildcard for it, stands there. A COPY with the text of the file in it is such a command, too.
func ChangedBefore(c *graph.Site, file string) bool {
	for s := c.Stage; s != nil; s = s.Base {
		for _, in := range s.Body {
			if cmd, ok := in.Command.(*instructions.CopyCommand); ok && slices.ContainsFunc(cmd.SourceContents, func(h instructions.SourceContent) bool {
				return path.Base(file) == path.Base(cmd.DestPath) || path.Base(file) == h.Path
			}) {
				return true
			}
			if _, ok := in.Command.(*instructions.RunCommand); !ok {
				continue
			}
			commands := s.Graph.Script(in).Commands
			if in == c.Run {
				commands = commands[:min(c.Index, len(commands))]
			}
			if slices.ContainsFunc(commands, func(cmd *shell.Command) bool { return changes(cmd, path.Base(file)) }) {
				return true
			}
			if in == c.Run {
				break
			}
		}
	}
	return false
}

// changes reports whether a command names a file as one that it writes.
func changes(cmd *shell.Command, name string) bool {
	named := func(w shell.Word) bool {
		text := strings.Trim(w.Raw, `"'`)
		_, after, _ := strings.Cut(text, "=") // of=build.sh
		for _, p := range []string{text, after} {
			if ok, err := path.Match(path.Base(p), name); ok && err == nil && p != "" {
				return true
			}
		}
		return false
	}
	if slices.ContainsFunc(cmd.Redirects, named) {
		return true
	}
	if len(cmd.Words) < 2 {
		return false
	}
	args := cmd.Words[1:]
	switch program := path.Base(cmd.Name); {
	case program == "sed" || program == "perl":
		inPlace := slices.ContainsFunc(args, func(w shell.Word) bool { return EditsInPlace().MatchString(w.Raw) })
		onlyLineEnds := slices.ContainsFunc(args, func(w shell.Word) bool { return lineEnds().MatchString(w.Raw) })
		return inPlace && !(onlyLineEnds && len(args) == 3) && slices.ContainsFunc(args, named)
	case shell.Copiers[program]:
		return named(args[len(args)-1])
	case match.Words("tee patch curl wget dd truncate")[program]:
		return slices.ContainsFunc(args, named)
	}
	return false
}

var (
	// editsInPlace matches the option of sed and perl.
	EditsInPlace = match.Pattern(`^(?:-[A-Za-z0-9]*i|--in-place)`)
	// lineEnds matches what takes the carriage returns of Windows away.
	lineEnds = match.Pattern(`^['"]?s/\\r\$?//g?['"]?$`)
)
