package xxapt

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/internal/host"
)

// A library that is installed for two architectures at once ("Multi-Arch: same") has files in
// common, such as its copyright, so dpkg wants the very same version for both. Where the archives
// are out of step (one was rebuilt, a mirror lags, a package is held) that cannot be had. apt then
// speaks of unmet dependencies or, with -y, removes the package of the machine without a word
// about why.

// installed is a package that is there for the machine, and must be of one version on all architectures.
type installed struct {
	name, version string
	held          bool
}

// parseInstalled reads what dpkgQuery prints. It returns the packages of the given architecture that
// are Multi-Arch: same.
func parseInstalled(out, arch string) []installed {
	var all []installed
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) == 6 && f[1] == arch && f[2] == "same" && f[5] == "installed" {
			all = append(all, installed{name: f[0], version: f[3], held: f[4] == "hold"})
		}
	}
	return all
}

// dpkgQuery is the format of dpkg-query that parseInstalled reads.
const dpkgQuery = `${Package}\t${Architecture}\t${Multi-Arch}\t${Version}\t${db:Status-Want}\t${db:Status-Status}\n`

// policy is what `apt-cache policy` says of a package.
type policy struct {
	installed, candidate string   // empty: none
	versions             []string // all that there are, newest first
}

// parsePolicy reads what `apt-cache policy` prints: by package, with ":ARCH" for those that are not the machine's.
func parsePolicy(out string) map[string]policy {
	all := map[string]policy{}
	name := ""
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		if !strings.HasPrefix(line, " ") {
			name = strings.TrimSuffix(line, ":")
			continue
		}
		p := all[name]
		value := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "  Installed: "):
			p.installed = noNone(line[len("  Installed: "):])
		case strings.HasPrefix(line, "  Candidate: "):
			p.candidate = noNone(line[len("  Candidate: "):])
		case strings.HasPrefix(line, "  Version table:"), strings.HasPrefix(line, "        "):
		case strings.HasPrefix(line, "     "), strings.HasPrefix(line, " *** "):
			value, _, _ = strings.Cut(strings.TrimPrefix(value, "*** "), " ")
			p.versions = append(p.versions, value)
		}
		all[name] = p
	}
	return all
}

func noNone(s string) string {
	if s == "(none)" {
		return ""
	}
	return s
}

// parseDepends returns the packages of an architecture that `apt-cache depends --recurse` lists.
func parseDepends(out, arch string) []string {
	var names []string
	for line := range strings.Lines(out) {
		name, ok := strings.CutSuffix(strings.TrimSpace(line), ":"+arch)
		if ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(name, "<") {
			names = append(names, name)
		}
	}
	return names
}

// skew is a package that cannot be of one version on both architectures.
type skew struct {
	installed
	wanted         string // the version for the target
	native, target policy
}

// raised reports whether the versions are the same now, and would not be if apt had its way: with the target's package
// it takes that of the machine to its candidate, which the target does not have.
func (s skew) raised() bool { return s.wanted == s.version }

// findSkews compares what is installed for the machine, and what apt would make of that, with what it would install for the
// target. named are the packages that the command line names, with the versions that it asks for, if it does.
func findSkews(there []installed, policies map[string]policy, named map[string]string, arch string) []skew {
	var found []skew
	for _, p := range there {
		s := skew{installed: p, native: policies[p.name], target: policies[p.name+":"+arch]}
		s.wanted = first(named[p.name], s.target.candidate)
		_, isNamed := named[p.name] // then apt leaves that of the machine alone
		switch {
		case s.wanted == "":
		case s.wanted == p.version && (isNamed || p.held || s.native.candidate == "" || s.native.candidate == p.version):
		case s.native.candidate == s.wanted && !p.held: // apt brings the machine's along
		default:
			found = append(found, s)
		}
	}
	return found
}

// explain says what is wrong and what can be done. removed is whether apt has removed the machine's
// package to install the target's.
func (s skew) explain(native, arch string, removed bool) (message, hint string) {
	state := "is installed in version " + s.version
	switch {
	case s.raised() && removed:
		state = fmt.Sprintf("was in version %s, would have gone to %s and has been removed", s.version, s.native.candidate)
	case s.raised():
		state = fmt.Sprintf("is installed in version %s and would go to %s with it", s.version, s.native.candidate)
	case removed:
		state = "was in version " + s.version + " and has been removed"
	case s.held:
		state = "is held in version " + s.version
	}
	message = fmt.Sprintf("%s:%s %s, %s:%s comes in version %s: dpkg takes it for both only in one version (Multi-Arch: same)",
		s.name, native, state, s.name, arch, s.wanted)

	common := ""
	for _, v := range s.target.versions {
		if slices.Contains(s.native.versions, v) {
			common = v
			break
		}
	}
	switch {
	case slices.Contains(s.target.versions, s.version) && !removed:
		hint = fmt.Sprintf("add %s=%s to the packages of this command", s.name, s.version)
	case slices.Contains(s.native.versions, s.wanted) && s.held:
		hint = fmt.Sprintf("apt-mark unhold %s && %s, then this again", s.name, s.install(s.wanted)) + s.added(s.wanted)
	case slices.Contains(s.native.versions, s.wanted):
		hint = s.install(s.wanted) + ", then this again" + s.added(s.wanted)
	case common != "":
		hint = fmt.Sprintf("%s, then this again with %s=%s added", s.install(common), s.name, common)
	default:
		hint = fmt.Sprintf("no version of %s is in apt's sources for both %s and %s: add a source that has one, such as the updates or security suite, or apt-get remove %s:%s first if the build does not need it",
			s.name, native, arch, s.name, native)
	}
	return message, hint
}

// install is the command that brings the machine's package to a version. Where it lowers it, -y does not do by itself.
func (s skew) install(version string) string {
	flag := ""
	if slices.Index(s.native.versions, version) > slices.Index(s.native.versions, s.version) {
		flag = "--allow-downgrades "
	}
	return fmt.Sprintf("apt-get install %s%s=%s", flag, s.name, version)
}

// added says to name the package and its version, where apt would take that of the machine to another one.
func (s skew) added(version string) string {
	if s.native.candidate == version {
		return ""
	}
	return fmt.Sprintf(" with %s=%s added", s.name, version)
}

// doctor finds out why an install for the target went wrong, or what it has done to the machine.
type doctor struct {
	h      *host.Host
	tr     translation
	line   line
	before []installed
	// words are the packages as apt was asked for them; named are their names with the versions among them.
	words []string
	named map[string]string
}

// newDoctor looks at the machine before apt does anything.
func newDoctor(h *host.Host, tr translation, l line, words []string) *doctor {
	d := &doctor{h: h, tr: tr, line: l, named: map[string]string{}, before: installedFor(h, tr.native)}
	for _, w := range words {
		name, version, _ := strings.Cut(w, "=")
		name, own := strings.CutSuffix(name, ":"+tr.arch)
		if own {
			d.named[name] = version
		}
		if own && !strings.ContainsAny(name, "*?[]|^$(){}\\") {
			d.words = append(d.words, w)
		}
	}
	return d
}

func installedFor(h *host.Host, arch string) []installed {
	out, _, err := ask(h, "dpkg-query", "-W", "-f="+dpkgQuery)
	if err != nil {
		return nil // it explains, and without it there is no explanation
	}
	return parseInstalled(out, arch)
}

// afterSuccess warns of packages that apt has removed because their version differs from the target's.
func (d *doctor) afterSuccess() {
	now := map[string]bool{}
	for _, p := range installedFor(d.h, d.tr.native) {
		now[p.name] = true
	}
	var gone []installed
	for _, p := range d.before {
		if !now[p.name] {
			gone = append(gone, p)
		}
	}
	if len(gone) == 0 {
		return
	}
	for _, s := range d.skews(gone) {
		message, hint := s.explain(d.tr.native, d.tr.arch, true)
		fmt.Fprintf(d.h.Stderr, "%s: warning: %s\nhint: %s\n", d.h.Name, message, hint)
	}
}

// afterFailure returns the error that explains why apt failed, or nil if it has nothing to say.
func (d *doctor) afterFailure(status int) error {
	if len(d.words) == 0 {
		return nil
	}
	args := append([]string{"depends", "--recurse", "--important"}, d.line.settings...)
	args = append(append(args, d.line.release...), d.words...)
	out, _, _ := ask(d.h, "apt-cache", args...) // it fails if it knows one of them not, and prints the others
	needed := parseDepends(out, d.tr.arch)
	var there []installed
	for _, p := range d.before {
		if slices.Contains(needed, p.name) {
			there = append(there, p)
		}
	}
	skews := d.skews(there)
	if len(skews) == 0 {
		return nil
	}
	var messages, hints []string
	for _, s := range skews {
		message, hint := s.explain(d.tr.native, d.tr.arch, false)
		messages, hints = append(messages, message), append(hints, hint)
	}
	return &host.Error{
		Message: strings.Join(messages, "\n"+d.h.Name+": "),
		Hint:    strings.Join(hints, "\nhint: "),
		Status:  status,
	}
}

func (d *doctor) skews(there []installed) []skew {
	if len(there) == 0 {
		return nil
	}
	args := append(append([]string{"policy"}, d.line.settings...), d.line.release...)
	for _, p := range there {
		args = append(args, p.name, p.name+":"+d.tr.arch)
	}
	out, _, err := ask(d.h, "apt-cache", args...)
	if err != nil {
		return nil
	}
	return findSkews(there, parsePolicy(out), d.named, d.tr.arch)
}
