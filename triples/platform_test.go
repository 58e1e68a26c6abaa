package triples

import (
	"errors"
	"testing"

	"github.com/containerd/platforms"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"linux/amd64":               "linux/amd64",
		"linux/amd64/v1":            "linux/amd64",
		"linux/amd64/v2":            "linux/amd64/v2",
		"linux/amd64/v4":            "linux/amd64/v4",
		"linux/amd64/v5":            "linux/amd64",
		"linux/arm":                 "linux/arm/v7",
		"linux/arm/v5":              "linux/arm/v5",
		"linux/arm/v6":              "linux/arm/v6",
		"linux/arm/v7":              "linux/arm/v7",
		"linux/arm/v8":              "linux/arm/v8",
		"linux/arm/v9":              "linux/arm/v7",
		"linux/arm/6":               "linux/arm/v6",
		"linux/arm/foo":             "linux/arm/v7",
		"freebsd/arm":               "freebsd/arm/v7",
		"linux/arm64":               "linux/arm64",
		"linux/arm64/v8":            "linux/arm64/v8",
		"linux/arm64/v8.0":          "linux/arm64/v8.0",
		"linux/arm64/v9.5":          "linux/arm64/v9.5",
		"linux/arm64/v7":            "linux/arm64",
		"linux/arm64/v8.10":         "linux/arm64",
		"linux/riscv64/rva22u64":    "linux/riscv64/rva22u64",
		"linux/riscv64/v1":          "linux/riscv64",
		"linux/mips64/softfloat":    "linux/mips64/softfloat",
		"linux/mipsle/hardfloat":    "linux/mipsle/hardfloat",
		"linux/mips/r6":             "linux/mips",
		"linux/s390x/z15":           "linux/s390x",
		"linux/ppc64/power9":        "linux/ppc64/power9",
		"wasip1/wasm":               "wasip1/wasm",
		"Linux/X86_64":              "linux/amd64",
		"windows(10.0.17763)/amd64": "windows/amd64",
		"macos/aarch64":             "darwin/arm64",
		"linux/armel":               "linux/arm/v6",
		"linux/armhf":               "linux/arm/v7",
		"linux/i386":                "linux/386",
		"windows/amd64/v3":          "windows/amd64/v3",
		"linux/loong64/la64v1.0":    "linux/loong64",
		"linux/ppc64le/power9":      "linux/ppc64le",
		"linux/riscv64/rva23u64":    "linux/riscv64/rva23u64",
		"linux/mips64le/softfloa":   "linux/mips64le",
	} {
		p, err := Parse(in)
		if err != nil || p.String() != want {
			t.Errorf("Parse(%q) = %s, %v; want %s", in, p, err, want)
		}
	}
	for _, in := range []string{"", "linux", "linux/", "/amd64", "linux/arm/", "linux/arm/v7/x", "linux /amd64", "linux/amd64\n"} {
		if p, err := Parse(in); !errors.Is(err, ErrInvalid) {
			t.Errorf("Parse(%q) = %s, %v; want ErrInvalid", in, p, err)
		}
	}
}

func TestParsePair(t *testing.T) {
	for in, want := range map[string]Platform{
		"linux-amd64":   {"linux", "amd64", ""},
		"linux-armv7":   {"linux", "arm", "v7"},
		"linux-armv6":   {"linux", "arm", "v6"},
		"linux-armv9":   {"linux", "arm", "v7"},
		"linux-arm":     {"linux", "arm", "v7"},
		"linux-arm64":   {"linux", "arm64", ""},
		"linux-amd64v3": {"linux", "amd64v3", ""},
		"linux-arm64v8": {"linux", "arm64v8", ""},
		"windows-386":   {"windows", "386", ""},
	} {
		if p, err := ParsePair(in); err != nil || p != want {
			t.Errorf("ParsePair(%q) = %s, %v; want %s", in, p, err, want)
		}
	}
	for _, in := range []string{"", "linux", "linux-", "-amd64"} {
		if p, err := ParsePair(in); !errors.Is(err, ErrInvalid) {
			t.Errorf("ParsePair(%q) = %s, %v; want ErrInvalid", in, p, err)
		}
	}
}

// TestNormalizeAgreesWithContainerd compares with the package that BuildKit uses, for
// every platform of the table with every variant, and the names that only it
// is known for. What differs on purpose is listed by name.
func TestNormalizeAgreesWithContainerd(t *testing.T) {
	onPurpose := map[string]string{
		"linux/arm64/v8":     "linux/arm64/v8", // containerd drops v8 and v8.0
		"linux/arm64/v8.0":   "linux/arm64/v8.0",
		"linux/arm64/v9.0":   "linux/arm64/v9.0", // containerd makes it v9
		"darwin/arm64/v8":    "darwin/arm64/v8",
		"darwin/arm64/v8.0":  "darwin/arm64/v8.0",
		"darwin/arm64/v9.0":  "darwin/arm64/v9.0",
		"windows/arm64/v8":   "windows/arm64/v8",
		"windows/arm64/v8.0": "windows/arm64/v8.0",
		"windows/arm64/v9.0": "windows/arm64/v9.0",
		"linux/arm/v9":       "linux/arm/v7", // containerd keeps variants that nobody knows
		"linux/s390x/z15":    "linux/s390x",
		"linux/amd64/v5":     "linux/amd64",
		"linux/mips/r6":      "linux/mips",
		"linux/riscv64/v1":   "linux/riscv64",
	}
	specs := []string{
		"linux/amd64/v1", "linux/x86_64", "linux/x86-64", "linux/aarch64", "linux/i386", "linux/armhf", "linux/armel",
		"macos/arm64", "Linux/ARM64", "linux/arm/5", "linux/arm/6", "linux/arm/7", "linux/arm/8", "linux/arm64/9",
		"linux/ppc64", "linux/ppc64/power9", "freebsd/amd64", "freebsd/arm/v6", "wasip1/wasm", "plan9/386",
	}
	for _, r := range Rows() {
		p := r.Platform
		specs = append(specs, p.String())
		for _, v := range r.Variants {
			p.Variant = v
			specs = append(specs, p.String())
		}
	}
	for s := range onPurpose {
		specs = append(specs, s)
	}
	for _, s := range specs {
		ours, err := Parse(s)
		if err != nil {
			t.Errorf("Parse(%q): %v", s, err)
			continue
		}
		c := platforms.MustParse(s)
		if c.Architecture == "arm" && c.Variant == "" {
			c.Variant = "v7" // its Parse omits what its Normalize adds
		}
		if c.Architecture == "arm64" && c.Variant == "v8" && onPurpose[s] == "" {
			c.Variant = "" // its Parse adds what its Normalize omits
		}
		theirs := platforms.Format(c)
		if want, ok := onPurpose[s]; ok {
			if ours.String() != want {
				t.Errorf("Parse(%q) = %s, want %s", s, ours, want)
			}
		} else if ours.String() != theirs {
			t.Errorf("Parse(%q) = %s, containerd has %s", s, ours, theirs)
		}
	}
}

func TestGoVariable(t *testing.T) {
	for in, want := range map[string]string{
		"linux/amd64":              "=",
		"linux/amd64/v2":           "GOAMD64=v2",
		"linux/amd64/v3":           "GOAMD64=v3",
		"linux/amd64/v4":           "GOAMD64=v4",
		"windows/amd64/v3":         "GOAMD64=v3",
		"linux/arm":                "GOARM=7",
		"linux/arm/v5":             "GOARM=5",
		"linux/arm/v6":             "GOARM=6",
		"linux/arm/v7":             "GOARM=7",
		"linux/arm/v8":             "GOARM=7",
		"freebsd/arm/v6":           "GOARM=6",
		"linux/arm64":              "=",
		"linux/arm64/v8":           "GOARM64=v8.0",
		"linux/arm64/v8.0":         "GOARM64=v8.0",
		"linux/arm64/v8.9":         "GOARM64=v8.9",
		"linux/arm64/v9":           "GOARM64=v9.0",
		"linux/arm64/v9.5":         "GOARM64=v9.5",
		"linux/arm64/v9.6":         "GOARM64=v9.5",
		"linux/riscv64/rva20u64":   "GORISCV64=rva20u64",
		"linux/riscv64/rva22u64":   "GORISCV64=rva22u64",
		"linux/riscv64/rva23u64":   "GORISCV64=rva23u64",
		"linux/mips/softfloat":     "GOMIPS=softfloat",
		"linux/mipsle/hardfloat":   "GOMIPS=hardfloat",
		"linux/mips64/softfloat":   "GOMIPS64=softfloat",
		"linux/mips64le/softfloat": "GOMIPS64=softfloat",
		"linux/386":                "=",
		"linux/ppc64/power9":       "=",
	} {
		p, err := Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		name, value := p.GoVariable()
		if got := name + "=" + value; got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
