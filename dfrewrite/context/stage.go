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
	if found := x.PathAt(c, name); found != "" {
		return x.ReadFile(found)
	}
	return nil
}

// PathAt returns the name that such a file has in the build context, or "".
func (x *Files) PathAt(c *graph.Site, name string) string {
	file := c.Abs(name)
	if file == "" || x == nil {
		return ""
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
				return x.readable(path.Join("/", m.Source, rest))
			}
		}
	}
	for s := c.Stage; s != nil; s = s.Base {
		body := s.Body
		if i := slices.Index(body, c.Run); i >= 0 {
			body = body[:i]
		}
		for _, in := range slices.Backward(body) {
			if name, found := x.broughtBy(s, in, file); found {
				return name
			}
		}
	}
	return ""
}

// readable returns the name of a file that can be read, in the form of package fs, or "".
func (x *Files) readable(name string) string {
	if x.ReadFile(name) == nil {
		return ""
	}
	return ContextPath(name)
}

// broughtBy returns the name of the file that a COPY or ADD put at a path of the stage, "" if that is not known; found is
// false if it put nothing there.
func (x *Files) broughtBy(s *graph.Stage, in *dockerfile.Instruction, file string) (name string, found bool) {
	var from, dest string
	var sources []string
	switch cmd := in.Command.(type) {
	case *instructions.CopyCommand:
		from, dest, sources = cmd.From, cmd.DestPath, cmd.SourcePaths
	case *instructions.AddCommand:
		dest, sources = cmd.DestPath, cmd.SourcePaths
	default:
		return "", false
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
		return "", false
	}
	if in.Flag("parents") != nil || in.Flag("exclude") != nil {
		return "", true // elsewhere, or not at all
	}
	if from != "" {
		// Whether the file is among what comes from there cannot be seen; a folder of another name says
		// that it is not.
		return "", rest == "" || slices.ContainsFunc(sources, func(src string) bool { return path.Base(src) == path.Base(file) || rest != path.Base(file) })
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
		if name := x.readable(name); name != "" && !x.Ignored(name) {
			return name, true
		}
	}
	return "", false
}

// Below returns what is left of a path in a folder: "" for the folder itself.
func Below(file, folder string) (rest string, ok bool) {
	if file == folder {
		return "", true
	}
	return strings.CutPrefix(file, strings.TrimSuffix(folder, "/")+"/")
}

// FolderAt returns the folder of the build context that has been copied to where the command runs, or is mounted there, or of
// which one of the files has been; false if none has, or files of it have been replaced by a copy from elsewhere.
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
		if src := onlySource(cmd); src != "" && path.Dir(dest) == path.Clean(c.Dir) && slices.Contains(files, path.Base(dest)) && path.Base(src) == path.Base(dest) && x.Has(src) {
			found, folder = true, path.Dir(src) // COPY Makefile /src/Makefile
			continue
		}
		rest, inside := Below(path.Clean(c.Dir), dest)
		if !inside || rest != "" && cmd.From != "" {
			continue
		}
		for _, src := range cmd.SourcePaths {
			switch src = path.Clean(strings.TrimLeft(src, "/")); {
			case cmd.From != "":
				return "", false
			case x.IsFolder(path.Join(src, rest)):
				found, folder = true, path.Join(src, rest)
			case rest != "":
			case slices.Contains(files, src):
				found, folder = true, "."
			}
		}
	}
	return folder, found
}

// onlySource returns the path in the build context of the one file that a COPY brings, or "".
func onlySource(cmd *instructions.CopyCommand) string {
	if cmd.From != "" || len(cmd.SourcePaths) != 1 {
		return ""
	}
	return ContextPath(cmd.SourcePaths[0])
}
