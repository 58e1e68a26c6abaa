package packages

import (
	"path"
	"slices"
	"strings"

	"xxkit/dfrewrite/match"
)

// Installers are the recipes whose packages are for the machine that installs them, so that a stage
// that takes them and one that installs them have to run on the same.
var Installers = match.Words("node python")

// PartOfTree reports whether a file or folder lies in node_modules and may be for one machine: Prisma, for one, puts a
// library in machine code into node_modules/.prisma. What a browser reads (dist, .js, .css) is left out.
func PartOfTree(file string) bool {
	_, rest, ok := strings.Cut(file, "/node_modules/")
	return ok && !webFiles[path.Ext(rest)] && !slices.ContainsFunc(strings.Split(rest, "/"), func(part string) bool { return webFolders[part] })
}

// webFolders are fewer than bundleFolders: an add-on lies in build/Release.
var webFolders = match.Words("dist umd esm cjs css fonts assets")

var webFiles = match.Words(".js .mjs .cjs .css .map .json .html .wasm .svg .png .woff .woff2 .ttf .ts .md")
