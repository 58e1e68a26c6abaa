package recipes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/shell"
)

// A program can be carried away without being copied by name: cat writes it into another file, tar into an archive, and find
// starts what does.

// contentCarriers write what they read into files.
var contentCarriers = set("cat dd gzip xz zstd base64 tar zip")

// carriesProgram returns a program or library of the build platform that the command writes into a file, or "".
func (c *call) carriesProgram() string {
	archives := c.name == "tar" && slices.ContainsFunc(c.args, func(w shell.Word) bool { return createsArchive().MatchString(w.Raw) }) || c.name == "zip"
	if !archives && len(c.Redirects) == 0 && c.name != "dd" {
		return ""
	}
	folder := c.dir
	for i, w := range c.args {
		text, ok := c.known(w)
		if !ok || strings.HasPrefix(text, "-") {
			continue
		}
		if from, ok := strings.CutPrefix(text, "if="); ok {
			text = from
		}
		if archives && i > 0 && endsInC().MatchString(c.args[i-1].Raw) {
			if folder = c.abs(text); folder != "" && (i+1 == len(c.args) || path.Clean(c.args[i+1].Lit) != ".") {
				continue
			}
			text = "."
		}
		moved := *c
		moved.dir = folder
		file := strings.TrimSuffix(moved.abs(text), "/")
		if file == "" || c.plan.writes(file) {
			continue
		}
		if tool := c.plan.hostWriteIn(file); tool != "" {
			return tool
		}
		if programPlace().MatchString(file) && !samePlatformFile(file) && !c.plan.inProject(file) && !c.plan.copied(file) && !c.plan.writesIn(file) && !c.isOutput(i) {
			return file
		}
	}
	return ""
}

// isOutput reports whether a word of the command names the file that it writes.
func (c *call) isOutput(i int) bool {
	return i > 0 && archiveOption().MatchString(c.args[i-1].Raw) || strings.HasPrefix(c.args[i].Raw, "of=")
}

var (
	createsArchive = pattern(`^(?:-?[a-zA-Z]*c[a-zA-Z]*|--create)$`)
	endsInC        = pattern(`^(?:-C|--directory)$`)
	archiveOption  = pattern(`^(?:-?[a-zA-Z]*f|--file)$`)
	// programPlace matches what a distribution has for one processor.
	programPlace = pattern(`^/(?:usr/)?(?:local/)?(?:s?bin|lib(?:32|64|x32)?)(?:/|$)`)
)

// judgeFind judges what find runs on the files that it finds, as if it were called by itself.
func (c *call) judgeFind() Step {
	for i, w := range c.args {
		if !set("-exec -execdir -ok -okdir")[w.Lit] || i+1 == len(c.args) {
			continue
		}
		switch program := path.Base(c.args[i+1].Lit); {
		case !plainPrograms[program]:
			return Step{Verdict: Block, Reason: fmt.Sprintf("find runs %s on files that cannot be seen", c.args[i+1].Raw), Way: "call the program itself, with the files named"}
		case copiers[program] || contentCarriers[program]:
			if place := c.searchesPrograms(); place != "" {
				return Step{Verdict: Block, Reason: fmt.Sprintf("find runs %s on files below %s, where the build platform's are", program, place), Way: "name the files, or convert the stage by hand"}
			}
		}
	}
	return Step{Reason: "does the same on every platform"}
}

// searchesPrograms returns where find looks for files, if there may be programs of the build platform, or "".
func (c *call) searchesPrograms() string {
	for _, w := range c.args {
		if strings.HasPrefix(w.Raw, "-") || strings.HasPrefix(w.Raw, "(") || strings.HasPrefix(w.Raw, "!") {
			break
		}
		text, ok := c.known(w)
		place := strings.TrimSuffix(c.abs(text), "/")
		if !ok || place == "" || c.plan.hostWriteIn(place) != "" || isSystemDir(place) && !samePlatformFile(place) && !c.plan.inProject(place) && !c.plan.writesIn(place) {
			return w.Raw
		}
	}
	return ""
}

// judgeTrap judges what a shell does at its end, or when it is told to end: that stands in a string.
func (c *call) judgeTrap() Step {
	if len(c.args) < 2 || c.args[0].Lit == "-" || c.args[0].Lit == "--" {
		return Step{Reason: "forgets what is done at the end"}
	}
	for _, command := range trapped().Split(strings.Trim(c.args[0].Raw, `"'`), -1) {
		program, _, _ := strings.Cut(strings.TrimSpace(command), " ")
		known := plainPrograms[program] && !copiers[program] && !contentCarriers[program] && program != "find"
		if program != "" && !known && program != "kill" && !slices.Contains(c.script.Functions, program) {
			return Step{Verdict: Block, Reason: c.text() + " runs commands from a string; what they do is not known", Way: "write them behind the others"}
		}
	}
	return Step{Reason: "does the same on every platform"}
}

// trapped matches what stands between commands.
var trapped = pattern(`;|&&|\|\||\n`)

// followedWord returns a word with the variables of the script filled in, as far as they are known on every platform.
func (c *call) followedWord(w shell.Word) string {
	text := ""
	for _, cmd := range c.followed().Calls(c.stage) {
		if cmd.Run != c.run {
			continue
		}
		for _, followed := range cmd.Words {
			if followed.At != w.Span {
				continue
			}
			if !followed.Known() || text != "" && text != followed.Text {
				return w.Raw
			}
			text = followed.Text
		}
	}
	if text == "" {
		return w.Raw
	}
	return text
}
