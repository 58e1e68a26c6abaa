package facts

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
)

// A Setting is what an environment variable holds when a command runs.
type Setting struct {
	Set   bool
	Text  string // variables filled in as far as they are known
	Fixed bool   // text does not depend on anything
	// Assign is the assignment in front of the command itself, if that sets it.
	Assign *shell.Assign
	// FromArg says that a build argument decides it, which may have no default.
	FromArg bool
	// Where it was set, for messages
	Where string
}

// Follows reports whether the value is made from what BuildKit says of the
// target, and from nothing else.
func (v Setting) Follows() bool {
	return v.Set && !strings.ContainsAny(v.Text, "`") && !strings.Contains(v.Text, "$(") && TargetReference().MatchString(v.Text)
}

// Lookup finds what an environment variable holds for the command: set in front
// of it, exported earlier in the script, or by ENV and ARG.
func Lookup(c *graph.Site, name string) Setting {
	for i := range c.Assigns {
		if a := &c.Assigns[i]; a.Name == name {
			v := settingOf(c, name, a.Value, "in front of the command")
			v.Assign = a
			return v
		}
	}
	outer, inEnv := c.Env.Lookup(name)
	exported := inEnv
	var last *Setting
	for _, earlier := range c.Script.Commands[:c.Index] {
		declares := shell.IsExport(earlier)
		if len(earlier.Words) > 0 && !declares {
			continue
		}
		exported = exported || declares && shell.Assigns(earlier, name)
		for _, a := range earlier.Assigns {
			if a.Name != name || declares && a.Value.Raw == "" {
				continue
			}
			v := settingOf(c, name, a.Value, "earlier in the RUN")
			if earlier.Nested {
				v.Fixed, v.Text = false, a.Value.Raw
			}
			last = &v
		}
	}
	if last != nil && exported {
		return *last
	}
	fromArg := inEnv && !outer.Env
	if !inEnv || !outer.HasValue {
		if v, ok := goEnvWritten(c, name); ok {
			return v
		}
		return Setting{FromArg: fromArg}
	}
	where := "by ENV"
	if fromArg {
		where = "by ARG"
	}
	return Setting{Set: true, Text: outer.Value, Fixed: !strings.Contains(outer.Value, "$"), FromArg: fromArg, Where: where}
}

func settingOf(c *graph.Site, name string, w shell.Word, where string) Setting {
	if w.Const {
		return Setting{Set: true, Text: w.Lit, Fixed: true, Where: where}
	}
	text := strings.Trim(w.Raw, `"`)
	// The shell may have set it. What is said of the target is looked up for each platform, where the shell's variables are followed.
	unseen := name != "GOOS" && name != "GOARCH" && slices.ContainsFunc(graph.VariablesIn(w.Raw, '\\'), func(v string) bool {
		_, ok := c.Env.Lookup(v)
		return !ok
	})
	if !strings.ContainsAny(text, "`") && !strings.Contains(text, "$(") && !unseen {
		text = c.Env.Expand(text, '\\')
	}
	v := Setting{Set: true, Text: text, Fixed: !strings.Contains(text, "$") && !strings.Contains(text, "`"), Where: where}
	for _, name := range graph.VariablesIn(w.Raw, '\\') {
		if outer, ok := c.Env.Lookup(name); ok && !outer.Env {
			v.FromArg = true
		}
	}
	return v
}

// goEnvWritten returns what an earlier `go env -w` wrote down for go, which reads that where the environment says nothing.
func goEnvWritten(c *graph.Site, name string) (v Setting, ok bool) {
	if !strings.HasPrefix(name, "GO") && !strings.HasPrefix(name, "CGO_") && name != "CC" && name != "CXX" {
		return Setting{}, false
	}
	for s := c.Stage; s != nil && !ok; s = s.Base {
		for _, in := range s.Body {
			if _, run := in.Command.(*instructions.RunCommand); !run {
				continue
			}
			commands := s.Graph.Script(in).Commands
			if in == c.Run {
				commands = commands[:min(c.Index, len(commands))]
			}
			for _, cmd := range commands {
				if cmd.Name != "go" && cmd.Name != "" || len(cmd.Words) < 4 || cmd.Words[1].Lit != "env" || cmd.Words[2].Lit != "-w" {
					continue
				}
				for _, w := range cmd.Words[3:] {
					if set, _, _ := strings.Cut(w.Raw, "="); strings.Trim(set, `"'`) == name {
						_, text, _ := strings.Cut(w.Lit, "=")
						v, ok = Setting{Set: true, Text: text, Fixed: w.Const, Where: "by go env -w"}, true
					}
				}
			}
			if in == c.Run {
				break
			}
		}
	}
	return v, ok
}

// ArgsIn lists the automatic arguments that a value refers to.
func ArgsIn(text string) []string {
	var out []string
	for _, m := range TargetReference().FindAllStringSubmatch(text, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

var TargetReference = match.Pattern(`\$\{?(TARGETPLATFORM|TARGETOS|TARGETARCH|TARGETVARIANT)\b`)
