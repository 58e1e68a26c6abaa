package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/verdict"
	"xxkit/internal/lazyregexp"
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
			if place := p.place(s); forOne(s) || place != graph.Target && place != graph.Build {
				continue
			}
			for _, on := range p.Facts.PlatformsOf(s) {
				found := p.archWords(s, on)
				right, follows := map[string]bool{}, map[string]bool{}
				for _, a := range found {
					right[a.key] = right[a.key] || a.right && !a.follows
					follows[a.key] = follows[a.key] || a.right && a.follows
				}
				for _, a := range found {
					// The same for this platform too: an image that holds all of them, or its own and one more
					// under a name that says so.
					if !a.follows && !right[a.key] && !(follows[a.key] && (a.remote || a.named())) && !done.before(a.span) {
						p.reportArch(s, on, a)
					}
				}
				p.forBuilder(s, on, done)
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
	dests   []string // where the file itself goes, as far as that is written out
	remote  bool     // it keeps the name that it has there
	given   bool     // a build argument brings the name
	right   bool     // it is the platform's
	follows bool     // it is made from what is built for, and no constant
	key     string   // the word without the architecture
	// message is said in place of "this download is for amd64", hint in place of the usual one.
	message, hint string
	shipped       bool   // it is known to be for the target
	use           string // what the fix puts in the place of the name, if not the usual
	call          *facts.Call
	value         facts.Value
}

// libraryFolder matches Debian's folders for the libraries of an architecture.
var libraryFolder = match.Pattern(`/(` + match.ArchName + `|arm)-linux-(gnu|musl)\w*`)

// loader matches the dynamic loaders of glibc and musl, and musl's library.
var loader = lazyregexp.New(`/(ld-linux-|ld-musl-|libc\.musl-)[a-z0-9_-]+\.so`)

// archWords lists where a stage names architectures for something that it gets or
// keeps.
func (p *Pass) archWords(s *graph.Stage, on *facts.Platform) []archWord {
	var out []archWord
	add := func(a archWord, v facts.Value) {
		a.follows = v.From&(facts.FromTarget|facts.FromBuilder|facts.FromMachine) != 0
		if a.follows && !v.Known() || p.namedWithBase(s, a, on) {
			return
		}
		names, written := archNames(v.Text), true
		if a.what == "this download" && len(names) == 0 {
			names, written = p.onlyAmd64(&a, v), false
		}
		if len(names) == 0 || strings.Contains(v.Text, "qemu-") || crossCompiler().MatchString(v.Text) { // whose names say what they are for
			return
		}
		a.name = names[0]
		a.given = written && v.From&facts.FromArg != 0 && !strings.Contains(string(a.in.Doc.Src[a.span.Start:a.span.End]), a.name)
		a.right = !slices.ContainsFunc(names, func(n string) bool { return match.ArchOf(n) != on.Arch }) || otherArch(v.Text, on) == "" && len(archNames(v.Text)) > 0
		a.key = v.Text
		for _, n := range names {
			a.key = strings.Replace(a.key, n, "*", 1)
		}
		out = append(out, a)
	}
	for _, in := range s.Body {
		switch c := in.Command.(type) {
		case *instructions.AddCommand:
			p.sources(in, on, c.SourcesAndDest, "this download", func(src string) bool { return strings.Contains(src, "://") }, add)
		case *instructions.CopyCommand:
			if p.place(s) != graph.Target {
				continue
			}
			from := fromStage(s, in)
			p.sources(in, on, c.SourcesAndDest, "this file", func(src string) bool { return from == nil || !p.writesFile(from, src, on) },
				func(a archWord, v facts.Value) {
					if from != nil {
						a.at = dockerfile.Span{} // that stage would have to change, too
					}
					add(a, v)
				})
		case *instructions.EnvCommand:
			if p.place(s) != graph.Target {
				continue
			}
			for _, kv := range c.Env {
				v := p.Facts.Expand(in, kv.Value, on)
				if kv.Key == "VCPKG_DEFAULT_TRIPLET" {
					add(archWord{in: in, span: valueSpan(in, kv.Key), what: "this triplet"}, v)
				} else if strings.Contains(v.Text, "/") && !strings.Contains(v.Text, "://") && !forEach(kv.Key, v.Text) {
					span := valueSpan(in, kv.Key)
					a := archWord{in: in, span: span, what: fmt.Sprintf("the path in %s", kv.Key)}
					a.at = nameIn(in.Doc, span, v.Text)
					add(a, v)
				}
			}
		}
	}
	for _, a := range p.toolArchs(s, on) {
		add(a, a.value)
	}
	calls := p.Facts.CallsFor(s, on)
	for i, c := range calls {
		if c.Maybe {
			continue
		}
		for n, w := range c.Words[min(1, len(c.Words)):] {
			if !match.MayNameArch(w.Text) && !strings.Contains(w.Text, "/tini") {
				continue
			}
			a := archWord{in: c.Run, span: w.At, at: nameIn(c.Run.Doc, w.At, w.Text)}
			switch {
			case p.place(s) == graph.Target && namesTriplet(c, n+1):
				a.what, a.at = "this triplet", dockerfile.Span{}
				if c.Name == "conan" {
					a.what = "this setting"
				}
			case (c.Name == "curl" || c.Name == "wget" || c.Name == "aria2c" || (installers[c.Name] || packages.ManagerOf(c.Name) != nil) && !c.Has("--import")) && strings.Contains(w.Text, "/") && !strings.HasPrefix(w.Text, "-"):
				a.what = "this download"
				if !strings.Contains(w.Text, "://") {
					continue // where it goes
				}
				a.dests = c.Writes()
				a.remote = len(a.dests) == 0 && (c.Name != "curl" || slices.ContainsFunc(c.Words, remoteName))
				for _, later := range calls[i:] {
					if later.Run == c.Run && carries(later) {
						a.written = append(a.written, later.Writes()...)
					}
				}
			case p.place(s) == graph.Target && (libraryFolder().MatchString(w.Text) || loader.Get().MatchString(w.Text)) && !slices.Contains([]string{"rm", "ls", "find", "echo", "test", "[", "apk", "apt-get"}, c.Name):
				a.what = "this path"
				if slices.ContainsFunc(calls[:i], func(before *facts.Call) bool { return slices.Contains(files(before.Writes()), cleanPath(w.Text)) }) {
					continue // what gave it the name says so
				}
			default:
				continue
			}
			add(a, w.Value)
		}
	}
	return out
}

// crossCompiler matches compilers by the target that they are for: aarch64-linux-musl-cross.tgz.
var crossCompiler = match.Pattern(`\b[a-z0-9_]+-(?:[a-z0-9]+-)*(?:linux|none|elf|musl|gnu|eabi)[a-z0-9]*-cross\b`)

// forEach reports whether a variable with paths says itself which machine they are for (AARCH64_UNKNOWN_LINUX_GNU_OPENSSL_LIB_DIR), or
// lists the folders of several machines: what is not there is passed over, and the own ones are looked into without a word.
func forEach(name, value string) bool {
	archs := map[string]bool{}
	for _, n := range archNames(value) {
		archs[match.ArchOf(n)] = true
	}
	named := archNames(strings.ToLower(name))
	return len(archs) == 1 && len(named) == 1 && archs[match.ArchOf(named[0])] || len(archs) > 1 && strings.HasSuffix(name, "PATH") && strings.Contains(value, ":")
}

// named reports whether the place that the file goes to names the same architecture.
func (a archWord) named() bool {
	return slices.ContainsFunc(a.dests, func(dest string) bool {
		return slices.ContainsFunc(archNames(dest), func(n string) bool { return match.ArchOf(n) == match.ArchOf(a.name) })
	})
}

// namesTriplet reports whether a word says what vcpkg or Conan build libraries for.
func namesTriplet(c *facts.Call, i int) bool {
	text, before := c.Words[i].Text, c.Words[i-1].Text
	switch c.Name {
	case "vcpkg":
		return before == "--triplet" || strings.HasPrefix(text, "--triplet=")
	case "cmake":
		return strings.HasPrefix(strings.TrimPrefix(text, "-D"), "VCPKG_TARGET_TRIPLET")
	case "conan":
		setting := strings.TrimPrefix(strings.TrimPrefix(text, "--settings="), "-s=")
		return strings.HasPrefix(setting, "arch=") && !strings.HasSuffix(before, ":build") && !strings.HasSuffix(before, ":b")
	}
	return false
}

// remoteName reports whether a word of curl's says that files keep their names: -O, also in -fsSLO.
func remoteName(w facts.Word) bool {
	return w.Text == "--remote-name" || strings.HasPrefix(w.Text, "-") && !strings.HasPrefix(w.Text, "--") && strings.HasSuffix(w.Text, "O")
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
func (p *Pass) sources(in *dockerfile.Instruction, on *facts.Platform, paths instructions.SourcesAndDest, what string, wanted func(string) bool, add func(archWord, facts.Value)) {
	words := in.Words()
	for _, src := range paths.SourcePaths {
		v := p.Facts.Expand(in, src, on)
		if !match.MayNameArch(v.Text) && !strings.Contains(v.Text, "/tini") || !wanted(v.Text) {
			continue
		}
		a := archWord{in: in, span: in.Span, what: what, dests: []string{p.Facts.Expand(in, paths.DestPath, on).Text}}
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

// ownNames match what calls architectures otherwise than anybody else, by an example: NVIDIA's repositories and the folders of its
// libraries, and the releases of protoc.
var ownNames = []struct {
	what    func() *regexp.Regexp
	example string
}{
	{match.Pattern(`developer\.download\.nvidia\.com|/cuda(?:-[0-9.]+)?/targets/`), "sbsa for arm64"},
	{match.Pattern(`protocolbuffers/protobuf/releases\b|\bprotoc-(?:v?[0-9]|\$)[^/\s]*-linux`), "aarch_64 for arm64"},
}

// ownTool reports whether a download in a stage that is about to move to the build platform is a tool of the stage's own.
func (p *Pass) ownTool(s *graph.Stage, a archWord) bool {
	own := slices.ContainsFunc(p.Planner.Plan(s).Steps, func(step verdict.Step) bool {
		return step.In == a.in && step.Recipe == "downloads" && step.Verdict == verdict.Neutral && len(step.HostWrites) > 0 && dockerfile.Covers(step.Span, a.span)
	})
	return own && s.Place == graph.Target && !s.LeftOut() && p.Planner.Plan(s).Compiles() && len(p.Planner.ToBuildPlatform(s).Blocks) == 0
}

// ownLoader matches the loaders, and the C library under their kind of name: /lib64 is not there on every machine, and a name such
// as armhf is not what uname says.
var ownLoader = match.Pattern(`(?:^|/)(?:ld(?:64|-linux|-musl)?[-.][a-z0-9_.-]*|libc\.musl-[a-z0-9_-]+)\.so\b|^["']?/lib64/`)

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
	forTarget := p.place(s) == graph.Target && !p.ownTool(s, a) || a.shipped || p.takenExactly(s, a.written, on) || p.unpackedAndTaken(s, a.written, on)
	arg := "TARGETARCH"
	if forTarget {
		d.Message = fmt.Sprintf("%s is for %s, also in the image for %s", a.what, a.name, on)
		d.Hint = "choose it by $TARGETARCH, or with a case over it where the names differ"
		if a.given {
			d.Severity = Warning
			d.Message = fmt.Sprintf("%s is for %s in every image, unless a build argument says otherwise", a.what, a.name)
		}
		if a.message != "" {
			d.Message, d.Hint = fmt.Sprintf(a.message, a.name, on), a.hint
		}
		if a.call != nil {
			d.Notes = p.inFile(a.call)
		}
	} else {
		if match.ArchOf(a.name) == on.Arch {
			return
		}
		arg = "BUILDARCH"
		d.Severity = Warning
		d.Message = fmt.Sprintf("%s is for %s: on a builder of another architecture what it gets cannot run", a.what, a.name)
		d.Hint = "choose it by $BUILDARCH or uname -m"
	}
	raw := string(a.in.Doc.Src[a.span.Start:a.span.End])
	for _, names := range ownNames {
		if own := names.what().FindString(raw); own != "" {
			d.Hint = fmt.Sprintf("choose it with a case over $%s, or in a stage for each: %s has names of its own, such as %s", arg, own, names.example)
			p.Report(d)
			return
		}
	}
	if ownLoader().MatchString(raw) {
		d.Hint = "choose it with a case over $TARGETARCH: loaders and the C library have names of their own, such as armhf"
		p.Report(d)
		return
	}
	if a.at.Len() > 0 && !a.named() {
		why := []string{"whether the same thing exists for the other platforms, under that name, has to be looked up"}
		use := a.use
		switch {
		case use != "":
			arg = "TARGETARCH"
		case a.name == "amd64" || a.name == "arm64":
			use = "${" + arg + "}"
		case (a.name == "x86_64" || a.name == "aarch64") && graph.IsRun(a.in) && (p.place(s) == graph.Target || !forTarget):
			use = "$(uname -m)"
		}
		if use == "" || use == "none" {
			p.Report(d)
			return
		}
		var edits []dockerfile.Edit
		if strings.Contains(use, "${") {
			edits = p.argFor(a.in, arg)
		}
		edits = append(edits, dockerfile.Edit{Span: a.at, New: use})
		if a.use == "" && (a.what == "this download" || a.what == "this file") {
			others, ok := p.mentions(s, a, on, use)
			if !ok {
				d.Hint += "; its name stands in other places, too, which have to change with it"
				p.Report(d)
				return
			}
			for _, at := range others {
				edits = append(edits, dockerfile.Edit{Span: at, New: use})
			}
		}
		d.Fix = &Fix{Message: "use " + use, Safety: Review, Why: why, Edits: edits}
	}
	p.Report(d)
}
