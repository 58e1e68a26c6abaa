package rust

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// A setup is what a stage needs before it can compile Rust for the target.
type setup struct {
	// manager installs the tools for the build platform, over the COPY of the helpers.
	manager *packages.Manager
	tools   []string
	// target are instructions below ARG TARGETPLATFORM.
	target []string
	// pkgConfig are assignments in front of cargo that lead pkg-config to the target's libraries, or "".
	pkgConfig string
	// file says that xx-verify needs file(1), which is not there.
	file bool
}

// prepare brings what Rust needs into the stages, and puts what cargo builds where
// others look for it.
func prepare(c *verdict.Conversion) {
	verifies := placeCargoResults(c)
	done := map[*graph.Stage]bool{}
	for _, p := range c.Ledgers {
		at, wants := setupAt(p)
		done[p.Stage] = wants != nil || done[p.Stage.Base]
		if wants == nil || done[p.Stage.Base] {
			continue
		}
		if c.Toolchain.Runs == nil {
			c.Toolchain.Runs = map[*dockerfile.Instruction][]string{}
		}
		c.Toolchain.Runs[at] = appendNew(c.Toolchain.Runs[at], wants.target...)
		tools := wants.tools
		if c.NeedsLLVM(wants.manager) {
			tools = append(slices.Clone(tools), "llvm")
		}
		if wants.file && verifies {
			tools = append(slices.Clone(tools), "file")
		}
		c.Toolchain.First = appendNew(c.Toolchain.First, "RUN "+wants.manager.Installs()+" "+strings.Join(tools, " "))
	}
}

// setupAt returns what a stage needs for the target, and the instruction over which
// that goes: the first that compiles, or the COPYs straight over it, since what
// changes with every build comes last. It is nil if nothing is needed.
func setupAt(p *verdict.Ledger) (*dockerfile.Instruction, *setup) {
	i := slices.IndexFunc(p.Steps, func(s verdict.Step) bool {
		return s.Verdict == verdict.Convert && rustOf(&s) != nil && rustOf(&s).setup != nil
	})
	if i < 0 {
		return nil, nil
	}
	first, wants := p.Steps[i].In, rustOf(&p.Steps[i]).setup
	if _, declared := p.Stage.Graph.EnvAt(first).Lookup("TARGETPLATFORM"); declared {
		return first, wants
	}
	at := first
	for _, in := range slices.Backward(p.Stage.Body[:slices.Index(p.Stage.Body, first)]) {
		switch in.Command.(type) {
		case *instructions.CopyCommand, *instructions.AddCommand:
			at = in
		case *instructions.WorkdirCommand, *instructions.EnvCommand, *instructions.ArgCommand, *instructions.LabelCommand:
		default:
			return at, wants
		}
	}
	return at, wants
}

// appendNew appends the lines that are not there yet.
func appendNew(lines []string, more ...string) []string {
	for _, l := range more {
		if !slices.Contains(lines, l) {
			lines = append(lines, l)
		}
	}
	return lines
}

// rustSetup says what a stage needs to link Rust programs for the target, or why
// that cannot be said. The review names what a person has to read.
func (g *cargoCall) rustSetup() (s *setup, review, why, way string) {
	byHand := "convert the stage by hand, with xx-cargo"
	root := g.Stage.Root()
	var libraries []string
	system, reason := rustSystem(root)
	if reason != "" && packages.PlainImage(root.Image) && !graph.OfficialGo(root.Image) && !oldDebian().MatchString(graph.ImageTag(root.Image)) {
		switch seen, ready := g.rustupScript(); {
		case ready:
			system, reason = managerOf(root), ""
		case seen:
			return nil, "", "xx-cargo is set up in a RUN of its own, which would not find the cargo that rustup installs",
				"install rustup in a RUN in front of the build, and name its folder with ENV PATH"
		}
	}
	switch {
	case g.Opt.Helpers == verdict.HelpersNever:
		return nil, "", "Rust needs the xx helpers, which --helpers=never rules out", "use --helpers=auto"
	case !g.Opt.OnlyLinux():
		return nil, "", "not all platforms are Linux; Rust for the others needs more than a C library", byHand
	case reason != "":
		return nil, "", reason, "build in an image rust of a current Debian or Alpine, or convert the stage by hand, with xx-cargo"
	}
	for t := g.Stage; t != nil; t = t.Base {
		for _, in := range t.Body {
			if u, ok := in.Command.(*instructions.UserCommand); ok && (t != g.Stage || in.Index < g.Run.Index) && u.User != "root" && u.User != "0" {
				return nil, "", fmt.Sprintf("USER %s may not install what the target needs", u.User), "put USER below the build"
			}
			more, odd := targetLibraries(t, in)
			if odd != "" {
				return nil, "", fmt.Sprintf("whether %s is a tool or a library that the target needs cannot be seen", odd),
					"install the target's libraries with xx-apt-get or xx-apk, below ARG TARGETPLATFORM"
			}
			libraries = appendNew(libraries, more...)
		}
	}
	folder := g.manifestFolder()
	src := readSource(g.Opt.Context, folder)
	if libc := "gnu"; g.Opt.Context != nil {
		if graph.DistributionOf(root.Image).Is("Alpine") {
			libc = "musl"
		}
		g.readConfig(g.Opt.Context, folder, libc, &src)
	}
	if src.config != "" {
		return nil, "", src.config, byHand
	}
	src = g.fetchedSource(src)
	if src.cxx != "" && g.PublicHelpers() {
		return nil, "", fmt.Sprintf("%s, and the xx-cargo of %s names no C++ compiler for the target", src.cxx, g.File.HelperImage(g.Stage.Graph)),
			"rewrite with --image and an image of the helpers whose xx-cargo sets CXX, or convert the stage by hand"
	}
	if system.Sysroot && !packages.Installs(root, "cargo", "rust") && src.loadsClang != "" && dynamicMusl().MatchString(facts.Lookup(&g.Call.Site, "RUSTFLAGS").Text) {
		return nil, "", fmt.Sprintf("%s loads libclang in build scripts, which RUSTFLAGS is not for as soon as cargo has a --target: they would be static programs, which load nothing", src.loadsClang),
			"build on Debian, where programs are dynamic by default"
	}
	s = &setup{file: g.PublicHelpers() && !fullRustImage(root.Image) && !packages.Installs(root, "file")}
	review = src.review
	if src.flags != "" {
		review = strings.TrimPrefix(review+"; "+src.flags, "; ")
	}
	if len(libraries) > 0 && review == "" {
		review = fmt.Sprintf("%s for the target may be another version than what the base image has", strings.Join(libraries, ", "))
	}
	for _, p := range g.Opt.Platforms {
		if linker, special := system.Linkers[p]; special && linker == "" {
			return nil, "", fmt.Sprintf("%s has no linker for %s but its own", system.Of, p), "build on Debian, which has one"
		}
	}
	// Rust's standard library for the target comes in a layer of its own where it is sure
	// for which toolchain: another image's xx-cargo gets it for the first only.
	standard := ""
	if src.oneToolchain && !choosesToolchain(root) {
		standard = " && xx-cargo --setup-target-triple"
	}
	essentials := []string{"xx-c-essentials"} // the last word, see package plan
	if src.cxx != "" || !src.locked && packages.Installs(root, "g++") {
		essentials = []string{"xx-cxx-essentials", "xx-c-essentials"}
	}
	if fullRustImage(root.Image) {
		libraries = appendNew(libraries, src.libraries...)
	}
	s.manager, s.tools = system, append([]string{"clang", "lld"}, system.LinkersFor(g.Opt.Platforms)...)
	// The public xx-cargo names no pkg-config for another machine on Debian.
	installed := fullRustImage(root.Image) || packages.Installs(root, "pkg-config", "pkgconf")
	if dirs := g.PkgConfigDirs(); dirs != "" && len(libraries) > 0 && (src.pkgConfig || !src.locked && installed) {
		s.pkgConfig = "PKG_CONFIG_ALLOW_CROSS=1 " + dirs
		if !installed {
			s.tools = append(s.tools, "pkg-config")
		}
	}
	s.target = []string{"RUN " + system.InstallsForTarget() + " " + strings.Join(append(libraries, essentials...), " ") + standard}
	return s, review, "", ""
}

// manifestFolder returns the folder of the build context with the program that cargo builds: where COPYs have brought it from, in the
// folder that cargo runs in or one around it, as cargo looks for a workspace. Where another stage copies the source, what that takes counts.
func (g *cargoCall) manifestFolder() string {
	files := g.Opt.Context
	if files == nil {
		return "."
	}
	if at, ok := g.ContextFolder("Cargo.toml"); ok && files.Has(path.Join(at, "Cargo.lock")) {
		return at
	}
	dir, found := g.Dir, ""
	if w, ok := g.flags["--manifest-path"]; ok && w.Const {
		dir = path.Dir(g.Abs(w.Lit))
	}
	for dir = path.Clean(dir); path.IsAbs(dir); dir = path.Dir(dir) {
		if at, ok := g.ContextAt(dir); ok {
			switch {
			case files.Has(path.Join(at, "Cargo.lock")):
				return at
			case found == "" && files.Has(path.Join(at, "Cargo.toml")):
				found = at
			}
		}
		if dir == "/" {
			break
		}
	}
	if found != "" || files.Has("Cargo.toml") {
		return cmp.Or(found, ".")
	}
	for _, s := range g.Stage.Graph.Stages {
		for _, in := range s.Body {
			cmd, ok := in.Command.(*instructions.CopyCommand)
			if !ok || cmd.From != "" {
				continue
			}
			for _, src := range cmd.SourcePaths {
				src = context.ContextPath(src)
				if !files.IsFolder(src) {
					src = path.Dir(src)
				}
				if files.Has(path.Join(src, "Cargo.lock")) && files.Has(path.Join(src, "Cargo.toml")) {
					return src
				}
			}
		}
	}
	return "."
}

// dynamicMusl matches the flag that makes programs dynamic which Rust makes static for musl.
var dynamicMusl = match.Pattern(`target-feature=-crt-static`)

// choosesToolchain reports whether a stage, or one based on it, calls rustup for
// another toolchain than the one that is there.
func choosesToolchain(root *graph.Stage) bool {
	for _, t := range root.Tree() {
		for _, in := range t.Body {
			if !graph.IsRun(in) {
				continue
			}
			for _, cmd := range t.Graph.Script(in).Commands {
				if cmd.Name == "rustup" && !slices.ContainsFunc(cmd.Words, func(w shell.Word) bool { return w.Lit == "target" || w.Lit == "component" }) {
					return true
				}
			}
		}
	}
	return false
}

// RustImage recognizes the image rust and cargo-chef's, which is made from it.
func RustImage(image string) bool {
	name := graph.ImageName(image)
	return name == "rust" || name == "cargo-chef"
}

// fullRustImage recognizes the variants that are made from buildpack-deps, which
// has the headers of common libraries.
func fullRustImage(image string) bool {
	tag := graph.ImageTag(image)
	return RustImage(image) && !strings.Contains(tag, "slim") && !graph.DistributionOf(image).Is("Alpine")
}

var (
	oldDebian   = match.Pattern(`(wheezy|jessie|stretch|buster)`)
	newDebian   = match.Pattern(`(bullseye|bookworm|trixie|forky|sid)`)
	rustVersion = match.Pattern(`(?:^|rust-)1\.([0-9]+)`)
)

// managerOf returns the package manager of the distribution that a stage is made from, nil if that is not known for certain.
func managerOf(root *graph.Stage) *packages.Manager {
	if d := graph.DistributionOf(root.Image); d != nil {
		return packages.ForTarget(d.Manager)
	}
	return packages.ForTarget("apt-get") // the image rust, and cargo-chef's, stand on Debian
}

// rustSystem says what installs packages in the stage, or why that is not
// certain.
func rustSystem(root *graph.Stage) (system *packages.Manager, why string) {
	image, tag := root.Image, graph.ImageTag(root.Image)
	onAlpine := graph.DistributionOf(image).Is("Alpine")
	switch plain := packages.PlainImage(image) && !graph.OfficialGo(image); {
	case RustImage(image) && (onAlpine || newDebian().MatchString(tag)):
		return managerOf(root), ""
	case RustImage(image):
		if oldDebian().MatchString(tag) {
			return nil, fmt.Sprintf("%s is made from a Debian whose packages are no longer kept where apt-get looks for them", image)
		}
		if strings.Contains(tag, "$") {
			return nil, fmt.Sprintf("which distribution %s is made from depends on a build argument", image)
		}
		// Until Rust 1.54 the image was Debian 10.
		if m := rustVersion().FindStringSubmatch(tag); m != nil {
			if minor, err := strconv.Atoi(m[1]); err == nil && minor < 55 {
				return nil, fmt.Sprintf("%s is made from a Debian whose packages are no longer kept where apt-get looks for them", image)
			}
		}
		return packages.ForTarget("apt-get"), ""
	case plain && !oldDebian().MatchString(tag) && packages.Installs(root, "cargo", "rustc", "rust"):
		return managerOf(root), ""
	case plain:
		return nil, "where cargo comes from cannot be seen: no command installs the package"
	}
	return nil, fmt.Sprintf("what is in the base image %s is not known", image)
}

// rustupScript reports whether rustup has been installed with its script, and whether that was by an instruction before
// this one and ENV PATH names where it puts cargo: what the rewrite adds stands in RUNs of its own.
func (g *cargoCall) rustupScript() (seen, ready bool) {
	v, _ := g.Env.Lookup("PATH")
	onPath := strings.Contains(v.Value, "cargo/bin")
	for t := g.Stage; t != nil; t = t.Base {
		for _, in := range t.Body {
			if !graph.IsRun(in) || t == g.Stage && in.Index > g.Run.Index {
				continue
			}
			script := t.Graph.Script(in)
			for i := range script.Commands {
				if pipesRustup(script, i) {
					seen, ready = true, onPath && in != g.Run
				}
			}
		}
	}
	return seen, ready
}

var (
	// rustupScript is where the project has it (https://rustup.rs).
	rustupScript = match.Pattern(`^["']?https://(?:sh\.rustup\.rs|static\.rust-lang\.org/rustup(?:/rustup-init\.sh)?)/?["']?$`)
	// rustupOptions are what that script takes without another machine's Rust coming of it; true if a value follows.
	rustupOptions = map[string]bool{"-y": false, "-q": false, "-v": false, "--no-modify-path": false, "--no-update-default-toolchain": false,
		"--profile": true, "--default-toolchain": true, "-c": true, "--component": true, "-t": true, "--target": true}
	onlyPipe = match.Pattern(`^(?:[ \t]|\\\r?\n)*\|(?:[ \t\n]|\\\r?\n)*$`)
)

// pipesRustup reports whether a command of a script is the shell in `curl https://sh.rustup.rs | sh -s -- -y`.
func pipesRustup(script *shell.Script, index int) bool {
	cmd := script.Commands[index]
	if index == 0 || !shell.Shells[path.Base(cmd.Name)] || len(cmd.Redirects) > 0 {
		return false
	}
	from := script.Commands[index-1]
	if from.Span.End > cmd.Span.Start || !onlyPipe().Match(script.Run.Doc.Src[from.Span.End:cmd.Span.Start]) ||
		!shell.Fetchers[path.Base(from.Name)] || !slices.ContainsFunc(from.Words, func(w shell.Word) bool { return rustupScript().MatchString(w.Raw) }) {
		return false
	}
	options := cmd.Words[1:]
	if len(options) > 0 && options[0].Lit == "-s" {
		options = options[1:]
	}
	if len(options) > 0 && (options[0].Lit == "--" || options[0].Lit == "-") {
		options = options[1:]
	}
	for i := 0; i < len(options); i++ {
		name, _, glued := strings.Cut(options[i].Raw, "=")
		valued, known := rustupOptions[name]
		if !known {
			return false
		}
		if valued && !glued {
			i++
		}
	}
	return true
}

// hostLibraries look like libraries to link with, and are there for the compiler
// or for programs that run in the stage. The C library is xx-c-essentials' business.
var hostLibraries = match.Words("musl-dev libc-dev libc6-dev libclang-dev clang-dev llvm-dev libclang1 libprotobuf-dev protobuf-dev libstdc++ libgcc")

// toolInLibrary are names of tools that begin like a library's, and LLVM, which
// bindgen loads on the build platform.
var toolInLibrary = match.Pattern(`^(libtool|lib.*-(bin|tools|utils)|(libclang|llvm|clang)-?[0-9.]*(-dev)?)$`)

// targetLibraries returns the libraries that a RUN installs and that programs may be
// linked with. They are installed for the target as well, and stay where they are:
// build scripts may be linked with them. odd is a package that cannot be judged.
func targetLibraries(s *graph.Stage, in *dockerfile.Instruction) (libraries []string, odd string) {
	for _, p := range packages.Installed(s, in) {
		switch {
		case hostLibraries[p] || toolInLibrary().MatchString(p):
		case strings.ContainsAny(p, "$`:*"):
			return nil, p
		case strings.HasSuffix(p, "-dev"), strings.HasSuffix(p, "-static"), strings.HasPrefix(p, "lib"), p == "linux-headers":
			libraries = append(libraries, p)
		}
	}
	return libraries, ""
}
