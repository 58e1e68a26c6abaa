package recipes

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/graph"
)

// node_modules holds add-ons in machine code as soon as one package has any, and which packages do is
// not to be seen in the Dockerfile. So what is installed is for the machine that installs: a stage on
// the build platform may build with it, and no other stage may ship it. Only npm's lock file can show
// that there is nothing in it for one machine.

// judgeInstall decides on a command that installs packages.
func (n *nodeCall) judgeInstall() Step {
	step := Step{Reason: "installs packages for the stage itself", CompilesOnHost: true}
	if n.has("-g", "--global", "--location") || n.sub == "global" {
		return step
	}
	if n.dir == "" {
		return Step{Verdict: Block, Reason: fmt.Sprintf("where %s puts node_modules cannot be seen", n.name), Way: "give the folder with WORKDIR, as a constant"}
	}
	in := *n.call
	in.dir = n.dir
	if lock := in.contextFile("package-lock.json"); n.name == "npm" && lock != nil && string(lock) == string(n.opt.Context.ReadFile("package-lock.json")) && n.opt.Context.OnlyJavaScript() {
		step.Reason = "installs packages that package-lock.json shows to be the same on every platform"
		return step
	}
	step.HostWrites = []string{path.Join(n.dir, "node_modules"), path.Join(n.dir, ".yarn/unplugged")}
	if folder := n.flags["--modules-folder"]; folder != "" {
		step.HostWrites = append(step.HostWrites, n.abs(folder))
	}
	return step
}

// judgeDeploy decides on pnpm deploy, which puts a package of a workspace with its node_modules into a folder.
func (n *nodeCall) judgeDeploy() Step {
	step := n.judgeInstall()
	if step.Verdict != Neutral || len(n.rest) == 0 {
		return step
	}
	in := *n.call
	in.dir = n.dir
	to, known := n.known(n.rest[len(n.rest)-1])
	if to = in.abs(to); !known || to == "" {
		return Step{Verdict: Block, Reason: "where pnpm deploy puts node_modules cannot be seen", Way: "give the folder as a constant"}
	}
	step.HostWrites = append(step.HostWrites, path.Join(to, "node_modules"))
	return step
}

// OnlyJavaScript reports whether the lock file in the build context shows that no package has anything
// for one machine on Linux: an install script, which may compile or fetch, or a list of processors.
// (docs.npmjs.com, package-lock.json: hasInstallScript, cpu, os.)
func (c *Context) OnlyJavaScript() bool {
	if c == nil {
		return false
	}
	var lock struct {
		Version  int `json:"lockfileVersion"`
		Packages map[string]struct {
			HasInstallScript bool     `json:"hasInstallScript"`
			CPU              []string `json:"cpu"`
			OS               []string `json:"os"`
			Libc             []string `json:"libc"`
		} `json:"packages"`
	}
	if data := c.ReadFile("package-lock.json"); data == nil || json.Unmarshal(data, &lock) != nil || lock.Version < 2 {
		return false
	}
	for name, p := range lock.Packages {
		if name == "" {
			continue // the project itself
		}
		elsewhere := len(p.OS) > 0 && !slices.ContainsFunc(p.OS, func(os string) bool { return os == "linux" || strings.HasPrefix(os, "!") })
		if !elsewhere && (p.HasInstallScript || len(p.CPU)+len(p.Libc) > 0) {
			return false
		}
	}
	return true
}

// installers are the recipes whose packages are for the machine that installs them, so that a stage
// that takes them and one that installs them have to run on the same.
var installers = set("node python")

// withInstallers adds the stages from which those of the conversion take packages: a stage on the
// build platform cannot run what was installed for the target's.
func (c *Conversion) withInstallers(pl *Planner) {
	if slices.ContainsFunc(c.Stages, (*graph.Stage).Delivered) {
		return // stays where it is
	}
	for i := 0; i < len(c.Stages); i++ {
		for _, u := range c.Stages[i].Uses {
			if u.From == nil || u.From.Place != graph.Target || slices.Contains(c.Stages, u.From) {
				continue
			}
			switch installed := pl.installedIn(u); {
			case installed || takesGo(u):
				head := pl.head(u.From)
				c.heads = append(c.heads, head)
				c.Stages = append(c.Stages, head.Tree()...)
			case slices.ContainsFunc(u.Paths, func(p string) bool { return path.Base(p) == "node_modules" }):
				c.blockAt(u.By, fmt.Sprintf("takes node_modules of stage %s, which are the target platform's", u.From.Title()),
					"install the packages in this stage, or in one with FROM --platform=$BUILDPLATFORM")
			}
		}
	}
}

// PartOfPackages reports whether a file or folder lies in node_modules and may be for one machine: Prisma, for one, puts a
// library in machine code into node_modules/.prisma. What a browser reads (dist, .js, .css) is left out.
func PartOfPackages(file string) bool {
	_, rest, ok := strings.Cut(file, "/node_modules/")
	return ok && !webFiles[path.Ext(rest)] && !slices.ContainsFunc(strings.Split(rest, "/"), func(part string) bool { return webFolders[part] })
}

// packagesAround returns the folder of packages, installed for the machine that the stage runs on, in which a file lies, or
// "".
func (p *Plan) packagesAround(file string) string {
	for _, s := range p.writers {
		for _, w := range s.HostWrites {
			rest, ok := below(file, w)
			if !ok || rest == "" {
				continue
			}
			parts := strings.Split(rest, "/")
			switch {
			case s.Recipe == "python" && set("lib lib64 bin")[parts[0]]:
				return w
			case path.Base(w) == "node_modules" && PartOfPackages(path.Join("/node_modules", rest)):
				return w
			}
		}
	}
	return ""
}

// webFolders are fewer than bundleFolders: an add-on lies in build/Release.
var webFolders = set("dist umd esm cjs css fonts assets")

var webFiles = set(".js .mjs .cjs .css .map .json .html .wasm .svg .png .woff .woff2 .ttf .ts .md")

// installedIn reports whether a use takes what a package manager installed.
func (pl *Planner) installedIn(u *graph.Use) bool {
	env := u.In.Graph.EnvAt(u.By)
	for _, raw := range u.Paths {
		p := path.Join("/", env.Expand(raw, rune(u.In.Graph.Doc.Escape)))
		for s := u.From; s != nil; s = s.Base {
			for _, step := range pl.Plan(s).Steps {
				if installers[step.Recipe] && slices.ContainsFunc(step.HostWrites, func(w string) bool { return within(w, []string{p}) || within(p, []string{w}) }) {
					return true
				}
			}
		}
	}
	return false
}

// bundleFolders are the names that bundlers and static site generators have for what they make, or that
// projects give it.
var bundleFolders = set(`dist build out output public www static _site site html assets export storybook-static lib es esm cjs umd bundle
	release target docs book htdocs web-dist webroot wwwroot browser client artifacts coverage .next/static`)

// reviewBundles asks for a look at what leaves a stage with node_modules in it under a name that says
// nothing: it may be a package of a workspace with node_modules of its own.
func (c *Conversion) reviewBundles() {
	for i, t := range c.Stages {
		folder := ""
		for _, p := range c.plansUpTo(i) {
			for _, s := range p.Steps {
				for _, w := range s.HostWrites {
					if s.Recipe == "node" && path.Base(w) == "node_modules" {
						folder = path.Dir(w)
					}
				}
			}
		}
		if folder == "" {
			continue
		}
		for _, u := range t.UsedBy {
			if slices.Contains(c.Stages, u.In) {
				continue
			}
			for _, raw := range u.Paths {
				p := path.Join("/", u.In.Graph.EnvAt(u.By).Expand(raw, rune(u.In.Graph.Doc.Escape)))
				rest, ok := below(p, folder)
				if !ok || path.Ext(rest) != "" || slices.ContainsFunc(strings.Split(rest, "/"), func(part string) bool { return bundleFolders[part] }) {
					continue
				}
				review := fmt.Sprintf("whether there is a node_modules in %s has to be looked up", p)
				if !slices.Contains(c.Reviews, review) {
					c.Reviews = append(c.Reviews, review)
				}
			}
		}
	}
}

// packsModules blocks a command that puts packages for the machine that installed them into an archive,
// out of which nobody sees them leave.
func (c *call) packsModules() (Step, bool) {
	if c.name != "tar" && c.name != "zip" || len(c.plan.writers) == 0 {
		return Step{}, false
	}
	in := *c
	for i, w := range c.args {
		if (w.Raw == "-C" || w.Raw == "--directory") && i+1 < len(c.args) {
			in.dir = c.abs(c.args[i+1].Lit)
		}
	}
	for _, w := range c.args {
		if strings.HasPrefix(w.Raw, "-") || !w.Const {
			continue
		}
		for _, s := range c.plan.writers {
			for _, write := range s.HostWrites {
				if p := in.abs(w.Lit); p != "" && installers[s.Recipe] && within(write, []string{p}) {
					return Step{Verdict: Block, Reason: fmt.Sprintf("packs %s, which the stage installed there for the build platform", write),
						Way: "pack what is built, and nothing beside it"}, true
				}
			}
		}
	}
	return Step{}, false
}
