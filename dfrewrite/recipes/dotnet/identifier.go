package dotnet

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
)

// An identifier is the runtime identifier that a command is told: system, C library and machine in one word, such as
// linux-musl-x64. (".NET RID Catalog", learn.microsoft.com)
type identifier struct {
	text string
	// span covers the option and its value.
	span dockerfile.Span
	// option says that it is told by -r, and not by a property.
	option bool
	// chosen says that it is the target's for each platform.
	chosen bool
}

var (
	// linuxIdentifier matches the identifiers of what Microsoft has images for.
	linuxIdentifier = match.Pattern(`^linux-(musl-)?(x64|arm64|arm)$`)
	// identifiers finds them in a file, also as the name of a folder.
	identifiers = match.Pattern(`\b(linux|win|osx)-(musl-)?(x64|x86|arm64|arm)\b`)
	// ownRuntime matches versions of .NET for which -r makes a program that carries the runtime along, unless it is told not to.
	// ("Runtime-specific apps no longer self-contained", breaking changes of .NET 8)
	ownRuntime = match.Pattern(`(?i)<TargetFrameworks?>[^<]*\b(net[567]\.|netcoreapp)`)
	framework  = match.Pattern(`(?i)<TargetFrameworks?>\s*net`)
)

// dotnetArch are the names of .NET for the architectures.
var dotnetArch = map[string]string{"amd64": "x64", "arm64": "arm64", "arm": "arm"}

// identifier returns the runtime identifier of the command, nil if it is told none.
func (d *dotnetCall) identifier() *identifier {
	for i, w := range d.args {
		name, value, glued := strings.Cut(w.Raw, "=")
		if !glued {
			name, value, glued = strings.Cut(w.Raw, ":")
		}
		last := w
		if name == "-r" || name == "--runtime" {
			if !glued {
				if i+1 == len(d.args) {
					return nil
				}
				last = d.args[i+1]
				value = last.Raw
			}
			return d.told(last, value, dockerfile.Span{Start: w.Span.Start, End: last.Span.End}, true)
		}
		text := w.Raw
		if match.Words("-p --property")[text] && i+1 < len(d.args) {
			last = d.args[i+1]
			text = "-p:" + last.Raw
		}
		if m := dotnetProperty().FindStringSubmatch(text); m != nil && strings.EqualFold(m[1], "RuntimeIdentifier") {
			return d.told(last, m[2], dockerfile.Span{Start: w.Span.Start, End: last.Span.End}, false)
		}
	}
	return nil
}

func (d *dotnetCall) told(w shell.Word, value string, span dockerfile.Span, option bool) *identifier {
	return &identifier{text: strings.Trim(value, `"'`), span: span, option: option, chosen: d.isTargets(w)}
}

// isTargets reports whether a word with an identifier in it has that of the target on each platform.
func (d *dotnetCall) isTargets(w shell.Word) bool {
	if w.Const {
		return false
	}
	followed := map[*facts.Platform]bool{}
	for _, c := range d.Facts().Calls(d.Stage) {
		for _, word := range c.Words {
			if c.Run != d.Run || word.At != w.Span {
				continue
			}
			_, value, glued := strings.Cut(word.Text, "=")
			if !glued {
				value = word.Text
			}
			m := linuxIdentifier().FindStringSubmatch(value)
			if m == nil || m[2] != dotnetArch[c.Platform.Arch] {
				return false
			}
			followed[c.Platform] = true
		}
	}
	return len(followed) > 1 && len(followed) == len(d.Facts().PlatformsOf(d.Stage))
}

// cannotReplace says why the identifier cannot become options with the target's name in them, or "", and what to do about it.
func (d *dotnetCall) cannotReplace(rid *identifier) (why, way string) {
	if rid.chosen {
		return "", ""
	}
	const instead = "use -a $TARGETARCH instead of a runtime identifier"
	if !linuxIdentifier().MatchString(rid.text) {
		if facts.TargetReference().MatchString(rid.text) {
			return fmt.Sprintf("the runtime identifier %s is made from the target; .NET's names are others than Docker's", rid.text), "use -a $TARGETARCH instead"
		}
		return fmt.Sprintf("builds for %s, whatever the image is for", rid.text), instead
	}
	if _, ok := d.flag("--os"); ok {
		return "--os stands beside the runtime identifier, which .NET refuses", instead
	}
	if other, in := d.otherMention(rid); in != nil {
		line := in.Doc.Position(in.Span.Start).Line
		if other != rid.text {
			return fmt.Sprintf("builds for %s, and line %d for %s", rid.text, line, other), "build for one machine in a stage, with -a $TARGETARCH"
		}
		return fmt.Sprintf("line %d names %s, which is called otherwise when the build is for another machine", line, rid.text),
			instead + ", and publish with -o to a folder that is not named for a machine"
	}
	if _, said := d.property("SelfContained"); said || d.hasFlag("--self-contained") || d.hasFlag("--sc") || d.hasFlag("--no-self-contained") || d.Opt.Context == nil {
		return "", ""
	}
	if old := d.project(ownRuntime); old != "" {
		return fmt.Sprintf("%s is for a .NET older than 8, for which -r takes the runtime along and -a does not", old),
			"say --self-contained or --no-self-contained, and -a $TARGETARCH instead of a runtime identifier"
	}
	return "", ""
}

// around returns the instructions of the stages that share a base, and those that take files from them.
func (d *dotnetCall) around() []*dockerfile.Instruction {
	var out []*dockerfile.Instruction
	for _, s := range d.Stage.Root().Tree() {
		out = append(out, s.Body...)
		for _, u := range s.UsedBy {
			out = append(out, u.By)
		}
	}
	return out
}

// otherMention returns a folder that has the identifier's name, or a place where another one is told; nil if there is none.
func (d *dotnetCall) otherMention(rid *identifier) (string, *dockerfile.Instruction) {
	for _, in := range d.around() {
		told := d.toldIn(in)
		text := string(in.Doc.Src[in.Span.Start:in.Span.End])
		for _, m := range identifiers().FindAllStringIndex(text, -1) {
			name := text[m[0]:m[1]]
			inOption := slices.ContainsFunc(told, func(span dockerfile.Span) bool {
				return span.Start <= in.Span.Start+m[0] && in.Span.Start+m[1] <= span.End
			})
			inPath := strings.HasSuffix(text[:m[0]], "/") || strings.HasPrefix(text[m[1]:], "/")
			if name == rid.text && inPath && !inOption || name != rid.text && inOption {
				return name, in
			}
		}
	}
	return "", nil
}

// toldIn returns where commands of an instruction are told runtime identifiers.
func (d *dotnetCall) toldIn(in *dockerfile.Instruction) []dockerfile.Span {
	if !graph.IsRun(in) {
		return nil
	}
	var out []dockerfile.Span
	script := d.Stage.Graph.Script(in)
	commands := script.Commands
	if script.Exec != nil {
		commands = []*shell.Command{script.Exec}
	}
	for _, cmd := range commands {
		if cmd.Name != "dotnet" {
			continue
		}
		for i, w := range cmd.Words {
			name, _, glued := strings.Cut(w.Raw, "=")
			switch {
			case !glued && match.Words("-r --runtime -p --property")[name] && i+1 < len(cmd.Words):
				out = append(out, dockerfile.Span{Start: w.Span.Start, End: cmd.Words[i+1].Span.End})
			case strings.HasPrefix(name, "-r:") || name == "-r" || name == "--runtime" || dotnetProperty().MatchString(w.Raw):
				out = append(out, w.Span)
			}
		}
	}
	return out
}

// ownFolder matches the folder that .NET builds in.
var ownFolder = match.Pattern(`(?i)\bbin/(release|debug)\b`)

// movesResult says where the file names the folder of a result that lies in another one when .NET is told a machine, nil where it
// does not: bin/Release/net8.0 becomes bin/Release/net8.0/linux-x64.
func (d *dotnetCall) movesResult() *dockerfile.Instruction {
	if d.sub.Lit == "restore" || d.hasFlag("-o") || d.hasFlag("--output") {
		return nil
	}
	for _, property := range []string{"PublishDir", "OutputPath", "OutDir", "AppendRuntimeIdentifierToOutputPath"} {
		if _, said := d.property(property); said {
			return nil
		}
	}
	for _, in := range d.around() {
		if ownFolder().Match(in.Doc.Src[in.Span.Start:in.Span.End]) {
			return in
		}
	}
	return nil
}

// instead returns the options that say the same for the target. Without --os they keep the C library of the SDK's own system.
func (d *dotnetCall) instead(rid *identifier) string {
	musl := strings.HasPrefix(rid.text, "linux-musl-")
	switch {
	case musl:
		return "--os linux-musl -a $TARGETARCH"
	case isMusl(d.Stage.Root().Image):
		return "--os linux -a $TARGETARCH"
	}
	return "-a $TARGETARCH"
}

// reviewOf says what to look at where the command was told an identifier.
func (d *dotnetCall) reviewOf(rid *identifier) string {
	if rid.chosen {
		return "its runtime identifier is that of the target already"
	}
	review := fmt.Sprintf("%s was told for the image of every platform, which looks like a mistake: now it is built for the target", rid.text)
	if _, said := d.property("SelfContained"); rid.option && !said && !d.hasFlag("--self-contained") && !d.hasFlag("--sc") && !d.hasFlag("--no-self-contained") && d.project(framework) == "" {
		review += "; for a project of .NET 7 or older say --self-contained, as -r did so by itself"
	}
	return review
}

// project returns a project file of the build context that has such a line, or "".
func (d *dotnetCall) project(has func() *regexp.Regexp) string {
	if d.Opt.Context == nil {
		return ""
	}
	for _, name := range d.Opt.Context.FilesNamed(".csproj", ".fsproj", ".vbproj", ".props") {
		if has().Match(d.Opt.Context.ReadFile(name)) {
			return name
		}
	}
	return ""
}

// isMusl reports whether an image has musl as its C library.
func isMusl(image string) bool {
	d := graph.DistributionOf(image)
	return d != nil && d.Libc == "musl"
}
