package facts

import (
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/graph"
)

// asks returns what a command says of a machine, in the names of what: ok is false
// for a command that does not ask. The answer of a helper is about the target, that
// of any other program about the machine that it runs on.
func (c *Call) asks() (what string, ok bool) {
	arg := func(i int) string {
		if i < len(c.Words) {
			return c.Words[i].Text
		}
		return ""
	}
	switch c.Name {
	case "uname":
		if a := arg(1); a == "-m" || a == "-p" || a == "-i" || a == "--machine" {
			return "march", true
		}
	case "arch":
		return "march", len(c.Words) == 1
	case "dpkg":
		return "debian-arch", arg(1) == "--print-architecture"
	case "dpkg-architecture":
		return "", true
	case "apk":
		return "alpine-arch", arg(1) == "--print-arch"
	case "rpm":
		return "", slices.ContainsFunc(c.Words, func(w Word) bool { return strings.Contains(w.Text, "_arch") })
	case "go":
		if arg(1) == "env" {
			switch arg(2) {
			case "GOARCH", "GOHOSTARCH":
				return "arch", true
			}
		}
	case "rustc":
		return "", arg(1) == "-vV" || arg(1) == "-Vv" || arg(1) == "--version"
	case "gcc", "cc", "clang":
		return "", arg(1) == "-dumpmachine"
	}
	return "", false
}

// AsksMachine reports whether the command prints the architecture of the machine
// that it runs on.
func (c *Call) AsksMachine() bool {
	_, ok := c.asks()
	_, told := c.toldGo()
	return ok && !told
}

// asksForGo reports whether the command prints where go is.
func (c *Call) asksForGo() bool {
	n := len(c.Words)
	switch c.Name {
	case "which":
		return n == 2 && c.Words[1].Text == "go"
	case "command", "type":
		return n == 3 && (c.Words[1].Text == "-v" || c.Words[1].Text == "-p" || c.Words[1].Text == "-P") && c.Words[2].Text == "go"
	}
	return false
}

// toldGo returns what go env GOARCH prints where the environment says it.
func (c *Call) toldGo() (Value, bool) {
	if c.Name != "go" || len(c.Words) != 3 || c.Words[2].Text != "GOARCH" {
		return Value{}, false
	}
	v := c.Env("GOARCH")
	return v, v.Set && v.Text != ""
}

// answer is what a command in a substitution prints, as far as it is known.
func (c *Call) answer() Value {
	unknown := Value{Text: Unknown, Set: true}
	for _, w := range c.Words {
		unknown.From |= w.From
	}
	if path.Base(c.Name) == "xx-info" || c.Name == "xx" {
		unknown.From |= FromTarget
		if len(c.Words) == 2 {
			if name := nameOf(c.Platform, c.Words[1].Text); name != "" {
				return Value{Text: name, Set: true, From: FromTarget}
			}
		}
		return unknown
	}
	if strings.HasPrefix(c.Name, "xx-") {
		unknown.From |= FromTarget
		return unknown
	}
	if c.asksForGo() && graph.OfficialGo(c.Stage.Root().Image) {
		return Value{Text: "/usr/local/go/bin/go", Set: true}
	}
	what, ok := c.asks()
	if !ok {
		return unknown
	}
	if v, told := c.toldGo(); told {
		return v
	}
	unknown.From |= FromMachine
	if c.Stage.Place == graph.Target {
		if name := nameOf(c.Platform, what); name != "" {
			return Value{Text: name, Set: true, From: FromMachine | FromTarget}
		}
	}
	return unknown
}

// nameOf returns the platform's name in the words of `xx-info`.
func nameOf(p *Platform, what string) string {
	switch what {
	case "os":
		return p.OS
	case "arch":
		return p.Arch
	case "march":
		return p.Row.March
	case "debian-arch":
		return p.Row.Debian
	case "alpine-arch":
		return p.Row.Alpine
	case "rhel-arch":
		return p.Row.RPM
	}
	return ""
}

// filter is what a program makes of its input: sed with plain words, tr, cut.
func (c *Call) filter(in Value) Value {
	unknown := Value{Text: Unknown, Set: true, From: in.From}
	if !in.Known() {
		return unknown
	}
	out := in
	switch c.Name {
	case "cat":
		if len(c.Words) == 1 {
			return in
		}
	case "sed":
		for _, w := range c.Words[1:] {
			switch {
			case w.Text == "-e" || w.Text == "-E" || w.Text == "-r":
			case !w.Known():
				return unknown
			default:
				for _, expr := range strings.Split(w.Text, ";") {
					text, ok := sed(out.Text, strings.TrimSpace(expr))
					if !ok {
						return unknown
					}
					out.Text = text
				}
			}
		}
		return out
	case "tr":
		if len(c.Words) == 3 && len(c.Words[1].Text) == 1 && len(c.Words[2].Text) == 1 {
			out.Text = strings.ReplaceAll(in.Text, c.Words[1].Text, c.Words[2].Text)
			return out
		}
		if len(c.Words) == 3 && c.Words[1].Text == "-d" && len(c.Words[2].Text) == 1 {
			out.Text = strings.ReplaceAll(in.Text, c.Words[2].Text, "")
			return out
		}
	case "cut":
		sep, field := "", ""
		for i := 1; i < len(c.Words); i++ {
			t := c.Words[i].Text
			for flag, to := range map[string]*string{"-d": &sep, "-f": &field} {
				if strings.HasPrefix(t, flag) {
					if *to = t[2:]; *to == "" && i+1 < len(c.Words) {
						i++
						*to = c.Words[i].Text
					}
				}
			}
		}
		if len(sep) == 1 && len(field) == 1 && field[0] >= '1' && field[0] <= '9' {
			parts := strings.Split(in.Text, sep)
			out.Text = ""
			if n := int(field[0] - '1'); n < len(parts) {
				out.Text = parts[n]
			}
			return out
		}
	}
	return unknown
}

// sed makes one s/old/new/ with plain words.
func sed(s, expr string) (string, bool) {
	if len(expr) < 4 || expr[0] != 's' {
		return "", false
	}
	parts := strings.Split(expr[2:], expr[1:2])
	if len(parts) != 3 || parts[2] != "" && parts[2] != "g" {
		return "", false
	}
	old, new := parts[0], parts[1]
	anchored, ended := strings.HasPrefix(old, "^"), strings.HasSuffix(old, "$")
	old = strings.TrimSuffix(strings.TrimPrefix(old, "^"), "$")
	old = strings.NewReplacer(`\/`, "/", `\-`, "-").Replace(old)
	new = strings.NewReplacer(`\/`, "/", `\-`, "-").Replace(new)
	if strings.ContainsAny(old, `.*[\^$+?(|`) || strings.ContainsAny(new, `\&`) {
		return "", false
	}
	switch {
	case anchored && !strings.HasPrefix(s, old), ended && !strings.HasSuffix(s, old), anchored && ended && s != old:
		return s, true
	case anchored:
		return new + s[len(old):], true
	case ended:
		return s[:len(s)-len(old)] + new, true
	case parts[2] == "g":
		return strings.ReplaceAll(s, old, new), true
	}
	return strings.Replace(s, old, new, 1), true
}
