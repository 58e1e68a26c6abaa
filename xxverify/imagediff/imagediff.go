// Package imagediff compares two images that were built from the same sources in different ways: what a compiler may do
// differently is no difference, and everything else is one.
//
//	result := imagediff.Compare(before, after, imagediff.Options{})
//	for _, d := range result.Differences {
//		fmt.Println(d)
//	}
//
// An image is given as what package image reads of it, for one platform. Compared are paths, kinds of files, modes, owners,
// links, devices, extended attributes and contents, and the configuration. Of programs and libraries the bytes are not
// compared but what they say about themselves: the platform, how they are linked, the loader and the libraries that they ask
// for, and settings of Go. Times are never compared, neither those of files nor those in zip archives. What every build
// writes anew, such as logs and the caches of package managers, is counted and left out: see [LeftOut].
package imagediff

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"xxkit/internal/lazyregexp"
	"xxkit/triples"
	"xxkit/xxverify"
	"xxkit/xxverify/image"
	"xxkit/xxverify/object"
)

// Kind is what a difference is about. The names are those of the JSON output, and stay as they are.
type Kind string

// The kinds of differences.
const (
	Missing     Kind = "missing"     // a file is only in the image before
	Extra       Kind = "extra"       // a file is only in the image after
	Type        Kind = "type"        // a file, folder, link or device, a program or data
	Mode        Kind = "mode"        // permissions
	Owner       Kind = "owner"       // user and group
	Link        Kind = "link"        // where a symbolic link leads to
	Attributes  Kind = "attributes"  // extended attributes, such as capabilities
	Content     Kind = "content"     // what a file that is no program holds
	Platform    Kind = "platform"    // the system, architecture, variant or byte order that a program is for
	Linkage     Kind = "linkage"     // static or dynamic
	Interpreter Kind = "interpreter" // the loader that a program asks for
	Needed      Kind = "needed"      // the libraries that a program or library asks for
	Soname      Kind = "soname"      // the name by which a library is asked for
	SearchPath  Kind = "search-path" // where a program looks for its libraries: RPATH, RUNPATH
	Cgo         Kind = "cgo"         // a Go program with C code in it, or without
	GoSettings  Kind = "go-settings" // settings of Go that change what a program does
	Config      Kind = "config"      // a key of the image's configuration
)

// Kinds lists the kinds of differences.
var Kinds = []Kind{
	Missing, Extra, Type, Mode, Owner, Link, Attributes, Content, Platform, Linkage, Interpreter, Needed, Soname, SearchPath, Cgo, GoSettings, Config,
}

// Difference is one between two images.
type Difference struct {
	Kind Kind
	// Path is the file, from the root with a slash; of a configuration its key, such as "Env PATH".
	Path string
	// Before and After say what it was and what it is; empty where it was not, or is not, there.
	Before, After string
	// Below is how many more files are missing or new, in a folder that is.
	Below int
}

// String is the difference in a line.
func (d Difference) String() string {
	if d.Kind == Missing || d.Kind == Extra {
		what := cmp.Or(d.Before, d.After)
		if d.Below > 0 {
			what += fmt.Sprintf(" and %d more in it", d.Below)
		}
		return fmt.Sprintf("%s: %s: %s", xxverify.Printable(d.Path), d.Kind, what)
	}
	return fmt.Sprintf("%s: %s: %s before, %s after", xxverify.Printable(d.Path), d.Kind, d.shown(d.Before), d.shown(d.After))
}

func (d Difference) shown(s string) string {
	switch {
	case s == "":
		return "none"
	case d.Kind == Config: // it is JSON, or quoted, already
		return s
	}
	return xxverify.Printable(s)
}

// Options say what is compared.
type Options struct {
	// Ignore are patterns of paths that are left out beside [LeftOut], in the form of that.
	Ignore []string
	// Accept are kinds of differences that do not count.
	Accept []Kind
}

// Result is what the comparison of two images for a platform came to.
type Result struct {
	Platform triples.Platform
	Files    int // compared: files, folders, links and devices of either image
	Programs int // of these, programs and libraries
	LeftOut  int // files that are not compared, see [LeftOut]

	// Differences are sorted by path; those of the configuration come last. Accepted are those whose kind does not count.
	Differences, Accepted []Difference
}

// LeftOut are patterns of paths that are not compared, because any two builds differ in them: logs, the state and the caches of
// package managers, and compiled Python files, which hold the time of their source. A pattern stands for a path and all that is
// beneath; "*" is any part of a name, "**" any number of folders.
var LeftOut = []string{
	"/var/log", "/var/cache", "/var/lib/apt", "/var/lib/dpkg", "/lib/apk/db", "/usr/lib/apk/db", "/var/lib/rpm", "/usr/lib/sysimage/rpm",
	"/var/lib/dnf", "/etc/ld.so.cache", "**/__pycache__/*.pyc",
}

// Compare compares what two images hold for the same platform.
func Compare(before, after image.Contents, o Options) Result {
	c := comparison{Options: o, before: before.Files, after: after.Files}
	c.result.Platform = after.Platform
	c.files()
	c.config(before.Config, after.Config)
	c.result.Differences = slices.DeleteFunc(c.result.Differences, func(d Difference) bool {
		accepted := slices.Contains(o.Accept, d.Kind)
		if accepted {
			c.result.Accepted = append(c.result.Accepted, d)
		}
		return accepted
	})
	return c.result
}

type comparison struct {
	Options
	before, after map[string]image.File
	result        Result
}

func (c *comparison) add(kind Kind, name, before, after string) {
	if before != after {
		c.result.Differences = append(c.result.Differences, Difference{Kind: kind, Path: name, Before: before, After: after})
	}
}

// files compares all files.
func (c *comparison) files() {
	names := slices.Collect(maps.Keys(c.before))
	for name := range c.after {
		if _, ok := c.before[name]; !ok {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, byParts)
	// The folder that is only in one image, and the difference that says so.
	var only string
	var said int
	for _, name := range names {
		if c.leftOut(name) {
			c.result.LeftOut++
			continue
		}
		c.result.Files++
		before, was := c.before[name]
		after, is := c.after[name]
		if isProgram(before) || isProgram(after) {
			c.result.Programs++
		}
		switch {
		case was && is:
			c.file("/"+name, before, after)
		case only != "" && strings.HasPrefix(name, only+"/"):
			c.result.Differences[said].Below++
		default:
			d := Difference{Kind: Missing, Path: "/" + name, Before: describe(before)}
			if is {
				d = Difference{Kind: Extra, Path: "/" + name, After: describe(after)}
			}
			if only = ""; before.Mode.IsDir() || after.Mode.IsDir() {
				only, said = name, len(c.result.Differences)
			}
			c.result.Differences = append(c.result.Differences, d)
		}
	}
}

// byParts sorts paths so that what is in a folder follows it.
func byParts(a, b string) int {
	return strings.Compare(strings.ReplaceAll(a, "/", "\x00"), strings.ReplaceAll(b, "/", "\x00"))
}

func (c *comparison) leftOut(name string) bool {
	return xxverify.Matches(LeftOut, name) || xxverify.Matches(c.Ignore, name)
}

// file compares a file that both images have.
func (c *comparison) file(name string, before, after image.File) {
	if b, a := kindOf(before), kindOf(after); b != a {
		c.add(Type, name, b, a)
		return
	}
	if before.Mode&fs.ModeSymlink == 0 { // the mode of a link means nothing
		c.add(Mode, name, octal(before.Mode), octal(after.Mode))
	}
	c.add(Owner, name, fmt.Sprintf("%d:%d", before.UID, before.GID), fmt.Sprintf("%d:%d", after.UID, after.GID))
	c.add(Link, name, before.Link, after.Link)
	c.add(Attributes, name, attributes(before), attributes(after))
	switch {
	case before.Mode&fs.ModeDevice != 0:
		c.add(Type, name, fmt.Sprintf("device %d:%d", before.Device[0], before.Device[1]), fmt.Sprintf("device %d:%d", after.Device[0], after.Device[1]))
	case !before.Mode.IsRegular() || before.Sum == after.Sum:
	case isProgram(before):
		c.program(name, before, after)
	default:
		c.add(Content, name, content(before), content(after))
	}
}

// program compares what programs and libraries say about themselves.
func (c *comparison) program(name string, before, after image.File) {
	both := func(kind Kind, say func(o *object.Object) string) {
		c.add(kind, name, each(before, say), each(after, say))
	}
	if !samePlatform(before.Objects, after.Objects) {
		both(Platform, platformOf)
	}
	both(Linkage, linkage)
	both(Interpreter, func(o *object.Object) string { return o.Dynamic.Interpreter })
	both(Needed, func(o *object.Object) string {
		needed := slices.DeleteFunc(slices.Clone(o.Dynamic.Needed), ofCompiler.Get().MatchString)
		return strings.Join(slices.Compact(slices.Sorted(slices.Values(needed))), " ")
	})
	both(Soname, func(o *object.Object) string { return o.Dynamic.Soname })
	both(SearchPath, func(o *object.Object) string {
		var all []string
		for _, p := range []string{o.Dynamic.Rpath, o.Dynamic.Runpath} {
			if p != "" {
				all = append(all, p)
			}
		}
		return strings.Join(all, ", ")
	})
	c.add(Cgo, name, withC(before), withC(after))
	both(GoSettings, goSettings)
}

// ofCompiler matches the libraries that a compiler links with by itself, or leaves out by itself where nothing is taken
// from them, which gcc and clang do each in its own way: those of glibc and musl, and libgcc. Whether they are there is for
// verifying to say.
var ofCompiler = lazyregexp.New(`^(lib(c|m|dl|rt|pthread|gcc_s)\.so\.[0-9]+|ld-linux.*\.so\.[0-9]+|libc\.musl-.*\.so\.[0-9]+|libc\.so)$`)

// each says something of each object in a file, once.
func each(f image.File, say func(o *object.Object) string) string {
	var all []string
	for _, o := range f.Objects {
		if s := say(o); s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// samePlatform reports whether programs are for the same platform. A variant counts where both say which.
func samePlatform(before, after []*object.Object) bool {
	without := func(objects []*object.Object, variant bool) string {
		return each(image.File{Objects: objects}, func(o *object.Object) string {
			p := *o
			if !variant {
				p.Variant = ""
			}
			return platformOf(&p)
		})
	}
	says := func(objects []*object.Object) bool {
		return slices.ContainsFunc(objects, func(o *object.Object) bool { return o.Variant != "" })
	}
	return without(before, says(after)) == without(after, says(before))
}

func platformOf(o *object.Object) string {
	system := o.OS
	if o.Format == "ELF" && system == "linux" {
		system = "" // files for Linux may say so, and most do not
	}
	var all []string
	for _, s := range []string{o.Format, system, cmp.Or(o.Arch, o.Machine), o.Variant, o.ABI} {
		if s != "" {
			all = append(all, s)
		}
	}
	return strings.Join(append(all, fmt.Sprintf("%d-bit", o.Bits), order(o)), " ")
}

func order(o *object.Object) string {
	if o.Order == triples.BigEndian {
		return "big-endian"
	}
	return "little-endian"
}

func linkage(o *object.Object) string {
	switch {
	case o.Kind != object.Executable && o.Kind != object.Library:
		return ""
	case o.Static:
		return "static"
	}
	return "dynamic"
}

// goSettingsCompared are those of Go's settings that change what a program does. GOARM, GOAMD64 and so on are in its platform.
var goSettingsCompared = []string{"GOEXPERIMENT", "GOFIPS140"}

func goSettings(o *object.Object) string {
	var all []string
	for _, name := range goSettingsCompared {
		if value := o.Go[name]; value != "" {
			all = append(all, name+"="+value)
		}
	}
	return strings.Join(all, " ")
}

func withC(f image.File) string {
	switch {
	case f.Cgo:
		return "C code in it"
	case len(f.Objects) > 0 && f.Objects[0].Go != nil:
		return "Go alone"
	}
	return ""
}

func isProgram(f image.File) bool { return f.Mode.IsRegular() && len(f.Objects) > 0 }

// kindOf names what is at a path.
func kindOf(f image.File) string {
	switch f.Mode.Type() {
	case fs.ModeDir:
		return "folder"
	case fs.ModeSymlink:
		return "link"
	case 0:
	default:
		return "special file " + f.Mode.Type().String()
	}
	if !isProgram(f) {
		return "file"
	}
	if f.Archive {
		return "static library"
	}
	switch f.Objects[0].Kind {
	case object.Executable:
		return "program"
	case object.Library:
		return "library"
	case object.Relocatable:
		return "object file"
	}
	return "other binary"
}

// describe names a file that is in one image only.
func describe(f image.File) string {
	kind := kindOf(f)
	switch {
	case kind == "link":
		return "link to " + xxverify.Printable(f.Link)
	case f.Mode.IsRegular():
		return fmt.Sprintf("%s of %d bytes", kind, f.Size)
	}
	return kind
}

// octal is a mode as chmod has it.
func octal(m fs.FileMode) string {
	n := uint32(m.Perm())
	for bit, value := range map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&bit != 0 {
			n |= value
		}
	}
	return fmt.Sprintf("%04o", n)
}

func content(f image.File) string {
	return fmt.Sprintf("%d bytes, sha256:%s", f.Size, hex.EncodeToString(f.Sum[:6]))
}

func attributes(f image.File) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(f.Attributes)) {
		all = append(all, fmt.Sprintf("%s=%x", name, f.Attributes[name]))
	}
	return strings.Join(all, " ")
}

// config compares the configurations, key by key, and the environment variable by variable.
func (c *comparison) config(before, after map[string]json.RawMessage) {
	before, after = maps.Clone(before), maps.Clone(after)
	env := func(from map[string]json.RawMessage) map[string]string {
		var list []string
		values := map[string]string{}
		if json.Unmarshal(from["Env"], &list) != nil {
			return values // it is compared as it is written
		}
		delete(from, "Env")
		for _, kv := range list {
			name, value, _ := strings.Cut(kv, "=")
			values[name] = value
		}
		return values
	}
	b, a := env(before), env(after)
	for _, name := range keys(b, a) {
		c.add(Config, "Env "+name, quoted(b, name), quoted(a, name))
	}
	for _, key := range keys(before, after) {
		c.add(Config, key, canonical(before[key]), canonical(after[key]))
	}
}

func keys[V any](a, b map[string]V) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b)))))
}

func quoted(env map[string]string, name string) string {
	if value, ok := env[name]; ok {
		return fmt.Sprintf("%q", value)
	}
	return ""
}

// canonical writes a value as any two that mean the same are written. What means nothing is empty.
func canonical(raw json.RawMessage) string {
	var value any
	if len(raw) == 0 || json.Unmarshal(raw, &value) != nil {
		return string(bytes.TrimSpace(raw))
	}
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		if v == "" {
			return ""
		}
	case bool:
		if !v {
			return ""
		}
	case []any:
		if len(v) == 0 {
			return ""
		}
	case map[string]any:
		if len(v) == 0 {
			return ""
		}
	}
	out, err := json.Marshal(value)
	if err != nil {
		return string(raw)
	}
	return string(out)
}
