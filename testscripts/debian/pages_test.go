//go:build debian && linux

package debian_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"

	"xxkit/testscripts/internal/pages"
)

// TestPages does what the pages of the documentation say, for each of their platforms. See package pages for
// how a page says what is run. One of them:
//
//	go test -tags debian ./testscripts/debian -run 'TestPages/c-alpine/linux-arm64' -v
func TestPages(t *testing.T) {
	t.Parallel() // with TestScripts
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("there are no pages")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".md"), func(t *testing.T) {
			page, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			scripts, err := pages.Scripts(page)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for _, s := range scripts {
				run := func(t *testing.T) { runPage(t, s) }
				if s.Platform == "" {
					run(t)
				} else {
					t.Run(strings.ReplaceAll(s.Platform, "/", "-"), run)
				}
			}
		})
	}
}

func runPage(t *testing.T, s pages.Script) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "page.txtar")
	if err := os.WriteFile(script, txtar.Format(s.Archive), 0o666); err != nil {
		t.Fatal(err)
	}
	p := params()
	p.Files = []string{script}
	p.Condition = func(cond string) (bool, error) {
		if strings.Count(cond, "/") == 0 {
			return false, fmt.Errorf("%q is no platform", cond)
		}
		return cond == s.Platform, nil
	}
	testscript.Run(t, p)
}
