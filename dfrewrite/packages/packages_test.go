package packages

import (
	"testing"
)

// TestKindOfPackage holds names as people write them, of Alpine, Debian and Ubuntu.
func TestKindOfPackage(t *testing.T) {
	for word, want := range map[string]packageKind{
		"git": toolPackage, "make": toolPackage, "pkg-config": toolPackage, "libtool": toolPackage, "libcap2-bin": toolPackage,
		"libxml2-utils": toolPackage, "dpkg-dev": toolPackage, "golang-1.22": toolPackage, "clang-19": toolPackage, "clang18": toolPackage,
		"tzdata=2025b-r0": toolPackage, "protobuf-compiler/stable": toolPackage, "nodejs@edge": toolPackage, "golang-1.22-go": toolPackage,
		"libio-socket-ssl-perl": toolPackage, "python3-jinja2": toolPackage, "py3-mako": toolPackage, "perl-yaml": toolPackage,
		"protobuf-compiler-grpc": toolPackage, "flatbuffers-compiler": toolPackage, "7zip": toolPackage,
		"xxd": toolPackage, "gdb": toolPackage, "numactl": toolPackage, "doxygen": toolPackage, "zlib1g": LibraryPackage, "numactl-dev": LibraryPackage,
		"py3-numpy-dev": LibraryPackage, "perl-dev": UnknownPackage,
		"sqlite-dev": LibraryPackage, "libopus-dev": LibraryPackage, "zlib1g-dev": LibraryPackage, "sqlite-static": LibraryPackage,
		"openssl-libs-static": LibraryPackage, "linux-headers": LibraryPackage, "libssl3t64": LibraryPackage, "libusb-1.0-0-dev": LibraryPackage,
		"opus-dev=1.5.2-r1": LibraryPackage, "vips-dev~8.15": LibraryPackage, "libopus0": LibraryPackage,
		"protobuf-dev": dataPackage,
		"gcc":          cPackage, "gcc-12": cPackage, "gcc~13": cPackage, "gcc=13.2.1_git20240309-r0": cPackage, "musl-dev": cPackage, "libc6-dev": cPackage,
		"libgcc-12-dev": cPackage,
		"g++":           CxxPackage, "g++-12": CxxPackage, "build-base": CxxPackage, "build-essential": CxxPackage, "libstdc++-12-dev": CxxPackage,
		"frobnicator": UnknownPackage, "gcc-aarch64-linux-gnu": UnknownPackage, "gcc-multilib": UnknownPackage, "python3-dev": UnknownPackage,
		"libfoo-dev:arm64": UnknownPackage, "./local.deb": UnknownPackage, "lib*-dev": UnknownPackage, "": UnknownPackage,
	} {
		if got := kindOfPackage(packageName(word)); got != want {
			t.Errorf("%s: %d, want %d", word, got, want)
		}
	}
}
