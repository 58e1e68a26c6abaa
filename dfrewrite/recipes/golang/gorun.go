package golang

import (
	"fmt"
	"path"
	"strings"

	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Projects have build programs in Go, started with go run: build.go, magefiles. Others come with go install: promu,
// garble. Such a program calls the compiler for the machine that it runs on, and nobody sees where it puts the result.
// GOOS and GOARCH in front of go run would not do either, since it would build the build program itself for the target.
// So what leaves a stage may not be its work.

// mayBuild remembers a go run, and a go tool that builds. One in $(…) is there for what it prints.
func (g *goCall) mayBuild() *verdict.Program {
	if g.Substituted || len(g.packages) == 0 {
		return nil
	}
	driver := startsDriver(g.packages[0].Lit)
	switch g.sub.Lit {
	case "run":
		if module, _, _ := strings.Cut(g.packages[0].Lit, "@"); writesText[module] {
			return nil
		}
	case "tool":
		if driver == "" {
			return nil
		}
	default:
		return nil
	}
	b := &verdict.Program{Text: shell.Shorten(g.Source()), Call: g.Call}
	if driver != "" {
		b.Way = fmt.Sprintf("install %s and call it by its name; in front of %s GOOS and GOARCH would be for %s itself, too", driver, "go "+g.sub.Lit, driver)
	}
	return b
}

// writesText are programs by their packages that leave text behind: what another machine gets would read the same.
var writesText = match.Words("github.com/google/go-licenses github.com/google/go-licenses/v2")

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
