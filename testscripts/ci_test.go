package testscripts

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"xxkit/dfrewrite"
)

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// write puts files into a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestAction runs the steps of action.yml as GitHub would, but for setting Go up.
func TestAction(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash on this machine")
	}
	var action struct {
		Inputs map[string]struct{ Default string }
		Runs   struct {
			Steps []struct {
				Uses, Name, Shell, Run string
				Env                    map[string]string
			}
		}
	}
	readYAML(t, "../action.yml", &action)
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	expression := regexp.MustCompile(`\$\{\{ *inputs\.([a-z-]+) *\}\}`)
	// run does one step, and returns its output and exit status.
	run := func(t *testing.T, dir, name string, inputs map[string]string) (string, int) {
		t.Helper()
		for _, step := range action.Runs.Steps {
			if step.Name != name {
				continue
			}
			if strings.Contains(step.Run, "${{") {
				t.Errorf("%s: an expression in a script can be made to run anything", name)
			}
			cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run) // as shell: bash
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GITHUB_ACTION_PATH="+root, "RUNNER_TEMP="+temp)
			for key, value := range step.Env {
				value = expression.ReplaceAllStringFunc(value, func(e string) string {
					input := expression.FindStringSubmatch(e)[1]
					declared, ok := action.Inputs[input]
					if !ok {
						t.Errorf("there is no input %s", input)
					}
					if v, ok := inputs[input]; ok {
						return v
					}
					return declared.Default
				})
				cmd.Env = append(cmd.Env, key+"="+value)
			}
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			return string(out), cmd.ProcessState.ExitCode()
		}
		t.Fatalf("no step %s", name)
		return "", 0
	}
	dir := write(t, map[string]string{
		"a b/Dockerfile": "ARG TARGETARCH=amd64\nFROM scratch\n",
		"c/Dockerfile":   "FROM golang:1.26 AS build\nRUN go build -o /app\nFROM scratch\nCOPY --from=build /app /\n",
		"clean":          "FROM scratch\n",
	})
	if out, status := run(t, dir, "Build dfrewrite", nil); status != 0 {
		t.Fatal(out)
	}
	for _, tt := range []struct {
		name   string
		inputs map[string]string
		status int
		want   []string
	}{
		{"all that is below", nil, 1, []string{"::error file=a b/Dockerfile,line=1,", "::warning file=c/Dockerfile,line=1,"}},
		{"paths, one a line", map[string]string{"paths": "a b\nclean\n"}, 1, []string{"::error file=a b/Dockerfile,"}},
		{"fail-on", map[string]string{"paths": "c", "fail-on": "error"}, 0, []string{"::warning file=c/Dockerfile,"}},
		{"args", map[string]string{"paths": "a b", "args": "--skip=TargetArgDefault"}, 0, nil},
		{"SARIF", map[string]string{"sarif": "out.sarif", "fail-on": "none"}, 0, []string{"::error"}},
		{"nothing is run", map[string]string{"paths": "$(touch ran); `touch ran`"}, 2, []string{"no such file"}},
		{"not there", map[string]string{"paths": "missing", "sarif": "missing.sarif"}, 2, []string{"missing: no such file"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, status := run(t, dir, "dfrewrite lint", tt.inputs)
			if status != tt.status {
				t.Errorf("exit status %d, want %d", status, tt.status)
			}
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
		})
	}
	if sarif, err := os.ReadFile(filepath.Join(dir, "out.sarif")); err != nil || !bytes.Contains(sarif, []byte(`"TargetArgDefault"`)) {
		t.Errorf("%v\n%s", err, sarif)
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("what stands in an input was run")
	}
}

// TestPreCommitHooks calls the hooks on the files that their patterns pick, which
// have to be those that a folder stands for.
func TestPreCommitHooks(t *testing.T) {
	var hooks []struct{ ID, Entry, Language, Files, Exclude string }
	readYAML(t, "../.pre-commit-hooks.yaml", &hooks)
	const bad = "ARG TARGETARCH=amd64\nFROM scratch\n"
	var names []string
	files := map[string]string{"compose.yaml": "services: {}\n", "docker-compose.yml": "services: {}\n", "compose.override.yaml": "services: {}\n", "x/docker-compose.override.yml": "services: {}\n", "docker-bake.hcl": "", "docker-bake.json": "{}\n"}
	for _, name := range []string{
		"Dockerfile", "Dockerfile.dev", "api.Dockerfile", "x/dockerfile", "x/Containerfile", "Dockerfile.dev.dockerignore",
		"Dockerfiles", "x/MyDockerfile", "docker-bake.override.hcl", "Containerfile.txt", "notes.txt",
	} {
		files[name] = bad
	}
	dir := write(t, files)
	for name := range files {
		names = append(names, name)
	}
	found, err := dfrewrite.Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(hooks) != 2 {
		t.Errorf("%d hooks", len(hooks))
	}
	for _, h := range hooks {
		picked := map[string]bool{}
		args := strings.Fields(h.Entry)[1:]
		for _, name := range names {
			if regexp.MustCompile(h.Files).MatchString(name) && !regexp.MustCompile(h.Exclude).MatchString(name) {
				picked[filepath.Join(dir, name)] = true
				args = append(args, filepath.Join(dir, name))
			}
		}
		for _, f := range found {
			if !picked[f] {
				t.Errorf("%s does not look at %s", h.ID, f)
			}
			delete(picked, f)
		}
		for f := range picked {
			t.Errorf("%s looks at %s", h.ID, f)
		}
		out, _ := exec.Command(filepath.Join(bin, strings.Fields(h.Entry)[0]), args...).CombinedOutput()
		switch h.ID {
		case "dfrewrite-lint":
			if !bytes.Contains(out, []byte("TargetArgDefault")) {
				t.Errorf("%s: %s", h.Entry, out)
			}
		case "dfrewrite":
			if got, err := os.ReadFile(filepath.Join(dir, "Dockerfile")); err != nil || string(got) != "ARG TARGETARCH\nFROM scratch\n" {
				t.Errorf("%s: %s%s", h.Entry, out, got)
			}
		}
	}
}
