package builds

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/interpolation"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v4"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// compose reads a Compose file.
func (f *File) compose() error {
	name, src := f.Doc.Name, f.Doc.Src
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return &Error{name, 0, err}
	}
	var env map[string]string
	if _, err := os.Stat(filepath.Join(dir, ".env")); !errors.Is(err, fs.ErrNotExist) {
		if env, err = dotenv.GetEnvFromFile(map[string]string{}, []string{filepath.Join(dir, ".env")}); err != nil {
			return &Error{filepath.Join(filepath.Dir(name), ".env"), 0, err}
		}
	}
	if err := f.noAnchorInItself(); err != nil {
		return err
	}
	project, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir:  dir,
		ConfigFiles: []types.ConfigFile{{Filename: name, Content: src}},
		Environment: env,
	}, func(o *loader.Options) {
		o.SetProjectName("project", true)
		o.Profiles = []string{"*"}
		o.SkipConsistencyCheck = true
		o.SkipResolveEnvironment = true
		o.SkipResolveLabels = true
		o.SkipNormalization = true
		o.ResolvePaths = false
		o.Interpolate = &interpolation.Options{
			LookupValue:     func(key string) (string, bool) { v, ok := env[key]; return v, ok },
			TypeCastMapping: o.Interpolate.TypeCastMapping,
			// A variable that has to be given is not known here; its text stands for it.
			Substitute: func(text string, m template.Mapping) (string, error) {
				out, err := template.SubstituteWithOptions(text, m, template.WithoutLogging)
				if missing := (*template.MissingRequiredError)(nil); errors.As(err, &missing) {
					return text, nil
				}
				return out, err
			},
		}
	})
	if err != nil {
		return &Error{name, composeLine(err), err}
	}
	for _, service := range slices.Sorted(mapKeys(project.Services)) {
		c := project.Services[service].Build
		if c == nil {
			continue
		}
		b := &Build{Name: service, Target: c.Target, Platforms: c.Platforms, Args: map[string]*string{}}
		for name, value := range c.Args {
			if value != nil && strings.Contains(*value, "${") {
				value = nil // it has to be given, and stands for itself
			}
			b.Args[name] = value
		}
		if p := project.Services[service].Platform; len(b.Platforms) == 0 && p != "" {
			b.Platforms = []string{p}
		}
		// An override adds to what another file says; where that builds is not known here,
		// and "." and Dockerfile are what Compose takes for what is not said.
		if !IsOverride(name) || c.Context != "." || c.Dockerfile != "" && c.Dockerfile != "Dockerfile" {
			f.place(b, c.Context, c.Dockerfile, c.DockerfileInline != "")
		}
		f.Builds = append(f.Builds, b)
	}
	return f.composeArgs(env)
}

// noAnchorInItself refuses what stands for something endless: an alias below its own anchor. The loader refuses it too, but
// may take minutes for a few lines.
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

func mapKeys(services types.Services) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range services {
			if !yield(name) {
				return
			}
		}
	}
}

var yamlLine = regexp.MustCompile(`\bline (\d+)`)

// composeLine finds the line in an error about YAML.
func composeLine(err error) int {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}

// composeArgs finds the build arguments, which Compose's library has no places of.
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
				value, err := template.SubstituteWithOptions(a.value, func(key string) (string, bool) { v, ok := env[key]; return v, ok }, template.WithoutLogging)
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
