package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/triples"
)

// A default for an argument that BuildKit sets takes the place of its value (https://docs.docker.com/reference/dockerfile/,
// automatic platform ARGs). Without it the build does the same for the platform that the default names, and what is right for
// the others, unless the file goes by the default's own name.

// WithoutDefault says what has to be read before BuildKit's value takes the place of a default: the default is another name for
// the platform, or a base image is chosen by it.
func WithoutDefault(f *facts.Facts, in *dockerfile.Instruction, name, value string) (why []string) {
	switch {
	case strings.Contains(value, "$"):
		why = append(why, fmt.Sprintf("%s is made of other variables, and what whoever builds gives for them is no longer asked for", name))
	case !namesPlatform(name, value):
		why = append(why, fmt.Sprintf("%q is not among BuildKit's names for %s, and what uses it may expect such a name", value, name))
	}
	for _, s := range chosenBy(f, in, name) {
		if base := s.From.Words()[0].Raw; !slices.ContainsFunc(f.Platforms, func(on *facts.Platform) bool { return stageFor(f, base, name, on) != nil }) {
			why = append(why, fmt.Sprintf("whether the image %s exists for the other platforms, under that name, has to be looked up", base))
		}
	}
	return why
}

// MissingBase says that a stage's name is chosen by the argument and that there is none for a platform, or is empty.
func MissingBase(f *facts.Facts, in *dockerfile.Instruction, name string) string {
	for _, s := range chosenBy(f, in, name) {
		base := s.From.Words()[0].Raw
		var lacks []string
		for _, on := range f.Platforms {
			if stageFor(f, base, name, on) == nil {
				lacks = append(lacks, on.String())
			}
		}
		if len(lacks) > 0 && len(lacks) < len(f.Platforms) {
			return fmt.Sprintf("drop it once there is a stage %s for %s as well, by BuildKit's names", base, strings.Join(lacks, ", "))
		}
	}
	return ""
}

// chosenBy returns the stages whose base an argument in front of the first FROM chooses.
func chosenBy(f *facts.Facts, in *dockerfile.Instruction, name string) (out []*graph.Stage) {
	if len(f.Graph.Stages) == 0 || in.Span.Start > f.Graph.Stages[0].From.Span.Start {
		return nil
	}
	for _, s := range f.Graph.Stages {
		if words := s.From.Words(); len(words) > 0 && slices.Contains(graph.VariablesIn(words[0].Raw, rune(in.Doc.Escape)), name) {
			out = append(out, s)
		}
	}
	return out
}

// stageFor returns the stage that a FROM means for a platform, or nil.
func stageFor(f *facts.Facts, base, name string, on *facts.Platform) *graph.Stage {
	value := map[string]string{"TARGETPLATFORM": on.String(), "TARGETOS": on.OS, "TARGETARCH": on.Arch, "TARGETVARIANT": on.Variant}[name]
	base = strings.NewReplacer("${"+name+"}", value, "$"+name, value).Replace(base)
	i := slices.IndexFunc(f.Graph.Stages, func(s *graph.Stage) bool { return s.Name != "" && strings.EqualFold(s.Name, base) })
	if i < 0 {
		return nil
	}
	return f.Graph.Stages[i]
}

// namesPlatform reports whether BuildKit may give an argument such a value.
func namesPlatform(name, value string) bool {
	known := func(is func(triples.Row) bool) bool { return slices.ContainsFunc(triples.Rows(), is) }
	switch strings.TrimPrefix(strings.TrimPrefix(name, "TARGET"), "BUILD") {
	case "PLATFORM":
		p, err := triples.Parse(value)
		_, ok := triples.Lookup(p)
		return err == nil && ok && p.String() == value
	case "OS":
		return known(func(r triples.Row) bool { return r.OS == value })
	case "ARCH":
		return known(func(r triples.Row) bool { return r.Arch == value })
	}
	return true
}

// HidesTarget refuses a command that has to be told the target where an ENV holds something else under BuildKit's names, or a
// default does that cannot be dropped without anybody looking.
func (c *Call) HidesTarget() (Step, bool) {
	for _, name := range []string{"TARGETOS", "TARGETARCH", "TARGETVARIANT", "TARGETPLATFORM"} {
		if v, ok := c.Env.Lookup(name); ok && v.Env {
			return BlockBuild("remove the ENV", "ENV %s hides the value that BuildKit gives it", name), true
		}
		in, value := c.defaultOf(name)
		if in == nil {
			continue
		}
		if len(WithoutDefault(c.Facts(), in, name, value)) > 0 || MissingBase(c.Facts(), in, name) != "" {
			return BlockBuild("drop the default, by the names that BuildKit has for platforms",
				"%s=%s in line %d takes the place of the value that BuildKit gives it", name, value, in.Doc.Position(in.Span.Start).Line), true
		}
	}
	return Step{}, false
}

// defaultOf returns the ARG with a default for an automatic argument that holds where the command stands: the last one of the
// stage, and of those that it is based on, or one in front of the first FROM, which every ARG in a stage brings back.
func (c *Call) defaultOf(name string) (in *dockerfile.Instruction, value string) {
	for s := c.Stage; s != nil; s = s.Base {
		for _, i := range slices.Backward(s.Body) {
			if v, ok := argDefault(i, name); ok && (s != c.Stage || i.Index < c.Run.Index) {
				return i, v
			}
		}
	}
	for _, i := range c.Stage.Graph.Doc.Instructions {
		if i.Kind() == "FROM" {
			break
		}
		if v, ok := argDefault(i, name); ok {
			in, value = i, v
		}
	}
	return in, value
}

// argDefault returns the default that an instruction gives an argument.
func argDefault(in *dockerfile.Instruction, name string) (string, bool) {
	if cmd, ok := in.Command.(*instructions.ArgCommand); ok {
		for _, a := range cmd.Args {
			if a.Key == name && a.Value != nil {
				return strings.Trim(*a.Value, `"'`), true
			}
		}
	}
	return "", false
}
