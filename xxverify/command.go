// Package xxverify is the helper xx-verify: it makes sure that what was built is for the target of the build. It reads the
// files and runs none of them, so that a mistake shows on any machine, and emulation hides nothing.
//
//	xx-verify [--static] FILE…
//
// [Match] compares what a file says about itself, see package object, with a platform.
//
// The messages for a file of the wrong kind are fixed: scripts look for them.
package xxverify

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxinfo"
	"xxkit/xxverify/object"
)

const usage = `Usage: xx-verify [--static] FILE…

Fails unless every FILE is an executable, library, object file or static library for the target of the
build, see xx-info --help. It reads ELF, PE, Mach-O and ar files, and runs none.

  --static     each must be linked statically, a static-pie counts; as XX_VERIFY_STATIC=1 (Linux and FreeBSD)
  --setup      accepted, and does nothing
  -h, --help   this text

Exit status: 0 all is right, 1 something is not, 2 wrong call.
`

const usageHint = "xx-verify --help shows the options"

// options are what the command line asks for.
type options struct {
	help, setup, static bool
	paths               []string
}

func parse(args []string, env host.Env) (options, error) {
	static := env.Get("XX_VERIFY_STATIC")
	o := options{static: static != "" && static != "0"}
	for i, arg := range args {
		switch {
		case arg == "--":
			o.paths = append(o.paths, args[i+1:]...)
			return o, nil
		case arg == "--static":
			o.static = true
		case arg == "--setup":
			o.setup = true
		case arg == "--help", arg == "-h":
			o.help = true
		case strings.HasPrefix(arg, "-"):
			return o, host.WrongCall(usageHint, "invalid flag %s", arg)
		default:
			o.paths = append(o.paths, arg)
		}
	}
	return o, nil
}

// Main is the helper xx-verify: args are its arguments.
func Main(h *host.Host, args []string) error {
	o, err := parse(args, h.Env)
	if err != nil {
		return err
	}
	switch {
	case o.help:
		_, err := io.WriteString(h.Stderr, usage)
		return err
	case len(o.paths) == 0 && o.setup:
		return nil
	case len(o.paths) == 0:
		if _, err := io.WriteString(h.Stderr, usage); err != nil {
			return err
		}
		return host.ExitStatus(2)
	}
	t := xxinfo.FromHost(h)
	if !knownOS(t.OS) {
		return unsupported(t)
	}
	if err := t.Check(); err != nil && t.Arch == "unknown" {
		return err // nobody knows what to compare with
	}
	var found []Finding
	for _, path := range o.paths {
		more, err := verifyFile(h, t, path, o.static)
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	return report(h, found)
}

func unsupported(t xxinfo.Target) error {
	return &host.Error{
		Message: fmt.Sprintf("unsupported target: os=%s arch=%s variant=%s", t.OS, t.Arch, t.Variant),
		Hint:    "it is not known how programs for " + t.OS + " look",
	}
}

// verifyFile verifies a file that was named on the command line.
func verifyFile(h *host.Host, t xxinfo.Target, path string, static bool) ([]Finding, error) {
	// A pipe would be waited for if it were opened before it is looked at.
	info, err := os.Stat(h.Path(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []Finding{{Rule: RuleMissing, Path: path, Message: "file not found: " + path}}, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return []Finding{{Rule: RuleFormat, Path: path, Message: mismatchMessage(path, "target OS "+t.OS, "no regular file")}}, nil
	}
	f, err := os.Open(h.Path(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := object.Read(f, info.Size())
	if err != nil {
		head := make([]byte, 128)
		n, _ := f.ReadAt(head, 0) // what cannot be read is not described
		return []Finding{damage(t.Platform, path, string(head[:n]), err)}, nil
	}
	return checkFile(t.Platform, path, content, static), nil
}

// report prints the findings as errors. Equal hints are given once, after the last that they are for.
func report(h *host.Host, found []Finding) error {
	if len(found) == 0 {
		return nil
	}
	for i, f := range found {
		fmt.Fprintf(h.Stderr, "%s: %s\n", h.Name, f.Message)
		if f.Hint != "" && (i+1 == len(found) || found[i+1].Hint != f.Hint) {
			fmt.Fprintf(h.Stderr, "hint: %s\n", f.Hint)
		}
	}
	return host.ExitStatus(1)
}
