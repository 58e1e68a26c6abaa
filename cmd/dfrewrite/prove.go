package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/prove"
	"xxkit/xxverify/imagediff"
)

func (p *program) prove(args []string) (int, error) {
	var passed []string // to buildx
	if i := slices.Index(args, "--"); i >= 0 {
		args, passed = args[:i], args[i+1:]
	}
	if err := prove.CheckArgs(passed); err != nil {
		return 0, &trouble{err, "dfrewrite prove --help lists the flags"}
	}
	s := newSettings("prove")
	unsafe := s.Bool("unsafe", false, "make the fixes too that a person should read")
	builder := s.String("builder", "", "the `name` of a builder of buildx (default: the current one)")
	cache := s.Bool("cache", false, "let steps come from the builder's cache; no times are given then")
	accept := s.StringSlice("accept", nil, "`kinds` of differences that do not matter: "+kinds())
	ignore := s.StringArray("ignore", nil, "leave out files whose paths match this `pattern`; can be repeated")
	keep := s.String("keep", "", "keep images, logs and Dockerfiles in this `folder`")
	asJSON := s.Bool("json", false, "show the result as JSON")
	in, err := p.parse(s, args)
	if in == nil || err != nil {
		return exitClean, err
	}
	// The flags that say what is built are for the rewrite and for both builds.
	if len(s.targets) > 1 {
		return 0, &trouble{errors.New("there are several targets, and a build has one"), "name one with --target"}
	}
	for _, t := range s.targets {
		passed = append([]string{"--target", t}, passed...)
	}
	for _, a := range s.buildArgs {
		passed = append([]string{"--build-arg", a}, passed...)
	}
	var accepted []imagediff.Kind
	for _, kind := range *accept {
		k := imagediff.Kind(kind)
		if !slices.Contains(imagediff.Kinds, k) {
			return 0, &trouble{fmt.Errorf("--accept %s: there is no such kind of difference", kind), "the kinds are " + kinds()}
		}
		accepted = append(accepted, k)
	}
	if *keep != "" && len(in.files) > 1 {
		return 0, &trouble{fmt.Errorf("there are %d files, and --keep keeps what one builds", len(in.files)), "name the Dockerfile"}
	}
	for _, i := range in.files {
		if i.describes {
			return 0, &trouble{fmt.Errorf("%s is a Compose or bake file, and prove builds Dockerfiles", i.path), "name the Dockerfile, and with --target, --build-arg and --context what that file says of it"}
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	differ := false
	var all []*prove.Proof
	for _, i := range in.files {
		job, r, err := p.provable(in, i, *unsafe)
		if err != nil {
			p.complain(err)
			continue
		}
		proof := &prove.Proof{Name: job.Name}
		if r != nil {
			if job.Buildx, err = prove.Find(ctx); err != nil {
				return 0, &trouble{err, "install docker with its plug-in buildx, or the program buildx"}
			}
			job.Builder, job.Cache, job.Args, job.Keep = *builder, *cache, passed, *keep
			job.Compare = imagediff.Options{Ignore: *ignore, Accept: accepted}
			job.Progress = func(what string) { fmt.Fprintf(p.stderr, "%s: %s\n", job.Name, what) }
			if proof, err = prove.Run(ctx, job); err != nil {
				p.failed(job.Name, err)
				if ctx.Err() != nil {
					break
				}
				continue
			}
		}
		differ = differ || proof.Matters()
		all = append(all, proof)
		switch {
		case *asJSON:
		case r == nil:
			_, err = fmt.Fprintf(p.stdout, "%s: the rewrite changes nothing, so there is nothing to prove\n", job.Name)
		default:
			err = proof.Text(p.stdout)
		}
		p.complain(err)
	}
	if *asJSON {
		out := json.NewEncoder(p.stdout)
		out.SetIndent("", "  ")
		p.complain(out.Encode(map[string]any{"proofs": append([]*prove.Proof{}, all...)}))
	}
	return p.status(differ), nil
}

func kinds() string {
	var names []string
	for _, k := range imagediff.Kinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// provable rewrites a Dockerfile in memory. What it was rewritten to is nil if nothing changes.
func (p *program) provable(in *inputs, i input, unsafe bool) (prove.Job, *dfrewrite.Rewritten, error) {
	src, err := in.read(i)
	if err != nil {
		return prove.Job{}, nil, err
	}
	src.Unsafe = unsafe
	r, err := src.rewrite()
	if err != nil {
		return prove.Job{}, nil, err
	}
	p.remarks(r.AsItStands())
	job := prove.Job{Name: src.name, Before: src.data, After: r.Out, Context: src.context, Platforms: src.Platforms}
	if len(job.Platforms) == 0 {
		job.Platforms = dfrewrite.DefaultPlatforms
	}
	if job.Context == "" {
		if i.path == "-" {
			return job, nil, errors.New("a Dockerfile from standard input has no build context: name one with --context")
		}
		if i.described != nil && i.described.contexts > 1 {
			return job, nil, fmt.Errorf("%s is built with several contexts: name one with --context", i.path)
		}
		job.Context = filepath.Dir(i.path)
	}
	if bytes.Equal(src.data, r.Out) {
		return job, nil, nil
	}
	return job, r, nil
}

// failed reports a proof that could not be made, with the end of the log of a build.
func (p *program) failed(name string, err error) {
	p.complain(fmt.Errorf("%s: %w", name, err))
	var build *prove.BuildError
	if errors.As(err, &build) {
		fmt.Fprint(p.stderr, build.Tail)
		fmt.Fprintf(p.stderr, "hint: %s\n", build.Hint())
	}
}
