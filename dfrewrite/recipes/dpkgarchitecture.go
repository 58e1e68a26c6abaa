package recipes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/shell"
)

// dpkg-architecture has a name for the machine that compiles (DEB_BUILD_GNU_TYPE) and one for the machine that the result is
// for (DEB_HOST_GNU_TYPE). Asked in a native build, and as long as nobody tells it another, both are the machine that it
// runs on, and people take the one or the other. So it counts where the answer goes, and not how it was asked:
//
//   - to configure, for --build: that is what the builder is, so the question stays; for --host, judgeConfigure puts the
//     target there.
//   - into the name of the folder for libraries that is installed to: that is the target's.
//
// The answer may be kept in a variable, as the images of Docker's library do. Where it goes anywhere else, or where that cannot
// be seen, it is refused.

// architectureAsked returns what dpkg-architecture is asked for: GNU_TYPE, MULTIARCH …; "" for any other call.
func architectureAsked(cmd *shell.Command) string {
	if path.Base(cmd.Name) != "dpkg-architecture" || slices.ContainsFunc(cmd.Words, func(w shell.Word) bool { return !w.Const }) {
		return ""
	}
	question := ""
	switch words := cmd.Words[1:]; {
	case len(words) == 2 && (words[0].Lit == "--query" || words[0].Lit == "-q"):
		question = words[1].Lit
	case len(words) == 1 && strings.HasPrefix(words[0].Lit, "-q"):
		question = words[0].Lit[2:]
	}
	for _, machine := range []string{"DEB_BUILD_", "DEB_HOST_"} {
		if asked, ok := strings.CutPrefix(question, machine); ok {
			return asked
		}
	}
	return ""
}

// An answerUse is a word of a command that has an answer in it.
type answerUse struct {
	cmd  *shell.Command
	word shell.Word
}

// answerUses returns where the output of a command of the script goes: a word around it, or those with the variable that
// is set to it and to nothing else. It is false where there is more to it.
func answerUses(s *shell.Script, asked *shell.Command) ([]answerUse, bool) {
	around := usesAt(s, asked.Span, asked)
	for _, cmd := range s.Commands {
		for _, a := range cmd.Assigns {
			if !covers(a.Value.Span, asked.Span) {
				continue
			}
			if len(cmd.Words) > 0 || cmd.Nested || len(around) > 0 || !onlySubstitution().MatchString(a.Value.Raw) {
				return nil, false
			}
			return variableUses(s, a.Name)
		}
	}
	return around, len(around) == 1
}

// variableUses returns the words with a variable that the script sets once.
func variableUses(s *shell.Script, name string) ([]answerUse, bool) {
	sets := 0
	for _, cmd := range s.Commands {
		if slices.ContainsFunc(cmd.Assigns, func(a shell.Assign) bool { return a.Name == name }) || cmd.Name == "read" || cmd.Name == "unset" {
			sets++
		}
	}
	var out []answerUse
	for _, use := range s.Uses {
		if use.Name != name {
			continue
		}
		at := usesAt(s, use.Span, nil)
		if len(at) != 1 {
			return nil, false
		}
		out = append(out, at[0])
	}
	return out, sets == 1 && len(out) > 0
}

// usesAt returns the words of commands, other than one, around a place of the script.
func usesAt(s *shell.Script, span dockerfile.Span, except *shell.Command) []answerUse {
	var out []answerUse
	for _, cmd := range s.Commands {
		if cmd == except {
			continue
		}
		for _, w := range cmd.Words {
			if covers(w.Span, span) {
				out = append(out, answerUse{cmd, w})
			}
		}
	}
	return out
}

func covers(outer, inner dockerfile.Span) bool {
	return outer.Start <= inner.Start && inner.End <= outer.End
}

// onlySubstitution matches a value that is what a command prints, onlyVariable one that is a variable's.
var (
	onlySubstitution = pattern("^\"?(?:\\$\\([^()]*\\)|`[^`]*`)\"?$")
	onlyVariable     = pattern(`^"?\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})"?$`)
)

// isGNUType reports whether a value in a word of the call is the machine's GNU type, as dpkg-architecture says it.
func (c *site) isGNUType(w shell.Word, value string) bool {
	name := ""
	if m := onlyVariable().FindStringSubmatch(value); m != nil {
		name = m[1] + m[2]
	} else if !onlySubstitution().MatchString(value) {
		return false
	}
	return slices.ContainsFunc(c.script.Commands, func(cmd *shell.Command) bool {
		if !cmd.Substituted || architectureAsked(cmd) != "GNU_TYPE" {
			return false
		}
		if name == "" {
			return covers(w.Span, cmd.Span)
		}
		uses, ok := answerUses(c.script, cmd)
		return ok && slices.ContainsFunc(uses, func(u answerUse) bool { return u.word.Span == w.Span })
	})
}

// libraryFolder matches options that say where libraries and headers are.
var libraryFolder = pattern(`^["']?(?:--(?:with-)?(?:libdir|libexecdir|includedir)|(?:-D)?\w*(?:LIB|INCLUDE)_?DIR(?::\w+)?|-Dlib(?:exec)?dir)=`)

// judgeDpkgArchitecture decides on dpkg-architecture in a substitution by where its answer goes.
func (c *call) judgeDpkgArchitecture() Step {
	asked := architectureAsked(c.Command)
	uses, ok := answerUses(c.script, c.Command)
	all := func(good func(answerUse) bool) bool {
		return ok && !slices.ContainsFunc(uses, func(u answerUse) bool { return !good(u) })
	}
	switch {
	case asked == "GNU_TYPE" && all(func(u answerUse) bool {
		name, value, _ := strings.Cut(strings.Trim(u.word.Raw, `"`), "=")
		return path.Base(u.cmd.Name) == "configure" && (name == "--build" || name == "--host") && c.isGNUType(u.word, value)
	}):
		return Step{Reason: "says for configure what the machine that builds is"}
	case asked == "MULTIARCH" && all(func(u answerUse) bool {
		return set("configure cmake meson")[path.Base(u.cmd.Name)] && libraryFolder().MatchString(u.word.Raw)
	}):
		return c.multiarch()
	}
	return Step{Verdict: Block, Reason: c.text() + " gives the architecture of the machine that builds; whether that or the target is meant cannot be seen",
		Way: "ask it for --build or --host of configure alone; for what is shipped use `xx-info triple` or `xx-info debian-arch`"}
}

// multiarch makes the question for the target's library folder one to xx-info, which has the same name for it, but for the
// oldest machine: Debian calls the folder i386-linux-gnu, and the compiler i686-linux-gnu.
func (c *call) multiarch() Step {
	way := "write the folder out for the platforms, chosen by $TARGETARCH"
	switch {
	case c.onAlpine():
		return Step{Verdict: Block, Reason: c.text() + " gives a folder of Debian's, which Alpine has not", Way: "install libraries to lib"}
	case slices.Contains(c.opt.Platforms, "linux/386"):
		return Step{Verdict: Block, Reason: fmt.Sprintf("%s and xx-info triple have different names for linux/386", c.text()), Way: way}
	case c.opt.Helpers == HelpersNever:
		return Step{Verdict: Block, Reason: c.text() + " has to ask for the target, which takes xx-info, and --helpers=never rules that out", Way: "use --helpers=auto"}
	}
	return Step{Verdict: Convert, Helper: true, Reason: "names the target's folder for libraries", Args: []string{"TARGETPLATFORM"},
		Edits: []dockerfile.Edit{{Span: c.Span, New: "xx-info triple"}}}
}
