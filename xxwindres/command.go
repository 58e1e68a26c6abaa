// Package xxwindres is the helper xx-windres: the command line of GNU windres, which
// makefiles of Windows programs call, on top of LLVM's tools, which know every
// machine that Windows runs on. GNU's windres knows x86 alone.
//
// A resource script (.rc: icons, version information, strings, dialogs) becomes an
// object file in three steps, which [Steps] decides:
//
//	CC -E -xc -D RC_INVOKED=1 -o TMP app.rc     the C preprocessor: #include and macros
//	llvm-rc -fo TMP_ -I DIR TMP                 the resource compiler: makes a .res file
//	llvm-cvtres -machine:X64 -out:app.o TMP_    the .res file as an object to link
//
// DIR is the folder of the script, because its icons are looked for there. For a .res
// file as output the last step is a copy; with one as input it is the only step.
//
// CC is what --preprocessor says; else the variable CC; else the target's clang
// (x86_64-w64-mingw32-clang, or clang --target=x86_64-w64-mingw32), and its gcc where there is no
// clang. See [Preprocessor].
//
// XX_WINDRES_DRYRUN=1 prints the steps and runs nothing. A run may add to the second step what
// only it can know: -c, if the script has letters beyond ASCII (see [Codepage]), and
// -no-preprocess, if there is no clang for llvm-rc to preprocess a second
// time with. XX_TMP_FILE_FIXED=/tmp/foo names the temporary files: /tmp/foo and
// /tmp/foo_.
//
// Called as TRIPLE-windres it is for that triple, whatever TARGETPLATFORM says.
//
// Sources: windres(1) and windres.c of GNU binutils 2.40 for the command line and what the
// defaults are; `llvm-rc -h` of LLVM 14 for its options.
package xxwindres

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"xxkit/internal/host"
	"xxkit/triples"
	"xxkit/xxinfo"
)

const usage = `Usage: xx-windres [OPTION…] [INPUT [OUTPUT]]

Compiles Windows resources as GNU windres does, with clang, llvm-rc and llvm-cvtres, for
the target of the build, see xx-info --help.

  -i, --input FILE             the resource script; - or none is standard input
  -o, --output FILE            the result
  -J, --input-format FORMAT    rc or res; as a rule the input's name says it
  -O, --output-format FORMAT   res or coff; as a rule the output's name says it
  -F, --target FORMAT          pe-x86-64, pe-i386, pe-arm-little or pe-aarch64-little
  -I, --include-dir DIR        look there for included files, and for icons
  -D, --define NAME[=VALUE]    define a macro
  -U, --undefine NAME          undefine one
  -l, --language NUMBER        the language of resources, hexadecimal: 409
  -c, --codepage NUMBER        the encoding of the script: 65001 is UTF-8
      --preprocessor COMMAND   use this compiler to preprocess
      --preprocessor-arg ARG   pass this to the preprocessor
  -V, --version                print the version
  -h, --help                   this text

Ignored: -r -v --verbose --use-temp-file --no-use-temp-file. @FILE reads options from a file.
XX_WINDRES_DRYRUN=1 prints the commands instead of running them.
`

// hint is what to do about a command line that cannot be understood.
const hint = "xx-windres --help shows the options"

// Main is the helper xx-windres: args are its arguments.
func Main(h *host.Host, args []string) error {
	o, err := Parse(expandFiles(args, h.ReadFile))
	if err != nil {
		return err
	}
	switch {
	case o.Help:
		_, err := io.WriteString(h.Stderr, usage)
		return err
	case o.Version:
		_, err := io.WriteString(h.Stdout, "xx-windres 0.1\n")
		return err
	}
	m, err := machineFor(h, o.Target)
	if err != nil {
		return err
	}
	dryRun := h.Env.Get("XX_WINDRES_DRYRUN") != ""
	cc, err := Preprocessor(o.Preprocessor, h.Env.Get("CC"), m, h.Has)
	if err != nil {
		if !dryRun {
			return err
		}
		cc = []string{m.Triple + "-clang"}
	}
	if dryRun {
		tmp := h.Env.Get("XX_TMP_FILE_FIXED")
		if tmp == "" {
			tmp = filepath.Join(os.TempDir(), "xx-windres")
		}
		for _, step := range Steps(o, m, cc, tmp) {
			fmt.Fprintln(h.Stdout, step)
		}
		return nil
	}
	return run(h, o, m, cc)
}

// machineFor returns the machine to compile for: the one that -F names, else the one
// that the helper's own name has in front, else the target of the build.
func machineFor(h *host.Host, bfd string) (Machine, error) {
	if bfd != "" {
		if m, ok := MachineOf(bfd); ok {
			return m, nil
		}
		return Machine{}, host.WrongCall("formats are pe-x86-64, pe-i386, pe-arm-little and pe-aarch64-little", "invalid target %s for xx-windres", bfd)
	}
	if triple, ok := strings.CutSuffix(h.Name, "-windres"); ok && triple != "xx" {
		if m, ok := MachineOf(triple); ok {
			return m, nil
		}
	}
	t := xxinfo.FromHost(h)
	if err := t.Check(); err != nil {
		return Machine{}, err
	}
	for _, m := range machines {
		if t.OS == "windows" && t.Arch == m.arch {
			return m, nil
		}
	}
	return Machine{}, host.WrongCall("resources are for Windows: set TARGETPLATFORM=windows/amd64, or use -F pe-x86-64",
		"invalid target %s for xx-windres", t.Platform)
}

// Machine is a kind of machine that Windows runs on.
type Machine struct {
	// Name is what -machine: of llvm-cvtres takes.
	Name string

	// Triple is the target of compilers.
	Triple string

	arch string   // GOARCH
	bfd  []string // what -F of GNU windres calls it, after "pe-" or "pei-"
}

var machines = []Machine{
	{Name: "X64", Triple: "x86_64-w64-mingw32", arch: "amd64", bfd: []string{"x86-64", "bigobj-x86-64"}},
	{Name: "X86", Triple: "i686-w64-mingw32", arch: "386", bfd: []string{"i386", "bigobj-i386"}},
	{Name: "ARM64", Triple: "aarch64-w64-mingw32", arch: "arm64", bfd: []string{"aarch64-little", "aarch64"}},
	{Name: "ARM", Triple: "armv7-w64-mingw32", arch: "arm", bfd: []string{"arm-little", "arm"}},
}

// MachineOf returns the machine that -F names: by one of BFD's formats, such as
// pe-x86-64, or by its triple, which llvm-windres takes too.
func MachineOf(target string) (Machine, bool) {
	format, ok := strings.CutPrefix(target, "pe-")
	if !ok {
		format, ok = strings.CutPrefix(target, "pei-")
	}
	arch := ""
	for _, r := range triples.ByTriple(target) {
		if r.OS == "windows" {
			arch = r.Arch
		}
	}
	for _, m := range machines {
		if arch != "" && m.arch == arch {
			return m, true
		}
		for _, f := range m.bfd {
			if ok && f == format {
				return m, true
			}
		}
	}
	return Machine{}, false
}
