package image

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	specs "github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	oci "xxkit/internal/ocitest"
	"xxkit/triples"
	"xxkit/xxverify"
)

// headers returns those of a static program for linux/amd64, linux/arm64 or another machine.
func headers(machine uint16) string {
	b := make([]byte, 120)
	copy(b, "\x7fELF\x02\x01\x01")
	o := binary.LittleEndian
	o.PutUint16(b[16:], 2) // ET_EXEC
	o.PutUint16(b[18:], machine)
	o.PutUint32(b[20:], 1)
	o.PutUint64(b[24:], 0x400000) // entry
	o.PutUint64(b[32:], 64)       // program headers
	o.PutUint16(b[52:], 64)
	o.PutUint16(b[54:], 56)
	o.PutUint16(b[56:], 1)
	o.PutUint32(b[64:], 1) // PT_LOAD
	return string(b)
}

// dynamic returns the headers of a program that has a loader, and needs no library.
func dynamic() string {
	b := []byte(headers(62) + "/lib64/ld-linux-x86-64.so.2\x00")
	o := binary.LittleEndian
	o.PutUint32(b[64:], 3) // PT_INTERP
	o.PutUint64(b[72:], 120)
	o.PutUint64(b[96:], uint64(len(b)-120))
	return string(b)
}

var (
	amd64 = headers(62)
	arm64 = headers(183)
)

func app(body string) oci.Entry { return oci.Entry{Name: "app", Body: body, Mode: 0o755} }

var startsApp = v1.ImageConfig{Entrypoint: []string{"/app"}}

// one is an image for one platform, of one layer.
func one(platform string, entries ...oci.Entry) oci.Image {
	return oci.Image{Platform: platform, Layers: [][]byte{oci.Gzip(oci.Tar(entries...))}, Config: startsApp}
}

// verify verifies a layout that is held in memory.
func verify(t *testing.T, l oci.Layout, o Options) (found []xxverify.Finding, err error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(name, l.Archive(), 0o666); err != nil {
		t.Fatal(err)
	}
	return verifyFile(t, name, o)
}

func verifyFile(t *testing.T, name string, o Options) (found []xxverify.Finding, err error) {
	t.Helper()
	s, err := Open(name, o.Limits)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	_, found, err = Verify(context.Background(), "image", s, o)
	return found, err
}

// lines are findings in short: platform, rule and message; notes are marked.
func lines(found []xxverify.Finding) string {
	var all []string
	for _, f := range found {
		line := f.Platform + ": " + f.Rule + ": " + f.Message
		if f.Note {
			line = "note: " + line
		}
		all = append(all, line)
	}
	return strings.Join(all, "\n")
}

// TestForms reads the same image in every form.
func TestForms(t *testing.T) {
	plain := oci.Tar(oci.Entry{Name: "etc/"}, app(amd64))
	image := oci.Image{Platform: "linux/amd64", Config: startsApp}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
		return name
	}
	with := func(layers ...[]byte) oci.Image {
		i := image
		i.Layers = layers
		return i
	}
	folder := filepath.Join(dir, "folder")
	if err := oci.New(with(oci.Gzip(plain))).Write(folder); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		folder,
		write("plain.tar", oci.New(with(plain)).Archive()),
		write("gzip.tar", oci.New(with(oci.Gzip(plain))).Archive()),
		write("zstd.tar", oci.New(with(oci.Zstd(plain))).Archive()),
		write("all.tar.gz", oci.Gzip(oci.New(with(plain)).Archive())),
		write("all.tar.zst", oci.Zstd(oci.New(with(plain)).Archive())),
		write("docker.tar", oci.Docker(with(plain))),
	} {
		found, err := verifyFile(t, name, Options{Require: []triples.Platform{{OS: "linux", Arch: "amd64"}}, Exactly: true})
		if err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", name, lines(found), err)
		}
		found, err = verifyFile(t, name, Options{Require: []triples.Platform{{OS: "linux", Arch: "arm64"}}, Exactly: true})
		want := "linux/arm64: missing-platform: the image lacks this platform: it has linux/amd64\n" +
			"linux/amd64: unexpected-platform: the image has this platform, which is not required"
		if err != nil || lines(found) != want {
			t.Errorf("%s: %v, %v", name, lines(found), err)
		}
	}
}

// TestImages has images that are wrong as images are in practice.
func TestImages(t *testing.T) {
	script := oci.Entry{Name: "run.sh", Body: "#!/bin/sh\n", Mode: 0o755}
	for _, test := range []struct {
		name   string
		images []oci.Image
		want   string
	}{
		{"right", []oci.Image{one("linux/amd64", app(amd64)), one("linux/arm64", app(arm64))}, ""},
		{
			"the builder's program on every platform", []oci.Image{one("linux/amd64", app(amd64)), one("linux/arm64", app(amd64))},
			"linux/arm64: wrong-architecture: file /app does not match expected target architecture arm64: ELF 64-bit LSB executable, x86-64, statically linked",
		},
		{
			"the final stage on the build platform", []oci.Image{{Platform: "linux/arm64", Configured: "linux/amd64", Layers: [][]byte{oci.Tar(app(amd64))}, Config: startsApp}},
			"linux/arm64: platform-mismatch: the index says linux/arm64, and the configuration of the image linux/amd64\n" +
				"linux/arm64: wrong-architecture: file /app does not match expected target architecture arm64: ELF 64-bit LSB executable, x86-64, statically linked",
		},
		{
			"what is started is not there", []oci.Image{one("linux/amd64", oci.Entry{Name: "other", Body: amd64, Mode: 0o755})},
			"linux/amd64: file-not-found: the image starts /app, which is not there",
		},
		{
			"a script without its interpreter", []oci.Image{one("linux/amd64", app(amd64), script)},
			"linux/amd64: missing-interpreter: /run.sh cannot be started: its interpreter /bin/sh is not there",
		},
		{
			"an init that starts what is not there", []oci.Image{{
				Platform: "linux/amd64", Layers: [][]byte{oci.Tar(oci.Entry{Name: "sbin/tini", Body: amd64, Mode: 0o755})},
				Config: v1.ImageConfig{Entrypoint: []string{"/sbin/tini", "-g", "--"}, Cmd: []string{"server"}},
			}},
			"linux/amd64: file-not-found: the image starts server, which is not on PATH (/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)",
		},
		{
			"PATH of the image", []oci.Image{{
				Platform: "linux/amd64", Layers: [][]byte{oci.Tar(oci.Entry{Name: "opt/bin/server", Body: amd64, Mode: 0o755})},
				Config: v1.ImageConfig{Cmd: []string{"server"}, Env: []string{"PATH=/opt/bin"}},
			}},
			"",
		},
		{
			"attestations", []oci.Image{one("linux/amd64", app(amd64)), {Platform: "unknown/unknown", Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"}}},
			"",
		},
		{
			"Windows has other rules for what is started", []oci.Image{{
				Platform: "windows/amd64", Layers: [][]byte{oci.Tar(oci.Entry{Name: "Files/app.exe", Body: "MZ"})}, Config: v1.ImageConfig{Cmd: []string{`C:\\app.exe`}},
			}},
			"",
		},
		{"v8 has two names", []oci.Image{{Platform: "linux/arm64/v8", Configured: "linux/arm64", Layers: [][]byte{oci.Tar(app(arm64))}, Config: startsApp}}, ""},
		{
			"a platform that nobody knows", []oci.Image{one("linux/amd64", app(amd64)), one("plan9/amd64", app(amd64))},
			"note: plan9/amd64: platform-mismatch: this platform is not known, and its files are not verified",
		},
		{
			"one platform lacks a program", []oci.Image{one("linux/amd64", app(amd64), oci.Entry{Name: "tool", Body: amd64, Mode: 0o755}), one("linux/arm64", app(arm64))},
			"note: linux/arm64: only-on-one-platform: /tool is in the image for linux/amd64 and not in this one",
		},
		{
			"sizes that differ", []oci.Image{one("linux/amd64", app(amd64)), one("linux/arm64", app(arm64+strings.Repeat("\x00", 2<<20)))},
			"note: linux/arm64: size-differs: /app has 2097272 bytes, and 120 for linux/amd64",
		},
		{
			"the same program twice", []oci.Image{one("linux/amd64", app(amd64)), one("linux/amd64/v3", app(amd64))},
			"note: linux/amd64/v3: same-file: /app is the very same program as for linux/amd64",
		},
	} {
		found, err := verify(t, oci.New(test.images...), Options{})
		if err != nil || lines(found) != test.want {
			t.Errorf("%s: found\n%s\nwant\n%s\n%v", test.name, lines(found), test.want, err)
		}
	}
}

// TestLayers applies layers over each other. What is started and what not tells what came of it.
func TestLayers(t *testing.T) {
	file := func(name, body string) oci.Entry { return oci.Entry{Name: name, Body: body, Mode: 0o755} }
	gone := "linux/amd64: file-not-found: the image starts /app, which is not there"
	foreign := "linux/amd64: wrong-architecture: file /app does not match expected target architecture amd64: ELF 64-bit LSB executable, ARM aarch64, statically linked"
	for _, test := range []struct {
		name   string
		layers [][]oci.Entry
		want   string
	}{
		{"the upper layer counts", [][]oci.Entry{{file("app", arm64)}, {file("app", amd64)}}, ""},
		{"a whiteout", [][]oci.Entry{{file("app", amd64)}, {{Name: ".wh.app"}}}, gone},
		{"a whiteout, and the file again", [][]oci.Entry{{file("app", arm64)}, {{Name: ".wh.app"}}, {file("app", amd64)}}, ""},
		{"a whiteout hides lower layers only", [][]oci.Entry{{file("app", arm64)}, {file("app", amd64), {Name: ".wh.app"}}}, ""},
		{"a whiteout of a folder", [][]oci.Entry{{file("d/app", amd64), {Name: "app", Link: "d/app"}}, {{Name: ".wh.d"}}}, gone},
		{"an opaque folder", [][]oci.Entry{{file("d/app", amd64), {Name: "app", Link: "d/app"}}, {{Name: "d/"}, {Name: "d/.wh..wh..opq"}}}, gone},
		{"an opaque folder keeps its own", [][]oci.Entry{{file("d/x", arm64), {Name: "app", Link: "d/app"}}, {file("d/app", amd64), {Name: "d/.wh..wh..opq"}}}, ""},
		{"a folder over a folder", [][]oci.Entry{{file("d/app", amd64), {Name: "app", Link: "d/app"}}, {{Name: "d/"}}}, ""},
		{"a file over a folder", [][]oci.Entry{{file("app/x", amd64)}, {file("app", amd64)}}, ""},
		{"through a link of a lower layer", [][]oci.Entry{{{Name: "bin", Link: "usr/bin"}, {Name: "usr/bin/"}, {Name: "app", Link: "/usr/bin/app"}}, {file("bin/app", amd64)}}, ""},
		{"a hard link", [][]oci.Entry{{file("x", amd64), {Name: "app", Link: "x", Type: '1'}}}, ""},
		{"a hard link to a lower layer", [][]oci.Entry{{file("x", arm64)}, {{Name: "app", Link: "/x", Type: '1'}, {Name: ".wh.x"}}}, foreign},
		{"names from the root", [][]oci.Entry{{file("/app", amd64)}, {file("./b/../x", "")}}, ""},
		{"what aufs keeps", [][]oci.Entry{{file("app", amd64), {Name: ".wh..wh.plnk/"}, file(".wh..wh.aufs", arm64)}}, ""},
	} {
		image := oci.Image{Platform: "linux/amd64", Config: startsApp}
		for _, entries := range test.layers {
			image.Layers = append(image.Layers, oci.Gzip(oci.Tar(entries...)))
		}
		found, err := verify(t, oci.New(image), Options{})
		if err != nil || lines(found) != test.want {
			t.Errorf("%s: found\n%s\nwant\n%s\n%v", test.name, lines(found), test.want, err)
		}
	}
}

// TestPartial has an index that lists more than there is.
func TestPartial(t *testing.T) {
	l := oci.New(one("linux/amd64", app(amd64)), one("linux/arm64", app(arm64)))
	for name, b := range l {
		if strings.Contains(string(b), `"architecture":"arm64"`) && strings.Contains(string(b), "rootfs") {
			continue // the configuration; its manifest goes
		}
		var m v1.Manifest
		if json.Unmarshal(b, &m) == nil && m.Config.Digest != "" {
			if config := l["blobs/sha256/"+m.Config.Digest.Encoded()]; strings.Contains(string(config), "arm64") {
				delete(l, name)
			}
		}
	}
	want := "linux/arm64: missing-platform: the index lists this platform, and its manifest is not there"
	if found, err := verify(t, l, Options{}); err != nil || lines(found) != want {
		t.Errorf("%s, %v", lines(found), err)
	}
	l["manifest.json"] = []byte("[]") // as docker save leaves out what is not on the machine
	if found, err := verify(t, l, Options{}); err != nil || lines(found) != "note: "+want {
		t.Errorf("%s, %v", lines(found), err)
	}
	required := Options{Require: []triples.Platform{{OS: "linux", Arch: "arm64"}}}
	if found, err := verify(t, l, required); err != nil || !strings.Contains(lines(found), "linux/arm64: missing-platform: the image lacks this platform: it has linux/amd64") {
		t.Errorf("%s, %v", lines(found), err)
	}
}

// TestMissing has layouts in which some or all of what the index lists is not there.
func TestMissing(t *testing.T) {
	images := []oci.Image{one("linux/amd64", app(amd64)), one("linux/arm64", app(arm64))}
	const amd64Lacks, arm64Lacks = "linux/amd64: missing-platform: the index lists this platform, and its ", "linux/arm64: missing-platform: the index lists this platform, and its "
	for _, test := range []struct {
		name string
		gone func(v1.Manifest, v1.Index) bool // of a manifest or an index
		want string
		err  string
	}{
		{"every manifest", func(m v1.Manifest, _ v1.Index) bool { return m.Config.Digest != "" }, amd64Lacks + "manifest is not there\n" + arm64Lacks + "manifest is not there", ""},
		{"the index that lists them", func(_ v1.Manifest, i v1.Index) bool { return len(i.Manifests) == 2 }, ": missing-platform: the index lists an image whose index is not there: sha256:", ""},
		{"nothing", func(v1.Manifest, v1.Index) bool { return false }, "", ""},
	} {
		l := oci.New(images...)
		for name, b := range l {
			var m v1.Manifest
			var i v1.Index
			if json.Unmarshal(b, &m) == nil && json.Unmarshal(b, &i) == nil && strings.HasPrefix(name, "blobs/") && test.gone(m, i) {
				delete(l, name)
			}
		}
		if found, err := verify(t, l, Options{}); err != nil || !strings.HasPrefix(lines(found), test.want) || test.want == "" && found != nil {
			t.Errorf("%s: %s, %v", test.name, lines(found), err)
		}
	}
	l := oci.New(images...)
	for name, b := range l {
		if strings.Contains(string(b), `"rootfs"`) {
			delete(l, name)
		}
	}
	want := amd64Lacks + "configuration is not there\n" + arm64Lacks + "configuration is not there"
	if found, err := verify(t, l, Options{}); err != nil || lines(found) != want {
		t.Errorf("every configuration: %s, %v", lines(found), err)
	}
	l["manifest.json"] = []byte("[]") // of docker save, which may leave them out: but not all of them
	if found, err := verify(t, l, Options{}); err == nil || !strings.Contains(err.Error(), "there is no image in it") {
		t.Errorf("nothing at all in an archive of docker save: %s, %v", lines(found), err)
	}
}

// TestIndexInIndex has indexes in the index that lists the platforms, with and without a platform.
func TestIndexInIndex(t *testing.T) {
	layout := func(change func(entries []v1.Descriptor) []v1.Descriptor) oci.Layout {
		l := oci.Layout{}
		var entries []v1.Descriptor
		for _, image := range []oci.Image{one("linux/amd64", app(amd64)), one("linux/arm64", app(arm64))} {
			part := oci.New(image)
			var top v1.Index
			if err := json.Unmarshal(part[v1.ImageIndexFile], &top); err != nil {
				t.Fatal(err)
			}
			entries = append(entries, top.Manifests[0])
			for name, b := range part {
				l[name] = b
			}
		}
		all := l.AddJSON(v1.MediaTypeImageIndex, v1.Index{MediaType: v1.MediaTypeImageIndex, Manifests: change(entries)})
		l.SetIndex(v1.Index{Manifests: []v1.Descriptor{all}})
		return l
	}
	same := func(entries []v1.Descriptor) []v1.Descriptor { return entries }
	const nested = ": index-in-index: 2 of 2 entries of the index are indexes themselves, and no platform is named for them: many clients find no image in it"
	for _, test := range []struct {
		name string
		l    oci.Layout
		want string
	}{
		{"without a platform", layout(same), nested},
		{"one of them has one", layout(func(e []v1.Descriptor) []v1.Descriptor {
			e[0].Platform = &v1.Platform{OS: "linux", Architecture: "amd64"}
			return e
		}), ": index-in-index: 1 of 2 entries of the index is an index itself, and no platform is named for it: many clients find no image in it"},
		{"with a platform", layout(func(e []v1.Descriptor) []v1.Descriptor {
			e[0].Platform, e[1].Platform = &v1.Platform{OS: "linux", Architecture: "amd64"}, &v1.Platform{OS: "linux", Architecture: "arm64"}
			return e
		}), ""},
		{"as BuildKit writes it", oci.New(one("linux/amd64", app(amd64)), one("linux/arm64", app(arm64))), ""},
	} {
		if found, err := verify(t, test.l, Options{}); err != nil || lines(found) != test.want {
			t.Errorf("%s: %s, %v", test.name, lines(found), err)
		}
	}
}

// TestLargeProgram has one that is not held in memory, and libraries that are looked up in files of the configuration.
func TestLargeProgram(t *testing.T) {
	found, err := verify(t, oci.New(one("linux/amd64", app(arm64+strings.Repeat("\x00", maxMemory)), app(amd64+strings.Repeat("\x01", maxMemory)))), Options{})
	if err != nil || lines(found) != "" {
		t.Errorf("%s, %v", lines(found), err)
	}
}

// TestHostile has images that somebody has made to do harm. None does, and what comes of each is known.
func TestHostile(t *testing.T) {
	entry := func(name string, change ...func(*oci.Entry)) oci.Image {
		e := oci.Entry{Name: name, Body: amd64, Mode: 0o755}
		for _, c := range change {
			c(&e)
		}
		return one("linux/amd64", app(amd64), e)
	}
	link := func(to string) func(*oci.Entry) { return func(e *oci.Entry) { e.Link, e.Body = to, "" } }
	hard := func(to string) func(*oci.Entry) { return func(e *oci.Entry) { e.Link, e.Body, e.Type = to, "", '1' } }
	layer := func(b []byte) oci.Layout {
		return oci.New(oci.Image{Platform: "linux/amd64", Layers: [][]byte{b}, Config: startsApp})
	}
	good := oci.Tar(app(amd64))
	cutELF := func(n int) oci.Layout { return oci.New(one("linux/amd64", app(amd64[:n]))) }
	patched := func(off int, value uint64) oci.Layout {
		b := []byte(amd64)
		binary.LittleEndian.PutUint64(b[off:], value)
		return oci.New(one("linux/amd64", app(string(b))))
	}
	bomb := oci.Gzip(make([]byte, 64<<20))
	loop := oci.New()
	self := v1.Descriptor{MediaType: v1.MediaTypeImageIndex, Digest: loop.AddJSON("", "x").Digest, Size: 3}
	loop.SetIndex(v1.Index{Manifests: []v1.Descriptor{self, self}})
	nested := oci.New(one("linux/amd64", app(amd64)))
	for range 6 {
		var index v1.Index
		if err := json.Unmarshal(nested["index.json"], &index); err != nil {
			t.Fatal(err)
		}
		nested.SetIndex(v1.Index{Manifests: []v1.Descriptor{nested.AddJSON(v1.MediaTypeImageIndex, index)}})
	}
	changed := func(change func(*v1.Manifest, *v1.Image)) oci.Layout {
		i := one("linux/amd64", app(amd64))
		i.Change = change
		return oci.New(i)
	}
	replaced := func(from, to string) oci.Layout {
		l := oci.New(one("linux/amd64", app(amd64)))
		for name, b := range l {
			if bytes.HasPrefix(b, []byte(from)) {
				l[name] = []byte(to)
			}
		}
		return l
	}
	many := make([]oci.Entry, 400)
	for i := range many {
		many[i] = oci.Entry{Name: strings.Repeat("x", i+1)}
	}
	var longNames, includes []oci.Entry
	for i := range 300 {
		longNames = append(longNames, oci.Entry{Name: strings.Repeat("x", 3900) + strconv.Itoa(i)})
		includes = append(includes, oci.Entry{Name: "etc/ld.so.conf.d/" + strconv.Itoa(i), Body: "include *\n"})
	}
	includes = append(includes, oci.Entry{Name: "etc/ld.so.conf", Body: "include ld.so.conf.d/*\n"}, oci.Entry{Name: "dynamic", Body: dynamic(), Mode: 0o755})
	manyManifests := oci.New()
	var manifests []v1.Descriptor
	for i := range 300 {
		manifests = append(manifests, manyManifests.AddJSON(v1.MediaTypeImageManifest, v1.Manifest{Versioned: specs.Versioned{SchemaVersion: i}}))
	}
	manyManifests.SetIndex(v1.Index{Manifests: manifests})
	lyingSize := bytes.Clone(good)
	copy(lyingSize[124:], "77777777777\x00")
	setChecksum(lyingSize[:512])

	const outside = "linux/amd64: suspicious-entry: layer 1 has an entry "
	for _, test := range []struct {
		name   string
		layout oci.Layout
		want   string // in the findings
		err    string // or in the error
	}{
		// Paths.
		{"a path that leads out", oci.New(entry("../../etc/passwd")), outside + "/../../etc/passwd, which leads out of the file system", ""},
		{"a path that leads out in its middle", oci.New(entry("a/../../b")), outside + "/a/../../b, which leads out of the file system", ""},
		{"an absolute path with ..", oci.New(entry("/../x")), outside + "/../x, which leads out of the file system", ""},
		{"a hard link that leads out", oci.New(entry("x", hard("../../../etc/shadow"))), outside + "/x, which is a hard link that leads out of the file system", ""},
		{"a hard link to nothing", oci.New(entry("x", hard("/etc/shadow"))), outside + "/x, which is a hard link to a file that is not there", ""},
		{"a hard link to a folder", oci.New(entry("x", hard("/"))), outside + "/x, which is a hard link to a file that is not there", ""},
		{"a hard link to itself", oci.New(entry("x", hard("x"))), outside + "/x, which is a hard link to a file that is not there", ""},
		{"an absolute link", oci.New(entry("x", link("/etc/passwd"))), "", ""},
		{"a link that leads out", oci.New(entry("x", link("../../../../etc/passwd"))), "", ""},
		{"a program through a link that leads out", oci.New(one("linux/amd64", oci.Entry{Name: "app", Link: "../../../../bin/sh"})), "linux/amd64: file-not-found: the image starts /app, which is not there", ""},
		{"a link to itself", oci.New(one("linux/amd64", oci.Entry{Name: "app", Link: "app"})), "linux/amd64: file-not-found: the image starts /app, which is not there", ""},
		{"an entry through a link that leads out", oci.New(one("linux/amd64", app(amd64), oci.Entry{Name: "d", Link: "../../../../tmp"}, oci.Entry{Name: "d/xx-verify-was-here"})), "", ""},
		{"an entry through a link to itself", oci.New(one("linux/amd64", app(amd64), oci.Entry{Name: "d", Link: "d"}, oci.Entry{Name: "d/x"})), outside + "/d/x, which has no place", ""},
		{"an entry beneath a file", oci.New(one("linux/amd64", app(amd64), oci.Entry{Name: "app/x"})), outside + "/app/x, which has no place", ""},
		{"folders nested too deep", oci.New(entry(strings.Repeat("d/", 1000) + "x")), "is nested too deep", ""},
		{"a path that is too long", oci.New(entry(strings.Repeat("d", 5000))), "is nested too deep", ""},
		{"a link that is too long", oci.New(entry("x", link(strings.Repeat("d", 5000)))), "is a link to a path that is too long", ""},
		{"devices and pipes", oci.New(one("linux/amd64", app(amd64), oci.Entry{Name: "null", Type: '3'}, oci.Entry{Name: "pipe", Type: '6'})), "", ""},
		{"names for a terminal", oci.New(entry("../\x1b[2J")), `/../\x1b[2J, which leads out`, ""},
		{"whiteouts of what is not there", oci.New(one("linux/amd64", app(amd64), oci.Entry{Name: ".wh."}, oci.Entry{Name: ".wh..."}, oci.Entry{Name: ".wh..wh..opq"}, oci.Entry{Name: "x/.wh.y"})), "", ""},
		{"the root as a file", oci.New(entry("./", func(e *oci.Entry) { e.Body, e.Type = "", '5' })), "", ""},

		// Sizes.
		{"folders that are not listed", oci.New(one("linux/amd64", app(amd64), oci.Entry{Name: strings.Repeat("a/", 200) + "x"}, oci.Entry{Name: strings.Repeat("b/", 200) + "x"})), "", "the image exceeds a limit: files"},
		{"names that fill the memory", oci.New(one("linux/amd64", append([]oci.Entry{app(amd64)}, longNames...)...)), "", "the image exceeds a limit: memory"},
		{"files of the configuration that fill the memory", oci.New(one("linux/amd64", oci.Entry{Name: "etc/ld.so.conf", Body: strings.Repeat("/lib\n", 1<<18)})), "", "the image exceeds a limit: memory"},
		{"files for ldconfig that include each other", oci.New(one("linux/amd64", append([]oci.Entry{app(amd64), {Name: "lib64/ld-linux-x86-64.so.2", Body: amd64, Mode: 0o755}}, includes...)...)), "", ""},
		{"a bomb of nothing but zeros", layer(bomb), "", "the image exceeds a limit: bytes"},
		{"a bomb in a bomb is not opened", oci.New(one("linux/amd64", app(amd64), oci.Entry{Name: "bomb.gz", Body: string(bomb[:1000])})), "", ""},
		{"too many files", oci.New(one("linux/amd64", many...)), "", "the image exceeds a limit: files"},
		{"too many manifests", manyManifests, "", "the image exceeds a limit: manifests"},
		{"a size beyond the end", layer(lyingSize), "linux/amd64: damaged-layer: layer 1 (sha256:", ""},
		{"a layer that is cut off", layer(oci.Gzip(good)[:60]), "cannot be read: unexpected EOF", ""},
		{"an archive that is cut off", layer(good[:600]), "cannot be read: unexpected EOF", ""},
		{"a layer that is no archive", layer([]byte(strings.Repeat("no archive ", 100))), "cannot be read: archive/tar: invalid tar header", ""},
		{"an empty layer", layer(nil), "the image starts /app, which is not there", ""},
		{"a layer larger than its descriptor", changed(func(m *v1.Manifest, _ *v1.Image) { m.Layers[0].Size = 20 }), "cannot be read: ", ""},
		{"a layer smaller than its descriptor", changed(func(m *v1.Manifest, _ *v1.Image) { m.Layers[0].Size = 1 << 40 }), "", ""},
		{"a negative size", changed(func(m *v1.Manifest, _ *v1.Image) { m.Layers[0].Size = -1 }), "cannot be read: ", ""},

		// Digests and documents.
		{"another layer than the digest says", replaced("\x1f\x8b", string(oci.Gzip(oci.Tar(app(amd64), app(amd64))))), "linux/amd64: damaged-layer: layer 1 (sha256:", ""},
		{"a layer whose bytes were changed", replaced("\x1f\x8b", string(append(oci.Gzip(oci.Tar(app(amd64)))[:9:9], append([]byte{7}, oci.Gzip(oci.Tar(app(amd64)))[10:]...)...))), "cannot be read: its content is not what its digest says", ""},
		{"another content than the configuration says", changed(func(_ *v1.Manifest, c *v1.Image) { c.RootFS.DiffIDs[0] = oci.Layout{}.AddJSON("", 1).Digest }), "cannot be read: unpacked, its content is not what the configuration says", ""},
		{"fewer layers than the configuration says", changed(func(m *v1.Manifest, _ *v1.Image) { m.Layers = nil }), "the configuration lists 1 layers and the manifest 0", ""},
		{"a digest that leads out", changed(func(m *v1.Manifest, _ *v1.Image) { m.Layers[0].Digest = "sha256:../../../etc/passwd" }), "", "invalid checksum digest"},
		{"a digest of an unknown kind", changed(func(m *v1.Manifest, _ *v1.Image) { m.Layers[0].Digest = "md5:d41d8cd98f00b204e9800998ecf8427e" }), "", "unsupported digest algorithm"},
		{"a layer that is not there", changed(func(m *v1.Manifest, _ *v1.Image) { m.Layers[0].Digest = oci.Layout{}.AddJSON("", 2).Digest }), "", "is not there"},
		{"a manifest that is no JSON", replaced(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest`, "{"), "", "has other content than its digest says"},
		{"an index in itself", loop, "", "cannot unmarshal"},
		{"indexes nested too deep", nested, "", "indexes are nested too deep"},
		{"an index that is no JSON", oci.Layout{"index.json": []byte("[")}, "", "unexpected end of JSON"},
		{"a document without end", oci.Layout{"index.json": bytes.Repeat([]byte(" "), maxDocument+1)}, "", "is too large"},
		{"no image at all", oci.Layout{"README": []byte("x")}, "", "not an image"},
		{"an index of nothing", oci.New(), "", "there is no image in it"},

		// Programs.
		{"a program that is cut off", cutELF(70), "linux/amd64: damaged-file: file /app cannot be an executable: damaged", ""},
		{"a program of four bytes", cutELF(4), "linux/amd64: damaged-file: file /app cannot be an executable: damaged", ""},
		{"program headers beyond the end", patched(32, 1<<63), "linux/amd64: damaged-file: ", ""},
		{"program headers that overlap the header", patched(32, 0), "", ""},
		{"too many program headers", patched(52, 0xffff_0038_0040), "linux/amd64: damaged-file: ", ""},
		{"sections beyond the end", patched(40, 1<<62), "", ""},
	} {
		found, err := verify(t, test.layout, Options{Limits: Limits{Bytes: 48 << 20, Files: 350, Memory: 1 << 20}})
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %s\n%v, want %s", test.name, lines(found), err, test.err)
			}
			if strings.Contains(test.err, "limit") && !errors.Is(err, ErrLimit) {
				t.Errorf("%s: %v is no ErrLimit", test.name, err)
			}
		case err != nil || !strings.Contains(lines(found), test.want) || test.want == "" && len(found) > 0:
			t.Errorf("%s: found\n%s\nwant\n%s\n%v", test.name, lines(found), test.want, err)
		}
	}
	if _, err := os.Stat("/tmp/xx-verify-was-here"); err == nil {
		t.Error("a file was written outside")
	}
}

// setChecksum makes a changed header of tar valid again.
func setChecksum(h []byte) {
	copy(h[148:156], "        ")
	sum := 0
	for _, b := range h {
		sum += int(b)
	}
	digits := []byte{}
	for range 6 {
		digits = append(digits, byte('0'+sum&7))
		sum >>= 3
	}
	slices.Reverse(digits)
	copy(h[148:], digits)
	copy(h[154:], "\x00 ")
}

func TestSARIF(t *testing.T) {
	b, err := SARIF("v1", []xxverify.Finding{{Rule: xxverify.RuleArch, Platform: "linux/arm64", Path: "/a b", Message: "m", Hint: "h"}, {Rule: RuleLayer, Note: true, Message: "n"}})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Runs []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID, Level string
				Locations     []struct {
					PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
				}
			}
		}
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	r := got.Runs[0].Results
	if len(r) != 2 || r[0].Level != "error" || r[1].Level != "note" || r[0].Locations[0].PhysicalLocation.ArtifactLocation.URI != "a%20b" {
		t.Errorf("%s", b)
	}
	for _, f := range r {
		if !slices.ContainsFunc(got.Runs[0].Tool.Driver.Rules, func(rule struct{ ID string }) bool { return rule.ID == f.RuleID }) {
			t.Errorf("rule %s is not described", f.RuleID)
		}
	}
}

// FuzzLayer applies anything as a layer.
func FuzzLayer(f *testing.F) {
	f.Add(oci.Tar(app(amd64), oci.Entry{Name: "d/"}, oci.Entry{Name: "l", Link: "../app"}, oci.Entry{Name: "d/.wh.x"}, oci.Entry{Name: "h", Link: "app", Type: '1'}))
	f.Add(oci.Gzip(oci.Tar(app(arm64))))
	f.Add(oci.Zstd(oci.Tar(oci.Entry{Name: "etc/ld.so.conf", Body: "include *\n/lib"})))
	f.Add(oci.Tar(oci.Entry{Name: "a.jar", Body: zipped("one", time.Unix(0, 0))}, oci.Entry{Name: "a.a", Body: archiveMagic + "x"}, oci.Entry{Name: "p", Body: zipMagic}))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, whole := range []bool{false, true} {
			build := &builder{tree: newTree(), limits: Limits{Bytes: 1 << 22, Files: 1000, Memory: 1 << 22}, whole: whole, layer: 1, progress: func() {}}
			defer build.close()
			l := oci.Layout{}
			_ = build.read(bytes.NewReader(b), l.Add("", b), "") // whatever comes of it is a tree
			build.tree.contents()
			_, _, err := xxverify.VerifySystem(xxverify.System{Tree: build.tree, Platform: triples.Platform{OS: "linux", Arch: "amd64"}, Start: [][]string{{"app"}}})
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// FuzzArchive reads anything as an image.
func FuzzArchive(f *testing.F) {
	f.Add(oci.New(one("linux/amd64", app(amd64))).Archive())
	f.Add(oci.Docker(oci.Image{Platform: "linux/amd64", Layers: [][]byte{oci.Tar(app(amd64))}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		name := filepath.Join(t.TempDir(), "image")
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
		_, _ = verifyFile(t, name, Options{Limits: Limits{Bytes: 1 << 22, Files: 1000}})
	})
}
