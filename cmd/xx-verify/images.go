package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"xxkit/internal/host"
	"xxkit/triples"
	"xxkit/xxverify"
	"xxkit/xxverify/image"
	"xxkit/xxverify/image/registry"
)

// images verifies the images that the command line names.
func images(h *host.Host, o xxverify.Options) ([]xxverify.Summary, []xxverify.Finding, error) {
	options := image.Options{Exactly: o.Exactly, Allow: o.Allow, Static: o.Static, Progress: progress()}
	for _, list := range o.Require {
		for name := range strings.SplitSeq(list, ",") {
			p, err := triples.Parse(strings.TrimSpace(name))
			if err != nil {
				return nil, nil, host.WrongCall("as in --require linux/amd64,linux/arm64", "--require: %v", err)
			}
			options.Require = append(options.Require, p)
		}
	}
	if o.Exactly && len(options.Require) == 0 {
		return nil, nil, host.WrongCall("as in --require linux/amd64,linux/arm64 --exactly", "--exactly needs --require")
	}
	for _, limit := range o.Limit {
		if err := setLimit(&options.Limits, limit); err != nil {
			return nil, nil, err
		}
	}
	var summaries []xxverify.Summary
	var found []xxverify.Finding
	for _, name := range o.Image {
		source, err := open(name, options.Limits)
		if err != nil {
			return nil, nil, err
		}
		s, f, err := image.Verify(context.Background(), name, source, options)
		clearLine()
		if closeErr := source.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return nil, nil, err
		}
		summaries, found = append(summaries, s...), append(found, f...)
	}
	return summaries, found, nil
}

func open(name string, l image.Limits) (image.Source, error) {
	if reference, ok := registry.Reference(name); ok {
		return registry.Open(reference)
	}
	source, err := image.Open(name, l)
	if os.IsNotExist(err) {
		return nil, &host.Error{
			Message: "image not found: " + name, Status: 2,
			Hint: "it is a folder or archive here, or, in a registry, docker://host/repository:tag",
		}
	}
	return source, err
}

// setLimit sets one of the limits: "bytes=100G", "files=…", "manifests=…".
func setLimit(l *image.Limits, s string) error {
	name, value, _ := strings.Cut(s, "=")
	scale := int64(1)
	for unit, n := range map[string]int64{"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40} {
		if v, ok := strings.CutSuffix(strings.ToUpper(value), unit); ok {
			value, scale = v, n
		}
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n <= 0 {
		return host.WrongCall("as in --limit bytes=100G", "--limit %s is no name and number", s)
	}
	switch name {
	case "bytes":
		l.Bytes = n * scale
	case "files":
		l.Files = int(n * scale)
	case "manifests":
		l.Manifests = int(n * scale)
	case "memory":
		l.Memory = n * scale
	default:
		return host.WrongCall("limits are bytes, files, manifests and memory", "--limit %s: there is no such limit", name)
	}
	return nil
}

// onTerminal reports whether somebody watches.
func onTerminal() bool {
	info, err := os.Stderr.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// progress shows what is being read, where somebody watches.
func progress() func(platform string, layer, layers int, bytes int64) {
	if !onTerminal() {
		return nil
	}
	return func(platform string, layer, layers int, bytes int64) {
		const width = 20
		bar := strings.Repeat("#", width*layer/max(layers, 1))
		fmt.Fprintf(os.Stderr, "\r\x1b[K%s [%-*s] layer %d of %d, %d MB", platform, width, bar, layer, layers, bytes>>20)
	}
}

func clearLine() {
	if onTerminal() {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}
