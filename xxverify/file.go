package xxverify

import (
	"errors"
	"strings"

	"xxkit/triples"
	"xxkit/xxverify/object"
)

// checkFile returns what is wrong with a file that should be for the platform: of a universal file one slice has to be, of
// an archive every member.
func checkFile(p triples.Platform, name string, f object.File, static bool) []Finding {
	if len(f.Objects) == 0 {
		what := "an archive without objects of a kind that is known"
		hint := ""
		if f.Thin {
			what = "a thin archive, which only names its members"
			hint = "verify the object files that it names: ar t " + name
		}
		return []Finding{{Rule: RuleFormat, Path: name, Message: mismatchMessage(name, "target architecture "+p.Arch, what), Hint: hint}}
	}
	var found []Finding
	for _, o := range f.Objects {
		m := Match(p, o)
		switch {
		case m.Rule == "" && !f.Archive:
			if finding, ok := checkStatic(p, name, o, static); !ok {
				return []Finding{finding}
			}
			return ignoredSetting(name, o)
		case m.Rule != "":
			member := name
			if o.Name != "" {
				member += "(" + o.Name + ")"
			}
			found = append(found, Finding{Rule: m.Rule, Path: name, Message: mismatchMessage(member, m.Want, describe(f, o)), Hint: m.Hint})
		}
	}
	if len(found) > 0 {
		return found[:1]
	}
	if finding, ok := checkStatic(p, name, f.Objects[0], static); !ok {
		return []Finding{finding}
	}
	return nil
}

// ignoredSetting returns a note on a program that is right, though not because of what Go was told.
func ignoredSetting(name string, o *object.Object) []Finding {
	if o.Ignored == "" {
		return nil
	}
	setting, _, _ := strings.Cut(o.Ignored, "=")
	hint := "GOARM is 5, 6 or 7, without the v: GOARM=${TARGETVARIANT#v}"
	if setting == "GOAMD64" {
		hint = "GOAMD64 is v1, v2, v3 or v4"
	}
	return []Finding{{
		Rule: RuleVariant, Note: true, Path: strings.TrimPrefix(name, "/"),
		Message: "file " + name + " is built with " + o.Ignored + ", which Go does not know: it is for " + o.Variant + " by default", Hint: hint,
	}}
}

// mismatchMessage is the sentence that scripts may look for.
func mismatchMessage(name, want, is string) string {
	return "file " + name + " does not match expected " + want + ": " + is
}

// describe says what an object is; of a universal file, all that it has.
func describe(f object.File, o *object.Object) string {
	if f.Archive || len(f.Objects) == 1 {
		return o.String()
	}
	var all []string
	for _, o := range f.Objects {
		all = append(all, o.Machine)
	}
	return "Mach-O universal, with slices for " + strings.Join(all, ", ")
}

// checkStatic returns the finding for an object that should be linked statically and is not. That can be asked for on Linux
// and FreeBSD only: other systems have no such programs.
func checkStatic(p triples.Platform, name string, o *object.Object, static bool) (Finding, bool) {
	if !static || o.Static || p.OS != "linux" && p.OS != "freebsd" {
		return Finding{}, true
	}
	hint := "link it with -static"
	switch {
	case o.Go["CGO_ENABLED"] == "1":
		hint = "build with CGO_ENABLED=0, or with -ldflags '-linkmode external -extldflags -static'"
	case o.Kind == object.Library:
		hint = "a shared library is always loaded dynamically"
	case o.Kind == object.Relocatable:
		hint = "an object file is not linked yet"
	}
	return Finding{Rule: RuleStatic, Path: name, Message: "file " + name + " is not statically linked: " + o.String(), Hint: hint}, false
}

// damage returns the finding for a file that cannot be read as what it seems to be.
func damage(p triples.Platform, name, head string, err error) Finding {
	if errors.Is(err, object.ErrUnknown) {
		what := "data"
		if strings.HasPrefix(head, "#!") {
			line, _, _ := strings.Cut(head, "\n")
			what = "a script for " + strings.TrimSpace(line[2:])
		} else if head == "" {
			what = "an empty file"
		} else if isText(head) {
			what = "text"
		}
		return Finding{Rule: RuleFormat, Path: name, Message: mismatchMessage(name, "target OS "+p.OS, what)}
	}
	return Finding{Rule: RuleDamaged, Path: name, Message: "file " + name + " cannot be an executable: " + err.Error()}
}

func isText(head string) bool {
	for _, r := range head {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
	}
	return true
}
