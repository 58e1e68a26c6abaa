package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"xxkit/xxverify/image"
)

func TestRegistryNames(t *testing.T) {
	for name, want := range map[string]string{
		"docker://alpine":                          "docker.io/library/alpine:latest",
		"docker://grafana/grafana:11":              "docker.io/grafana/grafana:11",
		"oci://127.0.0.1:5000/app":                 "127.0.0.1:5000/app:latest",
		"docker://localhost/a/b@sha256:0123":       "localhost/a/b@sha256:0123",
		"docker://ghcr.io/x/y:1":                   "ghcr.io/x/y:1",
		"image.tar":                                "",
		"docker.io/library/alpine":                 "",
		"docker://registry.example.com:5000/a/b:c": "registry.example.com:5000/a/b:c",
	} {
		if got, ok := Reference(name); got != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for host, want := range map[string]bool{"localhost:5000": true, "127.0.0.1": true, "[::1]:5000": true, "127.evil.example": false, "docker.io": false} {
		if isLoopback(host) != want {
			t.Errorf("%s: loopback is %v", host, !want)
		}
	}
}

// TestMissing has a registry that lists platforms whose manifests are not there.
func TestMissing(t *testing.T) {
	index := `{"schemaVersion": 2, "mediaType": "` + v1.MediaTypeImageIndex + `", "manifests": [
		{"mediaType": "` + v1.MediaTypeImageManifest + `", "digest": "` + digest.FromString("a").String() + `", "size": 1, "platform": {"os": "linux", "architecture": "arm64"}}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := digest.FromString(index)
		if r.URL.Path != "/v2/app/manifests/latest" && r.URL.Path != "/v2/app/manifests/"+d.String() {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", v1.MediaTypeImageIndex)
		w.Header().Set("Docker-Content-Digest", d.String())
		w.Header().Set("Content-Length", fmt.Sprint(len(index)))
		if r.Method != http.MethodHead {
			fmt.Fprint(w, index)
		}
	}))
	defer server.Close()
	source, err := Open(strings.TrimPrefix(server.URL, "http://") + "/app:latest")
	if err != nil {
		t.Fatal(err)
	}
	_, found, err := image.Verify(context.Background(), "image", source, image.Options{})
	if err != nil || len(found) != 1 || found[0].Platform != "linux/arm64" || found[0].Rule != image.RuleMissingPlatform {
		t.Errorf("%+v, %v", found, err)
	}
	missing := v1.Descriptor{MediaType: v1.MediaTypeImageManifest, Digest: digest.FromString("b"), Size: 1}
	if _, err := source.Blob(context.Background(), missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not there: %v", err)
	}
}
