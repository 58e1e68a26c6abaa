package registry

import "testing"

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
