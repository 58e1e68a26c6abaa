package xxapt

import (
	"slices"
	"strings"
)

// Ubuntu splits its packages over two archives: one has amd64 and i386, the other, called ports, the
// rest. Each of them lists all architectures in its Release file, so that apt looks for arm64
// in the first as soon as dpkg knows of it, finds nothing, and fails. So the sources that are there are restricted
// to the architecture of the machine, and a file is added with the same suites and components for
// that of the target.
const (
	ubuntuArchive = "http://archive.ubuntu.com/ubuntu/"
	ubuntuPorts   = "http://ports.ubuntu.com/ubuntu-ports/"
)

// inPorts reports whether Ubuntu has the architecture in its ports archive.
func inPorts(arch string) bool { return arch != "amd64" && arch != "i386" }

// SourceFile is a file of apt's sources: its path and what is in it, or shall be.
type SourceFile struct{ Path, Content string }

// source is an entry of a sources file, in either format.
type source struct {
	types, uris, suites, components, archs []string
	signedBy                               string // as it is written, several lines for a key in the file itself
	disabled                               bool
}

// UbuntuSources returns the files that have to be written so that apt finds packages for the machine
// and for the target, of which the Debian names are native and arch. files are those that are
// there, codename is the release ("noble"). It returns nothing if all is as it
// should be, and if none of the files has Ubuntu's own archive in it: somebody has seen
// to the sources then.
func UbuntuSources(files []SourceFile, codename, native, arch string) []SourceFile {
	var own []source
	covered, deb822 := false, false
	added := [2]string{sourcesDir + "/xx-" + arch + ".list", sourcesDir + "/xx-" + arch + ".sources"}
	for _, f := range files {
		if slices.Contains(added[:], f.Path) {
			continue
		}
		for _, s := range parseSources(f) {
			switch {
			case s.disabled || !slices.Contains(s.types, "deb") || !s.isUbuntu(codename):
			case slices.Contains(s.archs, arch):
				covered = true
			case len(s.archs) == 0 || slices.Contains(s.archs, native):
				own = append(own, s)
				deb822 = deb822 || isDeb822(f.Path, f.Content)
			}
		}
	}
	if len(own) == 0 {
		return nil
	}
	var write []SourceFile
	for _, f := range files {
		if content := Restrict(f.Path, f.Content, native); content != f.Content {
			write = append(write, SourceFile{f.Path, content})
		}
	}
	if covered {
		return write
	}
	if inPorts(native) != inPorts(arch) {
		own = elsewhere(own, arch)
	}
	file := SourceFile{Path: added[0], Content: oneLine(own, arch)}
	if deb822 {
		file = SourceFile{Path: added[1], Content: inStanzas(own, arch)}
	}
	if !slices.Contains(files, file) {
		write = append(write, file)
	}
	return write
}

// elsewhere returns the sources of the other archive: one, with all suites and components.
func elsewhere(own []source, arch string) []source {
	s := source{uris: []string{ubuntuArchive}, signedBy: own[0].signedBy}
	if inPorts(arch) {
		s.uris = []string{ubuntuPorts}
	}
	for _, o := range own {
		s.suites = union(s.suites, o.suites)
		s.components = union(s.components, o.components)
	}
	return []source{s}
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// isUbuntu reports whether this is Ubuntu's archive or a mirror of it, and not somebody else's packages
// for Ubuntu: those have other components, other suites or a key of their own.
func (s source) isUbuntu(codename string) bool {
	if len(s.suites) == 0 || len(s.components) == 0 || codename == "" {
		return false
	}
	for _, suite := range s.suites {
		pocket, ok := strings.CutPrefix(suite, codename)
		if !ok || !slices.Contains([]string{"", "-updates", "-security", "-backports", "-proposed"}, pocket) {
			return false
		}
	}
	for _, c := range s.components {
		if !slices.Contains([]string{"main", "restricted", "universe", "multiverse"}, c) {
			return false
		}
	}
	for _, uri := range s.uris {
		if _, rest, _ := strings.Cut(uri, "://"); strings.HasPrefix(rest, "ppa.") {
			return false
		}
	}
	return s.signedBy == "" || strings.Contains(s.signedBy, "ubuntu-archive-keyring")
}

// parseSources returns the entries of a file that are not commented out.
func parseSources(f SourceFile) []source {
	var all []source
	if !isDeb822(f.Path, f.Content) {
		for line := range strings.Lines(f.Content) {
			e, ok := parseEntry(line)
			if !ok || e.commented {
				continue
			}
			s := source{
				types: []string{e.kind}, uris: e.fields[:1], suites: e.fields[1:2], components: e.fields[2:],
				signedBy: e.option["signed-by"],
			}
			for _, name := range []string{"arch", "arch+"} {
				if v := e.option[name]; v != "" {
					s.archs = append(s.archs, strings.Split(v, ",")...)
				}
			}
			all = append(all, s)
		}
		return all
	}
	for _, stanza := range stanzas(f.Content) {
		fields := map[string]string{}
		last := ""
		for _, line := range stanza {
			text := strings.TrimRight(line, "\r\n")
			name := strings.ToLower(fieldName(line))
			switch {
			case strings.HasPrefix(line, "#"):
			case name != "":
				_, value, _ := strings.Cut(text, ":")
				fields[name], last = strings.TrimSpace(value), name
			case last != "" && isContinuation(line):
				fields[last] += "\n" + text
			}
		}
		if fields["types"] == "" {
			continue
		}
		all = append(all, source{
			types: strings.Fields(fields["types"]), uris: strings.Fields(fields["uris"]),
			suites: strings.Fields(fields["suites"]), components: strings.Fields(fields["components"]),
			archs:    strings.Fields(fields["architectures"]),
			signedBy: fields["signed-by"],
			disabled: fields["enabled"] != "" && isBool(fields["enabled"]) && !isTrue(fields["enabled"]),
		})
	}
	return all
}

// isTrue tells which of the words that isBool knows mean yes.
func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "no", "false", "without", "off", "disable", "0":
		return false
	}
	return true
}

const sourceHeader = "# Written by xx-apt: where the packages for the target come from.\n"

func oneLine(sources []source, arch string) string {
	var b strings.Builder
	b.WriteString(sourceHeader)
	for _, s := range sources {
		options := "arch=" + arch
		if s.signedBy != "" && !strings.Contains(s.signedBy, "\n") {
			options += " signed-by=" + s.signedBy
		}
		for _, uri := range s.uris {
			for _, suite := range s.suites {
				b.WriteString("deb [" + options + "] " + uri + " " + suite + " " + strings.Join(s.components, " ") + "\n")
			}
		}
	}
	return b.String()
}

func inStanzas(sources []source, arch string) string {
	var b strings.Builder
	b.WriteString(sourceHeader)
	for i, s := range sources {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString("Types: deb\nArchitectures: " + arch + "\n")
		b.WriteString("URIs: " + strings.Join(s.uris, " ") + "\n")
		b.WriteString("Suites: " + strings.Join(s.suites, " ") + "\n")
		b.WriteString("Components: " + strings.Join(s.components, " ") + "\n")
		if s.signedBy != "" {
			b.WriteString("Signed-By: " + s.signedBy + "\n")
		}
	}
	return b.String()
}
