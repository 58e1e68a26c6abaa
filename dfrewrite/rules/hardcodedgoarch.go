package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

// HardcodedGoarch finds Go builds whose GOARCH, GOOS or GOARM is the same for every
// platform.
var HardcodedGoarch = &Rule{
	Name:     "HardcodedGoarch",
	Severity: Error,
	Check: func(p *Pass) {
		if p.onePlatform() {
			return
		}
		done := seen{}
		for s, on := range p.builds() {
			if forOne(s) {
				continue
			}
			calls := p.callsInFiles(s, on)
			if buildsForSeveral(calls) {
				continue
			}
			for _, c := range calls {
				if !buildsGo(c) || c.Maybe || !p.taken(s, p.ends(c), on) {
					continue
				}
				name, v := wrongGoVariable(c)
				if c.By != nil && v.How != facts.ByEnv && v.How != facts.ByArg {
					v.Span, v.By = dockerfile.Span{}, nil // it stands in that file
				}
				if name != "" && !(name == "GOARCH" && p.takenByName(s, c, v.Text)) && !done.before(placeOf(c, v)) {
					p.hardcoded(c, name, v)
				}
			}
		}
	},
}

// takenByName reports whether everything that takes what a command builds calls it after its architecture, as COPY
// --from=build /tool /downloads/tool-amd64 does: it is meant to be for that one.
func (p *Pass) takenByName(s *graph.Stage, c *facts.Call, arch string) bool {
	named := false
	for _, t := range s.Tree() {
		for _, u := range t.UsedBy {
			if u.Kind != graph.Copy || !slices.ContainsFunc(u.Paths, func(raw string) bool {
				from := cleanPath(p.Facts.Expand(u.By, raw, c.Platform).Text)
				return slices.ContainsFunc(c.Writes(), func(w string) bool { return facts.Takes(from, w) })
			}) {
				continue
			}
			dest := p.Facts.Expand(u.By, u.Dest, c.Platform)
			if named = dest.From&facts.FromTarget == 0 && slices.ContainsFunc(archNames(dest.Text), func(n string) bool { return match.ArchOf(n) == arch }); !named {
				return false
			}
		}
	}
	return named
}

// buildsGo is true for go itself and for programs that run it with what they find in
// the environment.
func buildsGo(c *facts.Call) bool {
	switch c.Name {
	case "make", "gmake", "mage", "task", "go-task", "goreleaser", "just":
		return c.Env("GOARCH").How == facts.ByEnv
	}
	return c.GoBuilds()
}

// buildsForSeveral reports whether the commands build for several architectures,
// named as constants, in the same image, as loops over all of them do.
func buildsForSeveral(calls []*facts.Call) bool {
	first := ""
	for _, c := range calls {
		if !c.GoBuilds() {
			continue
		}
		arch := c.Env("GOARCH")
		if !constant(arch) {
			continue
		}
		text := arch.Text + "/" + c.Env("GOOS").Text
		if first != "" && text != first {
			return true
		}
		first = text
	}
	return false
}

// wrongGoVariable returns the variable that is a constant and not what the platform
// needs.
func wrongGoVariable(c *facts.Call) (string, facts.Value) {
	on := c.Platform
	goos, goarch := c.Env("GOOS"), c.Env("GOARCH")
	if constant(goos) && goos.Text != "" && goos.Text != "linux" && goos.Text != on.OS {
		return "", facts.Value{} // a program for another system, whatever the image is for
	}
	if constant(goarch) && goarch.Text != "" && goarch.Text != on.Arch && goarch.Text != "wasm" {
		return "GOARCH", goarch
	}
	if constant(goos) && goos.Text == "linux" && on.OS != "linux" {
		return "GOOS", goos
	}
	if goarm := c.Env("GOARM"); on.Arch == "arm" && constant(goarm) && goarm.Text > strings.TrimPrefix(on.Variant, "v") && len(goarm.Text) == 1 {
		return "GOARM", goarm
	}
	return "", facts.Value{}
}

func placeOf(c *facts.Call, v facts.Value) dockerfile.Span {
	switch {
	case v.Span.Len() > 0:
		return v.Span
	case v.By != nil:
		return v.By.Span
	}
	return c.Span
}

func (p *Pass) hardcoded(c *facts.Call, name string, v facts.Value) {
	arg, text := "TARGETARCH", "$TARGETARCH"
	switch name {
	case "GOOS":
		arg, text = "TARGETOS", "$TARGETOS"
	case "GOARM":
		arg, text = "TARGETVARIANT", "${TARGETVARIANT#v}"
	}
	d := Diagnostic{
		Span:    placeOf(c, v),
		Message: fmt.Sprintf("%s is %s for every platform: the %s image gets a program that cannot run there", name, v.Text, c.Platform),
		Hint:    fmt.Sprintf("set %s from %s", name, text),
		Notes:   p.inFile(c),
	}
	why := []string{fmt.Sprintf("%s=%s was the same for every platform, which looks like a mistake", name, v.Text)}
	if c.Name == "xx-go" {
		text = "" // xx-go sets what is empty
		d.Hint = fmt.Sprintf("leave %s to xx-go", name)
	}
	if v.From&facts.FromArg != 0 {
		d.Severity = Warning // a build may pass another value
		d.Message = fmt.Sprintf("%s is %s for every platform, unless a build argument says otherwise", name, v.Text)
		why = append(why, fmt.Sprintf("%s is a build argument, which may be set elsewhere", name))
	}
	span := v.Span
	in := v.By
	if v.How == facts.ByArg && in != nil {
		span = dockerfile.Span{}
		for _, w := range in.Words() {
			if strings.HasPrefix(w.Raw, name+"=") {
				span = w.Part(len(name)+1, len(w.Raw))
			}
		}
		if span.Len() > 0 {
			d.Span = span
		}
	}
	if edits, argument := p.ownArgument(name, v); argument != "" {
		d.Hint = fmt.Sprintf("give %s the default $TARGETARCH: it chooses more than %s", argument, name)
		if len(edits) > 0 {
			d.Fix = &Fix{Message: d.Hint, Safety: Review, Why: why, Edits: edits}
		}
		p.Report(d)
		return
	}
	if span.Len() > 0 && in != nil && p.stageOf(in) != nil && c.Name != "make" {
		d.Fix = &Fix{Message: d.Hint, Safety: Review, Why: why, Edits: []dockerfile.Edit{{Span: span, New: text}}}
		if text != "" {
			d.Fix.Edits = append(p.argFor(in, arg), d.Fix.Edits...)
		}
	}
	p.Report(d)
}

// ownArgument returns a build argument of the project's own from which GOARCH comes, where it chooses something else, too, and the
// edits that let all of it follow the target: its defaults become BuildKit's word.
func (p *Pass) ownArgument(variable string, v facts.Value) (edits []dockerfile.Edit, name string) {
	if variable != "GOARCH" || v.Span.Len() == 0 {
		return nil, ""
	}
	doc := p.Graph.Doc
	names := graph.VariablesIn(string(doc.Src[v.Span.Start:v.Span.End]), rune(doc.Escape))
	if len(names) != 1 || graph.IsAutomatic(names[0]) || p.Graph.UsedBesides(names[0]) < 0 {
		return nil, ""
	}
	name = names[0]
	declare := func(in *dockerfile.Instruction, inStage bool) {
		if _, ok := in.Command.(*instructions.ArgCommand); !ok {
			return
		}
		for _, w := range in.Words() {
			value, ok := strings.CutPrefix(w.Raw, name+"=")
			if plain := strings.Trim(value, `"'`); !ok || plain != "amd64" && plain != "arm64" {
				continue
			}
			if inStage {
				edits = append(edits, p.argFor(in, "TARGETARCH")...)
			}
			edits = append(edits, dockerfile.Edit{Span: w.Part(len(name)+1, len(w.Raw)), New: "$TARGETARCH"})
		}
	}
	for _, in := range doc.MetaArgs {
		declare(in, false)
	}
	for _, s := range p.Graph.Stages {
		for _, in := range s.Body {
			declare(in, true)
		}
	}
	return edits, name
}

// stageOf returns the stage that an instruction stands in; nil before the first FROM.
func (p *Pass) stageOf(in *dockerfile.Instruction) *graph.Stage {
	for _, s := range p.Graph.Stages {
		if len(s.Body) > 0 && s.Body[0].Index <= in.Index && in.Index <= s.Body[len(s.Body)-1].Index {
			return s
		}
	}
	return nil
}
