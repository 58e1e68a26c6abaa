package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/config"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/rules"
	"xxkit/dfrewrite/verdict"
)

// settings are the flags that lint, rewrite and the others share, and what
// .dfrewrite.toml says where a flag is not given.
type settings struct {
	*pflag.FlagSet

	platforms, only, skip          []string
	targets, buildArgs             []string
	helpers, image, context, level string
	noContext                      bool

	finder *config.Finder
	mu     sync.Mutex
	known  map[*config.Config]fileSettings
}

// fileSettings are what counts for a file.
type fileSettings struct {
	dfrewrite.Options
	// failOn is the least severity that makes the exit status 1.
	failOn rules.Severity
	// context is the folder of the build context. Of settings, it is empty if that is the file's own; of a file, if
	// there is none.
	context string
	err     error
}

func newSettings(name string) *settings {
	s := &settings{FlagSet: pflag.NewFlagSet(name, pflag.ContinueOnError), known: map[*config.Config]fileSettings{}, finder: &config.Finder{}}
	s.SetOutput(io.Discard)
	s.SortFlags = false
	s.StringSliceVar(&s.platforms, "platform", nil, "the `platforms` that images are built for, os/arch[/variant],… (default "+strings.Join(dfrewrite.DefaultPlatforms, ",")+")")
	s.StringSliceVar(&s.targets, "target", nil, "the `stages` that images are made of (default: the last one, or what Compose and bake files say)")
	s.StringArrayVar(&s.buildArgs, "build-arg", nil, "a build argument that the build is given, `NAME=VALUE`, or NAME if the value is not known here")
	s.StringVar(&s.helpers, "helpers", "auto", "`when` to use the xx helpers: auto (where variables are not enough), always, never")
	s.StringVar(&s.image, "image", "", "the `image` that holds the helpers (default "+helperImage()+")")
	s.StringSliceVar(&s.only, "only", nil, "look for these `rules` only")
	s.StringSliceVar(&s.skip, "skip", nil, "do not look for these `rules`")
	s.StringVar(&s.context, "context", "", "the build context, a `folder` (default: the Dockerfile's)")
	s.BoolVar(&s.noContext, "no-context", false, "look at the Dockerfile only, not at what lies beside it")
	return s
}

func helperImage() string {
	if defaultImage != "" {
		return defaultImage
	}
	return dfrewrite.PublicImage
}

// check reports flags that are wrong whatever the file.
func (s *settings) check() error {
	if s.context != "" && s.noContext {
		return errors.New("--context and --no-context exclude each other")
	}
	if s.context != "" {
		if info, err := os.Stat(s.context); err != nil {
			return fmt.Errorf("--context: %w", err)
		} else if !info.IsDir() {
			return fmt.Errorf("--context: %s is no folder", s.context)
		}
	}
	for _, a := range s.buildArgs {
		if name, _, _ := strings.Cut(a, "="); name == "" {
			return fmt.Errorf("--build-arg %q has no name; write it as NAME=VALUE", a)
		}
	}
	return s.resolve(&config.Config{}).err
}

// flags puts those of the command line over those that Compose and bake files say.
func (s *settings) flags(said graph.Flags) graph.Flags {
	if s.Changed("target") {
		said.Targets, said.NoImages = s.targets, false
	}
	if len(s.buildArgs) > 0 {
		said.Args = maps.Clone(said.Args)
		said.ArgsBy = maps.Clone(said.ArgsBy)
		if said.Args == nil {
			said.Args = map[string]*string{}
		}
		if said.ArgsBy == nil {
			said.ArgsBy = map[string]string{}
		}
		for _, a := range s.buildArgs {
			name, value, ok := strings.Cut(a, "=")
			if said.Args[name] = nil; ok {
				said.Args[name] = &value
			}
			said.ArgsBy[name] = graph.ByFlag
		}
	}
	return said
}

// of returns what counts for a file.
func (s *settings) of(path string) (fileSettings, error) {
	dir := "."
	if path != "-" {
		dir = filepath.Dir(path)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.finder.For(dir)
	if err != nil {
		return fileSettings{}, err
	}
	f, ok := s.known[c]
	if !ok {
		f = s.resolve(c)
		s.known[c] = f
	}
	return f, f.err
}

// forget makes .dfrewrite.toml be read anew.
func (s *settings) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finder, s.known = &config.Finder{}, map[*config.Config]fileSettings{}
}

// resolve puts flags over a file's settings.
func (s *settings) resolve(c *config.Config) (f fileSettings) {
	// try keeps the first error, with the place that is to blame.
	try := func(flag, key string, err error) {
		switch {
		case err == nil || f.err != nil:
		case s.Changed(flag):
			f.err = err
		default:
			f.err = c.Wrong(key, err)
		}
	}
	pick := func(flag, mine, theirs string) string {
		if s.Changed(flag) || theirs == "" {
			return mine
		}
		return theirs
	}
	platforms := c.Platforms
	if s.Changed("platform") {
		platforms = s.platforms
	}
	if len(platforms) > 0 || s.Changed("platform") {
		var err error
		f.Platforms, err = dfrewrite.ParsePlatforms(strings.Join(platforms, ","))
		try("platform", "platforms", err)
	}
	if f.Image = pick("image", s.image, c.Image); f.Image == "" {
		f.Image = helperImage()
	}
	helpers := pick("helpers", s.helpers, c.Helpers)
	switch helpers {
	case "auto":
		f.Helpers = verdict.HelpersAuto
	case "always":
		f.Helpers = verdict.HelpersAlways
	case "never":
		f.Helpers = verdict.HelpersNever
	default:
		try("helpers", "helpers", fmt.Errorf("%s=%s: it is auto, always or never", s.called("helpers"), helpers))
	}
	only, skip := c.Only, c.Skip
	if s.Changed("only") || s.Changed("skip") {
		only, skip = s.only, s.skip
	}
	var err error
	f.Rules, err = dfrewrite.SelectRules(only, nil)
	try("only", "only", err)
	_, err = dfrewrite.SelectRules(nil, skip)
	try("skip", "skip", err)
	if f.err == nil {
		f.Rules, _ = dfrewrite.SelectRules(only, skip)
	}
	level := pick("fail-on", s.level, c.FailOn)
	switch level {
	case "error":
		f.failOn = rules.Error
	case "warning", "":
		f.failOn = rules.Warning
	case "info":
		f.failOn = rules.Info
	case "none":
		f.failOn = rules.Error + 1
	default:
		try("fail-on", "fail-on", fmt.Errorf("%s=%s: it is error, warning, info or none", s.called("fail-on"), level))
	}
	f.context = pick("context", s.context, c.Context)
	return f
}

// called names a setting as it was given.
func (s *settings) called(flag string) string {
	if s.Changed(flag) {
		return "--" + flag
	}
	return flag
}
