package builds

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"xxkit/dfrewrite/match"
)

// Names knows which files stand beside one another for different architectures. It reads each folder once, and can be used
// from several goroutines; the zero value is usable.
type Names struct {
	mu sync.Mutex
	// dirs are the architectures for which a folder has a file, by the file's name without them.
	dirs map[string]map[string][]string
}

// maxFolders bounds how many folders are remembered.
const maxFolders = 1000

// Platforms narrows the platforms that a Dockerfile is looked at for to those that its name says: Dockerfile.arm64,
// arm64.Dockerfile, or a folder arm64/. What stands beside such a file under the same name, without an architecture, and
// does not speak of platforms is the one for amd64. A name that says nothing, or several architectures, narrows nothing,
// and neither does that of a toolchain (Dockerfile.cross-arm64, aarch64-linux-gnu/), which runs elsewhere.
func (n *Names) Platforms(dockerfile string, platforms []string) []string {
	abs, err := filepath.Abs(dockerfile)
	if err != nil {
		return platforms
	}
	dir, file := filepath.Split(abs)
	arch := archInName(file)
	if arch == "" {
		arch = archOfFolder(filepath.Base(dir))
	}
	if others := n.besides(dir, file); arch == "" && len(others) > 0 && !slices.Contains(others, "amd64") && !saysPlatform(abs) {
		arch = "amd64"
	}
	if arch == "arm" && names32Bit(abs) {
		arch = "arm/v7"
	}
	return among(platforms, arch)
}

// among returns those of the platforms that are of an architecture, or else its usual one.
func among(platforms []string, arch string) []string {
	if arch == "" {
		return platforms
	}
	wanted := []string{"linux/" + arch}
	if arch == "arm" {
		wanted = []string{"linux/arm", "linux/arm64"}
	}
	var out []string
	for _, p := range platforms {
		if slices.ContainsFunc(wanted, func(w string) bool { return p == w || strings.HasPrefix(p, w+"/") }) {
			out = append(out, p)
		}
	}
	switch {
	case out != nil:
		return out
	case arch == "arm":
		return []string{"linux/arm64"}
	}
	return wanted
}

// archWords are names that say less than others, or more, in names of files: arm alone is that of two.
var archWords = map[string]string{
	"x86": "amd64", "arm": "arm", "386": "386",
	"armv7": "arm/v7", "armv7l": "arm/v7", "armhf": "arm/v7", "arm32v7": "arm/v7", "armv6": "arm/v6", "armv6l": "arm/v6", "arm32v6": "arm/v6",
}

// archOf returns the architecture that a word of a file's name names, or "".
func archOf(word string) string {
	if arch, ok := archWords[word]; ok {
		return arch
	}
	arch, _ := match.KnownArch(word)
	return arch
}

// toolchainWords say that what is named is for building for that machine, and not for running on it.
var toolchainWords = []string{"cross", "toolchain", "gnu", "musl", "gnueabi", "gnueabihf", "musleabi", "musleabihf", "unknown"}

var betweenWords = match.Pattern(`[^a-z0-9]+`)

// wordsOf splits a name; x86_64 is one word.
func wordsOf(name string) []string {
	name = strings.NewReplacer("x86_64", "amd64", "x86-64", "amd64").Replace(strings.ToLower(name))
	return betweenWords().Split(name, -1)
}

// archInName returns the one architecture that a file's name names, or "".
func archInName(name string) string {
	found := ""
	for _, w := range wordsOf(name) {
		if slices.Contains(toolchainWords, w) {
			return ""
		}
		if arch := archOf(w); arch != "" && found != "" && arch != found {
			return ""
		} else if arch != "" {
			found = arch
		}
	}
	return found
}

// archOfFolder returns the architecture that a folder is named for, and nothing else: arm64, linux-arm64.
func archOfFolder(name string) string {
	words := wordsOf(name)
	if len(words) == 2 && words[0] == "linux" {
		words = words[1:]
	}
	if len(words) != 1 {
		return ""
	}
	return archOf(words[0])
}

// besides returns the architectures of which a folder has a file of the same name.
func (n *Names) besides(dir, file string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	named, ok := n.dirs[dir]
	if !ok {
		named = readNames(dir)
		if n.dirs == nil || len(n.dirs) >= maxFolders {
			n.dirs = map[string]map[string][]string{}
		}
		n.dirs[dir] = named
	}
	others := named[strings.Join(wordsOf(file), " ")]
	for _, folder := range named["/"] {
		if _, err := os.Stat(filepath.Join(dir, folder, file)); err == nil {
			others = append(others[:len(others):len(others)], archOfFolder(folder))
		}
	}
	return others
}

// readNames lists the architectures in a folder's names, and under "/" the folders in it that are named for one.
func readNames(dir string) map[string][]string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	named := map[string][]string{}
	for _, e := range entries {
		if e.IsDir() {
			if archOfFolder(e.Name()) != "" {
				named["/"] = append(named["/"], e.Name())
			}
		} else if arch := archInName(e.Name()); arch != "" {
			rest := strings.Join(slices.DeleteFunc(wordsOf(e.Name()), func(w string) bool { return archOf(w) != "" }), " ")
			named[rest] = append(named[rest], arch)
		}
	}
	return named
}

// Forget makes folders be read anew.
func (n *Names) Forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dirs = nil
}

var (
	automaticName = match.Pattern(`\b(TARGET|BUILD)(PLATFORM|OS|ARCH|VARIANT)\b|\bxx-info\b`)
	arm32         = match.Pattern(`(?i)\b(armhf|armel|armv[67]l?|arm32v[5-7])\b`)
	arm64         = match.Pattern(`(?i)\b(arm64|aarch64|arm64v8)\b`)
)

// saysPlatform reports whether a Dockerfile speaks of the platform that it is built for.
func saysPlatform(path string) bool {
	src, err := os.ReadFile(path)
	return err != nil || automaticName().Match(src)
}

// names32Bit reports whether a Dockerfile for arm is for the one of 32 bits.
func names32Bit(path string) bool {
	src, err := os.ReadFile(path)
	return err == nil && arm32().Match(src) && !arm64().Match(src)
}
