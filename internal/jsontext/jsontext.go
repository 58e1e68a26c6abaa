// Package jsontext writes the little JSON that helpers print. encoding/json would make the program a tenth larger, and
// it is copied into every build that uses it.
//
//	jsontext.Indent(jsontext.Members{{"name", "xx"}, {"count", 2}})
package jsontext

import (
	"strconv"
	"strings"
)

// Members are an object's, in the order in which they are written. A value is a string, an int, a bool,
// Members or an Array; empty strings and Members are left out, unless they are KeepEmpty.
type Members []Member

// Member is one of an object's: its name, a string, and its value.
type Member [2]any

// Array is a list of such values.
type Array []any

// KeepEmpty is a string that is written also when it is empty.
type KeepEmpty string

// Indent returns the value as JSON, indented by two blanks, with a line break at the end.
func Indent(value any) string {
	var b strings.Builder
	writeJSON(&b, value, "\n")
	b.WriteByte('\n')
	return b.String()
}

// writeJSON writes a value; newline is a line break with the indentation that the value has.
func writeJSON(b *strings.Builder, value any, newline string) {
	switch v := value.(type) {
	case string:
		quoteJSON(b, v)
	case KeepEmpty:
		quoteJSON(b, string(v))
	case int:
		b.WriteString(strconv.Itoa(v))
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case Array:
		if len(v) == 0 {
			b.WriteString("[]")
			break
		}
		b.WriteByte('[')
		for i, e := range v {
			b.WriteString(separator(i, ",") + newline + "  ")
			writeJSON(b, e, newline+"  ")
		}
		b.WriteString(newline + "]")
	case Members:
		b.WriteByte('{')
		written := 0
		for _, m := range v {
			if isEmpty(m[1]) {
				continue
			}
			b.WriteString(separator(written, ",") + newline + "  ")
			written++
			writeJSON(b, KeepEmpty(m[0].(string)), "")
			b.WriteString(": ")
			writeJSON(b, m[1], newline+"  ")
		}
		b.WriteString(newline + "}")
	}
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case string:
		return v == ""
	case Members:
		for _, m := range v {
			if !isEmpty(m[1]) {
				return false
			}
		}
		return true
	}
	return false
}

// quoteJSON writes a string as RFC 8259 has it; what is not UTF-8 becomes U+FFFD.
func quoteJSON(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ':
			b.WriteString(`\u00`)
			b.WriteByte("0123456789abcdef"[r>>4])
			b.WriteByte("0123456789abcdef"[r&15])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// separator is what stands before the i-th of several: nothing before the first.
func separator(i int, s string) string {
	if i == 0 {
		return ""
	}
	return s
}
