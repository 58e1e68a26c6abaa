package xxinfo

import (
	"fmt"
	"io"
	"strings"

	"xxkit/internal/host"
	"xxkit/internal/jsontext"
)

const usage = `Usage: xx-info [COMMAND]

Prints what the target of the build is called. The target comes from TARGETPLATFORM,
TARGETPAIR or TARGETOS, TARGETARCH and TARGETVARIANT; without them it is this machine.

Commands:
  os arch variant   the target's operating system, architecture and variant
  os-version        the version of the distribution
  march             what uname -m prints on such a machine
  vendor            the distribution; apple on darwin
  libc              the C library
  triple            the target in compilers, such as aarch64-linux-gnu (the default)
  pkg-arch          the architecture in packages of this distribution
  alpine-arch debian-arch rhel-arch
                    the architecture in packages of that distribution
  sysroot           where the target's headers and libraries are
  is-cross          no output; exit status 0 if the target is another machine, else 1
  env [--json | --export]
                    all of it, as NAME=value lines, as JSON, or for a shell:
                    eval "$(xx-info env --export)" also sets CC, CXX, AR, PKG_CONFIG,
                    GOOS, GOARCH, CARGO_BUILD_TARGET and more for any build system
  list [--json | --markdown]
                    every platform and its names; the Markdown has the common ones only
  help, --help      this text

Overrides: XX_VENDOR, XX_LIBC, ARM_TARGET_ARCH, RISCV64_TARGET_ARCH, MACOSX_VERSION_MIN.
`

// commands are the names of the commands, in the order of the usage.
var commands = []string{
	"os", "arch", "variant", "os-version", "march", "vendor", "libc", "triple", "pkg-arch",
	"alpine-arch", "debian-arch", "rhel-arch", "sysroot", "is-cross", "env", "list", "help",
}

// Main is the helper xx-info: args are its arguments. The error is nil, or says
// with which status to exit.
func Main(h *host.Host, args []string) error {
	command, flags := "triple", []string(nil)
	if len(args) > 0 {
		command, flags = args[0], args[1:]
	}
	flag, err := parseFlag(command, flags)
	if err != nil {
		return err
	}

	// What needs no target.
	switch command {
	case "help", "--help", "-h":
		_, err := io.WriteString(h.Stderr, usage)
		return err
	case "list":
		switch flag {
		case "--json":
			return WriteJSON(h.Stdout)
		case "--markdown":
			return WriteMarkdown(h.Stdout)
		}
		return WriteText(h.Stdout)
	}

	// What every target has.
	t := FromHost(h)
	print := func(s string) error {
		_, err := fmt.Fprintln(h.Stdout, s)
		return err
	}
	switch command {
	case "os":
		return print(t.OS)
	case "arch":
		return print(t.Arch)
	case "variant":
		return print(t.Variant)
	case "os-version":
		return print(t.OSVersion)
	case "vendor":
		return print(t.Vendor)
	case "libc":
		return print(t.Libc)
	}

	// What only the table can tell.
	if err := t.Check(); err != nil {
		return err
	}
	switch command {
	case "triple":
		return print(t.Triple())
	case "march":
		return print(t.Row.March)
	case "pkg-arch":
		return print(t.PackageArch())
	case "alpine-arch":
		return print(t.Row.Alpine)
	case "debian-arch":
		return print(t.Row.Debian)
	case "rhel-arch":
		return print(t.Row.RPM)
	case "sysroot":
		return print(t.Sysroot(h.Glob(SDKs)))
	case "is-cross":
		if t.IsCross() {
			return nil
		}
		return host.ExitStatus(1)
	}
	// parseFlag has let through no command but env.
	var b strings.Builder
	switch flag {
	case "--json":
		env := jsontext.Members{}
		for _, v := range t.Env() {
			env = append(env, jsontext.Member{v.Name, jsontext.KeepEmpty(v.Value)})
		}
		b.WriteString(jsontext.Indent(env))
	case "--export":
		for _, v := range t.BuildEnv(h.Has) {
			fmt.Fprintf(&b, "export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
		}
	default:
		for _, v := range t.Env() {
			fmt.Fprintf(&b, "%s=%s\n", v.Name, v.Value)
		}
	}
	_, err = io.WriteString(h.Stdout, b.String())
	return err
}

// parseFlag checks that the command exists and returns its only flag, if it has one.
func parseFlag(command string, flags []string) (string, error) {
	hint := "commands are " + strings.Join(commands, ", ")
	known := command == "--help" || command == "-h"
	for _, c := range commands {
		known = known || c == command
	}
	if !known {
		return "", host.WrongCall(hint, "unknown command %q", command)
	}
	if len(flags) == 0 {
		return "", nil
	}
	switch c := command + " " + flags[0]; {
	case len(flags) > 1:
		return "", host.WrongCall("xx-info --help", "too many arguments after %q: %q", command, flags[1])
	case c == "env --json", c == "env --export", c == "list --json", c == "list --markdown":
		return flags[0], nil
	}
	return "", host.WrongCall("xx-info --help", "%q does not take %q", command, flags[0])
}
