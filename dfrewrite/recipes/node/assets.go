package node

import (
	"encoding/json"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/context"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/verdict"
)

// isAsset reports whether a path of a stage is known to hold what the build context has there and nothing else, so that no install
// in the stage has put a node_modules into it: there is no package.json in it, which would make it a package of a workspace, and
// neither a RUN nor a script of the package that is installed in project names it.
func isAsset(p, project string, ledgers []*verdict.Ledger) bool {
	files := ledgers[0].Context
	if files == nil {
		return false
	}
	sources, ok := sourcesOf(p, ledgers)
	if !ok || len(sources) == 0 || slices.ContainsFunc(sources, func(src string) bool { return !withoutPackages(files, src) }) {
		return false
	}
	named := regexp.MustCompile(`(^|[^\w.-])` + regexp.QuoteMeta(path.Base(p)) + `($|[^\w.-])`)
	for _, l := range ledgers {
		for _, in := range l.Stage.Body {
			if graph.IsRun(in) && named.Match(in.Doc.Src[in.Span.Start:in.Span.End]) {
				return false
			}
		}
	}
	manifests, ok := sourcesOf(path.Join(project, "package.json"), ledgers)
	if !ok || len(manifests) == 0 {
		return false
	}
	var pkg manifest
	if err := json.Unmarshal(files.ReadFile(manifests[0]), &pkg); err != nil {
		return false
	}
	// These run when packages are installed.
	for _, hook := range []string{"install", "prepare"} {
		if block, review := pkg.judge(hook, 0); block+review != "" {
			return false
		}
	}
	for _, script := range pkg.Scripts {
		if named.MatchString(script) {
			return false
		}
	}
	return true
}

// sourcesOf returns the paths of the build context that instructions have copied to a path of a stage, the stage's ledger and those
// of its bases being given; ok is false if something else may lie there, too.
func sourcesOf(p string, ledgers []*verdict.Ledger) (sources []string, ok bool) {
	files := ledgers[0].Context
	for _, l := range ledgers {
		for _, in := range l.Stage.Body {
			add, isAdd := in.Command.(*instructions.AddCommand)
			if isAdd && slices.ContainsFunc(add.SourcePaths, func(src string) bool { return !files.IsFolder(context.ContextPath(src)) }) {
				if dest := l.Stage.Graph.CopiesTo(in); verdict.Within(p, []string{dest}) || verdict.Within(dest, []string{p}) {
					return nil, false // it may be an archive
				}
			}
		}
	}
	// The copies of the nearest stage are also those of its bases.
	end := graph.Site{Stage: ledgers[0].Stage}
	for cmd, dest := range end.Copies() {
		if _, below := context.Below(dest, p); below && (cmd.From != "" || dest != p) {
			return nil, false
		}
		rest, covers := context.Below(p, strings.TrimSuffix(dest, "/"))
		if !covers {
			continue
		}
		if cmd.From != "" || cmd.Parents || len(cmd.ExcludePatterns) > 0 {
			return nil, false
		}
		for _, src := range cmd.SourcePaths {
			src = context.ContextPath(src)
			switch {
			case strings.ContainsAny(src, "*?["):
				if !onlyFiles(files, src) {
					return nil, false
				}
				if ok, err := path.Match(path.Base(src), rest); ok && err == nil && files.Has(path.Join(path.Dir(src), rest)) {
					sources = append(sources, path.Join(path.Dir(src), rest))
				}
			case files.IsFolder(src):
				if found := path.Join(src, rest); files.Has(found) && !files.Ignored(found) {
					sources = append(sources, found)
				}
			case files.Has(src) && (rest == "" || rest == path.Base(src)):
				sources = append(sources, src)
			}
		}
	}
	return sources, true
}

// onlyFiles reports whether no folder fits the last part of a pattern, and no other part is one.
func onlyFiles(files *context.Files, pattern string) bool {
	folder := path.Dir(pattern)
	return !strings.ContainsAny(folder, "*?[") && !slices.ContainsFunc(files.Names(folder), func(name string) bool {
		ok, err := path.Match(path.Base(pattern), name)
		return ok && err == nil && files.IsFolder(path.Join(folder, name))
	})
}

// maxAssets bounds how many files of a folder are looked at.
const maxAssets = 5000

// manifestNames are the files that make a folder a package; the last two are pnpm's.
var manifestNames = match.Words("package.json package.json5 package.yaml")

// withoutPackages reports whether a file or folder of the context has no package.json in it and no links, which may lead elsewhere.
func withoutPackages(files *context.Files, name string) bool {
	entries, found := 0, false
	files.Walk(name, func(file string, entry fs.DirEntry, err error) error {
		entries++
		odd := err != nil || entries > maxAssets || !entry.IsDir() && !entry.Type().IsRegular()
		if !odd && !manifestNames[path.Base(file)] {
			return nil
		}
		if err == nil && entries <= maxAssets && files.Ignored(file) {
			return nil
		}
		found = true
		return fs.SkipAll
	})
	return !found
}
