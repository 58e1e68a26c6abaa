// Package registry opens images in registries. It stands apart from package image, so that programs which read images
// on this machine only need no HTTP and no TLS, whose tables are made in every start.
package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"

	"xxkit/xxverify/image"
)

// Reference returns the reference to an image in a registry that a name holds, "docker://host/repository:tag" or "oci://…",
// and reports whether it is one. As for docker, no host means docker.io and no tag latest.
func Reference(name string) (reference string, ok bool) {
	reference, ok = strings.CutPrefix(name, "docker://")
	if !ok {
		if reference, ok = strings.CutPrefix(name, "oci://"); !ok {
			return "", false
		}
	}
	host, rest, several := strings.Cut(reference, "/")
	switch {
	case !several:
		reference = "docker.io/library/" + reference
	case !strings.ContainsAny(host, ".:") && host != "localhost":
		reference = "docker.io/" + reference
	default:
		reference = host + "/" + rest
	}
	if last := reference[strings.LastIndex(reference, "/"):]; !strings.ContainsAny(last, ":@") {
		reference += ":latest"
	}
	return reference, true
}

// Open opens an image in a registry. Credentials are those that docker has for it. A registry on this
// machine is spoken to without TLS.
func Open(reference string) (image.Source, error) {
	ref, err := registry.ParseReference(reference)
	if err != nil {
		return nil, err
	}
	repository, err := remote.NewRepository(ref.Registry + "/" + ref.Repository)
	if err != nil {
		return nil, err
	}
	repository.PlainHTTP = isLoopback(ref.Registry)
	client := &auth.Client{Client: retry.DefaultClient, Cache: auth.NewCache()}
	store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return nil, fmt.Errorf("docker's credentials: %w", err)
	}
	client.Credential = credentials.Credential(store)
	repository.Client = client
	return remoteImage{repository, ref}, nil
}

func isLoopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// remoteImage is an image in a registry.
type remoteImage struct {
	repository *remote.Repository
	reference  registry.Reference
}

// Root implements image.Source.
func (r remoteImage) Root(ctx context.Context) (v1.Descriptor, error) {
	return r.repository.Resolve(ctx, r.reference.ReferenceOrDefault())
}

// Blob implements image.Source.
func (r remoteImage) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	b, err := r.repository.Fetch(ctx, d)
	if errors.Is(err, errdef.ErrNotFound) {
		err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return b, err
}

// Close implements image.Source.
func (r remoteImage) Close() error { return nil }
