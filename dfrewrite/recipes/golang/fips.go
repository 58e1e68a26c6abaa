package golang

import (
	"fmt"
	"strings"

	"xxkit/dfrewrite/facts"
	"xxkit/dfrewrite/match"
)

// Builds of Go for FIPS 140 link a module of cryptography that is written in C: BoringCrypto, or the system's OpenSSL. They
// ask for it with GOEXPERIMENT or a build tag, and need cgo. Without cgo some of them go through all the same, and the module
// is gone. (GOFIPS140, which chooses Go's own module, needs no cgo: go.dev/doc/security/fips140.)

// cModules matches the experiments and build tags that ask for such a module.
var cModules = match.Pattern(`\b(boringcrypto|systemcrypto|opensslcrypto|cngcrypto|darwincrypto|strictfipsruntime|requirefips)\b`)

// fipsImage matches images whose Go uses such a module by default where it has cgo: Red Hat's, and those that are named for it. mayFips
// matches Microsoft's others, in which that depends on the release.
var (
	fipsImage = match.Pattern(`(^|/)go-toolset([:@]|$)|(^|/)openshift-golang-builder([:@]|$)|/ocp/builder:rhel-[0-9]+-golang|oss/go/microsoft/golang[^/]*fips|go(lang)?(-msft)?-fips`)
	mayFips   = match.Pattern(`oss/go/microsoft/golang`)
)

// cryptoModule says what asks for a module in C, or is empty. In a build argument without such a value somebody may still ask
// for it, which maybe says; byDefault says that the image's Go does by itself.
func (g *goCall) cryptoModule() (what, maybe string, byDefault bool) {
	v := facts.Lookup(&g.Call.Site, "GOEXPERIMENT")
	if m := cModules().FindString(v.Text); m != "" {
		return fmt.Sprintf("GOEXPERIMENT=%s, set %s,", m, v.Where), "", false
	}
	for _, text := range []string{g.flags["-tags"], facts.Lookup(&g.Call.Site, "GOFLAGS").Text} {
		if m := cModules().FindString(text); m != "" {
			return fmt.Sprintf("the build tag %s", m), "", false
		}
	}
	switch image := g.Stage.Root().Image; {
	case v.FromArg || strings.Contains(v.Text, "$"):
		maybe = "GOEXPERIMENT is a build argument, and some experiments (boringcrypto) need cgo"
	case fipsImage().MatchString(image) && v.Text == "":
		return fmt.Sprintf("the Go of %s", image), "", true
	case fipsImage().MatchString(image) || mayFips().MatchString(image):
		maybe = fmt.Sprintf("%s builds with cgo and the system's OpenSSL, for FIPS 140, unless it is told not to", image)
	}
	return "", maybe, false
}
