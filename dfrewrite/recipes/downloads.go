package recipes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
)

// A RUN that asks the machine what it is (uname -m, dpkg --print-architecture) mostly downloads something
// for it, through a table of names or without. On the build platform the answer is another one, and what
// is right depends on where the download ends:
//
//   - It stays in the stage, so it is a tool that the stage runs: it has to be the build platform's, and the
//     command is right as it is.
//   - Another stage takes it, so it is shipped: the question becomes one about the target, in the same words
//     (xx-info march, xx-info debian-arch), so that tables keep their entries.
//
// Where both is the case, or where the download ends cannot be seen, or the answer is used for anything else, it is
// refused. The values come from package facts, which follows tables and functions.

// A machineUse is what a RUN makes of the machine's answer.
type machineUse struct {
	// block and way say why it cannot be moved; empty if it can.
	block, way string
	// files are what is downloaded or chosen, as absolute paths; a trailing slash means something in or
	// below that folder.
	files []string
	// shipped says that other stages take it.
	shipped bool
}


// asksMachineFor says what the RUN of the call makes of the machine's answer.
func (c *call) asksMachineFor() *machineUse {
	type answerIn struct{ run *dockerfile.Instruction }
	return remembered(c.file, answerIn{c.run}, func() *machineUse { return c.useOf(facts.FromMachine) })
}

// probed reports whether a command of the RUN asks the machine, for another command. dpkg-architecture is asked for what is
// built there, and refused where it is for anything else.
func (c *call) probed() bool {
	for _, cmd := range c.followed().Calls(c.stage) {
		if cmd.Run == c.run && cmd.Substituted && cmd.AsksMachine() && cmd.Name != "dpkg-architecture" {
			return true
		}
	}
	return false
}

// carriers fetch, unpack, check and move files, and are not themselves different for another machine. Whatever
// stands beside a question to the machine has to be one of them, a decision, or untouched by the answer.
var carriers = set(`curl wget aria2c tar bsdtar unzip gunzip bunzip2 unxz xz gzip zstd unzstd cp mv install ln chmod chown rm mkdir rmdir cd mktemp
	sha256sum sha512sum sha1sum md5sum gpg echo printf cat tee test [ [[ true false : exit return set export local declare readonly typeset
	grep egrep sed awk tr cut head tail sort basename dirname uname arch dpkg apk jq touch sleep unset ls`)

// useOf says what the RUN makes of values of an origin: of the machine's answer, or of what the target is.
func (c *call) useOf(origin facts.Origin) *machineUse {
	u := &machineUse{}
	refuse := func(way, format string, args ...any) *machineUse {
		return &machineUse{block: fmt.Sprintf(format, args...), way: way}
	}
	const byHand = "use $TARGETARCH or `xx-info march` for what is shipped; what runs in the stage may stay as it is in a stage on $BUILDPLATFORM"
	for _, cmd := range c.script.Commands {
		if name := path.Base(cmd.Name); cmd.Nested && !cmd.Substituted && len(cmd.Words) > 0 && (!carriers[name] || name == "apk" || name == "dpkg") && !slices.Contains(c.script.Functions, cmd.Name) {
			return refuse(byHand, "whether `%s` runs may depend on the answer", shorten(string(c.run.Doc.Src[cmd.Span.Start:cmd.Span.End])))
		}
	}
	builds := slices.ContainsFunc(c.script.Commands, func(cmd *shell.Command) bool {
		return len(cmd.Words) > 0 && readsEnvironment(cmd.Name, len(cmd.Words), cmd.Words[len(cmd.Words)-1].Lit)
	})
	for _, cmd := range c.script.Commands {
		if cmd.Name == "export" && cmd.Nested && builds {
			return refuse(byHand, "whether `%s` runs, for what is built here, may depend on the answer", shorten(string(c.run.Doc.Src[cmd.Span.Start:cmd.Span.End])))
		}
	}
	if cmd := c.decidedArgument(); cmd != nil {
		return refuse(byHand, "`%s` takes a variable for which the answer may have decided", shorten(string(c.run.Doc.Src[cmd.Span.Start:cmd.Span.End])))
	}
	all := c.followed()
	for _, on := range all.Platforms {
		fetched := false
		for _, cmd := range all.CallsFor(c.stage, on) {
			if cmd.Run != c.run || cmd.Substituted {
				continue
			}
			told := slices.ContainsFunc(cmd.Words, func(w facts.Word) bool {
				return w.From&origin != 0 && !(path.Base(cmd.Name) == "configure" && strings.HasPrefix(w.Text, "--build="))
			})
			text := shorten(string(c.run.Doc.Src[cmd.Span.Start:cmd.Span.End]))
			decided := c.nestedAt(cmd.Span)
			switch {
			case cmd.Name == "tee" || cmd.Name == "rm" && decided || cmd.Name == "sed" && (told || decided) && editsFiles(cmd):
				u.files = append(u.files, changedBy(cmd)...)
			case !carriers[cmd.Name]:
				if told || cmd.GoBuilds() && cmd.Env("GOARCH").From&origin != 0 {
					return refuse(byHand, "`%s` takes the answer; whether that machine or the target is meant cannot be seen", text)
				}
				if name, ok := cmd.EnvFrom(origin); ok && len(cmd.Words) > 0 && readsEnvironment(cmd.Name, len(cmd.Words), cmd.Words[len(cmd.Words)-1].Text) {
					return refuse(byHand, "`%s` finds the answer in $%s", text, name)
				}
				continue
			case shippers[cmd.Name]:
				fetched = true
				files, ok := fetchedBy(cmd)
				if !ok {
					return refuse("give its result a name with -o or -O", "where `%s` puts what it downloads cannot be seen", text)
				}
				u.files = append(u.files, files...)
			case unpacks[cmd.Name] && (fetched || told):
				folder := unpackedInto(cmd)
				if folder == "" {
					return refuse("unpack it into a folder of its own, with -C or -d", "where `%s` unpacks to cannot be seen", text)
				}
				u.files = append(u.files, folder)
			case copiers[cmd.Name] && (fetched || told || decided):
				dest := ""
				if len(cmd.Words) > 1 {
					dest = cmd.Abs(cmd.Words[len(cmd.Words)-1].Value)
				}
				if dest == "" || cmd.Has("-t", "--target-directory") {
					return refuse(byHand, "where `%s` puts files cannot be seen", text)
				}
				u.files = append(u.files, dest)
				if len(cmd.Words) > 2 {
					u.files = append(u.files, path.Join(dest, path.Base(cmd.Words[len(cmd.Words)-2].Text)))
				}
			}
			for _, r := range cmd.Redirects {
				file := cmd.Abs(r.Value)
				switch {
				case file == "/dev/null" || file == "/dev/stderr" || file == "/dev/stdout":
				case file == "":
					return refuse(byHand, "where `%s` puts its output cannot be seen", text)
				default:
					u.files = append(u.files, file)
				}
			}
		}
	}
	slices.Sort(u.files)
	u.files = slices.Compact(u.files)
	u.files = slices.DeleteFunc(u.files, func(f string) bool { return archiveName().MatchString(f) && !c.taken(f) })

	taken := 0
	for _, f := range u.files {
		switch {
		case c.taken(f):
			taken++
		case c.amongSource(f):
			return refuse(byHand, "%s is put beside the source, where it may become part of what is built", f)
		}
	}
	u.shipped = taken > 0
	if u.shipped {
		for _, f := range u.files {
			if cmd := c.runLater(f); cmd != "" {
				u.block = fmt.Sprintf("%s is shipped, for which it has to be the target's, and `%s` runs it here", strings.TrimSuffix(f, "/"), cmd)
				u.way = "get it twice: for the stage, and for the target in a stage of its own"
			}
		}
	}
	return u
}

// decidedArgument returns a command, other than one that carries files, with a variable that is set in a condition:
//
//	if [ "$(uname -m)" = x86_64 ]; then tags=simd; fi; go build -tags "$tags"
func (c *call) decidedArgument() *shell.Command {
	decided := map[string]bool{}
	for _, cmd := range c.script.Commands {
		if cmd.Nested && !cmd.Substituted && (len(cmd.Words) == 0 || isExport(cmd)) {
			for _, a := range cmd.Assigns {
				decided[a.Name] = true
			}
		}
	}
	for _, cmd := range c.script.Commands {
		name := path.Base(cmd.Name)
		if len(cmd.Words) == 0 || isExport(cmd) || carriers[name] || slices.Contains(c.script.Functions, cmd.Name) {
			continue
		}
		if slices.ContainsFunc(c.script.Uses, func(u shell.Use) bool { return decided[u.Name] && covers(cmd.Span, u.Span) }) {
			return cmd
		}
	}
	return nil
}

// nestedAt reports whether the command at a place of the RUN stands in a condition or a loop, so that the answer may decide whether
// it runs.
func (c *call) nestedAt(span dockerfile.Span) bool {
	return slices.ContainsFunc(c.script.Commands, func(cmd *shell.Command) bool { return cmd.Nested && cmd.Span == span })
}

// changedBy returns the files that a call of tee, rm or sed -i names.
func changedBy(cmd *facts.Call) (files []string) {
	script := cmd.Name == "sed" // the next word is what sed does
	for i := 1; i < len(cmd.Words); i++ {
		w := cmd.Words[i]
		switch file := cmd.Abs(w.Value); {
		case cmd.Name == "sed" && (w.Text == "-e" || w.Text == "-f" || w.Text == "--expression" || w.Text == "--file"):
			script = false
			i++
		case strings.HasPrefix(w.Text, "-"):
		case script:
			script = false
		case file != "" && !within(file, []string{"/dev"}):
			files = append(files, file)
		}
	}
	return files
}

// editsFiles reports whether a call of sed changes files.
func editsFiles(cmd *facts.Call) bool {
	return slices.ContainsFunc(cmd.Words[1:], func(w facts.Word) bool { return editsInPlace().MatchString(w.Text) })
}

// readsEnvironment reports whether a command of so many words may do something else for a variable of the environment: it is
// neither one of the carriers nor known to do the same everywhere, and does more than to say its version.
func readsEnvironment(name string, words int, last string) bool {
	if name = path.Base(name); words == 2 && set("--version -version -v -V version --help")[last] {
		return false
	}
	return !carriers[name] && !plainPrograms[name] && !set("apt apt-get")[name]
}

// archiveName matches what is unpacked and then of no use.
var archiveName = pattern(`\.(tar|tgz|tbz2?|txz|zip|gz|xz|bz2|zst|deb|apk|rpm|sha256|sha256sum|sha512|asc|sig|txt)$`)

func shorten(s string) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, "\\\n", " ")), " ")
	if len(s) > 60 {
		s = s[:57] + "..."
	}
	return s
}

// fetchedBy returns the files that curl or wget writes; none when they print. ok is false if that cannot be seen.
func fetchedBy(cmd *facts.Call) (files []string, ok bool) {
	output, remote := "", cmd.Name != "curl"
	var urls []facts.Value
	dir := cmd.Dir
	for i := 1; i < len(cmd.Words); i++ {
		w := cmd.Words[i]
		next := func() facts.Value {
			if i++; i < len(cmd.Words) {
				return cmd.Words[i].Value
			}
			return facts.Value{Text: facts.Unknown}
		}
		letter, short := "o", strings.HasPrefix(w.Text, "-") && !strings.HasPrefix(w.Text, "--") && len(w.Text) > 1
		if cmd.Name == "wget" {
			letter = "O"
		}
		name, value, glued := strings.Cut(w.Text, "=")
		switch {
		case name == "--output" || name == "--output-document" || name == "--out":
			v := w.Value
			if v.Text = value; !glued {
				v = next()
			}
			if v.Text == "-" || v.Text == "/dev/stdout" {
				return nil, true
			}
			if output = cmd.Abs(v); output == "" {
				return nil, false
			}
		case short && strings.Contains(w.Text, letter):
			v := w.Value
			if _, v.Text, _ = strings.Cut(w.Text, letter); v.Text == "" {
				v = next()
			}
			if v.Text == "-" || v.Text == "/dev/stdout" {
				return nil, true
			}
			if output = cmd.Abs(v); output == "" {
				return nil, false
			}
		case cmd.Name == "wget" && (short && strings.HasSuffix(w.Text, "P") || name == "--directory-prefix"):
			v := w.Value
			if v.Text = value; !glued {
				v = next()
			}
			if dir = cmd.Abs(v); dir == "" {
				return nil, false
			}
		case name == "--output-dir":
			return nil, false
		case name == "--remote-name" || name == "--remote-name-all" || short && cmd.Name == "curl" && strings.Contains(w.Text, "O"):
			remote = true
		case !strings.HasPrefix(w.Text, "-") && strings.Contains(w.Text, "/"):
			urls = append(urls, w.Value)
		}
	}
	switch {
	case output != "":
		return []string{output}, true
	case !remote:
		return nil, true
	case dir == "" || len(urls) == 0:
		return nil, false
	}
	for _, u := range urls {
		name := path.Base(u.Text)
		if i := strings.IndexAny(name, "?#"); i >= 0 {
			name = name[:i]
		}
		if strings.Contains(name, facts.Unknown) && !archiveName().MatchString(name) {
			return nil, false
		}
		if !strings.Contains(name, facts.Unknown) {
			files = append(files, path.Join(dir, name))
		}
	}
	return files, true
}

var unpacks = set("tar bsdtar unzip")

// unpackedInto returns the folder that an archive is unpacked into, with a trailing slash; "" if that cannot be
// seen.
func unpackedInto(cmd *facts.Call) string {
	dir := cmd.Dir
	for i := 1; i < len(cmd.Words); i++ {
		text := cmd.Words[i].Text
		short := strings.HasPrefix(text, "-") && !strings.HasPrefix(text, "--") || i == 1 && cmd.Name != "unzip"
		v := cmd.Words[i].Value
		switch name, value, glued := strings.Cut(text, "="); {
		case name == "--directory" && glued, name == "--one-top-level" && glued:
			v.Text = value
		case name == "--directory", cmd.Name == "unzip" && text == "-d",
			cmd.Name != "unzip" && short && strings.HasSuffix(text, "C"):
			if i++; i == len(cmd.Words) {
				return ""
			}
			v = cmd.Words[i].Value
		case cmd.Name != "unzip" && strings.HasPrefix(text, "-C"):
			v.Text = text[2:]
		case cmd.Name == "unzip" && strings.HasPrefix(text, "-d"):
			v.Text = text[2:]
		default:
			continue
		}
		dir = cmd.Abs(v)
	}
	if dir == "" || strings.Contains(dir, facts.Unknown) {
		return ""
	}
	return strings.TrimSuffix(dir, "/") + "/"
}

// taken reports whether another stage takes a file that a RUN got, or may take it out of a folder that it unpacked
// into. What something else in the stage makes is not that.
func (c *call) taken(file string) bool {
	folder := strings.TrimSuffix(file, "/")
	for _, t := range c.stage.Tree() {
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
func (c *call) madeElsewhere(p string) bool {
	if c.plan.copied(p) {
		return true
	}
	for _, t := range c.stage.Tree() {
		for _, cmd := range c.followed().Calls(t) {
			if cmd.Run == c.run && carriers[cmd.Name] {
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

// amongSource reports whether a file lies in a folder that holds what was copied from the build context.
func (c *call) amongSource(file string) bool {
	for s := c.stage; s != nil; s = s.Base {
		for _, in := range s.Body {
			if in == c.run || !isContextCopy(in) {
				continue
			}
			if dest := s.Graph.CopiesTo(in); dest != "/" && !isProgramDir(dest) && within(strings.TrimSuffix(file, "/"), []string{dest}) {
				return true
			}
		}
	}
	return false
}

// runLater returns a command of the stage that runs a file which a RUN got: by its path, or by its name.
func (c *call) runLater(file string) string {
	for _, t := range c.stage.Tree() {
		for _, cmd := range c.followed().Calls(t) {
			if len(cmd.Words) == 0 {
				continue
			}
			program := cmd.Words[0].Text
			byPath := strings.Contains(program, "/") && (cmd.Abs(cmd.Words[0].Value) == file || strings.HasSuffix(file, "/") && strings.HasPrefix(cmd.Abs(cmd.Words[0].Value), file) && !isSystemDir(strings.TrimSuffix(file, "/")))
			byName := !strings.Contains(program, "/") && program == path.Base(file) && isProgramDir(path.Dir(file))
			if byPath || byName {
				return shorten(string(cmd.Run.Doc.Src[cmd.Span.Start:cmd.Span.End]))
			}
		}
	}
	return ""
}

// judgeDownloads decides on questions to the machine, on downloads, and on tools that were downloaded.
func judgeDownloads(c *call) (Step, bool) {
	question := machineQuestion(c)
	switch {
	case question != "" && !c.Substituted && !c.InFunction:
		return c.printsMachine(), true
	case question != "":
		return c.judgeQuestion(question), true
	case shippers[c.name] && c.probed():
		u := c.asksMachineFor()
		if u.shipped { // where that stands in the way, the question says so
			return Step{Reason: "downloads what is shipped, for the target", Writes: u.files}, true
		}
		return Step{Reason: "downloads tools for the stage itself", HostWrites: u.files}, true
	case shippers[c.name]:
		return c.judgeDownload()
	case downloadedCompilers[c.name]:
		return Step{Verdict: Block, Compiles: true, Reason: fmt.Sprintf("%s compiles, and there is no recipe for it", c.name),
			Way: "convert the stage by hand: tell it what to compile for"}, true
	}
	return Step{}, false
}

// printsMachine judges a command that prints what the machine is: a file with that is the build platform's.
func (c *call) printsMachine() Step {
	step := Step{Reason: "prints what the machine is"}
	for _, r := range c.Redirects {
		file := c.abs(r.Lit)
		switch {
		case !r.Const || file == "" || within(file, []string{"/dev"}):
		case c.amongSource(file) && !c.taken(file):
			return Step{Verdict: Block, Reason: fmt.Sprintf("%s is put into %s beside the source, where it may become part of what is built", c.text(), r.Lit),
				Way: "write $TARGETARCH or `xx-info march` into it"}
		default:
			step.HostWrites = append(step.HostWrites, file)
		}
	}
	return step
}

// judgeDownloadedTool decides on a program that no recipe knows and that the stage downloaded for itself.
func judgeDownloadedTool(c *call) (Step, bool) {
	if plainPrograms[c.name] || c.name == "protoc" || c.name == "buf" {
		return Step{}, false
	}
	for _, s := range c.plan.writers {
		if s.Recipe == "downloads" && slices.ContainsFunc(s.HostWrites, func(w string) bool { return path.Base(w) == c.name && isProgramDir(path.Dir(w)) }) {
			return Step{Reason: "is a tool that the stage downloaded for itself",
				Review: fmt.Sprintf("what %s makes when it runs on the build platform has to be looked up", c.name)}, true
		}
	}
	return Step{}, false
}

// addedForTarget reports whether an ADD gets something that the target chooses, and another stage takes it: that is
// right on the build platform, too.
func (p *Plan) addedForTarget(file *sources, in *dockerfile.Instruction, src string) bool {
	c := &call{site: site{run: in, stage: p.Stage}, plan: p, file: file, opt: file.opt}
	for _, on := range c.followed().Platforms {
		v := c.followed().Expand(in, src, on)
		if v.From&facts.FromTarget == 0 || v.From&(facts.FromMachine|facts.FromBuilder) != 0 {
			return false
		}
		dest := in.Command.(*instructions.AddCommand).DestPath
		if to := c.followed().Expand(in, dest, on); !to.Known() || strings.HasSuffix(to.Text, "/") || !c.taken(c.followed().Abs(in, to.Text, on)) ||
			c.runLater(c.followed().Abs(in, to.Text, on)) != "" {
			return false
		}
	}
	return true
}

// downloadedCompilers compile for the machine that they run on, or for one that they are told.
var downloadedCompilers = set("zig tinygo bazel bazelisk deno crystal nim ghc stack cabal swift swiftc dart flutter ldc2 dmd v odin kotlinc-native")

// judgeDownload decides on a download that no question to the machine is behind: one chosen by the target that
// is shipped is right on the build platform, too.
func (c *call) judgeDownload() (Step, bool) {
	text := string(c.run.Doc.Src[c.Span.Start:c.Span.End])
	if !strings.Contains(text, "$") {
		return Step{}, false
	}
	var files []string
	for _, cmd := range c.followed().Calls(c.stage) {
		if cmd.Run != c.run || cmd.Span != c.Span {
			continue
		}
		chosen := slices.ContainsFunc(cmd.Words, func(w facts.Word) bool {
			return w.From&facts.FromTarget != 0 && w.From&(facts.FromMachine|facts.FromBuilder) == 0 && strings.Contains(w.Text, "://")
		})
		written, ok := fetchedBy(cmd)
		if !chosen || !ok || len(written) == 0 {
			return c.judgeToolForTarget()
		}
		files = append(files, written...)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	if len(files) == 0 || slices.ContainsFunc(files, func(f string) bool { return !c.taken(f) || c.runLater(f) != "" }) {
		return c.judgeToolForTarget()
	}
	return Step{Reason: "downloads what is shipped, chosen by the target", Writes: files}, true
}

// machineQuestion returns what xx-info calls the answer to a question about the machine, "" for a command that
// does not ask. A question of another form is none of them: it stays with the recipe of its program.
func machineQuestion(c *call) string {
	only := func(words ...string) bool { return len(c.args) == 1 && slices.Contains(words, c.args[0].Lit) }
	switch {
	case c.name == "uname" && only("-m", "-p", "-i", "--machine"), c.name == "arch" && len(c.args) == 0:
		return "march"
	case c.name == "dpkg" && only("--print-architecture"):
		return "debian-arch"
	case c.name == "apk" && only("--print-arch"):
		return "alpine-arch"
	}
	return ""
}

// judgeQuestion decides on a question to the machine by what the RUN makes of the answer.
func (c *call) judgeQuestion(question string) Step {
	u := c.asksMachineFor()
	switch {
	case u.block != "":
		return Step{Verdict: Block, Reason: fmt.Sprintf("%s asks the machine that builds, and %s", c.text(), u.block), Way: u.way}
	case !u.shipped:
		return Step{Reason: "asks for the machine that the stage's own tools run on", HostWrites: u.files}
	}
	sameAs := !slices.ContainsFunc(c.followed().Platforms, func(on *facts.Platform) bool { return on.Row.Debian != on.Arch })
	whole, ok := c.substitution()
	step := Step{Verdict: Convert, Reason: "asks for the target instead, whose files are shipped"}
	switch {
	case question == "debian-arch" && sameAs && ok:
		step.Args = []string{"TARGETARCH"}
		step.Edits = []dockerfile.Edit{{Span: whole, New: "$TARGETARCH"}}
	case c.opt.Helpers == HelpersNever:
		return Step{Verdict: Block, Reason: fmt.Sprintf("%s has to ask for the target, which takes xx-info, and --helpers=never rules that out", c.text()), Way: "use --helpers=auto"}
	default:
		for _, p := range c.opt.Platforms {
			if question == "march" && (p == "linux/386" || p == "linux/arm/v5" || p == "linux/arm/v6") {
				return Step{Verdict: Block, Reason: fmt.Sprintf("%s and xx-info march have different names for %s", c.text(), p), Way: "choose what is downloaded by $TARGETARCH and $TARGETVARIANT"}
			}
		}
		step.Helper = true
		step.Args = []string{"TARGETPLATFORM"}
		step.Edits = []dockerfile.Edit{{Span: c.Span, New: "xx-info " + question}}
		step.Review = fmt.Sprintf("what is shipped was chosen by %s, and is now by xx-info %s", c.text(), question)
	}
	return step
}

// substitution is where the whole of $(command) or `command` stands, if the command is all of it.
func (c *call) substitution() (dockerfile.Span, bool) {
	src, s := string(c.run.Doc.Src), c.Span
	switch {
	case strings.HasSuffix(src[:s.Start], "$(") && strings.HasPrefix(src[s.End:], ")"):
		return dockerfile.Span{Start: s.Start - 2, End: s.End + 1}, true
	case strings.HasSuffix(src[:s.Start], "`") && strings.HasPrefix(src[s.End:], "`"):
		return dockerfile.Span{Start: s.Start - 1, End: s.End + 1}, true
	}
	return s, false
}

// checkDownloads refuses downloads of the stage's own that may be libraries where the stage compiles C.
func (c *Conversion) checkDownloads() {
	for _, p := range c.Plans {
		compilesC := slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Verdict == Convert && (s.NeedsC || s.Recipe == "rust" && s.Compiles) })
		for _, s := range p.Steps {
			if s.Recipe != "downloads" || !compilesC {
				continue
			}
			told := slices.ContainsFunc(c.Blocks, func(b Step) bool { return b.In == s.In && b.Recipe == "downloads" })
			for _, w := range s.HostWrites {
				if told {
					break
				}
				if folder, ok := strings.CutSuffix(w, "/"); ok && !isProgramDir(folder) && folder != "/tmp" && !strings.HasPrefix(folder, "/tmp/") {
					c.Blocks = append(c.Blocks, Step{In: s.In, Span: s.Span, Recipe: "downloads", Verdict: Block,
						Reason: fmt.Sprintf("what is unpacked into %s may be a library for the build platform, with which the target's program would be linked", folder),
						Way:    "get tools in a stage of their own, and libraries for the target"})
					break
				}
			}
		}
	}
}
