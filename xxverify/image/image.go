// Package image verifies container images: that each platform of an image holds programs for that platform, which can start
// there.
//
// An image is read as a registry has it: an index, which lists a manifest for each platform; a manifest, which names a configuration and
// layers; layers, which are archives that lie one over the other. [Verify] goes through all of it, and hands what the layers make
// together to [xxverify.VerifySystem]. What is checked besides is that index, configuration and files agree on the platform, that
// all blobs are what their digests say, and that what the image starts is there.
//
// A [Source] has the blobs: a folder or an archive in the layout of OCI, what `docker save` writes, or a registry.
//
// # Memory, and files that do harm
//
// Layers are read as streams. Of the files in them only names, modes and what package object says about programs stays in
// memory, and with Options.Contents owners and checksums too; one program at a time is held whole, on disk if it is large. Nothing is ever unpacked: the paths in an
// archive become places in a tree in memory, where ".." and links lead nowhere else. [Limits] bound what an archive can
// make the reader do.
//
// Sources: the image specification of OCI 1.1, and its rules for whiteouts; the archive of `docker save`.
package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"xxkit/triples"
	"xxkit/xxverify"
	"xxkit/xxverify/object"
)

// Source has an image.
type Source interface {
	// Root returns what the image begins with: an index, or a manifest.
	Root(ctx context.Context) (v1.Descriptor, error)

	// Blob returns the content that a descriptor is of. Whoever reads it compares it with the descriptor.
	Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error)

	// Close releases what the source holds.
	Close() error
}

// Options say what is asked of an image.
type Options struct {
	// Require are platforms that must be there; with Exactly there may be no others.
	Require []triples.Platform
	Exactly bool

	Allow  []string // see xxverify.System
	Static bool
	Limits Limits

	// Contents is called with what the image holds for each platform that is known, if it is not nil. That takes
	// longer, since all files are looked into then.
	Contents func(Contents)

	// Progress is called now and then, if it is not nil.
	Progress func(platform string, layer, layers int, bytes int64)
}

// Kinds of findings that only images have.
const (
	RulePlatform        = "platform-mismatch"
	RuleMissingPlatform = "missing-platform"
	RuleExtraPlatform   = "unexpected-platform"
	RuleNested          = "index-in-index"
	RuleLayer           = "damaged-layer"
	RuleEntry           = "suspicious-entry"
	RuleSameFile        = "same-file"
	RuleOnlyHere        = "only-on-one-platform"
	RuleSize            = "size-differs"
)

// Rules lists what the kinds of findings are about that only images have, as xxverify.Rules does.
func Rules() []xxverify.Rule {
	return []xxverify.Rule{
		{Name: RulePlatform, Text: "The index and the configuration of an image name different platforms."},
		{Name: RuleMissingPlatform, Text: "An image lacks a platform that is required."},
		{Name: RuleExtraPlatform, Text: "An image has a platform that is not among the ones required."},
		{Name: RuleNested, Text: "An index lists indexes and names no platform for them."},
		{Name: RuleLayer, Text: "A layer cannot be read, or is not what its digest says."},
		{Name: RuleEntry, Text: "An entry of a layer leads out of the file system, or nowhere."},
		{Name: RuleSameFile, Text: "Two platforms have the very same program."},
		{Name: RuleOnlyHere, Text: "A program is in one platform of an image and not in another."},
		{Name: RuleSize, Text: "A program is several times as large on one platform as on another."},
	}
}

// maxDocument is how large an index, a manifest or a configuration may be, as in registries.
const maxDocument = 4 << 20

// found is an image for one platform.
type found struct {
	platform   *v1.Platform // of the index; nil without one
	descriptor v1.Descriptor
}

// reader verifies one image.
type reader struct {
	ctx       context.Context
	source    Source
	options   Options
	name      string
	seen      map[digest.Digest]bool
	images    []found
	documents int

	programs  []programs // of each platform
	summaries []xxverify.Summary
	findings  []xxverify.Finding
}

// Verify verifies an image; name is what to call it. The error is that of a source that cannot be read; what is wrong
// with the image are findings.
func Verify(ctx context.Context, name string, s Source, o Options) ([]xxverify.Summary, []xxverify.Finding, error) {
	r := &reader{ctx: ctx, source: s, options: o, name: name, seen: map[digest.Digest]bool{}}
	r.options.Limits.setDefaults()
	root, err := s.Root(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := r.find(root, 0); err != nil {
		return nil, nil, err
	}
	var platforms []triples.Platform
	for _, image := range r.images {
		p, err := r.verify(image)
		if err != nil {
			return nil, nil, err
		}
		platforms = append(platforms, p)
	}
	if len(r.summaries) == 0 && !slices.ContainsFunc(r.findings, func(f xxverify.Finding) bool { return !f.Note }) {
		return nil, nil, fmt.Errorf("%s: there is no image in it", name)
	}
	r.require(platforms)
	r.compare()
	r.count()
	return r.summaries, r.findings, nil
}

// document reads a blob that is JSON, and compares it with its descriptor.
func (r *reader) document(d v1.Descriptor, to any) error {
	if r.documents++; r.documents > r.options.Limits.Manifests*2+8 {
		return limitError("manifests")
	}
	if d.Size > maxDocument {
		return fmt.Errorf("%s: a %s of %d bytes is too large", r.name, d.MediaType, d.Size)
	}
	b, err := r.source.Blob(r.ctx, d)
	if err != nil {
		return err
	}
	defer b.Close()
	data, err := io.ReadAll(io.LimitReader(b, maxDocument+1))
	if err != nil {
		return fmt.Errorf("%s: %s: %w", r.name, d.Digest, err)
	}
	if err := d.Digest.Validate(); err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	if d.Digest.Algorithm().FromBytes(data) != d.Digest {
		return fmt.Errorf("%s: blob %s has other content than its digest says", r.name, d.Digest)
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fmt.Errorf("%s: %s: %w", r.name, d.Digest, err)
	}
	return nil
}

const (
	dockerIndex    = "application/vnd.docker.distribution.manifest.list.v2+json"
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	dockerConfig   = "application/vnd.docker.container.image.v1+json"
	// maxNesting is how deep an index may be in others.
	maxNesting = 4
)

// find collects the images beneath a descriptor.
func (r *reader) find(d v1.Descriptor, depth int) error {
	if r.seen[d.Digest] {
		return nil
	}
	r.seen[d.Digest] = true
	switch d.MediaType {
	case v1.MediaTypeImageIndex, dockerIndex:
		if depth > maxNesting {
			return fmt.Errorf("%s: indexes are nested too deep", r.name)
		}
		var index v1.Index
		if err := r.document(d, &index); err != nil {
			if depth > 0 && errors.Is(err, fs.ErrNotExist) {
				r.missing(d, "index")
				return nil
			}
			return err
		}
		nested := 0
		for _, m := range index.Manifests {
			if isAttestation(m) {
				continue
			}
			if isIndex(m) && m.Platform == nil && depth >= r.top() {
				nested++
			}
			if err := r.find(m, depth+1); err != nil {
				return err
			}
		}
		if nested > 0 {
			what := "are indexes themselves, and no platform is named for them"
			if nested == 1 {
				what = "is an index itself, and no platform is named for it"
			}
			r.findings = append(r.findings, xxverify.Finding{
				Rule:    RuleNested,
				Message: fmt.Sprintf("%d of %d entries of the index %s: many clients find no image in it", nested, len(index.Manifests), what),
				Hint:    "list the images of all platforms in one index: docker buildx imagetools create --tag NAME NAME@DIGEST…, with the digests of the images",
			})
		}
	case v1.MediaTypeImageManifest, dockerManifest, "":
		if len(r.images) >= r.options.Limits.Manifests {
			return limitError("manifests")
		}
		r.images = append(r.images, found{d.Platform, d})
	}
	return nil // what else there is, is no image
}

// top is how deep the index lies that lists the platforms: in a layout, another one lists the images of the folder.
func (r *reader) top() int {
	if _, ok := r.source.(*layout); ok {
		return 1
	}
	return 0
}

func isIndex(d v1.Descriptor) bool {
	return d.MediaType == v1.MediaTypeImageIndex || d.MediaType == dockerIndex
}

// missing adds a finding about what an index lists and what is not there.
func (r *reader) missing(d v1.Descriptor, what string) {
	l, ok := r.source.(*layout)
	f := xxverify.Finding{
		Rule: RuleMissingPlatform, Note: ok && l.partial(),
		Message: fmt.Sprintf("the index lists an image whose %s is not there: %s", what, d.Digest),
		Hint:    "copy, save or push the image with all of its platforms",
	}
	if d.Platform != nil {
		f.Platform, f.Message = normal(*d.Platform).String(), "the index lists this platform, and its "+what+" is not there"
	}
	r.findings = append(r.findings, f)
}

// isAttestation reports whether a manifest holds no image but statements about one, as BuildKit adds them.
func isAttestation(d v1.Descriptor) bool {
	return d.Annotations["vnd.docker.reference.type"] != "" ||
		d.Platform != nil && d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}

// verify verifies the image for one platform.
func (r *reader) verify(image found) (triples.Platform, error) {
	var manifest v1.Manifest
	if err := r.document(image.descriptor, &manifest); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			return triples.Platform{}, err
		}
		r.missing(image.descriptor, "manifest")
		return triples.Platform{}, nil
	}
	if t := manifest.Config.MediaType; t != v1.MediaTypeImageConfig && t != dockerConfig {
		return triples.Platform{}, nil // a signature, a chart, another artifact
	}
	var document json.RawMessage
	if err := r.document(manifest.Config, &document); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			return triples.Platform{}, err
		}
		r.missing(v1.Descriptor{Digest: manifest.Config.Digest, Platform: image.platform}, "configuration")
		return triples.Platform{}, nil
	}
	var config v1.Image
	var written struct {
		Config map[string]json.RawMessage `json:"config"`
	}
	for _, to := range []any{&config, &written} {
		if err := json.Unmarshal(document, to); err != nil {
			return triples.Platform{}, fmt.Errorf("%s: %s: %w", r.name, manifest.Config.Digest, err)
		}
	}
	configured := normal(config.Platform)
	platform := configured
	if image.platform != nil {
		platform = normal(*image.platform)
	}
	add := func(f xxverify.Finding) {
		f.Platform = platform.String()
		r.findings = append(r.findings, f)
	}
	if platform.OS != configured.OS || platform.Arch != configured.Arch ||
		platform.Variant != configured.Variant && config.Variant != "" && image.platform.Variant != "" {
		add(xxverify.Finding{
			Rule: RulePlatform, Message: fmt.Sprintf("the index says %s, and the configuration of the image %s", platform, configured),
			Hint: "build with --platform and without changing the index afterwards",
		})
	}
	if _, ok := triples.Lookup(platform); !ok {
		r.summaries = append(r.summaries, xxverify.Summary{Platform: platform.String(), Path: r.name})
		add(xxverify.Finding{Rule: RulePlatform, Note: true, Message: "this platform is not known, and its files are not verified"})
		return platform, nil
	}
	tree, layerFindings, err := r.layers(platform, manifest, config.RootFS)
	if err != nil {
		return platform, err
	}
	defer tree.close()
	if r.options.Contents != nil {
		r.options.Contents(Contents{Platform: platform, Config: written.Config, Files: tree.contents()})
	}
	for _, f := range layerFindings {
		add(f)
	}
	system := xxverify.System{
		Tree: tree, Platform: platform, Allow: r.options.Allow, Static: r.options.Static,
		Workdir: config.Config.WorkingDir,
	}
	if platform.OS == "linux" { // elsewhere programs are found by other rules
		system.Start = start(config.Config.Entrypoint, config.Config.Cmd)
	}
	for _, kv := range config.Config.Env {
		switch name, value, _ := strings.Cut(kv, "="); name {
		case "PATH":
			system.Path = value
		case "LD_LIBRARY_PATH":
			system.LibraryPath = value
		}
	}
	own := programs{platform: platform, files: map[string]program{}}
	system.Program = func(name string, n xxverify.Node, _ *object.Object) {
		if len(own.files) < maxCompared {
			own.files[name] = program{size: n.Size, sum: tree.sum(name)}
		}
	}
	summary, findings, err := xxverify.VerifySystem(system)
	if err != nil {
		return platform, fmt.Errorf("%s: %s: %w", r.name, platform, err)
	}
	summary.Path = r.name
	for _, f := range findings {
		add(f)
	}
	r.summaries = append(r.summaries, summary)
	r.programs = append(r.programs, own)
	return platform, nil
}

// normal is a platform of OCI in normal form, in which v8, which all of arm64 is, has no name.
func normal(p v1.Platform) triples.Platform {
	n := triples.Platform{OS: p.OS, Arch: p.Architecture, Variant: p.Variant}.Normalize()
	return withoutV8(n)
}

// Normal brings a platform into the form that [Contents] has it in.
func Normal(p triples.Platform) triples.Platform { return withoutV8(p.Normalize()) }

func withoutV8(p triples.Platform) triples.Platform {
	if p.Arch == "arm64" && (p.Variant == "v8" || p.Variant == "v8.0") {
		p.Variant = ""
	}
	return p
}

// start returns the command lines that an image starts. What follows an init is one, too.
func start(entrypoint, cmd []string) [][]string {
	all := append(slices.Clone(entrypoint), cmd...)
	if len(all) == 0 {
		return nil
	}
	commands := [][]string{all}
	base := all[0][strings.LastIndex(all[0], "/")+1:]
	if base == "tini" || base == "dumb-init" || base == "catatonit" || base == "tini-static" {
		rest := all[1:]
		for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
			rest = rest[1:]
		}
		if len(rest) > 0 && rest[0] != "" {
			commands = append(commands, rest)
		}
	}
	return commands
}

// require compares the platforms with those that are asked for.
func (r *reader) require(platforms []triples.Platform) {
	has := func(list []triples.Platform, p triples.Platform) bool {
		return slices.ContainsFunc(list, func(o triples.Platform) bool { return withoutV8(o) == withoutV8(p) })
	}
	var names []string
	for _, p := range platforms {
		if p.OS != "" {
			names = append(names, p.String())
		}
	}
	if names == nil {
		names = []string{"none that is known"}
	}
	for _, p := range r.options.Require {
		if !has(platforms, p) {
			r.findings = append(r.findings, xxverify.Finding{
				Rule: RuleMissingPlatform, Platform: p.String(), Message: "the image lacks this platform: it has " + strings.Join(names, ", "),
				Hint: "build with --platform " + joined(r.options.Require),
			})
		}
	}
	for _, p := range platforms {
		if r.options.Exactly && p.OS != "" && !has(r.options.Require, p) {
			r.findings = append(r.findings, xxverify.Finding{
				Rule: RuleExtraPlatform, Platform: p.String(), Message: "the image has this platform, which is not required",
				Hint: "build with --platform " + joined(r.options.Require) + ", or leave --exactly out",
			})
		}
	}
}

// count sets how much was found on each platform.
func (r *reader) count() {
	for i := range r.summaries {
		s := &r.summaries[i]
		s.Errors, s.Notes = 0, 0
		for _, f := range r.findings {
			switch {
			case f.Platform != s.Platform:
			case f.Note:
				s.Notes++
			default:
				s.Errors++
			}
		}
	}
}

func joined(platforms []triples.Platform) string {
	var s []string
	for _, p := range platforms {
		s = append(s, p.String())
	}
	return strings.Join(s, ",")
}

// Limits bound what an image can make its reader do.
type Limits struct {
	Bytes     int64 // of all layers of a platform, unpacked
	Files     int   // entries of all layers of a platform
	Manifests int   // images in an index
	Memory    int64 // bytes of names and of what programs say about themselves, for each platform
}

// DefaultLimits are wide enough for any image that is meant to be used.
var DefaultLimits = Limits{Bytes: 64 << 30, Files: 1_000_000, Manifests: 256, Memory: 512 << 20}

func (l *Limits) setDefaults() {
	if l.Bytes == 0 {
		l.Bytes = DefaultLimits.Bytes
	}
	if l.Files == 0 {
		l.Files = DefaultLimits.Files
	}
	if l.Manifests == 0 {
		l.Manifests = DefaultLimits.Manifests
	}
	if l.Memory == 0 {
		l.Memory = DefaultLimits.Memory
	}
}

// ErrLimit is what an error wraps if an image exceeds one of the limits.
var ErrLimit = errors.New("the image exceeds a limit")

func limitError(name string) error {
	return fmt.Errorf("%w: %s; set a higher one with --limit %s=N if it is meant to be as large", ErrLimit, name, name)
}

// indexOf makes an index of the images in an archive of `docker save`, which has none.
func indexOf(manifests []v1.Descriptor) v1.Index {
	return v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex, Manifests: manifests}
}
