//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// lint measures dfrewrite lint: how many files it reads per second, on one core and on two, what memory
// many files need, what long files take, and how much of it is BuildKit's parser.
func lint(l *lab) ([]figure, error) {
	few, lines, err := l.writeDockerfiles("few", 1_000)
	if err != nil {
		return nil, err
	}
	many, _, err := l.writeDockerfiles("many", 10_000)
	if err != nil {
		return nil, err
	}
	one, two, err := alternate(5,
		func() error { _, err := l.lint(few, 1, 1_000); return err },
		func() error { _, err := l.lint(few, 2, 1_000); return err })
	if err != nil {
		return nil, err
	}
	rate := 1_000 / median(one).Seconds()
	figures := []figure{{
		fmt.Sprintf("dfrewrite lint, Dockerfiles of %d lines per second on one core", lines), fmt.Sprintf("%.0f", rate),
		"1000 or more", rate >= 1000,
	}, {
		"the same, on two cores / on one", fmt.Sprintf("%.2f (%.0f / %.0f)", ratio(median(one), median(two)), 1_000/median(two).Seconds(), rate),
		"1.5 or more", ratio(median(one), median(two)) >= 1.5,
	}}

	alone, all, err := alternate(5, func() error { return parse(few) }, func() error { _, err := l.lint(few, 1, 1_000); return err })
	if err != nil {
		return nil, err
	}
	figures = append(figures, figure{
		"the same files on one core: dfrewrite lint / BuildKit's parser alone, which is in it",
		fmt.Sprintf("%.1f (%s / %s)", ratio(median(all), median(alone)), ms(median(all)), ms(median(alone))),
		"4 or less", ratio(median(all), median(alone)) <= 4, // holds still where the machine does not
	})

	fewPeak, err := l.lint(few, 2, 1_000)
	if err != nil {
		return nil, err
	}
	manyPeak, err := l.lint(many, 2, 10_000)
	if err != nil {
		return nil, err
	}
	grown := float64(manyPeak.memory) / float64(fewPeak.memory)
	figures = append(figures, figure{
		"dfrewrite lint, peak memory for 10,000 files / for 1,000", fmt.Sprintf("%.2f (%s / %s)", grown, mb(manyPeak.memory), mb(fewPeak.memory)),
		"1.50 or less", grown <= 1.5, // when the collector runs depends on what else the machine does; memory for each file would give ten
	})
	long, err := l.longFiles()
	return append(figures, long...), err
}

// longFiles compares what a line costs in files of several lengths. What a start costs is in all of them, and is
// taken out by the shortest.
func (l *lab) longFiles() ([]figure, error) {
	lengths := []int{100, 1_000, 10_000}
	took := make([][]time.Duration, len(lengths))
	for range 5 {
		for i, n := range lengths {
			dir := filepath.Join(l.dir, fmt.Sprint("long", n))
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return nil, err
			}
			text, stages := longDockerfile(n)
			if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(text), 0o644); err != nil {
				return nil, err
			}
			used, err := l.lint(dir, 1, stages)
			if err != nil {
				return nil, err
			}
			took[i] = append(took[i], used.cpu)
		}
	}
	short, middle, long := median(took[0]), median(took[1]), median(took[2])
	growth := float64(long-short) / float64(middle-short) * 900 / 9_900
	return []figure{{
		"dfrewrite lint, processor time for a line of a file of 10,000 lines / of 1,000",
		fmt.Sprintf("%.2f (files of 100, 1,000, 10,000 lines: %s, %s, %s)", growth, ms(short), ms(middle), ms(long)),
		"1.50 or less", growth <= 1.5, // a cost that grew with the square of the length would give ten
	}}, nil
}

// writeDockerfiles writes n Dockerfiles, each in a folder, and returns how long they are.
func (l *lab) writeDockerfiles(name string, n int) (dir string, lines int, err error) {
	dir = filepath.Join(l.dir, name)
	for i := range n {
		file := filepath.Join(dir, fmt.Sprintf("%05d", i), "Dockerfile")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return "", 0, err
		}
		text := dockerfile(i)
		lines += strings.Count(text, "\n")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return "", 0, err
		}
	}
	return dir, lines / n, nil
}

// parse reads the Dockerfiles in a folder with BuildKit's parser, on one core.
func parse(dir string) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		tree, err := parser.Parse(bytes.NewReader(data))
		if err != nil {
			return err
		}
		_, _, err = instructions.Parse(tree.AST, nil)
		return err
	})
}

// usage is what a run needed: processor time, and bytes of memory at most.
type usage struct {
	cpu    time.Duration
	memory int64
}

// lint runs dfrewrite on a folder with so many emulated builds in it.
func (l *lab) lint(dir string, procs, emulated int) (usage, error) {
	cmd := exec.Command(filepath.Join(l.bin, "dfrewrite"), "lint", dir)
	cmd.Env = append(os.Environ(), fmt.Sprint("GOMAXPROCS=", procs))
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		return usage{}, fmt.Errorf("dfrewrite lint: %v, want status 1, for it has something to find", err)
	}
	// Every file, and every stage of a long one, has one mistake, so that none can have been left out.
	if n := strings.Count(string(out), "[EmulatedBuild]"); n != emulated {
		return usage{}, fmt.Errorf("dfrewrite lint found %d emulated builds where there are %d", n, emulated)
	}
	s := cmd.ProcessState
	return usage{s.UserTime() + s.SystemTime(), s.SysUsage().(*syscall.Rusage).Maxrss * 1024}, nil
}

// longDockerfile is a Dockerfile of about n lines, and how many of its stages build under emulation. A hundred
// lines are one stage, as long files have many.
func longDockerfile(n int) (text string, stages int) {
	var b strings.Builder
	for i := range n / 100 {
		fmt.Fprintf(&b, "FROM golang:1.26 AS build%d\nWORKDIR /src\nARG VERSION=%d\nENV NAME=tool%d\nCOPY . .\n", i, i, i)
		for j := range 46 {
			fmt.Fprintf(&b, "RUN echo \"step %d of $NAME $VERSION\" \\\n    > /out/log%d\n", j, j)
		}
		b.WriteString("RUN CGO_ENABLED=0 go build -o /out/$NAME .\n\n")
		stages++
	}
	b.WriteString("FROM scratch\n")
	for i := range stages {
		fmt.Fprintf(&b, "COPY --from=build%d /out/tool%d /\n", i, i)
	}
	return b.String(), stages
}

// dockerfile is a Dockerfile of about 100 lines as they are found in the wild, the nth of its kind.
func dockerfile(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Service %d\nARG GO_VERSION=1.26\nARG DEBIAN=bookworm\n\n", n)
	fmt.Fprintf(&b, "FROM golang:${GO_VERSION} AS build\nWORKDIR /src\nENV GOFLAGS=-trimpath\n")
	b.WriteString("# Modules first: they change less often.\nCOPY go.mod go.sum ./\nRUN --mount=type=cache,target=/go/pkg/mod \\\n    go mod download\nCOPY . .\n")
	for i := range 8 {
		fmt.Fprintf(&b, "RUN --mount=type=cache,target=/root/.cache/go-build \\\n    --mount=type=cache,target=/go/pkg/mod \\\n")
		fmt.Fprintf(&b, "    CGO_ENABLED=0 go build -ldflags=\"-s -w -X main.version=%d.%d\" \\\n        -o /out/tool%d \\\n        ./cmd/tool%d\n", n, i, i, i)
	}
	b.WriteString("\nFROM --platform=$BUILDPLATFORM node:22 AS web\nWORKDIR /web\nCOPY web/package.json web/package-lock.json ./\nRUN npm ci\nCOPY web .\nRUN npm run build\n")
	b.WriteString("\nFROM debian:${DEBIAN}-slim\nLABEL org.opencontainers.image.title=\"service\" \\\n      org.opencontainers.image.licenses=\"MIT\"\n")
	b.WriteString("RUN apt-get update \\\n && apt-get install -y --no-install-recommends \\\n        ca-certificates \\\n        # for health checks\n        curl \\\n        tzdata \\\n && rm -rf /var/lib/apt/lists/*\n")
	for i := range 8 {
		fmt.Fprintf(&b, "COPY --from=build /out/tool%d /usr/local/bin/tool%d\n", i, i)
	}
	b.WriteString("COPY --from=web /web/dist /srv/www\nCOPY <<EOF /etc/service.conf\nlisten = :8080\nroot = /srv/www\nEOF\n")
	for i := range 8 {
		fmt.Fprintf(&b, "ENV SETTING_%d=value-%d\n", i, n)
	}
	b.WriteString("EXPOSE 8080 9090\nVOLUME /data\nUSER 1000:1000\nHEALTHCHECK --interval=30s CMD curl -fsS http://127.0.0.1:8080/ || exit 1\nENTRYPOINT [\"/usr/local/bin/tool0\"]\nCMD [\"serve\"]\n")
	return b.String()
}
