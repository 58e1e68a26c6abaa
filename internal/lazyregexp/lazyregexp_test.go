package lazyregexp_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"xxkit/internal/lazyregexp"
)

func TestGet(t *testing.T) {
	r := lazyregexp.New(`^a+$`)
	for range 2 {
		if !r.Get().MatchString("aa") || r.Get().MatchString("ab") {
			t.Error("it does not match as it should")
		}
	}
}

// TestAllCompile compiles each expression in this module, which else would be found wrong only when somebody needs it.
func TestAllCompile(t *testing.T) {
	n := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return nil // it is there to be wrong
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || f.Sel.Name != "New" {
				return true
			}
			if name, ok := f.X.(*ast.Ident); !ok || name.Name != "lazyregexp" {
				return true
			}
			if arg, ok := call.Args[0].(*ast.Ident); ok && arg.Name == "expr" {
				return true // match.Pattern passes it on, whose expressions have a test of their own
			}
			n++
			at := files.Position(call.Pos())
			lit, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: this test reads expressions that are written out", at)
				return true
			}
			expr, err := strconv.Unquote(lit.Value)
			if err == nil {
				_, err = regexp.Compile(expr)
			}
			if err != nil {
				t.Errorf("%s: %v", at, err)
			}
			return true
		})
		return nil
	})
	if err != nil || n < 10 {
		t.Errorf("%d expressions found: %v", n, err)
	}
}
