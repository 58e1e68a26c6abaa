// Counted runs go test and counts.
//
//	counted -to FILE -- ARGS…
//
// runs go test -json ARGS…, and shows what there is to know of it: a line for each package and each slow test, and all that
// tests printed which failed or were skipped. A line "passed failed skipped" is added to FILE. Subtests count, and
// so does a package that fails without any of its tests. The exit status is that of go test.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// slow is how many seconds a test takes that is worth a line.
const slow = 10

func main() {
	to := flag.String("to", os.DevNull, "the file that the counts are added to")
	flag.Parse()
	status, err := run(*to, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "counted:", err)
		status = max(status, 1)
	}
	os.Exit(status)
}

func run(to string, args []string) (status int, err error) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	c := counter{w: os.Stdout}
	read := c.read(out)
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return 1, errors.Join(read, err)
	}
	status = cmd.ProcessState.ExitCode()
	if status != 0 && c.failed == 0 {
		c.failed = 1 // go test itself
	}
	f, err := os.OpenFile(to, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return status, errors.Join(read, err)
	}
	_, err = fmt.Fprintln(f, c.passed, c.failed, c.skipped)
	return status, errors.Join(read, err, f.Close())
}

// An event is a line of go test -json, see go doc test2json.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// A counter reads events.
type counter struct {
	w                       io.Writer
	passed, failed, skipped int

	printed map[[2]string]*strings.Builder // by package and test
	broken  map[string]bool                // packages with a test that failed
}

func (c *counter) read(r io.Reader) error {
	c.printed, c.broken = map[[2]string]*strings.Builder{}, map[string]bool{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil { // what go prints itself
				c.w.Write(line)
			} else {
				c.count(e)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *counter) count(e event) {
	key := [2]string{e.Package, e.Test}
	switch {
	case e.Action == "build-output":
		fmt.Fprint(c.w, e.Output)
	case e.Action == "output" && e.Test == "":
		if e.Output != "PASS\n" && !strings.HasSuffix(e.Output, "[no test files]\n") {
			fmt.Fprint(c.w, e.Output)
		}
	case e.Action == "output":
		if c.printed[key] == nil {
			c.printed[key] = new(strings.Builder)
		}
		c.printed[key].WriteString(e.Output)
	case e.Test == "":
		if e.Action == "fail" && !c.broken[e.Package] {
			c.failed++
		}
	case e.Action == "pass" || e.Action == "fail" || e.Action == "skip":
		switch e.Action {
		case "pass":
			c.passed++
		case "fail":
			c.failed++
			c.broken[e.Package] = true
		case "skip":
			c.skipped++
		}
		switch b := c.printed[key]; {
		case e.Action != "pass" && b != nil:
			fmt.Fprint(c.w, b)
		case e.Elapsed >= slow:
			fmt.Fprintf(c.w, "%s\t%.0fs\n", e.Test, e.Elapsed)
		}
		delete(c.printed, key)
	}
}
