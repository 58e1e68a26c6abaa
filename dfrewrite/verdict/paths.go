package verdict

import (
	"path"
	"strings"

	"xxkit/dfrewrite/match"
)

var BuilderPath = match.Pattern(`(^|[\s"':])/(usr|lib|lib64|opt)\b`)

// SystemDirs hold what a distribution installs: programs and libraries of the
// platform that the stage runs on. (Filesystem Hierarchy Standard 3.0; /go/bin
// is the golang image's. Its /go/pkg is not among them: it holds modules, which
// are source.)
var SystemDirs = []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/etc", "/var/lib", "/go/bin", "/opt"}

// samePlatform are the parts of it that hold data only: the standard keeps
// /usr/share free of anything that depends on the architecture, and /etc free of
// binaries.
var samePlatform = []string{"/usr/share", "/usr/local/share", "/usr/src", "/etc", "/usr/local/go/lib/time"}

// otherPlatform are files and folders below these that do not keep to that: what apk and the loader know of the machine, and what
// packages of vendors have there, with a runtime in it.
var otherPlatform = []string{"/etc/alternatives", "/etc/apk/arch", "/etc/ld.so.conf.d", "/usr/share/dotnet", "/usr/share/elasticsearch", "/usr/share/kibana", "/usr/share/logstash", "/usr/share/opensearch",
	"/usr/share/code", "/usr/local/share/dotnet", "/usr/local/share/.config"}

// Within reports whether a path is one of the folders, or lies in one.
func Within(p string, dirs []string) bool {
	for _, d := range dirs {
		if p == d || strings.HasPrefix(p, d+"/") {
			return true
		}
	}
	return false
}

// IsSystemDir reports whether a folder is one of the distribution's, or the root.
func IsSystemDir(p string) bool { return p == "/" || Within(p, SystemDirs) }

// IsSystemFile reports whether a file lies in a folder of the distribution's.
func IsSystemFile(p string) bool { return p != "" && Within(p, SystemDirs) }

// SamePlatformFile reports whether a file of the distribution is the same on every platform.
func SamePlatformFile(p string) bool {
	return Within(p, samePlatform) && p != "/etc" && p != "/etc/apk" && p != "/etc/ld.so.cache" && !Within(p, otherPlatform)
}

// fitsWildcard reports whether a path with wildcards names a file, or a folder that it is in.
func fitsWildcard(wildcard, file string) bool {
	if !strings.ContainsAny(wildcard, "*?[") {
		return false
	}
	for f := path.Clean(file); f != "/" && f != "."; f = path.Dir(f) {
		if ok, err := path.Match(wildcard, f); ok && err == nil {
			return true
		}
	}
	return false
}

// MatchesWrite compares a file, which may hold wildcards, with what was written.
func MatchesWrite(w, file string) bool {
	if w == file {
		return true
	}
	if dir, ok := strings.CutSuffix(w, "/**"); ok {
		return Within(file, []string{dir})
	}
	if ok, err := path.Match(file, strings.TrimSuffix(w, "/")); ok && err == nil {
		return true
	}
	return strings.HasSuffix(w, "/") && path.Dir(file)+"/" == w
}

// IsProgramDir recognizes folders that PATH holds.
func IsProgramDir(p string) bool {
	switch path.Base(p) {
	case "bin", "sbin":
		return true
	}
	return false
}
