package match

import "strings"

// spellings are the names that architectures have in URLs, file names, tags, triples and packages, after what Go calls the
// architecture. Names that are words, or parts of them (arm, x86, 386), are left out, but for Debian's triplets of arm.
var spellings = []struct{ arch, names string }{
	{"amd64", `amd64|x86[_-]64|x64`},
	{"arm64", `arm64|arm64v8|aarch64|armv8[a-z]*`},
	{"arm", `armv[567][a-z]*|arm32v[567]|armhf|armel|arm-linux-gnueabi(?:hf)?`},
	{"386", `i[3456]86`},
	{"ppc64le", `ppc64le|ppc64el|powerpc64le`},
	{"s390x", `s390x`},
	{"riscv64", `riscv64`},
	{"loong64", `loong64|loongarch64`},
}

// ArchName is an expression without groups for the names of architectures. It stands in patterns for text of any case.
var ArchName, archSpelt = func() (name, spelt string) {
	for _, s := range spellings {
		name += "|" + s.names
		spelt += "|(" + s.names + ")"
	}
	return "(?:" + name[1:] + ")", "(?i)^(?:" + spelt[1:] + ")$"
}()

var spelling = Pattern(archSpelt)

// ArchInText matches the name of an architecture, its one group, that stands apart in a URL, a file name, a triple or the like.
var ArchInText = Pattern(`(?i)(?:^|[^a-z0-9])(` + ArchName + `)(?:$|[^a-z0-9])`)

// ArchOf returns what Go calls the architecture of such a name; any other name comes back as it is, in lower case.
func ArchOf(name string) string {
	if arch, ok := KnownArch(name); ok {
		return arch
	}
	return strings.ToLower(name)
}

// KnownArch returns what Go calls the architecture of a name; it is false for names of nothing known.
func KnownArch(name string) (arch string, ok bool) {
	if !MayNameArch(name) {
		return "", false
	}
	if m := spelling().FindStringSubmatch(name); m != nil {
		for i, group := range m[1:] {
			if group != "" {
				return spellings[i].arch, true
			}
		}
	}
	return "", false
}

// MayNameArch is false for most texts, and takes less time than ArchName: every name has one of three pairs of characters in
// it, or arm.
func MayNameArch(text string) bool {
	for i := 1; i < len(text); i++ {
		switch text[i-1 : i+1] {
		case "64", "86", "39":
			return true
		case "rm", "RM", "Rm", "rM":
			if i > 1 && (text[i-2] == 'a' || text[i-2] == 'A') {
				return true
			}
		}
	}
	return false
}
