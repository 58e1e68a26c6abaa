package xxwindres

import "strings"

// words splits a command as the shell does, in a variable such as CC or in a
// file with arguments: at white space, which quotes and backslashes protect.
func words(s string) []string {
	var all []string
	var word strings.Builder
	started := false
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(s):
			i++
			word.WriteByte(s[i])
			started = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, started = c, true
		case quote == 0 && strings.IndexByte(" \t\r\n", c) >= 0:
			if started {
				all = append(all, word.String())
				word.Reset()
				started = false
			}
		default:
			word.WriteByte(c)
			started = true
		}
	}
	if started {
		all = append(all, word.String())
	}
	return all
}

// expandFiles replaces each argument @FILE by the arguments in the file. One that names no
// file that can be read stays as it is, as with GNU's tools.
func expandFiles(args []string, read func(name string) ([]byte, error)) []string {
	var all []string
	for _, arg := range args {
		if name, ok := strings.CutPrefix(arg, "@"); ok {
			if content, err := read(name); err == nil {
				all = append(all, words(string(content))...)
				continue
			}
		}
		all = append(all, arg)
	}
	return all
}
