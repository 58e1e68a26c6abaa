package graph

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"xxkit/dfrewrite/dockerfile"
)

// IsStageName reports whether a stage has that name, upper or lower case.
func IsStageName(g *Graph, name string) bool {
	for _, s := range g.Stages {
		if strings.EqualFold(s.Name, name) {
			return true
		}
	}
	return false
}

// OnlyImage reports whether a stage holds an image and nothing else, for others to take files out of.
func (s *Stage) OnlyImage() bool {
	return s.Base == nil && len(s.Candidates)+len(s.Children) == 0 && s.Image != "" && s.Image != "scratch" &&
		!slices.ContainsFunc(s.Body, func(in *dockerfile.Instruction) bool { return !IsSetting(in) && !OnlyForContainers(in) })
}

// IsSetting reports whether an instruction sets what those behind it see.
func IsSetting(in *dockerfile.Instruction) bool {
	switch in.Command.(type) {
	case *instructions.ArgCommand, *instructions.EnvCommand, *instructions.WorkdirCommand, *instructions.ShellCommand, *instructions.UserCommand:
		return true
	}
	return false
}

// OnlyForContainers reports whether an instruction says something about containers to be started, so that it means
// nothing in a stage that builds.
func OnlyForContainers(in *dockerfile.Instruction) bool {
	switch in.Command.(type) {
	case *instructions.LabelCommand, *instructions.ExposeCommand, *instructions.CmdCommand, *instructions.EntrypointCommand,
		*instructions.HealthCheckCommand, *instructions.StopSignalCommand, *instructions.MaintainerCommand:
		return true
	}
	return false
}

// IsBasedOn reports whether a stage is another one, or based on it.
func IsBasedOn(s, base *Stage) bool {
	for ; s != nil; s = s.Base {
		if s == base {
			return true
		}
	}
	return false
}

// IsContextCopy reports whether an instruction copies from the build context.
func IsContextCopy(in *dockerfile.Instruction) bool {
	switch cmd := in.Command.(type) {
	case *instructions.CopyCommand:
		return cmd.From == ""
	case *instructions.AddCommand:
		return true
	}
	return false
}

// UserAt returns the user that an instruction runs as, or "" for root.
func UserAt(s *Stage, at *dockerfile.Instruction) string {
	for ; s != nil; s = s.Base {
		found := !slices.Contains(s.Body, at)
		for _, in := range slices.Backward(s.Body) {
			if user, ok := in.Command.(*instructions.UserCommand); ok && found {
				name, _, _ := strings.Cut(user.User, ":")
				if name == "root" || name == "0" {
					return ""
				}
				return user.User
			}
			found = found || in == at
		}
	}
	return ""
}
