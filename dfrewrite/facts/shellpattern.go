package facts

import "strings"

// matches reports whether a shell pattern (*, ?, [...], backslash) fits all of s.
// Unlike path.Match, a star takes slashes too.
func matches(pattern, s string) bool {
	// The last star, and what it took so far: enough to go back to.
	star, took := -1, 0
	i, j := 0, 0 // in pattern, in s
	for {
		if i < len(pattern) && pattern[i] == '*' {
			star, took = i, j
			i++
			continue
		}
		if j == len(s) {
			return i == len(pattern)
		}
		if n := one(pattern[i:], s[j]); n > 0 {
			i += n
			j++
			continue
		}
		if star < 0 {
			return false
		}
		took++
		i, j = star+1, took
	}
}

// one returns how many bytes of the pattern fit a byte, 0 if it does not fit.
func one(pattern string, b byte) int {
	if pattern == "" {
		return 0
	}
	switch pattern[0] {
	case '?':
		return 1
	case '[':
		if end := strings.IndexByte(pattern[1:], ']'); end >= 0 {
			if inClass(pattern[1:1+end], b) {
				return end + 2
			}
			return 0
		}
	case '\\':
		if len(pattern) > 1 {
			if pattern[1] == b {
				return 2
			}
			return 0
		}
	}
	if pattern[0] == b {
		return 1
	}
	return 0
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
