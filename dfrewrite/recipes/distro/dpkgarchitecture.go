package distro

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/dockerfile"
	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/match"
	"xxkit/dfrewrite/verdict"
)

// dpkg-architecture has a name for the machine that compiles (DEB_BUILD_GNU_TYPE) and one for the machine that the result is
// for (DEB_HOST_GNU_TYPE). Asked in a native build, and as long as nobody tells it another, both are the machine that it
// runs on, and people take the one or the other. So it counts where the answer goes, and not how it was asked:
//
//   - to configure, for --build: that is what the builder is, so the question stays; for --host, judgeConfigure puts the
//     target there.
//   - into the name of the folder for libraries that is installed to: that is the target's.
//
// The answer may be kept in a variable, as the images of Docker's library do. Where it goes anywhere else, or where that cannot
// be seen, it is refused.

// libraryFolder matches options that say where libraries and headers are.
var libraryFolder = match.Pattern(`^["']?(?:--(?:with-)?(?:libdir|libexecdir|includedir)|(?:-D)?\w*(?:LIB|INCLUDE)_?DIR(?::\w+)?|-Dlib(?:exec)?dir)=`)

// judgeDpkgArchitecture decides on dpkg-architecture in a substitution by where its answer goes.
func judgeDpkgArchitecture(c *verdict.Call) verdict.Step {
	asked := facts.ArchitectureAsked(c.Command)
	uses, ok := facts.AnswerUses(c.Script, c.Command)
	all := func(good func(facts.AnswerUse) bool) bool {
		return ok && !slices.ContainsFunc(uses, func(u facts.AnswerUse) bool { return !good(u) })
	}
	switch {
	case asked == "GNU_TYPE" && all(func(u facts.AnswerUse) bool {
		name, value, _ := strings.Cut(strings.Trim(u.Word.Raw, `"`), "=")
		return path.Base(u.Cmd.Name) == "configure" && (name == "--build" || name == "--host") && facts.IsGNUType(&c.Site, u.Word, value)
	}):
		return verdict.Step{Reason: "says for configure what the machine that builds is"}
	case asked == "MULTIARCH" && all(func(u facts.AnswerUse) bool {
		return match.Words("configure cmake meson")[path.Base(u.Cmd.Name)] && libraryFolder().MatchString(u.Word.Raw)
	}):
		return multiarch(c)
	}
	return verdict.Step{Verdict: verdict.Block, Reason: c.Source() + " gives the architecture of the machine that builds; whether that or the target is meant cannot be seen",
		Way: "ask it for --build or --host of configure alone; for what is shipped use `xx-info triple` or `xx-info debian-arch`"}
}

// multiarch makes the question for the target's library folder one to xx-info, which has the same name for it, but for the
// oldest machine: Debian calls the folder i386-linux-gnu, and the compiler i686-linux-gnu.
func multiarch(c *verdict.Call) verdict.Step {
	way := "write the folder out for the platforms, chosen by $TARGETARCH"
	switch {
	case c.OnAlpine():
		return verdict.Step{Verdict: verdict.Block, Reason: c.Source() + " gives a folder of Debian's, which Alpine has not", Way: "install libraries to lib"}
	case slices.Contains(c.Opt.Platforms, "linux/386"):
		return verdict.Step{Verdict: verdict.Block, Reason: fmt.Sprintf("%s and xx-info triple have different names for linux/386", c.Source()), Way: way}
	case c.Opt.Helpers == verdict.HelpersNever:
		return verdict.Step{Verdict: verdict.Block, Reason: c.Source() + " has to ask for the target, which takes xx-info, and --helpers=never rules that out", Way: "use --helpers=auto"}
	}
	return verdict.Step{Verdict: verdict.Convert, Needs: verdict.Needs{Helper: true, Args: []string{"TARGETPLATFORM"}}, Reason: "names the target's folder for libraries",
		Edits: []dockerfile.Edit{{Span: c.Span, New: "xx-info triple"}}}
}
