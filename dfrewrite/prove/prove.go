// Package prove builds a Dockerfile before and after a rewrite, and compares what comes out.
//
//	program, err := prove.Find()
//	proof, err := prove.Run(ctx, prove.Job{Buildx: program, Before: old, After: new, Context: ".", Platforms: platforms})
//	proof.Matters() // true if there is a difference that matters
//
// Each of the two is built for all platforms in one go, as it is done to ship the image, and exported as an archive in the layout
// of OCI. Package imagediff compares the archives, platform by platform, and package image verifies the second
// one. Steps are run and not taken from the cache, and each build has cache mounts of its own, which begin empty, so that
// the times can be compared; base images are fetched before that.
//
// The files: what is built and compared (this file), how buildx is called (buildx.go), the base images (bases.go), how a
// proof is shown (report.go).
package prove

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"xxkit/triples"
	"xxkit/xxverify"
	"xxkit/xxverify/image"
	"xxkit/xxverify/imagediff"
)

// Job says what to build and how to compare it.
type Job struct {
	Buildx Buildx

	// Name is the Dockerfile, for messages. If it is a file, a file beside it that says for it what the context leaves
	// out (Dockerfile.dockerignore) counts for both builds.
	Name string
	// Before and After are the two Dockerfiles.
	Before, After []byte
	// Context is the folder of the build context.
	Context string
	// Platforms are what to build for.
	Platforms []string
	// Builder is the name of a builder of buildx, or empty for the current one.
	Builder string
	// Args are further arguments of `buildx build`, for both builds.
	Args []string
	// Cache lets steps come from the builder's cache. Times then say nothing.
	Cache bool
	// Keep is a folder in which archives, logs and Dockerfiles stay, or empty.
	Keep string

	// Compare says what is compared. Its patterns to ignore are those of what verifying allows, too.
	Compare imagediff.Options
	// Progress is told what is being done, if it is not nil.
	Progress func(what string)
}

// Proof is what came out.
type Proof struct {
	Name      string
	Platforms []Platform
	// Before and After are how long the builds took; 0 if steps came from the cache.
	Before, After time.Duration
	// Remarks say what is to be known about the times.
	Remarks []string
}

// Platform is what came out for one platform.
type Platform struct {
	imagediff.Result
	// Problems are the mistakes that verifying the second image found. Notes are left out.
	Problems []Problem
}

// Problem is a mistake in an image.
type Problem struct {
	xxverify.Finding
	// Before says that the first image has it as well.
	Before bool
}

// Matters reports whether there is anything that should not be.
func (p *Proof) Matters() bool {
	for _, q := range p.Platforms {
		if len(q.Differences)+len(q.Problems) > 0 {
			return true
		}
	}
	return false
}

// differ reports whether an image has a difference that matters, whatever is wrong in it.
func (p *Proof) differ() bool {
	return slices.ContainsFunc(p.Platforms, func(q Platform) bool { return len(q.Differences) > 0 })
}

// ErrPlatforms is wrapped by errors about an image that does not have the platforms that it was built for.
var ErrPlatforms = errors.New("the image does not have the platforms that it was built for")

// Run builds, compares and verifies. A build that failed is a *BuildError.
func Run(ctx context.Context, j Job) (*Proof, error) {
	dir, remove, err := j.folder()
	if err != nil {
		return nil, err
	}
	defer remove()
	before, after := build{name: "before", dockerfile: j.Before}, build{name: "after", dockerfile: j.After}
	proof := &Proof{Name: j.Name}
	if !j.Cache {
		if err := j.fetchBases(ctx, dir); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			proof.Remarks = append(proof.Remarks, "base images could not be fetched beforehand, so the times hold that, too")
		}
	}
	for _, b := range []*build{&before, &after} {
		j.say("building " + b.name + " the rewrite")
		if err := j.run(ctx, dir, b); err != nil {
			return nil, err
		}
	}
	if !j.Cache {
		proof.Before, proof.After = before.took, after.took
	} else {
		proof.Remarks = append(proof.Remarks, "steps may have come from the cache, so no times are given")
	}
	j.say("comparing")
	first, err := j.read(ctx, before)
	if err != nil {
		return nil, err
	}
	second, err := j.read(ctx, after)
	if err != nil {
		return nil, err
	}
	for i, platform := range second.platforms {
		p := Platform{Result: imagediff.Compare(first.platforms[i], platform, j.Compare)}
		for _, f := range second.findings {
			if !f.Note && (f.Platform == platform.Platform.String() || f.Platform == "" && i == 0) {
				p.Problems = append(p.Problems, Problem{f, first.has(f)})
			}
		}
		proof.Platforms = append(proof.Platforms, p)
	}
	return proof, nil
}

func (j *Job) say(what string) {
	if j.Progress != nil {
		j.Progress(what)
	}
}

// folder is where archives and logs are written to.
func (j *Job) folder() (string, func(), error) {
	if j.Keep != "" {
		return j.Keep, func() {}, os.MkdirAll(j.Keep, 0o755)
	}
	dir, err := os.MkdirTemp("", "dfrewrite-prove-")
	return dir, func() { os.RemoveAll(dir) }, err
}

// build is one of the two.
type build struct {
	name       string // before, after
	dockerfile []byte
	archive    string
	took       time.Duration
}

// run builds one of the two.
func (j *Job) run(ctx context.Context, dir string, b *build) error {
	file, err := j.writeDockerfile(dir, b.name, b.dockerfile)
	if err != nil {
		return err
	}
	b.archive = filepath.Join(dir, b.name+".tar")
	args := []string{"--output", "type=oci,dest=" + b.archive, "--provenance=false"}
	if !j.Cache {
		args = append(args, "--no-cache", "--build-arg", "BUILDKIT_CACHE_MOUNT_NS=prove-"+rand.Text())
	}
	b.took, err = j.buildx(ctx, filepath.Join(dir, b.name+".log"), file, args)
	var failed *BuildError
	if errors.As(err, &failed) {
		failed.Which = b.name
	}
	return err
}

// writeDockerfile writes a Dockerfile into a folder of its own, with the file that says what the context leaves out.
func (j *Job) writeDockerfile(dir, name string, src []byte) (string, error) {
	file := filepath.Join(dir, name+".d", "Dockerfile")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(file, src, 0o644); err != nil {
		return "", err
	}
	const suffix = ".dockerignore"
	ignore, err := os.ReadFile(j.Name + suffix)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.Remove(file + suffix) // of an earlier run in a folder that is kept
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	case err == nil:
		err = os.WriteFile(file+suffix, ignore, 0o644)
	}
	return file, err
}

// contents is what an archive holds.
type contents struct {
	platforms []image.Contents // in the order of the job's
	findings  []xxverify.Finding
}

// has reports whether a finding is among those of an image.
func (c *contents) has(f xxverify.Finding) bool {
	for _, other := range c.findings {
		if other.Rule == f.Rule && other.Platform == f.Platform && other.Path == f.Path {
			return true
		}
	}
	return false
}

// read reads an archive, verifies it, and forgets it if it is not to be kept.
func (j *Job) read(ctx context.Context, b build) (*contents, error) {
	source, err := image.Open(b.archive, image.Limits{})
	if err != nil {
		return nil, err
	}
	defer source.Close()
	found := map[triples.Platform]image.Contents{}
	options := image.Options{Allow: j.Compare.Ignore, Contents: func(c image.Contents) { found[c.Platform] = c }}
	_, findings, err := image.Verify(ctx, "the image "+b.name, source, options)
	if err != nil {
		return nil, err
	}
	out := &contents{findings: findings}
	for _, name := range j.Platforms {
		p, err := triples.Parse(name)
		if err != nil {
			return nil, err
		}
		c, ok := found[image.Normal(p)]
		if !ok {
			return nil, fmt.Errorf("%w: that of the Dockerfile %s lacks %s", ErrPlatforms, b.name, name)
		}
		out.platforms = append(out.platforms, c)
	}
	return out, nil
}

// tail returns the end of a file: the last of its lines, and no more than so many bytes.
func tail(name string, lines int, limit int64) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > limit {
		if _, err := f.Seek(-limit, io.SeekEnd); err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return ""
	}
	return lastLines(string(text), lines)
}
