// Package pages holds the page of each lint rule: what the mistake is, why it
// matters, a bad and a good example. The program shows them with `dfrewrite rules
// NAME`, and the examples are run as tests.
package pages

import "embed"

// FS has a file NAME.md for each rule.
//
//go:embed *.md
var FS embed.FS
