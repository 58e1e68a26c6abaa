package graph

import (
	"fmt"
	"strings"
	"testing"

	"xxkit/dfrewrite/dockerfile"
)

func newGraph(t *testing.T, src string) *Graph {
	t.Helper()
	d, err := dockerfile.Parse("Dockerfile", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return New(d)
}

func TestWhereStagesRun(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      Place // of the last stage
	}{
		{"no flag", "FROM a\n", Target},
		{"build platform", "FROM --platform=$BUILDPLATFORM a\n", Build},
		{"in braces and quotes", "FROM --platform=\"${BUILDPLATFORM}\" a\n", Build},
		{"with a default that is not needed", "FROM --platform=${BUILDPLATFORM:-linux/amd64} a\n", Build},
		{"put together", "FROM --platform=$BUILDOS/$BUILDARCH a\n", Build},
		{"through an argument", "ARG P=$BUILDPLATFORM\nFROM --platform=$P a\n", Build},
		{"target platform", "FROM --platform=$TARGETPLATFORM a\n", Target},
		{"target architecture", "FROM --platform=linux/$TARGETARCH a\n", Target},
		{"fixed", "FROM --platform=linux/amd64 a\n", Fixed},
		{"an argument with a fixed default", "ARG BUILDPLATFORM=linux/amd64\nFROM --platform=$BUILDPLATFORM a\n", Fixed},
		{"an argument without default", "ARG P\nFROM --platform=$P a\n", Unknown},
		{"inherited", "FROM --platform=$BUILDPLATFORM a AS B\nFROM b\n", Build},
		{"a flag on a stage is ignored", "FROM a AS b\nFROM --platform=$BUILDPLATFORM b\n", Target},
		{"inherited through an argument", "ARG BASE=b\nFROM --platform=$BUILDPLATFORM a AS b\nFROM $BASE\n", Build},
		{"one of several stages", "FROM --platform=$BUILDPLATFORM a AS b-amd64\nFROM --platform=$BUILDPLATFORM a AS b-arm64\nFROM b-$TARGETARCH\n", Build},
		{"one of several that differ", "FROM --platform=$BUILDPLATFORM a AS b-amd64\nFROM a AS b-arm64\nFROM b-${TARGETARCH}\n", Unknown},
		{"an image with the architecture in its name", "FROM a:nonroot-${TARGETARCH}\n", Target},
		{"one architecture's image", "FROM arm64v8/golang\n", Fixed},
		{"one architecture's image, whatever the flag", "FROM --platform=$BUILDPLATFORM amd64/golang\n", Fixed},
		{"an image by architecture", "ARG ARCH\nFROM ${ARCH}/golang\n", Unknown},
		{"a registry that is not known", "ARG REGISTRY\nFROM ${REGISTRY}/golang\n", Target},
		{"Windows", "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n", Fixed},
		{"golang for Windows", "FROM golang:1.26-windowsservercore\n", Fixed},
		{"a stage that comes later is an image", "FROM b\nFROM --platform=$BUILDPLATFORM a AS b\nFROM scratch\n", Target},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGraph(t, tt.src)
			if got := g.Final().Place; got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func TestUses(t *testing.T) {
	g := newGraph(t, strings.Join([]string{
		"FROM a AS One",
		"FROM b",
		"FROM scratch AS three",
		"COPY --from=one /x /y /z/",
		"COPY --from=1 --chown=1:1 /x /",
		"COPY --from=7 /x /",
		"COPY --from=nginx:latest /x /",
		"RUN --mount=type=bind,from=ONE,source=/s,target=/t --mount=type=cache,target=/c true",
	}, "\n"))
	var got []string
	for _, u := range g.Final().Uses {
		from := u.Image
		if u.From != nil {
			from = u.From.Title()
		}
		got = append(got, fmt.Sprintf("%d %s %v %s", u.Kind, from, u.Paths, u.Dest))
	}
	want := []string{`0 "one" [/x /y] /z/`, "0 stage 1 [/x] /", "0 7 [/x] /", "0 nginx:latest [/x] /", `1 "one" [/s] /t`}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if g.Stages[0].Shipped() || g.Stages[1].Shipped() || !g.Final().Shipped() {
		t.Error("only the last stage is shipped")
	}
}

func TestWhatTheBaseBrings(t *testing.T) {
	g := newGraph(t, strings.Join([]string{
		"FROM registry.example.com:5000/mirror/golang:1.26@sha256:0123456789012345678901234567890123456789012345678901234567890123",
		"WORKDIR $GOPATH/src",
		"RUN true",
		"FROM a AS k-amd64",
		"ARG TARGETARCH X=1",
		"FROM a AS k-arm64",
		"ARG TARGETOS",
		"FROM k-$TARGETARCH",
		"RUN true",
	}, "\n"))
	if dir := g.EnvAt(g.Stages[0].Body[1]).Dir; dir != "/go/src" {
		t.Errorf("the golang image's GOPATH leads to %s", dir)
	}
	env := g.EnvAt(g.Final().Body[0])
	for _, name := range []string{"TARGETARCH", "TARGETOS", "X"} {
		if v, ok := env.Lookup(name); !ok || v.HasValue {
			t.Errorf("%s, which one of the possible bases declares: %+v, %v; want it declared, value unknown", name, v, ok)
		}
	}
}

func TestVariables(t *testing.T) {
	g := newGraph(t, strings.Join([]string{
		"ARG GO=1.26",
		"ARG TARGETARCH=amd64",
		"FROM golang:$GO AS base",
		"ARG GO TARGETARCH TARGETOS A=x-$GO",
		"ENV B=$A C=${TARGETOS} A=env",
		"WORKDIR /src",
		"WORKDIR sub/$B",
		"FROM base",
		`SHELL ["/bin/bash", "-c"]`,
		"RUN true",
	}, "\n"))
	last := g.Final().Body[1]
	env := g.EnvAt(last)
	for name, want := range map[string]string{"GO": "1.26", "TARGETARCH": "amd64", "A": "env", "B": "x-1.26", "C": "$TARGETOS"} {
		if v, ok := env.Lookup(name); !ok || v.Value != want {
			t.Errorf("%s is %+v, want %q", name, v, want)
		}
	}
	if v, ok := env.Lookup("TARGETOS"); !ok || v.HasValue {
		t.Errorf("TARGETOS: %+v, %v; want it declared, without a value", v, ok)
	}
	if _, ok := env.Lookup("TARGETVARIANT"); ok {
		t.Error("TARGETVARIANT is there without an ARG")
	}
	if env.Dir != "/src/sub/x-1.26" || fmt.Sprint(env.Shell) != "[/bin/bash -c]" {
		t.Errorf("folder %s, shell %v", env.Dir, env.Shell)
	}
	if g.Final().Base.Image != "golang:1.26" {
		t.Errorf("image %s", g.Final().Base.Image)
	}
}
