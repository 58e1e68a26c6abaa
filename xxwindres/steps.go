package xxwindres

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"xxkit/internal/host"
)

// Step is one command: the program, and its arguments.
type Step []string

// String returns the step as a shell would take it.
func (s Step) String() string {
	quoted := make([]string, len(s))
	for i, word := range s {
		quoted[i] = host.ShellQuote(word)
	}
	return strings.Join(quoted, " ")
}

// Steps returns the commands that make the output. cc is the preprocessor, and tmp the name of the
// first temporary file; the second's has an underscore more. A copy is a step with the program "cp";
// there is one more where the output is standard output, which llvm-cvtres cannot write.
func Steps(o Options, m Machine, cc []string, tmp string) []Step {
	var steps []Step
	res := tmp + "_"
	if o.InputFormat == "res" {
		res = o.Input
	} else {
		steps = append(steps, preprocess(o, cc, tmp), compile(o, tmp, res))
	}
	object := res
	if o.OutputFormat == "coff" {
		object = o.Output
		if object == "" {
			object = tmp + "__"
		}
		steps = append(steps, Step{"llvm-cvtres", "-machine:" + m.Name, "-out:" + object, res})
	}
	switch o.Output {
	case object:
		return steps
	case "":
		return append(steps, Step{"cp", object, standardOutput})
	}
	return append(steps, Step{"cp", object, o.Output})
}

const standardOutput = "/dev/stdout"

func preprocess(o Options, cc []string, tmp string) Step {
	s := append(Step{}, cc...)
	s = append(s, "-E", "-xc", "-D", "RC_INVOKED=1")
	s = append(s, o.Cpp...)
	return append(s, "-o", tmp, o.Input)
}

func compile(o Options, tmp, res string) Step {
	s := Step{"llvm-rc"}
	if o.Language != "" {
		s = append(s, "-l", o.Language)
	}
	if o.Codepage != "" {
		s = append(s, "-c", o.Codepage)
	}
	for _, dir := range o.Includes {
		s = append(s, "-I", dir)
	}
	dir := "."
	if o.Input != "-" {
		dir = filepath.Dir(o.Input)
	}
	return append(s, "-fo", res, "-I", dir, tmp)
}

// Preprocessor chooses the C compiler that preprocesses: asked is what --preprocessor says, cc the
// variable CC, both commands with arguments perhaps; has reports whether a program is on PATH.
//
// A clang that is not told its target is, so that CC=clang will do.
func Preprocessor(asked, cc string, m Machine, has func(program string) bool) ([]string, error) {
	for _, command := range []string{asked, cc} {
		if w := words(command); len(w) > 0 {
			return withTarget(w, m), nil
		}
	}
	switch {
	case has(m.Triple + "-clang"):
		return []string{m.Triple + "-clang"}, nil
	case has("clang"):
		return []string{"clang", "--target=" + m.Triple}, nil
	case has(m.Triple + "-gcc"):
		return []string{m.Triple + "-gcc"}, nil
	}
	return nil, &host.Error{
		Message: fmt.Sprintf("no C compiler for %s, which preprocesses resource scripts", m.Triple),
		Hint:    "install clang, or name a compiler with --preprocessor or the variable CC",
	}
}

// withTarget adds the target to a clang that has none. xx-clang has one, but not
// necessarily this: -F may ask for another.
func withTarget(command []string, m Machine) []string {
	name := filepath.Base(command[0])
	name, version, versioned := strings.Cut(strings.TrimPrefix(name, "xx-"), "-")
	_, err := strconv.Atoi(version)
	if name != "clang" || versioned && err != nil {
		return command
	}
	for _, arg := range command[1:] {
		if arg == "-target" || strings.HasPrefix(arg, "--target") {
			return command
		}
	}
	return append(command[:1:1], append([]string{"--target=" + m.Triple}, command[1:]...)...)
}

// Codepage returns the code page that llvm-rc has to be told for a preprocessed script, or
// the empty string if that does not matter, because all is ASCII. It is what a line
// #pragma code_page(N) in it says, which llvm-rc itself does not heed, and otherwise
// 1252, as with GNU windres.
//
// llvm-rc has one for the whole script: of several the first counts.
func Codepage(script []byte) string {
	ascii, page := true, ""
	for line := range strings.Lines(string(script)) {
		for i := 0; i < len(line); i++ {
			ascii = ascii && line[i] < 0x80
		}
		if page == "" {
			page = pragma(line)
		}
	}
	switch {
	case ascii:
		return ""
	case page == "":
		return "1252"
	}
	return page
}

// pragma returns the number in a line "#pragma code_page(N)", or the empty string.
func pragma(line string) string {
	rest := strings.TrimSpace(line)
	for _, token := range []string{"#", "pragma", "code_page", "("} {
		var ok bool
		if rest, ok = strings.CutPrefix(rest, token); !ok {
			return ""
		}
		rest = strings.TrimLeft(rest, " \t")
	}
	number, _, _ := strings.Cut(rest, ")")
	number = strings.TrimSpace(number)
	if n, err := strconv.Atoi(number); err != nil || n == 0 {
		return "" // DEFAULT, and 0, which is the same
	}
	return number
}
