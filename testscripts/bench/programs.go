//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// starts is how often a short program is started for a median.
const starts = 301

// xxGo measures what xx-go adds to a call of go.
func xxGo(l *lab) ([]figure, error) {
	target := []string{"TARGETPLATFORM=linux/arm64"}
	with, without, err := alternate(starts,
		func() error { return command(target, filepath.Join(l.bin, "xx-go"), "version") },
		func() error { return command(target, "go", "version") })
	if err != nil {
		return nil, err
	}
	more := median(with) - median(without)
	return []figure{{
		"xx-go version − go version", ms(more) + " (" + ms(median(with)) + " − " + ms(median(without)) + ")",
		"3 ms or less", more <= 3*time.Millisecond,
	}}, nil
}

// xxInfo compares xx-info with a shell script that does a small part of its work.
func xxInfo(l *lab) ([]figure, error) {
	script := filepath.Join(l.dir, "info.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n. /etc/os-release; uname -m\n"), 0o755); err != nil {
		return nil, err
	}
	target := []string{"TARGETPLATFORM=linux/arm64"}
	ours, shell, err := alternate(starts,
		func() error { return command(target, filepath.Join(l.bin, "xx-info"), "env") },
		func() error { return command(target, script) })
	if err != nil {
		return nil, err
	}
	return []figure{{
		"xx-info env / a shell's . /etc/os-release; uname -m", fmt.Sprintf("%.2f (%s / %s)", ratio(median(ours), median(shell)), ms(median(ours)), ms(median(shell))),
		"less than 1", median(ours) < median(shell),
	}}, nil
}

// lint measures dfrewrite on many Dockerfiles, on one processor.
func lint(l *lab) ([]figure, error) {
	const files = 1000
	dir := filepath.Join(l.dir, "dockerfiles")
	lines := 0
	for i := range files {
		file := filepath.Join(dir, fmt.Sprintf("%04d", i), "Dockerfile")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		text := dockerfile(i)
		lines += strings.Count(text, "\n")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	var times []time.Duration
	for range 5 {
		cmd := exec.Command(filepath.Join(l.bin, "dfrewrite"), "lint", dir)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
		var out []byte
		took, err := timed(func() (err error) { out, err = cmd.Output(); return err })
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			return nil, fmt.Errorf("dfrewrite lint: %v, want status 1, for it has something to find", err)
		}
		// Every file has one mistake, so that none can have been left out.
		if n := strings.Count(string(out), "[EmulatedBuild]"); n != files {
			return nil, fmt.Errorf("dfrewrite lint found %d emulated builds in %d files that have one each", n, files)
		}
		times = append(times, took)
	}
	rate := files / median(times).Seconds()
	return []figure{{
		fmt.Sprintf("dfrewrite lint, Dockerfiles of %d lines per second on one core", lines/files), fmt.Sprintf("%.0f", rate),
		"1000 or more", rate >= 1000,
	}}, nil
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

// size is how big the helpers' program is.
func size(l *lab) ([]figure, error) {
	info, err := os.Stat(filepath.Join(l.bin, "xx"))
	if err != nil {
		return nil, err
	}
	return []figure{{"the xx binary, stripped", mb(info.Size()), "3.00 MB or less", info.Size() <= 3_000_000}}, nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }
func mb(n int64) string         { return fmt.Sprintf("%.2f MB", float64(n)/1e6) }

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
