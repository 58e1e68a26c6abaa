package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
)

// Some programs make things for the machine that they run on and for no other: GraalVM's native-image, jlink, PyInstaller.
// A stage with one of them cannot move to the build platform, and one that was moved ships the builder's.

// ownMachine says of such a program how it is told where to write. A program that is told another machine by one of the
// options of unless is left alone.
var ownMachine = map[string]struct {
	output []string
	what   string
	unless []string
}{
	"native-image": {[]string{"-o", "-H:Name"}, "a program", []string{"--target"}},
	"jlink":        {[]string{"--output"}, "a Java runtime", []string{"--module-path", "-p"}},
	"jpackage":     {[]string{"--dest", "-d"}, "a Java runtime", []string{"--runtime-image"}},
	"pyinstaller":  {[]string{"--distpath"}, "a program", []string{"--target-arch"}},
	"nuitka":       {[]string{"--output-dir"}, "a program", nil},
	"deno":         {[]string{"-o", "--output"}, "a program", []string{"--target"}},
	"bun":          {[]string{"--outfile"}, "a program", []string{"--target"}},
	"crystal":      {[]string{"-o"}, "a program", []string{"--target"}},
	"ghc":          {[]string{"-o"}, "a program", nil},
}

// madeForOwnMachine returns a command of a stage on the build platform that makes something for it, which is shipped.
func (p *Pass) madeForOwnMachine(s *graph.Stage) (*facts.Call, string) {
	for _, on := range p.Facts.PlatformsOf(s) {
		for _, c := range p.callsInFiles(s, on) {
			if c.Name == "" && len(c.Words) > 0 { // $JAVA_HOME/bin/jlink
				named := *c
				named.Name = path.Base(c.Words[0].Text)
				c = &named
			}
			tool, known := ownMachine[c.Name]
			if c.Name == "mvn" || c.Name == "mvnw" || c.Name == "gradle" || c.Name == "gradlew" {
				if written := nativeByBuild(c); written != nil && p.shippedPrograms(s, p.Facts.Carried(c, written), on) {
					return c, "a program"
				}
			}
			if !known || c.Maybe || c.Name == "bun" && !c.Has("--compile") || c.Name == "deno" && !c.Has("compile") || c.Has("--version", "--help", "list") {
				continue
			}
			if v, told := c.Option(tool.unless...); told && (c.Name != "jlink" || follows(v) || strings.Contains(v.Text, "jmods") && len(archNames(v.Text)) > 0) {
				continue // jlink links with the modules of another JDK, if it is given them
			}
			var written []string
			if v, ok := c.Option(tool.output...); ok {
				if to := c.Abs(v); to != "" {
					written = []string{to, to + "/**"}
				}
			} else if c.Dir != "" {
				written = []string{c.Dir + "/"}
				switch c.Name {
				case "pyinstaller":
					written = []string{path.Join(c.Dir, "dist") + "/**"}
				case "native-image":
					for i, w := range c.Words {
						if w.Text == "-jar" && i+1 < len(c.Words) {
							written = []string{path.Join(c.Dir, strings.TrimSuffix(path.Base(c.Words[i+1].Text), ".jar"))}
						} else if i == len(c.Words)-1 && i > 0 && !strings.HasPrefix(w.Text, "-") {
							written = append(written, path.Join(c.Dir, path.Base(w.Text)))
						}
					}
				}
			}
			if p.shipped(s, p.Facts.Carried(c, written), on) {
				return c, tool.what
			}
		}
	}
	return nil, ""
}

// nativeByBuild returns where Maven and Gradle put a program that GraalVM compiles for them, or nil.
func nativeByBuild(c *facts.Call) []string {
	native := slices.ContainsFunc(c.Words, func(w facts.Word) bool {
		return w.Text == "-Pnative" || w.Text == "-Dnative" || strings.HasPrefix(w.Text, "-Dquarkus.native.enabled") && !strings.HasSuffix(w.Text, "false") || strings.HasSuffix(w.Text, "native:compile") || w.Text == "nativeCompile" || strings.HasSuffix(w.Text, ":nativeCompile")
	})
	if !native || c.Dir == "" || c.Maybe {
		return nil
	}
	if strings.HasPrefix(c.Name, "gradle") {
		return []string{path.Join(c.Dir, "build/native") + "/**", path.Join(c.Dir, "build") + "/"}
	}
	return []string{path.Join(c.Dir, "target") + "/"}
}

// shippedPrograms is shipped, but for what is by its name the same on every platform.
func (p *Pass) shippedPrograms(s *graph.Stage, written []string, on *facts.Platform) bool {
	return p.copied(s, written, on, func(u *graph.Use, src string) bool {
		return path.Ext(src) != ".jar" && path.Ext(src) != ".war" && landsOnTarget(u.In, map[*graph.Stage]bool{})
	})
}

// reportOwnMachine reports it.
func (p *Pass) reportOwnMachine(s *graph.Stage, c *facts.Call, what string) {
	p.Report(Diagnostic{
		Span:    c.Span,
		Message: fmt.Sprintf("%s makes %s for the machine that it runs on, the build platform's in %s: images of every platform get it", c.Name, what, s.Title()),
		Hint:    "leave this step on the target platform, in a stage without --platform",
		Notes:   p.inFile(c),
	})
}
