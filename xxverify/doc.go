// Package xxverify is the helper xx-verify: it makes sure that what was built is for the target of the build. It reads the
// files and runs none of them, so that a mistake shows on any machine, and emulation hides nothing.
//
//	xx-verify [--static] FILE…      programs and libraries
//	xx-verify DIR                   all of them beneath a folder
//	xx-verify --rootfs DIR          a root file system: also, that what is in it can start there
//	xx-verify --image REF           an image, for each of its platforms
//
// The helper in xx does the first two, which is what a build stage needs, and has to stay small. The program cmd/xx-verify, for the
// desk and for CI, does all of it.
//
// There are three layers. Package object reads one file. [Match] compares what it says about itself with a platform.
// [VerifySystem] takes a whole root file system, a [Tree], and looks for what a start needs inside of it and nowhere else, as the
// kernel and the dynamic loaders of glibc and musl do: loaders, libraries, versions of symbols, interpreters of scripts.
//
// What is a mistake in a root file system and what is a note is the hard part: well-made ones are full of
// foreign programs that are test data, of plug-ins whose libraries only their program finds, and of scripts for
// interpreters that are not installed. A mistake is what keeps a program from starting, or a library from being loaded, that by
// its place and its mode somebody may start or load.
//
// Images are looked into by package xxverify/image.
//
// The messages for a single file of the wrong kind are fixed: scripts look for them.
package xxverify
