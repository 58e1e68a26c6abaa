//go:build unix

// Package hosttest makes machines for the tests of helpers.
//
// A [Machine] is a [host.Host] whose root is an empty temporary folder. A test puts on it the files and programs that it
// needs, runs the helper, and looks at what was printed, which programs were called, and what the helper has become:
//
//	m := hosttest.New(t, "xx-go", "PATH=/usr/bin", "TARGETPLATFORM=linux/arm64")
//	m.Program("go", "")
//	err := xxgo.Main(m.Host, []string{"build"}) // hosttest.ErrBecame
//	m.Became.String()                           // "/usr/bin/go build"
package hosttest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xxkit/internal/host"
)

// ErrBecame is the error with which Execve of a machine returns, as it cannot replace the process of the test.
var ErrBecame = errors.New("became another program")

// Machine is a machine for one test.
type Machine struct {
	*host.Host

	// Out and Err are what was printed on standard output and standard error.
	Out, Err strings.Builder

	// Became is what the helper has become; its zero value is that it has become nothing.
	Became Process

	t     *testing.T
	calls string // the file with the log, outside the root
}

// New returns an x86_64 machine for the helper of the given name. Its root is empty, and env is the whole environment: there is no PATH
// unless env has it.
func New(t *testing.T, name string, env ...string) *Machine {
	t.Helper()
	dir := t.TempDir()
	m := &Machine{
		Host:  &host.Host{Name: name, Root: filepath.Join(dir, "root"), March: "x86_64", Env: slices.Clone(env)},
		t:     t,
		calls: filepath.Join(dir, "calls"),
	}
	m.Stdout, m.Stderr = &m.Out, &m.Err
	m.Execve = func(path string, args, env []string) error {
		m.Became = Process{strings.TrimPrefix(path, m.Root), args, env}
		m.log("become " + m.Became.String() + "\n")
		return ErrBecame
	}
	if err := os.Mkdir(m.Root, 0o777); err != nil {
		t.Fatal(err)
	}
	return m
}

// Put makes a file of the machine, and its folder if need be. A file that is there gets the new content and keeps its permissions.
func (m *Machine) Put(name, content string, perm os.FileMode) {
	m.t.Helper()
	path := m.makeFolderOf(name)
	if err := os.WriteFile(path, []byte(content), perm); err != nil {
		m.t.Fatal(err)
	}
}

// Symlink makes name a symbolic link to the given file, and its folder if need be.
func (m *Machine) Symlink(to, name string) {
	m.t.Helper()
	if err := os.Symlink(to, m.makeFolderOf(name)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *Machine) makeFolderOf(name string) (path string) {
	m.t.Helper()
	path = m.Path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		m.t.Fatal(err)
	}
	return path
}

// Program makes a program in /usr/bin: a shell script that logs how it is called, see [Machine.Calls]. The script finds
// the machine's root in $ROOT, the log in $CALLS, and the real machine's programs on its PATH.
func (m *Machine) Program(name, script string) {
	m.t.Helper()
	m.Put("/usr/bin/"+name, "#!/bin/sh\nPATH=/usr/bin:/bin\nROOT="+host.ShellQuote(m.Root)+"\nCALLS="+host.ShellQuote(m.calls)+
		"\nprintf '%s\\n' \""+name+"${1+ $*}\" >>$CALLS\n"+script+"\n", 0o777)
}

// Calls returns the log, a line each: the calls of the programs that [Machine.Program] has made, such as "dpkg --print-architecture",
// and what the helper has become, such as "become /usr/bin/apt update".
func (m *Machine) Calls() []string {
	m.t.Helper()
	log, err := os.ReadFile(m.calls)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.t.Fatal(err)
	}
	var calls []string
	for line := range strings.Lines(string(log)) {
		calls = append(calls, strings.TrimSuffix(line, "\n"))
	}
	return calls
}

// Forget empties Out, Err, Became and the log, before the helper is run again. The files stay.
func (m *Machine) Forget() {
	m.t.Helper()
	m.Out.Reset()
	m.Err.Reset()
	m.Became = Process{}
	if err := os.Remove(m.calls); err != nil && !errors.Is(err, os.ErrNotExist) {
		m.t.Fatal(err)
	}
}

func (m *Machine) log(line string) {
	m.t.Helper()
	f, err := os.OpenFile(m.calls, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		m.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(line); err != nil {
		m.t.Fatal(err)
	}
}

// Process is a program and what it is started with.
type Process struct {
	Path string   // on the machine
	Args []string // with the name that it is called by
	Env  host.Env
}

// String returns the path and the arguments, or nothing for the zero value. Where the program is called by a name that is neither its
// path nor the last part of it, the name stands behind the path in brackets.
func (p Process) String() string {
	if p.Path == "" {
		return ""
	}
	words := slices.Clone(p.Args)
	if name := words[0]; name != p.Path && name != filepath.Base(p.Path) {
		words[0] = p.Path + "[" + name + "]"
	} else {
		words[0] = p.Path
	}
	return strings.Join(words, " ")
}
