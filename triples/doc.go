// Package triples is the table of the platforms that xx builds for, and of the
// names that every tool has for them.
//
// A platform is what Go, OCI and BuildKit call one: an operating system, an
// architecture, and for some architectures a variant, written
// "linux/arm/v7". Everybody else has other words for the same thing: the
// kernel says armv7l, Debian armhf, Alpine armv7, RPM armv7hl, GNU tools
// arm-linux-gnueabihf, Rust armv7-unknown-linux-gnueabihf, QEMU arm. Here is the
// one place that knows them all, so that adding a platform is adding a row.
//
// # From a platform to its names
//
// [Parse] reads "os/arch[/variant]", [ParsePair] the form with dashes, and both
// give a [Platform] in its normal form, see [Platform.Normalize]. [Lookup]
// finds its [Row]. What is one word is a field of the row; what depends on the
// distribution and its C library is a method: [Row.Triple], [Row.RustTriple],
// [Row.ZigTriple], [Row.Loader]. [Platform.GoVariable] needs no row, so
// that a Go port outside the table (freebsd/arm/v6) can still be built.
//
//	p, err := triples.Parse("linux/arm/v6")
//	row, ok := triples.Lookup(p)
//	row.Triple(triples.System{Vendor: "alpine", Libc: "musl"}) // armv6-alpine-linux-musleabihf
//
// # From a name to its platform
//
// [ByTriple], [ByMarch], [ByDebianArch] and [ByELF] go the other way. A name may
// stand for several platforms (Debian's armel is ARMv5 and ARMv6), so they
// return all of them, the most capable first, and nil for an unknown name.
//
// # Variants
//
// arm without a variant is v7, and so is one with a variant other than v5, v6
// and v8; amd64 has v2, v3 and v4, and v1 is the same as none; arm64 has v8,
// v8.0 to v8.9, v9, v9.0 to v9.9; riscv64 has rva20u64, rva22u64 and rva23u64;
// the MIPS family has softfloat and hardfloat. Any other architecture of the table has
// none, and a variant given to it is dropped. An architecture that the table lacks
// keeps its variant as it is.
//
// The variant of arm chooses the row, because it changes most names. Other
// variants share the row of their architecture and differ in
// [Platform.GoVariable] alone.
//
// The package is data and look-ups: it reads no file and no environment.
package triples
