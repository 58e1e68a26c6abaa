//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
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

// start compares dfrewrite lint of one small file with a start of go: nearly all of it is the start of a program with much
// in it.
func start(l *lab) ([]figure, error) {
	file := filepath.Join(l.dir, "small", "Dockerfile")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, []byte(handWritten), 0o644); err != nil {
		return nil, err
	}
	ours, theirs, err := alternate(starts,
		func() error { return command(nil, filepath.Join(l.bin, "dfrewrite"), "lint", file) },
		func() error { return command(nil, "go", "version") })
	if err != nil {
		return nil, err
	}
	r := ratio(median(ours), median(theirs))
	return []figure{{
		"dfrewrite lint of one small file / go version", fmt.Sprintf("%.2f (%s / %s)", r, ms(median(ours)), ms(median(theirs))),
		"1.3 or less", r <= 1.3,
	}}, nil
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
