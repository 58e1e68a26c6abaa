package xxinfo

import (
	"strconv"
	"strings"
)

// The little JSON that xx-info prints is written here: encoding/json would make the program a
// tenth larger, and it is copied into every build that uses it.

// members are an object's, in the order in which they are written. A value is a string, an int,
// members or an array; empty ones are left out, unless they are keepEmpty.
type members []member

type member struct {
	name  string
	value any
}

type array []any

// keepEmpty is a string that is written also when it is empty.
type keepEmpty string

// indentJSON returns the value as JSON, indented by two blanks, with a line break at the end.
func indentJSON(value any) string {
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
	case keepEmpty:
		quoteJSON(b, string(v))
	case int:
		b.WriteString(strconv.Itoa(v))
	case array:
		b.WriteByte('[')
		for i, e := range v {
			b.WriteString(separator(i, ",") + newline + "  ")
			writeJSON(b, e, newline+"  ")
		}
		b.WriteString(newline + "]")
	case members:
		b.WriteByte('{')
		written := 0
		for _, m := range v {
			if isEmpty(m.value) {
				continue
			}
			b.WriteString(separator(written, ",") + newline + "  ")
			written++
			quoteJSON(b, m.name)
			b.WriteString(": ")
			writeJSON(b, m.value, newline+"  ")
		}
		b.WriteString(newline + "}")
	}
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case string:
		return v == ""
	case members:
		for _, m := range v {
			if !isEmpty(m.value) {
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
