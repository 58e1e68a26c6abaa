// Package download knows what is fetched, and for which machine: by a question to the machine (uname -m),
// by what BuildKit says of the target, by a script that installs a tool, or out of another image.
package download

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of questions to the machine and of downloads, of which many are chosen by the answer.
var Recipe = &verdict.Recipe{Name: "downloads", Page: "downloads", Judge: judge, Copy: judgeCopy, Check: checkLibraries}

// InstallScript is that of scripts that install one tool, and Tool that of tools that were downloaded.
var (
	InstallScript = &verdict.Recipe{Name: "install script", Page: "downloads", Judge: judgeInstallScript}
	Tool          = &verdict.Recipe{Name: "downloaded tool", Page: "downloads", Judge: judgeDownloadedTool}
)

// judgeCopy decides on tools out of other images, and on downloads by ADD.
func judgeCopy(l *verdict.Ledger, file *verdict.File, in *dockerfile.Instruction) (verdict.Step, bool) {
	switch c := in.Command.(type) {
	case *instructions.CopyCommand:
		return judgeCopiedTools(l, file, in)
	case *instructions.AddCommand:
		for _, src := range c.SourcePaths {
			why := verdict.ArchInDownload(src)
			if why == "" || addedForTarget(l, file, in, src) {
				continue
			}
			if step, ok := addedTool(l, file, in); ok {
				return step, true
			}
			if step, ok := addedToolForOne(l, file, in); ok {
				return step, true
			}
			return verdict.Step{In: in, Span: in.Span, Recipe: "stage", Verdict: verdict.Block, Reason: why,
				Way: "use the ARG that gives the same name, or move the download to the stage that needs it"}, true
		}
	}
	return verdict.Step{}, false
}

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
func asksMachineFor(c *verdict.Call) *machineUse {
	type answerIn struct{ run *dockerfile.Instruction }
	return verdict.Once(c.File, answerIn{c.Run}, func() *machineUse { return useOf(c, facts.FromMachine) })
}

// probed reports whether a command of the RUN asks the machine, for another command. dpkg-architecture is asked for what is
// built there, and refused where it is for anything else.
func probed(c *verdict.Call) bool {
	for _, cmd := range c.Facts().Calls(c.Stage) {
		if cmd.Run == c.Run && cmd.Substituted && cmd.AsksMachine() && cmd.Name != "dpkg-architecture" {
			return true
		}
	}
	return false
}

// useOf says what the RUN makes of values of an origin: of the machine's answer, or of what the target is.
func useOf(c *verdict.Call, origin facts.Origin) *machineUse {
	u := &machineUse{}
	refuse := func(way, format string, args ...any) *machineUse {
		return &machineUse{block: fmt.Sprintf(format, args...), way: way}
	}
	const byHand = "use $TARGETARCH or `xx-info march` for what is shipped; what runs in the stage may stay as it is in a stage on $BUILDPLATFORM"
	for _, cmd := range c.Script.Commands {
		if name := path.Base(cmd.Name); cmd.Nested && !cmd.Substituted && len(cmd.Words) > 0 && (!shell.Carriers[name] || name == "apk" || name == "dpkg") && !slices.Contains(c.Script.Functions, cmd.Name) {
			return refuse(byHand, "whether `%s` runs may depend on the answer", shell.Shorten(string(c.Run.Doc.Src[cmd.Span.Start:cmd.Span.End])))
		}
	}
	builds := slices.ContainsFunc(c.Script.Commands, func(cmd *shell.Command) bool {
		return len(cmd.Words) > 0 && readsEnvironment(cmd.Name, len(cmd.Words), cmd.Words[len(cmd.Words)-1].Lit)
	})
	for _, cmd := range c.Script.Commands {
		if cmd.Name == "export" && cmd.Nested && builds {
			return refuse(byHand, "whether `%s` runs, for what is built here, may depend on the answer", shell.Shorten(string(c.Run.Doc.Src[cmd.Span.Start:cmd.Span.End])))
		}
	}
	if cmd := decidedArgument(c); cmd != nil {
		return refuse(byHand, "`%s` takes a variable for which the answer may have decided", shell.Shorten(string(c.Run.Doc.Src[cmd.Span.Start:cmd.Span.End])))
	}
	all := c.Facts()
	for _, on := range all.Platforms {
		fetched := false
		for _, cmd := range all.CallsFor(c.Stage, on) {
			if cmd.Run != c.Run || cmd.Substituted {
				continue
			}
			told := slices.ContainsFunc(cmd.Words, func(w facts.Word) bool {
				return w.From&origin != 0 && !(path.Base(cmd.Name) == "configure" && strings.HasPrefix(w.Text, "--build="))
			})
			text := shell.Shorten(string(c.Run.Doc.Src[cmd.Span.Start:cmd.Span.End]))
			decided := nestedAt(c, cmd.Span)
			switch {
			case cmd.Name == "tee" || cmd.Name == "rm" && decided || cmd.Name == "sed" && (told || decided) && editsFiles(cmd):
				u.files = append(u.files, changedBy(cmd)...)
			case !shell.Carriers[cmd.Name]:
				if told || cmd.GoBuilds() && cmd.Env("GOARCH").From&origin != 0 {
					return refuse(byHand, "`%s` takes the answer; whether that machine or the target is meant cannot be seen", text)
				}
				if name, ok := cmd.EnvFrom(origin); ok && len(cmd.Words) > 0 && readsEnvironment(cmd.Name, len(cmd.Words), cmd.Words[len(cmd.Words)-1].Text) {
					return refuse(byHand, "`%s` finds the answer in $%s", text, name)
				}
				continue
			case shell.Fetchers[cmd.Name]:
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
			case shell.Copiers[cmd.Name] && (fetched || told || decided):
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
	u.files = slices.DeleteFunc(u.files, func(f string) bool { return archiveName().MatchString(f) && !c.Taken(f) })

	taken := 0
	for _, f := range u.files {
		switch {
		case c.Taken(f):
			taken++
		case c.AmongSource(f):
			return refuse(byHand, "%s is put beside the source, where it may become part of what is built", f)
		}
	}
	u.shipped = taken > 0
	if u.shipped {
		for _, f := range u.files {
			if cmd := c.RunLater(f); cmd != "" {
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
func decidedArgument(c *verdict.Call) *shell.Command {
	decided := map[string]bool{}
	for _, cmd := range c.Script.Commands {
		if cmd.Nested && !cmd.Substituted && (len(cmd.Words) == 0 || shell.IsExport(cmd)) {
			for _, a := range cmd.Assigns {
				decided[a.Name] = true
			}
		}
	}
	for _, cmd := range c.Script.Commands {
		name := path.Base(cmd.Name)
		if len(cmd.Words) == 0 || shell.IsExport(cmd) || shell.Carriers[name] || slices.Contains(c.Script.Functions, cmd.Name) {
			continue
		}
		if slices.ContainsFunc(c.Script.Uses, func(u shell.Use) bool { return decided[u.Name] && dockerfile.Covers(cmd.Span, u.Span) }) {
			return cmd
		}
	}
	return nil
}

// nestedAt reports whether the command at a place of the RUN stands in a condition or a loop, so that the answer may decide whether
// it runs.
func nestedAt(c *verdict.Call, span dockerfile.Span) bool {
	return slices.ContainsFunc(c.Script.Commands, func(cmd *shell.Command) bool { return cmd.Nested && cmd.Span == span })
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
		case file != "" && !verdict.Within(file, []string{"/dev"}):
			files = append(files, file)
		}
	}
	return files
}

// editsFiles reports whether a call of sed changes files.
func editsFiles(cmd *facts.Call) bool {
	return slices.ContainsFunc(cmd.Words[1:], func(w facts.Word) bool { return context.EditsInPlace().MatchString(w.Text) })
}

// readsEnvironment reports whether a command of so many words may do something else for a variable of the environment: it is
// neither one of the carriers nor known to do the same everywhere, and does more than to say its version.
func readsEnvironment(name string, words int, last string) bool {
	if name = path.Base(name); words == 2 && match.Words("--version -version -v -V version --help")[last] {
		return false
	}
	return !shell.Carriers[name] && !shell.Plain[name] && !match.Words("apt apt-get")[name]
}

// archiveName matches what is unpacked and then of no use.
var archiveName = match.Pattern(`\.(tar|tgz|tbz2?|txz|zip|gz|xz|bz2|zst|deb|apk|rpm|sha256|sha256sum|sha512|asc|sig|txt)$`)

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

var unpacks = match.Words("tar bsdtar unzip")

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

// judge decides on questions to the machine, on downloads, and on tools that were downloaded.
func judge(c *verdict.Call) (verdict.Step, bool) {
	question := machineQuestion(c)
	switch {
	case question != "" && !c.Substituted && !c.InFunction:
		return c.PrintsMachine(), true
	case question != "":
		return judgeQuestion(c, question), true
	case shell.Fetchers[c.Program] && probed(c):
		u := asksMachineFor(c)
		if u.shipped { // where that stands in the way, the question says so
			return verdict.Step{Reason: "downloads what is shipped, for the target", Writes: u.files}, true
		}
		return verdict.Step{Reason: "downloads tools for the stage itself", HostWrites: u.files}, true
	case shell.Fetchers[c.Program]:
		if step, ok := judgeDownload(c); ok {
			return step, true
		}
		return judgeToolForOne(c)
	case downloadedCompilers[c.Program]:
		return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf("%s compiles, and there is no recipe for it", c.Program),
			Way: "convert the stage by hand: tell it what to compile for"}, true
	}
	return verdict.Step{}, false
}

// judgeDownloadedTool decides on a program that no recipe knows and that the stage downloaded for itself.
func judgeDownloadedTool(c *verdict.Call) (verdict.Step, bool) {
	if shell.Plain[c.Program] || c.Program == "protoc" || c.Program == "buf" {
		return verdict.Step{}, false
	}
	for _, s := range c.Ledger.Writers {
		if s.Recipe == "downloads" && slices.ContainsFunc(s.HostWrites, func(w string) bool { return path.Base(w) == c.Program && verdict.IsProgramDir(path.Dir(w)) }) {
			return verdict.Step{Reason: "is a tool that the stage downloaded for itself",
				Review: fmt.Sprintf("what %s makes when it runs on the build platform has to be looked up", c.Program)}, true
		}
	}
	return verdict.Step{}, false
}

// addedForTarget reports whether an ADD gets something that the target chooses, and another stage takes it: that is
// right on the build platform, too.
func addedForTarget(p *verdict.Ledger, file *verdict.File, in *dockerfile.Instruction, src string) bool {
	c := &verdict.Call{Site: graph.Site{Run: in, Stage: p.Stage}, Ledger: p, File: file, Opt: file.Options}
	for _, on := range c.Facts().Platforms {
		v := c.Facts().Expand(in, src, on)
		if v.From&facts.FromTarget == 0 || v.From&(facts.FromMachine|facts.FromBuilder) != 0 {
			return false
		}
		dest := in.Command.(*instructions.AddCommand).DestPath
		if to := c.Facts().Expand(in, dest, on); !to.Known() || strings.HasSuffix(to.Text, "/") || !c.Taken(c.Facts().Abs(in, to.Text, on)) ||
			c.RunLater(c.Facts().Abs(in, to.Text, on)) != "" {
			return false
		}
	}
	return true
}

// downloadedCompilers compile for the machine that they run on, or for one that they are told.
var downloadedCompilers = match.Words("zig tinygo bazel bazelisk deno crystal nim ghc stack cabal swift swiftc dart flutter ldc2 dmd v odin kotlinc-native")

// judgeDownload decides on a download that no question to the machine is behind: one chosen by the target that
// is shipped is right on the build platform, too.
func judgeDownload(c *verdict.Call) (verdict.Step, bool) {
	text := string(c.Run.Doc.Src[c.Span.Start:c.Span.End])
	if !strings.Contains(text, "$") {
		return verdict.Step{}, false
	}
	var files []string
	for _, cmd := range c.Facts().Calls(c.Stage) {
		if cmd.Run != c.Run || cmd.Span != c.Span {
			continue
		}
		chosen := slices.ContainsFunc(cmd.Words, func(w facts.Word) bool {
			return w.From&facts.FromTarget != 0 && w.From&(facts.FromMachine|facts.FromBuilder) == 0 && strings.Contains(w.Text, "://")
		})
		written, ok := fetchedBy(cmd)
		if !chosen || !ok || len(written) == 0 {
			return judgeToolForTarget(c)
		}
		files = append(files, written...)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	if len(files) == 0 || slices.ContainsFunc(files, func(f string) bool { return !c.Taken(f) || c.RunLater(f) != "" }) {
		return judgeToolForTarget(c)
	}
	return verdict.Step{Reason: "downloads what is shipped, chosen by the target", Writes: files}, true
}

// machineQuestion returns what xx-info calls the answer to a question about the machine, "" for a command that
// does not ask. A question of another form is none of them: it stays with the recipe of its program.
func machineQuestion(c *verdict.Call) string {
	only := func(words ...string) bool { return len(c.Args) == 1 && slices.Contains(words, c.Args[0].Lit) }
	switch {
	case c.Program == "uname" && only("-m", "-p", "-i", "--machine"), c.Program == "arch" && len(c.Args) == 0:
		return "march"
	case c.Program == "dpkg" && only("--print-architecture"):
		return "debian-arch"
	case c.Program == "apk" && only("--print-arch"):
		return "alpine-arch"
	}
	return ""
}

// judgeQuestion decides on a question to the machine by what the RUN makes of the answer.
func judgeQuestion(c *verdict.Call, question string) verdict.Step {
	u := asksMachineFor(c)
	switch {
	case u.block != "":
		return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("%s asks the machine that builds, and %s", c.Source(), u.block), Way: u.way}
	case !u.shipped:
		return verdict.Step{Reason: "asks for the machine that the stage's own tools run on", HostWrites: u.files}
	}
	sameAs := !slices.ContainsFunc(c.Facts().Platforms, func(on *facts.Platform) bool { return on.Row.Debian != on.Arch })
	whole, ok := substitution(c)
	step := verdict.Step{Verdict: verdict.Convert, Reason: "asks for the target instead, whose files are shipped"}
	switch {
	case question == "debian-arch" && sameAs && ok:
		step.Needs.Args = []string{"TARGETARCH"}
		step.Edits = []dockerfile.Edit{{Span: whole, New: "$TARGETARCH"}}
	case c.Opt.Helpers == verdict.HelpersNever:
		return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("%s has to ask for the target, which takes xx-info, and --helpers=never rules that out", c.Source()), Way: "use --helpers=auto"}
	default:
		for _, p := range c.Opt.Platforms {
			if question == "march" && (p == "linux/386" || p == "linux/arm/v5" || p == "linux/arm/v6") {
				return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("%s and xx-info march have different names for %s", c.Source(), p), Way: "choose what is downloaded by $TARGETARCH and $TARGETVARIANT"}
			}
		}
		step.Needs.Helper = true
		step.Needs.Args = []string{"TARGETPLATFORM"}
		step.Edits = []dockerfile.Edit{{Span: c.Span, New: "xx-info " + question}}
		step.Review = fmt.Sprintf("what is shipped was chosen by %s, and is now by xx-info %s", c.Source(), question)
	}
	return step
}

// substitution is where the whole of $(command) or `command` stands, if the command is all of it.
func substitution(c *verdict.Call) (dockerfile.Span, bool) {
	src, s := string(c.Run.Doc.Src), c.Span
	switch {
	case strings.HasSuffix(src[:s.Start], "$(") && strings.HasPrefix(src[s.End:], ")"):
		return dockerfile.Span{Start: s.Start - 2, End: s.End + 1}, true
	case strings.HasSuffix(src[:s.Start], "`") && strings.HasPrefix(src[s.End:], "`"):
		return dockerfile.Span{Start: s.Start - 1, End: s.End + 1}, true
	}
	return s, false
}

// checkLibraries refuses downloads of the stage's own that may be libraries where the stage compiles C.
func checkLibraries(c *verdict.Conversion) {
	for _, p := range c.Ledgers {
		compilesC := slices.ContainsFunc(p.Steps, func(s verdict.Step) bool {
			return s.Verdict == verdict.Convert && (s.Needs.C || s.Recipe == "rust" && s.Compiles)
		})
		for _, s := range p.Steps {
			if s.Recipe != "downloads" || !compilesC {
				continue
			}
			told := slices.ContainsFunc(c.Blocks, func(b verdict.Step) bool { return b.In == s.In && b.Recipe == "downloads" })
			for _, w := range s.HostWrites {
				if told {
					break
				}
				if reason := linkedFor(w); reason != "" {
					c.Blocks = append(c.Blocks, verdict.Step{In: s.In, Span: s.Span, Recipe: "downloads", Verdict: verdict.Block,
						Reason: reason, Way: "get tools in a stage of their own, and libraries for the target"})
					break
				}
			}
		}
	}
}

// linkedFor says that what was downloaded for the builder may be linked with, or is empty. A folder has a trailing slash.
func linkedFor(written string) string {
	folder, unpacked := strings.CutSuffix(written, "/")
	switch {
	case unpacked && !verdict.IsProgramDir(folder) && !verdict.Within(folder, []string{"/tmp"}):
		return fmt.Sprintf("what is unpacked into %s may be a library for the build platform, with which the target's program would be linked", folder)
	case !unpacked && (libraryFile().MatchString(path.Base(folder)) || verdict.Within(folder, libraryFolders)):
		return fmt.Sprintf("%s is got for the build platform, and the target's program would be linked with it", folder)
	}
	return ""
}

// libraryFile matches what a compiler or a linker takes, and libraryFolders are where they look for it.
var (
	libraryFile    = match.Pattern(`\.(a|o|so(\.[0-9]+)*|h|hpp|pc|la|rlib)$`)
	libraryFolders = []string{"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/include", "/usr/local/include"}
)
