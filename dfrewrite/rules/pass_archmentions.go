package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

// What is downloaded is unpacked, moved and put into PATH by names that have the architecture in them, too: those in the
// archive, and that of the archive itself. A fix that changes one of them changes all, or is none.

// A mention is one place with the name of an architecture in it.
type mention struct {
	in   *dockerfile.Instruction
	at   dockerfile.Span
	name string
	part string // the part of the path that it stands in
	can  bool   // something else can be put there
	file bool   // it is the name of a file, as far as can be seen
}

// archiveEnd matches the end of a name that says how the file is packed.
var archiveEnd = match.Pattern(`(?i)\.(tar(\.\w+)?|t[gbx]z2?|tzst|zip|gz|bz2|xz|zst|deb|rpm|apk|sha\d*|sha256sum|asc|sig)$`)

// stem matches the first word of a file's name.
var stem = match.Pattern(`^[A-Za-z]+`)

// inSystem matches folders of the distribution that have architectures in their names.
var inSystem = match.Pattern(`^(?:/usr(?:/local)?)?/lib(?:32|64|exec)?/`)

// unpacked is what a path's part is called without what says how it is packed.
func unpacked(part string) string {
	for archiveEnd().MatchString(part) {
		part = part[:strings.LastIndex(part, ".")]
	}
	return strings.TrimSuffix(part, ".tar")
}

// mentionsIn lists where an instruction names an architecture, but for comments and addresses.
func (p *Pass) mentionsIn(s *graph.Stage, in *dockerfile.Instruction, on *facts.Platform) []mention {
	src := string(in.Doc.Src[in.Span.Start:in.Span.End])
	if !match.MayNameArch(src) {
		return nil
	}
	var out []mention
	for from := 0; ; {
		m := match.ArchInText().FindStringSubmatchIndex(src[from:])
		if m == nil {
			return out
		}
		start, end := from+m[2], from+m[3]
		from = end
		line := src[strings.LastIndexByte(src[:start], '\n')+1 : start]
		// The word, as far as it can be told without the shell's rules.
		first := strings.LastIndexAny(src[:start], " \t\n\"'`;&|()<>=,") + 1
		last := len(src)
		if i := strings.IndexAny(src[end:], " \t\n\"'`;&|()<>=,"); i >= 0 {
			last = end + i
		}
		word := src[first:last]
		if strings.HasPrefix(strings.TrimSpace(line), "#") || strings.Contains(word, "://") || inSystem().MatchString(word) {
			continue
		}
		partStart := first + strings.LastIndexByte(src[first:start], '/') + 1
		part, _, _ := strings.Cut(src[partStart:last], "/")
		out = append(out, mention{in: in, at: dockerfile.Span{Start: in.Span.Start + start, End: in.Span.Start + end}, name: src[start:end],
			part: unpacked(part), file: true})
		p.placed(s, &out[len(out)-1], on)
		if !out[len(out)-1].file {
			out = out[:len(out)-1]
		}
	}
}

// placed says of a mention whether it is a file's name, and whether something else can be put there.
func (p *Pass) placed(s *graph.Stage, m *mention, on *facts.Platform) {
	switch m.in.Command.(type) {
	case *instructions.EnvCommand, *instructions.WorkdirCommand:
		m.can = !strings.ContainsAny(string(m.in.Doc.Src[m.in.Span.Start:m.in.Span.End]), "'`")
		return
	case *instructions.RunCommand:
	default:
		return
	}
	for _, c := range p.Facts.CallsFor(s, on) {
		if c.Run != m.in {
			continue
		}
		for _, w := range append(slices.Clip(c.Words), c.Redirects...) {
			if w.At.Len() == 0 || m.at.Start < w.At.Start || w.At.End < m.at.End {
				continue
			}
			raw := string(m.in.Doc.Src[w.At.Start:w.At.End])
			switch {
			case strings.Contains(raw, "://"):
				m.file = false
			case carries(c) || slices.Contains([]string{"rm", "cd", "pushd", "chmod", "chown", "mkdir", "7z", "strip"}, c.Name):
			case packageTools[c.Name]:
				m.file = strings.Contains(raw, "/") || archiveEnd().MatchString(strings.Trim(raw, `"'`))
			case strings.Trim(raw, `"'`) == m.name:
				m.file = false // an argument, or what is printed
			case c.Name == "echo" || c.Name == "printf" || c.Name == "grep" || strings.HasSuffix(c.Name, "sum"):
				return // a checksum, which is another one then
			}
			m.can = !strings.ContainsAny(raw, "'\n`") && !strings.Contains(raw, "$(")
			return
		}
	}
}

// packageTools take names of packages, and files of them.
var packageTools = match.Words("apt apt-get apk dpkg yum dnf microdnf zypper rpm")

// mentions returns the places that have to change together with the name in a download or a copied file. It is false if
// one of them cannot, or may be about something else.
func (p *Pass) mentions(s *graph.Stage, a archWord, on *facts.Platform, use string) (spans []dockerfile.Span, ok bool) {
	var loads []archWord
	for _, b := range p.archWords(s, on) {
		if (b.what == "this download" || b.what == "this file") && match.ArchOf(b.name) == match.ArchOf(a.name) {
			loads = append(loads, b)
		}
	}
	base := func(b archWord) string {
		file, _, _ := strings.Cut(string(b.in.Doc.Src[b.span.Start:b.span.End]), "?")
		return unpacked(strings.Trim(path.Base(strings.Trim(file, `"'`)), `"'`))
	}
	choose := func(from []archWord, is func(archWord) bool) []archWord {
		return slices.DeleteFunc(slices.Clone(from), func(b archWord) bool { return !is(b) })
	}
	for _, t := range s.Tree() {
		for _, u := range t.UsedBy {
			for _, raw := range u.Paths {
				if u.Kind == graph.Copy && !inSystem().MatchString(raw) && slices.ContainsFunc(archNames(raw), func(n string) bool { return match.ArchOf(n) == match.ArchOf(a.name) }) {
					return nil, false
				}
			}
		}
		for _, in := range t.Body {
			for _, m := range p.mentionsIn(t, in, on) {
				if match.ArchOf(m.name) != match.ArchOf(a.name) || slices.ContainsFunc(loads, func(b archWord) bool {
					return b.in == in && (b.at == m.at || b.span.Start <= m.at.Start && m.at.End <= b.span.End)
				}) {
					continue
				}
				// What it belongs to: what has its name, then what has it in its name, then what begins alike, then what is
				// downloaded in the same RUN.
				same := func(b archWord) bool { return base(b) == m.part }
				within := func(b archWord) bool { return m.part != m.name && strings.Contains(base(b), m.part) }
				alike := func(b archWord) bool {
					first := stem().FindString(base(b))
					return first != "" && stem().FindString(m.part) == first
				}
				here := choose(loads, func(b archWord) bool { return b.in == in })
				of := choose(loads, same)
				for _, among := range [][]archWord{here, loads} {
					if len(of) == 0 {
						of = choose(among, within)
					}
				}
				switch {
				case len(of) > 0:
				case len(here) > 0:
					if of = choose(here, alike); len(of) == 0 {
						of = here
					}
				default:
					of = choose(loads, alike)
				}
				if named := choose(of, func(b archWord) bool { return b.name == m.name }); len(named) > 0 {
					of = named
				}
				if !slices.ContainsFunc(of, func(b archWord) bool { return b.span == a.span }) {
					continue
				}
				if t != s || in.Index < a.in.Index || len(of) > 1 || m.name != a.name || !m.can || !graph.IsRun(in) && strings.Contains(use, "$(") {
					return nil, false
				}
				if !slices.Contains(spans, m.at) {
					spans = append(spans, m.at)
				}
			}
		}
	}
	return spans, true
}
