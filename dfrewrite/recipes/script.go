package recipes

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// judgeScript looks into a shell script of the build context. Where all that it builds is Go without C, the target's
// variables go in front of it; where it does nothing that differs between platforms, it stands in nobody's way. Of any
// other script nothing is known.
func judgeScript(c *call) (Step, bool) {
	file, interpreter := c.scriptFile()
	if file == "" {
		return Step{}, false
	}
	text := string(c.contextFile(file))
	if text == "" || len(text) > maxScript || strings.Contains(text, "\x00") {
		return Step{}, false
	}
	if c.changedBefore(file) {
		return Step{Verdict: Block, Compiles: c.isBuildScript(file), Reason: c.text() + " runs a script that a command of the stage has changed",
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
		return Step{}, false
	case interpreter == "":
		interpreter = "sh"
	}
	lines := []string{"#!/bin/" + interpreter + "\n" + withOwnFolder(text, path.Dir(c.abs(file)))}
	d := drivenBuild{file: path.Base(file), lines: lines}
	plan, err := c.planDriven(d)
	if errors.Is(err, errStartsBuilt) {
		return c.mayRunBuilt(err), true
	}
	if err != nil {
		return Step{}, false
	}
	_, same := c.onBuilder(d, plan)
	switch blocks := plan.Blocks(); {
	case same || plan.Compiles():
		return c.judgePlan(d, plan), true
	case len(blocks) > 0:
		b := blocks[0]
		line := strings.TrimSpace(string(b.In.Doc.Src[b.Span.Start:b.Span.End]))
		return Step{Verdict: Block, Compiles: c.isBuildScript(file), Reason: fmt.Sprintf("%s runs `%s`: %s", c.text(), line, b.Reason), Way: b.Way}, true
	}
	return Step{}, false
}

// maxScript bounds how long a script is that is looked into.
const maxScript = 1 << 16

// scriptInterpreter matches the first line of a script for a shell whose language is read.
var scriptInterpreter = pattern(`^#![ \t]*(?:/usr/bin/env[ \t]+(?:-S[ \t]+)?)?(?:/\S*/)?(sh|bash|ash|dash)\b`)

// scriptFile returns the script that the call runs, and the shell that it names for it.
func (c *call) scriptFile() (file, interpreter string) {
	if !shells[c.name] {
		if program := c.Words[0].Lit; strings.Contains(program, "/") {
			return program, ""
		}
		return "", ""
	}
	if c.name == "zsh" || c.name == "ksh" {
		return "", ""
	}
	for i := 0; i < len(c.args); i++ {
		switch w := c.args[i]; {
		case w.Lit == "-o" && i+1 < len(c.args):
			i++
		case scriptOptions().MatchString(w.Lit):
		case w.Const && !strings.HasPrefix(w.Lit, "-"):
			return w.Lit, c.name
		default:
			return "", ""
		}
	}
	return "", ""
}

// scriptOptions matches what a shell is told beside the file that it runs.
var scriptOptions = pattern(`^-[euxv]+$`)

var (
	ownName       = pattern(`\$\(dirname (?:-- )?"?\$\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?"?\)|` + "`dirname \"?\\$\\{?0\\}?\"?`" + `|\$\{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}`)
	printedFolder = pattern(`\$\(cd (?:-- |-P )?"?(/[A-Za-z0-9_./-]*)"?(?: >/dev/null(?: 2>&1)?)? *(?:&&|;) *pwd(?: -P)?\)`)
	plainFolder   = pattern(`^/[A-Za-z0-9_./-]*$`)
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
