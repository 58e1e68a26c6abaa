package verdict

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

// A Call is one command with all that a recipe may want to know about it.
type Call struct {
	graph.Site
	File   *File
	Opt    *Options
	Ledger *Ledger
}

// File are what is known of a Dockerfile beside what is said of its commands.
type File struct {
	Options *Options
	// Drivers are the programs that run other commands, see [Recipe].
	Drivers map[string]bool
	// facts are those of the file, once somebody has asked for them.
	facts *facts.Facts
	Memo  map[any]any
	// JudgeLines judges commands that stand elsewhere, one call of the shell a line, as if they stood in a Dockerfile with
	// this head.
	JudgeLines func(budget *graph.Budget, head string, lines []Line, opt *Options) (*Ledger, error)
}

// Know gives the file its facts, which are worked out when they are needed else.
func (f *File) Know(known *facts.Facts) { f.facts = known }

// Facts returns the facts of the call's file, which are worked out when they are needed.
func (c *Call) Facts() *facts.Facts { return c.File.Facts(c.Stage.Graph) }

// Facts returns the facts of the file, whose graph it is.
func (f *File) Facts(g *graph.Graph) *facts.Facts {
	if f.facts == nil {
		f.facts = facts.New(g, f.Options.Platforms)
	}
	return f.facts
}

// Once returns what is known of a file under a key, and works it out the first time.
func Once[T any](s *File, key any, work func() T) T {
	if known, ok := s.Memo[key]; ok {
		return known.(T)
	}
	found := work()
	s.Memo[key] = found
	return found
}

// isScript reports whether the program is a script that a build system has, and not one that was built.
func isScript(c *graph.Site) bool {
	return slices.Contains([]string{"configure", "autogen.sh", "bootstrap", "bootstrap.sh", "buildconf", "config.status"}, path.Base(c.Words[0].Lit))
}

// ContextFile returns a file of the build context as the command finds it, by its name in the folder
// that the command runs in or as an absolute path. It is nil where no COPY, ADD or bind mount is seen
// to have brought it there, and where something else may have replaced it.
func (c *Call) ContextFile(name string) []byte { return c.Opt.Context.FileAt(&c.Site, name) }

// ChangedBefore reports whether an earlier command may have changed a file of the build context: of the stage, or of a file that is
// run before the command is reached.
func (c *Call) ChangedBefore(file string) bool {
	return context.ChangedBefore(&c.Site, file) || slices.ContainsFunc(c.Opt.Callers, func(by Caller) bool { return context.ChangedBefore(by.Site, file) })
}

// KnownImage returns the image that the stage is based on, for a Dockerfile that is made up.
func (c *Call) KnownImage() (string, error) {
	image := c.Stage.Root().Image
	if image == "" || strings.ContainsAny(image, "$ \t\n") {
		return "", errors.New("what the base image brings is not known")
	}
	return image, nil
}

// ContextFolder returns the folder of the build context that has been copied to where the command
// runs, or is mounted there, or of which one of the files has been; false if none has, or files of it have been replaced by a copy from elsewhere.
func (c *Call) ContextFolder(files ...string) (string, bool) {
	return c.Opt.Context.FolderAt(&c.Site, files...)
}

// Helper is the verdict on the xx helpers. On the target platform they do without
// being told what the target is; on the build platform they do not.
func (c *Call) Helper() Step {
	step := Step{Verdict: Convert, Reason: "works for the target"}
	_, hasOS := c.Env.Lookup("TARGETOS")
	_, hasArch := c.Env.Lookup("TARGETARCH")
	if !hasOS || !hasArch {
		step.Needs.Args = []string{"TARGETPLATFORM"}
	}
	return step
}

// MayRun blocks a command that starts programs by name.
func (c *Call) MayRun(program string) Step {
	return Step{Verdict: Block, Compiles: c.Program == "go", Reason: fmt.Sprintf("%s may run %s, which was built for the target platform", c.Source(), program),
		Way: "build its tools in a stage of their own with --platform=$BUILDPLATFORM"}
}

// CallsFunction reports whether the command calls a function of its script. A program of the same name, by its path or behind
// `command`, `exec` or `env`, is not that: a function often calls the program that it stands for.
func (c *Call) CallsFunction() bool {
	first := c.Script.Commands[c.Index].Words[0]
	return slices.Contains(c.Script.Functions, c.Words[0].Lit) && (c.Words[0].Span == first.Span || first.Lit == "time")
}

// buildScript matches the names of scripts that build.
var buildScript = match.Pattern(`^(build|make|compile)([._-].*)?$`)

// IsBuildScript reports whether a script compiles, as far as its name and the base image say: nothing else is known.
func (c *Call) IsBuildScript(name string) bool {
	return graph.OfficialGo(c.Stage.Root().Image) && buildScript().MatchString(path.Base(name))
}

// BuiltHere returns the program if an earlier step built it for the target.
func (c *Call) BuiltHere() string {
	program := c.Words[0].Lit
	if !strings.Contains(program, "/") {
		return ""
	}
	if !path.IsAbs(program) {
		program = path.Join(c.Dir, program)
	}
	for _, s := range c.Ledger.Writers {
		for _, w := range s.Writes {
			if w == program || (strings.HasSuffix(w, "/") || strings.HasSuffix(w, "/**")) && MatchesWrite(w, program) && s.Verdict == Convert && !isScript(&c.Site) {
				return c.Words[0].Lit
			}
		}
	}
	return ""
}

// BuiltOnPath returns a program that an earlier step built for the target into a
// folder where other programs look for it, or "".
func (c *Call) BuiltOnPath(prefix string) string {
	for _, s := range c.Ledger.Writers {
		if s.Verdict != Convert {
			continue
		}
		for _, w := range s.Writes {
			folder := strings.HasSuffix(w, "/")
			if folder && IsProgramDir(w) || !folder && IsProgramDir(path.Dir(w)) && strings.HasPrefix(path.Base(w), prefix) {
				return w
			}
		}
	}
	return ""
}
