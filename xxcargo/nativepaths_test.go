package xxcargo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xxkit/internal/host/hosttest"
)

func TestMember(t *testing.T) {
	for object, want := range map[string]string{
		`{"target_directory":"/a b/target","version":1}`:                     "/a b/target",
		`{ "version" : 1, "target_directory" : "/x" }`:                       "/x",
		`{"packages":[{"metadata":{"target_directory":"no"}}],"a":{},"b":1}`: "",
		`{"a":"target_directory","b":"x","target_directory":"/y"}`:           "/y",
		`{"a":{"target_directory":"no"},"target_directory":"/\"q\"\\\/z"}`:   `/"q"\/z`,
		`{"target_directory":null,"b":"no"}`:                                 "",
		`{"target_directory":"/torn`:                                         "",
		`{"target_directory":"/torn\`:                                        "",
		``:                                                                   "",
	} {
		if got, ok := member(object, "target_directory"); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %t, want %q", object, got, ok, want)
		}
	}
}

func FuzzMember(f *testing.F) {
	f.Add(`{"a":["{"],"target_directory":"/x"}`)
	f.Fuzz(func(t *testing.T, object string) { member(object, "target_directory") })
}

func TestWantsNativePaths(t *testing.T) {
	for _, test := range []struct {
		value, args string
		want        bool
	}{
		{"1", "build", true},
		{"1", "auditable build", true},
		{"1", "my-alias", true},
		{"", "build", false},
		{"0", "build", false},
		{"1", "check", false},
		{"1", "install --root /out", false},
		{"1", "build --target x", false},
	} {
		m := hosttest.New(t, "xx-cargo", nativePathsVariable+"="+test.value)
		if got := wantsNativePaths(m.Host, parse(strings.Fields(test.args))); got != test.want {
			t.Errorf("%s with %q: %t", test.args, test.value, got)
		}
	}
}

// TestLinkFiles takes programs and libraries, over what was there, and leaves cargo's own files.
func TestLinkFiles(t *testing.T) {
	m := hosttest.New(t, "xx-cargo")
	dir := m.Root // linkFiles takes the paths as they are for the process
	for _, name := range []string{"T/release/app", "T/release/libapp.so", "T/release/app.d", "T/release/.cargo-lock", "T/release/deps/app-1", "release/app", "release/deps/script"} {
		m.Put("/"+name, name, 0o755)
	}
	for range 2 {
		if err := linkFiles(m.Host, filepath.Join(dir, "T/release"), filepath.Join(dir, "release")); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	entries, err := os.ReadDir(filepath.Join(dir, "release"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if want := "app deps libapp.so"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	if content, err := os.ReadFile(filepath.Join(dir, "release/app")); string(content) != "T/release/app" || err != nil {
		t.Errorf("%q, %v", content, err)
	}
	if err := linkFiles(m.Host, filepath.Join(dir, "none"), filepath.Join(dir, "nowhere")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a folder was made for nothing")
	}
}

// TestCopyFile is for a folder on another file system, to which there are no links.
func TestCopyFile(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for name, content := range map[string]string{from: "new", to: "what was there before"} {
		if err := os.WriteFile(name, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyFile(from, to, 0o755); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(to)
	if string(content) != "new" || err != nil {
		t.Errorf("%q, %v", content, err)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
	if err := copyFile(filepath.Join(dir, "none"), to, 0o755); err == nil {
		t.Error("no file was copied")
	}
}
