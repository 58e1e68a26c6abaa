package verdict

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
)

// A Ledger is the verdict on all commands of a stage.
type Ledger struct {
	Stage *graph.Stage
	Steps []Step

	Base    *Ledger        // of the stage that it is based on, or nil
	Context *context.Files // of the build, or nil
	// Writers are the steps with Writes or HostWrites; every command asks for
	// them, and most steps have none.
	Writers []Step
	// Lines has where the commands stand that were judged from lines of another file; see Where.
	Lines map[*dockerfile.Instruction]Where
}

// Add adds a step.
func (p *Ledger) Add(s Step) {
	p.Steps = append(p.Steps, s)
	if len(s.Writes)+len(s.HostWrites) > 0 {
		p.Writers = append(p.Writers, s)
	}
}

// Block adds a step that blocks an instruction.
func (p *Ledger) Block(in *dockerfile.Instruction, reason, way string) {
	p.Add(Step{In: in, Span: in.Span, Recipe: "stage", Verdict: Block, Reason: reason, Way: way})
}

// Chain returns the plan and those of the stages that it is based on, the nearest first.
func (p *Ledger) Chain() []*Ledger {
	var out []*Ledger
	for ; p != nil; p = p.Base {
		out = append(out, p)
	}
	return out
}

// Compiles reports whether the stage compiles anything.
func (p *Ledger) Compiles() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Compiles })
}

// Blocks returns the steps that stand in the way.
func (p *Ledger) Blocks() []Step {
	var out []Step
	for _, s := range p.Steps {
		if s.Verdict == Block {
			out = append(out, s)
		}
	}
	return out
}

// Needing returns the steps that compile C for the target.
func (p *Ledger) Needing() []Step {
	var out []Step
	for _, s := range p.Steps {
		if s.Needs.C && s.Verdict == Convert {
			out = append(out, s)
		}
	}
	return out
}

// NeedsC reports whether a step compiles C for the target.
func (p *Ledger) NeedsC() bool { return len(p.Needing()) > 0 }

// Writes reports whether a step so far made the file for the target platform.
func (p *Ledger) Writes(file string) bool {
	if file == "" {
		return false
	}
	for _, s := range p.Writers {
		for _, w := range s.Writes {
			if MatchesWrite(w, file) {
				return true
			}
		}
	}
	return false
}

// WritesIn reports whether a step made a file for the target platform in a folder
// or below.
func (p *Ledger) WritesIn(dir string) bool {
	for _, s := range p.Writers {
		for _, w := range s.Writes {
			if Within(strings.TrimSuffix(strings.TrimSuffix(w, "/**"), "/"), []string{dir}) {
				return true
			}
		}
	}
	return false
}

// HostWriteIn returns a file at p or below that a step made for the machine that
// it runs on, or "".
func (p *Ledger) HostWriteIn(dir string) string {
	if dir == "" {
		return ""
	}
	for _, s := range p.Writers {
		for _, w := range s.HostWrites {
			if Within(w, []string{dir}) || fitsWildcard(dir, w) {
				return w
			}
		}
	}
	return ""
}

// UnknownOutput reports whether something is compiled, and where to is not known: also by a command that stands in the way.
func (p *Ledger) UnknownOutput() bool {
	for _, s := range p.Steps {
		if s.Verdict != Neutral && s.Compiles && len(s.Writes) == 0 {
			return true
		}
	}
	return false
}

// Copied reports whether a COPY or ADD of the stage put the path there.
func (p *Ledger) Copied(file string) bool {
	for _, in := range p.Stage.Body {
		if dest := p.Stage.Graph.CopiesTo(in); dest != "" && dest != "/" && (dest == file || path.Dir(file) == dest) {
			return true
		}
	}
	return false
}

// InProject reports whether a file lies below a folder in /usr/local or /opt that the build context was copied to, so that
// it is the project's and not the distribution's.
func (p *Ledger) InProject(file string) bool {
	for _, in := range p.Stage.Body {
		var sources []string
		switch cmd := in.Command.(type) {
		case *instructions.CopyCommand:
			if sources = cmd.SourcePaths; cmd.From != "" {
				continue
			}
		case *instructions.AddCommand:
			sources = cmd.SourcePaths
		}
		isFolder := func(src string) bool {
			src = path.Clean(strings.TrimLeft(src, "/"))
			return src == "." || p.Context != nil && p.Context.IsFolder(src)
		}
		if !slices.ContainsFunc(sources, isFolder) {
			continue
		}
		dest := p.Stage.Graph.CopiesTo(in)
		if m := ownFolder().FindStringSubmatch(dest); m != nil && !imageFolders[m[1]] && Within(file, []string{dest}) {
			return true
		}
	}
	return false
}

// OwnFolder reports whether a path is, or lies in, a folder of a project's own below /usr/local or /opt: none that images have.
func OwnFolder(p string) bool {
	m := ownFolder().FindStringSubmatch(p)
	return m != nil && !imageFolders[m[1]]
}

// ownFolder matches folders that people make for their project; imageFolders are those there that images have
// (Filesystem Hierarchy Standard 3.0, 4.9, and the images of Docker Hub).
var ownFolder = match.Pattern(`^/(?:usr/local|opt)/([^/]+)`)

var imageFolders = match.Words(`bin sbin lib lib32 lib64 libexec include etc share games man src go cargo rustup openresty
	java jdk conda miniconda venv bitnami gradle maven yarn hugo`)

// Takes reports whether a COPY --from takes what a step wrote, or a folder with
// it.
func Takes(u *graph.Use, step Step) bool {
	env := u.In.Graph.EnvAt(u.By)
	for _, raw := range u.Paths {
		p := path.Join("/", env.Expand(raw, rune(u.In.Graph.Doc.Escape)))
		for _, w := range step.Writes {
			if MatchesWrite(w, p) || strings.HasPrefix(w, strings.TrimSuffix(p, "/")+"/") {
				return true
			}
		}
	}
	return false
}

// PackagesAround returns the folder of packages, installed for the machine that the stage runs on, in which a file lies, or
// "".
func (p *Ledger) PackagesAround(file string) string {
	for _, s := range p.Writers {
		for _, w := range s.HostWrites {
			rest, ok := context.Below(file, w)
			if !ok || rest == "" {
				continue
			}
			parts := strings.Split(rest, "/")
			switch {
			case s.Recipe == "python" && slices.ContainsFunc(parts[:min(2, len(parts))], func(part string) bool { return match.Words("lib lib64 bin")[part] }):
				return w
			case s.Recipe == "sites":
				return w
			case s.Recipe == "node" && path.Base(w) != "node_modules": // a cache, an installed Node.js, or the packages beside what a framework makes
				return w
			case path.Base(w) == "node_modules" && packages.PartOfTree(path.Join("/node_modules", rest)):
				return w
			}
		}
	}
	return ""
}
