package main

import (
	"strings"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/report"
)

func (p *program) lint(args []string) (int, error) {
	s := newSettings("lint")
	format := s.String("format", "text", "how findings are shown, a `format`: "+strings.Join(report.Formats, ", "))
	s.StringVar(&s.level, "fail-on", "warning", "the least `severity` that makes the exit status 1: error, warning, info; or none")
	in, err := p.parse(s, args)
	if in == nil || err != nil {
		return exitClean, err
	}
	out, err := report.New(*format, p.stdout, styleOf(p.stdout), versionString())
	if err != nil {
		return 0, &trouble{err, ""}
	}
	p.complain(in.reportMissing(out))
	type result struct {
		source
		*dfrewrite.File
	}
	failing := false
	progress := p.progress(len(in.files))
	inParallel(in.files, func(i input) (result, error) {
		src, err := in.read(i)
		if err != nil {
			return result{source: src}, err
		}
		f, err := src.lint()
		return result{src, f}, err
	}, func(_ input, r result, err error) {
		progress.clear()
		if err != nil {
			p.complain(err)
			p.complain(out.Failed(r.name, err))
		} else {
			for _, d := range r.Findings {
				failing = failing || d.Severity >= r.failOn
			}
			p.complain(out.File(r.File))
		}
		progress.step()
	})
	progress.clear()
	p.complain(out.Close())
	return p.status(failing), nil
}
