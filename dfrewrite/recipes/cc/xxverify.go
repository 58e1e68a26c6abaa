package cc

import (
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// verify has the programs that leave stages looked at where they are made, so that one that was compiled for the
// builder after all fails the build.
func verify(c *verdict.Conversion) {
	for i, t := range c.Stages {
		p, files := c.Ledgers[i], map[int][]string{}
		for _, u := range t.UsedBy {
			if u.Kind != graph.Copy || slices.Contains(c.Stages, u.In) {
				continue
			}
			for _, file := range u.Paths {
				if !path.IsAbs(file) || !shell.PlainPath().MatchString(file) || path.Ext(file) == ".a" || path.Ext(file) == ".o" || strings.HasSuffix(file, "/") {
					continue
				}
				for _, program := range append(programsBelow(p, file), file) {
					if n := makes(p, program, u.Dest); n >= 0 && !slices.Contains(files[n], program) {
						files[n] = append(files[n], program)
					}
				}
			}
		}
		for n, names := range files {
			s := &p.Steps[n]
			s.Edits = append(slices.Clone(s.Edits), dockerfile.Edit{Span: dockerfile.Span{Start: s.Span.End, End: s.Span.End},
				New: " && " + verdict.Verify(t, string(s.In.Doc.Src[s.Span.Start:s.Span.End]), strings.Join(names, " "), names[0])})
			s.Made.Verified, s.Needs.Verify, s.Needs.Helper = true, true, true
		}
	}
}

// programsBelow lists the programs that are known to be made below a folder which leaves the stage whole.
func programsBelow(p *verdict.Ledger, dir string) (programs []string) {
	for _, s := range p.Steps {
		for _, w := range s.Writes {
			if w != dir && verdict.IsProgramDir(path.Dir(w)) && shell.PlainPath().MatchString(w) && verdict.Within(w, []string{dir}) {
				programs = append(programs, w)
			}
		}
	}
	return programs
}

// makes returns the last step that makes a program, if that is one behind which another command can be put; else -1.
// A program is what is made by this very name, or lies where programs do, or the step says so of it.
func makes(p *verdict.Ledger, file, to string) int {
	for n, s := range slices.Backward(p.Steps) {
		if !slices.ContainsFunc(s.Writes, func(w string) bool {
			return w == file || (verdict.IsProgramDir(path.Dir(file)) || s.Made.Program != nil && s.Made.Program(file, to)) && verdict.MatchesWrite(w, file)
		}) {
			continue
		}
		if !s.Made.FromC || s.Verdict == verdict.Block || s.Made.Verified || !s.Made.Last {
			return -1
		}
		return n
	}
	return -1
}
