package verdict

import (
	"fmt"
	"strings"

	"xxkit/dfrewrite/match"
)

// ArchInDownload says why a URL or file name is for one platform only, or "".
func ArchInDownload(s string) string {
	if arch := ArchIn(s); arch != "" {
		return fmt.Sprintf("downloads a file for %s; whether it is a tool of the stage or for the target cannot be seen", arch)
	}
	if m := strings.ReplaceAll(archExpands().FindString(s), "{", ""); m != "" {
		return fmt.Sprintf("downloads a file chosen by %s; whether it is a tool of the stage or for the target cannot be seen", m)
	}
	return ""
}

// ArchIn returns the architecture that a URL or file name names, or "".
func ArchIn(s string) string {
	if match.MayNameArch(s) {
		if m := match.ArchInText().FindStringSubmatch(s); m != nil {
			return m[1]
		}
	}
	return ""
}

var archExpands = match.Pattern(`\$\{?(?:TARGET(?:PLATFORM|OS|ARCH|VARIANT)|ARCH|GOARCH|OSARCH|PLATFORM|MACHINE)\b|uname|dpkg --print-architecture|go env`)
