package rules

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/packages"
)

// DistroFileAcrossPlatforms finds the distribution's programs and libraries that a
// stage of the target platform takes out of one of the build platform.
var DistroFileAcrossPlatforms = &Rule{
	Name:     "DistroFileAcrossPlatforms",
	Severity: Error,
	Check: func(p *Pass) {
		for _, s := range p.Graph.Stages {
			if s.Place != graph.Build {
				continue
			}
			for _, u := range s.UsedBy {
				if u.Kind != graph.Copy || u.In.Place != graph.Target || staysWithBuilders(u.In) {
					continue
				}
				for _, raw := range u.Paths {
					v := p.Facts.Expand(u.By, raw, p.Facts.Platforms[0])
					if file := cleanPath(v.Text); v.Known() && distroFile(file) && !p.mayBeBuilt(s, file) {
						p.Report(Diagnostic{
							Span:    u.By.Span,
							Message: fmt.Sprintf("%s is the distribution's, and out of %s it is the build platform's", file, s.Title()),
							Hint:    "install it in a stage of the target platform, and take it from there",
							Notes:   []Note{{Span: s.Root().From.Span, Text: "runs on the build platform"}},
						})
						break
					}
					if v.Known() && p.onlyHolds(s) && isProgram(p.Facts.Abs(u.By, landing(u, v.Text), p.Facts.Platforms[0])) && !isScriptName(v.Text) {
						p.Report(p.heldProgram(s, u, v.Text))
						break
					}
				}
			}
		}
	},
}

// onlyHolds reports whether a stage is there to hold an image, and does nothing to it.
func (p *Pass) onlyHolds(s *graph.Stage) bool {
	return s.Image != "" && s.Image != "scratch" && !holdsScripts(s.Image) && !isHelperImage(s.Image) && path.Base(strings.SplitN(s.Image, ":", 2)[0]) != "composer" &&
		!slices.ContainsFunc(s.Body, func(in *dockerfile.Instruction) bool {
			return graph.IsRun(in) || in.Kind() == "COPY" || in.Kind() == "ADD"
		})
}

// landing is where a file gets to that is copied, by its own name in a folder.
func landing(u *graph.Use, src string) string {
	if strings.HasSuffix(u.Dest, "/") || isProgram(path.Join(u.Dest, "x")) {
		return path.Join(u.Dest, path.Base(src))
	}
	return u.Dest
}

// isScriptName tells scripts and data from programs by their names.
func isScriptName(name string) bool {
	switch path.Ext(name) {
	case ".sh", ".py", ".pl", ".rb", ".js", ".mjs", ".php", ".phar", ".jar", ".bash", ".ps1", ".json", ".yaml", ".yml", ".conf":
		return true
	}
	return strings.Contains(path.Base(name), "entrypoint")
}

// heldProgram reports a program out of an image that was pinned to the build platform.
func (p *Pass) heldProgram(s *graph.Stage, u *graph.Use, file string) Diagnostic {
	d := Diagnostic{
		Span:    u.By.Span,
		Message: fmt.Sprintf("%s is the build platform's program: %s only holds an image, which is that platform's", file, s.Title()),
		Hint:    "leave --platform out of its FROM",
		Notes:   []Note{{Span: s.From.Span, Text: "runs on the build platform"}},
	}
	flag := s.From.Flag("platform")
	if flag != nil && len(s.Children) == 0 && !slices.ContainsFunc(s.UsedBy, func(u *graph.Use) bool { return u.In.Place != graph.Target }) {
		d.Fix = &Fix{Message: "drop the flag", Edits: []dockerfile.Edit{s.From.WithoutFlag(flag)}}
	}
	return d
}

// distroFolders hold a distribution's programs and libraries, and nothing else by
// custom.
var distroFolders = []string{"/bin", "/sbin", "/lib", "/lib64", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/libexec"}

// samePlatformFolders are in them, and hold what is the same everywhere.
var samePlatformFolders = []string{"/usr/lib/os-release", "/usr/lib/locale", "/lib/apk", "/usr/lib/node_modules/npm", "/usr/lib/ssl"}

func distroFile(p string) bool {
	for _, d := range samePlatformFolders {
		if under(p, d) {
			return false
		}
	}
	for _, d := range distroFolders {
		if strings.HasPrefix(p, d+"/") {
			return true
		}
	}
	return false
}

// mayBeBuilt reports whether the stage, or one that it is based on, may have put the
// file there: it is spoken of, something was copied or written over it, a build
// system installed who knows what, or libraries of other architectures are there.
func (p *Pass) mayBeBuilt(s *graph.Stage, file string) bool {
	for t := s; t != nil; t = t.Base {
		if len(t.Candidates) > 0 {
			return true
		}
		for _, in := range t.Body {
			switch in.Kind() {
			case "COPY", "ADD":
				words := in.Words()
				if len(words) == 0 {
					return true // a JSON form
				}
				dest := p.Facts.Abs(in, p.Facts.Expand(in, words[len(words)-1].Raw, p.Facts.Platforms[0]).Text, p.Facts.Platforms[0])
				if dest != "/" && (under(file, dest) || dest == path.Dir(file)) {
					return true
				}
				if dest == "/" && bytes.Contains(in.Doc.Src[in.Span.Start:in.Span.End], []byte("rootfs")) {
					return true
				}
			case "RUN":
				if p.Graph.Script(in).Opaque != "" || bytes.Contains(in.Doc.Src[in.Span.Start:in.Span.End], []byte(file)) {
					return true
				}
			}
		}
		for _, c := range p.Facts.Calls(t) {
			if !knownInstaller[c.Name] && packages.ManagerOf(c.Name) == nil {
				return true
			}
			for _, w := range c.Writes() {
				if facts.Takes(file, w) {
					return true
				}
			}
		}
	}
	return false
}

// knownInstaller are programs that put nothing into the distribution's folders but the
// distribution's own packages.
var knownInstaller = wordSet(`go xx-go git mkdir rm cp mv ln chmod chown touch echo printf cat cd
	export set test [ true curl wget tar unzip gzip sha256sum sed grep update-ca-certificates npm yarn pnpm adduser addgroup useradd groupadd ls`)
