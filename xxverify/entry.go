package xxverify

import (
	"path"
	"strings"

	"xxkit/xxverify/object"
)

// entry finds out whether a command line can be started: the program is there, may be executed, and is of a kind that the
// kernel starts.
func (r *rootfs) entry(command []string) error {
	if len(command) == 0 || command[0] == "" {
		return nil
	}
	asked := command[0]
	name, ok := asked, true
	if strings.Contains(asked, "/") {
		if !strings.HasPrefix(asked, "/") {
			name = path.Join("/", r.Workdir, asked)
		}
	} else if name, ok = r.lookPath(asked); !ok {
		r.add(Finding{
			Rule: RuleMissing, Path: asked, Message: "the image starts " + Printable(asked) + ", which is not on PATH (" + Printable(strings.Join(r.path, ":")) + ")",
			Hint: "install it, or write ENTRYPOINT or CMD with the path of the program",
		})
		return nil
	}
	real, n, err := Resolve(r.tree, name)
	switch {
	case err != nil:
		hint := "copy it into the final stage, or mend ENTRYPOINT or CMD"
		if strings.ContainsAny(asked, " ") {
			hint = "it has blanks: write ENTRYPOINT and CMD as lists, one word each"
		}
		r.add(Finding{Rule: RuleMissing, Path: name, Message: "the image starts " + Printable(name) + ", which is not there", Hint: hint})
		return nil
	case n.Mode.IsDir():
		r.add(Finding{Rule: RuleMode, Path: real, Message: "the image starts " + Printable(name) + ", which is a folder", Hint: "name the program in it"})
		return nil
	case !n.executable():
		r.add(Finding{
			Rule: RuleMode, Path: real, Message: "the image starts " + Printable(name) + ", which is not executable",
			Hint: "COPY --chmod=755, or chmod +x before it is copied",
		})
		return nil
	}
	c, err := r.tree.Content(real)
	if err != nil {
		return err
	}
	if c.Err != nil {
		if problem, hint := r.scriptProblem(c.Head); problem != "" {
			r.add(Finding{Rule: RuleInterpreter, Path: real, Message: "the image starts " + Printable(name) + ", which cannot be started: " + problem, Hint: hint})
		} else if !strings.HasPrefix(c.Head, "#!") {
			r.add(Finding{
				Rule: RuleFormat, Path: real, Message: "the image starts " + Printable(name) + ", which is no program and has no #! line",
				Hint: "begin the script with #!/bin/sh",
			})
		}
		return nil
	}
	for _, o := range c.Objects {
		if Match(r.Platform, o).Rule == "" && o.Kind == object.Executable || r.compatible(o) {
			return r.start(real)
		}
	}
	// A foreign program is named already, unless it was taken for data.
	m := Match(r.Platform, c.Objects[0])
	if m.Rule == "" {
		return nil // a library that can be started, such as the loader
	}
	hint := "build it for " + r.Platform.String()
	if m.Hint != "" {
		hint = m.Hint
	}
	f := Finding{Rule: m.Rule, Path: real, Message: mismatchMessage("/"+Printable(real), m.Want, c.Objects[0].String()), Hint: "the image starts it: " + hint}
	r.promote(f)
	return nil
}

// promote makes a note that is known already an error.
func (r *rootfs) promote(f Finding) {
	for i := range r.found {
		if r.found[i].Message == f.Message {
			r.found[i].Note, r.found[i].Rule, r.found[i].Hint = false, f.Rule, f.Hint
			return
		}
	}
	r.add(f)
}
