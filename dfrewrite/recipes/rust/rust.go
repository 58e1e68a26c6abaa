// Package rust knows how Rust cross-compiles: cargo and rustup, what their stage needs (setup.go), where
// results go (cargoresults.go) and what the build context says of crates (crates.go).
package rust

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
	"xxkit/triples"
)

// Recipe is that of cargo and rustup.
var Recipe = &verdict.Recipe{Name: "rust", Page: "rust", Judge: judge, Stage: moveResults, Prepare: prepare,
	Checks: map[string]map[string]bool{"cargo": match.Words("test t nextest clippy check fmt bench")}}

// Rust cross-compiles with `cargo --target`, a standard library and a linker for
// the target; xx-cargo brings them together. Three things need care. With a
// --target cargo puts what it builds into target/TRIPLE/release and not into
// target/release, so everything that looks there has to be told (cargoresults.go).
// Linking takes a C compiler and the target's C library (setup.go). And build
// scripts run on the build platform, where a native build ran them on the target's
// (crates.go says what is known about them).
//
// Only the plain contract of the helpers is used: that xx-cargo calls cargo with
// --target behind all arguments. The facts about cargo are those of the Cargo book.

// cargoFlagsWithValue are the flags of build, install and chef cook that take a
// value in the next word.
var cargoFlagsWithValue = match.Words(`-p --package --exclude --bin --example --test --bench -F --features --profile -j --jobs --target
	--target-dir --manifest-path --message-format --color --config -Z -C --root --path --git --branch --tag --rev --version --vers
	--index --registry --artifact-dir --out-dir --recipe-path --lockfile-path`)

// A cargoCall is a cargo command taken apart.
type cargoCall struct {
	*verdict.Call
	sub   string // build, install, chef cook …
	flags map[string]shell.Word
	rest  []shell.Word // what is neither flag nor value
	odd   string       // what keeps the command line from being read, or ""
	way   string       // what a person could do about that
}

func parseCargo(c *verdict.Call) *cargoCall {
	g := &cargoCall{Call: c, flags: map[string]shell.Word{}}
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		switch {
		case w.Lit == "--":
			g.odd, g.way = "arguments behind a --, where a --target would not be cargo's", "set them in the profile of Cargo.toml, or in RUSTFLAGS"
			return g
		case strings.HasPrefix(w.Raw, "+") && g.sub == "":
			g.odd, g.way = "the toolchain "+w.Raw+", which may lack the target's standard library", "make it the default, in rust-toolchain.toml or with rustup default"
		case strings.HasPrefix(w.Raw, "-"):
			name, value, glued := strings.Cut(w.Raw, "=")
			word := w
			word.Raw = value
			_, word.Lit, _ = strings.Cut(w.Lit, "=")
			if !glued && cargoFlagsWithValue[name] && i+1 < len(c.Args) {
				i++
				word = c.Args[i]
			}
			g.flags[name] = word
		case !w.Const:
			if g.sub == "" || g.sub == "chef" {
				g.odd, g.way = "a command that is not known, "+w.Raw, "write the command out"
			}
			g.rest = append(g.rest, w)
		case g.sub == "" || g.sub == "chef":
			g.sub = strings.TrimSpace(g.sub + " " + w.Lit)
		default:
			g.rest = append(g.rest, w)
		}
	}
	return g
}

// A rustBuild is what is known of a cargo command that builds for the target.
type rustBuild struct {
	setup *setup
	// results are the folders called target in which it may build, the nearest first;
	// none for cargo install. cached says that it is a cache mount.
	results []string
	cached  bool
	flags   string // RUSTFLAGS
	// nested says that it may not run to the end, or that its output goes elsewhere.
	nested bool
}

// rustOf returns what a converted cargo builds; nil for any other step.
func rustOf(s *verdict.Step) *rustBuild {
	b, _ := s.Own.(*rustBuild)
	return b
}

// cargoSame are commands that build nothing, and cargoNative those whose result is
// for the stage itself: they run what they build, or only say whether it can be
// built.
var (
	cargoSame = match.Words(`fetch vendor metadata tree update generate-lockfile new init add remove rm fmt version search login logout
		help info locate-project pkgid read-manifest verify-project yank owner audit deny machete sort package`)
	cargoRuns   = match.Words("test t run r bench nextest tarpaulin llvm-cov miri")
	cargoChecks = match.Words("check c clippy doc d")
)

func judge(c *verdict.Call) (verdict.Step, bool) {
	switch c.Program {
	case "xx-cargo":
		step := c.Helper()
		step.Compiles, step.Crosses = true, true
		return step, true
	case "rustup":
		if len(c.Args) > 0 && c.Args[0].Lit == "run" {
			return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: "rustup run starts a toolchain of its own, which xx-cargo does not see",
				Way: "make the toolchain the default with rustup default, and call cargo"}, true
		}
		return verdict.Step{Reason: "installs parts of Rust for the stage itself", HostWrites: c.Folders("RUSTUP_HOME")}, true
	case "rustc":
		asks := len(c.Args) > 0 && !slices.ContainsFunc(c.Args, func(w shell.Word) bool { return !match.Words("-V -vV --version --print -v --verbose sysroot")[w.Lit] })
		if asks && !(c.Substituted && c.HasArg("-vV")) {
			return verdict.Step{Reason: "prints what rustc is"}, true
		}
		if asks {
			return c.Probe()
		}
		return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: "rustc, called without cargo, compiles for the machine that it runs on",
			Way: "build with xx-cargo, or give rustc --target=$(xx-cargo --print-target-triple) and a linker"}, true
	case "cargo":
		if strings.Contains(c.Words[0].Lit, "/") {
			return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf("%s is a cargo that xx-cargo may not find", c.Words[0].Lit),
				Way: "put its folder on PATH, and call cargo"}, true
		}
		return parseCargo(c).judge(), true
	}
	if c.Program == "mold" && c.HasArg("-run") {
		return verdict.BlockBuild("leave mold out: xx-cargo links with lld", "mold -run puts the builder's linker in the place of the target's"), true
	}
	if shell.Shells[c.Program] && pipesRustup(c.Script, c.Index) {
		return verdict.Step{Reason: "installs Rust for the stage itself"}, true
	}
	if wasmBuilders[c.Program] {
		return verdict.Step{Compiles: true, Reason: "makes WebAssembly, which is the same for every platform"}, true
	}
	if rustDrivers[c.Program] || strings.HasPrefix(c.Program, "cargo-") {
		return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf("what %s builds, and for which machine, is not known", c.Program),
			Way: "convert the stage by hand, with xx-cargo"}, true
	}
	return verdict.Step{}, false
}

// wasmBuilders call cargo for WebAssembly, or work on what it makes.
var wasmBuilders = match.Words("wasm-pack wasm-bindgen wasm-opt trunk")

// rustDrivers call cargo in ways of their own.
var rustDrivers = match.Words("cross maturin dx makers tauri")

func (g *cargoCall) judge() verdict.Step {
	switch {
	case g.odd != "" && !cargoRuns[g.sub] && !cargoChecks[g.sub] && !cargoSame[g.sub]:
		return verdict.BlockBuild(g.way, "cargo has %s", g.odd)
	case g.sub == "" || cargoSame[g.sub] || g.sub == "chef prepare" || g.sub == "chef":
		return verdict.Step{Reason: "does the same on every platform", Fetches: match.Words("fetch vendor update generate-lockfile")[g.sub] || g.sub == "chef prepare"}
	case cargoChecks[g.sub]:
		return verdict.Step{Compiles: true, Reason: "checks on the build platform"}
	case cargoRuns[g.sub]:
		if g.builtBefore() {
			return verdict.BlockBuild("put it before the build, or into a stage of its own",
				"cargo %s builds for the build platform, into the folder where the results of the build before are", g.sub)
		}
		return verdict.Step{Compiles: true, Reason: "runs on the build platform"}
	case g.sub == "clean":
		if len(g.flags)+len(g.rest) == 0 {
			return verdict.Step{Reason: "removes what was built"}
		}
		return verdict.BlockBuild("remove the files with rm", "cargo clean with arguments does not clean what is built for another platform")
	case g.sub == "build" || g.sub == "b" || g.sub == "chef cook":
		return g.judgeBuild()
	case g.sub == "install" || g.sub == "binstall":
		return g.judgeInstall()
	}
	return verdict.BlockBuild("convert the stage by hand, with xx-cargo", "what cargo %s builds, and for which machine, is not known", g.sub)
}

// builtBefore reports whether the stage, or one that it is based on, has called
// cargo build already, and what is in the stage may be taken elsewhere.
func (g *cargoCall) builtBefore() bool {
	if len(g.Stage.UsedBy)+len(g.Stage.Children) == 0 {
		return false
	}
	for s := g.Stage; s != nil; s = s.Base {
		for _, in := range s.Body {
			for _, cmd := range cargoBuilds(s, in) {
				if s != g.Stage || cmd.Span.End <= g.Span.Start {
					return true
				}
			}
		}
	}
	return false
}

// judgeBuild decides on cargo build and cargo chef cook.
func (g *cargoCall) judgeBuild() verdict.Step {
	step := g.convert()
	if step.Verdict != verdict.Convert {
		return step
	}
	profile, why := g.profileDir()
	if why != "" {
		return verdict.BlockBuild("write the profile out, or give its build argument a default", "%s", why)
	}
	if dir, ok := g.targetDir(); !ok {
		return verdict.BlockBuild("let it build in a folder called target", "cargo builds in %s, so where its results are cannot be followed", dir)
	}
	for _, flag := range []string{"--artifact-dir", "--out-dir"} {
		if dir, ok := g.flags[flag]; ok {
			if out := g.Abs(dir.Lit); dir.Const && out != "" {
				step.Writes = append(step.Writes, strings.TrimSuffix(out, "/")+"/")
			} else {
				return verdict.BlockBuild("write the folder out", "where %s puts the programs is not known", flag)
			}
		}
	}
	build := rustOf(&step)
	build.results, build.cached = g.resultDirs(), g.cachesTarget()
	for _, dir := range build.results {
		step.Writes = append(step.Writes, path.Join(dir, profile)+"/")
	}
	g.cacheIDs(&step)
	return step
}

// convert turns cargo into xx-cargo, if nothing speaks against it.
func (g *cargoCall) convert() verdict.Step {
	if w, ok := g.flags["--target"]; ok {
		if w.Const && sameTarget(w.Lit) {
			return verdict.Step{Compiles: true, Reason: "builds for " + w.Lit + ", which is the same for every platform"}
		}
		if g.followsTarget(w) {
			linker := "which takes a linker for each of them on the build platform"
			if g.installs("musl-tools") {
				linker += ": musl-gcc of musl-tools compiles for the machine that it runs on"
			}
			return verdict.BlockBuild("leave --target out, let xx-cargo name it, and take the results from target/$(xx-cargo --print-target-triple)",
				"cargo builds for %s, chosen for each platform, %s", w.Raw, linker)
		}
		return verdict.BlockBuild("leave --target out, and let xx-cargo name it", "cargo builds for %s, whatever the image is for", w.Raw)
	}
	for _, name := range hostVariables {
		if v := facts.Lookup(&g.Call.Site, name); v.Set && v.Text != "" && !(name == "RUSTC_WRAPPER" && v.Fixed && path.Base(v.Text) == "sccache") {
			return verdict.BlockBuild("leave it out: xx-cargo sets compilers and folders of libraries for the target", "%s=%s, set %s, may be for the machine that builds", name, v.Text, v.Where)
		}
	}
	if v := facts.Lookup(&g.Call.Site, "RUSTFLAGS"); v.Set || v.FromArg {
		if odd := oddRustFlag(v); odd != "" {
			return verdict.BlockBuild("leave it out, or use XX_RUSTFLAGS for what every target understands", "RUSTFLAGS, set %s, has %s, which may not be right for every platform", v.Where, odd)
		}
	}
	if hides, ok := g.HidesTarget(); ok {
		return hides
	}
	setup, review, why, way := g.rustSetup()
	if why != "" {
		return verdict.BlockBuild(way, "%s", why)
	}
	step := verdict.Step{
		Verdict: verdict.Convert, Compiles: true, Needs: verdict.Needs{Helper: true, Args: []string{"TARGETPLATFORM"}}, Reason: "cross-compiles with xx-cargo", Review: review,
		Edits: []dockerfile.Edit{{Span: g.Words[0].Span, New: "xx-cargo"}},
		Own:   &rustBuild{setup: setup, flags: " " + facts.Lookup(&g.Call.Site, "RUSTFLAGS").Text, nested: g.Nested || len(g.Redirects) > 0}, Made: verdict.Made{Tools: "xx-cargo --print-target-triple"},
	}
	if setup.pkgConfig != "" {
		step.Edits = append(step.Edits, dockerfile.Edit{Span: g.FrontAt(), New: setup.pkgConfig + " "})
	}
	return step
}

// followsTarget reports whether a word of the command is made from what is built for, or is another triple for each
// platform, that platform's own.
func (g *cargoCall) followsTarget(w shell.Word) bool {
	found := false
	for _, c := range g.Facts().Calls(g.Stage) {
		if c.Run != g.Run {
			continue
		}
		for _, followed := range c.Words {
			if followed.At == w.Span {
				triple := strings.TrimPrefix(followed.Text, "--target=")
				own := len(g.Opt.Platforms) > 1 && slices.ContainsFunc(triples.ByTriple(triple), func(r triples.Row) bool { return r.Arch == c.Platform.Arch })
				if found = own || followed.From&facts.FromTarget != 0; !found {
					return false
				}
			}
		}
	}
	return found
}

// installs reports whether a package manager was given the package in this stage, or one that it is based on.
func (g *cargoCall) installs(name string) bool {
	for s := g.Stage; s != nil; s = s.Base {
		if slices.ContainsFunc(g.Facts().Calls(s), func(c *facts.Call) bool { return c.Has("install", "add") && c.Has(name) }) {
			return true
		}
	}
	return false
}

// hostVariables are those that a build for another platform may not share with the
// one before: they name a compiler, its flags or folders of libraries. sccache as
// RUSTC_WRAPPER starts the rustc that cargo would, and takes --target into its keys.
var hostVariables = []string{"CARGO_BUILD_TARGET", "CARGO_BUILD_RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_LINKER", "RUSTC", "RUSTUP_TOOLCHAIN",
	"CC", "CXX", "AR", "CFLAGS", "CXXFLAGS", "LDFLAGS", "LIBRARY_PATH", "C_INCLUDE_PATH", "CPATH", "PKG_CONFIG", "PKG_CONFIG_PATH",
	"PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR", "OPENSSL_DIR", "OPENSSL_LIB_DIR", "OPENSSL_INCLUDE_DIR", "PQ_LIB_DIR", "SQLITE3_LIB_DIR", "ZSTD_LIB_DIR"}

// sameTarget recognizes targets that are no machine's: what is built for them runs
// everywhere.
func sameTarget(triple string) bool { return strings.HasPrefix(triple, "wasm32") }

// oddRustFlag returns the first flag that may be for one machine only, or "".
func oddRustFlag(v facts.Setting) string {
	if !v.Fixed {
		return v.Text + " (not known)"
	}
	fields := strings.Fields(v.Text)
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		switch {
		case f == "-C" || f == "--cfg" || f == "-D" || f == "-W" || f == "-A":
			if i++; i == len(fields) {
				return f
			}
			if f == "-C" && !sameCodegen(fields[i]) {
				return fields[i]
			}
		case strings.HasPrefix(f, "-C"):
			if !sameCodegen(f[2:]) {
				return f
			}
		case strings.HasPrefix(f, "-D"), strings.HasPrefix(f, "-W"), strings.HasPrefix(f, "-A"), strings.HasPrefix(f, "--cfg="):
		default:
			return f
		}
	}
	return ""
}

// sameCodegen reports whether a codegen option means the same on every machine.
func sameCodegen(option string) bool {
	name, val, _ := strings.Cut(option, "=")
	if name == "target-feature" {
		return val == "+crt-static" || val == "-crt-static"
	}
	return match.Words("opt-level codegen-units strip lto debuginfo panic debug-assertions overflow-checks embed-bitcode incremental prefer-dynamic")[name]
}

// profileDir is the folder in target that the profile has.
func (g *cargoCall) profileDir() (dir, why string) {
	if w, ok := g.flags["--profile"]; ok {
		name, ok := g.Known(w)
		switch {
		case !ok || name == "" || strings.ContainsAny(name, "/*"):
			return "", fmt.Sprintf("which profile %s is cannot be known", w.Raw)
		case name == "dev" || name == "test":
			return "debug", ""
		case name == "bench":
			return "release", ""
		}
		return name, ""
	}
	for _, f := range []string{"-r", "--release"} {
		if _, ok := g.flags[f]; ok {
			return "release", ""
		}
	}
	for name := range g.flags {
		if len(name) > 2 && strings.Trim(name[1:], "qvr") == "" && strings.Contains(name, "r") {
			return "release", "" // -vr
		}
	}
	if slices.ContainsFunc(g.Args, func(w shell.Word) bool { return !w.Const && strings.HasPrefix(w.Raw, "$") }) {
		return "", "an argument is a variable, so which profile is built cannot be seen"
	}
	return "debug", ""
}

// targetDir returns the folder that cargo is told to build in, if it is told, and
// whether it is one called target.
func (g *cargoCall) targetDir() (string, bool) {
	if w, ok := g.flags["--target-dir"]; ok {
		return w.Raw, w.Const && path.Base(w.Lit) == "target"
	}
	for _, name := range []string{"CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"} {
		if v := facts.Lookup(&g.Call.Site, name); v.Set && v.Text != "" {
			return v.Text, v.Fixed && path.Base(v.Text) == "target"
		}
	}
	return "target", true
}

// resultDirs are the folders called target in which the results may be: beside the
// package or beside the workspace around it, which only the source would tell.
func (g *cargoCall) resultDirs() []string {
	dir := g.Dir
	if told, _ := g.targetDir(); told != "target" {
		if w, ok := g.flags["--target-dir"]; ok {
			told = w.Lit
		}
		if at := g.Abs(told); at != "" {
			return []string{at}
		}
		return nil
	}
	if w, ok := g.flags["--manifest-path"]; ok && w.Const {
		dir = g.Abs(path.Dir(w.Lit))
	}
	if dir == "" {
		return nil
	}
	var out []string
	for ; ; dir = path.Dir(dir) {
		out = append(out, path.Join(dir, "target"))
		if dir == "/" {
			return out
		}
	}
}

// cacheIDs gives a cache mount of the target folder one cache for each platform:
// builds at the same time would wait for each other.
func (g *cargoCall) cacheIDs(step *verdict.Step) {
	var flags []*dockerfile.Flag
	for i := range g.Run.Flags {
		if g.Run.Flags[i].Name == "mount" {
			flags = append(flags, &g.Run.Flags[i])
		}
	}
	mounts := instructions.GetMounts(g.Run.Command.(*instructions.RunCommand))
	if len(mounts) != len(flags) {
		return
	}
	for i, m := range mounts {
		text := string(g.Run.Doc.Src[flags[i].ValueSpan.Start:flags[i].ValueSpan.End])
		if m.Type != instructions.MountTypeCache || path.Base(path.Clean(m.Target)) != "target" || !shell.PlainPath().MatchString(m.Target) || strings.ContainsAny(text, "$\"'\\`\r\n") {
			continue
		}
		target := path.Clean(m.Target)
		if !path.IsAbs(target) {
			target = path.Join(g.Env.Dir, target)
		}
		at, id := flags[i].ValueSpan.End, ",id="+strings.Trim(target, "/")+"-$TARGETPLATFORM"
		if named := ",id=" + m.CacheID; m.CacheID != "" && strings.Contains(","+text+",", named+",") {
			at, id = flags[i].ValueSpan.Start+strings.Index(","+text, named)+len(named)-1, "-$TARGETPLATFORM"
		}
		step.Edits = append(step.Edits, dockerfile.Edit{Span: dockerfile.Span{Start: at, End: at}, New: id})
	}
}

// cachesTarget reports whether the target folder, or one around it, is a cache mount
// of this RUN.
func (g *cargoCall) cachesTarget() bool {
	dirs := g.resultDirs()
	for _, m := range instructions.GetMounts(g.Run.Command.(*instructions.RunCommand)) {
		target := path.Clean(m.Target)
		if !path.IsAbs(target) {
			target = path.Join(g.Env.Dir, target)
		}
		if m.Type == instructions.MountTypeCache && len(dirs) > 0 && verdict.Within(dirs[0], []string{target}) {
			return true
		}
	}
	return false
}

// judgeInstall decides on cargo install: of a package in the source, which is what
// the stage is for, or of one from a registry, which is a tool that the stage
// runs, or what it ships.
func (g *cargoCall) judgeInstall() verdict.Step {
	bin := g.binDir()
	if bin == "" {
		return verdict.BlockBuild("give it a --root", "where cargo install puts the program is not known")
	}
	if _, local := g.flags["--path"]; !local {
		taken := g.takenFrom(bin)
		if len(taken) == 0 {
			step := verdict.Step{Compiles: true, Reason: "installs a tool for the stage itself"}
			for _, w := range g.rest {
				name, _, _ := strings.Cut(w.Lit, "@")
				step.HostWrites = append(step.HostWrites, path.Join(bin, name))
			}
			return step
		}
		own := g.sub == "install" && g.ownRoot(bin)
		for _, name := range taken {
			if own {
				break
			}
			if g.sub == "binstall" || len(g.rest) != 1 || !strings.HasPrefix(g.rest[0].Lit+"@", name+"@") {
				return verdict.BlockBuild("install what is shipped with a --root of its own, or in a stage of its own",
					"another stage takes %s; whether this is where it comes from cannot be seen", path.Join(bin, name))
			}
		}
	}
	step := g.convert()
	if step.Verdict == verdict.Convert {
		step.Writes = []string{bin + "/"}
		g.cacheIDs(&step)
	}
	return step
}

// ownRoot reports whether --root names a folder that is there for what is shipped: no program is found in it by its name.
func (g *cargoCall) ownRoot(bin string) bool {
	if _, ok := g.flags["--root"]; !ok || verdict.IsSystemDir(bin) {
		return false
	}
	v, _ := g.Env.Lookup("PATH")
	return !slices.Contains(strings.Split(v.Value, ":"), bin) && !g.Script.Sets("PATH")
}

// binDir is where cargo install puts programs; empty if that is not known.
func (g *cargoCall) binDir() string {
	if w, ok := g.flags["--root"]; ok {
		if at := g.Abs(w.Lit); w.Const && at != "" {
			return path.Join(at, "bin")
		}
		return ""
	}
	for _, name := range []string{"CARGO_INSTALL_ROOT", "CARGO_HOME"} {
		if v := facts.Lookup(&g.Call.Site, name); v.Set && v.Text != "" {
			if !v.Fixed {
				return ""
			}
			return path.Join(v.Text, "bin")
		}
	}
	if RustImage(g.Stage.Root().Image) {
		return "/usr/local/cargo/bin" // docker-library/rust sets CARGO_HOME
	}
	return ""
}

// takenFrom lists the files that other stages take out of a folder of this one, or
// of the stages based on it; "*" stands for all of it.
func (g *cargoCall) takenFrom(dir string) []string {
	var out []string
	for _, t := range g.Stage.Tree() {
		for _, u := range t.UsedBy {
			for _, raw := range u.Paths {
				p := path.Join("/", u.In.Graph.EnvAt(u.By).Expand(raw, rune(u.In.Graph.Doc.Escape)))
				switch {
				case path.Dir(p) == dir:
					out = append(out, path.Base(p))
				case p == dir || strings.HasPrefix(dir, strings.TrimSuffix(p, "/")+"/"):
					out = append(out, "*")
				}
			}
		}
	}
	return out
}
