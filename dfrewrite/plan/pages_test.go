package plan_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/diff"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/plan"
	pages "xxkit/docs/rewrite"
)

// TestEveryRecipeHasAPage holds the table and docs/rewrite together. The page about stages as a whole is this package's, and Go with C
// has one of its own beside that of Go.
func TestEveryRecipeHasAPage(t *testing.T) {
	about := map[string]bool{"stages": true, "cgo": true}
	for _, r := range plan.Recipes {
		about[r.Page] = true
		if _, ok := pages.Page(r.Page); !ok {
			t.Errorf("the recipe %s has no page %q", r.Name, r.Page)
		} else if s := pages.Summary(r.Doc()); s == "" || strings.HasPrefix(s, "#") {
			t.Errorf("the page of %s does not begin with what it is about: %q", r.Name, s)
		}
		if page := plan.PageOf(r.Name); page != r.Page {
			t.Errorf("two recipes are called %s, with the pages %s and %s", r.Name, page, r.Page)
		}
	}
	for _, name := range pages.Names() {
		if !about[name] {
			t.Errorf("no recipe has the page %s", name)
		}
	}
}

// TestPagesAreInTheIndex holds the index complete.
func TestPagesAreInTheIndex(t *testing.T) {
	index, _ := pages.Page(pages.Index)
	for _, name := range pages.Names() {
		if !strings.Contains(index, "["+name+"]("+name+".md)") {
			t.Errorf("%s.md does not name the page %s", pages.Index, name)
		}
	}
}

// TestPages runs the examples of the pages: what stands before becomes what stands after, with the flags that the page
// names, and not without --unsafe where the page names it.
func TestPages(t *testing.T) {
	for _, name := range pages.Names() {
		t.Run(name, func(t *testing.T) {
			page, _ := pages.Page(name)
			at := 0
			for _, heading := range []string{"# " + name, "## Converted", "## May differ: for review", "## Refused, and what to do"} {
				i := strings.Index("\n"+page, "\n"+heading+"\n")
				if i < at {
					t.Errorf("the page has no %q where it belongs", heading)
				}
				at = i
			}
			found := examples(t, page)
			if len(found) == 0 {
				t.Error("the page has no example")
			}
			for _, e := range found {
				e.run(t)
			}
		})
	}
}

// An example is a Dockerfile of a page before and after, with the files of its build context.
type example struct {
	context       fstest.MapFS
	flags         []string
	before, after string
}

// block matches what a line in front of it says to be a file of the build context, the Dockerfile before, or the one after.
var block = regexp.MustCompile("(?ms)^(?:`([^`]+)`|(Before)|After `dfrewrite rewrite([^`]*)`):\n\n```[a-z]+\n(.*?)^```$")

// examples returns those of a page. Each file belongs to the next Dockerfile.
func examples(t *testing.T, page string) (out []example) {
	t.Helper()
	e := example{context: fstest.MapFS{}}
	fences := 0
	for _, m := range block.FindAllStringSubmatch(page, -1) {
		fences++
		switch {
		case m[1] != "":
			e.context[m[1]] = &fstest.MapFile{Data: []byte(m[4]), Mode: 0o644}
		case m[2] != "":
			e.before = m[4]
		default:
			if e.before == "" {
				t.Errorf("nothing stands before this:\n%s", m[4])
			}
			e.flags, e.after = strings.Fields(m[3]), m[4]
			out = append(out, e)
			e = example{context: fstest.MapFS{}}
		}
	}
	if n := strings.Count(page, "\n```") / 2; n != fences {
		t.Errorf("%d blocks of code, of which %d are run", n, fences)
	}
	return out
}

func (e example) run(t *testing.T) {
	t.Helper()
	var opt dfrewrite.Options
	for _, flag := range e.flags {
		if flag != "--unsafe" {
			t.Fatalf("the flag %s is not known here", flag)
		}
		opt.Unsafe = true
	}
	if len(e.context) > 0 {
		opt.Context = context.New(e.context)
	}
	r, err := dfrewrite.Rewrite("Dockerfile", []byte(e.before), opt)
	if err != nil {
		t.Fatal(err)
	}
	if d := diff.Diff("the page", []byte(e.after), "the rewrite", r.Out); d != nil {
		t.Errorf("%s", d)
	}
	if again, err := dfrewrite.Rewrite("Dockerfile", r.Out, opt); err != nil || !bytes.Equal(again.Out, r.Out) {
		t.Errorf("rewriting twice: %v\n%s", err, diff.Diff("once", r.Out, "twice", again.Out))
	}
	if opt.Unsafe {
		opt.Unsafe = false
		if r, err := dfrewrite.Rewrite("Dockerfile", []byte(e.before), opt); err != nil || string(r.Out) != e.before {
			t.Errorf("without --unsafe: %v\n%s", err, diff.Diff("before", []byte(e.before), "the rewrite", r.Out))
		}
	}
}
