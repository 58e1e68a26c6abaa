// Demo shows the main job on the examples, with nothing but Go: what dfrewrite finds and would
// change, and then what xx-go makes of an example for ten platforms, as read back from the
// programs that it made. It fails if one of them is not for its platform.
//
//	go run ./internal/demo
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// fast makes go compile without inlining and debug information: a machine that has not seen this
// before compiles the standard library ten times, and what it makes here need not run fast.
const fast = "-gcflags=all=-l -dwarf=false"

func main() {
	if err := demo(); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo() error {
	start := time.Now()
	bin, err := os.MkdirTemp("", "xxkit-demo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	if err := run(0, "go", "build", fast, "-o", bin+string(filepath.Separator), "./cmd/xx", "./cmd/dfrewrite"); err != nil {
		return err
	}

	// Both find something: exit status 1.
	fmt.Println("$ dfrewrite lint examples")
	if err := run(1, filepath.Join(bin, "dfrewrite"), "lint", "examples"); err != nil {
		return err
	}
	fmt.Println("\n$ dfrewrite rewrite -d examples")
	if err := run(1, filepath.Join(bin, "dfrewrite"), "rewrite", "-d", "examples"); err != nil {
		return err
	}

	fmt.Println("\n$ cd examples/go-server; for each platform: TARGETPLATFORM=… xx-go build")
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "platform\tformat\tmachine\tclass\tbyte order\tvariant\tneeds at run time\tsize\t")
	// As many at a time as there are processors: go build alone leaves some idle while it links.
	results := make([]chan result, len(platforms))
	free := make(chan struct{}, runtime.NumCPU())
	for i, p := range platforms {
		results[i] = make(chan result, 1)
		go func() {
			free <- struct{}{}
			results[i] <- build(bin, p.name)
			<-free
		}()
	}
	var wrong []error
	for i, p := range platforms {
		r := <-results[i]
		if r.err != nil {
			return fmt.Errorf("%s: %w", p.name, r.err)
		}
		verdict := ""
		if r.program != p.want {
			verdict = "WRONG"
			wrong = append(wrong, fmt.Errorf("%s is %+v, want %+v", p.name, r.program, p.want))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.1f MB\t%s\n", p.name,
			r.format, r.machine, r.class, r.order, r.variant, r.needs, float64(r.size)/1e6, verdict)
	}
	table.Flush()
	fmt.Printf("\n%d platforms in %.0f s\n", len(platforms), time.Since(start).Seconds())
	return errors.Join(wrong...)
}

type result struct {
	program
	size int64
	err  error
}

// build builds the example for a platform with xx-go and reads what it has made.
func build(bin, platform string) result {
	file := filepath.Join(bin, "server-"+strings.ReplaceAll(platform, "/", "-"))
	cmd := exec.Command(filepath.Join(bin, "xx"), "go", "build", fast, "-ldflags=-s -w", "-o", file, ".")
	cmd.Dir = filepath.Join("examples", "go-server")
	cmd.Env = append(os.Environ(), "TARGETPLATFORM="+platform, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return result{err: fmt.Errorf("xx-go build: %w\n%s", err, out)}
	}
	got, err := read(file)
	if err != nil {
		return result{err: err}
	}
	info, err := os.Stat(file)
	if err != nil {
		return result{err: err}
	}
	return result{program: got, size: info.Size()}
}

// run runs a program that is expected to end with the given status, its output being the demo's.
func run(status int, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return err
	}
	if got := cmd.ProcessState.ExitCode(); got != status {
		return fmt.Errorf("%s ended with status %d, want %d", filepath.Base(name), got, status)
	}
	return nil
}
