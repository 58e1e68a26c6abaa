package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/context/gosource"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/packages"
)

// CgoLost finds cross builds of Go that lose cgo, which the native build uses, or
// ask for it without a C compiler for the target.
var CgoLost = &Rule{
	Name:     "CgoLost",
	Severity: Warning,
	Check: func(p *Pass) {
		done := seen{}
		for _, s := range p.Graph.Stages {
			if s.Place != graph.Build || setsGoEnvironment(s) {
				continue
			}
			nowhere := withoutCgo(s)
			withoutCompiler := p.allWithoutCC(s)
			for _, c := range p.allCalls(s) {
				if c.Name != "go" || !c.GoBuilds() || c.Maybe || c.Uncertain() || !p.Facts.Reached(s, c.Platform) || !follows(c.Env("GOARCH")) {
					continue
				}
				cgo := c.Env("CGO_ENABLED")
				switch {
				case constant(cgo) && cgo.Text == "1" && withoutCompiler:
					if done.before(c.Span) {
						continue
					}
					p.Report(Diagnostic{
						Span: c.Span, Severity: Error,
						Message: "CGO_ENABLED=1 without a C compiler for the target: CC is not set, and the builder's compiles for the builder",
						Notes:   p.inFile(c),
						Hint:    "build with xx-go and clang, or set CC to a cross compiler for each $TARGETARCH",
					})
				case (!cgo.Set || cgo.Text == "") && !nowhere:
					why := p.wantsCgo(s, c)
					if why == "" || done.before(c.Span) {
						continue
					}
					p.Report(Diagnostic{
						Span:    c.Span,
						Message: fmt.Sprintf("go turns cgo off when it cross-compiles and on when it does not, and %s", why),
						Notes:   p.inFile(c),
						Hint:    "set CGO_ENABLED=0 if the program does without, else build with xx-go, CGO_ENABLED=1 and a C compiler for the target",
					})
				}
			}
		}
	},
}

// withoutCgo reports whether go builds without cgo in a stage, for the builder as well as for others: since 1.20 it does where it
// finds no C compiler. (https://go.dev/doc/go1.20#cgo)
func withoutCgo(s *graph.Stage) bool {
	image := s.Root().Image
	return graph.AlpineGo(image) && !graph.GoBefore(image, 20) && !packages.HasCCompiler(s)
}

// setsGoEnvironment reports whether a stage, or one that it is based on, writes Go's
// settings to its file, where CC may be among them.
func setsGoEnvironment(s *graph.Stage) bool {
	for t := s; t != nil; t = t.Base {
		for _, in := range t.Body {
			src := in.Doc.Src[in.Span.Start:in.Span.End]
			if bytes.Contains(src, []byte("go env -w")) || bytes.Contains(src, []byte("--wrap")) || bytes.Contains(src, []byte("CC_FOR_")) {
				return true
			}
		}
	}
	return false
}

// allWithoutCC reports whether no build of the stage, for whatever platform, has a C
// compiler named for it. One that has none is the builder's own.
func (p *Pass) allWithoutCC(s *graph.Stage) bool {
	for _, c := range p.allCalls(s) {
		if c.GoBuilds() && c.Env("CC").Set {
			return false
		}
	}
	return true
}

// wantsCgo says why the native build uses cgo, or is empty.
func (p *Pass) wantsCgo(s *graph.Stage, c *facts.Call) string {
	if p.Options.Context != nil && takesContext(s) && !fetchesModule(c) {
		if why := gosource.NeedsCgo(p.Options.Context); why != "" {
			return why
		}
	}
	for t := s; t != nil; t = t.Base {
		for _, c := range p.Facts.Calls(t) {
			if manager := packages.ManagerOf(c.Name); manager == nil || !c.Has(manager.Install) {
				continue
			}
			for _, w := range c.Words[1:] {
				name, _, _ := strings.Cut(w.Text, "=")
				if forC(name) {
					return fmt.Sprintf("the stage installs %s for it", name)
				}
			}
		}
	}
	return ""
}

// fetchesModule reports whether go builds pkg@version: it fetches the module, and looks at none that it stands in.
func fetchesModule(c *facts.Call) bool {
	g, ok := c.Go()
	return ok && slices.ContainsFunc(g.Packages, func(w facts.Word) bool { return strings.Contains(w.Raw, "@") })
}

// takesContext reports whether anything of the build context stands in a stage: what it compiles else, it got elsewhere.
func takesContext(s *graph.Stage) bool {
	for t := s; t != nil; t = t.Base {
		for _, in := range t.Body {
			switch c := in.Command.(type) {
			case *instructions.CopyCommand:
				if c.From == "" || fromStage(t, in) != nil {
					return true // a stage may hold some of it
				}
			case *instructions.AddCommand:
				return true
			case *instructions.RunCommand:
				for _, m := range instructions.GetMounts(c) {
					if m.Type == instructions.MountTypeBind && (m.From == "" || fromStage(t, in) != nil) {
						return true
					}
				}
			}
		}
	}
	return false
}

// forC recognizes packages that only C needs: compilers, and libraries' headers.
func forC(name string) bool {
	name, _, _ = strings.Cut(name, ":")
	return slices.Contains([]string{"gcc", "g++", "clang", "build-base", "build-essential", "musl-dev"}, name) ||
		strings.HasSuffix(name, "-dev") && !strings.HasPrefix(name, "-")
}
