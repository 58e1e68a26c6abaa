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

// cModule returns the name of such a module in a text, or "".
func cModule(text string) string {
	if !strings.Contains(text, "crypto") && !strings.Contains(text, "fips") {
		return ""
	}
	return cModules().FindString(text)
}

// fipsImages matches images whose Go uses such a module by default where it has cgo: Red Hat's, and those that are named for it.
// Microsoft's others, in which that depends on the release, are at microsoftGo.
var fipsImages = match.Pattern(`(^|/)go-toolset([:@]|$)|(^|/)openshift-golang-builder([:@]|$)|/ocp/builder:rhel-[0-9]+-golang|oss/go/microsoft/golang[^/]*fips|go(lang)?(-msft)?-fips`)

const microsoftGo = "oss/go/microsoft/golang"

func fipsImage(image string) bool {
	return (strings.Contains(image, "fips") || strings.Contains(image, "go-toolset") || strings.Contains(image, "builder")) && fipsImages().MatchString(image)
}

// cryptoModule says what asks for a module in C, or is empty. In a build argument without such a value somebody may still ask
// for it, which maybe says; byDefault says that the image's Go does by itself.
func (g *goCall) cryptoModule() (what, maybe string, byDefault bool) {
	v := facts.Lookup(&g.Call.Site, "GOEXPERIMENT")
	if m := cModule(v.Text); m != "" {
		return fmt.Sprintf("GOEXPERIMENT=%s, set %s,", m, v.Where), "", false
	}
	for _, text := range []string{g.flags["-tags"], facts.Lookup(&g.Call.Site, "GOFLAGS").Text} {
		if m := cModule(text); m != "" {
			return fmt.Sprintf("the build tag %s", m), "", false
		}
	}
	switch image := g.Stage.Root().Image; {
	case v.FromArg || strings.Contains(v.Text, "$"):
		maybe = "GOEXPERIMENT is a build argument, and some experiments (boringcrypto) need cgo"
	case fipsImage(image) && v.Text == "":
		return fmt.Sprintf("the Go of %s", image), "", true
	case fipsImage(image) || strings.Contains(image, microsoftGo):
		maybe = fmt.Sprintf("%s builds with cgo and the system's OpenSSL, for FIPS 140, unless it is told not to", image)
	}
	return "", maybe, false
}
