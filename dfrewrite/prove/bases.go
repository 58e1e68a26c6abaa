package prove

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/graph"
)

// fetchBases has the builder fetch the images that either Dockerfile begins with. A build fetches them
// when it first needs them; without this the first one would pay for both.
func (j *Job) fetchBases(ctx context.Context, dir string) error {
	for _, b := range []build{{name: "bases-before", dockerfile: j.Before}, {name: "bases-after", dockerfile: j.After}} {
		src, err := basesOf(b.dockerfile)
		if err != nil {
			return err
		}
		if src == nil {
			continue
		}
		j.say("fetching base images")
		file, err := j.writeDockerfile(dir, b.name, src)
		if err != nil {
			return err
		}
		fetch := *j
		fetch.Args = withoutTarget(j.Args)
		if _, err := fetch.buildx(ctx, filepath.Join(dir, b.name+".log"), file, []string{"--output", "type=cacheonly", "--provenance=false"}); err != nil {
			return err
		}
	}
	return nil
}

// withoutTarget leaves out which stage is to be built.
func withoutTarget(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--target":
			i++
		case !strings.HasPrefix(args[i], "--target="):
			out = append(out, args[i])
		}
	}
	return out
}

// basesOf makes a Dockerfile that needs all images that another one names, and does nothing with them; nil if there
// are none.
func basesOf(src []byte) ([]byte, error) {
	doc, err := dockerfile.Parse("Dockerfile", src)
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	for _, p := range doc.Pieces {
		if p.Kind == dockerfile.PieceDirective {
			out.Write(src[p.Span.Start:p.Span.End])
		}
	}
	for _, in := range doc.MetaArgs {
		fmt.Fprintf(&out, "%s\n", strings.TrimRight(string(src[in.Span.Start:in.Span.End]), "\r\n"))
	}
	seen := map[string]bool{}
	var copies []string
	add := func(platform, image string) {
		if image == "" || image == "scratch" || seen[platform+" "+image] {
			return
		}
		seen[platform+" "+image] = true
		flag := ""
		if platform != "" {
			flag = "--platform=" + platform + " "
		}
		fmt.Fprintf(&out, "FROM %s%s AS fetched-%d\n", flag, image, len(copies))
		// A pattern that fits nothing copies nothing, and yet the image has to be there.
		copies = append(copies, fmt.Sprintf("COPY --from=fetched-%d /.dfrewrite-fetch* /fetched/\n", len(copies)))
	}
	g := graph.New(doc)
	for _, s := range g.Stages {
		if s.Base == nil && len(s.Candidates) == 0 {
			add(s.Stage.Platform, s.BaseName)
		}
		for _, u := range s.Uses {
			if u.From == nil && !strings.Contains(u.Image, "$") {
				add("", u.Image)
			}
		}
	}
	if len(copies) == 0 {
		return nil, nil
	}
	out.WriteString("FROM scratch\n" + strings.Join(copies, ""))
	return []byte(out.String()), nil
}
