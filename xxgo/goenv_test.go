package xxgo

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

var (
	arm6  = []xxinfo.Var{{Name: "GOOS", Value: "linux"}, {Name: "GOARCH", Value: "arm"}, {Name: "GOARM", Value: "6"}, {Name: "CC", Value: "arm-linux-gnueabi-gcc"}}
	s390x = []xxinfo.Var{{Name: "GOOS", Value: "linux"}, {Name: "GOARCH", Value: "s390x"}}
)

// goenvs are files as users have them.
var goenvs = []string{
	"",
	"\n",
	"GOFLAGS=-x",
	"GOFLAGS=-x\n",
	"GOFLAGS=-x\n\n\n",
	"GOARCH=386\nGOOS=windows\n",
	"GOARCH=386\nGOARCH=arm64\nGOFLAGS=-a\nGOFLAGS=-b",
	"# a comment\nCC=gcc -m32\n GOOS=not read\ngoos=neither\nGOOS\n=\nGOARM=",
	"GOOS=linux\r\nGOFLAGS=-x\r\n",
	"CC=clang\x00\nCXX=\xff\xfe",
	restorePrefix + "GOOS=quoted from a manual\n",
	restorePrefix + restorePrefix + "x\n" + restorePrefix,
}

// TestWrapAndUnwrap shows that every byte of a file survives, that the variables take
// effect in between, and that wrapping twice is wrapping once.
func TestWrapAndUnwrap(t *testing.T) {
	for _, content := range goenvs {
		checkWrap(t, []byte(content))
	}
	wrapped, err := Wrap(nil, false, arm6)
	if err != nil {
		t.Fatal(err)
	}
	if was, existed, ok := Unwrap(wrapped); len(was) != 0 || existed || !ok {
		t.Errorf("no file before: %q, %v, %v", was, existed, ok)
	}
	if _, err := Wrap(nil, false, []xxinfo.Var{{Name: "CC", Value: "a\nGOOS=plan9"}}); err == nil {
		t.Error("a value with a line break was written")
	}
}

func FuzzWrap(f *testing.F) {
	for _, content := range goenvs {
		f.Add([]byte(content))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, _, wrapped := Unwrap(content); wrapped {
			t.Skip("is wrapped")
		}
		checkWrap(t, content)
	})
}

func checkWrap(t *testing.T, content []byte) {
	t.Helper()
	wrapped, err := Wrap(content, true, arm6)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range arm6 {
		if got := lookup(wrapped, v.Name); got != v.Value {
			t.Errorf("%q: %s is %q after wrapping, want %q", content, v.Name, got, v.Value)
		}
	}
	if was, existed, ok := Unwrap(wrapped); !bytes.Equal(was, content) || !existed || !ok {
		t.Errorf("%q: %q, %v, %v after unwrapping", content, was, existed, ok)
	}
	other, err := Wrap(wrapped, true, s390x)
	if err != nil {
		t.Fatal(err)
	}
	if direct, _ := Wrap(content, true, s390x); !bytes.Equal(other, direct) {
		t.Errorf("%q: wrapped for another target first: %q, want %q", content, other, direct)
	}
	if was, existed, ok := Unwrap(content); !bytes.Equal(was, content) || !existed || ok {
		t.Errorf("%q: %q, %v, %v after unwrapping what was not wrapped", content, was, existed, ok)
	}
}

// TestGoReadsAndWritesBetween has the real go use a wrapped file, and write to it.
func TestGoReadsAndWritesBetween(t *testing.T) {
	for content, want := range map[string]string{
		"":                                 "GOPRIVATE=p\n",
		"GOFLAGS=-x":                       "GOFLAGS=-x\nGOPRIVATE=p\n",
		"GOPRIVATE=old\nGOFLAGS=-x\n":      "GOFLAGS=-x\nGOPRIVATE=p\n",
		"GOARM=5\n# c\nGOARCH=386\nCC=gcc": "GOARM=5\n# c\nGOARCH=386\nCC=gcc\nGOPRIVATE=p\n",
		"\nCC=a\nGOOS=b\nCC=c\n":           "\nCC=a\nGOOS=b\nCC=c\nGOPRIVATE=p\n",
	} {
		file := filepath.Join(t.TempDir(), "env")
		wrapped, err := Wrap([]byte(content), true, arm6)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, wrapped, 0o666); err != nil {
			t.Fatal(err)
		}
		run := func(args ...string) string {
			cmd := exec.Command("go", args...)
			cmd.Env = host.Env(os.Environ()).Without("GOOS", "GOARCH", "GOARM", "CC", "GOFLAGS").With("GOENV", file).With("GOTOOLCHAIN", "local")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%q: go %v: %v\n%s", content, args, err, out)
			}
			return string(out)
		}
		run("env", "-w", "GOPRIVATE=p")
		if got := run("env", "GOOS", "GOARCH", "GOARM", "CC"); got != "linux\narm\n6\narm-linux-gnueabi-gcc\n" {
			t.Errorf("%q: go takes from it\n%s", content, got)
		}
		now, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if was, existed, ok := Unwrap(now); string(was) != want || !existed || !ok {
			t.Errorf("%q: %q, %v, %v after unwrapping, want %q", content, was, existed, ok, want)
		}
	}
}

// TestGoenvFile compares with the real go.
func TestGoenvFile(t *testing.T) {
	dir := t.TempDir() // where go keeps its counters, too
	home, config := "HOME="+dir+"/h", "XDG_CONFIG_HOME="+dir+"/x"
	for _, env := range []host.Env{
		{home},
		{home, config},
		{home, "XDG_CONFIG_HOME="},
		{home, "XDG_CONFIG_HOME=relative"},
		{home, "GOENV=/etc/goenv", config},
		{home, "GOENV=off"},
		{"GOCACHE=/c", "GOPATH=/p"},
	} {
		cmd := exec.Command("go", "env", "GOENV")
		cmd.Env = append(env, "PATH="+os.Getenv("PATH"), "GOTOOLCHAIN=local", "GOTELEMETRY=off")
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%v: %v", env, err)
		}
		if got, want := goenvFile(env), strings.TrimSpace(string(out)); got != want {
			t.Errorf("%v: %q, go has %q", env, got, want)
		}
	}
}

// TestWrapKeepsTheFileAsItWas shows that a link stays a link and permissions stay.
func TestWrapKeepsTheFileAsItWas(t *testing.T) {
	m := newMachine(t, "TARGETPLATFORM=linux/s390x", "GOENV=/conf/goenv")
	m.Put("/real/env", "GOFLAGS=-x\n", 0o640)
	m.Symlink("../real/env", "/conf/goenv")
	for _, flag := range []string{"--wrap", "--unwrap"} {
		if err := Main(m.Host, []string{flag}); err != nil {
			t.Fatal(err)
		}
		if to, err := os.Readlink(m.Path("/conf/goenv")); err != nil || to != "../real/env" {
			t.Errorf("%s: link to %q, %v", flag, to, err)
		}
		info, err := os.Stat(m.Path("/real/env"))
		if err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s: %v, %v", flag, info.Mode(), err)
		}
	}
	if got, err := m.ReadFile("/real/env"); string(got) != "GOFLAGS=-x\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, dir := range []string{"/conf", "/real"} {
		if entries, err := os.ReadDir(m.Path(dir)); len(entries) != 1 || err != nil {
			t.Errorf("left in %s: %v, %v", dir, entries, err)
		}
	}
}
