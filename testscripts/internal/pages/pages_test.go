package pages

import (
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

const page = `# A page

<!-- test
platforms linux/arm64 windows/amd64
debian bookworm
root sh $WORK/prepare.sh
-- prepare.sh --
mkdir /data
-->

Some text, with ` + "`code`" + `.

~~~c file=src/hello.c
int main(void) { return 0; }
~~~

~~~text
only shown
~~~

~~~dockerfile run
# syntax=docker/dockerfile:1
FROM --platform=$BUILDPLATFORM registry/xx AS xx
FROM --platform=$BUILDPLATFORM debian:bookworm AS build
COPY --from=xx / /
RUN apt-get update && apt-get install -y --no-install-recommends clang lld
RUN apt-get update && \
    apt-get install -y clang
WORKDIR /src
COPY . .
ARG TARGETPLATFORM
ENV CFLAGS=-O2
RUN <<EOF
xx-clang -o hello src/hello.c
EOF
FROM debian:bookworm
COPY --from=build /src/hello /usr/bin/hello
CMD ["hello"]
~~~

<!-- test
[linux/arm64] root /src/hello
-->

~~~dockerfile run
RUN xx-verify hello
~~~

~~~console run
$ xx-info \
> march
aarch64
$ true
~~~

~~~sh shown
not run
~~~

~~~sh run
true
~~~
`

func fences(s string) []byte { return []byte(strings.ReplaceAll(s, "~~~", "```")) }

func TestScripts(t *testing.T) {
	scripts, err := Scripts(fences(page))
	if err != nil {
		t.Fatal(err)
	}
	if len(scripts) != 2 || scripts[0].Platform != "linux/arm64" || scripts[1].Platform != "windows/amd64" {
		t.Fatalf("%+v", scripts)
	}
	const want = `mkdir context snippets
cd context
env TARGETPLATFORM=linux/arm64

# line 3
debian bookworm
root sh $WORK/prepare.sh

# line 13

# line 21
env TARGETPLATFORM=
install clang lld
root sh -e $WORK/snippets/1.sh
root mkdir -p /src
root sh -e $WORK/snippets/2.sh
env 'TARGETPLATFORM=linux/arm64'
env 'CFLAGS=-O2'
root sh -e $WORK/snippets/3.sh
root sh -c 'test -e /src/hello'
env TARGETPLATFORM=linux/arm64

# line 41
[linux/arm64] root /src/hello

# line 45
root sh -e $WORK/snippets/4.sh
env TARGETPLATFORM=linux/arm64

# line 49
root sh -e $WORK/snippets/5.sh
cmp stdout $WORK/snippets/6.txt
root sh -e $WORK/snippets/7.sh

# line 60
root sh -e $WORK/snippets/8.sh
-- prepare.sh --
mkdir /data
-- context/src/hello.c --
int main(void) { return 0; }
-- snippets/1.sh --
cd /
apt-get update &&     apt-get install -y clang
-- snippets/2.sh --
from=$WORK/context
mkdir -p /src/
for f in $from/.; do if [ -d "$f" ]; then mkdir -p /src/; cp -a "$f"/. /src/; else cp -a "$f" /src/; fi; done
-- snippets/3.sh --
cd /src
xx-clang -o hello src/hello.c

-- snippets/4.sh --
cd /src
xx-verify hello
-- snippets/5.sh --
xx-info \
march
-- snippets/6.txt --
aarch64
-- snippets/7.sh --
true
-- snippets/8.sh --
true
`
	if got := string(txtar.Format(scripts[0].Archive)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestMistakes shows that a page in which something would not be run is refused.
func TestMistakes(t *testing.T) {
	const start = "<!-- test\ndebian bookworm\n-->\n"
	for page, want := range map[string]string{
		"no test":                            "nothing on the page is run",
		start + "text":                       "nothing on the page is run",
		"~~~sh run\ntrue\n~~~\n":             "line 1: a comment <!-- test",
		start + "~~~sh\ntrue\n~~~\n":         `line 4: "sh" must be followed by run`,
		start + "~~~dockerfile\n~~~\n":       `line 4: "dockerfile" must be followed`,
		start + "~~~c run\n~~~\n":            `line 4: "run" is not`,
		start + "~~~sh runs\n~~~\n":          `line 4: "runs" is not`,
		start + "~~~c file=/a\n~~~\n":        `line 4: "file=/a" is not`,
		start + "~~~c file=../a\n~~~\n":      `line 4: "file=../a" is not`,
		start + "~~~sh run\ntrue\n":          "line 4: the block has no end",
		"<!-- test\ndebian\n":                "line 1: the comment has no end",
		start + "~~~console run\nfoo\n~~~\n": "line 4: the transcript does not start with a command",
		start + "~~~c file=a\n~~~\n~~~c file=a\n~~~\n~~~sh run\n~~~\n":                           "line 6: there are two files a",
		start + "~~~dockerfile run\nFROM --platform=$BUILDPLATFORM a\nARG TARGETPLATFORM\n~~~\n": "line 4: ARG TARGETPLATFORM, but the page names no platforms",
		start + "~~~dockerfile run\nFROM a\nRUN true\n~~~\n":                                     "line 4: a RUN for the target cannot be run",
		start + "~~~dockerfile run\nFROM --platform=$BUILDPLATFORM a\nSHELL [\"bash\"]\n~~~\n":   "line 4: SHELL is not known here",
		start + "~~~dockerfile run\nFROM --platform=$BUILDPLATFORM a\nRUM true\n~~~\n":           "line 4: ",
	} {
		if _, err := Scripts(fences(page)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", page, err, want)
		}
	}
}
