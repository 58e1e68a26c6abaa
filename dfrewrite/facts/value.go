package facts

import (
	"strings"

	"xxkit/dfrewrite/dockerfile"
)

// Unknown stands in a value for a part that cannot be known.
const Unknown = "\x00"

// An Origin says what a value was made from.
type Origin uint8

// The origins; a value may have several.
const (
	// FromTarget: what BuildKit says of the target.
	FromTarget Origin = 1 << iota
	// FromBuilder: what BuildKit says of the machine that builds.
	FromBuilder
	// FromMachine: what a program says of the machine that it runs on (uname -m).
	FromMachine
	// FromArg: a build argument, which may be given another value.
	FromArg
)

// How says what set a variable.
type How uint8

// The ways.
const (
	// BySelf: the value is no variable, or nothing that can be pointed at set it.
	BySelf How = iota
	// ByArg: an ARG instruction.
	ByArg
	// ByEnv: an ENV instruction.
	ByEnv
	// ByScript: an assignment or export earlier in the RUN.
	ByScript
	// InFront: an assignment in front of the command.
	InFront
)

// A Value is what a word or variable holds.
type Value struct {
	// Text has Unknown in it for each part that cannot be known.
	Text string
	From Origin
	// Set is false for a variable that has no value.
	Set bool
	// How says what set the variable, By in which instruction; Span is where the
	// value stands, and empty when that is not one place.
	How  How
	By   *dockerfile.Instruction
	Span dockerfile.Span
}

// Known reports whether all of the value is.
func (v Value) Known() bool { return !strings.Contains(v.Text, Unknown) }

func (v *Value) append(w Value) {
	v.Text += w.Text
	v.From |= w.From
}

// scope holds variables. It is a list, newest first, and is never changed, so that
// keeping the state at each command costs nothing.
type scope struct {
	parent *scope
	name   string // "" for a barrier: below it, nothing is certain
	v      Value
	env    bool // programs see it
}

func (s *scope) set(name string, v Value, env bool) *scope {
	return &scope{parent: s, name: name, v: v, env: env}
}

// barrier makes every variable so far uncertain.
func (s *scope) barrier() *scope { return &scope{parent: s} }

// lookup returns the newest value. Behind a barrier it is unknown.
func (s *scope) lookup(name string) (Value, bool) {
	v, _, ok := s.find(name)
	return v, ok
}

func (s *scope) find(name string) (v Value, env, ok bool) {
	for ; s != nil; s = s.parent {
		switch s.name {
		case name:
			return s.v, s.env, true
		case "":
			return Value{Text: Unknown, Set: true}, true, true
		}
	}
	return Value{}, false, false
}

// merge is what is known after either a or b happened, both of which started at
// base. from is what decided between them.
func merge(base, a, b *scope, from Origin) *scope {
	if a == b {
		return a
	}
	out := base
	seen := map[string]bool{}
	for _, branch := range []*scope{a, b} {
		for s := branch; s != base && s != nil; s = s.parent {
			if s.name == "" {
				return base.barrier()
			}
			if seen[s.name] {
				continue
			}
			seen[s.name] = true
			va, envA, okA := a.find(s.name)
			vb, envB, okB := b.find(s.name)
			v := va
			if !okA || !okB || va.Text != vb.Text || va.Set != vb.Set {
				v = Value{Text: Unknown, Set: true, By: s.v.By}
			}
			v.From = va.From | vb.From | from
			out = out.set(s.name, v, envA || envB)
		}
	}
	return out
}
