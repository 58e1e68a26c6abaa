//go:build unix

package context

import "syscall"

// noWait opens a pipe without waiting for somebody to write to it.
const noWait = syscall.O_NONBLOCK
