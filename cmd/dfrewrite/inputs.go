package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/builds"
	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// inputs are the files that a command is about, with what counts for each.
type inputs struct {
	settings *settings
	files    []input
	missing  []error // paths that could not be found or read
	contexts contexts
	releases releases
	names    builds.Names
	stdin    io.Reader
}

// An input is a Dockerfile, or a Compose or bake file.
type input struct {
	path string
	// describes says that it is a Compose or bake file.
	describes bool
	// described is what Compose and bake files say of a Dockerfile, or nil.
	described *described
}

// described is what Compose and bake files say of a Dockerfile.
type described struct {
	platforms []string
	// platformsBy are, for each of them, a build that names it, as in by.
	platformsBy []string
	// byTarget are those of each target.
	byTarget  map[string][]string
	context   string
	contexts  int // how many different ones; with several, none counts
	flags     graph.Flags
	builds    int // those whose arguments are in flags
	discarded int // those of them whose result is thrown away
	// by is a build of it and the file that describes that, for messages.
	by string
}

// parse reads flags and finds the files; nil without an error means that help was
// printed.
func (p *program) parse(s *settings, args []string) (*inputs, error) {
	err := s.Parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintf(p.stdout, "Usage: dfrewrite %s [flags] PATH…\n\n%s", s.Name(), s.FlagUsages())
		return nil, nil
	}
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return nil, &trouble{err, fmt.Sprintf("dfrewrite %s --help lists the flags", s.Name())}
	}
	if s.NArg() == 0 {
		return nil, &trouble{errors.New("no file given"), `name a Dockerfile or a folder, or "-" for standard input`}
	}
	files, err := dfrewrite.Find(s.Args())
	if errors.Is(err, dfrewrite.ErrNoDockerfile) && len(files) == 0 {
		return nil, &trouble{err, "files called Dockerfile, Dockerfile.*, *.Dockerfile or Containerfile are looked for in it and below, and Compose and bake files under their usual names; name a file that is called otherwise"}
	}
	if err != nil && len(files) == 0 {
		return nil, err
	}
	p.complain(err)
	in := &inputs{settings: s, stdin: p.stdin}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		in.missing = joined.Unwrap()
	}
	in.add(files)
	return in, in.checkTargets()
}

// checkTargets makes sure that each stage that --target names is in one of the
// Dockerfiles: a build would not find it, and a verdict on another stage misleads.
func (in *inputs) checkTargets() error {
	if len(in.settings.targets) == 0 {
		return nil
	}
	var all []*graph.Stage
	var names []string
	for _, i := range in.files {
		if i.describes {
			continue
		}
		src, err := os.ReadFile(i.path)
		if err != nil {
			return nil // standard input; or it is said when the file's turn comes
		}
		doc, err := dockerfile.Parse(i.path, src)
		if err != nil {
			return nil
		}
		names = append(names, i.path)
		all = append(all, graph.New(doc).Stages...)
	}
	for _, target := range in.settings.targets {
		if slices.ContainsFunc(all, func(s *graph.Stage) bool { return s.Answers(target) }) {
			continue
		}
		where := fmt.Sprintf("the %d Dockerfiles", len(names))
		if len(names) == 1 {
			where = names[0]
		}
		var called []string
		for _, s := range all {
			if s.Name != "" && !slices.Contains(called, s.Name) {
				called = append(called, s.Name)
			}
		}
		hint := "a stage without a name goes by its number, from 0"
		if len(called) > 0 {
			hint = "stages with a name are " + strings.Join(called, ", ")
		}
		return &trouble{fmt.Errorf("--target %s: no stage in %s is called that", target, where), hint}
	}
	return nil
}

// add takes files in. What Compose and bake files describe is looked at with them
// or, if it is among the files itself, in its place. They are read twice, here and
// when their turn comes, rather than kept.
func (in *inputs) add(files []string) {
	in.files = make([]input, 0, len(files))
	var describing []string
	for _, f := range files {
		if f != "-" && builds.Is(f) {
			describing = append(describing, f)
		}
	}
	if describing == nil {
		for _, f := range files {
			in.files = append(in.files, input{path: f})
		}
		return
	}
	named := map[string]bool{}
	for _, f := range files {
		named[filepath.Clean(f)] = true
	}
	of := map[string]*described{}    // by Dockerfile
	builtBy := map[string][]string{} // Dockerfiles, by Compose or bake file
	inParallel(describing, readBuilds, func(f string, described *builds.File, err error) {
		if err != nil {
			return // it is said when the file's turn comes
		}
		for _, b := range described.Builds {
			if b.Dockerfile != "" {
				builtBy[f] = append(builtBy[f], b.Dockerfile)
				describe(of, f, described, b)
			}
		}
	})
	add := func(path string) {
		in.files = append(in.files, input{path: path, described: of[filepath.Clean(path)]})
	}
	for _, f := range files {
		if f == "-" || !builds.Is(f) {
			add(f)
			continue
		}
		in.files = append(in.files, input{path: f, describes: true})
		for _, d := range builtBy[f] {
			if !named[d] {
				named[d] = true
				add(d)
			}
		}
	}
}

func readBuilds(path string) (*builds.File, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return builds.Parse(path, src)
}

// describe takes down what a build in a file says of its Dockerfile.
func describe(of map[string]*described, file string, f *builds.File, b *builds.Build) {
	by := fmt.Sprintf("%q in %s", b.Name, file)
	d := of[b.Dockerfile]
	if d == nil {
		d = &described{by: by, byTarget: map[string][]string{}}
		of[b.Dockerfile] = d
	}
	if d.contexts == 0 || d.context != b.Context {
		d.contexts++
	}
	d.context = b.Context
	for _, platform := range b.Platforms {
		if platform == "local" {
			continue
		}
		d.byTarget[b.Target] = append(d.byTarget[b.Target], platform)
		if !slices.Contains(d.platforms, platform) {
			d.platforms, d.platformsBy = append(d.platforms, platform), append(d.platformsBy, by)
		}
	}
	// A build that names no platforms is for the machine that it runs on, as that of a
	// stage to develop in: it says nothing about what is shipped. One that throws its
	// result away ships nothing.
	if len(b.Platforms) > 0 && !b.Discards {
		d.flags.Targets = append(d.flags.Targets, b.Target)
	}
	d.args(b.Args)
	for name := range b.Args {
		if d.flags.ArgsBy == nil {
			d.flags.ArgsBy = map[string]string{}
		}
		d.flags.ArgsBy[name] = placeOf(file, f, b.Name, name)
	}
	if b.Discards {
		d.discarded++
	}
	d.flags.NoImages = d.discarded == d.builds
}

// placeOf says where a build argument is given.
func placeOf(name string, f *builds.File, build, arg string) string {
	for _, a := range f.Args {
		if a.Name == arg && a.Build == build {
			return fmt.Sprintf("%s:%d", name, f.Doc.Position(a.At.Start).Line)
		}
	}
	return name
}

// args takes down the arguments of one more build. Those in which the builds differ are
// not known.
func (d *described) args(given map[string]*string) {
	if d.builds++; d.builds == 1 {
		d.flags.Args = maps.Clone(given)
		return
	}
	all := map[string]*string{}
	for _, from := range []map[string]*string{d.flags.Args, given} {
		for name := range from {
			a, b := d.flags.Args[name], given[name]
			if all[name] = nil; a != nil && b != nil && *a == *b {
				all[name] = a
			}
		}
	}
	d.flags.Args = all
}

// reportMissing puts into a report what could not be found.
func (in *inputs) reportMissing(out failures) error {
	var errs []error
	for _, err := range in.missing {
		name := "."
		if e := (*fs.PathError)(nil); errors.As(err, &e) {
			name = e.Path
		}
		errs = append(errs, out.Failed(name, err))
	}
	return errors.Join(errs...)
}

// A source is a file's bytes with what counts for it.
type source struct {
	name string
	data []byte
	fileSettings
	builds *builds.File // if it is a Compose or bake file
}

// settle finds out what counts for a file. Its build context is its folder, unless
// a setting or a Compose or bake file says otherwise; what comes from standard
// input has none by itself.
func (in *inputs) settle(i input) (source, error) {
	counts, err := in.settings.of(i.path)
	src := source{name: i.path, fileSettings: counts}
	if err != nil || i.describes {
		return src, err
	}
	said := i.described
	if said == nil {
		said = &described{}
		if i.path != "-" {
			for _, b := range in.releases.of(i.path) {
				said.args(b.Args)
			}
		}
	}
	src.Flags = in.settings.flags(said.flags)
	switch {
	case in.settings.Changed("platform"):
	case len(said.platforms) > 0:
		if err := src.builtFor(i.path, said); err != nil {
			return src, err
		}
	case i.path != "-":
		if src.Platforms == nil {
			src.Platforms = dfrewrite.DefaultPlatforms
		}
		src.Platforms = in.names.Platforms(i.path, src.Platforms)
	}
	dir := counts.context
	switch {
	case in.settings.Changed("context"):
	case said.contexts == 1:
		dir = said.context
	case said.contexts > 1:
		dir = "" // each of them holds something else
	case dir == "" && i.path != "-":
		dir = filepath.Dir(i.path)
	}
	src.context = dir
	if dir != "" && !in.settings.noContext {
		src.Context = in.contexts.of(dir)
	}
	return src, nil
}

// builtFor takes the platforms that Compose and bake files build a Dockerfile for, and those of each target.
func (s *source) builtFor(path string, said *described) error {
	s.Platforms = nil
	normal := map[string][]string{}
	for n, platform := range said.platforms {
		p, err := dfrewrite.ParsePlatforms(platform)
		if err != nil {
			return fmt.Errorf("%s: %s builds it: %w", path, said.platformsBy[n], err)
		}
		normal[platform] = p
		s.Platforms = append(s.Platforms, p...)
	}
	s.Flags.PlatformsOf = map[string][]string{}
	for target, platforms := range said.byTarget {
		for _, platform := range platforms {
			s.Flags.PlatformsOf[target] = append(s.Flags.PlatformsOf[target], normal[platform]...)
		}
	}
	return nil
}

// read reads a file, and finds out what counts for it.
func (in *inputs) read(i input) (source, error) {
	src, err := in.settle(i)
	switch {
	case err != nil:
	case i.describes:
		if src.builds, err = readBuilds(i.path); err == nil {
			src.data = src.builds.Doc.Src
		}
	case i.path == "-":
		src.name = "<stdin>"
		src.data, err = io.ReadAll(in.stdin)
	default:
		src.data, err = os.ReadFile(i.path)
		if errors.Is(err, fs.ErrNotExist) && i.described != nil {
			err = fmt.Errorf("%w; %s builds it", err, i.described.by)
		}
	}
	return src, err
}

// forget makes settings and build contexts be read anew.
func (in *inputs) forget() {
	in.settings.forget()
	in.contexts.mu.Lock()
	defer in.contexts.mu.Unlock()
	in.contexts.dirs = nil
	in.names.Forget()
	in.releases.mu.Lock()
	defer in.releases.mu.Unlock()
	in.releases.dirs = nil
}

// lint looks for what is wrong in a file of any kind.
func (s source) lint() (*dfrewrite.File, error) {
	if s.builds != nil {
		return &dfrewrite.File{Doc: s.builds.Doc, Findings: s.builds.Lint(s.Rules)}, nil
	}
	return dfrewrite.Lint(s.name, s.data, s.Options)
}

// rewrite makes the fixes in a file of any kind.
func (s source) rewrite() (*dfrewrite.Rewritten, error) {
	if s.builds == nil {
		return dfrewrite.Rewrite(s.name, s.data, s.Options)
	}
	return s.builds.Rewrite(s.Options)
}

// explain makes the fixes in a file of any kind, and says what was decided and why.
func (s source) explain() (*dfrewrite.Explanation, error) {
	if s.builds == nil {
		return dfrewrite.Explain(s.name, s.data, s.Options)
	}
	r, err := s.builds.Rewrite(s.Options)
	if err != nil {
		return nil, err
	}
	return dfrewrite.ExplainRewritten(s.builds.Doc, r), nil
}

// contexts keeps the build contexts that were used last, because files that follow
// one another tend to share theirs.
type contexts struct {
	mu   sync.Mutex
	dirs map[string]*context.Files
}

// releases keeps what GoReleaser's files say, by folder.
type releases struct {
	mu   sync.Mutex
	dirs map[string][]*builds.Build
}

// of returns the builds of a Dockerfile that the GoReleaser file in its folder, or in the nearest one above that has one,
// describes. A file that cannot be read is GoReleaser's to complain about.
func (r *releases) of(dockerfile string) []*builds.Build {
	abs, err := filepath.Abs(dockerfile)
	if err != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dirs == nil || len(r.dirs) > maxReleases {
		r.dirs = map[string][]*builds.Build{}
	}
	var found []*builds.Build
	for _, b := range r.nearest(filepath.Dir(abs)) {
		if b.Dockerfile == abs {
			found = append(found, b)
		}
	}
	return found
}

// maxReleases bounds how many folders are remembered.
const maxReleases = 1000

func (r *releases) nearest(dir string) []*builds.Build {
	found, ok := r.dirs[dir]
	if !ok {
		if found, _ = builds.Released(dir); found == nil && filepath.Dir(dir) != dir {
			found = r.nearest(filepath.Dir(dir))
		}
		r.dirs[dir] = found
	}
	return found
}

// maxContexts bounds what is kept, so that the memory that a run needs does not
// grow with the number of folders.
const maxContexts = 64

func (c *contexts) of(dir string) *context.Files {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dirs == nil || c.dirs[dir] == nil && len(c.dirs) >= maxContexts {
		c.dirs = map[string]*context.Files{}
	}
	if c.dirs[dir] == nil {
		c.dirs[dir] = context.Open(dir)
		c.dirs[dir].Dir = dir
	}
	return c.dirs[dir]
}
