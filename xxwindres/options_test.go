package xxwindres

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"xxkit/internal/host"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		args string
		want Options
	}{
		{"in.rc out.o", Options{Input: "in.rc", Output: "out.o", InputFormat: "rc", OutputFormat: "coff"}},
		{"in.rc -o out.res", Options{Input: "in.rc", Output: "out.res", InputFormat: "rc", OutputFormat: "res"}},
		{"-iin.rc -oout.o", Options{Input: "in.rc", Output: "out.o", InputFormat: "rc", OutputFormat: "coff"}},
		{"-i in.rc out.o", Options{Input: "in.rc", Output: "out.o", InputFormat: "rc", OutputFormat: "coff"}},
		{"-o out.o in.rc", Options{Input: "in.rc", Output: "out.o", InputFormat: "rc", OutputFormat: "coff"}},
		{"--input=in.rc --output=out.o", Options{Input: "in.rc", Output: "out.o", InputFormat: "rc", OutputFormat: "coff"}},
		{"--input in.rc --output out.o", Options{Input: "in.rc", Output: "out.o", InputFormat: "rc", OutputFormat: "coff"}},
		{"--output-f coff -o out.o -- -in.rc", Options{Input: "-in.rc", Output: "out.o", InputFormat: "rc", OutputFormat: "coff"}},
		{"-fo out.res in.rc", Options{Input: "in.rc", Output: "out.res", InputFormat: "rc", OutputFormat: "res"}},
		// Names say what files are; flags have the last word.
		{"in.RES out.OBJ", Options{Input: "in.RES", Output: "out.OBJ", InputFormat: "res", OutputFormat: "coff"}},
		{"in out", Options{Input: "in", Output: "out", InputFormat: "rc", OutputFormat: "coff"}},
		{"in.txt app.syso", Options{Input: "in.txt", Output: "app.syso", InputFormat: "rc", OutputFormat: "coff"}},
		{"-Jrc -Ores in.res out.o", Options{Input: "in.res", Output: "out.o", InputFormat: "rc", OutputFormat: "res"}},
		{"-J res -O coff in.rc out.rc", Options{Input: "in.rc", Output: "out.rc", InputFormat: "res", OutputFormat: "coff"}},
		{"--input-format=res --output-format coff in out", Options{Input: "in", Output: "out", InputFormat: "res", OutputFormat: "coff"}},
		// Standard input and output.
		{"-o out.o", Options{Input: "-", Output: "out.o", InputFormat: "rc", OutputFormat: "coff"}},
		{"- out.o", Options{Input: "-", Output: "out.o", InputFormat: "rc", OutputFormat: "coff"}},
		{"-O res in.rc", Options{Input: "in.rc", InputFormat: "rc", OutputFormat: "res"}},
		// The rest.
		{"-Fpe-i386 a b", Options{Input: "a", Output: "b", InputFormat: "rc", OutputFormat: "coff", Target: "pe-i386"}},
		{"--target=pe-i386 a b", Options{Input: "a", Output: "b", InputFormat: "rc", OutputFormat: "coff", Target: "pe-i386"}},
		{"-Iinc -DX=1 -U Y --include-dir more --define=Z --undefine W a b", Options{Input: "a", Output: "b", InputFormat: "rc", OutputFormat: "coff",
			Includes: []string{"inc", "more"}, Cpp: []string{"-I", "inc", "-D", "X=1", "-U", "Y", "-I", "more", "-D", "Z", "-U", "W"}}},
		{`-DV=\"1.0\" -DW="2" -DP=a\b -DE=\\\" a b`, Options{Input: "a", Output: "b", InputFormat: "rc", OutputFormat: "coff",
			Cpp: []string{"-D", `V="1.0"`, "-D", `W="2"`, "-D", `P=a\b`, "-D", `E=\"`}}},
		{"--preprocessor=my-gcc --preprocessor-arg=-MMD --preprocessor-arg -MF a b", Options{Input: "a", Output: "b", InputFormat: "rc", OutputFormat: "coff",
			Preprocessor: "my-gcc", Cpp: []string{"-MMD", "-MF"}}},
		{"-l0x407 -c 0xfde9 a b", Options{Input: "a", Output: "b", InputFormat: "rc", OutputFormat: "coff", Language: "407", Codepage: "65001"}},
		{"--language 409 --codepage=1252 a b", Options{Input: "a", Output: "b", InputFormat: "rc", OutputFormat: "coff", Language: "409", Codepage: "1252"}},
		{"-r -v --verbose --use-temp-file --no-use-temp-file -rv a b", Options{Input: "a", Output: "b", InputFormat: "rc", OutputFormat: "coff"}},
		{"-vo b a", Options{Input: "a", Output: "b", InputFormat: "rc", OutputFormat: "coff"}},
		{"-V a b c", Options{Version: true}},
		{"--version", Options{Version: true}},
		{"--help", Options{Help: true}},
		{"-h", Options{Help: true}},
		{"-H", Options{Help: true}},
	} {
		got, err := Parse(strings.Fields(test.args))
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", test.args, got, err, test.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for args, want := range map[string]string{
		"-foo in.rc out.o":            "invalid option -foo",
		"--foo in.rc out.o":           "invalid option --foo",
		"--inp in.rc":                 "invalid option --inp", // --input or --input-format
		"--verbose=yes a b":           "invalid option --verbose=yes",
		"-rx a b":                     "invalid option -rx",
		"-J foo in.rc out.o":          "invalid input format foo",
		"--input-format=foo a b":      "invalid input format foo",
		"-J coff a b":                 "invalid input format coff",
		"app.exe app.rc":              "invalid input format coff",
		"-O foo in.rc out.o":          "invalid output format foo",
		"in.rc out.rc":                "invalid output format rc",
		"-o":                          "error: argument to -o is missing",
		"in.rc -D":                    "error: argument to -D is missing",
		"in.rc --output":              "error: argument to --output is missing",
		"in.rc -ro":                   "error: argument to -o is missing",
		"a b c":                       "too many arguments",
		"-i a -o b c":                 "too many arguments",
		"in.rc":                       "no output file",
		"":                            "no output file",
		"-- a b c":                    "too many arguments",
		"--preprocessor-arg a b --pr": "invalid option --pr",
	} {
		_, err := Parse(strings.Fields(args))
		var e *host.Error
		if !errors.As(err, &e) || e.Message != want || e.Hint == "" || e.Status != 2 {
			t.Errorf("%s: %+v, want %q with a hint and status 2", args, err, want)
		}
	}
}

func TestWords(t *testing.T) {
	for s, want := range map[string][]string{
		"":                              nil,
		" clang  -E\t-v\n":              {"clang", "-E", "-v"},
		`"/a b/gcc" -DX='"1 2"' ''`:     {"/a b/gcc", `-DX="1 2"`, ""},
		`gcc -DV=\"1\" a\ b "c\"d" '\'`: {"gcc", `-DV="1"`, "a b", `c"d`, `\`},
	} {
		if got := words(s); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestExpandFiles(t *testing.T) {
	read := func(name string) ([]byte, error) {
		if name == "opts" {
			return []byte("-DX=\"a b\"\n@opts 'in put.rc'"), nil
		}
		return nil, os.ErrNotExist
	}
	got := expandFiles([]string{"-v", "@opts", "@none", "@", "out.o"}, read)
	if want := []string{"-v", "-DX=a b", "@opts", "in put.rc", "@none", "@", "out.o"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
