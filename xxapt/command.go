// Package xxapt is the helpers xx-apt and xx-apt-get: apt and apt-get that install for the target of
// the build.
//
// Debian is Multi-Arch: `apt-get install zlib1g-dev:arm64` puts the arm64 library beside the
// machine's own. So there is no sysroot to fill, only names to translate, for the commands install,
// remove, search, show, list and info. A package becomes the first of these that exists:
//
//   - PKG-TRIPLE, the machine's program for the target: gcc is gcc-aarch64-linux-gnu;
//   - PKG-ARCH-cross, the target's library as a package of the machine, if XX_APT_PREFER_CROSS is set;
//   - PKG:ARCH, the target's package; but PKG if it is the same for all architectures.
//
// xx-c-essentials and xx-cxx-essentials stand for the headers and libraries that any C or C++
// program needs. What names no package of the target is left as it is: options and their values,
// PKG:ARCH, files; and what hangs on a name stays with it: PKG=VERSION, PKG/SUITE, PKG+ and PKG-.
//
// Before that, dpkg is told of the architecture and apt fetches its lists; on Ubuntu, which has other
// servers for other architectures, its sources are edited first, see [UbuntuSources]. All of
// it happens once; a later call only looks.
//
// Which packages there are is asked of apt-cache, in one question for all names. Pure functions decide:
// line.go reads apt's command line, packages.go translates, sources.go and ubuntu.go edit sources,
// skew.go explains why apt could not do it. This file and setup.go act.
package xxapt

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

// Main is the helpers xx-apt and xx-apt-get, which of them the host's Name says; args are the
// arguments. It becomes apt, except for an install for another machine, where it waits to explain a
// failure.
func Main(h *host.Host, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "--print-source-file":
			if len(args) > 1 {
				return host.WrongCall(h.Name+" --print-source-file", "--print-source-file takes no arguments")
			}
			_, err := fmt.Fprintln(h.Stdout, mainSource(h, distribution(xxinfo.FromHost(h))))
			return err
		case "--fix-source-file":
			if len(args) != 3 || args[1] == "" || args[2] == "" {
				return host.WrongCall(h.Name+" --fix-source-file /etc/apt/sources.list amd64", "--fix-source-file takes a file and an architecture")
			}
			return fixSourceFile(h, args[1], args[2])
		}
	}
	path, err := find(h, driverName(h))
	if err != nil {
		return err
	}
	apt := host.Command{Path: path, Args: args, Env: h.Env}
	if len(args) == 0 {
		return h.Exec(apt) // it prints its usage
	}
	l := parseLine(args)
	if l.help || !slices.Contains(translated, l.command) && l.command != "update" {
		return become(h, apt)
	}
	passOver := func(why string) error {
		if l.command == "update" {
			return become(h, apt)
		}
		fmt.Fprintf(h.Stderr, "%s: %s\n", h.Name, why)
		return nil
	}
	t := xxinfo.FromHost(h)
	if why := noPackages(t); why != "" {
		return passOver(why)
	}
	if err := t.Check(); err != nil {
		return err
	}
	t.Distribution = distribution(t)
	native, err := nativeArch(h)
	if err != nil {
		return err
	}
	tr := newTranslation(t, native, h.Env.Get("XX_APT_PREFER_CROSS") != "")
	force := func(arch string) bool { return h.Env.Get("XX_APT_FORCE_"+arch) != "" }
	if why := skip(t, tr, force); why != "" {
		return passOver(why)
	}
	return run(h, t, tr, l, apt)
}

// translated are the commands of which the packages are translated.
var translated = []string{"install", "remove", "search", "show", "list", "info"}

// distribution returns whose packages these are. XX_VENDOR may only have been set for the triple's sake,
// which makes neither Debian nor Ubuntu something else.
func distribution(t xxinfo.Target) string {
	if t.Distribution == "debian" || t.Distribution == "ubuntu" {
		return t.Distribution
	}
	return t.Base
}

// noPackages says why there can be no packages for a target, or returns "". The target may be one that the
// table of platforms lacks, such as freebsd/amd64 or wasip1/wasm: that is no failure.
func noPackages(t xxinfo.Target) string {
	if t.OS == "linux" || t.OS == "windows" {
		return ""
	}
	return fmt.Sprintf("skipped: Debian and Ubuntu have no packages for %s", t.Platform)
}

// skip says why there is nothing to do for a target that could have packages, or returns "". force reports
// whether an architecture shall be tried all the same: the archive may be another one than Debian's, or an
// old release.
func skip(t xxinfo.Target, tr translation, force func(arch string) bool) string {
	const all = "; %s=1 tries all the same"
	switch {
	case t.OS == "windows" || !tr.cross():
		return ""
	case strings.HasPrefix(t.Arch, "mips") && !force("MIPS"):
		return fmt.Sprintf("skipped: Debian 13 and Ubuntu have no packages for %s"+all, t.Platform, "XX_APT_FORCE_MIPS")
	case t.Arch == "riscv64" && t.Distribution == "debian" && !force("RISCV64"):
		major, _, _ := strings.Cut(t.OSVersion, ".")
		if n, err := strconv.Atoi(major); err == nil && n < 13 {
			return fmt.Sprintf("skipped: Debian %s has no packages for %s, Debian 13 is the first"+all, t.OSVersion, t.Platform, "XX_APT_FORCE_RISCV64")
		}
	}
	return ""
}

// become turns the process into apt.
func become(h *host.Host, apt host.Command) error {
	announce(h, apt)
	return h.Exec(apt)
}

func announce(h *host.Host, apt host.Command) {
	words := []string{"+", driverName(h)}
	for _, arg := range apt.Args {
		words = append(words, host.ShellQuote(arg))
	}
	fmt.Fprintln(h.Stderr, strings.Join(words, " "))
}

// run sets up, translates and runs apt.
func run(h *host.Host, t xxinfo.Target, tr translation, l line, apt host.Command) error {
	var words []word
	for _, i := range l.operands {
		words = append(words, parseWord(l.args[i], l.command == "install" || l.command == "remove"))
	}
	watched := l.command == "install" && tr.cross() && tr.windows == ""
	var shared []string
	if watched {
		var remove func()
		shared, remove = shareCache(h, l)
		defer remove()
		l.settings = append(l.settings, shared...)
	}
	updated := true
	var err error
	switch {
	case tr.windows != "" && l.command != "update":
		// mingw-w64 is the machine's own software. Without lists there would seem to be none.
		if !hasLists(h, tr.native) {
			updated, err = runUpdate(h, l)
		}
	case tr.windows == "" && tr.cross():
		updated, err = setUp(h, t, tr, l, l.command != "update")
	}
	if err != nil {
		return err
	}
	if l.command == "update" {
		return become(h, apt)
	}

	a, err := show(h, l, tr.questions(words))
	if err != nil {
		return err
	}
	var packages, skipped []string
	apt.Args, packages, skipped = tr.rewrite(l, words, a)
	for _, name := range skipped {
		fmt.Fprintf(h.Stderr, "%s: skipped %s: there is no mingw-w64 package of it\n", h.Name, name)
	}
	if len(words) > 0 && len(packages) == 0 {
		if !hasLists(h, tr.native) {
			return &host.Error{Message: "apt has no lists of packages", Hint: "see what apt-get update says"}
		}
		fmt.Fprintf(h.Stderr, "%s: nothing to install for %s\n", h.Name, t.Platform)
		return nil
	}
	if !watched {
		return become(h, apt)
	}

	// Not execve, since a failure is to be explained.
	d := newDoctor(h, tr, l, packages)
	announce(h, apt)
	apt.Args = slices.Concat(shared, apt.Args)
	err = h.Run(apt)
	var status host.ExitStatus
	if !errors.As(err, &status) {
		if err == nil {
			d.afterSuccess()
		}
		return err
	}
	if status > 128 {
		return err // interrupted
	}
	if explained := d.afterFailure(int(status)); explained != nil {
		return explained
	}
	switch {
	case !updated:
		return &host.Error{
			Message: driverName(h) + " install failed after an apt-get update that could not read every source",
			Hint:    "mend or remove the source that apt-get update names above",
			Status:  int(status),
		}
	case !hasLists(h, tr.arch):
		return &host.Error{
			Message: "none of apt's sources has packages for " + tr.arch,
			Hint:    "look for [arch=…] and Architectures: in /etc/apt; see what apt-get update says of " + tr.arch,
			Status:  int(status),
		}
	}
	return err
}

// driverName returns the program that the helper drives, apt or apt-get.
func driverName(h *host.Host) string { return strings.TrimPrefix(h.Name, "xx-") }

// rewrite returns apt's arguments with the packages translated, the packages alone, and the words that
// the target has no package for. words are those of the line's operands.
func (tr translation) rewrite(l line, words []word, a archive) (args, packages, skipped []string) {
	last := 0
	for n, i := range l.operands {
		args = append(args, l.args[last:i]...)
		last = i + 1
		now := tr.translate(words[n], l.command, a)
		if len(now) == 0 {
			skipped = append(skipped, words[n].text)
		}
		args, packages = append(args, now...), append(packages, now...)
	}
	return append(args, l.args[last:]...), packages, skipped
}

// show asks apt-cache which of the packages there are.
func show(h *host.Host, l line, names []string) (archive, error) {
	if len(names) == 0 {
		return archive{}, nil
	}
	// Without Pattern-Only a name that is not there is taken for a regular expression, and "g+" for
	// every package that has a g in its name.
	args := append([]string{"show", "-o", "APT::Cmd::Pattern-Only=true"}, l.settings...)
	args = append(append(args, "--"), names...)
	out, errs, err := ask(h, "apt-cache", args...)
	var status host.ExitStatus
	if err != nil && !errors.As(err, &status) {
		return nil, err
	}
	if out == "" && err != nil {
		for line := range strings.Lines(errs) {
			if strings.HasPrefix(line, "E: ") && !isNotFound(line) {
				return nil, &host.Error{Message: "apt-cache show failed: " + strings.TrimSpace(line), Status: int(status)}
			}
		}
	}
	return parseShow(out), nil
}

// isNotFound reports whether an error of apt-cache says that there is no such package, which is an answer.
func isNotFound(line string) bool {
	for _, s := range []string{"No packages found", "Unable to locate package", "Can't select", "Couldn't find", "Regex compilation error"} {
		if strings.Contains(line, s) {
			return true
		}
	}
	return false
}
