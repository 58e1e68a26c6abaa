package xxinfo_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"xxkit/internal/host"
	"xxkit/internal/host/hosttest"
	"xxkit/triples"
	"xxkit/xxgo"
	"xxkit/xxinfo"
)

// osReleases are the systems of testdata/contract.txt, written as these distributions write them.
var osReleases = map[string]string{
	"debian": "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n",
	"alpine": "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME=\"Alpine Linux v3.22\"\n",
	"fedora": "NAME=\"Fedora Linux\"\nVERSION=\"42 (Container Image)\"\nID=fedora\nVERSION_ID=42\nVERSION_CODENAME=\"\"\n",
	"none":   "",
}

// machine is a machine to run xx-info on.
type machine struct{ *hosttest.Machine }

func newMachine(t *testing.T, osRelease, march string, env ...string) *machine {
	t.Helper()
	m := &machine{hosttest.New(t, "xx-info", env...)}
	m.March = march
	if osRelease != "" {
		m.Put("/etc/os-release", osRelease, 0o666)
	}
	return m
}

// info runs xx-info and returns what it prints, without the last newline, and its error.
func (m *machine) info(args ...string) (string, error) {
	m.Forget()
	err := xxinfo.Main(m.Host, args)
	return strings.TrimSuffix(m.Out.String(), "\n"), err
}

// TestContract asks xx-info and xx-go for every value of testdata/contract.txt, on
// a fake machine for each system, with the target given in each of the three ways.
func TestContract(t *testing.T) {
	header, rows := readTable(t, "testdata/contract.txt")
	tested := map[triples.Platform]int{}
	for _, row := range rows {
		p, err := triples.Parse(row["platform"])
		if err != nil {
			t.Fatal(err)
		}
		if r, ok := triples.Lookup(p); ok {
			tested[r.Platform]++
		}
		parts := append(strings.Split(row["platform"], "/"), "")
		ways := [][]string{
			{"TARGETPLATFORM=" + row["platform"]},
			{"TARGETOS=" + parts[0], "TARGETARCH=" + parts[1], "TARGETVARIANT=" + parts[2]},
		}
		if parts[2] == "" || parts[1] == "arm" {
			ways = append(ways, []string{"TARGETPAIR=" + parts[0] + "-" + parts[1] + parts[2]})
		}
		for _, env := range ways {
			t.Run(fmt.Sprint(row["system"], env), func(t *testing.T) {
				m := newMachine(t, osReleases[row["system"]], "x86_64", env...)
				for _, command := range header {
					want := row[command]
					switch command {
					case "platform", "system":
						continue
					case "is-cross":
						out, err := m.info(command)
						if got := map[bool]string{true: "yes", false: "no"}[err == nil]; got != want || out != "" {
							t.Errorf("is-cross: %s, output %q; want %s", got, out, want)
						}
						continue
					case "go":
						got := ""
						for _, v := range xxgo.Settings(xxinfo.FromHost(m.Host), m.Env, m.Has) {
							got += " " + v.Name + "=" + v.Value
						}
						if want := strings.TrimSuffix(" GOOS="+row["os"]+" GOARCH="+row["arch"]+" "+want, " "); got != want {
							t.Errorf("xx-go sets%s; want%s", got, want)
						}
						continue
					}
					if got, err := m.info(command); got != want || err != nil {
						t.Errorf("%s: %q, %v; want %q", command, got, err, want)
					}
				}
				if got, err := m.info(); got != row["triple"] || err != nil {
					t.Errorf("no command: %q, %v; want %q", got, err, row["triple"])
				}
				if got, err := m.info("env"); got != envLines(row) || err != nil {
					t.Errorf("env: %v\n%s\nwant\n%s", err, got, envLines(row))
				}
			})
		}
	}
	for _, r := range triples.Rows() {
		if tested[r.Platform] < len(osReleases) {
			t.Errorf("%s is in the table %d times", r, tested[r.Platform])
		}
	}
}

func envLines(row map[string]string) string {
	lines := []string{
		"XX_OS=" + row["os"], "XX_OS_VERSION=" + row["os-version"], "XX_ARCH=" + row["arch"],
		"XX_MARCH=" + row["march"], "XX_VENDOR=" + row["vendor"],
	}
	if row["os"] == "linux" {
		lines = append(lines, "XX_PKG_ARCH="+row["pkg-arch"])
	}
	return strings.Join(append(lines,
		"XX_TRIPLE="+row["triple"], "XX_LIBC="+row["libc"],
		"TARGETOS="+row["os"], "TARGETARCH="+row["arch"], "TARGETVARIANT="+row["variant"]), "\n")
}

// readTable reads a file of columns: a header, then rows, each a map from the
// header's words. "-" is an empty value.
func readTable(t *testing.T, file string) (header []string, rows []map[string]string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(line, "#"):
		case header == nil:
			header = fields
		case len(fields) != len(header):
			t.Fatalf("%s: %d columns, want %d: %s", file, len(fields), len(header), line)
		default:
			row := map[string]string{}
			for i, name := range header {
				row[name] = fields[i]
				if fields[i] == "-" {
					row[name] = ""
				}
			}
			rows = append(rows, row)
		}
	}
	return header, rows
}

// TestTripleVendor checks for which distributions the triple has no vendor, and which
// packages they have.
func TestTripleVendor(t *testing.T) {
	for id, want := range map[string]string{
		"debian": "aarch64-linux-gnu arm64", "ubuntu": "aarch64-linux-gnu arm64",
		"rhel": "aarch64-linux-gnu aarch64", "fedora": "aarch64-linux-gnu aarch64", "centos": "aarch64-linux-gnu aarch64",
		"rocky": "aarch64-linux-gnu aarch64", "ol": "aarch64-linux-gnu aarch64",
		"alpine": "aarch64-alpine-linux-musl aarch64",
		"arch":   "aarch64-arch-linux-gnu arm64", "amzn": "aarch64-amzn-linux-gnu arm64",
		"opensuse-leap": "aarch64-opensuse-leap-linux-gnu arm64",
	} {
		m := newMachine(t, "ID=\""+id+"\"\n", "x86_64", "TARGETPLATFORM=linux/arm64")
		triple, _ := m.info("triple")
		arch, _ := m.info("pkg-arch")
		if got := triple + " " + arch; got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

// TestOrder shows which variable wins for which part.
func TestOrder(t *testing.T) {
	for _, test := range []struct{ env, want string }{
		{"", "linux/amd64"},
		{"TARGETPLATFORM=linux/arm64", "linux/arm64"},
		{"TARGETPLATFORM=linux/arm64 TARGETPAIR=linux-s390x TARGETOS=windows TARGETARCH=386 TARGETVARIANT=v8", "linux/arm64"},
		{"TARGETPLATFORM=linux/arm TARGETVARIANT=v6", "linux/arm/v7"},
		{"TARGETPLATFORM=linux/amd64 TARGETVARIANT=v3", "linux/amd64"},
		{"TARGETPLATFORM=linux/arm/v6 TARGETVARIANT=v5", "linux/arm/v6"},
		{"TARGETPLATFORM=linux TARGETPAIR=windows-arm64", "windows/arm64"},
		{"TARGETPLATFORM=linux/ TARGETARCH=s390x", "linux/s390x"},
		{"TARGETPLATFORM=/arm64 TARGETOS=darwin", "darwin/amd64"},
		{"TARGETPLATFORM= TARGETPAIR= TARGETOS= TARGETARCH= TARGETVARIANT=", "linux/amd64"},
		{"TARGETPAIR=linux-armv6", "linux/arm/v6"},
		{"TARGETPAIR=linux-armv6 TARGETVARIANT=v7", "linux/arm/v6"},
		{"TARGETPAIR=linux-arm TARGETVARIANT=v6", "linux/arm/v6"},
		{"TARGETPAIR=linux-amd64 TARGETOS=windows TARGETARCH=arm64 TARGETVARIANT=v2", "linux/amd64/v2"},
		{"TARGETPAIR=windows TARGETARCH=386", "windows/386"},
		{"TARGETPAIR=linux-amd64v3", "linux/amd64v3"},
		{"TARGETOS=windows", "windows/amd64"},
		{"TARGETARCH=arm", "linux/arm/v7"},
		{"TARGETARCH=arm TARGETVARIANT=v5", "linux/arm/v5"},
		{"TARGETVARIANT=v3", "linux/amd64/v3"},
		{"TARGETPLATFORM=linux/ppc64/power9", "linux/ppc64/power9"},
	} {
		got := xxinfo.Resolve(strings.Fields(test.env), nil, "x86_64").String()
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.env, got, test.want)
		}
	}
}

// TestNativeMachine shows the target when nothing is set, and that it is not cross there.
func TestNativeMachine(t *testing.T) {
	for march, want := range map[string]string{
		"x86_64": "linux/amd64", "aarch64": "linux/arm64", "armv7l": "linux/arm/v7", "armv6l": "linux/arm/v6", "armv5tel": "linux/arm/v5",
		"armv8l": "linux/arm/v8", "i686": "linux/386", "ppc64le": "linux/ppc64le", "s390x": "linux/s390x", "riscv64": "linux/riscv64",
		"loongarch64": "linux/loong64", "mips": "linux/mips", "mipsle": "linux/mipsle", "mips64": "linux/mips64", "mips64le": "linux/mips64le",
	} {
		target := xxinfo.Resolve(nil, nil, march)
		if target.String() != want || target.IsCross() || target.Check() != nil {
			t.Errorf("%s: %s, cross %v, %v; want %s", march, target, target.IsCross(), target.Check(), want)
		}
		for _, other := range []string{"linux/amd64", "linux/arm64", "linux/arm/v5", "windows/amd64", "darwin/arm64"} {
			cross := xxinfo.Resolve(host.Env{"TARGETPLATFORM=" + other}, nil, march)
			if other != want && !cross.IsCross() {
				t.Errorf("%s on %s is not cross", other, march)
			}
		}
	}
	// armv7l runs what is built for arm/v8, which has the same march.
	if xxinfo.Resolve(host.Env{"TARGETPLATFORM=linux/arm/v8"}, nil, "armv7l").IsCross() {
		t.Error("arm/v8 on armv7l is cross")
	}
}

// TestOverrides shows what each override changes, and on which platforms.
func TestOverrides(t *testing.T) {
	for _, test := range []struct{ system, env, command, want string }{
		{"debian", "XX_VENDOR=alpine TARGETPLATFORM=linux/arm64", "triple", "aarch64-alpine-linux-musl"},
		{"debian", "XX_VENDOR=alpine TARGETPLATFORM=linux/386", "pkg-arch", "x86"},
		{"alpine", "XX_VENDOR=debian TARGETPLATFORM=linux/arm", "triple", "arm-linux-gnueabihf"},
		{"debian", "XX_VENDOR=foo TARGETPLATFORM=linux/arm64", "triple", "aarch64-foo-linux-gnu"},
		{"debian", "XX_VENDOR=foo TARGETPLATFORM=linux/arm64", "vendor", "foo"},
		{"debian", "XX_VENDOR=foo TARGETPLATFORM=darwin/arm64", "vendor", "apple"},
		{"none", "XX_VENDOR=debian TARGETPLATFORM=linux/arm64", "triple", "aarch64-linux-gnu"},
		{"debian", "XX_VENDOR=foo TARGETPLATFORM=windows/amd64", "vendor", "foo"},
		{"debian", "XX_VENDOR=apple TARGETPLATFORM=linux/arm64", "triple", "aarch64-linux-gnu"},
		{"debian", "XX_LIBC=musl TARGETPLATFORM=linux/arm64", "triple", "aarch64-linux-musl"},
		{"debian", "XX_LIBC=musl TARGETPLATFORM=linux/arm/v6", "triple", "arm-linux-musleabi"},
		{"debian", "XX_LIBC=musl TARGETPLATFORM=linux/mips64le", "triple", "mips64el-linux-muslabi64"},
		{"alpine", "XX_LIBC=gnu TARGETPLATFORM=linux/arm", "triple", "armv7-alpine-linux-gnueabihf"},
		{"alpine", "XX_LIBC=gnu TARGETPLATFORM=linux/arm", "libc", "gnu"},
		{"debian", "XX_LIBC=musl TARGETPLATFORM=windows/amd64", "libc", "mingw32"},
		{"debian", "XX_LIBC=musl TARGETPLATFORM=windows/amd64", "triple", "x86_64-w64-mingw32"},
		{"debian", "XX_LIBC=mingw32 TARGETPLATFORM=linux/amd64", "triple", "x86_64-linux-gnu"},
		{"debian", "ARM_TARGET_ARCH=armv7a TARGETPLATFORM=linux/arm", "triple", "armv7a-linux-gnueabihf"},
		{"alpine", "ARM_TARGET_ARCH=arm TARGETPLATFORM=linux/arm/v6", "triple", "arm-alpine-linux-musleabihf"},
		{"debian", "ARM_TARGET_ARCH=armv7a TARGETPLATFORM=linux/arm64", "triple", "aarch64-linux-gnu"},
		{"debian", "RISCV64_TARGET_ARCH=riscv64gc TARGETPLATFORM=linux/riscv64", "triple", "riscv64gc-linux-gnu"},
		{"debian", "RISCV64_TARGET_ARCH=riscv64gc TARGETPLATFORM=linux/arm64", "triple", "aarch64-linux-gnu"},
		{"debian", "MACOSX_VERSION_MIN=10.14 TARGETPLATFORM=darwin/amd64", "triple", "x86_64-apple-macos10.14"},
		{"debian", "MACOSX_VERSION_MIN=12.3 TARGETPLATFORM=darwin/arm64", "triple", "arm64-apple-macos12.3"},
		{"debian", "MACOSX_VERSION_MIN=12.3 TARGETPLATFORM=linux/arm64", "triple", "aarch64-linux-gnu"},
	} {
		m := newMachine(t, osReleases[test.system], "x86_64", strings.Fields(test.env)...)
		if got, err := m.info(test.command); got != test.want || err != nil {
			t.Errorf("%s: %s %s: %q, %v; want %q", test.system, test.env, test.command, got, err, test.want)
		}
	}
}

func TestOSRelease(t *testing.T) {
	for content, want := range map[string]string{
		"ID=debian\nVERSION_ID=\"12\"\n":              "debian 12",
		"ID='alpine'\r\nVERSION_ID=3.22.1":            "alpine 3.22.1",
		"# ID=no\nNAME=x\nID=debian\n":                "debian unknown",
		"ID=debian\nVERSION_ID=\nID=ubuntu\n":         "ubuntu unknown",
		"VERSION_ID=1\n":                              "unknown 1",
		"ID=\"a\\\"b\"\nVERSION_ID='1'\\''2'\n":       "a\"b 1'2",
		"ID_LIKE=debian\nXID=no\nID=pop\nVERSION=1\n": "pop unknown",
	} {
		target := xxinfo.Resolve(nil, []byte(content), "x86_64")
		if got := target.Vendor + " " + target.OSVersion; got != want {
			t.Errorf("%q: %s, want %s", content, got, want)
		}
	}
}

func TestSysrootSDK(t *testing.T) {
	m := newMachine(t, osReleases["alpine"], "x86_64", "TARGETPLATFORM=darwin/arm64")
	for _, step := range []struct{ add, want string }{
		{"MacOSX.sdk", "/xx-sdk/MacOSX.sdk/"},
		{"MacOSX9.9.sdk", "/xx-sdk/MacOSX9.9.sdk/"},
		{"MacOSX13.3.sdk", "/xx-sdk/MacOSX13.3.sdk/"},
		{"MacOSX12.sdk", "/xx-sdk/MacOSX13.3.sdk/"},
	} {
		if err := os.MkdirAll(m.Path("/xx-sdk/"+step.add), 0o777); err != nil {
			t.Fatal(err)
		}
		if got, err := m.info("sysroot"); got != step.want || err != nil {
			t.Errorf("with %s: %s, %v; want %s", step.add, got, err, step.want)
		}
	}
}

// TestUnsupported shows that a target outside the table still has its plain parts.
func TestUnsupported(t *testing.T) {
	m := newMachine(t, osReleases["debian"], "x86_64", "TARGETPLATFORM=linux/ppc64")
	for command, want := range map[string]string{
		"os": "linux", "arch": "ppc64", "variant": "", "os-version": "12", "vendor": "debian", "libc": "gnu",
	} {
		if got, err := m.info(command); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", command, got, err, want)
		}
	}
	for _, command := range []string{"march", "triple", "pkg-arch", "alpine-arch", "debian-arch", "rhel-arch", "sysroot", "is-cross", "env", "env --json", "env --export", ""} {
		out, err := m.info(strings.Fields(command)...)
		if err == nil || err.Error() != "unsupported target: os=linux arch=ppc64 variant=" || out != "" {
			t.Errorf("%s: %q, %v", command, out, err)
		}
		if status := m.Report(err); status != 1 {
			t.Errorf("%s: exit status %d", command, status)
		}
	}
	m = newMachine(t, "", "alpha")
	if _, err := m.info("march"); err == nil || err.Error() != "unsupported target: os=linux arch=unknown variant=" {
		t.Errorf("on an unknown machine: %v", err)
	}
	if got, _ := m.info("arch"); got != "unknown" {
		t.Errorf("arch of an unknown machine: %s", got)
	}
}

// TestExport evaluates the output with the variables of a cross build for each
// platform: everything that it names belongs to the target.
func TestExport(t *testing.T) {
	for _, test := range []struct{ platform, system, program, want string }{
		{"linux/arm64", "debian", "", "CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ AR=aarch64-linux-gnu-ar PKG_CONFIG=aarch64-linux-gnu-pkg-config GOOS=linux GOARCH=arm64 CARGO_BUILD_TARGET=aarch64-unknown-linux-gnu CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc"},
		{"linux/arm/v6", "alpine", "armv6-alpine-linux-musleabihf-clang", "CC=armv6-alpine-linux-musleabihf-clang CXX=armv6-alpine-linux-musleabihf-clang++ LD=armv6-alpine-linux-musleabihf-ld STRIP=armv6-alpine-linux-musleabihf-strip GOARM=6 CARGO_BUILD_TARGET=arm-unknown-linux-musleabihf"},
		{"darwin/arm64", "debian", "", "CC=arm64-apple-macos11.0-clang CXX=arm64-apple-macos11.0-clang++ GOOS=darwin CARGO_BUILD_TARGET=aarch64-apple-darwin"},
		{"windows/amd64", "debian", "", "CC=x86_64-w64-mingw32-gcc WINDRES=x86_64-w64-mingw32-windres RC=x86_64-w64-mingw32-windres DLLTOOL=x86_64-w64-mingw32-dlltool"},
		{"linux/amd64/v3", "fedora", "", "CC=x86_64-linux-gnu-gcc GOAMD64=v3 XX_PKG_ARCH=x86_64 TARGETVARIANT=v3"},
	} {
		m := newMachine(t, osReleases[test.system], "x86_64", "TARGETPLATFORM="+test.platform, "PATH=/usr/bin")
		if test.program != "" {
			m.Program(test.program, "")
		}
		out, err := m.info("env", "--export")
		if err != nil {
			t.Errorf("%s: %v", test.platform, err)
		}
		lines := strings.Split(out, "\n")
		for _, want := range strings.Fields(test.want) {
			name, value, _ := strings.Cut(want, "=")
			if line := "export " + name + "='" + value + "'"; !slices.Contains(lines, line) {
				t.Errorf("%s: no line %s in\n%s", test.platform, line, out)
			}
		}
	}
}

func TestWrongCalls(t *testing.T) {
	m := newMachine(t, "", "x86_64")
	for call, want := range map[string]string{
		"foo":              `xx-info: unknown command "foo"` + "\nhint: commands are os, arch, variant,",
		"--foo":            `xx-info: unknown command "--foo"` + "\nhint: commands are os,",
		"os x":             `xx-info: "os" does not take "x"`,
		"env --yaml":       `xx-info: "env" does not take "--yaml"`,
		"list --json more": `xx-info: too many arguments after "list": "more"`,
	} {
		out, err := m.info(strings.Fields(call)...)
		if status := m.Report(err); status != 2 || out != "" || !strings.HasPrefix(m.Err.String(), want) {
			t.Errorf("%s: status %d, output %q, errors %q", call, status, out, m.Err.String())
		}
	}
	for _, call := range []string{"--help", "-h", "help"} {
		out, err := m.info(call)
		if err != nil || out != "" {
			t.Errorf("%s: %q, %v", call, out, err)
		}
		for _, command := range []string{"os-version", "rhel-arch", "is-cross", "--export"} {
			if !strings.Contains(m.Err.String(), command) {
				t.Errorf("%s does not mention %s", call, command)
			}
		}
	}
}
