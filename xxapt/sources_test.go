package xxapt

import (
	"strings"
	"testing"
)

// TestRestrict shows what becomes of every kind of entry, with a second run after each.
func TestRestrict(t *testing.T) {
	for _, test := range []struct{ name, file, content, want string }{
		{"one-line", "sources.list", "deb http://a.example/debian bookworm main\n", "deb [arch=amd64] http://a.example/debian bookworm main\n"},
		{"source", "x.list", "deb-src\thttp://a.example/ ./\n", "deb-src\t[arch=amd64] http://a.example/ ./\n"},
		{"commented", "x.list", "# deb http://a.example/ x main\n#deb-src http://a.example/ x main\n", "# deb [arch=amd64] http://a.example/ x main\n#deb-src [arch=amd64] http://a.example/ x main\n"},
		{"options", "x.list", "deb [signed-by=/k.gpg] http://a.example/ x main\ndeb [ trusted=yes ] file:/r ./\n", "deb [arch=amd64 signed-by=/k.gpg] http://a.example/ x main\ndeb [ arch=amd64 trusted=yes ] file:/r ./\n"},
		{"named", "x.list", "deb [arch=arm64,armhf] http://a.example/ x main\ndeb [trusted=yes arch-=i386] http://a.example/ x main\ndeb [arch+=armhf] file:/r x y # deb\n", ""},
		{"prose", "x.list", "# deb lines: see sources.list(5)\n# debian\n\ndebug http://a.example/ x\n# deb [ is for options\ndeb\n", ""},
		{"cdrom", "x.list", "# deb cdrom:[Ubuntu 24.04 LTS _Noble_]/ noble main\n", "# deb [arch=amd64] cdrom:[Ubuntu 24.04 LTS _Noble_]/ noble main\n"},
		{"CRLF, no end", "x.list", "deb http://a.example/ x main\r\ndeb http://b.example/ x main", "deb [arch=amd64] http://a.example/ x main\r\ndeb [arch=amd64] http://b.example/ x main"},

		{"stanza", "x.sources", "Types: deb\nURIs: http://a.example/\nSuites: x\nComponents: main\n", "Types: deb\nArchitectures: amd64\nURIs: http://a.example/\nSuites: x\nComponents: main\n"},
		{"stanzas", "x.sources", "# first\nTypes: deb\n# deb-src too\nURIs: a:/\nSuites: x\n\n\n# second\nEnabled: no\ntypes: deb deb-src\nURIs: b:/\nSuites: y\n\n# Types: deb\n# URIs: c:/\n",
			"# first\nTypes: deb\nArchitectures: amd64\n# deb-src too\nURIs: a:/\nSuites: x\n\n\n# second\nEnabled: no\ntypes: deb deb-src\nArchitectures: amd64\nURIs: b:/\nSuites: y\n\n# Types: deb\n# URIs: c:/\n"},
		{"one of two named", "x.sources", "Types: deb\nURIs: a:/\nArchitectures: arm64\n\nTypes: deb\nURIs: b:/\n", "Types: deb\nURIs: a:/\nArchitectures: arm64\n\nTypes: deb\nArchitectures: amd64\nURIs: b:/\n"},
		{"several lines", "x.sources", "Types:\n deb\n# or\n deb-src\nURIs: a:/\n", "Types:\n deb\n# or\n deb-src\nArchitectures: amd64\nURIs: a:/\n"},
		{"CRLF", "x.sources", "Types: deb\r\nURIs: a:/\r\n", "Types: deb\r\nArchitectures: amd64\r\nURIs: a:/\r\n"},
		{"no end", "x.sources", "URIs: a:/\nTypes: deb", "URIs: a:/\nTypes: deb\nArchitectures: amd64"},
		{"key in it", "x.sources", "Types: deb\nSigned-By:\n -----BEGIN\n .\n Types: deb\n", "Types: deb\nArchitectures: amd64\nSigned-By:\n -----BEGIN\n .\n Types: deb\n"},
		{"by content", "saved", "Types: deb\nURIs: a:/\n", "Types: deb\nArchitectures: amd64\nURIs: a:/\n"},
		{"empty", "x.list", "", ""},
	} {
		if test.want == "" {
			test.want = test.content
		}
		got := Restrict("/etc/apt/"+test.file, test.content, "amd64")
		if got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
		if again := Restrict("/etc/apt/"+test.file, got, "arm64"); again != got {
			t.Errorf("%s, a second time:\n%s", test.name, again)
		}
	}
}

func FuzzRestrict(f *testing.F) {
	f.Add("deb [a=b] http://x y z\n# deb x:y z", false)
	f.Add("Types: deb\r\n\n \nTypes:\n x\n#\n y", true)
	f.Fuzz(func(t *testing.T, content string, deb822 bool) {
		name := "x.list"
		if deb822 {
			name = "x.sources"
		}
		once := Restrict(name, content, "amd64")
		if twice := Restrict(name, once, "arm64"); twice != once {
			t.Errorf("%q: once %q, twice %q", content, once, twice)
		}
		if strings.Contains(content, "rch") {
			return
		}
		var without strings.Builder
		for line := range strings.Lines(strings.NewReplacer("[arch=amd64] ", "", "arch=amd64 ", "").Replace(once)) {
			if strings.TrimRight(line, "\r\n") != "Architectures: amd64" {
				without.WriteString(line)
			}
		}
		// A field after a last line without an end gives it one.
		if got := without.String(); got != content && got != content+"\n" {
			t.Errorf("%q: more than the architecture has changed: %q", content, once)
		}
	})
}
