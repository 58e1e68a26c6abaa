package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
)

// VariantIgnored finds Go builds that follow the target's architecture and not its
// variant.
var VariantIgnored = &Rule{
	Name:     "VariantIgnored",
	Severity: Error,
	Check: func(p *Pass) {
		done := seen{}
		for _, s := range p.Graph.Stages {
			declared := p.declaresUnused(s, "TARGETVARIANT")
			for _, on := range p.Facts.PlatformsOf(s) {
				for _, c := range p.callsInFiles(s, on) {
					if c.Name != "go" || !c.GoBuilds() || c.Maybe || c.Uncertain() {
						continue
					}
					if d, ok := p.wrongVariant(s, c); ok {
						if !done.before(placeOf(c, c.Env("GOARM"))) {
							p.Report(d)
						}
						continue
					}
					if !follows(c.Env("GOARCH")) {
						continue
					}
					name, text, message := ignoredVariant(c)
					severity := Error
					if name == "GOAMD64" {
						severity = Warning // slower than it could be
					}
					if name == "" && declared && !c.Env("GOARM").Set {
						name, text, severity = "GOARM", "${TARGETVARIANT#v}", Info // nobody asked for v6
						message = "TARGETVARIANT is declared and not used: linux/arm/v6 would get a program for v7"
					}
					if name == "" || done.before(c.Span) {
						continue
					}
					d := Diagnostic{Span: c.Span, Severity: severity, Message: message, Hint: fmt.Sprintf("set %s=%s for go, or use xx-go", name, text), Notes: p.inFile(c)}
					d.Fix = p.setInFront(c, name, text, "images with a variant get another program than before")
					p.Report(d)
				}
			}
		}
	},
}

// setInFront makes a fix that sets a variable in front of the command, or of the one in the Dockerfile that runs it.
func (p *Pass) setInFront(c *facts.Call, name, text, why string) *Fix {
	for c.By != nil {
		c = c.By
	}
	if c.Wrapped {
		return nil
	}
	at := c.Words[0].At.Start
	f := &Fix{Message: fmt.Sprintf("set %s=%s", name, text), Safety: Review, Why: []string{why},
		Edits: []dockerfile.Edit{{Span: dockerfile.Span{Start: at, End: at}, New: name + "=" + text + " "}}}
	if strings.Contains(text, "TARGETVARIANT") {
		f.Edits = append(p.argFor(c.Run, "TARGETVARIANT"), f.Edits...)
	}
	return f
}

// wholeVariant matches a value that is BuildKit's name of the variant, v and all.
var wholeVariant = match.Pattern(`^"?\$(?:TARGETVARIANT|\{TARGETVARIANT\})"?$`)

// wrongVariant says what is wrong with the variant that go is told: a v that go does not know in GOARM, or one that the
// base image asks for and nobody else.
func (p *Pass) wrongVariant(s *graph.Stage, c *facts.Call) (Diagnostic, bool) {
	on := c.Platform
	if goarm := c.Env("GOARM"); on.Arch == "arm" && strings.HasPrefix(goarm.Text, "v") && follows(goarm) {
		d := Diagnostic{
			Span:    placeOf(c, goarm),
			Message: fmt.Sprintf("GOARM is %s for %s: go does not know that, refuses it or takes v7", goarm.Text, on),
			Hint:    "set GOARM=${TARGETVARIANT#v}",
			Notes:   p.inFile(c),
		}
		if goarm.Span.Len() > 0 && wholeVariant().Match(p.Graph.Doc.Src[goarm.Span.Start:goarm.Span.End]) {
			d.Fix = &Fix{Message: "take the v away: ${TARGETVARIANT#v}", Edits: []dockerfile.Edit{{Span: goarm.Span, New: "${TARGETVARIANT#v}"}}}
		}
		return d, true
	}
	goarch, goamd64 := c.Env("GOARCH"), c.Env("GOAMD64")
	if on.Arch == "amd64" && on.Variant == "" && goamd64.How == facts.BySelf && goamd64.Text > "v1" && (!goarch.Set || goarch.Text == "amd64") && p.takenForOlder(s, c) {
		return Diagnostic{
			Span:    c.Span,
			Message: fmt.Sprintf("the base image sets GOAMD64=%s: the program does not start on an amd64 without that, which %s may be", goamd64.Text, on),
			Hint:    "set GOAMD64=v1 for go",
			Notes:   p.inFile(c),
			Fix:     p.setInFront(c, "GOAMD64", "v1", "the program no longer uses what newer machines can do"),
		}, true
	}
	return Diagnostic{}, false
}

// takenForOlder reports whether a stage on the target platform takes what the command makes, and is based on an image that
// starts on any amd64 itself.
func (p *Pass) takenForOlder(s *graph.Stage, c *facts.Call) bool {
	return p.copied(s, p.ends(c), c.Platform, func(u *graph.Use, _ string) bool {
		return u.In.Place != graph.Build && !graph.IsEL10(u.In.Root().Image)
	})
}

// ignoredVariant returns the variable that is missing, what to set it to, and what
// is wrong without it. Go takes GOARM=7 and GOAMD64=v1 when it cross-compiles.
func ignoredVariant(c *facts.Call) (name, text, message string) {
	on := c.Platform
	unset := func(name string) bool { v := c.Env(name); return !v.Set || v.Text == "" }
	switch {
	case on.Arch == "arm" && (on.Variant == "v5" || on.Variant == "v6") && unset("GOARM"):
		return "GOARM", "${TARGETVARIANT#v}", fmt.Sprintf("TARGETVARIANT is not used: %s gets a program for v7, which cannot run there", on)
	case on.Arch == "amd64" && on.Variant != "" && unset("GOAMD64"):
		return "GOAMD64", "$TARGETVARIANT", fmt.Sprintf("TARGETVARIANT is not used: %s gets the program for any amd64", on)
	}
	return "", "", ""
}

// declaresUnused reports whether a stage declares an argument of which nothing in
// it, nor in the stages based on it, speaks. Programs that may read it from the
// environment count as speaking of it.
func (p *Pass) declaresUnused(s *graph.Stage, name string) bool {
	declared := false
	for _, t := range s.Tree() {
		for _, in := range t.Body {
			if arg, ok := in.Command.(*instructions.ArgCommand); ok && t == s {
				declared = declared || slices.ContainsFunc(arg.Args, func(a instructions.KeyValuePairOptional) bool { return a.Key == name })
			}
			src := in.Doc.Src[in.Span.Start:in.Span.End]
			if bytes.Contains(src, []byte("$"+name)) || bytes.Contains(src, []byte("${"+name)) {
				return false
			}
			if graph.IsRun(in) && p.Graph.Script(in).Opaque != "" {
				return false
			}
		}
		if slices.ContainsFunc(p.Facts.Calls(t), func(c *facts.Call) bool { return !readsNoArguments(c.Name) }) {
			return false
		}
	}
	return declared
}

// readsNoArguments reports whether a program is known not to look for automatic arguments in its environment.
func readsNoArguments(program string) bool {
	return noArguments[program] || packages.ManagerOf(program) != nil
}

var noArguments = wordSet(`go git mkdir rm cp mv ln cd echo set test [ chmod chown install touch cat
	export true curl wget tar unzip gzip sha256sum npm yarn pnpm npx corepack pip pip3 sed grep adduser addgroup useradd groupadd
	update-ca-certificates upx file ls printf`)

func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
