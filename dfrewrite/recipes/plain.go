package recipes

import (
	"fmt"
	"path"
	"strings"
)

// plainPrograms do the same on every machine: they move, change and look at
// files and text, or make users. What they write is as neutral as what they read.
var plainPrograms = set(`
	[ [[ : . awk base64 basename bunzip2 bzip2 cat cd chgrp chmod chown cmp comm cp cut date dd
	declare df diff dirname du echo egrep envsubst exit export expr false fgrep find getent git
	git-lfs gpg gpgconf gpgv grep groupadd gunzip gzip hash head hexdump id install iconv join jq kill less ln
	local ls md5sum mkdir mkfifo mktemp more mv od paste patch popd printenv printf pushd pwd read
	readlink readonly realpath return rev rm rmdir sed seq set sha1sum sha256sum sha512sum shift
	sleep sort split ssh ssh-keyscan stat stty sync tac tail tar tee test time touch tr trap true
	truncate type typeset ulimit umask unalias uniq unlink unset unxz unzip update-ca-certificates
	useradd usermod adduser addgroup userdel wait wc which whoami xxd xz yes zcat zip zstd nproc
	break continue ldconfig locale-gen localedef rsync hostname tput uuidgen shopt
	gofmt goimports gofumpt golangci-lint staticcheck swag sqlc templ wire mockgen
	stringer`)

// shippers fetch files; which file can depend on the platform.
var shippers = set("curl wget aria2c")

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

func judgePlain(c *call) (Step, bool) {
	switch {
	case shells[c.name]:
		return c.judgeShell(), true
	case c.name == "xx-verify" || c.name == "xx-info":
		return c.helper(), true
	case c.name == "." || c.name == "source":
		return Step{Verdict: Block, Reason: fmt.Sprintf("reads commands from %s", c.firstArg()),
			Way: "write the commands into the RUN, or convert the stage by hand"}, true
	case c.name == "uname" || c.name == "arch":
		return c.judgeProbe()
	case c.name == "getconf" && strings.HasPrefix(c.firstArg(), "_NPROCESSORS_"):
		return Step{Reason: "says how many processors there are"}, true
	case c.name == "env" && len(c.args) == 0:
		return Step{Reason: "prints the environment"}, true
	case c.name == "xargs":
		return c.judgeXargs()
	case copiers[c.name]:
		return c.judgeCopy()
	case c.name == "trap":
		return c.judgeTrap(), true
	case c.name == "find":
		return c.judgeFind(), true
	case contentCarriers[c.name] && c.carriesProgram() != "":
		return Step{Verdict: Block, Reason: fmt.Sprintf("%s puts %s, which is the build platform's, into a file", c.name, c.carriesProgram()),
			Way: "do that in a stage of the target platform"}, true
	case shippers[c.name]:
		for _, w := range c.args {
			if why := archInDownload(w.Raw); why != "" {
				return Step{Verdict: Block, Reason: why,
					Way: "say with a stage of its own whether the download is for the build or for the target platform"}, true
			}
		}
		return Step{Reason: "downloads the same for every platform"}, true
	case c.installedHere():
		return Step{Reason: "is a tool that the stage installed for itself", builder: c.toolMayBuild()}, true
	case c.name == "protoc" || c.name == "buf":
		if plugin := c.builtOnPath("protoc-gen-"); plugin != "" {
			return c.mayRun(plugin), true
		}
		return Step{Reason: "does the same on every platform"}, true
	case plainPrograms[c.name]:
		// Linters read what cgo makes of the source.
		return Step{Reason: "does the same on every platform", CompilesOnHost: c.name == "golangci-lint" || c.name == "staticcheck"}, true
	}
	return Step{}, false
}

// helper is the verdict on the xx helpers. On the target platform they do without
// being told what the target is; on the build platform they do not.
func (c *call) helper() Step {
	step := Step{Verdict: Convert, Reason: "works for the target"}
	_, hasOS := c.env.Lookup("TARGETOS")
	_, hasArch := c.env.Lookup("TARGETARCH")
	if !hasOS || !hasArch {
		step.Args = []string{"TARGETPLATFORM"}
	}
	return step
}

// mayRun blocks a command that starts programs by name.
func (c *call) mayRun(program string) Step {
	return Step{Verdict: Block, Compiles: c.name == "go", Reason: fmt.Sprintf("%s may run %s, which was built for the target platform", c.text(), program),
		Way: "build its tools in a stage of their own with --platform=$BUILDPLATFORM"}
}

var shells = set("sh bash ash dash zsh ksh")

// judgeShell blocks shells: what they run stands elsewhere, or in a string.
func (c *call) judgeShell() Step {
	what := "its input"
	for _, w := range c.args {
		if w.Lit == "-c" {
			what = "a string"
			break
		}
		if !strings.HasPrefix(w.Raw, "-") {
			what = w.Raw
			break
		}
		if strings.Contains(w.Lit, "s") { // -s, also in -es
			break
		}
	}
	return Step{Verdict: Block, Compiles: c.isBuildScript(what), Reason: fmt.Sprintf("%s runs commands from %s; what they do is not known", c.name, what),
		Way: "write the commands into the RUN, or convert the stage by hand"}
}

func (c *site) firstArg() string {
	if len(c.args) == 0 {
		return "a file"
	}
	return c.args[0].Raw
}

// judgeProbe blocks where the machine's architecture is asked for and used: on
// the build platform the answer is another one.
func (c *call) judgeProbe() (Step, bool) {
	asks := c.name == "arch" || asksMachine(c)
	if asks && !c.Substituted && !c.InFunction {
		return c.printsMachine(), true
	}
	if !asks {
		return Step{Reason: "prints what the machine is"}, true
	}
	return Step{Verdict: Block, Reason: fmt.Sprintf("%s gives the architecture of the machine that builds; whether that or the target is meant cannot be seen", c.text()),
		Way: "use $TARGETARCH or `xx-info march` for what is shipped; what runs in the stage may stay as it is in a stage on $BUILDPLATFORM"}, true
}

func asksMachine(c *call) bool {
	for _, w := range c.args {
		if strings.HasPrefix(w.Lit, "-") && strings.ContainsAny(w.Lit, "mpia") || w.Lit == "--machine" || w.Lit == "--all" {
			return true
		}
	}
	return false
}

var copiers = set("cp mv install ln rsync")

// judgeXargs judges the program that xargs runs.
func (c *call) judgeXargs() (Step, bool) {
	for _, w := range c.args {
		if copiers[w.Lit] {
			return Step{Verdict: Block, Reason: fmt.Sprintf("xargs runs %s on files that cannot be seen; they may be the build platform's", w.Lit),
				Way: "name the files, or convert the stage by hand"}, true
		}
		if !strings.HasPrefix(w.Raw, "-") && plainPrograms[w.Lit] {
			return Step{Reason: "does the same on every platform"}, true
		}
	}
	return Step{Verdict: Block, Reason: c.text() + " runs a program that no recipe knows, or on files that cannot be seen", Way: "call the program itself, with the files named"}, true
}

// judgeCopy follows files from place to place: what was built for the target
// stays that under its new name, and a file of the distribution is the build
// platform's.
func (c *call) judgeCopy() (Step, bool) {
	var files []string
	for _, w := range c.args {
		if strings.HasPrefix(w.Raw, "-") {
			continue
		}
		name, ok := c.known(w)
		if !ok {
			name = c.followedWord(w)
		}
		files = append(files, name)
	}
	step := Step{Reason: "moves files"}
	if len(files) < 2 {
		return step, true
	}
	dest := c.abs(files[len(files)-1])
	for _, f := range files[:len(files)-1] {
		if findsProgram().MatchString(f) {
			return Step{Verdict: Block, Reason: fmt.Sprintf("takes %s from the image, where it is the build platform's", f),
				Way: "copy it in a stage of the target platform"}, true
		}
		src := c.abs(f)
		made := c.plan.writes(src)
		tool := c.plan.hostWriteIn(src)
		followed := (tool != "" || c.plan.packagesAround(src) != "") && dest != "" && (c.name != "ln" || tool != "")
		if followed {
			step.HostWrites = append(step.HostWrites, dest, path.Join(dest, path.Base(src)))
		}
		if tool != "" && tool != src && strings.ContainsAny(src, "*?[") {
			step.HostWrites = append(step.HostWrites, path.Join(dest, path.Base(tool)))
		}
		if tool != "" && dest != "" && c.amongSource(dest) && !c.amongSource(tool) && !isProgramDir(dest) && !isProgramDir(path.Dir(dest)) {
			return Step{Verdict: Block, Reason: fmt.Sprintf("puts %s, which is for the build platform, beside the source, where it may become part of what is built", tool),
				Way: "get the file for the target in a stage of its own"}, true
		}
		if made && dest != "" {
			step.built, step.strips = step.built || c.builtInC(src), step.strips || c.strippable(src)
			step.Writes = append(step.Writes, dest, path.Join(dest, path.Base(src)))
		}
		if !made && !followed && c.name != "ln" && isSystemFile(src) && !samePlatformFile(src) && !c.plan.inProject(src) {
			return Step{Verdict: Block, Reason: fmt.Sprintf("takes %s from the image, where it is the build platform's", f),
				Way: "copy it in a stage of the target platform"}, true
		}
	}
	return step, true
}

var findsProgram = pattern("(\\$\\(|`)\\s*(which|command -v|type -p|whereis)\\s")

// installedHere reports whether an earlier step made the program for the machine
// that the stage runs on.
func (c *call) installedHere() bool {
	for _, s := range c.plan.writers {
		for _, w := range s.HostWrites {
			if path.Base(w) == c.name {
				return true
			}
		}
	}
	return false
}

var (
	archName    = pattern(`(?i)(^|[^a-z0-9])(amd64|x86_64|x86-64|x64|aarch64|arm64|armv[567][a-z]*|armhf|i[36]86|ppc64le|ppc64el|s390x|riscv64)($|[^a-z0-9])`)
	archExpands = pattern(`\$\{?(?:TARGET(?:PLATFORM|OS|ARCH|VARIANT)|ARCH|GOARCH|OSARCH|PLATFORM|MACHINE)\b|uname|dpkg --print-architecture|go env`)
)

// archInDownload says why a URL or file name is for one platform only, or "".
func archInDownload(s string) string {
	if m := archName().FindStringSubmatch(s); m != nil {
		return fmt.Sprintf("downloads a file for %s; whether it is a tool of the stage or for the target cannot be seen", m[2])
	}
	if m := strings.ReplaceAll(archExpands().FindString(s), "{", ""); m != "" {
		return fmt.Sprintf("downloads a file chosen by %s; whether it is a tool of the stage or for the target cannot be seen", m)
	}
	return ""
}

// text returns the command as written.
func (c *site) text() string {
	return strings.TrimSpace(lineBreak().ReplaceAllString(string(c.run.Doc.Src[c.Span.Start:c.Span.End]), " "))
}

// lineBreak is where a command goes on in another line.
var lineBreak = pattern("(?:[ \t]*[\\\\`])?[ \t]*\r?\n[ \t]*")
