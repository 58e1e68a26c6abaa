package verdict

import (
	"fmt"
	"strings"

	"xxkit/dfrewrite/match"
)

// ArchInDownload says why a URL or file name is for one platform only, or "".
func ArchInDownload(s string) string {
	if m := archName().FindStringSubmatch(s); m != nil {
		return fmt.Sprintf("downloads a file for %s; whether it is a tool of the stage or for the target cannot be seen", m[2])
	}
	if m := strings.ReplaceAll(archExpands().FindString(s), "{", ""); m != "" {
		return fmt.Sprintf("downloads a file chosen by %s; whether it is a tool of the stage or for the target cannot be seen", m)
	}
	return ""
}

// ArchIn returns the architecture that a URL or file name names, or "".
func ArchIn(s string) string {
	if m := archName().FindStringSubmatch(s); m != nil {
		return m[2]
	}
	return ""
}

var (
	archName    = match.Pattern(`(?i)(^|[^a-z0-9])(` + match.ArchName + `)($|[^a-z0-9])`)
	archExpands = match.Pattern(`\$\{?(?:TARGET(?:PLATFORM|OS|ARCH|VARIANT)|ARCH|GOARCH|OSARCH|PLATFORM|MACHINE)\b|uname|dpkg --print-architecture|go env`)
)
