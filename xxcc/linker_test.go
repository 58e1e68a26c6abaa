package xxcc

import (
	"path"
	"slices"
	"strings"
	"testing"

	"xxkit/internal/host"
	"xxkit/xxinfo"
)

// fake is a machine of which a test says everything: "NAME" is a program on PATH, in /usr/bin; "/PATH" is
// another file; "/PATH>TO" is a link; "ld -V: WORDS" is what ld answers; "llvm N" is clang's version.
type fake []string

func (m fake) find(path string) (to string, there bool) {
	for _, entry := range m {
		name, to, _ := strings.Cut(entry, ">")
		if !strings.HasPrefix(name, "/") {
			name = "/usr/bin/" + name
		}
		if name == path {
			return to, true
		}
	}
	return "", false
}

func (m fake) look(program string) string {
	if _, there := m.find("/usr/bin/" + program); !there {
		return ""
	}
	return "/usr/bin/" + program
}

func (m fake) real(name string) string {
	to, there := m.find(name)
	switch {
	case name == "/usr/bin":
		return name
	case !there:
		return ""
	case to == "":
		return name
	case !path.IsAbs(to):
		to = path.Dir(name) + "/" + to
	}
	return m.real(to)
}

func (m fake) readlink(name string) (string, bool) { return m.find(name) }

func (m fake) self(name string) bool { return m.real(name) == "/usr/bin/xx" }

func (m fake) llvmDir() string { return path.Dir(m.real("/usr/bin/clang")) }

func (m fake) glob(pattern string) []string {
	var found []string
	for _, entry := range m {
		if ok, _ := path.Match(pattern, entry); ok {
			found = append(found, entry)
		}
	}
	slices.Sort(found)
	return found
}

func (m fake) emulations(string) string {
	for _, entry := range m {
		if words, ok := strings.CutPrefix(entry, "ld -V: "); ok {
			return "GNU ld (GNU Binutils) 2.40\n  Supported emulations:\n   " + strings.ReplaceAll(words, " ", "\n   ") + "\n"
		}
	}
	return ""
}

func (m fake) llvm() int {
	for _, entry := range m {
		if v, ok := strings.CutPrefix(entry, "llvm "); ok {
			return leadingNumber(v)
		}
	}
	return 14
}

// target returns what the environment "NAME=VALUE …" asks for, on a machine with x86_64 and the
// distribution.
func target(distribution, env string) xxinfo.Target {
	return xxinfo.Resolve(strings.Fields(env), []byte("ID="+distribution+"\n"), "x86_64")
}

func TestChooseLinker(t *testing.T) {
	const (
		arm64  = "TARGETPLATFORM=linux/arm64"
		all    = "ld -V: elf_x86_64 elf_i386 i386pep"
		noArm  = "no suitable linker found for aarch64-linux-gnu"
		s390x  = "TARGETPLATFORM=linux/s390x"
		riscv  = "TARGETPLATFORM=linux/riscv64"
		ppc    = "TARGETPLATFORM=linux/ppc64le"
		darwin = "TARGETPLATFORM=darwin/arm64"
	)
	for _, test := range []struct {
		env     string
		machine fake
		want    string // the flag, " <path" if it is to be linked; or the error
	}{
		// lld, if it is there.
		{arm64, fake{"ld.lld"}, "lld"},
		{arm64, fake{"lld"}, "lld"},
		{arm64, fake{"clang>/usr/lib/llvm-14/bin/clang", "/usr/lib/llvm-14/bin/clang", "/usr/lib/llvm-14/bin/ld.lld"}, "lld"},
		{arm64, fake{"ld.lld", "aarch64-linux-gnu-ld", "aarch64-linux-gnu-gold"}, "lld"},
		{"", fake{"ld.lld", "ld", all}, "lld"},

		// Else GNU ld, in this order.
		{arm64, fake{"aarch64-linux-gnu-ld", "/aarch64-linux-gnu/bin/ld"}, "/usr/bin/aarch64-linux-gnu-ld"},
		{arm64, fake{"/aarch64-linux-gnu/bin/ld", "ld", "ld -V: aarch64linux"}, "/aarch64-linux-gnu/bin/ld"},
		{arm64, fake{"ld", "ld -V: elf_x86_64 aarch64linux"}, "/usr/bin/aarch64-linux-gnu-ld </usr/bin/ld"},
		{arm64, fake{"ld", "ld -V: elf_x86_64 aarch64linuxb"}, noArm},
		{arm64, fake{"ld"}, noArm}, // it says nothing
		{arm64, fake{"ld", all}, noArm},
		{arm64, fake{}, noArm},
		{"", fake{"ld", all}, "/usr/bin/x86_64-linux-gnu-ld </usr/bin/ld"},
		{"TARGETPLATFORM=linux/386", fake{"ld", all}, "/usr/bin/i686-linux-gnu-ld </usr/bin/ld"},
		{"TARGETPLATFORM=windows/amd64", fake{"ld", all}, "/usr/bin/x86_64-w64-mingw32-ld </usr/bin/ld"},
		{"TARGETPLATFORM=windows/arm", fake{"ld", all}, "no suitable linker found for armv7-w64-mingw32"},

		// What is wished for, if it is there.
		{arm64 + " XX_CC_PREFER_LINKER=ld", fake{"ld.lld", "aarch64-linux-gnu-ld"}, "/usr/bin/aarch64-linux-gnu-ld"},
		{arm64 + " XX_CC_PREFER_LINKER=ld", fake{"ld.lld"}, "lld"},
		{arm64 + " XX_CC_PREFER_LINKER=gold", fake{"ld.lld", "aarch64-linux-gnu-ld", "aarch64-linux-gnu-gold"}, "/usr/bin/aarch64-linux-gnu-gold"},
		{arm64 + " XX_CC_PREFER_LINKER=gold", fake{"ld.lld", "aarch64-linux-gnu-ld"}, "/usr/bin/aarch64-linux-gnu-ld"},
		{arm64 + " XX_CC_PREFER_LINKER=gold", fake{"ld.lld", "aarch64-linux-gnu-ld.gold"}, "/usr/bin/aarch64-linux-gnu-ld.gold"}, // Debian's name
		{arm64 + " XX_CC_PREFER_LINKER=", fake{"ld.lld", "aarch64-linux-gnu-ld"}, "lld"},

		// Our own links are no linkers of the target's own.
		{arm64 + " XX_CC_PREFER_LINKER=ld", fake{"ld.lld", "aarch64-linux-gnu-ld>ld.lld"}, "lld"},
		{arm64, fake{"aarch64-linux-gnu-ld>ld", "ld", all}, noArm},
		{arm64, fake{"aarch64-linux-gnu-ld>ld", "ld", "ld -V: aarch64linux"}, "/usr/bin/aarch64-linux-gnu-ld </usr/bin/ld"},
		{arm64, fake{"ld>/opt/lld", "/opt/lld", "ld -V: aarch64linux"}, noArm},

		// Where lld is not to be trusted.
		{s390x, fake{"ld.lld", "s390x-linux-gnu-ld"}, "/usr/bin/s390x-linux-gnu-ld"},
		{s390x, fake{"ld.lld", "llvm 17"}, "no suitable linker found for s390x-linux-gnu"},
		{s390x, fake{"ld.lld", "llvm 18"}, "lld"},
		{s390x, fake{"ld.lld", "llvm 18", "s390x-linux-gnu-ld"}, "/usr/bin/s390x-linux-gnu-ld"},
		{riscv, fake{"ld.lld", "riscv64-linux-gnu-ld"}, "/usr/bin/riscv64-linux-gnu-ld"},
		{riscv, fake{"ld.lld", "riscv64-linux-gnu-ld", "llvm 15"}, "lld"},
		{riscv, fake{"ld.lld"}, "no suitable linker found for riscv64-linux-gnu"},
		{ppc, fake{"ld.lld", "powerpc64le-linux-gnu-ld"}, "lld"},
		{ppc + " XX_CC_PREFER_STATIC_LINKER=1", fake{"ld.lld", "powerpc64le-linux-gnu-ld"}, "/usr/bin/powerpc64le-linux-gnu-ld"},
		{"TARGETPLATFORM=linux/386 XX_CC_PREFER_STATIC_LINKER=1", fake{"ld.lld", "i686-linux-gnu-ld"}, "/usr/bin/i686-linux-gnu-ld"},
		{arm64 + " XX_CC_PREFER_STATIC_LINKER=1", fake{"ld.lld", "aarch64-linux-gnu-ld"}, "lld"},

		// musl on Debian is linked by the same linkers, by another name.
		{s390x + " XX_LIBC=musl", fake{"ld.lld", "s390x-linux-gnu-ld"}, "/usr/bin/s390x-linux-musl-ld </usr/bin/s390x-linux-gnu-ld"},

		{darwin, fake{"ld64.signed", "ld64", "ld64.lld", "ld.lld"}, "/usr/bin/ld64.signed"},
		{darwin, fake{"ld64", "ld64.lld", "ld.lld"}, "/usr/bin/ld64"},
		{darwin, fake{"ld64.lld", "ld.lld"}, "lld"},
		{darwin, fake{"ld.lld", "ld", all}, "no suitable linker found for arm64-apple-macos11.0"},
	} {
		l, err := chooseLinker(target("debian", test.env), preferencesOf(strings.Fields(test.env)), test.machine)
		got := l.flag
		if l.link {
			got += " <" + l.path
		}
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s with %q: %s, want %s", test.env, test.machine, got, test.want)
		}
		if l.lld != (got == "lld") {
			t.Errorf("%s with %q: lld is %v", test.env, test.machine, l.lld)
		}
	}
}

func TestNoLinkerHints(t *testing.T) {
	for _, test := range []struct{ distribution, platform, want string }{
		{"debian", "linux/arm64", "install lld: apt-get install lld"},
		{"alpine", "linux/arm64", "install lld: apk add lld"},
		{"debian", "linux/s390x", "install a GNU linker for it (apt-get install binutils-s390x-linux-gnu), or lld from a newer release"},
		{"alpine", "linux/s390x", "install a GNU linker: xx-apk add binutils"},
		{"debian", "linux/386", "install lld (apt-get install lld) or a GNU linker for it (apt-get install binutils-i686-linux-gnu)"},
		{"debian", "linux/riscv64", "install a GNU linker for it (apt-get install binutils-riscv64-linux-gnu), or lld from a newer release"},
		{"debian", "darwin/arm64", "put Apple's ld64 on PATH, or install lld (apt-get install lld, apk add lld)"},
	} {
		_, err := chooseLinker(target(test.distribution, "TARGETPLATFORM="+test.platform), preferences{linker: "lld"}, fake{"clang"})
		e, ok := err.(*host.Error)
		if !ok || e.Hint != test.want || e.Status != 0 {
			t.Errorf("%s %s: %+v, want %q", test.distribution, test.platform, e, test.want)
		}
	}

	// lld is there, and not wanted.
	static := preferences{linker: "lld", static: true}
	for distribution, gnu := range map[string]string{"debian": "apt-get install binutils-powerpc64le-linux-gnu", "alpine": "xx-apk add binutils"} {
		_, err := chooseLinker(target(distribution, "TARGETPLATFORM=linux/ppc64le"), static, fake{"ld.lld"})
		want := "install a GNU linker for it (" + gnu + "), or unset XX_CC_PREFER_STATIC_LINKER and link with lld"
		if e, ok := err.(*host.Error); !ok || e.Hint != want {
			t.Errorf("%s: %+v, want %q", distribution, err, want)
		}
	}
}

func TestLLVMVersion(t *testing.T) {
	for text, want := range map[string]int{
		"Debian clang version 14.0.6\nTarget: x86_64-pc-linux-gnu\nThread model: posix\nInstalledDir: /usr/bin\n":                        14,
		"Debian clang version 19.1.7 (3+b1)\nTarget: x86_64-pc-linux-gnu\nInstalledDir: /usr/lib/llvm-19/bin\n":                          19,
		"Alpine clang version 20.1.8\nTarget: x86_64-alpine-linux-musl\nConfiguration file: /etc/clang20/x86_64-alpine-linux-musl.cfg\n": 20,
		"": 0, "clang version trunk": 0,
	} {
		if got := llvmVersion(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
