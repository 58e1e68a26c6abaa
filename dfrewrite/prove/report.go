package prove

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"xxkit/xxverify/imagediff"
)

// maxShown is how many differences are shown as text for a platform.
const maxShown = 50

// Text writes a proof for people to read.
func (p *Proof) Text(w io.Writer) error {
	var b strings.Builder
	for _, q := range p.Platforms {
		for i, d := range q.Differences {
			if i == maxShown {
				fmt.Fprintf(&b, "%s: and %d more differences; --json has all\n", q.Platform, len(q.Differences)-i)
				break
			}
			fmt.Fprintf(&b, "%s: %s\n", q.Platform, d)
		}
		for _, problem := range q.Problems {
			was := ""
			if problem.Before {
				was = " (before the rewrite as well)"
			}
			fmt.Fprintf(&b, "%s: xx-verify: %s%s\n", q.Platform, problem.Message, was)
		}
	}
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s\tfiles\tprograms\tleft out\tdifferences\taccepted\tproblems\n", p.Name)
	for _, q := range p.Platforms {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\n", q.Platform, q.Files, q.Programs, q.LeftOut, len(q.Differences), len(q.Accepted), len(q.Problems))
	}
	t.Flush() // a strings.Builder does not fail
	if p.After > 0 {
		fmt.Fprintf(&b, "built in %s before the rewrite, %s after: %s\n", seconds(p.Before), seconds(p.After), p.times())
	}
	for _, r := range p.Remarks {
		fmt.Fprintf(&b, "%s\n", r)
	}
	switch {
	case p.differ():
		b.WriteString("the images differ in what matters\n")
	case p.Matters():
		b.WriteString("no difference that matters, but the image is wrong\n")
	default:
		b.WriteString("no difference that matters\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// times is how the times compare.
func (p *Proof) times() string {
	before, after := p.Before.Seconds(), p.After.Seconds()
	if after > before {
		return fmt.Sprintf("%.1f times as long", after/before)
	}
	return fmt.Sprintf("%.1f times as fast", before/after)
}

// jsonProof is a proof as JSON. Its members are described in docs/reference/prove.md.
type jsonProof struct {
	File          string         `json:"file"`
	Result        string         `json:"result"` // same, different, unchanged
	SecondsBefore float64        `json:"secondsBefore,omitempty"`
	SecondsAfter  float64        `json:"secondsAfter,omitempty"`
	Platforms     []jsonPlatform `json:"platforms"`
	Remarks       []string       `json:"remarks,omitempty"`
}

type jsonPlatform struct {
	Platform    string           `json:"platform"`
	Files       int              `json:"files"`
	Programs    int              `json:"programs"`
	LeftOut     int              `json:"leftOut"`
	Differences []jsonDifference `json:"differences"`
	Accepted    []jsonDifference `json:"accepted"`
	Problems    []jsonProblem    `json:"problems"`
}

type jsonDifference struct {
	Kind   imagediff.Kind `json:"kind"`
	Path   string         `json:"path"`
	Before string         `json:"before"`
	After  string         `json:"after"`
	Below  int            `json:"below,omitempty"`
}

type jsonProblem struct {
	Rule    string `json:"rule"`
	Path    string `json:"path"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Before  bool   `json:"before"`
}

// MarshalJSON implements json.Marshaler.
func (p *Proof) MarshalJSON() ([]byte, error) {
	out := jsonProof{File: p.Name, Result: "same", SecondsBefore: p.Before.Seconds(), SecondsAfter: p.After.Seconds(), Platforms: []jsonPlatform{}, Remarks: p.Remarks}
	switch {
	case len(p.Platforms) == 0:
		out.Result = "unchanged"
	case p.Matters():
		out.Result = "different"
	}
	list := func(all []imagediff.Difference) []jsonDifference {
		out := []jsonDifference{}
		for _, d := range all {
			out = append(out, jsonDifference(d))
		}
		return out
	}
	for _, q := range p.Platforms {
		j := jsonPlatform{
			Platform: q.Platform.String(), Files: q.Files, Programs: q.Programs, LeftOut: q.LeftOut,
			Differences: list(q.Differences), Accepted: list(q.Accepted), Problems: []jsonProblem{},
		}
		for _, f := range q.Problems {
			j.Problems = append(j.Problems, jsonProblem{f.Rule, f.Path, f.Message, f.Hint, f.Before})
		}
		out.Platforms = append(out.Platforms, j)
	}
	return json.Marshal(out)
}
