package facts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// calls renders what runs for each platform in the last stage, a line a command:
// "arm64: go build -o app [GOARCH=arm64]". Parts that are not known are "…"; a
// question mark is behind a command that may not run.
func calls(t *testing.T, src string, platforms ...string) string {
	t.Helper()
	doc, err := dockerfile.Parse("Dockerfile", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	f := facts.New(graph.New(doc), platforms)
	var b strings.Builder
	for _, s := range f.Graph.Stages {
		for _, c := range f.Calls(s) {
			if !f.Reached(s, c.Platform) {
				continue
			}
			fmt.Fprintf(&b, "%s:", c.Platform)
			for _, w := range c.Words {
				b.WriteString(" " + w.Text)
			}
			for _, name := range []string{"GOARCH", "GOARM", "CC"} {
				if v := c.Env(name); v.Set {
					fmt.Fprintf(&b, " [%s=%s]", name, v.Text)
				}
			}
			if c.Maybe {
				b.WriteString(" ?")
			}
			b.WriteString("\n")
		}
	}
	return strings.ReplaceAll(strings.ReplaceAll(b.String(), facts.Unknown, "…"), "linux/", "")
}

func TestCalls(t *testing.T) {
	const pinned = "FROM --platform=$BUILDPLATFORM golang:1.26\nARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT\n"
	for _, tt := range []struct{ name, src, want string }{
		{"in front", pinned + "RUN GOARCH=$TARGETARCH go build",
			"amd64: go build [GOARCH=amd64]\narm/v6: go build [GOARCH=arm]\n"},
		{"env and arg", "ARG V=1\nFROM alpine\nARG TARGETARCH V\nARG A=$TARGETARCH-$V\nENV GOARCH=${A}\nRUN x",
			"amd64: x [GOARCH=amd64-1]\narm/v6: x [GOARCH=arm-1]\n"},
		{"not exported", pinned + "RUN GOARCH=$TARGETARCH; x; export GOARCH; y",
			"amd64: x\namd64: y [GOARCH=amd64]\narm/v6: x\narm/v6: y [GOARCH=arm]\n"},
		{"lost at the end of the RUN", pinned + "RUN export GOARM=7\nRUN x", "amd64: x\narm/v6: x\n"},
		{"table", pinned + `RUN case "$TARGETARCH" in amd64|x86_64) A=x86_64 ;; arm*) A=aarch64;; esac; get $A`,
			"amd64: get x86_64\narm/v6: get aarch64\n"},
		{"table that ends the build", pinned + `RUN case $TARGETPLATFORM in linux/amd64) A=x ;; *) echo no; exit 1;; esac; get $A`,
			"amd64: get x\narm/v6: echo no\narm/v6: exit 1\n"},
		{"if", pinned + `RUN if [ "$TARGETARCH" = "arm" ]; then a; elif test $TARGETARCH != arm; then b; else c; fi`,
			"amd64: [ amd64 = arm ]\namd64: test amd64 != arm\namd64: b\narm/v6: [ arm = arm ]\narm/v6: a\n"},
		{"bash test", pinned + `RUN if [[ $TARGETVARIANT == v* && -n $TARGETARCH ]]; then a; else b; fi`, "amd64: b\narm/v6: a\n"},
		{"and or", pinned + `RUN [ $TARGETARCH = arm ] && a || b`,
			"amd64: [ amd64 = arm ]\namd64: b\narm/v6: [ arm = arm ]\narm/v6: a\narm/v6: b ?\n"},
		{"trims", pinned + `RUN GOARM=${TARGETVARIANT#v} x ${TARGETPLATFORM%%/*} ${TARGETPLATFORM//\//-} ${TARGETARCH:+y} ${TARGETVARIANT:-none}`,
			"amd64: x linux linux-amd64 y none [GOARM=]\narm/v6: x linux linux-arm-v6 y v6 [GOARM=6]\n"},
		{"sed", pinned + `RUN x $(echo $TARGETARCH | sed -e 's/amd64/x86_64/' -e s/arm/armv6l/) $(echo "$TARGETPLATFORM" | cut -d/ -f2 | tr a b)`,
			"amd64: echo amd64\namd64: sed -e s/amd64/x86_64/ -e s/arm/armv6l/\namd64: echo amd64\namd64: cut -d/ -f2\namd64: tr a b\namd64: x x86_64 bmd64\n" +
				"arm/v6: echo arm\narm/v6: sed -e s/amd64/x86_64/ -e s/arm/armv6l/\narm/v6: echo arm/v6\narm/v6: cut -d/ -f2\narm/v6: tr a b\narm/v6: x armv6l brm\n"},
		{"function", pinned + `RUN f() { case $1 in amd64) echo x;; *) echo y;; esac; }; get $(f $TARGETARCH)`,
			"amd64: f amd64\namd64: echo x\namd64: get x\narm/v6: f arm\narm/v6: echo y\narm/v6: get y\n"},
		{"loop", pinned + "RUN for a in 1 2; do x $a; done", "amd64: x 1\namd64: x 2\narm/v6: x 1\narm/v6: x 2\n"},
		{"the machine on the build platform", pinned + "RUN get $(uname -m)",
			"amd64: uname -m\namd64: get …\narm/v6: uname -m\narm/v6: get …\n"},
		{"the machine on the target platform", "FROM alpine\nRUN get $(uname -m) `apk --print-arch`",
			"amd64: uname -m\namd64: apk --print-arch\namd64: get x86_64 x86_64\narm/v6: uname -m\narm/v6: apk --print-arch\narm/v6: get armv6l armhf\n"},
		{"helper", pinned + "RUN get $(xx-info march) $(xx-info triple)",
			"amd64: xx-info march\namd64: xx-info triple\namd64: get x86_64 …\narm/v6: xx-info march\narm/v6: xx-info triple\narm/v6: get armv6l …\n"},
		{"what is not known", pinned + "ARG V\nRUN . ./env; if [ -f x ]; then A=1; fi; x $V $HOME $A $TARGETARCH; [ -n \"$V\" ] && CC=a && y $CC",
			"amd64: . ./env\namd64: [ -f x ] [GOARCH=…] [GOARM=…] [CC=…]\namd64: x … … … … [GOARCH=…] [GOARM=…] [CC=…]\namd64: [ -n … ] [GOARCH=…] [GOARM=…] [CC=…]\namd64: y … [GOARCH=…] [GOARM=…] [CC=…] ?\n" +
				"arm/v6: . ./env\narm/v6: [ -f x ] [GOARCH=…] [GOARM=…] [CC=…]\narm/v6: x … … … … [GOARCH=…] [GOARM=…] [CC=…]\narm/v6: [ -n … ] [GOARCH=…] [GOARM=…] [CC=…]\narm/v6: y … [GOARCH=…] [GOARM=…] [CC=…] ?\n"},
		{"by architecture", "FROM alpine AS base-amd64\nENV GOARCH=one\nFROM alpine AS base-arm\nENV GOARCH=two\nRUN two\nFROM base-${TARGETARCH}\nRUN x",
			"arm/v6: two [GOARCH=two]\namd64: x [GOARCH=one]\narm/v6: x [GOARCH=two]\n"},
		{"env program", pinned + "RUN env GOARCH=$TARGETARCH exec go build", "amd64: go build [GOARCH=amd64]\narm/v6: go build [GOARCH=arm]\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := calls(t, tt.src, "linux/amd64", "linux/arm/v6"); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestTables(t *testing.T) {
	const head = "FROM --platform=$BUILDPLATFORM alpine\nARG TARGETARCH\n"
	for _, tt := range []struct{ name, src, want string }{
		{"no branch", head + "RUN case $TARGETARCH in amd64) A=x;; arm64) A=y;; esac; get $A", "linux/arm/v6 A"},
		{"a default", head + "RUN case $TARGETARCH in amd64) A=x;; *) A=y;; esac; get $A", ""},
		{"a value before", head + "RUN A=z; case $TARGETARCH in amd64) A=x;; arm64) A=y;; esac; get $A", ""},
		{"no table", head + "RUN case $TARGETARCH in amd64) A=x;; arm64) apk add y;; esac; get $A", ""},
		{"an extra", head + "RUN case $TARGETARCH in arm64) A=x;; esac; get $A", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := dockerfile.Parse("Dockerfile", []byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			f := facts.New(graph.New(doc), []string{"linux/amd64", "linux/arm/v6"})
			var got []string
			for _, table := range f.Tables(f.Graph.Final()) {
				got = append(got, table.Platform.String()+" "+table.Name)
			}
			if s := strings.Join(got, ", "); s != tt.want {
				t.Errorf("got %q, want %q", s, tt.want)
			}
		})
	}
}

// TestPatterns uses patterns in a case, where they are compared.
func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		pattern, word string
		want          bool
	}{
		{"linux/*", "linux/arm/v6", true}, {"*/arm*", "linux/arm/v6", true}, {"arm", "arm64", false}, {"arm?4", "arm64", true},
		{"arm[46]?", "arm64", true}, {"arm[!6]*", "arm64", false}, {"[a-c]md64", "amd64", true}, {`a\*`, "a*", true}, {`a\*`, "ab", false},
		{"*", "", true}, {"a**b", "axxb", true}, {"*a*a*a*a*a*a*a*a*a*b", strings.Repeat("a", 400), false}, {"", "", true}, {"v[67]", "v6", true},
	} {
		src := "FROM alpine\nRUN case '" + tt.word + "' in " + tt.pattern + ") yes ;; esac"
		if tt.pattern == "" {
			src = "FROM alpine\nRUN case '' in '') yes ;; esac"
		}
		if got := calls(t, src, "linux/amd64") != ""; got != tt.want {
			t.Errorf("%s in %s: %v", tt.word, tt.pattern, got)
		}
	}
}

// TestUnusualPlatforms follows a file for platforms that the table does not have.
func TestUnusualPlatforms(t *testing.T) {
	got := calls(t, "FROM alpine\nARG TARGETOS TARGETARCH\nRUN x $TARGETOS $TARGETARCH $(uname -m)", "windows(10.0.17763)/amd64", "plan9/x-y")
	want := "windows/amd64: uname -m\nwindows/amd64: x windows amd64 x86_64\nplan9/x-y: uname -m\nplan9/x-y: x plan9 x-y …\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestFilesOfTheStage follows values through files that commands of the stage write and read again.
func TestFilesOfTheStage(t *testing.T) {
	const src = `FROM --platform=$BUILDPLATFORM rust AS build
ARG TARGETARCH
RUN case $TARGETARCH in amd64) echo x86_64 > /march ;; arm64) echo aarch64 > /march ;; esac
RUN echo "GOARCH=$TARGETARCH" > /env; echo 'export CGO_ENABLED=0' >> /env
RUN M=$(cat /march); cargo build --target $M-unknown-linux-gnu
RUN . /env; printenv; set -a; . /env; go build
RUN sed -i s/GOARCH/GO/ /env && tool > /env && . /env && make
`
	doc, err := dockerfile.Parse("Dockerfile", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	f := facts.New(graph.New(doc), []string{"linux/amd64", "linux/arm64"})
	for _, c := range f.Calls(f.Graph.Stages[0]) {
		arch := c.Platform.Arch
		switch c.Name {
		case "cargo":
			want := map[string]string{"amd64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}[arch]
			if got := c.Words[len(c.Words)-1].Text; got != want {
				t.Errorf("%s: cargo is told %q, want %q", arch, got, want)
			}
		case "printenv":
			if c.Env("GOARCH").Set || c.Env("CGO_ENABLED").Text != "0" {
				t.Errorf("%s: a plain assignment of the file is exported, or an export is not", arch)
			}
		case "go":
			if v := c.Env("GOARCH"); v.Text != arch || v.From&facts.FromTarget == 0 {
				t.Errorf("%s: GOARCH is %q (%v)", arch, v.Text, v.From)
			}
		case "make":
			if !c.Uncertain() {
				t.Errorf("%s: what another program wrote is taken for known", arch)
			}
		}
	}
}

// TestCarried follows a file through the commands of a stage.
func TestCarried(t *testing.T) {
	for script, want := range map[string]string{
		"cp app /out/":                       "/out/app",
		"cp -r . /out":                       "/out/app",
		"cp app other /out":                  "/out/app",
		"mv app /usr/bin/tool":               "/usr/bin/tool",
		"install -D -m 755 app /out/bin/app": "/out/bin/app",
		"install -t /out app":                "/out/app",
		"cp a* /out/":                        "/out/app",
		"ln -s /src/app /usr/bin/app":        "/usr/bin/app",
		"strip -o /out/app app":              "/out/app",
		"objcopy app /out/app":               "/out/app",
		"cat app > /out/app":                 "/out/app",
		"tar cf /a.tar app":                  "/a.tar",
		"tar -C /src -czf /a.tgz . && cd / && tar -xzf /a.tgz -C /b": "/b/**",
		"cp app /a && mv /a /b && cp /b /c":                          "/c",
		"cp other /out/":                                             "",
		"rm app && mkdir /out":                                       "",
	} {
		doc, err := dockerfile.Parse("Dockerfile", []byte("FROM golang AS build\nWORKDIR /src\nRUN go build -o app . && "+script+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		f := facts.New(graph.New(doc), []string{"linux/amd64"})
		build := f.Calls(f.Graph.Stages[0])[0]
		got := f.Carried(build, build.Writes())
		if found := slices.Contains(got, want); found == (want == "") || want == "" && len(got) > 2 {
			t.Errorf("%s: %q, want %q among them", script, got, want)
		}
	}
}
