// Package script is the driver of shell scripts in the build context.
package script

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of shell scripts of the build context.
var Recipe = &verdict.Recipe{Name: "script", Page: "scripts", Judge: judge}

// judge looks into a shell script of the build context. Where all that it builds is Go without C, the target's
// variables go in front of it; where it does nothing that differs between platforms, it stands in nobody's way. Of any
// other script nothing is known.
func judge(c *verdict.Call) (verdict.Step, bool) {
	if c.Program == "." || c.Program == "source" {
		return judgeSourced(c)
	}
	file, interpreter := scriptFile(c)
	if file == "" {
		return verdict.Step{}, false
	}
	text := string(c.ContextFile(file))
	if text == "" || len(text) > maxScript || strings.Contains(text, "\x00") {
		return verdict.Step{}, false
	}
	if c.ChangedBefore(file) {
		return verdict.Step{Verdict: verdict.Block, Compiles: c.IsBuildScript(file), Reason: c.Source() + " runs a script that a command of the stage has changed",
			Way: "change it in the build context"}, true
	}
	first, rest, _ := strings.Cut(text, "\n")
	switch named := scriptInterpreter().FindStringSubmatch(first); {
	case named != nil:
		if interpreter == "" {
			interpreter = named[1]
		}
		text = rest
	case strings.HasPrefix(first, "#!"):
		return verdict.Step{}, false
	case interpreter == "":
		interpreter = "sh"
	}
	text = withOwnFolder(text, path.Dir(c.Abs(file)))
	if strings.HasPrefix(first, "#!") {
		text = "#!/bin/" + interpreter + "\n" + text // in the place of the first line
	}
	d := drivers.Build{File: path.Base(file), Lines: []verdict.Line{{Text: text, At: verdict.Where{File: placeName(file), Line: 1}}}}
	if m := ownDefault().FindStringSubmatch(text); m != nil && !strings.Contains(text, "go env GOARCH") {
		d.Review = drivers.OwnGOARCH(m[1], d.File)
	}
	plan, err := drivers.Plan(c, d)
	if errors.Is(err, drivers.ErrStartsBuilt) {
		return drivers.MayRunBuilt(c, err), true
	}
	if err != nil {
		return verdict.Step{}, false
	}
	_, same := drivers.OnBuilder(c, d, plan)
	switch blocks := plan.Blocks(); {
	case same || plan.Compiles():
		step := drivers.JudgeLedger(c, d, plan)
		step.Runs = plan
		return step, true
	case len(blocks) > 0:
		b := blocks[0]
		line := strings.TrimSpace(string(b.In.Doc.Src[b.Span.Start:b.Span.End]))
		return verdict.Step{Verdict: verdict.Block, Compiles: c.IsBuildScript(file), Reason: fmt.Sprintf("%s runs `%s`%s: %s", c.Source(), line, drivers.Place(plan, &b), b.Reason), Way: b.Way, Runs: plan}, true
	}
	return verdict.Step{}, false
}

// ownDefault matches an architecture for where the environment names none.
var ownDefault = match.Pattern(`\$\{GOARCH:?[-=]"?([a-z0-9]+)"?\}`)

// placeName is a script's name in messages: as it is called, or its last part where that is an absolute path.
func placeName(file string) string {
	if path.IsAbs(file) {
		return path.Base(file)
	}
	return path.Clean(file)
}

// maxScript bounds how long a script is that is looked into.
const maxScript = 1 << 16

// scriptInterpreter matches the first line of a script for a shell whose language is read.
var scriptInterpreter = match.Pattern(`^#![ \t]*(?:/usr/bin/env[ \t]+(?:-S[ \t]+)?)?(?:/\S*/)?(sh|bash|ash|dash)\b`)

// scriptFile returns the script that the call runs, and the shell that it names for it.
func scriptFile(c *verdict.Call) (file, interpreter string) {
	if !shell.Shells[c.Program] {
		if program := c.Words[0].Lit; strings.Contains(program, "/") {
			return program, ""
		}
		return "", ""
	}
	if c.Program == "zsh" || c.Program == "ksh" {
		return "", ""
	}
	for i := 0; i < len(c.Args); i++ {
		switch w := c.Args[i]; {
		case w.Lit == "-o" && i+1 < len(c.Args):
			i++
		case scriptOptions().MatchString(w.Lit):
		case w.Const && !strings.HasPrefix(w.Lit, "-"):
			return w.Lit, c.Program
		default:
			return "", ""
		}
	}
	return "", ""
}

// scriptOptions matches what a shell is told beside the file that it runs.
var scriptOptions = match.Pattern(`^-[euxv]+$`)

var (
	ownName       = match.Pattern(`\$\(dirname (?:-- )?"?\$\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?"?\)|` + "`dirname \"?\\$\\{?0\\}?\"?`" + `|\$\{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}`)
	printedFolder = match.Pattern(`\$\(cd (?:-- |-P )?"?(/[A-Za-z0-9_./-]*)"?(?: >/dev/null(?: 2>&1)?)? *(?:&&|;) *pwd(?: -P)?\)`)
	plainFolder   = match.Pattern(`^/[A-Za-z0-9_./-]*$`)
)

// withOwnFolder fills in where a script finds the folder that it lies in itself, in the ways in which people write that.
func withOwnFolder(text, folder string) string {
	if !plainFolder().MatchString(folder) {
		return text
	}
	text = ownName().ReplaceAllLiteralString(text, folder)
	return replaceGroups(printedFolder(), text)
}

// replaceGroups puts the path that each match holds in its place.
func replaceGroups(re *regexp.Regexp, text string) string {
	return re.ReplaceAllStringFunc(text, func(m string) string { return path.Clean(re.FindStringSubmatch(m)[1]) })
}
