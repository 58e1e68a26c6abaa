package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/builds"
	"xxkit/dfrewrite/lsp"
)

func (p *program) lsp(args []string) (int, error) {
	s := newSettings("lsp")
	s.Bool("stdio", true, "talk over standard input and output, which is all there is")
	err := s.Parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintf(p.stdout, "Usage: dfrewrite lsp [flags]\n\n%s", s.FlagUsages())
		return exitClean, nil
	}
	if err == nil {
		err = s.check()
	}
	if err == nil && s.NArg() > 0 {
		err = errors.New("lsp takes no paths: the editor names them")
	}
	if err != nil {
		return 0, &trouble{err, "dfrewrite lsp --help lists the flags"}
	}
	in := &inputs{settings: s}
	look := func(path string, src []byte) (source, error) {
		i := input{path: path, describes: builds.Is(path)}
		if strings.Contains(path, ":") && !strings.ContainsAny(path, `/\`) {
			i.path = "-" // not saved yet, so it lies nowhere
		}
		out, err := in.settle(i)
		out.name, out.data = path, src
		if err == nil && i.describes {
			out.builds, err = builds.Parse(path, src)
		}
		return out, err
	}
	err = lsp.Serve(context.Background(), lsp.Library{
		Version: versionString(),
		Saved:   in.forget,
		Lint: func(path string, src []byte) (*dfrewrite.File, error) {
			f, err := look(path, src)
			if err != nil {
				return nil, err
			}
			return f.lint()
		},
		Rewrite: func(path string, src []byte) ([]byte, error) {
			f, err := look(path, src)
			if err != nil {
				return nil, err
			}
			r, err := f.rewrite()
			if err != nil {
				return nil, err
			}
			return r.Out, nil
		},
	}, p.stdin, p.stdout)
	if err != nil {
		fmt.Fprintf(p.stderr, "dfrewrite: %v\n", err)
		return 1, nil // as the protocol has it
	}
	return exitClean, nil
}
