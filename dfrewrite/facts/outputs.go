package facts

import (
	"path"
	"strings"

	"xxkit/dfrewrite/match"
)

// Abs makes a path of the command absolute; it is empty when it cannot be known.
func (c *Call) Abs(v Value) string {
	if !v.Known() || v.Text == "" {
		return ""
	}
	p := v.Text
	if !path.IsAbs(p) {
		if c.Dir == "" || strings.Contains(c.Dir, Unknown) {
			return ""
		}
		p = path.Join(c.Dir, p)
	}
	return path.Clean(p)
}

// Option returns the value of an option that takes one: behind it, glued to it or
// after an equals sign. The last one counts.
func (c *Call) Option(names ...string) (Value, bool) {
	var out Value
	found := false
	for i, w := range c.Words {
		if i == 0 {
			continue
		}
		for _, name := range names {
			rest, ok := strings.CutPrefix(w.Text, name)
			switch {
			case !ok:
			case rest == "":
				if i+1 < len(c.Words) {
					out, found = c.Words[i+1].Value, true
				}
			case rest[0] == '=':
				out, found = w.Value, true
				out.Text = rest[1:]
			case len(name) == 2 && name[0] == '-':
				out, found = w.Value, true
				out.Text = rest
			}
		}
	}
	return out, found
}

// Has reports whether one of the words is there.
func (c *Call) Has(words ...string) bool {
	for _, w := range c.Words[min(1, len(c.Words)):] {
		for _, want := range words {
			if w.Text == want {
				return true
			}
		}
	}
	return false
}

// goFlagsWithValue take a value in the next word (go help build).
var goFlagsWithValue = map[string]bool{"-C": true, "-o": true, "-p": true, "-asmflags": true, "-buildmode": true, "-compiler": true,
	"-covermode": true, "-coverpkg": true, "-gccgoflags": true, "-gcflags": true, "-installsuffix": true, "-ldflags": true, "-mod": true,
	"-modfile": true, "-overlay": true, "-pgo": true, "-pkgdir": true, "-tags": true, "-toolexec": true, "-exec": true, "-run": true}

// A GoCall is a go command taken apart.
type GoCall struct {
	// Sub is build, install, test …
	Sub string
	// Packages are what it is given.
	Packages []Word
	// Output is the value of -o, Set if there is one.
	Output Value
	// Compile says that a test is compiled and not run (-c), Exec that something else
	// runs it (-exec).
	Compile, Exec bool
	// Dir is the folder that it works in.
	Dir string
}

// Go takes a go or xx-go command apart.
func (c *Call) Go() (GoCall, bool) {
	if c.Name != "go" && c.Name != "xx-go" {
		return GoCall{}, false
	}
	g := GoCall{Dir: c.Dir}
	for i := 1; i < len(c.Words); i++ {
		w := c.Words[i]
		if !strings.HasPrefix(w.Text, "-") || len(g.Packages) > 0 {
			if g.Sub == "" {
				g.Sub = w.Text
			} else {
				g.Packages = append(g.Packages, w)
			}
			continue
		}
		name, val, glued := strings.Cut(w.Text, "=")
		name = "-" + strings.TrimLeft(name, "-")
		v := w.Value
		v.Text = val
		if !glued && goFlagsWithValue[name] && i+1 < len(c.Words) {
			i++
			v = c.Words[i].Value
		}
		switch name {
		case "-o":
			g.Output = v
			g.Output.Set = true
		case "-c":
			g.Compile = true
		case "-exec":
			g.Exec = true
		case "-C":
			g.Dir = c.Abs(v)
		}
	}
	return g, true
}

// GoBuilds reports whether the command compiles Go programs that stay behind.
func (c *Call) GoBuilds() bool {
	g, ok := c.Go()
	return ok && (g.Sub == "build" || g.Sub == "install" || g.Sub == "test" && g.Compile)
}

// programs are the names that go install gives to what it makes of its packages; all is false where one cannot be known.
func (g GoCall) programs() (names []string, all bool) {
	all = len(g.Packages) > 0
	for _, w := range g.Packages {
		pkg, _, _ := strings.Cut(w.Text, "@")
		name := path.Base(pkg)
		if majorVersion().MatchString(name) {
			name = path.Base(path.Dir(pkg))
		}
		if strings.Contains(pkg, Unknown) || strings.Contains(pkg, "...") || strings.HasSuffix(pkg, ".go") || strings.Trim(name, "./") == "" {
			all = false
			continue
		}
		names = append(names, name)
	}
	return names, all
}

// majorVersion matches the last part of a module's path that its programs are not called by.
var majorVersion = match.Pattern(`^v[0-9]+$`)

// GoBin is where go install puts programs; empty when that is not known.
func (c *Call) GoBin() string {
	if v := c.Env("GOBIN"); v.Set && v.Text != "" {
		return c.Abs(v)
	}
	if v := c.Env("GOPATH"); v.Set && v.Known() && v.Text != "" && !strings.Contains(v.Text, ":") {
		return path.Join(v.Text, "bin")
	}
	return ""
}

// Writes lists what a command leaves behind, as absolute paths. A trailing slash
// means files in that folder. It knows compilers and programs that fetch, unpack and
// move files.
func (c *Call) Writes() []string {
	var out []string
	add := func(p string, folder bool) {
		switch {
		case p == "" || p == "/dev/null":
		case folder:
			out = append(out, strings.TrimSuffix(p, "/")+"/")
		default:
			out = append(out, p)
		}
	}
	for _, r := range c.Redirects {
		add(c.Abs(r.Value), false)
	}
	if g, ok := c.Go(); ok {
		in := *c
		in.Dir = g.Dir
		switch {
		case g.Sub == "install":
			if bin := c.GoBin(); bin != "" {
				names, all := g.programs()
				for _, name := range names {
					add(path.Join(bin, name), false)
				}
				if !all {
					add(bin, true)
				}
			}
		case !c.GoBuilds():
		case g.Output.Set:
			p := in.Abs(g.Output)
			add(p, strings.HasSuffix(g.Output.Text, "/"))
			if !strings.HasSuffix(g.Output.Text, "/") {
				add(p, true) // a folder that is there takes the program under its own name
			}
		case g.Dir != "":
			add(path.Clean(g.Dir), true)
		}
		return out
	}
	switch c.Name {
	case "curl":
		if v, ok := c.Option("-o", "--output"); ok {
			add(c.Abs(v), false)
		}
		for i, w := range c.Words { // glued to others, as in -fsSLo
			if i+1 < len(c.Words) && len(w.Text) > 2 && w.Text[0] == '-' && w.Text[1] != '-' && strings.HasSuffix(w.Text, "o") {
				add(c.Abs(c.Words[i+1].Value), false)
			}
		}
	case "wget":
		if v, ok := c.Option("-O", "--output-document"); ok {
			add(c.Abs(v), false)
		}
		for i, w := range c.Words {
			if i+1 < len(c.Words) && len(w.Text) > 2 && w.Text[0] == '-' && w.Text[1] != '-' && strings.HasSuffix(w.Text, "O") {
				add(c.Abs(c.Words[i+1].Value), false)
			}
		}
	case "tar", "bsdtar":
		if v, ok := c.Option("-C", "--directory"); ok {
			add(c.Abs(v), true)
		} else if c.Dir != "" {
			add(c.Dir, true)
		}
	case "unzip":
		if v, ok := c.Option("-d"); ok {
			add(c.Abs(v), true)
		} else if c.Dir != "" {
			add(c.Dir, true)
		}
	case "cp", "mv", "install", "ln":
		if len(c.Words) > 2 {
			p := c.Abs(c.Words[len(c.Words)-1].Value)
			add(p, false)
			add(p, true)
		}
	default:
		if c.Compiler() {
			if v, ok := c.Option("-o"); ok {
				add(c.Abs(v), false)
			}
		}
	}
	return out
}

// Compiler reports whether the command is a C or C++ compiler, a cross compiler
// (aarch64-linux-gnu-gcc) and the helpers' included.
func (c *Call) Compiler() bool {
	name := c.Name
	if name == "" && len(c.Words) > 0 { // $(xx-info)-gcc, $CC
		name = strings.TrimLeft(path.Base(c.Words[0].Text), Unknown)
		if c.Words[0].Raw == "$CC" || c.Words[0].Raw == "${CC}" || c.Words[0].Raw == "$CXX" {
			return true
		}
	}
	for _, tool := range []string{"gcc", "g++", "clang", "clang++", "cc", "c++"} {
		if name == tool || strings.HasSuffix(name, "-"+tool) {
			return true
		}
	}
	return false
}

// CrossCompiler reports whether the command is a compiler that is told about
// another machine: by its name, or as a helper.
func (c *Call) CrossCompiler() bool {
	if !c.Compiler() {
		return false
	}
	_, target := c.Option("--target", "-target")
	return c.Name == "" || strings.Contains(c.Name, "-") || target
}

// Takes reports whether something that takes a path, a folder or a file, gets what
// Writes names.
func Takes(p, written string) bool {
	if p == "/" {
		return true
	}
	w := strings.TrimSuffix(written, "/")
	folder := w != written
	if tree, ok := strings.CutSuffix(written, "/**"); ok {
		return p == tree || strings.HasPrefix(tree, p+"/") || strings.HasPrefix(p, tree+"/")
	}
	switch {
	case p == w || strings.HasPrefix(w, p+"/"):
		return true
	case folder && path.Dir(p) == w:
		return true
	case strings.ContainsAny(p, "*?["):
		ok, err := path.Match(p, w)
		return ok && err == nil || folder && path.Dir(p) == w
	}
	return false
}
