package xxverify

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"xxkit/triples"
	"xxkit/xxverify/object"
)

// memory is a tree for tests: what is under each path. A string is a file's text, one that begins with "-> " a link; an object is a
// program or library.
type memory map[string]any

func (m memory) Lstat(name string) (Node, error) {
	if name == "" {
		return Node{Mode: fs.ModeDir | 0o755}, nil
	}
	switch v := m[name].(type) {
	case string:
		if link, ok := strings.CutPrefix(v, "-> "); ok {
			return Node{Mode: fs.ModeSymlink | 0o777, Link: link}, nil
		}
		if strings.HasPrefix(v, "#!") {
			return Node{Mode: 0o755, Size: int64(len(v))}, nil
		}
		return Node{Mode: 0o644, Size: int64(len(v))}, nil
	case *object.Object:
		if v.Name == "data" {
			return Node{Mode: 0o644}, nil
		}
		return Node{Mode: 0o755}, nil
	case error:
		return Node{Mode: 0o644}, nil
	}
	for other := range m {
		if strings.HasPrefix(other, name+"/") {
			return Node{Mode: fs.ModeDir | 0o755}, nil
		}
	}
	return Node{}, fmt.Errorf("/%s: %w", name, fs.ErrNotExist)
}

func (m memory) List(name string) ([]string, error) {
	var names []string
	for other := range m {
		if rest, ok := strings.CutPrefix(other, name+"/"); ok || name == "" {
			if name == "" {
				rest = other
			}
			first, _, _ := strings.Cut(rest, "/")
			names = append(names, first)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (m memory) Content(name string) (Content, error) {
	switch v := m[name].(type) {
	case string:
		return Content{Err: object.ErrUnknown, Head: v}, nil
	case *object.Object:
		return Content{File: object.File{Objects: []*object.Object{v}}}, nil
	case error:
		return Content{Err: v}, nil
	}
	return Content{}, fmt.Errorf("/%s: %w", name, fs.ErrNotExist)
}

func (m memory) ReadFile(name string, _ int) ([]byte, error) {
	s, ok := m[name].(string)
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(s), nil
}

const (
	glibcLoader = "/lib64/ld-linux-x86-64.so.2"
	muslLoader  = "/lib/ld-musl-x86_64.so.1"
)

func amd64(kind object.Kind, d object.Dynamic) *object.Object {
	return &object.Object{
		Format: "ELF", Kind: kind, Arch: "amd64", Machine: "x86-64", Bits: 64, Order: triples.LittleEndian, Dynamic: d,
		Static: kind == object.Executable && d.Interpreter == "" && len(d.Needed) == 0,
	}
}

// uses is a program that needs libraries: "name" each, or "name:VERSION".
func uses(loader string, needed ...string) *object.Object {
	o := amd64(object.Executable, object.Dynamic{Interpreter: loader})
	addNeeded(o, needed)
	return o
}

// lib is a library that needs others.
func lib(soname string, needed ...string) *object.Object {
	o := amd64(object.Library, object.Dynamic{Soname: soname})
	addNeeded(o, needed)
	return o
}

func addNeeded(o *object.Object, needed []string) {
	for _, n := range needed {
		name, version, has := strings.Cut(n, ":")
		if !slices.Contains(o.Dynamic.Needed, name) {
			o.Dynamic.Needed = append(o.Dynamic.Needed, name)
		}
		if has {
			o.Dynamic.Needs = append(o.Dynamic.Needs, object.Version{Library: name, Name: version})
		}
	}
}

func with(o *object.Object, change func(*object.Object)) *object.Object {
	c := *o
	change(&c)
	return &c
}

func foreign(o *object.Object) *object.Object {
	return with(o, func(o *object.Object) { o.Arch, o.Machine = "arm64", "ARM aarch64" })
}

func data(o *object.Object) *object.Object {
	return with(o, func(o *object.Object) { o.Name = "data" })
}

func defines(o *object.Object, versions ...string) *object.Object {
	return with(o, func(o *object.Object) { o.Dynamic.Defines = versions })
}

func rpath(o *object.Object, dirs string) *object.Object {
	return with(o, func(o *object.Object) { o.Dynamic.Rpath = dirs })
}

func runpath(o *object.Object, dirs string) *object.Object {
	return with(o, func(o *object.Object) { o.Dynamic.Runpath = dirs })
}

// glibc is a system with glibc, as Debian has it.
func glibc() memory {
	return memory{
		"lib":                            "-> usr/lib",
		"lib64":                          "-> usr/lib64",
		"bin":                            "-> usr/bin",
		"usr/lib64/ld-linux-x86-64.so.2": "-> ../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
		"usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2": lib("ld-linux-x86-64.so.2"),
		"usr/lib/x86_64-linux-gnu/libc.so.6":            defines(lib("libc.so.6", "ld-linux-x86-64.so.2"), "libc.so.6", "GLIBC_2.2.5", "GLIBC_2.9", "GLIBC_2.36", "GLIBC_PRIVATE"),
		"usr/bin/sh":                                    uses(glibcLoader, "libc.so.6:GLIBC_2.2.5"),
		"usr/bin/env":                                   uses(glibcLoader, "libc.so.6"),
	}
}

// musl is a system with musl, as Alpine has it.
func musl() memory {
	return memory{
		"lib/ld-musl-x86_64.so.1":    lib("libc.musl-x86_64.so.1"),
		"lib/libc.musl-x86_64.so.1":  "-> ld-musl-x86_64.so.1",
		"bin/busybox":                uses(muslLoader, "libc.musl-x86_64.so.1"),
		"bin/sh":                     "-> /bin/busybox",
		"usr/lib/libz.so.1":          lib("libz.so.1", "libc.musl-x86_64.so.1"),
		"usr/local/lib/libthings.so": lib("libthings.so"),
	}
}

// TestVerifySystem has a system each with files that are added to it, and what is found then.
func TestVerifySystem(t *testing.T) {
	static := amd64(object.Executable, object.Dynamic{})
	for _, test := range []struct {
		name  string
		base  memory
		add   memory
		start []string
		want  string // the messages, without the hints; notes marked
	}{
		{name: "glibc", base: glibc()},
		{name: "musl", base: musl(), add: memory{"etc/ld-musl-x86_64.path": "/lib:/usr/local/lib:/usr/lib"}},
		{name: "a static program on nothing", base: memory{}, add: memory{"app": static}, start: []string{"/app"}},

		// Programs of other platforms.
		{
			name: "wrong architecture", base: glibc(), add: memory{"app/server": foreign(static)},
			want: "file /app/server does not match expected target architecture amd64: ELF 64-bit LSB executable, ARM aarch64, statically linked",
		},
		{
			name: "a library and an add-on of node among data", base: glibc(), add: memory{"srv/data/x.node": data(foreign(lib(""))), "srv/data/libx.so.1": data(foreign(lib("libx.so.1")))},
			want: "file /srv/data/libx.so.1 does not match expected target architecture amd64: ELF 64-bit LSB shared library, ARM aarch64, dynamically linked\n" +
				"file /srv/data/x.node does not match expected target architecture amd64: ELF 64-bit LSB shared library, ARM aarch64, dynamically linked",
		},
		{
			name: "a foreign program as data", base: glibc(), add: memory{"srv/payload": data(foreign(static))},
			want: "note: file /srv/payload does not match expected target architecture amd64: ELF 64-bit LSB executable, ARM aarch64, statically linked",
		},
		{
			name: "data that is started all the same", base: glibc(), add: memory{"testdata/app": foreign(static)}, start: []string{"/testdata/app"},
			want: "file /testdata/app does not match expected target architecture amd64: ELF 64-bit LSB executable, ARM aarch64, statically linked",
		},
		{
			name: "a cross-compiler's libraries", base: glibc(), add: memory{"usr/aarch64-linux-gnu/lib/libc.so.6": foreign(lib("libc.so.6")), "opt/aarch64-unknown-linux-musl/lib/libc.so": foreign(lib(""))},
			want: "note: file /opt/aarch64-unknown-linux-musl/lib/libc.so does not match expected target architecture amd64: ELF 64-bit LSB shared library, ARM aarch64, dynamically linked\n" +
				"note: file /usr/aarch64-linux-gnu/lib/libc.so.6 does not match expected target architecture amd64: ELF 64-bit LSB shared library, ARM aarch64, dynamically linked",
		},
		{
			name: "eBPF, and a program for Windows", base: glibc(),
			add: memory{
				"opt/x.bpf.so":        with(lib(""), func(o *object.Object) { o.Arch = "" }),
				"opt/setup/cli64.exe": with(static, func(o *object.Object) { o.Format, o.OS = "PE", "windows" }),
			},
			want: "note: file /opt/setup/cli64.exe does not match expected target OS linux: PE executable, windows, x86-64",
		},
		{
			name: "a program for macOS on PATH", base: glibc(), add: memory{"usr/local/bin/app": with(static, func(o *object.Object) { o.Format, o.OS = "Mach-O", "darwin" })},
			want: "file /usr/local/bin/app does not match expected target OS linux: Mach-O 64-bit executable, darwin, x86-64",
		},
		{
			name: "a program for a later processor", base: glibc(),
			add: memory{"app": with(static, func(o *object.Object) {
				o.Variant, o.VariantFrom, o.Go = "v3", "GOAMD64=v3", map[string]string{"GOAMD64": "v3"}
			})},
			want: "file /app does not match expected target architecture amd64/v1: ELF 64-bit LSB executable, x86-64, v3 (GOAMD64=v3), statically linked",
		},
		{name: "386 runs on amd64", base: glibc(), add: memory{"app": with(static, func(o *object.Object) { o.Arch, o.Bits = "386", 32 })}},
		{
			name: "damaged", base: glibc(), add: memory{"app": error(fmt.Errorf("damaged: cut off")), "usr/lib/libx.so": error(fmt.Errorf("damaged: cut off"))},
			want: "file /usr/lib/libx.so cannot be an executable: damaged: cut off\nnote: file /app cannot be an executable: damaged: cut off",
		},

		// Loaders.
		{
			name: "glibc's program on nothing", base: memory{}, add: memory{"app": uses(glibcLoader, "libc.so.6")},
			want: "/app cannot be started: it needs the loader /lib64/ld-linux-x86-64.so.2 (of glibc), which is not there",
		},
		{
			name: "glibc's program on musl", base: musl(), add: memory{"usr/bin/app": uses(glibcLoader, "libc.so.6")},
			want: "/usr/bin/app cannot be started: it needs the loader /lib64/ld-linux-x86-64.so.2 (of glibc), which is not there",
		},
		{
			name: "musl's program on glibc", base: glibc(), add: memory{"usr/bin/app": uses(muslLoader)},
			want: "/usr/bin/app cannot be started: it needs the loader /lib/ld-musl-x86_64.so.1 (of musl), which is not there",
		},
		{
			name: "a loader for another machine", base: glibc(), add: memory{"lib64/x": "", "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2": foreign(lib(""))},
			want: "/usr/bin/env cannot be started: its loader /lib64/ld-linux-x86-64.so.2 is for another machine: ELF 64-bit LSB shared library, ARM aarch64, dynamically linked\n" +
				"/usr/bin/sh cannot be started: its loader /lib64/ld-linux-x86-64.so.2 is for another machine: ELF 64-bit LSB shared library, ARM aarch64, dynamically linked\n" +
				"file /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 does not match expected target architecture amd64: ELF 64-bit LSB shared library, ARM aarch64, dynamically linked",
		},

		// Libraries.
		{
			name: "a library is missing", base: glibc(), add: memory{"app": uses(glibcLoader, "libx.so.1", "libc.so.6")},
			want: "/app needs libx.so.1, which the loader does not find",
		},
		{
			name: "a library's library is missing", base: glibc(), add: memory{"app": uses(glibcLoader, "libx.so.1"), "usr/lib/libx.so.1": lib("libx.so.1", "liby.so.1")},
			want: "/usr/lib/libx.so.1 needs liby.so.1, which the loader does not find (/app loads it)",
		},
		{
			name: "a library where the loader does not look", base: glibc(), add: memory{"app": uses(glibcLoader, "libx.so.1"), "opt/libx.so.1": lib("libx.so.1")},
			want: "/app needs libx.so.1, which the loader does not find",
		},
		{
			name: "without ldconfig", base: glibc(), add: memory{"app": uses(glibcLoader, "libx.so.1"), "usr/local/lib/libx.so.1": lib("libx.so.1"), "etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf", "etc/ld.so.conf.d/libc.conf": "# default\n/usr/local/lib\n"},
			want: "/app needs libx.so.1, which the loader does not find",
		},
		{name: "RUNPATH with $ORIGIN", base: glibc(), add: memory{"opt/bin/app": runpath(uses(glibcLoader, "libx.so.1"), "$ORIGIN/../lib"), "opt/lib/libx.so.1": lib("libx.so.1")}},
		{name: "RUNPATH, through a link", base: glibc(), add: memory{"opt/bin/app": runpath(uses(glibcLoader, "libx.so.1"), "/x:${ORIGIN}/lib"), "opt/bin/lib": "-> ../../data/./lib", "data/lib/libx.so.1": lib("libx.so.1")}},
		{
			name: "RUNPATH is not inherited", base: glibc(),
			add: memory{
				"opt/bin/app":       runpath(uses(glibcLoader, "libx.so.1"), "/opt/lib"),
				"opt/lib/libx.so.1": lib("libx.so.1", "liby.so.1"), "opt/lib/liby.so.1": lib("liby.so.1"),
			},
			want: "/opt/lib/libx.so.1 needs liby.so.1, which the loader does not find (/opt/bin/app loads it)",
		},
		{
			name: "RPATH is inherited", base: glibc(),
			add: memory{
				"opt/bin/app":       rpath(uses(glibcLoader, "libx.so.1"), "/opt/lib"),
				"opt/lib/libx.so.1": lib("libx.so.1", "liby.so.1"), "opt/lib/liby.so.1": lib("liby.so.1"),
			},
		},
		{
			name: "RUNPATH is inherited by musl", base: musl(),
			add: memory{
				"opt/bin/app":       runpath(uses(muslLoader, "libx.so.1"), "/opt/lib"),
				"opt/lib/libx.so.1": lib("libx.so.1", "liby.so.1"), "opt/lib/liby.so.1": lib("liby.so.1"),
			},
		},
		{name: "musl has libc itself", base: musl(), add: memory{"app": uses(muslLoader, "libc.so", "libpthread.so.0", "libz.so.1")}},
		{
			name: "musl's own path", base: musl(), add: memory{"app": uses(muslLoader, "libz.so.1", "libthings.so"), "etc/ld-musl-x86_64.path": "/lib\n/usr/local/lib\n"},
			want: "/app needs libz.so.1, which the loader does not find",
		},
		{
			name: "passed over, for another machine", base: glibc(), add: memory{"app": rpath(uses(glibcLoader, "libx.so.1"), "/testdata:/opt"), "testdata/libx.so.1": foreign(lib("")), "opt/libx.so.1": lib("")},
			want: "note: file /testdata/libx.so.1 does not match expected target architecture amd64: ELF 64-bit LSB shared library, ARM aarch64, dynamically linked",
		},
		{name: "by soname, loaded already", base: glibc(), add: memory{"app": uses(glibcLoader, "/opt/plug.so", "libx.so.1"), "opt/plug.so": lib("libx.so.1")}},
		{
			name: "links without end", base: glibc(), add: memory{"app": uses(glibcLoader, "libx.so.1"), "usr/lib/libx.so.1": "-> liby.so", "usr/lib/liby.so": "-> libx.so.1"},
			want: "/app needs libx.so.1, which the loader does not find",
		},
		{name: "a link out of the root stays inside", base: glibc(), add: memory{"app": uses(glibcLoader, "libx.so.1"), "usr/lib/libx.so.1": "-> ../../../../../../opt/libx.so.1", "opt/libx.so.1": lib("")}},

		// Plug-ins.
		{
			name: "a plug-in's library is missing", base: glibc(),
			add: memory{
				"usr/lib/plugins/p.so": lib("", "libx.so.1"), "usr/local/lib/python3/x.so": lib("", "libpq.so.5"), "srv/addon.node": lib("", "libpq.so.5"),
				"usr/lib/x86_64-linux-gnu/liby.so": lib("", "libpq.so.5"),
			},
			want: "/srv/addon.node needs libpq.so.5, which the loader does not find\n" +
				"/usr/lib/x86_64-linux-gnu/liby.so needs libpq.so.5, which the loader does not find\n" +
				"/usr/local/lib/python3/x.so needs libpq.so.5, which the loader does not find\n" +
				"note: /usr/lib/plugins/p.so needs libx.so.1, which the loader does not find",
		},
		{
			name: "a plug-in's library that its program has in a later version", base: glibc(),
			add: memory{"usr/lib/libx.so.1": defines(lib("libx.so.1"), "X_1"), "opt/libx.so.1": defines(lib("libx.so.1"), "X_2"), "opt/p.so": lib("", "libx.so.1:X_2")},
		},
		{name: "a plug-in's library that its program finds", base: glibc(), add: memory{"usr/lib/plugins/p.so": lib("", "libx.so.1"), "usr/lib/private/libx.so.1": lib("libx.so.1")}},

		// Versions.
		{
			name: "a newer glibc", base: glibc(), add: memory{"app": uses(glibcLoader, "libc.so.6:GLIBC_2.34", "libc.so.6:GLIBC_2.38", "libc.so.6:GLIBC_2.2.5")},
			want: "/app needs GLIBC_2.38, the image has 2.36 (/usr/lib/x86_64-linux-gnu/libc.so.6)",
		},
		{
			name: "a newer libstdc++, in a library", base: glibc(),
			add: memory{
				"app":                         uses(glibcLoader, "libx.so"),
				"usr/lib/libx.so":             lib("", "libstdc++.so.6:GLIBCXX_3.4.32"),
				"usr/lib/libstdc++.so.6":      "-> libstdc++.so.6.0.30",
				"usr/lib/libstdc++.so.6.0.30": defines(lib("libstdc++.so.6"), "GLIBCXX_3.4", "GLIBCXX_3.4.9", "GLIBCXX_3.4.30", "CXXABI_1.3"),
			},
			want: "/usr/lib/libx.so needs GLIBCXX_3.4.32, the image has 3.4.30 (/usr/lib/libstdc++.so.6.0.30) (/app loads it)",
		},
		{name: "a library without versions passes", base: glibc(), add: memory{"app": uses(glibcLoader, "libx.so:X_2"), "usr/lib/libx.so": lib("")}},
		{
			name: "versions of another kind", base: glibc(), add: memory{"app": uses(glibcLoader, "libx.so:X_2"), "usr/lib/libx.so": defines(lib(""), "libx.so")},
			want: "/app needs X_2, the image has no X (/usr/lib/libx.so)",
		},

		// Scripts.
		{name: "a script", base: glibc(), add: memory{"run.sh": "#!/bin/sh\n", "usr/bin/x": "#! /usr/bin/env -S sh -e\n"}, start: []string{"/run.sh"}},
		{
			name: "scripts without interpreters", base: glibc(),
			add: memory{"usr/bin/a": "#!/usr/bin/perl -w\n", "app/b": "#!/usr/bin/env python3\n", "usr/share/doc/c": "#!/bin/bash\n", "app/node_modules/d": "#!/usr/bin/env node"},
			want: "/app/b cannot be started: its interpreter python3 is not on PATH\n" +
				"/usr/bin/a cannot be started: its interpreter /usr/bin/perl is not there\n" +
				"note: /app/node_modules/d cannot be started: its interpreter node is not on PATH\n" +
				"note: /usr/share/doc/c cannot be started: its interpreter /bin/bash is not there",
		},
		{
			name: "a script from Windows", base: glibc(), add: memory{"run.sh": "#!/bin/sh\r\necho\r\n", "run2.sh": "#!/usr/bin/env sh\r\n"}, start: []string{"/run.sh"},
			want: "/run.sh cannot be started: its first line ends in CR LF, and the CR is taken for a part of the interpreter's name or argument\n" +
				"the image starts /run.sh, which cannot be started: its first line ends in CR LF, and the CR is taken for a part of the interpreter's name or argument\n" +
				"/run2.sh cannot be started: its first line ends in CR LF, and the CR is taken for a part of the interpreter's name or argument",
		},

		// What the image starts.
		{name: "a program on PATH", base: glibc(), start: []string{"sh", "-c", "x"}},
		{name: "a relative path", base: glibc(), add: memory{"work/app": static}, start: []string{"./app"}},
		{
			name: "not there", base: glibc(), start: []string{"/usr/bin/app"},
			want: "the image starts /usr/bin/app, which is not there",
		},
		{
			name: "not on PATH", base: glibc(), add: memory{"opt/bin/app": static}, start: []string{"app"},
			want: "the image starts app, which is not on PATH (/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)",
		},
		{
			name: "not executable", base: glibc(), add: memory{"app": data(static)}, start: []string{"/app"},
			want: "the image starts /app, which is not executable",
		},
		{
			name: "a folder", base: glibc(), add: memory{"app/x": static}, start: []string{"/app"},
			want: "the image starts /app, which is a folder",
		},
		{
			name: "one word instead of several", base: glibc(), start: []string{"/usr/bin/sh -c x"},
			want: "the image starts /usr/bin/sh -c x, which is not there",
		},

		{
			name: "names for a terminal", base: glibc(), add: memory{"app/\x1b[31mred\n": foreign(static)},
			want: `file /app/\x1b[31mred\n does not match expected target architecture amd64: ELF 64-bit LSB executable, ARM aarch64, statically linked`,
		},
	} {
		tree := memory{}
		for name, v := range test.base {
			tree[name] = v
		}
		for name, v := range test.add {
			tree[name] = v
		}
		_, found, err := VerifySystem(System{
			Tree: tree, Platform: triples.Platform{OS: "linux", Arch: "amd64"}, Start: [][]string{test.start}, Workdir: "/work",
		})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var lines []string
		for _, f := range found {
			line := f.Message
			if f.Note {
				line = "note: " + line
			} else if f.Hint == "" && f.Rule != RuleDamaged {
				t.Errorf("%s: no hint for %q", test.name, f.Message)
			}
			lines = append(lines, line)
			if !slices.ContainsFunc(Rules(), func(r Rule) bool { return r.Name == f.Rule }) {
				t.Errorf("%s: unknown rule %q", test.name, f.Rule)
			}
		}
		if got := strings.Join(lines, "\n"); got != test.want {
			t.Errorf("%s: found\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

// TestAllow makes sure that what is allowed is not spoken of, and nothing else is allowed with it.
func TestAllow(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"vendor", "app/vendor/x", true},
		{"vendor", "app/vendor2/x", false},
		{"*.node", "app/lib/x.node", true},
		{"/app", "app/x/y", true},
		{"/app", "opt/app/x", false},
		{"app/x", "app/x", true},
		{"/opt/**/*.so", "opt/a/b/c.so", true},
		{"/opt/**/*.so", "opt/c.so", true},
		{"/opt/**/*.so", "opt/a/c.so.1", false},
		{"/opt/**", "opt", true},
		{"/opt/*/x", "opt/a/b/x", false},
		{"**/**/**/**/**/**/**/**/**/**/x", strings.Repeat("a/", 200) + "y", false},
	} {
		if got := allowed([]string{"nothing", test.pattern}, test.name); got != test.want {
			t.Errorf("%s allows %.40s: %v, want %v", test.pattern, test.name, got, test.want)
		}
	}
}

func TestResolveStaysInside(t *testing.T) {
	long := memory{"file": "x"}
	for i := range 60 {
		long[fmt.Sprint("l", i)] = fmt.Sprintf("-> l%d", i+1)
	}
	long["l60"] = "-> file"
	long["wide"] = "-> " + strings.Repeat("./", 3000) + "file"
	for name, want := range map[string]string{
		"/file": "file", "../../file": "file", "l30": "file", "l0": "", "file/x": "", "none": "", "./file": "file", "wide": "",
	} {
		got, _, err := Resolve(long, name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	if got, n, err := Resolve(long, "/"); got != "" || !n.Mode.IsDir() || err != nil {
		t.Errorf("the root: %q, %v", got, err)
	}
}

// TestSteps makes sure that a system whose libraries refer to each other without end is given up.
func TestSteps(t *testing.T) {
	tree := glibc()
	l := newLoader(tree, triples.Platform{OS: "linux", Arch: "amd64"}, false, nil)
	l.steps = 2
	if _, _ = l.load("usr/bin/sh", tree["usr/bin/sh"].(*object.Object)); l.steps >= 0 {
		t.Errorf("%d steps are left", l.steps)
	}
}
