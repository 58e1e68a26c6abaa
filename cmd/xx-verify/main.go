// Command xx-verify proves that what was built is for its platform, without running it: files, folders, root file
// systems and whole images. `xx-verify --help` says how.
//
// The helper of the same name in xx does the first two, with the same flags and messages.
package main

import (
	"os"
	"runtime/debug"

	"xxkit/internal/host"
	"xxkit/xxverify"
	"xxkit/xxverify/image"
)

const usage = `Usage: xx-verify [--static] FILE|DIR…
       xx-verify --rootfs DIR
       xx-verify --image REF [--require PLATFORMS [--exactly]]

Proves, without running anything, that programs and libraries are for their platform. For files, folders
and root file systems that is the target of the build: TARGETPLATFORM, or else this machine.

  FILE           an executable, library, object file or static library: ELF, PE, Mach-O, ar
  DIR            every executable and library beneath the folder
  --rootfs DIR   a root file system: also, what can be started or loaded in it finds its loader, its libraries
                 in the versions that it needs, and its interpreter there
  --image REF    an image, for each of its platforms the same, and what it starts: a folder or archive in the layout
                 of OCI, an archive of docker save, or docker://host/repository:tag in a registry
  --require linux/amd64,linux/arm64   the image must have these platforms; with --exactly no others

  --static       each must be linked statically, a static-pie counts; as XX_VERIFY_STATIC=1 (Linux and FreeBSD)
  --allow GLOB   say nothing about these files; as often as needed. "vendor" is that name anywhere,
                 "/opt/cross/**/*.so" a path from the root
  --allow-file FILE   read such patterns from a file, one on each line; # begins a comment
  --notes        show what is no mistake by itself, too
  --json         print all as JSON on standard output
  --sarif FILE   write what is found as SARIF, for code hosts
  --limit NAME=N   how much an image may make its reader do, for each platform: bytes=64G, files=1M,
                 memory=512M; manifests=256
  -h, --help     this text

Exit status: 0 all is right, 1 something is not, 2 wrong call, or input that cannot be read.
`

func main() {
	h := host.New("xx-verify")
	p := xxverify.Program{
		Usage: usage, System: xxverify.VerifySystem, Images: images,
		SARIF: func(found []xxverify.Finding) ([]byte, error) { return image.SARIF(ownVersion(), found) },
	}
	os.Exit(h.Report(p.Main(h, os.Args[1:])))
}

// version is stamped with -ldflags "-X main.version=…".
var version string

// ownVersion is the version that was stamped, or what go recorded.
func ownVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
