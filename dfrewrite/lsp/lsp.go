// Package lsp shows the findings in an editor, over the language server protocol:
// diagnostics while a file is edited, and the fixes as code actions.
//
// Each change sends the whole file, which is looked at in about a millisecond,
// before the next message is read; so there is nothing to wait for and nothing to
// cancel. The transport is go.lsp.dev/jsonrpc2; the few messages that are needed
// are in protocol.go.
package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"go.lsp.dev/jsonrpc2"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/rules"
)

// A Library does the work for a server. Paths are those of the system, or whatever
// the editor calls a file that is not saved yet.
type Library struct {
	// Lint looks for what is wrong in a file that reads src.
	Lint func(path string, src []byte) (*dfrewrite.File, error)
	// Rewrite makes the safe fixes in it.
	Rewrite func(path string, src []byte) ([]byte, error)
	// Saved is told that files on disk may have changed.
	Saved func()
	// Version is that of the program.
	Version string
}

// Serve answers an editor until it says exit or hangs up. An editor that goes
// without having said shutdown is an error.
func Serve(ctx context.Context, lib Library, in io.Reader, out io.Writer) error {
	s := &server{lib: lib, files: map[string]*file{}, exit: make(chan struct{})}
	s.conn = jsonrpc2.NewConn(jsonrpc2.NewHeaderStream(stdio{in, out}))
	s.conn.Go(ctx, s.handle)
	select {
	case <-s.exit:
	case <-s.conn.Done():
	}
	if s.state != stopped {
		if err := s.conn.Err(); err != nil {
			return fmt.Errorf("the editor sent what is no message: %w", err)
		}
		return errors.New("the editor went without saying shutdown")
	}
	return nil
}

// stdio is what an editor is joined to. There is nothing to close: the program
// ends when it has been served.
type stdio struct {
	io.Reader
	io.Writer
}

func (stdio) Close() error { return nil }

// A state is where a session stands.
type state int

const (
	fresh   state = iota // before initialize
	running              // until shutdown
	stopped              // after shutdown
)

type server struct {
	lib   Library
	conn  jsonrpc2.Conn
	state state
	exit  chan struct{}
	files map[string]*file // that are open, by URI
}

// A file is open in the editor.
type file struct {
	uri     string
	path    string
	version *int
	src     []byte
	// found is the last look at it; nil if it could not be read as a Dockerfile.
	found *dfrewrite.File
}

// handle answers one message. Messages come one after the other.
func (s *server) handle(ctx context.Context, req *jsonrpc2.Request) (any, error) {
	method := req.Method()
	switch {
	case method == "exit":
		close(s.exit)
		return nil, nil
	case method == "initialize":
		if s.state != fresh {
			return nil, jsonrpc2.NewError(jsonrpc2.InvalidRequest, "initialize was sent before")
		}
		s.state = running
		return s.initialize(), nil
	case s.state == fresh && req.IsCall():
		return nil, jsonrpc2.NewError(jsonrpc2.ServerNotInitialized, "initialize has to be sent first")
	case s.state == stopped && req.IsCall():
		return nil, jsonrpc2.NewError(jsonrpc2.InvalidRequest, "shutdown was sent")
	case s.state != running:
		return nil, nil // a notification, to be dropped
	}
	switch method {
	case "shutdown":
		s.state = stopped
		return nil, nil
	case "textDocument/didOpen":
		return nil, with(req, func(p didOpenParams) error {
			s.lib.Saved()
			return s.update(ctx, p.TextDocument.URI, p.TextDocument.Version, p.TextDocument.Text)
		})
	case "textDocument/didChange":
		return nil, with(req, func(p didChangeParams) error { return s.change(ctx, p) })
	case "textDocument/didSave":
		return nil, with(req, func(didCloseParams) error { return s.saved(ctx) })
	case "textDocument/didClose":
		return nil, with(req, func(p didCloseParams) error {
			delete(s.files, p.TextDocument.URI)
			return s.publish(ctx, publishDiagnosticsParams{URI: p.TextDocument.URI, Diagnostics: []diagnostic{}})
		})
	case "textDocument/codeAction":
		var actions []codeAction
		err := with(req, func(p codeActionParams) (err error) {
			actions, err = s.codeActions(p)
			return err
		})
		return actions, err
	}
	return jsonrpc2.MethodNotFoundHandler(ctx, req)
}

// with reads a message's parameters.
func with[P any](req *jsonrpc2.Request, f func(P) error) error {
	var p P
	if err := json.Unmarshal(req.Params(), &p); err != nil {
		return jsonrpc2.Errorf(jsonrpc2.InvalidParams, "%s: %v", req.Method(), err)
	}
	return f(p)
}

func (s *server) initialize() initializeResult {
	return initializeResult{
		Capabilities: serverCapabilities{
			PositionEncoding:   "utf-16",
			TextDocumentSync:   textDocumentSync{OpenClose: true, Change: syncFull, Save: true},
			CodeActionProvider: codeActionOptions{CodeActionKinds: []string{kindQuickFix, kindFixAll}},
		},
		ServerInfo: serverInfo{Name: "dfrewrite", Version: s.lib.Version},
	}
}

func (s *server) change(ctx context.Context, p didChangeParams) error {
	if s.files[p.TextDocument.URI] == nil || len(p.ContentChanges) == 0 {
		return nil
	}
	last := p.ContentChanges[len(p.ContentChanges)-1]
	if last.Range != nil {
		return jsonrpc2.NewError(jsonrpc2.InvalidParams, "a change has to hold the whole document, as was agreed upon")
	}
	return s.update(ctx, p.TextDocument.URI, p.TextDocument.Version, last.Text)
}

// saved looks at every open file afresh, for the settings or the build context may
// have been saved.
func (s *server) saved(ctx context.Context) error {
	s.lib.Saved()
	for _, f := range s.files {
		if err := s.update(ctx, f.uri, f.version, string(f.src)); err != nil {
			return err
		}
	}
	return nil
}

// update takes a file's text and sends what is wrong with it.
func (s *server) update(ctx context.Context, uri string, version *int, text string) error {
	f := &file{uri: uri, path: pathOf(uri), version: version, src: []byte(text)}
	s.files[uri] = f
	found, err := s.lib.Lint(f.path, f.src)
	params := publishDiagnosticsParams{URI: uri, Version: version, Diagnostics: []diagnostic{}}
	if err != nil {
		params.Diagnostics = append(params.Diagnostics, f.failure(err))
		return s.publish(ctx, params)
	}
	f.found = found
	for _, d := range found.Findings {
		params.Diagnostics = append(params.Diagnostics, f.diagnostic(d))
	}
	return s.publish(ctx, params)
}

func (s *server) publish(ctx context.Context, p publishDiagnosticsParams) error {
	return s.conn.Notify(ctx, "textDocument/publishDiagnostics", p)
}

// failure shows a file that could not be looked at on the line that is to blame.
func (f *file) failure(err error) diagnostic {
	line, text := 0, err.Error()
	var parse *dockerfile.ParseError
	if errors.As(err, &parse) {
		line = max(parse.Line-1, 0)
		if parse.Line > 0 {
			text = strings.TrimPrefix(text, fmt.Sprintf("%s:%d: ", parse.Name, parse.Line))
		}
	}
	end := position{line + 1, 0}
	return diagnostic{Range: textRange{position{line, 0}, end}, Severity: severityError, Source: "dfrewrite", Message: text}
}

var severities = map[rules.Severity]int{rules.Error: severityError, rules.Warning: severityWarning, rules.Info: severityInfo}

func (f *file) diagnostic(d rules.Diagnostic) diagnostic {
	out := diagnostic{
		Range: f.rangeOf(d.Span), Severity: severities[d.Severity], Code: d.Rule.Name, Source: "dfrewrite", Message: d.Message,
	}
	if d.Fix == nil && d.Hint != "" {
		out.Message += "\n" + d.Hint
	}
	for _, n := range d.Notes {
		text := n.Text
		if n.In.File != "" {
			text = fmt.Sprintf("%s:%d: %s", n.In.File, n.In.Line, text)
		}
		if n.Way != "" {
			text += ": " + n.Way
		}
		out.Related = append(out.Related, relatedInformation{location{f.uri, f.rangeOf(n.Span)}, text})
	}
	return out
}

func (f *file) rangeOf(s dockerfile.Span) textRange {
	return textRange{f.position(s.Start), f.position(s.End)}
}

// position counts from 0. A byte order mark is a character of the first line for
// the protocol, if the editor sends it at all.
func (f *file) position(offset int) position {
	p := f.found.Doc.PositionIn(dockerfile.UTF16, offset)
	out := position{p.Line - 1, p.Col - 1}
	if p.Line == 1 && offset > 0 && strings.HasPrefix(string(f.src[:min(len(f.src), 3)]), "\uFEFF") {
		out.Character++
	}
	return out
}

// codeActions returns the fixes of what was found in a range, and one for all safe
// fixes in the file.
func (s *server) codeActions(p codeActionParams) ([]codeAction, error) {
	actions := []codeAction{}
	f := s.files[p.TextDocument.URI]
	if f == nil || f.found == nil {
		return actions, nil
	}
	if wanted(p.Context.Only, kindQuickFix) {
		for _, d := range f.found.Findings {
			if d.Fix == nil || !overlap(f.rangeOf(d.Span), p.Range) {
				continue
			}
			a := codeAction{
				Title: fmt.Sprintf("%s: %s", d.Rule.Name, d.Fix.Message), Kind: kindQuickFix,
				Diagnostics: []diagnostic{f.diagnostic(d)}, IsPreferred: d.Fix.Safety == rules.Safe,
			}
			if len(d.Fix.Why) > 0 {
				a.Title += " (read it: " + strings.Join(d.Fix.Why, "; ") + ")"
			}
			for _, e := range dockerfile.Ordered(d.Fix.Edits) {
				a.Edit.add(f.uri, textEdit{f.rangeOf(e.Span), e.New})
			}
			actions = append(actions, a)
		}
	}
	if !wanted(p.Context.Only, kindFixAll) {
		return actions, nil
	}
	out, err := s.lib.Rewrite(f.path, f.src)
	if err != nil {
		return nil, jsonrpc2.NewError(jsonrpc2.InternalError, err.Error())
	}
	if string(out) != string(f.src) {
		a := codeAction{Title: "Make all safe fixes in this file", Kind: kindFixAll}
		a.Edit.add(f.uri, textEdit{f.rangeOf(dockerfile.Span{Start: 0, End: len(f.src)}), string(out)})
		actions = append(actions, a)
	}
	return actions, nil
}

func (w *workspaceEdit) add(uri string, e textEdit) {
	if w.Changes == nil {
		w.Changes = map[string][]textEdit{}
	}
	w.Changes[uri] = append(w.Changes[uri], e)
}

// wanted reports whether an editor that asks for some kinds only gets this one.
func wanted(only []string, kind string) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(o string) bool { return o == kind || strings.HasPrefix(kind, o+".") })
}

// overlap reports whether two ranges have a place in common; a cursor at the edge
// counts.
func overlap(a, b textRange) bool { return !before(a.End, b.Start) && !before(b.End, a.Start) }

func before(a, b position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}

// pathOf returns the path of a file: URI; any other stands for itself.
func pathOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" {
		return uri
	}
	path := u.Path
	if len(path) > 2 && path[0] == '/' && path[2] == ':' { // file:///C:/…
		path = path[1:]
	}
	if u.Host != "" {
		path = "//" + u.Host + path
	}
	return filepath.FromSlash(path)
}
