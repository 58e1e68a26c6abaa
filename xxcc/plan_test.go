package xxcc

import (
	"slices"
	"strings"
	"testing"

	"xxkit/triples"
)

// lines is clang's configuration for every platform, with lld of LLVM 14 and with GNU ld, on Debian and Alpine.
var lines = map[string]struct{ debian, debianGNU, alpine, alpineGNU string }{
	"linux/amd64": {
		"--target=x86_64-linux-gnu -fuse-ld=lld", "--target=x86_64-linux-gnu -fuse-ld=/ld",
		"--target=x86_64-alpine-linux-musl -fuse-ld=lld", "--target=x86_64-alpine-linux-musl -fuse-ld=/ld",
	},
	"linux/arm64": {
		"--target=aarch64-linux-gnu -fuse-ld=lld", "--target=aarch64-linux-gnu -fuse-ld=/ld",
		"--target=aarch64-alpine-linux-musl -fuse-ld=lld --sysroot=/aarch64-alpine-linux-musl/",
		"--target=aarch64-alpine-linux-musl -fuse-ld=/ld --sysroot=/aarch64-alpine-linux-musl/ -Wl,-rpath-link,/aarch64-alpine-linux-musl/usr/lib",
	},
	"linux/arm/v7": {
		"--target=arm-linux-gnueabihf -fuse-ld=lld", "--target=arm-linux-gnueabihf -fuse-ld=/ld",
		"--target=armv7-alpine-linux-musleabihf -fuse-ld=lld --sysroot=/armv7-alpine-linux-musleabihf/",
		"--target=armv7-alpine-linux-musleabihf -fuse-ld=/ld --sysroot=/armv7-alpine-linux-musleabihf/ -Wl,-rpath-link,/armv7-alpine-linux-musleabihf/usr/lib",
	},
	"linux/arm/v6": {
		"--target=arm-linux-gnueabi -fuse-ld=lld -Wl,-l:libatomic.a", "--target=arm-linux-gnueabi -fuse-ld=/ld",
		"--target=armv6-alpine-linux-musleabihf -fuse-ld=lld --sysroot=/armv6-alpine-linux-musleabihf/",
		"--target=armv6-alpine-linux-musleabihf -fuse-ld=/ld --sysroot=/armv6-alpine-linux-musleabihf/ -Wl,-rpath-link,/armv6-alpine-linux-musleabihf/usr/lib",
	},
	"linux/arm/v5": {
		"--target=arm-linux-gnueabi -fuse-ld=lld -Wl,-l:libatomic.a", "--target=arm-linux-gnueabi -fuse-ld=/ld",
		"--target=armv5-alpine-linux-musleabi -fuse-ld=lld --sysroot=/armv5-alpine-linux-musleabi/",
		"--target=armv5-alpine-linux-musleabi -fuse-ld=/ld --sysroot=/armv5-alpine-linux-musleabi/ -Wl,-rpath-link,/armv5-alpine-linux-musleabi/usr/lib",
	},
	"linux/386": {
		"--target=i686-linux-gnu -fuse-ld=lld", "--target=i686-linux-gnu -fuse-ld=/ld",
		"--target=i586-alpine-linux-musl -fuse-ld=lld --sysroot=/i586-alpine-linux-musl/",
		"--target=i586-alpine-linux-musl -fuse-ld=/ld --sysroot=/i586-alpine-linux-musl/ -Wl,-rpath-link,/i586-alpine-linux-musl/usr/lib",
	},
	"linux/ppc64le": {
		"--target=powerpc64le-linux-gnu -fuse-ld=lld", "--target=powerpc64le-linux-gnu -fuse-ld=/ld",
		"--target=powerpc64le-alpine-linux-musl -fuse-ld=lld --sysroot=/powerpc64le-alpine-linux-musl/",
		"--target=powerpc64le-alpine-linux-musl -fuse-ld=/ld --sysroot=/powerpc64le-alpine-linux-musl/ -Wl,-rpath-link,/powerpc64le-alpine-linux-musl/usr/lib",
	},
	"linux/s390x": {
		"--target=s390x-linux-gnu -fuse-ld=lld", "--target=s390x-linux-gnu -fuse-ld=/ld",
		"--target=s390x-alpine-linux-musl -fuse-ld=lld --sysroot=/s390x-alpine-linux-musl/",
		"--target=s390x-alpine-linux-musl -fuse-ld=/ld --sysroot=/s390x-alpine-linux-musl/ -Wl,-rpath-link,/s390x-alpine-linux-musl/usr/lib",
	},
	"linux/riscv64": {
		"--target=riscv64-linux-gnu -fuse-ld=lld", "--target=riscv64-linux-gnu -fuse-ld=/ld",
		"--target=riscv64-alpine-linux-musl -fuse-ld=lld --sysroot=/riscv64-alpine-linux-musl/",
		"--target=riscv64-alpine-linux-musl -fuse-ld=/ld --sysroot=/riscv64-alpine-linux-musl/ -Wl,-rpath-link,/riscv64-alpine-linux-musl/usr/lib",
	},
	"linux/loong64": {
		"--target=loongarch64-linux-gnu -fuse-ld=lld", "--target=loongarch64-linux-gnu -fuse-ld=/ld",
		"--target=loongarch64-alpine-linux-musl -fuse-ld=lld --sysroot=/loongarch64-alpine-linux-musl/",
		"--target=loongarch64-alpine-linux-musl -fuse-ld=/ld --sysroot=/loongarch64-alpine-linux-musl/ -Wl,-rpath-link,/loongarch64-alpine-linux-musl/usr/lib",
	},
	"linux/mips": {
		"--target=mips-linux-gnu -fuse-ld=lld -Wl,-z,notext", "--target=mips-linux-gnu -fuse-ld=/ld",
		"--target=mips-alpine-linux-musl -fuse-ld=lld --sysroot=/mips-alpine-linux-musl/ -Wl,-z,notext",
		"--target=mips-alpine-linux-musl -fuse-ld=/ld --sysroot=/mips-alpine-linux-musl/ -Wl,-rpath-link,/mips-alpine-linux-musl/usr/lib",
	},
	"linux/mipsle": {
		"--target=mipsel-linux-gnu -fuse-ld=lld -Wl,-z,notext", "--target=mipsel-linux-gnu -fuse-ld=/ld",
		"--target=mipsel-alpine-linux-musl -fuse-ld=lld --sysroot=/mipsel-alpine-linux-musl/ -Wl,-z,notext",
		"--target=mipsel-alpine-linux-musl -fuse-ld=/ld --sysroot=/mipsel-alpine-linux-musl/ -Wl,-rpath-link,/mipsel-alpine-linux-musl/usr/lib",
	},
	"linux/mips64": {
		"--target=mips64-linux-gnuabi64 -fuse-ld=lld -Wl,-z,notext", "--target=mips64-linux-gnuabi64 -fuse-ld=/ld",
		"--target=mips64-alpine-linux-muslabi64 -fuse-ld=lld --sysroot=/mips64-alpine-linux-muslabi64/ -Wl,-z,notext",
		"--target=mips64-alpine-linux-muslabi64 -fuse-ld=/ld --sysroot=/mips64-alpine-linux-muslabi64/ -Wl,-rpath-link,/mips64-alpine-linux-muslabi64/usr/lib",
	},
	"linux/mips64le": {
		"--target=mips64el-linux-gnuabi64 -fuse-ld=lld -Wl,-z,notext", "--target=mips64el-linux-gnuabi64 -fuse-ld=/ld",
		"--target=mips64el-alpine-linux-muslabi64 -fuse-ld=lld --sysroot=/mips64el-alpine-linux-muslabi64/ -Wl,-z,notext",
		"--target=mips64el-alpine-linux-muslabi64 -fuse-ld=/ld --sysroot=/mips64el-alpine-linux-muslabi64/ -Wl,-rpath-link,/mips64el-alpine-linux-muslabi64/usr/lib",
	},
	"darwin/amd64": {
		"--target=x86_64-apple-macos10.6 -fuse-ld=lld -isysroot /xx-sdk/MacOSX11.1.sdk/ -stdlib=libc++", "--target=x86_64-apple-macos10.6 -fuse-ld=/ld -isysroot /xx-sdk/MacOSX11.1.sdk/ -stdlib=libc++",
		"--target=x86_64-apple-macos10.6 -fuse-ld=lld -isysroot /xx-sdk/MacOSX11.1.sdk/ -stdlib=libc++", "--target=x86_64-apple-macos10.6 -fuse-ld=/ld -isysroot /xx-sdk/MacOSX11.1.sdk/ -stdlib=libc++",
	},
	"darwin/arm64": {
		"--target=arm64-apple-macos11.0 -fuse-ld=lld -isysroot /xx-sdk/MacOSX11.1.sdk/ -stdlib=libc++", "--target=arm64-apple-macos11.0 -fuse-ld=/ld -isysroot /xx-sdk/MacOSX11.1.sdk/ -stdlib=libc++",
		"--target=arm64-apple-macos11.0 -fuse-ld=lld -isysroot /xx-sdk/MacOSX11.1.sdk/ -stdlib=libc++", "--target=arm64-apple-macos11.0 -fuse-ld=/ld -isysroot /xx-sdk/MacOSX11.1.sdk/ -stdlib=libc++",
	},
	"windows/amd64": {
		"--target=x86_64-w64-mingw32 -fuse-ld=lld -I/usr/x86_64-w64-mingw32/include -L/usr/x86_64-w64-mingw32/lib", "--target=x86_64-w64-mingw32 -fuse-ld=/ld -I/usr/x86_64-w64-mingw32/include -L/usr/x86_64-w64-mingw32/lib",
		"--target=x86_64-w64-mingw32 -fuse-ld=lld -I/usr/x86_64-w64-mingw32/include -L/usr/x86_64-w64-mingw32/lib", "--target=x86_64-w64-mingw32 -fuse-ld=/ld -I/usr/x86_64-w64-mingw32/include -L/usr/x86_64-w64-mingw32/lib",
	},
	"windows/386": {
		"--target=i686-w64-mingw32 -fuse-ld=lld -I/usr/i686-w64-mingw32/include -L/usr/i686-w64-mingw32/lib", "--target=i686-w64-mingw32 -fuse-ld=/ld -I/usr/i686-w64-mingw32/include -L/usr/i686-w64-mingw32/lib",
		"--target=i686-w64-mingw32 -fuse-ld=lld -I/usr/i686-w64-mingw32/include -L/usr/i686-w64-mingw32/lib", "--target=i686-w64-mingw32 -fuse-ld=/ld -I/usr/i686-w64-mingw32/include -L/usr/i686-w64-mingw32/lib",
	},
	"windows/arm64": {
		"--target=aarch64-w64-mingw32 -fuse-ld=lld -I/usr/aarch64-w64-mingw32/include -L/usr/aarch64-w64-mingw32/lib", "--target=aarch64-w64-mingw32 -fuse-ld=/ld -I/usr/aarch64-w64-mingw32/include -L/usr/aarch64-w64-mingw32/lib",
		"--target=aarch64-w64-mingw32 -fuse-ld=lld -I/usr/aarch64-w64-mingw32/include -L/usr/aarch64-w64-mingw32/lib", "--target=aarch64-w64-mingw32 -fuse-ld=/ld -I/usr/aarch64-w64-mingw32/include -L/usr/aarch64-w64-mingw32/lib",
	},
	"windows/arm": {
		"--target=armv7-w64-mingw32 -fuse-ld=lld -I/usr/armv7-w64-mingw32/include -L/usr/armv7-w64-mingw32/lib", "--target=armv7-w64-mingw32 -fuse-ld=/ld -I/usr/armv7-w64-mingw32/include -L/usr/armv7-w64-mingw32/lib",
		"--target=armv7-w64-mingw32 -fuse-ld=lld -I/usr/armv7-w64-mingw32/include -L/usr/armv7-w64-mingw32/lib", "--target=armv7-w64-mingw32 -fuse-ld=/ld -I/usr/armv7-w64-mingw32/include -L/usr/armv7-w64-mingw32/lib",
	},
}

func TestConfig(t *testing.T) {
	lld, gnu := linker{flag: "lld", lld: true}, linker{flag: "/ld"}
	for _, row := range triples.Rows() {
		want, ok := lines[row.Platform.String()]
		if !ok {
			t.Errorf("no line for %s", row.Platform)
			continue
		}
		for _, test := range []struct {
			distribution string
			linker       linker
			want         string
		}{{"debian", lld, want.debian}, {"debian", gnu, want.debianGNU}, {"alpine", lld, want.alpine}, {"alpine", gnu, want.alpineGNU}} {
			target := target(test.distribution, "TARGETPLATFORM="+row.Platform.String())
			if got := config(target, test.linker, target.Sysroot(nil), fake{}); got != test.want {
				t.Errorf("%s %s: %q, want %q", test.distribution, row.Platform, got, test.want)
			}
		}
	}
}

// TestConfigDetails shows what depends on more than platform, distribution and linker.
func TestConfigDetails(t *testing.T) {
	for _, test := range []struct {
		env     string
		machine fake
		want    string
	}{
		{"TARGETPLATFORM=linux/riscv64 RISCV64_TARGET_ARCH=riscv64gc", nil, "--target=riscv64-linux-gnu -fuse-ld=lld"},
		{"TARGETPLATFORM=linux/arm/v6", fake{"llvm 16"}, "--target=arm-linux-gnueabi -fuse-ld=lld"},
		{"TARGETPLATFORM=linux/arm64 XX_LIBC=musl", nil, "--target=aarch64-linux-musl -fuse-ld=lld -nostdlibinc -isystem /usr/include/aarch64-linux-musl -B/usr/lib/aarch64-linux-musl -L/usr/lib/aarch64-linux-musl"},
		{"XX_LIBC=musl", nil, "--target=x86_64-linux-musl -fuse-ld=lld -nostdlibinc -isystem /usr/include/x86_64-linux-musl -B/usr/lib/x86_64-linux-musl -L/usr/lib/x86_64-linux-musl"},
		{"TARGETPLATFORM=linux/386 XX_LIBC=musl", nil, "--target=i686-linux-musl -fuse-ld=lld -nostdlibinc -isystem /usr/include/i386-linux-musl -B/usr/lib/i386-linux-musl -L/usr/lib/i386-linux-musl"},
		{"TARGETPLATFORM=linux/mips64le XX_LIBC=musl", nil, "--target=mips64el-linux-muslabi64 -fuse-ld=lld -nostdlibinc -isystem /usr/include/mips64el-linux-musl -B/usr/lib/mips64el-linux-musl -L/usr/lib/mips64el-linux-musl -Wl,-z,notext"},
		{"TARGETPLATFORM=windows/amd64", fake{"/usr/lib/gcc/x86_64-w64-mingw32/9-posix", "/usr/lib/gcc/x86_64-w64-mingw32/12-posix", "/usr/lib/gcc/x86_64-w64-mingw32/12-win32"},
			"--target=x86_64-w64-mingw32 -fuse-ld=lld -I/usr/x86_64-w64-mingw32/include -L/usr/x86_64-w64-mingw32/lib -L/usr/lib/gcc/x86_64-w64-mingw32/12-posix" +
				" -stdlib++-isystem /usr/lib/gcc/x86_64-w64-mingw32/12-posix/include/c++ -stdlib++-isystem /usr/lib/gcc/x86_64-w64-mingw32/12-posix/include/c++/x86_64-w64-mingw32 -stdlib++-isystem /usr/lib/gcc/x86_64-w64-mingw32/12-posix/include/c++/backward"},
		{"TARGETPLATFORM=windows/386", fake{"/usr/lib/gcc/i686-w64-mingw32/13.2.0"}, "--target=i686-w64-mingw32 -fuse-ld=lld -I/usr/i686-w64-mingw32/include -L/usr/i686-w64-mingw32/lib"},
		{"TARGETPLATFORM=darwin/amd64 MACOSX_VERSION_MIN=10.15", nil, "--target=x86_64-apple-macos10.15 -fuse-ld=lld -isysroot /xx-sdk/MacOSX13.3.sdk/ -stdlib=libc++"},
	} {
		target := target("debian", test.env)
		if got := config(target, linker{flag: "lld", lld: true}, target.Sysroot([]string{"/xx-sdk/MacOSX13.3.sdk"}), test.machine); got != test.want {
			t.Errorf("%s: %q, want %q", test.env, got, test.want)
		}
	}
}

// debian is a machine with clang, lld and llvm as Debian installs them, and xx.
var debian = fake{
	"xx", "xx-clang>xx", "xx-clang++>xx", "xx-windres>xx",
	"clang>/usr/lib/llvm-14/bin/clang", "/usr/lib/llvm-14/bin/clang",
	"ld.lld>/usr/lib/llvm-14/bin/lld", "/usr/lib/llvm-14/bin/lld", "/usr/lib/llvm-14/bin/ld64.lld>lld",
	"llvm-ar", "llvm-strip", "/usr/lib/llvm-14/bin/llvm-nm", "/usr/lib/llvm-14/bin/llvm-rc", "pkg-config",
}

func TestPlan(t *testing.T) {
	for _, test := range []struct {
		name, env string
		more      fake
		want      []string
	}{
		{"cross", "TARGETPLATFORM=linux/arm64", nil, []string{
			"/usr/bin/aarch64-linux-gnu.cfg: --target=aarch64-linux-gnu -fuse-ld=lld",
			"/usr/lib/llvm-14/bin/aarch64-linux-gnu.cfg: --target=aarch64-linux-gnu -fuse-ld=lld",
			"/etc/llvm/xx-default.cfg: -fuse-ld=lld",
			"/usr/local/bin/clang -> /usr/bin/xx-clang",
			"/usr/bin/aarch64-linux-gnu-clang -> xx",
			"/usr/local/bin/clang++ -> /usr/bin/xx-clang++",
			"/usr/bin/aarch64-linux-gnu-clang++ -> xx",
			"/usr/bin/aarch64-linux-gnu-ar -> llvm-ar",
			"/usr/bin/aarch64-linux-gnu-nm -> /usr/lib/llvm-14/bin/llvm-nm",
			"/usr/bin/aarch64-linux-gnu-strip -> llvm-strip",
			"/usr/bin/aarch64-linux-gnu-as -> xx",
			"/usr/bin/aarch64-linux-gnu-ld -> ld.lld",
			"/usr/bin/aarch64-linux-gnu-pkg-config -> xx",
		}},
		{"names that are taken", "TARGETPLATFORM=linux/arm64", fake{
			"/usr/local/bin/clang", "/usr/local/bin/clang++>/opt/clang++", "aarch64-linux-gnu-ld", "aarch64-linux-gnu-as>/opt/as", "/opt/as",
			"aarch64-linux-gnu-ar>llvm-ar", "aarch64-linux-gnu-nm>gone", "aarch64-linux-gnu-strip", "aarch64-linux-gnu-pkg-config", "aarch64-linux-gnu-clang", "aarch64-linux-gnu-clang++>xx",
		}, []string{
			"/usr/bin/aarch64-linux-gnu.cfg: --target=aarch64-linux-gnu -fuse-ld=lld",
			"/usr/lib/llvm-14/bin/aarch64-linux-gnu.cfg: --target=aarch64-linux-gnu -fuse-ld=lld",
			"/etc/llvm/xx-default.cfg: -fuse-ld=lld",
			"/usr/bin/aarch64-linux-gnu-clang++ -> xx",
			"/usr/bin/aarch64-linux-gnu-ar -> llvm-ar",
			"/usr/bin/aarch64-linux-gnu-nm -> /usr/lib/llvm-14/bin/llvm-nm",
		}},
		{"native", "", nil, []string{
			"/usr/bin/x86_64-linux-gnu.cfg: --target=x86_64-linux-gnu -fuse-ld=lld",
			"/usr/lib/llvm-14/bin/x86_64-linux-gnu.cfg: --target=x86_64-linux-gnu -fuse-ld=lld",
			"/etc/llvm/xx-default.cfg: -fuse-ld=lld",
			"/usr/local/bin/clang -> /usr/bin/xx-clang",
			"/usr/bin/x86_64-linux-gnu-clang -> xx",
			"/usr/local/bin/clang++ -> /usr/bin/xx-clang++",
			"/usr/bin/x86_64-linux-gnu-clang++ -> xx",
			"/usr/bin/x86_64-linux-gnu-ar -> llvm-ar",
			"/usr/bin/x86_64-linux-gnu-nm -> /usr/lib/llvm-14/bin/llvm-nm",
			"/usr/bin/x86_64-linux-gnu-strip -> llvm-strip",
			"/usr/bin/x86_64-linux-gnu-as -> xx",
			"/usr/bin/x86_64-linux-gnu-ld -> ld.lld",
			"/usr/bin/x86_64-linux-gnu-pkg-config -> pkg-config",
		}},
		{"a linker for several", "TARGETPLATFORM=linux/arm64 XX_CC_PREFER_LINKER=ld", fake{"ld", "ld -V: aarch64linux elf_x86_64"}, []string{
			"/usr/bin/aarch64-linux-gnu.cfg: --target=aarch64-linux-gnu -fuse-ld=/usr/bin/aarch64-linux-gnu-ld",
			"/usr/lib/llvm-14/bin/aarch64-linux-gnu.cfg: --target=aarch64-linux-gnu -fuse-ld=/usr/bin/aarch64-linux-gnu-ld",
			"/etc/llvm/xx-default.cfg: -fuse-ld=/usr/bin/x86_64-linux-gnu-ld",
			"/usr/bin/x86_64-linux-gnu-ld -> ld",
			"/usr/local/bin/clang -> /usr/bin/xx-clang",
			"/usr/bin/aarch64-linux-gnu-clang -> xx",
			"/usr/local/bin/clang++ -> /usr/bin/xx-clang++",
			"/usr/bin/aarch64-linux-gnu-clang++ -> xx",
			"/usr/bin/aarch64-linux-gnu-ar -> llvm-ar",
			"/usr/bin/aarch64-linux-gnu-nm -> /usr/lib/llvm-14/bin/llvm-nm",
			"/usr/bin/aarch64-linux-gnu-strip -> llvm-strip",
			"/usr/bin/aarch64-linux-gnu-as -> xx",
			"/usr/bin/aarch64-linux-gnu-ld -> ld",
			"/usr/bin/aarch64-linux-gnu-pkg-config -> xx",
		}},
		{"windows", "TARGETPLATFORM=windows/386", nil, []string{
			"/usr/bin/i686-w64-mingw32.cfg: --target=i686-w64-mingw32 -fuse-ld=lld -I/usr/i686-w64-mingw32/include -L/usr/i686-w64-mingw32/lib",
			"/usr/lib/llvm-14/bin/i686-w64-mingw32.cfg: --target=i686-w64-mingw32 -fuse-ld=lld -I/usr/i686-w64-mingw32/include -L/usr/i686-w64-mingw32/lib",
			"/etc/llvm/xx-default.cfg: -fuse-ld=lld",
			"/usr/local/bin/clang -> /usr/bin/xx-clang",
			"/usr/bin/i686-w64-mingw32-clang -> xx",
			"/usr/local/bin/clang++ -> /usr/bin/xx-clang++",
			"/usr/bin/i686-w64-mingw32-clang++ -> xx",
			"/usr/bin/i686-w64-mingw32-ar -> llvm-ar",
			"/usr/bin/i686-w64-mingw32-nm -> /usr/lib/llvm-14/bin/llvm-nm",
			"/usr/bin/i686-w64-mingw32-strip -> llvm-strip",
			"/usr/bin/i686-w64-mingw32-as -> xx",
			"/usr/bin/i686-w64-mingw32-ld -> ld.lld",
			"/usr/bin/i686-w64-mingw32-windres -> xx-windres",
			"/usr/bin/i686-w64-mingw32-pkg-config -> xx",
		}},
		{"darwin, where names mislead LLVM's tools", "TARGETPLATFORM=darwin/arm64", nil, []string{
			"/usr/bin/arm64-apple-macos11.0.cfg: --target=arm64-apple-macos11.0 -fuse-ld=lld -isysroot /xx-sdk/MacOSX11.1.sdk/ -stdlib=libc++",
			"/usr/lib/llvm-14/bin/arm64-apple-macos11.0.cfg: --target=arm64-apple-macos11.0 -fuse-ld=lld -isysroot /xx-sdk/MacOSX11.1.sdk/ -stdlib=libc++",
			"/etc/llvm/xx-default.cfg: -fuse-ld=lld",
			"/usr/local/bin/clang -> /usr/bin/xx-clang",
			"/usr/bin/arm64-apple-macos11.0-clang -> xx",
			"/usr/local/bin/clang++ -> /usr/bin/xx-clang++",
			"/usr/bin/arm64-apple-macos11.0-clang++ -> xx",
			"/usr/bin/arm64-apple-macos11.0-ar -> xx",
			"/usr/bin/arm64-apple-macos11.0-nm -> xx",
			"/usr/bin/arm64-apple-macos11.0-strip -> xx",
			"/usr/bin/arm64-apple-macos11.0-as -> xx",
			"/usr/bin/arm64-apple-macos11.0-pkg-config -> xx",
			"/usr/bin/xcrun -> xx",
		}},
		{"darwin with ld64", "TARGETPLATFORM=darwin/arm64", fake{"ld64", "xcrun"}, []string{
			"/usr/bin/arm64-apple-macos11.0.cfg: --target=arm64-apple-macos11.0 -fuse-ld=/usr/bin/ld64 -isysroot /xx-sdk/MacOSX11.1.sdk/ -stdlib=libc++",
			"/usr/lib/llvm-14/bin/arm64-apple-macos11.0.cfg: --target=arm64-apple-macos11.0 -fuse-ld=/usr/bin/ld64 -isysroot /xx-sdk/MacOSX11.1.sdk/ -stdlib=libc++",
			"/etc/llvm/xx-default.cfg: -fuse-ld=lld",
			"/usr/local/bin/clang -> /usr/bin/xx-clang",
			"/usr/bin/arm64-apple-macos11.0-clang -> xx",
			"/usr/local/bin/clang++ -> /usr/bin/xx-clang++",
			"/usr/bin/arm64-apple-macos11.0-clang++ -> xx",
			"/usr/bin/arm64-apple-macos11.0-ar -> xx",
			"/usr/bin/arm64-apple-macos11.0-nm -> xx",
			"/usr/bin/arm64-apple-macos11.0-strip -> xx",
			"/usr/bin/arm64-apple-macos11.0-as -> xx",
			"/usr/bin/arm64-apple-macos11.0-ld -> ld64",
			"/usr/bin/arm64-apple-macos11.0-pkg-config -> xx",
		}},
	} {
		target, self := target("debian", test.env), target("debian", "")
		m := slices.Concat(test.more, debian)
		made, err := planFor(target, self, target.Triple() == self.Triple(), preferencesOf(strings.Fields(test.env)), target.Sysroot(nil), "/usr/bin/xx", m)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var got []string
		for _, f := range made.files {
			got = append(got, f.path+": "+strings.TrimSuffix(f.content, "\n"))
		}
		for _, l := range made.links {
			got = append(got, l.path+" -> "+l.to)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
}
