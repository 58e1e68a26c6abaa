package magefile

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"

	"xxkit/dfrewrite/drivers"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/verdict"
)

// What a function of a magefile runs is read from its source: the calls of mage's package sh and of os/exec, in all branches, in
// the order in which they stand, and those of the functions that it calls or hands to mg.Deps. A word that no constant says is
// unknown; so is every variable that is set more than once. A call that may start a program, or change the environment, without
// being one of these, is refused.

// A mageRun is a look through a package of magefiles.
type mageRun struct {
	name string // for messages: the file, or the folder
	fset *token.FileSet

	funcs     map[string]*mageFunc            // by name
	methods   map[string]map[string]*mageFunc // by name and receiver
	types     map[string]bool
	values    map[string]*mageValue // constants and variables of the package
	used      map[string]bool       // names that some function uses for more than the environment of a command
	assigned  map[string]bool       // names that some function sets
	follows   func(name string) bool
	done      map[ast.Node]bool    // functions and variables that have been followed, with nothing known of their arguments
	commands  map[string]*mageLine // by variable, in the function that is being followed
	accounted map[ast.Node]bool    // calls and names that have been dealt with
	active    []*mageFunc
	steps     int
	lines     []*mageLine
	err       error
}

// A mageFunc is a function or method, in a file that imports packages.
type mageFunc struct {
	decl    *ast.FuncDecl
	imports map[string]string // paths by name
	scan    *mageScan
}

// A mageValue is a constant or variable of the package; expr is nil if what it holds is not said.
type mageValue struct {
	expr  ast.Expr
	frame *mageFrame
}

// A mageFrame is what names mean where an expression stands.
type mageFrame struct {
	imports map[string]string
	scan    *mageScan
	binds   map[string]mageBind // parameters
}

// A mageBind is what a parameter gets: expressions of the caller.
type mageBind struct {
	exprs              []ast.Expr
	variadic, ellipsis bool
	frame              *mageFrame
}

// A mageLine is a command for the shell.
type mageLine struct {
	env, words []string
	printed    bool // somebody reads what it prints
	at         verdict.Where
}

// Limits on a magefile: how deep functions and values refer to each other, how much of them is looked at, and how
// long a word may be.
const (
	maxMageDepth = 30
	maxMageSteps = 200000
	maxMageText  = 1 << 16
)

const (
	magePackage = "github.com/magefile/mage/"
	unknownText = "\x00"
)

// newMageRun parses magefiles. follows says whether a variable of the environment holds the target already.
func newMageRun(files []magefile, follows func(string) bool) (*mageRun, error) {
	r := &mageRun{name: files[0].name, fset: token.NewFileSet(), funcs: map[string]*mageFunc{}, methods: map[string]map[string]*mageFunc{},
		types: map[string]bool{}, values: map[string]*mageValue{}, assigned: map[string]bool{}, used: map[string]bool{}, follows: follows, done: map[ast.Node]bool{},
		commands: map[string]*mageLine{}, accounted: map[ast.Node]bool{}}
	if len(files) > 1 {
		r.name = "magefiles"
	}
	for _, f := range files {
		file, err := parser.ParseFile(r.fset, f.name, f.text, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w", f.name, err)
		}
		if err := r.declare(file); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// declare notes what a file declares.
func (r *mageRun) declare(file *ast.File) error {
	imports := map[string]string{}
	for _, i := range file.Imports {
		importPath, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return r.at(i, "what it imports cannot be read")
		}
		name := path.Base(importPath)
		if i.Name != nil {
			name = i.Name.Name
		}
		if name == "_" || name == "." {
			return r.at(i, "what it imports from %s is not followed", importPath)
		}
		imports[name] = importPath
	}
	frame := &mageFrame{imports: imports, scan: &mageScan{}}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			f := &mageFunc{decl: d, imports: imports, scan: scanFunc(d)}
			for name := range f.scan.assigned {
				r.assigned[name] = true
			}
			for name := range f.scan.used {
				r.used[name] = true
			}
			switch {
			case d.Recv == nil && d.Name.Name == "init":
				r.funcs["init "+strconv.Itoa(len(r.funcs))] = f
			case d.Recv == nil:
				r.funcs[d.Name.Name] = f
			default:
				if r.methods[d.Name.Name] == nil {
					r.methods[d.Name.Name] = map[string]*mageFunc{}
				}
				r.methods[d.Name.Name][receiver(d)] = f
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					r.types[s.Name.Name] = true
				case *ast.ValueSpec:
					for i, name := range s.Names {
						v := &mageValue{frame: frame}
						if len(s.Values) == len(s.Names) {
							v.expr = s.Values[i]
						} else if len(s.Values) > 0 {
							return r.at(s, "what stands there is not followed")
						}
						r.values[name.Name] = v
					}
				}
			}
		}
	}
	return nil
}

// receiver is the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	if len(d.Recv.List) == 0 {
		return "" // which the compiler refuses later
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// at is an error that says where.
func (r *mageRun) at(n ast.Node, format string, args ...any) error {
	p := r.fset.Position(n.Pos())
	return fmt.Errorf("%s:%d: %s", p.Filename, p.Line, fmt.Sprintf(format, args...))
}

func (r *mageRun) fail(n ast.Node, format string, args ...any) {
	if r.err == nil {
		r.err = r.at(n, format, args...)
	}
}

// targets returns the lines that targets run, and what the package runs before.
func (r *mageRun) targets(names []string) ([]verdict.Line, error) {
	for _, name := range sortedKeys(r.values) {
		if v := r.values[name]; v.expr != nil {
			r.startValue(v)
		}
	}
	for _, name := range sortedKeys(r.funcs) {
		if strings.HasPrefix(name, "init ") {
			r.follow(r.funcs[name], nil)
		}
	}
	if len(names) == 0 {
		v := r.values["Default"]
		if v == nil || v.expr == nil {
			return nil, fmt.Errorf("no target is named, and %s has no Default", r.name)
		}
		r.visit(v.frame, v.expr)
	}
	for i := 0; i < len(names) && r.err == nil; i++ {
		if names[i] == unknownText {
			return nil, errors.New("which target it runs cannot be seen")
		}
		f, err := r.target(names[i])
		if err != nil {
			return nil, err
		}
		i += parameters(f)
		r.follow(f, nil)
	}
	if r.err != nil {
		return nil, r.err
	}
	var out []verdict.Line
	for _, l := range r.lines {
		out = append(out, verdict.Line{Text: l.text(), At: l.at})
	}
	return out, nil
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// startValue follows what a variable of the package runs when the program starts: calls. A function that it
// only names is not called by that.
func (r *mageRun) startValue(v *mageValue) {
	calls := false
	ast.Inspect(v.expr, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			calls = true
			if r.isPackage(v.frame, call.Fun, magePackage+"sh", "RunCmd", "OutCmd") {
				r.accounted[call] = true
			}
		}
		_, ok := n.(*ast.FuncLit)
		return !ok
	})
	if calls {
		r.visit(v.frame, v.expr)
	}
}

// target finds a function by the name on the command line, which mage compares without case.
func (r *mageRun) target(name string) (*mageFunc, error) {
	if v := r.values["Aliases"]; v != nil && v.expr != nil {
		if lit, ok := v.expr.(*ast.CompositeLit); ok {
			for _, e := range lit.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok || !strings.EqualFold(r.text(v.frame, kv.Key, 0), name) {
					continue
				}
				switch to := kv.Value.(type) {
				case *ast.Ident:
					name = to.Name
				case *ast.SelectorExpr:
					if ns, ok := to.X.(*ast.Ident); ok {
						name = ns.Name + ":" + to.Sel.Name
					}
				}
				break
			}
		}
	}
	namespace, method, ok := strings.Cut(name, ":")
	if !ok {
		for _, have := range sortedKeys(r.funcs) {
			if strings.EqualFold(have, name) && ast.IsExported(have) {
				return r.funcs[have], nil
			}
		}
	}
	for _, have := range sortedKeys(r.methods) {
		for _, ns := range sortedKeys(r.methods[have]) {
			if ok && strings.EqualFold(have, method) && strings.EqualFold(ns, namespace) || !ok && have == "Default" && strings.EqualFold(ns, name) {
				return r.methods[have][ns], nil
			}
		}
	}
	return nil, fmt.Errorf("%s has no target %s", r.name, name)
}

// parameters counts the words behind its name that a target takes.
func parameters(f *mageFunc) int {
	n := 0
	for _, p := range f.decl.Type.Params.List {
		if !isContextType(p.Type) {
			n += max(1, len(p.Names))
		}
	}
	return n
}

func isContextType(t ast.Expr) bool {
	sel, ok := t.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Context"
}

// follow goes through a function. With nothing known of what it gets it does so once.
func (r *mageRun) follow(f *mageFunc, binds map[string]mageBind) {
	if binds == nil {
		if r.done[f.decl] {
			return
		}
		r.done[f.decl] = true
	}
	if r.err != nil || f.decl.Body == nil {
		return
	}
	if slices.Contains(r.active, f) {
		if len(binds) > 0 {
			r.fail(f.decl, "%s calls itself, with what cannot be seen", f.decl.Name.Name)
		}
		return // what it runs is being collected
	}
	if len(r.active) > maxMageDepth {
		r.fail(f.decl, "functions call each other more than is followed")
		return
	}
	r.active = append(r.active, f)
	outer := r.commands
	r.commands = map[string]*mageLine{}
	r.visit(&mageFrame{imports: f.imports, scan: f.scan, binds: binds}, f.decl.Body)
	r.commands = outer
	r.active = r.active[:len(r.active)-1]
}

// bind gives the arguments of a call to the parameters of a function.
func bind(f *mageFunc, args []ast.Expr, ellipsis bool, frame *mageFrame) map[string]mageBind {
	out := map[string]mageBind{}
	i := 0
	for _, p := range f.decl.Type.Params.List {
		_, variadic := p.Type.(*ast.Ellipsis)
		for _, name := range p.Names {
			b := mageBind{frame: frame, variadic: variadic}
			switch {
			case variadic:
				b.exprs, b.ellipsis = args[min(i, len(args)):], ellipsis
			case i < len(args) && !(ellipsis && i == len(args)-1):
				b.exprs = args[i : i+1]
			}
			out[name.Name] = b
			i++
		}
	}
	return out
}

// visit goes through the source below a node.
func (r *mageRun) visit(frame *mageFrame, n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		if r.steps++; r.err == nil && r.steps > maxMageSteps && n != nil {
			r.fail(n, "the magefile does more than is followed")
		}
		if r.err != nil {
			return false
		}
		switch n := n.(type) {
		case *ast.CallExpr:
			r.call(frame, n)
		case *ast.AssignStmt:
			r.assign(frame, n)
		case *ast.KeyValueExpr:
			if _, ok := n.Key.(*ast.Ident); ok {
				r.visit(frame, n.Value) // a field's name, or a constant
				return false
			}
		case *ast.SelectorExpr:
			r.selector(frame, n)
			return false
		case *ast.Ident:
			r.ident(frame, n)
		case *ast.FuncType:
			return false // names of parameters
		}
		return true
	})
}

// ident follows a name that stands for a function or a variable of the package, and is not called there.
func (r *mageRun) ident(frame *mageFrame, n *ast.Ident) {
	if r.accounted[n] {
		return
	}
	if frame.scan.local(n) {
		// In front of its first value is where it is declared.
		if init := frame.scan.inits[n.Name]; init != nil && r.isMaker(frame, init) && n.Pos() > init.Pos() {
			r.fail(n, "where %s is called cannot be seen", n.Name)
		}
		return
	}
	if f := r.funcs[n.Name]; f != nil {
		r.follow(f, nil)
		return
	}
	if v := r.values[n.Name]; v != nil && v.expr != nil && !r.done[v.expr] {
		r.done[v.expr] = true
		if r.isMaker(v.frame, v.expr) {
			r.fail(n, "where %s is called cannot be seen", n.Name)
			return
		}
		r.visit(v.frame, v.expr)
	}
}

// isMaker reports whether an expression is a call of sh.RunCmd or sh.OutCmd, which make functions that run a command.
func (r *mageRun) isMaker(frame *mageFrame, e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	return ok && r.isPackage(frame, call.Fun, magePackage+"sh", "RunCmd", "OutCmd")
}

// isPackage reports whether an expression is one of some names of a package.
func (r *mageRun) isPackage(frame *mageFrame, e ast.Expr, importPath string, names ...string) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && !frame.scan.local(x) && frame.imports[x.Name] == importPath && slices.Contains(names, sel.Sel.Name)
}

// selector looks at a.b where it is not called.
func (r *mageRun) selector(frame *mageFrame, n *ast.SelectorExpr) {
	if r.accounted[n] {
		return
	}
	if x, ok := n.X.(*ast.Ident); ok && !frame.scan.local(x) {
		if importPath, ok := frame.imports[x.Name]; ok {
			r.named(n, importPath, x.Name, n.Sel.Name)
			return
		}
		if !r.isDeclared(x.Name) {
			r.fail(n, "what %s.%s does is not followed", x.Name, n.Sel.Name)
			return
		}
		if f := r.methods[n.Sel.Name][x.Name]; f != nil {
			r.follow(f, nil)
			return
		}
	}
	for _, ns := range sortedKeys(r.methods[n.Sel.Name]) {
		r.follow(r.methods[n.Sel.Name][ns], nil)
	}
	r.visit(frame, n.X)
}

// named refuses what a package has if it may start a program, or tell the machine.
func (r *mageRun) named(n ast.Node, importPath, pkg, name string) {
	switch {
	case importPath == "runtime" && name == "GOARCH":
		r.fail(n, "runtime.GOARCH is the processor that mage runs on, which is another one on the build platform")
	case !harmlessMagePackages()[importPath] && !harmlessMageNames()[importPath+"."+name]:
		r.fail(n, "what %s.%s does is not followed", pkg, name)
	}
}

// isDeclared reports whether the package declares a name.
func (r *mageRun) isDeclared(name string) bool {
	return r.types[name] || r.funcs[name] != nil || r.values[name] != nil
}

// harmlessMagePackages neither start programs nor change the environment. Values of their types have no methods that do.
var harmlessMagePackages = match.LongWords(`bufio bytes context crypto/md5 crypto/sha1 crypto/sha256 encoding/hex encoding/json errors fmt io io/fs io/ioutil log maps
	path path/filepath regexp slices sort strconv strings sync text/tabwriter text/template time unicode ` + magePackage + `target`)

// harmlessMageNames are those of other packages.
var harmlessMageNames = match.LongWords(`runtime.GOOS runtime.NumCPU runtime.Version
	os.Args os.Chmod os.Create os.CreateTemp os.DevNull os.DirEntry os.Environ os.ErrExist os.ErrNotExist os.Executable os.Exit os.File os.FileInfo os.FileMode
	os.Getpid os.Getwd os.IsExist os.IsNotExist os.Lstat os.Mkdir os.MkdirAll os.MkdirTemp os.ModeDir os.ModePerm os.O_APPEND os.O_CREATE os.O_RDONLY os.O_RDWR
	os.O_TRUNC os.O_WRONLY os.Open os.OpenFile os.PathError os.PathSeparator os.ReadDir os.ReadFile os.Remove os.RemoveAll os.Rename os.Stat os.Stderr os.Stdin
	os.Stdout os.Symlink os.TempDir os.UserCacheDir os.UserHomeDir os.WriteFile
	os/exec.ErrNotFound os/exec.ExitError os/exec.LookPath
	` + magePrefixed("mg", "Deps SerialDeps CtxDeps SerialCtxDeps F Fn Namespace Verbose Debug GoCmd Fatal Fatalf ExitStatus CacheDir HashFast IgnoreDefault") + `
	` + magePrefixed("sh", "CmdRan Copy ExitStatus Rm"))

func magePrefixed(pkg, names string) string {
	var out []string
	for _, name := range strings.Fields(names) {
		out = append(out, magePackage+pkg+"."+name)
	}
	return strings.Join(out, " ")
}

// builtinNames are functions and types of the language.
var builtinNames = match.Words(`append cap clear close copy delete len make max min new panic print println recover any bool byte error float32 float64
	int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr`)

// call looks at a call.
func (r *mageRun) call(frame *mageFrame, n *ast.CallExpr) {
	fun := ast.Unparen(n.Fun)
	switch fun := fun.(type) {
	case *ast.Ident:
		r.callName(frame, n, fun)
	case *ast.SelectorExpr:
		x, isName := fun.X.(*ast.Ident)
		if isName && !frame.scan.local(x) {
			if importPath, ok := frame.imports[x.Name]; ok {
				r.accounted[fun] = true
				r.callPackage(frame, n, importPath, x.Name, fun.Sel.Name)
				return
			}
			if !r.isDeclared(x.Name) || r.methods[fun.Sel.Name][x.Name] != nil {
				return // of an unknown package, or Namespace.Method(Namespace{}, …): see selector
			}
		}
		if methods := r.methods[fun.Sel.Name]; len(methods) > 0 {
			r.accounted[fun] = true
			for _, ns := range sortedKeys(methods) {
				r.follow(methods[ns], bind(methods[ns], n.Args, n.Ellipsis.IsValid(), frame))
			}
			r.visit(frame, fun.X)
		}
	case *ast.CallExpr:
		if r.isMaker(frame, fun) {
			r.accounted[fun] = true
			r.made(frame, fun, frame, n)
		}
	}
}

func (r *mageRun) callName(frame *mageFrame, n *ast.CallExpr, fun *ast.Ident) {
	name := fun.Name
	if frame.scan.local(fun) {
		if init := frame.scan.inits[name]; init != nil && r.isMaker(frame, init) {
			r.accounted[fun] = true
			if frame.scan.declared[name] > 1 || frame.scan.assigned[name] {
				r.fail(n, "which command %s runs cannot be seen", name)
				return
			}
			r.made(frame, init.(*ast.CallExpr), frame, n)
		}
		return // a function that stands here, or that was followed where it was handed over
	}
	if f := r.funcs[name]; f != nil {
		r.accounted[fun] = true
		r.follow(f, bind(f, n.Args, n.Ellipsis.IsValid(), frame))
		return
	}
	if v := r.values[name]; v != nil {
		if v.expr != nil && r.isMaker(v.frame, v.expr) {
			r.accounted[fun] = true
			if r.assigned[name] {
				r.fail(n, "which command %s runs cannot be seen", name)
				return
			}
			r.made(v.frame, v.expr.(*ast.CallExpr), frame, n)
		}
		return
	}
	if !r.types[name] && !builtinNames[name] {
		r.fail(n, "%s is not in the magefiles that are seen", name)
	}
}

// made notes a call of a function that sh.RunCmd or sh.OutCmd made.
func (r *mageRun) made(makerFrame *mageFrame, maker *ast.CallExpr, frame *mageFrame, n *ast.CallExpr) {
	words := append(r.list(makerFrame, maker.Args, maker.Ellipsis.IsValid(), 0), r.list(frame, n.Args, n.Ellipsis.IsValid(), 0)...)
	r.command(n, nil, words, true, r.isPackage(makerFrame, maker.Fun, magePackage+"sh", "OutCmd"))
}

// environmentVariable matches a name that may stand in front of a command.
var environmentVariable = match.Pattern(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (r *mageRun) callPackage(frame *mageFrame, n *ast.CallExpr, importPath, pkg, name string) {
	if mage, ok := strings.CutPrefix(importPath, magePackage); ok && mage == "sh" {
		with, skip := 0, 0
		switch name {
		case "RunCmd", "OutCmd":
			if !r.accounted[n] && !slices.ContainsFunc(sortedKeys(frame.scan.inits), func(k string) bool { return frame.scan.inits[k] == ast.Expr(n) }) {
				r.fail(n, "where what sh.%s makes is called cannot be seen", name)
			}
			return
		case "Run", "RunV", "Output":
		case "RunWith", "RunWithV", "OutputWith":
			with, skip = 1, 1
		case "Exec":
			with, skip = 1, 3
		default:
			r.named(n, importPath, pkg, name)
			return
		}
		if len(n.Args) <= skip {
			r.fail(n, "what sh.%s runs cannot be seen", name)
			return
		}
		var env []string
		if with > 0 {
			var ok bool
			if env, ok = r.environment(frame, n.Args[0], 0); !ok {
				r.fail(n, "which variables sh.%s sets cannot be seen", name)
				return
			}
		}
		r.command(n, env, r.list(frame, n.Args[skip:], n.Ellipsis.IsValid(), 0), true, strings.HasPrefix(name, "Output") || name == "Exec")
		return
	}
	switch importPath + "." + name {
	case "os/exec.Command", "os/exec.CommandContext":
		args := n.Args
		if name == "CommandContext" {
			args = args[min(1, len(args)):]
		}
		r.command(n, nil, r.list(frame, args, n.Ellipsis.IsValid(), 0), false, true)
	case "os.Getenv", "os.LookupEnv":
		if len(n.Args) != 1 {
			return
		}
		switch asked := r.text(frame, n.Args[0], 0); {
		case strings.Contains(asked, unknownText):
			r.fail(n, "which variable it asks for cannot be seen")
		case slices.Contains(drivers.GoTarget, asked) && !r.follows(asked):
			r.fail(n, "it asks for %s, which is another thing once it is set for the target", asked)
		}
	case "os.Setenv":
		if len(n.Args) != 2 || !drivers.AboutModules[r.text(frame, n.Args[0], 0)] {
			r.fail(n, "it changes the environment of what it runs")
		}
	case magePackage + "mg.F":
		if len(n.Args) > 0 {
			if fun, ok := n.Args[0].(*ast.Ident); ok && r.funcs[fun.Name] != nil && !frame.scan.local(fun) {
				r.accounted[fun] = true
				f := r.funcs[fun.Name]
				args := n.Args[1:]
				if p := f.decl.Type.Params.List; len(p) > 0 && isContextType(p[0].Type) {
					args = append([]ast.Expr{n.Args[0]}, args...) // stands for the context, which mage gives it
				}
				r.follow(f, bind(f, args, n.Ellipsis.IsValid(), frame))
			}
		}
	default:
		r.named(n, importPath, pkg, name)
	}
}

// command notes a command. Package sh expands variables of the environment in its words; printed says that what it prints
// may be read.
func (r *mageRun) command(n *ast.CallExpr, env, words []string, expands, printed bool) {
	if len(words) == 0 || strings.Contains(words[0], unknownText) {
		r.fail(n, "which program it runs cannot be seen")
		return
	}
	line := &mageLine{env: env, printed: printed, at: verdict.Where{File: r.name, Line: r.fset.Position(n.Pos()).Line}}
	for _, w := range words {
		if expands {
			w = r.expanded(n, w, env)
		}
		line.words = append(line.words, drivers.QuoteUnlessPlain(w))
	}
	for _, e := range env {
		if name, _, _ := strings.Cut(e, "="); slices.Contains(drivers.GoTarget, name) || name == "PATH" {
			r.fail(n, "it sets %s, whatever the environment says", name)
		}
	}
	if words[0] == "go" && len(words) > 1 && match.Words("build install run test generate vet tool mod get work")[words[1]] {
		line.printed = false // it does more than to print
	}
	if asksMachineMage().MatchString(strings.Join(line.words, " ")) {
		r.fail(n, "it asks for the machine that it runs on, which is another one on the build platform")
	}
	r.lines = append(r.lines, line)
	r.accounted[n] = true
	for name, init := range r.inits() {
		if init == ast.Expr(n) {
			r.commands[name] = line
		}
	}
}

// asksMachineMage matches questions for the processor: what becomes of the answer is somewhere in the program.
var asksMachineMage = match.Pattern(`\buname +(?:-[a-z]*[ampi]|--machine|--all)|\blscpu\b|^arch$|\b(?:dpkg|apk) +--print-arch|\bgo +env +.*GO(?:HOST)?ARCH`)

// inits are the values that variables of the current function start with.
func (r *mageRun) inits() map[string]ast.Expr {
	if len(r.active) == 0 {
		return nil
	}
	return r.active[len(r.active)-1].scan.inits
}

// expanded fills in what package sh does: the environment's variables, which the shell shall take.
func (r *mageRun) expanded(n ast.Node, w string, env []string) string {
	return shReference().ReplaceAllStringFunc(w, func(ref string) string {
		name := strings.Trim(ref, "${}")
		switch {
		case slices.Contains(drivers.GoTarget, name) && !r.follows(name):
			r.fail(n, "it asks for %s, which is another thing once it is set for the target", name)
		case !environmentVariable().MatchString(name) || slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") }):
			return unknownText
		}
		return "\x01" + name + "\x02"
	})
}

var shReference = match.Pattern(`\$(\w+|\{[^}]*\}|.|$)`)

// text writes a command for the shell. One that is asked for what it prints stands in $(…), as it would in a Dockerfile.
func (l *mageLine) text() string {
	var out []string
	for _, e := range l.env {
		name, value, _ := strings.Cut(e, "=")
		out = append(out, name+"="+drivers.QuoteUnlessPlain(value))
	}
	line := strings.Join(append(out, l.words...), " ")
	if l.printed {
		return `echo "$(` + line + `)"`
	}
	return line
}

// assign looks at what is set of a command before it runs.
func (r *mageRun) assign(frame *mageFrame, n *ast.AssignStmt) {
	for i, lhs := range n.Lhs {
		sel, ok := lhs.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		switch sel.Sel.Name {
		case "Path", "Args", "Dir", "Process", "SysProcAttr":
			r.fail(n, "what setting %s changes is not followed", sel.Sel.Name)
		case "Env":
			x, ok := sel.X.(*ast.Ident)
			if !ok || r.commands[x.Name] == nil || len(n.Rhs) != len(n.Lhs) {
				r.fail(n, "which variables it sets cannot be seen")
				return
			}
			call, ok := n.Rhs[i].(*ast.CallExpr)
			if !ok || len(call.Args) == 0 || call.Ellipsis.IsValid() || !isEnviron(call) {
				r.fail(n, "which variables it sets cannot be seen")
				return
			}
			for _, arg := range call.Args[1:] {
				name, value, ok := strings.Cut(r.text(frame, arg, 0), "=")
				if !ok || !environmentVariable().MatchString(name) {
					r.fail(n, "which variables it sets cannot be seen")
					return
				}
				if slices.Contains(drivers.GoTarget, name) || name == "PATH" {
					r.fail(n, "it sets %s, whatever the environment says", name)
					return
				}
				r.commands[x.Name].env = append(r.commands[x.Name].env, name+"="+value)
			}
		}
	}
}

// isEnviron reports whether a call is append(os.Environ(), …) or append(cmd.Env, …) or append(cmd.Environ(), …).
func isEnviron(call *ast.CallExpr) bool {
	if fun, ok := call.Fun.(*ast.Ident); !ok || fun.Name != "append" {
		return false
	}
	first := call.Args[0]
	if c, ok := first.(*ast.CallExpr); ok {
		first = c.Fun
	}
	sel, ok := first.(*ast.SelectorExpr)
	return ok && (sel.Sel.Name == "Environ" || sel.Sel.Name == "Env")
}

// errTooMuch stops texts that are put together without end.
var errTooMuch = errors.New("the magefile has texts that are put together of more than is followed")
