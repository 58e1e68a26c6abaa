package main

import (
	"errors"
	"fmt"
	"strings"

	"xxkit/dfrewrite/report"
)

func (p *program) graph(args []string) (int, error) {
	s := newSettings("graph")
	format := s.String("format", "text", "what is drawn, a `format`: "+strings.Join(report.GraphFormats, ", "))
	in, err := p.parse(s, args)
	if in == nil || err != nil {
		return exitClean, err
	}
	var dockerfiles []input
	for _, i := range in.files {
		if i.describes {
			_, err := in.read(i)
			p.complain(err)
		} else {
			dockerfiles = append(dockerfiles, i)
		}
	}
	if len(dockerfiles) > 1 && *format != "text" {
		return 0, &trouble{fmt.Errorf("there are %d Dockerfiles, and %s is a picture of one", len(dockerfiles), *format), "name the Dockerfile"}
	}
	for _, i := range dockerfiles {
		src, err := in.read(i)
		if err != nil {
			p.complain(err)
			continue
		}
		f, err := src.lint()
		if err == nil {
			err = report.Graph(p.stdout, *format, f)
		}
		if errors.Is(err, report.ErrFormat) {
			return 0, &trouble{err, ""}
		}
		p.complain(err)
	}
	return p.status(false), nil
}
