package context

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// FileAt returns a file of the build context as a command finds it, by its name in the folder
// that the command runs in or as an absolute path. It is nil where no COPY, ADD or bind mount is seen
// to have brought it there, and where something else may have replaced it.
func (x *Files) FileAt(c *graph.Site, name string) []byte {
	file := c.Abs(name)
	if file == "" || x == nil {
		return nil
	}
	if run, ok := c.Run.Command.(*instructions.RunCommand); ok {
		for _, m := range instructions.GetMounts(run) {
			if m.Type != instructions.MountTypeBind || m.From != "" {
				continue
			}
			target := m.Target
			if !path.IsAbs(target) {
				target = path.Join(c.Env.Dir, target)
			}
			if rest, ok := Below(file, path.Clean(target)); ok {
				return x.ReadFile(path.Join("/", m.Source, rest))
			}
		}
	}
	for s := c.Stage; s != nil; s = s.Base {
		body := s.Body
		if i := slices.Index(body, c.Run); i >= 0 {
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
func (x *Files) broughtBy(s *graph.Stage, in *dockerfile.Instruction, file string) (data []byte, found bool) {
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
	rest, inside := Below(file, dest)
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
		case x.IsFolder(src):
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
		if data := x.ReadFile(name); data != nil && !x.Ignored(ContextPath(name)) {
			return data, true
		}
	}
	return nil, false
}

// Below returns what is left of a path in a folder: "" for the folder itself.
func Below(file, folder string) (rest string, ok bool) {
	if file == folder {
		return "", true
	}
	return strings.CutPrefix(file, strings.TrimSuffix(folder, "/")+"/")
}

// FolderAt returns the folder of the build context that stands where a command runs; see contextFolder.
func (x *Files) FolderAt(c *graph.Site, files ...string) (string, bool) {
	if c.Dir == "" {
		return "", false
	}
	found, folder := false, ""
	if run, ok := c.Run.Command.(*instructions.RunCommand); ok {
		for _, m := range instructions.GetMounts(run) {
			target := m.Target
			if !path.IsAbs(target) {
				target = path.Join(c.Env.Dir, target)
			}
			if path.Clean(target) == path.Clean(c.Dir) {
				folder = ContextPath(m.Source)
				return folder, m.Type == instructions.MountTypeBind && m.From == "" && x.IsFolder(folder)
			}
		}
	}
	for cmd, dest := range c.Copies() {
		if dest != path.Clean(c.Dir) {
			continue
		}
		for _, src := range cmd.SourcePaths {
			switch src = path.Clean(strings.TrimLeft(src, "/")); {
			case cmd.From != "":
				return "", false
			case x.IsFolder(src):
				found, folder = true, src
			case slices.Contains(files, src):
				found, folder = true, "."
			}
		}
	}
	return folder, found
}
