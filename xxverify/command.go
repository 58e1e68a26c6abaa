//go:build unix

package xxverify

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"xxkit/internal/host"
	"xxkit/triples"
	"xxkit/xxinfo"
	"xxkit/xxverify/object"
)

const helperUsage = `Usage: xx-verify [--static] FILE|DIR…

Fails unless every FILE is an executable, library, object file or static library for the target of the
build, see xx-info --help. It reads ELF, PE, Mach-O and ar files, and runs none. Of a folder, every
executable and library beneath it is read.

  --static       each must be linked statically, a static-pie counts; as XX_VERIFY_STATIC=1 (Linux and FreeBSD)
  --allow GLOB   say nothing about these files of a folder; as often as needed. "vendor" is that
                 name anywhere, "/cross/**/*.so" a path from the folder
  --allow-file FILE   read such patterns from a file, one on each line; # begins a comment
  --json         print all as JSON on standard output
  --setup        accepted, and does nothing
  -h, --help     this text

The program xx-verify for the desk and CI also takes --rootfs DIR and --image REF, see docs/verify.md.

Exit status: 0 all is right, 1 something is not, 2 wrong call, or input that cannot be read.
`

// programHint is what to do if it is the helper that is asked for more than it has.
const programHint = "the program xx-verify for the desk and CI does: make install"

const usageHint = "xx-verify --help shows the options"

// Options are what a command line asks for.
type Options struct {
	Help, Setup, Static, JSON, Notes, Exactly bool

	Paths, Rootfs []string
	Allow         []string // patterns
	AllowFile     []string

	// Of images.
	Image, Require, SARIF []string
	Limit                 []string
}

// Program is what a program called xx-verify can do beyond files and folders. What is nil is not linked, which the helper
// needs to stay small.
type Program struct {
	// Usage is what --help prints; empty: that of the helper.
	Usage string

	// System verifies a root file system: it is VerifySystem.
	System func(System) (Summary, []Finding, error)

	// Images verifies the images that the options name.
	Images func(h *host.Host, o Options) ([]Summary, []Finding, error)

	// SARIF returns findings in the format of --sarif.
	SARIF func(found []Finding) ([]byte, error)
}

// Parse reads a command line.
func Parse(args []string, env host.Env) (Options, error) {
	static := env.Get("XX_VERIFY_STATIC")
	o := Options{Static: static != "" && static != "0"}
	flags := []struct {
		name string
		to   *bool
	}{
		{"static", &o.Static}, {"setup", &o.Setup}, {"help", &o.Help}, {"json", &o.JSON}, {"notes", &o.Notes}, {"exactly", &o.Exactly},
	}
	values := []struct {
		name string
		to   *[]string
	}{
		{"rootfs", &o.Rootfs}, {"image", &o.Image}, {"allow", &o.Allow}, {"allow-file", &o.AllowFile},
		{"require", &o.Require}, {"sarif", &o.SARIF}, {"limit", &o.Limit},
	}
next:
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			o.Paths = append(o.Paths, args[i+1:]...)
			break
		}
		if arg == "-h" {
			arg = "--help"
		}
		name, long := strings.CutPrefix(arg, "--")
		for _, f := range flags {
			if long && name == f.name {
				*f.to = true
				continue next
			}
		}
		name, value, has := strings.Cut(name, "=")
		for _, f := range values {
			if !long || name != f.name {
				continue
			}
			if !has {
				if i++; i == len(args) {
					return o, host.WrongCall(usageHint, "--%s needs a value", name)
				}
				value = args[i]
			}
			*f.to = append(*f.to, value)
			continue next
		}
		if strings.HasPrefix(arg, "-") {
			return o, host.WrongCall(usageHint, "invalid flag %s", arg)
		}
		o.Paths = append(o.Paths, arg)
	}
	return o, nil
}

// Main is the helper xx-verify, for files and folders: args are its arguments.
func Main(h *host.Host, args []string) error {
	return Program{}.Main(h, args)
}

// Main is a program xx-verify: args are its arguments.
func (p Program) Main(h *host.Host, args []string) error {
	usage := p.Usage
	if usage == "" {
		usage = helperUsage
	}
	o, err := Parse(args, h.Env)
	if err != nil {
		return err
	}
	if o.Help {
		_, err := io.WriteString(h.Stderr, usage)
		return err
	}
	if len(o.Paths)+len(o.Rootfs)+len(o.Image) == 0 {
		if o.Setup {
			return nil
		}
		if _, err := io.WriteString(h.Stderr, usage); err != nil {
			return err
		}
		return host.ExitStatus(2)
	}
	switch {
	case len(o.Image) > 0 && p.Images == nil:
		return host.WrongCall(programHint, "this xx-verify does not look into images")
	case len(o.Rootfs) > 0 && p.System == nil:
		return host.WrongCall(programHint, "this xx-verify does not look into root file systems")
	case len(o.Image) == 0 && (o.Exactly || len(o.Require) > 0):
		return host.WrongCall(usageHint, "--require and --exactly are for --image")
	}
	for _, f := range o.AllowFile {
		b, err := h.ReadFile(f)
		if err != nil {
			return trouble(err)
		}
		for line := range strings.Lines(string(b)) {
			line, _, _ = strings.Cut(line, "#")
			if line = strings.TrimSpace(line); line != "" {
				o.Allow = append(o.Allow, line)
			}
		}
	}
	for _, pattern := range o.Allow {
		if _, err := path.Match(pattern, ""); err != nil {
			return host.WrongCall(`as in --allow "/opt/cross/**/*.so"`, "--allow %s is no pattern", pattern)
		}
	}

	var r Report
	if len(o.Paths)+len(o.Rootfs) > 0 {
		t := xxinfo.FromHost(h)
		if err := supported(t, len(o.Rootfs) > 0); err != nil {
			return err
		}
		if err := r.verify(h, t.Platform, o, p.System); err != nil {
			return trouble(err)
		}
	}
	if len(o.Image) > 0 {
		summaries, found, err := p.Images(h, o)
		if err != nil {
			return trouble(err)
		}
		r.add(summaries, found)
	}
	for _, name := range o.SARIF {
		if p.SARIF == nil {
			return host.WrongCall(programHint, "this xx-verify does not write SARIF")
		}
		b, err := p.SARIF(r.Findings)
		if err != nil {
			return err
		}
		if err := h.WriteFile(name, b, 0o666); err != nil {
			return trouble(err)
		}
	}
	return r.print(h, o)
}

// trouble gives an error the status of input that cannot be read, unless it has one.
func trouble(err error) error {
	var e *host.Error
	if errors.As(err, &e) && e.Status != 0 {
		return err
	}
	hint := ""
	if e != nil {
		hint = e.Hint
	}
	return &host.Error{Message: err.Error(), Hint: hint, Status: 2}
}

// supported reports whether programs for the target can be told from others.
func supported(t xxinfo.Target, table bool) error {
	err := t.Check()
	switch {
	case !knownOS(t.OS):
		return &host.Error{
			Message: fmt.Sprintf("unsupported target: os=%s arch=%s variant=%s", t.OS, t.Arch, t.Variant),
			Hint:    "it is not known how programs for " + t.OS + " look",
		}
	case err != nil && (table || t.Arch == "unknown"):
		return err
	}
	return nil
}

// verify verifies the files and folders that the options name.
func (r *Report) verify(h *host.Host, p triples.Platform, o Options, system func(System) (Summary, []Finding, error)) error {
	for _, name := range o.Paths {
		info, err := os.Stat(h.Path(name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			r.add(nil, []Finding{{Rule: RuleMissing, Path: name, Message: "file not found: " + name}})
			continue
		case err != nil:
			return err
		case info.IsDir():
			err = r.folder(h, p, name, o)
		case !info.Mode().IsRegular():
			// A pipe would be waited for if it were opened.
			r.add(nil, []Finding{{Rule: RuleFormat, Path: name, Message: mismatchMessage(name, "target OS "+p.OS, "no regular file")}})
		default:
			err = r.file(h, p, name, info.Size(), o)
		}
		if err != nil {
			return err
		}
	}
	for _, name := range o.Rootfs {
		dir, err := openFolder(h, name)
		if err != nil {
			return err
		}
		summary, found, err := system(System{Tree: dir, Platform: p, Allow: o.Allow, Static: o.Static})
		if err := errors.Join(err, dir.Close()); err != nil {
			return err
		}
		summary.Path = name
		r.add([]Summary{summary}, found)
	}
	return nil
}

func openFolder(h *host.Host, name string) (Folder, error) {
	dir, err := OpenFolder(h.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		err = &host.Error{Message: "folder not found: " + name, Status: 2}
	}
	return dir, err
}

// file verifies a file that was named on the command line.
func (r *Report) file(h *host.Host, p triples.Platform, name string, size int64, o Options) error {
	f, err := os.Open(h.Path(name))
	if err != nil {
		return err
	}
	defer f.Close()
	c := ReadContent(f, size)
	if c.Err != nil {
		r.add(nil, []Finding{damage(p, name, c.Head, c.Err)})
	} else {
		r.add(nil, checkFile(p, name, c.File, o.Static))
	}
	return nil
}

// folder verifies all executables and libraries beneath a folder, static libraries and object files included.
func (r *Report) folder(h *host.Host, p triples.Platform, name string, o Options) error {
	dir, err := openFolder(h, name)
	if err != nil {
		return err
	}
	defer dir.Close()
	summary := Summary{Platform: p.String(), Path: name}
	var found []Finding
	err = walk(dir, "", 0, func(string) bool { return false }, func(inside string, _ Node) error {
		summary.Files++
		c, err := dir.Content(inside)
		if err != nil || errors.Is(c.Err, object.ErrUnknown) {
			return err
		}
		if allowed(o.Allow, inside) {
			summary.Allowed++
			return nil
		}
		shown := Printable(filepath.Join(name, inside))
		switch {
		case c.Err != nil:
			found = append(found, damage(p, shown, c.Head, c.Err))
		case len(c.Objects) == 0 || c.Objects[0].Kind == object.Other || c.Objects[0].Arch == "" && c.Objects[0].Format == "ELF":
			return nil // an archive of something else, debugging information, eBPF
		default:
			linked := c.Objects[0].Kind != object.Relocatable
			if !linked || c.Objects[0].Kind == object.Library {
				summary.Libraries++
			} else {
				summary.Executables++
			}
			found = append(found, checkFile(p, shown, c.File, o.Static && linked)...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if summary.Executables+summary.Libraries+summary.Allowed == 0 && len(found) == 0 {
		found = append(found, Finding{
			Rule: RuleNothing, Path: name, Message: "no executable and no library in " + name, Hint: "name the folder that the build writes to",
		})
	}
	for _, f := range found {
		if f.Note {
			summary.Notes++
		} else {
			summary.Errors++
		}
	}
	r.add([]Summary{summary}, found)
	return nil
}

// print shows a report, and returns the status that stands for it: mistakes as errors, what was seen on standard
// output. Equal hints are given once, after the last mistake that they are for.
func (r *Report) print(h *host.Host, o Options) error {
	if o.JSON {
		if _, err := io.WriteString(h.Stdout, r.JSON()); err != nil {
			return err
		}
	} else {
		var shown []Finding
		for _, f := range r.Findings {
			if !f.Note || o.Notes {
				shown = append(shown, f)
			}
		}
		for i, f := range shown {
			kind := ""
			if f.Platform != "" {
				kind = f.Platform + ": "
			}
			if f.Note {
				kind += "note: "
			}
			fmt.Fprintf(h.Stderr, "%s: %s%s\n", h.Name, kind, f.Message)
			if f.Hint != "" && (i+1 == len(shown) || shown[i+1].Hint != f.Hint) {
				fmt.Fprintf(h.Stderr, "hint: %s\n", f.Hint)
			}
		}
		if _, err := io.WriteString(h.Stdout, r.table()); err != nil {
			return err
		}
	}
	if r.Errors() > 0 {
		return host.ExitStatus(1)
	}
	return nil
}
