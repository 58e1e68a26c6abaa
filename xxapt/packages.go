package xxapt

import (
	"slices"
	"strconv"
	"strings"

	"xxkit/triples"
	"xxkit/xxinfo"
)

// The names that stand for whatever a C or C++ program needs of the target.
const (
	cEssentials   = "xx-c-essentials"
	cxxEssentials = "xx-cxx-essentials"
)

// word is a word of the command line that names packages, in apt's grammar.
type word struct {
	// text is the word as it was written.
	text string

	kind wordKind

	// name is the package; rest is what follows it: "=VERSION", "/SUITE", and "+" or "-", which tell
	// apt to install or remove it whatever the command is. version is the one in rest.
	name, rest, version string
}

type wordKind int

const (
	verbatim wordKind = iota // a file, or a package whose architecture is given: for apt as it is
	named                    // one package
	glob                     // a glob, a regular expression or a task
	query                    // an expression of apt-patterns(7)
)

// parseWord reads a word. modifiers is whether the command knows "+" and "-" after a package's
// name. Whether a final "+" belongs to the name (g++) cannot be seen here: see resolve.
func parseWord(text string, modifiers bool) word {
	w := word{text: text, name: text}
	switch {
	case text == "" || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../"):
		return w
	case strings.ContainsAny(text[:1], "?~!("):
		w.kind = query
		if strings.Contains(text, "?architecture(") || strings.Contains(text, "~r") {
			w.kind = verbatim
		}
		return w
	}
	if i := strings.LastIndexAny(text, "=/"); i > 0 {
		w.name, w.rest = text[:i], text[i:]
		if text[i] == '=' {
			w.version = text[i+1:]
		}
	}
	pattern := w.name
	if modifiers && w.rest == "" {
		pattern = strings.TrimRight(pattern, "+-")
	}
	switch {
	case strings.Contains(w.name, ":"):
		w.name, w.rest = "", ""
	case strings.ContainsAny(pattern, "*?[]|^$(){}\\"):
		w.kind = glob
		if modifiers && w.rest == "" {
			w.name, w.rest = splitModifier(w.name)
		}
	default:
		w.kind = named
	}
	return w
}

// splitModifier splits a final "+" or "-" off.
func splitModifier(name string) (string, string) {
	if n := len(name) - 1; n > 0 && (name[n] == '+' || name[n] == '-') {
		return name[:n], name[n:]
	}
	return name, ""
}

// archive is what apt knows of the packages that it was asked about: by name, then by
// architecture as the package has it ("all" is one), the versions.
type archive map[string]map[string][]string

func (a archive) add(name, arch, version string) {
	if a[name] == nil {
		a[name] = map[string][]string{}
	}
	a[name][arch] = append(a[name][arch], version)
}

// parseShow reads what `apt-cache show` prints.
func parseShow(out string) archive {
	a := archive{}
	var name, arch, version string
	flush := func() {
		if name != "" && arch != "" {
			a.add(name, arch, version)
		}
		name, arch, version = "", "", ""
	}
	for line := range strings.Lines(out) {
		field, value, ok := strings.Cut(strings.TrimRight(line, "\n"), ": ")
		switch {
		case line == "\n":
			flush()
		case !ok:
		case field == "Package":
			name, _, _ = strings.Cut(value, ":") // apt show adds the architecture, apt-cache show does not
		case field == "Architecture":
			arch = value
		case field == "Version":
			version = value
		}
	}
	flush()
	return a
}

// has reports whether there is a package for the build machine by this name.
func (a archive) has(name, native string) bool {
	return a[name][native] != nil || a[name]["all"] != nil
}

// newest returns the number of the newest PREFIXnSUFFIX that is there for one of the architectures.
func (a archive) newest(prefix, suffix string, archs ...string) (string, bool) {
	best := -1
	for name, versions := range a {
		s, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		s, ok = strings.CutSuffix(s, suffix)
		n, err := strconv.Atoi(s)
		if !ok || err != nil || n <= best {
			continue
		}
		for _, arch := range archs {
			if versions[arch] != nil {
				best = n
			}
		}
	}
	return strconv.Itoa(best), best >= 0
}

// translation turns the packages that a command line names into those of the target. It is
// what the target, the machine and the environment decide; the rest is the archive's.
type translation struct {
	native string // Debian's name of the build machine's architecture
	arch   string // that of the target's

	// suffixes are what the names of cross tools end in, the target's triple first.
	suffixes []string

	preferCross bool   // XX_APT_PREFER_CROSS
	libc        string // the C library's -dev package
	windows     string // the target's word in the names of mingw-w64 packages, if it is Windows
}

// newTranslation returns the translation for a target, on a machine of the given Debian
// architecture.
func newTranslation(t xxinfo.Target, native string, preferCross bool) translation {
	tr := translation{native: native, arch: t.Row.Debian, preferCross: preferCross, libc: "libc6-dev"}
	if t.OS == "windows" {
		tr.windows = strings.ReplaceAll(t.Row.First, "_", "-")
		return tr
	}
	if t.Libc == "musl" {
		tr.libc = "musl-dev"
	}
	// Debian's own triple second: its cross tools are for glibc, and for no vendor, but with
	// XX_LIBC or XX_VENDOR they are still the ones for this processor.
	for _, triple := range []string{t.Triple(), t.Row.Triple(triples.System{Vendor: "debian"})} {
		if s := "-" + strings.ReplaceAll(triple, "_", "-"); !slices.Contains(tr.suffixes, s) {
			tr.suffixes = append(tr.suffixes, s)
		}
	}
	return tr
}

// cross reports whether the target's packages are not the machine's.
func (tr translation) cross() bool { return tr.windows != "" || tr.arch != tr.native }

// questions returns what apt-cache has to be asked, all at once, before the words can be translated.
func (tr translation) questions(words []word) []string {
	var names []string
	ask := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	askName := func(name string) {
		for _, n := range tr.candidates(name) {
			ask(n)
		}
	}
	for _, w := range words {
		switch {
		case w.kind != named:
		case tr.essential(w) == cEssentials:
			for _, name := range tr.cNames() {
				askName(name)
			}
			if tr.windows == "" {
				ask(tr.numbered("libgcc"))
			}
		case tr.essential(w) == cxxEssentials:
			if tr.windows != "" {
				askName("g++")
				break
			}
			ask(tr.numbered("libstdc[+][+]"))
		case tr.cross():
			askName(w.name)
			if short, modifier := splitModifier(w.name); modifier != "" && w.rest == "" {
				askName(short)
			}
		}
	}
	return names
}

// essential returns which of the two names for essentials a word is, if it is one.
func (tr translation) essential(w word) string {
	for _, name := range []string{w.name, strings.TrimRight(w.name, "+-")} {
		if name == cEssentials || name == cxxEssentials {
			return name
		}
	}
	return ""
}

// numbered returns the expression, see apt-patterns(7), for every version of a compiler's library, be it a
// package of the target or of the machine for the target.
func (tr translation) numbered(library string) string {
	own := "?and(?architecture(" + tr.arch + "),?name(^" + library + "-[0-9]+-dev$))"
	return "?or(" + own + ",?name(^" + library + "-[0-9]+-dev" + tr.crossSuffix() + "$))"
}

func (tr translation) crossSuffix() string { return "-" + tr.arch + "-cross" }

// qualified returns the package for the target's architecture. apt asks for the machine's own
// packages by their plain name.
func (tr translation) qualified(name string) string {
	if tr.arch == tr.native {
		return name
	}
	return name + ":" + tr.arch
}

// cNames are the packages of xx-c-essentials whose names are fixed.
func (tr translation) cNames() []string {
	if tr.windows != "" {
		return []string{"libc6-dev", "gcc"}
	}
	return []string{tr.libc}
}

// candidates returns the packages that a package may become.
func (tr translation) candidates(name string) []string {
	if tr.windows != "" {
		return tr.mingw(name)
	}
	var names []string
	for _, s := range tr.suffixes {
		names = append(names, name+s)
	}
	return append(names, name+tr.crossSuffix(), name+":"+tr.arch, name)
}

// mingw returns what the package may be called for Windows, best first: tools end in
// -mingw-w64-x86-64, libraries, which are for both processors, in -mingw-w64-dev.
func (tr translation) mingw(name string) []string {
	switch name {
	case "libc6-dev", "libc-dev", "musl-dev":
		return []string{"mingw-w64-" + tr.windows + "-dev"}
	case "zlib1g-dev":
		return []string{"libz-mingw-w64-dev"}
	}
	names := []string{name + "-mingw-w64-" + tr.windows}
	if base, ok := strings.CutSuffix(name, "-dev"); ok {
		names = append(names, base+"-mingw-w64-dev")
		if short := strings.TrimRight(base, "0123456789.-"); short != base && short != "" {
			names = append(names, short+"-mingw-w64-dev") // libgcrypt20-dev
		}
	}
	if name == "gcc" || name == "g++" { // for essentials
		names = append(names, name+"-mingw-w64-"+tr.windows+"-posix")
	}
	return names
}

// translate returns what a word becomes: one word for apt, several for essentials, none if
// Windows has no such package.
func (tr translation) translate(w word, command string, a archive) []string {
	w = tr.resolve(w, command, a)
	switch {
	case w.kind == verbatim:
		return []string{w.text}
	case w.kind == named && (w.name == cEssentials || w.name == cxxEssentials):
		var words []string
		for _, name := range tr.essentials(w.name, a) {
			words = append(words, name+w.rest)
		}
		return words
	case !tr.cross():
		return []string{w.text}
	case tr.windows != "" && command == "search":
		return []string{first(tr.windowsName(w, a), w.text)}
	case tr.windows != "":
		if name := tr.windowsName(w, a); name != "" {
			return []string{name}
		}
		return nil
	case command == "search":
		// Its words are looked for in names and descriptions, where no :ARCH is.
		if name := tr.crossName(w.name, a); w.kind == named && name != "" {
			return []string{name}
		}
		return []string{w.text}
	case w.kind == query:
		return []string{"?and(?architecture(" + tr.arch + ")," + w.text + ")"}
	case command == "list":
		return []string{tr.listed(w, a)}
	case w.kind == glob:
		return []string{w.name + ":" + tr.arch + w.rest}
	}
	return []string{tr.name(w.name, w.version, a) + w.rest}
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// resolve decides whether a final "+" or "-" belongs to the name: it does if there is such a
// package, as apt sees it too.
func (tr translation) resolve(w word, command string, a archive) word {
	if w.kind != named || w.rest != "" || command != "install" && command != "remove" {
		return w
	}
	short, modifier := splitModifier(w.name)
	if modifier == "" {
		return w
	}
	for _, name := range tr.candidates(w.name) {
		if name, _, _ = strings.Cut(name, ":"); a[name] != nil {
			return w
		}
	}
	w.name, w.rest = short, modifier
	return w
}

// crossName returns the cross tool or library of the target that is a package of the machine, or "".
func (tr translation) crossName(name string, a archive) string {
	for _, s := range tr.suffixes {
		if a.has(name+s, tr.native) {
			return name + s
		}
	}
	if tr.preferCross && a.has(name+tr.crossSuffix(), tr.native) {
		return name + tr.crossSuffix()
	}
	return ""
}

// name returns the package for the target. version is the one that is asked for, if any.
func (tr translation) name(name, version string, a archive) string {
	if cross := tr.crossName(name, a); cross != "" {
		return cross
	}
	archs := a[name]
	all, own := archs["all"] != nil, archs[tr.arch] != nil
	if all && own && version != "" && !slices.Contains(archs[tr.arch], version) && slices.Contains(archs["all"], version) {
		own = false // it was for all architectures once, or is so in another suite
	}
	switch {
	case own:
	case all:
		return name
	case a.has(name+tr.crossSuffix(), tr.native):
		// An architecture that Debian cross-compiles for but has no packages of.
		return name + tr.crossSuffix()
	}
	return tr.qualified(name)
}

// listed returns the word for `apt list`, which finds nothing by the name of PKG:ARCH.
func (tr translation) listed(w word, a archive) string {
	if w.kind != named {
		return w.text
	}
	name, ok := strings.CutSuffix(tr.name(w.name, w.version, a), ":"+tr.arch)
	if !ok {
		return name + w.rest
	}
	return "?and(?architecture(" + tr.arch + "),?exact-name(" + name + "))"
}

// windowsName returns the mingw-w64 package, or "".
func (tr translation) windowsName(w word, a archive) string {
	if w.kind != named {
		return ""
	}
	for _, name := range tr.mingw(w.name) {
		if a.has(name, tr.native) {
			return name + w.rest
		}
	}
	return ""
}

// essentials returns the packages that a C or C++ program for the target needs.
//
// For Windows that is the mingw-w64 compiler, since libgcc and libstdc++ come with it and serve
// clang too: the one with POSIX threads, which std::thread needs.
func (tr translation) essentials(name string, a archive) []string {
	if tr.windows != "" {
		compiler := map[string]string{cEssentials: "gcc", cxxEssentials: "g++"}[name]
		var found []string
		if dev := "mingw-w64-" + tr.windows + "-dev"; name == cEssentials && a.has(dev, tr.native) {
			found = append(found, dev)
		}
		meta := compiler + "-mingw-w64-" + tr.windows
		for _, p := range []string{meta + "-posix", meta} {
			if a.has(p, tr.native) {
				return append(found, p)
			}
		}
		return found
	}
	library := "libstdc++-"
	var names []string
	if name == cEssentials {
		library = "libgcc-"
		names = []string{tr.libc}
		if tr.cross() {
			names[0] = tr.name(tr.libc, "", a)
		}
	}
	n, own := a.newest(library, "-dev", tr.arch)
	m, cross := a.newest(library, "-dev"+tr.crossSuffix(), tr.native, "all")
	switch {
	case cross && (tr.preferCross || !own):
		return append(names, library+m+"-dev"+tr.crossSuffix())
	case own:
		return append(names, tr.qualified(library+n+"-dev"))
	}
	// There is none. apt names what it cannot find.
	return append(names, tr.qualified(library+"dev"))
}
