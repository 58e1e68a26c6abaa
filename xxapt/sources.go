package xxapt

import (
	"path/filepath"
	"slices"
	"strings"

	"xxkit/internal/host"
)

// Where apt's sources are: one file of one-line entries, and a folder with files of either format,
// told apart by their names, see sources.list(5).
const (
	sourcesList = "/etc/apt/sources.list"
	sourcesDir  = "/etc/apt/sources.list.d"
)

// mainSource returns the path of the file with the distribution's own sources.
func mainSource(h *host.Host, distribution string) string {
	names := []string{"debian", "ubuntu"}
	if distribution == "ubuntu" {
		slices.Reverse(names)
	}
	for _, name := range names {
		path := sourcesDir + "/" + name + ".sources"
		if _, err := h.ReadFile(path); err == nil {
			return path
		}
	}
	return sourcesList
}

// isDeb822 tells the format of a sources file: by its name, and for a name that says nothing, by
// what is in it.
func isDeb822(name, content string) bool {
	switch filepath.Ext(name) {
	case ".sources":
		return true
	case ".list":
		return false
	}
	for line := range strings.Lines(content) {
		if strings.EqualFold(fieldName(line), "Types") {
			return true
		}
	}
	return false
}

// Restrict returns the content of a sources file with every entry restricted to the
// architecture, except those that name architectures of their own. Doing it again changes nothing.
// name is the file's name, which tells its format.
func Restrict(name, content, arch string) string {
	if isDeb822(name, content) {
		return restrictDeb822(content, arch)
	}
	var b strings.Builder
	for line := range strings.Lines(content) {
		b.WriteString(restrictLine(line, arch))
	}
	return b.String()
}

// restrictDeb822 adds an Architectures field after the Types field of each stanza that has none.
func restrictDeb822(content, arch string) string {
	var b strings.Builder
	for _, stanza := range stanzas(content) {
		types, named := -1, false
		for i, line := range stanza {
			switch strings.ToLower(fieldName(line)) {
			case "types":
				types = i
			case "architectures", "architectures-add", "architectures-remove":
				named = true
			}
		}
		for i := types + 1; types >= 0 && i < len(stanza); i++ {
			if isContinuation(stanza[i]) {
				types = i
			} else if !strings.HasPrefix(stanza[i], "#") { // a comment may stand within a field
				break
			}
		}
		for i, line := range stanza {
			b.WriteString(line)
			if i != types || named {
				continue
			}
			field, end := "Architectures: "+arch, lineEnd(line)
			if end == "" {
				b.WriteString("\n" + field) // the last line of a file that ends without a newline
			} else {
				b.WriteString(field + end)
			}
		}
	}
	return b.String()
}

// stanzas splits a deb822 file into its stanzas, each a list of lines with their ends. Blank lines
// are at the end of the stanza before them.
func stanzas(content string) [][]string {
	var all [][]string
	var now []string
	blank := false
	for line := range strings.Lines(content) {
		isBlank := strings.TrimSpace(line) == ""
		if blank && !isBlank {
			all, now = append(all, now), nil
		}
		now, blank = append(now, line), isBlank
	}
	if now != nil {
		all = append(all, now)
	}
	return all
}

// fieldName returns the name of the field that a line of a deb822 file begins, or "".
func fieldName(line string) string {
	if line == "" || line[0] == '#' || line[0] == ' ' || line[0] == '\t' {
		return ""
	}
	name, _, ok := strings.Cut(line, ":")
	if !ok {
		return ""
	}
	return strings.TrimSpace(name)
}

// isContinuation reports whether a line of a deb822 file belongs to the field before it.
func isContinuation(line string) bool {
	return (line[0] == ' ' || line[0] == '\t') && strings.TrimSpace(line) != ""
}

func lineEnd(line string) string {
	switch {
	case strings.HasSuffix(line, "\r\n"):
		return "\r\n"
	case strings.HasSuffix(line, "\n"):
		return "\n"
	}
	return ""
}

// restrictLine adds the option arch to a one-line entry, commented out or not, unless it has one.
func restrictLine(line, arch string) string {
	e, ok := parseEntry(line)
	switch {
	case !ok || e.namesArch():
		return line
	case e.options < 0:
		return line[:e.uri] + "[arch=" + arch + "] " + line[e.uri:]
	}
	return line[:e.options] + "arch=" + arch + " " + line[e.options:]
}

// entry is a one-line entry of a sources file.
type entry struct {
	commented bool
	kind      string // deb or deb-src
	option    map[string]string
	fields    []string // URI, suite, components

	options int // the place of the first option in the line, or -1
	uri     int // the place of the URI
}

// parseEntry reads a line. A comment counts if it is an entry behind its #.
func parseEntry(line string) (entry, bool) {
	e := entry{options: -1, option: map[string]string{}}
	i := 0
	skip := func(set string) { i += len(line[i:]) - len(strings.TrimLeft(line[i:], set)) }
	skip(" \t")
	if strings.HasPrefix(line[i:], "#") {
		e.commented = true
		skip("# \t")
	}
	e.kind, _, _ = strings.Cut(line[i:], " ")
	e.kind, _, _ = strings.Cut(e.kind, "\t")
	e.kind, _, _ = strings.Cut(e.kind, "[")
	if e.kind != "deb" && e.kind != "deb-src" {
		return e, false
	}
	i += len(e.kind)
	before := i
	skip(" \t")
	if strings.HasPrefix(line[i:], "[") {
		end := strings.IndexByte(line[i:], ']')
		if end < 0 {
			return e, false
		}
		for option := range strings.FieldsSeq(line[i+1 : i+end]) {
			name, value, _ := strings.Cut(option, "=")
			e.option[name] = value
		}
		after := i + end + 1
		i++
		skip(" \t")
		e.options = i
		i = after
		skip(" \t")
	} else if i == before {
		return e, false // "debian", say
	}
	e.uri = i
	rest, _, _ := strings.Cut(line[i:], "#")
	if strings.HasPrefix(rest, "cdrom:[") { // the label may have blanks in it
		if end := strings.IndexByte(rest, ']'); end > 0 {
			rest = strings.ReplaceAll(rest[:end], " ", "_") + rest[end:]
		}
	}
	e.fields = strings.Fields(rest)
	if len(e.fields) < 2 {
		return e, false
	}
	// Prose may begin with the word deb too, but no URI and suite follow.
	_, rest, _ = strings.Cut(e.fields[0], ":")
	return e, rest != ""
}

// namesArch reports whether the entry has an option arch, arch+ or arch-.
func (e entry) namesArch() bool {
	for name := range e.option {
		if name == "arch" || name == "arch+" || name == "arch-" {
			return true
		}
	}
	return false
}
