package lsp

// The messages of the language server protocol that are needed here, with the
// names of the specification:
// microsoft.github.io/language-server-protocol/specifications/lsp/3.17.
type (
	position struct {
		Line      int `json:"line"`      // from 0
		Character int `json:"character"` // from 0, in UTF-16 code units
	}
	textRange struct {
		Start position `json:"start"`
		End   position `json:"end"`
	}
	textEdit struct {
		Range   textRange `json:"range"`
		NewText string    `json:"newText"`
	}
	workspaceEdit struct {
		Changes map[string][]textEdit `json:"changes"`
	}
	location struct {
		URI   string    `json:"uri"`
		Range textRange `json:"range"`
	}
	relatedInformation struct {
		Location location `json:"location"`
		Message  string   `json:"message"`
	}
	diagnostic struct {
		Range    textRange            `json:"range"`
		Severity int                  `json:"severity"`
		Code     string               `json:"code,omitempty"`
		Source   string               `json:"source"`
		Message  string               `json:"message"`
		Related  []relatedInformation `json:"relatedInformation,omitempty"`
	}
	publishDiagnosticsParams struct {
		URI         string       `json:"uri"`
		Version     *int         `json:"version,omitempty"`
		Diagnostics []diagnostic `json:"diagnostics"`
	}

	textDocument struct {
		URI     string `json:"uri"`
		Version *int   `json:"version"`
		Text    string `json:"text"`
	}
	didOpenParams struct {
		TextDocument textDocument `json:"textDocument"`
	}
	didChangeParams struct {
		TextDocument   textDocument `json:"textDocument"`
		ContentChanges []struct {
			Range *textRange `json:"range"`
			Text  string     `json:"text"`
		} `json:"contentChanges"`
	}
	didCloseParams struct {
		TextDocument textDocument `json:"textDocument"`
	}

	codeActionParams struct {
		TextDocument textDocument `json:"textDocument"`
		Range        textRange    `json:"range"`
		Context      struct {
			Only []string `json:"only"`
		} `json:"context"`
	}
	codeAction struct {
		Title       string        `json:"title"`
		Kind        string        `json:"kind"`
		Diagnostics []diagnostic  `json:"diagnostics,omitempty"`
		IsPreferred bool          `json:"isPreferred,omitempty"`
		Edit        workspaceEdit `json:"edit"`
	}

	initializeResult struct {
		Capabilities serverCapabilities `json:"capabilities"`
		ServerInfo   serverInfo         `json:"serverInfo"`
	}
	serverInfo struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	serverCapabilities struct {
		PositionEncoding   string            `json:"positionEncoding"`
		TextDocumentSync   textDocumentSync  `json:"textDocumentSync"`
		CodeActionProvider codeActionOptions `json:"codeActionProvider"`
	}
	textDocumentSync struct {
		OpenClose bool `json:"openClose"`
		Change    int  `json:"change"`
		Save      bool `json:"save"`
	}
	codeActionOptions struct {
		CodeActionKinds []string `json:"codeActionKinds"`
	}
)

// What the numbers mean.
const (
	severityError   = 1
	severityWarning = 2
	severityInfo    = 3

	syncFull = 1 // a change sends the whole document
)

// The kinds of code actions.
const (
	kindQuickFix = "quickfix"
	kindFixAll   = "source.fixAll.dfrewrite"
)
