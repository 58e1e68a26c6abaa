// Package node knows node and what is built with it: what is the same on every platform, and node_modules,
// which are not (modules.go).
package node

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// Recipe is that of node, its package managers and bundlers.
var Recipe = &verdict.Recipe{Name: "node", Page: "node", Judge: judge, Check: checkModules,
	Checks: func() map[string]map[string]bool {
		checks := map[string]map[string]bool{}
		for name := range NodeManagers {
			checks[name] = match.Words("test t")
		}
		return checks
	}()}

// A front end is the same on every platform: JavaScript, style sheets and pictures. So a stage that
// builds one moves to the build platform as it is, without an argument or a helper. Two things need
// care. node_modules holds programs for the machine that installed it (modules.go). And some build
// scripts make programs and not files: those are refused where package.json shows them, and where the
// build context does not say what a script runs, a person has to look.
// (The commands are those of the manuals of npm, Yarn, pnpm and Bun.)

var NodeManagers = match.Words("npm yarn yarnpkg pnpm bun")

// nodeOptionsWithValue take a value in the next word.
var nodeOptionsWithValue = match.Words(`--prefix -C --cwd --dir -w --workspace --filter -F --registry --cache --loglevel --network-timeout
	--userconfig --store-dir --cache-folder --network-concurrency --modules-folder --mutex --fetch-retries --fetch-timeout --omit --include --tag`)

// nodeBundlers make files out of source and no programs for one machine. What they do is in their
// configuration; what comes out is for browsers and for node.
var nodeBundlers = match.LongWords(`ng vue-cli-service vue-tsc vite vitepress vuepress webpack webpack-cli rollup esbuild parcel tsc tsup swc babel
	react-scripts craco react-app-rewired next nuxt nuxi gatsby astro eleventy docusaurus snowpack microbundle unbuild rspack rsbuild
	rslib ember quasar umi max father remix react-router svelte-kit svelte-check storybook build-storybook hexo sass less lessc stylus
	postcss tailwindcss terser uglifyjs html-minifier html-minifier-terser svgo elm redocly antora gulp grunt polymer preact
	nest openapi-typescript graphql-codegen lingui paraglide-js typedoc`)

// nodePlain check, copy, remove and start others.
var nodePlain = match.LongWords(`eslint markdownlint markdownlint-cli2 htmlhint jshint standard xo textlint cspell prettier stylelint jest vitest mocha ava tslint biome oxlint rimraf shx cpx cpx2 copyfiles ncp mkdirp del-cli
	del cpy npm-check depcheck license-checker husky is-ci opencollective tsc-alias patch-package update-browserslist-db browserslist
	lint-staged commitlint madge size-limit bundlesize publint attw cypress playwright simple-git-hooks lefthook only-allow corepack`)

// nodeWrappers start the command behind them; nodeRunners the scripts that they name.
var (
	nodeWrappers = match.Words("cross-env cross-env-shell env-cmd dotenv dotenvx npx bunx env time")
	nodeRunners  = match.Words("run-s run-p npm-run-all npm-run-all2")
)

// nodePackers make programs or libraries for one machine.
var nodePackers = match.Words(`pkg nexe caxa boxednode electron electron-builder electron-forge electron-packager node-gyp node-gyp-build
	prebuild prebuildify node-pre-gyp cmake-js napi neon cargo-cp-artifact neutralino tauri nw nwbuild`)

// nativeBuilders in a script of package.json compile for the machine that they run on.
var nativeBuilders = match.Words("cargo go gcc g++ cc clang make cmake rustc zig deno")

// A nodeCall is a call of a package manager taken apart.
type nodeCall struct {
	*verdict.Call
	sub   string
	rest  []shell.Word // behind sub
	flags map[string]string
	// dir is the folder of the package; "" if that is not known.
	dir string
	// elsewhere says that packages of a workspace are meant, in folders that are not known.
	elsewhere bool
}

func parseNode(c *verdict.Call) *nodeCall {
	n := &nodeCall{Call: c, flags: map[string]string{}, dir: c.Dir}
	for i := 0; i < len(c.Args); i++ {
		w := c.Args[i]
		if !strings.HasPrefix(w.Raw, "-") || w.Raw == "--" {
			if n.sub == "" && w.Raw != "--" {
				n.sub = w.Lit
				if !w.Const {
					n.sub = w.Raw
				}
				if match.Words("exec x dlx run-script run node")[n.sub] {
					n.rest = append(n.rest, c.Args[i+1:]...)
					if n.sub != "node" { // whose own they are
						n.dropFlags()
					}
					i = len(c.Args)
				}
			} else {
				n.rest = append(n.rest, w)
			}
			continue
		}
		name, value, glued := strings.Cut(w.Raw, "=")
		if !glued && nodeOptionsWithValue[name] && i+1 < len(c.Args) {
			i++
			value = c.Args[i].Raw
		}
		n.flags[name] = value
		switch name {
		case "--prefix", "-C", "--cwd", "--dir":
			if n.dir = c.Abs(strings.Trim(value, `"'`)); strings.Contains(value, "$") {
				n.dir = ""
			}
			n.dir = strings.TrimSuffix(n.dir, "/")
		case "-w", "--workspace", "--workspaces", "--ws", "--filter", "-F", "-r", "--recursive":
			n.elsewhere = true
		}
	}
	if n.sub == "workspace" || n.sub == "workspaces" {
		n.elsewhere = true
	}
	return n
}

// dropFlags takes options away that stand between run and the script's name.
func (n *nodeCall) dropFlags() {
	for len(n.rest) > 0 && strings.HasPrefix(n.rest[0].Raw, "-") {
		name, value, glued := strings.Cut(n.rest[0].Raw, "=")
		n.rest = n.rest[1:]
		if !glued && nodeOptionsWithValue[name] && len(n.rest) > 0 {
			value, n.rest = n.rest[0].Raw, n.rest[1:]
		}
		n.flags[name] = value
		if match.Words("-w --workspace --workspaces --filter -F -r")[name] {
			n.elsewhere = true
		}
	}
	for _, w := range n.rest { // npm takes its own options behind the script as well, up to --
		name, _, _ := strings.Cut(w.Raw, "=")
		if w.Raw == "--" {
			break
		}
		n.elsewhere = n.elsewhere || n.Program == "npm" && n.sub != "exec" && match.Words("-w --workspace --workspaces -ws")[name]
	}
}

func (n *nodeCall) has(flags ...string) bool {
	for _, f := range flags {
		if _, ok := n.flags[f]; ok {
			return true
		}
	}
	return false
}

// script returns the script of package.json that the call runs, or "".
func (n *nodeCall) script() string {
	switch {
	case n.sub == "run" || n.sub == "run-script" || n.sub == "rum" || n.sub == "urn":
		if len(n.rest) > 0 {
			return n.rest[0].Raw
		}
	case n.sub == "test" || n.sub == "t" || n.sub == "start" || n.sub == "stop":
		return n.sub
	case n.sub == "workspace" && len(n.rest) > 1:
		if n.rest[1].Lit == "run" && len(n.rest) > 2 {
			return n.rest[2].Raw
		}
		return n.rest[1].Raw
	case n.sub == "workspaces":
		for i, w := range n.rest {
			if w.Lit == "run" && i+1 < len(n.rest) {
				return n.rest[i+1].Raw
			}
		}
	case n.Program != "npm" && n.sub != "" && !nodeInstalls[n.sub] && !nodeSame()[n.sub] && !nodeExecs[n.sub]:
		return n.sub // yarn build
	}
	return ""
}

var (
	nodeInstalls = match.Words("ci install i add clean-install ic install-clean install-ci-test it install-test cit import rebuild rb dedupe update up upgrade prune unplug focus link")
	nodeExecs    = match.Words("exec x dlx create init node")
	// nodeSame change settings, ask, or only fetch into a cache.
	nodeSame = match.LongWords(`config set get cache version view info list ls ll la outdated audit why explain fetch store pkg login whoami ping root
		prefix bin doctor help policies plugin import pack publish remove rm uninstall un setup env licenses constraints patch patch-commit
		self-update --version -v`)
)

func judge(c *verdict.Call) (verdict.Step, bool) {
	switch {
	case NodeManagers[c.Program]:
		return parseNode(c).judge(), true
	case c.Program == "npx" || c.Program == "bunx" || c.Program == "pnpx":
		words := c.Args
		for len(words) > 0 && strings.HasPrefix(words[0].Raw, "-") {
			skip := 1
			if match.Words("-p --package -c --call")[words[0].Raw] && len(words) > 1 {
				skip = 2
			}
			words = words[skip:]
		}
		return judgeNodeTool(c, words), true
	case c.Program == "node" || c.Program == "nodejs" || c.Program == "tsx" || c.Program == "ts-node":
		return judgeNodeProgram(c, c.Args), true
	case c.Program == "corepack" || c.Program == "nvm" || c.Program == "fnm" || c.Program == "n" && c.InstalledHere():
		step := verdict.Step{Reason: "sets up tools for the stage itself"}
		if c.Program != "corepack" { // which gets programs in JavaScript
			step.HostWrites = c.Folders("NVM_DIR", "FNM_DIR", "N_PREFIX", "VOLTA_HOME")
		}
		return step, true
	case nodePackers[c.Program] || nodeBundlers()[c.Program]:
		return judgeNodeTool(c, c.Words), true
	case nodePlain()[c.Program]:
		if step, ok := installsBrowsers(c, c.Program, c.Words); ok {
			return step, true
		}
		return verdict.Step{Reason: "does the same on every platform"}, true
	case c.Program == "tar" || c.Program == "zip":
		return packsModules(c)
	case c.Program == "turbo" || c.Program == "nx" || c.Program == "lerna" || c.Program == "rush":
		return nodeFiles(c, fmt.Sprintf("which scripts %s runs, and what they make, has to be looked up", c.Program)), true
	}
	return verdict.Step{}, false
}

func (n *nodeCall) judge() verdict.Step {
	script := n.script()
	switch {
	case n.has("-v", "--version", "-h", "--help"):
		return verdict.Step{Reason: "prints help or its version"}
	case strings.HasPrefix(n.sub, "$"):
		return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("which command of %s is run cannot be known: %s", n.Program, n.sub), Way: "write it out"}
	case n.Program == "bun" && n.sub == "build":
		if n.has("--compile") {
			return packs("bun build --compile")
		}
		return nodeFiles(n.Call, "")
	case n.sub == "" && n.Program == "npm":
		return verdict.Step{Reason: "prints help"}
	case n.sub == "" || nodeInstalls[n.sub] || n.sub == "workspaces" && len(n.rest) > 0 && n.rest[0].Lit == "focus" || n.Program == "yarn" && n.sub == "global":
		return n.judgeInstall()
	case n.sub == "deploy" && n.Program == "pnpm":
		return n.judgeDeploy()
	case n.sub == "node":
		return judgeNodeProgram(n.Call, n.rest)
	case n.Program == "bun" && n.has("-e", "--eval", "-p", "--print"):
		return judgeNodeProgram(n.Call, n.Args)
	case nodeExecs[n.sub]:
		return judgeNodeTool(n.Call, n.rest)
	case script != "":
		return n.judgeScript(script)
	case nodeSame()[n.sub]:
		return verdict.Step{Reason: "does the same on every platform"}
	}
	return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("what %s %s does is not known", n.Program, n.sub),
		Way: "build the front end in a stage of its own with --platform=$BUILDPLATFORM"}
}

// nodeFiles is the verdict on what makes files for a browser or for node. The review is why a person
// has to look at it, or "".
func nodeFiles(c *verdict.Call, review string) verdict.Step {
	step := verdict.Step{Compiles: true, Reason: "makes files that are the same on every platform", Review: review}
	if c.Dir != "" {
		// Next.js and Nuxt put the packages that a server needs beside what they build.
		step.HostWrites = []string{path.Join(c.Dir, ".next/standalone"), path.Join(c.Dir, ".output/server")}
	}
	return step
}

func packs(what string) verdict.Step {
	return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: what + " makes a program for one machine",
		Way: "build it in a stage of the target platform, or tell it what to build for"}
}

// judgeNodeTool decides on a tool that npx and its like start, or that was installed with -g.
func judgeNodeTool(c *verdict.Call, words []shell.Word) verdict.Step {
	if len(words) == 0 {
		return verdict.Step{Reason: "prints help"}
	}
	if !words[0].Const {
		return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("which program %s is cannot be known", words[0].Raw), Way: "write the program's name out"}
	}
	name := toolName(words[0].Lit)
	if step, ok := installsBrowsers(c, name, words); ok {
		return step
	}
	switch {
	case nodePackers[name]:
		return packs(name)
	case nodeBundlers()[name]:
		var text strings.Builder
		for _, w := range words {
			text.WriteString(w.Raw + " ")
		}
		if step, refused := refuseAddons(c, name, text.String()); refused {
			return step
		}
		return nodeFiles(c, "")
	case name == "node" || name == "tsx":
		return judgeNodeProgram(c, words[1:])
	case nodePlain()[name] || shell.Plain[name]:
		return verdict.Step{Reason: "does the same on every platform"}
	}
	return nodeFiles(c, fmt.Sprintf("whether %s makes files that are the same on every platform has to be looked up", name))
}

// toolName is the name of a package without version, and of its program where that is the last part:
// @angular/cli@17 is a package of many names, vite@5 is not.
func toolName(word string) string {
	if i := strings.LastIndex(word, "@"); i > 0 {
		word = word[:i]
	}
	switch word {
	case "@angular/cli":
		return "ng"
	case "@vue/cli-service":
		return "vue-cli-service"
	case "typescript":
		return "tsc"
	case "@11ty/eleventy":
		return "eleventy"
	case "@tailwindcss/cli":
		return "tailwindcss"
	case "@redocly/cli":
		return "redocly"
	}
	return path.Base(word)
}

// judgeNodeProgram decides on node FILE, and on node -e, which has its program in a word: what stands in one is for a look
// at something, or a small change, and compiles nothing.
func judgeNodeProgram(c *verdict.Call, args []shell.Word) verdict.Step {
	for _, w := range args {
		if match.Words("-v --version -h --help")[w.Lit] {
			return verdict.Step{Reason: "prints its version"}
		}
	}
	file := ""
	for i := 0; i < len(args) && file == ""; i++ {
		option, _, glued := strings.Cut(args[i].Raw, "=")
		switch {
		case match.Words("-c --check")[option]:
			return verdict.Step{Reason: "checks on the build platform"}
		case match.Words("-e --eval -p --print -pe")[option]:
			step := nodeFiles(c, fmt.Sprintf("what %s makes when %s runs it on the build platform has to be looked up", option, c.Program))
			step.Compiles = false
			return step
		case !strings.HasPrefix(option, "-"):
			file = args[i].Raw
		case !glued && match.Words("-r --require --import --loader --experimental-loader -C --conditions --env-file")[option]:
			i++
		}
	}
	if base := toolName(strings.TrimSuffix(file, ".js")); strings.Contains(file, "node_modules/") && (nodeBundlers()[base] || nodePackers[base]) {
		return judgeNodeTool(c, []shell.Word{{Raw: base, Lit: base, Const: true}})
	}
	if file == "" {
		file = "its script"
	}
	return nodeFiles(c, fmt.Sprintf("what %s makes when %s runs it on the build platform has to be looked up", file, c.Program))
}

// A manifest is what is read of a package.json.
type manifest struct {
	Scripts map[string]string `json:"scripts"`
}

// judgeScript decides on a script of package.json.
func (n *nodeCall) judgeScript(name string) verdict.Step {
	switch word, _, _ := strings.Cut(name, ":"); word {
	case "test", "t", "lint", "format", "typecheck", "type-check", "check":
		return verdict.Step{Reason: "checks on the build platform"}
	}
	text := fmt.Sprintf("%s %s", n.Program, name)
	if n.Program == "npm" {
		text = "npm run " + name
	}
	if n.elsewhere || n.dir == "" || strings.Contains(name, "$") {
		return nodeFiles(n.Call, fmt.Sprintf("which package %s is about cannot be seen, so what it makes has to be looked up", text))
	}
	in := *n.Call
	in.Dir = n.dir
	data := in.ContextFile("package.json")
	if data == nil && nodePlain()[name] {
		return verdict.Step{Reason: "does the same on every platform"}
	}
	if data == nil {
		return nodeFiles(&in, fmt.Sprintf("what %s makes cannot be seen without package.json: a bundle is the same on every platform, a program is not", text))
	}
	var pkg manifest
	if err := json.Unmarshal(data, &pkg); err != nil {
		return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf("package.json cannot be read: %s", err), Way: "mend package.json"}
	}
	if _, ok := pkg.Scripts[name]; !ok && nodePlain()[name] {
		return verdict.Step{Reason: "does the same on every platform"} // the package's program of that name
	} else if !ok {
		return nodeFiles(&in, fmt.Sprintf("package.json has no script %s, so what %s makes cannot be seen", name, text))
	}
	if step, refused := refuseAddons(&in, text, pkg.texts(name, 0)); refused {
		return step
	}
	block, review := pkg.judge(name, 0)
	if block != "" {
		return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf("%s runs %s, which makes programs for one machine", text, block),
			Way: "build them in a stage of the target platform, and the rest in a stage of its own with --platform=$BUILDPLATFORM"}
	}
	if review != "" {
		review = fmt.Sprintf("%s runs %s; whether that makes files that are the same on every platform has to be looked up", text, review)
	}
	return nodeFiles(&in, review)
}

// texts returns a script with those that it may run, as far as their names stand in it.
func (m *manifest) texts(name string, depth int) string {
	var b strings.Builder
	for _, hook := range []string{"pre" + name, name, "post" + name} {
		script := m.Scripts[hook]
		b.WriteString(script + "\n")
		for _, word := range strings.Fields(script) {
			if depth < 3 && word != name && m.Scripts[word] != "" {
				b.WriteString(m.texts(word, depth+1))
			}
		}
	}
	return b.String()
}

// judge follows a script and those that it runs. It returns a command that makes programs, and one
// that nobody knows.
func (m *manifest) judge(name string, depth int) (block, review string) {
	if depth > 10 {
		return "", "scripts that call each other"
	}
	note := func(b, r string) {
		if block == "" {
			block = b
		}
		if review == "" {
			review = r
		}
	}
	for _, hook := range []string{"pre" + name, name, "post" + name} {
		script, ok := m.Scripts[hook]
		if !ok {
			continue
		}
		commands, ok := commandsOf(script)
		if !ok {
			note("", fmt.Sprintf("`%s`", script))
			continue
		}
		for _, words := range commands {
			note(m.judgeCommand(words, depth))
		}
	}
	return block, review
}

func (m *manifest) judgeCommand(words []shell.Word, depth int) (block, review string) {
	for len(words) > 0 && (nodeWrappers[toolName(words[0].Lit)] || graph.IsAssignment(words[0]) || words[0].Raw == "--" || strings.HasPrefix(words[0].Raw, "-")) {
		words = words[1:]
	}
	if len(words) == 0 {
		return "", ""
	}
	if !words[0].Const {
		return "", words[0].Raw
	}
	name := toolName(words[0].Lit)
	switch {
	case NodeManagers[name]:
		n := parseNode(&verdict.Call{Site: graph.Site{Command: &shell.Command{Words: words}, Program: name, Args: words[1:]}})
		switch script := n.script(); {
		case name == "bun" && n.sub == "build":
			if n.has("--compile") {
				return "bun build --compile", ""
			}
		case nodeExecs[n.sub]:
			return m.judgeCommand(n.rest, depth)
		case script != "" && !n.elsewhere && m.Scripts[script] != "":
			return m.judge(script, depth+1)
		case script != "" && n.Program == "yarn" && !n.elsewhere:
			return m.judgeCommand(append([]shell.Word{{Raw: script, Lit: script, Const: true}}, n.rest...), depth) // yarn tsc
		case script != "":
			return "", fmt.Sprintf("%s %s", name, n.sub)
		}
		return "", ""
	case nodeRunners[name]:
		for _, w := range words[1:] {
			switch {
			case strings.HasPrefix(w.Raw, "-"):
			case m.Scripts[w.Lit] == "":
				note := fmt.Sprintf("%s %s", name, w.Raw)
				if review == "" {
					review = note
				}
			default:
				b, r := m.judge(w.Lit, depth+1)
				if block == "" {
					block = b
				}
				if review == "" {
					review = r
				}
			}
		}
		return block, review
	case nodePackers[name] || nativeBuilders[name]:
		return name, ""
	case nodeBundlers()[name] || nodePlain()[name] || shell.Plain[name]:
		return "", ""
	}
	if name == "node" || name == "tsx" || name == "ts-node" {
		for _, w := range words[1:] {
			if !strings.HasPrefix(w.Raw, "-") {
				return "", name + " " + w.Raw
			}
		}
	}
	return "", name
}

// commandsOf returns the words of the commands in a script of package.json.
func commandsOf(script string) (commands [][]shell.Word, ok bool) {
	if strings.ContainsAny(script, "\r\n") || strings.Contains(script, "XX_LINE") {
		return nil, false
	}
	doc, err := dockerfile.Parse("package.json", []byte("FROM scratch\nRUN <<'XX_LINE'\n"+script+"\nXX_LINE\n"))
	if err != nil {
		return nil, false
	}
	g := graph.New(doc)
	parsed := g.Script(g.Stages[0].Body[0])
	if parsed.Opaque != "" {
		return nil, false
	}
	for _, cmd := range parsed.Commands {
		if len(cmd.Words) > 0 {
			commands = append(commands, cmd.Words)
		}
	}
	return commands, true
}
