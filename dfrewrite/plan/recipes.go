package plan

import (
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

// recipes in the order in which they are asked. They are put in later, since those for make judge the lines
// of a Makefile with all of them.
var recipes []*verdict.Recipe

func init() {
	recipes = []*verdict.Recipe{
		{Name: "go", Judge: golang.Judge},
		{Name: "xcaddy", Judge: golang.JudgeXcaddy},
		{Name: "rust", Judge: rust.Judge},
		{Name: "downloads", Judge: download.Judge},
		{Name: "packages", Judge: distro.Judge},
		{Name: "c", Judge: cc.Judge},
		{Name: "c", Judge: makefile.JudgeC},
		{Name: "make", Judge: makefile.Judge},
		{Name: "script", Judge: script.Judge},
		{Name: "just", Judge: justfile.Judge},
		{Name: "task", Judge: taskfile.Judge},
		{Name: "mage", Judge: magefile.Judge},
		{Name: "goreleaser", Judge: goreleaser.Judge},
		{Name: "install script", Judge: download.JudgeInstallScript},
		{Name: "node", Judge: node.Judge},
		{Name: "java", Judge: jvm.Judge},
		{Name: "dotnet", Judge: dotnet.Judge},
		{Name: "python", Judge: python.Judge},
		{Name: "sites", Judge: plain.JudgeSites},
		{Name: "compilers", Judge: plain.JudgeCompilers},
		{Name: "downloaded tool", Judge: download.JudgeDownloadedTool},
		{Name: "plain", Judge: plain.Judge},
	}
}
