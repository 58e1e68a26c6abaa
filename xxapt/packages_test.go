package xxapt

import (
	"strings"
	"testing"

	"xxkit/internal/host"
	"xxkit/triples"
	"xxkit/xxinfo"
)

const debian12 = "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"

// target returns a target on Debian 12 on amd64.
func target(t *testing.T, env string) xxinfo.Target {
	t.Helper()
	target := xxinfo.Resolve(host.Env(strings.Fields(env)), []byte(debian12), "x86_64")
	if err := target.Check(); err != nil {
		t.Fatal(err)
	}
	return target
}

// inArchive returns what apt-cache would say about packages, each of them NAME:ARCH[=VERSION].
func inArchive(packages ...string) archive {
	var show strings.Builder
	for _, p := range packages {
		p, version, _ := strings.Cut(p, "=")
		name, arch, _ := strings.Cut(p, ":")
		show.WriteString("Package: " + name + "\nVersion: " + first(version, "1") + "\nArchitecture: " + arch + "\nDescription: test\n Package: no field\n\n")
	}
	return parseShow(show.String())
}

func translateLine(tr translation, args string, a archive) string {
	l := parseLine(strings.Fields(args))
	var words []word
	for _, i := range l.operands {
		words = append(words, parseWord(l.args[i], l.command == "install" || l.command == "remove"))
	}
	got, _, skipped := tr.rewrite(l, words, a)
	s := strings.Join(got, " ")
	if len(skipped) > 0 {
		s += " skipped " + strings.Join(skipped, " ")
	}
	return s
}

// TestTranslateForEveryPlatform goes through the whole table, on machines of two architectures.
func TestTranslateForEveryPlatform(t *testing.T) {
	suffix := map[string]string{
		"amd64": "x86-64-linux-gnu", "arm64": "aarch64-linux-gnu", "armhf": "arm-linux-gnueabihf", "armel": "arm-linux-gnueabi",
		"i386": "i686-linux-gnu", "ppc64el": "powerpc64le-linux-gnu", "s390x": "s390x-linux-gnu", "riscv64": "riscv64-linux-gnu",
		"loong64": "loongarch64-linux-gnu", "mips": "mips-linux-gnu", "mipsel": "mipsel-linux-gnu",
		"mips64": "mips64-linux-gnuabi64", "mips64el": "mips64el-linux-gnuabi64",
	}
	for _, r := range triples.Rows() {
		if r.OS != "linux" {
			continue
		}
		for _, native := range []string{"amd64", "arm64"} {
			tr := newTranslation(target(t, "TARGETPLATFORM="+r.Platform.String()), native, false)
			arch := r.Debian
			a := inArchive("gcc:"+native, "gcc:"+arch, "zlib1g-dev:"+arch, "zlib1g-dev:"+native, "tzdata:all", "libc6-dev:"+arch,
				"gcc-"+suffix[arch]+":"+native, "libgcc-9-dev:"+arch, "libgcc-12-dev:"+arch, "libgcc-x-dev:"+arch, "libgcc-13-dev:sparc",
				"libstdc++-12-dev:"+arch, "libstdc++-6-dev:"+arch)
			want := "install gcc-" + suffix[arch] + " zlib1g-dev:" + arch + " tzdata nosuch:" + arch + " file:amd64"
			essentials := " libc6-dev:" + arch + " libgcc-12-dev:" + arch + " libstdc++-12-dev:" + arch
			if arch == native {
				want = "install gcc zlib1g-dev tzdata nosuch file:amd64"
				essentials = " libc6-dev libgcc-12-dev libstdc++-12-dev"
			}
			if got := translateLine(tr, "install gcc zlib1g-dev tzdata nosuch file:amd64 xx-c-essentials xx-cxx-essentials", a); got != want+essentials {
				t.Errorf("%s on %s:\n%s, want\n%s", r, native, got, want+essentials)
			}
		}
	}
}

// TestTranslate shows apt's grammar, and everything that decides what a package becomes.
func TestTranslate(t *testing.T) {
	a := inArchive("gcc:amd64", "gcc:arm64", "gcc-aarch64-linux-gnu:amd64", "g++:amd64", "g++-aarch64-linux-gnu:amd64", "cpp-12:amd64",
		"libc6-dev:amd64", "libc6-dev:arm64", "libc6-dev-arm64-cross:all", "musl-dev:arm64", "only-cross-arm64-cross:all", "only-cross:amd64",
		"zlib1g-dev:arm64", "tzdata:all", "was-all:all=1", "was-all:arm64=2", "libgcc-12-dev:arm64", "libgcc-13-dev-arm64-cross:all",
		"libstdc++-12-dev:arm64", "libstdc++6:arm64", "foreign-aarch64-linux-gnu:arm64")
	for _, test := range []struct{ env, line, want string }{
		// What hangs on a name stays with it.
		{"", "install zlib1g-dev=1:1.2.13.dfsg-1+b1", "install zlib1g-dev:arm64=1:1.2.13.dfsg-1+b1"},
		{"", "install zlib1g-dev/bookworm gcc=1", "install zlib1g-dev:arm64/bookworm gcc-aarch64-linux-gnu=1"},
		{"", "install zlib1g-dev+ zlib1g-dev- gcc- tzdata-", "install zlib1g-dev:arm64+ zlib1g-dev:arm64- gcc-aarch64-linux-gnu- tzdata-"},
		{"", "remove zlib1g-dev+", "remove zlib1g-dev:arm64+"},
		{"", "install g++ g++- libstdc++6 nosuch++", "install g++-aarch64-linux-gnu g++-aarch64-linux-gnu- libstdc++6:arm64 nosuch+:arm64+"},
		{"", "show g++ nosuch++", "show g++-aarch64-linux-gnu nosuch++:arm64"},
		{"", "install tzdata=1 was-all=1 was-all=2 was-all", "install tzdata=1 was-all=1 was-all:arm64=2 was-all:arm64"},
		// What is for apt as it is.
		{"", "install zlib1g-dev:amd64 zlib1g-dev:arm64=1 zlib1g-dev:any x:amd64-", "install zlib1g-dev:amd64 zlib1g-dev:arm64=1 zlib1g-dev:any x:amd64-"},
		{"", "install ./a.deb ../b_1:2_arm64.deb /c/d.deb", "install ./a.deb ../b_1:2_arm64.deb /c/d.deb"},
		{"", "install -t bookworm -o A=b -q 2 gcc", "install -t bookworm -o A=b -q 2 gcc-aarch64-linux-gnu"},
		{"", "install -- gcc", "install -- gcc-aarch64-linux-gnu"},
		// Several packages at once.
		{"", "install zlib* lib[a-c]-dev? ^zlib1g$ server^ lib.*-dev- zlib*/bookworm", "install zlib*:arm64 lib[a-c]-dev?:arm64 ^zlib1g$:arm64 server^:arm64 lib.*-dev:arm64- zlib*:arm64/bookworm"},
		{"", "install ?name(x) ~nx !~nx", "install ?and(?architecture(arm64),?name(x)) ?and(?architecture(arm64),~nx) ?and(?architecture(arm64),!~nx)"},
		{"", "install ?architecture(amd64) ~nx~ramd64", "install ?architecture(amd64) ~nx~ramd64"},
		// Cross packages.
		{"", "install libc6-dev only-cross foreign cpp-12", "install libc6-dev:arm64 only-cross-arm64-cross foreign:arm64 cpp-12:arm64"},
		{"XX_APT_PREFER_CROSS=1", "install libc6-dev gcc zlib1g-dev xx-c-essentials", "install libc6-dev-arm64-cross gcc-aarch64-linux-gnu zlib1g-dev:arm64 libc6-dev-arm64-cross libgcc-13-dev-arm64-cross"},
		{"", "install xx-c-essentials xx-cxx-essentials", "install libc6-dev:arm64 libgcc-12-dev:arm64 libstdc++-12-dev:arm64"},
		{"", "remove xx-c-essentials-", "remove libc6-dev:arm64- libgcc-12-dev:arm64-"},
		// Another libc or vendor: Debian's tools are still those for the processor.
		{"XX_LIBC=musl", "install gcc xx-c-essentials", "install gcc-aarch64-linux-gnu musl-dev:arm64 libgcc-12-dev:arm64"},
		{"XX_VENDOR=acme", "install gcc", "install gcc-aarch64-linux-gnu"},
		// Commands that look.
		{"", "search gcc zlib1g-dev ^zlib", "search gcc-aarch64-linux-gnu zlib1g-dev ^zlib"},
		{"", "show zlib1g-dev gcc tzdata", "show zlib1g-dev:arm64 gcc-aarch64-linux-gnu tzdata"},
		{"", "info zlib1g-dev", "info zlib1g-dev:arm64"},
		{"", "list zlib1g-dev gcc tzdata zlib*", "list ?and(?architecture(arm64),?exact-name(zlib1g-dev)) gcc-aarch64-linux-gnu tzdata zlib*"},
		{"", "list", "list"},
	} {
		env := strings.TrimSpace("TARGETPLATFORM=linux/arm64 " + test.env)
		tr := newTranslation(target(t, env), "amd64", strings.Contains(env, "PREFER_CROSS"))
		if got := translateLine(tr, test.line, a); got != test.want {
			t.Errorf("%s %s:\n%s, want\n%s", test.env, test.line, got, test.want)
		}
	}
}

func TestTranslateForWindows(t *testing.T) {
	a := inArchive("gcc-mingw-w64-x86-64:all", "gcc-mingw-w64-x86-64-posix:amd64", "g++-mingw-w64-x86-64:all", "g++-mingw-w64-x86-64-posix:amd64",
		"gcc-mingw-w64-i686:all", "g++-mingw-w64-i686:all", "binutils-mingw-w64-i686:amd64", "mingw-w64-x86-64-dev:all", "mingw-w64-i686-dev:all",
		"libz-mingw-w64-dev:all", "libgcrypt-mingw-w64-dev:all", "libnpth-mingw-w64-dev:all", "tzdata:all", "file:amd64")
	for _, test := range []struct{ arch, line, want string }{
		{"amd64", "install gcc=1 g++ zlib1g-dev", "install gcc-mingw-w64-x86-64=1 g++-mingw-w64-x86-64 libz-mingw-w64-dev"},
		{"amd64", "install libgcrypt20-dev libnpth-dev libc6-dev", "install libgcrypt-mingw-w64-dev libnpth-mingw-w64-dev mingw-w64-x86-64-dev"},
		{"amd64", "install -y tzdata gcc zlib* file:amd64 ./a.deb", "install -y gcc-mingw-w64-x86-64 file:amd64 ./a.deb skipped tzdata zlib*"},
		{"amd64", "install xx-c-essentials xx-cxx-essentials", "install mingw-w64-x86-64-dev gcc-mingw-w64-x86-64-posix g++-mingw-w64-x86-64-posix"},
		{"386", "install xx-c-essentials xx-cxx-essentials binutils", "install mingw-w64-i686-dev gcc-mingw-w64-i686 g++-mingw-w64-i686 binutils-mingw-w64-i686"},
		{"386", "search gcc tzdata", "search gcc-mingw-w64-i686 tzdata"},
		{"arm64", "install gcc xx-c-essentials", "install skipped gcc xx-c-essentials"},
		{"arm", "install gcc", "install skipped gcc"},
	} {
		tr := newTranslation(target(t, "TARGETPLATFORM=windows/"+test.arch), "amd64", false)
		if got := translateLine(tr, test.line, a); got != test.want {
			t.Errorf("windows/%s %s:\n%s, want\n%s", test.arch, test.line, got, test.want)
		}
	}
}

// TestQuestions shows that all names are asked for at once, and none that is not needed.
func TestQuestions(t *testing.T) {
	for _, test := range []struct{ env, line, want string }{
		{"TARGETPLATFORM=linux/arm64", "install gcc ./x.deb y:amd64 z* ?name(z)",
			"gcc-aarch64-linux-gnu gcc-arm64-cross gcc:arm64 gcc"},
		{"TARGETPLATFORM=linux/arm64", "install x+ x",
			"x+-aarch64-linux-gnu x+-arm64-cross x+:arm64 x+ x-aarch64-linux-gnu x-arm64-cross x:arm64 x"},
		{"TARGETPLATFORM=linux/arm64", "install xx-c-essentials",
			"libc6-dev-aarch64-linux-gnu libc6-dev-arm64-cross libc6-dev:arm64 libc6-dev " +
				"?or(?and(?architecture(arm64),?name(^libgcc-[0-9]+-dev$)),?name(^libgcc-[0-9]+-dev-arm64-cross$))"},
		{"TARGETPLATFORM=linux/arm64", "install", ""},
		{"TARGETPLATFORM=linux/amd64", "install gcc", ""},
		{"TARGETPLATFORM=linux/amd64", "install xx-cxx-essentials", "?or(?and(?architecture(amd64),?name(^libstdc[+][+]-[0-9]+-dev$)),?name(^libstdc[+][+]-[0-9]+-dev-amd64-cross$))"},
		{"TARGETPLATFORM=windows/amd64", "install gcc xx-c-essentials xx-cxx-essentials",
			"gcc-mingw-w64-x86-64 gcc-mingw-w64-x86-64-posix mingw-w64-x86-64-dev g++-mingw-w64-x86-64 g++-mingw-w64-x86-64-posix"},
	} {
		tr := newTranslation(target(t, test.env), "amd64", false)
		l := parseLine(strings.Fields(test.line))
		var words []word
		for _, i := range l.operands {
			words = append(words, parseWord(l.args[i], true))
		}
		if got := strings.Join(tr.questions(words), " "); got != test.want {
			t.Errorf("%s %s: %s, want\n%s", test.env, test.line, got, test.want)
		}
	}
}

// TestSkip shows for which targets there is nothing to do.
func TestSkip(t *testing.T) {
	for _, test := range []struct {
		platform, osRelease string
		force               bool
		want                string
	}{
		{"linux/riscv64", debian12, false, "skipped: Debian 12 has no packages for linux/riscv64, Debian 13 is the first; XX_APT_FORCE_RISCV64=1 tries all the same"},
		{"linux/riscv64", debian12, true, ""},
		{"linux/riscv64", "ID=debian\nVERSION_ID=13\n", false, ""},
		{"linux/riscv64", "ID=debian\n", false, ""}, // testing and unstable have no number
		{"linux/riscv64", "ID=ubuntu\nVERSION_ID=22.04\n", false, ""},
		{"linux/mips64le", debian12, true, ""},
		{"linux/mips64le", debian12, false, "skipped: Debian 13 and Ubuntu have no packages for linux/mips64le; XX_APT_FORCE_MIPS=1 tries all the same"},
		{"linux/mips/softfloat", debian12, false, "skipped: Debian 13 and Ubuntu have no packages for linux/mips/softfloat; XX_APT_FORCE_MIPS=1 tries all the same"},
		{"windows/amd64", debian12, false, ""},
		{"linux/arm64", debian12, false, ""},
	} {
		target := xxinfo.Resolve(host.Env{"TARGETPLATFORM=" + test.platform}, []byte(test.osRelease), "x86_64")
		if got := skip(target, newTranslation(target, "amd64", false), func(string) bool { return test.force }); got != test.want {
			t.Errorf("%s: %q, want %q", test.platform, got, test.want)
		}
		native := newTranslation(target, target.Row.Debian, false)
		if got := skip(target, native, func(string) bool { return false }); target.OS == "linux" && got != "" {
			t.Errorf("%s on such a machine: %q", test.platform, got)
		}
	}
}
