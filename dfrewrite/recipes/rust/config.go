package rust

import (
	"fmt"
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

// Cargo reads .cargo/config.toml beside the program and in every folder above (doc.rust-lang.org/cargo/reference/config.html).
// Much of it is for one target, and most of that for systems that no image is for. The linker of a target xx-cargo names in the
// environment, which wins over files; a runner is for cargo run and test.

// cargoConfigs are the names that cargo's configuration may have.
var cargoConfigs = []string{".cargo/config.toml", ".cargo/config"}

var (
	configSection = match.Pattern(`^\s*\[(.*)\]\s*(?:#.*)?$`)
	configKey     = match.Pattern(`^\s*(target-dir|build-dir|target|linker|rustflags|rustc|rustc-wrapper|ar)\s*=\s*(.*)$`)
	configString  = match.Pattern(`"([^"]*)"|'([^']*)'`)
	// otherSystem matches a target, or a condition for one, that is no Linux.
	otherSystem = match.Pattern(`(?i)windows|msvc|mingw|darwin|macos|apple|wasm|android|-ios|freebsd|netbsd|openbsd|solaris|haiku|none-eabi|unknown-none|xtensa|espidf`)
	eitherOr    = match.Pattern(`\b(?:not|any)\s*\(`)
)

// oddConfig says what in cargo's configuration stands in the way of another target, or is empty. The flags are those for rustc that
// mean the same on every machine. The C library, gnu or musl, is that of the target.
func oddConfig(name string, data []byte, libc string) (odd string, flags []string) {
	section := ""
	lines := strings.Split(string(data), "\n")
	for i := 0; i < len(lines); i++ {
		if m := configSection().FindStringSubmatch(lines[i]); m != nil && !strings.Contains(m[1], "=") || m != nil && strings.HasPrefix(strings.TrimSpace(m[1]), "target.") {
			section = strings.TrimSpace(m[1])
			continue
		}
		m := configKey().FindStringSubmatch(lines[i])
		if m == nil || forOther(section, libc) {
			continue
		}
		key, value := m[1], m[2]
		switch {
		case (key == "linker" || key == "ar") && strings.HasPrefix(section, "target."):
		case key == "rustflags":
			for strings.HasPrefix(value, "[") && !closesList(value) && i+1 < len(lines) {
				i++
				value += "\n" + lines[i]
			}
			given := listed(value)
			if flag := oddRustFlag(facts.Setting{Text: given, Fixed: true}); flag != "" {
				return fmt.Sprintf("%s sets rustflags with %s, which may be for the machine that builds", name, flag), nil
			}
			if given != "" {
				flags = append(flags, given)
			}
		default:
			return fmt.Sprintf("%s sets %s, which may be for the machine that builds", name, key), nil
		}
	}
	return "", flags
}

// forOther reports whether a section of the configuration is for a target that is no Linux, or has another C library.
func forOther(section, libc string) bool {
	target, ok := strings.CutPrefix(section, "target.")
	if !ok {
		return false
	}
	if _, system, linux := strings.Cut(target, "-linux-"); linux {
		return !strings.HasPrefix(system, libc)
	}
	return otherSystem().MatchString(target) && !eitherOr().MatchString(target)
}

// closesList reports whether a list ends in a text, in which strings may have brackets.
func closesList(text string) bool {
	return strings.Contains(configString().ReplaceAllString(text, ""), "]")
}

// listed returns the strings of a value, with blanks between them.
func listed(value string) string {
	var out []string
	for _, m := range configString().FindAllStringSubmatch(configComment().ReplaceAllString(value, ""), -1) {
		out = append(out, m[1]+m[2])
	}
	return strings.Join(out, " ")
}

var configComment = match.Pattern(`(?m)^\s*#.*$`)

// readConfig looks at the configuration in a folder of the build context and in its root, as far as it may be where cargo runs.
func (g *cargoCall) readConfig(c *context.Files, folder, libc string, s *rustSource) {
	for _, dir := range []string{folder, "."} {
		for _, config := range cargoConfigs {
			name := path.Join(dir, config)
			data := c.ReadFile(name)
			if data == nil || !g.comesAlong(name) {
				continue
			}
			odd, flags := oddConfig(name, data, libc)
			if odd != "" {
				s.config = odd
				return
			}
			if len(flags) > 0 {
				s.flags = fmt.Sprintf("%s sets rustflags, which hold for what is built for the target and no longer for build scripts and macros", name)
			}
		}
	}
}

// comesAlong reports whether a file of the build context may be in a stage: some stage copies or mounts it, or a folder around it.
func (g *cargoCall) comesAlong(name string) bool {
	for _, s := range g.Stage.Graph.Stages {
		for _, in := range s.Body {
			switch {
			case graph.IsRun(in) && mountsContext(in):
				return true
			case graph.IsContextCopy(in):
				for _, src := range contextSources(in) {
					src = context.ContextPath(src)
					if src == "." || src == "" || strings.ContainsAny(src, "*?[$") || src == name || strings.HasPrefix(name, src+"/") {
						return true
					}
				}
			}
		}
	}
	return false
}

func contextSources(in *dockerfile.Instruction) []string {
	switch cmd := in.Command.(type) {
	case *instructions.CopyCommand:
		return cmd.SourcePaths
	case *instructions.AddCommand:
		return cmd.SourcePaths
	}
	return nil
}

func mountsContext(in *dockerfile.Instruction) bool {
	for _, mount := range mountFlag().FindAllString(string(in.Doc.Src[in.Span.Start:in.Span.End]), -1) {
		if !otherMount().MatchString(mount) {
			return true
		}
	}
	return false
}

var (
	mountFlag  = match.Pattern(`--mount=\S+`)
	otherMount = match.Pattern(`type=(?:cache|secret|ssh|tmpfs)`)
)
