package dfrewrite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Find turns paths into Dockerfiles. A file is taken as it is; a folder stands
// for every Dockerfile in it and below, by name: Dockerfile, Dockerfile.NAME,
// NAME.Dockerfile and Containerfile, and dockerfile in lower case, which BuildKit
// takes when there is no Dockerfile; and for the Compose and bake files in it and
// below that their programs find by themselves. Version control folders and node_modules
// are passed over. A path that is not there, a folder that cannot be read or that
// holds none is an error; what was found besides is returned with it.
func Find(paths []string) ([]string, error) {
	var out []string
	var errs []error
	for _, p := range paths {
		if p == "-" {
			out = append(out, p)
			continue
		}
		info, err := os.Stat(p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if !info.IsDir() {
			out = append(out, p)
			continue
		}
		before, failed := len(out), len(errs)
		_ = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				errs = append(errs, err)
			case d.IsDir() && path != p && (d.Name() == ".git" || d.Name() == "node_modules"):
				return fs.SkipDir
			case (isDockerfile(d.Name()) || slices.Contains(buildFiles, d.Name())) && isFile(path, d):
				out = append(out, path)
			}
			return nil
		})
		if len(out) == before && len(errs) == failed {
			errs = append(errs, fmt.Errorf("%s: %w", p, ErrNoDockerfile))
		}
	}
	return out, errors.Join(errs...)
}

// ErrNoDockerfile is wrapped by errors about folders in which Find finds nothing.
var ErrNoDockerfile = errors.New("no Dockerfile in this folder")

// buildFiles are the names under which Compose and bake look for their files.
var buildFiles = []string{
	"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml", "docker-bake.hcl", "docker-bake.json",
	"compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml", "docker-compose.override.yml",
}

func isDockerfile(name string) bool {
	if strings.HasSuffix(name, ".dockerignore") {
		return false
	}
	return name == "Dockerfile" || name == "dockerfile" || name == "Containerfile" ||
		strings.HasPrefix(name, "Dockerfile.") || strings.HasSuffix(name, ".Dockerfile")
}

// isFile reports whether an entry is a file, or a link to one.
func isFile(path string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink != 0 {
		info, err := os.Stat(path)
		return err == nil && info.Mode().IsRegular()
	}
	return d.Type().IsRegular()
}
