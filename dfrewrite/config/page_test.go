package config

import (
	"os"
	"reflect"
	"regexp"
	"testing"
)

// TestPage reads the example in the documentation, which has to show every
// setting.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/reference/dfrewrite.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```toml\n(.*?)```").FindSubmatch(page)
	if m == nil {
		t.Fatal("the page shows no settings")
	}
	c, err := Parse(FileName, m[1])
	if err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(*c)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("%s is not shown", v.Type().Field(i).Name)
		}
	}
}
