package rules

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/verdict"
)

// HardcodedArch finds architectures written down in downloads, file names and library
// paths, and tables over the target that lack a platform.
var HardcodedArch = &Rule{
	Name:     "HardcodedArch",
	Severity: Error,
	Check: func(p *Pass) {
		if p.onePlatform() {
			return
		}
		done := seen{}
		for _, s := range p.Graph.Stages {
			p.tables(s, done)
			if forOne(s) || s.Place != graph.Target && s.Place != graph.Build {
				continue
			}
			for _, on := range p.Facts.PlatformsOf(s) {
				found := p.archWords(s, on)
				right := map[string]bool{}
				for _, a := range found {
					right[a.key] = right[a.key] || a.right
				}
				for _, a := range found {
					// The same for this platform too: an image that holds all of them.
					if !right[a.key] && !done.before(a.span) {
						p.reportArch(s, on, a)
					}
				}
			}
		}
	},
}

// tables reports `case` tables that have no branch for a platform.
func (p *Pass) tables(s *graph.Stage, done seen) {
	for _, t := range p.Facts.Tables(s) {
		if !p.Facts.Reached(s, t.Platform) || done.before(t.Span) {
			continue
		}
		p.Report(Diagnostic{
			Span:    t.Span,
			Message: fmt.Sprintf("this case has no branch for %s, where %s stays empty", t.Platform, t.Name),
			Hint:    "add the branch, or a last one that ends the build: *) exit 1 ;;",
		})
	}
}

// An archWord is a word with an architecture written down in it.
type archWord struct {
	in   *dockerfile.Instruction
	span dockerfile.Span // the word
	name string          // the architecture, as written
	what string          // what the word is: "this download"
	// at is where the name stands, if that is one place and can be replaced.
	at      dockerfile.Span
	written []string // what a download leaves behind
	right   bool     // it is the platform's
	key     string   // the word without the architecture
}

// libraryFolder matches Debian's folders for the libraries of an architecture.
var libraryFolder = regexp.MustCompile(`/(x86_64|aarch64|arm|i386|powerpc64le|s390x|riscv64)-linux-(gnu|musl)\w*`)

// loader matches the dynamic loaders of glibc and musl, and musl's library.
var loader = regexp.MustCompile(`/(ld-linux-|ld-musl-|libc\.musl-)[a-z0-9_-]+\.so`)

// archWords lists where a stage names architectures for something that it gets or
// keeps.
func (p *Pass) archWords(s *graph.Stage, on *facts.Platform) []archWord {
	var out []archWord
	add := func(a archWord, v facts.Value) {
		if v.From&(facts.FromTarget|facts.FromBuilder|facts.FromMachine) != 0 {
			return
		}
		if p.namedWithBase(s, a, on) {
			return
		}
		names := archNames(v.Text)
		if len(names) == 0 || strings.Contains(v.Text, "qemu-") { // whose names say what they emulate
			return
		}
		a.name = names[0]
		a.right = otherArch(v.Text, on) == ""
		a.key = v.Text
		for _, n := range names {
			a.key = strings.Replace(a.key, n, "*", 1)
		}
		out = append(out, a)
	}
	for _, in := range s.Body {
		switch c := in.Command.(type) {
		case *instructions.AddCommand:
			p.sources(in, on, c.SourcePaths, "this download", func(src string) bool { return strings.Contains(src, "://") }, add)
		case *instructions.CopyCommand:
			if s.Place != graph.Target {
				continue
			}
			from := fromStage(s, in)
			p.sources(in, on, c.SourcePaths, "this file", func(src string) bool { return from == nil || !p.writesFile(from, src, on) },
				func(a archWord, v facts.Value) {
					if from != nil {
						a.at = dockerfile.Span{} // that stage would have to change, too
					}
					add(a, v)
				})
		case *instructions.EnvCommand:
			if s.Place != graph.Target {
				continue
			}
			for _, kv := range c.Env {
				v := p.Facts.Expand(in, kv.Value, on)
				if strings.Contains(v.Text, "/") && !strings.Contains(v.Text, "://") {
					span := valueSpan(in, kv.Key)
					a := archWord{in: in, span: span, what: fmt.Sprintf("the path in %s", kv.Key)}
					a.at = nameIn(in.Doc, span, v.Text)
					add(a, v)
				}
			}
		}
	}
	calls := p.Facts.CallsFor(s, on)
	for i, c := range calls {
		if c.Maybe {
			continue
		}
		for _, w := range c.Words[min(1, len(c.Words)):] {
			if !mayNameArch(w.Text) {
				continue
			}
			a := archWord{in: c.Run, span: w.At, at: nameIn(c.Run.Doc, w.At, w.Text)}
			switch {
			case (c.Name == "curl" || c.Name == "wget" || c.Name == "aria2c") && strings.Contains(w.Text, "/") && !strings.HasPrefix(w.Text, "-"):
				a.what = "this download"
				if !strings.Contains(w.Text, "://") {
					continue // where it goes
				}
				for _, later := range calls[i:] {
					if later.Run == c.Run && carries(later) {
						a.written = append(a.written, later.Writes()...)
					}
				}
			case s.Place == graph.Target && (libraryFolder.MatchString(w.Text) || loader.MatchString(w.Text)) && !slices.Contains([]string{"rm", "ls", "find", "echo", "test", "[", "apk", "apt-get"}, c.Name):
				a.what = "this path"
			default:
				continue
			}
			add(a, w.Value)
		}
	}
	return out
}

// namedWithBase reports whether a build argument with an architecture in it chooses both the base image of the stage and
// this word, as in FROM busybox-${OS}-${ARCH} and COPY .build/${OS}-${ARCH}/app: whoever builds gives it for each platform.
func (p *Pass) namedWithBase(s *graph.Stage, a archWord, on *facts.Platform) bool {
	from := s.Root().From
	chooses := graph.VariablesIn(string(from.Doc.Src[from.Span.Start:from.Span.End]), rune(from.Doc.Escape))
	for _, name := range graph.VariablesIn(string(a.in.Doc.Src[a.span.Start:a.span.End]), rune(a.in.Doc.Escape)) {
		if slices.Contains(chooses, name) && len(archNames(p.Facts.Expand(a.in, "${"+name+"}", on).Text)) > 0 {
			return true
		}
	}
	return false
}

// fromStage returns the stage that a COPY takes from, or nil.
func fromStage(s *graph.Stage, in *dockerfile.Instruction) *graph.Stage {
	for _, u := range s.Uses {
		if u.By == in {
			return u.From
		}
	}
	return nil
}

// writesFile reports whether a stage gives a file its name: what is in it is for the
// stage's own findings.
func (p *Pass) writesFile(s *graph.Stage, file string, on *facts.Platform) bool {
	for t := s; t != nil; t = t.Base {
		for _, c := range p.Facts.CallsFor(t, on) {
			if slices.Contains(files(c.Writes()), cleanPath(file)) {
				return true
			}
		}
	}
	return false
}

// sources lists the sources of a COPY or ADD.
func (p *Pass) sources(in *dockerfile.Instruction, on *facts.Platform, paths []string, what string, wanted func(string) bool, add func(archWord, facts.Value)) {
	words := in.Words()
	for _, src := range paths {
		v := p.Facts.Expand(in, src, on)
		if !mayNameArch(v.Text) || !wanted(v.Text) {
			continue
		}
		a := archWord{in: in, span: in.Span, what: what}
		for _, w := range words {
			if w.Raw == src {
				a.span = w.Span
				a.at = nameIn(in.Doc, w.Span, v.Text)
			}
		}
		add(a, v)
	}
}

// valueSpan is where the value of NAME=value stands in an ENV, or the instruction.
func valueSpan(in *dockerfile.Instruction, name string) dockerfile.Span {
	for _, w := range in.Words() {
		if strings.HasPrefix(w.Raw, name+"=") {
			return w.Part(len(name)+1, len(w.Raw))
		}
	}
	return in.Span
}

// nameIn is where the first architecture's name stands in a word of the file; empty
// if it came out of a variable, stands there twice, or in single quotes.
func nameIn(doc *dockerfile.Document, span dockerfile.Span, value string) dockerfile.Span {
	names := archNames(value)
	raw := string(doc.Src[span.Start:span.End])
	if len(names) != 1 || strings.Count(raw, names[0]) != 1 || strings.ContainsAny(raw, "'\n`") || strings.Contains(raw, "$(") {
		return dockerfile.Span{}
	}
	at := span.Start + strings.Index(raw, names[0])
	return dockerfile.Span{Start: at, End: at + len(names[0])}
}

// namedAgain reports whether another word of the stage has the name of the file that a word downloads: the archive is
// unpacked by that name, which would not be there any more.
func (p *Pass) namedAgain(s *graph.Stage, a archWord, on *facts.Platform) bool {
	name := path.Base(string(a.in.Doc.Src[a.span.Start:a.span.End]))
	name, _, _ = strings.Cut(strings.Trim(name, `"'`), "?")
	if a.what != "this download" || !graph.IsRun(a.in) || len(archNames(name)) == 0 {
		return false
	}
	for _, c := range p.Facts.CallsFor(s, on) {
		for _, w := range c.Words {
			if w.At != a.span && w.At.Len() > 0 && strings.Contains(string(c.Run.Doc.Src[w.At.Start:w.At.End]), name) {
				return true
			}
		}
	}
	return false
}

// ownNames matches what calls architectures otherwise than anybody else: NVIDIA's repositories, and the folders of its libraries.
var ownNames = match.Pattern(`developer\.download\.nvidia\.com|/cuda(?:-[0-9.]+)?/targets/`)

// unpackedAndTaken reports whether an archive was unpacked into the root, and another stage takes a path that nothing else
// in this one is seen to make.
func (p *Pass) unpackedAndTaken(s *graph.Stage, written []string, on *facts.Platform) bool {
	if !slices.ContainsFunc(written, func(w string) bool { return cleanPath(w) == "/" }) {
		return false
	}
	return p.takesPath(s, on, func(file string) bool {
		return !verdict.SamePlatformFile(file) && !distroFile(file) && !p.writesFile(s, file, on) && !p.Planner.Plan(s).Copied(file)
	})
}

func (p *Pass) reportArch(s *graph.Stage, on *facts.Platform, a archWord) {
	d := Diagnostic{Span: a.span}
	forTarget := s.Place == graph.Target || p.takenExactly(s, a.written, on) || p.unpackedAndTaken(s, a.written, on)
	arg := "TARGETARCH"
	if forTarget {
		d.Message = fmt.Sprintf("%s is for %s, also in the image for %s", a.what, a.name, on)
		d.Hint = "choose it by $TARGETARCH, or with a case over it where the names differ"
	} else {
		if archOf(a.name) == on.Arch {
			return
		}
		arg = "BUILDARCH"
		d.Severity = Warning
		d.Message = fmt.Sprintf("%s is for %s: on a builder of another architecture what it gets cannot run", a.what, a.name)
		d.Hint = "choose it by $BUILDARCH or uname -m"
	}
	if own := ownNames().FindString(string(a.in.Doc.Src[a.span.Start:a.span.End])); own != "" {
		d.Hint = "choose it with a case over $TARGETARCH, or in a stage for each: " + own + " has names of its own, such as sbsa for arm64"
		p.Report(d)
		return
	}
	if a.at.Len() > 0 && !p.namedAgain(s, a, on) {
		why := []string{"whether the same thing exists for the other platforms, under that name, has to be looked up"}
		switch {
		case a.name == "amd64" || a.name == "arm64":
			d.Fix = &Fix{Message: "use ${" + arg + "}", Safety: Review, Why: why,
				Edits: append(p.argFor(a.in, arg), dockerfile.Edit{Span: a.at, New: "${" + arg + "}"})}
		case (a.name == "x86_64" || a.name == "aarch64") && graph.IsRun(a.in) && (s.Place == graph.Target || !forTarget):
			d.Fix = &Fix{Message: "use $(uname -m)", Safety: Review, Why: why, Edits: []dockerfile.Edit{{Span: a.at, New: "$(uname -m)"}}}
		}
	}
	p.Report(d)
}
