package verdict

import (
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/packages"
)

// A Step is the verdict on one command, or on a whole instruction.
type Step struct {
	// In is the instruction; Span is the command in it, or all of it.
	In   *dockerfile.Instruction
	Span dockerfile.Span
	// Dir is the folder that it runs in, if known.
	Dir string
	// Recipe names who decided.
	Recipe  string
	Verdict Verdict
	// Reason says why, Way what a person could do about a block.
	Reason, Way string
	// Review says why the conversion has to be read by a person; empty if it is
	// safe.
	Review string

	// Compiles says that the command compiles, whatever the verdict.
	Compiles bool
	// Crosses says that the command builds for the target as it stands.
	Crosses bool
	// Fetches says that the command only gets what a later one builds with, the same on every platform. The stage that does that
	// for another one can run where that runs.
	Fetches bool
	// CompilesOnHost says that the command may compile C for the machine that it runs
	// on, whose compiler and libraries have to stay.
	CompilesOnHost bool

	// Edits make the command build for the target, and Needs is what they take.
	Edits []dockerfile.Edit
	Needs Needs

	// Writes are absolute paths that the command makes for the target platform.
	// A trailing slash means any file directly in that folder, a trailing /** any below it.
	Writes []string
	// HostWrites are absolute paths that the command makes for the machine that
	// it runs on.
	HostWrites []string
	// Made says of what it writes for the target how it can be checked.
	Made Made

	// Installs are the packages that it installs, and Removes those that it removes by name.
	Installs *packages.Install
	Removes  []string
	// Program is a build program that it starts; nobody knows what that builds.
	Program *Program
	// Runs are the commands that it runs out of a file of the build context, as they were judged; nil if it runs none, or
	// none that could be read.
	Runs *Ledger
	// Own is what its recipe remembers of the command; nobody else reads it.
	Own any
}

// Needs says what a stage has to have for the edits of a step to work.
type Needs struct {
	// Args are the automatic arguments that the edits refer to.
	Args []string
	// Helper says that the edits call an xx helper.
	Helper bool
	// C says that the edits compile C for the target, so the stage needs clang,
	// lld and the target's C library; Cxx says that it may be C++.
	C, Cxx bool
	// LLVM says that the edits call llvm's ar, strip and their like. Ar says that what they build with may call
	// ar and ranlib, which GNU's for any machine can be: for ELF it lists the symbols of every architecture. Debian's clang
	// brings it along.
	LLVM, Ar bool
	// PkgConfig says that what the edits build with may call pkg-config.
	PkgConfig bool
	// Verify says that the edits call xx-verify.
	Verify bool
	// Make says that make is called later, although nothing here says so.
	Make bool
	// Stage are the lines of a stage that has to stand in front of all others.
	Stage []string
}

// TripleTools is the command whose answer the target's tools are named for where a C compiler was set up.
const TripleTools = "xx-info triple"

// Made says what is known of the files that a step writes for the target.
type Made struct {
	// FromC says that they are compiled from C for the target, or made of what was.
	FromC bool
	// Verified says that the edits have them looked at already, and Last that another command can be put behind the step.
	Verified, Last bool
	// Program says of a file that is written somewhere below one of the folders, and of the path that it is copied to, whether it
	// is a program; nil: only by its folder.
	Program func(file, to string) bool
	// Tools is the command that prints what the name of the target's strip begins with, which takes them and is there; ""
	// if there is none.
	Tools string
}

// InJSON blocks a conversion whose edits cannot stand in a JSON string.
func (s Step) InJSON() Step {
	for _, e := range s.Edits {
		if strings.ContainsAny(e.New, "\"\\\n\t") {
			return Step{In: s.In, Span: s.Span, Recipe: s.Recipe, Verdict: Block, Compiles: s.Compiles, Writes: s.Writes, Own: s.Own,
				Reason: "the script stands in a JSON string, in which what is added would need quotes", Way: "write it in shell form, without the brackets"}
		}
	}
	return s
}

// GoesOn matches what may follow a command so that "&& another" can be put behind it and runs when, and only when, the
// command has succeeded: nothing, or one more && . Behind a ; the shell's -e would not see it fail any more.
var GoesOn = match.Pattern(`^(?:[ \t]|\\\r?\n)*(?:&&|$)`)
