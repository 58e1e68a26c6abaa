package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// What dotnet publish makes runs everywhere with `dotnet NAME.dll`, but the starter beside it, called NAME, is a program
// for the machine that publishes, if nothing else was asked for, and so is .NET itself where --self-contained puts it there
// ("Application publishing" in Microsoft's documentation of .NET).

// starter returns a dotnet publish that makes for the build platform what the images of every platform start, and
// what it is, as a part of a sentence.
func (p *Pass) starter(s *graph.Stage) (publish *facts.Call, what string) {
	for _, c := range p.Facts.Calls(s) {
		if c.Name != "dotnet" || !c.Has("publish") || c.Maybe || !p.Facts.Reached(s, c.Platform) {
			continue
		}
		if _, told := c.Option("-a", "--arch", "-r", "--runtime", "--os"); told || slices.ContainsFunc(c.Words, namesMachine) {
			continue
		}
		to, _ := c.Option("-o", "--output")
		folder := c.Abs(to)
		if folder == "" || folder == "/" {
			continue
		}
		for _, t := range s.Tree() {
			for _, u := range t.UsedBy {
				at := arrives(u, folder)
				switch {
				case at == "" || u.In.Place != graph.Target:
				case selfContained(c):
					return c, "with .NET in it"
				case !slices.ContainsFunc(c.Words, noStarter):
					if file := startsIn(u, at, projectOf(c)); file != "" {
						return c, fmt.Sprintf("and %s is what the image starts", file)
					}
				}
			}
		}
	}
	return nil, ""
}

// property returns an MSBuild property that a word of the command line sets, in lower case.
func property(w facts.Word) string {
	text := strings.ToLower(strings.Trim(w.Text, `"'`))
	for _, prefix := range []string{"-p:", "/p:", "--property:", "-property:", "/property:", "--property="} {
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			return rest
		}
	}
	return text // behind a -p of its own
}

func namesMachine(w facts.Word) bool { return strings.HasPrefix(property(w), "runtimeidentifier=") }
func noStarter(w facts.Word) bool    { return property(w) == "useapphost=false" }

func selfContained(c *facts.Call) bool {
	for i, w := range c.Words {
		switch w.Text {
		case "--self-contained", "--sc":
			return i+1 == len(c.Words) || c.Words[i+1].Text != "false"
		case "--self-contained=true", "--sc=true", "--self-contained:true", "--sc:true":
			return true
		}
		if property(w) == "selfcontained=true" {
			return true
		}
	}
	return false
}

// projectOf returns the name of the project that is published, without its ending; "" if the command does not say.
func projectOf(c *facts.Call) string {
	for _, w := range c.Words {
		if ext := path.Ext(w.Text); strings.HasSuffix(ext, "proj") {
			return strings.TrimSuffix(path.Base(w.Text), ext)
		}
	}
	return ""
}

// arrives returns where a folder lies in the stage that copies it, or "".
func arrives(u *graph.Use, folder string) string {
	if u.Kind != graph.Copy {
		return ""
	}
	env := u.In.Graph.EnvAt(u.By)
	for _, raw := range u.Paths {
		from := path.Join("/", env.Expand(raw, rune(u.In.Graph.Doc.Escape)))
		if rest, ok := strings.CutPrefix(folder+"/", strings.TrimSuffix(from, "/")+"/"); ok {
			return path.Join(u.In.Graph.CopiesTo(u.By), rest)
		}
	}
	return ""
}

// startsIn returns the starter of a project in a folder if the stage, or one that is based on it, starts it. Where the
// project is not known, it is whatever is started there and can only have come with that folder.
func startsIn(u *graph.Use, folder, project string) string {
	for _, t := range u.In.Tree() {
		for _, in := range t.Body {
			for _, file := range t.Graph.Starts(in) {
				if path.Dir(file) == folder && !isData(file) && (project == path.Base(file) || project == "" && !broughtElse(t, u, folder)) {
					return file
				}
			}
		}
	}
	return ""
}

// isData reports whether a file in a folder of published files is no starter, by its ending. Names of projects have dots.
func isData(file string) bool {
	return slices.Contains([]string{".dll", ".sh", ".so", ".json", ".py", ".exe", ".xml", ".config"}, path.Ext(file))
}

// broughtElse reports whether anything but u may have put files into a folder of the stage or of one that it is based on.
func broughtElse(s *graph.Stage, u *graph.Use, folder string) bool {
	for t := s; t != nil; t = t.Base {
		for _, in := range t.Body {
			if to := t.Graph.CopiesTo(in); in != u.By && (to == folder || path.Dir(to) == folder) {
				return true
			}
		}
	}
	return false
}
