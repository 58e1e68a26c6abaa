// Package magefile is the driver of mage, which runs targets written in Go.
package magefile

import (
	"fmt"
	"go/build/constraint"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/context/gosource"
	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of mage.
var Recipe = &verdict.Recipe{Name: "mage", Page: "mage", Judge: judge, Programs: match.Words("mage")}

// mage builds a program of the magefiles of a folder, for the machine that it runs on: it sets GOOS and GOARCH for that
// itself. The program gets the environment as it is, and runs the functions named on the command line. So GOOS and GOARCH in front of
// mage reach what they start and nothing else. GOAMD64, which mage leaves alone, would reach the program, too; and go run mage.go
// would be compiled for the target with mage in it. (mage/main.go and internal/run.go, v1.17.)

func judge(c *verdict.Call) (verdict.Step, bool) {
	if c.Program != "mage" {
		return verdict.Step{}, false
	}
	block := func(err error) (verdict.Step, bool) {
		return drivers.Refuse(c, ": %s", err), true
	}
	targets, runs, err := mageTargets(c)
	switch {
	case err != nil:
		return block(err)
	case !runs:
		return verdict.Step{Reason: "lists targets, or says what mage is"}, true
	case c.Opt.Context == nil:
		return verdict.Step{}, false
	}
	files, err := magefiles(c)
	if err != nil {
		return block(err)
	}
	if len(files) == 0 {
		return verdict.Step{}, false
	}
	run, err := newMageRun(files, func(name string) bool { return facts.Lookup(&c.Site, name).Follows() })
	if err != nil {
		return block(err)
	}
	lines, err := run.targets(targets)
	c.Stage.Graph.Budget.Steps(run.steps)
	if err != nil {
		return block(err)
	}
	if v := facts.Lookup(&c.Site, "MAGEFILE_GOCMD"); v.Set && v.Text != "go" || v.FromArg {
		return block(fmt.Errorf("MAGEFILE_GOCMD is set, so that which go it calls is not known"))
	}
	if len(lines) == 0 {
		return verdict.Step{Reason: "starts no program", Review: fmt.Sprintf("what mage runs was read in the %s, and not tried", run.name)}, true
	}
	step := drivers.Judge(c, drivers.Build{File: run.name, Lines: lines})
	if step.Verdict == verdict.Convert && (facts.Lookup(&c.Site, "GOAMD64").Set || len(c.Opt.Variants("amd64")) > 0) {
		return block(fmt.Errorf("GOAMD64 would be for mage's own program, too, which could need another processor than the builder's"))
	}
	return step, true
}

// mageTargets reads the command line; runs is false where mage runs no target.
func mageTargets(c *verdict.Call) (targets []string, runs bool, err error) {
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		text, ok := c.Known(w)
		if !ok && len(targets) > 0 && strings.HasPrefix(w.Raw, `"`) {
			targets = append(targets, unknownText) // one word, which may be an argument
			continue
		}
		if !ok {
			return nil, false, fmt.Errorf("what %s is cannot be seen", w.Raw)
		}
		if len(targets) > 0 || !strings.HasPrefix(text, "-") {
			targets = append(targets, text)
			continue
		}
		switch name := "-" + strings.TrimLeft(text, "-"); name {
		case "-v", "-f", "-debug", "-keep":
		case "-t":
			i++
		case "-l", "-h", "-help", "-version", "-init", "-clean":
			return nil, false, nil
		default:
			return nil, false, fmt.Errorf("what %s changes is not followed", w.Raw)
		}
	}
	return targets, true, nil
}

// A magefile is the source of one.
type magefile struct {
	name string
	text []byte
}

// magefiles returns the magefiles in the folder that the command runs in: those of it with the tag mage, or all of its folder
// magefiles. It is empty where none is seen.
func magefiles(c *verdict.Call) ([]magefile, error) {
	tagged, err := magefilesOf(c, ".")
	if err != nil {
		return nil, err
	}
	inFolder, err := magefilesOf(c, "magefiles")
	if err != nil {
		return nil, err
	}
	if len(tagged) > 0 && len(inFolder) > 0 {
		return nil, fmt.Errorf("there is a folder magefiles beside %s", tagged[0].name)
	}
	return append(tagged, inFolder...), nil
}

func magefilesOf(c *verdict.Call, folder string) ([]magefile, error) {
	var out []magefile
	for _, name := range goFilesIn(c, folder) {
		if strings.HasSuffix(name, "_test.go") || gosource.OtherSystem(name) {
			continue
		}
		text := c.ContextFile(name)
		if text == nil {
			continue
		}
		if len(text) > context.MaxGoFileSize {
			return nil, fmt.Errorf("%s is too large to be read", name)
		}
		with, without, byArch := magefileTags(text)
		if !with || without && folder == "." {
			continue
		}
		if byArch || archInName(name) {
			return nil, fmt.Errorf("%s is compiled for some processors only", name)
		}
		out = append(out, magefile{name, text})
	}
	return out, nil
}

// goFilesIn lists Go files of a folder by their names for the command, as far as copies and mounts of the build context may
// have brought them there.
func goFilesIn(c *verdict.Call, folder string) []string {
	if c.Dir == "" {
		return nil
	}
	at := path.Join(c.Dir, folder)
	found := map[string]bool{}
	add := func(src, dest string) {
		src = context.ContextPath(src)
		if path.Ext(src) == ".go" && path.Clean(dest) == at {
			found[path.Join(folder, path.Base(src))] = true
			return
		}
		rest, ok := context.Below(at, path.Clean(dest))
		if !ok {
			return
		}
		for _, name := range c.Opt.Context.Names(path.Join(src, rest)) {
			if path.Ext(name) == ".go" {
				found[path.Join(folder, name)] = true
			}
		}
	}
	for cmd, dest := range c.Copies() {
		for _, src := range cmd.SourcePaths {
			if cmd.From == "" {
				add(src, dest)
			}
		}
	}
	if run, ok := c.Run.Command.(*instructions.RunCommand); ok {
		for _, m := range instructions.GetMounts(run) {
			if m.Type == instructions.MountTypeBind && m.From == "" {
				add(m.Source, path.Join(c.Env.Dir, m.Target))
				if path.IsAbs(m.Target) {
					add(m.Source, m.Target)
				}
			}
		}
	}
	return sortedKeys(found)
}

// magefileTags says whether the build constraint of a file is met with the tag mage and without it, and whether it asks for
// a processor.
func magefileTags(text []byte) (with, without, byArch bool) {
	var exprs []constraint.Expr
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "package ") {
			break
		}
		if !constraint.IsGoBuild(line) && !constraint.IsPlusBuild(line) {
			continue
		}
		expr, err := constraint.Parse(line)
		if err != nil {
			return false, false, false
		}
		if exprs = append(exprs, expr); constraint.IsGoBuild(line) {
			exprs = []constraint.Expr{expr} // those of old, below it, say the same
			break
		}
	}
	tag := func(mage bool) func(string) bool {
		return func(tag string) bool {
			byArch = byArch || goArchs[tag]
			return tag == "mage" && mage || gosource.LinuxCgoTag(tag)
		}
	}
	with, without = true, true
	for _, expr := range exprs {
		with, without = expr.Eval(tag(true)) && with, expr.Eval(tag(false)) && without
	}
	return with, without, byArch
}

// goArchs are processors as build tags and file names have them.
var goArchs = match.Words("386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm")

func archInName(name string) bool {
	parts := strings.Split(strings.TrimSuffix(path.Base(name), ".go"), "_")
	return slices.ContainsFunc(parts[1:], func(part string) bool { return goArchs[part] })
}
