package xxinfo

import "strings"

// parseOSRelease returns ID and VERSION_ID of an os-release file, each "unknown" if
// it is not there. The file is a list of shell assignments, see os-release(5); of
// a name that is assigned twice the last counts.
func parseOSRelease(data []byte) (id, version string) {
	id, version = unknown, unknown
	for line := range strings.Lines(string(data)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			continue
		}
		value = unquote(value)
		if value == "" {
			value = unknown
		}
		switch name {
		case "ID":
			id = value
		case "VERSION_ID":
			version = value
		}
	}
	return id, version
}

// unquote undoes the quoting of a value that the shell would read.
func unquote(s string) string {
	var b strings.Builder
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case c == quote && quote != 0:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
