package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/report"
)

func (p *program) rewrite(args []string) (int, error) {
	s := newSettings("rewrite")
	write := s.BoolP("write", "w", false, "write the files back")
	diff := s.BoolP("diff", "d", false, "show what would change as a diff")
	list := s.BoolP("list", "l", false, "list the files that would change")
	check := s.Bool("check", false, "only say by the exit status whether a file would change")
	unsafe := s.Bool("unsafe", false, "make the fixes too that a person should read")
	explain := s.Bool("explain", false, "say of each stage and command what was decided, and why")
	format := s.String("format", "text", "how findings that are left are shown, a `format`: "+strings.Join(report.Formats, ", ")+"; all but text need -w, --check or --explain, which takes text and json")
	asJSON := s.Bool("json", false, "the same as --format json")
	in, err := p.parse(s, args)
	if in == nil || err != nil {
		return exitClean, err
	}
	if *asJSON {
		if s.Changed("format") && *format != "json" {
			return 0, &trouble{fmt.Errorf("--json and --format %s exclude each other", *format), "leave one of them out"}
		}
		*format = "json"
	}
	var left report.Reporter
	var explained report.Explainer
	var shown failures // the one of them that is used
	if *explain {
		explained, err = report.NewExplainer(*format, p.stdout, styleOf(p.stdout))
		shown = explained
	} else {
		left, err = report.New(*format, p.stdout, styleOf(p.stdout), versionString())
		shown = left
	}
	if err != nil {
		return 0, &trouble{err, ""}
	}
	reported := *explain || *format != "text" // else they are remarks on standard error
	switch {
	case *format != "text" && (*diff || *list || !*write && !*check && !*explain):
		return 0, &trouble{fmt.Errorf("--format %s and the result cannot both go to standard output", *format), "add -w to write the files back, --check or --explain, and leave out -d and -l"}
	case *explain && *list:
		return 0, &trouble{errors.New("--explain and -l cannot both go to standard output"), "leave one of them out"}
	}
	if reported {
		p.complain(in.reportMissing(shown))
	}
	for _, f := range in.files {
		if f.path == "-" && *write {
			return 0, &trouble{errors.New("-w cannot write standard input back"), "leave -w out: the result goes to standard output"}
		}
	}
	wouldChange := false
	style := styleOf(p.stdout)
	toStdout := !*write && !*diff && !*list && !*check && !*explain
	var summary report.Summary
	newToBuildKit := ""
	type result struct {
		source
		*dfrewrite.Rewritten
		explanation *dfrewrite.Explanation
	}
	progress := p.progress(len(in.files))
	inParallel(in.files, func(i input) (result, error) {
		src, err := in.read(i)
		if err != nil {
			return result{source: src}, err
		}
		src.Unsafe = *unsafe
		if *explain {
			e, err := src.explain()
			if err != nil {
				return result{source: src}, err
			}
			return result{src, e.Rewritten, e}, nil
		}
		r, err := src.rewrite()
		return result{src, r, nil}, err
	}, func(i input, r result, err error) {
		progress.clear()
		changes := err == nil && !bytes.Equal(r.data, r.Out)
		wouldChange = wouldChange || changes && (*diff || *list || *check) && !*write
		if err == nil && *explain {
			err = explained.File(r.explanation)
		}
		if err == nil && changes && *list {
			_, err = fmt.Fprintln(p.stdout, r.name)
		}
		if err == nil && changes && *diff {
			err = report.Diff(p.stdout, filepath.ToSlash(r.name), r.data, r.Out, style)
		}
		if err == nil && changes && *write {
			err = writeBack(i.path, r.Out)
		}
		if err == nil && toStdout && (changes || r.builds == nil) {
			_, err = p.stdout.Write(r.Out)
		}
		p.complain(err)
		if err == nil {
			summary.Add(r.data, r.Rewritten)
		} else {
			summary.AddFailed()
		}
		if changes && !*check && !*list && !reported {
			p.told(r.Told(*write || toStdout))
			if newToBuildKit == "" && r.BringsBuildKit() {
				newToBuildKit = r.name
			}
		}
		switch {
		case err != nil && reported:
			p.complain(shown.Failed(r.name, err))
		case err != nil || *explain:
		default:
			rest := r.Left
			if !*write && !toStdout { // nobody has the new text
				rest = r.AsItStands()
			}
			if reported {
				p.complain(left.File(rest))
			} else {
				p.remarks(rest)
			}
		}
		progress.step()
	})
	progress.clear()
	if reported {
		p.complain(shown.Close())
	}
	if newToBuildKit != "" {
		fmt.Fprintf(p.stderr, "%s: needs BuildKit from now on, for $BUILDPLATFORM: docker buildx build, or docker build since Docker 23.0\n", newToBuildKit)
	}
	if summary.Files() > 1 && *format == "text" {
		fmt.Fprintln(p.stderr, summary.Line(*write || toStdout))
	}
	return p.status(wouldChange), nil
}

// failures take what could not be done, among what is shown.
type failures interface {
	Failed(name string, err error) error
	Close() error
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

// told says on standard error what is to be known of a result.
func (p *program) told(f *dfrewrite.File) {
	for _, d := range f.Findings {
		for _, n := range d.Notes {
			fmt.Fprintf(p.stderr, "%s:%d: %s [%s]\n", f.Doc.Name, f.Doc.Position(n.Span.Start).Line, n.Text, d.Rule.Name)
		}
	}
}

// remarks says on standard error what was not rewritten, and why.
func (p *program) remarks(left *dfrewrite.File) {
	held := left.Fixable()
	for _, d := range left.Findings {
		if d.Fix != nil {
			continue
		}
		pos := left.Doc.Position(d.Span.Start)
		fmt.Fprintf(p.stderr, "%s:%d: not rewritten: %s [%s]\n", left.Doc.Name, pos.Line, d.Message, d.Rule.Name)
		for _, n := range d.Notes {
			fmt.Fprintf(p.stderr, "  line %d: %s\n", left.Doc.Position(n.Span.Start).Line, n.Text)
			if n.Way != "" {
				fmt.Fprintf(p.stderr, "    %s\n", n.Way)
			}
		}
	}
	if len(held) > 0 {
		fixes := "1 fix is held back, to be read first; --unsafe makes it:"
		if len(held) > 1 {
			fixes = fmt.Sprintf("%d fixes are held back, to be read first; --unsafe makes them:", len(held))
		}
		fmt.Fprintf(p.stderr, "%s: %s\n", left.Doc.Name, fixes)
		for _, d := range held {
			fmt.Fprintf(p.stderr, "  line %d: %s [%s]\n", left.Doc.Position(d.Span.Start).Line, d.Fix.Message, d.Rule.Name)
			for _, why := range d.Fix.Why {
				fmt.Fprintf(p.stderr, "    %s\n", why)
			}
		}
	}
}
