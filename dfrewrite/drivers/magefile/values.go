package magefile

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"

	"xxkit/dfrewrite/match"
)

// A mageScan is what a function does with names, those of functions within it counted in.
type mageScan struct {
	declared map[string]int // how often
	scopes   map[string][]mageScope
	inits    map[string]ast.Expr // what it starts with, of those that are declared with a value of their own
	assigned map[string]bool     // what is set again, in whole or in part
	appends  map[string][]*ast.CallExpr
	used     map[string]bool // what is used for more than the environment of a command
	// declaredAt is where a name is declared last.
	declaredAt map[string]token.Pos
}

// A mageScope is a part of the source in which a name is the function's own.
type mageScope struct{ from, to token.Pos }

// local reports whether a name is the function's own where it stands.
func (s *mageScan) local(name *ast.Ident) bool {
	return slices.ContainsFunc(s.scopes[name.Name], func(scope mageScope) bool {
		return scope.from <= name.Pos() && name.Pos() < scope.to
	})
}

// scanFunc collects the names of a function.
func scanFunc(d *ast.FuncDecl) *mageScan {
	s := &mageScan{declared: map[string]int{}, scopes: map[string][]mageScope{}, inits: map[string]ast.Expr{}, assigned: map[string]bool{}, appends: map[string][]*ast.CallExpr{}, used: map[string]bool{},
		declaredAt: map[string]token.Pos{}}
	environments := map[ast.Node]bool{}
	if d.Body == nil {
		return s
	}
	if d.Recv != nil {
		s.fields(d.Recv, d.Body)
	}
	s.fields(d.Type.Params, d.Body)
	s.fields(d.Type.Results, d.Body)
	var open []ast.Node
	ast.Inspect(d.Body, func(n ast.Node) bool {
		if n == nil {
			open = open[:len(open)-1]
			return true
		}
		end := d.Body.End() // of the block that it stands in
		for _, above := range slices.Backward(open) {
			if opensScope(above) {
				end = above.End()
				break
			}
		}
		open = append(open, n)
		switch n := n.(type) {
		case *ast.FuncLit:
			s.fields(n.Type.Params, n.Body)
			s.fields(n.Type.Results, n.Body)
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && match.Words("RunWith RunWithV OutputWith Exec")[sel.Sel.Name] && len(n.Args) > 0 {
				environments[n.Args[0]] = true
			}
		case *ast.Ident:
			if !environments[n] && s.declaredAt[n.Name] != n.Pos() {
				s.used[n.Name] = true
			}
		case *ast.AssignStmt:
			s.assign(n, end)
		case *ast.ValueSpec:
			for i, name := range n.Names {
				s.declare(name, n.End(), end)
				if len(n.Values) == len(n.Names) {
					s.inits[name.Name] = n.Values[i]
				}
			}
		case *ast.TypeSpec:
			s.declare(n.Name, n.Pos(), end)
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if name, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					s.declare(name, n.Body.Pos(), n.Body.End())
				} else if e != nil {
					s.set(e)
				}
			}
		case *ast.IncDecStmt:
			s.set(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				s.set(n.X)
			}
		}
		return true
	})
	return s
}

// opensScope reports whether what is declared directly in a node ends with it.
func opensScope(n ast.Node) bool {
	switch n.(type) {
	case *ast.BlockStmt, *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt,
		*ast.CaseClause, *ast.CommClause, *ast.FuncLit:
		return true
	}
	return false
}

func (s *mageScan) declare(name *ast.Ident, from, to token.Pos) {
	s.declared[name.Name]++
	s.scopes[name.Name] = append(s.scopes[name.Name], mageScope{from, to})
	s.declaredAt[name.Name] = name.Pos()
}

func (s *mageScan) fields(list *ast.FieldList, body *ast.BlockStmt) {
	if list == nil {
		return
	}
	for _, f := range list.List {
		for _, name := range f.Names {
			s.declare(name, body.Pos(), body.End())
		}
	}
}

func (s *mageScan) assign(n *ast.AssignStmt, end token.Pos) {
	for i, lhs := range n.Lhs {
		name, ok := lhs.(*ast.Ident)
		switch {
		case ok && name.Name == "_":
		case ok && n.Tok == token.DEFINE:
			s.declare(name, n.End(), end)
			if len(n.Lhs) == len(n.Rhs) {
				s.inits[name.Name] = n.Rhs[i]
			}
		case ok && n.Tok == token.ASSIGN && len(n.Lhs) == len(n.Rhs) && appendsTo(n.Rhs[i], name.Name):
			s.appends[name.Name] = append(s.appends[name.Name], n.Rhs[i].(*ast.CallExpr))
		default:
			s.set(lhs)
		}
	}
}

// appendsTo reports whether an expression is append(name, …).
func appendsTo(e ast.Expr, name string) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return false
	}
	fun, isName := call.Fun.(*ast.Ident)
	first, isFirst := call.Args[0].(*ast.Ident)
	return isName && fun.Name == "append" && isFirst && first.Name == name
}

// set notes that something is set: a variable, or a part of it.
func (s *mageScan) set(e ast.Expr) {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			s.assigned[x.Name] = true
			return
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return
		}
	}
}

// resolve returns what a name stands for: expressions and where they stand; ok is false if that is not known.
func (r *mageRun) resolve(frame *mageFrame, ident *ast.Ident) (b mageBind, appends []*ast.CallExpr, ok bool) {
	name := ident.Name
	if frame.scan.local(ident) {
		if frame.scan.declared[name] > 1 || frame.scan.assigned[name] {
			return mageBind{}, nil, false
		}
		if b, ok := frame.binds[name]; ok {
			return b, frame.scan.appends[name], len(b.exprs) > 0 || b.variadic
		}
		init := frame.scan.inits[name]
		return mageBind{exprs: []ast.Expr{init}, frame: frame}, frame.scan.appends[name], init != nil
	}
	v := r.values[name]
	if v == nil || v.expr == nil || r.assigned[name] || r.appended(name) {
		return mageBind{}, nil, false
	}
	return mageBind{exprs: []ast.Expr{v.expr}, frame: v.frame}, nil, true
}

// appended reports whether some function appends to a variable of the package.
func (r *mageRun) appended(name string) bool {
	for _, f := range r.funcs {
		if len(f.scan.appends[name]) > 0 {
			return true
		}
	}
	for _, byType := range r.methods {
		for _, f := range byType {
			if len(f.scan.appends[name]) > 0 {
				return true
			}
		}
	}
	return false
}

// more counts a step of putting a text together, and reports whether that may go on.
func (r *mageRun) more(depth int) bool {
	if r.steps++; r.steps > maxMageSteps && r.err == nil {
		r.err = errTooMuch
	}
	return r.err == nil && depth < maxMageDepth
}

// text is the string that an expression is, with what is not known of it as unknownText.
func (r *mageRun) text(frame *mageFrame, e ast.Expr, depth int) string {
	if !r.more(depth) {
		return unknownText
	}
	out := unknownText
	switch e := e.(type) {
	case *ast.BasicLit:
		out = e.Value
		if e.Kind == token.STRING || e.Kind == token.CHAR {
			if s, err := strconv.Unquote(e.Value); err == nil {
				out = s
			}
		}
	case *ast.ParenExpr:
		out = r.text(frame, e.X, depth+1)
	case *ast.Ident:
		if b, appends, ok := r.resolve(frame, e); ok && !b.variadic && len(b.exprs) == 1 && len(appends) == 0 {
			out = r.text(b.frame, b.exprs[0], depth+1)
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			out = r.text(frame, e.X, depth+1) + r.text(frame, e.Y, depth+1)
		}
	case *ast.CallExpr:
		out = r.callText(frame, e, depth)
	}
	if r.steps += len(out) / 256; len(out) > maxMageText {
		r.err = errTooMuch
		return unknownText
	}
	return out
}

// verbs matches what Sprintf replaces.
var verbs = match.Pattern(`%[-+# 0-9.]*[a-zA-Z%]`)

// callText is the string that a call returns.
func (r *mageRun) callText(frame *mageFrame, call *ast.CallExpr, depth int) string {
	switch {
	case call.Ellipsis.IsValid():
	case r.isPackage(frame, call.Fun, magePackage+"mg", "GoCmd"):
		return "go"
	case r.isPackage(frame, call.Fun, "fmt", "Sprintf") && len(call.Args) > 0:
		args := call.Args[1:]
		return verbs().ReplaceAllStringFunc(r.text(frame, call.Args[0], depth+1), func(verb string) string {
			if verb == "%%" {
				return "%"
			}
			if len(args) == 0 {
				return unknownText
			}
			arg := args[0]
			args = args[1:]
			if verb == "%s" || verb == "%v" {
				return r.text(frame, arg, depth+1)
			}
			return unknownText
		})
	case r.isPackage(frame, call.Fun, "path/filepath", "Join", "FromSlash", "ToSlash") || r.isPackage(frame, call.Fun, "path", "Join"):
		var parts []string
		for _, arg := range call.Args {
			parts = append(parts, r.text(frame, arg, depth+1))
		}
		return path.Join(parts...)
	default:
		if result, inner, ok := r.returned(frame, call); ok {
			return r.text(inner, result, depth+1)
		}
	}
	return unknownText
}

// returned is what a call of a function returns that does nothing else.
func (r *mageRun) returned(frame *mageFrame, call *ast.CallExpr) (ast.Expr, *mageFrame, bool) {
	name, ok := call.Fun.(*ast.Ident)
	if !ok || frame.scan.local(name) || r.funcs[name.Name] == nil {
		return nil, nil, false
	}
	f := r.funcs[name.Name]
	if f.decl.Body == nil || len(f.decl.Body.List) != 1 {
		return nil, nil, false
	}
	ret, ok := f.decl.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return nil, nil, false
	}
	return ret.Results[0], &mageFrame{imports: f.imports, scan: f.scan, binds: bind(f, call.Args, call.Ellipsis.IsValid(), frame)}, true
}

// list is the words of the arguments of a call.
func (r *mageRun) list(frame *mageFrame, args []ast.Expr, ellipsis bool, depth int) []string {
	var out []string
	for i, arg := range args {
		if ellipsis && i == len(args)-1 {
			out = append(out, r.words(frame, arg, depth+1)...)
		} else {
			out = append(out, r.text(frame, arg, depth+1))
		}
		if len(out) > maxMageText {
			r.err = errTooMuch
		}
		if r.err != nil {
			return nil
		}
	}
	return out
}

// words is the strings of a slice; one that is not known stands for any number of them.
func (r *mageRun) words(frame *mageFrame, e ast.Expr, depth int) []string {
	if !r.more(depth) {
		return []string{unknownText}
	}
	switch e := e.(type) {
	case *ast.CompositeLit:
		return r.list(frame, e.Elts, false, depth+1)
	case *ast.Ident:
		b, appends, ok := r.resolve(frame, e)
		if !ok {
			return []string{unknownText}
		}
		var out []string
		if b.variadic {
			out = r.list(b.frame, b.exprs, b.ellipsis, depth+1)
		} else {
			out = r.words(b.frame, b.exprs[0], depth+1)
		}
		for _, a := range appends {
			out = append(out, r.list(frame, a.Args[1:], a.Ellipsis.IsValid(), depth+1)...)
		}
		return out
	case *ast.CallExpr:
		if fun, ok := e.Fun.(*ast.Ident); ok && fun.Name == "append" && len(e.Args) > 0 {
			return append(r.words(frame, e.Args[0], depth+1), r.list(frame, e.Args[1:], e.Ellipsis.IsValid(), depth+1)...)
		}
		if r.isPackage(frame, e.Fun, "strings", "Fields") && len(e.Args) == 1 {
			return strings.Fields(r.text(frame, e.Args[0], depth+1))
		}
		if result, inner, ok := r.returned(frame, e); ok {
			return r.words(inner, result, depth+1)
		}
	}
	return []string{unknownText}
}

// isGetenv reports whether an expression is os.Getenv of one of Go's variables.
func (r *mageRun) isGetenv(frame *mageFrame, e ast.Expr, name string, depth int) bool {
	call, ok := e.(*ast.CallExpr)
	return ok && strings.HasPrefix(name, "GO") && r.isPackage(frame, call.Fun, "os", "Getenv") && len(call.Args) == 1 && r.text(frame, call.Args[0], depth+1) == name
}

// environment reads a map of variables, as NAME=value; ok is false if one of its names is not known.
func (r *mageRun) environment(frame *mageFrame, e ast.Expr, depth int) (env []string, ok bool) {
	if !r.more(depth) {
		return nil, false
	}
	switch e := e.(type) {
	case *ast.Ident:
		if e.Name == "nil" && !frame.scan.local(e) {
			return nil, true
		}
		changed := frame.scan.used[e.Name]
		if !frame.scan.local(e) {
			changed = r.used[e.Name]
		}
		// Whoever else has the map may change it.
		if b, appends, ok := r.resolve(frame, e); ok && !changed && !b.variadic && len(appends) == 0 {
			return r.environment(b.frame, b.exprs[0], depth+1)
		}
	case *ast.CallExpr:
		if result, inner, ok := r.returned(frame, e); ok {
			return r.environment(inner, result, depth+1)
		}
	case *ast.CompositeLit:
		for _, elt := range e.Elts {
			kv, ok := elt.(*ast.KeyValueExpr)
			if !ok {
				return nil, false
			}
			name := r.text(frame, kv.Key, depth+1)
			if !environmentVariable().MatchString(name) {
				return nil, false
			}
			if r.isGetenv(frame, kv.Value, name, depth) {
				continue // what it is already; and empty is as good as unset for what go asks for
			}
			env = append(env, name+"="+r.text(frame, kv.Value, depth+1))
		}
		return env, true
	}
	return nil, false
}
