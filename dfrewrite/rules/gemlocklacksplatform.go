package rules

import (
	"fmt"
	"slices"
	"strings"

	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/graph"
	"xxkit/dfrewrite/match"
)

// GemLockLacksPlatform finds frozen installs of gems from a lock file that does not list a platform.
var GemLockLacksPlatform = &Rule{
	Name:     "GemLockLacksPlatform",
	Severity: Warning,
	Check: func(p *Pass) {
		if p.Options.Context == nil {
			return
		}
		done := seen{}
		for s, on := range p.builds() {
			if s.Place != graph.Target || forOne(s) || on.OS != "linux" {
				continue
			}
			calls := p.callsInFiles(s, on)
			for i, c := range calls {
				if !bundleInstalls(c) || c.Maybe || !frozen(c, p.callsAbove(s, on, calls[:i])) {
					continue
				}
				name, lock := p.gemLock(c)
				listed := lockPlatforms(lock)
				if len(listed) == 0 || slices.ContainsFunc(listed, func(gem string) bool { return gemPlatformFits(gem, on) }) || done.before(c.Span) {
					continue
				}
				p.Report(Diagnostic{
					Span:    c.Span,
					Message: fmt.Sprintf("PLATFORMS of %s lacks %s: bundle install stops there, as the lock is frozen", name, on),
					Hint:    "bundle lock --add-platform " + on.Row.March + "-linux",
					Notes:   p.inFile(c),
				})
			}
		}
	},
}

// bundleInstalls reports whether a command is bundle install, which bundle alone is as well.
func bundleInstalls(c *facts.Call) bool {
	return (c.Name == "bundle" || c.Name == "bundler") && (len(c.Words) == 1 || c.Words[1].Text == "install" || strings.HasPrefix(c.Words[1].Text, "--"))
}

// callsAbove returns the commands in front of one: those of its stage, and of the stages that it is based on.
func (p *Pass) callsAbove(s *graph.Stage, on *facts.Platform, own []*facts.Call) []*facts.Call {
	out := slices.Clone(own)
	for t := s.Base; t != nil; t = t.Base {
		out = append(out, p.Facts.CallsFor(t, on)...)
	}
	return out
}

// frozen reports whether bundle may not change the lock: by its environment, an option or a setting.
func frozen(c *facts.Call, earlier []*facts.Call) bool {
	for _, name := range []string{"BUNDLE_FROZEN", "BUNDLE_DEPLOYMENT"} {
		if v := c.Env(name); v.Set && v.Known() {
			return v.Text != "" && v.Text != "0" && v.Text != "false"
		}
	}
	if c.Has("--deployment", "--frozen") {
		return true
	}
	return slices.ContainsFunc(earlier, func(c *facts.Call) bool {
		return (c.Name == "bundle" || c.Name == "bundler") && c.Has("config") && c.Has("deployment", "frozen") && c.Has("true", "1")
	})
}

// gemLock returns the lock file that bundle finds, and its name in the build context.
func (p *Pass) gemLock(c *facts.Call) (name, text string) {
	for _, file := range []string{"Gemfile.lock", "gems.locked"} {
		if name := p.Options.Context.PathAt(c.Site(), file); name != "" {
			return name, string(p.Options.Context.ReadFile(name))
		}
	}
	return "", ""
}

// lockPlatforms lists what stands under PLATFORMS.
func lockPlatforms(lock string) []string {
	_, rest, ok := strings.Cut(strings.ReplaceAll(lock, "\r\n", "\n"), "\nPLATFORMS\n")
	if !ok {
		return nil
	}
	rest, _, _ = strings.Cut(rest, "\n\n")
	return strings.Fields(rest)
}

// gemPlatformFits reports whether gems for one of Ruby's platforms serve an image's; those for "ruby" serve all.
func gemPlatformFits(gem string, on *facts.Platform) bool {
	if gem == "ruby" {
		return true
	}
	cpu, system, _ := strings.Cut(gem, "-")
	if !strings.HasPrefix(system, "linux") {
		return false
	}
	return cpu == on.Row.March || match.ArchOf(cpu) == on.Arch || cpu == on.Arch || on.Arch == "386" && cpu == "x86"
}
