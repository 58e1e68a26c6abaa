package xxwindres

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"xxkit/internal/host"
	"xxkit/internal/host/hosttest"
	"xxkit/triples"
)

func TestSteps(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"in.rc out.o", `
CC -E -xc -D RC_INVOKED=1 -o /tmp/foo in.rc
llvm-rc -fo /tmp/foo_ -I . /tmp/foo
llvm-cvtres -machine:X64 -out:out.o /tmp/foo_`},
		{"-I inc -D X=1 -UY -c 65001 -l 407 --preprocessor-arg -MD res/in.rc out.res", `
CC -E -xc -D RC_INVOKED=1 -I inc -D X=1 -U Y -MD -o /tmp/foo res/in.rc
llvm-rc -l 407 -c 65001 -I inc -fo /tmp/foo_ -I res /tmp/foo
cp /tmp/foo_ out.res`},
		{"-o out.o", `
CC -E -xc -D RC_INVOKED=1 -o /tmp/foo -
llvm-rc -fo /tmp/foo_ -I . /tmp/foo
llvm-cvtres -machine:X64 -out:out.o /tmp/foo_`},
		{"/src/in.rc -O coff", `
CC -E -xc -D RC_INVOKED=1 -o /tmp/foo /src/in.rc
llvm-rc -fo /tmp/foo_ -I /src /tmp/foo
llvm-cvtres -machine:X64 -out:/tmp/foo__ /tmp/foo_
cp /tmp/foo__ /dev/stdout`},
		{"in.rc -O res", `
CC -E -xc -D RC_INVOKED=1 -o /tmp/foo in.rc
llvm-rc -fo /tmp/foo_ -I . /tmp/foo
cp /tmp/foo_ /dev/stdout`},
		{"in.res out.o", `
llvm-cvtres -machine:X64 -out:out.o in.res`},
		{"in.res out.res", `
cp in.res out.res`},
	} {
		o, err := Parse(strings.Fields(test.args))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, step := range Steps(o, machines[0], []string{"CC"}, "/tmp/foo") {
			got += "\n" + step.String()
		}
		if got != test.want {
			t.Errorf("%s:%s\nwant%s", test.args, got, test.want)
		}
	}
}

// TestMachineOfEveryPlatform goes through the whole table: each Windows platform has its
// machine, and no other platform has one.
func TestMachineOfEveryPlatform(t *testing.T) {
	want := map[string]string{"amd64": "X64", "386": "X86", "arm": "ARM", "arm64": "ARM64"}
	for _, row := range triples.Rows() {
		h := hosttest.New(t, "xx-windres", "TARGETPLATFORM="+row.Platform.String()).Host
		m, err := machineFor(h, "")
		if row.OS == "windows" {
			if err != nil || m.Name != want[row.Arch] || m.Triple != row.Triple(triples.System{}) {
				t.Errorf("%s: %+v, %v", row.Platform, m, err)
			}
			continue
		}
		var e *host.Error
		if !errors.As(err, &e) || e.Message != "invalid target "+row.Platform.String()+" for xx-windres" || e.Hint == "" || e.Status != 2 {
			t.Errorf("%s: %+v, %v", row.Platform, m, err)
		}
	}
}

func TestMachineFor(t *testing.T) {
	for _, test := range []struct{ name, bfd, want string }{
		{"xx-windres", "", "X64"},
		{"xx-windres", "pe-x86-64", "X64"},
		{"xx-windres", "pei-x86-64", "X64"},
		{"xx-windres", "pe-bigobj-x86-64", "X64"},
		{"xx-windres", "pe-i386", "X86"},
		{"xx-windres", "pei-i386", "X86"},
		{"xx-windres", "pe-arm-little", "ARM"},
		{"xx-windres", "pe-aarch64-little", "ARM64"},
		{"xx-windres", "aarch64-w64-mingw32", "ARM64"},
		{"i686-w64-mingw32-windres", "", "X86"},
		{"i686-w64-mingw32-windres", "pe-arm-little", "ARM"},
		{"aarch64-w64-mingw32-windres", "", "ARM64"},
		{"my-windres", "", "X64"},
	} {
		h := hosttest.New(t, test.name, "TARGETPLATFORM=windows/amd64").Host
		h.March = "aarch64"
		if m, err := machineFor(h, test.bfd); err != nil || m.Name != test.want {
			t.Errorf("%+v: %+v, %v", test, m, err)
		}
	}
	for _, bfd := range []string{"pe-mips", "x86-64", "pe-", "elf64-x86-64", "x86_64-linux-gnu"} {
		_, err := machineFor(hosttest.New(t, "xx-windres").Host, bfd)
		var e *host.Error
		if !errors.As(err, &e) || e.Message != "invalid target "+bfd+" for xx-windres" || e.Hint == "" || e.Status != 2 {
			t.Errorf("%s: %v", bfd, err)
		}
	}
}

func TestPreprocessor(t *testing.T) {
	for _, test := range []struct{ asked, cc, programs, want string }{
		{"", "", "x86_64-w64-mingw32-clang clang x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-clang"},
		{"", "", "clang x86_64-w64-mingw32-gcc", "clang --target=x86_64-w64-mingw32"},
		{"", "", "gcc x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-gcc"},
		{"", "my-cc -v", "clang", "my-cc -v"},
		{"my-cpp -P", "my-cc -v", "clang", "my-cpp -P"},
		{"", " ", "clang", "clang --target=x86_64-w64-mingw32"},
		// A clang for no target in particular is told its target.
		{"", "clang", "", "clang --target=x86_64-w64-mingw32"},
		{"", "/opt/clang-16 -v", "", "/opt/clang-16 --target=x86_64-w64-mingw32 -v"},
		{"", "xx-clang", "", "xx-clang --target=x86_64-w64-mingw32"},
		{"", "clang --target=i686-w64-mingw32", "", "clang --target=i686-w64-mingw32"},
		{"", "clang -target i686-w64-mingw32", "", "clang -target i686-w64-mingw32"},
		{"", "i686-w64-mingw32-clang", "", "i686-w64-mingw32-clang"},
		{"", "clang-cpp", "", "clang-cpp"},
		{"", "", "gcc", ""},
	} {
		programs := strings.Fields(test.programs)
		got, err := Preprocessor(test.asked, test.cc, machines[0], func(p string) bool { return slices.Contains(programs, p) })
		if strings.Join(got, " ") != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%+v: %q, %v", test, got, err)
		}
	}
}

func TestCodepage(t *testing.T) {
	for script, want := range map[string]string{
		"":                                   "",
		"1 ICON \"a\"\n":                     "",
		"#pragma code_page(65001)\nabc":      "", // does not matter
		"1, \"Gr\xfcn\"":                     "1252",
		"1, \"Grün\"":                        "1252", // bytes are what counts
		"#pragma code_page(65001)\n\"Grün\"": "65001",
		"# 1 \"a\"\n #  pragma code_page ( 65001 ) \n\"Grün\"": "65001",
		"\"Grün\"\n#pragma code_page(932)\n":                   "932",
		"#pragma code_page(1252)\n#pragma code_page(65001)\nü": "1252",
		"#pragma code_page(DEFAULT)\nü":                        "1252",
		"#pragma code_page(0)\nü":                              "1252",
		"#pragma once\nü":                                      "1252",
	} {
		if got := Codepage([]byte(script)); got != want {
			t.Errorf("%q: %q, want %q", script, got, want)
		}
	}
}

// TestFindTool shows where LLVM's tools are found.
func TestFindTool(t *testing.T) {
	for _, test := range []struct{ files, want string }{
		{"", ""},
		{"/usr/bin/llvm-rc-9 /usr/bin/llvm-rc-14 /usr/local/bin/llvm-rc-x", "/usr/bin/llvm-rc-14"},
		{"/usr/bin/llvm-rc-14 /usr/bin/llvm-rc", "/usr/bin/llvm-rc"},
		{"/usr/lib/llvm17/bin/llvm-rc /usr/lib/llvm19/bin/llvm-rc", "/usr/lib/llvm19/bin/llvm-rc"},
		{"/usr/lib/llvm-16/bin/llvm-rc", "/usr/lib/llvm-16/bin/llvm-rc"},
	} {
		m := hosttest.New(t, "xx-windres", "PATH=relative:/usr/local/bin:/usr/bin")
		for file := range strings.FieldsSeq(test.files) {
			m.Put(file, "", 0o777)
		}
		if got, ok := findTool(m.Host, "llvm-rc"); got != test.want || ok != (test.want != "") {
			t.Errorf("%s: %q, %v; want %q", test.files, got, ok, test.want)
		}
	}
}

// TestNoTools shows what is said where LLVM's tools are not installed.
func TestNoTools(t *testing.T) {
	for args, tool := range map[string]string{"in.rc out.o": "llvm-rc", "in.rc out.res": "llvm-rc", "in.res out.o": "llvm-cvtres"} {
		m := hosttest.New(t, "xx-windres", "PATH=/usr/bin", "TARGETPLATFORM=windows/amd64")
		for _, there := range []string{"clang", "llvm-rc", "llvm-cvtres"} {
			if there != tool {
				m.Program(there, "")
			}
		}
		status := m.Report(Main(m.Host, strings.Fields(args)))
		want := "xx-windres: " + tool + ": not found\nhint: install LLVM's tools: apt-get install llvm, or apk add llvm\n"
		if status != 1 || m.Err.String() != want {
			t.Errorf("%s: status %d, %q, want %q", args, status, &m.Err, want)
		}
	}
}

// TestFindCompiler shows that CC=xx-clang, a link to the very program that runs, is found, and that
// nothing else is that leads back to it.
func TestFindCompiler(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	m := hosttest.New(t, "xx-windres", "PATH=relative:/usr/local/bin:/usr/bin")
	for _, link := range []string{"xx-clang", "xx-windres", "clang"} {
		m.Symlink(self, "/usr/bin/"+link)
	}
	for program, want := range map[string]string{
		"xx-clang": "/usr/bin/xx-clang", "xx-windres": "", "clang": "", "xx-cc": "", "/opt/gcc": "/opt/gcc", "./gcc": "./gcc",
	} {
		if got, ok := findCompiler(m.Host, program); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v; want %q", program, got, ok, want)
		}
	}
}
