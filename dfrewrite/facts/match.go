package facts

import "strings"

// matches reports whether a shell pattern (*, ?, [...], backslash) fits all of s.
// Unlike path.Match, a star takes slashes too.
func matches(pattern, s string) bool {
	for pattern != "" {
		switch pattern[0] {
		case '*':
			pattern = strings.TrimLeft(pattern, "*")
			for i := 0; i <= len(s); i++ {
				if matches(pattern, s[i:]) {
					return true
				}
			}
			return false
		case '?':
			if s == "" {
				return false
			}
			pattern, s = pattern[1:], s[1:]
		case '[':
			end := strings.IndexByte(pattern[1:], ']')
			if end < 0 || s == "" {
				return false
			}
			if !inClass(pattern[1:1+end], s[0]) {
				return false
			}
			pattern, s = pattern[end+2:], s[1:]
		case '\\':
			if len(pattern) > 1 {
				pattern = pattern[1:]
			}
			fallthrough
		default:
			if s == "" || s[0] != pattern[0] {
				return false
			}
			pattern, s = pattern[1:], s[1:]
		}
	}
	return s == ""
}

func inClass(class string, b byte) bool {
	not := strings.HasPrefix(class, "!") || strings.HasPrefix(class, "^")
	if not {
		class = class[1:]
	}
	for i := 0; i < len(class); i++ {
		if i+2 < len(class) && class[i+1] == '-' {
			if class[i] <= b && b <= class[i+2] {
				return !not
			}
			i += 2
		} else if class[i] == b {
			return !not
		}
	}
	return not
}

// trim removes what a pattern fits from the front or the back: ${x#p}, ${x##p},
// ${x%p}, ${x%%p}.
func trim(s, pattern string, front, longest bool) string {
	best := -1
	for n := 0; n <= len(s); n++ {
		part := s[:n]
		if !front {
			part = s[len(s)-n:]
		}
		if matches(pattern, part) {
			best = n
			if !longest {
				break
			}
		}
	}
	switch {
	case best < 0:
		return s
	case front:
		return s[best:]
	}
	return s[:len(s)-best]
}
