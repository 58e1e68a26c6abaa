package prove

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Buildx is the command line that buildx is called with.
type Buildx []string

// ErrNoBuildx is returned where there is no buildx.
var ErrNoBuildx = errors.New("neither docker buildx nor buildx is there")

// Find finds buildx: docker's plug-in, or the program by itself.
func Find(ctx context.Context) (Buildx, error) {
	for _, b := range []Buildx{{"docker", "buildx"}, {"buildx"}, {"docker-buildx"}} {
		if path, err := exec.LookPath(b[0]); err == nil {
			b[0] = path
			if exec.CommandContext(ctx, b[0], append(b[1:], "version")...).Run() == nil {
				return b, nil
			}
		}
	}
	return nil, ErrNoBuildx
}

// BuildError is a build that failed.
type BuildError struct {
	Which string // before or after
	Err   error
	Tail  string // the end of its log
}

func (e *BuildError) Error() string {
	return fmt.Sprintf("the Dockerfile %s the rewrite does not build: %v", e.Which, e.Err)
}

func (e *BuildError) Unwrap() error { return e.Err }

// Hint says what to do, where the log shows it.
func (e *BuildError) Hint() string {
	switch {
	case strings.Contains(e.Tail, "OCI exporter is not supported for the docker driver"),
		strings.Contains(e.Tail, "Multi-platform build is not supported for the docker driver"):
		return "make a builder that can: docker buildx create --use --driver docker-container"
	case strings.Contains(e.Tail, "exec format error"):
		return "the builder cannot run programs of that platform: install emulation, or name a builder with a node for it with --builder"
	case strings.Contains(e.Tail, "Cannot connect to the Docker daemon"), strings.Contains(e.Tail, "failed to connect to the docker API"):
		return "start docker, or name a builder that runs with --builder; docker buildx ls lists them"
	case e.Which == "before":
		return "prove compares with what the Dockerfile builds as it stands, so that has to build; it gets build arguments with --build-arg, secrets and the like after --, as in -- --secret id=token"
	}
	return "the rewrite is wrong here: please report the Dockerfile with this log; it stays as it was"
}

// Its lines are as many as a failed step has, with what buildx says about it.
const (
	tailLines = 40
	tailBytes = 1 << 16
)

// buildx runs one build, with its output in a file, and returns how long it took.
func (j *Job) buildx(ctx context.Context, log, dockerfile string, args []string) (time.Duration, error) {
	all := append(slices.Clone(j.Buildx), "build", "--progress=plain", "--platform", strings.Join(j.Platforms, ","), "--file", dockerfile)
	if j.Builder != "" {
		all = append(all, "--builder", j.Builder)
	}
	all = append(append(all, args...), j.Args...)
	all = append(all, j.Context)
	out, err := os.Create(log)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, all[0], all[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	// Asked to end, buildx stops the build on the builder, too. (Windows has no way to ask; there it is killed.)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	start := time.Now()
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return 0, &BuildError{Err: err, Tail: tail(log, tailLines, tailBytes)}
	}
	return time.Since(start), nil
}

// lastLines returns the last lines of a text, with an end of line.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n") + "\n"
}

// ownFlags are those of `buildx build` that a proof sets by itself, or that would do something else than build.
var ownFlags = []string{
	"--file", "-f", "--platform", "--output", "-o", "--push", "--load", "--tag", "-t", "--progress", "--quiet", "-q", "--call", "--check", "--print",
	"--metadata-file", "--iidfile", "--builder", "--no-cache", "--provenance", "--sbom", "--attest",
}

// CheckArgs refuses arguments for `buildx build` that a proof sets by itself.
func CheckArgs(args []string) error {
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' {
			name = arg[:2] // -tname
		}
		if slices.Contains(ownFlags, name) {
			return fmt.Errorf("%s cannot be passed on to buildx: prove sets that by itself", name)
		}
	}
	return nil
}
