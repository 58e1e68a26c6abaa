// Command dfrewrite lints Dockerfiles for multi-platform mistakes and rewrites
// emulated builds into cross-compiling ones. `dfrewrite help` says how.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"xxkit/dfrewrite/rules"
)

// Stamped in with -ldflags -X.
var (
	version      string // of this build
	defaultImage string // the image with the helpers
)

// Exit statuses.
const (
	exitClean    = 0
	exitFindings = 1 // findings, or a file would change
	exitTrouble  = 2 // wrong call, or input that cannot be read
)

const usage = `dfrewrite finds multi-platform mistakes in Dockerfiles and makes emulated builds cross-compile.

Usage:
  dfrewrite lint [flags] PATH…      say what is wrong
  dfrewrite rewrite --explain PATH… say what would become of each stage and command, and why
  dfrewrite rewrite [flags] PATH…   make the safe fixes; without -w, -d, -l or --check: to standard output
  dfrewrite prove [flags] PATH…     build before and after a rewrite, and compare what comes out
  dfrewrite graph [flags] PATH…     draw the stages: who copies from whom, where each one runs
  dfrewrite lsp                     show findings and fixes in an editor (language server protocol)
  dfrewrite rules [NAME]            list the rules, or show one rule's page
  dfrewrite recipes [NAME]          list what is known about languages and tools, or show one's page
  dfrewrite version
  dfrewrite COMMAND --help          list the flags of a command

PATH is a Dockerfile, a Compose or bake file with the Dockerfiles that it builds, "-" for standard input, or a
folder: every Dockerfile, Dockerfile.*, *.Dockerfile and Containerfile in it and below, and what Compose and bake
files there build.

Exit status: 0 clean, 1 findings or a file would change, 2 wrong call or unreadable input.
`

func main() {
	// Each file leaves next to nothing behind, so the heap stays small and the
	// collector would run all the time.
	debug.SetGCPercent(800)
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// trouble is an error that ends the program with exitTrouble, with a hint.
type trouble struct {
	err  error
	hint string
}

func (t *trouble) Error() string { return t.err.Error() }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr}
	status, err := p.dispatch(args)
	if err != nil {
		fmt.Fprintf(stderr, "dfrewrite: %v\n", err)
		var t *trouble
		if errors.As(err, &t) && t.hint != "" {
			fmt.Fprintf(stderr, "hint: %s\n", t.hint)
		}
		return exitTrouble
	}
	return status
}

type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	troubled       bool // a file could not be read or written
}

func (p *program) dispatch(args []string) (int, error) {
	if len(args) == 0 {
		fmt.Fprint(p.stderr, usage)
		return exitTrouble, nil
	}
	switch args[0] {
	case "lint":
		return p.lint(args[1:])
	case "rewrite":
		return p.rewrite(args[1:])
	case "prove":
		return p.prove(args[1:])
	case "graph":
		return p.graph(args[1:])
	case "lsp":
		return p.lsp(args[1:])
	case "rules":
		return p.rules(args[1:])
	case "recipes":
		return p.recipes(args[1:])
	case "version", "--version":
		fmt.Fprintln(p.stdout, "dfrewrite", versionString())
		return exitClean, nil
	case "help", "--help", "-h":
		if len(args) > 1 && args[0] == "help" && args[1] != "help" && args[1] != "version" {
			return p.dispatch([]string{args[1], "--help"})
		}
		fmt.Fprint(p.stdout, usage)
		return exitClean, nil
	}
	return 0, &trouble{fmt.Errorf("no such command: %q", args[0]), "the commands are lint, rewrite, prove, graph, lsp, rules, recipes, version and help"}
}

func versionString() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// complain reports an error that does not keep the other files from being done.
func (p *program) complain(err error) {
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) { // several errors, joined
		fmt.Fprintf(p.stderr, "dfrewrite: %s\n", strings.TrimSuffix(line, "\n"))
	}
	p.troubled = true
}

// status is the exit status, given whether there are findings or changes.
func (p *program) status(found bool) int {
	switch {
	case p.troubled:
		return exitTrouble
	case found:
		return exitFindings
	}
	return exitClean
}

const rulesUsage = `Usage: dfrewrite rules [NAME]

Lists the rules, each with its severity and the mistake that it finds, or shows the page of one: what it finds and
why, what the fix does, and a Dockerfile with the mistake and one without. NAME may be in upper or lower case.
`

func (p *program) rules(args []string) (int, error) {
	if len(args) == 1 && (args[0] == "--help" || args[0] == "-h") {
		fmt.Fprint(p.stdout, rulesUsage)
		return exitClean, nil
	}
	switch len(args) {
	case 0:
		for _, r := range rules.All {
			fmt.Fprintf(p.stdout, "%-28s %-8s %s\n", r.Name, r.Severity, r.Summary())
		}
		return exitClean, nil
	case 1:
		r := rules.Named(args[0])
		if r == nil {
			return 0, &trouble{fmt.Errorf("no rule is called %q", args[0]), "dfrewrite rules lists them"}
		}
		fmt.Fprint(p.stdout, r.Page())
		return exitClean, nil
	}
	return 0, &trouble{errors.New("rules takes one name at most"), ""}
}
