package cc

import (
	"testing"

	"xxkit/dfrewrite/verdict"
)

func TestOddFlags(t *testing.T) {
	for _, tt := range []struct {
		flags string
		odd   bool
	}{
		{"-O2 -g -Wall -Wextra -std=c11 -fPIC -pthread -D_GNU_SOURCE", false},
		{"-static -s -Wl,-O1 -Wl,--as-needed -lz -lm", false},
		{"-Llib -L. -Iinclude -I/usr/include/libxml2", false},
		{"-march=native", true},
		{"-O2 -mtune=native", true},
		{"-mcpu=cortex-a72", true},
		{"-m64", true},
		{"-O2 -mavx2 -O3", true},
		{"-msse4.2", true},
		{"-MMD -MP -MF dep", false},
		{"-mno-omit-leaf-frame-pointer", false},
		{"-L/usr/lib/x86_64-linux-gnu -lz", true},
		{"-Wl,-rpath,/usr/lib", true},
		{"/usr/lib/x86_64-linux-gnu/libz.a", true},
		{"-I/usr/local/include", true},
		{"-isystem /usr/lib/foo/include", true},
		{"-o /usr/lib/app/plugin", false},
		{"-O2 -fopenmp", true},
		{"-fsanitize=address", true},
		{`"-g -fprofile-arcs"`, true},
		{"-fstack-protector-strong -ffunction-sections -flto", false},
	} {
		if why, way := OddFlags(tt.flags); (why != "") != tt.odd || (why == "") != (way == "") {
			t.Errorf("%s: %q, %q", tt.flags, why, way)
		}
	}
}

func TestInstalled(t *testing.T) {
	plan := func(destdir, prefix string) *verdict.Ledger {
		p := &verdict.Ledger{}
		p.Add(verdict.Step{Writes: installed(destdir, prefix)})
		return p
	}
	for _, tt := range []struct {
		destdir, prefix, file string
		want                  bool
	}{
		{"", "/usr/local", "/usr/local/bin/app", true},
		{"", "/usr/local", "/usr/local/lib/x/y.so", true},
		{"", "/usr/local", "/usr/local/go/bin/go", false},
		{"", "/usr", "/usr/bin/app", false},
		{"/", "/usr", "/usr/bin/app", false},
		{"", "/opt/app", "/opt/app/bin/app", true},
		{"", "/opt/app", "/opt/other/bin/app", false},
		{"/out", "/usr", "/out/usr/bin/app", true},
		{"/out/", "/usr", "/out", true},
		{"/out", "/usr", "/usr/bin/app", false},
		{"?", "/usr/local", "/usr/local/bin/app", false},
		{"", "", "/usr/local/bin/app", false},
	} {
		if got := plan(tt.destdir, tt.prefix).Writes(tt.file); got != tt.want {
			t.Errorf("DESTDIR=%s prefix %s: %s is written: %t", tt.destdir, tt.prefix, tt.file, got)
		}
	}
}

// TestCountOnly tells numbers of jobs from goals behind make -j.
func TestCountOnly(t *testing.T) {
	for word, want := range map[string]bool{
		"8": true, "$(nproc)": true, `"$(nproc --all)"`: true, "`nproc`": true, "$(getconf _NPROCESSORS_ONLN)": true, "${NPROC}": true,
		`"$nproc"`: true, "$jobs": true, "${ncpus}": true, "$j": true,
		"$target": false, `"$goal"`: false, "install": false, "$(cat goals)": false,
	} {
		if got := CountOnly().MatchString(word); got != want {
			t.Errorf("%s: %v, want %v", word, got, want)
		}
	}
}
