// Package goreleaser is the driver of goreleaser, which builds what its configuration says.
package goreleaser

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/context/gosource"
	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of goreleaser.
var Recipe = &verdict.Recipe{Name: "goreleaser", Page: "goreleaser", Judge: judge, Programs: match.Words("goreleaser")}

// GoReleaser builds what its configuration says, for every platform in it. With --single-target it builds one of them: that
// of TARGET, else of GOOS, GOARCH, GOARM and GOAMD64 of the environment, else of the machine that it runs on. It takes a target
// only as the configuration has it, and gives go the variant that stands there. -o copies the program to where one wants it;
// without, the name of its folder holds the target. (internal/pipe/partial, internal/pipe/build, internal/builders/golang and
// cmd/build.go, v2.12.)

// everyPlatform is what to do about a command that builds all that the configuration has.
const everyPlatform = "use goreleaser build --single-target -o FILE, which builds for GOOS and GOARCH of the environment"

func judge(c *verdict.Call) (verdict.Step, bool) {
	if c.Program != "goreleaser" {
		return verdict.Step{}, false
	}
	run, err := newRun(c)
	switch {
	case err != nil:
		return drivers.Refuse(c, ": %s", err), true
	case releaserPrints[run.command]:
		return verdict.Step{Reason: "builds nothing"}, true
	case run.command == "release":
		return verdict.BlockBuild(everyPlatform, "goreleaser release builds every platform of its configuration, in the build of each platform"), true
	case run.command != "build":
		return verdict.BlockBuild(everyPlatform, "what goreleaser %s does is not known", run.command), true
	case !run.single:
		return verdict.BlockBuild(everyPlatform, "goreleaser build without --single-target builds every platform of its configuration, in the build of each platform"), true
	case run.output == "":
		return verdict.BlockBuild("add -o FILE, and copy that", "without -o goreleaser puts the program into a folder of dist that has the target in its name"), true
	case c.Opt.Context == nil:
		return verdict.Step{}, false
	}
	d, err := releaserBuild(c, run)
	if err != nil {
		return drivers.Refuse(c, ": %s", err), true
	}
	step := drivers.Judge(c, d)
	if step.Verdict == verdict.Convert {
		step.Reason = "with --single-target goreleaser builds for GOOS and GOARCH of the environment"
	}
	return step, true
}

// releaserPrints are the commands that neither build nor need anything that was built; "" prints help.
var releaserPrints = match.Words("check c healthcheck hc init i jsonschema schema completion help man")

func init() { releaserPrints[""] = true }

// A releaserRun is a command line of goreleaser.
type releaserRun struct {
	command                 string
	single                  bool
	output, config          string
	ids                     []string
	noBefore, noPre, noPost bool
}

// releaserFlags are the flags that change nothing about what is built for which platform, those of v1 among them.
var (
	releaserFlags          = match.Words("--snapshot --auto-snapshot --clean --rm-dist --skip-validate --deprecated --verbose --debug --quiet")
	releaserFlagsWithValue = match.Words("-p --parallelism --timeout")
)

// newRun reads the command line.
func newRun(c *verdict.Call) (*releaserRun, error) {
	r := &releaserRun{}
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		text, ok := c.Known(w)
		if !ok {
			return nil, fmt.Errorf("what %s is cannot be seen", w.Raw)
		}
		if !strings.HasPrefix(text, "-") {
			if r.command != "" {
				return nil, fmt.Errorf("what %s is for is not known", w.Raw)
			}
			r.command = text
			continue
		}
		name, value, glued := strings.Cut(text, "=")
		takes := func() bool {
			if glued {
				return true
			}
			if i+1 == len(c.Args) {
				return false
			}
			i++
			value, ok = c.Known(c.Args[i])
			return ok
		}
		switch {
		case name == "--single-target" && !glued:
			r.single = true
		case name == "--version" || name == "-v" || name == "--help" || name == "-h":
			return &releaserRun{}, nil
		case releaserFlags[name] && !glued:
		case name == "--skip-before" && !glued:
			r.noBefore = true
		case name == "--skip-post-hooks" && !glued:
			r.noPost = true
		case (name == "-o" || name == "--output") && takes():
			r.output = value
		case (name == "-f" || name == "--config") && takes():
			r.config = value
		case name == "--id" && takes():
			r.ids = append(r.ids, value)
		case name == "--skip" && takes():
			for _, what := range strings.Split(value, ",") {
				r.noBefore = r.noBefore || what == "before"
				r.noPre = r.noPre || what == "pre-hooks"
				r.noPost = r.noPost || what == "post-hooks"
			}
		case releaserFlagsWithValue[name] && takes():
		default:
			return nil, fmt.Errorf("what %s changes is not followed", w.Raw)
		}
	}
	switch r.command {
	case "b":
		r.command = "build"
	case "r":
		r.command = "release"
	}
	return r, nil
}

// releaserConfigs are the names under which goreleaser looks for its configuration, in its order.
var releaserConfigs = []string{".config/goreleaser.yml", ".config/goreleaser.yaml", ".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml"}

// A releaserFile is what its configuration says about builds. Fields that are nodes may be written in several ways, or tell
// a line to a message.
type releaserFile struct {
	name string

	ProjectName string `yaml:"project_name"`
	Env         yaml.Node
	Includes    yaml.Node
	Builds      []yaml.Node
	Before      struct{ Hooks yaml.Node }
	GoMod       struct {
		Proxy    bool
		GoBinary string
		Env      yaml.Node
	}
}

// A releaserTarget is one of its builds.
type releaserTarget struct {
	line int

	ID, Main, Binary, Builder, Tool, GoBinary, Command, Buildmode            string
	Goos, Goarch, Goarm, Goarm64, Goamd64, Go386, Goppc64, Goriscv64, Gomips yaml.Node
	Targets, Flags, Tags, Ldflags, Asmflags, Gcflags, Env, Skip              yaml.Node
	Ignore, Overrides                                                        []map[string]yaml.Node
	Hooks                                                                    struct{ Pre, Post yaml.Node }
}

// releaserBuild says what goreleaser runs for its only target.
func releaserBuild(c *verdict.Call, run *releaserRun) (drivers.Build, error) {
	f, err := readFile(c, run.config)
	if err != nil {
		return drivers.Build{}, err
	}
	b, err := f.build(run.ids)
	if err != nil {
		return drivers.Build{}, err
	}
	for _, name := range []string{"TARGET", "GGOOS", "GGOARCH", "GGOARM", "GGOAMD64", "GO386", "GOARM64", "GOPPC64", "GORISCV64", "GOMIPS"} {
		if v := facts.Lookup(&c.Site, name); v.Set && v.Text != "" || v.FromArg {
			return drivers.Build{}, fmt.Errorf("%s is set, which goreleaser looks at, too", name)
		}
	}
	if err := f.hasTargets(b, c); err != nil {
		return drivers.Build{}, err
	}
	d := drivers.Build{File: f.name, Exports: map[string]facts.Setting{}}
	for _, node := range []*yaml.Node{&f.Env, &b.Env} {
		if err := f.exports(node, d.Exports); err != nil {
			return drivers.Build{}, err
		}
	}
	switch cgo := d.Exports["CGO_ENABLED"]; {
	case cgo.Set && !cgo.Fixed:
		return drivers.Build{}, fmt.Errorf("%s: CGO_ENABLED is %s; whether the build uses cgo is not known", cgo.Where, cgo.Text)
	case cgo.Text != "" && cgo.Text != "0":
		return drivers.Build{}, fmt.Errorf("%s: CGO_ENABLED=%s: the build uses cgo, which needs a C compiler for the target", cgo.Where, cgo.Text)
	}
	output := run.output
	if output == "." {
		if output = path.Base(b.Binary); b.Binary == "" || strings.Contains(b.Binary, "{{") {
			return drivers.Build{}, fmt.Errorf("%s:%d: what the program is called, which -o . copies, is not said; name the file", f.name, b.line)
		}
	}
	line, err := f.goBuild(b, output)
	if err != nil {
		return drivers.Build{}, err
	}
	for _, hooks := range []struct {
		node *yaml.Node
		off  bool
	}{{&f.Before.Hooks, run.noBefore}, {&b.Hooks.Pre, run.noPre}, {nil, false}, {&b.Hooks.Post, run.noPost}} {
		if hooks.node == nil {
			d.Lines = append(d.Lines, verdict.Line{Text: line, At: verdict.Where{File: f.name, Line: b.line}})
			continue
		}
		if hooks.off {
			continue
		}
		lines, err := f.hooks(hooks.node)
		if err != nil {
			return drivers.Build{}, err
		}
		d.Lines = append(d.Lines, lines...)
	}
	return d, nil
}

// readFile reads the configuration.
func readFile(c *verdict.Call, name string) (*releaserFile, error) {
	names := releaserConfigs
	if name != "" {
		names = []string{name}
	}
	for _, name := range names {
		text := c.ContextFile(name)
		if text == nil {
			continue
		}
		f := &releaserFile{name: name}
		if len(text) > context.MaxGoFileSize {
			return nil, fmt.Errorf("%s is too large to be read", name)
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil {
			return nil, fmt.Errorf("%s cannot be read: %s", name, strings.ReplaceAll(err.Error(), "\n", " "))
		}
		if doc.Kind != 0 && doc.Decode(f) != nil { // whose errors speak of types in here
			return nil, fmt.Errorf("%s is not written as goreleaser reads it", name)
		}
		switch {
		case f.Includes.Kind != 0:
			return nil, fmt.Errorf("%s:%d: what it includes is not followed", name, f.Includes.Line)
		case f.GoMod.Proxy:
			return nil, fmt.Errorf("%s: with gomod.proxy it builds what the module proxy has, and not what is in the build context", name)
		case f.GoMod.GoBinary != "" && f.GoMod.GoBinary != "go":
			return nil, fmt.Errorf("%s: gomod.gobinary is %s, of which nothing is known", name, f.GoMod.GoBinary)
		case len(f.GoMod.Env.Content) > 0:
			return nil, fmt.Errorf("%s:%d: what gomod.env changes is not followed", name, f.GoMod.Env.Line)
		}
		return f, nil
	}
	return nil, errors.New("its configuration is not seen in the build context")
}

// build returns the only build that the command line asks for.
func (f *releaserFile) build(ids []string) (*releaserTarget, error) {
	if len(f.Builds) == 0 {
		f.Builds = []yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map", Line: 1}}
	}
	var found []*releaserTarget
	for i := range f.Builds {
		b := &releaserTarget{line: f.Builds[i].Line}
		if err := f.Builds[i].Decode(b); err != nil {
			return nil, fmt.Errorf("%s:%d: the build is not written as goreleaser reads it", f.name, b.line)
		}
		if b.ID == "" {
			b.ID = f.ProjectName
		}
		if b.Binary == "" {
			b.Binary = f.ProjectName
		}
		if len(f.Builds) == 1 || slices.Contains(ids, b.ID) {
			found = append(found, b)
		}
	}
	switch {
	case len(found) == 0 && len(ids) > 0:
		return nil, fmt.Errorf("%s has no build with the id %s", f.name, strings.Join(ids, ", "))
	case len(found) != 1:
		return nil, fmt.Errorf("%s has several builds, with which -o does nothing; choose one with --id", f.name)
	}
	b := found[0]
	for _, is := range []struct{ key, value, want string }{
		{"builder", b.Builder, "go"}, {"tool", b.Tool, "go"}, {"gobinary", b.GoBinary, "go"}, {"command", b.Command, "build"},
	} {
		if is.value != "" && is.value != is.want {
			return nil, fmt.Errorf("%s:%d: its %s is %s, for which there is no recipe", f.name, b.line, is.key, is.value)
		}
	}
	if b.Skip.Kind != 0 && b.Skip.Value != "false" && b.Skip.Value != "" {
		return nil, fmt.Errorf("%s:%d: the build may be skipped", f.name, b.Skip.Line)
	}
	return b, nil
}

// texts returns a list of strings, which may be written as one, each with its node.
func (f *releaserFile) texts(n *yaml.Node) ([]*yaml.Node, error) {
	switch n = aliased(n); n.Kind {
	case 0:
		return nil, nil
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return nil, nil
		}
		return []*yaml.Node{n}, nil
	case yaml.SequenceNode:
		var out []*yaml.Node
		for _, item := range n.Content {
			if item = aliased(item); item.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("%s:%d: what stands there is not followed", f.name, item.Line)
			}
			out = append(out, item)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%s:%d: what stands there is not followed", f.name, n.Line)
}

// aliased returns the node that an alias stands for.
func aliased(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// releaserFirstClass is what go_first_class and go_118_first_class stand for on Linux.
var releaserFirstClass = []string{"linux_386", "linux_amd64", "linux_arm", "linux_arm64"}

// releaserVariant is the variant of an architecture where nothing else is said.
var releaserVariant = map[string]string{
	"386": "sse2", "amd64": "v1", "arm": "6", "arm64": "v8.0", "ppc64": "power8", "ppc64le": "power8", "riscv64": "rva20u64",
	"mips": "hardfloat", "mipsle": "hardfloat", "mips64": "hardfloat", "mips64le": "hardfloat",
}

// variantKey is the key under which the variants of an architecture stand.
func variantKey(goarch string) string {
	switch {
	case strings.HasPrefix(goarch, "mips"):
		return "gomips"
	case goarch == "ppc64le":
		return "goppc64"
	}
	return "go" + goarch
}

// hasTargets says which of the platforms the configuration lacks, for which goreleaser would build nothing.
func (f *releaserFile) hasTargets(b *releaserTarget, c *verdict.Call) error {
	for _, p := range c.Opt.Platforms {
		parts := strings.Split(p, "/")
		goos, goarch := parts[0], parts[1]
		want := releaserVariant[goarch]
		if v := askedVariant(c, goarch, parts); v != "" {
			want = v
		}
		if len(b.Overrides) > 0 && f.overrides(b, goos, goarch) {
			return fmt.Errorf("%s:%d: overrides for %s are not followed", f.name, b.line, p)
		}
		targets, err := f.texts(&b.Targets)
		if err != nil {
			return err
		}
		if len(targets) > 0 {
			if err := f.amongTargets(targets, p, goos+"_"+goarch, want); err != nil {
				return err
			}
			continue
		}
		variants := map[string]*yaml.Node{"go386": &b.Go386, "goamd64": &b.Goamd64, "goarm": &b.Goarm, "goarm64": &b.Goarm64,
			"goppc64": &b.Goppc64, "goriscv64": &b.Goriscv64, "gomips": &b.Gomips}
		for _, list := range []struct {
			key      string
			node     *yaml.Node
			want     string
			defaults []string
		}{
			{"goos", &b.Goos, goos, []string{"linux", "darwin", "windows"}},
			{"goarch", &b.Goarch, goarch, []string{"amd64", "arm64", "386"}},
			{variantKey(goarch), variants[variantKey(goarch)], want, []string{releaserVariant[goarch]}},
		} {
			if list.node == nil {
				continue // an architecture without variants
			}
			if err := f.among(b, list.key, list.node, list.want, list.defaults, p); err != nil {
				return err
			}
		}
		for _, entry := range b.Ignore {
			if line := ignoresTarget(entry, goos, goarch, want); line > 0 {
				return fmt.Errorf("%s:%d: its ignore leaves %s out", f.name, line, p)
			}
		}
	}
	return nil
}

// askedVariant is the variant of arm or amd64 that the environment will ask for, or "" where it does not.
func askedVariant(c *verdict.Call, goarch string, platform []string) string {
	switch name := "GO" + strings.ToUpper(goarch); goarch {
	case "arm", "amd64":
		v := facts.Lookup(&c.Site, name)
		if v.Set && v.Fixed && v.Text != "" {
			return v.Text
		}
		asked := v.Follows() || goarch == "arm" && verdict.NeedsGoarm(c.Opt) || goarch == "amd64" && len(c.Opt.Variants("amd64")) > 0
		if !asked || len(platform) < 3 {
			return ""
		}
		if goarch == "arm" {
			return strings.TrimPrefix(platform[2], "v")
		}
		return platform[2]
	}
	return ""
}

// among looks for a value in a list, or in what goreleaser takes where there is none.
func (f *releaserFile) among(b *releaserTarget, key string, n *yaml.Node, want string, defaults []string, platform string) error {
	items, err := f.texts(n)
	if err != nil {
		return err
	}
	if len(items) == 0 {
		if slices.Contains(defaults, want) {
			return nil
		}
		return fmt.Errorf("%s:%d: the build has no %s, and without one goreleaser does not build %s", f.name, b.line, key, platform)
	}
	for _, item := range items {
		if item.Value == want {
			return nil
		}
	}
	return fmt.Errorf("%s:%d: %s lacks %s, so nothing is built for %s", f.name, n.Line, key, want, platform)
}

// amongTargets looks for a platform in a list of targets, which may leave variants out.
func (f *releaserFile) amongTargets(targets []*yaml.Node, platform, name, variant string) error {
	for _, t := range targets {
		names := []string{t.Value}
		if t.Value == "go_first_class" || t.Value == "go_118_first_class" {
			names = releaserFirstClass
		}
		for _, have := range names {
			if have == name+"_"+variant || have == name && (variant == "" || variant == releaserVariant[strings.Split(name, "_")[1]]) {
				return nil
			}
		}
	}
	if variant != "" {
		name += "_" + variant
	}
	return fmt.Errorf("%s:%d: targets lacks %s, so nothing is built for %s", f.name, targets[0].Line, name, platform)
}

// ignoresTarget returns the line of an entry that leaves a target out, or 0.
func ignoresTarget(entry map[string]yaml.Node, goos, goarch, variant string) int {
	line := 0
	for key, n := range entry {
		switch key {
		case "goos":
			if n.Value != goos {
				return 0
			}
		case "goarch":
			if n.Value != goarch {
				return 0
			}
		default: // go386, goarm …
			if key != variantKey(goarch) || n.Value != variant {
				return 0
			}
		}
		if line == 0 || n.Line < line {
			line = n.Line
		}
	}
	return line
}

// overrides reports whether the build has settings of their own for a platform.
func (f *releaserFile) overrides(b *releaserTarget, goos, goarch string) bool {
	for _, o := range b.Overrides {
		has, arch := o["goos"], o["goarch"]
		if strings.Contains(has.Value+arch.Value, "{{") || has.Value == "" || has.Value == goos && (arch.Value == "" || arch.Value == goarch) {
			return true
		}
	}
	return false
}

// exports reads variables that the configuration sets.
func (f *releaserFile) exports(n *yaml.Node, into map[string]facts.Setting) error {
	items, err := f.texts(n)
	if err != nil {
		return err
	}
	for _, item := range items {
		name, text, ok := strings.Cut(item.Value, "=")
		switch {
		case !ok || strings.ContainsAny(name, "{ $"):
			return fmt.Errorf("%s:%d: which variable `%s` sets cannot be seen", f.name, item.Line, item.Value)
		case name == "CGO_ENABLED" || name == "GOFLAGS":
			into[name] = facts.Setting{Set: true, Text: text, Fixed: !strings.ContainsAny(text, "{$"), Where: fmt.Sprintf("%s:%d", f.name, item.Line)}
		case drivers.AboutModules[name]:
		case strings.HasPrefix(name, "GO") || strings.HasPrefix(name, "GGO") || strings.HasPrefix(name, "CGO_") || name == "PATH" || name == "TARGET" ||
			slices.Contains(gosource.Tools, name) || slices.Contains(gosource.Flags, name):
			return fmt.Errorf("%s:%d: it sets %s, whatever the environment says", f.name, item.Line, name)
		}
	}
	return nil
}

var (
	releaserTemplate = match.Pattern(`\{\{.*?\}\}`)
	// releaserMachine matches templates that tell another thing on the build platform: the machine, and variables that
	// will be set.
	releaserMachine = match.Pattern(`\.Runtime\.Goarch|\bGO(OS|ARCH|ARM|AMD64)\b`)
	releaserHook    = match.Pattern("[\\n`|&;<>\\\\()$#*?~!\\[\\]]")
)

// shellText writes a string of the configuration for a shell; what a template becomes is not known.
func (f *releaserFile) shellText(n *yaml.Node) (string, error) {
	for _, template := range releaserTemplate().FindAllString(n.Value, -1) {
		if releaserMachine().MatchString(template) {
			return "", fmt.Errorf("%s:%d: %s is another on the build platform", f.name, n.Line, template)
		}
	}
	return releaserTemplate().ReplaceAllLiteralString(strings.TrimSpace(strings.ReplaceAll(n.Value, "\n", " ")), "\x00"), nil
}

// goBuild is the go command that goreleaser puts together.
func (f *releaserFile) goBuild(b *releaserTarget, output string) (string, error) {
	line := []string{"go", "build"}
	for _, part := range []struct {
		node           *yaml.Node
		prefix, joined string
	}{{&b.Flags, "", ""}, {&b.Asmflags, "-asmflags=", ""}, {&b.Gcflags, "-gcflags=", ""}, {&b.Tags, "-tags=", ","}, {&b.Ldflags, "-ldflags=", " "}} {
		items, err := f.texts(part.node)
		if err != nil {
			return "", err
		}
		var texts []string
		for _, item := range items {
			text, err := f.shellText(item)
			if err != nil {
				return "", err
			}
			if part.prefix == "" && aliased(part.node).Kind == yaml.ScalarNode {
				texts = append(texts, strings.Fields(text)...) // flags in one string
			} else if text != "" {
				texts = append(texts, text)
			}
		}
		if part.joined != "" && len(texts) > 0 {
			texts = []string{strings.Join(texts, part.joined)}
		}
		for _, text := range texts {
			line = append(line, drivers.QuoteUnlessPlain(part.prefix+text))
		}
	}
	if b.Buildmode != "" {
		line = append(line, drivers.QuoteUnlessPlain("-buildmode="+b.Buildmode))
	}
	main := b.Main
	if main == "" {
		main = "."
	}
	return strings.Join(append(line, "-o", drivers.QuoteUnlessPlain(output), drivers.QuoteUnlessPlain(releaserTemplate().ReplaceAllLiteralString(main, "\x00"))), " "), nil
}

// hooks returns the commands of hooks as lines for the shell, which goreleaser does not call: what only a shell
// understands is refused.
func (f *releaserFile) hooks(n *yaml.Node) ([]verdict.Line, error) {
	n = aliased(n)
	items := []*yaml.Node{n}
	switch {
	case n.Kind == 0 || n.Tag == "!!null":
		return nil, nil
	case n.Kind == yaml.SequenceNode:
		items = n.Content
	}
	var out []verdict.Line
	for _, item := range items {
		item = aliased(item)
		if item.Kind == yaml.MappingNode {
			var hook map[string]yaml.Node
			if err := item.Decode(&hook); err != nil {
				return nil, fmt.Errorf("%s:%d: the hook cannot be read", f.name, item.Line)
			}
			for key := range hook {
				if key != "cmd" && key != "output" {
					return nil, fmt.Errorf("%s:%d: what %s changes for the hook is not followed", f.name, item.Line, key)
				}
			}
			cmd := hook["cmd"]
			item = aliased(&cmd)
		}
		text, err := f.shellText(item)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(strings.Trim(text, `"'`), "\x00") {
			return nil, fmt.Errorf("%s:%d: the hook `%s` runs what was built, or what cannot be seen", f.name, item.Line, shell.Shorten(item.Value))
		}
		if item.Kind != yaml.ScalarNode || text == "" || releaserHook().MatchString(text) {
			return nil, fmt.Errorf("%s:%d: what the hook `%s` does is not followed", f.name, item.Line, shell.Shorten(item.Value))
		}
		out = append(out, verdict.Line{Text: strings.ReplaceAll(text, "\x00", "${unknown}"), At: verdict.Where{File: f.name, Line: item.Line}})
	}
	return out, nil
}
