package context

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestIgnored(t *testing.T) {
	for _, tt := range []struct {
		ignore, name string
		want         bool
	}{
		{"*.o", "a.o", true},
		{"*.o", "dir/a.o", false},
		{"**/*.o", "dir/sub/a.o", true},
		{"**/*.o", "a.o", true},
		{"dir", "dir/sub/file", true},
		{"dir/**", "dir/sub/file", true},
		{"dir\n!dir/keep", "dir/keep", false},
		{"# dir", "dir/file", false},
		{"/dir/", "dir/file", true},
		{"a/**/b/**/c", "a/x/b/y/z/c", true},
		{"a/**/b/**/c", "a/x/b/y/z/d", false},
		{"**", "anything/at/all", true},
	} {
		files := New(fstest.MapFS{".dockerignore": {Data: []byte(tt.ignore)}})
		if got := files.Ignored(tt.name); got != tt.want {
			t.Errorf("%q leaves %s out: %t", tt.ignore, tt.name, got)
		}
	}
	// Many ** on a deep path are no work.
	files := New(fstest.MapFS{".dockerignore": {Data: []byte(strings.Repeat("**/a/", 60) + "b")}})
	if files.Ignored(strings.Repeat("a/", 200) + "c") {
		t.Error("left out")
	}
}
