package prove

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xxkit/triples"
	"xxkit/xxverify"
	"xxkit/xxverify/imagediff"
)

// TestBases takes the images out of Dockerfiles.
func TestBases(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"two images", "FROM golang:1.26 AS build\nRUN go build\nFROM debian\nCOPY --from=build /a /a\n",
			"FROM golang:1.26 AS fetched-0\nFROM debian AS fetched-1\nFROM scratch\n" +
				"COPY --from=fetched-0 /.dfrewrite-fetch* /fetched/\nCOPY --from=fetched-1 /.dfrewrite-fetch* /fetched/\n"},
		{"stages and scratch are no images", "FROM debian AS base\nFROM base AS build\nFROM scratch\nCOPY --from=build /a /a\n",
			"FROM debian AS fetched-0\nFROM scratch\nCOPY --from=fetched-0 /.dfrewrite-fetch* /fetched/\n"},
		{"platforms, once each", "FROM --platform=$BUILDPLATFORM golang AS a\nFROM --platform=$BUILDPLATFORM golang AS b\nFROM golang\n",
			"FROM --platform=$BUILDPLATFORM golang AS fetched-0\nFROM golang AS fetched-1\nFROM scratch\n" +
				"COPY --from=fetched-0 /.dfrewrite-fetch* /fetched/\nCOPY --from=fetched-1 /.dfrewrite-fetch* /fetched/\n"},
		{"directives and arguments", "# syntax=docker/dockerfile:1\n# escape=`\nARG V=1 `\n  W=2\nFROM golang:$V AS a\nARG X\nFROM golang:${W}\n",
			"# syntax=docker/dockerfile:1\n# escape=`\nARG V=1 `\n  W=2\nFROM golang:$V AS fetched-0\nFROM golang:${W} AS fetched-1\nFROM scratch\n" +
				"COPY --from=fetched-0 /.dfrewrite-fetch* /fetched/\nCOPY --from=fetched-1 /.dfrewrite-fetch* /fetched/\n"},
		{"what is copied from and mounted", "FROM scratch\nCOPY --from=busybox /bin/sh /\nRUN --mount=type=bind,from=alpine,target=/a true\n",
			"FROM busybox AS fetched-0\nFROM alpine AS fetched-1\nFROM scratch\n" +
				"COPY --from=fetched-0 /.dfrewrite-fetch* /fetched/\nCOPY --from=fetched-1 /.dfrewrite-fetch* /fetched/\n"},
		{"none", "FROM scratch\nCOPY a /\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := basesOf([]byte(tt.src))
			if err != nil || string(got) != tt.want {
				t.Errorf("%v\ngot  %s\nwant %s", err, got, tt.want)
			}
		})
	}
	if _, err := basesOf([]byte("no Dockerfile")); err == nil {
		t.Error("text is taken for a Dockerfile")
	}
}

// TestArgs refuses what a proof sets by itself.
func TestArgs(t *testing.T) {
	for _, bad := range []string{"--platform", "--platform=linux/arm64", "-f", "-fother", "-t=x", "--push", "--output=type=local", "-o", "--no-cache", "--builder=a"} {
		if CheckArgs([]string{"--build-arg", "A=1", bad}) == nil {
			t.Errorf("%s is passed on", bad)
		}
	}
	if err := CheckArgs([]string{"--build-arg", "A=1", "--secret=id=a", "--target", "app", "--allow=network.host", "--ssh", "default", "--no-cache-filter=a"}); err != nil {
		t.Error(err)
	}
	got := withoutTarget([]string{"--target", "app", "--build-arg", "A=1", "--target=b", "--ssh", "default"})
	if want := []string{"--build-arg", "A=1", "--ssh", "default"}; !slices.Equal(got, want) {
		t.Errorf("without the target: %v", got)
	}
}

// TestHints says what to do about builds that failed.
func TestHints(t *testing.T) {
	for _, tt := range []struct{ which, tail, want string }{
		{"before", "ERROR: OCI exporter is not supported for the docker driver.", "docker buildx create"},
		{"after", "exec /bin/sh: exec format error", "emulation"},
		{"before", "no such file", "build arguments with --build-arg, secrets and the like after --"},
		{"before", "ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", "start docker"},
		{"after", "ERROR: failed to connect to the docker API at unix:///var/run/docker.sock", "start docker"},
		{"after", "no such file", "report"},
	} {
		e := &BuildError{Which: tt.which, Err: errors.New("exit status 1"), Tail: tt.tail}
		if !strings.Contains(e.Hint(), tt.want) || !strings.Contains(e.Error(), tt.which+" the rewrite") {
			t.Errorf("%s, %s: %s; hint: %s", tt.which, tt.tail, e, e.Hint())
		}
	}
}

func TestTail(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(name, []byte("one\ntwo\nthree\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		lines int
		limit int64
		want  string
	}{{2, 100, "two\nthree\n"}, {9, 100, "one\ntwo\nthree\n"}, {9, 8, "o\nthree\n"}} {
		if got := tail(name, tt.lines, tt.limit); got != tt.want {
			t.Errorf("%d lines, %d bytes: %q, want %q", tt.lines, tt.limit, got, tt.want)
		}
	}
}

// TestText shows a proof with something of everything, one of an image that is wrong as it was before, and one without a difference.
func TestText(t *testing.T) {
	arm64 := triples.Platform{OS: "linux", Arch: "arm64"}
	p := &Proof{
		Name: "Dockerfile", Before: 30 * time.Second, After: 10 * time.Second,
		Platforms: []Platform{{
			Result: imagediff.Result{
				Platform: arm64, Files: 10, Programs: 2, LeftOut: 1,
				Differences: []imagediff.Difference{{Kind: imagediff.Mode, Path: "/a", Before: "0644", After: "0600"}},
				Accepted:    []imagediff.Difference{{Kind: imagediff.Linkage, Path: "/b", Before: "dynamic", After: "static"}},
			},
			Problems: []Problem{{xxverify.Finding{Rule: "wrong-architecture", Path: "/c", Message: "file /c is wrong"}, true}},
		}},
	}
	want := `linux/arm64: /a: mode: 0644 before, 0600 after
linux/arm64: xx-verify: file /c is wrong (before the rewrite as well)
Dockerfile   files  programs  left out  differences  accepted  problems
linux/arm64  10     2         1         1            1         1
built in 30.0 s before the rewrite, 10.0 s after: 3.0 times as fast
the images differ in what matters
`
	var b bytes.Buffer
	if err := p.Text(&b); err != nil || b.String() != want || !p.Matters() {
		t.Errorf("%v\n%s", err, b.String())
	}
	p.Platforms[0].Differences = nil
	b.Reset()
	if err := p.Text(&b); err != nil || !p.Matters() || !strings.HasSuffix(b.String(), "\nno difference that matters, but the image is wrong\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
	p.Platforms[0].Problems, p.After = nil, 60*time.Second
	b.Reset()
	if err := p.Text(&b); err != nil || p.Matters() || !strings.HasSuffix(b.String(), "60.0 s after: 2.0 times as long\nno difference that matters\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
	for range maxShown + 5 {
		p.Platforms[0].Differences = append(p.Platforms[0].Differences, imagediff.Difference{Kind: imagediff.Mode, Path: "/a"})
	}
	b.Reset()
	if err := p.Text(&b); err != nil || !strings.Contains(b.String(), "linux/arm64: and 5 more differences; --json has all\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// TestFinding tells which problems an image had before.
func TestFinding(t *testing.T) {
	f := xxverify.Finding{Rule: "wrong-architecture", Platform: "linux/arm64", Path: "/a", Message: "one"}
	other := f
	other.Path = "/b"
	c := &contents{findings: []xxverify.Finding{f}}
	if !c.has(f) || c.has(other) {
		t.Error("a problem is taken for another one")
	}
}
