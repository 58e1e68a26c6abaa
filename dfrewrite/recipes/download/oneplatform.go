package download

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// A tool for one architecture, by a name that is written down, is what the builder has to be able to run: in a stage that moves to
// the build platform it is right on builders of that architecture, and HardcodedArch warns of the others.

// judgeToolForOne decides on such a download, if a command of the stage runs what comes of it and no other stage gets that.
func judgeToolForOne(c *verdict.Call) (verdict.Step, bool) {
	var files []string
	tool, arch := "", ""
	for _, on := range c.Facts().Platforms {
		calls := c.Facts().CallsFor(c.Stage, on)
		for i, cmd := range calls {
			if cmd.Run != c.Run || cmd.Span != c.Span {
				continue
			}
			address, name := forOne(cmd)
			brought := broughtBy(c, calls[i:])
			if cmd.Maybe || cmd.Substituted || name == "" || brought == nil || arch != "" && name != arch {
				return verdict.Step{}, false
			}
			brought = c.Facts().Carried(cmd, brought)
			ran := runFrom(c, on, brought, address)
			if ran == "" || tool != "" && ran != tool {
				return verdict.Step{}, false
			}
			tool, arch = ran, name
			files = append(files, brought...)
		}
	}
	if tool == "" {
		return verdict.Step{}, false
	}
	host := []string{tool}
	for _, f := range files {
		folder, isFolder := strings.CutSuffix(strings.TrimSuffix(f, "**"), "/")
		if isFolder {
			f = folder + "/"
		}
		switch {
		case c.Taken(f):
			return verdict.Step{}, false
		case archiveName().MatchString(f) || slices.Contains(host, f):
		case c.AmongSource(f) && !verdict.IsProgramDir(folder) && !verdict.IsProgramDir(path.Dir(f)):
			return verdict.Step{}, false
		default:
			host = append(host, f)
		}
	}
	return verdict.Step{Reason: "downloads a tool for the stage itself", HostWrites: host,
		Review: onlyOn(tool, arch)}, true
}

// addedToolForOne decides on an ADD in the same way.
func addedToolForOne(p *verdict.Ledger, file *verdict.File, in *dockerfile.Instruction) (verdict.Step, bool) {
	add := in.Command.(*instructions.AddCommand)
	to := p.Stage.Graph.CopiesTo(in)
	src := add.SourcePaths[0]
	if len(add.SourcePaths) > 1 || strings.Contains(to, "$") || strings.HasSuffix(add.DestPath, "/") && strings.Contains(path.Base(src), "$") {
		return verdict.Step{}, false
	}
	for _, on := range file.Facts(p.Stage.Graph).Platforms {
		if !writtenDown(file.Facts(p.Stage.Graph).Expand(in, src, on), src) {
			return verdict.Step{}, false
		}
	}
	if strings.HasSuffix(add.DestPath, "/") {
		to = path.Join(to, path.Base(src))
	}
	c := &verdict.Call{Site: graph.Site{Run: in, Stage: p.Stage}, Ledger: p, File: file, Opt: file.Options}
	if c.Taken(to) || c.AmongSource(to) || c.RunLater(to) == "" {
		return verdict.Step{}, false
	}
	return verdict.Step{In: in, Span: in.Span, Recipe: "downloads", Reason: "downloads a tool for the stage itself", HostWrites: []string{to},
		Review: onlyOn(to, verdict.ArchIn(src))}, true
}

func onlyOn(tool, arch string) string {
	return fmt.Sprintf("%s is downloaded for %s, and only a builder of that architecture can run it", path.Base(tool), arch)
}

// forOne returns the address that a command fetches, and the architecture in it, if that is the only address and the architecture is
// written down: a version may come by a build argument.
func forOne(cmd *facts.Call) (address, arch string) {
	for _, w := range cmd.Words[min(1, len(cmd.Words)):] {
		if !strings.Contains(w.Text, "://") {
			continue
		}
		if address != "" || !writtenDown(w.Value, w.Raw) {
			return "", ""
		}
		address, arch = w.Text, verdict.ArchIn(w.Text)
	}
	return address, arch
}

// writtenDown reports whether the architecture in an address is a constant.
func writtenDown(v facts.Value, raw string) bool {
	return v.Known() && v.From == 0 || v.From&(facts.FromTarget|facts.FromMachine|facts.FromBuilder) == 0 && verdict.ArchIn(raw) != ""
}

// broughtBy returns what the first of the commands fetches, or what the one behind it makes of that when it is piped on; nil if
// that cannot be seen.
func broughtBy(c *verdict.Call, calls []*facts.Call) []string {
	files, ok := fetchedBy(calls[0])
	if !ok || len(files) > 0 {
		return files
	}
	if r := calls[0].Redirects; len(r) == 1 {
		if file := calls[0].Abs(r[0].Value); file != "" {
			return []string{file}
		}
		return nil
	}
	if len(calls) < 2 || calls[1].Run != c.Run || calls[1].Span.Start < c.Span.End || !pipeOnly().Match(c.Run.Doc.Src[c.Span.End:calls[1].Span.Start]) || !unpacks[calls[1].Name] {
		return nil
	}
	folder := unpackedInto(calls[1])
	if folder == "" {
		return nil
	}
	return []string{folder}
}

// runFrom returns the program among some files, folders with a slash or /** behind them, that a command of the stage runs: by its path,
// or by its name, which the address has to name where only the folder is known.
func runFrom(c *verdict.Call, on *facts.Platform, files []string, address string) string {
	for _, t := range c.Stage.Tree() {
		for _, cmd := range c.Facts().CallsFor(t, on) {
			if len(cmd.Words) == 0 || !cmd.Words[0].Known() || shell.Carriers[cmd.Name] || shell.Shells[cmd.Name] {
				continue
			}
			for _, f := range files {
				if tool := ranOf(cmd, f, address); tool != "" {
					return tool
				}
			}
		}
	}
	return ""
}

func ranOf(cmd *facts.Call, file, address string) string {
	program := cmd.Words[0].Text
	folder, isFolder := strings.CutSuffix(strings.TrimSuffix(file, "**"), "/")
	if strings.Contains(program, "/") {
		abs := cmd.Abs(cmd.Words[0].Value)
		if abs == file || isFolder && verdict.Within(abs, []string{folder}) && (!verdict.IsSystemDir(folder) || names(address, path.Base(abs))) {
			return abs
		}
		return ""
	}
	if !isFolder {
		if path.Base(file) == program && verdict.IsProgramDir(path.Dir(file)) {
			return file
		}
		return ""
	}
	if !names(address, program) {
		return ""
	}
	for _, dir := range append([]string{folder, folder + "/bin"}, strings.Split(cmd.Env("PATH").Text, ":")...) {
		inPath := slices.Contains(strings.Split(cmd.Env("PATH").Text, ":"), dir)
		if (inPath || verdict.IsSystemDir(dir) && verdict.IsProgramDir(dir)) && verdict.Within(dir, []string{folder}) {
			return path.Join(dir, program)
		}
	}
	return ""
}

// names reports whether an address names a program behind its host: as a part of the path, or in front of a version or a system.
func names(address, program string) bool {
	_, rest, _ := strings.Cut(address, "://")
	_, rest, _ = strings.Cut(rest, "/")
	ok, err := regexp.MatchString(`(?i)(?:^|[^a-z0-9-])`+regexp.QuoteMeta(program)+`(?:$|[^a-z0-9-]|[-_]?v?[0-9]|[-_](?:linux|x86|amd64))`, rest)
	return err == nil && ok
}
