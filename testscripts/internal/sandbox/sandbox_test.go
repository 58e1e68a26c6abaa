//go:build linux

package sandbox

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// victim, when set, makes this test binary a sandboxed program that waits to be killed.
const victim = "XXKIT_SANDBOX_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(victim) != "" {
		if err := beVictim(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// beVictim mounts something, starts a grandchild, says where they are, and waits.
func beVictim() error {
	if err := Enter(); err != nil {
		return err
	}
	dir, _, err := TempDir("victim")
	if err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, ""); err != nil {
		return err
	}
	// The marker in its arguments makes the grandchild findable from outside the namespace.
	sleep := exec.Command("sleep", "600."+strconv.Itoa(int(time.Now().UnixNano()%1e9)))
	if err := sleep.Start(); err != nil {
		return err
	}
	fmt.Println(dir, sleep.Args[1])
	return sleep.Wait()
}

// processWith returns whether any process on the machine has arg among its arguments.
func processWith(arg string) bool {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), "\x00"+arg+"\x00") {
			return true
		}
	}
	return false
}

func TestKilledProgramLeavesNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("new namespaces need root")
	}
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victim+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		cmd.Process.Kill()
		t.Fatalf("the victim said %q: %v", line, err)
	}
	dir, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
	if !processWith(arg) {
		t.Fatalf("no process with the argument %s before the kill", arg)
	}

	// A living owner's folder stays.
	if _, remove, err := TempDir("other"); err != nil {
		t.Fatal(err)
	} else if err := remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("the folder of a living program was removed: %v", err)
	}

	if err := cmd.Process.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	deadline := time.Now().Add(20 * time.Minute)
	for processWith(arg) {
		if time.Now().After(deadline) {
			t.Fatal("a process of the sandbox outlives its owner")
		}
		time.Sleep(20 * time.Millisecond)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), dir) {
		t.Fatalf("%s is still mounted", dir)
	}

	// The lock is gone with the last process; the next program removes the folder.
	if _, remove, err := TempDir("next"); err != nil {
		t.Fatal(err)
	} else {
		defer remove()
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Fatalf("the folder of the killed program is still there: %v", err)
	}
}
