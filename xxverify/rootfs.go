package xxverify

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"xxkit/triples"
	"xxkit/xxverify/object"
)

// System is a root file system, and how programs in it are started.
type System struct {
	Tree     Tree
	Platform triples.Platform // in normal form

	// Path and LibraryPath are the environment's PATH and LD_LIBRARY_PATH. An empty Path is that which container
	// engines set.
	Path, LibraryPath string

	// Start are the command lines that the system is started with, such as an image's ENTRYPOINT with CMD. Workdir is the folder
	// that they are started in.
	Start   [][]string
	Workdir string

	// Allow are patterns of paths about which nothing is said, see [Options].
	Allow []string

	// Static asks for programs without dynamic loader.
	Static bool

	// Program is called for each program of the platform that is likely to be started as it is, if it is not nil.
	Program func(name string, n Node, o *object.Object)
}

// Summary says what was seen on a platform, and found.
type Summary struct {
	Platform string `json:"platform"`
	Path     string `json:"path"` // of the folder or image
	Files    int    `json:"files"`
	// Executables and Libraries are those for the platform.
	Executables int `json:"executables"`
	Libraries   int `json:"libraries"`
	Scripts     int `json:"scripts"`
	Allowed     int `json:"allowed"`
	Errors      int `json:"errors"`
	Notes       int `json:"notes"`
}

// DefaultPath is the PATH of a container whose image sets none.
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// rootfs is a root file system that is being verified.
type rootfs struct {
	System
	tree   *remembering
	row    triples.Row
	path   []string
	onPath map[string]bool // real paths of the folders in path, and of those that usually are

	loaders map[string]*loader // by architecture and kind
	names   map[string]int     // how many files have a name: libraries that a program may bring along
	reached map[string]bool    // real paths of the libraries that a program loads
	said    map[string]bool    // messages

	libraries []string // real paths of libraries for the platform
	summary   Summary
	found     []Finding
	more      int // findings that are left out
}

// VerifySystem finds out whether what is in a root file system can be started and loaded there. The
// error is that of a tree that cannot be read.
func VerifySystem(s System) (Summary, []Finding, error) {
	row, ok := triples.Lookup(s.Platform)
	if !ok {
		return Summary{}, nil, fmt.Errorf("unsupported platform %s", s.Platform)
	}
	r := &rootfs{
		System: s, row: row,
		tree:    &remembering{s.Tree, map[string]remembered{}},
		onPath:  map[string]bool{},
		loaders: map[string]*loader{}, names: map[string]int{}, reached: map[string]bool{}, said: map[string]bool{},
		summary: Summary{Platform: s.Platform.String()},
	}
	if s.Path == "" {
		s.Path = DefaultPath
	}
	r.path = strings.Split(s.Path, ":")
	for _, dir := range append(strings.Split(DefaultPath, ":"), r.path...) {
		if real, _, err := Resolve(r.tree, dir); err == nil {
			r.onPath[real] = true
		}
	}

	var programs []string
	err := walk(r.tree, "", 0, mounted, func(name string, n Node) error {
		program, err := r.look(name, n)
		if program {
			programs = append(programs, name)
		}
		return err
	})
	if err != nil {
		return r.summary, nil, err
	}
	for _, name := range programs {
		if err := r.start(name); err != nil {
			return r.summary, nil, err
		}
	}
	for _, name := range r.libraries {
		if err := r.plugin(name); err != nil {
			return r.summary, nil, err
		}
	}
	for _, command := range s.Start {
		if err := r.entry(command); err != nil {
			return r.summary, nil, err
		}
	}
	if r.more > 0 {
		r.found = append(r.found, Finding{
			Rule: RuleDamaged, Path: "/", Message: "there are " + strconv.Itoa(r.more) + " more findings", Hint: "this is not a system for " + r.Platform.String(),
		})
	}
	sortFindings(r.found)
	for _, f := range r.found {
		if f.Note {
			r.summary.Notes++
		} else {
			r.summary.Errors++
		}
	}
	return r.summary, r.found, nil
}

// mounted reports whether a folder of the root has what the kernel shows there, and nothing of the file system.
func mounted(dir string) bool {
	return dir == "proc" || dir == "sys" || dir == "dev"
}

func (r *rootfs) add(f Finding) {
	if allowed(r.Allow, f.Path) {
		return
	}
	f.Path = "/" + strings.TrimPrefix(f.Path, "/")
	if r.said[f.Message] {
		return
	}
	if len(r.found) >= maxFindings {
		r.more++
		return
	}
	r.said[f.Message] = true
	r.found = append(r.found, f)
}

// maxFindings is how much is said about one file system. More helps nobody.
const maxFindings = 10_000

// look judges a file by itself, and reports whether it is a program of the platform, that can be started.
func (r *rootfs) look(name string, n Node) (program bool, err error) {
	r.summary.Files++
	r.names[path.Base(name)]++
	c, err := r.tree.Content(name)
	if err != nil {
		return false, err
	}
	if c.Err != nil {
		r.lookOther(name, n, c)
		return false, nil
	}
	if c.Archive || c.Objects[0].Kind == object.Relocatable || c.Objects[0].Kind == object.Other {
		return false, nil // for linkers and debuggers
	}
	if allowed(r.Allow, name) {
		r.summary.Allowed++
		return false, nil
	}
	o := c.Objects[0]
	for _, slice := range c.Objects {
		if Match(r.Platform, slice).Rule == "" {
			o = slice
		}
	}
	m := Match(r.Platform, o)
	if m.Rule != "" && !r.compatible(o) {
		if f, ok := r.foreign(name, n, o, m); ok {
			r.add(f)
		}
		return false, nil
	}
	if o.Kind == object.Library {
		if m.Rule == "" {
			r.summary.Libraries++
			r.libraries = append(r.libraries, name)
		}
		return false, nil
	}
	r.summary.Executables++
	if r.Program != nil && n.executable() && r.isCommand(name) {
		r.Program(name, n, o)
	}
	if f, ok := checkStatic(r.Platform, "/"+name, o, r.Static); !ok {
		r.add(f)
	}
	for _, f := range ignoredSetting("/"+name, o) {
		r.add(f)
	}
	return n.executable(), nil
}

// lookOther judges a file that is no object.
func (r *rootfs) lookOther(name string, n Node, c Content) {
	if !errors.Is(c.Err, object.ErrUnknown) {
		f := damage(r.Platform, "/"+Printable(name), c.Head, c.Err)
		f.Note = !n.executable() && !isLibraryName(name)
		r.add(f)
		return
	}
	if !n.executable() || !strings.HasPrefix(c.Head, "#!") {
		return
	}
	r.summary.Scripts++
	if problem, hint := r.scriptProblem(c.Head); problem != "" {
		r.add(Finding{
			Rule: RuleInterpreter, Path: name, Note: !r.isCommand(name),
			Message: "/" + Printable(name) + " cannot be started: " + problem, Hint: hint,
		})
	}
}

// compatible reports whether the machines of the platform run an object for another one: amd64 runs 386.
func (r *rootfs) compatible(o *object.Object) bool {
	return r.Platform.OS == "linux" && r.Platform.Arch == "amd64" && o.Kind == object.Executable &&
		Match(triples.Platform{OS: "linux", Arch: "386"}, o).Rule == ""
}

// foreign returns what to say about a file for another platform. Files of that kind are all over well-made images, as data:
// what is no mistake by the look of its place is a note.
func (r *rootfs) foreign(name string, n Node, o *object.Object, m Mismatch) (Finding, bool) {
	f := Finding{Rule: m.Rule, Path: name, Message: mismatchMessage("/"+Printable(name), m.Want, o.String()), Hint: m.Hint}
	command := n.executable() && r.isCommand(name)
	switch m.Rule {
	case RuleOS:
		f.Note = !command || o.Managed || o.Format == "PE" && !r.inPath(name)
	case RuleVariant:
		switch {
		case strings.Contains(name, "/glibc-hwcaps/"):
			return f, false // for machines that have more, and passed over by others
		case len(o.Go) == 0 && o.Kind == object.Library:
			// Assembly for later processors, which the library uses after it has looked which one it runs on, marks the whole library.
			f.Note = true
		case o.VariantFrom == "GNU property":
			f.Note = true // of whole distributions: Red Hat's begin at v2 or v3
		}
	default:
		if o.Arch == "" {
			return f, false // for no processor
		}
		f.Note = foreignPlace(name, o) || !n.executable() && !isLibraryName(name)
	}
	if f.Note {
		f.Rule = RuleForeign
	} else if f.Hint == "" {
		f.Hint = "build it for " + r.Platform.String() + "; if it is meant to be there, --allow " + Printable(name)
	}
	return f, true
}

// isLibraryName reports whether programs load files of such a name.
func isLibraryName(name string) bool {
	base := path.Base(name)
	for _, end := range []string{".so", ".node", ".dylib", ".dll", ".pyd"} {
		if strings.HasSuffix(base, end) {
			return true
		}
	}
	return strings.Contains(base, ".so.")
}

// foreignPlace reports whether a file for another platform is where such files belong: test data, firmware, prebuilt add-ons of
// node for every platform, and what cross-compilers link with, in folders with the triple of their platform.
func foreignPlace(name string, o *object.Object) bool {
	parts := strings.Split(name, "/")
	parts = parts[:len(parts)-1]
	words := []string{"testdata", "firmware", "prebuilds", "qemu", "valgrind", "syslinux", "grub"}
	if row, ok := triples.Lookup(triples.Platform{OS: "linux", Arch: o.Arch}); ok {
		words = append(words, multiarch(row), row.Triple(triples.System{Vendor: "debian"}))
	}
	if o.Arch == "arm" {
		words = append(words, "arm-linux-gnueabi", "arm-linux-gnueabihf")
	}
	for _, p := range parts {
		if slices.Contains(words, p) {
			return true
		}
		// Triples of other distributions, and what the table of platforms lacks.
		for _, row := range triples.ByTriple(p) {
			if row.Arch == o.Arch {
				return true
			}
		}
	}
	return false
}

// inPath reports whether a file is in a folder of PATH.
func (r *rootfs) inPath(name string) bool {
	dir := path.Dir(name)
	if dir == "." {
		dir = ""
	}
	return r.onPath[dir]
}

// isCommand reports whether a file with execute permission is likely to be started as it is. Packages have scripts and programs
// elsewhere that are examples, sources, or for systems that have more installed.
func (r *rootfs) isCommand(name string) bool {
	if r.inPath(name) {
		return true
	}
	parts := strings.Split(name, "/")
	if len(parts) > 1 && slices.Contains([]string{"usr", "lib", "lib32", "lib64", "libx32", "etc", "var", "boot", "run", "tmp"}, parts[0]) {
		return false
	}
	for _, p := range parts {
		if slices.Contains([]string{"testdata", "test", "tests", "examples", "node_modules", "site-packages", "dist-packages", "src", ".git", "vendor", "doc", "docs"}, p) {
			return false
		}
	}
	return true
}

// start finds out whether a program can be started.
func (r *rootfs) start(name string) error {
	c, err := r.tree.Content(name)
	if err != nil || c.Err != nil {
		return err
	}
	o := c.Objects[0]
	if o.Format != "ELF" || o.Static || r.Platform.OS != "linux" {
		return nil
	}
	platform := r.Platform
	if o.Arch != platform.Arch {
		platform = triples.Platform{OS: "linux", Arch: o.Arch} // 386 on amd64
	}
	if problem, hint := r.loaderProblem(platform, o); problem != "" {
		r.add(Finding{
			Rule: RuleLoader, Path: name, Message: "/" + Printable(name) + " cannot be started: " + problem, Hint: hint,
			Note: platform != r.Platform && !r.isCommand(name),
		})
		return nil
	}
	l := r.loader(platform, o.Dynamic.Interpreter)
	lost, loaded := l.load(name, o)
	if l.steps < 0 {
		return errSteps
	}
	for _, lib := range loaded[1:] {
		r.reached[lib.path] = true
	}
	for _, m := range newestOnly(lost) {
		f := r.missing(m, name)
		// A program that is started by a script of its own may be told where its libraries are.
		f.Note = m.version == "" && r.names[path.Base(m.name)] > 0 && !r.isCommand(name)
		r.add(f)
	}
	return nil
}

// plugin finds out whether a library can be loaded, of those that no program needs from its start.
func (r *rootfs) plugin(name string) error {
	if r.reached[name] || r.Platform.OS != "linux" {
		return nil
	}
	c, err := r.tree.Content(name)
	if err != nil || c.Err != nil || c.Objects[0].Format != "ELF" {
		return err
	}
	l := r.loader(r.Platform, "")
	lost, _ := l.load(name, c.Objects[0])
	if l.steps < 0 {
		return errSteps
	}
	for _, m := range newestOnly(lost) {
		// The program that loads it may have the library loaded already, or look for it in folders of its own.
		others := r.names[path.Base(m.name)]
		if path.Base(m.in) == path.Base(m.name) {
			others--
		}
		if others > 0 {
			continue
		}
		if m.by.path != name && r.reached[m.by.path] {
			continue // what a program that loads that one reports
		}
		f := r.missing(m, "")
		f.Note = !isLibraryName(name) || m.version == "" && optional(name)
		r.add(f)
	}
	return nil
}

// optional reports whether a library is a plug-in of a distribution's package. Packages have plug-ins whose libraries are installed only
// by those who use them.
func optional(name string) bool {
	rest, ok := strings.CutPrefix(name, "usr/")
	if ok && strings.HasPrefix(rest, "local/") {
		return false
	}
	parts := strings.Split(rest, "/")
	if !strings.HasPrefix(parts[0], "lib") {
		return slices.Contains(parts, "testdata")
	}
	// lib/x.so and lib/x86_64-linux-gnu/x.so are for anybody; what is in other folders is for one program.
	folders := parts[1 : len(parts)-1]
	return len(folders) > 1 || len(folders) == 1 && triples.ByTriple(folders[0]) == nil
}

// loader returns the loader of programs for a platform that ask for the given interpreter; empty: that of the system.
func (r *rootfs) loader(p triples.Platform, interpreter string) *loader {
	row, _ := triples.Lookup(p)
	real, _, err := Resolve(r.tree, interpreter)
	musl := err == nil && strings.Contains(path.Base(real), "musl")
	if !musl && !r.hasGlibc(row) {
		_, _, err := Resolve(r.tree, row.LoaderMusl)
		musl = err == nil // perhaps with glibc's names on top of it
	}
	key := p.String()
	if musl {
		key += " musl"
	}
	if r.loaders[key] == nil {
		var environment []string
		if r.LibraryPath != "" {
			environment = strings.FieldsFunc(r.LibraryPath, func(c rune) bool { return c == ':' || c == ';' })
		}
		r.loaders[key] = newLoader(r.tree, p, musl, environment)
	}
	return r.loaders[key]
}

func (r *rootfs) hasGlibc(row triples.Row) bool {
	for _, dir := range []string{"/lib/" + multiarch(row), "/usr/lib/" + multiarch(row), "/lib64", "/usr/lib64", "/lib", "/usr/lib"} {
		if _, _, err := Resolve(r.tree, dir+"/libc.so.6"); err == nil {
			return true
		}
	}
	return false
}

// loaderProblem returns why the loader that a program asks for cannot be started, and what to do; both empty if it can.
func (r *rootfs) loaderProblem(p triples.Platform, o *object.Object) (problem, hint string) {
	name := o.Dynamic.Interpreter
	if name == "" {
		return "", "" // a program that nothing but a loader can start
	}
	real, n, err := Resolve(r.tree, name)
	if err != nil {
		return "it needs the loader " + Printable(name) + libcName(name) + ", which is not there", r.loaderHint(p, name, o)
	}
	if !n.executable() {
		return "its loader " + Printable(name) + " is not executable", "chmod +x it"
	}
	c, err := r.tree.Content(real)
	if err != nil || c.Err != nil || c.Archive {
		return "its loader " + Printable(name) + " is no program", "install the C library again"
	}
	if m := Match(p, c.Objects[0]); m.Rule != "" && m.Rule != RuleVariant {
		return "its loader " + Printable(name) + " is for another machine: " + c.Objects[0].String(), "install the C library for " + p.String()
	}
	return "", ""
}

// libcName says which C library a loader belongs to.
func libcName(loader string) string {
	switch base := path.Base(loader); {
	case strings.HasPrefix(base, "ld-musl"):
		return " (of musl)"
	case strings.HasPrefix(base, "ld-linux"), strings.HasPrefix(base, "ld64.so"), strings.HasPrefix(base, "ld.so"):
		return " (of glibc)"
	}
	return ""
}

// loaderHint says what to do about a loader that is not there, by what is there instead.
func (r *rootfs) loaderHint(p triples.Platform, name string, o *object.Object) string {
	static := "link it statically (-static)"
	if o.Go != nil {
		static = "build it with CGO_ENABLED=0"
	}
	row, _ := triples.Lookup(p)
	exists := func(name string) bool {
		_, _, err := Resolve(r.tree, name)
		return name != "" && err == nil
	}
	wantsMusl := strings.Contains(name, "musl")
	switch {
	case !wantsMusl && exists(row.LoaderMusl):
		return "it is linked against glibc, and this system has musl: " + static + ", or build it on Alpine, or ship it on a base with glibc"
	case wantsMusl && r.hasGlibc(row):
		return "it is linked against musl, and this system has glibc: " + static + ", or build it on a base with glibc"
	case p.Arch == "arm" && (exists("/lib/ld-linux-armhf.so.3") || exists("/lib/ld-linux.so.3")):
		return "it uses another floating point ABI than this system: build it for the ABI of " + p.String() + " here, or " + static
	case p != r.Platform:
		return "install the C library for " + p.String() + ", or build it for " + r.Platform.String()
	}
	return "there is no C library here: " + static + ", or ship it on a base that has one"
}

// missing says that a library, or a version of one, is not there. program is what loads it, if that is known.
func (r *rootfs) missing(m missing, program string) Finding {
	who := "/" + Printable(m.by.path)
	for_ := ""
	if program != "" && m.by.path != program {
		for_ = " (/" + Printable(program) + " loads it)"
	}
	if m.version != "" {
		has := newest(m.version, m.has)
		f := Finding{
			Rule: RuleSymbols, Path: m.by.path,
			Message: who + " needs " + Printable(m.version) + ", the image has " + has + " (/" + Printable(m.in) + ")" + for_,
			Hint:    "build against the version of the library that is there",
		}
		if !strings.HasPrefix(has, "no ") {
			f.Hint = "build on an older base, or link statically"
		}
		return f
	}
	f := Finding{Rule: RuleLibrary, Path: m.by.path, Message: who + " needs " + Printable(m.name) + ", which the loader does not find" + for_}
	l := r.loader(r.Platform, "")
	switch at := l.configuredAs(m.name); {
	case at != "" && !l.musl:
		f.Hint = Printable(at) + " is in a folder of /etc/ld.so.conf: run ldconfig after it has been put there"
	case r.names[path.Base(m.name)] > 0:
		f.Hint = "there is a file of this name, in a folder where the loader does not look: set its folder with ldconfig, RUNPATH (-Wl,-rpath) or LD_LIBRARY_PATH"
	default:
		f.Hint = "install the library in the system that it runs on, or link it statically"
	}
	return f
}

// newestOnly leaves of the versions that a file needs of one library the latest: the others come with it.
func newestOnly(lost []missing) []missing {
	var kept []missing
next:
	for _, m := range lost {
		for i, k := range kept {
			family, _, _ := strings.Cut(k.version, "_")
			if m.version != "" && k.by == m.by && k.name == m.name && strings.HasPrefix(m.version, family+"_") {
				if laterVersion(m.version, k.version) {
					kept[i] = m
				}
				continue next
			}
		}
		kept = append(kept, m)
	}
	return kept
}

// newest returns the number of the newest version of the family that a version is from, 2.36 for GLIBC_2.38, or says that
// there is none.
func newest(want string, has []string) string {
	family, _, _ := strings.Cut(want, "_")
	best := ""
	for _, v := range has {
		if f, number, ok := strings.Cut(v, "_"); ok && f == family && isNumber(number) && (best == "" || laterVersion(v, best)) {
			best = v
		}
	}
	if best == "" {
		return "no " + Printable(family)
	}
	_, number, _ := strings.Cut(best, "_")
	return Printable(number)
}

func isNumber(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// laterVersion compares the numbers in two versions of a family.
func laterVersion(a, b string) bool {
	_, a, _ = strings.Cut(a, "_")
	_, b, _ = strings.Cut(b, "_")
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := 0; i < len(as) && i < len(bs); i++ {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		if errX != nil || errY != nil || x != y {
			return x > y
		}
	}
	return len(as) > len(bs)
}

// Printable returns a name from a file system or a file for a message: with what does not belong on a terminal escaped.
func Printable(s string) string {
	if len(s) > 1<<10 {
		s = s[:1<<10] + "…"
	}
	if q := strconv.Quote(s); strings.ContainsAny(s, "\x7f") || len(q) != len(s)+2 && strings.Contains(q, `\`) {
		return q[1 : len(q)-1]
	}
	return s
}
