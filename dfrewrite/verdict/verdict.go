package verdict

import (
	"fmt"
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
