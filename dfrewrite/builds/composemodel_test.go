package builds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/interpolation"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/txtar"
)

// TestComposeAsCompose reads testdata/compose/*.txtar, each a folder with a compose.yaml, and compares what is read with
// what Compose's own library makes of it.
func TestComposeAsCompose(t *testing.T) {
	archives, _ := filepath.Glob("testdata/compose/*.txtar")
	if len(archives) == 0 {
		t.Fatal("no archives")
	}
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			t.Chdir(t.TempDir())
			for _, f := range a.Files {
				if err := errors.Join(os.MkdirAll(filepath.Dir(f.Name), 0o777), os.WriteFile(f.Name, f.Data, 0o666)); err != nil {
					t.Fatal(err)
				}
			}
			want, err := byCompose("compose.yaml")
			if err != nil {
				t.Fatalf("Compose: %v", err)
			}
			env, err := composeEnv("compose.yaml")
			if err != nil {
				t.Fatal(err)
			}
			src, err := os.ReadFile("compose.yaml")
			if err != nil {
				t.Fatal(err)
			}
			all, err := services("compose.yaml", src, env)
			if err != nil {
				t.Fatal(err)
			}
			if d := diff.Diff("Compose's", []byte(want), "ours", []byte(written(all))); d != nil {
				t.Errorf("%s", d)
			}
		})
	}
}

// written puts services down as byCompose does.
func written(all map[string]*service) string {
	var b strings.Builder
	said := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s := all[name]
		fmt.Fprintf(&b, "%s: platform %q\n", name, said(s.platform))
		if s.builds {
			context := "."
			if s.context != nil {
				context = *s.context
			}
			writeBuild(&b, context, said(s.dockerfile), said(s.inline), said(s.target), s.platforms, s.args)
		}
	}
	return b.String()
}

func writeBuild(b *strings.Builder, context, dockerfile, inline, target string, platforms []string, args map[string]*string) {
	fmt.Fprintf(b, "  context %q, Dockerfile %q, inline %q, target %q, platforms %q\n", filepath.ToSlash(context), dockerfile, inline, target, platforms)
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if args[name] == nil {
			fmt.Fprintf(b, "  %s from the environment\n", name)
		} else {
			fmt.Fprintf(b, "  %s=%q\n", name, *args[name])
		}
	}
}

// byCompose reads a file with Compose's library.
func byCompose(name string) (string, error) {
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return "", err
	}
	env := map[string]string{}
	if _, err := os.Stat(filepath.Join(dir, ".env")); err == nil {
		if env, err = dotenv.GetEnvFromFile(env, []string{filepath.Join(dir, ".env")}); err != nil {
			return "", err
		}
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	project, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir:  dir,
		ConfigFiles: []types.ConfigFile{{Filename: name, Content: src}},
		Environment: env,
	}, func(o *loader.Options) {
		o.SetProjectName("project", true)
		o.Profiles = []string{"*"}
		o.SkipConsistencyCheck, o.SkipResolveEnvironment, o.SkipResolveLabels, o.SkipNormalization, o.ResolvePaths = true, true, true, true, false
		o.Interpolate = &interpolation.Options{
			LookupValue:     func(key string) (string, bool) { v, ok := env[key]; return v, ok },
			TypeCastMapping: o.Interpolate.TypeCastMapping,
			Substitute: func(text string, m template.Mapping) (string, error) {
				out, err := template.SubstituteWithOptions(text, m, template.WithoutLogging)
				if missing := (*template.MissingRequiredError)(nil); errors.As(err, &missing) {
					return text, nil
				}
				return out, err
			},
		}
	})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(project.Services)) {
		s := project.Services[name]
		fmt.Fprintf(&b, "%s: platform %q\n", name, s.Platform)
		if c := s.Build; c != nil {
			writeBuild(&b, c.Context, c.Dockerfile, c.DockerfileInline, c.Target, c.Platforms, c.Args)
		}
	}
	return b.String(), nil
}

// TestComposeKeys compares the keys that are known with Compose's schema.
func TestComposeKeys(t *testing.T) {
	type object struct {
		Properties map[string]object
		AllOf      []object
		OneOf      []object
		Ref        string            `json:"$ref"`
		Defs       map[string]object `json:"$defs"`
	}
	var top object
	if err := json.Unmarshal([]byte(schema.Schema), &top); err != nil {
		t.Fatal(err)
	}
	var keys func(o object) []string
	keys = func(o object) []string {
		if o.Ref != "" {
			o = top.Defs[strings.TrimPrefix(o.Ref, "#/$defs/")]
		}
		out := slices.Collect(maps.Keys(o.Properties))
		for _, part := range slices.Concat(o.AllOf, o.OneOf) {
			out = append(out, keys(part)...)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	workload := top.Defs["workload_spec"].Properties
	for _, tt := range []struct {
		name       string
		ours, want []string
	}{
		{"the file", composeKeys(), keys(top)},
		{"a service", serviceKeys(), keys(top.Defs["service"])},
		{"build", buildKeys(), keys(workload["build"])},
		{"include", includeKeys(), keys(top.Defs["include"])},
		{"extends", extendsKeys(), keys(top.Defs["service"].Properties["extends"])},
	} {
		if got := slices.Sorted(slices.Values(tt.ours)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: we know %q, and Compose %q", tt.name, got, tt.want)
		}
	}
}
