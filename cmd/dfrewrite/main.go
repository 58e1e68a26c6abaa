// Command dfrewrite lints Dockerfiles for multi-platform mistakes and rewrites
// emulated builds into cross-compiling ones. `dfrewrite help` says how.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/recipes"
	"xxkit/dfrewrite/report"
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
  dfrewrite rewrite [flags] PATH…   make the safe fixes; without -w, -d, -l or --check: to standard output
  dfrewrite rules [NAME]            list the rules, or show one rule's page
  dfrewrite version

PATH is a Dockerfile, "-" for standard input, or a folder: every Dockerfile, Dockerfile.*, *.Dockerfile and
Containerfile in it and below.

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
	opt            dfrewrite.Options
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
	case "rules":
		return p.rules(args[1:])
	case "version", "--version":
		fmt.Fprintln(p.stdout, "dfrewrite", versionString())
		return exitClean, nil
	case "help", "--help", "-h":
		fmt.Fprint(p.stdout, usage)
		return exitClean, nil
	}
	return 0, &trouble{fmt.Errorf("no such command: %q", args[0]), "the commands are lint, rewrite, rules, version and help"}
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

// flagSet has the flags that lint and rewrite share.
func (p *program) flagSet(name string) (*pflag.FlagSet, func() error) {
	fs := pflag.NewFlagSet(name, pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.SortFlags = false
	platforms := fs.String("platform", strings.Join(dfrewrite.DefaultPlatforms, ","), "the platforms that images are built for, `os/arch[/variant],…`")
	helpers := fs.String("helpers", "auto", "use the xx helpers: `auto` (where variables are not enough), always, never")
	image := fs.String("image", "", "the image that holds the helpers (default "+helperImage()+")")
	return fs, func() error {
		var err error
		if p.opt.Platforms, err = dfrewrite.ParsePlatforms(*platforms); err != nil {
			return err
		}
		p.opt.Image = *image
		if p.opt.Image == "" {
			p.opt.Image = helperImage()
		}
		switch *helpers {
		case "auto":
			p.opt.Helpers = recipes.HelpersAuto
		case "always":
			p.opt.Helpers = recipes.HelpersAlways
		case "never":
			p.opt.Helpers = recipes.HelpersNever
		default:
			return fmt.Errorf("--helpers=%s: it is auto, always or never", *helpers)
		}
		return nil
	}
}

func helperImage() string {
	if defaultImage != "" {
		return defaultImage
	}
	return dfrewrite.PublicImage
}

// parse reads flags and finds the files; done is true when help was printed.
func (p *program) parse(fs *pflag.FlagSet, finish func() error, args []string) (files []string, done bool, err error) {
	err = fs.Parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintf(p.stdout, "Usage: dfrewrite %s [flags] PATH…\n\n%s", fs.Name(), fs.FlagUsages())
		return nil, true, nil
	}
	if err == nil {
		err = finish()
	}
	hint := fmt.Sprintf("dfrewrite %s --help lists the flags", fs.Name())
	if err != nil {
		return nil, false, &trouble{err, hint}
	}
	if fs.NArg() == 0 {
		return nil, false, &trouble{errors.New("no file given"), `name a Dockerfile or a folder, or "-" for standard input`}
	}
	files, err = dfrewrite.Find(fs.Args())
	if err != nil && len(files) == 0 {
		return nil, false, err
	}
	p.complain(err)
	return files, false, nil
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

// read returns a file's bytes and the options for it, with its folder as the
// build context.
func (p *program) read(path string, contexts *contexts) (name string, src []byte, opt dfrewrite.Options, err error) {
	opt = p.opt
	if path == "-" {
		src, err = io.ReadAll(p.stdin)
		return "<stdin>", src, opt, err
	}
	src, err = os.ReadFile(path)
	opt.Context = contexts.of(filepath.Dir(path))
	return path, src, opt, err
}

// contexts keeps one build context for each folder.
type contexts struct {
	mu   sync.Mutex
	dirs map[string]*recipes.Context
}

func (c *contexts) of(dir string) *recipes.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dirs == nil {
		c.dirs = map[string]*recipes.Context{}
	}
	if c.dirs[dir] == nil {
		c.dirs[dir] = recipes.NewContext(os.DirFS(dir))
	}
	return c.dirs[dir]
}

// inParallel does the files with all processors, and hands the results on in
// order.
func inParallel[T any](files []string, work func(string) (T, error), done func(string, T, error)) {
	type result struct {
		value T
		err   error
	}
	slots := make([]chan result, len(files))
	for i := range slots {
		slots[i] = make(chan result, 1)
	}
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	go func() {
		for i, f := range files {
			limit <- struct{}{}
			go func() {
				v, err := work(f)
				slots[i] <- result{v, err}
				<-limit
			}()
		}
	}()
	for i, f := range files {
		r := <-slots[i]
		done(f, r.value, r.err)
	}
}

func (p *program) lint(args []string) (int, error) {
	fs, finish := p.flagSet("lint")
	files, done, err := p.parse(fs, finish, args)
	if done || err != nil {
		return exitClean, err
	}
	found := false
	style := styleOf(p.stdout)
	var ctx contexts
	inParallel(files, func(path string) (*dfrewrite.File, error) {
		name, src, opt, err := p.read(path, &ctx)
		if err != nil {
			return nil, err
		}
		return dfrewrite.Lint(name, src, opt)
	}, func(path string, f *dfrewrite.File, err error) {
		if err == nil {
			found = found || len(f.Findings) > 0
			err = report.Findings(p.stdout, f, style)
		}
		p.complain(err)
	})
	return p.status(found), nil
}

func (p *program) rewrite(args []string) (int, error) {
	fs, finish := p.flagSet("rewrite")
	write := fs.BoolP("write", "w", false, "write the files back")
	diff := fs.BoolP("diff", "d", false, "show what would change as a diff")
	list := fs.BoolP("list", "l", false, "list the files that would change")
	check := fs.Bool("check", false, "only say by the exit status whether a file would change")
	fs.BoolVar(&p.opt.Unsafe, "unsafe", false, "make the fixes too that a person should read")
	files, done, err := p.parse(fs, finish, args)
	if done || err != nil {
		return exitClean, err
	}
	for _, f := range files {
		if f == "-" && *write {
			return 0, &trouble{errors.New("-w cannot write standard input back"), "leave -w out: the result goes to standard output"}
		}
	}
	wouldChange := false
	style := styleOf(p.stdout)
	var ctx contexts
	type result struct {
		name string
		src  []byte
		*dfrewrite.Rewritten
	}
	inParallel(files, func(path string) (result, error) {
		name, src, opt, err := p.read(path, &ctx)
		if err != nil {
			return result{}, err
		}
		r, err := dfrewrite.Rewrite(name, src, opt)
		return result{name, src, r}, err
	}, func(path string, r result, err error) {
		changes := err == nil && !bytes.Equal(r.src, r.Out)
		wouldChange = wouldChange || changes && (*diff || *list || *check) && !*write
		if err == nil && changes && *list {
			_, err = fmt.Fprintln(p.stdout, r.name)
		}
		if err == nil && changes && *diff {
			err = report.Diff(p.stdout, filepath.ToSlash(r.name), r.src, r.Out, style)
		}
		if err == nil && changes && *write {
			err = writeBack(path, r.Out)
		}
		if err == nil && !*write && !*diff && !*list && !*check {
			_, err = p.stdout.Write(r.Out)
		}
		p.complain(err)
		if err == nil {
			p.remarks(r.Rewritten)
		}
	})
	return p.status(wouldChange), nil
}

// writeBack replaces a file, or the file that a link leads to, and keeps its mode
// and owner. A file that may not be written to is left alone, though its folder
// would allow to replace it.
func writeBack(path string, data []byte) error {
	fail := func(err error) error {
		return fmt.Errorf("%s cannot be written back, and stays as it was: %w", path, err)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fail(err)
	}
	f, err := os.OpenFile(real, os.O_WRONLY, 0)
	if err != nil {
		return fail(err)
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Close()); err != nil {
		return fail(err)
	}
	if err := replaceFile(real, data, info); err != nil {
		return fail(err)
	}
	return nil
}

// remarks says on standard error what was not rewritten, and why.
func (p *program) remarks(r *dfrewrite.Rewritten) {
	held := r.Held()
	for _, d := range r.Left.Findings {
		if d.Fix != nil {
			continue
		}
		pos := r.Left.Doc.Position(d.Span.Start)
		fmt.Fprintf(p.stderr, "%s:%d: not rewritten: %s [%s]\n", r.Left.Doc.Name, pos.Line, d.Message, d.Rule.Name)
		for _, n := range d.Notes {
			fmt.Fprintf(p.stderr, "  line %d: %s\n", r.Left.Doc.Position(n.Span.Start).Line, n.Text)
		}
	}
	if len(held) > 0 {
		fixes := "1 fix"
		if len(held) > 1 {
			fixes = fmt.Sprintf("%d fixes", len(held))
		}
		fmt.Fprintf(p.stderr, "%s: %s held back that should be read first; --unsafe makes them:\n", r.Left.Doc.Name, fixes)
		for _, d := range held {
			fmt.Fprintf(p.stderr, "  line %d: %s [%s]\n", r.Left.Doc.Position(d.Span.Start).Line, d.Fix.Message, d.Rule.Name)
			for _, why := range d.Fix.Why {
				fmt.Fprintf(p.stderr, "    %s\n", why)
			}
		}
	}
}

func (p *program) rules(args []string) (int, error) {
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

// styleOf uses colour on a terminal, unless NO_COLOR is set (no-color.org).
func styleOf(w io.Writer) report.Style {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return report.Style{}
	}
	info, err := f.Stat()
	return report.Style{Color: err == nil && info.Mode()&os.ModeCharDevice != 0}
}
