package verdict

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/shell"
)

// buildFiles are where build systems begin to read.
var buildFiles = match.Words("Makefile CMakeLists.txt configure configure.ac meson.build")

// ContextAt returns the folder of the build context that stands where a folder of the stage is; false if that
// is not known, or files of it have been replaced by a copy from elsewhere.
func (c *Call) ContextAt(dir string) (string, bool) {
	if dir == "" || c.Opt.Context == nil {
		return "", false
	}
	found, folder := false, ""
	for cmd, dest := range c.Copies() {
		rel, inside := context.Below(dir, dest)
		if !inside {
			continue
		}
		if cmd.From != "" {
			if rel == "" {
				return "", false
			}
			continue
		}
		for _, src := range cmd.SourcePaths {
			src = path.Clean(strings.TrimLeft(src, "/"))
			switch {
			case c.Opt.Context.IsFolder(path.Join(src, rel)):
				found, folder = true, path.Join(src, rel)
			case rel == "" && !strings.Contains(src, "*"):
				if !found {
					found, folder = true, path.Dir(src)
				}
			}
		}
		// Beside folders, a file says where the build begins.
		for _, src := range cmd.SourcePaths {
			src = path.Clean(strings.TrimLeft(src, "/"))
			if rel == "" && buildFiles[path.Base(src)] && !c.Opt.Context.IsFolder(src) {
				found, folder = true, path.Dir(src)
			}
		}
	}
	return folder, found
}

// BuiltInC reports whether a converted step that compiles C made the file.
func (c *Call) BuiltInC(file string) bool {
	if file == "" {
		return false
	}
	for _, s := range c.Ledger.Writers {
		if s.Made.FromC && slices.ContainsFunc(s.Writes, func(w string) bool { return MatchesWrite(w, file) }) {
			return true
		}
	}
	return false
}

// Verified reports whether a file has been looked at where it was made.
func (c *Call) Verified(file string) bool {
	return file != "" && slices.ContainsFunc(c.Ledger.Writers, func(s Step) bool { return s.Made.Verified && slices.Contains(s.Writes, file) })
}

// tools returns what the names of the tools for what a step writes begin with, see [Made].
func (m Made) tools() string {
	if m.Tools == "" && m.FromC {
		return TripleTools
	}
	return m.Tools
}

// ToolsFor returns the command that prints what the name of the strip for a file begins with; "" if no converted step made it with tools
// of the target.
func (c *Call) ToolsFor(file string) string {
	if file == "" {
		return ""
	}
	for _, s := range c.Ledger.Writers {
		if tools := s.Made.tools(); tools != "" && slices.ContainsFunc(s.Writes, func(w string) bool { return MatchesWrite(w, file) }) {
			return tools
		}
	}
	return ""
}

// ToolsIn returns the same for what lies in a folder.
func (c *Call) ToolsIn(dir string) string {
	for _, s := range c.Ledger.Writers {
		if tools := s.Made.tools(); tools != "" && slices.ContainsFunc(s.Writes, func(w string) bool {
			return dir != "" && Within(strings.TrimSuffix(strings.TrimSuffix(w, "/**"), "/"), []string{strings.TrimSuffix(dir, "/")})
		}) {
			return tools
		}
	}
	return ""
}

// CompilesC reports whether a step before compiles C for the target.
func (c *Call) CompilesC() bool {
	return slices.ContainsFunc(c.Ledger.Steps, func(s Step) bool { return s.Made.FromC && s.Verdict == Convert })
}

// Taken reports whether another stage takes a file that a RUN got, or may take it out of a folder that it unpacked
// into. What something else in the stage makes is not that.
func (c *Call) Taken(file string) bool {
	folder := strings.TrimSuffix(file, "/")
	for _, t := range c.Stage.Tree() {
		for _, u := range t.UsedBy {
			if u.Kind == graph.Mount {
				continue // looked at where the mount is
			}
			for _, raw := range u.Paths {
				p := path.Join("/", u.In.Graph.EnvAt(u.By).Expand(raw, rune(u.In.Graph.Doc.Escape)))
				if ok, err := path.Match(p, folder); p == folder || ok && err == nil || p != "/" && p != "/go/bin" && strings.HasPrefix(folder+"/", p+"/") {
					return true
				}
				if strings.HasSuffix(file, "/") && strings.HasPrefix(p, folder+"/") && !c.madeElsewhere(p) {
					return true
				}
			}
		}
	}
	return false
}

// madeElsewhere reports whether a COPY, or a command of another RUN, makes a path of the stage.
func (c *Call) madeElsewhere(p string) bool {
	if c.Ledger.Copied(p) {
		return true
	}
	for _, t := range c.Stage.Tree() {
		for _, cmd := range c.Facts().Calls(t) {
			if cmd.Run == c.Run && shell.Carriers[cmd.Name] {
				continue
			}
			if slices.ContainsFunc(cmd.Writes(), func(w string) bool {
				return strings.TrimSuffix(w, "/") == p || strings.HasSuffix(w, "/") && path.Dir(p)+"/" == w
			}) {
				return true
			}
		}
	}
	return false
}

// AmongSource reports whether a file lies in a folder that holds what was copied from the build context.
func (c *Call) AmongSource(file string) bool {
	for s := c.Stage; s != nil; s = s.Base {
		for _, in := range s.Body {
			if in == c.Run || !graph.IsContextCopy(in) {
				continue
			}
			if dest := s.Graph.CopiesTo(in); dest != "/" && !IsProgramDir(dest) && Within(strings.TrimSuffix(file, "/"), []string{dest}) {
				return true
			}
		}
	}
	return false
}

// RunLater returns a command of the stage that runs a file which a RUN got: by its path, or by its name.
func (c *Call) RunLater(file string) string {
	for _, t := range c.Stage.Tree() {
		for _, cmd := range c.Facts().Calls(t) {
			if len(cmd.Words) == 0 {
				continue
			}
			program := cmd.Words[0].Text
			byPath := strings.Contains(program, "/") && (cmd.Abs(cmd.Words[0].Value) == file || strings.HasSuffix(file, "/") && strings.HasPrefix(cmd.Abs(cmd.Words[0].Value), file) && !IsSystemDir(strings.TrimSuffix(file, "/")))
			byName := !strings.Contains(program, "/") && program == path.Base(file) && IsProgramDir(path.Dir(file))
			if byPath || byName {
				return shell.Shorten(string(cmd.Run.Doc.Src[cmd.Span.Start:cmd.Span.End]))
			}
		}
	}
	return ""
}

// pipedInto matches a pipe whose output goes into a file, or to what runs it.
var pipedInto = match.Pattern(`^\s*(?:\\\r?\n\s*)?\|[^&;\n]*(?:>\s*[^&\s]|\b(?:tee|xargs|sh|bash|ash|read)\b)`)

// PipedInto reports whether what the command prints goes through a pipe into a file, or to what runs it.
func (c *Call) PipedInto() bool { return pipedInto().Match(c.Run.Doc.Src[c.Span.End:c.Run.Span.End]) }

// PrintsMachine judges a command that prints what the machine is: a file with that is the build platform's.
func (c *Call) PrintsMachine() Step {
	if c.PipedInto() {
		return Step{Verdict: Block, Reason: c.Source() + " prints what the machine is, and a pipe puts that into a file or another command",
			Way: "write $TARGETARCH or `xx-info march` into it"}
	}
	step := Step{Reason: "prints what the machine is"}
	for _, r := range c.Redirects {
		file := c.Abs(r.Lit)
		switch {
		case !r.Const || file == "" || Within(file, []string{"/dev"}):
		case c.AmongSource(file) && !c.Taken(file):
			return Step{Verdict: Block, Reason: fmt.Sprintf("%s is put into %s beside the source, where it may become part of what is built", c.Source(), r.Lit),
				Way: "write $TARGETARCH or `xx-info march` into it"}
		default:
			step.HostWrites = append(step.HostWrites, file)
		}
	}
	return step
}

// LinkedLibrary returns a package with a library to link with, or headers, that the stage installs before the command.
// A library alone (zlib1g) is for a program that the stage runs.
func (c *Call) LinkedLibrary() string {
	return c.InstalledPackage(func(p packages.Package) bool {
		return p.Kind == packages.LibraryPackage && (packages.LibrarySuffix().MatchString(p.Name) || p.Name == "linux-headers")
	})
}

// InstalledPackage returns the first package of a kind that the stage, or one that it is based on, installs before the command; "" if
// there is none.
func (c *Call) InstalledPackage(sought func(packages.Package) bool) string {
	for _, p := range c.Ledger.Chain() {
		for _, s := range p.Steps {
			if s.Installs == nil {
				continue
			}
			for _, pkg := range s.Installs.Packages {
				if sought(pkg) {
					return pkg.Name
				}
			}
		}
	}
	return ""
}

// FromContext reports whether a COPY brought a path from the build context, where it is a file, or a folder that is
// not one for programs.
func (c *Call) FromContext(p string) bool {
	if c.Opt.Context == nil || IsProgramDir(p) {
		return false
	}
	for cmd, dest := range c.Copies() {
		rest, inside := context.Below(p, dest)
		if cmd.From != "" || !inside {
			continue
		}
		for _, src := range cmd.SourcePaths {
			name := path.Join(strings.TrimLeft(path.Clean(src), "/"), rest)
			if path.Base(dest) == path.Base(src) && rest == "" {
				name = strings.TrimLeft(path.Clean(src), "/")
			}
			if c.Opt.Context.Has(name) || c.Opt.Context.IsFolder(name) {
				return true
			}
		}
	}
	return false
}

// Probe blocks a question to the machine whose answer is used.
func (c *Call) Probe() (Step, bool) {
	return Step{Verdict: Block, Reason: c.Source() + " gives the architecture of the machine that builds; whether that or the target is meant cannot be seen",
		Way: "use $TARGETARCH, or `xx-info debian-arch` or `xx-info alpine-arch`, for what is shipped"}, true
}

// InstalledHere reports whether an earlier step made the program for the machine
// that the stage runs on.
func (c *Call) InstalledHere() bool {
	for _, s := range c.Ledger.Writers {
		for _, w := range s.HostWrites {
			if path.Base(w) == c.Program {
				return true
			}
		}
	}
	return false
}
