// Package verdict has what is said of commands: the words, and nobody who says them.
//
// A stage that runs on the target platform can move to the build platform if every command in it does
// the same there, or can be told to. Each command, a [Call], gets a [Step] with a [Verdict] from the
// [Recipe] that knows it:
//
//   - Neutral: it does the same on any machine (copies files, downloads modules).
//   - Convert: it compiles, and the edits make it compile for the target.
//   - Block: it runs what it built, or nobody knows what it does.
//
// The steps of a stage are its [Ledger], which also says which file was written for which machine. Stages
// that move together are a [Conversion].
//
// The package knows no tool. What a recipe asks of a command beside its words stands here: which folders
// are the distribution's (paths.go), what an earlier command made and what is taken later (stagefiles.go).
package verdict

import (
	"fmt"
	"strings"
)

// A Verdict says what becomes of a command on the build platform.
type Verdict int

// The verdicts.
const (
	Neutral Verdict = iota
	Convert
	Block
)

func (v Verdict) String() string { return [...]string{"neutral", "convert", "block"}[v] }

// BlockBuild is the verdict on a command that compiles and cannot be told what for.
func BlockBuild(way, format string, args ...any) Step {
	return Step{Verdict: Block, Compiles: true, Reason: fmt.Sprintf(format, args...), Way: way}
}

// LeaveIt begins what a person could do about a command that has to run on the target platform.
const LeaveIt = "leave this stage on the target platform"

// BelongsThere reports whether a command has to run on the target platform, so that its stage cannot move with it.
func (s Step) BelongsThere() bool { return s.Verdict == Block && strings.HasPrefix(s.Way, LeaveIt) }
