package plain

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// A program can be carried away without being copied by name: cat writes it into another file, tar into an archive, and find
// starts what does.

// contentCarriers write what they read into files.
var contentCarriers = match.Words("cat dd gzip xz zstd base64 tar zip")

// carriesProgram returns a program or library of the build platform that the command writes into a file, or "".
func carriesProgram(c *verdict.Call) string {
	archives := c.Program == "tar" && slices.ContainsFunc(c.Args, func(w shell.Word) bool { return createsArchive().MatchString(w.Raw) }) || c.Program == "zip"
	if !archives && len(c.Redirects) == 0 && c.Program != "dd" {
		return ""
	}
	folder := c.Dir
	for i, w := range c.Args {
		text, ok := c.Known(w)
		if !ok || strings.HasPrefix(text, "-") {
			continue
		}
		if from, ok := strings.CutPrefix(text, "if="); ok {
			text = from
		}
		if archives && i > 0 && endsInC().MatchString(c.Args[i-1].Raw) {
			if folder = c.Abs(text); folder != "" && (i+1 == len(c.Args) || path.Clean(c.Args[i+1].Lit) != ".") {
				continue
			}
			text = "."
		}
		moved := *c
		moved.Dir = folder
		file := strings.TrimSuffix(moved.Abs(text), "/")
		if file == "" || c.Ledger.Writes(file) {
			continue
		}
		if tool := c.Ledger.HostWriteIn(file); tool != "" {
			return tool
		}
		if programPlace().MatchString(file) && !verdict.SamePlatformFile(file) && !c.Ledger.InProject(file) && !c.Ledger.Copied(file) && !c.Ledger.WritesIn(file) && !isOutput(c, i) {
			return file
		}
	}
	return ""
}

// isOutput reports whether a word of the command names the file that it writes.
func isOutput(c *verdict.Call, i int) bool {
	return i > 0 && archiveOption().MatchString(c.Args[i-1].Raw) || strings.HasPrefix(c.Args[i].Raw, "of=")
}

var (
	createsArchive = match.Pattern(`^(?:-?[a-zA-Z]*c[a-zA-Z]*|--create)$`)
	endsInC        = match.Pattern(`^(?:-C|--directory)$`)
	archiveOption  = match.Pattern(`^(?:-?[a-zA-Z]*f|--file)$`)
	// programPlace matches what a distribution has for one processor.
	programPlace = match.Pattern(`^/(?:usr/)?(?:local/)?(?:s?bin|lib(?:32|64|x32)?)(?:/|$)`)
)

// judgeFind judges what find runs on the files that it finds, as if it were called by itself.
func judgeFind(c *verdict.Call) verdict.Step {
	for i, w := range c.Args {
		if !match.Words("-exec -execdir -ok -okdir")[w.Lit] || i+1 == len(c.Args) {
			continue
		}
		switch program := path.Base(c.Args[i+1].Lit); {
		case !shell.Plain[program]:
			return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("find runs %s on files that cannot be seen", c.Args[i+1].Raw), Way: "call the program itself, with the files named"}
		case shell.Copiers[program] || contentCarriers[program]:
			if place := searchesPrograms(c); place != "" {
				return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("find runs %s on files below %s, where the build platform's are", program, place), Way: "name the files, or convert the stage by hand"}
			}
		}
	}
	return verdict.Step{Reason: "does the same on every platform"}
}

// searchesPrograms returns where find looks for files, if there may be programs of the build platform, or "".
func searchesPrograms(c *verdict.Call) string {
	for _, w := range c.Args {
		if strings.HasPrefix(w.Raw, "-") || strings.HasPrefix(w.Raw, "(") || strings.HasPrefix(w.Raw, "!") {
			break
		}
		text, ok := c.Known(w)
		place := strings.TrimSuffix(c.Abs(text), "/")
		if !ok || place == "" || c.Ledger.HostWriteIn(place) != "" || verdict.IsSystemDir(place) && !verdict.SamePlatformFile(place) && !c.Ledger.InProject(place) && !c.Ledger.WritesIn(place) {
			return w.Raw
		}
	}
	return ""
}

// judgeTrap judges what a shell does at its end, or when it is told to end: that stands in a string.
func judgeTrap(c *verdict.Call) verdict.Step {
	if len(c.Args) < 2 || c.Args[0].Lit == "-" || c.Args[0].Lit == "--" {
		return verdict.Step{Reason: "forgets what is done at the end"}
	}
	for _, command := range trapped().Split(strings.Trim(c.Args[0].Raw, `"'`), -1) {
		program, _, _ := strings.Cut(strings.TrimSpace(command), " ")
		known := shell.Plain[program] && !shell.Copiers[program] && !contentCarriers[program] && program != "find"
		if program != "" && !known && program != "kill" && !slices.Contains(c.Script.Functions, program) {
			return verdict.Step{Verdict: verdict.Block, Reason: c.Source() + " runs commands from a string; what they do is not known", Way: "write them behind the others"}
		}
	}
	return verdict.Step{Reason: "does the same on every platform"}
}

// trapped matches what stands between commands.
var trapped = match.Pattern(`;|&&|\|\||\n`)

// followedWord returns a word with the variables of the script filled in, as far as they are known on every platform.
func followedWord(c *verdict.Call, w shell.Word) string {
	text := ""
	for _, cmd := range c.Facts().Calls(c.Stage) {
		if cmd.Run != c.Run {
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
