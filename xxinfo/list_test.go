package xxinfo_test

import (
	"encoding/json"
	"strings"
	"testing"

	"xxkit/triples"
)

// TestListShowsEveryPlatform checks the three forms of the list by what is in them.
func TestListShowsEveryPlatform(t *testing.T) {
	m := newMachine(t, "", "x86_64")
	text, err := m.info("list")
	if err != nil {
		t.Fatal(err)
	}
	markdown, err := m.info("list", "--markdown")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := m.info("list", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		t.Fatal(err)
	}
	textLines, markdownLines := strings.Split(text, "\n"), strings.Split(markdown, "\n")
	rows := triples.Rows()
	if len(textLines) != len(rows)+1 || len(markdownLines) != len(rows)+2 || len(list) != len(rows) {
		t.Fatalf("%d, %d and %d lines for %d platforms", len(textLines), len(markdownLines), len(list), len(rows))
	}
	columns := len(strings.Fields(textLines[0]))
	for i, r := range rows {
		line := strings.Fields(textLines[i+1])
		if len(line) != columns || line[0] != r.String() {
			t.Errorf("%s: %d columns, want %d: %s", r, len(line), columns, textLines[i+1])
		}
		if cells := strings.Split(markdownLines[i+2], " | "); cells[0] != "| "+r.String() || strings.Count(markdownLines[i+2], "|") != strings.Count(markdownLines[1], "|") {
			t.Errorf("%s: %s", r, markdownLines[i+2])
		}
		if list[i]["platform"] != r.String() || list[i]["march"] != r.March {
			t.Errorf("%s: %v", r, list[i])
		}
	}
	arm6 := list[3]
	if got, want := arm6["go"], map[string]any{"GOOS": "linux", "GOARCH": "arm", "GOARM": "6"}; !equalJSON(got, want) {
		t.Errorf("go of arm/v6: %v", got)
	}
	if got, want := list[0]["goVariants"], map[string]any{"v2": map[string]any{"GOAMD64": "v2"}, "v3": map[string]any{"GOAMD64": "v3"}, "v4": map[string]any{"GOAMD64": "v4"}}; !equalJSON(got, want) {
		t.Errorf("goVariants of amd64: %v", got)
	}
}

func equalJSON(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func TestEnvJSON(t *testing.T) {
	m := newMachine(t, "ID=debian\nVERSION_ID='1\"2'\n", "x86_64", "TARGETPLATFORM=linux/arm/v6")
	raw, err := m.info("env", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var env map[string]string
	if err := json.Unmarshal([]byte(raw), &env); err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	want := map[string]string{
		"XX_OS": "linux", "XX_OS_VERSION": `1"2`, "XX_ARCH": "arm", "XX_MARCH": "armv6l", "XX_VENDOR": "debian", "XX_PKG_ARCH": "armel",
		"XX_TRIPLE": "arm-linux-gnueabi", "XX_LIBC": "gnu", "TARGETOS": "linux", "TARGETARCH": "arm", "TARGETVARIANT": "v6",
	}
	if !equalJSON(env, want) {
		t.Errorf("%s", raw)
	}
}
