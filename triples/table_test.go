package triples

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestEveryColumn checks that no row lacks a name that its OS should have.
func TestEveryColumn(t *testing.T) {
	seen := map[Platform]bool{}
	for _, r := range Rows() {
		if seen[r.Platform] {
			t.Errorf("%s: twice in the table", r)
		}
		seen[r.Platform] = true
		need := map[string]string{
			"March": r.March, "Debian": r.Debian, "Alpine": r.Alpine, "RPM": r.RPM, "First": r.First, "ZigGNU": r.ZigGNU,
		}
		none := map[string]string{}
		if r.OS == "linux" {
			need["RustGNU"], need["RustMusl"], need["ZigMusl"] = r.RustGNU, r.RustMusl, r.ZigMusl
			need["LoaderGNU"], need["LoaderMusl"], need["Qemu"] = r.LoaderGNU, r.LoaderMusl, r.Qemu
		} else {
			none["RustMusl"], none["ZigMusl"], none["LoaderGNU"], none["LoaderMusl"], none["Qemu"] = r.RustMusl, r.ZigMusl, r.LoaderGNU, r.LoaderMusl, r.Qemu
		}
		for name, value := range need {
			if value == "" {
				t.Errorf("%s: no %s", r, name)
			}
		}
		for name, value := range none {
			if value != "" {
				t.Errorf("%s: has %s %q", r, name, value)
			}
		}
		if (r.ELFMachine != 0) != (r.OS == "linux") || (r.PEMachine != 0) != (r.OS == "windows") || (r.MachOCPU != 0) != (r.OS == "darwin") {
			t.Errorf("%s: wrong kind of object file", r)
		}
		if r.Bits != 32 && r.Bits != 64 || r.Order != LittleEndian && r.Order != BigEndian {
			t.Errorf("%s: %d bits, order %d", r, r.Bits, r.Order)
		}
		for _, v := range append(slices.Clone(r.Variants), r.Variant) {
			p := Platform{r.OS, r.Arch, v}
			if got, ok := Lookup(p); !ok || got.Platform != r.Platform {
				t.Errorf("Lookup(%s) = %s, %v; want %s", p, got, ok, r)
			}
		}
	}
}

func TestLookupUnknown(t *testing.T) {
	for _, s := range []string{"linux/ppc64", "freebsd/amd64", "darwin/386", "windows/riscv64", "linux/amd64v3", "wasip1/wasm"} {
		p, err := Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if r, ok := Lookup(p); ok {
			t.Errorf("Lookup(%s) = %s", p, r)
		}
	}
}

func TestObjectFileNumbers(t *testing.T) {
	elfs := map[string]elf.Machine{
		"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "arm": elf.EM_ARM, "386": elf.EM_386, "ppc64le": elf.EM_PPC64,
		"s390x": elf.EM_S390, "riscv64": elf.EM_RISCV, "loong64": elf.EM_LOONGARCH,
		"mips": elf.EM_MIPS, "mipsle": elf.EM_MIPS, "mips64": elf.EM_MIPS, "mips64le": elf.EM_MIPS,
	}
	pes := map[string]uint16{
		"amd64": pe.IMAGE_FILE_MACHINE_AMD64, "386": pe.IMAGE_FILE_MACHINE_I386,
		"arm64": pe.IMAGE_FILE_MACHINE_ARM64, "arm": pe.IMAGE_FILE_MACHINE_ARMNT,
	}
	machos := map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64}
	for _, r := range Rows() {
		switch r.OS {
		case "linux":
			if elf.Machine(r.ELFMachine) != elfs[r.Arch] {
				t.Errorf("%s: %s, want %s", r, elf.Machine(r.ELFMachine), elfs[r.Arch])
			}
			if got := ByELF(r.ELFMachine, r.Bits, r.Order); !contains(got, r) {
				t.Errorf("%s: ByELF gives %v", r, got)
			}
		case "windows":
			if r.PEMachine != pes[r.Arch] {
				t.Errorf("%s: %#x, want %#x", r, r.PEMachine, pes[r.Arch])
			}
		case "darwin":
			if macho.Cpu(r.MachOCPU) != machos[r.Arch] {
				t.Errorf("%s: %s, want %s", r, macho.Cpu(r.MachOCPU), machos[r.Arch])
			}
		}
	}
	if elf.Data(LittleEndian) != elf.ELFDATA2LSB || elf.Data(BigEndian) != elf.ELFDATA2MSB {
		t.Error("the byte orders are not those of EI_DATA")
	}
	if got := ByELF(uint16(elf.EM_X86_64), 32, LittleEndian); got != nil {
		t.Errorf("x32 is %v", got)
	}
}

// TestGoPorts compares with the ports of the installed Go: each row is one, and each
// port on an OS of the table is a row, but for those named here.
func TestGoPorts(t *testing.T) {
	out, err := exec.Command("go", "tool", "dist", "list").Output()
	if err != nil {
		t.Fatal(err)
	}
	ports := strings.Fields(string(out))
	noPort := []string{"windows/arm"}                               // Go dropped it in 1.26
	noRow := []string{"linux/ppc64", "linux/sparc64", "darwin/386"} // the contract's unsupported target; never a full port; long gone

	rows := map[string]bool{}
	for _, r := range Rows() {
		port := r.OS + "/" + r.Arch
		rows[port] = true
		if !slices.Contains(ports, port) && !slices.Contains(noPort, port) {
			t.Errorf("%s is not a Go port", port)
		}
	}
	for _, port := range ports {
		switch os, _, _ := strings.Cut(port, "/"); os {
		case "linux", "darwin", "windows":
			if !rows[port] && !slices.Contains(noRow, port) {
				t.Errorf("Go's port %s is not in the table", port)
			}
		}
	}
}

// TestGoAcceptsVariables runs go with the variable of every variant: go refuses a value
// that it does not know, and shows the one that it will compile for.
func TestGoAcceptsVariables(t *testing.T) {
	values := map[string]Platform{}
	for _, r := range Rows() {
		for _, v := range append(slices.Clone(r.Variants), r.Variant) {
			p := Platform{r.OS, r.Arch, v}
			if name, value := p.GoVariable(); name != "" && r.OS == "linux" {
				values[name+"="+value] = p
			}
		}
	}
	if len(values) < 25 {
		t.Fatalf("only %d values", len(values))
	}
	for setting, p := range values {
		name, value, _ := strings.Cut(setting, "=")
		cmd := exec.Command("go", "env", name)
		cmd.Env = append(os.Environ(), "GOOS="+p.OS, "GOARCH="+p.Arch, setting, "GOTOOLCHAIN=local")
		if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != value {
			t.Errorf("%s for %s: %v\n%s", setting, p, err, out)
		}
		cmd = exec.Command("go", "list", "-f", "{{context.GOARCH}}", "unsafe")
		cmd.Env = append(os.Environ(), "GOOS="+p.OS, "GOARCH="+p.Arch, setting, "GOTOOLCHAIN=local")
		if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != p.Arch {
			t.Errorf("%s for %s: %v\n%s", setting, p, err, out)
		}
	}
}

// TestDpkg compares with dpkg's own tables, where dpkg is installed.
func TestDpkg(t *testing.T) {
	if _, err := os.Stat("/usr/share/dpkg/cputable"); err != nil {
		t.Skip("dpkg is not installed")
	}
	type cpu struct{ gnu, bits, order string }
	cpus := map[string]cpu{}
	for _, f := range fields(t, "/usr/share/dpkg/cputable") {
		cpus[f[0]] = cpu{f[1], f[3], f[4]}
	}
	// A tuple is ABI-LIBC-OS-CPU. The first line that fits a name counts; the one for <cpu> fits all.
	tuples := map[string]string{}
	for _, f := range fields(t, "/usr/share/dpkg/tupletable") {
		if tuple, ok := strings.CutSuffix(f[0], "-<cpu>"); ok {
			if tuple == "base-gnu-linux" {
				for name := range cpus {
					if tuples[name] == "" {
						tuples[name] = tuple + "-" + name
					}
				}
			}
			continue
		}
		tuples[f[1]] = f[0]
	}
	checked := 0
	for _, r := range Rows() {
		if r.OS != "linux" {
			continue
		}
		tuple := strings.Split(tuples[r.Debian], "-")
		if len(tuple) != 4 {
			if r.Debian == "loong64" {
				continue // dpkg before 1.21.21 does not know it
			}
			t.Errorf("%s: dpkg does not know %s", r, r.Debian)
			continue
		}
		checked++
		if abi := strings.TrimPrefix(tuple[0], "base"); abi != r.ABI {
			t.Errorf("%s: ABI %q, dpkg has %q", r, r.ABI, abi)
		}
		c := cpus[tuple[3]]
		if c.gnu != r.First {
			t.Errorf("%s: first part %s, dpkg has %s", r, r.First, c.gnu)
		}
		if c.bits != map[int]string{32: "32", 64: "64"}[r.Bits] || c.order != r.Order.String() {
			t.Errorf("%s: %d bits %s, dpkg has %s bits %s", r, r.Bits, r.Order, c.bits, c.order)
		}
	}
	if checked < 13 {
		t.Errorf("only %d rows compared", checked)
	}
}

func fields(t *testing.T, file string) [][]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]string
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], "#") {
			lines = append(lines, f)
		}
	}
	return lines
}

// TestRustc compares with the targets of rustc, where it is installed.
func TestRustc(t *testing.T) {
	out, err := exec.Command("rustc", "--print", "target-list").Output()
	if err != nil {
		t.Skip("rustc does not run here")
	}
	targets := strings.Fields(string(out))
	for _, r := range Rows() {
		for _, triple := range []string{r.RustGNU, r.RustMusl} {
			if triple != "" && !slices.Contains(targets, triple) {
				t.Errorf("%s: rustc has no target %s", r, triple)
			}
		}
	}
}

func contains(rows []Row, r Row) bool {
	return slices.ContainsFunc(rows, func(x Row) bool { return x.Platform == r.Platform })
}
