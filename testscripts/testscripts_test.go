// Package testscripts runs the scripts in the folders beside it, one folder for each tool, on the
// programs as they are built for users. A script is a txtar archive: commands, and then
// the files that they work on. The folders debian and buildkit have a driver of their own.
//
// Run one script with `go test ./testscripts -run Scripts/xx-go/wrap`; TESTSCRIPT_UPDATE=1 renews
// the files that `cmp` compares with.
//
// $BIN has xx and its helpers, and is on PATH; $DESK has the program xx-verify for the desk and CI.
//
// Beside the commands of testscript there are:
//
//	exits N PROGRAM ARGS…  run it, and fail unless it exits with status N
//	object FILE            print what the headers of a program say, and Go's settings in it
//	ociarchive FILE PLATFORM=DIR…
//	                       pack folders as an image that starts /app, for each platform one
//	modzip DIR MODULE VERSION FILE
//	                       pack a folder as the Go module that a module proxy would serve
package testscripts

import (
	"debug/buildinfo"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"xxkit/internal/ocitest"
	"xxkit/testscripts/internal/commands"
)

// bin has the programs under test; goEnv is what the scripts need to know of the machine's Go.
var (
	bin   string
	goEnv = map[string]string{"GOCACHE": "", "GOMODCACHE": ""}
)

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	var err error
	if bin, err = os.MkdirTemp("", "xx-scripts-bin-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(bin)
	if err := buildPrograms(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// buildPrograms builds what users get and has xx lay down its helpers.
func buildPrograms() error {
	// With -trimpath, as all are built that users get: what go has compiled for one serves for all.
	steps := [][]string{{"go", "build", "-trimpath", "-ldflags=-X main.version=v1.2.3-test", "-o", filepath.Join(bin, "xx"), "../cmd/xx"}}
	if _, err := os.Stat("../cmd/dfrewrite"); err == nil {
		steps = append(steps, []string{"go", "build", "-trimpath", "-o", filepath.Join(bin, "dfrewrite"), "../cmd/dfrewrite"})
	}
	// Apart from the helper of the same name.
	steps = append(steps, []string{"go", "build", "-trimpath", "-o", filepath.Join(bin, "desk", "xx-verify"), "../cmd/xx-verify"})
	steps = append(steps, []string{filepath.Join(bin, "xx"), "install", bin})
	for _, step := range steps {
		cmd := exec.Command(step[0], step[1:]...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(step, " "), err, out)
		}
	}
	for name := range goEnv {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return fmt.Errorf("go env %s: %w", name, err)
		}
		goEnv[name] = strings.TrimSpace(string(out))
	}
	return nil
}

// readSources reads the folders that the programs are built from, for go to see what the
// outcome depends on: it remembers a test that has passed, and what the test has read.
func readSources() error {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if .Module}}{{if .Module.Main}}{{.Dir}}{{end}}{{end}}", "../cmd/...").Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	for dir := range strings.FieldsSeq(string(out)) {
		if _, err := os.ReadDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// TestScripts runs every folder that has scripts.
func TestScripts(t *testing.T) {
	if err := readSources(); err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, script := range scripts {
		dirs = append(dirs, filepath.Dir(script))
	}
	for _, dir := range slices.Compact(dirs) {
		if dir == "debian" || dir == "buildkit" {
			continue
		}
		t.Run(dir, func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir:           dir,
				Setup:         setup,
				UpdateScripts: os.Getenv("TESTSCRIPT_UPDATE") != "",
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"exits":      commands.Exits,
					"object":     object,
					"modzip":     modzip,
					"ociarchive": ociArchive,
				},
			})
		})
	}
}

// setup gives a script a home of its own, no network, and nothing of the
// environment but Go's caches. The distribution is fixed, because the
// machine's own is any.
func setup(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	env.Setenv("HOME", home)
	env.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	env.Setenv("BIN", bin)
	env.Setenv("DESK", filepath.Join(bin, "desk"))
	for name, value := range goEnv {
		env.Setenv(name, value)
	}
	env.Setenv("GOPROXY", "off")
	env.Setenv("GOTOOLCHAIN", "local")
	env.Setenv("GOTELEMETRY", "off")
	env.Setenv("CGO_ENABLED", "0")
	env.Setenv("XX_VENDOR", "debian")
	return os.MkdirAll(home, 0o777)
}

// object is the command `object FILE`.
func object(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: object FILE")
	}
	file := ts.MkAbs(args[0])
	fmt.Fprintln(ts.Stdout(), headers(ts, file))
	info, err := buildinfo.ReadFile(file)
	ts.Check(err)
	for _, s := range info.Settings {
		if strings.HasPrefix(s.Key, "GO") {
			fmt.Fprintf(ts.Stdout(), "%s=%s\n", s.Key, s.Value)
		}
	}
}

func headers(ts *testscript.TestScript, file string) string {
	if f, err := elf.Open(file); err == nil {
		defer f.Close()
		return fmt.Sprint("ELF ", f.Machine, " ", f.Class, " ", f.Data)
	}
	if f, err := pe.Open(file); err == nil {
		defer f.Close()
		return fmt.Sprintf("PE %#x", f.Machine)
	}
	f, err := macho.Open(file)
	if err != nil {
		ts.Fatalf("%s is not an ELF, PE or Mach-O file", file)
	}
	defer f.Close()
	return fmt.Sprint("Mach-O ", f.Cpu)
}

// ociArchive is the command `ociarchive FILE PLATFORM=DIR…`.
func ociArchive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: ociarchive FILE PLATFORM=DIR…")
	}
	var images []ocitest.Image
	for _, arg := range args[1:] {
		platform, dir, _ := strings.Cut(arg, "=")
		entries, err := ocitest.Folder(ts.MkAbs(dir))
		ts.Check(err)
		images = append(images, ocitest.Image{
			Platform: platform, Layers: [][]byte{ocitest.Gzip(ocitest.Tar(entries...))}, Config: v1.ImageConfig{Entrypoint: []string{"/app"}},
		})
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), ocitest.New(images...).Archive(), 0o666))
}

// modzip is the command `modzip DIR MODULE VERSION FILE`.
func modzip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: modzip DIR MODULE VERSION FILE")
	}
	f, err := os.Create(ts.MkAbs(args[3]))
	ts.Check(err)
	ts.Check(zip.CreateFromDir(f, module.Version{Path: args[1], Version: args[2]}, ts.MkAbs(args[0])))
	ts.Check(f.Close())
}
