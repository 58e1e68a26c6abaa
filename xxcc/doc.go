// Package xxcc is the helpers xx-cc, xx-c++, xx-clang and xx-clang++: the C and C++
// compiler for the target of the build.
//
// clang compiles for every platform; it only has to be told for which, and with which
// linker. xx-clang writes that down once for each target, in files that clang calls configuration
// files (one line of arguments, such as --target=aarch64-linux-gnu -fuse-ld=lld), and
// from then on becomes `clang --config FILE ARGS…`. Nothing stands between the user and the compiler:
// on this way the environment is read, one small file and the time stamps of two folders are
// looked at, and the last step is execve.
//
// # Setting up
//
// [SetUp] decides with pure functions what a target needs ([chooseLinker], [config], [planFor]: the
// target and what is on the machine in, a list of files and links out) and then makes it
// so. It works under a lock, writes each file in one step, writes only what is missing or
// different, and last of all a marker, /etc/llvm/xx-TRIPLE.done, with what the decisions
// were made from. A set-up that was killed has no marker, and one that is out of date
// (another linker is installed or preferred) has one that says something else: the next call
// goes through it all again.
//
// # Names
//
// Setting up leaves tools by the target's triple beside the compiler, TRIPLE-clang, TRIPLE-ar,
// TRIPLE-pkg-config …, as every build system expects them. Where LLVM has the tool, the name is a link to
// it; where something has to be done first, it is a link to xx, and [RunTool] does it.
// These are fixed to their triple, whatever TARGETPLATFORM says.
//
// Without clang, xx-cc and xx-c++ become TRIPLE-gcc and TRIPLE-g++, which need no setting up.
package xxcc
