package facts

import (
	"path"
	"slices"
	"strings"
)

// maxCarried bounds how many places one file is followed to.
const maxCarried = 64

// maxLooks bounds how many commands are looked at in all to see where files go, so that a file that is made to take long does
// not.
const maxLooks = 1 << 21

// Look reports whether n commands more may be looked at. Who may not does without the answer.
func (f *Facts) Look(n int) bool {
	f.looks += n
	return f.looks <= maxLooks
}

// Carried returns where files end up: what a command has written, in the form of [Call.Writes], and where later commands of
// its stage, and of the stages based on it, copy, move, link, pack and unpack that.
func (f *Facts) Carried(c *Call, written []string) []string {
	out := slices.Clone(written)
	follow := func(calls []*Call) {
		if !f.Look(len(calls)) {
			return
		}
		for _, later := range calls {
			if len(out) > maxCarried {
				return
			}
			for _, w := range slices.Clone(out) {
				if file, folder := strings.CutSuffix(w, "/"); folder && slices.Contains(out, file) {
					continue // the file itself, or in a folder of that name: the file is followed
				}
				for _, to := range later.carries(w) {
					if !slices.Contains(out, to) {
						out = append(out, to)
					}
				}
			}
		}
	}
	for _, t := range c.Stage.Tree() {
		calls := f.CallsFor(t, c.Platform)
		if t == c.Stage {
			calls = calls[slices.IndexFunc(calls, func(other *Call) bool { return other.Span == c.top().Span })+1:]
		}
		follow(calls)
	}
	return out
}

// carries returns where the command puts a file, or files of a folder, that w names.
func (c *Call) carries(w string) []string {
	switch c.Name {
	case "cp", "mv", "install", "ln", "rsync":
		return c.copies(w)
	case "strip", "upx", "llvm-strip", "objcopy", "llvm-objcopy", "patchelf":
		if out, ok := c.Option("-o", "--output"); ok && c.names(w) {
			return places(c.Abs(out))
		}
		if args := c.positional(); strings.HasSuffix(c.Name, "objcopy") && len(args) == 2 && fits(c.Abs(args[0].Value), w) {
			return places(c.Abs(args[1].Value))
		}
	case "cat", "zcat", "dd":
		if len(c.Redirects) > 0 && c.names(w) {
			return places(c.Abs(c.Redirects[0].Value))
		}
	case "tar", "bsdtar":
		return c.packs(w)
	case "unzip":
		if args := c.positional(); len(args) > 0 && fits(c.Abs(args[0].Value), w) {
			return below(c.unpackedTo("-d"))
		}
	}
	return nil
}

// packs follows tar in both directions.
func (c *Call) packs(w string) []string {
	if len(c.Words) < 2 {
		return nil
	}
	mode := strings.TrimPrefix(c.Words[1].Text, "-")
	archive := ""
	for i, word := range c.Words[1:] {
		t := word.Text
		short := len(t) > 0 && t[0] == '-' && !strings.HasPrefix(t, "--") || i == 0
		if i+2 < len(c.Words) && (short && strings.HasSuffix(t, "f") || t == "--file") {
			archive = c.Abs(c.Words[i+2].Value)
		}
		if short && strings.ContainsAny(t, "xc") && !strings.ContainsAny(mode, "xc") {
			mode = t
		}
	}
	switch {
	case archive == "":
	case (strings.Contains(mode, "x") || c.Has("--extract")) && fits(archive, w):
		return below(c.unpackedTo("-C", "--directory"))
	case strings.Contains(mode, "c") || c.Has("--create"):
		in := *c
		if dir, ok := c.Option("-C", "--directory"); ok {
			in.Dir = c.Abs(dir)
		}
		if in.names(w) {
			return places(archive)
		}
	}
	return nil
}

func (c *Call) unpackedTo(options ...string) string {
	if v, ok := c.Option(options...); ok {
		return c.Abs(v)
	}
	return c.Dir
}

// names reports whether an argument is the file, or a folder that it lies in.
func (c *Call) names(w string) bool {
	return slices.ContainsFunc(c.positional(), func(a Word) bool {
		p := c.Abs(a.Value)
		return p != "" && (fits(p, w) || strings.HasPrefix(w, strings.TrimSuffix(p, "/")+"/"))
	})
}

// positional are the arguments that are no options. Values of options are among them.
func (c *Call) positional() []Word {
	var out []Word
	for _, w := range c.Words[min(1, len(c.Words)):] {
		if !strings.HasPrefix(w.Text, "-") {
			out = append(out, w)
		}
	}
	return out
}

// copies follows programs that copy files to the last of their arguments.
func (c *Call) copies(w string) []string {
	if c.Name == "install" && c.Has("-d", "--directory") {
		return nil
	}
	var args []Word
	var dest Value
	into := false
	for i := 1; i < len(c.Words); i++ {
		t := c.Words[i].Text
		name, value, glued := strings.Cut(t, "=")
		switch {
		case t == "-t" || name == "--target-directory":
			into = true
			if dest = c.Words[i].Value; glued {
				dest.Text = value
			} else if i++; i < len(c.Words) {
				dest = c.Words[i].Value
			}
		case c.Name == "install" && (t == "-m" || t == "-o" || t == "-g" || t == "--mode" || t == "--owner" || t == "--group"):
			i++
		case !strings.HasPrefix(t, "-"):
			args = append(args, c.Words[i])
		}
	}
	if !into {
		if len(args) < 2 {
			return nil
		}
		dest, args = args[len(args)-1].Value, args[:len(args)-1]
		into = len(args) > 1 || strings.HasSuffix(dest.Text, "/") || dest.Text == "." || dest.Text == ".."
	}
	to := c.Abs(dest)
	if to == "" {
		return nil
	}
	into = into || to == c.Dir
	var out []string
	for _, a := range args {
		src := c.Abs(a.Value)
		if src == "" {
			continue
		}
		// As a folder's content, as the file itself, or below a folder that is there.
		content := strings.HasSuffix(a.Text, "/.") || c.Name == "rsync" && strings.HasSuffix(a.Text, "/")
		file := strings.TrimSuffix(w, "/")
		switch rest, inside := strings.CutPrefix(w, strings.TrimSuffix(src, "/")+"/"); {
		case inside: // the folder is copied with what is in it
			out = append(out, path.Join(to, rest)+slash(w))
			if !content {
				out = append(out, path.Join(to, path.Base(src), rest)+slash(w))
			}
		case w != file && path.Dir(src) == file && strings.ContainsAny(path.Base(src), "*?["):
			out = append(out, strings.TrimSuffix(to, "/")+"/")
		case fits(src, w):
			name := path.Base(src)
			if strings.ContainsAny(name, "*?[") {
				name = path.Base(file)
			}
			if !into {
				out = append(out, to)
			}
			out = append(out, path.Join(to, name))
		}
	}
	return out
}

// slash keeps the mark of a folder that path.Join takes away.
func slash(p string) string {
	if strings.HasSuffix(p, "/") {
		return "/"
	}
	return ""
}

func places(p string) []string {
	if p == "" {
		return nil
	}
	return []string{p}
}

// below stands for whatever is in a folder.
func below(folder string) []string {
	if folder == "" || folder == "/" {
		return nil
	}
	return []string{strings.TrimSuffix(folder, "/") + "/**"}
}

// fits reports whether a path, which may hold wildcards, is a file that w names.
func fits(p, w string) bool {
	if p == "" {
		return false
	}
	if folder, ok := strings.CutSuffix(w, "/**"); ok {
		return strings.HasPrefix(p, folder+"/")
	}
	if folder, ok := strings.CutSuffix(w, "/"); ok {
		return path.Dir(p) == folder
	}
	ok, err := path.Match(p, w)
	return p == w || ok && err == nil
}
