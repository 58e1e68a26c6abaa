package graph

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	bkshell "github.com/moby/buildkit/frontend/dockerfile/shell"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/match"
)

// Automatic lists the arguments that BuildKit sets by itself. They are there in
// FROM lines; inside a stage they have to be declared with ARG.
var Automatic = []string{
	"TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT",
	"BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT",
}

// IsAutomatic reports whether BuildKit sets the argument by itself.
func IsAutomatic(name string) bool { return slices.Contains(Automatic, name) }

// SortAutomatic brings automatic arguments into the order in which people write
// them, that of Automatic.
func SortAutomatic(names []string) {
	slices.SortFunc(names, func(a, b string) int { return slices.Index(Automatic, a) - slices.Index(Automatic, b) })
}

// A Variable is what a name stands for at some point of a stage.
type Variable struct {
	Name string
	// Value has other variables filled in as far as they are known; what is not
	// known stays in it as $NAME.
	Value string
	// HasValue is false for an ARG without a default.
	HasValue bool
	// Env says that it was set with ENV, so it is part of the image's
	// environment and wins over an ARG of the same name.
	Env bool
}

// Env is the state at one point of a stage: variables, working folder, shell and
// user. It is not changed once made.
type Env struct {
	parent *Env
	v      Variable
	budget *Budget

	// Dir is the working folder; what the base image sets is not known, and
	// taken for "/" except for the golang image.
	Dir string
	// Shell is the last SHELL, or nil.
	Shell []string
}

// Lookup returns the variable of that name.
func (e *Env) Lookup(name string) (Variable, bool) {
	var arg *Variable
	for ; e != nil; e = e.parent {
		if e.v.Name != name {
			continue
		}
		if e.v.Env {
			return e.v, true
		}
		if arg == nil {
			arg = &e.v
		}
	}
	if arg != nil {
		return *arg, true
	}
	return Variable{}, false
}

func (e *Env) with(v Variable) *Env {
	return &Env{parent: e, v: v, budget: e.budget, Dir: e.Dir, Shell: e.Shell}
}

// Expand fills in the variables of a word as far as they have values. It removes
// quotes, as BuildKit does.
func (e *Env) Expand(word string, escape rune) string {
	if !strings.ContainsAny(word, "$\"'\\`") {
		return word
	}
	out, _, err := bkshell.NewLex(escape).ProcessWord(word, getter{e})
	if err != nil {
		return word
	}
	return out
}

// value fills a word in for a variable. One that comes out longer than values are has none.
func (e *Env) value(word string, escape rune) (text string, ok bool) {
	text = e.Expand(word, escape)
	return text, len(text) <= maxValue
}

// getter gives BuildKit's expansion the values; a variable without one stands
// for itself.
type getter struct{ e *Env }

func (g getter) Get(name string) (string, bool) {
	v, ok := g.e.Lookup(name)
	switch {
	case ok && v.HasValue:
		return v.Value, g.e.budget.Text(len(v.Value))
	case ok:
		return "$" + name, true
	}
	return "", false
}

func (g getter) Keys() []string { return nil }

// globalEnv is what FROM lines see: the automatic arguments and those declared
// before the first FROM.
func (g *Graph) globalEnv() *Env {
	e := &Env{Dir: "/", budget: g.Budget}
	for _, name := range Automatic {
		e = e.with(Variable{Name: name})
	}
	for _, in := range g.Doc.MetaArgs {
		g.Budget.Enter(in)
		g.envs[in] = e
		e = g.declare(e, in, nil)
	}
	return e
}

// declare applies an ARG instruction. An ARG without default takes the value of
// the global one of that name, if there is any.
func (g *Graph) declare(e *Env, in *dockerfile.Instruction, global *Env) *Env {
	for _, a := range in.Command.(*instructions.ArgCommand).Args {
		v := Variable{Name: a.Key}
		if given, ok := g.Given(a.Key); ok && !IsAutomatic(a.Key) {
			if v.HasValue = given != nil; v.HasValue {
				v.Value = *given
			}
		} else if a.Value != nil {
			v.Value, v.HasValue = e.value(*a.Value, rune(g.Doc.Escape))
		} else if global != nil {
			if gv, ok := global.Lookup(a.Key); ok {
				v.HasValue, v.Value = gv.HasValue, gv.Value
			}
		}
		e = e.with(v)
	}
	return e
}

// stageEnv walks a stage and remembers the state before each instruction.
func (g *Graph) stageEnv(s *Stage, global *Env) {
	e := imageEnv(s.Image, g.Budget)
	if s.Base != nil {
		e = s.Base.end
	}
	for _, c := range s.Candidates {
		// One of them is the base. What it declares is there; what that holds
		// is not known.
		e = e.withNamesOf(c.end)
	}
	escape := rune(g.Doc.Escape)
	g.envs[s.From] = e
	for _, in := range s.Body {
		g.Budget.Enter(in)
		g.envs[in] = e
		switch c := in.Command.(type) {
		case *instructions.ArgCommand:
			e = g.declare(e, in, global)
		case *instructions.EnvCommand:
			before := e
			for _, kv := range c.Env {
				v := Variable{Name: before.Expand(kv.Key, escape), Env: true}
				v.Value, v.HasValue = before.value(kv.Value, escape)
				e = e.with(v)
			}
		case *instructions.WorkdirCommand:
			dir := e.Expand(c.Path, escape)
			if !path.IsAbs(dir) {
				dir = path.Join(e.Dir, dir)
			}
			e = e.with(Variable{})
			e.Dir = path.Clean(dir)
		case *instructions.ShellCommand:
			e = e.with(Variable{})
			e.Shell = c.Shell
		}
	}
	s.end = e
}

// imageEnv is what a base image brings along, as far as that is known: the
// golang image, from docker-library/golang, sets GOPATH and the working folder, and
// Caddy's builder, from caddyserver/caddy-docker, the latter.
func imageEnv(image string, budget *Budget) *Env {
	e := &Env{Dir: "/", budget: budget}
	if OfficialGo(image) {
		e = e.with(Variable{Name: "GOPATH", Value: "/go", HasValue: true, Env: true})
		e.Dir = "/go"
	}
	if caddyBuilder(image) {
		e.Dir = "/usr/bin"
	}
	return e
}

// caddyBuilder recognizes the official image of Caddy with xcaddy in it.
func caddyBuilder(image string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(image, "docker.io/"), "library/"), "@")
	repo, tag, _ := strings.Cut(name, ":")
	return repo == "caddy" && strings.Contains(tag, "builder")
}

// OfficialGo recognizes the golang image, by whatever registry it comes.
func OfficialGo(image string) bool {
	name, _, _ := strings.Cut(image, "@")
	repo, _, _ := strings.Cut(path.Base(name), ":")
	return repo == "golang"
}

// withNamesOf adds the variables of another state, without their values.
func (e *Env) withNamesOf(other *Env) *Env {
	for ; other != nil; other = other.parent {
		if _, ok := e.Lookup(other.v.Name); !ok && other.v.Name != "" {
			e = e.with(Variable{Name: other.v.Name})
		}
	}
	return e
}

// EnvAt returns the state before an instruction of this graph.
func (g *Graph) EnvAt(in *dockerfile.Instruction) *Env { return g.envs[in] }

// VariablesIn lists the names of the variables that a word of an instruction
// other than RUN expands.
func VariablesIn(word string, escape rune) []string {
	if !strings.Contains(word, "$") {
		return nil
	}
	r := &recorder{}
	_, _, _ = bkshell.NewLex(escape).ProcessWord(word, r)
	return r.names
}

type recorder struct{ names []string }

func (r *recorder) Get(name string) (string, bool) {
	r.names = append(r.names, name)
	return "", false
}

func (r *recorder) Keys() []string { return nil }

// EL10Go recognizes images of Go for Red Hat Enterprise Linux 10, which set GOAMD64=v3.
func EL10Go(image string) bool { return IsEL10(image) && strings.Contains(image, "go-toolset") }

// IsEL10 recognizes images of that system, which is for x86-64-v3 only.
func IsEL10(image string) bool {
	return strings.Contains(image, "ubi10") || strings.Contains(image, "rhel10") || strings.HasPrefix(image, "rockylinux/rockylinux:10")
}

// rustImages matches images of Rust with musl for one target, which set CARGO_BUILD_TARGET: blackdex/rust-musl,
// messense/rust-musl-cross.
var rustImages = match.Pattern(`(?:blackdex/rust-musl|messense/rust-musl-cross):(?:.*-)?(x86_64|aarch64|armv7|armv5te|arm|i686|i586)-(musl\w*)`)

// RustImageTarget returns the triple that such an image sets for cargo, or "".
func RustImageTarget(image string) string {
	if !strings.Contains(image, "rust-musl") {
		return "" // as most, and it takes less time than rustImages
	}
	m := rustImages().FindStringSubmatch(image)
	if m == nil {
		return ""
	}
	return m[1] + "-unknown-linux-" + m[2]
}
