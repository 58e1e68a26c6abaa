package golang

import (
	"fmt"
	"path"
	"strings"

	"xxkit/dfrewrite/context/gosource"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/shell"
	"xxkit/dfrewrite/verdict"
)

// go generate runs what the //go:generate lines of the source say, on the machine that it runs on, and what that makes is
// compiled or embedded. Most of it is text, the same everywhere. A compiler, a question to the machine, and bpf2go for
// $GOARCH, which go generate sets to the builder's, are not (`go help generate`).

// textGenerators make source or text of source or text.
var textGenerators = match.LongWords(`stringer mockgen mockery moq minimock counterfeiter enumer go-enum jsonenums wire sqlc sqlboiler ent entc gqlgen
	goyacc ragel peg pigeon protoc buf protoc-gen-go oapi-codegen openapi-generator swag swagger goa kin-openapi controller-gen
	deepcopy-gen client-gen lister-gen informer-gen conversion-gen defaulter-gen openapi-gen go-to-protobuf applyconfiguration-gen templ qtc
	go-bindata statik esc easyjson ffjson msgp tygo go-localize gotext xtext genny gowrap ifacemaker optgen options goimports gofmt gofumpt
	golines addlicense embedmd gomarkdoc docgen jsonschema go-jsonschema capnpc flatc thrift ogen xo dataloaden chaingen struct2ts typescriptify
	echo printf cat cp mv rm mkdir touch ln sed awk tr sort uniq head tail git tar gzip zip true`)

// judgeGenerate decides on go generate by what it runs.
func (g *goCall) judgeGenerate() verdict.Step {
	step := g.judgeOnHost("runs on the build platform")
	if step.Verdict == verdict.Block {
		return step
	}
	if g.Opt.Context == nil {
		step.Review = "what go generate runs on the build platform cannot be seen without the build context"
		return step
	}
	directives, complete := gosource.Generates(g.Opt.Context, g.folders()...)
	if !complete {
		step.Review = "not all of the //go:generate lines could be read"
	}
	known := 0
	aliases := map[string][]string{}
	for _, d := range directives {
		words := directiveWords(d.Command)
		if len(words) > 2 && words[0] == "-command" {
			aliases[words[1]] = words[2:]
			continue
		}
		if len(words) > 0 && aliases[words[0]] != nil {
			words = append(aliases[words[0]][:len(aliases[words[0]]):len(aliases[words[0]])], words[1:]...)
		}
		why, review := g.generator(words)
		switch text := shell.Shorten(d.Command); {
		case why != "":
			return verdict.Step{Verdict: verdict.Block, Compiles: true, Reason: fmt.Sprintf("go generate runs `%s` (%s), %s", text, d, why),
				Way: "generate that in a stage of the target platform, or check what it makes in"}
		case review && step.Review == "":
			step.Review = fmt.Sprintf("go generate runs `%s` (%s) on the build platform, and what that makes is compiled in", text, d)
		case !review:
			known++
		}
	}
	if step.Review == "" && known > 0 {
		step.Reason = "generates text, the same on every platform"
	}
	return step
}

// generator says why what a directive runs would be wrong on the build platform; review is true where that is not known.
func (g *goCall) generator(words []string) (why string, review bool) {
	if len(words) == 0 {
		return "", false
	}
	name := path.Base(words[0])
	rest := words[1:]
	if name == "go" && len(rest) > 1 && (rest[0] == "run" || rest[0] == "tool") {
		rest = rest[1:]
		for len(rest) > 1 && strings.HasPrefix(rest[0], "-") {
			if rest[0] == "-C" || rest[0] == "-tags" || rest[0] == "-mod" {
				rest = rest[1:]
			}
			rest = rest[1:]
		}
		pkg, _, _ := strings.Cut(rest[0], "@")
		name, rest = programName(pkg), rest[1:]
	}
	text := strings.Join(words, " ")
	switch {
	case name == "bpf2go":
		for i, w := range rest {
			target, glued := strings.CutPrefix(strings.TrimPrefix(w, "-"), "-target=")
			if !glued {
				if target, glued = strings.CutPrefix(w, "-target="); !glued && (w == "-target" || w == "--target") && i+1 < len(rest) {
					target = rest[i+1]
				}
			}
			if strings.Contains(target, "GOARCH") || target == "native" {
				return "which makes files for the builder's architecture only", false
			}
		}
		return "", false
	case machineVariable().MatchString(text):
		return "where go generate fills in the builder's", false
	case textGenerators()[name]:
		return "", false
	case words[0] == "go" && (rest == nil || name != path.Base(words[0])):
		return "", true // a program of the project, or one that is not known
	}
	line := text
	if shell.Shells[name] && len(rest) > 1 && rest[0] == "-c" {
		line = rest[1]
	}
	image, err := g.KnownImage()
	if err != nil {
		return "", true
	}
	opt := *g.Opt
	opt.Context = nil
	ledger, err := g.File.JudgeLines(g.Stage.Graph.Budget, fmt.Sprintf("FROM %s\n", image), []verdict.Line{{Text: line}}, &opt)
	if err != nil {
		return "", true
	}
	for _, s := range ledger.Steps {
		switch {
		case s.Verdict == verdict.Block && !s.Compiles && s.Recipe == "plain":
			review = true // no recipe knows it
		case s.Verdict == verdict.Block:
			return s.Reason, false
		case s.Verdict == verdict.Convert:
			return "which compiles for the machine that builds", false
		case s.Recipe == "downloads":
			return "which asks for the machine that builds, or fetches something for it", false
		case len(s.HostWrites) > 0:
			return "and " + s.Reason, false
		case s.CompilesOnHost:
			review = true
		}
	}
	return "", review
}

// machineVariable matches the variables that go generate fills in for the machine that it runs on.
var machineVariable = match.Pattern(`\$\{?GO(ARCH|OS)\b`)

// directiveWords splits a directive as go does: at blanks, with Go's double quotes around what has some.
func directiveWords(text string) []string {
	var words []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimLeft(text, " \t") {
		if text[0] == '"' {
			end := 1
			for end < len(text) && text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end, len(text))
			words = append(words, strings.ReplaceAll(text[1:end], `\"`, `"`))
			text = text[min(end+1, len(text)):]
			continue
		}
		end := strings.IndexAny(text, " \t")
		if end < 0 {
			end = len(text)
		}
		words = append(words, text[:end])
		text = text[end:]
	}
	return words
}
