package builds

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"
)

// releaseFiles are where GoReleaser looks for what it is to do.
var releaseFiles = []string{".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml", ".config/goreleaser.yml", ".config/goreleaser.yaml"}

// Released returns the builds of Dockerfiles that a folder's GoReleaser file describes, with the arguments that each is
// given. Templates are not filled in: an argument whose value holds one is given, and its value is not known. Contexts
// and platforms are left empty, for GoReleaser puts its contexts together itself. Without such a file there are none.
//
// The keys are those of goreleaser.com/customization/docker, dockers and dockers_v2.
func Released(dir string) ([]*Build, error) {
	for _, name := range releaseFiles {
		src, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var config struct {
			Dockers []struct {
				Dockerfile string   `yaml:"dockerfile"`
				Flags      []string `yaml:"build_flag_templates"`
			} `yaml:"dockers"`
			DockersV2 []struct {
				Dockerfile string            `yaml:"dockerfile"`
				Args       map[string]string `yaml:"build_args"`
			} `yaml:"dockers_v2"`
		}
		if err := yaml.Unmarshal(src, &config); err != nil {
			return nil, &Error{filepath.Join(dir, name), 0, err}
		}
		var out []*Build
		add := func(file string, args map[string]*string) {
			if file == "" {
				file = "Dockerfile"
			}
			if !strings.Contains(file, "{{") {
				out = append(out, &Build{Name: name, Dockerfile: filepath.Join(dir, file), Args: args})
			}
		}
		for _, d := range config.Dockers {
			add(d.Dockerfile, argFlags(d.Flags))
		}
		for _, d := range config.DockersV2 {
			args := map[string]*string{}
			for name, value := range d.Args {
				if args[name] = nil; !strings.Contains(value, "{{") {
					args[name] = &value
				}
			}
			add(d.Dockerfile, args)
		}
		return out, nil
	}
	return nil, nil
}

// argFlags takes the build arguments out of flags for docker build: --build-arg=NAME=VALUE, or in two words, in one entry or
// in two. The entries of dockers are for one platform each, so that what one gives counts for that, and is not known
// for the others.
func argFlags(flags []string) map[string]*string {
	args := map[string]*string{}
	words := strings.Fields(strings.Join(flags, " "))
	for i, w := range words {
		arg, ok := strings.CutPrefix(w, "--build-arg=")
		if w == "--build-arg" && i+1 < len(words) {
			arg, ok = words[i+1], true
		}
		if name, _, _ := strings.Cut(arg, "="); ok && name != "" {
			args[name] = nil
		}
	}
	return args
}
