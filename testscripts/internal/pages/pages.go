// Package pages turns pages of documentation into scripts, so that what a page tells people to do is what
// a test does. It knows nothing of where scripts run: testscripts/debian has that.
//
// What a block of a page is for stands after its language, where no reader of the page sees
// it:
//
//	```c file=hello.c          the block is a file of the project that the page is about
//	```dockerfile run          build this, see below
//	```sh run                  run this
//	```console run             run what follows each "$ ", and compare what it prints with the lines after it
//	```dockerfile shown        only shown; so is every block without a word here, but those in sh, console and
//	                           dockerfile must say so, lest one is forgotten
//
// What a reader does not need stands in comments, and goes into the script as it is:
//
//	<!-- test
//	debian bookworm
//	root sh $WORK/prepare.sh
//	-- prepare.sh --
//	mkdir /data
//	-->
//
// with files as in any txtar archive, which are then in $WORK. Each page has one such comment before its first block that runs. One of its lines may be
//
//	platforms linux/arm64 linux/s390x windows/amd64
//
// and then the page is a script for each of them. TARGETPLATFORM is that platform; comments and blocks can be
// for some platforms only, with testscript's conditions: "[windows/amd64] root file hello.exe".
//
// The files of a page lie in the folder context. Scripts start there, and so does everything that runs.
//
// # Dockerfiles
//
// A Dockerfile runs in the script's root, which has to be what its first FROM names. The stages on
// $BUILDPLATFORM are built one after the other: WORKDIR, COPY, ARG, ENV and RUN. TARGETPLATFORM is
// there from ARG TARGETPLATFORM on and not before. Of the stages for the target
// only COPY --from is looked at: what it copies must be there. A COPY from a stage that has no
// instructions (FROM xx, and the image with the helpers) does nothing, because they are
// there already.
//
// A RUN that installs packages before anything is copied or the target is known is the same for all platforms. As in a
// build, it is done once for all of them: its script has "install PACKAGE…" there.
//
// A block that does not start with FROM goes on where the one before it ended; it stands for lines to be put
// into that Dockerfile.
package pages

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"golang.org/x/tools/txtar"
)

// Script is what a page does for one platform.
type Script struct {
	Platform string // "linux/arm64"; empty if the page names none
	Archive  *txtar.Archive
}

// Scripts returns the scripts of a page, one for each of its platforms.
func Scripts(page []byte) ([]Script, error) {
	blocks, err := split(page)
	if err != nil {
		return nil, err
	}
	platforms := []string{""}
	if i := slices.IndexFunc(blocks, func(b block) bool { return b.kind == comment }); i >= 0 {
		for line := range strings.Lines(blocks[i].text) {
			if names, ok := strings.CutPrefix(line, "platforms "); ok {
				platforms = strings.Fields(names)
				blocks[i].text = strings.Replace(blocks[i].text, line, "", 1)
			}
		}
	}
	var all []Script
	for _, platform := range platforms {
		s := script{platform: platform, archive: new(txtar.Archive)}
		if err := s.write(blocks); err != nil {
			return nil, err
		}
		all = append(all, Script{platform, s.archive})
	}
	return all, nil
}

type kind int

const (
	comment kind = iota
	file
	dockerfile
	shell
	console
)

// block is a piece of a page that a test needs.
type block struct {
	kind kind
	line int // of the page, from 1
	name string
	text string
}

// split finds the blocks and comments of a page.
func split(page []byte) ([]block, error) {
	var blocks []block
	lines := strings.SplitAfter(string(page), "\n")
	for i := 0; i < len(lines); i++ {
		start := i
		switch line := strings.TrimRight(lines[i], " \r\n"); {
		case line == "<!-- test":
			text := ""
			for i++; ; i++ {
				if i >= len(lines) {
					return nil, fmt.Errorf("line %d: the comment has no end", start+1)
				}
				if strings.TrimSpace(lines[i]) == "-->" {
					break
				}
				text += lines[i]
			}
			blocks = append(blocks, block{comment, start + 1, "", text})
		case strings.HasPrefix(line, "```"):
			fence := line[:len(line)-len(strings.TrimLeft(line, "`"))]
			text := ""
			for i++; ; i++ {
				if i >= len(lines) {
					return nil, fmt.Errorf("line %d: the block has no end", start+1)
				}
				if strings.TrimSpace(lines[i]) == fence {
					break
				}
				text += lines[i]
			}
			b, ok, err := meaning(strings.Fields(line[len(fence):]))
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", start+1, err)
			}
			if ok {
				b.line, b.text = start+1, text
				blocks = append(blocks, b)
			}
		}
	}
	for _, b := range blocks {
		if b.kind == comment {
			break
		}
		if b.kind != file {
			return nil, fmt.Errorf("line %d: a comment <!-- test, that says where it runs, has to come first", b.line)
		}
	}
	return blocks, nil
}

// runnable are the languages of blocks that have to say whether they run.
var runnable = map[string]kind{"dockerfile": dockerfile, "sh": shell, "console": console}

// meaning reads what stands after the fence of a block. It reports false for one that is only shown.
func meaning(info []string) (block, bool, error) {
	if len(info) == 0 {
		return block{}, false, nil
	}
	k, mustSay := runnable[info[0]]
	switch {
	case len(info) == 1 && mustSay:
		return block{}, false, fmt.Errorf("%q must be followed by run, shown or file=NAME", info[0])
	case len(info) == 1 || len(info) == 2 && info[1] == "shown":
		return block{}, false, nil
	case len(info) == 2 && info[1] == "run" && mustSay:
		return block{kind: k}, true, nil
	}
	name, ok := strings.CutPrefix(info[1], "file=")
	if !ok || len(info) != 2 || name == "" || path.IsAbs(name) || path.Clean(name) != name || strings.HasPrefix(name, "../") {
		return block{}, false, fmt.Errorf("%q is not run, shown or file=NAME", strings.Join(info[1:], " "))
	}
	return block{kind: file, name: name}, true, nil
}

// script is a script in the making.
type script struct {
	platform string
	archive  *txtar.Archive
	snippets int
	dir      string   // WORKDIR of the stage that is built
	set      []string // variables that a Dockerfile has set
}

func (s *script) write(blocks []block) error {
	s.line("mkdir context snippets")
	s.line("cd context")
	if s.platform != "" {
		s.line("env TARGETPLATFORM=%s", s.platform)
	}
	ran := false
	for _, b := range blocks {
		s.line("\n# line %d", b.line)
		switch b.kind {
		case comment:
			hidden := txtar.Parse([]byte(b.text))
			s.archive.Comment = append(s.archive.Comment, hidden.Comment...)
			s.archive.Files = append(s.archive.Files, hidden.Files...)
		case file:
			if slices.ContainsFunc(s.archive.Files, func(f txtar.File) bool { return f.Name == "context/"+b.name }) {
				return fmt.Errorf("line %d: there are two files %s", b.line, b.name)
			}
			s.archive.Files = append(s.archive.Files, txtar.File{Name: "context/" + b.name, Data: []byte(b.text)})
		case shell:
			s.snippet(b.text)
			ran = true
		case console:
			if err := s.console(b.text); err != nil {
				return fmt.Errorf("line %d: %w", b.line, err)
			}
			ran = true
		case dockerfile:
			if err := s.dockerfile(b.text); err != nil {
				return fmt.Errorf("line %d: %w", b.line, err)
			}
			ran = true
		}
	}
	if !ran {
		return fmt.Errorf("nothing on the page is run")
	}
	return nil
}

// line adds a line to the script.
func (s *script) line(format string, args ...any) {
	s.archive.Comment = fmt.Appendf(s.archive.Comment, format+"\n", args...)
}

// add puts a file beside the snippets and returns its path.
func (s *script) add(ending, text string) string {
	s.snippets++
	name := fmt.Sprintf("snippets/%d.%s", s.snippets, ending)
	s.archive.Files = append(s.archive.Files, txtar.File{Name: name, Data: []byte(text)})
	return "$WORK/" + name
}

// snippet runs a piece of shell in the root.
func (s *script) snippet(text string) {
	s.line("root sh -e %s", s.add("sh", text))
}

// console runs the commands of a transcript.
func (s *script) console(text string) error {
	var command, output string
	flush := func() {
		if command == "" {
			return
		}
		s.snippet(command)
		if output != "" {
			s.line("cmp stdout %s", s.add("txt", output))
		}
		command, output = "", ""
	}
	for line := range strings.Lines(text) {
		if c, ok := strings.CutPrefix(line, "$ "); ok {
			flush()
			command = c
		} else if command == "" {
			return fmt.Errorf("the transcript does not start with a command: %q", strings.TrimSpace(line))
		} else if rest, ok := strings.CutPrefix(line, "> "); ok && output == "" {
			command += rest
		} else {
			output += line
		}
	}
	flush()
	return nil
}

// dockerfile does what a Dockerfile, or some lines of one, say.
func (s *script) dockerfile(text string) error {
	fragment := !strings.HasPrefix(firstInstruction(text), "FROM ") && !strings.HasPrefix(firstInstruction(text), "ARG ")
	if fragment {
		text = "FROM --platform=$BUILDPLATFORM continued\n" + text
	}
	parsed, err := parser.Parse(bytes.NewReader([]byte(text)))
	if err != nil {
		return err
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return err
	}
	empty := map[string]bool{}
	for _, stage := range stages {
		native := strings.Contains(stage.Platform, "BUILDPLATFORM")
		switch {
		case len(stage.Commands) == 0:
			empty[stage.Name] = true
			continue
		case native && !fragment:
			s.dir = "/"
			s.unset()
		}
		for _, c := range stage.Commands {
			if err := s.instruction(c, native, empty); err != nil {
				return err
			}
		}
	}
	if s.platform != "" {
		s.line("env TARGETPLATFORM=%s", s.platform)
	}
	return nil
}

// env sets a variable of a Dockerfile, and unset takes all of them away, with those of the target.
func (s *script) env(name, value string) {
	s.set = append(s.set, name)
	s.line("env '%s=%s'", name, strings.ReplaceAll(value, "'", "''"))
}

func (s *script) unset() {
	if s.platform != "" {
		s.set = append(s.set, "TARGETPLATFORM")
	}
	slices.Sort(s.set)
	for _, name := range slices.Compact(s.set) {
		s.line("env %s=", name)
	}
	s.set = nil
}

// target returns the value that BuildKit gives a variable of the target.
func (s *script) target(name string) (string, bool) {
	parts := strings.Split(s.platform+"//", "/")
	value, ok := map[string]string{"TARGETPLATFORM": s.platform, "TARGETOS": parts[0], "TARGETARCH": parts[1], "TARGETVARIANT": parts[2]}[name]
	return value, ok
}

func firstInstruction(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return strings.ToUpper(line)
		}
	}
	return ""
}

// installs is a RUN that installs packages, as package debian does for many roots at once.
var installs = regexp.MustCompile(`^apt-get update && apt-get install -y --no-install-recommends((?: [a-z0-9][a-z0-9+.-]+)+)$`)

// instruction does what one instruction says, in a stage for this machine (native) or for the target. empty has
// the stages without instructions.
func (s *script) instruction(c instructions.Command, native bool, empty map[string]bool) error {
	cp, isCopy := c.(*instructions.CopyCommand)
	if isCopy && empty[cp.From] {
		return nil
	}
	if !native {
		switch {
		case isCopy && cp.From != "":
			for _, source := range cp.SourcePaths {
				s.line("root sh -c 'test -e %s'", source) // a shell, for what is a pattern
			}
			return nil
		case c.Name() == "RUN":
			return fmt.Errorf("a RUN for the target cannot be run: %s", c)
		}
		return nil
	}
	switch c := c.(type) {
	case *instructions.ArgCommand:
		for _, arg := range c.Args {
			value, ok := s.target(arg.Key)
			switch {
			case ok && s.platform == "":
				return fmt.Errorf("ARG %s, but the page names no platforms", arg.Key)
			case ok:
				s.env(arg.Key, value)
			case arg.Value != nil:
				s.env(arg.Key, *arg.Value)
			}
		}
	case *instructions.EnvCommand:
		for _, kv := range c.Env {
			s.env(kv.Key, kv.Value)
		}
	case *instructions.WorkdirCommand:
		s.dir = path.Join(s.dir, c.Path)
		s.line("root mkdir -p %s", s.dir)
	case *instructions.CopyCommand:
		s.copy(c)
	case *instructions.RunCommand:
		text := strings.Join(c.CmdLine, " ")
		if m := installs.FindStringSubmatch(text); m != nil && s.dir == "/" && len(s.set) == 0 {
			s.line("install %s", strings.Join(strings.Fields(m[1]), " "))
			return nil
		}
		if len(c.Files) > 0 {
			text = c.Files[0].Data
		}
		s.snippet("cd " + s.dir + "\n" + text + "\n")
	default:
		return fmt.Errorf("%s is not known here", c.Name())
	}
	return nil
}

// copy does a COPY from the context, or, because all stages share the root, from another stage.
func (s *script) copy(c *instructions.CopyCommand) {
	text := "from=$WORK/context\n"
	if c.From != "" {
		text = "from=\n"
	}
	to := c.DestPath
	if !path.IsAbs(to) {
		to = path.Join(s.dir, to)
		if strings.HasSuffix(c.DestPath, "/") || c.DestPath == "." {
			to += "/"
		}
	}
	if strings.HasSuffix(to, "/") || len(c.SourcePaths) > 1 {
		text += "mkdir -p " + to + "\n"
	} else {
		text += "mkdir -p " + path.Dir(to) + "\n"
	}
	for _, source := range c.SourcePaths {
		text += fmt.Sprintf("for f in $from/%s; do if [ -d \"$f\" ]; then mkdir -p %s; cp -a \"$f\"/. %s; else cp -a \"$f\" %s; fi; done\n",
			strings.TrimPrefix(source, "/"), to, to, to)
	}
	s.snippet(text)
}
