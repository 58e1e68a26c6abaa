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
				for _, c := range p.Facts.CallsFor(s, on) {
					if c.Name != "go" || !c.GoBuilds() || c.Maybe || c.Uncertain() || !follows(c.Env("GOARCH")) {
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
					d := Diagnostic{Span: c.Span, Severity: severity, Message: message, Hint: fmt.Sprintf("set %s=%s for go, or use xx-go", name, text)}
					if !c.Wrapped {
						at := c.Words[0].At.Start
						d.Fix = &Fix{
							Message: fmt.Sprintf("set %s=%s", name, text),
							Safety:  Review,
							Why:     []string{"images with a variant get another program than before"},
							Edits:   append(p.argFor(c.Run, "TARGETVARIANT"), dockerfile.Edit{Span: dockerfile.Span{Start: at, End: at}, New: name + "=" + text + " "}),
						}
					}
					p.Report(d)
				}
			}
		}
	},
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
		if slices.ContainsFunc(p.Facts.Calls(t), func(c *facts.Call) bool { return !readsNoArguments[c.Name] }) {
			return false
		}
	}
	return declared
}

// readsNoArguments are programs that do not look for automatic arguments in their
// environment.
var readsNoArguments = wordSet(`go apk apt-get apt git mkdir rm cp mv ln cd echo set test [ chmod chown install touch cat
	export true curl wget tar unzip gzip sha256sum npm yarn pnpm npx corepack pip pip3 sed grep adduser addgroup useradd groupadd
	update-ca-certificates upx file ls printf`)

func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
