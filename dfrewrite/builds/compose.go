package builds

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// compose reads a Compose file.
func (f *File) compose() error {
	name := f.Doc.Name
	env, err := composeEnv(name)
	if err != nil {
		return err
	}
	if err := f.noAnchorInItself(); err != nil {
		return err
	}
	all, err := services(name, f.Doc.Src, env)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if s := all[name]; s.builds {
			f.Builds = append(f.Builds, f.composeBuild(name, s))
		}
	}
	return f.composeArgs(env)
}

// composeBuild returns what a service builds.
func (f *File) composeBuild(name string, s *service) *Build {
	said := func(text *string) string {
		if text == nil {
			return ""
		}
		return *text
	}
	b := &Build{Name: name, Target: said(s.target), Platforms: s.platforms, Args: map[string]*string{}}
	for name, value := range s.args {
		if value != nil && strings.Contains(*value, "${") {
			value = nil // it has to be given, and stands for itself
		}
		b.Args[name] = value
	}
	if len(b.Platforms) == 0 && said(s.platform) != "" {
		b.Platforms = []string{*s.platform}
	}
	context, file := ".", said(s.dockerfile)
	if s.context != nil {
		context = *s.context
	}
	// An override adds to what another file says; where that builds is not known here,
	// and "." and Dockerfile are what Compose takes for what is not said.
	if !IsOverride(f.Doc.Name) || context != "." || file != "" && file != "Dockerfile" {
		f.place(b, context, file, said(s.inline) != "")
	}
	return b
}

// noAnchorInItself refuses what stands for something endless: an alias below its own anchor.
func (f *File) noAnchorInItself() error {
	decoder := yaml.NewDecoder(bytes.NewReader(f.Doc.Src))
	for {
		var doc yaml.Node
		if decoder.Decode(&doc) != nil {
			return nil // the end; or what is no YAML, of which the loader says where
		}
		if alias := aliasInItself(&doc, nil); alias != nil {
			return &Error{f.Doc.Name, alias.Line, fmt.Errorf("*%s stands within what it stands for; leave it out there", alias.Value)}
		}
	}
}

// aliasInItself returns an alias of a node that it is below, or nil.
func aliasInItself(n *yaml.Node, above []*yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		if slices.Contains(above, n.Alias) {
			return n
		}
		return nil
	}
	above = append(above, n)
	for _, child := range n.Content {
		if found := aliasInItself(child, above); found != nil {
			return found
		}
	}
	return nil
}

// composeArgs finds the build arguments, with their places, which services do not keep.
// What comes from other files by include and extends is theirs.
func (f *File) composeArgs(env map[string]string) error {
	decoder := yaml.NewDecoder(bytes.NewReader(f.Doc.Src))
	seen := map[int]bool{}
	for {
		var doc yaml.Node
		if err := decoder.Decode(&doc); err != nil {
			return nil // the end; what is no YAML has been refused already
		}
		if len(doc.Content) == 0 {
			continue
		}
		services := child(doc.Content[0], "services")
		if services == nil {
			continue
		}
		for i := 0; i+1 < len(services.Content); i += 2 {
			args := child(child(services.Content[i+1], "build"), "args")
			if args == nil {
				continue
			}
			aliases := maxAliases
			nodes := argNodes(args, &aliases)
			// args may not be empty, so one has to stay.
			stays := slices.ContainsFunc(nodes, func(a argNode) bool { return !graph.IsAutomatic(a.name) })
			for _, a := range nodes {
				at := f.yamlOffset(a.key)
				if seen[at] {
					continue // an alias: the place is that of its anchor
				}
				seen[at] = true
				if src := f.Doc.Src; at < len(src) && (src[at] == '"' || src[at] == '\'') {
					at++
				}
				value, err := substitute(a.value, env)
				arg := Arg{Build: services.Content[i].Value, Name: a.name, Value: value, Known: err == nil, At: dockerfile.Span{Start: at, End: at + len(a.name)}}
				if a.alone && stays {
					line := f.lineOf(arg.At)
					arg.Line = &line
				}
				f.Args = append(f.Args, arg)
			}
		}
	}
}

// An argNode is one entry of args: KEY: value in a mapping, or - KEY=value.
type argNode struct {
	key         *yaml.Node
	name, value string
	alone       bool // on a line of its own
}

// maxAliases bounds how many aliases and merges are followed for one service:
// they can stand for one another, many times over.
const maxAliases = 1000

// argNodes returns the entries of args. It takes from aliases what it follows.
func argNodes(args *yaml.Node, aliases *int) []argNode {
	var out []argNode
	if *aliases--; *aliases < 0 {
		return nil
	}
	// An anchor may be merged elsewhere, which cannot be done with nothing.
	block := args.Style&yaml.FlowStyle == 0 && args.Anchor == ""
	switch args.Kind {
	case yaml.AliasNode:
		return argNodes(args.Alias, aliases)
	case yaml.MappingNode:
		for i := 0; i+1 < len(args.Content); i += 2 {
			key, value := args.Content[i], args.Content[i+1]
			if key.Value == "<<" {
				out = append(out, argNodes(value, aliases)...)
			} else if value.Kind == yaml.ScalarNode && value.Tag != "!!null" {
				out = append(out, argNode{key, key.Value, value.Value, block && value.Line == key.Line && oneLine(value)})
			}
		}
	case yaml.SequenceNode:
		for _, item := range args.Content {
			if item.Kind == yaml.MappingNode { // the list of a merge
				out = append(out, argNodes(item, aliases)...)
			} else if item.Kind == yaml.AliasNode {
				out = append(out, argNodes(item, aliases)...)
			} else if name, value, ok := strings.Cut(item.Value, "="); ok {
				out = append(out, argNode{item, name, value, block && oneLine(item)})
			}
		}
	}
	return out
}

func oneLine(n *yaml.Node) bool {
	return n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && !strings.Contains(n.Value, "\n")
}

// child returns the value of a key in a mapping, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// yamlOffset returns where a node starts, whose column counts characters.
func (f *File) yamlOffset(n *yaml.Node) int {
	at := 0
	for line := 1; line < n.Line; line++ {
		i := bytes.IndexByte(f.Doc.Src[at:], '\n')
		if i < 0 {
			return at
		}
		at += i + 1
	}
	col := 1
	for i := range string(f.Doc.Src[at:]) {
		if col == n.Column {
			return at + i
		}
		col++
	}
	return at
}
