package context

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"xxkit/dfrewrite/match"
)

// Other files of a project read its Dockerfile or build it in their own way: a release script that takes a version out of the
// FROM line, a Makefile that builds with the classic builder. What a rewrite changes may break these.

// Readers are such files; each text names the line: "hack/version.sh:3".
type Readers struct {
	// From is a line that takes FROM lines apart, and does not expect a flag in them; Text is what it says.
	From, Text string
	// Classic is a line that builds without BuildKit, which knows no BUILDPLATFORM.
	Classic string
}

// Limits on what is looked at.
const (
	maxReaders    = 400     // files
	maxReaderSize = 1 << 17 // bytes of one
	maxReaderSeen = 20000   // entries
)

var (
	readerFile = match.Pattern(`(^|/)(GNUmakefile|[Mm]akefile|justfile|Jenkinsfile|Taskfile\.ya?ml|Rakefile)$|\.(sh|bash|zsh|mk|ya?ml|py|rb|pl|js|mjs|ts|ps1|groovy)$|(^|/)(scripts?|hack|bin|tools?|ci|build)/[^./]+$`)
	// takesFrom matches a pattern for FROM lines with what follows right behind, anchored or with an image's name.
	takesFrom = match.Pattern(`(?:\^|['"/(])\s*FROM(?:\s|\\s|\\ |\[\[:space:\]\]|\[ \]|\+|\*|\\t|\\\()|\bFROM +[a-z][a-z0-9./_-]*:`)
	// takesField matches where a field of such lines is taken, by its number: awk '/^FROM/ {print $2}', grep FROM Dockerfile | cut -d' ' -f2.
	takesField = match.Pattern(`(?:\^|/|\b[ef]?grep\s+(?:-\S+\s+)*['"]?)FROM\b.*(?:\|\s*(?:g?awk\b.*\$[2-9]|cut\b|sed\b)|/\s*\{.*\$[2-9])`)
	// readsLines matches the programs that look for such patterns.
	readsLines  = match.Pattern(`\b(grep|egrep|rg|sed|gsed|awk|gawk|perl|cut|ack|Select-String|re\.(?:search|match|findall|compile)|preg_match|RegExp|\.match|\.scan|\.replace|startsWith|startswith)\b`)
	classicDone = match.Pattern(`\b(?:DOCKER_BUILDKIT|COMPOSE_DOCKER_CLI_BUILD)\s*[:=]\s*['"]?(0|false)\b`)
)

// ReadersOf looks for the files that read a Dockerfile of this name, or build it without BuildKit.
func ReadersOf(c *Files, dockerfile string) Readers {
	type key struct{ name string }
	dockerfile = path.Base(dockerfile)
	return Once(c, key{dockerfile}, func() Readers {
		var r Readers
		seen, files := 0, 0
		c.Walk(".", func(name string, d fs.DirEntry, err error) error {
			seen++
			switch {
			case err != nil:
				return nil
			case seen > maxReaderSeen || files > maxReaders || r.From != "" && r.Classic != "":
				return fs.SkipAll
			case d.IsDir() && (match.Words("node_modules vendor .git testdata third_party dist")[d.Name()]):
				return fs.SkipDir
			case d.IsDir() || !readerFile().MatchString(name):
				return nil
			}
			files++
			text := c.ReadFile(name)
			if len(text) > maxReaderSize || !bytes.Contains(text, []byte("ocker")) {
				return nil
			}
			r.read(name, dockerfile, text)
			return nil
		})
		return r
	})
}

func (r *Readers) read(name, dockerfile string, text []byte) {
	names := bytes.Contains(text, []byte(dockerfile))
	n := 0
	for line := range bytes.Lines(text) {
		n++
		l := strings.TrimSpace(string(line))
		if strings.HasPrefix(l, "#") || strings.HasPrefix(l, "//") {
			continue
		}
		if r.From == "" && names && strings.Contains(l, "FROM") && readsLines().MatchString(l) && (takesFrom().MatchString(l) || takesField().MatchString(l)) && !strings.Contains(l, "platform") {
			r.From, r.Text = fmt.Sprintf("%s:%d", name, n), l
		}
		if r.Classic == "" && classicDone().MatchString(l) {
			r.Classic = fmt.Sprintf("%s:%d", name, n)
		}
	}
}
