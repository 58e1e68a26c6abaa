package recipes

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Projects have build programs in Go, started with go run: build.go, magefiles. Others come with go install: promu,
// garble. Such a program calls the compiler for the machine that it runs on, and nobody sees where it puts the result.
// GOOS and GOARCH in front of go run would not do either, since it would build the build program itself for the target.
// So what leaves a stage may not be its work.

// A builder is a command that may build programs which nothing is known of, for the machine that it runs on.
type builder struct {
	text string // the command
	way  string // what to do about it; empty if there is nothing better than to build in another stage
	call *call
}

// mayBuild remembers a go run, and a go tool that builds. One in $(…) is there for what it prints.
func (g *goCall) mayBuild() *builder {
	if g.Substituted || len(g.packages) == 0 {
		return nil
	}
	driver := startsDriver(g.packages[0].Lit)
	switch g.sub.Lit {
	case "run":
	case "tool":
		if driver == "" {
			return nil
		}
	default:
		return nil
	}
	b := &builder{text: shorten(g.text()), call: g.call}
	if driver != "" {
		b.way = fmt.Sprintf("install %s and call it by its name; in front of %s GOOS and GOARCH would be for %s itself, too", driver, "go "+g.sub.Lit, driver)
	}
	return b
}

// startsDriver says which program that takes GOOS and GOARCH from the environment go run or go tool starts, or "". The file
// mage.go is how mage's documentation has it started without an installation.
func startsDriver(what string) string {
	what, _, _ = strings.Cut(what, "@")
	switch name := programName(what); {
	case path.Base(what) == "mage.go":
		return "mage"
	case name == "mage" || name == "goreleaser":
		return name
	}
	return ""
}

// toolMayBuild is the same for a tool that go install brought or that came out of another image, if it is not known for what it
// writes.
func (c *call) toolMayBuild() *builder {
	if plainPrograms[c.name] || c.Substituted {
		return nil
	}
	for _, s := range c.plan.writers {
		if (s.Recipe == "go" || s.Recipe == "copied tool") && slices.ContainsFunc(s.HostWrites, func(w string) bool { return path.Base(w) == c.name }) {
			return &builder{text: shorten(c.text()), call: c}
		}
	}
	return nil
}

// sameEverywhere are the ends of names of files that hold no program.
var sameEverywhere = set(".json .yaml .yml .toml .html .css .js .map .svg .txt .md .pem .crt .sql .sh .tmpl .xml .conf .ini .proto .graphql .csv")

// mayBeBuilt says which build program may have made a path, or "": one that is neither data by its name nor in the
// build context. It also says what to do about that, if it is known.
func mayBeBuilt(p string, plans []*Plan) (why, way string) {
	if sameEverywhere[path.Ext(p)] || samePlatformFile(p) || p == "/tmp" {
		return "", ""
	}
	for _, plan := range plans {
		for _, s := range plan.Steps {
			if s.builder != nil && !s.builder.call.fromContext(p) {
				return fmt.Sprintf("takes %s, which `%s` may have built for the build platform", p, s.builder.text), s.builder.way
			}
		}
	}
	return "", ""
}

// fromContext reports whether a COPY brought a path from the build context, where it is a file, or a folder that is
// not one for programs.
func (c *call) fromContext(p string) bool {
	if c.opt.Context == nil || isProgramDir(p) {
		return false
	}
	for cmd, dest := range c.copies() {
		rest, inside := below(p, dest)
		if cmd.From != "" || !inside {
			continue
		}
		for _, src := range cmd.SourcePaths {
			name := path.Join(strings.TrimLeft(path.Clean(src), "/"), rest)
			if path.Base(dest) == path.Base(src) && rest == "" {
				name = strings.TrimLeft(path.Clean(src), "/")
			}
			if c.opt.Context.has(name) || c.opt.Context.isFolder(name) {
				return true
			}
		}
	}
	return false
}
