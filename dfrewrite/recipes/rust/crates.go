package rust

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/match"
)

// rustSource is what a build context says about a Rust program.
type rustSource struct {
	config    string   // what in .cargo/config.toml stands in the way, or ""
	flags     string   // what a person has to know of the flags in it, or ""
	libraries []string // packages that crates link with, if the base image has them
	// oneToolchain says that no file asks for another toolchain than the image has.
	oneToolchain bool
	review       string // what cannot be vouched for, or "" if nothing can differ
	locked       bool   // Cargo.lock says which crates there are
	cxx          string // which crate compiles C++, or may, or ""
	pkgConfig    bool   // a crate asks pkg-config
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
var cxxCrates = match.Words(`librocksdb-sys libduckdb-sys leveldb-sys esaxx-rs protobuf-src snmalloc-sys grpcio-sys boring-sys boring-sys2 btls-sys sass-sys opencv
	harfbuzz-sys skia-bindings llama-cpp-sys-2 whisper-rs-sys torch-sys lightgbm3-sys usearch cpp_build cxx-build autocxx-build link-cplusplus
	zeromq-src clickhouse-rs-cityhash-sys spirv_cross meshopt mozjs_sys highs-sys`)

// buildSystems are crates that call another build system, and cOnly what is known to build nothing but C for the target
// with one: prost-build builds for the machine that builds.
var (
	buildSystems = match.Words("cmake autotools")
	cOnly        = match.Words(`aws-lc-sys aws-lc-fips-sys libz-ng-sys libz-sys libssh2-sys libgit2-sys curl-sys nng-sys paho-mqtt-sys sdl2-sys
	glfw-sys audiopus_sys opusic-sys mbedtls-sys-auto mbedtls-platform-support libmimalloc-sys raylib-sys libuv-sys2 wolfssl-sys sasl2-sys krb5-src
	jemalloc-sys tikv-jemalloc-sys prost-build`)
)

// haikuOnly brings cxx for Haiku, in releases of chrono's dependency up to 0.1.1; ofCxx are what that brings.
const haikuOnly = "iana-time-zone-haiku"

var ofCxx = match.Words("cxx-build link-cplusplus")

var (
	lockedName     = match.Pattern(`(?m)^name = "([^"]+)"`)
	lockedNeeds    = match.Pattern(`(?ms)^dependencies = \[(.*?)\]`)
	lockedNeed     = match.Pattern(`"([^" ]+)`)
	dependsSection = match.Pattern(`(?m)^\s*\[(.*dependencies.*|workspace.*|patch.*)\]`)
	buildKey       = match.Pattern(`(?m)^\s*build\s*=|dependencies\s*=|dependencies\.`)
)

// noC are crates that look as if they compiled or linked C for Linux, and do not: those for another system, and those that are
// nothing but declarations. backtrace compiles for Android alone.
var noC = match.Words(`windows-sys winapi-sys webview2-com-sys fsevent-sys kqueue-sys core-foundation-sys security-framework-sys
	system-configuration-sys io-kit-sys mach-sys coreaudio-sys objc-sys ndk-sys redox-sys iana-time-zone-haiku errno-dragonfly
	js-sys web-sys inotify-sys linux-raw-sys dirs-sys dirs-sys-next jni-sys renderdoc-sys backtrace`)

// buildsC are crates for build scripts that compile C, or look for a library.
var buildsC = match.Words("cc cmake pkg-config vcpkg bindgen autotools nasm-rs")

// withC lists the crates that compile or link C for Linux, each once.
func withC(crates []crate) []string {
	var out []string
	for _, c := range crates {
		if noC[c.name] || buildsC[c.name] || slices.Contains(out, c.name) {
			continue
		}
		if strings.HasSuffix(c.name, "-sys") || c.name == "ring" || c.name == "openssl-src" ||
			slices.ContainsFunc(c.needs, func(need string) bool { return buildsC[need] }) {
			out = append(out, c.name)
		}
	}
	return out
}

// A crate is one that Cargo.lock has.
type crate struct {
	name  string
	needs []string
}

// lockedCrates reads Cargo.lock.
func lockedCrates(lock []byte) (crates []crate) {
	for _, text := range strings.Split(string(lock), "[[package]]")[1:] {
		var c crate
		if m := lockedName().FindStringSubmatch(text); m != nil {
			c.name = m[1]
		}
		if m := lockedNeeds().FindStringSubmatch(text); m != nil {
			for _, need := range lockedNeed().FindAllStringSubmatch(m[1], -1) {
				c.needs = append(c.needs, need[1])
			}
		}
		crates = append(crates, c)
	}
	return crates
}

// compilesCxx says of a crate that it compiles C++, or may, or is empty.
func (c crate) compilesCxx(all []string) string {
	switch {
	case cxxCrates[c.name] && !(ofCxx[c.name] && slices.Contains(all, haikuOnly)):
		return c.name + " compiles C++"
	case strings.HasSuffix(c.name, "-sys") || strings.HasSuffix(c.name, "-src") || numberedSys().MatchString(c.name):
		for _, need := range c.needs {
			if buildSystems[need] && !cOnly[c.name] {
				return fmt.Sprintf("%s builds with %s what may be C++", c.name, need)
			}
		}
	}
	return ""
}

// numberedSys matches forks of a crate that wraps a library, such as boring-sys2.
var numberedSys = match.Pattern(`-sys-?[0-9]+$`)

const scripts = "build scripts run on the build platform, and crates that compile or link C do that with clang and the target's packages"

// fetchedSource says the same of a program that cargo install gets from elsewhere: out of a registry, of which nothing is seen, or
// with git, which may well be what lies in the build context.
func (g *cargoCall) fetchedSource(here rustSource) rustSource {
	if _, local := g.flags["--path"]; local || g.sub != "install" {
		return here
	}
	what := "the program"
	if len(g.rest) > 0 && g.rest[0].Const {
		what = g.rest[0].Lit
	}
	if _, git := g.flags["--git"]; !git {
		here = rustSource{config: here.config, flags: here.flags, oneToolchain: here.oneToolchain}
	}
	here.locked, here.review = false, fmt.Sprintf("which crates %s needs cannot be seen, and libraries that they link with have to be installed for the target; %s", what, scripts)
	return here
}

// readSource says what the context holds of the Rust program in a folder of it; c may be nil.
func readSource(c *context.Files, folder string) rustSource {
	if c == nil {
		return rustSource{review: "which crates the program needs cannot be seen without the build context; " + scripts}
	}
	var s rustSource
	manifest := c.ReadFile(path.Join(folder, "Cargo.toml"))
	if manifest == nil {
		s.review = "there is no Cargo.toml in the Dockerfile's folder, so which crates the program needs cannot be seen; " + scripts
		return s
	}
	s.oneToolchain = true
	for _, dir := range []string{folder, "."} {
		s.oneToolchain = s.oneToolchain && !c.Has(path.Join(dir, "rust-toolchain.toml")) && !c.Has(path.Join(dir, "rust-toolchain"))
	}
	locked := lockedCrates(c.ReadFile(path.Join(folder, "Cargo.lock")))
	var crates []string
	for _, l := range locked {
		crates = append(crates, l.name)
	}
	for _, l := range locked {
		if s.cxx == "" {
			s.cxx = l.compilesCxx(crates)
		}
	}
	s.locked, s.pkgConfig = len(crates) > 0, slices.Contains(crates, "pkg-config")
	withC := withC(locked)
	for _, name := range crates {
		if name == "bindgen" || name == "clang-sys" {
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
	case len(crates) > 1 || dependsSection().Match(manifest) || buildKey().Match(manifest) || c.Has(path.Join(folder, "build.rs")):
		s.review = "build scripts of the program or its crates run on the build platform; one that asks for the machine it runs on would get another answer"
	}
	return s
}
