package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
)

// Architectures that HardcodedArch finds in what programs are told: package managers and compilers that work for another
// machine by a flag, cross compilers by their names, sources of packages.

// installers take packages by their addresses.
var installers = match.Words("rpm dpkg pip pip3 uv npm")

// tellsArch are the options with which programs are told what machine to work for, each with its value glued or behind it.
var tellsArch = map[string][]string{
	"npm":              {"--arch", "--cpu", "--target_arch"},
	"yarn":             {"--arch", "--cpu", "--target_arch"},
	"pnpm":             {"--arch", "--cpu"},
	"npx":              {"--arch", "--cpu"},
	"bun":              {"--cpu", "--target"},
	"node-gyp":         {"--arch"},
	"deno":             {"--target"},
	"pkg":              {"-t", "--target", "--targets"},
	"dotnet":           {"-r", "--runtime", "-a", "--arch", "-p:RuntimeIdentifier", "/p:RuntimeIdentifier", "--property:RuntimeIdentifier", "--os"},
	"pip":              {"--platform"},
	"pip3":             {"--platform"},
	"uv":               {"--python-platform", "--platform"},
	"conda":            {"--platform"},
	"mamba":            {"--platform"},
	"micromamba":       {"--platform"},
	"crane":            {"--platform"},
	"oras":             {"--platform"},
	"skopeo":           {"--override-arch"},
	"zig":              {"-target", "-Dtarget"},
	"swift":            {"--triple"},
	"native-image":     {"--target"},
	"electron-builder": {"--arch"},
}

// tellsArchByEnv are the variables that do the same for programs that install packages.
var tellsArchByEnv = map[string][]string{
	"npm":   {"npm_config_arch", "npm_config_cpu", "npm_config_target_arch"},
	"yarn":  {"npm_config_arch", "npm_config_cpu", "npm_config_target_arch"},
	"pnpm":  {"npm_config_arch", "npm_config_cpu", "npm_config_target_arch"},
	"conda": {"CONDA_SUBDIR"}, "mamba": {"CONDA_SUBDIR"}, "micromamba": {"CONDA_SUBDIR"},
}

// toldTriple matches what build systems are told of a machine or its compiler.
var toldTriple = match.Pattern(`^(?:--host=|--target=|CC=|CXX=|CROSS_COMPILE=|CROSS=|-DCMAKE_C_COMPILER=|-DCMAKE_CXX_COMPILER=|--cross-prefix=)?[^=]*?\b(?:` + match.ArchName + `|arm)-(?:[a-z]+-)?linux-(?:gnu|musl)\w*`)

// bpfArch matches the definition that chooses the registers of a machine in eBPF code (libbpf's bpf_tracing.h).
var bpfArch = match.Pattern(`__TARGET_ARCH_(x86|arm64|arm|powerpc|s390|riscv|loongarch)\b`)

var bpfName = map[string]string{"x86": "amd64", "arm64": "arm64", "arm": "arm", "powerpc": "ppc64le", "s390": "s390x", "riscv": "riscv64", "loongarch": "loong64"}

// toolArchs lists the architectures that programs of a stage are told as constants, for what the target gets.
func (p *Pass) toolArchs(s *graph.Stage, on *facts.Platform) []archWord {
	var out []archWord
	var sources []archWord
	usable := s.Place == graph.Target || p.usedByTarget(s)
	if !usable {
		return nil
	}
	calls := p.callsInFiles(s, on)
	for _, c := range calls {
		if c.Maybe || len(c.Words) == 0 {
			continue
		}
		add := func(w facts.Word, a archWord) {
			a.in, a.span, a.call, a.value, a.shipped = c.Run, w.At, c, w.Value, true
			if w.At.Len() == 0 {
				a.span = c.Span
			} else if a.use != "none" {
				a.at = nameIn(c.Run.Doc, w.At, w.Text)
			}
			out = append(out, a)
		}
		for _, w := range p.toldWords(c) {
			add(w, archWord{message: c.Name + " is told %s, also for the image for %s", hint: toldHint(c.Name), use: "none"})
		}
		for _, w := range append(c.Words[:len(c.Words):len(c.Words)], facts.Word{Value: c.Heredoc}) {
			switch {
			case strings.Contains(w.Text, "__TARGET_ARCH_") && bpfArch().MatchString(w.Text):
				name := bpfArch().FindStringSubmatch(w.Text)[1]
				if p.reaches(s, c) {
					w.Text = "bpf " + bpfName[name]
					add(w, archWord{message: "eBPF code is compiled for the registers of " + name + ", that is %s, also for %s", hint: "choose __TARGET_ARCH_ by $TARGETARCH, which says amd64 where that says x86", use: "none"})
				}
			case s.Place == graph.Target && debSource().MatchString(w.Text):
				name := debSource().FindStringSubmatch(w.Text)[1]
				a := archWord{in: c.Run, span: w.At, call: c, value: w.Value, message: "apt is told that packages are for %s, and finds none in the image for %s", hint: "write [arch=$(dpkg --print-architecture)], or leave arch out", use: "$(dpkg --print-architecture)"}
				a.value.Text = "deb " + name
				if w.At.Len() == 0 {
					a.span = c.Span
				} else if at := nameIn(c.Run.Doc, w.At, w.Text); at.Len() > 0 {
					a.at = at
				}
				sources = append(sources, a)
			}
		}
		if s.Place == graph.Build && c.Compiler() && toldTriple().MatchString(c.Name) && p.shipped(s, p.ends(c), on) {
			add(inFull(c.Words[0]), archWord{message: "this compiler makes programs for %s, also for the image for %s", hint: "choose it by $TARGETARCH, or compile with xx-cc or xx-clang", use: "none"})
		}
		switch c.Name {
		case "make", "cmake", "configure", "meson", "scons":
			for _, w := range c.Words[1:] {
				if s.Place == graph.Build && strings.Contains(w.Text, "=") && toldTriple().MatchString(w.Text) && (c.Name != "make" || !strings.HasPrefix(w.Text, "--")) && p.Facts.Look(len(calls)) && !forSeveral(calls) {
					add(inFull(w), archWord{message: "the build is told %s, also for the image for %s", hint: "choose it by $TARGETARCH: $(xx-info triple), or CC=xx-clang", use: "none"})
				}
			}
		}
	}
	// A source for each, as on Ubuntu, where ports has its own.
	if !slices.ContainsFunc(sources, func(a archWord) bool { return otherArch(a.value.Text, on) == "" }) {
		out = append(out, sources...)
	}
	return out
}

// inFull writes the triple arm-linux-gnueabihf in a way that names an architecture.
func inFull(w facts.Word) facts.Word {
	w.Text = strings.Replace(w.Text, "arm-linux", "armhf-linux", 1)
	return w
}

// debSource matches a source of packages that is for some architectures.
var debSource = match.Pattern(`(?m)(?:^|["' ])deb \[[^\]]*arch=([a-z0-9,]+)|^Architectures: *([a-z0-9 ]+)`)

// toldWords are the values of a call's options, and of its environment, that say what machine it works for. What is told
// two machines makes something for both.
func (p *Pass) toldWords(c *facts.Call) []facts.Word {
	name := c.Name
	if (strings.HasPrefix(name, "python")) && c.Has("pip") {
		name = "pip"
	}
	var out []facts.Word
	for i, w := range c.Words {
		options := tellsArch[name]
		if manager := packages.ManagerOf(name); manager != nil {
			options = manager.Arch
		}
		for _, option := range options {
			switch rest, ok := strings.CutPrefix(w.Text, option); {
			case !ok || i == 0:
			case rest == "" && i+1 < len(c.Words):
				out = append(out, c.Words[i+1])
			case strings.HasPrefix(rest, "="):
				w.Text = rest[1:]
				out = append(out, w)
			}
		}
	}
	for _, variable := range tellsArchByEnv[name] {
		if v := c.Env(variable); v.Set && v.Text != "" {
			out = append(out, facts.Word{Value: v, At: placeOf(c, v)})
		}
	}
	return slices.DeleteFunc(out, func(w facts.Word) bool {
		return !constant(w.Value) || len(archNames(w.Text)) == 0 || strings.HasPrefix(w.Text, "win") || strings.HasPrefix(w.Text, "osx") || strings.Contains(w.Text, "darwin") || strings.Contains(w.Text, "windows") ||
			slices.ContainsFunc(out, func(other facts.Word) bool {
				return !slices.Equal(archNames(other.Text), archNames(w.Text)) && len(archNames(other.Text)) > 0
			})
	})
}

// toldHint says how a program is told the target.
func toldHint(program string) string {
	switch program {
	case "dotnet":
		return "say -a $TARGETARCH in place of the runtime identifier"
	case "npm", "yarn", "pnpm", "npx":
		return "leave it out in a stage of the target platform, where packages are installed for that"
	case "pip", "pip3", "uv", "python", "python3":
		return "leave it out in a stage of the target platform, or choose it with a case over $TARGETARCH"
	}
	return "choose it by $TARGETARCH, or with a case over it where the names differ"
}

// forSeveral reports whether commands of a stage name several triples, one for each of what is built.
func forSeveral(calls []*facts.Call) bool {
	first := ""
	for _, c := range calls {
		for _, w := range c.Words {
			if m := toldTriple().FindString(w.Text); m != "" && strings.ContainsAny(m, "=") {
				if a := strings.Join(archNames(m), " "); first != "" && a != first {
					return true
				} else {
					first = a
				}
			}
		}
	}
	return false
}

// reaches reports whether what a command makes gets to the target: as a file, or as a part of what is built after it.
func (p *Pass) reaches(s *graph.Stage, c *facts.Call) bool {
	if s.Place == graph.Target || p.shipped(s, p.ends(c), c.Platform) {
		return true
	}
	behind := false
	if !p.Facts.Look(len(p.Facts.Calls(s))) {
		return false
	}
	for _, later := range p.callsInFiles(s, c.Platform) {
		behind = behind || later == c
		if behind && (later.GoBuilds() || later.Name == "cargo") && (later.Name == "cargo" && p.usedByTarget(s) || p.shipped(s, p.ends(later), c.Platform)) {
			return true
		}
	}
	return false
}

// amd64Asset matches downloads that are amd64's without a word about it.
var amd64Asset = match.Pattern(`(?i)[^a-z0-9](linux[-_]?64(?:-?bit)?)(?:[^a-z0-9]|$)`)

// tini matches the program of that name among its releases, which is amd64's where it has no suffix.
var tini = match.Pattern(`/tini/releases/download/[^/]+/(tini(?:-static|-muslc)?)$`)

// onlyAmd64 returns the architecture of a download whose name does not say it in so many words.
func (p *Pass) onlyAmd64(a *archWord, v facts.Value) []string {
	if !constant(v) {
		return nil
	}
	if m := tini().FindStringSubmatch(v.Text); m != nil {
		raw := string(a.in.Doc.Src[a.span.Start:a.span.End])
		if i := strings.LastIndex(raw, m[1]); i >= 0 {
			a.at, a.use = dockerfile.Span{Start: a.span.Start + i, End: a.span.Start + i + len(m[1])}, m[1]+"-${TARGETARCH}"
		}
		return []string{"amd64"}
	}
	if m := amd64Asset().FindStringSubmatch(v.Text); m != nil && strings.Contains(v.Text, "://") {
		a.at = dockerfile.Span{}
		return []string{"amd64"}
	}
	return nil
}

// forBuilder reports what is chosen by $BUILDARCH and shipped.
func (p *Pass) forBuilder(s *graph.Stage, on *facts.Platform, done seen) {
	report := func(what string, span dockerfile.Span, in *dockerfile.Instruction) {
		if done.before(span) {
			return
		}
		p.Report(Diagnostic{
			Span:    span,
			Message: fmt.Sprintf("%s is for the machine that builds, also in the image for every other", what),
			Hint:    "choose it by $TARGETARCH",
			Fix:     p.targetInstead(in, "use the target's", facts.Value{Span: span, By: in}),
		})
	}
	shipped := s.Place == graph.Target && (deliveredInTree(s) || p.usedByTarget(s))
	for _, in := range s.Body {
		var sources []string
		switch c := in.Command.(type) {
		case *instructions.AddCommand:
			sources = c.SourcePaths
		case *instructions.CopyCommand:
			sources = c.SourcePaths
		}
		for _, src := range sources {
			if v := p.Facts.Expand(in, src, on); shipped && v.From&facts.FromBuilder != 0 && v.From&facts.FromTarget == 0 && strings.Contains(src, "BUILD") {
				report("this file", wordSpan(in, src), in)
			}
		}
	}
	calls := p.Facts.CallsFor(s, on)
	for i, c := range calls {
		if c.Name != "curl" && c.Name != "wget" && c.Name != "aria2c" || c.Maybe {
			continue
		}
		for _, w := range c.Words[1:] {
			if !strings.Contains(w.Text, "://") || w.From&facts.FromBuilder == 0 || w.From&facts.FromTarget != 0 {
				continue
			}
			var written []string
			for _, later := range calls[i:] {
				if later.Run == c.Run && carries(later) {
					written = append(written, later.Writes()...)
				}
			}
			written = p.Facts.Carried(c, written)
			if p.shipped(s, written, on) || shipped && !p.runsOrRemoves(calls[i+1:], written) {
				report("this download", w.At, c.Run)
			}
		}
	}
}

// runsOrRemoves reports whether one of the commands runs one of the files, or removes it.
func (p *Pass) runsOrRemoves(calls []*facts.Call, written []string) bool {
	return slices.ContainsFunc(calls, func(c *facts.Call) bool {
		if c.Name == "rm" {
			return slices.ContainsFunc(c.Words[1:], func(w facts.Word) bool { return slices.Contains(written, c.Abs(w.Value)) })
		}
		return slices.ContainsFunc(written, func(w string) bool {
			return len(c.Words) > 0 && (c.Abs(c.Words[0].Value) == w || c.Name == path.Base(w) && isProgram(w))
		})
	})
}
