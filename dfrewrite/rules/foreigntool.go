package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// ForeignTool finds programs of the target platform that a stage on the build
// platform runs, and the builder's strip on a program for the target.
var ForeignTool = &Rule{
	Name:     "ForeignTool",
	Severity: Error,
	Check: func(p *Pass) {
		done := seen{}
		for _, s := range p.Graph.Stages {
			if s.Place != graph.Build {
				continue
			}
			for _, u := range s.Uses {
				if tool := p.foreignTool(s, u); tool != nil && !done.before(u.By.Span) {
					p.Report(p.foreign(s, u, tool))
				}
			}
			p.strips(s, done)
		}
	},
}

// foreignTool returns a call of what a stage takes from the target platform, or nil.
func (p *Pass) foreignTool(s *graph.Stage, u *graph.Use) *facts.Call {
	switch {
	case u.From != nil && (u.From.Place != graph.Target || carriesBuilders(u.From)),
		u.From == nil && !isImageName(u.Image),
		u.From == nil && u.Image == "scratch":
		return nil
	case u.From == nil && isHelperImage(u.Image) && strings.HasPrefix(strings.TrimPrefix(u.Image, "docker.io/"), "tonistiigi/"):
		return nil // shell scripts, which run anywhere
	}
	for _, t := range s.Tree() {
		for _, c := range p.allCalls(t) {
			if len(c.Words) == 0 || !c.Words[0].Known() || u.Kind == graph.Mount && c.Run != u.By || c.Run.Index < u.By.Index {
				continue
			}
			if p.comesFrom(u, c) {
				return c
			}
		}
	}
	return nil
}

// carriesBuilders reports whether a stage is from scratch, or each that it may be based on is, and holds nothing but what it
// copies from stages of the build platform: what it carries is theirs, whatever it is for itself.
func carriesBuilders(s *graph.Stage) bool {
	if s.Base == nil && len(s.Candidates) == 0 && s.Image != "scratch" || !runsNothing(s) {
		return false
	}
	for _, base := range append(slices.Clip(s.Candidates), s.Base) {
		if base != nil && !carriesBuilders(base) {
			return false
		}
	}
	return (len(s.Uses) > 0 || s.Image != "scratch") && !slices.ContainsFunc(s.Uses, func(u *graph.Use) bool {
		return u.From == nil || u.From.Place != graph.Build && !carriesBuilders(u.From)
	})
}

// staysWithBuilders reports whether a stage makes no image, and only stages of the build platform take anything out of it or
// of those that are based on it.
func staysWithBuilders(s *graph.Stage) bool { return staysUnseen(s, map[*graph.Stage]bool{}) }

// staysUnseen looks at each stage once: those that an argument chooses among may name one another.
func staysUnseen(s *graph.Stage, seen map[*graph.Stage]bool) bool {
	if seen[s] {
		return true
	}
	seen[s] = true
	children := append(s.MayChoose(), s.Children...)
	if s.Delivered() || len(s.UsedBy)+len(children) == 0 {
		return false
	}
	leaves := func(to *graph.Stage) bool {
		if to.Place == graph.Build {
			return deliveredInTree(to)
		}
		return !staysUnseen(to, seen)
	}
	return !slices.ContainsFunc(s.UsedBy, func(u *graph.Use) bool { return leaves(u.In) && !(u.Kind == graph.Mount && u.In.Place == graph.Build) }) && !slices.ContainsFunc(children, leaves)
}

// isImageName tells an image from a named context, which may hold anything.
func isImageName(name string) bool {
	return strings.ContainsAny(name, "/:@") && !strings.Contains(name, "$")
}

// comesFrom reports whether the program of a call is one that the use brought in.
func (p *Pass) comesFrom(u *graph.Use, c *facts.Call) bool {
	program := c.Words[0].Text
	dest := p.Facts.Abs(u.By, u.Dest, c.Platform)
	if strings.Contains(program, "/") {
		abs := c.Abs(c.Words[0].Value)
		switch {
		case abs == "":
			return false
		case u.Kind == graph.Mount:
			return abs == dest || dest != "/" && strings.HasPrefix(abs, dest+"/")
		case abs == dest, path.Dir(abs) == dest+"/bin" && path.Base(dest) == path.Base(abs): // /usr/local/go/bin/go
			return true
		case path.Dir(abs) != dest:
			return false
		}
	} else if !isProgram(dest) && !isProgram(path.Join(dest, "x")) && path.Base(dest) != program {
		return false // nor is it a folder of the program's name, as /usr/local/go
	}
	for _, src := range u.Paths {
		if path.Base(src) == path.Base(program) {
			return true
		}
	}
	return path.Base(dest) == program && isProgram(dest)
}

func (p *Pass) foreign(s *graph.Stage, u *graph.Use, call *facts.Call) Diagnostic {
	tool := call.Words[0].Text
	source := u.Image
	if u.From != nil {
		source = "stage " + u.From.Title()
	}
	d := Diagnostic{
		Span:    u.By.Span,
		Message: fmt.Sprintf("%s comes from %s, which is for the target platform: it cannot run in this stage on the build platform", tool, source),
		Hint:    "take it from a named stage with FROM --platform=$BUILDPLATFORM",
		Notes:   p.inFile(call),
	}
	if u.From != nil {
		d.Notes = append(d.Notes, Note{Span: u.From.From.Span, Text: "runs on the target platform"})
		return d
	}
	flag := u.By.Flag("from")
	if u.Kind != graph.Copy || flag == nil || graph.Numbered(p.Graph) {
		return d
	}
	name := graph.StageNameFor(p.Graph, u.Image)
	d.Fix = &Fix{
		Message: fmt.Sprintf("take it from a stage %s on $BUILDPLATFORM", name),
		Safety:  Review,
		Why:     []string{"what is copied becomes the build platform's, which is right for what runs here and wrong for what is shipped"},
		Edits: []dockerfile.Edit{
			p.Graph.Stages[0].From.LinesBefore("FROM --platform=$BUILDPLATFORM "+u.Image+" AS "+name, ""),
			{Span: flag.ValueSpan, New: name},
		},
	}
	return d
}

// strips reports the builder's strip and objcopy, which know the builder's own machine only, where they get a program that
// was built, or downloaded, for the target. upx and setcap do not care what a program is for.
func (p *Pass) strips(s *graph.Stage, done seen) {
	for _, on := range p.Facts.PlatformsOf(s) {
		var built, fetched []string
		for _, in := range s.Body {
			fetched = append(fetched, p.addedForTarget(in, on)...)
		}
		for _, c := range p.callsInFiles(s, on) {
			if c.Name != "strip" && c.Name != "objcopy" || c.Maybe {
				switch {
				case buildsForTarget(c):
					built = append(built, p.ends(c)...)
				case p.downloadsForTarget(s, c):
					fetched = append(fetched, p.Facts.Carried(c, c.Writes())...)
					fetched = append(fetched, p.unpackedBehind(s, c, on)...)
				}
				continue
			}
			for _, w := range c.Words[1:] {
				name := c.Abs(w.Value)
				verb := ""
				switch {
				case name == "" || strings.HasPrefix(w.Text, "-"):
				case slices.Contains(files(built), name):
					verb = "was built"
				case slices.ContainsFunc(fetched, func(f string) bool { return f == name || strings.HasSuffix(f, "/**") && facts.Takes(name, f) }):
					verb = "was downloaded"
				}
				if verb != "" && !done.before(c.Span) {
					p.Report(Diagnostic{
						Span:    c.Span,
						Message: fmt.Sprintf("%s is the builder's, and %s %s for the target: it fails for every other platform", c.Name, w.Text, verb),
						Hint:    stripHint[verb],
						Notes:   p.inFile(c),
					})
				}
			}
		}
	}
}

var stripHint = map[string]string{
	"was built":      "link with -s (-ldflags=-s for Go), or call the target's: $(xx-info triple)-strip, llvm-strip",
	"was downloaded": "call llvm-strip or llvm-objcopy, which know every architecture, or leave the program as it is",
}

// downloadsForTarget reports whether a command fetches a file whose name is made from the target's, or chosen by it.
func (p *Pass) downloadsForTarget(s *graph.Stage, c *facts.Call) bool {
	return (c.Name == "curl" || c.Name == "wget" || c.Name == "aria2c") && slices.ContainsFunc(c.Words, func(w facts.Word) bool {
		return strings.Contains(w.Text, "://") && (follows(w.Value) || p.differs(s, w))
	})
}

// differs reports whether a word is another one for another platform, as behind a table over the target.
func (p *Pass) differs(s *graph.Stage, w facts.Word) bool {
	return w.At.Len() > 0 && p.Facts.Look(len(p.Facts.Calls(s))) && slices.ContainsFunc(p.Facts.Calls(s), func(c *facts.Call) bool {
		return slices.ContainsFunc(c.Words, func(other facts.Word) bool { return other.At == w.At && other.Text != w.Text })
	})
}

// unpackedBehind returns the folder into which the output of a download goes through a pipe.
func (p *Pass) unpackedBehind(s *graph.Stage, c *facts.Call, on *facts.Platform) []string {
	if len(c.Writes()) > 0 {
		return nil
	}
	calls := p.Facts.CallsFor(s, on)
	if !p.Facts.Look(len(calls)) {
		return nil
	}
	i := slices.Index(calls, c) + 1
	if i == 0 || i == len(calls) || calls[i].Run != c.Run || calls[i].Name != "tar" {
		return nil
	}
	var out []string
	for _, w := range calls[i].Writes() {
		out = append(out, strings.TrimSuffix(w, "/")+"/**")
	}
	return out
}

// addedForTarget returns where an ADD puts a download whose name is made from the target's.
func (p *Pass) addedForTarget(in *dockerfile.Instruction, on *facts.Platform) []string {
	add, ok := in.Command.(*instructions.AddCommand)
	if !ok || len(add.SourcePaths) != 1 {
		return nil
	}
	src := p.Facts.Expand(in, add.SourcePaths[0], on)
	dest := p.Facts.Expand(in, add.DestPath, on)
	if !strings.Contains(src.Text, "://") || !follows(src) || !dest.Known() {
		return nil
	}
	to := p.Facts.Abs(in, dest.Text, on)
	if strings.HasSuffix(dest.Text, "/") {
		to = path.Join(to, path.Base(src.Text))
	}
	return []string{to}
}
