package recipes

import "testing"

// TestKindOfPackage holds names as people write them, of Alpine, Debian and Ubuntu.
func TestKindOfPackage(t *testing.T) {
	for word, want := range map[string]packageKind{
		"git": toolPackage, "make": toolPackage, "pkg-config": toolPackage, "libtool": toolPackage, "libcap2-bin": toolPackage,
		"libxml2-utils": toolPackage, "dpkg-dev": toolPackage, "golang-1.22": toolPackage, "clang-19": toolPackage, "clang18": toolPackage,
		"tzdata=2025b-r0": toolPackage, "protobuf-compiler/stable": toolPackage, "nodejs@edge": toolPackage, "golang-1.22-go": toolPackage,
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

// TestExpandMake shows what is followed of make's variables.
func TestExpandMake(t *testing.T) {
	m := parseMakefile("A = $(B) x\nB := b # comment\nE ?= weak\nF = 1\nF += 2\nLOOP = $(LOOP)\nexport CGO_ENABLED = 0\nV != git describe\nt: d \\\n e\n\techo\n")
	r := &makeRun{makefile: m, command: map[string]string{"C": "c"}, env: func(name string) (string, bool) { return "env", name == "E" || name == "B" || name == "H" }}
	for in, want := range map[string]string{
		"$(A)": "b x", "${B}": "b", "$(C)": "c", "$(E)": "env", "$(F)": "1 2", "$$x": "$x", "$@": "t", "$(H)": "env", "$(UNSET)": "",
		"$(shell git describe $(B))": "$(git describe b)", "$(V)": "$(git describe)", "a$": "a$",
	} {
		if got, err := r.expand(in, map[string]string{"@": "t"}, 0); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"$(LOOP)", "$(wildcard *.go)", "$(A:.c=.o)", "$(MAKE) x", "$(A"} {
		if got, err := r.expand(in, nil, 0); err == nil {
			t.Errorf("%s: %q, want an error", in, got)
		}
	}
	if !m.exports["CGO_ENABLED"] || m.first != "t" || len(m.rules["t"].needs) != 2 {
		t.Errorf("%+v", m)
	}
	for _, text := range []string{"include x\n", "ifeq (a,b)\nendif\n", "define X\nendef\n", "t: A = b\n", ".ONESHELL:\n", "export\n", "$(eval x)\n", "a: | b\n"} {
		if m := parseMakefile(text); m.opaque == "" {
			t.Errorf("%q is followed: %+v", text, m)
		}
	}
}
