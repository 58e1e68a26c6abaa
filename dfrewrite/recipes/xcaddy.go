package recipes

import (
	"fmt"
	"path"
	"strings"
)

// xcaddy builds Caddy with modules of one's own. It calls go with the GOOS, GOARCH and GOARM of the environment, without
// cgo unless CGO_ENABLED=1 is set, and runs the result only where that is for the machine itself (its README and
// builder.go, v0.4).

func judgeXcaddy(c *call) (Step, bool) {
	if c.name != "xcaddy" {
		return Step{}, false
	}
	if len(c.args) == 0 || c.args[0].Lit != "build" {
		return Step{Reason: "prints what xcaddy is"}, true
	}
	step := Step{Verdict: Convert, Compiles: true, Reason: "calls go with GOOS and GOARCH of the environment", Review: "xcaddy was not looked into; it has to be a version that follows GOOS and GOARCH"}
	if v := c.lookup("CGO_ENABLED"); v.set && v.text != "" && v.text != "0" {
		return blockBuild("build without cgo, or call xx-go yourself", "CGO_ENABLED is %s, set %s: xcaddy builds with cgo, which needs a C compiler for the target", v.text, v.where), true
	}
	front := []string{"GOOS=$TARGETOS", "GOARCH=$TARGETARCH"}
	if needsGoarm(c.opt) {
		front = append(front, "GOARM=${TARGETVARIANT#v}")
	}
	if len(c.opt.variants("amd64")) > 0 {
		front = append(front, "GOAMD64=$TARGETVARIANT")
	}
	var missing []string
	for _, assign := range front {
		name, _, _ := strings.Cut(assign, "=")
		switch v := c.lookup(name); {
		case v.follows():
			step.Crosses = step.Crosses || name == "GOARCH"
			step.Args = append(step.Args, argsIn(v.text)...)
		case v.set && v.text != "" && !(name == "GOOS" && v.text == "linux"):
			return blockBuild(fmt.Sprintf("set it to the target's: %s", assign), "%s is set to %s %s", name, v.text, v.where), true
		default:
			missing = append(missing, assign)
			step.Args = append(step.Args, argsIn(assign)...)
		}
	}
	if len(missing) > 0 {
		(&goCall{call: c}).putInFront(&step, missing)
	}
	out := "caddy"
	for i, w := range c.args {
		if name, value, glued := strings.Cut(w.Lit, "="); name == "--output" && glued {
			out = value
		} else if name == "--output" && i+1 < len(c.args) {
			out = c.args[i+1].Lit
		}
	}
	if file := c.abs(out); file != "" {
		step.Writes = []string{file, path.Join(file, "caddy")}
	}
	return step, true
}
