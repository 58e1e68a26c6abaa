//go:build !unix

package context

// noWait is nothing where files are no pipes.
const noWait = 0
