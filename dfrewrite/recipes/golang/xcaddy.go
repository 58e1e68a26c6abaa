package golang

import (
	"fmt"
	"path"
	"strings"

	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/verdict"
)

// xcaddy builds Caddy with modules of one's own. It calls go with the GOOS, GOARCH and GOARM of the environment, without
// cgo unless CGO_ENABLED=1 is set, and runs the result only where that is for the machine itself (its README and
// builder.go, v0.4).

func judgeXcaddy(c *verdict.Call) (verdict.Step, bool) {
	if c.Program != "xcaddy" {
		return verdict.Step{}, false
	}
	if len(c.Args) == 0 || c.Args[0].Lit != "build" {
		return verdict.Step{Reason: "prints what xcaddy is"}, true
	}
	step := verdict.Step{Verdict: verdict.Convert, Compiles: true, Reason: "calls go with GOOS and GOARCH of the environment", Review: "xcaddy was not looked into; it has to be a version that follows GOOS and GOARCH"}
	if v := facts.Lookup(&c.Site, "CGO_ENABLED"); v.Set && v.Text != "" && v.Text != "0" {
		return verdict.BlockBuild("build without cgo, or call xx-go yourself", "CGO_ENABLED is %s, set %s: xcaddy builds with cgo, which needs a C compiler for the target", v.Text, v.Where), true
	}
	front := []string{"GOOS=$TARGETOS", "GOARCH=$TARGETARCH"}
	if verdict.NeedsGoarm(c.Opt) {
		front = append(front, "GOARM=${TARGETVARIANT#v}")
	}
	if len(c.Opt.Variants("amd64")) > 0 {
		front = append(front, "GOAMD64=$TARGETVARIANT")
	}
	var missing []string
	for _, assign := range front {
		name, _, _ := strings.Cut(assign, "=")
		switch v := facts.Lookup(&c.Site, name); {
		case v.Follows():
			step.Crosses = step.Crosses || name == "GOARCH"
			step.Needs.Args = append(step.Needs.Args, facts.ArgsIn(v.Text)...)
		case v.Set && v.Text != "" && !(name == "GOOS" && v.Text == "linux"):
			return verdict.BlockBuild(fmt.Sprintf("set it to the target's: %s", assign), "%s is set to %s %s", name, v.Text, v.Where), true
		default:
			missing = append(missing, assign)
			step.Needs.Args = append(step.Needs.Args, facts.ArgsIn(assign)...)
		}
	}
	if len(missing) > 0 {
		(&goCall{Call: c}).putInFront(&step, missing)
	}
	out := "caddy"
	for i, w := range c.Args {
		if name, value, glued := strings.Cut(w.Lit, "="); name == "--output" && glued {
			out = value
		} else if name == "--output" && i+1 < len(c.Args) {
			out = c.Args[i+1].Lit
		}
	}
	if file := c.Abs(out); file != "" {
		step.Writes = []string{file, path.Join(file, "caddy")}
	}
	return step, true
}
