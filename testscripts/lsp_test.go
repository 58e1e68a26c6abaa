package testscripts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"go.lsp.dev/jsonrpc2"
)

// patience is how long a server that says nothing is waited for: a machine may be very slow.
const patience = 20 * time.Minute

// An editor is a language client with a running `dfrewrite lsp`.
type editor struct {
	t         *testing.T
	cmd       *exec.Cmd
	stderr    bytes.Buffer
	conn      jsonrpc2.Conn
	published chan published
}

type (
	pos       struct{ Line, Character int }
	span      struct{ Start, End pos }
	published struct {
		URI         string
		Version     *int
		Diagnostics []diagnostic
	}
	diagnostic struct {
		Range    span
		Severity int
		Code     string
		Message  string
		Related  []struct{ Message string } `json:"relatedInformation"`
	}
	edit struct {
		Range   span
		NewText string
	}
	action struct {
		Title       string
		Kind        string
		IsPreferred bool
		Diagnostics []diagnostic
		Edit        struct{ Changes map[string][]edit }
	}
)

type pipes struct {
	io.Reader
	io.WriteCloser
}

func startEditor(t *testing.T, args ...string) *editor {
	e := &editor{t: t, cmd: exec.Command(filepath.Join(bin, "dfrewrite"), append([]string{"lsp"}, args...)...), published: make(chan published, 100)}
	e.cmd.Stderr = &e.stderr
	in, err := e.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.cmd.Process.Kill() })
	e.conn = jsonrpc2.NewConn(jsonrpc2.NewHeaderStream(pipes{out, in}))
	e.conn.Go(context.Background(), func(ctx context.Context, req *jsonrpc2.Request) (any, error) {
		var p published
		if req.Method() != "textDocument/publishDiagnostics" {
			t.Errorf("the server sent %s", req.Method())
		} else if err := json.Unmarshal(req.Params(), &p); err != nil {
			t.Error(err)
		} else {
			e.published <- p
		}
		return nil, nil
	})
	return e
}

func (e *editor) call(method string, params, result any) error {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var raw json.RawMessage
	if _, err := e.conn.Call(ctx, method, params, &raw); err != nil {
		return err
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(raw, result)
}

func (e *editor) notify(method string, params any) {
	e.t.Helper()
	if err := e.conn.Notify(context.Background(), method, params); err != nil {
		e.t.Fatal(err)
	}
}

func (e *editor) diagnostics() published {
	e.t.Helper()
	select {
	case p := <-e.published:
		return p
	case <-time.After(patience):
		e.t.Fatalf("no diagnostics\n%s", e.stderr.String())
		return published{}
	}
}

// open, change and the like send what an editor sends, and return what comes back.
func (e *editor) open(uri, text string) published {
	e.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "dockerfile", "version": 1, "text": text}})
	return e.diagnostics()
}

func (e *editor) change(uri string, version int, text string) published {
	e.notify("textDocument/didChange", map[string]any{
		"textDocument":   map[string]any{"uri": uri, "version": version},
		"contentChanges": []any{map[string]any{"text": text}},
	})
	return e.diagnostics()
}

func (e *editor) actions(uri string, r span, only ...string) []action {
	e.t.Helper()
	var list []action
	context := map[string]any{"diagnostics": []any{}}
	if only != nil {
		context["only"] = only
	}
	if err := e.call("textDocument/codeAction", map[string]any{"textDocument": map[string]any{"uri": uri}, "range": r, "context": context}, &list); err != nil {
		e.t.Fatal(err)
	}
	return list
}

// apply makes edits in a text, by lines and UTF-16 code units, as an editor does.
func apply(t *testing.T, text string, edits []edit) string {
	t.Helper()
	offset := func(p pos) int {
		at := 0
		for range p.Line {
			i := strings.IndexByte(text[at:], '\n')
			if i < 0 {
				t.Fatalf("line %d is beyond the end", p.Line)
			}
			at += i + 1
		}
		units := 0
		for i, r := range text[at:] {
			if units == p.Character {
				return at + i
			}
			units += len(utf16.Encode([]rune{r}))
		}
		if units != p.Character {
			t.Fatalf("no character %d in line %d", p.Character, p.Line)
		}
		return len(text)
	}
	edits = slices.Clone(edits)
	slices.Reverse(edits) // of several at one place, the first one comes first
	slices.SortStableFunc(edits, func(a, b edit) int { return offset(b.Range.Start) - offset(a.Range.Start) })
	out := text
	for _, e := range edits {
		out = out[:offset(e.Range.Start)] + e.NewText + out[offset(e.Range.End):]
	}
	return out
}

func codes(p published) string {
	var list []string
	for _, d := range p.Diagnostics {
		list = append(list, d.Code)
	}
	return strings.Join(list, " ")
}

func uriOf(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// TestLanguageServer opens a file, edits it, gets diagnostics, applies fixes, and says goodbye.
func TestLanguageServer(t *testing.T) {
	dir := write(t, map[string]string{"a b/.dfrewrite.toml": "only = [\"EmulatedBuild\", \"TargetArgUndeclared\", \"FinalStageOnBuildPlatform\"]\n"})
	e := startEditor(t)
	if err := e.call("textDocument/codeAction", map[string]any{}, nil); !errors.Is(err, jsonrpc2.NewError(jsonrpc2.ServerNotInitialized, "")) && (err == nil || !strings.Contains(err.Error(), "initialize")) {
		t.Errorf("before initialize: %v", err)
	}
	var init struct {
		Capabilities struct {
			PositionEncoding string
			TextDocumentSync struct{ Change int }
		}
		ServerInfo struct{ Name string }
	}
	if err := e.call("initialize", map[string]any{"processId": nil, "rootUri": nil, "capabilities": map[string]any{}}, &init); err != nil {
		t.Fatal(err)
	}
	if init.Capabilities.PositionEncoding != "utf-16" || init.Capabilities.TextDocumentSync.Change != 1 || init.ServerInfo.Name != "dfrewrite" {
		t.Errorf("%+v", init)
	}
	e.notify("initialized", map[string]any{})

	uri := uriOf(filepath.Join(dir, "a b", "Dockerfile"))
	src := "FROM golang:1.26 AS build\r\nRUN echo 'ü😀' $TARGETARCH\r\nRUN CGO_ENABLED=0 go build -o /app\r\nFROM scratch\r\nCOPY --from=build /app /\r\n"
	p := e.open(uri, src)
	if p.URI != uri || p.Version == nil || *p.Version != 1 || codes(p) != "EmulatedBuild TargetArgUndeclared" {
		t.Fatalf("%+v", p)
	}
	if d := p.Diagnostics[1]; d.Range != (span{pos{1, 15}, pos{1, 26}}) || d.Severity != 1 {
		t.Errorf("in UTF-16: %+v", d)
	}
	if d := p.Diagnostics[0]; d.Severity != 2 || len(d.Related) == 0 {
		t.Errorf("%+v", d)
	}

	// A fix where the cursor is.
	list := e.actions(uri, span{pos{1, 20}, pos{1, 20}}, "quickfix")
	if len(list) != 1 || !list[0].IsPreferred || !strings.HasPrefix(list[0].Title, "TargetArgUndeclared: ") || len(list[0].Diagnostics) != 1 {
		t.Fatalf("%+v", list)
	}
	src = apply(t, src, list[0].Edit.Changes[uri])
	if want := "FROM golang:1.26 AS build\r\nARG TARGETARCH\r\nRUN echo"; !strings.HasPrefix(src, want) {
		t.Fatalf("the fix makes %q", src)
	}
	if p = e.change(uri, 2, src); *p.Version != 2 || codes(p) != "EmulatedBuild" {
		t.Errorf("%+v", p)
	}

	// All of them.
	if list = e.actions(uri, span{pos{9, 0}, pos{9, 0}}); len(list) != 1 || list[0].Kind != "source.fixAll.dfrewrite" {
		t.Fatalf("%+v", list)
	}
	if got := e.actions(uri, span{}, "source.fixAll"); len(got) != 1 || got[0].Kind != list[0].Kind {
		t.Errorf("%+v", got)
	}
	src = apply(t, src, list[0].Edit.Changes[uri])
	if !strings.Contains(src, "FROM --platform=$BUILDPLATFORM golang:1.26 AS build\r\n") {
		t.Errorf("all fixes make %q", src)
	}
	if p = e.change(uri, 3, src); codes(p) != "" {
		t.Errorf("%+v", p)
	}
	if list = e.actions(uri, span{pos{0, 0}, pos{9, 0}}); len(list) != 0 {
		t.Errorf("nothing is left to fix: %+v", list)
	}

	// A file that is broken while it is typed, and one that should be read first.
	if p = e.change(uri, 4, "FROM a\nCOPY --form=b c d\n"); len(p.Diagnostics) != 1 || p.Diagnostics[0].Range.Start != (pos{1, 0}) || !strings.HasPrefix(p.Diagnostics[0].Message, "unknown flag") {
		t.Errorf("%+v", p)
	}
	if list = e.actions(uri, span{}); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	e.change(uri, 5, "FROM --platform=$BUILDPLATFORM debian\n")
	if list = e.actions(uri, span{}); len(list) != 0 {
		t.Errorf("nothing stands there: %+v", list)
	}
	if list = e.actions(uri, span{pos{0, 0}, pos{1, 0}}); len(list) != 1 || list[0].IsPreferred || !strings.Contains(list[0].Title, "read it: ") {
		t.Errorf("%+v", list)
	}

	// Settings are those of the folder, as they were saved last.
	if p = e.change(uri, 6, "# dfrewrite: ignore-file=EmulatedBuild\nFROM scratch\nCOPY a /\n"); codes(p) != "" {
		t.Errorf("%+v", p)
	}
	if err := os.Remove(filepath.Join(dir, "a b", ".dfrewrite.toml")); err != nil {
		t.Fatal(err)
	}
	e.notify("textDocument/didSave", map[string]any{"textDocument": map[string]any{"uri": uri}})
	if p = e.diagnostics(); codes(p) != "UnusedIgnore" {
		t.Errorf("%+v", p)
	}

	// A bake file, and a file without a name.
	bake := uriOf(filepath.Join(dir, "docker-bake.hcl"))
	if p = e.open(bake, "target \"a\" {\n  args = {\n    TARGETARCH = \"arm64\"\n  }\n}\n"); codes(p) != "TargetArgDefault" || p.Diagnostics[0].Range.Start != (pos{2, 4}) {
		t.Errorf("%+v", p)
	}
	if p = e.open("untitled:Untitled-1", "ARG TARGETARCH=amd64\nFROM scratch\n"); codes(p) != "TargetArgDefault" {
		t.Errorf("%+v", p)
	}
	e.notify("textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": bake}})
	if p = e.diagnostics(); p.URI != bake || len(p.Diagnostics) != 0 {
		t.Errorf("closed: %+v", p)
	}

	// What is not known is an error for a request, and nothing for a notification.
	if err := e.call("textDocument/hover", map[string]any{}, nil); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("%v", err)
	}
	e.notify("$/setTrace", map[string]any{"value": "off"})

	if err := e.call("shutdown", nil, nil); err != nil {
		t.Fatal(err)
	}
	e.notify("exit", nil)
	if err := e.cmd.Wait(); err != nil || e.stderr.Len() > 0 {
		t.Errorf("%v\n%s", err, e.stderr.String())
	}
}

// TestLanguageServerEnds: an editor that just goes, or sends nonsense, is no reason to stay.
func TestLanguageServerEnds(t *testing.T) {
	for _, input := range []string{"", "Content-Length: 2\r\n\r\n[]", "nonsense\r\n\r\n"} {
		cmd := exec.Command(filepath.Join(bin, "dfrewrite"), "lsp", "--stdio")
		cmd.Stdin = strings.NewReader(input)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 1 || !strings.HasPrefix(stderr.String(), "dfrewrite: the editor ") {
			t.Errorf("%q: %v, %s", input, err, stderr.String())
		}
	}
	if out, err := exec.Command(filepath.Join(bin, "dfrewrite"), "lsp", "Dockerfile").CombinedOutput(); err == nil || !strings.Contains(string(out), "lsp takes no paths") {
		t.Errorf("%v, %s", err, out)
	}
}
