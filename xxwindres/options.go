package xxwindres

import (
	"path/filepath"
	"strconv"
	"strings"

	"xxkit/internal/host"
)

// Options is a command line of windres, understood.
type Options struct {
	Input, Output string // "-" is standard input; an empty Output is standard output

	// InputFormat is "rc" or "res", OutputFormat "res" or "coff".
	InputFormat, OutputFormat string

	Target       string   // of -F, as it is; empty: the target of the build
	Includes     []string // folders
	Cpp          []string // what the preprocessor gets, in the order given: -I DIR, -D X, -U X, other arguments
	Preprocessor string   // a command; empty: the target's compiler

	Language string // hexadecimal, without 0x; empty: llvm-rc's default, which is GNU's: 409
	Codepage string // decimal; empty: see Codepage

	Help, Version bool
}

// option is a flag of windres.
type option struct {
	short byte // 0: none
	long  string
	value bool
	set   func(o *Options, value string)
}

var ignore = func(*Options, string) {}

var options = []option{
	{'i', "input", true, func(o *Options, v string) { o.Input = v }},
	{'o', "output", true, func(o *Options, v string) { o.Output = v }},
	{'J', "input-format", true, func(o *Options, v string) { o.InputFormat = v }},
	{'O', "output-format", true, func(o *Options, v string) { o.OutputFormat = v }},
	{'F', "target", true, func(o *Options, v string) { o.Target = v }},
	{'I', "include-dir", true, func(o *Options, v string) {
		o.Includes = append(o.Includes, v)
		o.Cpp = append(o.Cpp, "-I", v)
	}},
	{'D', "define", true, func(o *Options, v string) { o.Cpp = append(o.Cpp, "-D", unescape(v)) }},
	{'U', "undefine", true, func(o *Options, v string) { o.Cpp = append(o.Cpp, "-U", v) }},
	{'l', "language", true, func(o *Options, v string) { o.Language = withoutHexPrefix(v) }},
	{'c', "codepage", true, func(o *Options, v string) { o.Codepage = decimal(v) }},
	{0, "preprocessor", true, func(o *Options, v string) { o.Preprocessor = v }},
	{0, "preprocessor-arg", true, func(o *Options, v string) { o.Cpp = append(o.Cpp, unescape(v)) }},
	{'r', "", false, ignore},
	{'v', "verbose", false, ignore},
	{0, "use-temp-file", false, ignore},
	{0, "no-use-temp-file", false, ignore},
	{'V', "version", false, func(o *Options, _ string) { o.Version = true }},
	{'h', "help", false, func(o *Options, _ string) { o.Help = true }},
	{'H', "", false, func(o *Options, _ string) { o.Help = true }},
}

// Parse reads a command line as windres does: flags anywhere, their values glued on or the next
// argument, long ones in any abbreviation that leaves no doubt; the first of the other
// arguments is the input, the next the output, unless -i and -o have named them.
// -fo FILE is the same as -o, as with Microsoft's rc.
func Parse(args []string) (Options, error) {
	var o Options
	var files []string
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			files, args = append(files, args...), nil
			continue
		case arg == "-fo":
			arg = "-o"
		case arg == "-" || !strings.HasPrefix(arg, "-"):
			files = append(files, arg)
			continue
		}
		var err error
		if strings.HasPrefix(arg, "--") {
			args, err = o.long(arg, args)
		} else {
			args, err = o.short(arg, args)
		}
		if err != nil {
			return Options{}, err
		}
	}
	if o.Help || o.Version {
		return o, nil
	}
	for _, name := range []*string{&o.Input, &o.Output} {
		if *name == "" && len(files) > 0 {
			*name, files = files[0], files[1:]
		}
	}
	if len(files) > 0 {
		return Options{}, host.WrongCall(hint, "too many arguments")
	}
	return o, o.formats()
}

// long reads one long flag, and takes its value from args if need be.
func (o *Options) long(arg string, args []string) ([]string, error) {
	name, value, glued := strings.Cut(arg[2:], "=")
	var found []option
	for _, opt := range options {
		if opt.long == name {
			found = []option{opt}
			break
		}
		if strings.HasPrefix(opt.long, name) {
			found = append(found, opt)
		}
	}
	if len(found) != 1 || name == "" || glued && !found[0].value {
		return nil, host.WrongCall(hint, "invalid option %s", arg)
	}
	if found[0].value && !glued {
		if len(args) == 0 {
			return nil, missing(arg)
		}
		value, args = args[0], args[1:]
	}
	found[0].set(o, value)
	return args, nil
}

// short reads an argument with one dash: flags without a value may stand together, and
// the rest is the last one's value.
func (o *Options) short(arg string, args []string) ([]string, error) {
flags:
	for i := 1; i < len(arg); i++ {
		for _, opt := range options {
			if opt.short != arg[i] {
				continue
			}
			if !opt.value {
				opt.set(o, "")
				continue flags
			}
			value := arg[i+1:]
			if value == "" {
				if len(args) == 0 {
					return nil, missing("-" + arg[i:])
				}
				value, args = args[0], args[1:]
			}
			opt.set(o, value)
			return args, nil
		}
		return nil, host.WrongCall(hint, "invalid option %s", arg)
	}
	return args, nil
}

func missing(flag string) error {
	return host.WrongCall(hint, "error: argument to %s is missing", flag)
}

// formats fills in what the files are, from their names unless flags have said it, and
// refuses what LLVM's tools can neither read nor write.
func (o *Options) formats() error {
	if o.Input == "" {
		o.Input = "-"
	}
	if o.InputFormat == "" {
		o.InputFormat = formatOf(o.Input, "rc")
	}
	switch o.InputFormat {
	case "rc", "res":
	case "coff":
		return host.WrongCall("llvm-rc reads resource scripts; GNU windres, in Debian's binutils-mingw-w64, takes resources out of x86 programs too", "invalid input format coff")
	default:
		return host.WrongCall("formats are rc and res", "invalid input format %s", o.InputFormat)
	}
	if o.OutputFormat == "" {
		if o.Output == "" {
			return host.WrongCall("name it with -o FILE; standard output needs -O res or -O coff", "no output file")
		}
		o.OutputFormat = formatOf(o.Output, "coff")
	}
	switch o.OutputFormat {
	case "res", "coff":
		return nil
	}
	return host.WrongCall("formats are res and coff", "invalid output format %s", o.OutputFormat)
}

// formatOf returns the format that a file's name says it has.
func formatOf(name, unknown string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".rc":
		return "rc"
	case ".res":
		return "res"
	case ".o", ".obj", ".exe", ".dll":
		return "coff"
	}
	return unknown
}

// unescape undoes what makefiles do because GNU windres gives the preprocessor's
// arguments to a shell: -DNAME=\"x\" arrives with its backslashes. A value without
// an escaped quote is as it should be.
func unescape(s string) string {
	if !strings.Contains(s, `\"`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func withoutHexPrefix(s string) string {
	if len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X") {
		return s[2:]
	}
	return s
}

// decimal returns a number that GNU windres takes in either form as llvm-rc takes it.
func decimal(s string) string {
	if hex := withoutHexPrefix(s); hex != s {
		if n, err := strconv.ParseUint(hex, 16, 32); err == nil {
			return strconv.FormatUint(n, 10)
		}
	}
	return s
}
