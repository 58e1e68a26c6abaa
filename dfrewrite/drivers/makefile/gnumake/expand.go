package gnumake

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"

	"xxkit/dfrewrite/match"
)

// makeAgain stands for $(MAKE) until the line is complete.
const makeAgain = "\x03make"

// builtIn are the variables that make has by itself, as far as Makefiles name them (chapter 10.3).
var builtIn = map[string]string{"CC": "cc", "CXX": "g++", "AR": "ar", "RM": "rm -f", "CPP": "$(CC) -E", "AS": "as", "LD": "ld", "FC": "f77",
	"ARFLAGS": "rv", "LEX": "lex", "YACC": "yacc", "SHELL": "/bin/sh", "MAKEFLAGS": "", "MAKE_VERSION": "4.3", "MAKELEVEL": "0", ".SHELLFLAGS": "-c"}

// expand fills in the references of a text (chapter 6.1). $$ becomes $.
func (m *machine) expand(s string) (string, error) {
	if !strings.Contains(s, "$") {
		return s, nil
	}
	if m.depth++; m.depth > maxDepth {
		return "", fmt.Errorf("its Makefile has a variable without end: %s", shorten(s))
	}
	defer func() { m.depth-- }()
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '$' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		var text string
		var err error
		switch s[i] {
		case '$':
			b.WriteByte('$')
			continue
		case '(', '{':
			end := Closing(s, i)
			if end < 0 {
				return "", fmt.Errorf("its Makefile has an unclosed %s", shorten(s[i-1:]))
			}
			text, err = m.reference(s[i+1 : end])
			i = end
		default:
			text, err = m.value(s[i : i+1])
		}
		if err != nil {
			return "", err
		}
		if !m.Budget(len(text) + 32) {
			return "", errors.New("its Makefile has variables that expand to too much")
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// reference fills in what stands in $( ).
func (m *machine) reference(s string) (string, error) {
	if i := strings.IndexAny(s, " \t"); i > 0 && functions[s[:i]] {
		return m.call(s[:i], strings.TrimLeft(s[i:], " \t"))
	}
	// $(NAME:a=b), a substitution (chapter 6.3.1).
	if name, change, ok := cutOutside(s, ':'); ok {
		if from, to, ok := cutOutside(change, '='); ok {
			text, err := m.value(name)
			if err == nil {
				from, err = m.expand(from)
			}
			if err == nil {
				to, err = m.expand(to)
			}
			if err != nil {
				return "", err
			}
			if !strings.Contains(from, "%") {
				from, to = "%"+from, "%"+to
			}
			return replaceWords(text, from, to), nil
		}
	}
	name, err := m.expand(s)
	if err != nil {
		return "", err
	}
	if Unknown(name) {
		return shellParts(name), nil
	}
	return m.value(strings.TrimSpace(name))
}

// lookup finds a variable: of a function or an automatic one, of the target, of the command line, of the file.
func (m *machine) lookup(name string) *variable {
	text, onCommand := m.Command[name]
	for _, scope := range slices.Backward(m.scopes) {
		if v := scope[name]; v != nil && (v.origin >= fromOverride || !onCommand) {
			return v
		}
	}
	if v := m.vars[name]; v != nil && (v.origin == fromOverride || !onCommand) {
		if v.origin == fromDefault && v.value == "" {
			return nil // only exported
		}
		return v
	}
	if onCommand {
		return &variable{name: name, value: strings.ReplaceAll(text, "$", "$$"), origin: fromCommand, simple: true}
	}
	return nil
}

// value fills a variable in.
func (m *machine) value(name string) (string, error) {
	if v := m.lookup(name); v != nil {
		if v.origin == fromFile && v.weak {
			if text, set := m.Env(name); set {
				return text, nil
			}
		}
		return m.expand(v.value)
	}
	switch name {
	case "MAKE", "MAKE_COMMAND":
		return makeAgain, nil
	case "CURDIR":
		if m.Abs == "" {
			return ShellBegins + "pwd" + ShellEnds, nil
		}
		return m.Abs, nil
	case "MAKEFILE_LIST":
		return strings.Join(m.files, " "), nil
	}
	if text, set := m.Env(name); set {
		return text, nil
	}
	if text, ok := builtIn[name]; ok {
		return m.expand(text)
	}
	return "", nil
}

// functions are those of make (chapter 8).
var functions = match.Words(`subst patsubst strip findstring filter filter-out sort word wordlist words firstword lastword dir notdir suffix basename
	addsuffix addprefix join wildcard realpath abspath if or and foreach file call value eval origin flavor error warning info shell intcmp let`)

// call evaluates a function.
func (m *machine) call(name, rest string) (string, error) {
	args := arguments(rest)
	arg := func(i int) (string, error) {
		if i >= len(args) {
			return "", nil
		}
		return m.expand(args[i])
	}
	// These evaluate their arguments as they need them.
	switch name {
	case "if":
		cond, err := m.expand(strings.TrimSpace(args[0]))
		if err != nil {
			return "", err
		}
		yes := strings.TrimSpace(cond) != ""
		if Unknown(cond) && strings.TrimSpace(shellParts(cond)) == strings.TrimSpace(cond) {
			if asksMachine().MatchString(cond) {
				return "", fmt.Errorf("its Makefile has $(if %s), which asks about the machine that builds", shorten(args[0]))
			}
			yes = m.choose("$(if " + args[0])
		}
		if yes {
			return arg(1)
		}
		return m.expand(strings.Join(args[min(2, len(args)):], ","))
	case "or", "and":
		last := ""
		for _, a := range args {
			text, err := m.expand(strings.TrimSpace(a))
			if err != nil {
				return "", err
			}
			if last = text; (text != "") == (name == "or") {
				return text, nil
			}
		}
		return last, nil
	case "foreach":
		if len(args) < 3 {
			return "", errors.New("its Makefile has a $(foreach) without a body")
		}
		variable_, err := m.expand(strings.TrimSpace(args[0]))
		if err != nil {
			return "", err
		}
		list, err := m.expand(args[1])
		if err != nil {
			return "", err
		}
		var out []string
		for _, w := range words(list) {
			m.push(map[string]string{variable_: w})
			text, err := m.expand(strings.Join(args[2:], ","))
			m.pop()
			if err != nil {
				return "", err
			}
			out = append(out, text)
		}
		return strings.Join(out, " "), nil
	case "call":
		name, err := m.expand(strings.TrimSpace(args[0]))
		if err != nil {
			return "", err
		}
		if functions[name] {
			return m.call(name, strings.Join(args[1:], ","))
		}
		local := map[string]string{"0": name}
		for i, a := range args[1:] {
			text, err := m.expand(a)
			if err != nil {
				return "", err
			}
			local[strconv.Itoa(i+1)] = text
		}
		for i := len(args); i < 10; i++ {
			local[strconv.Itoa(i)] = ""
		}
		m.push(local)
		defer m.pop()
		return m.value(name)
	case "eval":
		text, err := m.expand(rest)
		if err != nil {
			return "", err
		}
		current := m.current
		m.current = nil
		err = m.evaluate(m.file(), statements(text))
		m.current = current
		return "", err
	case "value":
		if v := m.lookup(strings.TrimSpace(rest)); v != nil {
			return v.value, nil
		}
		text, _ := m.Env(strings.TrimSpace(rest))
		return text, nil
	case "shell":
		text, err := m.expand(rest)
		if err != nil {
			return "", err
		}
		return m.shell(strings.TrimSpace(text)), nil
	}
	text := make([]string, len(args))
	for i := range args {
		var err error
		if text[i], err = m.expand(args[i]); err != nil {
			return "", err
		}
	}
	need := map[string]int{"subst": 3, "patsubst": 3, "findstring": 2, "filter": 2, "filter-out": 2, "word": 2, "wordlist": 3, "addsuffix": 2, "addprefix": 2, "join": 2}[name]
	for len(text) < max(need, 1) {
		text = append(text, "")
	}
	if max(need, 1) < len(text) {
		text = append(text[:max(need, 1)-1], strings.Join(text[max(need, 1)-1:], ","))
	}
	switch name {
	case "info", "warning", "file":
		return "", nil
	case "error":
		return "", fmt.Errorf("%w %s", errStops, shorten(text[0]))
	case "origin":
		return m.originOf(strings.TrimSpace(text[0])), nil
	case "flavor":
		v := m.lookup(strings.TrimSpace(text[0]))
		switch {
		case v == nil:
			return "undefined", nil
		case v.simple:
			return "simple", nil
		}
		return "recursive", nil
	case "let", "intcmp":
		return "", fmt.Errorf("its Makefile uses $(%s), which is not followed", name)
	}
	return m.text(name, text)
}

// text evaluates a function on text. Where the text has something that only a shell can find out, and the function would
// look into it, that part alone is left.
func (m *machine) text(name string, a []string) (string, error) {
	last := a[len(a)-1]
	if Unknown(strings.Join(a, "")) {
		marked := strings.Contains(strings.Join(a, ""), ShellBegins)
		switch name {
		case "strip":
			return strings.Join(words(last), " "), nil
		case "addprefix", "addsuffix", "words", "foreach":
		case "findstring", "filter", "filter-out", "sort", "word", "wordlist", "firstword", "lastword", "join", "subst", "patsubst", "dir", "notdir", "suffix", "basename", "abspath", "realpath", "wildcard":
			if marked {
				return shellParts(strings.Join(a, " ")), nil
			}
		}
	}
	list := words(last)
	each := func(f func(string) string) (string, error) {
		out := make([]string, 0, len(list))
		for _, w := range list {
			out = append(out, f(w))
		}
		return strings.Join(out, " "), nil
	}
	number := func(s string) int { n, _ := strconv.Atoi(strings.TrimSpace(s)); return n }
	fits := func(w string) bool {
		return slices.ContainsFunc(words(a[0]), func(p string) bool { _, ok := patternText(p, w); return ok })
	}
	switch name {
	case "subst":
		if a[0] == "" {
			return last + a[1], nil
		}
		return strings.ReplaceAll(last, a[0], a[1]), nil
	case "patsubst":
		return replaceWords(last, strings.TrimSpace(a[0]), strings.TrimSpace(a[1])), nil
	case "strip":
		return strings.Join(list, " "), nil
	case "findstring":
		if strings.Contains(a[1], a[0]) {
			return a[0], nil
		}
		return "", nil
	case "filter":
		return strings.Join(slices.DeleteFunc(list, func(w string) bool { return !fits(w) }), " "), nil
	case "filter-out":
		return strings.Join(slices.DeleteFunc(list, fits), " "), nil
	case "sort":
		sort.Strings(list)
		return strings.Join(slices.Compact(list), " "), nil
	case "word":
		if n := number(a[0]); n > 0 && n <= len(list) {
			return list[n-1], nil
		}
		return "", nil
	case "wordlist":
		from, to := max(number(a[0]), 1), min(number(a[1]), len(list))
		if from > to {
			return "", nil
		}
		return strings.Join(list[from-1:to], " "), nil
	case "words":
		return strconv.Itoa(len(list)), nil
	case "firstword":
		return strings.Join(list[:min(1, len(list))], ""), nil
	case "lastword":
		if len(list) == 0 {
			return "", nil
		}
		return list[len(list)-1], nil
	case "dir":
		return each(func(w string) string {
			if i := strings.LastIndex(w, "/"); i >= 0 {
				return w[:i+1]
			}
			return "./"
		})
	case "notdir":
		return each(func(w string) string { return w[strings.LastIndex(w, "/")+1:] })
	case "suffix":
		list = slices.DeleteFunc(list, func(w string) bool { return path.Ext(w) == "" })
		return each(path.Ext)
	case "basename":
		return each(func(w string) string { return strings.TrimSuffix(w, path.Ext(w)) })
	case "addsuffix":
		return each(func(w string) string { return w + a[0] })
	case "addprefix":
		return each(func(w string) string { return a[0] + w })
	case "join":
		first := words(a[0])
		var out []string
		for i := range max(len(first), len(list)) {
			w := ""
			if i < len(first) {
				w = first[i]
			}
			if i < len(list) {
				w += list[i]
			}
			out = append(out, w)
		}
		return strings.Join(out, " "), nil
	case "wildcard":
		var out []string
		for _, w := range list {
			if rest, ok := strings.CutPrefix(w, m.Abs+"/"); ok && m.Abs != "" {
				w = rest
			}
			if strings.ContainsAny(w, "*?[") {
				out = append(out, m.glob(w)...)
			} else if m.Files.Has(path.Join(m.Dir, w)) {
				out = append(out, w)
			}
		}
		return strings.Join(out, " "), nil
	case "abspath", "realpath":
		if m.Abs == "" && slices.ContainsFunc(list, func(w string) bool { return !path.IsAbs(w) }) {
			return ShellBegins + "realpath " + last + ShellEnds, nil
		}
		return each(func(w string) string {
			if path.IsAbs(w) {
				return path.Clean(w)
			}
			return path.Join(m.Abs, w)
		})
	}
	return "", fmt.Errorf("its Makefile uses $(%s), which is not followed", name)
}

// shell answers what needs no shell, and asks the caller about the rest.
func (m *machine) shell(command string) string {
	switch command {
	case "pwd", "pwd -P", "/bin/pwd":
		if m.Abs != "" {
			return m.Abs
		}
	case "uname", "uname -s":
		return "Linux"
	case "uname -o":
		return "GNU/Linux"
	case "uname -s | tr A-Z a-z", "uname -s | tr '[:upper:]' '[:lower:]'", "uname | tr '[:upper:]' '[:lower:]'", "uname | tr A-Z a-z":
		return "linux"
	}
	return m.Shell(command)
}

// originOf answers $(origin NAME) (chapter 8.11).
func (m *machine) originOf(name string) string {
	v := m.lookup(name)
	switch {
	case v != nil && v.origin == fromCommand:
		return "command line"
	case v != nil && v.origin == fromFile:
		return "file"
	case v != nil && v.origin == automatic:
		return "automatic"
	}
	if _, set := m.Env(name); set {
		return "environment"
	}
	if _, ok := builtIn[name]; ok {
		return "default"
	}
	return "undefined"
}

// push adds a scope with values that are filled in; pop takes it away.
func (m *machine) push(values map[string]string) {
	scope := map[string]*variable{}
	for name, text := range values {
		scope[name] = &variable{name: name, value: strings.ReplaceAll(text, "$", "$$"), origin: automatic, simple: true}
	}
	m.scopes = append(m.scopes, scope)
}

func (m *machine) pop() { m.scopes = m.scopes[:len(m.scopes)-1] }

// file is the one that is read.
func (m *machine) file() string {
	if len(m.files) == 0 {
		return "Makefile"
	}
	return m.files[len(m.files)-1]
}

// arguments splits the arguments of a function at commas, outside of references and brackets.
func arguments(s string) []string {
	var out []string
	depth, start := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(', '{':
			depth++
		case ')', '}':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, s[start:i])
				start = i + 1
			}
		}
	}
	return append(out, s[start:])
}

// replaceWords is patsubst.
func replaceWords(text, from, to string) string {
	if strings.Contains(text, ShellBegins) {
		return shellParts(text)
	}
	list := words(text)
	for i, w := range list {
		if stem, ok := patternText(from, w); ok {
			if strings.Contains(from, "%") {
				list[i] = strings.Replace(to, "%", stem, 1)
			} else {
				list[i] = to
			}
		}
	}
	return strings.Join(list, " ")
}
