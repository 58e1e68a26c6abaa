package xxgo

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"xxkit/internal/host"
)

// TestPlanInstall shows which commands are led elsewhere, and where programs end.
func TestPlanInstall(t *testing.T) {
	for _, test := range []struct{ env, goenv, args, want string }{
		{"HOME=/h", "", "install .", "/h/go/bin"},
		{"HOME=/h GOPATH=/go", "", "install .", "/go/bin"},
		{"HOME=/h GOPATH=/go:/other", "", "install .", "/go/bin"},
		{"HOME=/h GOPATH=/go GOBIN=/b", "", "install .", "/b"},
		{"HOME=/h", "GOPATH=/go\n", "install .", "/go/bin"},
		{"HOME=/h", "GOBIN=/b\nGOPATH=/go", "install .", "/b"},
		{"HOME=/h GOBIN=/c", "GOBIN=/b\n", "install .", "/c"},
		{"HOME=/h", "", "-C dir install", "/h/go/bin"},
		{"HOME=/h", "", "-C=dir install", "/h/go/bin"},
		{"HOME=/h", "", "install -C dir ./...", "/h/go/bin"},
		{"HOME=/h", "", "build .", ""},
		{"HOME=/h", "", "", ""},
		{"HOME=/h", "", "help install", ""},
		{"HOME=/h GOBIN=relative", "", "install .", ""},
		{"HOME=/h GOPATH=relative", "", "install .", ""},
		{"GOCACHE=/c", "", "install .", ""},
		{"HOME=/h GO111MODULE=off", "", "install .", ""},
		{"HOME=/h", "GO111MODULE=off\n", "install .", ""},
		{"HOME=/h GOARCH=amd64", "", "install .", ""},
		{"HOME=/h GOARCH=amd64 GOOS=windows", "", "install .", "/h/go/bin"},
	} {
		env := host.Env{"GOOS=linux", "GOARCH=arm64"}
		for _, kv := range strings.Fields(test.env) {
			name, value, _ := strings.Cut(kv, "=")
			env = env.With(name, value)
		}
		m := newMachine(t)
		if test.goenv != "" {
			m.Put("/h/.config/go/env", test.goenv, 0o666)
		}
		p, ok := planInstall(m.Host, host.Command{Args: strings.Fields(test.args), Env: env})
		if p.destination != test.want || ok != (test.want != "") {
			t.Errorf("%s, %q, go %s: %q, %v; want %q", test.env, test.goenv, test.args, p.destination, ok, test.want)
		}
		if hasBin := strings.Contains(test.goenv, "GOBIN"); (p.goenv != nil) != (ok && hasBin) || strings.Contains(string(p.goenv), "GOBIN") {
			t.Errorf("%q: filtered to %q", test.goenv, p.goenv)
		}
	}
}

// TestInstallIsInterrupted shows that a signal goes on to go, and that nothing is left.
func TestInstallIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	gobin := filepath.Join(dir, "bin")
	started := filepath.Join(dir, "started")
	fakeGo := filepath.Join(dir, "go")
	script := "#!/bin/sh\ntrap 'exit 7' TERM\nmkdir -p ${GOPATH%%:*}/bin/linux_s390x\n: >${GOPATH%%:*}/bin/linux_s390x/half\n: >" + started + "\nfor i in $(seq 100000); do sleep 0.02; done\n"
	if err := os.WriteFile(fakeGo, []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelperProcess$")
	cmd.Env = host.Env(os.Environ()).Without("GOOS", "GOARCH").With("XX_GO_HELPER", "1").
		With("TARGETPLATFORM", "linux/s390x").With("GOBIN", gobin).With("GOPATH", filepath.Join(dir, "gopath")).
		With("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		if _, err := os.Stat(started); err == nil {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("it ended before go was started: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-ended
	if got := cmd.ProcessState.ExitCode(); got != 128+int(syscall.SIGTERM) {
		t.Errorf("exit status %d", got)
	}
	if entries, err := os.ReadDir(gobin); err == nil {
		t.Errorf("left behind: %v", entries)
	}
}

// TestHelperProcess is xx-go install for TestInstallIsInterrupted.
func TestHelperProcess(t *testing.T) {
	if os.Getenv("XX_GO_HELPER") == "" {
		return // TestInstallIsInterrupted sets it
	}
	h := host.New("xx-go")
	os.Exit(h.Report(Main(h, []string{"install", "."})))
}
