package xxcargo

import (
	"slices"
	"strings"
	"testing"
)

// TestWithTarget has what becomes of command lines; T is the target. Those that come back unchanged are run as they
// are.
func TestWithTarget(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"build", "build --target=T"},
		{"b -r", "b -r --target=T"},
		{"build --release --bin app", "build --release --bin app --target=T"},
		{"+nightly -Z build-std --color always build", "+nightly -Z build-std --color always build --target=T"},
		{"-Cdir --config=a=b -vv check", "-Cdir --config=a=b -vv check --target=T"},
		{"-C dir test", "-C dir test --target=T"},
		{"test name -- --nocapture", "test name --target=T -- --nocapture"},
		{"rustc --lib -- -C opt-level=3", "rustc --lib --target=T -- -C opt-level=3"},
		{"clippy -- -D warnings", "clippy --target=T -- -D warnings"},
		{"install --root /out --path .", "install --root /out --path . --target=T"},
		{"doc --no-deps", "doc --no-deps --target=T"},
		{"build --features --target", "build --features --target --target=T"}, // a strange name, but a value

		// What follows the first word of run is for the program.
		{"run", "run --target=T"},
		{"run serve --port 80", "run --target=T serve --port 80"},
		{"r --release --bin app serve --target x", "r --release --bin app --target=T serve --target x"},
		{"run -p app -j4 -F a,b serve -r", "run -p app -j4 -F a,b --target=T serve -r"},
		{"run --example=demo -- -x", "run --example=demo --target=T -- -x"},
		{"run --bin --release", "run --bin --release --target=T"},
		{"run -qp app x", "run -qp app --target=T x"},

		// Plugins.
		{"auditable build --release", "auditable build --release --target=T"},
		{"auditable --version", "auditable --version"},
		{"chef cook --release --recipe-path recipe.json", "chef cook --release --recipe-path recipe.json --target=T"},
		{"chef prepare --recipe-path recipe.json", "chef prepare --recipe-path recipe.json"},
		{"nextest run name -- --skip x", "nextest run name --target=T -- --skip x"},
		{"nextest show-config version", "nextest show-config version"},
		{"deb --no-build", "deb --no-build --target=T"},

		// Nothing to do with a target, or with one of the user's own.
		{"", ""},
		{"fetch --locked", "fetch --locked"},
		{"tree --target all", "tree --target all"},
		{"--version", "--version"},
		{"-V", "-V"},
		{"-vV", "-vV"},
		{"--list", "--list"},
		{"+stable --explain E0308", "+stable --explain E0308"},
		{"help build", "help build"},
		{"build --help", "build --help"},
		{"build -h", "build -h"},
		{"new app", "new app"},
		{"metadata --format-version 1", "metadata --format-version 1"},
		{"clean", "clean"},
		{"update", "update"},
		{"search serde", "search serde"},
		{"login", "login"},
		{"vendor", "vendor"},
		{"build --target x86_64-unknown-none", "build --target x86_64-unknown-none"},
		{"build --target=x86_64-unknown-none", "build --target=x86_64-unknown-none"},
		{"build --target", "build --target"},
		{"xtask dist", "xtask dist"},
	} {
		args := strings.Fields(test.args)
		l := parse(args)
		got := l.args
		if l.effect == targeted && len(l.targets) == 0 && !l.asks {
			got = l.withTarget("T")
		}
		if want := strings.Fields(test.want); !slices.Equal(got, want) {
			t.Errorf("cargo %s:\n got %q\nwant %q", test.args, got, want)
		}
		if !slices.Equal(args, strings.Fields(test.args)) {
			t.Errorf("cargo %s: the arguments themselves have changed", test.args)
		}
	}
}

func TestEffects(t *testing.T) {
	for _, test := range []struct {
		args   string
		effect effect
		links  bool
	}{
		{"build", targeted, true},
		{"test --no-run", targeted, true},
		{"auditable build", targeted, true},
		{"check", targeted, false},
		{"clippy", targeted, false},
		{"fetch", none, false},
		{"my-alias --release", unknown, false},
		{"my-alias --help", none, false},
	} {
		l := parse(strings.Fields(test.args))
		if l.effect != test.effect || l.links != test.links {
			t.Errorf("cargo %s: effect %d, links %t", test.args, l.effect, l.links)
		}
	}
}

// TestProfiles has the folders that results go to.
func TestProfiles(t *testing.T) {
	for args, want := range map[string]string{
		"build":                     "debug",
		"build --release":           "release",
		"b -r":                      "release",
		"b -qr":                     "release",
		"build --profile dev":       "debug",
		"build --profile=test":      "debug",
		"build --profile bench":     "release",
		"build --profile dist":      "dist",
		"bench":                     "release",
		"test -- --release":         "debug",
		"run serve --release":       "debug",
		"run --release serve":       "release",
		"run -p release":            "debug",
		"auditable build --release": "release",
		"my-alias --release":        "",
	} {
		if got := parse(strings.Fields(args)).profile; got != want {
			t.Errorf("cargo %s: %q, want %q", args, got, want)
		}
	}
}

// TestTargetFolderArguments has what cargo metadata has to be told to find the same folder.
func TestTargetFolderArguments(t *testing.T) {
	l := parse(strings.Fields("+nightly -C dir --config a=b build --manifest-path m/Cargo.toml -Z u --target-dir out --config c.toml"))
	if want := strings.Fields("-C dir --config a=b -Z u --config c.toml"); !slices.Equal(l.global, want) {
		t.Errorf("%q, want %q", l.global, want)
	}
	if l.toolchain != "nightly" || l.dir != "dir" || l.manifest != "m/Cargo.toml" || l.targetDir != "out" {
		t.Errorf("%+v", l)
	}
}

func TestBuildStd(t *testing.T) {
	for args, want := range map[string]bool{
		"-Z build-std build":             true,
		"build -Zbuild-std=core,alloc":   true,
		"build -Z build-std=std":         true,
		"build -Z unstable-options":      false,
		"build -- -Z build-std":          false,
		"run app -Z build-std --release": false,
	} {
		if got := parse(strings.Fields(args)).buildsStd; got != want {
			t.Errorf("cargo %s: %t", args, got)
		}
	}
}

func TestTargetsOfTheUsers(t *testing.T) {
	l := parse(strings.Fields("build --target a --target=b"))
	if !slices.Equal(l.targets, []string{"a", "b"}) || l.asks {
		t.Errorf("%+v", l)
	}
	if l := parse([]string{"build", "--target"}); !l.asks {
		t.Errorf("a --target without a value asks cargo for a list")
	}
}

// FuzzParse: whatever the command line, reading it ends, and nothing is changed but that the target is added.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"build -r", "+a -C x run -pq y -- --target z", "test --bin", "-Zx --explain", "chef cook --"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		args := strings.Fields(s)
		l := parse(args)
		got := l.withTarget("T")
		if got[l.own] != "--target=T" {
			t.Errorf("%q: %q", args, got)
		}
		if without := slices.Delete(slices.Clone(got), l.own, l.own+1); !slices.Equal(without, args) {
			t.Errorf("%q: %q", args, got)
		}
	})
}
