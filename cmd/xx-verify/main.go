// Command xx-verify proves that what was built is for its platform, without running it: files, folders, root file
// systems and whole images. `xx-verify --help` says how.
//
// The helper of the same name in xx does the first two, with the same flags and messages.
package main

import (
	"os"

	"xxkit/internal/host"
	"xxkit/xxverify"
)

const usage = `Usage: xx-verify [--static] FILE|DIR…
       xx-verify --rootfs DIR

Proves, without running anything, that programs and libraries are for their platform. For files, folders
and root file systems that is the target of the build: TARGETPLATFORM, or else this machine.

  FILE           an executable, library, object file or static library: ELF, PE, Mach-O, ar
  DIR            every executable and library beneath the folder
  --rootfs DIR   a root file system: also, what can be started or loaded in it finds its loader, its libraries
                 in the versions that it needs, and its interpreter there

  --static       each must be linked statically, a static-pie counts; as XX_VERIFY_STATIC=1 (Linux and FreeBSD)
  --allow GLOB   say nothing about these files; as often as needed. "vendor" is that name anywhere,
                 "/opt/cross/**/*.so" a path from the root
  --allow-file FILE   read such patterns from a file, one on each line; # begins a comment
  --notes        show what is no mistake by itself, too
  --json         print all as JSON on standard output
  -h, --help     this text

Exit status: 0 all is right, 1 something is not, 2 wrong call, or input that cannot be read.
`

func main() {
	h := host.New("xx-verify")
	p := xxverify.Program{Usage: usage, System: xxverify.VerifySystem}
	os.Exit(h.Report(p.Main(h, os.Args[1:])))
}
