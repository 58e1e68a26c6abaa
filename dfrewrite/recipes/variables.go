package recipes

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
)

// A value is what an environment variable holds when a command runs.
type value struct {
	set   bool
	text  string // variables filled in as far as they are known
	fixed bool   // text does not depend on anything
	// assign is the assignment in front of the command itself, if that sets it.
	assign *shell.Assign
	// fromArg says that a build argument decides it, which may have no default.
	fromArg bool
	// where it was set, for messages
	where string
}

// lookup finds what an environment variable holds for the command: set in front
// of it, exported earlier in the script, or by ENV and ARG.
func (c *site) lookup(name string) value {
	for i := range c.Assigns {
		if a := &c.Assigns[i]; a.Name == name {
			v := c.valueOf(a.Value, "in front of the command")
			v.assign = a
			return v
		}
	}
	outer, inEnv := c.env.Lookup(name)
	exported := inEnv
	var last *value
	for _, earlier := range c.script.Commands[:c.index] {
		declares := isExport(earlier)
		if len(earlier.Words) > 0 && !declares {
			continue
		}
		exported = exported || declares && mentions(earlier, name)
		for _, a := range earlier.Assigns {
			if a.Name != name || declares && a.Value.Raw == "" {
				continue
			}
			v := c.valueOf(a.Value, "earlier in the RUN")
			if earlier.Nested {
				v.fixed, v.text = false, a.Value.Raw
			}
			last = &v
		}
	}
	if last != nil && exported {
		return *last
	}
	fromArg := inEnv && !outer.Env
	if !inEnv || !outer.HasValue {
		if v, ok := c.goEnvWritten(name); ok {
			return v
		}
		return value{fromArg: fromArg}
	}
	where := "by ENV"
	if fromArg {
		where = "by ARG"
	}
	return value{set: true, text: outer.Value, fixed: !strings.Contains(outer.Value, "$"), fromArg: fromArg, where: where}
}

// goEnvWritten returns what an earlier `go env -w` wrote down for go, which reads that where the environment says nothing.
func (c *site) goEnvWritten(name string) (v value, ok bool) {
	if !strings.HasPrefix(name, "GO") && !strings.HasPrefix(name, "CGO_") && name != "CC" && name != "CXX" {
		return value{}, false
	}
	for s := c.stage; s != nil && !ok; s = s.Base {
		for _, in := range s.Body {
			if _, run := in.Command.(*instructions.RunCommand); !run {
				continue
			}
			commands := s.Graph.Script(in).Commands
			if in == c.run {
				commands = commands[:min(c.index, len(commands))]
			}
			for _, cmd := range commands {
				if cmd.Name != "go" || len(cmd.Words) < 4 || cmd.Words[1].Lit != "env" || cmd.Words[2].Lit != "-w" {
					continue
				}
				for _, w := range cmd.Words[3:] {
					if set, _, _ := strings.Cut(w.Raw, "="); strings.Trim(set, `"'`) == name {
						_, text, _ := strings.Cut(w.Lit, "=")
						v, ok = value{set: true, text: text, fixed: w.Const, where: "by go env -w"}, true
					}
				}
			}
			if in == c.run {
				break
			}
		}
	}
	return v, ok
}

// hidesTarget refuses a command that has to be told the target where an ENV holds something else under BuildKit's names.
func (c *call) hidesTarget() (Step, bool) {
	for _, name := range []string{"TARGETOS", "TARGETARCH", "TARGETVARIANT", "TARGETPLATFORM"} {
		if v, ok := c.env.Lookup(name); ok && v.Env {
			return blockBuild("remove the ENV", "ENV %s hides the value that BuildKit gives it", name), true
		}
	}
	return Step{}, false
}

func isExport(c *shell.Command) bool {
	return c.Name == "export" || c.Name == "declare" || c.Name == "typeset"
}

func mentions(c *shell.Command, name string) bool {
	for _, a := range c.Assigns {
		if a.Name == name {
			return true
		}
	}
	return false
}

func (c *site) valueOf(w shell.Word, where string) value {
	if w.Const {
		return value{set: true, text: w.Lit, fixed: true, where: where}
	}
	text := w.Raw
	if !strings.ContainsAny(text, "`") && !strings.Contains(text, "$(") {
		text = c.env.Expand(strings.Trim(text, `"`), '\\')
	}
	v := value{set: true, text: text, fixed: !strings.Contains(text, "$") && !strings.Contains(text, "`"), where: where}
	for _, name := range graph.VariablesIn(w.Raw, '\\') {
		if outer, ok := c.env.Lookup(name); ok && !outer.Env {
			v.fromArg = true
		}
	}
	return v
}

var targetReference = pattern(`\$\{?(TARGETPLATFORM|TARGETOS|TARGETARCH|TARGETVARIANT)\b`)

// follows reports whether the value is made from what BuildKit says of the
// target, and from nothing else.
func (v value) follows() bool {
	return v.set && !strings.ContainsAny(v.text, "`") && !strings.Contains(v.text, "$(") && targetReference().MatchString(v.text)
}
