package recipes

import "testing"

// TestKindOfPackage holds names as people write them, of Alpine, Debian and Ubuntu.
func TestKindOfPackage(t *testing.T) {
	for word, want := range map[string]packageKind{
		"git": toolPackage, "make": toolPackage, "pkg-config": toolPackage, "libtool": toolPackage, "libcap2-bin": toolPackage,
		"libxml2-utils": toolPackage, "dpkg-dev": toolPackage, "golang-1.22": toolPackage, "clang-19": toolPackage, "clang18": toolPackage,
		"tzdata=2025b-r0": toolPackage, "protobuf-compiler/stable": toolPackage, "nodejs@edge": toolPackage, "golang-1.22-go": toolPackage,
		"libio-socket-ssl-perl": toolPackage, "python3-jinja2": toolPackage, "py3-mako": toolPackage, "perl-yaml": toolPackage,
		"protobuf-compiler-grpc": toolPackage, "flatbuffers-compiler": toolPackage, "7zip": toolPackage,
		"xxd": toolPackage, "gdb": toolPackage, "numactl": toolPackage, "doxygen": toolPackage, "zlib1g": libraryPackage, "numactl-dev": libraryPackage,
		"py3-numpy-dev": libraryPackage, "perl-dev": unknownPackage,
		"sqlite-dev": libraryPackage, "libopus-dev": libraryPackage, "zlib1g-dev": libraryPackage, "sqlite-static": libraryPackage,
		"openssl-libs-static": libraryPackage, "linux-headers": libraryPackage, "libssl3t64": libraryPackage, "libusb-1.0-0-dev": libraryPackage,
		"opus-dev=1.5.2-r1": libraryPackage, "vips-dev~8.15": libraryPackage, "libopus0": libraryPackage,
		"protobuf-dev": dataPackage,
		"gcc":          cPackage, "gcc-12": cPackage, "gcc~13": cPackage, "gcc=13.2.1_git20240309-r0": cPackage, "musl-dev": cPackage, "libc6-dev": cPackage,
		"libgcc-12-dev": cPackage,
		"g++":           cxxPackage, "g++-12": cxxPackage, "build-base": cxxPackage, "build-essential": cxxPackage, "libstdc++-12-dev": cxxPackage,
		"frobnicator": unknownPackage, "gcc-aarch64-linux-gnu": unknownPackage, "gcc-multilib": unknownPackage, "python3-dev": unknownPackage,
		"libfoo-dev:arm64": unknownPackage, "./local.deb": unknownPackage, "lib*-dev": unknownPackage, "": unknownPackage,
	} {
		if got := kindOfPackage(packageName(word)); got != want {
			t.Errorf("%s: %d, want %d", word, got, want)
		}
	}
}
