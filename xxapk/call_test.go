package xxapk

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, test := range []struct{ args, command, want, operands string }{
		{"", "", "", ""},
		{"--version", "", "--version", ""},
		{"add zlib-dev", "add", "add zlib-dev", "zlib-dev"},
		{"add --no-cache gcc musl-dev", "add", "add --no-cache gcc musl-dev", "gcc musl-dev"},
		{"--no-cache add gcc", "add", "--no-cache add gcc", "gcc"},
		{"add gcc --no-cache", "add", "add gcc --no-cache", "gcc"},
		{"add -U --no-progress gcc", "add", "add -U --no-progress gcc", "gcc"},
		// Our own names.
		{"add xx-c-essentials", "add", "add musl-dev gcc", "musl-dev gcc"},
		{"add xx-cxx-essentials zlib-dev", "add", "add g++ zlib-dev", "g++ zlib-dev"},
		{"add xx-c-essentials xx-cxx-essentials", "add", "add musl-dev gcc g++", "musl-dev gcc g++"},
		{"del xx-c-essentials", "del", "del musl-dev gcc", "musl-dev gcc"},
		{"add xx-c-essentials@edge", "add", "add musl-dev@edge gcc@edge", "musl-dev@edge gcc@edge"},
		{"add !xx-c-essentials", "add", "add !musl-dev !gcc", "!musl-dev !gcc"},
		{"add -- xx-c-essentials", "add", "add -- musl-dev gcc", "musl-dev gcc"},
		{"xx-c-essentials", "", "xx-c-essentials", ""},
		// apk's grammar of a package.
		{"add a=1.2-r0 b~1.2 b~=1.2 c>1 d<2 e>=3 f@edge g@edge=1 !h .virtual cmd:sh so:libz.so.1 ./file.apk pc:zlib",
			"add", "add a=1.2-r0 b~1.2 b~=1.2 c>1 d<2 e>=3 f@edge g@edge=1 !h .virtual cmd:sh so:libz.so.1 ./file.apk pc:zlib",
			"a=1.2-r0 b~1.2 b~=1.2 c>1 d<2 e>=3 f@edge g@edge=1 !h .virtual cmd:sh so:libz.so.1 ./file.apk pc:zlib"},
		// Values of options are no packages and no commands.
		{"add --virtual xx-c-essentials gcc", "add", "add --virtual xx-c-essentials gcc", "gcc"},
		{"add -t .deps gcc", "add", "add -t .deps gcc", "gcc"},
		{"add -t.deps gcc", "add", "add -t.deps gcc", "gcc"},
		{"add -Ut .deps gcc", "add", "add -Ut .deps gcc", "gcc"},
		{"add --virtual=.deps gcc", "add", "add --virtual=.deps gcc", "gcc"},
		{"--virtual .deps add gcc", "add", "--virtual .deps add gcc", "gcc"},
		{"-X cache add gcc", "add", "-X cache add gcc", "gcc"},
		{"add -X http://x/y gcc", "add", "add -X http://x/y gcc", "gcc"},
		{"add -Xhttp://x/y gcc", "add", "add -Xhttp://x/y gcc", "gcc"},
		{"add -qX http://x/y gcc", "add", "add -qX http://x/y gcc", "gcc"},
		{"add --repository=http://x/y gcc", "add", "add --repository=http://x/y gcc", "gcc"},
		{"add --repository http://x/y --keys-dir /k gcc", "add", "add --repository http://x/y --keys-dir /k gcc", "gcc"},
		{"add --wait 10 --upgrade -l gcc", "add", "add --wait 10 --upgrade -l gcc", "gcc"},
		{"fetch -o dir gcc", "fetch", "fetch -o dir gcc", "gcc"},
		{"search -o gcc", "search", "search -o gcc", "gcc"},
		{"search -xo xx-c-essentials", "search", "search -xo musl-dev gcc", "musl-dev gcc"},
		{"fetch -Ro xx-c-essentials gcc", "fetch", "fetch -Ro xx-c-essentials gcc", "gcc"},
		{"index -o x.tar.gz -d text a.apk", "index", "index -o x.tar.gz -d text a.apk", "a.apk"},
		// Commands.
		{"info -e zlib", "info", "info -e zlib", "zlib"},
		{"cache clean", "cache", "cache clean", "clean"},
		{"clean", "clean", "clean", ""},
		{"setup", "setup", "setup", ""},
		{"-q setup", "setup", "-q setup", ""},
		{"add setup clean", "add", "add setup clean", "setup clean"},
		{"install gcc", "", "install gcc", ""},
		{"add -", "add", "add -", "-"},
		{"add -t", "add", "add -t", ""},
		{"add --", "add", "add --", ""},
	} {
		c := Parse(strings.Fields(test.args))
		got := []string{c.Command, strings.Join(c.Args, " "), strings.Join(c.Operands, " ")}
		if want := []string{test.command, test.want, test.operands}; !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", test.args, got, want)
		}
	}
}

func TestParseFlags(t *testing.T) {
	for args, want := range map[string]Call{
		"add gcc":                       {},
		"add -p /out gcc":               {OwnRoot: true},
		"add -p/out gcc":                {OwnRoot: true},
		"-Up /out add gcc":              {OwnRoot: true},
		"--root=/out add gcc":           {OwnRoot: true},
		"add gcc --root /out":           {OwnRoot: true},
		"add -tp gcc":                   {}, // p is what -t names
		"add -s gcc":                    {Simulate: true},
		"add --simulate gcc":            {Simulate: true},
		"fetch -s gcc":                  {}, // to standard output
		"add -- --simulate --root /out": {},
	} {
		if c := Parse(strings.Fields(args)); c.OwnRoot != want.OwnRoot || c.Simulate != want.Simulate {
			t.Errorf("%s: %+v", args, c)
		}
	}
}

// TestRepositories shows which releases are replaced for machines that they lack.
func TestRepositories(t *testing.T) {
	const older = `# mirrors: https://m/alpine/v3.18/main
https://m/alpine/v3.18/main
https://m/alpine/v3.18/community/
@edge https://m/alpine/edge/testing
http://other/v3.9/x
https://m/alpine/latest-stable/main
/packages/v3.18/local
https://m/v3.20/main
https://m/alpine/v3.21
https://m/v4.0/main
https://m/vx.y/v3/main`
	riscv := strings.NewReplacer("\nhttps://m/alpine/v3.18", "\nhttps://m/alpine/v3.20", "v3.9", "v3.20").Replace(older)
	loong := strings.NewReplacer("\nhttps://m/alpine/v3.20", "\nhttps://m/alpine/v3.21", "\nhttps://m/v3.20", "\nhttps://m/v3.21", "v3.20/x", "v3.21/x").Replace(riscv)
	for _, test := range []struct{ arch, content, want, used string }{
		{"arm64", older, older, ""},
		{"riscv64", older, riscv, "3.20"},
		{"loong64", older, loong, "3.21"},
		{"riscv64", "https://m/alpine/v3.20/main\n", "https://m/alpine/v3.20/main\n", ""},
		{"loong64", "https://m/alpine/v3.20/main\r\n", "https://m/alpine/v3.21/main\r\n", "3.21"},
		{"riscv64", "https://m/alpine/v3.9\n", "https://m/alpine/v3.20\n", "3.20"},
		{"riscv64", "", "", ""},
	} {
		if got, used := Repositories(test.content, test.arch); got != test.want || used != test.used {
			t.Errorf("%s, %q: %q, %q; want %q, %q", test.arch, test.content, got, used, test.want, test.used)
		}
		if again, used := Repositories(test.want, test.arch); again != test.want || used != "" {
			t.Errorf("%s: a second time: %q, %q", test.arch, again, used)
		}
	}
}
