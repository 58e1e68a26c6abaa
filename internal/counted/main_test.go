package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCounted counts tests of a small module: some pass, fail and are skipped, a package does not compile, another one ends.
func TestCounted(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":         "module m\n\ngo 1.26\n",
		"a/a_test.go":    "package a\n\nimport \"testing\"\n\nfunc TestGood(t *testing.T) { t.Run(\"sub\", func(t *testing.T) { t.Log(\"quiet\") }) }\nfunc TestLater(t *testing.T) { t.Skip(\"no time\") }\n",
		"b/b_test.go":    "package b\n\nimport \"testing\"\n\nfunc TestBad(t *testing.T) { t.Run(\"sub\", func(t *testing.T) { t.Error(\"that is why\") }) }\n",
		"c/c_test.go":    "package c\n\nfunc f() { undefined() }\n",
		"d/d_test.go":    "package d\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestMain(m *testing.M) { println(\"no machine\"); os.Exit(3) }\n",
		"e/nothing.go":   "package e\n",
		"good/g_test.go": "package good\n\nimport \"testing\"\n\nfunc TestGood(t *testing.T) {}\n",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	program, counts := filepath.Join(dir, "counted"), filepath.Join(dir, "counts")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(args ...string) (string, int) {
		cmd := exec.Command(program, append([]string{"-to", counts}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-vet=off", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	if out, status := run("./good"); status != 0 || !strings.Contains(out, "ok  \tm/good") {
		t.Errorf("exit status %d\n%s", status, out)
	}
	out, status := run("./...")
	if status != 1 {
		t.Errorf("exit status %d", status)
	}
	for _, want := range []string{"that is why", "undefined: undefined", "no time", "no machine", "FAIL\tm/c [build failed]"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said:\n%s", want, out)
		}
	}
	if strings.Contains(out, "quiet") {
		t.Errorf("what a test that passes prints is shown:\n%s", out)
	}
	// Good, Good/sub and good's; Bad, Bad/sub, c and d; Later.
	if got, err := os.ReadFile(counts); err != nil || string(got) != "1 0 0\n3 4 1\n" {
		t.Errorf("counted %q, %v", got, err)
	}
}
