// Package dotnet knows .NET: programs that run on any machine, and those that are published for one.
package dotnet

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of .NET.
var Recipe = &verdict.Recipe{Name: "dotnet", Page: "dotnet", Judge: judge,
	Checks: map[string]map[string]bool{"dotnet": match.Words("test t")}}

// .NET compiles to code for every machine, puts a small starter of one machine beside it, and takes
// from each package the libraries for the machine that it is told. `-a ARCH` tells it. The SDK knows
// Docker's name amd64 besides its own, x64, since 7.0.300 and 8.0 (Richard Lander, "Improving
// multi-platform container support", .NET Blog, May 2023), so that $TARGETARCH can stand there as it is.
// `-a` keeps the system and C library that the SDK itself runs on.

var (
	// dotnetTold are the commands that take -a; dotnetSame those that do the same anywhere.
	dotnetTold = match.Words("restore build publish")
	dotnetSame = match.Words(`nuget new add list remove sln solution workload dev-certs format help search sdk package reference clean store
		build-server msbuild-server`)
	dotnetPlatforms = match.Words("linux/amd64 linux/arm64 linux/arm linux/arm/v7")
)

// A dotnetCall is a call of dotnet taken apart.
type dotnetCall struct {
	*verdict.Call
	sub  *shell.Word
	args []shell.Word // behind sub
}

func judge(c *verdict.Call) (verdict.Step, bool) {
	if c.Program != "dotnet" {
		return verdict.Step{}, false
	}
	d := &dotnetCall{Call: c}
	for i, w := range c.Args {
		if !strings.HasPrefix(w.Raw, "-") {
			d.sub, d.args = &c.Args[i], c.Args[i+1:]
			break
		}
	}
	if d.sub == nil {
		return verdict.Step{Reason: "prints what is installed"}, true
	}
	switch sub := d.sub.Lit; {
	case !d.sub.Const:
		return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf("which command of dotnet %s is cannot be known", d.sub.Raw), Way: "write it out"}, true
	case dotnetTold[sub]:
		return d.judge(), true
	case sub == "test" || sub == "run":
		if d.hasFlag("--no-build") || d.hasFlag("-a") || d.hasFlag("--arch") || d.identifier() != nil {
			return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf("dotnet %s runs what was built for the target platform", sub),
				Way: "let it build for itself, in a stage of its own"}, true
		}
		return verdict.Step{Compiles: true, Reason: "runs on the build platform"}, true
	case sub == "pack":
		return verdict.Step{Compiles: true, Reason: "makes packages for every platform", Review: "a NuGet package is the same on every platform if no project in it is for one machine"}, true
	case sub == "tool":
		return d.judgeTool(), true
	case dotnetSame[sub]:
		return verdict.Step{Reason: "does the same on every platform"}, true
	}
	return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf("what dotnet %s builds, and for which machine, is not known", d.sub.Lit),
		Way: "convert the stage by hand"}, true
}

// judgeTool decides on dotnet tool. What it installs has a starter for the machine that it runs on, also where another is asked for
// (learn.microsoft.com, "dotnet tool install"): the stage may run it, and no other may ship it.
func (d *dotnetCall) judgeTool() verdict.Step {
	if len(d.args) == 0 || !match.Words("install update")[d.args[0].Lit] {
		return verdict.Step{Reason: "does the same on every platform"}
	}
	step := verdict.Step{Reason: "installs a tool for the stage itself"}
	folder, told := d.flag("--tool-path")
	switch {
	case !told && d.hasFlag("-g") || d.hasFlag("--global"):
		folder = "/root/.dotnet/tools"
		if home := facts.Lookup(&d.Site, "DOTNET_CLI_HOME"); home.Set {
			folder = path.Join(home.Text, ".dotnet/tools")
		}
	case !told:
		return step // written down in the project's manifest
	}
	text, known := d.KnownText(folder)
	if text = d.Abs(text); !known || text == "" {
		return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("where dotnet tool puts the tool cannot be seen: %s", folder), Way: "write the folder out"}
	}
	step.HostWrites = []string{text}
	return step
}

func (d *dotnetCall) hasFlag(flag string) bool {
	_, ok := d.flag(flag)
	return ok
}

// flag returns the value of an option, glued to it or in the next word.
func (d *dotnetCall) flag(names ...string) (string, bool) {
	for i, w := range d.args {
		name, value, glued := strings.Cut(w.Raw, "=")
		if !glued {
			name, value, glued = strings.Cut(w.Raw, ":")
		}
		if !slices.Contains(names, name) {
			continue
		}
		if !glued && i+1 < len(d.args) {
			value = d.args[i+1].Raw
		}
		return strings.Trim(value, `"'`), true
	}
	return "", false
}

// property returns an MSBuild property of the command line: -p:NAME=value and its like.
var dotnetProperty = match.Pattern(`(?i)^(?:-p|/p|--property|-property|/property)[:=]["']?([\w.]+)=(.*)$`)

func (d *dotnetCall) property(name string) (string, bool) {
	for i, w := range d.args {
		text := w.Raw
		if match.Words("-p --property")[text] && i+1 < len(d.args) {
			text = "-p:" + d.args[i+1].Raw
		}
		if m := dotnetProperty().FindStringSubmatch(text); m != nil && strings.EqualFold(m[1], name) {
			return strings.Trim(m[2], `"'`), true
		}
	}
	return "", false
}

var dotnetTag = match.Pattern(`^([0-9]+)\.[0-9]+`)

// inProject matches what a project file says that a person would have said with -r, or that compiles
// to machine code.
var inProject = match.Pattern(`<(PublishAot|RuntimeIdentifier|PlatformTarget)>\s*([^<]*?)\s*</`)

func (d *dotnetCall) judge() verdict.Step {
	sub := d.sub.Lit
	step := verdict.Step{Verdict: verdict.Convert, Compiles: sub != "restore", Crosses: true, Reason: "builds for the target with -a $TARGETARCH"}
	if arch, ok := d.flag("-a", "--arch"); ok {
		if !facts.TargetReference().MatchString(arch) {
			return verdict.BlockBuild("give it $TARGETARCH", "-a %s is the same for every platform", arch)
		}
		step.Needs.Args = facts.ArgsIn(arch)
		return step
	}
	rid := d.identifier()
	if rid != nil {
		if why, way := d.cannotReplace(rid); why != "" {
			return verdict.BlockBuild(way, "%s", why)
		}
	}
	if aot, ok := d.property("PublishAot"); ok && !strings.EqualFold(aot, "false") {
		return verdict.BlockBuild(verdict.LeaveIt, "PublishAot compiles to machine code, for which .NET needs a linker and libraries of the target")
	}
	if os, ok := d.flag("--os"); ok && os != "linux" && rid == nil {
		return verdict.Step{Compiles: true, Reason: fmt.Sprintf("builds for %s, whatever the image is for", os)}
	}
	for _, w := range d.args {
		if ext := path.Ext(strings.Trim(w.Raw, `"'`)); (ext == ".sln" || ext == ".slnx" || ext == ".slnf") && sub != "restore" {
			return verdict.BlockBuild("build the project that is shipped instead of the solution", "%s of a solution (%s) takes no -a: .NET refuses it with NETSDK1134", sub, w.Raw)
		}
	}
	if sln := d.foundSolution(); sln != "" && sub != "restore" {
		return verdict.BlockBuild("name the project that is shipped", "%s names no project and finds the solution %s, which takes no -a: .NET refuses it with NETSDK1134", sub, sln)
	}
	if test := d.restoresAgain(); test != "" && (d.hasFlag("--no-restore") || d.hasFlag("--no-build")) {
		return verdict.BlockBuild("run the tests with --no-restore, or in a stage of their own",
			"dotnet %s, above, restores the packages again for the build platform, and this %s would not find the target's", test, sub)
	}
	for _, p := range d.Opt.Platforms {
		if !dotnetPlatforms[p] {
			return verdict.BlockBuild("leave the platform out", "Microsoft has no .NET for %s", p)
		}
	}
	major, why := dotnetMajor(d.Stage.Root().Image)
	if rid != nil && rid.chosen {
		major, why = 8, "" // it needs none of Docker's names
	}
	if why != "" {
		return verdict.BlockBuild("use an image of the SDK 8.0 or newer by its name", "%s", why)
	}
	if major < 8 {
		return verdict.BlockBuild("use the SDK 8.0 or newer, which can build for older versions too", "the SDK %d.0 may not know that amd64 is what it calls x64", major)
	}
	if other := d.otherLibc(); other != "" && rid == nil {
		return verdict.BlockBuild("build with an SDK image of the same distribution",
			"the result goes to %s, which has another C library than the SDK image: with -a it would get libraries for the SDK's", other)
	}
	step.Review = "dotnet takes each package's libraries for the target only, and its starter for the target, where it had those of every machine and the builder's"
	if self, ok := d.flag("--self-contained", "--sc"); ok && self != "false" {
		step.Review = "the .NET runtime that is shipped comes from a package for the target"
	}
	if rid != nil {
		step.Review += "; " + d.reviewOf(rid)
	}
	if why, known := d.inProjects(); why != "" {
		return verdict.BlockBuild(verdict.LeaveIt+", or take it out of the project file", "%s", why)
	} else if !known {
		step.Review += "; whether the project compiles to machine code (PublishAot) or names a machine cannot be seen without the project file"
	}
	if in := d.movesResult(); in != nil && rid == nil {
		return verdict.BlockBuild("publish with -o to a folder of its own, and take that",
			"line %d names the folder of the result, which with -a is one further down, called for the machine", in.Doc.Position(in.Span.Start).Line)
	}
	switch {
	case rid == nil:
		at := d.sub.Span.End
		step.Edits = []dockerfile.Edit{{Span: dockerfile.Span{Start: at, End: at}, New: " -a $TARGETARCH"}}
	case rid.chosen:
		step.Reason = fmt.Sprintf("builds for %s, which is chosen for each platform", rid.text)
		return step
	default:
		step.Edits = []dockerfile.Edit{{Span: rid.span, New: d.instead(rid)}}
	}
	step.Needs.Args = []string{"TARGETARCH"}
	return step
}

// foundSolution returns the solution that a command takes which is given no project, or "": the one in its folder.
func (d *dotnetCall) foundSolution() string {
	at, ok := d.ContextAt(strings.TrimSuffix(d.Dir, "/"))
	if !ok {
		return ""
	}
	for _, w := range d.args {
		word := strings.Trim(w.Raw, `"'`)
		if strings.HasSuffix(word, "proj") || d.Opt.Context.IsFolder(path.Join(at, word)) {
			return ""
		}
	}
	for _, name := range d.Opt.Context.FilesNamed(".sln", ".slnx") {
		if path.Dir(name) == at {
			return name
		}
	}
	return ""
}

// restoresAgain returns a command above that forgets for which machine packages were restored, or "".
func (d *dotnetCall) restoresAgain() string {
	for _, s := range d.Ledger.Steps {
		if s.Recipe != "dotnet" || s.Verdict == verdict.Convert {
			continue
		}
		words := strings.Fields(string(s.In.Doc.Src[s.Span.Start:s.Span.End]))
		if len(words) > 1 && match.Words("test run")[words[1]] && !slices.Contains(words, "--no-restore") {
			return words[1]
		}
	}
	return ""
}

// dotnetMajor returns the version of an SDK image.
func dotnetMajor(image string) (major int, why string) {
	if !strings.Contains(image, "dotnet/sdk") {
		return 0, fmt.Sprintf("which .NET SDK is in %s is not known", image)
	}
	m := dotnetTag().FindStringSubmatch(graph.ImageTag(image))
	if m == nil {
		return 0, fmt.Sprintf("which .NET SDK %s is cannot be seen in its tag", image)
	}
	major, _ = strconv.Atoi(m[1])
	return major, ""
}

// otherLibc returns the image of a stage that takes from this one and has musl where the SDK has glibc,
// or the other way round; else "".
func (d *dotnetCall) otherLibc() string {
	for _, t := range d.Stage.Tree() {
		for _, u := range t.UsedBy {
			root := u.In.Root().Image
			if u.In.Place == graph.Target && root != "scratch" && !strings.Contains(root, "dotnet/sdk") && isMusl(root) != isMusl(d.Stage.Root().Image) {
				return root
			}
		}
	}
	return ""
}

// inProjects looks into the project files of the build context; known is false where there are none.
func (d *dotnetCall) inProjects() (why string, known bool) {
	if d.Opt.Context == nil {
		return "", false
	}
	for _, name := range d.Opt.Context.FilesNamed(".csproj", ".fsproj", ".vbproj", ".props") {
		known = known || strings.HasSuffix(name, "proj")
		for _, m := range inProject().FindAllStringSubmatch(string(d.Opt.Context.ReadFile(name)), -1) {
			if match.Words("false anycpu x64;arm64")[strings.ToLower(m[2])] || m[2] == "" {
				continue
			}
			return fmt.Sprintf("%s says <%s>%s: it is compiled for one machine", name, m[1], m[2]), true
		}
	}
	return "", known
}
