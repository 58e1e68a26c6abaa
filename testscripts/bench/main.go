//go:build linux

// Bench measures what the README promises. Each figure compares two things in the same run, so that
// it means the same on any machine. It fails if one misses its target or could not be measured.
//
//	go run ./testscripts/bench               everything; the builds need root on Debian, and take 15 minutes
//	go run ./testscripts/bench -only lint    one of: build cgo cpp rust rewrite xx-go xx-info xx-cc start lint size verify image
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"xxkit/testscripts/internal/buildkit"
	"xxkit/testscripts/internal/debian"
	"xxkit/testscripts/internal/sandbox"
)

// A figure is one line of the table.
type figure struct {
	what, measured, target string
	met                    bool
}

// A measurement has a name for -only, and says whether it needs BuildKit, or a Debian root.
type measurement struct {
	name    string
	needs   need
	measure func(*lab) ([]figure, error)
}

type need int

const (
	nothing  need = iota
	aRoot         // a sandbox to mount a Debian root in
	aBuilder      // that, and BuildKit
)

var measurements = []measurement{
	{"xx-go", nothing, xxGo},
	{"xx-info", nothing, xxInfo},
	{"xx-cc", aRoot, xxCC},
	{"start", nothing, start},
	{"lint", nothing, lint},
	{"size", nothing, size},
	{"verify", nothing, verify},
	{"image", aBuilder, image},
	{"rewrite", aBuilder, rewritten},
	{"build", aBuilder, emulated},
	{"cgo", aBuilder, compiled("cgo-sqlite", vendor)},
	{"cpp", aBuilder, compiled("cpp-server", nil)},
	{"rust", aBuilder, compiled("rust-app", buildkit.Crates)},
}

// A lab is where measurements are made.
type lab struct {
	dir     string // for a measurement's files
	bin     string // xx, its links, and dfrewrite, as they are released
	builder *buildkit.Builder
}

func main() {
	only := flag.String("only", "", "measure just this: "+names())
	flag.Parse()
	met, err := run(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	if err != nil || !met {
		os.Exit(1)
	}
}

func names() string {
	var list []string
	for _, m := range measurements {
		list = append(list, m.name)
	}
	return strings.Join(list, " ")
}

func run(only string) (met bool, err error) {
	var chosen []measurement
	most := nothing
	for _, m := range measurements {
		if only == "" || only == m.name {
			chosen = append(chosen, m)
			most = max(most, m.needs)
		}
	}
	if len(chosen) == 0 {
		return false, fmt.Errorf("nothing is called %q; there are %s", only, names())
	}
	noDebian := debian.Missing()
	if most > nothing && noDebian == nil {
		if err := sandbox.Enter(); err != nil {
			return false, err
		}
	}
	dir, remove, err := sandbox.TempDir("bench")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	l := &lab{dir: dir, bin: filepath.Join(dir, "bin")}
	if err := l.build(); err != nil {
		return false, err
	}
	if most == aBuilder && noDebian == nil {
		if l.builder, err = buildkit.Start(dir); err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, l.builder.Stop()) }()
	}
	met = true
	var figures []figure
	for _, m := range chosen {
		if m.needs > nothing && noDebian != nil {
			figures = append(figures, figure{what: m.name, measured: "left out: " + noDebian.Error()})
			met = false
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: measuring %s\n", time.Now().Format(time.TimeOnly), m.name)
		f, err := m.measure(l)
		if err != nil {
			return false, fmt.Errorf("%s: %w", m.name, err)
		}
		figures = append(figures, f...)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "figure\tmeasured\ttarget\t")
	for _, f := range figures {
		verdict := ""
		switch {
		case f.target == "":
		case f.met:
			verdict = "met"
		default:
			verdict = "MISSED"
			met = false
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.what, f.measured, f.target, verdict)
	}
	return met, table.Flush()
}

// build builds the programs as make does for a release, and copies them to their place as make install does: of a file
// that the linker has just written, the kernel keeps the pages one by one, and a program starts slower from them.
func (l *lab) build() error {
	built := filepath.Join(l.dir, "built")
	if err := errors.Join(os.Mkdir(built, 0o755), os.Mkdir(l.bin, 0o755)); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"build", "-trimpath", "-gcflags=all=-l", "-ldflags=-s -w", "-o", built + "/", "xxkit/cmd/xx"},
		{"build", "-trimpath", "-ldflags=-s -w", "-o", built + "/", "xxkit/cmd/dfrewrite"},
	} {
		if err := command([]string{"CGO_ENABLED=0"}, "go", args...); err != nil {
			return err
		}
	}
	if err := command(nil, "install", "-m", "755", filepath.Join(built, "xx"), filepath.Join(built, "dfrewrite"), l.bin); err != nil {
		return err
	}
	return command(nil, filepath.Join(l.bin, "xx"), "install", l.bin)
}

// command runs a program, and shows its output if it fails.
func command(env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// timed is how long f takes.
func timed(f func() error) (time.Duration, error) {
	start := time.Now()
	err := f()
	return time.Since(start), err
}

// alternate runs a and b in turn, the order swapped each time, so that what else the machine does
// weighs on both alike.
func alternate(rounds int, a, b func() error) (as, bs []time.Duration, err error) {
	for i := range rounds {
		first, second := a, b
		if i%2 == 1 {
			first, second = b, a
		}
		x, err := timed(first)
		if err != nil {
			return nil, nil, err
		}
		y, err := timed(second)
		if err != nil {
			return nil, nil, err
		}
		if i%2 == 1 {
			x, y = y, x
		}
		as, bs = append(as, x), append(bs, y)
	}
	return as, bs, nil
}

// median is the middle value, the upper one of two.
func median(values []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
