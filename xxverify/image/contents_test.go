package image

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	oci "xxkit/internal/ocitest"
)

// contents reads what an image of one platform holds.
func contents(t *testing.T, i oci.Image) Contents {
	t.Helper()
	name := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(name, oci.New(i).Archive(), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := Open(name, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var all []Contents
	_, found, err := Verify(context.Background(), "image", s, Options{Contents: func(c Contents) { all = append(all, c) }})
	if err != nil || len(found) > 0 || len(all) != 1 {
		t.Fatalf("%d images, %v: %v", len(all), lines(found), err)
	}
	return all[0]
}

// zipped is a zip archive of a file with a time.
func zipped(body string, at time.Time) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateHeader(&zip.FileHeader{Name: "a", Modified: at})
	if err == nil {
		_, err = f.Write([]byte(body))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.String()
}

// layer is an archive of entries that say more than those of ocitest.
func layer(entries ...tar.Header) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		h.Format = tar.FormatPAX
		if err := w.WriteHeader(&h); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// TestContents reads all that can be compared, through layers that change it.
func TestContents(t *testing.T) {
	goProgram := amd64 + "go:buildinfo runtime/cgo.x"
	c := contents(t, oci.Image{
		Platform: "linux/amd64",
		Config:   v1.ImageConfig{Entrypoint: []string{"/app"}, Env: []string{"A=1"}},
		Layers: [][]byte{
			oci.Tar(
				oci.Entry{Name: "etc/"}, oci.Entry{Name: "etc/text", Body: "one"}, oci.Entry{Name: "etc/gone", Body: "one"},
				oci.Entry{Name: "etc/ld.so.conf", Body: "/opt"}, oci.Entry{Name: "implied/file", Body: ""},
				oci.Entry{Name: "link", Link: "etc/text"}, app(goProgram), oci.Entry{Name: "hard", Link: "app", Type: tar.TypeLink},
			),
			layer(
				tar.Header{Name: "etc", Typeflag: tar.TypeDir, Mode: 0o750, Uid: 7, Gid: 8},
				tar.Header{Name: "etc/.wh.gone", Typeflag: tar.TypeReg},
				tar.Header{Name: "null", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 3},
				tar.Header{Name: "ping", Typeflag: tar.TypeReg, Mode: 0o4755, Uid: 1, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "\x01\x02"}},
			),
		},
	})
	if c.Platform.String() != "linux/amd64" || string(c.Config["Entrypoint"]) != `["/app"]` || string(c.Config["Env"]) != `["A=1"]` {
		t.Errorf("%s, configuration %s", c.Platform, c.Config)
	}
	if len(c.Files) != 10 {
		t.Errorf("%d files: %v", len(c.Files), c.Files)
	}
	if f := c.Files["etc"]; f.Mode != fs.ModeDir|0o750 || f.UID != 7 || f.GID != 8 {
		t.Errorf("/etc: %+v", f)
	}
	for name, text := range map[string]string{"etc/text": "one", "etc/ld.so.conf": "/opt", "implied/file": "", "app": goProgram, "hard": goProgram, "ping": ""} {
		if f, ok := c.Files[name]; !ok || f.Sum != sha256.Sum256([]byte(text)) || f.Size != int64(len(text)) {
			t.Errorf("/%s: %+v", name, f)
		}
	}
	if f := c.Files["implied"]; f.Mode != fs.ModeDir|0o755 || f.UID != 0 {
		t.Errorf("/implied: %+v", f)
	}
	if f := c.Files["link"]; f.Mode&fs.ModeSymlink == 0 || f.Link != "etc/text" {
		t.Errorf("/link: %+v", f)
	}
	if f := c.Files["app"]; len(f.Objects) != 1 || f.Objects[0].Arch != "amd64" || f.Cgo {
		t.Errorf("/app: %+v", f) // it is no program of Go, whatever it holds
	}
	if f := c.Files["null"]; f.Mode.Type() != fs.ModeDevice|fs.ModeCharDevice || f.Device != [2]int64{1, 3} {
		t.Errorf("/null: %+v", f)
	}
	if f := c.Files["ping"]; f.Mode != fs.ModeSetuid|0o755 || f.UID != 1 || f.Attributes["security.capability"] != "\x01\x02" {
		t.Errorf("/ping: %+v", f)
	}
}

// TestZipSum packs the same files at other times, and other files.
func TestZipSum(t *testing.T) {
	sum := func(body string) [32]byte {
		return contents(t, oci.Image{Platform: "linux/amd64", Layers: [][]byte{oci.Tar(
			oci.Entry{Name: "a.jar", Body: body}, app(amd64),
		)}}).Files["a.jar"].Sum
	}
	day := time.Date(2024, 5, 6, 7, 8, 0, 0, time.UTC)
	first := sum(zipped("one", day))
	if sum(zipped("one", day.AddDate(0, 0, 1))) != first {
		t.Error("the time counts")
	}
	if sum(zipped("two", day)) == first {
		t.Error("the content does not count")
	}
	broken := zipped("one", day)
	broken = broken[:len(broken)-8]
	if sum(broken) != sha256.Sum256([]byte(broken)) {
		t.Error("what is no archive is not compared as data")
	}
}

// TestHolds looks for bytes that lie across what is read at once.
func TestHolds(t *testing.T) {
	const what = "runtime/cgo."
	for _, at := range []int{0, 1, 1<<18 - len(what), 1<<18 - 5, 1 << 18, 1<<18 + 7, 1<<19 - 3} {
		text := bytes.Repeat([]byte{'x'}, 1<<19+100)
		r := bytes.NewReader(text)
		if found, err := holds(r, r.Size(), what); found || err != nil {
			t.Fatalf("found where it is not: %v", err)
		}
		copy(text[at:], what)
		if found, err := holds(r, r.Size(), what); !found || err != nil {
			t.Errorf("at %d: not found: %v", at, err)
		}
	}
}
