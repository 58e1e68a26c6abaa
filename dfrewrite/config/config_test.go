package config

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"unknown key", "# ours\nplatform = [\"linux/amd64\"]\n", `f:2: no setting is called "platform"; there are platforms, helpers, image, context, only, skip and fail-on`},
		{"unknown table", "[rules]\nX = 1\n", `f:1: no setting is called "rules"; there are platforms, helpers, image, context, only, skip and fail-on`},
		{"no TOML", "skip = [\n", "f:1: array is incomplete"},
		{"wrong type", "\nskip = \"X\"\n", "f:2: skip is a list of strings"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("f", []byte(tt.src))
			var e *Error
			if !errors.As(err, &e) || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestWrongNamesTheLine(t *testing.T) {
	c, err := Parse("f", []byte("only = []\n\"skip\" = [\"X\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Wrong("skip", errors.New("bad")); err.Error() != "f:2: bad" {
		t.Error(err)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a/" + FileName:     "image = \"a\"\ncontext = \"..\"\n",
		"a/b/c/" + FileName: "helpers = \"never\"\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var f Finder
	for _, tt := range []struct{ dir, image, helpers, context string }{
		{"a", "a", "", dir},
		{"a/b", "a", "", dir},
		{"a/b/missing/d", "a", "", dir},
		{"a/b/c", "", "never", ""}, // the nearest one only
		{".", "", "", ""},
	} {
		c, err := f.For(filepath.Join(dir, tt.dir))
		if err != nil || c.Image != tt.image || c.Helpers != tt.helpers || c.Context != tt.context {
			t.Errorf("%s: %+v, %v", tt.dir, c, err)
		}
	}
}
