package packages

import (
	"strings"

	"xxkit/dfrewrite/match"
)

// A packageKind says where a package belongs in a stage that compiles C for
// another platform.
type packageKind int

const (
	// unknownPackage is one of which nobody knows whether it is run or linked with.
	UnknownPackage packageKind = iota
	// toolPackage is run by the stage, so it has to be the build platform's.
	toolPackage
	// libraryPackage is linked with, so it has to be the target's.
	LibraryPackage
	// dataPackage holds files for tools as well as a library: it is installed for both.
	dataPackage
	// cPackage is a compiler or library for C that clang and xx-c-essentials replace.
	cPackage
	// cxxPackage is the same for C++ and xx-cxx-essentials.
	CxxPackage
)

var (
	cPackages = match.Words(`gcc musl-dev libc-dev libc6-dev linux-libc-dev libgcc tcc cc`)
	// build-base and build-essential bring make too: where the stage calls it, see split.
	cxxPackages = match.Words(`g++ build-base build-essential libstdc++-dev libc++-dev`)

	// versionedCompiler is gcc-12, g++-12, libgcc-12-dev or libstdc++-12-dev of Debian.
	versionedCompiler = match.Pattern(`^(?:gcc|libgcc)(?:-[0-9]+(?:\.[0-9]+)?)(?:-dev)?$`)
	versionedCxx      = match.Pattern(`^(?:g\+\+|libstdc\+\+)(?:-[0-9]+(?:\.[0-9]+)?)(?:-dev)?$`)

	// dataPackages hold .proto files, which protoc of the build platform reads; gettext-dev has autopoint.
	dataPackages = match.Words(`protobuf-dev libprotobuf-dev libprotoc-dev gettext-dev`)

	// libraryNames are libraries and headers of which the name does not say so.
	libraryNames = match.Words(`linux-headers bsd-compat-headers gcompat libstdc++ libstdc++6 zlib1g
		gpgme libaio libass libevent libexecinfo libffi libuuid libuv libxml2 libxslt msgpack-c musl-fts pcre pcre2 sqlite-libs zlib`)
	// boost is Alpine's, of which each library is a package; boost-build is a tool.
	boost = match.Pattern(`^boost(?:[0-9.]+)?(?:-[a-z_0-9]+)?$`)

	// cxxLibrary matches libraries in C++, by the names of Alpine and Debian: who links with one names the library of C++ as well.
	cxxLibrary = match.Pattern(`^(?:lib)?(?:olm|icu|rocksdb|leveldb|snappy|zeromq|zmq[0-9]*|protobuf|grpc|grpc\+\+|re2|abseil(?:-cpp)?|absl|opencv|tag|taglib|boost` +
		`|x265|heif|de265|openexr|exiv2|poppler(?:-cpp)?|geos|proj|gdal|hunspell|jsoncpp|fmt|spdlog|yaml-cpp|pqxx|gtest|gflags|google-glog|glog|double-conversion` +
		`|srt|tbb|onetbb|capnp(?:roto)?|thrift|flatbuffers|botan(?:-[0-9])?|crypto\+\+|mediainfo|zxing(?:-cpp)?|raw|sentencepiece|tesseract|arrow|re2c?|uhd|webrtc)[0-9.]*-(?:dev|static)$`)

	// toolPackages are the packages of Alpine, Debian and Ubuntu that Dockerfiles install to run
	// them. Several have a library in them as well; then the -dev package is what one links with.
	toolPackages = match.LongWords(`
		7zip alpine-keys apk-tools apt-transport-https apt-utils asciidoc autoconf automake autotools-dev bash bc
		bind9-dnsutils binutils bison brotli bsdextrautils bsdmainutils busybox byacc bzip2 bzr ca-certificates ccache ccmake clang
		cmake cmake-data coreutils cpio curl debhelper devscripts diffutils dirmngr dnsutils doas dos2unix doxygen dpkg dpkg-dev
		dumb-init fakeroot file findutils flex gawk gdb gengetopt gettext gettext-base git git-core git-lfs gnupg gnupg2 go golang golang-go
		gperf gpg gpg-agent graphviz grep groff gzip help2man htop icu-data-full intltool iproute2 iputils-ping jq
		ldnsutils less libarchive-tools libc-bin libc-utils libc6-compat libcap libcap-utils libcap2-bin libtool
		libtool-bin libxml2-utils lld llvm locales lowdown lsb-release m4 make man-db mandoc media-types mercurial meson moreutils
		musl-utils nano nasm net-tools netbase ninja ninja-build ninja-is-really-ninja nodejs npm numactl openssh
		openssh-client openssh-client-default openssl p7zip pandoc patch patchelf perl pigz pkg-config pkgconf pkgconfig pngquant postgresql-client procps
		protobuf protobuf-compiler protoc py3-pip python-is-python3 python3 python3-pip python3-venv re2c ripgrep rpm rsync
		ruby samurai scdoc sed shadow shellcheck software-properties-common strace su-exec subversion sudo swig tar tcl
		texinfo tini tree tzdata unzip upx upx-ucl uuid-runtime valgrind vim wget which xmlto xxd xz xz-utils yarn yasm yq zip zstd`)

	toolSuffix    = match.Pattern(`-(?:tools|utils|bin|cli|doc|docs|completion|bash-completion|compiler|compiler-grpc)$`)
	LibrarySuffix = match.Pattern(`-(?:dev|static|libs|libs-static)$`)
	// libraryFile is the package of one shared library of Debian: libopus0, libssl3t64.
	libraryFile = match.Pattern(`^lib[a-z0-9.+-]*[0-9](?:t64)?$`)
	versionedGo = match.Pattern(`^(?:golang|clang|lld|llvm|python3?)-?[0-9][0-9.]*(?:-go)?$`)
)

// interpreterModule are packages for Python and Perl, which run in the interpreter that the stage runs: Debian's names
// (Perl Policy 4.2, Python Policy 4.3), and Alpine's.
var interpreterModule = match.Pattern(`^lib.+-perl$|^(?:python3|py3|perl)-[a-z]`)

// interpreterDev are headers of interpreters: they need the interpreter, which two machines cannot
// both have in Debian.
var interpreterDev = match.Pattern(`^(?:python|ruby|php|perl|erlang|nodejs|llvm)[0-9.-]*-dev$`)

// kindOfPackage tells tools from libraries by a package's name. Whatever is called
// -dev is a library: that is the policy of Debian, and the custom of Alpine.
func kindOfPackage(name string) packageKind {
	switch {
	case cPackages[name] || versionedCompiler().MatchString(name):
		return cPackage
	case cxxPackages[name] || versionedCxx().MatchString(name):
		return CxxPackage
	case dataPackages[name]:
		return dataPackage
	case toolPackages()[name] || versionedGo().MatchString(name) || toolSuffix().MatchString(name) ||
		interpreterModule().MatchString(name) && !LibrarySuffix().MatchString(name):
		return toolPackage
	case interpreterDev().MatchString(name):
		return UnknownPackage
	case name == "boost-build":
		return toolPackage
	case boost().MatchString(name):
		return LibraryPackage
	case libraryNames[name] || LibrarySuffix().MatchString(name) || libraryFile().MatchString(name):
		return LibraryPackage
	}
	return UnknownPackage
}

// IsCxxLibrary reports whether a package is for linking with a library in C++.
func (p Package) IsCxxLibrary() bool {
	return p.Kind == LibraryPackage && cxxLibrary().MatchString(p.Name)
}

// packageName returns the name of a package as apk or apt take it, without version, suite and
// repository. It is empty for what is no name: a file, a package of a named architecture.
func packageName(word string) string {
	if strings.ContainsAny(word, "*?$`!:") || strings.HasPrefix(word, ".") || strings.HasPrefix(word, "/") {
		return ""
	}
	if i := strings.IndexAny(word, "=<>~@/"); i >= 0 {
		word = word[:i]
	}
	return word
}
