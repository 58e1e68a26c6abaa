package node

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
	"xxkit/dfrewrite/verdict"
)

// node_modules holds add-ons in machine code as soon as one package has any, and which packages do is
// not to be seen in the Dockerfile. So what is installed is for the machine that installs: a stage on
// the build platform may build with it, and no other stage may ship it. Only npm's lock file can show
// that there is nothing in it for one machine.

// judgeInstall decides on a command that installs packages.
func (n *nodeCall) judgeInstall() verdict.Step {
	step := verdict.Step{Reason: "installs packages for the stage itself", CompilesOnHost: true, HostWrites: downloads(n.Call)}
	if n.has("-g", "--global", "--location") || n.sub == "global" {
		step.HostWrites = append(step.HostWrites, n.globals()...)
		return step
	}
	if n.dir == "" {
		return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("where %s puts node_modules cannot be seen", n.Program), Way: "give the folder with WORKDIR, as a constant"}
	}
	in := *n.Call
	in.Dir = n.dir
	if lock := in.ContextFile("package-lock.json"); n.Program == "npm" && lock != nil && string(lock) == string(n.Opt.Context.ReadFile("package-lock.json")) && packages.OnlyJavaScript(n.Opt.Context) {
		return verdict.Step{Reason: "installs packages that package-lock.json shows to be the same on every platform", CompilesOnHost: true}
	}
	step.HostWrites = append(step.HostWrites, path.Join(n.dir, "node_modules"), path.Join(n.dir, ".yarn/unplugged"))
	if folder := n.flags["--modules-folder"]; folder != "" {
		step.HostWrites = append(step.HostWrites, n.Abs(folder))
	}
	return step
}

// judgeDeploy decides on pnpm deploy, which puts a package of a workspace with its node_modules into a folder.
func (n *nodeCall) judgeDeploy() verdict.Step {
	step := n.judgeInstall()
	if step.Verdict != verdict.Neutral || len(n.rest) == 0 {
		return step
	}
	in := *n.Call
	in.Dir = n.dir
	to, known := n.Known(n.rest[len(n.rest)-1])
	if to = in.Abs(to); !known || to == "" {
		return verdict.Step{Verdict: verdict.Block, Reason: "where pnpm deploy puts node_modules cannot be seen", Way: "give the folder as a constant"}
	}
	step.HostWrites = append(step.HostWrites, path.Join(to, "node_modules"))
	return step
}

// bundleFolders are the names that bundlers and static site generators have for what they make, or that
// projects give it.
var bundleFolders = match.Words(`dist build out output public www static _site site html assets export storybook-static lib es esm cjs umd bundle
	release target docs book htdocs web-dist webroot wwwroot browser client artifacts coverage .next/static`)

// checkModules looks at what leaves a stage with node_modules in it. The server of a framework is refused wherever its folder
// lies: in a workspace, turbo or `npm run build --workspace` makes it far below the folder in which they are called. What has a
// name that says nothing a person has to look at: it may be a package of a workspace with node_modules of its own.
func checkModules(c *verdict.Conversion) {
	for i, t := range c.Stages {
		folder := modulesIn(c.LedgersUpTo(i))
		if folder == "" {
			continue
		}
		for _, u := range t.UsedBy {
			if slices.Contains(c.Stages, u.In) {
				continue
			}
			for _, raw := range u.Paths {
				p := path.Join("/", u.In.Graph.EnvAt(u.By).Expand(raw, rune(u.In.Graph.Doc.Escape)))
				rest, ok := context.Below(p, folder)
				if server := serverFolder(p); ok && server != "" {
					blockServer(c, u.By, p, server)
					continue
				}
				if !ok || path.Ext(rest) != "" || namesBundle(c.Ledgers[i].Context, rest) {
					continue
				}
				if isAsset(p, folder, c.LedgersUpTo(i)) {
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

// modulesIn returns the folder in which packages were installed, or "".
func modulesIn(ledgers []*verdict.Ledger) string {
	folder := ""
	for _, p := range ledgers {
		for _, s := range p.Steps {
			for _, w := range s.HostWrites {
				if s.Recipe == "node" && path.Base(w) == "node_modules" && !strings.HasSuffix(w, "/"+globalModules) {
					folder = path.Dir(w)
				}
			}
		}
	}
	return folder
}

// serverFolder returns the folder in a path, or the one below it, into which a framework puts the packages that its server needs
// (Next.js: "output: standalone"; Nitro, which Nuxt has: ".output/server"), or "".
func serverFolder(p string) string {
	for _, server := range []string{"/.next/standalone", "/.output/server"} {
		made, _, _ := strings.Cut(server[1:], "/")
		before, _, within := strings.Cut(p+"/", server+"/")
		switch {
		case within:
			return before + server
		case path.Base(p) == made:
			return path.Join(path.Dir(p), server)
		}
	}
	return ""
}

// blockServer blocks what takes the server of a framework. Where the command that makes it stands in the same folder, the stage is
// refused for that already.
func blockServer(c *verdict.Conversion, at *dockerfile.Instruction, taken, server string) {
	for _, p := range c.Ledgers {
		if p.HostWriteIn(taken) != "" || p.PackagesAround(taken) != "" {
			return
		}
	}
	c.BlockAt(at, fmt.Sprintf("takes %s, with the packages in it that the stage installed for the build platform", server), "take it from a stage of the target platform")
}

// namesBundle reports whether a path says that it is what a bundler made: by the part of it that lies in the package that it is
// of, since a package of a workspace may well be called client or site.
func namesBundle(files *context.Files, rest string) bool {
	parts := strings.Split(rest, "/")
	if files != nil {
		manifests := files.FilesNamed("package.json")
		for i := len(parts); i > 0; i-- {
			manifest := "/" + path.Join(path.Join(parts[:i]...), "package.json")
			if slices.ContainsFunc(manifests, func(name string) bool { return strings.HasSuffix("/"+name, manifest) }) {
				parts = parts[i:]
				break
			}
		}
	}
	return slices.ContainsFunc(parts, func(part string) bool { return bundleFolders[part] })
}

// packsModules blocks a command that puts packages for the machine that installed them into an archive,
// out of which nobody sees them leave.
func packsModules(c *verdict.Call) (verdict.Step, bool) {
	if c.Program != "tar" && c.Program != "zip" || len(c.Ledger.Writers) == 0 {
		return verdict.Step{}, false
	}
	in := *c
	for i, w := range c.Args {
		if (w.Raw == "-C" || w.Raw == "--directory") && i+1 < len(c.Args) {
			in.Dir = c.Abs(c.Args[i+1].Lit)
		}
	}
	for _, w := range c.Args {
		if strings.HasPrefix(w.Raw, "-") || !w.Const {
			continue
		}
		for _, s := range c.Ledger.Writers {
			for _, write := range s.HostWrites {
				if p := in.Abs(w.Lit); p != "" && packages.Installers[s.Recipe] && verdict.Within(write, []string{p}) {
					return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("packs %s, which the stage installed there for the build platform", write),
						Way: "pack what is built, and nothing beside it"}, true
				}
			}
		}
	}
	return verdict.Step{}, false
}
