package shell

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/internal/lazyregexp"
)

// Forms of RUN in which the script is not what stands behind the keyword: a shell
// that reads a heredoc (RUN <<EOF bash), and one that gets a string in exec form
// (RUN ["bash", "-c", "…"]).

// bareHeredoc matches the redirection of a heredoc, with its delimiter quoted or not.
var bareHeredoc = lazyregexp.New(`<<-?[ \t]*("[^"]*"|'[^']*'|[^\s<>|&;()]+)`)

// shellThatReads returns the shell for `<<EOF bash`, `bash -e <<EOF` and the like,
// where the heredoc is the whole script; else "".
func shellThatReads(args []byte, heredocs []dockerfile.Heredoc) string {
	if len(heredocs) != 1 {
		return ""
	}
	at := bareHeredoc.Get().FindAllIndex(args, -1)
	if len(at) != 1 {
		return ""
	}
	words := strings.Fields(string(args[:at[0][0]]) + " " + string(args[at[0][1]:]))
	if len(words) > 1 && path.Base(words[0]) == "env" {
		words = words[1:]
	}
	if len(words) == 0 || !isBourne(words[0]) || path.Base(words[0]) == "busybox" {
		return ""
	}
	for i, w := range words[1:] {
		// Options take the rest of what the shell is told: it reads its input then.
		option := strings.HasPrefix(w, "-") && !strings.Contains(w, "c") && !strings.HasPrefix(w, "--")
		if !option && !(w == "pipefail" && strings.HasSuffix(words[i], "o")) {
			return ""
		}
	}
	return words[0]
}

// parseInput reads a heredoc that another shell gets as its input.
func (s *Script) parseInput(run *dockerfile.Instruction, program string) {
	h := run.Heredocs[0]
	var body dockerfile.Text
	s.Text = body.Append(run.Doc, h.Body)
	s.timeIsKeyword = hasTimeKeyword(program)
	s.parse()
	if s.Opaque != "" || !h.Expand {
		return
	}
	// The shell outside fills variables in before this one sees the script.
	for _, u := range s.Uses {
		if s.Sets(u.Name) {
			*s = Script{Run: run, Text: s.Text, Opaque: fmt.Sprintf("%s is replaced before the script that sets it runs, since %s is not quoted", "$"+u.Name, h.Name)}
			return
		}
	}
}

// parseExec reads the exec form.
func (s *Script) parseExec(run *dockerfile.Instruction) {
	s.Opaque = "it is in exec form, which no shell reads"
	s.Text = run.Args()
	words := jsonWords(s.Text)
	if len(words) == 0 {
		return
	}
	if text, program := stringForShell(s.Text, words); program != "" {
		s.Opaque, s.Text, s.InJSON = "", text, true
		s.timeIsKeyword = hasTimeKeyword(program)
		s.parse()
		return
	}
	s.Exec = &Command{Name: words[0].Lit, Words: words, Span: s.Text.Span(0, len(s.Text.Bytes))}
}

// jsonWords splits a JSON array of strings. Spans are those of the strings' insides.
func jsonWords(text dockerfile.Text) []Word {
	d := json.NewDecoder(bytes.NewReader(text.Bytes))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil
	}
	var words []Word
	for d.More() {
		t, err := d.Token()
		value, ok := t.(string)
		if err != nil || !ok {
			return nil
		}
		end := int(d.InputOffset()) - 1
		// Quotes inside of the string have a backslash.
		start := bytes.LastIndexByte(text.Bytes[:end], '"')
		for start > 0 && escaped(text.Bytes, start) {
			start = bytes.LastIndexByte(text.Bytes[:start], '"')
		}
		if start < 0 {
			return nil
		}
		start++
		words = append(words, Word{Raw: string(text.Bytes[start:end]), Lit: value, Const: true, Span: text.Span(start, end)})
	}
	return words
}

// escaped reports whether a backslash takes the meaning of the byte away.
func escaped(b []byte, at int) bool {
	n := 0
	for at > n && b[at-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

// stringForShell returns the script of ["bash", "-c", "script"] and its shell. One with
// escapes in it is left alone: an edit would have to know of them.
func stringForShell(text dockerfile.Text, words []Word) (script dockerfile.Text, program string) {
	last := words[len(words)-1]
	if len(words) < 3 || !isBourne(words[0].Lit) || path.Base(words[0].Lit) == "busybox" || last.Raw != last.Lit {
		return script, ""
	}
	options := words[1 : len(words)-1]
	command := options[len(options)-1].Lit
	if !strings.HasPrefix(command, "-") || strings.HasPrefix(command, "--") || !strings.HasSuffix(command, "c") {
		return script, ""
	}
	if slices.ContainsFunc(options, func(w Word) bool { return !strings.HasPrefix(w.Lit, "-") && w.Lit != "pipefail" }) {
		return script, ""
	}
	end := bytes.LastIndexByte(text.Bytes, '"')
	return text.Slice(end-len(last.Raw), end), words[0].Lit
}
