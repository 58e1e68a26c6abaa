package imagediff

import (
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"xxkit/triples"
	"xxkit/xxverify/image"
	"xxkit/xxverify/object"
)

// program is a file with a program in it, as a Go compiler for arm/v7 leaves it but for what change changes.
func program(sum byte, change func(f *image.File, o *object.Object)) image.File {
	o := &object.Object{
		Format: "ELF", Kind: object.Executable, Arch: "arm", Machine: "ARM", Bits: 32, Order: triples.LittleEndian, Variant: "v7",
		Go: map[string]string{"CGO_ENABLED": "0", "GOARM": "7"}, Static: true,
	}
	f := image.File{Mode: 0o755, Sum: [32]byte{sum}, Size: int64(sum), Objects: []*object.Object{o}}
	if change != nil {
		change(&f, o)
	}
	return f
}

// dynamic is one that needs a loader and libraries.
func dynamic(sum byte, interpreter string, needed ...string) image.File {
	return program(sum, func(f *image.File, o *object.Object) {
		o.Static, o.Go, o.Dynamic = false, nil, object.Dynamic{Interpreter: interpreter, Needed: needed}
	})
}

func data(sum byte) image.File { return image.File{Mode: 0o644, Sum: [32]byte{sum}, Size: int64(sum)} }

type files = map[string]image.File

const folder = fs.ModeDir | 0o755

// TestFiles has a difference of each kind, and beside it what must not be taken for one.
func TestFiles(t *testing.T) {
	for _, tt := range []struct {
		name          string
		before, after image.File
		want          string // without the path
	}{
		{"the same data", data(1), data(1), ""},
		{"other data", data(1), data(2), "content: 1 bytes, sha256:010000000000 before, 2 bytes, sha256:020000000000 after"},
		{"another mode", data(1), image.File{Mode: 0o600, Sum: [32]byte{1}}, "mode: 0644 before, 0600 after"},
		{"setuid", program(1, nil), program(2, func(f *image.File, _ *object.Object) { f.Mode |= fs.ModeSetuid }), "mode: 0755 before, 4755 after"},
		{"another owner", data(1), image.File{Mode: 0o644, Sum: [32]byte{1}, UID: 1000, GID: 100}, "owner: 0:0 before, 1000:100 after"},
		{"a folder's mode", image.File{Mode: folder}, image.File{Mode: folder &^ 0o005}, "mode: 0755 before, 0750 after"},
		{"sticky", image.File{Mode: folder}, image.File{Mode: folder | fs.ModeSticky}, "mode: 0755 before, 1755 after"},
		{"links", image.File{Mode: fs.ModeSymlink | 0o777, Link: "a"}, image.File{Mode: fs.ModeSymlink | 0o777, Link: "b"}, "link: a before, b after"},
		{"a link's mode", image.File{Mode: fs.ModeSymlink | 0o777, Link: "a"}, image.File{Mode: fs.ModeSymlink, Link: "a"}, ""},
		{"a folder for a link", image.File{Mode: fs.ModeSymlink | 0o777, Link: "a"}, image.File{Mode: folder}, "type: link before, folder after"},
		{"devices", image.File{Mode: fs.ModeDevice | fs.ModeCharDevice, Device: [2]int64{1, 3}}, image.File{Mode: fs.ModeDevice | fs.ModeCharDevice, Device: [2]int64{1, 5}},
			"type: device 1:3 before, device 1:5 after"},
		{"capabilities", program(1, func(f *image.File, _ *object.Object) { f.Attributes = map[string]string{"security.capability": "\x01"} }), program(2, nil),
			"attributes: security.capability=01 before, none after"},
		{"a script for a program", program(1, nil), image.File{Mode: 0o755, Sum: [32]byte{2}}, "type: program before, file after"},

		{"another compiler", program(1, nil), program(2, nil), ""},
		{"another architecture", program(1, nil), program(2, func(_ *image.File, o *object.Object) { o.Arch, o.Bits, o.Variant = "amd64", 64, "v1" }),
			"platform: ELF arm v7 32-bit little-endian before, ELF amd64 v1 64-bit little-endian after"},
		{"another byte order", program(1, nil), program(2, func(_ *image.File, o *object.Object) { o.Order = triples.BigEndian }),
			"platform: ELF arm v7 32-bit little-endian before, ELF arm v7 32-bit big-endian after"},
		{"another variant", program(1, nil), program(2, func(_ *image.File, o *object.Object) { o.Variant = "v5" }),
			"platform: ELF arm v7 32-bit little-endian before, ELF arm v5 32-bit little-endian after"},
		{"a variant that one does not say", program(1, nil), program(2, func(_ *image.File, o *object.Object) { o.Variant = "" }), ""},
		{"another calling convention", program(1, nil), program(2, func(_ *image.File, o *object.Object) { o.ABI = "soft-float" }),
			"platform: ELF arm v7 32-bit little-endian before, ELF arm v7 soft-float 32-bit little-endian after"},
		{"a system that is said once", program(1, nil), program(2, func(_ *image.File, o *object.Object) { o.OS = "linux" }), ""},
		{"another system", program(1, nil), program(2, func(_ *image.File, o *object.Object) { o.OS = "freebsd" }),
			"platform: ELF arm v7 32-bit little-endian before, ELF freebsd arm v7 32-bit little-endian after"},
		{"dynamic", dynamic(1, "/lib/ld.so.3", "libc.so.6"), program(2, func(_ *image.File, o *object.Object) { o.Go = nil }),
			"linkage: dynamic before, static after | interpreter: /lib/ld.so.3 before, none after"},
		{"another loader", dynamic(1, "/lib/ld-linux-armhf.so.3", "libc.so.6"), dynamic(2, "/lib/ld-linux.so.3", "libc.so.6"),
			"interpreter: /lib/ld-linux-armhf.so.3 before, /lib/ld-linux.so.3 after"},
		{"another library", dynamic(1, "ld", "libz.so.1", "libc.so.6"), dynamic(2, "ld", "libc.so.6"), "needed: libz.so.1 before, none after"},
		{"the compiler's own libraries", dynamic(1, "ld", "libstdc++.so.6", "libc.so.6"), dynamic(2, "ld", "libc.so.6", "libgcc_s.so.1", "libm.so.6", "libstdc++.so.6"), ""},
		{"libraries with names like them", dynamic(1, "ld", "libc.so.6"), dynamic(2, "ld", "libcares.so.2", "libmd.so.0"), "needed: none before, libcares.so.2 libmd.so.0 after"},
		{"libraries in another order", dynamic(1, "ld", "libz.so.1", "libc.so.6"), dynamic(2, "ld", "libc.so.6", "libz.so.1"), ""},
		{"another search path", program(1, nil), program(2, func(_ *image.File, o *object.Object) { o.Dynamic.Runpath = "/opt" }), "search-path: none before, /opt after"},
		{"another soname", program(1, func(_ *image.File, o *object.Object) { o.Kind, o.Dynamic.Soname = object.Library, "liba.so.1" }),
			program(2, func(_ *image.File, o *object.Object) { o.Kind, o.Dynamic.Soname = object.Library, "liba.so.2" }), "soname: liba.so.1 before, liba.so.2 after"},
		{"a library for a program", program(1, nil), program(2, func(_ *image.File, o *object.Object) { o.Kind = object.Library }), "type: program before, library after"},
		{"cgo was on and not used", program(1, func(_ *image.File, o *object.Object) { o.Go = map[string]string{"CGO_ENABLED": "1"} }), program(2, nil), ""},
		{"cgo was used", program(1, func(f *image.File, _ *object.Object) { f.Cgo = true }), program(2, nil), "cgo: C code in it before, Go alone after"},
		{"an experiment of Go", program(1, nil), program(2, func(_ *image.File, o *object.Object) { o.Go["GOEXPERIMENT"] = "jsonv2" }), "go-settings: none before, GOEXPERIMENT=jsonv2 after"},
		{"static libraries", program(1, func(f *image.File, o *object.Object) { f.Archive, o.Kind = true, object.Relocatable }),
			program(2, func(f *image.File, o *object.Object) { f.Archive, o.Kind = true, object.Relocatable }), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Compare(image.Contents{Files: files{"f": tt.before}}, image.Contents{Files: files{"f": tt.after}}, Options{})
			if got := lines(r.Differences); got != strings.ReplaceAll(prefixed(tt.want), " | ", "\n") {
				t.Errorf("got  %s\nwant %s", got, prefixed(tt.want))
			}
			if r.Files != 1 || r.LeftOut != 0 {
				t.Errorf("%d files compared, %d left out", r.Files, r.LeftOut)
			}
			// What differs one way differs the other way, too.
			back := Compare(image.Contents{Files: files{"f": tt.after}}, image.Contents{Files: files{"f": tt.before}}, Options{})
			if len(back.Differences) != len(r.Differences) {
				t.Errorf("the other way round: %s", lines(back.Differences))
			}
		})
	}
}

// prefixed puts the path before each difference.
func prefixed(want string) string {
	if want == "" {
		return ""
	}
	return "/f: " + strings.ReplaceAll(want, " | ", " | /f: ")
}

func lines(all []Difference) string {
	var out []string
	for _, d := range all {
		out = append(out, d.String())
	}
	return strings.Join(out, "\n")
}

// TestMissing has files in one image only, and what is left out.
func TestMissing(t *testing.T) {
	both := files{
		"usr": {Mode: folder}, "usr/a": data(1), "var": {Mode: folder}, "var/log": {Mode: folder}, "var/log/dpkg.log": data(1),
		"srv": {Mode: folder}, "srv/__pycache__": {Mode: folder}, "srv/__pycache__/a.cpython-313.pyc": data(1),
	}
	with := func(more files) image.Contents {
		all := maps.Clone(both)
		maps.Copy(all, more)
		return image.Contents{Files: all}
	}
	for _, tt := range []struct {
		name          string
		before, after files
		options       Options
		want          string
		leftOut       int
	}{
		{"nothing", nil, nil, Options{}, "", 3},
		{"a log and a cache", files{"var/log/new.log": data(2)}, files{"var/log/dpkg.log": data(3), "var/cache": {Mode: folder}, "var/cache/x": data(1)}, Options{}, "", 6},
		{"compiled Python", nil, files{"srv/__pycache__/a.cpython-313.pyc": data(9)}, Options{}, "", 3},
		{"like a log", files{"usr/log": data(1)}, files{"usr/log": data(2)}, Options{}, "/usr/log: content: 1 bytes, sha256:010000000000 before, 2 bytes, sha256:020000000000 after", 3},
		{"a file", files{"usr/b": data(7)}, nil, Options{}, "/usr/b: missing: file of 7 bytes", 3},
		{"a program", nil, files{"usr/b": program(7, nil)}, Options{}, "/usr/b: extra: program of 7 bytes", 3},
		{"a folder", files{"opt": {Mode: folder}, "opt/a": data(1), "opt/a.d": {Mode: folder}, "opt/a.d/b": data(1), "opt-2": data(2)}, nil, Options{},
			"/opt: missing: folder and 3 more in it\n/opt-2: missing: file of 2 bytes", 3},
		{"a link", nil, files{"usr/l": {Mode: fs.ModeSymlink, Link: "a"}}, Options{}, "/usr/l: extra: link to a", 3},
		{"ignored", files{"usr/b": data(7)}, nil, Options{Ignore: []string{"/usr/b"}}, "", 4},
		{"another one is ignored", files{"usr/b": data(7)}, nil, Options{Ignore: []string{"/b"}}, "/usr/b: missing: file of 7 bytes", 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Compare(with(tt.before), with(tt.after), tt.options)
			if got := lines(r.Differences); got != tt.want || r.LeftOut != tt.leftOut {
				t.Errorf("got %s, %d left out\nwant %s, %d", got, r.LeftOut, tt.want, tt.leftOut)
			}
		})
	}
}

// TestAccepted counts what is accepted apart from the rest.
func TestAccepted(t *testing.T) {
	r := Compare(image.Contents{Files: files{"a": dynamic(1, "ld", "libz.so.1"), "b": data(1)}},
		image.Contents{Files: files{"a": program(2, func(_ *image.File, o *object.Object) { o.Go = nil }), "b": data(2)}},
		Options{Accept: []Kind{Linkage, Interpreter, Needed}})
	if len(r.Accepted) != 3 || len(r.Differences) != 1 || r.Differences[0].Kind != Content {
		t.Errorf("differences %v, accepted %v", r.Differences, r.Accepted)
	}
}

// TestConfig compares configurations.
func TestConfig(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{"the same", `{"Env":["A=1","B=2"],"Cmd":["x"]}`, `{"Cmd":["x"],"Env":["B=2","A=1"]}`, ""},
		{"a variable", `{"Env":["A=1","B=2"]}`, `{"Env":["A=1","B=3"]}`, `Env B: config: "2" before, "3" after`},
		{"a new one", `{}`, `{"Env":["A="]}`, `Env A: config: none before, "" after`},
		{"entrypoint", `{"Entrypoint":["/a"]}`, `{"Entrypoint":["/b"]}`, `Entrypoint: config: ["/a"] before, ["/b"] after`},
		{"command", `{"Cmd":["/a"]}`, `{}`, `Cmd: config: ["/a"] before, none after`},
		{"nothing in other words", `{"Cmd":null,"Labels":{},"User":"","Volumes":null,"ArgsEscaped":false}`, `{}`, ""},
		{"user", `{"User":"1"}`, `{"User":"2"}`, `User: config: "1" before, "2" after`},
		{"working folder", `{"WorkingDir":"/"}`, `{"WorkingDir":"/srv"}`, `WorkingDir: config: "/" before, "/srv" after`},
		{"ports", `{"ExposedPorts":{"80/tcp":{}}}`, `{"ExposedPorts":{}}`, `ExposedPorts: config: {"80/tcp":{}} before, none after`},
		{"labels", `{"Labels":{"a":"1","b":"2"}}`, `{"Labels":{"b":"2","a":"1"}}`, ""},
		{"volumes", `{}`, `{"Volumes":{"/data":{}}}`, `Volumes: config: none before, {"/data":{}} after`},
		{"health check", `{"Healthcheck":{"Test":["CMD","a"],"Interval":5}}`, `{"Healthcheck":{"Interval":5,"Test":["CMD","b"]}}`,
			`Healthcheck: config: {"Interval":5,"Test":["CMD","a"]} before, {"Interval":5,"Test":["CMD","b"]} after`},
		{"stop signal", `{"StopSignal":"SIGTERM"}`, `{"StopSignal":"SIGINT"}`, `StopSignal: config: "SIGTERM" before, "SIGINT" after`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			of := func(s string) (c image.Contents) {
				if err := json.Unmarshal([]byte(s), &c.Config); err != nil {
					t.Fatal(err)
				}
				return c
			}
			if got := lines(Compare(of(tt.before), of(tt.after), Options{}).Differences); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestKindsShown holds the list of kinds to what is found.
func TestKindsShown(t *testing.T) {
	sorted := slices.Sorted(slices.Values(Kinds))
	if len(slices.Compact(sorted)) != len(Kinds) {
		t.Errorf("a kind twice: %v", Kinds)
	}
}
