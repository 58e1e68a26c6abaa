package plan

import (
	"strings"

	"xxkit/dfrewrite/drivers/goreleaser"
	"xxkit/dfrewrite/drivers/justfile"
	"xxkit/dfrewrite/drivers/magefile"
	"xxkit/dfrewrite/drivers/makefile"
	"xxkit/dfrewrite/drivers/script"
	"xxkit/dfrewrite/drivers/taskfile"
	"xxkit/dfrewrite/recipes/cc"
	"xxkit/dfrewrite/recipes/distro"
	"xxkit/dfrewrite/recipes/dotnet"
	"xxkit/dfrewrite/recipes/download"
	"xxkit/dfrewrite/recipes/golang"
	"xxkit/dfrewrite/recipes/jvm"
	"xxkit/dfrewrite/recipes/node"
	"xxkit/dfrewrite/recipes/plain"
	"xxkit/dfrewrite/recipes/python"
	"xxkit/dfrewrite/recipes/rust"
	"xxkit/dfrewrite/verdict"
)

// Recipes are asked in this order about each command; the first one that knows it decides. A new recipe, or a driver of
// another program, is a package and a line here.
var Recipes = []*verdict.Recipe{
	golang.Recipe,
	golang.Xcaddy,
	rust.Recipe,
	download.Recipe,
	distro.Recipe,
	cc.Recipe,
	makefile.C,
	makefile.Recipe,
	script.Recipe,
	justfile.Recipe,
	taskfile.Recipe,
	magefile.Recipe,
	goreleaser.Recipe,
	download.InstallScript,
	node.Recipe,
	jvm.Recipe,
	dotnet.Recipe,
	python.Recipe,
	plain.Sites,
	plain.Compilers,
	download.Tool,
	plain.Recipe,
}

// PageOf returns the name of the page under docs/rewrite about a recipe, by the name that verdicts have it under, in upper or lower
// case; "" if there is none. What is said of stages as a whole, and of tools that are copied out of images, is in no table.
func PageOf(recipe string) string {
	for _, r := range Recipes {
		if strings.EqualFold(r.Name, recipe) {
			return r.Page
		}
	}
	switch strings.ToLower(recipe) {
	case "stage":
		return "stages"
	case download.CopiedTool:
		return download.Recipe.Page
	}
	return ""
}
