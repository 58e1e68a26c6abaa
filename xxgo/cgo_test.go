package xxgo

import (
	"errors"
	"strings"
	"testing"

	"xxkit/internal/host"
	"xxkit/internal/host/hosttest"
)

// TestMissingC shows which messages of compilers and linkers mean that the C library's development files are
// not there. The messages are those of clang 14 and 19, gcc 12, lld and GNU ld.
func TestMissingC(t *testing.T) {
	for _, test := range []struct{ messages, want string }{
		{"<stdin>:1:10: fatal error: 'stdlib.h' file not found\n#include <stdlib.h>\n", "'stdlib.h' file not found"},
		{"<stdin>:1:10: fatal error: stdlib.h: No such file or directory\n", "stdlib.h: No such file or directory"},
		{"In file included from <stdin>:1:\n/usr/include/stdlib.h:26:10: fatal error: 'bits/libc-header-start.h' file not found\n", "'bits/libc-header-start.h' file not found"},
		{"ld.lld: error: cannot open crt1.o: No such file or directory\nld.lld: error: cannot open crti.o: No such file or directory\n", "cannot open crt1.o: No such file or directory"},
		{"/usr/bin/aarch64-linux-gnu-ld: cannot find Scrt1.o: No such file or directory\ncollect2: error: ld returned 1 exit status\n", "/usr/bin/aarch64-linux-gnu-ld: cannot find Scrt1.o: No such file or directory"},
		{"ld.lld: error: unable to find library -lgcc\nld.lld: error: unable to find library -lgcc_s\n", "unable to find library -lgcc"},
		{"/usr/bin/ld: cannot find -lc\n", "/usr/bin/ld: cannot find -lc"},

		// What go, or the user's own flags, have to answer for.
		{"", ""},
		{"/usr/bin/ld: cannot find -lcurl\n", ""},
		{"ld.lld: error: unable to find library -lopus\n", ""},
		{"clang: error: no such file or directory: 'main.c'\n", ""},
		{"error: unknown argument: '-mno-stdlib.h'\n", ""},
	} {
		if got := missingC(test.messages); got != test.want {
			t.Errorf("%q: %q, want %q", test.messages, got, test.want)
		}
	}
}

// TestChecksC shows when xx-go asks the compiler whether it can build C, and what it says if that cannot.
func TestChecksC(t *testing.T) {
	const (
		noStdlib  = "#!/bin/sh\necho \"x.c:1:1: fatal error: 'stdlib.h' file not found\" >&2; exit 1\n"
		noCurl    = "#!/bin/sh\necho 'cannot find -lcurl' >&2; exit 1\n"
		works     = "#!/bin/sh\n"
		debian    = "ID=debian\nVERSION_ID=12\n"
		alpine    = "ID=alpine\nVERSION_ID=3.22.1\n"
		fedora    = "ID=fedora\n"
		otherwise = "; or build without C: CGO_ENABLED=0"
	)
	for _, test := range []struct {
		env, release, compiler, says, args string
		message, hint                      string // empty: go is run
	}{
		{"CGO_ENABLED=1", debian, "aarch64-linux-gnu-gcc", works, "build", "", ""},
		{"CGO_ENABLED=1", debian, "aarch64-linux-gnu-gcc", noCurl, "build", "", ""},
		{"CGO_ENABLED=1", debian, "aarch64-linux-gnu-gcc", noStdlib, "build ./...",
			"CGO_ENABLED=1, but aarch64-linux-gnu-gcc cannot build C for linux/arm64: 'stdlib.h' file not found",
			"install the target's C library: xx-apt-get install -y xx-c-essentials"},
		{"CGO_ENABLED=1 XX_LIBC=musl", debian, "aarch64-linux-musl-gcc", noStdlib, "build",
			"CGO_ENABLED=1, but aarch64-linux-musl-gcc cannot build C for linux/arm64: 'stdlib.h' file not found",
			"install the target's C library: xx-apt-get install -y musl-dev libgcc-12-dev"},
		{"CGO_ENABLED=1", alpine, "aarch64-alpine-linux-musl-gcc", noStdlib, "test",
			"CGO_ENABLED=1, but aarch64-alpine-linux-musl-gcc cannot build C for linux/arm64: 'stdlib.h' file not found",
			"install the target's C library: xx-apk add xx-c-essentials"},
		{"CGO_ENABLED=1 XX_GO_PREFER_C_COMPILER=zig", debian, "zig", noStdlib, "build", "", ""},

		// No compiler at all.
		{"CGO_ENABLED=1", debian, "", "", "build", "CGO_ENABLED=1, but there is no C compiler for linux/arm64",
			"install one and the target's C library: apt-get install -y clang lld && xx-apt-get install -y xx-c-essentials"},
		{"CGO_ENABLED=1", debian, "", "", "-C dir build", "CGO_ENABLED=1, but there is no C compiler for linux/arm64",
			"install one and the target's C library: apt-get install -y clang lld && xx-apt-get install -y xx-c-essentials"},
		{"CGO_ENABLED=1 XX_GO_PREFER_C_COMPILER=gcc", debian, "", "", "run .", "CGO_ENABLED=1, but there is no C compiler for linux/arm64",
			"install one: xx-apt-get install -y gcc libc6-dev"},
		{"CGO_ENABLED=1 TARGETPLATFORM=windows/amd64", debian, "", "", "install .", "CGO_ENABLED=1, but there is no C compiler for windows/amd64",
			"install one: xx-apt-get install -y gcc"},
		{"CGO_ENABLED=1 TARGETPLATFORM=darwin/arm64", debian, "", "", "build", "CGO_ENABLED=1, but there is no C compiler for darwin/arm64",
			"install clang and lld, and put the macOS SDK into /xx-sdk"},
		{"CGO_ENABLED=1", alpine, "", "", "build", "CGO_ENABLED=1, but there is no C compiler for linux/arm64",
			"install one and the target's C library: apk add clang lld && xx-apk add xx-c-essentials"},
		{"CGO_ENABLED=1", fedora, "", "", "build", "CGO_ENABLED=1, but there is no C compiler for linux/arm64",
			"install clang, lld and the C library's development files for aarch64-linux-gnu"},
		{"CGO_ENABLED=1 TARGETPLATFORM=linux/amd64", debian, "", "", "build", "CGO_ENABLED=1, but there is no C compiler for linux/amd64",
			"install one and the target's C library: apt-get install -y clang lld && xx-apt-get install -y xx-c-essentials"},
		{"CGO_ENABLED=1 TARGETPLATFORM=linux/amd64", debian, "gcc", works, "build", "", ""},

		// Nobody has asked for C, or nothing is linked, or the compiler is the user's own.
		{"", debian, "aarch64-linux-gnu-gcc", noStdlib, "build", "", ""},
		{"CGO_ENABLED=0", debian, "", "", "build", "", ""},
		{"CGO_ENABLED=1", debian, "", "", "env", "", ""},
		{"CGO_ENABLED=1", debian, "", "", "mod download", "", ""},
		{"CGO_ENABLED=1", debian, "", "", "--host build", "", ""},
		{"CGO_ENABLED=1 CC=my-gcc", debian, "my-gcc", noStdlib, "build", "", ""},
		{"CGO_ENABLED=1 TARGETPLATFORM=linux/ppc64", debian, "", "", "build", "", ""},
	} {
		env := append([]string{"TARGETPLATFORM=linux/arm64"}, strings.Fields(test.env)...)
		m := newMachine(t, env...)
		m.Put("/etc/os-release", test.release, 0o666)
		if test.compiler != "" {
			m.Put("/usr/bin/"+test.compiler, test.says, 0o777)
		}
		err := Main(m.Host, strings.Fields(test.args))
		if test.message == "" {
			if !errors.Is(err, hosttest.ErrBecame) {
				t.Errorf("%s xx-go %s with %s: %v", test.env, test.args, test.compiler, err)
			}
			continue
		}
		var e *host.Error
		if !errors.As(err, &e) || e.Message != test.message || e.Hint != test.hint+otherwise {
			t.Errorf("%s xx-go %s with %q:\n%v\n%+v\nwant %s\nhint %s", test.env, test.args, test.compiler, err, e, test.message, test.hint+otherwise)
		}
	}
	m := newMachine(t, "CGO_ENABLED=1", "TARGETPLATFORM=linux/arm64", "XX_GO_PREFER_C_COMPILER=zig")
	err := Main(m.Host, []string{"build"})
	if status := m.Report(err); status != 1 || err.Error() != "XX_GO_PREFER_C_COMPILER is zig, but zig is not on PATH" {
		t.Errorf("without zig: %v", err)
	}
}
