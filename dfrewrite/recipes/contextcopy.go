package recipes

import (
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// contextFile returns a file of the build context as the command finds it, by its name in the folder
// that the command runs in or as an absolute path. It is nil where no COPY, ADD or bind mount is seen
// to have brought it there, and where something else may have replaced it.
func (c *call) contextFile(name string) []byte { return c.opt.Context.fileAt(&c.site, name) }

// fileAt returns a file of the build context as a command finds it, by its name in the folder
// that the command runs in or as an absolute path. It is nil where no COPY, ADD or bind mount is seen
// to have brought it there, and where something else may have replaced it.
func (x *Context) fileAt(c *site, name string) []byte {
	file := c.abs(name)
	if file == "" || x == nil {
		return nil
	}
	if run, ok := c.run.Command.(*instructions.RunCommand); ok {
		for _, m := range instructions.GetMounts(run) {
			if m.Type != instructions.MountTypeBind || m.From != "" {
				continue
			}
			target := m.Target
			if !path.IsAbs(target) {
				target = path.Join(c.env.Dir, target)
			}
			if rest, ok := below(file, path.Clean(target)); ok {
				return x.ReadFile(path.Join("/", m.Source, rest))
			}
		}
	}
	for s := c.stage; s != nil; s = s.Base {
		body := s.Body
		if i := slices.Index(body, c.run); i >= 0 {
			body = body[:i]
		}
		for _, in := range slices.Backward(body) {
			if data, found := x.broughtBy(s, in, file); found {
				return data
			}
		}
	}
	return nil
}

// broughtBy returns what a COPY or ADD put at a path of the stage; found is false if it put nothing
// there.
func (x *Context) broughtBy(s *graph.Stage, in *dockerfile.Instruction, file string) (data []byte, found bool) {
	var from, dest string
	var sources []string
	switch cmd := in.Command.(type) {
	case *instructions.CopyCommand:
		from, dest, sources = cmd.From, cmd.DestPath, cmd.SourcePaths
	case *instructions.AddCommand:
		dest, sources = cmd.DestPath, cmd.SourcePaths
	default:
		return nil, false
	}
	env := s.Graph.EnvAt(in)
	escape := rune(s.Graph.Doc.Escape)
	dest = env.Expand(dest, escape)
	folder := strings.HasSuffix(dest, "/") || dest == "." || len(sources) > 1
	if !path.IsAbs(dest) {
		dest = path.Join(env.Dir, dest)
	}
	dest = path.Clean(dest)
	folder = folder || dest == env.Dir
	rest, inside := below(file, dest)
	if !inside {
		return nil, false
	}
	if in.Flag("parents") != nil || in.Flag("exclude") != nil {
		return nil, true // elsewhere, or not at all
	}
	if from != "" {
		// Whether the file is among what comes from there cannot be seen; a folder of another name says
		// that it is not.
		return nil, rest == "" || slices.ContainsFunc(sources, func(src string) bool { return path.Base(src) == path.Base(file) || rest != path.Base(file) })
	}
	for _, src := range sources {
		src = path.Clean(strings.TrimLeft(env.Expand(src, escape), "/"))
		var name string
		switch {
		case x.isFolder(src):
			name = path.Join(src, rest)
		case folder && rest != "" && !strings.Contains(rest, "/"):
			if ok, err := path.Match(path.Base(src), rest); !ok || err != nil {
				continue
			}
			name = path.Join(path.Dir(src), rest)
		case rest == "":
			name = src
		default:
			continue
		}
		if data := x.ReadFile(name); data != nil && !x.ignored(contextPath(name)) {
			return data, true
		}
	}
	return nil, false
}

// copies returns every COPY in front of the command, in the stages that this one is based on and in it, with the
// absolute path that it copies to.
func (c *site) copies() iter.Seq2[*instructions.CopyCommand, string] {
	var chain []*graph.Stage
	for s := c.stage; s != nil; s = s.Base {
		chain = append(chain, s)
	}
	return func(yield func(*instructions.CopyCommand, string) bool) {
		for _, s := range slices.Backward(chain) {
			for _, in := range s.Body {
				if in == c.run {
					break
				}
				cmd, ok := in.Command.(*instructions.CopyCommand)
				if !ok {
					continue
				}
				dest := cmd.DestPath
				if !path.IsAbs(dest) {
					dest = path.Join(s.Graph.EnvAt(in).Dir, dest)
				}
				if !yield(cmd, path.Clean(dest)) {
					return
				}
			}
		}
	}
}

// below returns what is left of a path in a folder: "" for the folder itself.
func below(file, folder string) (rest string, ok bool) {
	if file == folder {
		return "", true
	}
	return strings.CutPrefix(file, strings.TrimSuffix(folder, "/")+"/")
}
