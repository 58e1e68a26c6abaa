package report

import (
	"bytes"

	"xxkit/dfrewrite"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/verdict"
)

// A JSONExplanation is what was decided about one file.
type JSONExplanation struct {
	File string `json:"file"`
	// Changed says that the rewrite changes the file.
	Changed  bool                   `json:"changed"`
	Stages   []JSONStage            `json:"stages"`
	Findings []JSONExplainedFinding `json:"findings"`
}

// A JSONStage is what was decided about a stage. Base is the name of a stage of the
// file, Image that of another base.
type JSONStage struct {
	Index    int           `json:"index"`
	Name     string        `json:"name,omitempty"`
	Final    bool          `json:"final"`
	Start    JSONPlace     `json:"start"`
	End      JSONPlace     `json:"end"`
	Image    string        `json:"image,omitempty"`
	Base     string        `json:"base,omitempty"`
	Before   JSONRuns      `json:"before"`
	After    JSONRuns      `json:"after"`
	Decision string        `json:"decision"`
	Why      string        `json:"why"`
	Reviews  []string      `json:"reviews,omitempty"`
	Commands []JSONCommand `json:"commands"`
	Blocks   []JSONCommand `json:"blocks,omitempty"`
}

// JSONRuns says where a stage runs: Place is "target", "build", "fixed" or "unknown".
// Emulated says that commands run there that are emulated when the target is foreign.
type JSONRuns struct {
	Place    string `json:"place"`
	Emulated bool   `json:"emulated"`
}

// A JSONCommand is the verdict on a command, or on an instruction that is none: Verdict
// is "neutral", "convert" or "block".
type JSONCommand struct {
	Start    JSONPlace `json:"start"`
	End      JSONPlace `json:"end"`
	Text     string    `json:"text"`
	Verdict  string    `json:"verdict"`
	Recipe   string    `json:"recipe,omitempty"`
	Reason   string    `json:"reason"`
	Way      string    `json:"way,omitempty"`
	Review   string    `json:"review,omitempty"`
	Compiles bool      `json:"compiles"`
}

// A JSONExplainedFinding is a finding and what was done about it: State is "made",
// "held" or "left".
type JSONExplainedFinding struct {
	Start   JSONPlace `json:"start"`
	Rule    string    `json:"rule"`
	State   string    `json:"state"`
	Message string    `json:"message"`
	Fix     string    `json:"fix,omitempty"`
	Why     []string  `json:"why,omitempty"`
}

// explainedJSON writes {"files": […], "errors": […]}.
type explainedJSON struct{ jsonStream }

func (j *explainedJSON) File(e *dfrewrite.Explanation) error { return j.add(jsonExplanation(e)) }

func jsonExplanation(e *dfrewrite.Explanation) JSONExplanation {
	at := func(offset int) JSONPlace { return jsonPlace(e.Doc, offset) }
	commands := func(steps []verdict.Step) []JSONCommand {
		out := []JSONCommand{}
		for _, s := range steps {
			out = append(out, JSONCommand{
				Start: at(s.Span.Start), End: at(s.Span.End), Text: string(bytes.ToValidUTF8(e.Doc.Src[s.Span.Start:s.Span.End], []byte("�"))),
				Verdict: s.Verdict.String(), Recipe: s.Recipe, Reason: s.Reason, Way: s.Way, Review: s.Review, Compiles: s.Compiles,
			})
		}
		return out
	}
	out := JSONExplanation{
		File: e.Doc.Name, Changed: !bytes.Equal(e.Doc.Src, e.Rewritten.Out),
		Stages: []JSONStage{}, Findings: []JSONExplainedFinding{},
	}
	for i := range e.Stages {
		s := &e.Stages[i]
		stage := JSONStage{
			Index: s.Stage.Index, Name: s.Stage.Name, Final: s.Stage.Delivered(),
			Start: at(s.Stage.From.Span.Start), End: at(s.Stage.From.Span.End), Image: s.Stage.Image,
			Before:   JSONRuns{placeName[s.Stage.Place], s.Emulated(false)},
			After:    JSONRuns{placeName[s.After], s.Emulated(true)},
			Decision: string(s.Decision), Why: s.Why, Reviews: s.Reviews, Commands: commands(s.Commands),
		}
		if s.Stage.Base != nil {
			stage.Base = s.Stage.BaseName
		}
		if len(s.Blocks) > 0 {
			stage.Blocks = commands(s.Blocks)
		}
		out.Stages = append(out.Stages, stage)
	}
	for _, f := range e.Findings {
		finding := JSONExplainedFinding{Start: at(f.At.Start), Rule: f.Rule.Name, State: string(f.State), Message: f.Message}
		if f.Fix != nil {
			finding.Fix, finding.Why = f.Fix.Message, f.Fix.Why
		}
		out.Findings = append(out.Findings, finding)
	}
	return out
}

var placeName = map[graph.Place]string{graph.Target: "target", graph.Build: "build", graph.Fixed: "fixed", graph.Unknown: "unknown"}
