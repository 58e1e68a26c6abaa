package rules

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
)

// NativeModulesAcrossPlatforms finds installed packages of Node.js and Python, and
// shared libraries, that a stage of the target platform takes out of one of the build
// platform.
var NativeModulesAcrossPlatforms = &Rule{
	Name:     "NativeModulesAcrossPlatforms",
	Severity: Warning,
	Check: func(p *Pass) {
		for _, s := range p.Graph.Stages {
			if s.Place != graph.Build && !p.pinnedToAnother(s) || forOne(s) || p.onePlatform() {
				continue
			}
			for _, u := range s.UsedBy {
				if u.Kind == graph.Copy && u.In.Place == graph.Target && !staysWithBuilders(u.In) {
					if d, ok := p.nativeModules(s, u); ok {
						d.Span = u.By.Span
						d.Notes = []Note{{Span: s.Root().From.Span, Text: "runs on " + place(s)}}
						p.Report(d)
					}
				}
			}
		}
	},
}

// pinnedToAnother reports whether a stage runs on one platform by its flag, and images are made for others.
func (p *Pass) pinnedToAnother(s *graph.Stage) bool {
	return s.Place == graph.Fixed && s.Platform != "" && slices.ContainsFunc(p.Facts.Platforms, func(on *facts.Platform) bool {
		return !strings.HasPrefix(s.Platform, on.OS+"/"+on.Arch)
	})
}

// place says where a stage runs.
func place(s *graph.Stage) string {
	if s.Place == graph.Fixed {
		return s.Platform
	}
	return "the build platform"
}

func (p *Pass) nativeModules(s *graph.Stage, u *graph.Use) (Diagnostic, bool) {
	on := p.Facts.Platforms[0]
	for _, raw := range u.Paths {
		v := p.Facts.Expand(u.By, raw, on)
		if !v.Known() {
			continue
		}
		file := cleanPath(v.Text)
		switch {
		case p.holdsModules(s, file):
			addOn, certain := packages.AddOn(p.Options.Context)
			d := Diagnostic{
				Message: fmt.Sprintf("%s out of %s carries node_modules of %s, with %s", file, s.Title(), place(s), addOn),
				Hint:    "install packages, and build this, in a stage of the target platform",
			}
			if certain {
				d.Severity = Error
			}
			return d, true
		case p.gems(s, file):
			d := Diagnostic{
				Message: fmt.Sprintf("%s out of %s holds gems of %s, if any gem has an extension", file, s.Title(), place(s)),
				Hint:    "run bundle install in a stage of the target platform",
			}
			if p.lockedNativeGems() {
				d.Severity, d.Message = Error, fmt.Sprintf("%s out of %s holds gems with extensions for %s", file, s.Title(), place(s))
			}
			return d, true
		case path.Base(file) == "node_modules" || packages.PartOfTree(file) || p.installsInto(s, file, nodeInstallers):
			if p.onlyJavaScript() || p.toldPlatform(s, "--cpu", "npm_config_arch", "npm_config_cpu", "npm_config_target_arch", "supportedArchitectures", "--target_arch") {
				continue
			}
			if addons := addonsIn(packages.Addons(p.Options.Context), file); len(addons) > 0 {
				verb := "is"
				if len(addons) > 1 {
					verb = "are"
				}
				return Diagnostic{
					Severity: Error,
					Message:  fmt.Sprintf("%s out of %s holds the build platform's add-ons: %s (package-lock.json) %s compiled for one machine", file, s.Title(), List(addons), verb),
					Hint:     "install what is shipped in a stage of the target platform; what is only needed to build may stay here",
				}, true
			}
			return Diagnostic{
				Message: fmt.Sprintf("%s out of %s holds %s's add-ons, if any package has one", file, s.Title(), place(s)),
				Hint:    "install what is shipped in a stage of the target platform; what is only needed to build may stay here",
			}, true
		case isPythonEnvironment(file) && p.usesPython(s) || p.pipInstallsInto(s, file):
			if p.toldPlatform(s, "--platform") {
				continue
			}
			given, other := p.uvInstallsFor(s, file)
			if given != "" && other == nil {
				continue
			}
			if given != "" {
				return Diagnostic{
					Severity: Error,
					Message:  fmt.Sprintf("%s out of %s holds Python libraries for %s, also in the image for %s", file, s.Title(), given, other),
					Hint:     "choose --python-platform with a case over $TARGETARCH",
				}, true
			}
			return Diagnostic{
				Severity: Error,
				Message:  fmt.Sprintf("%s out of %s holds %s's Python libraries", file, s.Title(), place(s)),
				Hint:     "install them in a stage of the target platform, or for it with pip --platform (uv: --python-platform) and --only-binary=:all:",
			}, true
		case isSharedLibrary(file) && s.Place == graph.Build && !mentionsTarget(s) && !distroFile(file):
			return Diagnostic{
				Severity: Error,
				Message:  fmt.Sprintf("%s out of %s is the build platform's library", file, s.Title()),
				Hint:     "compile it for the target, or take it from a stage of the target platform",
			}, true
		}
	}
	return Diagnostic{}, false
}

// addonsIn returns those of some packages that are in a folder, or all of them if that holds more than one package.
func addonsIn(addons []string, folder string) []string {
	_, within, ok := strings.Cut(folder, "/node_modules/")
	if !ok {
		return addons
	}
	return slices.DeleteFunc(addons, func(name string) bool { return within != name && !strings.HasPrefix(within, name+"/") })
}

// holdsModules reports whether what a framework makes there has node_modules of the stage in it: Next.js its standalone server,
// Nuxt and Nitro theirs (their documentation, "output: standalone", ".output/server"), where a package with an add-on is
// among what is locked.
func (p *Pass) holdsModules(s *graph.Stage, file string) bool {
	if !strings.HasSuffix(file, "/.next/standalone") && !strings.HasSuffix(file, "/.output") && !strings.HasSuffix(file, "/.output/server") {
		return false
	}
	if p.Options.Context == nil || p.toldPlatform(s, "--cpu", "npm_config_arch", "npm_config_cpu", "supportedArchitectures") || !p.usesNode(s) {
		return false
	}
	addOn, _ := packages.AddOn(p.Options.Context)
	return addOn != ""
}

func (p *Pass) usesNode(s *graph.Stage) bool {
	for t := s; t != nil; t = t.Base {
		if slices.ContainsFunc(p.Facts.Calls(t), func(c *facts.Call) bool { return nodeInstallers[c.Name] != nil }) {
			return true
		}
	}
	return false
}

// gems reports whether a folder is where bundle or gem install put gems.
func (p *Pass) gems(s *graph.Stage, file string) bool {
	under := func(folder string) bool {
		return folder != "" && folder != "/" && (file == folder || strings.HasPrefix(file, folder+"/") || strings.HasPrefix(folder, file+"/"))
	}
	for t := s; t != nil; t = t.Base {
		for _, c := range p.Facts.Calls(t) {
			if c.Name != "bundle" && c.Name != "bundler" && c.Name != "gem" || len(c.Words) > 1 && !c.Has("install") && !strings.HasPrefix(c.Words[1].Text, "-") {
				continue
			}
			if under("/usr/local/bundle") || c.Name == "gem" && strings.Contains(file, "/gems") {
				return true
			}
			if c.Name == "gem" {
				continue
			}
			if v, ok := c.Option("--path"); ok && under(c.Abs(v)) {
				return true
			}
			if v := c.Env("BUNDLE_PATH"); v.Set && under(c.Abs(v)) {
				return true
			}
			if under(path.Join(c.Dir, "vendor/bundle")) && strings.Contains(file, "vendor") {
				return true
			}
		}
	}
	return false
}

// lockedNativeGems reports whether the lock of the build context has gems that are made for one platform.
func (p *Pass) lockedNativeGems() bool {
	return p.Options.Context != nil && nativeGem().Match(p.Options.Context.ReadFile("Gemfile.lock"))
}

// nativeGem matches a gem for one platform in a lock file: name (version-platform).
var nativeGem = match.Pattern(`(?m)^    [a-z0-9_-]+ \([0-9][^()]*-(?:x86_64|aarch64|arm64|arm|x86)-(?:linux|darwin)[^()]*\)`)

func isSharedLibrary(file string) bool {
	base := path.Base(file)
	return strings.HasSuffix(base, ".so") || strings.Contains(base, ".so.")
}

func isPythonEnvironment(file string) bool {
	switch path.Base(file) {
	case "venv", ".venv", "virtualenv", "site-packages", "dist-packages":
		return true
	}
	return strings.Contains(file, "/site-packages/") || file == "/root/.local"
}

var nodeInstallers = map[string][]string{"npm": {"ci", "install", "i"}, "yarn": {"install"}, "pnpm": {"install", "i"}, "bun": {"install"}}

// installsInto reports whether packages were installed into the very folder, so that
// node_modules is in it.
func (p *Pass) installsInto(s *graph.Stage, folder string, programs map[string][]string) bool {
	for t := s; t != nil; t = t.Base {
		for _, c := range p.Facts.Calls(t) {
			if subs := programs[c.Name]; subs != nil && c.Dir == folder && folder != "/" && len(c.Words) > 1 && c.Has(subs...) && !c.Has("-g", "--global") {
				return !p.removes(s, path.Join(folder, "node_modules"))
			}
		}
	}
	return false
}

// removes reports whether a stage removes a folder again.
func (p *Pass) removes(s *graph.Stage, folder string) bool {
	for _, c := range p.Facts.Calls(s) {
		if c.Name != "rm" {
			continue
		}
		for _, w := range c.Words[1:] {
			if c.Abs(w.Value) == folder {
				return true
			}
		}
	}
	return false
}

func (p *Pass) usesPython(s *graph.Stage) bool {
	for t := s; t != nil; t = t.Base {
		for _, c := range p.Facts.Calls(t) {
			switch strings.TrimRight(c.Name, "0123456789.") {
			case "pip", "python", "uv", "poetry", "pipenv", "virtualenv", "pdm":
				return true
			}
		}
	}
	return false
}

// pipInstallsInto reports whether pip was given the folder, or one that a path is in, to install into.
func (p *Pass) pipInstallsInto(s *graph.Stage, file string) bool {
	for t := s; t != nil; t = t.Base {
		for _, c := range p.Facts.Calls(t) {
			name := strings.TrimRight(c.Name, "0123456789.")
			if !c.Has("install", "sync") || name != "pip" && !(c.Has("pip") && (name == "python" || name == "uv")) {
				continue
			}
			for _, option := range []string{"--prefix", "--target", "-t", "--root"} {
				if v, ok := c.Option(option); ok {
					if folder := c.Abs(v); folder != "" && folder != "/" && strings.HasPrefix(file+"/", folder+"/") {
						return true
					}
				}
			}
		}
	}
	return false
}

// uvInstallsFor returns what uv is given as --python-platform where it installs into a folder that holds a file, and a
// platform that this is not for, nil if there is none. given is empty if uv is not told for every platform.
func (p *Pass) uvInstallsFor(s *graph.Stage, file string) (given string, other *facts.Platform) {
	for _, on := range p.Facts.PlatformsOf(s) {
		told := ""
		for t := s; t != nil; t = t.Base {
			for _, c := range p.Facts.CallsFor(t, on) {
				v, ok := c.Option("--python-platform")
				if folder, has := c.Option("--target", "--prefix"); c.Name != "uv" || !ok || has && c.Abs(folder) != "" && !under(file, c.Abs(folder)) {
					continue
				}
				if p.lacksBranch(c) {
					return "", nil
				}
				if told = v.Text; otherArch(v.Text, on) != "" && other == nil {
					other = on
				}
			}
		}
		if told == "" {
			return "", nil
		}
		if given == "" || other == on {
			given = told
		}
	}
	return given, other
}

// lacksBranch reports whether a word of the command is empty, as it comes out of a table without a branch for the platform.
func (p *Pass) lacksBranch(c *facts.Call) bool {
	return slices.ContainsFunc(p.Facts.Tables(c.Stage), func(t *facts.Table) bool {
		return t.Platform == c.Platform && t.Run == c.Run && slices.ContainsFunc(c.Words, func(w facts.Word) bool {
			return strings.Contains(w.Raw, "$"+t.Name) || strings.Contains(w.Raw, "${"+t.Name)
		})
	})
}

// toldPlatform reports whether a stage says what its packages are for.
func (p *Pass) toldPlatform(s *graph.Stage, words ...string) bool {
	for t := s; t != nil; t = t.Base {
		for _, in := range t.Body {
			src := in.Doc.Src[in.Span.Start:in.Span.End]
			for _, w := range words {
				if bytes.Contains(src, []byte(w)) {
					return true
				}
			}
		}
	}
	return false
}

// onlyJavaScript reports whether the lock file in the build context shows that no
// package has anything for one platform.
func (p *Pass) onlyJavaScript() bool {
	if p.Options.Context == nil {
		return false
	}
	if packages.OnlyJavaScript(p.Options.Context) {
		return true
	}
	if lock := p.Options.Context.ReadFile("pnpm-lock.yaml"); lock != nil {
		return !bytes.Contains(lock, []byte("requiresBuild: true")) && !bytes.Contains(lock, []byte("cpu: ["))
	}
	return false
}
