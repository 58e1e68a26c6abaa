package rust

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/match"
)

// rustSource is what a build context says about a Rust program.
type rustSource struct {
	config    string   // what in .cargo/config.toml stands in the way, or ""
	libraries []string // packages that crates link with, if the base image has them
	// oneToolchain says that no file asks for another toolchain than the image has.
	oneToolchain bool
	review       string // what cannot be vouched for, or "" if nothing can differ
	locked       bool   // Cargo.lock says which crates there are
	cxx          string // a crate that compiles C++, or ""
	loadsClang   string // a crate whose build script loads libclang, or ""
}

// crateLibraries are the Debian packages that widely used crates link with when
// pkg-config finds them. The image rust has all of them.
var crateLibraries = map[string]string{
	"openssl-sys": "libssl-dev", "libz-sys": "zlib1g-dev", "pq-sys": "libpq-dev", "mysqlclient-sys": "default-libmysqlclient-dev",
	"libsqlite3-sys": "libsqlite3-dev", "curl-sys": "libcurl4-openssl-dev", "bzip2-sys": "libbz2-dev", "lzma-sys": "liblzma-dev",
	"libxml": "libxml2-dev", "yaml-sys": "libyaml-dev",
}

// crateSource are crates that have the library's source with them: if they are
// there, it is built and not looked for.
var crateSource = map[string]string{"openssl-sys": "openssl-src", "pq-sys": "pq-src", "mysqlclient-sys": "mysqlclient-src"}

// cxxCrates are widely used crates that compile C++. Those of cxx stand in many lock files for another system only, see
// haikuOnly.
var cxxCrates = match.Words(`librocksdb-sys libduckdb-sys leveldb-sys esaxx-rs protobuf-src snmalloc-sys grpcio-sys boring-sys sass-sys opencv
	harfbuzz-sys skia-bindings llama-cpp-sys-2 whisper-rs-sys torch-sys lightgbm3-sys usearch cpp_build cxx-build`)

// haikuOnly brings cxx for Haiku, in releases of chrono's dependency up to 0.1.1.
const haikuOnly = "iana-time-zone-haiku"

var (
	lockedName = match.Pattern(`(?m)^name = "([^"]+)"`)
	// lockedDependency matches an entry of dependencies, with a version where there are several.
	lockedDependency = match.Pattern(`(?m)"([\w-]+)(?: [\d.][^"]*)?"\s*[,\]]`)
	dependsSection   = match.Pattern(`(?m)^\s*\[(.*dependencies.*|workspace.*|patch.*)\]`)
	buildKey         = match.Pattern(`(?m)^\s*build\s*=|dependencies\s*=|dependencies\.`)
	cargoConfigKey   = match.Pattern(`(?m)^\s*(target-dir|build-dir|target|linker|runner|rustflags|rustc|rustc-wrapper|ar)\s*=`)
)

// noC are crates that look as if they compiled or linked C for Linux, and do not: those for another system, and those that are
// nothing but declarations. backtrace compiles for Android alone.
var noC = match.Words(`windows-sys winapi-sys webview2-com-sys fsevent-sys kqueue-sys core-foundation-sys security-framework-sys
	system-configuration-sys io-kit-sys mach-sys coreaudio-sys objc-sys ndk-sys redox-sys iana-time-zone-haiku errno-dragonfly
	js-sys web-sys inotify-sys linux-raw-sys dirs-sys dirs-sys-next jni-sys renderdoc-sys backtrace`)

// buildsC are crates for build scripts that compile C, or look for a library.
var buildsC = match.Words("cc cmake pkg-config vcpkg bindgen autotools nasm-rs")

// withC lists the crates of a lock file that compile or link C for Linux, each once.
func withC(lock []byte) []string {
	var out []string
	for i, entry := range strings.Split(string(lock), "[[package]]") {
		m := lockedName().FindStringSubmatch(entry)
		if i == 0 || m == nil || noC[m[1]] || buildsC[m[1]] || slices.Contains(out, m[1]) {
			continue
		}
		builds := strings.HasSuffix(m[1], "-sys") || m[1] == "ring" || m[1] == "openssl-src"
		for _, d := range lockedDependency().FindAllStringSubmatch(entry, -1) {
			builds = builds || buildsC[d[1]]
		}
		if builds {
			out = append(out, m[1])
		}
	}
	return out
}

// readSource says what the context holds of Rust; c may be nil.
func readSource(c *context.Files) rustSource {
	const scripts = "build scripts run on the build platform, and crates that compile or link C do that with clang and the target's packages"
	if c == nil {
		return rustSource{review: "which crates the program needs cannot be seen without the build context; " + scripts}
	}
	var s rustSource
	for _, name := range []string{".cargo/config.toml", ".cargo/config"} {
		if data := c.ReadFile(name); data != nil {
			if m := cargoConfigKey().FindSubmatch(data); m != nil {
				s.config = fmt.Sprintf("%s sets %s, which may be for the machine that builds", name, m[1])
				return s
			}
		}
	}
	manifest := c.ReadFile("Cargo.toml")
	if manifest == nil {
		s.review = "there is no Cargo.toml in the Dockerfile's folder, so which crates the program needs cannot be seen; " + scripts
		return s
	}
	s.oneToolchain = !c.Has("rust-toolchain.toml") && !c.Has("rust-toolchain")
	var crates []string
	lock := c.ReadFile("Cargo.lock")
	if lock != nil {
		for _, m := range lockedName().FindAllSubmatch(lock, -1) {
			crates = append(crates, string(m[1]))
		}
	}
	s.locked = len(crates) > 0
	withC := withC(lock)
	for _, name := range crates {
		switch {
		case cxxCrates[name] && s.cxx == "" && !(name == "cxx-build" && slices.Contains(crates, haikuOnly)):
			s.cxx = name
		case name == "bindgen" || name == "clang-sys":
			s.loadsClang = name
		}
		if p := crateLibraries[name]; p != "" && !slices.Contains(s.libraries, p) && !slices.Contains(crates, crateSource[name]) {
			s.libraries = append(s.libraries, p)
		}
	}
	slices.Sort(s.libraries)
	switch {
	case len(withC) > 0:
		verbs := "compile or link"
		if len(withC) == 1 {
			verbs = "compiles or links"
		}
		s.review = fmt.Sprintf("%s %s C, with clang and the target's packages instead of what the base image has; build scripts run on the build platform", strings.Join(withC, ", "), verbs)
	case len(crates) > 1 || dependsSection().Match(manifest) || buildKey().Match(manifest) || c.Has("build.rs"):
		s.review = "build scripts of the program or its crates run on the build platform; one that asks for the machine it runs on would get another answer"
	}
	return s
}
