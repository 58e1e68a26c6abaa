package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

// HelperWithoutCompiler finds xx-clang in stages that have no clang.
var HelperWithoutCompiler = &Rule{
	Name:     "HelperWithoutCompiler",
	Severity: Error,
	Check: func(p *Pass) {
		for _, s := range p.Graph.Stages {
			if !hasHelpers(s) || len(p.Facts.PlatformsOf(s)) == 0 {
				continue
			}
			if c := p.callsClang(s); c != nil && p.lacksClang(s, c) {
				p.Report(Diagnostic{
					Span:    c.Span,
					Message: fmt.Sprintf("xx-clang needs clang, and %s has none", title(s)),
					Hint:    "install clang and lld, or call xx-cc, which takes gcc where there is no clang",
					Notes:   p.inFile(c),
				})
			}
		}
	},
}

// callsClang returns the first command of a stage that calls xx-clang, or tells another one to.
func (p *Pass) callsClang(s *graph.Stage) *facts.Call {
	for _, c := range p.callsInFiles(s, p.Facts.PlatformsOf(s)[0]) {
		if c.Maybe {
			continue
		}
		if (c.Name == "xx-clang" || c.Name == "xx-clang++") && !c.Has("--unwrap", "--help") {
			return c
		}
		if slices.ContainsFunc(c.Words, func(w facts.Word) bool {
			_, value, ok := strings.Cut(w.Text, "=")
			return ok && (value == "xx-clang" || value == "xx-clang++")
		}) {
			return c
		}
	}
	return nil
}

// languageImages come without clang, as the distributions do that they are built on.
var languageImages = match.Words("golang rust python node buildpack-deps gcc eclipse-temurin ruby php")

// lacksClang reports whether it is known that a stage has no clang when the command runs.
func (p *Pass) lacksClang(s *graph.Stage, by *facts.Call) bool {
	image, _, _ := strings.Cut(s.Root().Image, "@")
	name, _, _ := strings.Cut(path.Base(image), ":")
	if !graph.OwnImage(image) && !languageImages[name] || strings.Contains(image, "clang") || strings.Contains(image, "llvm") {
		return false
	}
	for t := s; t != nil; t = t.Base {
		if len(t.Candidates) > 0 || speaksOf(t, "apt.llvm.org", "llvm.sh", "/clang", " clang", "clang-", "clang\\") {
			return false
		}
		for _, u := range t.Uses {
			if u.Kind == graph.Copy && !(u.From != nil && isHelperImage(u.From.Root().Image) || isHelperImage(u.Image)) && slices.ContainsFunc(u.Paths, mayHoldClang) {
				return false
			}
		}
		for _, in := range t.Body {
			if graph.IsRun(in) && p.Graph.Script(in).Opaque != "" {
				return false
			}
		}
		for _, c := range p.Facts.CallsFor(t, by.Platform) {
			if c == by {
				break
			}
			if slices.ContainsFunc(c.Words, func(w facts.Word) bool { return !w.Known() && installsPackages(c.Name) }) || mayInstall(c) {
				return false
			}
			if installsPackages(c.Name) && slices.ContainsFunc(c.Words, func(w facts.Word) bool { return strings.Contains(w.Text, "clang") }) {
				return false
			}
		}
	}
	return true
}

// mayHoldClang reports whether a path is clang, or a folder that programs are in.
func mayHoldClang(src string) bool {
	src = path.Clean("/" + src)
	return strings.Contains(src, "clang") || strings.Contains(src, "llvm") || match.Words("/ /usr /usr/bin /usr/local /usr/local/bin /opt /bin")[src]
}

func installsPackages(program string) bool {
	return match.Words("apt apt-get apk xx-apt xx-apt-get xx-apk")[program]
}

// mayInstall reports whether nobody knows what a command brings: a script, or a program of another package manager.
func mayInstall(c *facts.Call) bool {
	return c.Name == "" || len(c.Words) > 0 && strings.Contains(c.Words[0].Text, "/") || match.Words("sh bash pip pip3 conda brew nix nix-env curl wget tar")[c.Name]
}
