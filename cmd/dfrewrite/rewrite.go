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
	format := s.String("format", "text", "how findings that are left are shown, a `format`: "+strings.Join(report.Formats, ", ")+"; all but text need -w or --check")
	in, err := p.parse(s, args)
	if in == nil || err != nil {
		return exitClean, err
	}
	left, err := report.New(*format, p.stdout, styleOf(p.stdout), versionString())
	if err != nil {
		return 0, &trouble{err, ""}
	}
	reported := *format != "text" // else they are remarks on standard error
	if reported && (*diff || *list || !*write && !*check) {
		return 0, &trouble{fmt.Errorf("--format %s and the result cannot both go to standard output", *format), "add -w to write the files back, or --check, and leave out -d and -l"}
	}
	if reported {
		p.complain(in.reportMissing(left))
	}
	for _, f := range in.files {
		if f.path == "-" && *write {
			return 0, &trouble{errors.New("-w cannot write standard input back"), "leave -w out: the result goes to standard output"}
		}
	}
	wouldChange := false
	style := styleOf(p.stdout)
	type result struct {
		source
		*dfrewrite.Rewritten
	}
	progress := p.progress(len(in.files))
	inParallel(in.files, func(i input) (result, error) {
		src, err := in.read(i)
		if err != nil {
			return result{source: src}, err
		}
		src.Unsafe = *unsafe
		r, err := src.rewrite()
		return result{src, r}, err
	}, func(i input, r result, err error) {
		progress.clear()
		changes := err == nil && !bytes.Equal(r.data, r.Out)
		wouldChange = wouldChange || changes && (*diff || *list || *check) && !*write
		if err == nil && changes && *list {
			_, err = fmt.Fprintln(p.stdout, r.name)
		}
		if err == nil && changes && *diff {
			err = report.Diff(p.stdout, filepath.ToSlash(r.name), r.data, r.Out, style)
		}
		if err == nil && changes && *write {
			err = writeBack(i.path, r.Out)
		}
		if err == nil && !*write && !*diff && !*list && !*check && (changes || r.builds == nil) {
			_, err = p.stdout.Write(r.Out)
		}
		p.complain(err)
		switch {
		case err != nil && reported:
			p.complain(left.Failed(r.name, err))
		case err != nil:
		case reported:
			p.complain(left.File(r.Left))
		default:
			p.remarks(r.Rewritten)
		}
		progress.step()
	})
	progress.clear()
	if reported {
		p.complain(left.Close())
	}
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
